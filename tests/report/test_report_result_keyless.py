"""Records without an issue key, in words."""

from __future__ import annotations

import dataclasses

import pytest

from jira_ci.report import report_result
from jira_ci.report.plan import Entry
from report_values import entry, plan

SERVICE = {"associationType": "serviceIdOrKeys", "values": ["SVC"]}


def of_service(name: str, *keys: str) -> Entry:
    made = entry(*keys, environment="Prod")
    record = {**made.record, "associations": [*made.record["associations"], SERVICE]}
    return dataclasses.replace(made, record=record, service=name)


@pytest.mark.parametrize(
    ("entries", "unseen", "said"),
    [
        ([entry("WEB-1")], (), ""),
        ([entry("WEB-1")], ("WEB-2",), ""),
        ([], (), ""),
        ([entry("WEB-1"), entry(environment="Dev")], (), "There is no issue key for Dev: not reported."),
        ([of_service("web", "WEB-1")], (), ""),
        ([of_service("web")], (), "There is no issue key for Prod (web): shown on services only."),
        ([of_service("web", "WEB-1")], ("WEB-1",), "There is no issue key for Prod (web): shown on services only."),
        (
            [of_service("web"), entry(environment="Dev"), entry("WEB-1", environment="QA")],
            (),
            "There is no issue key for Dev: not reported. There is no issue key for Prod (web): shown on services "
            "only.",
        ),
        (
            [of_service(name) for name in "abcdefg"],
            (),
            "There is no issue key for Prod (a), Prod (b), Prod (c), Prod (d), Prod (e) and 2 more: shown on services "
            "only.",
        ),
    ],
)
def test_what_is_said_of_records_that_name_no_issue(entries: list[Entry], unseen: tuple[str, ...], said: str) -> None:
    error = report_result.found(plan(*entries), unseen)
    assert (error.message if error else "") == said


def test_where_no_site_has_services_it_is_not_reported() -> None:
    error = report_result.found(plan(of_service("web")), services=False)
    assert error is not None
    assert error.message == "There is no issue key for Prod (web): not reported."


def test_a_long_name_is_cut() -> None:
    error = report_result.found(plan(entry(environment="x" * 10_000)))
    assert error is not None
    assert len(error.message) < 200
