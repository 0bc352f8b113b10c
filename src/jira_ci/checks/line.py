"""One thing that was tested: what is there, what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jira_ci.errors import Exit, JiraCiError


@dataclass(frozen=True)
class Line:
    """One thing that was tested."""

    subject: str
    found: str
    """What is there, or what is wrong."""
    mend: str = ""
    exit: Exit = Exit.OK
    doubtful: bool = False
    """Whether it works, and somebody should look at it all the same."""

    @property
    def verdict(self) -> str:
        """``ok``, ``warning`` or ``PROBLEM``."""
        if self.exit != Exit.OK:
            return "PROBLEM"
        return "warning" if self.doubtful else "ok"

    def __str__(self) -> str:
        return f"{self.verdict:7}  {self.subject}: {self.found} {self.mend}".rstrip()


def attempt(subject: str, test: Callable[[], str]) -> Line:
    """A line with what the test found, or with the error that it raised."""
    try:
        return Line(subject, test())
    except JiraCiError as error:
        return failed(subject, error)


def failed(subject: str, error: JiraCiError) -> Line:
    """A line for an error."""
    return Line(subject, error.message, error.mend, error.exit)


def warning(subject: str, found: str, mend: str) -> Line:
    """A line for what works, and is hardly meant."""
    return Line(subject, found, mend, doubtful=True)
