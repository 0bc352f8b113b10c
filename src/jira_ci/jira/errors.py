"""What an unwelcome answer means: which class of error, in which words, with which advice."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from jira_ci.errors import AccessError, JiraCiError, NetworkError, Redirected, RejectedError
from jira_ci.exchange import Answer, Request
from jira_ci.jira.parse import WrongShape
from jira_ci.text import one_line

_OAUTH = "the OAuth token of client-id and client-secret"
CREDENTIALS_PAGE = "the Jira site's settings under Apps, OAuth credentials"


class TooLarge(RejectedError):
    """413: the same records have to be sent in smaller portions."""


def expect(request: Request, answer: Answer, status: int) -> None:
    """Does nothing when the answer has this status.

    Raises:
        JiraCiError: of the class that fits the answer, saying what was asked, of whom, what came back, what to change.
    """
    if answer.status != status:
        raise refusal(request, answer)


def refusal(request: Request, answer: Answer) -> JiraCiError:
    """The error that an unwelcome answer means."""
    status = answer.status
    came = f"{_asked(request)}: it answered {phrase(answer)}{said(answer)}."
    if 300 <= status < 400:
        return _redirected(request, answer)
    if status in (401, 403):
        return AccessError(came, _access_advice(request, answer))
    if status == 407:
        return NetworkError(came, "The proxy wants a login: put user and password into HTTPS_PROXY.")
    if status in (408, 425, 429) or status >= 500:
        return NetworkError(came, _later(status))
    if 400 <= status < 500 and not request.bearer:  # nobody judged a report: it was only being prepared
        return NetworkError(came, _nowhere(request))
    if status == 413:
        return TooLarge(came, "Report fewer environments at a time.")
    if 400 <= status < 500:
        return RejectedError(came, _rejected_advice(status))
    return not_from_jira(request, answer)


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
    """Where a redirect leads; empty parts for any other answer, and for an address that cannot be meant."""
    try:
        target = urlsplit(answer.headers.get("location", "") if 300 <= answer.status < 400 else "")
        return target if target.hostname else urlsplit("")
    except ValueError:
        return urlsplit("")


def not_from_jira(request: Request, answer: Answer, hint: str = "") -> NetworkError:
    """The error for an answer that has the right status and not the documented shape."""
    kind = one_line(answer.headers.get("content-type", "") or "no content type", 60)
    size = f"{len(answer.body)} bytes" if answer.body else "an empty body"
    return NetworkError(
        f"{_asked(request)}: the answer ({phrase(answer)}, {kind}, {size}) is not one of Jira's.",
        hint or "A proxy or a login page may stand in between: check the address, HTTPS_PROXY and NO_PROXY.",
    )


def _asked(request: Request) -> str:
    credential = " with user and token" if request.basic else ""
    if request.bearer:  # Jira Cloud takes that of its gateway only, Data Center only a person's
        credential = " with a personal access token" if request.site else f" with {_OAUTH}"
    return f"Asked {request.host} to {request.asks}{credential}"


def _redirected(request: Request, answer: Answer) -> NetworkError:
    target = redirect(answer)
    host = one_line(target.hostname or "", 200)
    to = f"{one_line(target.scheme or 'https', 20)}://{host}" if host else "an address on the same host"
    message = f"{_asked(request)}: it answered {phrase(answer)} and points to {to}, which is not followed."
    moved = bool(host) and host != urlsplit(request.url).hostname
    if moved and host.endswith(".atlassian.net"):
        return NetworkError(message, f"The site was probably renamed: set site to {host}, if that is yours.")
    if request.site:
        return NetworkError(
            message,
            "A login page or a proxy guards the site: check site and headers, or set cloud-id so that it is not asked.",
        )
    return NetworkError(message, "Set site and api-url to the addresses that answer themselves; check HTTPS_PROXY.")


def _access_advice(request: Request, answer: Answer) -> str:
    reason = answer.headers.get("x-seraph-loginreason", "").upper()
    if "AUTHENTICATION_DENIED" in reason or "CAPTCHA" in reason:
        return "The account has to pass a CAPTCHA: log in once in a browser."
    if not request.bearer:
        return (
            "No credential is sent with this question: a login page or an IP allow-list guards the host. Check site "
            "and headers, or set cloud-id so that the site is not asked."
        )
    if answer.status == 401:
        return (
            f"The credential belongs to another site, or was revoked a moment ago: compare client-id and cloud-id with "
            f"{CREDENTIALS_PAGE}."
        )
    return (
        f"The credential lacks a permission or belongs to another site: allow Builds and Deployments in "
        f"{CREDENTIALS_PAGE}; then check cloud-id, and the site's IP allow-list."
    )


def _later(status: int) -> str:
    if status == 429:
        return "Jira takes no more requests for now: run the job again later, or report less often."
    return "Run the job again later; Atlassian's troubles are on https://status.atlassian.com, others are a proxy's."


def _nowhere(request: Request) -> str:
    return "No Jira Cloud site answers there: check site." if request.site else "Check api-url, or leave it out."


def _rejected_advice(status: int) -> str:
    if status in (404, 410):
        return "No such site: check cloud-id and api-url."
    return "Run with log-level: debug to see what was sent."


def _texts(parts: Any) -> list[str]:
    return [str(part) for part in parts if part]


class NotFound(NetworkError):
    """404: it is not there, or not for this account."""


class Refused(RejectedError):
    """Jira understood the question and will not do it (400, 409, 410, 413...)."""


def unwelcome(request: Request, answer: Answer) -> JiraCiError:
    """The error that an answer with an unexpected status means."""
    status = answer.status
    came = f"Asked {request.host} to {request.asks}{_credential(request)}: it answered {phrase(answer)}{said(answer)}."
    if 300 <= status < 400:
        return _site_redirected(request, answer)
    if status in (401, 403):
        return AccessError(came, _advice(request, answer))
    if status == 404:
        return NotFound(came, "It does not exist, or the gate's account may not see it.")
    if status == 407:
        return NetworkError(came, "The proxy wants a login: put user and password into HTTPS_PROXY.")
    if status in (408, 425, 429) or status >= 500:
        return NetworkError(came, "Run again later; Atlassian's troubles are on https://status.atlassian.com.")
    if status >= 400:
        return Refused(came, "Run with log-level: debug to see what was sent.")
    return not_from_jira(request, answer)


def misshapen(request: Request, answer: Answer, error: WrongShape) -> NetworkError:
    """The error for an answer whose JSON is not as documented."""
    if answer.json() is None:
        return not_from_jira(request, answer)
    return NetworkError(
        f"Asked {request.host} to {request.asks}: in its answer {one_line(str(error), 100)}.",
        "Jira, or something between, answered in another way than documented: run again, then report it to us.",
    )


def _site_redirected(request: Request, answer: Answer) -> Redirected:
    target = redirect(answer)
    host = one_line(target.hostname or "", 200)
    message = (
        f"Asked {request.host} to {request.asks}: it answered {phrase(answer)} and points to "
        f"{host or 'another address'}, which is not followed with credentials."
    )
    if host.endswith(".atlassian.net") and host != request.host:
        return Redirected(message, f"The site was probably renamed: set site to {host}, if that is yours.")
    return Redirected(message, "A login page or a proxy stands in between: check site, headers and HTTPS_PROXY.")


def _credential(request: Request) -> str:
    if request.basic:
        return " with user and token"
    return " with a bearer token" if request.bearer else ""


def _advice(request: Request, answer: Answer) -> str:
    reason = answer.headers.get("x-seraph-loginreason", "").upper()
    if "AUTHENTICATION_DENIED" in reason or "CAPTCHA" in reason:
        return "The account has to pass a CAPTCHA: log in once in a browser."
    if answer.status == 403:
        return (
            "The account lacks a permission, its token a scope, or an IP allow-list is in the way: it has to be an "
            "agent of the service desk, with read:jira-work, write:jira-work, read:jira-user, "
            "read:servicedesk-request and write:servicedesk-request."
        )
    if request.basic:
        return (
            "Check user and token: the token must belong to this user, and not be expired or revoked. Leave user out "
            "for a personal access token of Jira Data Center, which is given alone."
        )
    if request.bearer:
        return "Check the token, or client-id and client-secret: expired, revoked, of another site, or without scopes."
    return "No credential is sent with this question: check site and headers, or set jira-type and cloud-id."
