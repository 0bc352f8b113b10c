"""Web addresses in payloads: percent-encoded, so that they stay inert, and within Jira's limit."""

from __future__ import annotations

import re
from urllib.parse import quote

LONGEST = 2000
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
# The last character's percent-encoding, which a cut may have left incomplete.
_HALF_CHARACTER = re.compile("(%[C-Fc-f][0-9A-Fa-f](%[89ABab][0-9A-Fa-f]){0,3})?(%[0-9A-Fa-f]?)?$")


def is_web(url: str) -> bool:
    """Whether this begins as an address that a browser opens."""
    return bool(_WEB.match(url))


def inert(url: str) -> str:
    """An address, cut at Jira's limit; what cannot stand in one is percent-encoded."""
    front, hash_, fragment = re.sub("%(?![0-9A-Fa-f]{2})", "%25", url).partition("#")
    encoded = quote(front + hash_ + fragment.replace("#", "%23"), safe="%/:=&?~#+!$,;'@()*[]", errors="replace")
    return encoded if len(encoded) <= LONGEST else _HALF_CHARACTER.sub("", encoded[:LONGEST])
