"""GitHub's REST API over a small repository: pages, permissions and refusals as GitHub has them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote, urlencode

from providers.github_answers import refusal, sha, shape
from providers.serving import Provider, Reply

_REPO = "/repos/{owner}/{repo}"
NEEDS = {
    "": "metadata",
    "/compare/{basehead}": "contents",
    "/git/commits/{commit_sha}": "contents",
    "/git/ref/{ref}": "contents",
    "/git/trees/{tree_sha}": "contents",
    "/git/blobs/{file_sha}": "contents",
    "/contents/{path}": "contents",
    "/commits/{commit_sha}/pulls": "pull-requests",
    "/pulls/{pull_number}/commits": "pull-requests",
    "/pulls/{pull_number}": "pull-requests",
    "/commits/{ref}": "contents",
    "/deployments/{deployment_id}/statuses": "deployments",
    "/deployments": "deployments",
    "/actions/workflows/{workflow_id}/runs": "actions",
    "/actions/runs/{run_id}/attempts/{attempt_number}": "actions",
    "/actions/runs/{run_id}": "actions",
    "/actions/runs": "actions",
}
"""Which permission each operation needs (https://docs.github.com/rest/authentication)."""
_VIEWS = {
    "": "_repository",
    "/compare/{basehead}": "_compare",
    "/git/commits/{commit_sha}": "_git_commit",
    "/git/ref/{ref}": "_git_ref",
    "/git/trees/{tree_sha}": "_git_tree",
    "/git/blobs/{file_sha}": "_git_blob",
    "/contents/{path}": "_contents",
    "/commits/{commit_sha}/pulls": "_commit_pulls",
    "/pulls/{pull_number}/commits": "_pull_commits",
    "/pulls/{pull_number}": "_pull",
    "/commits/{ref}": "_commit_and_files",
    "/deployments/{deployment_id}/statuses": "_statuses",
    "/deployments": "_deployments",
    "/actions/workflows/{workflow_id}/runs": "_workflow_runs",
    "/actions/runs/{run_id}/attempts/{attempt_number}": "_attempt",
    "/actions/runs/{run_id}": "_run",
    "/actions/runs": "_runs",
}


class GitHub(Provider):
    """The repository ``octo/hello`` has a straight line of commits, of which ``main`` names the last."""

    routes: ClassVar[Mapping[str, str]] = {_REPO + rest: view for rest, view in _VIEWS.items()}

    def __init__(self, prefix: str = "") -> None:
        super().__init__(prefix)
        self.permissions = {"metadata", *NEEDS.values()}
        self.messages = [f"WEB-{number}: part" for number in range(1, 13)]
        self.pulls = {12: (2, 5)}
        """A pull request's number: the commit it is based on, and its last one."""
        self.ids: list[str] = []
        """Of the commits, where they are those of a real repository."""
        self._numbers: dict[str, int] = {}
        self.titles: dict[int, str] = {}
        self.branches: dict[int, str] = {}
        self.deployments: list[tuple[int, list[str], int]] = []
        """Newest first: the commit's number, its states (newest first), the run that made it."""
        self.listed: list[dict[str, Any]] = []
        """Every deployment, newest first, for who names no environment: id, commit, environment, created, ref, actor
        and its statuses (state, moment, run), in any order."""
        self.created = "2020-01-01T00:00:00Z"
        """When the repository was made."""
        self.runs: list[dict[str, Any]] = []
        """Newest first."""
        self.files: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        """The commits of tags."""
        self.head = ""
        """The commit of main, where it is not the last one of the line."""
        self.touched: list[str] = []
        """The files that each commit touched."""

    def permitted(self, template: str, headers: Mapping[str, str]) -> Reply | None:
        if headers.get("authorization") not in ("token t0ken", "Bearer t0ken"):
            return refusal(401, "Bad credentials")
        needed = NEEDS[template.removeprefix(_REPO)]
        if needed not in self.permissions:
            accepted = needed.replace("-", "_") + "=read"
            return refusal(403, "Resource not accessible by integration", {"X-Accepted-GitHub-Permissions": accepted})
        return None

    def no_such_place(self) -> Reply:
        return refusal(404, "Not Found")

    def normal(self, target: str) -> str:
        return target.replace("/repositories/1296269", "/repos/octo/hello", 1)

    def _repository(self, _: Mapping[str, str], *__: str) -> Reply:
        return Reply.of(shape("repository", default_branch="main", full_name="octo/hello", created_at=self.created))

    def _compare(self, query: Mapping[str, str], *named: str) -> Reply:
        base, _, head = (self._number(one) for one in named[2].partition("..."))
        if not (base and head):
            return self.no_such_place()
        found = [self._commit(number) for number in range(base + 1, head + 1)]
        whole = shape("comparison", status="ahead", total_commits=len(found), ahead_by=len(found))
        place = f"compare/{named[2]}"
        return self._page(
            query, place, found, lambda page: {**whole, "commits": page}, 250 if "page" not in query else 30
        )

    def _git_commit(self, _: Mapping[str, str], *named: str) -> Reply:
        number = self._number(named[2])
        if not number:
            return self.no_such_place()
        return Reply.of(shape("git_commit", sha=named[2], message=self.messages[number - 1]))

    def _commit_and_files(self, query: Mapping[str, str], *named: str) -> Reply:
        kind, _, name = named[2].partition("/")
        if kind == "tags":  # annotated ones are peeled
            if name not in self.tags:
                return refusal(422, f"No commit found for SHA: {named[2]}")
            return Reply.of({**self._commit(1), "sha": self.tags[name], "files": []})
        number = self._number(named[2])
        if not number:
            return refusal(422, f"No commit found for SHA: {named[2]}")
        files = [shape("file", filename=name) for name in self.touched]
        commit = self._commit(number)
        return self._page(query, f"commits/{named[2]}", files, lambda page: {**commit, "files": page}, 300)

    def _pull(self, _: Mapping[str, str], *named: str) -> Reply:
        return Reply.of(self._request("pull", int(named[2]))) if int(named[2]) in self.pulls else self.no_such_place()

    def _pull_commits(self, query: Mapping[str, str], *named: str) -> Reply:
        base, head = self.pulls[int(named[2])]
        found = [self._commit(number) for number in range(base + 1, head + 1)][:250]
        return self._page(query, f"pulls/{named[2]}/commits", found)

    def _commit_pulls(self, query: Mapping[str, str], *named: str) -> Reply:
        commit = self._number(named[2])
        if not commit:
            return refusal(422, f"No commit found for SHA: {named[2]}")
        found = [one for one, (base, head) in self.pulls.items() if base < commit <= head]
        return self._page(query, f"commits/{named[2]}/pulls", [self._request("pull_simple", one) for one in found])

    def _deployments(self, query: Mapping[str, str], *_: str) -> Reply:
        if "environment" not in query:
            return self._page(query, "deployments", self.listed, lambda page: [self._listed(one) for one in page])
        known = self.deployments if query.get("environment") == "prod" else []
        listed = [self._deployment(number, one[0]) for number, one in enumerate(known)]
        return self._page(query, "deployments", listed)

    def _statuses(self, query: Mapping[str, str], *named: str) -> Reply:
        own = next((one for one in self.listed if str(one["id"]) == named[2]), None)
        if own is not None:
            logs = [
                (state, at, f"https://github.com/octo/hello/actions/runs/{run}/job/5") for state, at, run in own["told"]
            ]
            known = [shape("deployment_status", state=state, created_at=at, log_url=log) for state, at, log in logs]
            return self._page(query, f"deployments/{named[2]}/statuses", known)
        _, states, run = self.deployments[int(named[2]) - 1]
        log = f"https://github.com/octo/hello/actions/runs/{run}/job/5"
        found = [shape("deployment_status", state=state, log_url=log, target_url=log) for state in states]
        return self._page(query, f"deployments/{named[2]}/statuses", found)

    def _git_ref(self, _: Mapping[str, str], *named: str) -> Reply:
        if named[2] != "heads/main":
            return self.no_such_place()
        last = {"type": "commit", "sha": self.head or self.id_of(len(self.messages)), "url": f"{self.url}/x"}
        return Reply.of(shape("ref", ref="refs/heads/main", object=last))

    def _git_tree(self, _: Mapping[str, str], *named: str) -> Reply:
        folder = next((one for one in self._folders() if _id(one) == named[2]), None)
        if folder is None and not self._number(named[2]):
            return self.no_such_place()
        entries = self._entries(folder or "")
        return Reply.of(shape("tree", sha=named[2], url=f"{self.url}/x", tree=entries))

    def _git_blob(self, _: Mapping[str, str], *named: str) -> Reply:
        data = next((data for data in self.files.values() if blob_id(data) == named[2]), None)
        if data is None:
            return self.no_such_place()
        content = base64.encodebytes(data).decode()
        return Reply.of(shape("blob", sha=named[2], size=len(data), content=content, encoding="base64"))

    def _contents(self, _: Mapping[str, str], *named: str) -> Reply:
        path = unquote(named[2])
        data = self.files.get(path)
        if data is None:
            return self.no_such_place()
        content = base64.encodebytes(data).decode()
        named_so = {"name": path.rpartition("/")[2], "path": path, "sha": _id(path)}
        return Reply.of({**shape("file_content", size=len(data), content=content), **named_so})

    def _run(self, _: Mapping[str, str], *named: str) -> Reply:
        found = [run for run in self.runs if str(run["id"]) == named[2]]
        return Reply.of(shape("run", **found[0])) if found else self.no_such_place()

    def _attempt(self, query: Mapping[str, str], *named: str) -> Reply:
        answer = self._run(query, *named)
        if answer.status != 200:
            return answer
        earlier = {"run_attempt": int(named[3]), "status": "completed", "conclusion": "failure"}
        return Reply.of({**json.loads(answer.body), **earlier})

    def _runs(self, query: Mapping[str, str], *_: str, runs: list[dict[str, Any]] | None = None) -> Reply:
        found = [shape("run", **run) for run in (self.runs if runs is None else runs)]

        def wrap(page: list[Any]) -> Any:
            return {"total_count": len(found), "workflow_runs": page}

        return self._page(query, "actions/runs", found, wrap)

    def _workflow_runs(self, query: Mapping[str, str], *named: str) -> Reply:
        runs = [run for run in self.runs if run["path"].endswith("/" + named[2])]
        return self._runs(query, runs=runs) if runs else self.no_such_place()

    def _page(
        self,
        query: Mapping[str, str],
        place: str,
        items: list[Any],
        wrap: Callable[[list[Any]], Any] = lambda page: page,
        usual: int = 30,
    ) -> Reply:
        """GitHub's links name a repository by its number (https://docs.github.com/rest/using-the-rest-api)."""
        page, size = int(query.get("page", "1")), min(int(query.get("per_page", usual)), 100)
        last = -(-len(items) // size)
        wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        shown = [name for name in wanted if (page < last if name in ("next", "last") else page > 1)]
        at = f"{self.url}/repositories/1296269/{place}"
        links = [f'<{at}?{urlencode({**query, "page": wanted[name]})}>; rel="{name}"' for name in shown]
        content = wrap(items[(page - 1) * size : page * size])
        return Reply.of(content, headers={"Link": ", ".join(links)} if links else {})

    def _number(self, name: str) -> int:
        """A commit's number, or nothing."""
        if len(self._numbers) != len(self.messages):
            self._numbers = {self.id_of(number): number for number in range(1, len(self.messages) + 1)}
        return self._numbers.get(name, len(self.messages) if name == "main" else 0)

    def id_of(self, number: int) -> str:
        """A commit's id, counted from 1."""
        return self.ids[number - 1] if self.ids else sha(number)

    def _commit(self, number: int) -> Any:
        found = shape("commit", sha=self.id_of(number))
        found["commit"]["message"] = self.messages[number - 1]
        return found

    def _request(self, kind: str, number: int) -> Any:
        base, head = self.pulls[number]
        url = f"{self.url}/repos/octo/hello/pulls/{number}"
        page = f"https://github.com/octo/hello/pull/{number}"
        found = shape(kind, number=number, title=self.title(number), url=url, html_url=page)
        found["base"] |= {"ref": "main", "sha": self.id_of(base)}
        found["head"] |= {"ref": self.branch(number), "sha": self.id_of(head)}
        return {**found, "commits": head - base} if kind == "pull" else found

    def title(self, number: int) -> str:
        return self.titles.get(number, f"WEB-{number}: login")

    def branch(self, number: int) -> str:
        return self.branches.get(number, "feature/WEB-2")

    def _deployment(self, number: int, commit: int) -> Any:
        url = f"{self.url}/repos/octo/hello/deployments/{number + 1}"
        return shape(
            "deployment",
            id=number + 1,
            sha=self.id_of(commit),
            environment="prod",
            url=url,
            statuses_url=url + "/statuses",
        )

    def _listed(self, one: dict[str, Any]) -> Any:
        url = f"{self.url}/repos/octo/hello/deployments/{one['id']}"
        known = {name: one[name] for name in ("id", "ref", "environment")}
        times = {"created_at": one["created"], "updated_at": one["created"]}
        return shape("deployment", sha=one["commit"], url=url, statuses_url=f"{url}/statuses", **known, **times)

    def _folders(self) -> set[str]:
        return {path[:at] for path in self.files for at, letter in enumerate(path) if letter == "/"}

    def _entries(self, folder: str) -> list[dict[str, Any]]:
        start = folder + "/" if folder else ""
        inside = {path[len(start) :].partition("/")[0] for path in self.files if path.startswith(start)}
        return [self._entry(start + name, name) for name in sorted(inside)]

    def _entry(self, path: str, name: str) -> dict[str, Any]:
        kind = "blob" if path in self.files else "tree"
        mode = {"blob": "100644", "tree": "040000"}[kind]
        size = {"size": len(self.files[path])} if kind == "blob" else {}
        object_id = blob_id(self.files[path]) if kind == "blob" else _id(path)
        return {"path": name, "mode": mode, "type": kind, "sha": object_id, "url": f"{self.url}/x", **size}


def blob_id(data: bytes) -> str:
    """What git calls this content."""
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()


def _id(path: str) -> str:
    return hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
