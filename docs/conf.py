"""How Sphinx makes the site out of these pages: make site."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

project = "jira-ci"
author = "the jira-ci authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["pictures"]
myst_heading_anchors = 4  # the anchors that GitHub makes, so that a link works in both places
myst_enable_extensions = ["colon_fence"]
nitpicky = True
html_theme = "furo"
html_title = "jira-ci"
html_extra_path = ["llms.txt"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": "https://github.com/jira-ci/jira-ci/",
    "source_branch": "main",
    "source_directory": "docs/",
}
suppress_warnings = ["misc.highlighting_failure"]
