"""The action's release tree: what git knows of this checkout, and ``vendor/``."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from release.contents import Tree, below, digest

_NOT_OURS = ("vendor/", "dist/")


def version(root: Path) -> str:
    """The version in the sources."""
    text = (root / "src" / "jira_ci" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if not found:
        raise SystemExit("src/jira_ci/__init__.py names no __version__.")
    return found[1]


def repository(root: Path) -> Tree:
    """What git knows of: tracked files and those that a developer has not added yet."""
    return {name: (root / name).read_bytes() for name in _names(root)}


def action(files: Tree, vendored: Tree) -> Tree:
    """The repository's files and ``vendor/``, where ``DIGEST`` names exactly these sources and packages."""
    sources = {name: content for name, content in files.items() if name.startswith(("src/", "wrapper/"))}
    inside = {**vendored, "DIGEST": f"{digest({**sources, **below('vendor', vendored)})}\n".encode()}
    return {**files, **below("vendor", inside)}


def programs(root: Path) -> set[str]:
    """The files that may be run as they are."""
    return {name for name in _names(root) if (root / name).stat().st_mode & 0o100}


def _names(root: Path) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"A release is built from a git checkout: {done.stderr.strip()}")
    names = {name for name in done.stdout.split("\0") if name and not name.startswith(_NOT_OURS)}
    return sorted(name for name in names if (root / name).is_file())  # git still names what was deleted
