"""What GitHub is asked in GraphQL: deployments with their statuses, and the pull requests of a hundred commits at once.

Whatever is missing or odd in an answer counts as not read: REST is asked for it, and knows what stands in the way.

https://docs.github.com/graphql
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from jira_ci.ci.api import Bare, Refused, rows, said
from jira_ci.frozen import dataclass
from jira_ci.run import PullRequest
from jira_ci.text import mapping, mappings, sha, string, url, whole

BATCH = 100
"""Commits of a request."""
_SMALLEST = 12
"""A server that gives up on so few has other trouble than their number."""
_SHOWN = 10
"""Pull requests of one commit; one with more is asked for by itself."""
_FIRST, _MORE = 30, 100
"""Deployments of the first request, and of each other one."""

_DEPLOYMENTS = """\
query($owner: String!, $name: String!, $environment: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    deployments(
      environments: [$environment], first: $first, after: $after, orderBy: {field: CREATED_AT, direction: DESC}
    ) {
      pageInfo { hasNextPage endCursor }
      nodes {
        commitOid
        statuses(first: 100) { pageInfo { hasNextPage } nodes { state logUrl } }
      }
    }
  }
}
"""
_EVERY_DEPLOYMENT = """\
query($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    createdAt
    deployments(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        databaseId createdAt commitOid environment
        ref { name }
        creator { login }
        statuses(first: 100) { pageInfo { hasNextPage } nodes { state logUrl createdAt } }
      }
    }
  }
}
"""
_PULLS = """\
query($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    nameWithOwner
    %s
  }
}
"""
_OF_COMMIT = f"""\
fragment brought on Commit {{
  associatedPullRequests(first: {_SHOWN}) {{ pageInfo {{ hasNextPage }} nodes {{ ...request }} }}
}}
"""
_REQUEST = """\
fragment request on PullRequest {
  number title headRefName url baseRefOid headRefOid state isCrossRepository baseRepository { nameWithOwner } %s
}
"""


class NotServed(Exception):
    """GraphQL gave no answer that can be used: the token lacks the right, the server is old, or has given up."""


@dataclass(frozen=True)
class Deployment:
    """One deployment."""

    commit: str
    states: tuple[str, ...]
    """All that it ever had, in lower case."""
    addresses: tuple[str, ...]
    """Of its logs."""


class GraphQL:
    """Questions about one repository.

    Args:
        repository: ``owner/name``.
        post: sends a document with its variables; the whole answer, errors and data. Raises Refused.
    """

    def __init__(self, repository: str, post: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]) -> None:
        owner, _, name = repository.partition("/")
        self._repository, self._post = {"owner": owner, "name": name}, post

    def deployments(self, environment: str) -> Iterator[Deployment]:
        """The deployments to an environment, newest first.

        Raises:
            NotServed: they, or the statuses of one, cannot be read completely.
            Refused: the server's rate limit is used up, or there is no answer at all.
        """
        for _, nodes in self._pages(_DEPLOYMENTS, {"environment": environment}, _FIRST):
            yield from map(_deployment, nodes)

    def every_deployment(self) -> Iterator[tuple[str, Sequence[Mapping[str, Any]]]]:
        """The pages of all deployments, newest first, each with when the repository was made.

        Raises:
            NotServed: they cannot be read completely.
            Refused: the server's rate limit is used up, or there is no answer at all.
        """
        for known, nodes in self._pages(_EVERY_DEPLOYMENT, {}, _MORE):
            yield string(known.get("createdAt")), nodes

    def _pages(
        self, document: str, variables: Mapping[str, Any], size: int
    ) -> Iterator[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]:
        """What is shown of the repository, and of its deployments, page by page."""
        after, seen = None, set[str]()
        while True:
            known, errors = self._ask(document, {**variables, "first": size, "after": after})
            if errors:
                raise NotServed("something is missing in a list")
            page = mapping(known.get("deployments"))
            yield known, _nodes(page)
            after, size = _next_page(page), _MORE
            if after is None:
                return
            if after in seen:
                raise NotServed("a page names itself as the next one")
            seen.add(after)

    def pull_requests(self, commits: Sequence[Bare], *, descriptions: bool) -> dict[str, list[PullRequest]]:
        """The pull requests that brought these commits, by commit; of those that are not in it nothing is known.

        Args:
            commits: at most ``BATCH``.
            descriptions: whether they are wanted, too.

        Raises:
            NotServed: the server gives up even on a few.
            Refused: the server's rate limit is used up, or there is no answer at all.
        """
        return self._batch(commits, descriptions, by_number=False)

    def named(self, commits: Sequence[Bare], *, descriptions: bool) -> dict[str, list[PullRequest]]:
        """The same of the pull requests that these commits name; a number may as well be an issue's, or nothing's."""
        return self._batch(commits, descriptions, by_number=True)

    def _batch(self, commits: Sequence[Bare], descriptions: bool, *, by_number: bool) -> dict[str, list[PullRequest]]:
        try:
            answer, errors = self._ask(_document(commits, descriptions, by_number=by_number), {})
        except GaveUp:
            if len(commits) <= _SMALLEST:
                raise
            middle = len(commits) // 2
            found = self._batch(commits[:middle], descriptions, by_number=by_number)
            with suppress(NotServed):  # the first half is worth something without the other
                found |= self._batch(commits[middle:], descriptions, by_number=by_number)
            return found
        home, nothing = string(answer.get("nameWithOwner")), _missing(errors) if by_number else set[str]()
        found = {}
        for place, one in enumerate(commits):
            name = f"c{place}"
            with suppress(LookupError, TypeError, ValueError):
                known = {} if name in nothing else answer[name]
                found[one.commit] = _named(known) if by_number else _brought(known, home, one.commit)
        left = [one for one in commits if one.commit not in found]
        if left and len(left) < len(commits) and _is_too_much(errors):
            with suppress(NotServed):
                found |= self._batch(left, descriptions, by_number=by_number)
        return found

    def _ask(
        self, document: str, variables: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        """What is shown of the repository, and what is said beside it."""
        try:
            answer = self._post(document, {**self._repository, **variables})
        except Refused as error:
            if error.limited or not error.status:
                raise
            gave_up = error.status in (500, 502, 503, 504)
            raise (GaveUp if gave_up else NotServed)(str(error)) from None
        known = mapping(mapping(answer.get("data")).get("repository"))
        errors = mappings(answer.get("errors"))
        kinds = {string(error.get("type")) for error in errors}
        if "RATE_LIMITED" in kinds:
            raise Refused(429)
        if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
            raise NotServed("the token lacks a right")
        if not known:
            raise (GaveUp if _is_too_much(errors) else NotServed)("the repository is not shown")
        return known, errors


class GaveUp(NotServed):
    """The server did not come to an end: less may be had."""


def _is_too_much(errors: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the server says that the question was too large: it has no type for that, but words.

    https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts
    """
    told = " ".join(f"{string(error.get('type'))} {string(error.get('message'))}" for error in errors)
    return re.search("RESOURCE_LIMITS_EXCEEDED|timeout|timed out|resource limits", told, re.IGNORECASE) is not None


