"""A population for people: lines, a page that runs nothing, and a table that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import Any

import pytest

from jira_ci.ci.deployment_list import ProviderDeployment
from jira_ci.evidence.evidence_page import as_csv, as_page, cell, headline, lines
from jira_ci.evidence.population_rows import (
    Approved,
    Change,
    Emergency,
    Gap,
    Period,
    Population,
    Recorded,
    Review,
    Row,
)
from jira_ci.output.html import as_html

NOON = datetime(2026, 7, 2, 12, tzinfo=timezone.utc)
PERIOD = Period(date(2026, 7, 1), date(2026, 9, 30))
CHANGE = Change("https://acme.atlassian.net", "7", "OPS-7")
EVIL = "<script>alert(1)</script>\n=cmd|' /C calc'!A0 \x1b[31m \u202e"


def population(*rows: Row, gaps: tuple[Gap, ...] = (), reviews: dict[int, Review] | None = None) -> Population:
    return Population(PERIOD, "acme/shop", (), NOON + timedelta(days=99), "GitHub", rows, reviews or {}, gaps)


def told(**changes: Any) -> Row:
    known: dict[str, Any] = {"started": NOON, "ended": NOON, "state": "successful", "by": "octocat", "version": "1.2.3"}
    known |= {"approvals": (Approved("ana", NOON),), "commit": "c" * 40, "repository": "acme/shop", "run": "9001"}
    return Row(None, Recorded(CHANGE, "r1", NOON, "Prod", **{**known, **changes}), CHANGE)


SKIPPED = Row(ProviderDeployment("5", "Prod", "d" * 40, NOON, ref="main", actor="mallory", state="successful"))
GAP = Gap("GitHub", "It forgot.", date(2026, 7, 1), date(2026, 7, 3))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (population(), "0 known; nothing is missing, as far as the provider and Jira can tell."),
        (population(gaps=(GAP, GAP)), "0 known; not provable: 2026-07-01 to 2026-07-03 (GitHub)."),
        (population(SKIPPED), "1 known, 1 of them without a record; nothing is missing"),
    ],
)
def test_no_number_stands_without_what_may_be_missing(found: Population, told: str) -> None:
    assert headline(found).startswith(told)
    assert list(lines(found))[-1] == headline(found)


def test_what_people_read_of_each() -> None:
    emergency = Emergency("Down", "ana", "Emergency change", NOON)
    row = told(emergency=emergency, freeze="Peak", window=(None, NOON), tenant="A")
    late = Review((Approved("bo", NOON + timedelta(days=1)),), in_time=False)
    shown = "\n".join(lines(population(row, SKIPPED, told(proof="altered"), reviews={0: late})))
    assert "ana 2026-07-02 12:00  until 2026-07-02 12:00  successful  emergency; freeze: Peak" in shown
    assert "mallory  none" in shown
    assert "no change, no record" in shown
    assert "the record was altered" in shown
    assert "Approved afterwards by bo at 2026-07-03 12:00, too late (had to be until 2026-07-02 12:00)." in shown
    overdue = "\n".join(lines(population(row, reviews={0: Review((), in_time=False)})))
    assert "Not reviewed in time until 2026-07-02 12:00." in overdue


def test_a_provider_that_says_something_else_is_said() -> None:
    row = told()
    both = Row(ProviderDeployment("5", "Prod", "c" * 40, NOON, state="failed"), row.recorded, CHANGE)
    assert "the provider says failed" in "\n".join(lines(population(both)))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append(tag)


def test_the_page_holds_everything_and_runs_nothing() -> None:
    row = told(by=EVIL, version=EVIL, emergency=Emergency(EVIL, EVIL))
    text = as_html(as_page(population(row, SKIPPED, gaps=(GAP,), reviews={0: Review()}), 1000))
    tags = _Tags()
    tags.feed(text)
    assert "script" not in tags.found
    assert "<h2>Without a record</h2>" in text
    assert text.count("<table>") == 4
    assert "Not reviewed yet" in text
    assert "@media print" in text


def test_a_summary_ends_somewhere() -> None:
    page = as_page(population(*[told() for _ in range(300)]))
    assert [block.left_out for block in page.blocks if hasattr(block, "left_out")] == [100, 0]


def test_the_table_is_read_back_as_it_was() -> None:
    rows = [told(version='1,"2"', emergency=Emergency("a\r\nb")), SKIPPED]
    text = as_csv(population(*rows, gaps=(GAP,), reviews={0: Review((Approved("bo", NOON),), in_time=True)}))
    assert text.count("\r\n") == 4
    assert "\n" not in text.replace("\r\n", "")
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [one["kind"] for one in read] == ["deployment", "deployment", "not-provable"]
    assert (read[0]["version"], read[0]["approved-by"], read[0]["emergency"]) == ('1,"2"', "ana", "a\\r\\nb")
    assert (read[0]["reviewed-by"], read[0]["reviewed-in-time"], read[0]["approved"]) == ("bo", "true", "false")
    assert (read[1]["finding"], read[1]["change"], read[1]["record"]) == ("no-change", "", "")
    assert (read[2]["started"], read[2]["ended"], read[2]["why"]) == ("2026-07-01", "2026-07-03", "GitHub: It forgot.")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", " =", "\r=", "\uff1d", "\u00a0@"])
def test_no_cell_is_a_formula(sign: str) -> None:
    assert cell(f"{sign}1+1")[0] in "'\\"


@pytest.mark.parametrize("text", ["hot;=1+1", 'hot; "@x', "a;b;-1"])
def test_no_semicolon_begins_a_formula(text: str) -> None:
    cells = cell(text).replace('"', "").split(";")
    assert all(part.lstrip()[0] in "'hab" for part in cells)


@pytest.mark.parametrize(("value", "text"), [(None, ""), (True, "true"), (7, "7"), ("a=b", "a=b"), (EVIL, None)])
def test_cells(value: object, text: str | None) -> None:
    found = cell(value)
    assert found == text or (text is None and "\n" not in found and "\x1b" not in found)
