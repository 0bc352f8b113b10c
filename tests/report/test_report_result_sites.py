"""What became of a report at several destinations, and all in all."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.errors import JiraCiError, NetworkError, RejectedError
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.report.report_result import SiteResult, documents, problem, problems, unknown_keys
from report_values import HERE, THERE, record

SOME = Submission(accepted=[record("a", "WEB-1", "WEB-2")], unknown_keys=["WEB-2"])
NONE = Submission(accepted=[record("a", "WEB-1", "WEB-2")], unknown_keys=["WEB-2", "WEB-1"])
NONE_TAKEN = Submission(rejected=[(record("a", "WEB-1"), ["unknown"])], unknown_keys=["WEB-1"])
DOWN = Submission(error=NetworkError("down"))
REJECTED = Submission(rejected=[(record("a", "WEB-1"), ["too old"])])


def test_a_report_that_stands_is_no_problem() -> None:
    assert problem(Submission()) is None
    assert problem(Submission(accepted=[record("CI", "WEB-1", "WEB-2")], unknown_keys=["WEB-1"])) is None


def test_a_report_that_did_not_arrive_is_its_own_problem() -> None:
    error = NetworkError("down")
    assert problem(Submission(accepted=[record()], error=error)) is error


def test_a_rejected_record_is_a_problem_even_beside_an_accepted_one() -> None:
    outcome = Submission(
        accepted=[record("a", "WEB-1")], rejected=[(record("b"), ["too old", "bad"]), (record("c"), ["x"])]
    )
    found = problem(outcome)
    assert isinstance(found, RejectedError)
    assert found.message == "Jira rejected 'b' and 1 more: too old; bad."


def test_a_report_of_which_jira_knows_no_issue_is_a_problem() -> None:
    found = problem(Submission(accepted=[record("a", "WEB-1")], unknown_keys=["WEB-1"]))
    assert isinstance(found, RejectedError)
    assert "Jira knows none of the issues WEB-1" in found.message


def test_a_service_that_jira_knows_is_enough_to_be_shown() -> None:
    shown: dict[str, Any] = {
        "displayName": "a",
        "associations": [
            {"associationType": "issueIdOrKeys", "values": ["WEB-1"]},
            {"associationType": "serviceIdOrKeys", "values": ["s-1", "s-2"]},
        ],
    }
    assert problem(Submission(accepted=[shown], unknown_keys=["WEB-1"], unknown_services=["s-1"])) is None
    found = problem(Submission(accepted=[shown], unknown_keys=["WEB-1"], unknown_services=["s-1", "s-2"]))
    assert found is not None
    assert found.message == "Jira knows none of the issues WEB-1 and services s-1, s-2, so it shows nothing."


@pytest.mark.parametrize(
    ("outcomes", "kinds"),
    [
        ([SOME, SOME], [None, None]),
        ([SOME, NONE], [None, None]),
        ([NONE_TAKEN, SOME], [None, None]),
        ([NONE, NONE], [RejectedError, RejectedError]),
        ([NONE, DOWN], [RejectedError, NetworkError]),
        ([SOME, DOWN], [None, NetworkError]),
        ([DOWN, REJECTED], [NetworkError, RejectedError]),
        ([SOME, REJECTED], [None, RejectedError]),
        ([NONE], [RejectedError]),
        ([], []),
    ],
)
def test_a_site_without_the_issues_is_no_trouble_while_another_has_them(
    outcomes: list[Submission], kinds: list[type[JiraCiError] | None]
) -> None:
    found = problems([SiteResult(HERE, outcome) for outcome in outcomes])
    assert [type(error) if error else None for error in found] == kinds


@pytest.mark.parametrize(
    ("outcomes", "keys"),
    [
        ([SOME, NONE], ["WEB-2"]),
        ([NONE, NONE], ["WEB-2", "WEB-1"]),
        ([SOME, Submission(accepted=[record("a", "WEB-1", "WEB-2")])], []),
        ([SOME, DOWN], ["WEB-2"]),
        ([DOWN], []),
        ([], []),
    ],
)
def test_a_key_is_unknown_when_no_site_that_judged_knows_it(outcomes: list[Submission], keys: list[str]) -> None:
    assert unknown_keys([SiteResult(HERE, outcome) for outcome in outcomes]) == keys


def test_each_destination_has_a_part_in_the_document() -> None:
    fates = [SiteResult(HERE, SOME), SiteResult(THERE, withheld="No secrets.")]
    assert documents(fates, [None, NetworkError("down", "wait")]) == {
        "default": {"accepted": 1, "rejected": 0, "unknown-keys": ["WEB-2"], "error": None},
        "emea": {
            "accepted": 0,
            "rejected": 0,
            "unknown-keys": [],
            "error": {"kind": "network", "message": "down", "hint": "wait", "mend": "wait"},
            "skipped": "No secrets.",
        },
    }


def _of_service(*unknown: str, keys: tuple[str, ...] = ()) -> Submission:
    shown: dict[str, Any] = {
        "displayName": "a",
        "associations": [
            {"associationType": "issueIdOrKeys", "values": ["WEB-1"]},
            {"associationType": "serviceIdOrKeys", "values": ["s-1", "s-2"]},
        ],
    }
    return Submission(accepted=[shown], unknown_keys=list(keys), unknown_services=list(unknown))


@pytest.mark.parametrize(
    ("outcomes", "wrong"),
    [
        ([_of_service()], [False]),
        ([_of_service("s-1")], [False]),
        ([_of_service("s-1", "s-2")], [True]),
        ([_of_service("s-1", "s-2"), _of_service("s-1")], [False, False]),
        ([_of_service("s-1", "s-2"), _of_service("s-1", "s-2")], [True, True]),
        ([_of_service("s-1", "s-2"), LinkSubmission(accepted=_of_service().accepted)], [True, False]),
        ([_of_service("s-1", "s-2", keys=("WEB-1",)), _of_service("s-2")], [False, False]),
        ([_of_service("s-1", "s-2"), DOWN], [True, True]),
    ],
)
def test_services_that_no_site_knows_are_a_problem(outcomes: list[Submission], wrong: list[bool]) -> None:
    fates = [SiteResult(destination, outcome) for destination, outcome in zip((HERE, THERE), outcomes, strict=False)]
    assert [error is not None for error in problems(fates)] == wrong


def test_services_that_are_all_unknown_are_named() -> None:
    found = problem(_of_service("s-1", "s-2"))
    assert isinstance(found, RejectedError)
    assert found.message == "Jira knows none of the services s-1, s-2, so it shows their deployments on issues only."
    assert ".jira-ci.yml" in found.hint
