"""The table of test runners whose JUnit XML needs a rule of its own, by what their files say, and the rules.

A rule belongs to its producer: the same words mean other things elsewhere (``notrun`` is a failure of CTest's and a
skipped test of GoogleTest's). Each row was made from runs of the real runner, held against its own summary. The page
docs/reference/test-results.md shows the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Signs:
    """What a producer's files really say. All that is given must hold; regular expressions match from the beginning."""

    root: tuple[str, ...] = ()
    """The root element's attributes in their order, less its name, times and optional numbers."""
    root_name: str = ""
    suite: frozenset[str] = frozenset()
    """Attributes that the suite has."""
    suite_lacks: frozenset[str] = frozenset()
    suite_name: str = ""
    case: frozenset[str] = frozenset()
    """Attributes that the suite's first testcase has."""
    case_lacks: frozenset[str] = frozenset()
    case_name: str = ""

    def has(self, root: tuple[str, ...], suite: tuple[str, ...], case: tuple[str, ...] | None) -> bool:
        """Whether the attributes' names fit; a suite without a testcase has ``None`` of them."""
        asks_case = self.case or self.case_lacks or self.case_name
        return (
            (not self.root or tuple(name for name in root if name not in _OPTIONAL) == self.root)
            and self.suite.issubset(suite)
            and self.suite_lacks.isdisjoint(suite)
            and (case is not None or not asks_case)
            and self.case.issubset(case or ())
            and self.case_lacks.isdisjoint(case or ())
        )

    def says(self, root: str, suite: str, case: str) -> bool:
        """Whether the names that the elements give themselves fit."""
        return (
            (not self.root_name or re.match(self.root_name, root) is not None)
            and (not self.suite_name or re.match(self.suite_name, suite) is not None)
            and (not self.case_name or re.match(self.case_name, case) is not None)
        )


@dataclass(frozen=True)
class Excuse:
    """A ``failure`` or ``error`` that the runner itself does not count as one."""

    type: str
    """The element's whole type attribute."""
    outcome: str
    """What the test is instead: ``passed`` or ``skipped``."""
    message: str = ""
    """A part of the element's message attribute."""


@dataclass(frozen=True)
class Dialect:
    """One row: a producer, how its files are known, and how they are counted."""

    producer: str
    versions: str
    writes: str
    counts: str
    signs: tuple[Signs, ...] = ()
    """Any of them will do."""
    excuses: tuple[Excuse, ...] = ()
    tries: str = ""
    """How testcases of one class and name in one suite are one test, by the last of them: ``always``, ``failed`` (when
    only tests that failed once repeat) or not at all."""
    failure_beats_skipped: bool = False
    skipped_is_failed: bool = False
    not_run_is_failed: str = ""
    """A status of ``notrun`` is a failure unless the message of its ``skipped`` begins so (a regular expression)."""
    hooks: frozenset[str] = frozenset()
    """Names of testcases that are no tests and count only when they fail."""
    failures_are_the_suites: bool = False
    """More testcases with a failure than the suite's numbers say were expected to fail."""
    errors_are_beside_tests: bool = False
    """The numbers of ``errors`` are things that broke, none of which has a testcase."""
    suite_error_repeats: bool = False
    """A suite's own error only repeats that a test of it failed, when one did."""
    numbers_are_tests: bool = True
    """Whether the suite's attributes count tests; otherwise they count assertions, phases or subtests."""


_OPTIONAL = {"name", "id", "time", "timestamp", "hostname", "skipped", "disabled"}
_COMMON_TEST_HOOKS = frozenset({"init_per_suite", "end_per_suite", "init_per_group", "end_per_group"})

