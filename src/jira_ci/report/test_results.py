"""JUnit XML -> counts: how many tests a build ran and how they went, whatever tool wrote the files.

There is no standard. What pytest, Maven Surefire, Gradle, Jest, Go, PHPUnit and the converters write agrees in
``testcase`` elements with a ``failure``, ``error`` or ``skipped`` inside. The files are strangers': they are read as a
stream, in constant memory, and a document type declaration (entities, external references) is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from jira_ci.text import one_line

_CHUNK = 1 << 20
_LARGEST = 256 << 20  # bytes; a file of which parsing takes seconds already
_LONGEST_TAG = 8 << 20  # bytes; the parser keeps an unfinished one, and before Expat 2.6 reads it again for each chunk
_DEEPEST = 1000
_MOST_PROBLEMS = 20
_WILDCARD = re.compile(r"[*?\[]")
_SUITES = ("testsuites", "testsuite")
# Surefire's rerunFailure, rerunError, flakyFailure and flakyError are tries that did not decide.
_OUTCOMES = {"failure": "failed", "error": "failed", "skipped": "skipped", "disabled": "skipped"}
_NOT_RUN = {"notrun", "disabled", "skipped", "suppressed"}  # GoogleTest's and CTest's words in status and result


@dataclass(frozen=True)
class TestCounts:
    """How many tests there were; ``total`` is the sum of the other three."""

    __test__: ClassVar[bool] = False  # not a test class, for pytest

    total: int = 0
    passed: int = 0
    failed: int = 0
    """Failures and errors; a test with both counts once."""
    skipped: int = 0
    files: int = 0
    """How many files were read; with none the counts say nothing."""
    problems: tuple[str, ...] = ()
    """Sentences about patterns that match nothing and files that were not counted."""


def count(patterns: Sequence[str], root: Path) -> TestCounts:
    """Counts the tests in all files that the patterns match, each file once.

    Args:
        patterns: paths or globs (``*``, ``?``, ``[...]``, ``**``), absolute or below the root.
        root: the working directory; symbolic links that lead out of it are refused.
    """
    problems: list[str] = []
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    read: set[Path] = set()
    for name, path in _files(patterns, root, problems):
        if path in read:
            continue
        try:
            counted = _count_file(path)
        except (OSError, ValueError) as error:
            problems.append(f"test-results: {name} was not counted: {_reason(error)}.")
        else:
            read.add(path)
            for outcome, number in counted.items():
                sums[outcome] += number
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"test-results: {len(problems) - _MOST_PROBLEMS} more like these."]
    return TestCounts(total=sum(sums.values()), **sums, files=len(read), problems=tuple(problems))


def _files(patterns: Sequence[str], root: Path, problems: list[str]) -> Iterator[tuple[str, Path]]:
    """What a person calls each file, and where it really is; the same file perhaps more than once."""
    inside = Path(os.path.realpath(root))
    for pattern in patterns:
        matches = _matches(pattern, root)
        if not matches:
            problems.append(f"test-results: no file matches {one_line(pattern)}.")
        for match in matches:
            path = Path(os.path.realpath(match))
            name = one_line((_below(match, root) or match).as_posix())
            if _below(match, root) and not _below(path, inside):
                problems.append(
                    f"test-results: {name} was not counted: it is a symbolic link out of {one_line(str(root))}."
                )
            else:
                yield name, path


def _matches(pattern: str, root: Path) -> list[Path]:
    """The path itself when there is one, whatever characters it has; else the files that the glob matches, sorted.

    ``pathlib`` does not follow symbolic links below ``**``, which may lead in circles.
    """
    path = root / pattern
    try:
        if path.is_symlink() or path.exists():
            return [path]
        if not _WILDCARD.search(pattern):
            return []
        base = Path(path.anchor) if path.anchor else Path()
        parts = [re.sub(r"\*\*+", "*", part) if part != "**" else part for part in path.parts[bool(path.anchor) :]]
        first = next(place for place, part in enumerate(parts) if _WILDCARD.search(part))
        rest = [*parts[first:], *(["*"] if parts[-1] == "**" else [])]  # a last ** means directories to pathlib
        return sorted(match for match in base.joinpath(*parts[:first]).glob("/".join(rest)) if not match.is_dir())
    except (OSError, ValueError):  # a name too long, a NUL
        return []


def _below(path: Path, root: Path) -> Path | None:
    """The path from the root down, or nothing when it is elsewhere."""
    try:
        return Path(os.path.normpath(path.absolute())).relative_to(os.path.normpath(root.absolute()))
    except ValueError:
        return None


def _count_file(path: Path) -> Mapping[str, int]:
    """How many tests passed, failed and were skipped.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JUnit XML; the message says why.
    """
    from defusedxml.common import DTDForbidden
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    if not path.is_file():
        raise ValueError(
            "it is a directory; name its files, as in reports/*.xml" if path.is_dir() else "it is not a file"
        )
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST >> 20} MB")
    counter = _Counter()
    parser = DefusedXMLParser(target=counter, forbid_dtd=True)
    try:
        with path.open("rb") as file:
            for fed, chunk in enumerate(iter(lambda: file.read(_CHUNK), b""), start=1):
                parser.feed(chunk)
                if fed * _CHUNK - parser.parser.CurrentByteIndex > _LONGEST_TAG:
                    raise ValueError(f"it has a tag or comment longer than {_LONGEST_TAG >> 20} MB")
        parser.close()
    except DTDForbidden:
        raise ValueError("it has a document type declaration, which may be an attack") from None
    except ParseError as error:
        raise ValueError("it is empty" if not path.stat().st_size else f"it is not well-formed XML: {error}") from None
    except LookupError as error:
        raise ValueError(str(error)) from None
    return counter.sums


def _reason(error: OSError | ValueError) -> str:
    return one_line(error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error))


@dataclass
class _Suite:
    attributes: Mapping[str, str]
    counted: bool = False
    """Whether a test case, or the attributes of a suite inside, have been counted."""


@dataclass
class _Counter:
    """What the parser tells of each element's start and end. Text is not asked for, so none is kept."""

    sums: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    _suites: list[_Suite] = field(default_factory=list)
    _depth: int = 0
    _case_depth: int = 0
    _outcome: str = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"its elements are nested deeper than {_DEEPEST}")
        if self._depth == 1 and name not in _SUITES:
            raise ValueError(f"it is not JUnit XML: its root element is {name[:80]}, not testsuites or testsuite")
        if self._case_depth:
            if self._depth == self._case_depth + 1 and self._outcome != "failed":
                self._outcome = _OUTCOMES.get(name, self._outcome)
        elif name == "testcase":
            self._case_depth = self._depth
            not_run = {attributes.get("status", "").lower(), attributes.get("result", "").lower()} & _NOT_RUN
            self._outcome = "skipped" if not_run else "passed"
        elif name in _SUITES:
            self._suites.append(_Suite(attributes))

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if self._depth == self._case_depth:
            self._case_depth = 0
            self.sums[self._outcome] += 1
            self._suites[-1].counted = True
        elif not self._case_depth and name in _SUITES:
            self._end_suite(self._suites.pop())
        self._depth -= 1

    def close(self) -> None:
        """Nothing is left to do; the parser asks for it."""

    def _end_suite(self, suite: _Suite) -> None:
        """A suite without any test case may still say in its attributes how many there were."""
        if not suite.counted and (total := _number(suite.attributes, "tests")):
            failed = min(total, _number(suite.attributes, "failures") + _number(suite.attributes, "errors"))
            skipped = sum(_number(suite.attributes, name) for name in ("skipped", "disabled", "skip", "ignored"))
            skipped = min(total - failed, skipped)
            for outcome, number in (("failed", failed), ("skipped", skipped), ("passed", total - failed - skipped)):
                self.sums[outcome] += number
            suite.counted = True
        if suite.counted and self._suites:
            self._suites[-1].counted = True


def _number(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
