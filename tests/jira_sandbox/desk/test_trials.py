"""Trials: what people do to changes, now or after some reads."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from jira_sandbox.desk.trials import Trials
from jira_sandbox.jira_errors import DeskError
from pretend import Pretend

ISSUE = "/rest/api/3/issue"


@pytest.fixture
def key(site: Pretend) -> str:
    return site.raised()


def status(site: Pretend, key: str) -> str:
    return str(site.issue(key)["fields"]["status"]["name"])


STEPS: list[tuple[Callable[[Trials, str, int], None], str, Any]] = [
    (
        lambda desk, key, polls: desk.window(key, None, "2026-03-01T14:00Z", after_polls=polls),
        "customfield_10346",
        "2026-03-01T14:00:00.000+0000",
    ),
    (lambda desk, key, polls: desk.edit(key, {"Change type": "Emergency"}, after_polls=polls), "customfield_10305", {}),
    (lambda desk, key, polls: desk.edit(key, {"summary": "Other"}, after_polls=polls), "summary", "Other"),
    (lambda desk, key, polls: desk.raw(key, "Planned start", "soon", after_polls=polls), "customfield_10345", "soon"),
    (lambda desk, key, polls: desk.retype(key, "Story", after_polls=polls), "issuetype", {}),
    (lambda desk, key, polls: desk.move(key, "FIN", after_polls=polls), "project", {}),
]


def test_a_moved_issue_answers_with_another_key(site: Pretend, key: str) -> None:
    before = site.issue(key)
    site.desk.move(key, "FIN")
    after = site.issue(key)
    assert (after["id"], after["key"], after["fields"]["project"]["key"]) == (before["id"], "FIN-1", "FIN")
    assert site.issue("fin-1")["id"] == before["id"]
    site.desk.move("FIN-1", "OPS")
    assert site.issue(before["id"])["key"] == "OPS-1001"


def test_a_request_can_be_of_another_request_type_which_its_history_tells(site: Pretend, key: str) -> None:
    site.desk.request_as(key, "Emergency change")
    assert site.get(f"/rest/servicedeskapi/request/{key}")["requestTypeId"] == "26"
    log = site.issue(key, "?expand=changelog")["changelog"]["histories"]
    [item] = [item for step in log for item in step["items"] if item["field"] == "Request Type"]
    assert (item["fromString"], item["toString"]) == ("Request a change", "Emergency change")
    with pytest.raises(DeskError, match="has no request type"):
        site.desk.request_as(key, "Nothing")


def test_an_issue_can_be_of_another_type_hidden_and_deleted(site: Pretend, key: str) -> None:
    site.desk.retype(key, "[system] incident")
    assert site.issue(key)["fields"]["issuetype"]["name"] == "[System] Incident"
    site.desk.hide(key)
    assert site.refused("GET", f"{ISSUE}/{key}")[0] == 404
    site.desk.hide(key, hidden=False)
    assert site.issue(key)["key"] == key
    site.desk.delete(key)
    assert site.refused("GET", f"{ISSUE}/{key}")[0] == 404
    assert site.found("project = OPS AND issuetype != Story") == []


def test_a_step_waits_until_the_issue_was_read_so_often(site: Pretend) -> None:
    key = site.desk.create("Deploy", status="Authorize").key
    site.desk.approve(key, after_polls=1)
    site.desk.transition(key, "Implementing", after_polls=3)
    seen = []
    for _ in range(5):
        final = site.approvals(key)["values"][0]["finalDecision"]
        seen.append((final, status(site, key)))
    assert seen == [
        ("pending", "Authorize"),
        ("approved", "Authorize"),
        ("approved", "Authorize"),
        ("approved", "Implementing"),
        ("approved", "Implementing"),
    ]


def test_only_reads_of_that_issue_itself_count(site: Pretend) -> None:
    key, other = site.desk.create("Deploy").key, site.desk.create("Deploy").key
    site.desk.transition(key, "Planning", after_polls=2)
    site.issue(other)
    site.approvals(key)
    site.found(f"key = {key}")
    assert [status(site, key) for _ in range(3)] == ["Review", "Review", "Planning"]


def test_a_read_of_the_request_counts_too(site: Pretend) -> None:
    key = site.desk.create("Deploy").key
    site.desk.transition(key, "Planning", after_polls=1)
    site.get(f"/rest/servicedeskapi/request/{key}")
    assert status(site, key) == "Planning"


@pytest.mark.parametrize("step", STEPS, ids=["window", "select", "summary", "raw", "retype", "move"])
@pytest.mark.parametrize("polls", [0, 2])
def test_every_step_can_wait(site: Pretend, step: tuple[Any, str, Any], polls: int) -> None:
    act, field, value = step
    key = site.desk.create("Deploy").key
    before = site.issue(key)["fields"]
    act(site.desk, key, polls)
    for _ in range(polls):
        assert site.issue(key)["fields"].get(field) == before[field]
    after = site.issue(key)["fields"][field]
    assert after != before[field]
    assert value in ({}, after)


def test_hiding_and_deleting_can_wait(site: Pretend) -> None:
    key = site.desk.create("Deploy").key
    site.desk.hide(key, after_polls=1)
    site.issue(key)
    assert site.refused("GET", f"/rest/api/3/issue/{key}")[0] == 404
    site.desk.hide(key, hidden=False)
    site.desk.delete(key, after_polls=1)
    site.issue(key)
    assert site.refused("GET", f"/rest/api/3/issue/{key}")[0] == 404


def test_a_window_is_set_moved_and_emptied(site: Pretend) -> None:
    key = site.desk.create("Deploy", fields={"Planned start": "2026-03-01T10:00:00+01:00"}).key
    start = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)
    site.desk.window(key, start, "2026-03-01 10:00:00.5-0530")
    fields = site.issue(key)["fields"]
    assert fields["customfield_10345"] == "9999-12-31T23:59:59.000+0000"
    assert fields["customfield_10346"] == "2026-03-01T15:30:00.500+0000"
    site.desk.window(key)
    fields = site.issue(key)["fields"]
    assert (fields["customfield_10345"], fields["customfield_10346"]) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda desk, key: desk.approve(key),
        lambda desk, key: desk.approve(key, "nobody", after_polls=3),
        lambda desk, key: desk.transition(key, "Nowhere", after_polls=3),
        lambda desk, key: desk.window(key, "2026-03-01T10:00", after_polls=3),
        lambda desk, key: desk.window(key, "soon"),
        lambda desk, key: desk.edit(key, {"Colour": "red"}),
        lambda desk, key: desk.edit(key, {"Status": "Planning"}),
        lambda desk, key: desk.edit(key, {"Approvers": "ana"}),
        lambda desk, key: desk.edit(key, {"Affected services": [5]}),
        lambda desk, key: desk.edit(key, {"Change type": "Huge"}),
        lambda desk, key: desk.edit(key, {"summary": ""}),
        lambda desk, key: desk.retype(key, "Epic"),
        lambda desk, _: desk.transition("OPS-5000", "Planning"),
        lambda desk, _: desk.transition("OPS-5000", "Planning", after_polls=2),
        lambda desk, _: desk.create("x", request_type="Make coffee"),
        lambda desk, _: desk.create("x", project="WEB"),
        lambda desk, key: desk.create("x", key=key),
        lambda desk, _: desk.create(""),
    ],
)
def test_a_step_that_cannot_be_meant_is_said_at_once(site: Pretend, wrong: Callable[[Trials, str], None]) -> None:
    key = site.desk.create("Deploy").key
    with pytest.raises(DeskError):
        wrong(site.desk, key)
    assert status(site, key) == "Review"


def test_a_scripted_step_that_fails_is_not_lost(site: Pretend) -> None:
    key = site.desk.create("Deploy").key
    site.desk.approve(key, after_polls=1)
    site.issue(key)
    assert "Nobody is asked to approve" in site.desk.script.failures[0]


def test_a_change_can_have_the_key_of_an_issue_by_rule(site: Pretend) -> None:
    assert site.issue("OPS-7")["fields"]["issuetype"]["name"] == "Story"
    site.desk.create("Deploy", key="OPS-7")
    assert site.issue("OPS-7")["fields"]["issuetype"]["name"] == "[System] Change"
