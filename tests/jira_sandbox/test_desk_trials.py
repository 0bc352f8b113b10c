"""Trials: what people do to changes, now or after some reads, from Python and over HTTP."""

from __future__ import annotations

import contextlib
import datetime
import http.client
from collections.abc import Callable
from typing import Any

import pytest

from jira_sandbox.desk.trials import Trials
from jira_sandbox.jira_errors import DeskError
from jira_sandbox.server import Sandbox
from pretend import HOST, Pretend

CHANGES = "/sandbox/changes"


@pytest.fixture
def site() -> Pretend:
    return Pretend()


def status(site: Pretend, key: str) -> str:
    return str(site.issue(key)["fields"]["status"]["name"])


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


def test_every_kind_of_field_is_written_by_its_name(site: Pretend) -> None:
    fields = {
        "Approvers": ["ana", "Ben Okafor"],
        "Affected services": ["ari:cloud:graph::service/1"],
        "Approver groups": ["cab"],
        "Change risk": "High",
        "Backout plan": "Roll back",
        "Labels": ["a"],
        "description": "All of it",
    }
    shown = site.issue(site.desk.create("Deploy", fields=fields).key)["fields"]
    assert [one["displayName"] for one in shown["customfield_10303"]] == ["Ana Souza", "Ben Okafor"]
    assert shown["customfield_10339"] == [{"id": "ari:cloud:graph::service/1"}]
    assert shown["customfield_10380"][0]["name"] == "cab"
    assert (shown["customfield_10306"]["value"], shown["labels"]) == ("High", ["a"])
    assert shown["customfield_10343"]["content"][0]["content"][0]["text"] == "Roll back"


def test_a_scripted_step_that_fails_is_not_lost(site: Pretend) -> None:
    key = site.desk.create("Deploy").key
    site.desk.approve(key, after_polls=1)
    site.issue(key)
    assert "Nobody is asked to approve" in site.desk.script.failures[0]


def test_a_change_can_have_the_key_of_an_issue_by_rule(site: Pretend) -> None:
    assert site.issue("OPS-7")["fields"]["issuetype"]["name"] == "Story"
    site.desk.create("Deploy", key="OPS-7")
    assert site.issue("OPS-7")["fields"]["issuetype"]["name"] == "[System] Change"


def test_a_trial_is_scripted_over_http(site: Pretend) -> None:
    body = {
        "summary": "Deploy",
        "status": "Authorize",
        "fields": {"Change type": "Normal"},
        "request-type": "Emergency change",
    }
    made = site.post(CHANGES, body, authorization="")
    assert (site.last.status, made["key"], made["status"]["name"]) == (201, "OPS-1000", "Authorize")
    path = f"{CHANGES}/{made['key']}"
    assert site.post(f"{path}/approve", {"by": "ana", "after-polls": 1})["steps-waiting"] == [1]
    site.issue("OPS-1000")
    told = site.post(f"{path}/window", {"start": "2026-03-01T10:00:00Z", "end": None})
    assert told["fields"]["Planned start"] == "2026-03-01T10:00:00.000+0000"
    assert told["approvals"][0]["approvers"] == {"Ana Souza": "approved"}
    assert site.post(f"{path}/transition", {"status": "implementing"})["status"]["category"] == "indeterminate"
    assert site.post(f"{path}/transition", {"status": "Authorize", "by": "cleo"})["history"][-1]["by"] == "Cleo Martin"
    assert site.post(f"{path}/decline", {})["approvals"][-1]["decision"] == "declined"
    assert [one["key"] for one in site.get(CHANGES)["changes"]] == ["OPS-1000"]
    assert site.get(f"{path}")["summary"] == "Deploy"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("OPS-5000/approve", {}, 404),
        ("OPS-1000/approve", {}, 400),
        ("OPS-1000/transition", {}, 400),
        ("OPS-1000/transition", {"status": "Nowhere"}, 400),
        ("OPS-1000/transition", {"status": "Planning", "colour": "red"}, 400),
        ("OPS-1000/transition", {"status": "Planning", "after-polls": "2"}, 400),
        ("OPS-1000/transition", {"status": "Planning", "after-polls": -1}, 400),
        ("OPS-1000/transition", {"status": "Planning", "after-polls": True}, 400),
        ("OPS-1000/window", {"start": "2026-03-01"}, 400),
        ("OPS-1000/window", {"start": 5}, 400),
        ("OPS-1000/window", b"{", 400),
    ],
)
def test_a_step_over_http_that_cannot_be_meant_is_refused_in_one_sentence(
    site: Pretend, path: str, body: Any, code: int
) -> None:
    site.desk.create("Deploy")
    assert site.post(f"{CHANGES}/{path}", body)["error"]
    assert site.last.status == code
    assert status(site, "OPS-1000") == "Review"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"host": "localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"origin": f"http://{HOST}", "sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"host": ""}, 403),
        ({"host": "sandbox.example.com"}, 403),
        ({"host": "127.0.0.1.example.com"}, 403),
        ({"host": "example.com@127.0.0.1"}, 403),
        ({"origin": "https://example.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9090"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "text/plain"}, 400),
        ({"content_type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_no_page_of_another_site_takes_steps(site: Pretend, headers: dict[str, str], code: int) -> None:
    site.desk.create("Deploy")
    site.post(f"{CHANGES}/OPS-1000/transition", {"status": "Planning"}, **headers)
    assert site.last.status == code
    assert (status(site, "OPS-1000") == "Planning") is (code == 200)


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}],
)
@pytest.mark.bad_requests("a comment without whether it is public")
def test_no_page_of_another_site_uses_the_apis_though_it_knows_the_credentials(
    headers: dict[str, str], sandbox: Sandbox
) -> None:
    key = sandbox.desk.create("Deploy").key
    given = {
        "Authorization": "Basic cmVsZWFzZUBleGFtcGxlLmNvbTpzYW5kYm94LWFwaS10b2tlbg==",
        "Content-Type": "application/json",
    }
    comment = f"/rest/servicedeskapi/request/{key}/comment"
    connection = http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=10)
    with contextlib.closing(connection):

        def ask(method: str, path: str, **more: str) -> int:
            named = {name.replace("_", "-"): value for name, value in more.items()}
            connection.request(method, path, b'{"body": "x"}' if method == "POST" else None, {**given, **named})
            answer = connection.getresponse()
            answer.read()
            return answer.status

        assert ask("POST", comment, **headers) == 403
        reading = 403 if "host" in headers else 200
        assert ask("GET", comment, **headers) == reading
        assert ask("GET", "/sandbox/exchanges", **headers) == reading
        assert ask("POST", comment) == 201


def test_jira_s_own_paths_know_nothing_of_trials(site: Pretend) -> None:
    gateway = "/ex/jira/11111111-2222-4333-8444-555555555555"
    assert site.refused("GET", f"{gateway}{CHANGES}")[0] == 404
    assert site.get(CHANGES) == {"changes": []}
