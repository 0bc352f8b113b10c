"""Unwelcome answers in a conversation about changes: which error each is, and what to do about it."""

from __future__ import annotations

from jira_ci.errors import AccessError, JiraCiError, NetworkError, RejectedError
from jira_ci.jira.exchange import Answer, Request
from jira_ci.jira.refusals import not_from_jira, phrase, redirect, said
from jira_ci.jira.shapes import WrongShape
from jira_ci.text import one_line


class Redirected(NetworkError):
    """Another address was named, and is not followed with credentials."""


class NotFound(NetworkError):
    """404: it is not there, or not for this account."""


class Refused(RejectedError):
    """Jira understood the question and will not do it (400, 409, 410, 413...)."""


def unwelcome(request: Request, answer: Answer) -> JiraCiError:
    """The error that an answer with an unexpected status means."""
    status = answer.status
    came = f"Asked {request.host} to {request.asks}{_credential(request)}: it answered {phrase(answer)}{said(answer)}."
    if 300 <= status < 400:
        return _redirected(request, answer)
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


def _redirected(request: Request, answer: Answer) -> Redirected:
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
