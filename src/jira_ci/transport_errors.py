"""No answer at all: what each kind of transport failure means, and whether another try can help."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.exchange import Request
from jira_ci.text import one_line
from jira_ci.timing import Late

# What urllib3 says when a proxy does not open the tunnel to an https address.
_TUNNEL = r"Tunnel connection failed: ([0-9]{3})"
_NOISE = r"^\[SSL: \w+\] | \(_ssl\.c:[0-9]+\)$"
_USER_INFO = r"[^\s/'\"@]+@"


_IN_BETWEEN = "A proxy may stand in between, or Jira has trouble: run the job again."


class Cut(Exception):
    """The answer ended before it was complete."""


def is_final(error: Exception) -> bool:
    """Whether the same call would fail the same way again."""
    from requests import RequestException

    if isinstance(error, (Late, JiraCiError)):
        return True
    if _certificate(error) or _tls(error) or _tunnel(error).startswith("4"):
        return True
    if isinstance(error, ValueError):  # an address, a header or a proxy that is invalid
        return True
    # What requests itself complains about: a file of authorities that is not there.
    return isinstance(error, OSError) and not isinstance(error, (RequestException, ConnectionError, TimeoutError))


def explain(request: Request, error: Exception | None, attempts: int) -> NetworkError:
    """The error to show: what was asked of whom, what happened, how often it was tried, what to change."""
    tries = f" (tried {attempts} times)" if attempts > 1 else ""
    happened, hint = _happened(error) if error is not None else ("nothing came back", "")
    return NetworkError(f"Asked {request.host} to {request.asks}: {happened}{tries}.", hint)


def happened(error: Exception) -> str:
    """What happened to a request to any host, and what to change about its certificate or a proxy, for one sentence."""
    told, hint = _happened(error)
    return f"{told}. {hint.rstrip('.')}" if _certificate(error) or _tls(error) or _tunnel(error) else told


def _happened(error: Exception) -> tuple[str, str]:
    from requests import exceptions

    if isinstance(error, Late):
        return "no complete answer came before the deadline", (
            "Raise timeout, or check the address, a firewall and HTTPS_PROXY; Atlassian's own troubles are on "
            "https://status.atlassian.com."
        )
    if isinstance(error, NetworkError):
        return error.message.rstrip("."), "A proxy or another server may stand in between: check the address."
    if isinstance(error, exceptions.ProxyError):
        return _proxy(error)
    certificate, tls = _certificate(error), _tls(error)
    if certificate and "not valid for" in certificate:
        return (
            f"its TLS certificate is another host's ({certificate})",
            "Check the address: ca-bundle, which trusts another authority, does not help here.",
        )
    if certificate:
        return (
            f"its TLS certificate is not trusted ({certificate})",
            "Where a company proxy re-signs TLS, or the server has a certificate of its own, name a PEM file with its "
            "authority in ca-bundle.",
        )
    if tls:
        return f"no TLS connection came about ({tls})", (
            "Check that the address and port speak https, and that ca-bundle (or REQUESTS_CA_BUNDLE) is a PEM file."
        )
    if isinstance(error, Cut):
        return str(error), _IN_BETWEEN
    return _connection(error)


def _connection(error: Exception) -> tuple[str, str]:
    from http.client import BadStatusLine, IncompleteRead

    from requests import RequestException

    inner = _innermost(error)
    if isinstance(inner, IncompleteRead):
        return "the answer was cut off", _IN_BETWEEN
    if isinstance(inner, BadStatusLine) and not isinstance(inner, ConnectionError):
        return (
            f"what it answered is not HTTP ({_reason(error)!r})",
            "Check that the address and port are those of Jira.",
        )
    if any(isinstance(part, TimeoutError) for part in _chain(error)) or "timed out" in _reason(error):
        return "it did not answer in time", "Check the address, a firewall and HTTPS_PROXY."
    if isinstance(error, ValueError):
        return f"the request could not be made ({_reason(error)})", "Check site, api-url, headers and HTTPS_PROXY."
    if isinstance(error, OSError) and not isinstance(error, (RequestException, ConnectionError)):
        return f"the request could not be made ({_reason(error)})", "Check ca-bundle and REQUESTS_CA_BUNDLE."
    return f"the connection failed ({_reason(error)})", "Check site and api-url, a firewall and HTTPS_PROXY."


def _proxy(error: Exception) -> tuple[str, str]:
    status = _tunnel(error)
    if status == "407":
        return "the proxy wants a login (407)", "Put user and password into HTTPS_PROXY, or name the host in NO_PROXY."
    if status:
        hint = "Let the proxy allow this host" if status.startswith("4") else "Repair the proxy"
        return f"the proxy refused the connection ({_reason(error)})", f"{hint}, or name the host in NO_PROXY."
    return f"the proxy could not be reached ({_reason(error)})", "Check HTTPS_PROXY, or name the host in NO_PROXY."


def _tunnel(error: Exception) -> str:
    """The status with which a proxy refused the tunnel; empty when that is not what happened."""
    found = re.search(_TUNNEL, str(_innermost(error)))
    return found[1] if found else ""


def _certificate(error: Exception) -> str:
    """Why the certificate was not accepted; empty when that is not what happened."""
    import ssl

    for part in _chain(error):
        if isinstance(part, ssl.SSLCertVerificationError):
            return one_line(str(getattr(part, "verify_message", "") or part).rstrip(". "), 200)
    return ""


def _tls(error: Exception) -> str:
    """Why there is no TLS connection and never will be; empty when that is not what happened."""
    import ssl

    inner = _innermost(error)
    # The connection broke during or after the handshake: nobody refused anything, so another try may help.
    broken = isinstance(inner, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError))
    return _reason(error) if isinstance(inner, ssl.SSLError) and not broken else ""


def _reason(error: Exception) -> str:
    """The innermost cause in its own words, which is all that helps in the tower of wrapped exceptions."""
    inner = _innermost(error)
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    text = re.sub(_NOISE, "", re.sub(_USER_INFO, "***@", text))  # a proxy's address may hold a password
    return one_line(text.rstrip(". ") or type(inner).__name__, 200)


def _innermost(error: BaseException) -> BaseException:
    return list(_chain(error))[-1]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made of, in the three ways in which urllib3 and requests wrap each other's."""
    seen: list[BaseException] = []
    inner: BaseException | None = error
    while inner is not None and inner not in seen:
        yield inner
        seen.append(inner)
        parts = [getattr(inner, "reason", None), *inner.args, inner.__cause__]
        inner = next((part for part in parts if isinstance(part, BaseException)), None)
