"""No answer at all: what each kind of transport failure means, and whether another try can help."""

from __future__ import annotations

import zlib

from jira_ci.deadline import Late
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.exchange import Request
from jira_ci.text import one_line


class Cut(Exception):
    """The answer ended before it was complete."""


def is_final(error: Exception) -> bool:
    """Whether the same call would fail the same way again."""
    import requests

    if isinstance(error, requests.RequestException):
        final = (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)
        return isinstance(error, final) or _is_tls(error) or _is_proxy_login(error)
    if isinstance(error, (ConnectionError, TimeoutError)):
        return False
    return isinstance(error, (Late, JiraCiError, OSError))


def explain(request: Request, error: Exception | None, attempts: int) -> NetworkError:
    """The error to show: what was asked of whom, what happened, how often it was tried, what to mend."""
    tries = f" (tried {attempts} times)" if attempts > 1 else ""
    happened, mend = _happened(error)
    return NetworkError(f"Asked {request.host} to {request.asks}: {happened}{tries}.", mend)


def _happened(error: Exception | None) -> tuple[str, str]:
    import requests
    from requests import exceptions

    if isinstance(error, Late):
        return "no complete answer before the deadline", "Raise timeout, or see https://status.atlassian.com."
    if isinstance(error, NetworkError):
        return error.message.rstrip("."), "A proxy may stand in between."
    if isinstance(error, exceptions.ProxyError):
        mend = "It wants a login: put it into" if _is_proxy_login(error) else "Check"
        return f"the proxy refused ({_reason(error)})", f"{mend} HTTPS_PROXY, or name the host in NO_PROXY."
    if isinstance(error, exceptions.SSLError) or (error is not None and _is_tls(error)):
        return (
            f"its certificate was not accepted ({_reason(error)})",
            "Where a company proxy re-signs TLS, give its authorities with ca-bundle.",
        )
    if isinstance(error, exceptions.Timeout):
        return "it did not answer in time", "Check the address, a firewall, HTTPS_PROXY."
    if isinstance(error, Cut):
        return "the answer was cut off", "A proxy may stand in between."
    if isinstance(error, zlib.error):
        return "the answer's compressed body is damaged", "A proxy may stand in between."
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return f"the request could not be made ({one_line(str(error), 300)})", "Check ca-bundle."
    return f"the connection failed ({_reason(error)})", "Check site and api-url, a firewall, HTTPS_PROXY."


def _is_proxy_login(error: Exception) -> bool:
    return "407" in str(error)


def _is_tls(error: Exception) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in str(error) or "SSLError" in str(error)


def _reason(error: Exception | None) -> str:
    """The innermost cause in its own words, which is all that helps in the tower of wrapped exceptions."""
    inner: BaseException | None = error
    while inner is not None:
        reason = getattr(inner, "reason", None)
        arguments = [part for part in getattr(inner, "args", ()) if isinstance(part, BaseException)]
        deeper = reason if isinstance(reason, BaseException) else (arguments[0] if arguments else None)
        if deeper is None or deeper is inner:
            break
        inner = deeper
    return one_line(str(inner).partition("object at 0x")[2].partition(": ")[2] or str(inner), 200)
