"""Versions of projects: what Jira takes, and that the state file keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from jira_sandbox.desk.ledger import Ledger
from jira_sandbox.desk.releases import Releases
from jira_sandbox.jira_errors import DeskError, NotFound


@pytest.fixture
def releases() -> Releases:
    return Releases(Ledger())


def test_a_name_is_taken_once_in_a_project_in_any_case(releases: Releases) -> None:
    releases.create("1", "Shop 1.4")
    releases.create("2", "Shop 1.4")
    with pytest.raises(DeskError, match="already exists"):
        releases.create("1", "SHOP 1.4")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"description": "ü" * 8193}, "description"),
        ({"start": "2026-02-30"}, "startDate"),
        ({"release": "28/Feb/26"}, "releaseDate"),
        ({"start": "2026-03-02", "release": "2026-03-01"}, "startDate"),
    ],
)
def test_what_jira_does_not_take_is_refused_by_field(releases: Releases, changes: dict[str, Any], field: str) -> None:
    made = releases.create("1", "Shop 1.4")
    with pytest.raises(DeskError) as refused:
        releases.alter(made.id, **changes)
    assert list(refused.value.fields) == [field]
    assert releases.find(made.id) == made


def test_what_is_not_there_is_not_found(releases: Releases) -> None:
    with pytest.raises(NotFound):
        releases.find("7")
    with pytest.raises(NotFound):
        releases.task("7")


def test_what_is_dumped_can_be_restored(releases: Releases) -> None:
    made = releases.create("1", "Shop 1.4", start="2026-01-01")
    releases.relate(made.id, "Deployment", "Run 1", "https://ci.example/1")
    other = Releases(Ledger())
    other.restore(releases.dump())
    assert other.of("1") == releases.of("1")
    other.restore({})
    assert other.of("1") == []
