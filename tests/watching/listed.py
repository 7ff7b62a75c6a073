"""python -m tests.watching.listed: the table of docs/metrics.md, as the code has it."""

from winback.watching import metrics

if __name__ == "__main__":
    print(metrics.as_markdown(), end="")