DIALECTS = (
    Dialect(
        "pytest",
        "9.2.0; pytest-rerunfailures 16.7, flaky 3.8.1",
        "each try that is run again is a testcase of the same name without a child; a failing test whose teardown"
        " fails too is two testcases; subtests are children of one testcase; `tests` counts phases",
        "testcases of one class and name are one test, by the last; `failure` beats `skipped` (a subtest of each)",
        (Signs(suite_name="pytest$"), Signs(root_name="pytest tests$")),
        tries="always",
        failure_beats_skipped=True,
        numbers_are_tests=False,
    ),
    Dialect(
        "CTest",
        "3.25.1, 4.4.5",
        '`status="notrun"` with `skipped`, for a test that could not start as for one that skipped itself',
        "not run is failed, unless a skip code, a skip expression or `DISABLED` says otherwise",
        (
            Signs(
                suite=frozenset({"tests", "failures", "disabled", "skipped"}),
                suite_lacks=frozenset({"errors"}),
                case=frozenset({"name", "classname", "status"}),
                case_lacks=frozenset({"result"}),
            ),
        ),
        not_run_is_failed="SKIP_|Disabled",
    ),
    Dialect(
        "GoogleTest",
        "1.12.1",
        "`failure` and `skipped` in one testcase when a test fails and skips itself, or its TearDown fails; a disabled"
        ' test has `status="notrun"` and no child',
        "`failure` beats `skipped`; not run is skipped",
        (Signs(case=frozenset({"status", "result"})),),
        failure_beats_skipped=True,
    ),
    Dialect(
        "gotestsum",
        "1.8.2",
        "a package that does not compile is only `errors` on the root; `--rerun-fails` adds a testcase for each try",
        "`errors` of the root are failed tests more; testcases of one name are one test, by the last, when only tests"
        " that failed repeat (with `-count` all of them do, and each is counted)",
        (
            Signs(
                root=("tests", "failures", "errors"),
                suite=frozenset({"tests", "failures"}),
                suite_lacks=frozenset({"errors"}),
            ),
        ),
        tries="failed",
        errors_are_beside_tests=True,
    ),
    Dialect(
        "Boost.Test",
        "1.74",
        "a test with `expected_failures` has its `failure`; only the suite's numbers leave it out",
        "at most as many failed as the suite's `failures` and `errors`; the others passed",
        (
            Signs(
                suite=frozenset({"tests", "skipped", "errors", "failures", "id"}),
                suite_lacks=frozenset({"assertions", "hostname", "package", "timestamp"}),
                case=frozenset({"assertions"}),
            ),
        ),
        failures_are_the_suites=True,
    ),
    Dialect(
        "PHPUnit",
        "9.6.7",
        "a risky test is an `error` of type `PHPUnit\\Framework\\RiskyTestError`; a warning is a `warning`",
        "risky and warned tests passed",
        excuses=(
            *(
                Excuse(f"PHPUnit\\Framework\\{name}", "passed")
                for name in (
                    "RiskyTestError",
                    "OutputError",
                    "CoveredCodeNotExecutedException",
                    "MissingCoversAnnotationException",
                    "UnintentionallyCoveredCodeError",
                )
            ),
        ),
    ),
    Dialect(
        "TestNG",
        "6.9.12",
        "a skipped test is an `error`, of type `org.testng.SkipException` or because a test that it depends on failed",
        "both are skipped; an `error` of any other type is failed; a try that was repeated cannot be told from a data"
        " provider's row, and each counts",
        excuses=(
            Excuse("org.testng.SkipException", "skipped"),
            Excuse("java.lang.Throwable", "skipped", "depends on not successfully finished methods"),
        ),
    ),
    Dialect(
        "Newman",
        "6.2.2",
        "a request that failed is only `errors` on the suite; a skipped assertion is a plain testcase",
        "`errors` of a suite are failed tests more",
        (
            Signs(
                root=("tests",),
                suite=frozenset({"id", "tests", "failures", "errors"}),
                suite_lacks=frozenset({"skipped", "package", "disabled"}),
            ),
        ),
        errors_are_beside_tests=True,
    ),
    Dialect(
        "TAP::Formatter::JUnit",
        "0.11 (prove)",
        "a suite's `error` for an exit status or a wrong plan, beside the failed tests; a todo that passes is an"
        " `error` of type `TodoTestSucceeded`",
        "the suite's `error` counts when no test of it failed; a todo that passes passed",
        (Signs(suite_lacks=frozenset({"skipped"}), case_lacks=frozenset({"classname"}), case_name=r"\d+( - |$)"),),
        excuses=(Excuse("TodoTestSucceeded", "passed"),),
        suite_error_repeats=True,
    ),
    Dialect(
        "EUnit",
        "Erlang/OTP 25, eunit_surefire",
        "a test that was cancelled (out of time, a process that died) is `skipped`",
        "skipped is failed: EUnit has no skipped tests, and its result is `error`",
        (
            Signs(suite_name="(module|application|file|directory) ['\"]", case_lacks=frozenset({"classname"})),
            Signs(case_lacks=frozenset({"classname"}), case_name=r"[a-z]\w*:\d+ \S"),
        ),
        skipped_is_failed=True,
        numbers_are_tests=False,
    ),
    Dialect(
        "Common Test",
        "Erlang/OTP 25, cth_surefire",
        "`init_per_suite`, `end_per_suite`, `init_per_group` and `end_per_group` are testcases",
        "they are no tests, and count only when they fail",
        (Signs(suite_name=r".*_SUITE$", case_lacks=frozenset({"classname", "status"})),),
        hooks=_COMMON_TEST_HOOKS,
        numbers_are_tests=False,
    ),
)
GENERAL = Dialect(
    "any other",
    "",
    "`testcase` elements, with a `failure`, `error` or `skipped` inside; perhaps an `error` or numbers on a suite",
    "a testcase is a test; `error` is failed, then `skipped` is skipped, then `failure` is failed; `notrun` and"
    " `disabled` are skipped; a suite's own `error` or `failure` is a failed test more; numbers of a suite count only"
    " where no testcase shows it: a failure when none failed, and skipped tests that are missing",
)


def recognise(root: Mapping[str, str], suite: Mapping[str, str], case: Mapping[str, str] | None) -> Dialect:
    """Whose rules hold for a suite, by its root, itself and its first testcase (``None`` when it has none).

    It is the first row of the table with signs that match, else the general one.
    """
    names = root.get("name", ""), suite.get("name", ""), (case or {}).get("name", "")
    fitting = _fitting(tuple(root), tuple(suite), None if case is None else tuple(case))
    return next((dialect for dialect, signs in fitting if signs.says(*names)), GENERAL)


@lru_cache(maxsize=64)  # a file has few kinds of suites, and perhaps 100,000 of them
def _fitting(
    root: tuple[str, ...], suite: tuple[str, ...], case: tuple[str, ...] | None
) -> list[tuple[Dialect, Signs]]:
    return [(dialect, signs) for dialect in DIALECTS for signs in dialect.signs if signs.has(root, suite, case)]


def excuse(attributes: Mapping[str, str]) -> str:
    """What a test is that has a ``failure`` or ``error`` with these attributes, if its runner excuses it, else nothing.

    A type's name says whose it is, so nothing else of the file is asked: Surefire runs TestNG's tests too.
    """
    for candidate in _EXCUSES.get(attributes.get("type", ""), ()):
        if candidate.message in attributes.get("message", ""):
            return candidate.outcome
    return ""


_EXCUSES: dict[str, list[Excuse]] = {}
for _excuse in (each for dialect in DIALECTS for each in dialect.excuses):
    _EXCUSES.setdefault(_excuse.type, []).append(_excuse)
