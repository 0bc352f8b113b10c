"""What a route is, and what its handler works with: the site, who asks, and where Data Center is not like Cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jira_sandbox.accounts import Credentials, Person
from jira_sandbox.http_types import Answer, Record, Request, json_answer
from jira_sandbox.site_state import Site

EXPERIMENTAL = "x-experimentalapi"
CLOUD_ID = "11111111-2222-4333-8444-555555555555"
MAX_BODY = 5 * 2**20


@dataclass(frozen=True)
class Edition:
    """One of the two.

    Attributes:
        versions: of the platform's API that it has.
        history_limit: how many entries of an issue's history come with the issue; the newest first. Without a limit
            they are the oldest first.
    """

    name: Literal["cloud", "data-center"]
    versions: tuple[str, ...]
    history_limit: int | None

    @property
    def is_cloud(self) -> bool:
        return self.name == "cloud"

    def server(self) -> dict[str, Any]:
        """What it says about itself."""
        if self.is_cloud:
            return {
                "version": "1001.0.0-SNAPSHOT",
                "versionNumbers": [1001, 0, 0],
                "deploymentType": "Cloud",
                "buildNumber": 100293,
            }
        return {
            "version": "10.3.12",
            "versionNumbers": [10, 3, 12],
            "deploymentType": "Server",
            "buildNumber": 10030012,
        }

    def user(self, person: Person, address: str, version: str) -> dict[str, Any]:
        """An account as the platform's API shows it."""
        common = {
            "displayName": person.display,
            "active": person.active,
            "timeZone": "Etc/UTC",
            "emailAddress": person.email,
        }
        if self.is_cloud:
            link = f"{address}/rest/api/{version}/user?accountId={person.account}"
            return {"self": link, "accountId": person.account, "accountType": person.kind, **common}
        link = f"{address}/rest/api/2/user?username={person.name}"
        return {"self": link, "name": person.name, "key": f"JIRAUSER_{person.name}", **common}

    def customer(self, person: Person, address: str) -> dict[str, Any]:
        """An account as the service desk's API shows it."""
        shown = self.user(person, address, "2")
        link = shown.pop("self")
        shown.pop("accountType", None)
        return {**shown, "_links": {"self": link, "jiraRest": link}}

    def account_in(self, value: Any) -> str:
        """The account id or user name in the JSON of a person; empty when it holds none."""
        found = value.get("accountId" if self.is_cloud else "name") if isinstance(value, dict) else None
        return found if isinstance(found, str) else ""

    def refuse_experimental(self, request: Request) -> Answer | None:
        """Data Center's answer to who asks for approvals without saying that they may change; else None."""
        if self.is_cloud or request.headers.get(EXPERIMENTAL):
            return None
        text = (
            "This API is experimental. Experimental APIs are not guaranteed to be stable within the preview period. "
            "You must set the header 'X-ExperimentalApi: opt-in' to opt into using this experimental API."
        )
        return json_answer(412, {"errorMessage": text, "i18nErrorMessage": {"i18nKey": "", "parameters": []}})


CLOUD = Edition("cloud", ("3", "2"), 100)
DATA_CENTER = Edition("data-center", ("2", "latest"), None)
BY_NAME = {edition.name: edition for edition in (CLOUD, DATA_CENTER)}


@dataclass(frozen=True)
class Context:
    """One site, and what is known of one request to it.

    ``gateway``: it came through ``/ex/jira/{cloudId}``; ``asker``: who is logged in; ``version``: of the platform's
    API. ``faults`` are the sandbox's own.
    """

    site: Site = field(default_factory=Site)
    credentials: Credentials = field(default_factory=Credentials)
    cloud_id: str = CLOUD_ID
    address: str = "http://127.0.0.1"
    max_body: int = MAX_BODY
    record: Record = field(default_factory=Record)
    faults: list[str] = field(default_factory=list)
    edition: Edition = CLOUD
    gateway: bool = False
    asker: Person | None = None
    version: str = "3"


Handler = Callable[[Context, Request, dict[str, str]], Answer]


@dataclass(frozen=True)
class Route:
    """``pattern`` is a path whose parts in braces match any one segment but an empty one."""

    method: str
    pattern: str
    handler: Handler

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """What the braces hold, or None when the path is another one."""
        parts = self.pattern.split("/")[1:]
        if len(parts) != len(segments):
            return None
        found = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{") and segment:
                found[part[1:-1]] = segment
            elif part != segment:
                return None
        return found


def matching(routes: Iterable[Route], segments: Sequence[str]) -> dict[str, tuple[Handler, dict[str, str]]]:
    """What answers at this path: by method, the handler and what it captures."""
    matches = ((route, route.match(segments)) for route in routes)
    return {route.method: (route.handler, found) for route, found in matches if found is not None}
