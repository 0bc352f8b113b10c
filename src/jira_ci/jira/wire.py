"""Knowing the wire: which address serves what, what a good answer holds, and which calls are tried again.

Nothing here does I/O. Two hosts matter to reporting: the site (``acme.atlassian.net``), which tells its cloud id to
anybody, and Atlassian's API gateway, the only place that takes builds and deployments with OAuth client credentials
(https://developer.atlassian.com/cloud/jira/software/integrate-jsw-cloud-with-onpremises-tools/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timezone
from typing import Any
from urllib.parse import quote

from jira_ci.errors import AccessError
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.refusals import CREDENTIALS_PAGE, expect, not_from_jira, phrase, redirect, said

RETRIES = 4
"""How often an idempotent call is tried again, as Atlassian advises
(https://developer.atlassian.com/cloud/jira/platform/rate-limiting/)."""
NO_CLOUD_ID = "{cloudId}"
"""Stands in a dry run's addresses when nobody was asked for the cloud id."""


def tenant_info(site: str, *, named_by_user: bool = True) -> Request:
    """Asks a site for its cloud id: the one request that needs no credential.

    Args:
        named_by_user: the extra headers go to the site that the settings name, not to where it points.
    """
    return Request("GET", f"{site}/_edge/tenant_info", "tell its cloud id", site=named_by_user)


def access_token(api: str, client_id: str, client_secret: str) -> Request:
    """Asks the gateway for an access token with OAuth 2.0 client credentials."""
    body = {
        "audience": "api.atlassian.com",
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
    }
    return Request("POST", f"{api}/oauth/token", "give an access token", body, secret=True)


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


def worth_another_try(status: int) -> bool:
    """Whether an idempotent call with this answer is sent again."""
    return status in (408, 425, 429) or status >= 500


def delay(attempt: int, retry_after: str, now: float, jitter: float) -> float:
    """Seconds to wait before the next try.

    Args:
        attempt: how many tries there were, from 1.
        retry_after: the header as it came (seconds or an HTTP date); nonsense counts as absent.
        now: epoch seconds, for the date form.
        jitter: 0.7 to 1.3. It never shortens what the server asked for.
    """
    own: float = min(2.0 * 2 ** (attempt - 1), 30.0) * jitter
    return max(own, _retry_after(retry_after, now))


def renamed_to(request: Request, answer: Answer) -> str:
    """Where a renamed Atlassian site lives now, from its redirect; empty when the answer is no such redirect.

    Only ``tenant_info`` may be asked again there: it carries no credential, and only Atlassian gives names under
    ``.atlassian.net``.
    """
    target = redirect(answer)
    host = target.netloc.lower()
    known = target.scheme == "https" and re.fullmatch(r"[a-z0-9-]+\.atlassian\.net", host)
    return f"https://{host}" if known and host != request.host.lower() else ""


def read_cloud_id(request: Request, answer: Answer) -> str:
    """The cloud id from ``tenant_info``'s answer.

    Raises:
        JiraCiError: the site is unknown, moved, or does not answer as Jira Cloud does.
    """
    expect(request, answer, 200)
    found = _mapping(answer).get("cloudId")
    if not isinstance(found, str) or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", found):
        raise not_from_jira(request, answer, "Check that site names a Jira Cloud site, or set cloud-id.")
    return found


def read_access_token(request: Request, answer: Answer) -> str:
    """The access token from the gateway's answer.

    Raises:
        JiraCiError: the credential was refused, or the answer is not of the documented shape.
    """
    if answer.status in (400, 401, 403):
        raise AccessError(
            f"Asked {request.host} to give an access token for client-id and client-secret: it answered "
            f"{phrase(answer)}{said(answer)}.",
            f"Compare both with {CREDENTIALS_PAGE}; an API token or a personal access token does not work here.",
        )
    expect(request, answer, 200)
    token = _mapping(answer).get("access_token")
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise not_from_jira(request, answer)
    return token


def _retry_after(text: str, now: float) -> float:
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", text, re.ASCII):
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:  # "-0000" means UTC of unknown origin
            when = when.replace(tzinfo=timezone.utc)
        return max(0.0, when.timestamp() - now)
    except (TypeError, ValueError, LookupError, OverflowError):  # what the parser of dates raises is not one family
        return 0.0


def _mapping(answer: Answer) -> Mapping[str, Any]:
    body = answer.json()
    return body if isinstance(body, dict) else {}
