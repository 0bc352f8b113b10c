"""``jira-ci.pyz``: everything in one file that Python runs as it is."""

from __future__ import annotations

from collections.abc import Mapping

from release.archives import zip_file
from release.contents import Tree

_SHEBANG = b"#!/usr/bin/env python3\n"
_PLACES = {
    "wrapper/archive_main.py": "__main__.py",
    "wrapper/__init__.py": "wrapper/__init__.py",
    "wrapper/archive.py": "wrapper/archive.py",
    "wrapper/bytecode.py": "wrapper/bytecode.py",
    "wrapper/private.py": "wrapper/private.py",
    "jira-ci.schema.json": "jira_ci/jira-ci.schema.json",
    "jira-ci-record.schema.json": "jira_ci/jira-ci-record.schema.json",
    "jira-ci-evidence.schema.json": "jira_ci/jira-ci-evidence.schema.json",
    "LICENSE": "LICENSE",
}


def archive(repository: Mapping[str, bytes], vendored: Mapping[str, bytes]) -> bytes:
    """The file. It starts with a line for Unix shells (https://peps.python.org/pep-0441/)."""
    sources = {
        name[4:]: content
        for name, content in repository.items()
        if name.startswith(("src/jira_ci/", "src/jira_sandbox/"))
    }
    ours = {place: repository[name] for name, place in _PLACES.items()}
    tree: Tree = {**vendored, **sources, **ours}
    return zip_file(tree, _SHEBANG)
