"""One file of JUnit XML -> how its tests went, suite by suite, by the rules of who wrote it.

The file is untrusted: it is read as a stream, in memory that does not grow with its text, and a document type
declaration (entities, external references) is refused. It may hold several documents (cmocka and libtest write them),
and a character that XML does not allow costs that character.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from jira_ci.report.junit_dialects import GENERAL, Dialect, excuse, recognise

_CHUNK = 1 << 20
_LARGEST = 256 << 20  # bytes; a file of which parsing takes seconds already
_LONGEST_TAG = 8 << 20  # bytes; the parser keeps an unfinished one, and before Expat 2.6 reads it again for each chunk
_DOTNET = " (.NET writes JUnit with the package JunitXml.TestLogger: dotnet test --logger junit)"
_OTHERS = dict.fromkeys(("TestRun", "test-run", "test-results", "assemblies"), _DOTNET) | {
    "coverage": " (that is a report of coverage)",
    "checkstyle": " (that is a report of a linter)",
}
"""What some other roots are known to be: .trx, NUnit and xUnit.net; Cobertura; Checkstyle."""
_DEEPEST = 1000
_MOST_DOCUMENTS = 10_000
# Expat's codes for a second root element and for a declaration that is not at the beginning.
_NEXT_DOCUMENT = (9, 17)
_SUITES = ("testsuites", "testsuite")
# Tries that did not decide, as Surefire and nextest write them. Surefire's numbers of a suite count each of them.
_TRIES = ("rerunFailure", "rerunError", "flakyFailure", "flakyError")
_CHILDREN = {"failure": "failure", "error": "error", "skipped": "skipped", "disabled": "skipped"}
_NOT_RUN = {"notrun", "disabled", "skipped", "suppressed"}  # GoogleTest's and CTest's words in status and result
_LEFT_OUT = {"skipped", "disabled", "skip", "ignored"}  # in a suite's numbers
_FAILED = {"failed", "fail", "failure", "error"}
# Ant's junitreport writes a suite again into one file for all, with these added.
_NOT_IDENTITY = {"id", "package", "name"}
_FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\n\r")
_REFERENCE = re.compile(  # to a control character, half of a surrogate pair, or one of the two that are none
    rb"&#(?:0{0,8}(?:[0-8]|1[124-9]|2\d|3[01]|5529[6-9]|55[3-9]\d\d|56\d{3}|57[0-2]\d\d|573[0-3]\d|5734[0-3]|6553[45])"
    rb"|x0{0,8}(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef]));",
    re.IGNORECASE,
)
_LONGEST_REFERENCE = 20
_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.-]+)""", re.ASCII)


class Part(NamedTuple):
    """What one suite says by itself, without the suites inside."""

    passed: int
    failed: int
    skipped: int
    identity: int
    """The same for the same suite, with the same times, in another file that this process reads; 0 when nothing
    names it."""


def read(path: Path) -> list[Part]:
    """How the tests of each suite went, for suites that say anything.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JUnit XML; the message says why.
    """
    from defusedxml.common import DTDForbidden
    from defusedxml.ElementTree import ParseError

    if not path.is_file():
        raise ValueError(
            "it is a directory; name its files, as in reports/*.xml" if path.is_dir() else "it is not a file"
        )
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST >> 20} MB")
    reader = _Reader()
    documents = _Documents(reader)
    try:
        with path.open("rb") as file:
            for chunk in _cleaned(iter(lambda: file.read(_CHUNK), b"")):
                documents.parse(chunk)
        documents.parse(b"", last=True)
    except DTDForbidden:
        raise ValueError("it has a document type declaration, which may be an attack") from None
    except ParseError as error:
        raise ValueError("it is empty" if not path.stat().st_size else f"it is not well-formed XML: {error}") from None
    except LookupError as error:
        raise ValueError(str(error)) from None
    return reader.parts


