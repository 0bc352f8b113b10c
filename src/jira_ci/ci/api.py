"""What a provider is asked about commits and comments: its answers read strictly, its refusals in one sentence."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from jira_ci.frozen import dataclass
from jira_ci.git.objects import is_id_of
from jira_ci.run import PullRequest
from jira_ci.text import sha, string, url, whole


class Unreadable(Exception):
    """The provider did not give a usable answer: one sentence that says what was asked, what came back, and the hint.

    Args:
        sentence: for people.
        missing: whether the provider answered that there is no such thing (404, 410).
        denied: whether it answered that the token may not have it (401, 403).
    """

    def __init__(self, sentence: str, *, missing: bool = False, denied: bool = False) -> None:
        super().__init__(sentence)
        self.missing, self.denied = missing, denied


@dataclass(frozen=True)
class Commits:
    """Some commits, and whether they are all of what was asked for."""

    found: tuple[tuple[str, str], ...]
    """Full commit id and whole message."""
    complete: bool = True


@dataclass(frozen=True)
class Touched:
    """The files that a commit touches: a merge those that it brings to its first parent."""

    files: tuple[str, ...]
    """From the repository's top, with slashes; a file that was moved by both names."""
    complete: bool = True


@dataclass(frozen=True)
class Bare:
    """A commit whose message holds no issue key, so that its pull or merge request is asked for one."""

    commit: str
    """The full commit id; where that is not known, another text that tells it from the others."""
    number: int = 0
    """The pull or merge request that its message names; 0 where it names none."""
    worth_a_request: bool = True
    """Whether it is asked for even where that takes a request of its own."""


@dataclass(frozen=True)
class Brought:
    """The pull or merge requests of some commits."""

    found: Mapping[str, Sequence[PullRequest]]
    """By commit, those that brought it, or want to; one that is not here was not read."""
    gaps: tuple[str, ...] = ()
    """Sentences: why some were not read."""


class History(Protocol):
    """One repository's history, read through a provider's API. Each method raises Unreadable, and nothing else."""

    def compare(self, base: str, head: str) -> Commits:
        """The commits that ``head`` has and ``base`` has not; full ids or names, newest or oldest first."""

    def commit_message(self, commit: str) -> str:
        """The whole message of one commit."""

    def files_of(self, commit: str) -> Touched:
        """What one commit touches."""

    def pull_request(self, number: int) -> PullRequest:
        """A pull or merge request by its number."""

    def pull_request_commits(self, number: int) -> Commits:
        """The commits of a pull or merge request."""

    def pull_requests_of(self, commit: str) -> list[PullRequest]:
        """The pull or merge requests that brought, or want to bring, this commit."""

    def pull_requests_of_all(self, commits: Sequence[Bare], *, descriptions: bool) -> Brought:
        """The same for many commits, in as few requests as the provider allows. Raises nothing: what could not be read
        is a gap.

        Args:
            descriptions: whether they are wanted, too.
        """

    def last_deployment(self, environment: str) -> str:
        """The commit of the newest deployment to this environment that ever succeeded, without this run's own;
        empty when there is none.
        """

    def last_good_run(self) -> tuple[int, str]:
        """Number and commit of the newest run that succeeded of what runs now, on the same branch; 0 and an empty text
        when there is none. It is no proof of a deployment.
        """

    def close(self) -> None:
        """Closes the connections."""


class Tags(Protocol):
    """One repository's tags. Each method raises Unreadable, and nothing else."""

    def tag(self, name: str) -> str:
        """The full id of the commit that a tag is now, an annotated one peeled; empty when there is no such tag. Asked
        anew each time.

        Args:
            name: without ``refs/tags/``.
        """


class Files(Protocol):
    """One repository's committed files, read through a provider's API. Each method raises Unreadable, and nothing
    else.
    """

    def default_commit(self) -> tuple[str, str]:
        """The default branch's name and the full id of its newest commit, as the provider says now."""

    def file(self, commit: str, path: str, limit: int) -> bytes | None:
        """A file as it was committed; None when that commit certainly has none of this path.

        Args:
            commit: a full commit id.
            path: from the repository's top, with slashes.
            limit: the most bytes it may have; a larger one, a symbolic link or a directory is Unreadable.
        """


class RepositoryFiles(Files, Tags, Protocol):
    """The same of any repository, also by the names that people give commits."""

    def named_file(self, ref: str, path: str, limit: int) -> tuple[str, bytes]:
        """The full id of the commit that a branch, tag or id names now, and its file, which has to be there.

        Args:
            path: from the repository's top, with slashes.
            limit: the most bytes it may have.
        """

    def close(self) -> None:
        """Closes the connections."""


