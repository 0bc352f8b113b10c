"""Issues with their titles, for the log, the summary and the document."""

from __future__ import annotations

from jira_ci.jira.issues import IssueSummary
from jira_ci.output.page import Link
from jira_ci.report import issue_titles
from report_values import HOSTILE

PAY = IssueSummary(
    "WEB-12", "Pay by card", "In Progress", "indeterminate", "Ana", "Story", "https://acme.example/browse/WEB-12"
)
NOW = IssueSummary("OPS-7", "Rotate the keys", "Done", "done", "", "Task", "https://acme.example/browse/OPS-7")
FOUND = {"WEB-12": PAY, "WEB-1": NOW}


def test_the_log_has_a_line_for_each_known_issue_in_the_reports_order() -> None:
    assert list(issue_titles.lines(["WEB-1", "MOB-1", "WEB-12"], FOUND)) == [
        "WEB-1, now OPS-7 Rotate the keys (Done)",
        "WEB-12 Pay by card (In Progress, Ana)",
    ]


def test_a_card_of_which_little_is_known_is_a_short_line() -> None:
    assert list(issue_titles.lines(["WEB-1"], {"WEB-1": IssueSummary("WEB-1", "Pay")})) == ["WEB-1 Pay"]
    assert list(issue_titles.lines(["WEB-1"], {"WEB-1": IssueSummary("WEB-1", "Pay", assignee="Ana")})) == [
        "WEB-1 Pay (Ana)"
    ]


def test_the_log_has_twenty_lines_at_most() -> None:
    keys = [f"WEB-{number}" for number in range(1, 501)]
    told = list(issue_titles.lines(keys, {key: IssueSummary(key, "Pay") for key in keys}))
    assert len(told) == 21
    assert told[-1] == "… and 480 more issues."


def test_the_summary_has_three_columns_more_or_none() -> None:
    shown = issue_titles.columns(FOUND)
    assert [column.title for column in shown] == ["Title", "Status", "Assignee"]
    assert [column.cell("WEB-12") for column in shown] == [("Pay by card",), ("In Progress",), ("Ana",)]
    assert [column.cell("MOB-1") for column in shown] == [(), (), ()]
    assert issue_titles.columns({}) == []


def test_a_moved_issue_is_linked_under_its_new_key() -> None:
    assert issue_titles.moved(FOUND) == {"WEB-1": Link("OPS-7", "https://acme.example/browse/OPS-7")}
    assert issue_titles.moved({"web-12": PAY, "WEB-2": IssueSummary("OPS-8", "Pay")}) == {"WEB-2": Link("OPS-8", "")}


def test_the_document_has_everything_under_the_keys_that_were_reported() -> None:
    assert issue_titles.documents(["WEB-1", "MOB-1", "WEB-12"], FOUND) == [
        {
            "key": "WEB-1",
            "moved-to": "OPS-7",
            "title": "Rotate the keys",
            "status": "Done",
            "status-category": "done",
            "assignee": "",
            "type": "Task",
            "link": "https://acme.example/browse/OPS-7",
        },
        {
            "key": "WEB-12",
            "title": "Pay by card",
            "status": "In Progress",
            "status-category": "indeterminate",
            "assignee": "Ana",
            "type": "Story",
            "link": "https://acme.example/browse/WEB-12",
        },
    ]


def test_no_text_of_a_stranger_is_more_than_text() -> None:
    found = {"WEB-1": IssueSummary("WEB-1", HOSTILE, HOSTILE, assignee=HOSTILE)}
    [line] = issue_titles.lines(["WEB-1"], found)
    assert line.isprintable()
    assert "##[" not in line
    for column in issue_titles.columns(found):
        cell = column.cell("WEB-1")
        assert not set("|<>[]()`*_\n\r\x1b") & set(cell)


def test_long_texts_are_cut() -> None:
    found = {"WEB-1": IssueSummary("WEB-1", "x" * 10_000, "y" * 10_000, assignee="z" * 10_000)}
    [line] = issue_titles.lines(["WEB-1"], found)
    assert len(line) < 502
    cells = [column.cell("WEB-1")[0] for column in issue_titles.columns(found)]
    assert [len(str(cell)) for cell in cells] == [201, 201, 201]
