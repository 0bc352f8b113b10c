"""A sandbox without a socket that is asked in one line; whatever it answers is held against the contract."""

from __future__ import annotations

import base64
import json
from typing import Any, Literal

import contract
from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Answer, Exchange, Request
from jira_sandbox.routing import BY_NAME, Context

HOST = "127.0.0.1:8080"


def basic(credential: str = "release@example.com:sandbox-api-token") -> str:
    return "Basic " + base64.b64encode(credential.encode()).decode()


class Pretend:
    """One site. ``desk`` is what people do on it."""

    def __init__(self, edition: Literal["cloud", "data-center"] = "cloud") -> None:
        self.context = Context(address=f"http://{HOST}", edition=BY_NAME[edition])
        self.api = Api(self.context)
        self.desk = self.context.site.trials
        self.authorization = basic() if edition == "cloud" else "Bearer sandbox-personal-token"
        self.bad_requests = False
        self.last = Answer(0)

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Any:
        """The answer's document; ``self.last`` is the whole answer. Names of headers with ``_`` for a hyphen."""
        path, _, query = target.partition("?")
        sent = {"host": HOST, "authorization": self.authorization}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if data:
            sent["content-type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, path, query, {name: value for name, value in sent.items() if value}, data)
        self.last = self.api.answer(request)
        exchange = Exchange.of(request, self.last, scripted=False)
        cloud = self.context.edition.is_cloud
        problems = contract.verify([exchange], bad_requests=self.bad_requests, data_center=not cloud)
        if problems or self.context.faults:
            raise AssertionError("\n".join([*problems, *self.context.faults]))
        return json.loads(self.last.body) if "json" in self.last.headers.get("Content-Type", "") else self.last.body

    def get(self, target: str, **headers: str) -> Any:
        return self.ask("GET", target, **headers)

    def post(self, target: str, body: Any, **headers: str) -> Any:
        return self.ask("POST", target, body, **headers)

    def refused(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and text of an answer to what breaks Jira's rules on purpose."""
        self.bad_requests = True
        self.ask(method, target, body, **headers)
        self.bad_requests = False
        return self.last.status, self.last.body.decode()

    def raised(self, summary: str = "Deploy shop 1.2.3", **fields: Any) -> str:
        """The key of a change that the pipeline raised."""
        body = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": summary, **fields}}
        return str(self.post("/rest/servicedeskapi/request", body)["issueKey"])

    def approvals(self, key: str, query: str = "", **headers: str) -> Any:
        return self.get(f"/rest/servicedeskapi/request/{key}/approval{query}", **headers)

    def issue(self, key: str, query: str = "") -> Any:
        version = 3 if self.context.edition.is_cloud else 2
        return self.get(f"/rest/api/{version}/issue/{key}{query}")

    def found(self, jql: str, **options: Any) -> list[str]:
        """Keys of the issues that the query finds."""
        body = {"jql": jql, "fields": ["summary"], **options}
        return [one["key"] for one in self.post("/rest/api/3/search/jql", body)["issues"]]

    def walk(self, key: str, name: str) -> int:
        """Takes the transition of this name, and gives the status of the answer."""
        path = f"/rest/api/3/issue/{key}/transitions"
        found = {one["name"]: one["id"] for one in self.get(path)["transitions"]}
        self.refused("POST", path, {"transition": {"id": found.get(name, "999")}})
        return self.last.status
