"""What Jira is asked: each question relative to a site. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

from jira_ci.exchange import Request
from jira_ci.frozen import dataclass, field

Edition = Literal["cloud", "data-center"]

# Approvals are experimental on Data Center, and refused without this header:
# https://docs.atlassian.com/jira-servicedesk/REST/latest/#experimental-methods
_EXPERIMENTAL: Mapping[str, str] = {"X-ExperimentalApi": "opt-in"}

# Jira takes a form only from who says that no browser was led to send it:
# https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/#api-rest-api-3-issue-issueidorkey-attachments-post
_UNCHECKED: Mapping[str, str] = {"X-Atlassian-Token": "no-check"}


@dataclass(frozen=True)
class Question:
    """A request relative to a site."""

    method: str
    path: str
    """``api/issue/7`` for the platform, whose version depends on the edition, or ``servicedeskapi/request``."""
    asks: str
    """What it is for, in words that fit behind *asked acme.atlassian.net to*."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    idempotent: bool = True
    bodiless: bool = False
    file: tuple[str, bytes] | None = None

    def address(self, base: str, edition: Edition) -> str:
        """The whole address; ``base`` has no slash at its end."""
        version = "3" if edition == "cloud" else "2"
        path = self.path.replace("api/", f"api/{version}/", 1) if self.path.startswith("api/") else self.path
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='*,')}" for name, value in self.query.items())
        return f"{base}/rest/{path}{'?' + query if query else ''}"

    def headers(self, edition: Edition) -> Mapping[str, str]:
        """What this question needs besides a credential."""
        if self.file is not None:
            return _UNCHECKED
        return _EXPERIMENTAL if edition == "data-center" and self.path.startswith("servicedeskapi/") else {}


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


NO_CLOUD_ID = "{cloudId}"
"""Stands in a dry run's addresses when nobody was asked for the cloud id."""


Make = Callable[[str, str, str], Request]
"""A request from the API's address, the cloud id and the access token."""


def bulk(api: str, cloud: str, plural: str, body: Mapping[str, Any], bearer: str = "") -> Request:
    """Submits builds or deployments (``plural``) of one site."""
    url = f"{api}/jira/{plural}/0.1/cloud/{cloud or NO_CLOUD_ID}/bulk"
    count = len(body[plural])
    return Request("POST", url, f"take {count} {plural if count != 1 else plural[:-1]}", body, bearer)


def build_by_key(api: str, cloud: str, pipeline: str, number: int, bearer: str) -> Request:
    """Reads one stored build; ``check`` uses it to see whether the credential is let in."""
    path = f"pipelines/{quote(pipeline, safe='')}/builds/{number}"
    return Request("GET", f"{api}/jira/builds/0.1/cloud/{cloud}/{path}", "show a build", bearer=bearer)


def deployment_by_key(api: str, cloud: str, pipeline: str, environment: str, number: int, bearer: str) -> Request:
    """Reads one stored deployment; ``check`` uses it to see whether the credential is let in."""
    path = f"pipelines/{quote(pipeline, safe='')}/environments/{quote(environment, safe='')}/deployments/{number}"
    return Request("GET", f"{api}/jira/deployments/0.1/cloud/{cloud}/{path}", "show a deployment", bearer=bearer)


def myself() -> Question:
    """Who is asking."""
    return Question("GET", "api/myself", "say who is asking")


def server_info() -> Question:
    """Which edition of Jira this is."""
    return Question("GET", "api/serverInfo", "say what it is")


def permissions(project: str, names: Iterable[str]) -> Question:
    """Which of these permissions the account has in a project, or in any where none is named."""
    query = {**({"projectKey": project} if project else {}), "permissions": ",".join(names)}
    return Question("GET", "api/mypermissions", "say what the account may do", query)


def tenant_info(site: str, *, named_by_user: bool = True) -> Request:
    """Asks a site for its cloud id: the one request that needs no credential. The extra headers go to the site that the
    settings name, not to where it points."""
    return Request("GET", f"{site}/_edge/tenant_info", "tell its cloud id", site=named_by_user)


def client_token(issuer: str, client_id: str, client_secret: str) -> Request:
    """Asks for an access token with OAuth 2.0 client credentials."""
    body = {
        "audience": "api.atlassian.com",
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
    }
    return Request("POST", f"{issuer}/oauth/token", "give an access token", body, secret=True)
