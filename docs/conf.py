"""The documentation site: make docs. Built without a network, read from files or from any server."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.documentation import reference  # noqa: E402
from winback import __version__  # noqa: E402

project = "winback"
author = "the authors of winback"
copyright = author  # noqa: A001  Sphinx's own word
release = version = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "winback"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
exclude_patterns = ["images"]
myst_heading_anchors = 4

reference.write(ROOT / "docs/reference")
