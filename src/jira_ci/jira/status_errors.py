"""What an unwelcome answer of Jira's means: one table from the status to a class of error, in words for who asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from jira_ci.errors import AccessError, JiraCiError, NetworkError, Redirected, RejectedError
from jira_ci.exchange import Answer, Request
from jira_ci.jira.parse import WrongShape
from jira_ci.text import one_line

Audience = Literal["report", "issues", "links", "gate", "gating", "after"]
"""For whom Jira is asked: builds and deployments of Jira Cloud, titles of issues, remote links of Data Center, changes
of a service desk, Jira's own gating, and what follows a deployment. Who only reports is told nothing about service
desks."""
CREDENTIALS_PAGE = "the Jira site's settings under Marketplace apps, OAuth credentials"


class TooLarge(RejectedError):
    """413: the same records have to be sent in smaller portions."""


class NotFound(NetworkError):
    """404: it is not there, or not for this account."""


class Refused(RejectedError):
    """Jira understood the question and will not do it (400, 409, 410, 413...)."""


Row = tuple[type[JiraCiError], str]
"""The class of the error, and what to do about it."""
_DEBUG = "Run with log-level: debug to see what was sent."
_LATER = "Atlassian's troubles are on https://status.atlassian.com, others are a proxy's."
_NO_SITE = "No such site: check cloud-id and api-url."
_DOOR = "A proxy or a login page may stand in between: check site and headers."
_GATING: Row = (
    AccessError,  # whether Jira serves its gating to OAuth clients is documented nowhere
    f"Allow Deployments in {CREDENTIALS_PAGE}. Where they are allowed, Jira keeps its own gating to apps: say "
    "gate-by: change in the policy, and the change request itself is asked (with user and token).",
)
_AFTER: Row = (
    AccessError,
    "The account needs Browse Projects, Edit Issues and Transition Issues in these projects, and Administer Projects "
    "to make versions; its token the scopes read:jira-work and write:jira-work.",
)
_LOST: Row = (NotFound, "Jira does not know the site, for the moment: run again.")
_SMALLER: Row = (TooLarge, "Report fewer environments at a time.")
_ROWS: Mapping[str, Mapping[Audience | Literal["all"], Row]] = {
    "locked": {"all": (AccessError, "The account has to pass a CAPTCHA: log in once in a browser.")},
    "not logged in": {
        "all": (AccessError, "Check user and token: expired, revoked, or of another account."),
    },
    "without a credential": {
        "all": (
            AccessError,
            "No credential is sent with this question: a login page or an IP allow-list guards the host. Check site "
            "and headers, or set cloud-id (for Jira Data Center jira-type) so that the site is not asked.",
        ),
    },
    "client refused": {
        "all": (
            AccessError,
            f"Compare both with {CREDENTIALS_PAGE}; an API token or a personal access token does not work here.",
        ),
    },
    "password refused": {
        "all": (
            AccessError,
            "Check user and token: the token must belong to this user, and not be expired or revoked. Leave user out "
            "for a personal access token of Jira Data Center, which is given alone.",
        ),
        "links": (
            AccessError,
            "Check user and password. Leave user out for a personal access token, which is given alone.",
        ),
    },
    "token refused": {
        "all": (
            AccessError,
            "Check the token, or client-id and client-secret: expired, revoked, of another site, or without scopes.",
        ),
        "report": (
            AccessError,
            "The credential belongs to another site, or was revoked a moment ago: compare client-id and cloud-id with "
            f"{CREDENTIALS_PAGE}.",
        ),
        "links": (
            AccessError,
            "The token is wrong, expired or revoked: make a new personal access token in Jira.",
        ),
        "gating": _GATING,
    },
    "forbidden by Jira": {
        "all": (AccessError, "The account lacks a permission, its token a scope, or an IP allow-list is in the way."),
        "links": (AccessError, "Give the account the permission Link Issues in these projects."),
        "after": _AFTER,
    },
    "forbidden": {
        "all": (AccessError, _DOOR),
        "report": (
            AccessError,
            "The credential lacks a permission or belongs to another site: allow Builds and Deployments in "
            f"{CREDENTIALS_PAGE}; then check cloud-id, and the site's IP allow-list.",
        ),
        "issues": (
            AccessError,
            "The account needs the permission Browse Projects, its token the scope read:jira-work; an IP allow-list "
            "may be in the way, too.",
        ),
        "gate": (
            AccessError,
            "The account lacks a permission, its token a scope, or an IP allow-list is in the way: it has to be an "
            "agent of the service desk, with read:jira-work, write:jira-work, read:jira-user, "
            "read:servicedesk-request and write:servicedesk-request.",
        ),
        "gating": _GATING,
        "after": _AFTER,
    },
    "no site": {
        "all": (NetworkError, "No Jira Cloud site answers there: check site."),
        "gate": (Refused, _DEBUG),
    },
    "no gateway": {"all": (NetworkError, "Check api-url, or leave it out.")},
    "not found": {
        "all": (NotFound, "It does not exist, or the account may not see it."),
        "report": (RejectedError, _NO_SITE),
        "gating": _LOST,
        "issues": (NotFound, "No Jira answers at this address: check site and cloud-id."),
        "gate": (NotFound, "It does not exist, or the gate's account may not see it."),
    },
    "gone": {"all": (Refused, _DEBUG), "report": (RejectedError, _NO_SITE), "gating": _LOST},
    "proxy": {"all": (NetworkError, "The proxy wants a login: put user and password into HTTPS_PROXY.")},
    "busy": {
        "all": (NetworkError, f"Run again later. {_LATER}"),
        "report": (
            NetworkError,
            "Jira takes no more requests for now: run the job again later, or report less often.",
        ),
    },
    "trouble": {
        "all": (NetworkError, f"Run again later. {_LATER}"),
        "report": (NetworkError, f"Run the job again later; {_LATER}"),
    },
    "too large": {"all": (Refused, _DEBUG), "report": _SMALLER, "gating": _SMALLER},
    "refused": {"all": (Refused, _DEBUG), "report": (RejectedError, _DEBUG)},
}
_SAME = {"forbidden by Jira": ("report", "issues", "gate", "gating")}
"""Audiences for whom it makes no difference whether Jira or somebody in between forbids it."""


def expect(request: Request, answer: Answer, status: int, audience: Audience = "report") -> None:
    """Does nothing when the answer has this status.

    Raises:
        JiraCiError: of the class that fits the answer, saying what was asked, of whom, what came back, what to change.
    """
    if answer.status != status:
        raise refusal(request, answer, audience)


def refusal(request: Request, answer: Answer, audience: Audience = "report") -> JiraCiError:
    """The error that an unwelcome answer means, in words for who asked."""
    case = _case(request, answer)
    if case == "redirect":
        return _redirected(request, answer)
    if case == "":
        return not_from_jira(request, answer)
    if audience in _SAME.get(case, ()):
        case = "forbidden"
    error, hint = _ROWS[case].get(audience) or _ROWS[case]["all"]
    if case == "not logged in":
        return error(f"{_asked(request)}: it answered as to somebody who is not logged in.", hint)
    return error(f"{_asked(request)}: it answered {phrase(answer)}{said(answer)}.", hint)


def is_refused(answer: Answer) -> bool:
    """Whether an answer says that the credential is no good here, so that it is not offered again: Jira locks accounts
    behind a CAPTCHA after a few (https://confluence.atlassian.com/jirakb/captcha-challenge-in-jira-server-and-data-center).
    """
    return answer.status == 401 or (answer.status == 403 and _locked(answer)) or _is_nobody(answer)


def _case(request: Request, answer: Answer) -> str:
    """Which row of the table an answer belongs to; empty for an answer that is not one of Jira's."""
    status, asks_as_somebody = answer.status, bool(request.basic or request.bearer)
    if 300 <= status < 400:
        return "redirect"
    if request.secret and status in (400, 401, 403):
        return "client refused"
    if status in (401, 403):
        return _access_case(request, answer)
    if status == 429:
        return "busy"
    if status in (408, 425) or status >= 500:
        return "trouble"
    if status == 407:
        return "proxy"
    if 400 <= status < 500 and not asks_as_somebody:  # nobody judged anything: it was only being prepared
        return "no site" if request.site else "no gateway"
    if 400 <= status < 500:
        return {404: "not found", 410: "gone", 413: "too large"}.get(status, "refused")
    return "not logged in" if asks_as_somebody and _is_nobody(answer) else ""


def _access_case(request: Request, answer: Answer) -> str:
    if _locked(answer):
        return "locked"
    if not (request.basic or request.bearer):
        return "without a credential"
    if answer.status == 403:
        return "forbidden by Jira" if messages(answer) else "forbidden"
    return "password refused" if request.basic else "token refused"


def _locked(answer: Answer) -> bool:
    told = [answer.headers.get(name, "").upper() for name in ("x-seraph-loginreason", "x-authentication-denied-reason")]
    return any("AUTHENTICATION_DENIED" in text or "CAPTCHA" in text for text in told)


def _is_nobody(answer: Answer) -> bool:
    """Jira answers a wrong credential with what everybody may see, where everybody may see something; its headers tell
    (https://support.servicenow.com/kb?id=kb_article_view&sysparm_article=KB2942093)."""
    reason = answer.headers.get("x-seraph-loginreason", "").upper()
    nobody = answer.headers.get("x-ausername", "").lower() == "anonymous"
    return answer.status == 200 and ("FAILED" in reason or "DENIED" in reason or nobody)


def messages(answer: Answer) -> list[str]:
    """The sentences of an error body, in any of Atlassian's forms."""
    body = answer.json()
    if isinstance(body, list):  # builds and deployments: [{message, errorTraceId}]
        return _texts(part.get("message") for part in body if isinstance(part, dict))
    if not isinstance(body, dict):
        return []
    found, errors = body.get("errorMessages"), body.get("errors")
    fields = [f"{name}: {text}" for name, text in errors.items()] if isinstance(errors, dict) else []
    named = [body.get(name) for name in ("errorMessage", "error_description", "message", "error")]
    return [*_texts(found if isinstance(found, list) else []), *fields, *_texts(named)[:1]]


def said(answer: Answer) -> str:
    """What the answer's error body says, behind a colon; empty when it says nothing."""
    sentences = "; ".join(messages(answer)).rstrip(". ")
    return f": {one_line(sentences, 400)}" if sentences else ""


def phrase(answer: Answer) -> str:
    """The status in words, with what the answer says about trying again."""
    try:
        words = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    except ValueError:
        words = str(answer.status)
    wanted = answer.headers.get("retry-after", "")
    details = [f"Retry-After: {one_line(wanted, 60)}"] if wanted else []
    details += [f"tried {answer.attempts} times"] if answer.attempts > 1 else []
    return f"{words} ({', '.join(details)})" if details else words


def redirect(answer: Answer) -> SplitResult:
    """Where a redirect leads; empty parts for any other answer, and for an address that is invalid."""
    try:
        target = urlsplit(answer.headers.get("location", "") if 300 <= answer.status < 400 else "")
        return target if target.hostname else urlsplit("")
    except ValueError:
        return urlsplit("")


def renamed_to(request: Request, answer: Answer) -> str:
    """Where a renamed Atlassian site lives now, from its redirect; empty when the answer is no such redirect.

    Only the cloud id may be asked for again there: that carries no credential, and only Atlassian gives names under
    ``.atlassian.net``.
    """
    target = redirect(answer)
    host = target.netloc.lower()
    known = target.scheme == "https" and re.fullmatch(r"[a-z0-9-]+\.atlassian\.net", host)
    return f"https://{host}" if known and host != request.host.lower() else ""


def not_from_jira(request: Request, answer: Answer, hint: str = "") -> NetworkError:
    """The error for an answer that has the right status and not the documented shape."""
    kind = one_line(answer.headers.get("content-type", "") or "no content type", 60)
    size = f"{len(answer.body)} bytes" if answer.body else "an empty body"
    return NetworkError(
        f"{_asked(request)}: the answer ({phrase(answer)}, {kind}, {size}) is not one of Jira's.",
        hint or "A proxy or a login page may stand in between: check the address, HTTPS_PROXY and NO_PROXY.",
    )


def misshapen(request: Request, answer: Answer, error: WrongShape) -> NetworkError:
    """The error for an answer whose JSON is not as documented."""
    if answer.json() is None:
        return not_from_jira(request, answer)
    return NetworkError(
        f"Asked {request.host} to {request.asks}: in its answer {one_line(str(error), 100)}.",
        "Jira, or something between, answered in another way than documented: run again, then report it to us.",
    )


def _asked(request: Request) -> str:
    return f"Asked {request.host} to {request.asks}{_credential(request)}"


def _credential(request: Request) -> str:
    if request.secret:
        return " for client-id and client-secret"
    if request.basic:
        return " with user and token"
    if not request.bearer:
        return ""
    if request.site:  # Jira Cloud takes a bearer at its gateway only, Data Center only a person's
        return " with a personal access token"
    people = "/ex/jira/" in request.url
    return " with a bearer token" if people else " with the OAuth token of client-id and client-secret"


def _redirected(request: Request, answer: Answer) -> Redirected:
    target = redirect(answer)
    host = one_line(target.hostname or "", 200)
    to = f"{one_line(target.scheme or 'https', 20)}://{host}" if host else "an address on the same host"
    message = f"{_asked(request)}: it answered {phrase(answer)} and points to {to}, which is not followed."
    moved = bool(host) and host != urlsplit(request.url).hostname
    if moved and host.endswith(".atlassian.net"):
        return Redirected(message, f"The site was probably renamed: set site to {host}, if that is yours.")
    if request.site and not (request.basic or request.bearer):
        return Redirected(
            message,
            "A login page or a proxy guards the site: check site and headers, or set cloud-id so that it is not asked.",
        )
    if request.site:
        return Redirected(message, "A login page or a proxy stands in between: check site, headers and HTTPS_PROXY.")
    return Redirected(message, "Set site and api-url to the addresses that answer themselves; check HTTPS_PROXY.")


def _texts(parts: Any) -> list[str]:
    return [str(part) for part in parts if part]
