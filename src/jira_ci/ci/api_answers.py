"""What a provider's refusal means, as one sentence with the mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from jira_ci.ci.history import Unreadable

T = TypeVar("T")
# What either library raises, besides its own exceptions, about an answer that is not of the documented shape.
_SHAPE: tuple[type[Exception], ...] = (AssertionError, AttributeError, LookupError, TypeError, ValueError, RuntimeError)


class Refused(Exception):
    """An answer that is no success, or none at all.

    Args:
        status: the HTTP status, or 0 without a usable answer.
        why: what is wrong, in a few words.
        headers: the answer's, with names in lower case.
    """

    def __init__(self, status: int, why: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(why or str(status))
        self.status = status
        self.why = why
        self.headers = headers or {}


@dataclass(frozen=True)
class Asked:
    """Who was asked for what."""

    provider: str
    """``GitHub`` or ``GitLab``."""
    host: str
    what: str
    """``pull request #12``, ``the commits of 1a2b3c4d..9f8e7d6c``."""
    permission: str
    """What the token needs: ``permissions: pull-requests: read`` in the job, ``the scope read_api``."""


def ask(asked: Asked, question: Callable[[], T], own_errors: tuple[type[Exception], ...]) -> T:
    """What the question answers.

    Args:
        question: asks through a library; whatever it answers has been read completely when it returns.
        own_errors: the library's exceptions.

    Raises:
        Unreadable: there was no usable answer.
    """
    try:
        return question()
    except Refused as error:
        found = sentence(asked, error.status, error.why, error.headers)
        raise Unreadable(found, missing=error.status == 404) from None
    except own_errors + _SHAPE:
        raise Unreadable(sentence(asked, 0, "the answer is not of the documented shape", {})) from None


def sentence(asked: Asked, status: int, why: str, headers: Mapping[str, str]) -> str:
    """Why this could not be read.

    Args:
        status: the HTTP status, or 0 when no usable answer came; then ``why`` says what is wrong.
        headers: names in lower case.
    """
    subject = f"{asked.provider} ({asked.host})"
    if why:
        return f"{subject} could not be asked for {asked.what}: {why}."
    if status == 429 or (status == 403 and _is_rate_limit(headers)):
        return f"{subject} did not show {asked.what} ({status}): its rate limit is used up; run the job again later."
    if status == 401:
        return f"{subject} did not show {asked.what} (401): the token is wrong or expired; it needs {asked.permission}."
    if status == 403:
        return f"{subject} did not show {asked.what} (403): give the token {asked.permission}."
    if status == 404:
        return (
            f"{subject} did not find {asked.what} (404): it does not exist there any more,"
            f" or the token may not see it ({asked.permission})."
        )
    if 300 <= status < 400:
        return f"{subject} points to another address for {asked.what} ({status}): was the repository renamed or moved?"
    if status >= 500:
        return f"{subject} did not show {asked.what} ({status}): it has trouble of its own; run the job again later."
    return f"{subject} gave no usable answer for {asked.what} ({status})."


def _is_rate_limit(headers: Mapping[str, str]) -> bool:
    """https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit"""
    return headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
