"""The job summary."""

from __future__ import annotations

import dataclasses

from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.outcome import Links, Outcome
from jira_ci.report.destinations import Destination
from jira_ci.report.fate import Fate
from jira_ci.report.plan import Plan
from jira_ci.report.summary import Column, summary
from jira_ci.settings import resolve
from report_values import HERE, HOSTILE, THERE, entry, plan, record

NOWHERE = Destination("default", resolve({}, {}))


def one(what: Plan, outcome: Outcome, error: JiraCiError | None = None, at: Destination = NOWHERE) -> str:
    return summary(what, [Fate(at, outcome)], [error])


def test_the_summary_in_full() -> None:
    text = one(
        plan(entry("WEB-1", "WEB-2", "WEB-3", environment="Prod", gaps=("The clone is shallow.",))),
        Outcome(accepted=[record("a", "WEB-1", "WEB-2")], unknown_keys=["WEB-2"], refused_keys=["WEB-3"]),
        at=HERE,
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
    text = one(plan(hostile), Outcome(), NetworkError(HOSTILE))
    plain = one(plan(entry("WEB-1", environment="E", gaps=("G",), source="S")), Outcome(), NetworkError("N"))
    for character in "`<![@|\x1b\n":
        assert text.count(character) == plain.count(character)


def test_a_long_list_of_keys_is_cut_in_the_summary() -> None:
    text = one(plan(entry(*(f"WEB-{number}" for number in range(150)))), Outcome())
    assert "| … and 50 more | | |" in text


def test_what_failed_stands_in_the_summary() -> None:
    text = one(plan(entry("WEB-1")), Outcome(), NetworkError("It is down.", "Try later."))
    assert "**Not reported:** It is down&#46; Try later&#46;" in text
    assert "| WEB&#45;1 | branch | not reported |" in text


def test_every_destination_has_a_column_and_the_link_leads_to_a_site_that_knows_the_issue() -> None:
    here = Fate(HERE, Outcome(accepted=[record("a", "WEB-1", "OPS-1")], unknown_keys=["OPS-1"]))
    there = Fate(THERE, Outcome(accepted=[record("a", "WEB-1", "OPS-1")], unknown_keys=["WEB-1"]))
    lines = summary(plan(entry("WEB-1", "OPS-1")), [here, there], [None, None]).splitlines()
    assert lines[2:] == [
        "| Issue | Found in | default | emea |",
        "| --- | --- | --- | --- |",
        "| [WEB&#45;1](https://acme.atlassian.net/browse/WEB-1) | branch | reported | unknown to Jira |",
        "| [OPS&#45;1](https://jira.acme.example/browse/OPS-1) | branch | unknown to Jira | reported |",
        "",
    ]


def test_what_failed_at_one_of_several_is_said_of_that_one() -> None:
    fates = [
        Fate(HERE, Outcome(accepted=[record("a", "WEB-1")])),
        Fate(THERE, Outcome(error=NetworkError("down"))),
        Fate(dataclasses.replace(THERE, name="asia"), withheld="A fork."),
        Fate(dataclasses.replace(THERE, name="us"), Outcome(accepted=[record("a", "WEB-1")], unknown_keys=["WEB-1"])),
    ]
    text = summary(plan(entry("WEB-1")), fates, [None, NetworkError("down"), None, None])
    assert "| reported | not reported |  | unknown to Jira |" in text
    assert "**Not reported to emea:** down" in text
    assert "Not reported to asia: A fork&#46;" in text
    assert "us knows none of these issues." in text


def test_an_issue_that_lacks_one_of_its_links_is_not_reported() -> None:
    links = Links(accepted=[record("a", "WEB-1", "WEB-2")], left=["WEB-2"], error=NetworkError("late"))
    text = one(plan(entry("WEB-1", "WEB-2")), links, links.error)
    assert "| WEB&#45;1 | branch | reported |" in text
    assert "| WEB&#45;2 | branch | not reported |" in text


def test_more_columns_stand_before_what_became_of_the_issue() -> None:
    text = summary(plan(entry("WEB-1")), [Fate(HERE)], [None], [Column("Title", lambda key: f"about {key}")])
    assert "| Issue | Found in | Title | Jira |" in text
    assert "| branch | about WEB-1 |  |" in text


def test_without_a_destination_the_table_says_nothing_of_jira() -> None:
    assert "| WEB&#45;1 | branch |  |" in summary(plan(entry("WEB-1")), [], [])
