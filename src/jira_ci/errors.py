"""What can go wrong, one class for each exit code.

    JiraCiError               1   our bug, when nothing below fits
      UsageError              2   a flag, setting or file is invalid
      AccessError             6   a credential or permission is missing or refused
      NetworkError            7   Jira, a proxy or the CI's server did not give a usable answer
      RejectedError           8   Jira understood the report and refused it
      Interrupted       130/143   SIGINT or SIGTERM

An error says what was asked, of whom and what came back (``message``), and what to do about it (``hint``).
An answer is not an error: *not approved* is a result with an exit code of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes: this table, the reference's and ``jira-ci --help`` agree (a test holds them together)."""

    OK = 0, "proceed, reported, or nothing to do"
    BUG = 1, "a bug in jira-ci"
    USAGE = 2, "usage or configuration"
    DENIED = 3, "the gate denied"
    WAIT = 4, "not approved yet"
    WINDOW = 5, "the change window or a freeze stands in the way: not begun, over, inverted, or frozen"
    ACCESS = 6, "authentication or permission"
    NETWORK = 7, "network or server, or a list that may not be complete"
    REJECTED = 8, "Jira rejected the report, or no keys with on-no-keys: fail"
    SIGINT = 130, "interrupted (SIGINT)"
    SIGTERM = 143, "terminated (SIGTERM)"

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


class JiraCiError(Exception):
    """An error a release engineer can act on.

    Args:
        message: one sentence: what was asked, of whom, what came back.
        hint: one sentence: which setting, file or place to change; empty when nothing can be done but retry.
    """

    exit = Exit.BUG
    kind = "bug"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def document(self) -> dict[str, str]:
        """The error as ``--format json`` shows it; ``mend`` is the old name of ``hint``, for one release."""
        return {"kind": self.kind, "message": self.message, "hint": self.hint, "mend": self.hint}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(JiraCiError):
    """A flag, a setting, an environment variable or a file that is invalid (exit 2)."""

    exit = Exit.USAGE
    kind = "usage"


class AccessError(JiraCiError):
    """A credential or permission is missing or refused (exit 6)."""

    exit = Exit.ACCESS
    kind = "access"


class NetworkError(JiraCiError):
    """No usable answer: refused, reset, late, cut, redirected, 429, 5xx, or not of the documented shape (exit 7)."""

    exit = Exit.NETWORK
    kind = "network"


class Redirected(NetworkError):
    """Another address was named, and is not followed with credentials."""


class RejectedError(JiraCiError):
    """Jira understood the report and refused it (exit 8)."""

    exit = Exit.REJECTED
    kind = "rejected"


class Interrupted(JiraCiError):
    """A signal asked the process to end (exit 130 or 143)."""

    kind = "interrupted"

    def __init__(self, signum: int) -> None:
        super().__init__(f"Interrupted by signal {signum}.")
        self.exit = Exit.SIGINT if signum == 2 else Exit.SIGTERM


def nearest(word: str, words: Iterable[str], *, cutoff: float = 0.6) -> str:
    """``Did you mean X?`` with the nearest of the words, or nothing. Two letters that changed places are nearest."""
    import difflib  # only a mistake needs it

    known, word = list(words), word[:200]  # finding what is near takes the square of a length that anybody may choose
    near = [one for one in known if word and sorted(one) == sorted(word)]
    near += difflib.get_close_matches(word, known, 1, cutoff)
    return f"Did you mean {near[0]}?" if near else ""
