"""The credentials of the connections that ``.jira-ci.yml`` names: variables that have the connection's word in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jira_ci.settings import Setting, is_taken, parse

_HEADERS = Setting("list", "jira", "", secret=True, name="headers")
_NAMES = ("user", "token", "client-id", "client-secret", "headers")
# Other prefixes under which settings are read: nobody should have to wonder whose variable it is.
_PREFIXES = ("PLUGIN",)
_SECRET = re.compile(r"JIRA_CI_[A-Z0-9_]+_(TOKEN|CLIENT_SECRET|HEADERS)")


@dataclass(frozen=True)
class Credentials:
    """What one connection has; what nobody set is empty."""

    user: str = ""
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)
    """Lines such as ``Name: value``."""


def of_connection(environ: Mapping[str, str], word: str) -> Credentials:
    """What the variables with this word in their names hold; those of other connections, and of none, do not count.

    Args:
        word: ``EMEA`` means ``JIRA_CI_EMEA_TOKEN`` and so on.
    """

    def value(name: str) -> str:
        return environ.get(variable(name, word), "").strip()

    headers = value("headers")
    return Credentials(
        value("user"),
        value("token"),
        value("client-id"),
        value("client-secret"),
        parse(_HEADERS, headers, variable("headers", word)) if headers else (),
    )


def variable(name: str, word: str = "") -> str:
    """The variable of a setting, or of a connection's: ``JIRA_CI_EMEA_CLIENT_ID``."""
    return "JIRA_CI_" + (f"{word}_" if word else "") + name.upper().replace("-", "_")


def taken(word: str) -> str:
    """The first of a word's variables that is not the connection's own, because it means something else already: the
    CI's token, an input, an output, another setting. Empty for a word that may be used."""
    variables = [variable(name, word) for name in _NAMES]
    if word.partition("_")[0] in _PREFIXES:
        return variables[0]
    return next(filter(is_taken, variables), "")


def secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """Every secret that a connection may have, for masking, whether or not this run needs it."""
    for name, text in environ.items():
        if not (text and _SECRET.fullmatch(name)):
            continue
        if name.endswith("_HEADERS"):
            yield from (line.partition(":")[2].strip() or line for line in text.splitlines())
        else:
            yield text
