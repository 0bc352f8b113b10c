"""What real test runners wrote, counted, held against what each said of the same run; and the page that shows it.

The samples in answers/junit/runners are the runners' own files, made by runs of the named versions and cut to what is
counted: without times, paths and output.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from defusedxml import ElementTree

from jira_ci.report.junit_dialects import DIALECTS, GENERAL, recognise
from jira_ci.report.test_results import count

_SAMPLES = Path(__file__).parent / "answers" / "junit" / "runners"
_PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "test-results.md").read_text(encoding="utf-8")


class Sample(NamedTuple):
    file: str
    dialect: str
    counts: tuple[int, int, int]
    """Passed, failed, skipped."""
    said: str
    """The runner's own summary."""


_SAID = [
    Sample(
        "pytest", "pytest", (2, 6, 3), "5 failed (one a subtest), 5 passed, 4 skipped, 1 xfailed, 3 errors, 3 rerun"
    ),
    Sample("pytest-flaky", "pytest", (1, 1, 0), "1 failed, 1 passed"),
    Sample("pytest-rerun-teardown", "pytest", (1, 2, 0), "1 failed, 3 passed, 1 error, 2 rerun"),
    Sample("pytest-unittest", "pytest", (1, 5, 2), "3 failed, 3 passed, 3 skipped, 1 xfailed, 2 errors"),
    Sample("ctest", "CTest", (2, 8, 3), "8 tests failed out of 12 (1 is disabled); Skipped: 2, Not Run: 3"),
    Sample("googletest", "GoogleTest", (2, 2, 2), "2 passed, 1 skipped, 2 failed, 1 disabled, 2 FAILED TEST SUITES"),
    Sample("googletest-environment", "GoogleTest", (1, 1, 0), "1 passed; 0 FAILED TESTS; exit 1"),
    Sample("gotestsum", "gotestsum", (3, 3, 1), "6 tests, 1 skipped, 2 failures, 1 error"),
    Sample("gotestsum-rerun", "gotestsum", (3, 0, 0), "2 runs, 4 tests, 1 failure; exit 0"),
    Sample("gotestsum-rerun-fails", "gotestsum", (2, 1, 0), "3 runs, 6 tests, 4 failures; exit 1"),
    Sample("gotestsum-count", "gotestsum", (5, 1, 0), "6 tests, 1 failure (-count=2); exit 1"),
    Sample("boost", "Boost.Test", (3, 0, 2), "2 of 5 passed, 1 passed with warnings, 2 skipped, 1 expected failure"),
    Sample("boost-fails", "Boost.Test", (3, 3, 2), "2 of 8 passed, 1 with warnings, 3 failed (2 aborted), 2 skipped"),
    Sample(
        "phpunit",
        "any other",
        (6, 6, 3),
        "15 tests, 3 errors, 3 failures, 2 warnings, 2 skipped, 1 incomplete, 1 risky",
    ),
    Sample("testng", "any other", (3, 3, 2), "8 of 10: 2 failures, 1 try that was repeated, 2 skips"),
    Sample("testng-configuration", "any other", (0, 2, 0), "1 configuration failure, 2 skips"),
    Sample("nose2", "any other", (2, 5, 5), "2 failures, 2 errors and a module's, 3 skipped, 1 unexpected success"),
    Sample("newman", "Newman", (2, 2, 0), "assertions 3, failed 1; requests 1, failed 1"),
    Sample(
        "tap-formatter", "any other", (6, 3, 0), "7 tests, 1 failed, 2 files with a wrong exit status, 1 TODO passed"
    ),
    Sample("eunit", "EUnit", (1, 3, 0), "failed 2, skipped 0, passed 1; one or more tests were cancelled"),
    Sample("eunit-group", "EUnit", (1, 3, 0), "failed 2, skipped 0, passed 1; one or more tests were cancelled"),
    Sample(
        "common-test",
        "Common Test",
        (2, 3, 2),
        "2 ok, 1 failed, 2 skipped of 5; init_per_group and end_per_suite FAILED",
    ),
    Sample("unittest-xml-reporting", "any other", (2, 5, 4), "2 failures, 3 errors, 3 skipped, 1 expected failure"),
    Sample("robot", "any other", (1, 1, 1), "3 tests, 1 passed, 1 failed, 1 skipped"),
    Sample("behave", "any other", (1, 3, 1), "1 passed, 1 failed, 2 errors, 1 skipped"),
    Sample("busted", "any other", (2, 4, 1), "2 successes, 0 failures, 4 errors, 1 pending"),
    Sample(
        "cmocka", "any other", (3, 2, 1), "3 passed, 1 skipped, 1 failed, GROUP SETUP failed, GROUP TEARDOWN failed"
    ),
    Sample("libtest", "any other", (3, 1, 1), "2 passed, 1 failed, 1 ignored; 1 passed"),
    Sample("minitest", "any other", (1, 2, 1), "4 runs, 1 failure, 1 error, 1 skip"),
    Sample("rspec", "any other", (2, 4, 2), "8 examples, 4 failures, 2 pending, 1 error outside of examples"),
    Sample("ant", "any other", (1, 2, 2), "Tests run: 4, Failures: 1, Errors: 1, Skipped: 2"),
    Sample("ant-all", "any other", (1, 3, 2), "the same, and a class whose set-up failed (Errors: 1)"),
    Sample("surefire", "any other", (2, 2, 2), "Failures: 1, Errors: 1, Flakes: 1, Skipped: 2"),
    Sample("surefire-before", "any other", (0, 1, 0), "Tests run: 1, Errors: 1"),
    Sample("surefire-after", "any other", (1, 1, 0), "Tests run: 2, Errors: 1"),
    Sample("mocha-xunit", "any other", (3, 3, 2), "3 passing, 2 pending, 3 failing"),
    Sample("mocha-junit-reporter", "any other", (3, 3, 2), "3 passing, 2 pending, 3 failing"),
    Sample("jasmine", "any other", (2, 2, 1), "5 specs, 4 failures, 1 pending (one of them an afterAll)"),
    Sample("jest", "any other", (8, 2, 1), "1 failed, 1 skipped, 1 todo, 7 passed; 3 suites failed"),
    Sample("jest-suite-errors", "any other", (1, 3, 0), "1 passed; 2 suites failed"),
    Sample(
        "vitest",
        "any other",
        (6, 6, 4),
        "1 failed, 5 passed, 1 expected fail, 3 skipped, 1 todo; 6 files failed; 1 error",
    ),
    Sample("vitest-unhandled", "any other", (1, 0, 0), "1 passed, 1 error; exit 1"),
    Sample("playwright", "any other", (3, 3, 2), "3 failed, 1 flaky, 2 skipped, 2 passed"),
    Sample("playwright-after", "any other", (0, 1, 0), "1 failed"),
    Sample("playwright-serial", "any other", (0, 1, 1), "1 failed, 1 did not run"),
    Sample("rstest", "any other", (1, 1, 2), "1 failed, 1 passed, 1 skipped, 1 todo"),
    Sample("rstest-after", "any other", (1, 0, 0), "1 passed, 1 file failed; exit 1"),
    Sample("bun", "any other", (1, 1, 2), "1 pass, 1 skip, 1 todo, 1 fail"),
    Sample("bun-after", "any other", (1, 1, 0), "1 pass, 1 fail"),
    Sample("deno", "any other", (2, 3, 1), "1 passed (1 step), 2 failed (1 step), 1 ignored"),
    Sample("deno-uncaught", "any other", (0, 2, 0), "0 passed, 3 failed"),
    Sample(
        "node",
        "any other",
        (3, 4, 2),
        "tests 10: pass 3, fail 3 (one the parent of another), cancelled 2, skipped 1, todo 1",
    ),
    Sample("node-after", "any other", (1, 1, 0), "pass 1, fail 1"),
    Sample("cucumber", "any other", (2, 1, 0), "3 scenarios (1 failed, 2 passed)"),
    Sample("tap-xunit", "any other", (2, 1, 2), "pass 2, skip 1, 1 todo, 1 failed"),
    Sample("tap-junit", "any other", (2, 2, 1), "the same; the converter writes the todo as a failure"),
    Sample("tap-harness", "any other", (4, 4, 1), "7 tests, 1 failed, 2 files with a wrong exit status, a wrong plan"),
    Sample("meson", "any other", (6, 6, 3), "Ok 1, Expected Fail 1, Fail 6, Unexpected Pass 1, Skipped 2, Timeout 1"),
    Sample("bats", "any other", (1, 6, 1), "9 points: 2 ok, 1 skipped, 6 not ok"),
    Sample("playwright-load", "any other", (0, 0, 0), "a file that cannot be loaded: exit 1"),
    Sample("deno-load", "any other", (0, 0, 0), "1 failed (uncaught error)"),
    Sample("rspec-load", "any other", (0, 0, 0), "0 examples, 0 failures, 1 error occurred outside of examples"),
    Sample("bats-gather", "any other", (0, 0, 0), "1..1, not ok 1 bats-gather-tests"),
]


