"""The credentials of the connections that ``.jira-ci.yml`` names: variables that have the connection's word in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from jira_ci.frozen import replace
from jira_ci.settings import Setting, Settings, is_taken, parse

_HEADERS = Setting("list", "jira", "", secret=True, name="headers")
_NAMES = ("user", "token", "client-id", "client-secret", "headers")
# Other prefixes under which settings are read: nobody should have to wonder whose variable it is.
_PREFIXES = ("PLUGIN",)
_SECRET = re.compile(r"JIRA_CI_[A-Z0-9_]+_(TOKEN|CLIENT_SECRET|HEADERS)")


def of_connection(settings: Settings, environ: Mapping[str, str], word: str) -> Settings:
    """The settings with what the variables with this word in their names hold, and with no other credential.

    Args:
        word: ``EMEA`` means ``JIRA_CI_EMEA_TOKEN`` and so on.
    """

    def value(name: str) -> str:
        return environ.get(variable(name, word), "").strip()

    headers = value("headers")
    return replace(
        settings,
        user=value("user"),
        token=value("token"),
        client_id=value("client-id"),
        client_secret=value("client-secret"),
        headers=parse(_HEADERS, headers, variable("headers", word)) if headers else (),
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
