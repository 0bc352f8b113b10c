"""The record: the documented keys in their order, always; nothing about people but account ids."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.changes import NOW
from jira_ci.config.policy_files import Sources, load
from jira_ci.config.trusted_ref import Place
from jira_ci.gate.approvals import Approval, Approver, Demand, Excluded, Member, review
from jira_ci.gate.decision import ROWS, Decision, in_dry_run
from jira_ci.gate.policy.overrides import Asked
from jira_ci.gate.policy.policy import Policy, settle
from jira_ci.gate.record import (
    ChangeFacts,
    Deployment,
    Evidence,
    HistoryFacts,
    WindowFacts,
    digest,
    dumps,
    record,
    with_deployment,
)
from jira_ci.gate.requirements import Edit, Moved
from jira_ci.gate.subject import Subject
from jira_ci.run import CI, PullRequest, Run

A = "a" * 40
FILE = b"""\
jira: {site: acme.atlassian.net}
environments: {Prod: {change-controlled: true}}
change-control: {enabled: true, service-desk: OPS, minimum-approvals: 1, change-binding: any}
"""
SUBJECT = Subject("Web Site", "Prod", "", "1.0.1", A, 'Deploy "Web Site" version 1.0.1 to "Prod"')
LAB = CI.GITLAB
RUN = Run(
    provider=CI.GITHUB,
    repository="acme/shop",
    repository_id="1",
    repository_url="https://github.com/acme/shop",
    commit=A,
    number=9,
    url="https://github.com/acme/shop/actions/runs/777",
    run_id="777",
    branch="main",
    attempt=2,
    actor="octocat",
    authors=("octocat",),
    protected=True,
)
CHANGE = ChangeFacts(
    site="https://acme.atlassian.net",
    id="10042",
    key="OPS-7",
    issue_type="[System] Change",
    summary=SUBJECT.title,
    found_by="title",
    reporter="5b10a2844c20165700ede21g",
    status_id="10003",
    status_name="Implementing",
    status_category="indeterminate",
)
ANA, BOB = Approver("account-ana", "approved", "Ana <ana@acme.example>"), Approver("account-bob", "approved", "Bob")
OLD = Approval("1", "CAB", "declined", NOW - timedelta(days=2), None, (replace(ANA, decision="declined"),))
CAB = Approval("2", "CAB", "approved", NOW - timedelta(hours=2), NOW - timedelta(hours=1), (ANA, BOB))
DEMANDS = [
    Demand("approval", "CAB", by=(Member("account-ana", "Ana"),)),
    Demand("group", "managers", could=(Member("account-bob", "Bob"),)),
]
IN_FORCE = {
    "project-name": "shop",
    "connection": "default",
    "site": "https://acme.atlassian.net",
    "service-desk": "OPS",
    "request-type": "Request a change",
    "issue-types": ["[System] Change", "Change"],
    "title": 'Deploy "{project}" version {version} to "{environment}"',
    "create": True,
    "change-binding": "any",
    "bind": "commit",
    "reuse": "open",
    "proceed-statuses": ["Implementing"],
    "wait-statuses": ["Review", "Preview", "Planning", "Authorize", "Awaiting implementation"],
    "minimum-approvals": 1,
    "required-approvals": [],
    "required-approvers": [],
    "window": {"start": "Planned start", "end": "Planned end"},
    "window-required": False,
    "edits": "say",
    "watched-fields": [],
    "exclude-approvers": [],
    "deployers": {},
    "comments": "internal",
    "end-status": {},
    "gate-by": "change",
}
HISTORY = HistoryFacts(
    Moved("account-bob", "Bob", NOW - timedelta(minutes=30)),
    [Edit("Planned end", "account-ana", "Ana", NOW)],
    [{"run": "776", "commit": A, "state": "successful"}],
)
EVIDENCE = Evidence(NOW, -1.6, "account-of-the-gate", 3, "0.1.0")


def loaded() -> Sources:
    relaxed = ("outside CI: the policy is the one of HEAD",)
    return load([Place("acme/shop", A, "HEAD", relaxed, {".jira-ci.yml": FILE}.get)])


def absent(source: str, *relaxed: str) -> Sources:
    return Sources((), "acme/shop", relaxed, source)


def policy() -> Policy:
    found = settle(loaded(), "Prod", Asked(), gate=True)
    assert isinstance(found, Policy)
    return found


def full(**changed: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "decision": Decision.of(32, "approved, in window", 1),
        "subject": SUBJECT,
        "run": RUN,
        "policy": policy(),
        "triggered_by": "hubot",
        "change": CHANGE,
        "approvals": [CAB, OLD],
        "review": review([CAB, OLD], [Excluded("the reporter", "account-bob")]),
        "demands": DEMANDS,
        "history": HISTORY,
        "window": WindowFacts(NOW, None, ("customfield_10345", "customfield_10346")),
        "evidence": EVIDENCE,
    }
    parts |= changed
    return record(parts.pop("decision"), **parts)


def test_the_whole_record() -> None:
    assert full() == {
        "schema": "jira-ci.decision/2",
        "decision": "proceed",
        "row": 32,
        "reason": "approved, in window",
        "exit": 0,
        "approved": True,
        "subject": {
            "project": "Web Site",
            "environment": "Prod",
            "ci-environment": None,
            "tenant": None,
            "version": "1.0.1",
            "commit": A,
            "run-commit": RUN.commit,
            "checkout-commit": None,
            "authors": ["octocat"],
        },
        "run": {
            "provider": "github",
            "repository": "acme/shop",
            "ref": "refs/heads/main",
            "ref-protected": True,
            "id": "777",
            "attempt": 2,
            "url": "https://github.com/acme/shop/actions/runs/777",
            "actor": "octocat",
            "triggered-by": "hubot",
        },
        "policy": {
            "sources": [{"source": f"acme/shop@{A}:.jira-ci.yml", "sha256": hashlib.sha256(FILE).hexdigest()}],
            "in-force": IN_FORCE,
            "relaxed": ["outside CI: the policy is the one of HEAD", "change-binding: any"],
        },
        "change": {
            "site": "https://acme.atlassian.net",
            "id": "10042",
            "key": "OPS-7",
            "issue-type": "[System] Change",
            "summary": 'Deploy "Web Site" version 1.0.1 to "Prod"',
            "found-by": "title",
            "reporter": "5b10a2844c20165700ede21g",
            "status": {"id": "10003", "name": "Implementing", "category": "indeterminate"},
        },
        "approvals": [
            {
                "id": "2",
                "name": "CAB",
                "decision": "approved",
                "created": "2026-03-02T10:00:00Z",
                "completed": "2026-03-02T11:00:00Z",
                "current": True,
                "approvers": [
                    {"account": "account-ana", "decision": "approved", "counted": True},
                    {"account": "account-bob", "decision": "approved", "counted": False},
                ],
            },
            {
                "id": "1",
                "name": "CAB",
                "decision": "declined",
                "created": "2026-02-28T12:00:00Z",
                "completed": None,
                "current": False,
                "approvers": [{"account": "account-ana", "decision": "declined", "counted": False}],
            },
        ],
        "required": [
            {"kind": "approval", "name": "CAB", "met": True, "by": ["account-ana"], "could": []},
            {"kind": "group", "name": "managers", "met": False, "by": [], "could": ["account-bob"]},
        ],
        "history": {
            "moved-by": "account-bob",
            "moved-at": "2026-03-02T11:30:00Z",
            "edits-since-approval": [{"field": "Planned end", "by": "account-ana", "at": "2026-03-02T12:00:00Z"}],
            "earlier-deployments": [{"run": "776", "commit": A, "state": "successful"}],
        },
        "emergency": None,
        "freeze": None,
        "window": {"start": "2026-03-02T12:00:00Z", "end": None, "fields": ["customfield_10345", "customfield_10346"]},
        "evidence": {
            "read-at": "2026-03-02T12:00:00Z",
            "clock-skew": -2,
            "asked-as": "account-of-the-gate",
            "rounds": 3,
            "tool": "0.1.0",
        },
        "deployment": {"started": None, "ended": None, "state": None, "exit": None},
    }


PUBLISHED = json.loads((Path(__file__).parents[2] / "jira-ci-record.schema.json").read_text(encoding="utf-8"))
SCHEMA = PUBLISHED["definitions"]["jira-ci.decision-2"]
validate = fastjsonschema.compile(PUBLISHED)


def in_order(value: Any, schema: dict[str, Any]) -> bool:
    """Whether the keys stand in the order of the schema, wherever it has all of them; some may be left out."""
    known = schema.get("properties", {}) if schema.get("additionalProperties") is False else {}
    there = [key for key in known if key in value or key in schema["required"]] if known else []
    return not known or (list(value) == there and all(in_order(value[key], known[key]) for key in there))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("known", ["nothing", "file", "no file", "policy"])
def test_every_decision_has_a_record_of_the_same_shape(row: int, known: str) -> None:
    read = {"nothing": None, "file": loaded(), "no file": absent("acme/shop@x:.jira-ci.yml"), "policy": policy()}
    document = record(Decision.of(row, "because"), subject=SUBJECT, run=RUN, policy=read[known])
    validate(json.loads(dumps(document)))
    assert in_order(document, SCHEMA)
    assert document["approved"] is False, "nobody's approval counted"
    assert document["exit"] == ROWS[row][1]


def test_a_full_record_has_that_shape_too() -> None:
    validate(json.loads(dumps(full())))
    validate(json.loads(dumps(full(subject=replace(SUBJECT, tenant="Acme")))))


def test_a_dry_run_is_recorded_as_the_wait_that_it_is() -> None:
    document = full(decision=in_dry_run(Decision.of(32, "approved, in window.", 1)))
    assert (document["decision"], document["row"], document["exit"], document["approved"]) == ("wait", 32, 4, False)


def test_what_is_known_of_a_policy_is_recorded_however_far_it_went() -> None:
    asked = record(Decision.of(3, "x"), subject=SUBJECT, run=RUN, policy=loaded())["policy"]
    (source,) = asked["sources"]
    assert (source["source"], len(source["sha256"]), asked["in-force"]) == (f"acme/shop@{A}:.jira-ci.yml", 64, None)
    none = record(Decision.of(3, "x"), subject=SUBJECT, run=RUN, policy=absent("a/b@c:d", "e"))["policy"]
    assert (none["sources"], none["relaxed"]) == ([{"source": "a/b@c:d", "sha256": None}], ["e"])


PULL = PullRequest(7, "t", "main")


@pytest.mark.parametrize(
    ("run", "ref"),
    [
        (replace(RUN, tag="v1", branch=""), "refs/tags/v1"),
        (replace(RUN, event="pull_request", pull_request=PULL), "refs/pull/7/head"),
        (replace(RUN, event="pull_request_target", pull_request=PULL), "refs/pull/7/head"),
        (replace(RUN, provider=LAB, event="merge_request_event", pull_request=PULL), "refs/merge-requests/7/head"),
        (replace(RUN, provider=LAB, event="push", pull_request=PULL), "refs/heads/main"),
        (replace(RUN, branch=""), ""),
    ],
)
def test_the_ref(run: Run, ref: str) -> None:
    assert full(run=run)["run"]["ref"] == ref


def test_nobody_else_started_it_than_the_actor() -> None:
    assert full(triggered_by="")["run"]["triggered-by"] == "octocat"


def test_no_name_and_no_address_of_a_person_is_in_it() -> None:
    document = full(
        run=replace(RUN, actor="ana@acme.example"),
        decision=Decision.of(18, "asked ana.lee+cab@mail.acme.example, who is away"),
        change=replace(CHANGE, summary="for <ops@acme.example>", reporter="user@acme.example"),
    )
    text = dumps(document)
    assert "acme.example" not in text
    assert "Ana" not in text
    assert "Bob" not in text
    assert document["reason"] == "asked (e-mail address), who is away"
    assert document["policy"]["sources"][0]["source"] == f"acme/shop@{A}:.jira-ci.yml"


def test_secrets_are_masked_everywhere() -> None:
    document = full(
        decision=Decision.of(8, "asked with hunter2"),
        change=replace(CHANGE, summary="hunter2", status_name="x hunter2"),
        approvals=[replace(CAB, name="hunter2")],
        mask=lambda text: text.replace("hunter2", "***"),
    )
    assert "hunter2" not in dumps(document)
    assert document["change"]["status"]["name"] == "x ***"


def test_a_record_without_its_review_counts_nobody() -> None:
    found = full(review=None)["approvals"]
    assert [one["current"] for one in found] == [False, False]
    assert [person["counted"] for one in found for person in one["approvers"]] == [False, False, False]


def test_what_is_written_is_one_harmless_line() -> None:
    text = dumps(full(decision=Decision.of(8, "a\n::add-mask::x\r\x1b[0m ##[error]y \ud800 ü😀\u2028")))
    assert text.isascii()
    assert text.isprintable()
    assert "##[" not in text
    assert json.loads(text)["reason"] == "a\n::add-mask::x\r\x1b[0m ##[error]y \ufffd ü😀\u2028"


def test_the_digest_is_of_everything_but_the_deployment() -> None:
    document = full()
    ended = with_deployment(document, Deployment(NOW, NOW + timedelta(seconds=90), "successful", 0))
    assert ended["deployment"] == {
        "started": "2026-03-02T12:00:00Z",
        "ended": "2026-03-02T12:01:30Z",
        "state": "successful",
        "exit": 0,
    }
    assert list(ended) == list(document)
    assert document["deployment"]["state"] is None
    assert digest(ended) == digest(document) == digest(json.loads(dumps(ended)))
    assert digest(full(change=replace(CHANGE, key="OPS-8"))) != digest(document)


def test_what_became_of_it_is_a_part_of_the_published_schema() -> None:
    validate(with_deployment(full(), Deployment(NOW, NOW + timedelta(seconds=90), "failed", 7)))
    ended = with_deployment(full(), Deployment(NOW, NOW + timedelta(seconds=90), "successful", 0, lead_time=3600))
    assert ended["deployment"]["lead-time"] == 3600
    validate(ended)


def test_the_digest_is_the_documented_one() -> None:
    document = {"b": "ü", "a": [1, None, True], "deployment": {}}
    assert digest(document) == hashlib.sha256(b'{"a":[1,null,true],"b":"\\u00fc"}').hexdigest()


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 2, 14, 0, tzinfo=timezone(timedelta(hours=2))), "2026-03-02T12:00:00Z"),
        (datetime(2026, 3, 2, 12, 0, 0, 123000, tzinfo=timezone.utc), "2026-03-02T12:00:00.123000Z"),
        (datetime(9999, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-5))), "9999-12-31T23:00:00-05:00"),
    ],
)
def test_moments_are_in_utc_where_utc_has_them(moment: datetime, text: str) -> None:
    assert full(window=WindowFacts(moment))["window"]["start"] == text


@given(st.text(), st.text(), st.text())
def test_any_text_makes_a_record_that_reads_back(reason: str, summary: str, name: str) -> None:
    document = full(
        decision=Decision.of(8, reason), change=replace(CHANGE, summary=summary), approvals=[replace(CAB, name=name)]
    )
    assert json.loads(dumps(document)) == document
    assert len(digest(document)) == 64
