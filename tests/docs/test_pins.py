"""Which release of other people's actions is used: one, everywhere, by its commit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from jira_ci.init.github_workflow import CHECKOUT
from wrappers.machine import ROOT

_USES = re.compile(r"\b(actions/[\w-]+)@(\S+)(?: +# ([\w.]+))?")
_PLACES = (".github/workflows", "examples", "docs", "src/jira_ci/init", "templates", "release")
FILES = [
    ROOT / "README.md",
    ROOT / "action.yml",
    *(path for place in _PLACES for path in sorted((ROOT / place).rglob("*")) if path.suffix in (".yml", ".md", ".py")),
]


OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


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


def _locked() -> Any:
    return yaml.safe_load((ROOT / ".github/workflows/actions.lock").read_text("utf-8"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.name))
def test_the_lock_has_what_each_of_our_workflows_uses(path: Path) -> None:
    wanted = {f"{name}@{commit}" for name, commit, _ in used(path)}
    assert set(_locked()["workflows"][f".github/workflows/{path.name}"]) == wanted


def test_the_lock_has_nothing_else_and_says_which_commit_each_is() -> None:
    lock = _locked()
    assert set(lock["workflows"]) == {f".github/workflows/{path.name}" for path in OURS}
    reached = {name for names in lock["workflows"].values() for name in names}
    reached |= {name for row in lock["dependencies"].values() for name in row.get("uses", ())}
    assert set(lock["dependencies"]) == reached
    for name, row in lock["dependencies"].items():
        assert row["commit"] == f"sha1-{name.partition('@')[2]}"
        action = name.partition("@")[0]
        assert row["ref"] == PINS.get(action, ("", row["ref"]))[1]


def test_the_action_itself_uses_no_other() -> None:
    assert not used(ROOT / "action.yml"), "it would have to be in everybody's lock"


def test_there_are_files_to_hold_to_it() -> None:
    assert sum(bool(used(path)) for path in FILES) >= 12
