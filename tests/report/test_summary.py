"""The report's page, as a reader of the job summary sees it."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest

from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.submit import LinkSubmission, Submission
from jira_ci.output.markdown import as_markdown
from jira_ci.report.plan import Plan
from jira_ci.report.report_result import SiteResult
from jira_ci.report.summary import Column, summary
from jira_ci.settings import resolve
from jira_ci.sites.sites import Site
from rendered import Rendered, render
from report_values import HERE, HOSTILE, THERE, entry, plan, record

NOWHERE = Site("default", resolve({}, {}))
DROPPED = "Not counted as issues: UTF-8 (a well-known impostor)"


def one(what: Plan, outcome: Submission, error: JiraCiError | None = None, at: Site = NOWHERE) -> Rendered:
    return render(as_markdown(summary(what, [SiteResult(at, outcome)], [error])))


def test_the_summary_in_full() -> None:
    found = one(
        plan(entry("WEB-1", "WEB-2", "WEB-3", environment="Prod", gaps=("The clone is shallow.",))),
        Submission(accepted=[record("a", "WEB-1", "WEB-2")], unknown_keys=["WEB-2"], refused_keys=["WEB-3"]),
        at=HERE,
    )
    assert found == Rendered(
        headings=["✅ Jira: deployment successful: to Prod", "Not accepted", "Perhaps not complete"],
        items=[
            "Refused by Jira, and left out of the report: WEB-3",
            "Issues that Jira does not know: WEB-2",
            "The clone is shallow.",
            DROPPED,
        ],
        tables=[
            [["Environment", "Type", "State"], ["Prod", "production", "✅ successful"]],
            [
                ["Issue", "Found in", "Jira"],
                ["WEB-1", "branch", "✅ reported"],
                ["WEB-2", "branch", "⚠️ unknown to Jira"],
                ["WEB-3", "branch", "❌ refused"],
            ],
        ],
        links=[f"https://acme.atlassian.net/browse/WEB-{number}" for number in (1, 2, 3)],
    )


@pytest.mark.parametrize(
    ("given", "heading"),
    [
        ({"label": "1.4.0"}, "deployment successful: 1.4.0 to Prod"),
        (
            {"testInfo": {"totalNumber": 41, "numberPassed": 39, "numberFailed": 2, "numberSkipped": 0}},
            "41 tests, 2 failed",
        ),
        (
            {"testInfo": {"totalNumber": 3, "numberPassed": 3, "numberFailed": 0, "numberSkipped": 0}},
            "successful: 3 tests",
        ),
        ({"testInfo": None}, "build successful"),
    ],
)
def test_the_heading_says_what_went_where_or_how_the_tests_went(given: dict[str, Any], heading: str) -> None:
    told = entry("WEB-1", environment="Prod" if "label" in given else "")
    told = dataclasses.replace(told, record=cast(Any, {**told.record, **given}))
    found = one(plan(told), Submission(accepted=[record("a", "WEB-1")])).headings[0]
    assert found.endswith(heading)


def test_many_places_are_counted() -> None:
    many = [entry("WEB-1", environment=f"prod-{name}") for name in ("eu", "us", "ap", "sa", "af")]
    heading = one(plan(*many), Submission(accepted=[record("a", "WEB-1")])).headings[0]
    assert heading.endswith(": to prod-eu, prod-us, prod-ap and 2 more")


def test_nothing_in_the_summary_is_markup_that_a_stranger_wrote() -> None:
    hostile = entry("WEB-1", environment=HOSTILE, gaps=(HOSTILE,), source=HOSTILE)
    outcome = Submission(rejected=[(record(HOSTILE, "WEB-1", environment=HOSTILE), [HOSTILE])])
    found = one(plan(hostile), outcome, NetworkError(HOSTILE), at=HERE)
    assert found.strange == []
    assert found.links == ["https://acme.atlassian.net/browse/WEB-1"]
    assert [[len(row) for row in table] for table in found.tables] == [[3, 3], [3, 3]]
    assert (len(found.items), len(found.quotes)) == (3, 1)


def test_a_rejected_record_is_named_with_all_reasons() -> None:
    rejected = record("CI #7", "WEB-1", "WEB-2", environment="Prod")
    found = one(plan(entry("WEB-1")), Submission(rejected=[(rejected, ["too long", "no url"]), (record("b"), [])]))
    assert found.items[:2] == [
        "Rejected: CI #7 to Prod (WEB-1, WEB-2): too long; no url",
        "Rejected: b: Jira gives no reason.",
    ]


def test_where_all_is_well_there_is_nothing_but_the_tables() -> None:
    keys = dataclasses.replace(entry("WEB-1").claim.keys, dropped={})
    clean = dataclasses.replace(entry("WEB-1", environment="Prod"), claim=dataclasses.replace(entry().claim, keys=keys))
    found = one(plan(clean), Submission(accepted=[record("a", "WEB-1")]))
    assert (len(found.headings), len(found.tables)) == (1, 2)
    assert (found.paragraphs, found.items, found.quotes) == ([], [], [])


def test_tenants_and_services_have_columns_where_there_are_any() -> None:
    first = dataclasses.replace(entry("WEB-1", environment="Prod"), tenant="Acme")
    second = dataclasses.replace(entry("WEB-1", environment="Dev"), service="billing")
    found = one(plan(first, second, state="rolled_back"), Submission())
    assert found.tables[0] == [
        ["Environment", "Tenant", "Service", "Type", "State"],
        ["Prod", "Acme", "", "production", "↩️ rolled back"],
        ["Dev", "", "billing", "production", "↩️ rolled back"],
    ]


def test_a_long_list_of_keys_is_cut_in_the_summary() -> None:
    found = one(plan(entry(*(f"WEB-{number}" for number in range(150)))), Submission())
    assert len(found.tables[0]) == 102
    assert found.tables[0][-1] == ["… and 50 more", ""]


def test_what_failed_stands_in_the_summary() -> None:
    found = one(plan(entry("WEB-1")), Submission(), NetworkError("It is down.", "Try later."))
    assert found.quotes == ["Not reported: It is down. Try later."]
    assert found.column(0, "Jira") == ["❌ not reported"]


def test_every_destination_has_a_column_and_the_link_leads_to_a_site_that_knows_the_issue() -> None:
    here = SiteResult(HERE, Submission(accepted=[record("a", "WEB-1", "OPS-1")], unknown_keys=["OPS-1"]))
    there = SiteResult(THERE, Submission(accepted=[record("a", "WEB-1", "OPS-1")], unknown_keys=["WEB-1"]))
    found = render(as_markdown(summary(plan(entry("WEB-1", "OPS-1")), [here, there], [None, None])))
    assert found.tables == [
        [
            ["Issue", "Found in", "default", "emea"],
            ["WEB-1", "branch", "✅ reported", "⚠️ unknown to Jira"],
            ["OPS-1", "branch", "⚠️ unknown to Jira", "✅ reported"],
        ]
    ]
    assert found.links == ["https://acme.atlassian.net/browse/WEB-1", "https://jira.acme.example/browse/OPS-1"]


def test_what_failed_at_one_of_several_is_said_of_that_one() -> None:
    fates = [
        SiteResult(HERE, Submission(accepted=[record("a", "WEB-1")])),
        SiteResult(THERE, Submission(error=NetworkError("down"))),
        SiteResult(dataclasses.replace(THERE, name="asia"), withheld="A fork."),
        SiteResult(
            dataclasses.replace(THERE, name="us"), Submission(accepted=[record("a", "WEB-1")], unknown_keys=["WEB-1"])
        ),
    ]
    found = render(as_markdown(summary(plan(entry("WEB-1")), fates, [None, NetworkError("down"), None, None])))
    assert found.tables[0] == [
        ["Issue", "Found in", "default", "emea", "us"],
        ["WEB-1", "branch", "✅ reported", "❌ not reported", "⚠️ unknown to Jira"],
    ]
    assert found.quotes == ["Not reported to emea: down", "Not reported to asia: A fork."]
    assert "us: This site knows none of the issues." in found.items


def test_an_issue_that_lacks_one_of_its_links_is_not_reported() -> None:
    links = LinkSubmission(
        accepted=[record("a", "WEB-1", "WEB-2")], left=["WEB-2"], error=NetworkError("late"), refusals={"WEB-3": "no"}
    )
    found = one(plan(entry("WEB-1", "WEB-2")), links, links.error)
    assert found.column(0, "Jira") == ["✅ reported", "❌ not reported"]
    assert found.items[:2] == ["Not linked: WEB-3: no", "Not reached: WEB-2"]


def test_more_columns_stand_behind_the_issue() -> None:
    page = summary(plan(entry("WEB-1")), [SiteResult(HERE)], [None], [Column("Title", lambda key: (f"about {key}",))])
    assert render(as_markdown(page)).tables == [[["Issue", "Title", "Found in"], ["WEB-1", "about WEB-1", "branch"]]]


def test_a_report_without_issues_says_so() -> None:
    assert one(plan(entry()), Submission()).paragraphs == ["No issue was found."]
    assert one(plan(state=""), Submission()).headings == ["🚫 Jira: build skipped"]
