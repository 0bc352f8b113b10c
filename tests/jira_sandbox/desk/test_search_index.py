"""What a query finds, near misses and all."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pretend import Pretend

TITLE = 'Octopus: Deploy "Web Site" version 1.0.1-hotfix-001 to "Dev"'


def phrase(text: str) -> str:
    words = " ".join(text.replace('"', " ").split())
    return f'summary ~ "\\"{words}\\""'


def test_a_phrase_finds_the_title_and_its_near_misses(site: Pretend) -> None:
    for summary in (
        TITLE,
        TITLE.upper(),
        "Octopus - deploys 'web sites' versions 1.0.1 hotfix 001 to the dev",
        TITLE + " again",
        TITLE.replace("1.0.1", "1.0.10"),
        TITLE.replace("Web Site", "Site Web"),
    ):
        site.desk.create(summary)
    found = site.found(f"project = OPS AND {phrase(TITLE)} ORDER BY created ASC")
    assert sorted(found) == ["OPS-1000", "OPS-1001", "OPS-1002", "OPS-1003"]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = OPS AND issuetype != Story", ["OPS-1002", "OPS-1001", "OPS-1000"]),
        ("project = ops and issuetype in ('[System] Change') ORDER BY key", ["OPS-1000", "OPS-1001", "OPS-1002"]),
        ("project = Operations AND type = 10050 AND statusCategory = Done", ["OPS-1002"]),
        ('issuetype = "[System] Change" AND statusCategory != "done"', ["OPS-1001", "OPS-1000"]),
        ("key = ops-1001", ["OPS-1001"]),
        ("key in (OPS-1000, 'OPS-1002', WEB-3) order by key desc", ["WEB-3", "OPS-1002", "OPS-1000"]),
        ("issuetype != Story and summary ~ mobile", ["OPS-1001"]),
        ("type not in (Story, 10051) && status in (Review, 10100)", ["OPS-1001", "OPS-1000"]),
        ("labels = Release ORDER BY created", ["OPS-1000"]),
        ("labels in (release, 'hot fix', other) AND labels != other", ["OPS-1000"]),
        ("issuetype != Story AND labels != other", ["OPS-1000"]),
        ("issuetype != Story ORDER BY summary DESC, key", ["OPS-1002", "OPS-1000", "OPS-1001"]),
        ("project = WEB AND summary ~ 'passkeys' AND issuekey in (WEB-1, WEB-2)", ["WEB-1"]),
        ('project = OPS AND summary ~ "\\u0073hop" AND statusCategory = "To Do"', ["OPS-1000"]),
        ("project = OPS AND summary ~ 'nothing like it'", []),
    ],
)
def test_a_query_finds(site: Pretend, jql: str, keys: list[str]) -> None:
    site.desk.create("Deploy shop", fields={"Labels": ["Release"]})
    site.desk.create("Deploy mobile")
    site.desk.create("Deployed shop", status="Completed")
    assert site.found(jql) == keys


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("created >= 2026-07-02", ["OPS-1002", "OPS-1001"]),
        ('created < "2026/7/2"', ["OPS-1000"]),
        ('created >= "2026-07-01 12:00" AND created <= "2026-07-02 12:00"', ["OPS-1001", "OPS-1000"]),
        ('created > "2026-07-01 12:00" AND updated < 2026-07-03', ["OPS-1001"]),
    ],
)
def test_dates_are_midnight_and_minutes(site: Pretend, jql: str, keys: list[str]) -> None:
    for day in (1, 2, 3):
        site.desk.desk.clock.standing = datetime(2026, 7, day, 12, tzinfo=timezone.utc).timestamp()
        site.desk.create(f"Deploy {day}")
    assert site.found(f"project = OPS AND type != Story AND {jql}") == keys


@pytest.mark.parametrize(
    ("jql", "told"),
    [
        ("created < soon", "Date value 'soon' for field 'created' is invalid."),
        ("updated >= 2026-13-01", "Date value '2026-13-01' for field 'updated' is invalid."),
        ("summary > a", "The operator '>' is not supported by the 'summary' field."),
        ("project < OPS", "The operator '<' is not supported by the 'project' field."),
    ],
)
def test_what_is_no_date_is_refused(site: Pretend, jql: str, told: str) -> None:
    status, text = site.refused("POST", "/rest/api/3/search/jql", {"jql": jql})
    assert (status, told in text) == (400, True)


def test_hidden_issues_are_not_found_and_strangers_find_nothing(site: Pretend) -> None:
    key = site.desk.create("Deploy").key
    assert site.found("type != Story") == [key]
    site.authorization = ""
    assert site.found("type != Story") == []
    site.authorization = Pretend().authorization
    site.desk.hide(key)
    assert site.found("type != Story") == []
