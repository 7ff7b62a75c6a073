"""python -m tests.release VERSION [--do]: what a release needs, looked at and done. Without --do nothing is changed.

Looks whether the tree is clean, the version stands in pyproject.toml and winback/__init__.py, CHANGELOG.md has its heading with a day, and the tag
is free; then writes the schema down (tests/store/released.yaml), builds the wheel and the source archive into dist/, commits and tags.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.projects import ROOT

_LIST = Path("tests/store/released.yaml")


def git(*arguments: str, root: Path) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def faults(version: str, root: Path = ROOT) -> Iterator[str]:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"{version} is no version: write 1.2.3."
        return
    if git("status", "--porcelain", "--untracked-files=no", root=root):
        yield "The tree isn't clean: commit first."
    if git("tag", "--list", f"v{version}", root=root):
        yield f"The tag v{version} is there already."
    said = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if said != version:
        yield f"pyproject.toml says {said}."
    if f'__version__ = "{version}"' not in (root / "winback" / "__init__.py").read_text(encoding="utf-8"):
        yield "winback/__init__.py says another version."
    if not re.search(rf"^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE):
        yield f"CHANGELOG.md has no heading `## {version} (YYYY-MM-DD)`."


def recorded(text: str, version: str, revision: str) -> str:
    """The list of released schemas with one more."""
    line = f'  {version}: "{revision}"\n'
    return text.replace("released: {}\n", f"released:\n{line}") if "released: {}" in text else text.rstrip("\n") + "\n" + line


def main(version: str, *, do: bool) -> int:
    if found := list(faults(version)):
        print("\n".join(found))
        return 1
    from winback.store import database

    revision = database.revisions()[0]
    print(f"{version} is in order, with schema {revision}." + ("" if do else " Nothing was done; add --do."))
    if not do:
        return 0
    path = ROOT / _LIST
    path.write_text(recorded(path.read_text(encoding="utf-8"), version, revision), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", "dist"], cwd=ROOT, check=True)
    git("add", str(_LIST), root=ROOT)
    git("commit", "-m", f"Release {version}.", root=ROOT)
    git("tag", "--annotate", f"v{version}", "-m", f"winback {version}", root=ROOT)
    print(f"Built into dist/ and tagged v{version}. Push both when you have looked at them.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], do="--do" in sys.argv) if len(sys.argv) > 1 else __doc__)
