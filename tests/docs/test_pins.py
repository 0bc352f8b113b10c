"""Which release of other people's actions is used: one, everywhere, by its commit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jira_ci.init.github_workflow import CHECKOUT
from wrappers.machine import ROOT

_USES = re.compile(r"\b(actions/[\w-]+)@(\S+)(?: +# ([\w.]+))?")
_PLACES = (".github/workflows", "examples", "docs", "src/jira_ci/starting", "templates", "release")
FILES = [
    ROOT / "README.md",
    ROOT / "action.yml",
    *(path for place in _PLACES for path in sorted((ROOT / place).rglob("*")) if path.suffix in (".yml", ".md", ".py")),
]


def used(path: Path) -> set[tuple[str, str, str]]:
    """Name, commit and version of every action that a file uses."""
    return set(_USES.findall(path.read_text("utf-8")))


PINS = {name: (commit, version) for path in FILES if ".github" in path.parts for name, commit, version in used(path)}
"""What our own workflows use: the pins stand there, where a bot that renews them looks."""


IN_DOCS_ONLY = {("actions/attest", "1e69f48acb82d1966a394da916b4c1698aa569d6", "v4.2.2")}
"""What users may want beside us, and our own workflows do not use."""


def test_our_workflows_name_releases_by_their_commits() -> None:
    assert {"actions/checkout", "actions/setup-python", "actions/upload-artifact"} <= PINS.keys()
    for name, (commit, version) in PINS.items():
        assert re.fullmatch("[0-9a-f]{40}", commit), name
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_everything_that_users_copy_names_the_same_ones(path: Path) -> None:
    assert used(path) - IN_DOCS_ONLY <= {(name, *pin) for name, pin in PINS.items()}


def test_what_init_writes_names_the_same_one() -> None:
    assert _USES.findall(CHECKOUT) == [("actions/checkout", *PINS["actions/checkout"])]


def test_there_are_files_to_hold_to_it() -> None:
    assert sum(bool(used(path)) for path in FILES) >= 12