def _document(commits: Sequence[Bare], descriptions: bool, *, by_number: bool) -> str:
    if by_number:
        fields = [f"issueOrPullRequest(number: {one.number}) {{ ...request }}" for one in commits]
    else:
        fields = [f'object(oid: "{one.commit}") {{ ...brought }}' for one in commits]
    named = "\n    ".join(f"c{place}: {field}" for place, field in enumerate(fields))
    return _PULLS % named + ("" if by_number else _OF_COMMIT) + _REQUEST % ("body" if descriptions else "")


def _missing(errors: Sequence[Mapping[str, Any]]) -> set[str]:
    """The fields of the repository that there is nothing for."""
    paths = [error.get("path") for error in errors if error.get("type") == "NOT_FOUND"]
    return {string(path[1]) for path in paths if isinstance(path, list) and len(path) == 2}


def _nodes(connection: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a connection shows.

    Raises:
        NotServed: one of it is missing.
    """
    try:
        return rows(connection.get("nodes"))
    except ValueError:
        raise NotServed("something is missing in a list") from None


def _next_page(connection: Mapping[str, Any]) -> str | None:
    page = mapping(connection.get("pageInfo"))
    if page.get("hasNextPage") is False:
        return None
    cursor = string(page.get("endCursor"))
    if page.get("hasNextPage") is not True or not cursor:
        raise NotServed("a list does not say whether it has ended")
    return cursor


def _deployment(found: Mapping[str, Any]) -> Deployment:
    statuses = mapping(found.get("statuses"))
    shown = _nodes(statuses)
    states = tuple(string(one.get("state")).lower() for one in shown)
    if mapping(statuses.get("pageInfo")).get("hasNextPage") is not False or not all(states):
        raise NotServed("a deployment has more statuses than it shows")
    commit = sha(found.get("commitOid"))
    if not commit:
        raise NotServed("a deployment has no commit")
    return Deployment(commit, states, tuple(string(one.get("logUrl")) for one in shown))


def _brought(commit: Any, home: str, own: str) -> list[PullRequest]:
    """The pull requests of a commit.

    Raises:
        ValueError, LookupError: they are not all there.
    """
    connection = mapping(commit["associatedPullRequests"])
    if mapping(connection.get("pageInfo")).get("hasNextPage") is not False:
        raise ValueError("more than are shown")
    # A fork's commits know the pull requests of the repository above.
    here = [one for one in rows(connection.get("nodes")) if said(one["baseRepository"]["nameWithOwner"]) == home]
    return bringing(
        own,
        [(_pull_request(one), said(one["state"]) == "MERGED", one["isCrossRepository"] is not False) for one in here],
    )


def bringing(commit: str, found: Sequence[tuple[PullRequest, bool, bool]]) -> list[PullRequest]:
    """Those that brought a commit, which are the merged ones; where there is none, those that want to bring it.

    One out of a fork, which anybody may open with any commit and any title, counts as the last resort, and only for the
    commit that it ends with.

    Args:
        found: each with whether it was merged, and whether it comes out of a fork.
    """
    merged = [one for one, is_merged, _ in found if is_merged]
    ours = [one for one, _, is_forks in found if not is_forks]
    return merged or ours or [one for one, _, _ in found if one.head_sha == commit]


def _named(found: object) -> list[PullRequest]:
    """Of an issue nothing is shown."""
    if not isinstance(found, Mapping):
        raise TypeError
    return [_pull_request(found)] if found else []


def _pull_request(found: Mapping[str, Any]) -> PullRequest:
    number = whole(found.get("number"))
    if not number:
        raise ValueError("no number")
    return PullRequest(
        number=number,
        title=said(found.get("title")),
        branch=string(found.get("headRefName")),
        url=url(found.get("url")),
        base_sha=sha(found.get("baseRefOid")),
        head_sha=sha(found.get("headRefOid")),
        description=string(found["body"]) if "body" in found else None,
    )
