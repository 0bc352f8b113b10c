"""What became of a report, in words."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from jira_ci.errors import NetworkError
from jira_ci.exchange import Answer, Request, exchange_blocks, exchange_document, exchange_lines
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.report import report_result
from jira_ci.report.plan import Entry
from jira_ci.report.report_result import SiteResult
from report_values import HERE, THERE, entry, plan, record


def test_the_outputs_of_a_deployment() -> None:
    two = plan(entry("WEB-1", "WEB-2", environment="EU"), entry("WEB-2", "WEB-3", environment="US"))
    outcome = Submission(accepted=[record()], rejected=[(record(), ["no"])], unknown_keys=["WEB-3"])
    assert report_result.outputs(two, [SiteResult(HERE, outcome)]) == {
        "issue-keys": ["WEB-1", "WEB-2", "WEB-3"],
        "keys-complete": True,
        "environment": ["EU", "US"],
        "environment-type": ["production", "production"],
        "state": "successful",
        "accepted": 1,
        "rejected": 1,
        "unknown-keys": ["WEB-3"],
        "lead-time": "",
    }


@pytest.mark.parametrize("incomplete", [entry("WEB-1", gaps=("shallow",)), entry("WEB-1", left_out=1)])
def test_keys_that_may_be_missing_are_said(incomplete: Entry) -> None:
    assert report_result.outputs(plan(incomplete), [])["keys-complete"] is False


def test_every_part_of_the_outcome_has_its_line() -> None:
    outcome = Submission(
        accepted=[record()],
        rejected=[(record("b"), ["too old"])],
        unknown_keys=["WEB-9"],
        refused_keys=["UTF-8"],
        unknown_associations=["serviceIdOrKeys: x"],
    )
    assert list(report_result.submission_lines(outcome)) == [
        "Jira accepted 1 of 2.",
        "Rejected: b: too old",
        "Sent once more without keys that Jira refused: UTF-8",
        "Issues that Jira does not know: WEB-9",
        "Other things that Jira does not know: serviceIdOrKeys: x",
    ]
    assert list(report_result.submission_lines(Submission())) == []


def test_services_have_a_line_of_their_own() -> None:
    outcome = Submission(unknown_services=["ari:cloud:1", "7"])
    assert list(report_result.submission_lines(outcome)) == ["Services that Jira does not know: ari:cloud:1, 7"]


def test_remote_links_are_counted_and_those_that_are_not_there_are_said() -> None:
    links = LinkSubmission(
        arrived=1, wanted=4, refusals={"WEB-2": "no permission"}, unknown_keys=["WEB-3"], left=["WEB-4"]
    )
    assert list(report_result.submission_lines(links)) == [
        "Jira has 1 of 4 remote links.",
        "Not linked: WEB-2: no permission",
        "Not reached: WEB-4",
        "Issues that Jira does not know: WEB-3",
    ]


def test_long_lists_of_links_are_cut_and_counted() -> None:
    many = [f"WEB-{number}" for number in range(30)]
    links = LinkSubmission(refusals=dict.fromkeys(many, "no"), left=many)
    lines = list(report_result.submission_lines(links))
    assert len(lines) == 22
    assert lines[20] == "Not linked: 10 more issues."
    assert lines[21].endswith("WEB-19 and 10 more")


def test_lines_name_the_destination_only_when_there_are_several() -> None:
    fate = SiteResult(THERE, Submission(accepted=[record("a", "WEB-1")], unknown_keys=["WEB-1"]))
    assert next(iter(report_result.site_lines(fate, several=False))) == "Jira accepted 1 of 1."
    assert list(report_result.site_lines(fate, several=True)) == [
        "emea: Jira accepted 1 of 1.",
        "emea: Issues that Jira does not know: WEB-1",
        "emea: This site knows none of the issues.",
    ]
    assert list(report_result.site_lines(SiteResult(THERE, withheld="No secrets."), several=True)) == [
        "emea: Nothing was reported: No secrets."
    ]


def test_each_exchange_is_a_fold_of_its_own() -> None:
    question = Request("GET", "https://jira.example/rest/api/3/serverInfo", "say what it is")
    link = Request("POST", "https://jira.example/rest/api/2/issue/WEB-1/remotelink", "show it on WEB-1", {"x": 1})
    heard = [(question, Answer(200)), (link, Answer(201)), (link, Answer(404))]
    titles = [title for title, _ in exchange_blocks(heard)]
    assert titles[1:] == ["Asked jira.example to show it on WEB-1: 201", "Asked jira.example to show it on WEB-1: 404"]


def test_when_something_failed_the_number_of_accepted_records_is_not_all_of_them() -> None:
    assert list(report_result.submission_lines(Submission(accepted=[record()], error=NetworkError("down")))) == [
        "Jira accepted 1."
    ]


def test_the_plan_in_the_log() -> None:
    many = entry(*(f"WEB-{number}" for number in range(1, 23)), environment="Prod", state="failed", left_out=3)
    lines = list(report_result.plan_lines(plan(many, state="failed")))
    assert lines[0].startswith("CI #7 to Prod (production), failed: WEB-1, WEB-2, ")
    assert lines[0].endswith("WEB-20, ...")
    assert lines[1:] == ["3 more keys are left out: Jira takes 500 of one record."]
    assert list(report_result.plan_lines(plan(entry()))) == ["CI #7, successful: no keys"]
    assert list(report_result.dropped_lines([many])) == ["Not counted: UTF-8 (a well-known impostor)"]


def test_keys_that_are_left_out_of_many_records_are_said_once() -> None:
    same = [entry("WEB-1", environment="Prod", left_out=3)] * 200
    lines = list(report_result.plan_lines(plan(*same)))
    assert len(lines) == 201
    assert lines[-1] == "3 more keys are left out: Jira takes 500 of one record."
    other = plan(*same, entry("WEB-1", environment="Dev", left_out=4), entry("WEB-1", environment="QA"))
    assert list(report_result.left_out_lines(other)) == [
        "Up to 4 more keys are left out: Jira takes 500 of one record."
    ]
    assert list(report_result.left_out_lines(plan(entry("WEB-1")))) == []


REPORT = Request("POST", "https://api.example/x", "take 1 build", {"a": "ä"}, bearer="tok")
SECRET = {"client_id": "id", "client_secret": "s3cr3t"}
TOKEN = Request("POST", "https://api.example/oauth/token", "give an access token", SECRET, secret=True)


def test_an_exchange_is_shown_in_full() -> None:
    answer = Answer(202, {}, b'{"x": 1}')
    assert list(exchange_lines(REPORT, answer)) == [
        "POST https://api.example/x",
        'sent: {"a": "ä"}',
        'answer: 202 {"x": 1}',
    ]


def test_a_token_is_never_shown_not_even_before_the_masker_knows_it() -> None:
    answer = Answer(200, {}, b'{"access_token": "t0k3n"}')
    shown = [
        *exchange_lines(TOKEN, answer),
        json.dumps(exchange_document(TOKEN, answer)),
    ]
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
    assert exchange_document(REPORT, Answer(202, {}, body)) == {
        "method": "POST",
        "url": "https://api.example/x",
        "body": {"a": "ä"},
        "answer": {"status": 202, "body": shown},
    }


def test_a_dry_run_has_no_answer() -> None:
    assert "answer" not in exchange_document(dataclasses.replace(REPORT, bearer=""), None)