@pytest.mark.parametrize("sample", _SAID, ids=lambda sample: sample.file)
def test_what_a_runner_wrote_is_counted_as_it_said(sample: Sample) -> None:
    counted = count([f"{sample.file}.xml"], _SAMPLES)
    assert (counted.passed, counted.failed, counted.skipped) == sample.counts, sample.said


def test_every_sample_is_counted() -> None:
    assert sorted(path.stem for path in _SAMPLES.glob("*.xml")) == sorted(sample.file for sample in _SAID)


@pytest.mark.parametrize("sample", [sample for sample in _SAID if any(sample.counts)], ids=lambda sample: sample.file)
def test_a_runner_is_known_by_its_file(sample: Sample) -> None:
    text = (_SAMPLES / f"{sample.file}.xml").read_text(encoding="utf-8")
    first = text.partition("</testsuites>\n")  # of several documents
    root = ElementTree.fromstring(first[0] + first[1])
    suite, case = next((suite, suite.find("testcase")) for suite in root.iter() if suite.find("testcase") is not None)
    assert case is not None
    known = recognise(root.attrib, suite.attrib, case.attrib)
    assert known.producer in (sample.dialect, "TAP::Formatter::JUnit" if sample.file == "tap-formatter" else "")


def test_a_suite_of_several_files_counts_once() -> None:
    """Ant's junitreport writes every suite again into one file for all."""
    counted = count(["ant*.xml"], _SAMPLES)
    assert (counted.passed, counted.failed, counted.skipped, counted.files) == (1, 3, 2, 1)
    (problem,) = counted.problems
    assert problem.startswith("test-results: ant.xml repeats suites of an earlier file (1 of 1), which count once.")


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading of the page."""
    text = _PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_page_shows_the_table_of_dialects() -> None:
    assert _rows("Runners with rules of their own") == [
        [each.producer, each.versions, each.writes, each.counts] for each in (*DIALECTS, GENERAL)
    ]


def test_every_dialect_has_a_sample_or_an_excuse() -> None:
    known = {sample.dialect for sample in _SAID} | {each.producer for each in DIALECTS if each.excuses}
    assert {each.producer for each in (*DIALECTS, GENERAL)} <= known


def test_the_page_names_what_each_general_sample_is() -> None:
    samples = {name for row in _rows("Runners that the general rules count") for name in row[0].split(", ")}
    known = {sample.file for sample in _SAID if sample.dialect == GENERAL.producer}
    excused = {"phpunit", "testng", "testng-configuration", "tap-formatter"}
    assert samples == known - excused