class Provider(History, Files, Tags, Protocol):
    """Everything that a provider is asked."""


def said(value: object) -> str:
    """The string.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError("no text")
    return string(value)


def commit_id(value: object) -> str:
    """The full commit id.

    Raises:
        ValueError: it is none.
    """
    found = sha(value)
    if not found:
        raise ValueError("no commit id")
    return found


def rows(value: object) -> list[Mapping[str, Any]]:
    """The list of objects.

    Raises:
        ValueError: it is no list, or of something else.
    """
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise ValueError("no list of objects")
    return value


def whole_blob(found: Mapping[str, Any], blob: str, limit: int) -> bytes:
    """The bytes of a file in a provider's answer, which have to be what the blob's id says.

    Raises:
        Refused: they are too many, not complete, or others.
        ValueError: they are not Base64.
    """
    size = whole(found.get("size"))
    if size is None or size > limit:
        raise Refused(0, f"it is larger than {limit} bytes")
    data = base64.b64decode(string(found.get("content")))
    if found.get("encoding") != "base64" or len(data) != size:
        raise Refused(0, "its content is not complete")
    if not is_id_of(blob, data):
        raise Refused(0, "its content is not what its id says")
    return data


Here = Callable[[str, int], bytes | None]
"""Gives a file's content by git's id, up to so many bytes, where the checkout has it."""
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
        denied: whether nobody had to be asked to know that the token may not.
    """

    def __init__(
        self, status: int, why: str = "", headers: dict[str, str] | None = None, told: str = "", *, denied: bool = False
    ) -> None:
        super().__init__(why or str(status))
        # GitHub says so of a commit that is not there, and 404 of everything else.
        self.status = 404 if status == 422 and "No commit found" in told else status
        self.why = why
        self.denied = denied or status in (401, 403)
        self.headers, self.told = headers or {}, told
        self.limited = status == 429 or (status == 403 and _is_rate_limit(self.headers, told))


PARKED_MARK = "#jira-ci-parked"
"""The end of an address in the statuses of a deployment by a job that ended well and only waits for its change: see
:mod:`jira_ci.ci.parked_deployment`."""


def is_parked(addresses: Iterable[str]) -> bool:
    """Whether a deployment whose statuses lead to these addresses deployed nothing."""
    return any(address.endswith(PARKED_MARK) for address in addresses)


@dataclass(frozen=True)
class Asked:
    """Who was asked for what."""

    name: str
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
        denied = error.denied and not error.limited
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
    if not all(string(file.get(name)) for file in files):
        raise ValueError("a file has no name")
    names = [string(file.get(field)) for file in files for field in (name, former)]
    return Touched(tuple(dict.fromkeys(filter(None, names))), complete)


def sentence(asked: Asked, error: Refused) -> str:
    """Why this could not be read."""
    subject, status = f"{asked.name} ({asked.host})", error.status
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


PAGES = 50
"""A conversation with more pages than these, of a hundred comments each, is not read to its end."""


@dataclass(frozen=True)
class Comment:
    """One comment."""

    id: int
    """Grows from comment to comment."""
    body: str
    author: str
    """The account that wrote it, by what identifies it at the provider."""
    url: str = ""
    """Where a person looks at it."""


class Comments(History, Protocol):
    """The comments of one repository, besides its history. Each method raises Unreadable, and nothing else."""

    def account(self) -> str:
        """Who the token belongs to, as in :attr:`Comment.author`."""

    def comments(self, number: int, mark: str) -> list[Comment]:
        """The comments that hold the mark on a pull or merge request, oldest first, whoever wrote them.

        Args:
            mark: a text.
        """

    def comment(self, number: int, body: str) -> Comment:
        """Writes a new one."""

    def rewrite(self, number: int, comment: Comment, body: str) -> Comment:
        """Gives a comment another text."""

    def delete(self, number: int, comment: Comment) -> None:
        """Takes a comment away; one that is gone already is no error."""


def read(found: Mapping[str, Any], author: object, address: object) -> Comment:
    """A comment of a provider's answer.

    Args:
        author: a text that is not empty.
        address: the comment's.

    Raises:
        Refused: it does not say which comment it is, or whose.
    """
    number = whole(found.get("id"))
    if not number or not string(author):
        raise Refused(0, "the answer is not of the documented shape")
    return Comment(number, string(found.get("body")), string(author), url(address))
