"""An issue as the platform's API shows it."""

from __future__ import annotations

import pytest

from pretend import Pretend


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


@pytest.mark.parametrize(
    ("query", "present", "absent"),
    [
        ("?fields=summary,customfield_10345", {"summary", "customfield_10345"}, {"status"}),
        ("?fields=summary&fields=status", {"summary", "status"}, {"description"}),
        ("?fields=*navigable", {"summary", "customfield_10346"}, {"comment"}),
        ("?fields=*all,-comment,-worklog", {"summary", "labels"}, {"comment"}),
        ("?fields=-summary", {"status", "comment"}, {"summary"}),
        ("", {"summary", "comment", "customfield_10303"}, set()),
        ("?fields=customfield_99", set(), {"customfield_99"}),
    ],
)
def test_an_issue_shows_the_fields_that_are_asked_for(
    site: Pretend, key: str, query: str, present: set[str], absent: set[str]
) -> None:
    shown = set(site.issue(key, query)["fields"])
    assert present <= shown
    assert not absent & shown


def test_names_and_schemas_are_told_on_request(site: Pretend, key: str) -> None:
    shown = site.issue(key, "?fields=customfield_10345&expand=names,schema")
    assert shown["names"] == {"customfield_10345": "Planned start"}
    assert shown["schema"]["customfield_10345"]["type"] == "datetime"


def test_no_more_than_a_hundred_entries_come_with_the_issue(site: Pretend, key: str) -> None:
    for number in range(120):
        site.desk.edit(key, {"summary": f"Deploy {number}"})
    log = site.issue(key, "?expand=changelog")["changelog"]
    assert (log["total"], log["maxResults"], len(log["histories"])) == (120, 100, 100)
    assert log["histories"][0]["items"][0]["toString"] == "Deploy 119"
