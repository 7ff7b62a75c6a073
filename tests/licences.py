"""python -m tests.licences: writes docs/licences.md, every package of the locks with its version and licence."""

from __future__ import annotations

import importlib.metadata

from tests import audit
from tests.projects import ROOT

PAGE = ROOT / "docs" / "licences.md"
_LOCKS = {"requirements.lock": "to run", "requirements-dev.lock": "to test"}


def listed() -> dict[str, str]:
    """Package -> its row; those of other systems and other versions of Python, which aren't installed here, are left out."""
    rows: dict[str, str] = {}
    for lock, purpose in _LOCKS.items():
        for name, versions in audit.pinned(lock).items():
            try:
                about = importlib.metadata.metadata(name)
            except importlib.metadata.PackageNotFoundError:
                continue
            classified = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or () if each.startswith("License")]
            stated = (about.get("License-Expression") or about.get("License") or "").strip().split("\n")[0]
            said = stated if 0 < len(stated) < 60 else ", ".join(classified) or "see its files"
            rows.setdefault(name, f"| {name} | {', '.join(sorted(versions))} | {said.replace('|', '/')} | {purpose} |")
    return rows


def page() -> str:
    """What isn't installed here keeps the row that it has."""
    pinned = {name: versions for lock in _LOCKS for name, versions in audit.pinned(lock).items()}
    cells = {row.split(" ")[1]: row for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("| ")}
    rows = {name: cells[name] for name, versions in pinned.items() if f"| {', '.join(sorted(versions))} |" in cells.get(name, "")} | listed()
    lines = ["# Licences of everything that is installed", "", "Written by `make licences`. What each is for: [dependencies](dependencies.md).", ""]
    lines += ["| package | version | licence | |", "|---|---|---|---|", *(row for _, row in sorted(rows.items()))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