def _cleaned(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes without what XML 1.0 has no way to hold: control characters, references to them, broken UTF-8.

    UTF-16 is left as it is, for its bytes are not characters. https://www.w3.org/TR/xml/#charsets
    """
    held = b""
    decoder: codecs.IncrementalDecoder | None = None
    wide = False
    for place, chunk in enumerate(chunks):
        if not place:
            wide = chunk[:2] in (b"\xfe\xff", b"\xff\xfe", b"\x00<", b"<\x00")
            declared = _ENCODING.search(chunk[:1024])
            if not declared or declared[1].lower() in (b"utf-8", b"utf8"):
                decoder = codecs.getincrementaldecoder("utf-8")("replace")
        if wide:
            yield chunk
            continue
        clean = chunk.translate(None, _FORBIDDEN)
        if decoder:
            # The two code points that are valid UTF-8 and no characters.
            clean = decoder.decode(clean).encode().replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")
        clean = held + clean
        begun = clean.rfind(b"&", -_LONGEST_REFERENCE)
        held = clean[begun:] if begun >= 0 and b";" not in clean[begun:] else b""
        clean = clean[: len(clean) - len(held)]
        yield _REFERENCE.sub(b"", clean) if b"&#" in clean else clean
    if held:
        yield held


class _Documents:
    """The documents of one file, one after another."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        from defusedxml.ElementTree import DefusedXMLParser

        self._count += 1
        if self._count > _MOST_DOCUMENTS:
            raise ValueError(f"it has more than {_MOST_DOCUMENTS} documents")
        self._parser = DefusedXMLParser(target=self._reader, forbid_dtd=True)
        self._fed = 0
        self._before: bytes | memoryview = b""

    def parse(self, chunk: bytes, *, last: bool = False) -> None:
        """Reads on; where a document ended and another begins, with a parser of its own."""
        from defusedxml.ElementTree import ParseError

        rest: bytes | memoryview = memoryview(chunk)
        while True:
            expat = self._parser.parser  # which close() takes away
            try:
                self._parser.feed(rest)
                if last:
                    self._parser.close()
            except ParseError as error:
                start = expat.ErrorByteIndex
                if error.code not in _NEXT_DOCUMENT or self._reader.depth or not start:
                    raise
                rest = self._from(start - self._fed, rest)
                self._begin()
            else:
                break
        self._fed += len(rest)
        self._before = rest
        if self._fed - expat.CurrentByteIndex > _LONGEST_TAG:
            raise ValueError(f"it has a tag or comment longer than {_LONGEST_TAG >> 20} MB")

    def _from(self, start: int, rest: bytes | memoryview) -> bytes | memoryview:
        """What follows from a place in the rest, or in what was fed before it: there the parser held a tag's begin."""
        return rest[start:] if start >= 0 else bytes(self._before[start:]) + bytes(rest)


@dataclass(slots=True)
class _Suite:
    attributes: Mapping[str, str]
    dialect: Dialect | None = None
    """Known when the first testcase begins, or when the suite ends."""
    own: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    inside: dict[str, int] = field(default_factory=lambda: {"passed": 0, "failed": 0, "skipped": 0})
    """Own tests and those of the suites inside."""
    counted: bool = False
    """Whether a test, or the attributes of a suite inside, have been counted."""
    excused: int = 0
    """Failures in here, and in the suites inside, that are counted otherwise or not at all."""
    errors: int = 0
    """The suite's own ``error`` and ``failure`` elements."""
    tries: dict[int, str] = field(default_factory=dict)
    taken_back: dict[str, int] = field(default_factory=dict)
    repeats: bool = False
    """Whether a test that did not fail has a second testcase."""
    named: bool = False
    """Whether it has a name, or a suite inside has one."""
    identity: int = 0
    """Over what has been read of it."""

    def add(self, outcome: str, number: int = 1) -> None:
        self.own[outcome] += number
        self.inside[outcome] += number
        self.counted = True

    def number(self, name: str) -> int:
        """What the suite says in an attribute; what is no number of tests is none."""
        text = self.attributes.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@dataclass(slots=True)
class _Case:
    attributes: Mapping[str, str]
    depth: int
    children: set[str] = field(default_factory=set)
    excuses: list[str] = field(default_factory=list)
    tries: int = 0
    reason: str = ""
    """The message of ``skipped``."""


class _Reader:
    """What the parser tells of each element's start and end. Text is not asked for, so none is kept."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.depth = 0
        self._suites: list[_Suite] = []
        self._case: _Case | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self.depth += 1
        if self.depth > _DEEPEST:
            raise ValueError(f"its elements are nested deeper than {_DEEPEST}")
        if self.depth == 1 and name not in _SUITES:
            told = f"it is not JUnit XML: its root element is {name[:80]}, not testsuites or testsuite"
            raise ValueError(told + _OTHERS.get(name, ""))
        if self._case:
            if self.depth == self._case.depth + 1:
                _take_child(self._case, name, attributes)
        elif name == "testcase":
            self._case = _Case(attributes, self.depth)
            suite = self._suites[-1]
            if not suite.dialect:
                suite.dialect = recognise(self._suites[0].attributes, suite.attributes, attributes)
        elif name in _SUITES:
            self._suites.append(_Suite(attributes, named=bool(attributes.get("name"))))
        elif name in ("error", "failure") and self.depth == len(self._suites) + 1:
            self._suites[-1].errors += 1

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if self._case:
            if self.depth == self._case.depth:
                _end_case(self._suites[-1], self._case)
                self._case = None
        elif name in _SUITES:
            self._end_suite(self._suites.pop())
        self.depth -= 1

    def close(self) -> None:
        """Nothing is left to do; the parser asks for it."""

    def _end_suite(self, suite: _Suite) -> None:
        outer = self._suites[-1] if self._suites else None
        root = self._suites[0] if self._suites else suite
        dialect = suite.dialect or recognise(root.attributes, suite.attributes, None)
        if dialect.tries == "failed" and suite.repeats:  # the whole suite ran more than once
            for outcome, number in suite.taken_back.items():
                suite.add(outcome, number)
            suite.excused -= suite.taken_back.get("failed", 0)
        _add_errors(suite, dialect)
        _add_numbers(suite, dialect)
        identity = _identity(suite)
        if any(suite.own.values()):
            self.parts.append(Part(**suite.own, identity=identity))
        if outer:
            for outcome, number in suite.inside.items():
                outer.inside[outcome] += number
            outer.counted |= suite.counted
            outer.excused += suite.excused
            outer.dialect = outer.dialect or suite.dialect
            outer.identity = hash((outer.identity, identity))
            outer.named |= suite.named


def _take_child(case: _Case, name: str, attributes: Mapping[str, str]) -> None:
    kind = _CHILDREN.get(name)
    if name in _TRIES:
        case.tries += 1
    elif kind == "skipped":
        case.reason = attributes.get("message", "")
        case.children.add(kind)
    elif kind and (excused := excuse(attributes)):
        case.excuses.append(excused)
    elif kind:
        case.children.add(kind)


def _end_case(suite: _Suite, case: _Case) -> None:
    dialect = suite.dialect or GENERAL
    outcome = _outcome(case, dialect)
    suite.identity = hash((suite.identity, outcome, *sorted(case.attributes.items())))
    suite.excused += case.tries + len(case.excuses)
    if outcome != "failed" and case.children & {"failure", "error"}:
        suite.excused += 1
    if outcome == "passed" and case.attributes.get("name") in dialect.hooks:
        suite.counted = True
        return
    if dialect.tries:
        _take_back(suite, hash((case.attributes.get("classname"), case.attributes.get("name"))), outcome)
    suite.add(outcome)


def _outcome(case: _Case, dialect: Dialect) -> str:
    """How a test went, from its testcase alone."""
    said = {case.attributes[name].lower() for name in ("status", "result") if name in case.attributes}
    if not said and not case.children and not case.excuses:
        return "passed"
    if "error" in case.children or ("failure" in case.children and dialect.failure_beats_skipped):
        return "failed"
    if dialect.not_run_is_failed and "notrun" in said:
        return "skipped" if re.match(dialect.not_run_is_failed, case.reason) else "failed"
    if "skipped" in case.children:
        if case.attributes.get("name") in dialect.hooks:
            return "passed"
        return "failed" if dialect.skipped_is_failed else "skipped"
    if "failure" in case.children:
        return "failed"
    if case.excuses:
        return "skipped" if "skipped" in case.excuses else "passed"
    if said & _FAILED:
        return "failed"
    return "skipped" if said & _NOT_RUN else "passed"


def _take_back(suite: _Suite, test: int, outcome: str) -> None:
    """Before a test's next try is counted: the one before did not decide."""
    before = suite.tries.get(test)
    suite.tries[test] = outcome
    if before:
        suite.own[before] -= 1
        suite.inside[before] -= 1
        suite.taken_back[before] = suite.taken_back.get(before, 0) + 1
        suite.excused += before == "failed"
        suite.repeats |= before != "failed"


def _add_errors(suite: _Suite, dialect: Dialect) -> None:
    """The suite's own errors: a hook, a file that cannot be loaded. They have no testcase."""
    if suite.errors and not (dialect.suite_error_repeats and suite.inside["failed"]):
        suite.add("failed", suite.errors)
    if dialect.errors_are_beside_tests:
        suite.add("failed", suite.number("errors"))


def _add_numbers(suite: _Suite, dialect: Dialect) -> None:
    """What only the suite's numbers show, which cannot be set off against the testcases in general.

    They may count assertions (Catch2, doctest), findings twice (stylelint) or phases. So testcases decide, and numbers
    are asked for what no testcase could say: that something failed, and how many skipped tests were left out.
    """
    total, skipped = suite.number("tests"), 0
    for name in _LEFT_OUT & suite.attributes.keys():
        skipped += suite.number(name)
    failed = suite.number("failures") + suite.number("errors")
    if not suite.counted:
        failed = min(total, failed) or failed
        skipped = min(max(total - failed, 0), skipped)
        for outcome, number in (("failed", failed), ("skipped", skipped), ("passed", total - failed - skipped)):
            if number > 0:
                suite.add(outcome, number)
        return
    shown = suite.inside["failed"]
    if dialect.failures_are_the_suites and shown > failed:
        expected = min(shown - failed, suite.own["failed"])
        suite.add("failed", -expected)
        suite.add("passed", expected)
        suite.excused += expected
    elif not shown and failed > suite.excused:
        suite.add("failed", failed - suite.excused)
    missing = total - sum(suite.inside.values())
    left_out = min(missing, skipped - suite.inside["skipped"])
    if dialect.numbers_are_tests and left_out > 0:
        suite.add("skipped", left_out)


def _identity(suite: _Suite) -> int:
    """The same for the same suite in two files, whatever order its attributes have."""
    package, name = suite.attributes.get("package", ""), suite.attributes.get("name", "")
    whole = f"{package}.{name}" if package else name
    own = sorted(item for item in suite.attributes.items() if item[0] not in _NOT_IDENTITY)
    return hash((suite.identity, whole, *own)) if suite.named else 0
