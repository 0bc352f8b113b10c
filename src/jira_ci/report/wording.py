"""The texts of a record: templates with the run's values in single braces, and what they come out as.

``{{`` and ``}}`` are braces. A value is what it is: nothing in it is filled in again, and in an address it is
percent-encoded and stands behind the host, so that it never decides where a link leads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jira_ci.errors import UsageError, nearest
from jira_ci.run import Run
from jira_ci.settings import Settings
from jira_ci.text import one_line

_WORDS = (
    "project version environment environment-type tenant service state branch tag commit short-commit number attempt "
    "run-id job actor repository pull-request workflow provider"
)
WORDS = tuple(_WORDS.split())
_TEXTS = ("url", "description", "label")
# An expression that GitHub did not evaluate (a bound, so that no text takes quadratic time), a brace, a word.
_PART = re.compile(r"(?P<expression>\$\{\{(?:[^}]|\}(?!\})){0,300}\}\})|\{\{|\}\}|\{(?P<word>[A-Za-z][A-Za-z0-9_-]*)\}")
_ADDRESS = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x20\"<>\\^`{|}@:\[\]%]+)(:[0-9]{0,5})?")
_WITH_SLASHES = ("repository", "branch", "tag")
_LONGEST_VALUE = 255  # characters of one value in an address


@dataclass(frozen=True)
class Wording:
    """Templates that can be filled."""

    url: str = ""
    description: str = ""
    label: str = ""

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """``url``, ``description`` and ``label``; empty where there is no template, or nothing came out of it.

        Args:
            values: see :func:`of_run`; a word without one is empty.
        """
        return {name: _filled(getattr(self, name), values, _RULES.get(name, _as_it_is)).strip() for name in _TEXTS}

    def changing(self, word: str) -> Wording:
        """Only the templates that hold this word."""
        return Wording(**{name: text for name in _TEXTS if word in _words(text := getattr(self, name))})


def read(settings: Settings) -> Wording:
    """The templates of the settings.

    Raises:
        UsageError: one holds a word that nobody knows, or ``url`` is no web address, or leaves its host to a value.
    """
    for name in _TEXTS:
        for word in _words(getattr(settings, name)):
            if word not in WORDS:
                raise _unknown(name, settings.origins[name], word)
    if settings.url:
        _check_address(settings.url, settings.origins["url"])
    return Wording(settings.url, settings.description, settings.label)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """A value of the policy, whose texts may hold words too, wherever they stand in it.

    Raises:
        KeyError: one holds a word that has no meaning there.
    """
    if isinstance(value, str):
        missing = next((word for word in _words(value) if word not in values), None)
        if missing is not None:
            raise KeyError(missing)
        return _filled(value, values, _as_it_is)
    if isinstance(value, Mapping):
        return {name: filled(part, values) for name, part in value.items()}
    return [filled(part, values) for part in value] if isinstance(value, (list, tuple)) else value


def unevaluated(wording: Wording) -> Iterator[str]:
    """A sentence for each template with an expression that GitHub did not evaluate; it is sent as it stands."""
    for name in _TEXTS:
        found = next((part for part in _PART.finditer(getattr(wording, name)) if part["expression"]), None)
        if found:
            shown = one_line(found["expression"], 80)
            yield f"{name} holds {shown}, which nobody evaluated: only a workflow file's expressions are."


def of_run(run: Run, *, project: str, version: str, state: str) -> dict[str, str]:
    """What the words mean in this run, but for those of one record: ``environment``, ``tenant``, ``service``.

    Args:
        project: its name.
        state: Jira's word.
    """
    return {
        "project": project,
        "version": version,
        "state": state,
        "branch": run.branch,
        "tag": run.tag,
        "commit": run.commit,
        "short-commit": run.commit[:7],
        "number": str(run.number),
        "attempt": str(run.attempt),
        "run-id": run.run_id,
        "job": run.job,
        "actor": run.actor,
        "repository": run.repository,
        "pull-request": str(run.pull_request.number) if run.pull_request else "",
        "workflow": run.workflow_name,
        "provider": run.provider,
    }


def _filled(template: str, values: Mapping[str, str], rule: Callable[[str, str], str]) -> str:
    def part(match: re.Match[str]) -> str:
        if match["word"]:
            return rule(match["word"], values.get(match["word"], ""))
        return match["expression"] or match[0][0]

    return _PART.sub(part, template)


def _as_it_is(word: str, value: str) -> str:
    del word
    return value


def _in_address(word: str, value: str) -> str:
    """A value that leads nowhere but down: its slashes are kept where such a name usually has some."""
    parts = value.split("/")
    if value in (".", ".."):  # no encoding keeps a browser from going up
        return ""
    down = word in _WITH_SLASHES and all(part.strip(".") for part in parts)
    return quote(value[:_LONGEST_VALUE], safe="/" if down else "", errors="replace")


_RULES = {"url": _in_address}


def _words(template: str) -> list[str]:
    return [part["word"] for part in _PART.finditer(template) if part["word"]]


def _unknown(name: str, origin: str, word: str) -> UsageError:
    near = nearest(word.lower().replace("_", "-")[:80], WORDS)
    return UsageError(
        f"{name} ({origin}) holds {{{one_line(word, 80)}}}, which stands for nothing.",
        f"{near or 'Known: ' + ', '.join(WORDS) + '.'} A brace itself is written twice, as {{{{ or }}}}.",
    )


def _check_address(template: str, origin: str) -> None:
    match = _ADDRESS.match(template)
    if not match or not match[1]:
        raise UsageError(
            f"url ({origin}) is {one_line(template, 200)!r}, which is no web address.", "Write it with https://."
        )
    if _words(match[1]):
        raise UsageError(
            f"url ({origin}) leaves its host to {{{_words(match[1])[0]}}}.",
            "Write the host out; words may stand behind it, as in https://ci.example/{run-id}.",
        )
    if "@" in match[1]:
        raise UsageError(f"url ({origin}) holds a user name or password.", "Take it out: everybody in Jira sees it.")
    if not _HOST.fullmatch(match[1]):
        raise UsageError(
            f"url ({origin}) is {one_line(template, 200)!r}, whose host cannot be one.", "Write it with https://."
        )
