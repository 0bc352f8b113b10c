"""GitHub's GraphQL API over the same small repository: pages, permissions and limits as GitHub has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from graphql_answers import Refusal, answer
from providers.github_answers import refusal
from providers.github_server import GitHub
from providers.serving import Reply

MOST = 100
"""Parts of a connection that a request may ask for (https://docs.github.com/graphql/overview/resource-limitations)."""


class GitHubGraph(GitHub):
    """``asked`` holds the documents with their variables, ``told`` the answers."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__(prefix)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.told: list[Any] = []
        self.faulty: dict[int, Reply] = {}
        """What the n-th document from 0 gets instead of an answer; -1 stands for every one."""
        self.odd: Callable[[Any], Any] = lambda content: content
        """What is done to a sound answer."""
        self.too_many = MOST + 1
        """Commits that the server gives up on."""
        self.open: set[int] = set()
        self.forks: set[int] = set()
        """Pull requests that are not merged, and those that come out of a fork."""
        self.elsewhere: set[int] = set()
        """Pull requests of the repository that this one was forked from."""
        self.issues: set[int] = set()
        self.name = "octo/hello"

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        if path != self.prefix.removesuffix("/v3") + "/graphql":
            return self.no_such_place()
        sent = json.loads(body)
        fault = self.faulty.get(len(self.asked), self.faulty.get(-1))
        self.asked.append((sent["query"], sent["variables"]))
        if headers.get("authorization") not in ("token t0ken", "Bearer t0ken"):
            return refusal(401, "Bad credentials")
        if fault or sent["query"].count("object(oid:") >= self.too_many:
            return fault or Reply(502, {"Content-Type": "text/html"}, b"<html>Whoops</html>")
        content = self.odd(answer(sent["query"], sent["variables"], {"repository": self._shown_repository}))
        self.told.append(content)
        return Reply.of(content)

    def root(self) -> Any:
        """What a schema's own executor reads."""
        return {"repository": self._shown_repository}

    def _shown_repository(self, _: Any, owner: str, name: str, **__: Any) -> Any:
        if f"{owner}/{name}" not in (self.name, "octo/hello"):  # GitHub follows a repository that moved
            raise Refusal("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return {
            "nameWithOwner": self.name,
            "createdAt": self.created,
            "deployments": self._shown_deployments,
            "object": self._object,
            "issueOrPullRequest": self._issue_or_pull,
        }

    def _object(self, _: Any, oid: str) -> Any:
        number = self._number(oid)
        return (
            {"__typename": "Commit", "oid": oid, "associatedPullRequests": self._associated(number)} if number else None
        )

    def _associated(self, commit: int) -> Callable[..., Any]:
        def shown(_: Any, first: int, after: str | None = None, **__: Any) -> Any:
            self._needs("pull-requests")
            found = [one for one, (base, head) in self.pulls.items() if base < commit <= head]
            return _connection([self._shown_pull(one) for one in found], first, after)

        return shown

    def _issue_or_pull(self, _: Any, number: int) -> Any:
        self._needs("pull-requests")
        if number in self.issues:
            return {"__typename": "Issue"}
        if number not in self.pulls:
            raise Refusal("NOT_FOUND", f"Could not resolve to an issue or pull request with the number of {number}.")
        return self._shown_pull(number)

    def _shown_pull(self, number: int) -> Any:
        base, head = self.pulls[number]
        return {
            "__typename": "PullRequest",
            "number": number,
            "title": self.title(number),
            "headRefName": self.branch(number),
            "url": f"https://github.com/octo/hello/pull/{number}",
            "baseRefOid": self.id_of(base),
            "headRefOid": self.id_of(head),
            "state": "OPEN" if number in self.open else "MERGED",
            "isCrossRepository": number in self.forks,
            "baseRepository": {"nameWithOwner": "upstream/hello" if number in self.elsewhere else self.name},
            "body": f"Closes WEB-{number + 5000}",
        }

    def _shown_deployments(
        self,
        _: Any,
        first: int,
        orderBy: Mapping[str, str],  # noqa: N803 - GraphQL's name
        environments: list[str] | None = None,
        after: str | None = None,
    ) -> Any:
        self._needs("deployments")
        if environments is None:
            page = _connection(self.listed, first, after)
            return {**page, "nodes": [self._shown_listed(one) for one in page["nodes"]]}
        known = self.deployments if "prod" in environments else []
        shown = [self._shown_deployment(*one) for one in known]
        return _connection(shown if orderBy["direction"] == "DESC" else shown[::-1], first, after)

    def _shown_deployment(self, commit: int, states: list[str], run: int) -> Any:
        log = f"https://github.com/octo/hello/actions/runs/{run}/job/5"
        shown = [state.partition("#") for state in states]  # what stands behind # is the end of the address
        found = [{"state": state.upper(), "logUrl": f"{log}{sign}{more}"} for state, sign, more in shown]
        return {"commitOid": self.id_of(commit), "statuses": lambda _, first: _connection(found, first, None)}

    def _shown_listed(self, one: Mapping[str, Any]) -> Any:
        log = "https://github.com/octo/hello/actions/runs/{}/job/5{}{}"
        known = [(state.partition("#"), at, run) for state, at, run in one["told"]]
        told = [
            {"state": state[0].upper(), "createdAt": at, "logUrl": log.format(run, *state[1:])}
            for state, at, run in known
        ]
        return {
            "databaseId": one["id"],
            "createdAt": one["created"],
            "commitOid": one["commit"],
            "environment": one["environment"],
            "ref": {"name": one["ref"]},
            "creator": {"__typename": "User", "login": one["actor"]},
            "statuses": lambda _, first: _connection(told, first, None),
        }

    def _needs(self, permission: str) -> None:
        if permission not in self.permissions:
            raise Refusal("FORBIDDEN", "Resource not accessible by integration")


def _connection(found: list[Any], first: int, after: str | None) -> Any:
    if not 1 <= first <= MOST:
        raise Refusal("EXCESSIVE_PAGINATION", f"Requesting {first} records exceeds the limit of {MOST} records.")
    start = int(after or 0)
    more = start + first < len(found)
    page = {"hasNextPage": more, "endCursor": str(start + first) if more else None}
    return {"pageInfo": page, "nodes": found[start : start + first], "totalCount": len(found)}
