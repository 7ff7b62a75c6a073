"""Write the golden files anew: python -m tests.letters.update_goldens. Look at the difference before committing it."""

from __future__ import annotations

from tests import projects
from tests.letters import goldens
from winback import settings
from winback.letters import library


def main() -> None:
    goldens.FOLDER.mkdir(exist_ok=True)
    for old in goldens.FOLDER.iterdir():
        old.unlink()
    for name, content in goldens.finished(library.open_library(settings.open_project(projects.ROOT, {}))).items():
        (goldens.FOLDER / name).write_text(content, encoding="utf-8")
        print(f"tests/letters/golden/{name}")


if __name__ == "__main__":
    main()
