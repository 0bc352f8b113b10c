"""What became of a report, in words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from jira_ci.environments.classify import Environment
from jira_ci.errors import NetworkError, RejectedError
from jira_ci.jira import wire
from jira_ci.jira.bulk import BUILDS, DEPLOYMENTS, Outcome
from jira_ci.jira.exchange import Answer, Request
from jira_ci.keys.claims import Claim
from jira_ci.keys.issue_keys import Keys
from jira_ci.report import findings
from jira_ci.report.plan import Entry, Plan

HOSTILE = '`x` |y| <img src=x> ![a](b) @all ::error:: \n\x1b[31m "q"'


def record(name: str = "CI #7", *keys: str, state: str = "successful", environment: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"displayName": name, "state": state}
    if environment:
        made["environment"] = {"id": environment.lower(), "displayName": environment, "type": "production"}
    return {**made, "associations": [{"associationType": "issueIdOrKeys", "values": list(keys)}]}


def entry(
    *keys: str,
    environment: str = "",
    state: str = "successful",
    gaps: tuple[str, ...] = (),
    left_out: int = 0,
    source: str = "branch",
) -> Entry:
    found = Keys(keys, dict.fromkeys(keys, source), {"UTF-8": "a well-known impostor"}, left_out)
    where = Environment(environment, "production", "rule") if environment else None
    return Entry(record("CI #7", *keys, state=state, environment=environment), Claim(found, gaps), where)


def plan(*entries: Entry, state: str = "successful") -> Plan:
    return Plan(DEPLOYMENTS if entries and entries[0].environment else BUILDS, state, entries)


def test_the_outputs_of_a_deployment() -> None:
    two = plan(entry("WEB-1", "WEB-2", environment="EU"), entry("WEB-2", "WEB-3", environment="US"))
    outcome = Outcome(accepted=[record()], rejected=[(record(), ["no"])], unknown_keys=["WEB-3"])
    assert findings.outputs(two, outcome) == {
        "issue-keys": ["WEB-1", "WEB-2", "WEB-3"],
        "keys-complete": True,
        "environment": ["EU", "US"],
        "environment-type": ["production", "production"],
        "state": "successful",
        "accepted": 1,
        "rejected": 1,
        "unknown-keys": ["WEB-3"],
    }


@pytest.mark.parametrize("incomplete", [entry("WEB-1", gaps=("shallow",)), entry("WEB-1", left_out=1)])
def test_keys_that_may_be_missing_are_said(incomplete: Entry) -> None:
    assert findings.outputs(plan(incomplete), Outcome())["keys-complete"] is False


def test_a_report_that_stands_is_no_problem() -> None:
    assert findings.problem(Outcome()) is None
    assert findings.problem(Outcome(accepted=[record("CI", "WEB-1", "WEB-2")], unknown_keys=["WEB-1"])) is None


def test_a_report_that_did_not_arrive_is_its_own_problem() -> None:
    error = NetworkError("down")
    assert findings.problem(Outcome(accepted=[record()], error=error)) is error


def test_a_rejected_record_is_a_problem_even_beside_an_accepted_one() -> None:
    outcome = Outcome(
        accepted=[record("a", "WEB-1")], rejected=[(record("b"), ["too old", "bad"]), (record("c"), ["x"])]
    )
    problem = findings.problem(outcome)
    assert isinstance(problem, RejectedError)
    assert problem.message == "Jira rejected 'b' and 1 more: too old; bad."


def test_a_report_of_which_jira_knows_no_issue_is_a_problem() -> None:
    problem = findings.problem(Outcome(accepted=[record("a", "WEB-1")], unknown_keys=["WEB-1"]))
    assert isinstance(problem, RejectedError)
    assert "Jira knows none of the issues WEB-1" in problem.message


def test_every_part_of_the_outcome_has_its_line() -> None:
    outcome = Outcome(
        accepted=[record()],
        rejected=[(record("b"), ["too old"])],
        unknown_keys=["WEB-9"],
        refused_keys=["UTF-8"],
        unknown_associations=["serviceIdOrKeys: x"],
    )
    assert list(findings.outcome_lines(outcome)) == [
        "Jira accepted 1 of 2.",
        "Rejected: b: too old",
        "Sent once more without keys that Jira refused: UTF-8",
        "Issues that Jira does not know: WEB-9",
        "Other things that Jira does not know: serviceIdOrKeys: x",
    ]
    assert list(findings.outcome_lines(Outcome())) == []


def test_when_something_failed_the_number_of_accepted_records_is_not_all_of_them() -> None:
    assert list(findings.outcome_lines(Outcome(accepted=[record()], error=NetworkError("down")))) == [
        "Jira accepted 1."
    ]


def test_the_plan_in_the_log() -> None:
    many = entry(*(f"WEB-{number}" for number in range(1, 23)), environment="Prod", state="failed", left_out=3)
    lines = list(findings.plan_lines(plan(many, state="failed")))
    assert lines[0].startswith("CI #7 to Prod (production), failed: WEB-1, WEB-2, ")
    assert lines[0].endswith("WEB-20, ...")
    assert lines[1] == "3 more keys are left out: Jira takes 500."
    assert list(findings.plan_lines(plan(entry()))) == ["CI #7, successful: no keys"]
    assert list(findings.dropped_lines([many])) == ["Not counted: UTF-8 (a well-known impostor)"]


def test_the_summary_in_full() -> None:
    text = findings.summary(
        plan(entry("WEB-1", "WEB-2", "WEB-3", environment="Prod", gaps=("The clone is shallow.",))),
        Outcome(accepted=[record("a", "WEB-1", "WEB-2")], unknown_keys=["WEB-2"], refused_keys=["WEB-3"]),
        "https://acme.atlassian.net",
        None,
    )
    assert text == "\n".join(
        [
            "### Jira: deployment successful",
            "",
            "| Environment | Type | State |",
            "| --- | --- | --- |",
            "| Prod | production | successful |",
            "",
            "| Issue | Found in | Jira |",
            "| --- | --- | --- |",
            "| [WEB&#45;1](https://acme.atlassian.net/browse/WEB-1) | branch | reported |",
            "| [WEB&#45;2](https://acme.atlassian.net/browse/WEB-2) | branch | unknown to Jira |",
            "| [WEB&#45;3](https://acme.atlassian.net/browse/WEB-3) | branch | refused |",
            "",
            "- The clone is shallow&#46;",
            "",
        ]
    )


def test_nothing_in_the_summary_is_markup_that_a_stranger_wrote() -> None:
    hostile = entry("WEB-1", environment=HOSTILE, gaps=(HOSTILE,), source=HOSTILE)
    text = findings.summary(plan(hostile), Outcome(), "", NetworkError(HOSTILE))
    plain = findings.summary(
        plan(entry("WEB-1", environment="E", gaps=("G",), source="S")), Outcome(), "", NetworkError("N")
    )
    for character in "`<![@|\x1b\n":
        assert text.count(character) == plain.count(character)


def test_a_long_list_of_keys_is_cut_in_the_summary() -> None:
    text = findings.summary(plan(entry(*(f"WEB-{number}" for number in range(150)))), Outcome(), "", None)
    assert "| … and 50 more | | |" in text


def test_what_failed_stands_in_the_summary() -> None:
    text = findings.summary(plan(entry("WEB-1")), Outcome(), "", NetworkError("It is down.", "Try later."))
    assert "**Not reported:** It is down&#46; Try later&#46;" in text
    assert "| WEB&#45;1 | branch | not reported |" in text


REPORT = Request("POST", "https://api.example/x", "take 1 build", {"a": "ä"}, bearer="tok")
TOKEN = wire.access_token("https://api.example", "id", "s3cr3t")


def test_an_exchange_is_shown_in_short_and_with_debug_in_full() -> None:
    answer = Answer(202, {}, b'{"x": 1}')
    assert list(findings.exchange_lines(REPORT, answer, debug=False)) == ["POST https://api.example/x", "answer: 202"]
    assert list(findings.exchange_lines(REPORT, answer, debug=True)) == [
        "POST https://api.example/x",
        'sent: {"a": "ä"}',
        'answer: 202 {"x": 1}',
    ]


def test_a_token_is_never_shown_not_even_before_the_masker_knows_it() -> None:
    answer = Answer(200, {}, b'{"access_token": "t0k3n"}')
    shown = [*findings.exchange_lines(TOKEN, answer, debug=True), json.dumps(findings.exchange_document(TOKEN, answer))]
    assert "t0k3n" not in "".join(shown)
    assert "s3cr3t" not in "".join(shown)
    assert "200" in shown[1]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"x": [1]}', {"x": [1]}),
        (b"<html>", "<html>"),
        (b"\xff", "\ufffd"),
        (b"", ""),
        (b"[" * 60 + b"]" * 60, "[" * 60 + "]" * 60),
        (b"[" * 900 + b"]" * 900, "[" * 900 + "]" * 900),
    ],
)
def test_an_exchange_as_a_document(body: bytes, shown: Any) -> None:
    assert findings.exchange_document(REPORT, Answer(202, {}, body)) == {
        "method": "POST",
        "url": "https://api.example/x",
        "body": {"a": "ä"},
        "answer": {"status": 202, "body": shown},
    }


def test_a_dry_run_has_no_answer() -> None:
    assert "answer" not in findings.exchange_document(dataclasses.replace(REPORT, bearer=""), None)
