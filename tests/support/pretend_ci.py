"""A pretend GitHub and a pretend GitLab that start runs again, and refuse to as the real ones do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_MOST_RERUNS = 50


@dataclass
class PretendCI:
    """What there is, and what was ordered. ``refuse`` answers every order so, ``broken`` every question."""

    runs: dict[int, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    bridges: list[dict[str, Any]] = field(default_factory=list)
    """Jobs of GitLab's that trigger a child pipeline, of any."""
    deployments: list[tuple[str, int]] = field(default_factory=list)
    """Environment and run of each that succeeded, newest first."""
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """Those of a deployment, newest first, by its place in the list from 1 on; of any other, that it succeeded."""
    head: str = ""
    token: dict[str, Any] = field(default_factory=dict)
    """What GitLab says of the token that asks."""
    orders: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    releases: dict[str, str] = field(default_factory=dict)
    """The text of each tag's release."""
    tags: list[str] = field(default_factory=list)
    """Those that a release can be made of."""
    drafts: list[str] = field(default_factory=list)
    """Tags whose release nobody has published."""
    made: list[dict[str, Any]] = field(default_factory=list)
    """The orders by which releases were made."""
    taken: str = ""
    """The text of a release that somebody else makes just before we do."""
    refuse: tuple[int, Any] | None = None
    broken: int = 0
    reruns: int = 0
    reader: str = ""
    """A token that may not write: GitLab's of a project."""
    hidden: bool = False
    """Whether the token is one of another repository or project."""
    faster: bool = False
    """Whether somebody plays each of GitLab's jobs just before it is ordered."""
    address: str = ""

    def run(self, run_id: int, commit: str, **changes: Any) -> None:
        """A run of GitHub's that waited: its job failed with 4."""
        begun = changes.pop("begun", datetime.now(timezone.utc))
        self.runs[run_id] = {
            "id": run_id,
            "run_number": run_id - 8960,
            "run_attempt": 1,
            "head_sha": commit,
            "path": ".github/workflows/ci.yml",
            "status": "completed",
            "conclusion": "failure",
            "created_at": begun.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **changes,
        }
        self.jobs[run_id] = [
            {"id": 70 + run_id, "name": "Deploy to Prod", "run_attempt": 1, "runner_name": "GitHub Actions 3"},
            {"id": 90 + run_id, "name": "Test", "run_attempt": 1, "runner_name": "GitHub Actions 4"},
        ]

    def release(self, method: str, tag: str, text: str | None, field: str) -> tuple[int, Any]:
        """The answer about one tag's release."""
        if tag not in self.releases:
            return 404, {"message": "Not Found"}
        if method != "GET":
            if self.refuse:
                return self.refuse
            self.releases[tag] = str(text)
        return 200, {"id": 1 + list(self.releases).index(tag), "tag_name": tag, field: self.releases[tag]}

    def make(self, body: dict[str, Any], taken: int, no_tag: tuple[int, Any]) -> tuple[int, Any]:
        """The answer to an order to make a release: as GitHub's documents and GitLab's service have it."""
        tag = str(body["tag_name"])
        if self.taken:
            self.releases[tag] = self.taken
        if self.refuse or tag in self.releases:
            return self.refuse or (taken, {"message": "x", "errors": [{"code": "already_exists"}]})
        if tag not in self.tags:
            return no_tag
        self.made.append(body)
        self.releases[tag] = str(body.get("body", body.get("description")))
        return 201, {"id": len(self.releases), "tag_name": tag}

    def github(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """The answer of GitHub's API about ``acme/shop``."""
        parts = path.removeprefix("/repos/acme/shop").strip("/").split("/")
        if parts == ["releases"] or (parts[:3] == ["git", "ref", "tags"] and self.tags):
            return self._making(method, parts, body)
        if parts[0] == "releases":
            tag = "/".join(parts[2:]) if parts[1] == "tags" else [*self.releases, *[""] * 99][int(parts[1]) - 1]
            return self.release(method, tag, body.get("body"), "body")
        if method == "POST" and parts[0] == "deployments":
            self.statuses[int(parts[1])][:0] = [] if self.refuse else [body]
            return self.refuse or (201, {})
        if method == "POST":
            return self._order(path, parts) if parts[0] == "actions" else (404, {"message": "Not Found"})
        if parts == [""]:
            return 200, {"default_branch": "main"}
        if parts[:2] == ["git", "ref"]:
            return 200, {"object": {"sha": self.head, "type": "commit"}}
        if parts[0] == "deployments":
            return self._deployments(parts, query)
        if parts[:2] == ["actions", "runs"] and len(parts) > 2 and int(parts[2]) in self.runs:
            run = int(parts[2])
            return 200, {"total_count": 2, "jobs": self.jobs[run]} if parts[3:] == ["jobs"] else self.runs[run]
        return 404, {"message": "Not Found"}

    def _making(self, method: str, parts: list[str], body: dict[str, Any]) -> tuple[int, Any]:
        if parts[0] == "git":
            return (200, {"ref": "x"}) if "/".join(parts[3:]) in self.tags else (404, {"message": "Not Found"})
        if method != "POST":
            return 200, [{"tag_name": one, "draft": True} for one in self.drafts]
        self.tags.append(body["tag_name"])  # of the default branch, where there is none
        return self.make(body, 422, (201, {}))

    def _deployments(self, parts: list[str], query: dict[str, str]) -> tuple[int, Any]:
        if len(parts) == 1:
            found = [number for number, (name, _) in enumerate(self.deployments) if name == query["environment"]]
            page = found if query.get("page", "1") == "1" else []
            return 200, [{"id": number + 1, "sha": "a" * 40} for number in page]
        if int(parts[1]) in self.statuses:
            return 200, self.statuses[int(parts[1])] if query.get("page", "1") == "1" else []
        run = self.deployments[int(parts[1]) - 1][1]
        log = f"https://github.com/acme/shop/actions/runs/{run}/job/5"
        return 200, [{"state": "success", "log_url": log}] if query.get("page", "1") == "1" else []

    def _order(self, path: str, parts: list[str]) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse
        run = int(parts[2])
        if parts[1] == "jobs":
            run = next((known for known, jobs in self.jobs.items() if any(one["id"] == run for one in jobs)), 0)
        if run not in self.runs:
            return 404, {"message": "Not Found"}
        if self.runs[run]["status"] != "completed":
            return 403, {"message": "This workflow is already running"}
        if self.reruns >= _MOST_RERUNS:
            return 403, {"message": "This workflow run has been re-run too many times."}
        self.reruns += 1
        self.orders.append(path.removeprefix("/repos/acme/shop"))
        self.runs[run] |= {"status": "queued", "conclusion": None, "run_attempt": self.runs[run]["run_attempt"] + 1}
        return 201, {}

    def gitlab(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """The answer of GitLab's API about project 88."""
        if path == "/personal_access_tokens/self":
            return 200, self.token
        parts = path.removeprefix("/projects/88").strip("/").split("/")
        first = query.get("page", "1") == "1"
        if parts == ["releases"]:
            return self.make(body, 409, (422, {"message": "Ref is not specified"}))
        if parts[0] == "releases":
            return self.release(method, "/".join(parts[1:]), body.get("description"), "description")
        if method == "POST":
            return self._play(path, parts)
        if parts == [""]:
            return 200, {"default_branch": "main"}
        if parts[:2] == ["repository", "branches"] and self.head:
            return 200, {"name": "main", "commit": {"id": self.head}}
        if parts[:2] == ["repository", "tags"] and self.head:
            return 200, {"name": parts[2], "commit": {"id": self.head}}
        if parts[0] == "deployments":
            found = [run for name, run in self.deployments if name == query["environment"]] if first else []
            return 200, [{"deployable": {"pipeline": {"id": run, "iid": run, "status": "success"}}} for run in found]
        if parts[0] == "pipelines" and int(parts[1]) in self.jobs:
            listed = self.bridges if parts[2:] == ["bridges"] else self.jobs[int(parts[1])]
            return 200, listed if first else []
        return 404, {"message": "404 Not found"}

    def _play(self, path: str, parts: list[str]) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse
        known = [*self.bridges, *(one for jobs in self.jobs.values() for one in jobs)]
        job = next((one for one in known if one["id"] == int(parts[1])), None)
        if job is None:
            return 404, {"message": "404 Not found"}
        job["status"] = "pending" if self.faster else job["status"]
        playable = {"play": ("manual",), "retry": ("failed", "canceled", "success")}[parts[2]]
        if job["status"] not in playable:
            return 400, {"message": "400 Bad request - Unplayable Job"}
        job["status"] = "pending"
        self.orders.append(path.removeprefix("/projects/88"))
        return 200 if parts[2] == "play" else 201, job


@contextmanager
def pretend_ci() -> Iterator[PretendCI]:
    """A server for as long as the block lasts: GitHub's API under ``/github``, GitLab's under ``/gitlab``."""
    made = PretendCI()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            host, _, path = unquote(parts.path).strip("/").partition("/")
            made.asked.append(f"{self.command} /{path}")
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            answer = made.github if host == "github" else made.gitlab
            writes = self.command != "GET"
            denied = 403 if made.reader and writes and self.headers["PRIVATE-TOKEN"] == made.reader else 0
            nothing = 404 if made.hidden else made.broken or denied
            status, content = (nothing, {}) if nothing else answer(self.command, f"/{path}", query, sent)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
