"""JUnit XML -> counts: how many tests a build ran and how they went, over all files that the patterns match.

There is no standard. What one file says is read by :mod:`jira_ci.report.junit_file`, by the rules of the runner that
wrote it (:mod:`jira_ci.report.junit_dialects`). Here is which files, and that nothing in two of them counts twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jira_ci.report.junit_file import Part, read
from jira_ci.text import one_line

_MOST_PROBLEMS = 20
_WILDCARD = re.compile(r"[*?\[]")


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
    """How many files had tests that count; with none the counts say nothing."""
    problems: tuple[str, ...] = ()
    """Sentences about patterns that match nothing, and files that were not counted or in part."""


def count(patterns: Sequence[str], root: Path) -> TestCounts:
    """Counts the tests in all files that the patterns match, each file once, and each suite that several files have.

    Args:
        patterns: paths or globs (``*``, ``?``, ``[...]``, ``**``), absolute or below the root.
        root: the working directory; symbolic links that lead out of it are refused.
    """
    problems: list[str] = []
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    seen: set[Path] = set()
    known: set[int] = set()
    files = 0
    for name, path in _files(patterns, root, problems):
        if path in seen:
            continue
        seen.add(path)
        try:
            parts = read(path)
        except (OSError, ValueError) as error:
            problems.append(f"test-results: {name} was not counted: {_reason(error)}.")
            continue
        new = _new(parts, known)
        files += bool(new)
        if not parts:
            problems.append(f"test-results: {name} was not counted: it has no test.")
        elif len(new) < len(parts):
            problems.append(
                f"test-results: {name} repeats suites of an earlier file ({len(parts) - len(new)} of {len(parts)}),"
                " which count once. Name only one of such files."
            )
        for outcome in sums:
            sums[outcome] += sum(getattr(part, outcome) for part in new)
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"test-results: {len(problems) - _MOST_PROBLEMS} more like these."]
    return TestCounts(total=sum(sums.values()), **sums, files=files, problems=tuple(problems))


def _new(parts: Sequence[Part], known: set[int]) -> list[Part]:
    """The parts that no earlier file had, which are known from then on. Within one file all count."""
    new = [part for part in parts if not part.identity or part.identity not in known]
    known.update(part.identity for part in parts)
    return new


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


def _reason(error: OSError | ValueError) -> str:
    return one_line(error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error))
