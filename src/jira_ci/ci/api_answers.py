"""What a provider's refusal means, as one sentence with the mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from jira_ci.ci.history import Touched, Unreadable
from jira_ci.ci.values import text

T = TypeVar("T")
# What either library raises, besides its own exceptions, about an answer that is not of the documented shape.
_SHAPE: tuple[type[Exception], ...] = (AssertionError, AttributeError, LookupError, TypeError, ValueError, RuntimeError)


class Refused(Exception):
    """An answer that is no success, or none at all.

    Args:
        status: the HTTP status, or 0 without a usable answer.
        why: what is wrong, in a few words.
        headers: the answer's, with names in lower case.
        told: the beginning of the answer's body, which nobody is shown.
    """

    def __init__(self, status: int, why: str = "", headers: dict[str, str] | None = None, told: str = "") -> None:
        super().__init__(why or str(status))
        # GitHub says so of a commit that is not there, and 404 of everything else.
        self.status = 404 if status == 422 and "No commit found" in told else status
        self.why = why
        self.headers = headers or {}
        self.limited = status == 429 or (status == 403 and _is_rate_limit(self.headers, told))


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
    verb: str = "show"
    """What the provider was asked to do with it."""


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
        denied = error.status in (401, 403) and not error.limited
        raise Unreadable(sentence(asked, error), missing=error.status in (404, 410), denied=denied) from None
    except own_errors + _SHAPE:
        raise Unreadable(sentence(asked, Refused(0, "the answer is not of the documented shape"))) from None


def touched(files: Sequence[Mapping[str, Any]], name: str, former: str, *, complete: bool) -> Touched:
    """The names of a commit's files.

    Args:
        name: the field with a file's name.
        former: the field with the name that it had before, if it was moved.
        complete: whether these are all.
    """
    if not all(text(file.get(name)) for file in files):
        raise ValueError("a file has no name")
    names = [text(file.get(field)) for file in files for field in (name, former)]
    return Touched(tuple(dict.fromkeys(filter(None, names))), complete)


def sentence(asked: Asked, error: Refused) -> str:
    """Why this could not be read."""
    subject, status = f"{asked.provider} ({asked.host})", error.status
    refused = f"{subject} did not {asked.verb} {asked.what} ({status})"
    if error.why:
        return f"{subject} could not be asked for {asked.what}: {error.why}."
    if error.limited:
        return f"{refused}: its rate limit is used up; run the job again later."
    if status == 401:
        return f"{refused}: the token is wrong or expired; it needs {asked.permission}."
    if status == 403 and "x-github-sso" in error.headers:
        return f"{refused}: authorize the token for the organization's SAML sign-on."
    if status == 403:
        return f"{refused}: give the token {asked.permission}."
    if status in (404, 410):
        return (
            f"{subject} did not find {asked.what} ({status}): it does not exist there any more,"
            f" or the token may not see it ({asked.permission})."
        )
    if 300 <= status < 400:
        return f"{subject} points to another address for {asked.what} ({status}): was the repository renamed or moved?"
    if status >= 500:
        return f"{refused}: it has trouble of its own; run the job again later."
    return f"{subject} gave no usable answer for {asked.what} ({status})."


def _is_rate_limit(headers: Mapping[str, str], told: str) -> bool:
    """A secondary limit may come without any of the headers.
    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    return "secondary rate limit" in told or headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
