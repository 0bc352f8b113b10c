"""The platform's look-ups: what the server is, who is asking, which issues there are."""

from __future__ import annotations

import datetime
from typing import Any

from jira_ci.sandbox.bodies import BadJson, parse
from jira_ci.sandbox.context import Context
from jira_ci.sandbox.exchange import Answer, Request, json_answer, text_answer
from jira_ci.sandbox.issues import Issue
from jira_ci.sandbox.routing import Handler, Route
from jira_ci.sandbox.shapes import boolean, items, record, text

_BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
_NO_ISSUE = "Issue does not exist or you do not have permission to see it."
_NOT_LOGGED_IN = "Client must be authenticated to access this resource."
_BULK_FETCH = record(
    {"issueIdsOrKeys": items(text())},
    {
        "expand": items(text()),
        "fields": items(text()),
        "fieldsByKeys": boolean,
        "properties": items(text()),
    },
    closed=True,
)


def gateway_refusal(context: Context, request: Request) -> Answer | None:
    """Why the gateway at ``/ex/jira/{cloudId}`` does not let the request through to the site, or None.

    Scoped tokens belong there and unscoped ones to the site; an access token of the builds and deployments APIs has
    no scope of the platform.
    """
    scheme, value = request.authorization
    if scheme == "basic" and context.credentials.person(value) == "scoped":
        return None
    if scheme == "bearer" and context.credentials.scopes_of(value) is not None:
        return json_answer(401, {"code": 401, "message": "Unauthorized; scope does not match"})
    return json_answer(401, {"code": 401, "message": "Unauthorized"})


def _guarded(handler: Handler, *, anonymous: bool) -> Handler:
    """Refuse wrong credentials everywhere, and none at all where somebody has to be logged in."""

    def guarded(context: Context, request: Request, captured: dict[str, str]) -> Answer:
        if not (_logged_in(context, request) or (anonymous and "authorization" not in request.headers)):
            return text_answer(
                401,
                _NOT_LOGGED_IN,
                {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": 'OAuth realm="sandbox"'},
            )
        return handler(context, request, captured)

    return guarded


def _logged_in(context: Context, request: Request) -> bool:
    scheme, value = request.authorization
    # Through the gateway it was checked already; on the site's address a scoped token is refused like a wrong one.
    return context.gateway or (scheme == "basic" and context.credentials.person(value) == "site")


def _server_info(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request, captured
    now = datetime.datetime.now(datetime.timezone.utc)
    document = {
        "baseUrl": context.address,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100293,
        "serverTime": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}+0000",
        "serverTitle": "Jira",
        "serverTimeZone": "Etc/UTC",
    }
    return json_answer(200, document)


def _myself(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del request, captured
    account = "5b10a2844c20165700ede21g"
    document = {
        "self": f"{context.address}/rest/api/3/user?accountId={account}",
        "accountId": account,
        "accountType": "atlassian",
        "emailAddress": context.credentials.user,
        "displayName": "Release Engineer",
        "active": True,
        "timeZone": "Etc/UTC",
        "locale": "en_US",
    }
    return json_answer(200, document)


def _bulk_fetch(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    del captured
    if request.content_type != "application/json":
        return text_answer(415, "Unsupported Media Type")
    try:
        document = parse(request.body)
    except BadJson:
        return _errors(400, _BAD_PAYLOAD)
    if list(_BULK_FETCH(document, "")):
        return _errors(400, _BAD_PAYLOAD)
    wanted = document["issueIdsOrKeys"]
    if not 1 <= len(wanted) <= 100:
        return _errors(400, "The number of issue ids or keys must be from 1 to 100.")
    found = {issue.id: issue for issue in (_find(context, request, one) for one in wanted) if issue}
    issues = [_issue_bean(context, found[key], document.get("fields")) for key in sorted(found, key=int)]
    return json_answer(200, {"issues": issues, "issueErrors": []})


def _issue(context: Context, request: Request, captured: dict[str, str]) -> Answer:
    issue = _find(context, request, captured["issueIdOrKey"])
    if issue is None:
        return _errors(404, _NO_ISSUE)
    fields = [part for name, value in request.parameters if name == "fields" for part in value.split(",") if part]
    return json_answer(200, _issue_bean(context, issue, fields or None))


def _find(context: Context, request: Request, key: str) -> Issue | None:
    """Somebody who is not logged in sees no issue at all, and is not told so."""
    return context.site.issues.find(key, any_case=True) if _logged_in(context, request) else None


def _issue_bean(context: Context, issue: Issue, wanted: list[str] | None) -> dict[str, Any]:
    fields = {
        "summary": issue.title,
        "issuetype": {"id": "10001", "name": "Story", "subtask": False},
        "project": {"id": str(int(issue.id) // 1_000_000), "key": issue.project},
        "status": {"id": "3", "name": "In Progress", "statusCategory": {"id": 4, "key": "indeterminate"}},
    }
    if wanted is not None and not {"*all", "*navigable"} & set(wanted):
        fields = {name: value for name, value in fields.items() if name in wanted}
    link = f"{context.address}/rest/api/3/issue/{issue.id}"
    return {"id": issue.id, "key": issue.key, "self": link, "fields": fields}


def _errors(status: int, *texts: str) -> Answer:
    return json_answer(status, {"errorMessages": list(texts), "errors": {}})


ROUTES = (
    Route("GET", "/rest/api/3/serverInfo", _guarded(_server_info, anonymous=True)),
    Route("GET", "/rest/api/3/myself", _guarded(_myself, anonymous=False)),
    Route("POST", "/rest/api/3/issue/bulkfetch", _guarded(_bulk_fetch, anonymous=True)),
    Route("GET", "/rest/api/3/issue/{issueIdOrKey}", _guarded(_issue, anonymous=True)),
)
