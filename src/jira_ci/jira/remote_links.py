"""Builds and deployments on Jira Data Center, which has no API for them: a remote link on every issue of the record.

https://developer.atlassian.com/server/jira/platform/jira-rest-api-for-remote-issue-links/ : a link with the same global
id is replaced, so that every later report of one run changes the links that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.jira.access import Access
from jira_ci.jira.ask import segment
from jira_ci.jira.bulk import DEPLOYMENTS, Kind
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.records import Record
from jira_ci.jira.refusals import messages, not_from_jira, phrase, said
from jira_ci.jira.unwelcome import unwelcome
from jira_ci.text import for_jira, identifier

_TEXT = 255
_APPLICATION = {"type": "jira-ci", "name": "jira-ci"}


def global_id(kind: Kind, record: Mapping[str, Any]) -> str:
    """The link's identity: the record's own, which stays the same from the start of a run to its end.

    Its parts are encoded, so that two records never have the same one; a long one ends in a hash.
    """
    parts = (kind.plural, *kind.identify(record))
    return identifier("jira-ci:" + ":".join(quote(part, safe="/", errors="replace") for part in parts), _TEXT)


def body(kind: Kind, record: Record) -> dict[str, Any]:
    """The link that shows a record on an issue.

    A link that is *resolved* is shown struck through: that is how a build or deployment that ended well looks.
    """
    environment = record.get("environment")
    state = str(record["state"]).replace("_", " ")
    title = f"{environment['displayName']}: {record['displayName']}" if environment else str(record["displayName"])
    what = f"Deployment ({environment['type']})" if environment else "Build"
    return {
        "globalId": global_id(kind, record),
        "application": _APPLICATION,
        "relationship": "deployed to" if kind is DEPLOYMENTS else "built by",
        "object": {
            "url": record["url"],
            "title": for_jira(title, _TEXT),
            "summary": for_jira(_summary(record, state), _TEXT),
            "icon": {"title": f"{what}: {state}"},
            "status": {"resolved": record["state"] == "successful", "icon": {"title": state}},
        },
    }


def link(access: Access, key: str, document: Mapping[str, Any]) -> Request:
    """Sets one link on one issue. It may be sent again: it is the same link."""
    return Request(
        "POST",
        f"{access.site}/rest/api/2/issue/{segment(key)}/remotelink",
        f"show it on {key}",
        document,
        bearer=access.token if access.kind == "bearer" else "",
        basic=access.basic if access.kind == "basic" else "",
        site=True,
    )


def is_linked(request: Request, answer: Answer) -> bool:
    """Whether the link is there now.

    Raises:
        JiraCiError: the answer says so and is not Jira's, or nobody should ask on: see :func:`final`.
    """
    if answer.status not in (200, 201):
        return False
    document = answer.json()
    if not isinstance(document, dict) or "id" not in document:
        raise not_from_jira(request, answer)
    return True


def final(request: Request, answer: Answer) -> JiraCiError | None:
    """The error of an answer that is about more than one issue; ``None`` for Jira's judgement about this one.

    A refused credential is one: Jira locks accounts behind a CAPTCHA after a few
    (https://confluence.atlassian.com/jirakb/captcha-challenge-in-jira-server-and-data-center).
    """
    status, told = answer.status, bool(messages(answer))
    if status == 401 or (status == 403 and (not told or _locked(answer))):
        return refused(request, answer)
    if status == 404 and not told:
        return not_from_jira(request, answer, "Check site: is the path that Jira has on this host part of it?")
    return None if 400 <= status < 500 and status not in (407, 408, 425, 429) else unwelcome(request, answer)


def refused(request: Request, answer: Answer) -> AccessError:
    """The error for 401 and 403, with what to change."""
    credential = "user and token" if request.basic else "a personal access token"
    came = f"Asked {request.host} to {request.asks} with {credential}: it answered {phrase(answer)}{said(answer)}."
    if _locked(answer):
        return AccessError(came, "The account has to pass a CAPTCHA: log in once in a browser.")
    if answer.status == 403 and messages(answer):
        return AccessError(came, "Give the account the permission Link Issues in these projects.")
    if answer.status == 403:
        return AccessError(came, "A proxy or a login page may stand in between: check site and headers.")
    if request.basic:
        return AccessError(
            came, "Check user and password. Leave user out for a personal access token, which is given alone."
        )
    return AccessError(came, "The token is wrong, expired or revoked: make a new personal access token in Jira.")


def too_late(arrived: int, wanted: int) -> NetworkError:
    """The error when time ran out between two links."""
    return NetworkError(
        f"The deadline came when {arrived} of {wanted} remote links were made.",
        "Raise timeout, or report fewer issues: set projects or since.",
    )


def _locked(answer: Answer) -> bool:
    headers = [
        answer.headers.get(name, "").upper() for name in ("x-seraph-loginreason", "x-authentication-denied-reason")
    ]
    return any("AUTHENTICATION_DENIED" in text or "CAPTCHA" in text for text in headers)


def _summary(record: Record, state: str) -> str:
    tests = record.get("testInfo")
    parts = [state, record.get("description")]
    parts += [f"{tests['numberPassed']} of {tests['totalNumber']} tests passed"] if tests else []
    return ", ".join(str(part) for part in parts if part)
