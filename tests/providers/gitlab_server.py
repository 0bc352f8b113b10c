"""GitLab's REST API over a small project: pages, job tokens and refusals as GitLab has them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from providers.serving import Provider, Reply

_PROJECT = "/projects/{id}"
WHEN = "2026-03-01T12:00:00.000Z"
_USER = {
    "id": 7,
    "username": "ada",
    "name": "Ada",
    "state": "active",
    "avatar_url": None,
    "web_url": "https://gitlab.example/ada",
}
# https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access
_JOB_TOKEN_MAY = (
    f"{_PROJECT}/deployments",
    f"{_PROJECT}/repository/commits/{{sha}}",
    f"{_PROJECT}/repository/commits/{{sha}}/merge_requests",
    f"{_PROJECT}/merge_requests/{{merge_request_iid}}",
)


def sha(number: int) -> str:
    """The id of a commit of the project, counted from 1."""
    return f"{number:040x}"


def _touched(shown: Mapping[str, Any]) -> str:
    return str(shown["updated_at"])


class GitLab(Provider):
    """The project 42 has a straight line of commits, of which ``main`` names the last."""

    routes: ClassVar[Mapping[str, str]] = {
        _PROJECT: "_project",
        f"{_PROJECT}/repository/branches/{{branch}}": "_branch",
        f"{_PROJECT}/repository/tags/{{tag_name}}": "_tag",
        f"{_PROJECT}/repository/files/{{file_path}}": "_file",
        f"{_PROJECT}/repository/commits": "_commits",
        f"{_PROJECT}/repository/commits/{{sha}}": "_commit",
        f"{_PROJECT}/repository/commits/{{sha}}/merge_requests": "_commit_requests",
        f"{_PROJECT}/repository/commits/{{sha}}/diff": "_diff",
        f"{_PROJECT}/merge_requests": "_merge_requests",
        f"{_PROJECT}/merge_requests/{{merge_request_iid}}": "_request",
        f"{_PROJECT}/merge_requests/{{merge_request_iid}}/commits": "_request_commits",
        f"{_PROJECT}/deployments": "_deployments",
        f"{_PROJECT}/pipelines": "_pipelines",
        f"{_PROJECT}/pipelines/{{pipeline_id}}": "_pipeline",
        f"{_PROJECT}/pipelines/{{pipeline_id}}/jobs": "_jobs",
    }

    def __init__(self, prefix: str = "/api/v4") -> None:
        super().__init__(prefix)
        self.external = ""
        """What the server takes for its own address, where a proxy stands before it."""
        self.keyset = False
        """Whether links lead to the next page by a cursor, and no header counts pages."""
        self.scopes = {"read_api"}
        self.messages = [f"WEB-{number}: part" for number in range(1, 13)]
        self.requests = {12: (2, 5)}
        """A merge request's number: the commit it is based on, and its last one."""
        self.ids: list[str] = []
        """Of the commits, where they are those of a real repository."""
        self._numbers: dict[str, int] = {}
        self.left: dict[int, dict[str, str]] = {}
        """What merged requests left on the branch: their own names for it."""
        self.branches: dict[int, str] = {}
        self.updated: dict[int, str] = {}
        """When a request changed last."""
        self.counts_pages = True
        self.deployments: list[tuple[int, int]] = []
        """Newest first: the commit's number, and the pipeline that made it (0 when the API made it)."""
        self.listed: list[dict[str, Any]] = []
        """Every deployment, newest first, for who names no environment: id, commit, environment, created, ref, status,
        run (0 when the API made it); where they differ, started (None for never) and updated."""
        self.created = "2020-01-01T00:00:00.000Z"
        """When the project was made."""
        self.pipelines: list[tuple[int, int, str]] = []
        """Newest first: id, number, status."""
        self.jobs: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        """The commits of tags, which are peeled."""
        self.touched: list[str] = []
        """The files that each commit touched."""

    def permitted(self, template: str, headers: Mapping[str, str]) -> Reply | None:
        if headers.get("job-token") == "job-t0ken":
            return None if template in _JOB_TOKEN_MAY else refusal(401, "401 Unauthorized")
        if headers.get("private-token") != "t0ken":
            return refusal(401, "401 Unauthorized")
        if "read_api" not in self.scopes:
            said = "The request requires higher privileges than provided by the access token."
            return Reply.of({"error": "insufficient_scope", "error_description": said, "scope": "api read_api"}, 403)
        return None

    def no_such_place(self) -> Reply:
        return Reply.of({"error": "404 Not Found"}, 404)

    def _project(self, _: Mapping[str, str], *__: str) -> Reply:
        texts = dict.fromkeys(("name", "path"), "web") | {
            "path_with_namespace": "acme/web",
            "visibility": "private",
        }
        web = "https://gitlab.example/acme/web"
        return Reply.of({"id": 42, **texts, "web_url": web, "default_branch": "main", "created_at": self.created})

    def _branch(self, _: Mapping[str, str], *named: str) -> Reply:
        if named[1] != "main":
            return refusal(404, "404 Branch Not Found")
        web = "https://gitlab.example/acme/web/-/tree/main"
        found: dict[str, Any] = {"name": "main", "commit": self._one(len(self.messages)), "web_url": web}
        switches = "merged protected default developers_can_push developers_can_merge can_push"
        return Reply.of({**found, **dict.fromkeys(switches.split(), False)})

    def _tag(self, _: Mapping[str, str], *named: str) -> Reply:
        if named[1] not in self.tags:
            return refusal(404, "404 Tag Not Found")
        commit = {**self._one(1), "id": self.tags[named[1]]}
        whole: dict[str, Any] = {"name": named[1], "message": "", "target": self.tags[named[1]], "commit": commit}
        return Reply.of({**whole, "release": None, "protected": False, "created_at": None})

    def _file(self, query: Mapping[str, str], *named: str) -> Reply:
        data = self.files.get(named[1])
        if not self._number(query.get("ref", "")):
            return refusal(404, "404 Commit Not Found")
        if data is None:
            return refusal(404, "404 File Not Found")
        name = named[1].rpartition("/")[2]
        content = {"content": base64.b64encode(data).decode(), "content_sha256": hashlib.sha256(data).hexdigest()}
        blob = hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()
        commits = {"blob_id": blob, **dict.fromkeys(("commit_id", "last_commit_id"), query["ref"])}
        place = {"file_name": name, "file_path": named[1], "ref": query["ref"], "encoding": "base64"}
        return Reply.of({**place, **content, **commits, "size": len(data)})

    def _commits(self, query: Mapping[str, str], *_: str) -> Reply:
        base, head = (self._number(one) for one in query["ref_name"].split(".."))
        # GitLab shows an empty list for a range that it does not know: Gitaly takes no notice of git's error.
        known = range(head, base, -1) if base and head else range(0)
        return self._page(query, "repository/commits", [self._one(number) for number in known])

    def _commit(self, _: Mapping[str, str], *named: str) -> Reply:
        number = self._number(named[1])
        return Reply.of({**self._one(number), "status": None}) if number else refusal(404, "404 Commit Not Found")

    def _diff(self, query: Mapping[str, str], *named: str) -> Reply:
        if not self._number(named[1]):
            return refusal(404, "404 Commit Not Found")
        plain: dict[str, Any] = {"a_mode": "100644", "b_mode": "100644", "diff": "@@ -1 +1 @@"}
        plain |= dict.fromkeys(("new_file", "renamed_file", "deleted_file"), False)
        found = [{"old_path": name, "new_path": name, **plain} for name in self.touched]
        return self._page(query, f"repository/commits/{named[1]}/diff", found)

    def _commit_requests(self, query: Mapping[str, str], *named: str) -> Reply:
        commit = self._number(named[1])
        if not commit:
            return refusal(404, "404 Commit Not Found")
        found = [number for number, (base, head) in self.requests.items() if base < commit <= head]
        place = f"repository/commits/{named[1]}/merge_requests"
        return self._page(query, place, [self._merge_request(number) for number in found])

    def _merge_requests(self, query: Mapping[str, str], *_: str) -> Reply:
        wanted = [int(one) for one in query.get("iids[]", "").split(",") if one] or sorted(self.requests, reverse=True)
        found = [self._merge_request(number) for number in wanted if number in self.requests]
        after = _when(query.get("updated_after", "1970-01-01T00:00:00+00:00"))
        found = [one for one in found if query.get("state", one["state"]) == one["state"]]
        shown = [one for one in found if _when(one["updated_at"]) >= after]
        return self._page(query, "merge_requests", shown)

    def _request(self, _: Mapping[str, str], *named: str) -> Reply:
        number = int(named[1])
        if number not in self.requests:
            return refusal(404, "404 Not found")
        base, head = self.requests[number]
        refs = {"base_sha": self.id_of(base), "head_sha": self.id_of(head), "start_sha": self.id_of(base)}
        return Reply.of({**self._merge_request(number), "diff_refs": refs})

    def _request_commits(self, query: Mapping[str, str], *named: str) -> Reply:
        base, head = self.requests[int(named[1])]
        found = [self._one(number) for number in range(head, base, -1)]
        return self._page(query, f"merge_requests/{named[1]}/commits", found)

    def _deployments(self, query: Mapping[str, str], *_: str) -> Reply:
        if "environment" not in query:
            if "updated_after" in query and query.get("order_by") != "updated_at":
                return refusal(400, "`updated_at` filter requires `updated_at` sort")
            shown = [self._shown_listed(one) for one in self.listed]
            if "updated_after" in query:
                shown = sorted((one for one in shown if one["updated_at"] > query["updated_after"]), key=_touched)[::-1]
            return self._page(query, "deployments", shown)
        known = self.deployments if query.get("environment") == "prod" else []
        found = [self._deployment(len(known) - place, *one) for place, one in enumerate(known)]
        return self._page(query, "deployments", found if query.get("sort") == "desc" else found[::-1])

    def _pipelines(self, query: Mapping[str, str], *_: str) -> Reply:
        found = [one for one in self.pipelines if query.get("status", one[2]) == one[2]]
        return self._page(query, "pipelines", [self._shown(*one) for one in found])

    def _pipeline(self, _: Mapping[str, str], *named: str) -> Reply:
        found = [self._shown(*one) for one in self.pipelines if str(one[0]) == named[1]]
        more = {"before_sha": "0" * 40, "tag": False, "user": _USER, "detailed_status": {}}
        return Reply.of({**found[0], **more}) if found else refusal(404, "404 Not found")

    def _jobs(self, query: Mapping[str, str], *named: str) -> Reply:
        found = [self._job(int(named[1]), **job) for job in self.jobs]
        return self._page(query, f"pipelines/{named[1]}/jobs", found)

    def _page(self, query: Mapping[str, str], place: str, items: list[Any]) -> Reply:
        """https://docs.gitlab.com/api/rest/#pagination"""
        page, size = int(query.get("page", "1")), min(int(query.get("per_page", "20")), 100)
        last = max(1, -(-len(items) // size))
        at = f"{self.external or self.address}{self.prefix}/projects/42/{place}"
        wanted = {"prev": page - 1, "next": page + 1, "first": 1, "last": last}
        links = {
            name: f'<{at}?{urlencode({**query, "page": number, "per_page": size})}>; rel="{name}"'
            for name, number in wanted.items()
            if 1 <= number <= last
        }
        shown = [links["next"]] if self.keyset and "next" in links else [] if self.keyset else list(links.values())
        headers = {"Link": ", ".join(shown), "X-Per-Page": str(size)}
        if not self.keyset:
            following = str(page + 1) if page < last else ""
            headers |= {"X-Page": str(page), "X-Next-Page": following, "X-Prev-Page": str(page - 1) if page > 1 else ""}
            if self.counts_pages:  # GitLab does not beyond ten thousand
                headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(last)}
        return Reply.of(items[(page - 1) * size : page * size], headers=headers)

    def _number(self, name: str) -> int:
        if len(self._numbers) != len(self.messages):
            self._numbers = {self.id_of(number): number for number in range(1, len(self.messages) + 1)}
        return self._numbers.get(name, len(self.messages) if name == "main" else 0)

    def id_of(self, number: int) -> str:
        """A commit's id, counted from 1."""
        return self.ids[number - 1] if self.ids else sha(number)

    def _one(self, number: int) -> dict[str, Any]:
        people = {"author_name": "Ada", "author_email": "a@b.example", "committer_name": "Ada"}
        moments = dict.fromkeys(("created_at", "authored_date", "committed_date"), WHEN)
        message = self.messages[number - 1]
        texts = {"short_id": self.id_of(number)[:8], "title": message.partition("\n")[0], "message": message}
        web = f"https://gitlab.example/acme/web/-/commit/{self.id_of(number)}"
        parents = [self.id_of(number - 1)] if number > 1 else []
        return {"id": self.id_of(number), **texts, **people, "committer_email": "a@b.example", **moments} | {
            "web_url": web,
            "parent_ids": parents,
            "trailers": {},
            "extended_trailers": {},
        }

    def _merge_request(self, number: int) -> dict[str, Any]:
        numbers = {"id": 900 + number, "iid": number} | dict.fromkeys(
            ("project_id", "source_project_id", "target_project_id"), 42
        )
        branch = self.branches.get(number, "feature/web-2")
        texts = {
            "title": f"WEB-{number}: login",
            "source_branch": branch,
            "target_branch": "main",
        }
        web = {"web_url": f"https://gitlab.example/acme/web/-/merge_requests/{number}", "description": None}
        times = {"created_at": WHEN, "updated_at": WHEN, "author": _USER, "state": "opened", "merge_commit_sha": None}
        if number in self.left:
            times |= {"state": "merged", "squash_commit_sha": None, "updated_at": self.updated.get(number, WHEN)}
        return {
            **numbers,
            **texts,
            **web,
            **times,
            "sha": self.id_of(self.requests[number][1]),
            **self.left.get(number, {}),
        }

    def _shown(self, run_id: int, number: int, status: str) -> dict[str, Any]:
        web = f"https://gitlab.example/acme/web/-/pipelines/{run_id}"
        numbers = {"id": run_id, "iid": number, "project_id": 42, "sha": self.id_of(1), "ref": "main", "source": "push"}
        return {**numbers, "status": status, "web_url": web, "created_at": WHEN, "updated_at": WHEN}

    def _job(self, run_id: int, **changes: Any) -> dict[str, Any]:
        known = next((one for one in self.pipelines if one[0] == run_id), (run_id, 1, "success"))
        texts = {
            "stage": "deploy",
            "name": "deploy",
            "ref": "main",
            "web_url": "https://gitlab.example/x",
            "tag": False,
        }
        times = {"created_at": WHEN, "started_at": WHEN, "finished_at": None, "allow_failure": False}
        return {"id": 1, "status": "success", **texts, **times, "pipeline": self._shown(*known), **changes}

    def _shown_listed(self, one: dict[str, Any]) -> dict[str, Any]:
        times = {"created_at": one["created"], "updated_at": one.get("updated", one["created"])}
        place = {"environment": {"id": 9, "name": one["environment"], "external_url": None}}
        started = one.get("started", one["created"])
        made = {"deployable": self._job(one["run"], started_at=started) if one["run"] else None}
        known = {"id": one["id"], "iid": one["id"], "ref": one["ref"], "sha": one["commit"], "status": one["status"]}
        return {**known, **times, **place, **made, "user": _USER}

    def _deployment(self, number: int, commit: int, run_id: int) -> dict[str, Any]:
        times = {"created_at": WHEN, "updated_at": WHEN, "status": "success", "user": _USER}
        place = {"environment": {"id": 9, "name": "prod", "external_url": None}}
        made = {"deployable": self._job(run_id) if run_id else None}
        return {"id": number + 100, "iid": number, "ref": "main", "sha": self.id_of(commit), **times, **place, **made}


def refusal(status: int, message: str) -> Reply:
    """Most of GitLab's refusals have this shape."""
    return Reply.of({"message": message}, status)


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
