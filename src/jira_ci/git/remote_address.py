"""A remote's address: its host, its path, and where a person looks at it."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

# user@host:path, git's short form of an ssh address (https://git-scm.com/docs/git-clone#_git_urls). One letter before
# the colon is a Windows drive.
_SCP = re.compile(r"(?:[^@/\\]+@)?(?P<host>\[[^\]]+\]|[^:/\\@\[\]]{2,}):(?!//)(?P<path>.+)\Z")


def parts(address: str) -> tuple[str, str, str]:
    """Host (with an unusual port), path without ``.git``, and web address of a remote; credentials are left behind."""
    address = address.strip()
    if "://" not in address:
        short = _SCP.match(address)
        # "helper::address" names a program, not a host.
        if not short or short["path"].startswith(":"):
            return "", "", ""
        host, path = short["host"].lower(), _path(short["path"])
        return host, path, _web("https", host, path)
    try:
        found = urlsplit(address)
        host, port = (found.hostname or "").lower(), found.port
    except ValueError:
        return "", "", ""
    if found.scheme not in ("http", "https", "ssh", "git", "git+ssh", "ssh+git") or not host:
        return "", "", ""
    path = _path(unquote(found.path))
    if found.scheme not in ("http", "https"):
        # The port of an ssh address says nothing about the web.
        return host, path, _web("https", host, path)
    host = f"{host}:{port}" if port and port != {"http": 80, "https": 443}[found.scheme] else host
    return host, path, _web(found.scheme, host, path)


def _path(path: str) -> str:
    clean = re.sub(r"[\x00-\x1f\x7f]+", "", path).strip("/ ")
    return clean.removesuffix(".git").strip("/").removeprefix("~")


def _web(scheme: str, host: str, path: str) -> str:
    return f"{scheme}://{host}/{quote(path)}" if path else ""
