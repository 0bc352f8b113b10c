"""Whether a request may come from a page that is none of the sandbox's own: such requests are refused.

Anybody's page in the same browser can send requests to a port of this machine, and with DNS rebinding even under a
name of its own.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from jira_sandbox.exchange import Request

_NO_LOOPBACK = "The Host header names no loopback address."


def rebound(request: Request) -> str:
    """Why this request may have been led here under a name of somebody else's; empty when it was not."""
    return "" if _is_loopback(request.headers.get("host", "")) else _NO_LOOPBACK


def foreign(request: Request) -> str:
    """Why this request may come from a page that is none of the sandbox's own; empty when it does not."""
    if rebound(request):
        return _NO_LOOPBACK
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return "The request comes from another site."
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers["host"]:
        return f"The request comes from {origin[:100]}."
    return ""


def intruding(request: Request) -> str:
    """Why the site's APIs refuse this request whoever signed it; empty when they do not.

    The credentials of a sandbox are no secret, so they prove nothing. Programs name no origin; a browser names it
    whenever a page changes something.
    """
    return rebound(request) if request.method in ("GET", "HEAD", "OPTIONS") else foreign(request)


def _is_loopback(host: str) -> bool:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:]+)\]|([0-9.]+|localhost))(?::[0-9]{1,5})?", host, re.ASCII)
    if not match:
        return False
    try:
        return match[2] == "localhost" or ipaddress.ip_address(match[1] or match[2]).is_loopback
    except ValueError:
        return False
