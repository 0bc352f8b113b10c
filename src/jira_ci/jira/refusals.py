"""What an unwelcome answer means: which class of error, in which words, with which advice."""

from __future__ import annotations

from urllib.parse import urlsplit

from jira_ci.errors import AccessError, JiraCiError, NetworkError, RejectedError
from jira_ci.jira.exchange import Answer, Request
from jira_ci.text import one_line

CREDENTIALS_PAGE = "the site's settings under Apps, OAuth credentials"


class TooLarge(RejectedError):
    """413: the same records have to be sent in smaller portions."""


def expect(request: Request, answer: Answer, status: int) -> None:
    """Does nothing when the answer has this status.

    Raises:
        JiraCiError: of the class that fits the answer, saying what was asked, of whom, what came back, what to mend.
    """
    if answer.status != status:
        raise refusal(request, answer)


def refusal(request: Request, answer: Answer) -> JiraCiError:
    """The error that an unwelcome answer means."""
    status, asked = answer.status, f"Asked {request.host} to {request.asks}"
    came = f"{asked}: it answered {status}{said(answer)}."
    if 300 <= status < 400:
        return _redirected(request, answer, asked)
    if status in (401, 403):
        return AccessError(came, _access_advice(request, status, answer))
    if status == 413:
        return TooLarge(came, "Report fewer environments at a time.")
    if status == 407:
        return NetworkError(came, "The proxy wants a login: check HTTPS_PROXY.")
    if status == 429 or status >= 500:
        return NetworkError(came, "Run the job again later." if status == 429 else "See https://status.atlassian.com.")
    if 400 <= status < 500:
        return RejectedError(came, _rejected_advice(request, status))
    return not_from_jira(request, answer)


def messages(answer: Answer) -> list[str]:
    """The sentences of an error body, in any of Atlassian's forms."""
    body = answer.json()
    if isinstance(body, list):  # builds and deployments: [{message, errorTraceId}]
        return [str(part["message"]) for part in body if isinstance(part, dict) and part.get("message")]
    if not isinstance(body, dict):
        return []
    found = body.get("errorMessages") if isinstance(body.get("errorMessages"), list) else []
    errors = body.get("errors")
    fields = [f"{name}: {text}" for name, text in errors.items()] if isinstance(errors, dict) else []
    named = [body[name] for name in ("errorMessage", "error_description", "message", "error") if body.get(name)]
    return [str(part) for part in [*(found or []), *fields, *named[:1]]]


def said(answer: Answer) -> str:
    """What the answer's error body says, behind a colon; empty when it says nothing."""
    sentences = "; ".join(messages(answer))
    return f": {one_line(sentences, 400)}" if sentences else ""


def not_from_jira(request: Request, answer: Answer, mend: str = "") -> NetworkError:
    """The error for an answer that has the right status and not the documented shape."""
    kind = one_line(answer.headers.get("content-type", "") or "no content type", 60)
    size = f"{len(answer.body)} bytes" if answer.body else "an empty body"
    return NetworkError(
        f"Asked {request.host} to {request.asks}: the answer ({answer.status}, {kind}, {size}) is not Jira's.",
        mend or "A proxy or login page may stand in between.",
    )


def _redirected(request: Request, answer: Answer, asked: str) -> NetworkError:
    target = urlsplit(answer.headers.get("location", ""))
    to = one_line(f"{target.scheme}://{target.hostname}" if target.hostname else "somewhere else", 200)
    if request.site and target.hostname and target.hostname != urlsplit(request.url).hostname:
        return NetworkError(
            f"{asked}: it answered {answer.status} and points to {to}; the site was probably renamed.",
            f"Set site to {one_line(target.hostname, 200)}, if that is yours.",
        )
    return NetworkError(
        f"{asked}: it answered {answer.status} and points to {to}; a redirect is not followed with credentials.",
        "Set site and api-url to the addresses that answer themselves.",
    )


def _access_advice(request: Request, status: int, answer: Answer) -> str:
    reason = answer.headers.get("x-seraph-loginreason", "")
    if "AUTHENTICATION_DENIED" in reason or "CAPTCHA" in reason.upper():
        return "The account has to pass a CAPTCHA: log in once in a browser."
    if request.site:
        return "A login page or IP allow-list guards the site: check headers, or set cloud-id so that it is not asked."
    if status == 401:
        return f"The access token was refused: check client-id, client-secret and cloud-id against {CREDENTIALS_PAGE}."
    return (
        f"The OAuth credential lacks a permission or belongs to another site: in {CREDENTIALS_PAGE} allow Builds and "
        "Deployments; check cloud-id, and the site's IP allow-list."
    )


def _rejected_advice(request: Request, status: int) -> str:
    if status == 404 and request.site:
        return "No Jira Cloud site answers there: check site."
    if status == 404:
        return "No such site: check cloud-id and api-url."
    return "Run with log-level: debug to see what was sent." if status == 400 else ""
