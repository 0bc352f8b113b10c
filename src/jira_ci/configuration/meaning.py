"""What the schema of ``.jira-ci.yml`` cannot say: values that fit one by one and cannot be meant together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jira_ci import credentials
from jira_ci.configuration.problems import Problem, Step, dotted, shown
from jira_ci.configuration.schema import defaults
from jira_ci.errors import nearest
from jira_ci.text import canonical, for_jira, one_line, without_login

Path = tuple[Step, ...]
_MOST_IDS, _LONGEST_ID = 500, 255  # of a service


def contradictions(document: Mapping[str, Any]) -> list[Problem]:
    """Everything that cannot be meant in a document that fits the schema; empty when all can."""
    return [*_logins(document)] or [
        *_same_rules(document),
        *_connections(document),
        *_services(document),
        *_control(document),
    ]


def control(document: Mapping[str, Any], override: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The change control in force: the defaults, over them the project's, over them one environment's."""
    return {**defaults("change-control"), **document.get("change-control", {}), **(override or {})}


def _logins(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Names that hold a password: they would stand in logs, in Jira, and in every other message about them."""
    for section in ("environments", "services"):
        for name in document.get(section, {}):
            if "//" in name and without_login(name) != name:
                path = (section, name)
                yield Problem(path, f"{dotted(path)} holds a user name or password.", "Take it out of the name.")


def _same_rules(document: Mapping[str, Any]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name in document.get("environments", {}):
        other = first.setdefault(canonical(name), name)
        if other != name:
            path = ("environments", name)
            sentence = f"{dotted(path)} and {one_line(other, 80)} are the same name in any case."
            yield Problem(path, sentence, "Keep one of them.")


def _connections(document: Mapping[str, Any]) -> Iterator[Problem]:
    for name, found in document.get("connections", {}).items():
        if variable := credentials.taken(found["credentials"]):
            place: Path = ("connections", name, "credentials")
            sentence = f"{dotted(place)}: {shown(found['credentials'])} would lead to {variable}, which is not its own."
            yield Problem(place, sentence, f"Take another word, such as {_own_word(name)}, and rename its variables.")
    known = ["default", *document.get("connections", {})]
    named: list[tuple[Path, str]] = [
        (("report-to", index), name) for index, name in enumerate(document.get("report-to", []))
    ]
    connection = document.get("change-control", {}).get("connection", "default")
    for path, name in [*named, (("change-control", "connection"), connection)]:
        if name not in known:
            hint = nearest(name, known) or f"Known: {', '.join(known)}."
            yield Problem(path, f"{dotted(path)}: {shown(name)} is none of the connections.", hint)


def _own_word(name: str) -> str:
    """A word made of the connection's name, for a hint: letters, digits, ``-`` and ``_`` are all that one has."""
    return f"JIRA_{name.upper().replace('-', '_')}"


def _services(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What Jira would refuse in a deployment, and the deployment with it."""
    for name, service in document.get("services", {}).items():
        path: Path = ("services", name, "ids")
        if len(service["ids"]) > _MOST_IDS:
            sentence = f"{dotted(path)} has {len(service['ids'])}; Jira takes {_MOST_IDS} in one deployment."
            yield Problem(path, sentence, "Make several services of it.")
        for index, one in enumerate(service["ids"]):
            if for_jira(one, _LONGEST_ID) != one:
                sentence = f"{dotted((*path, index))} holds characters that Jira refuses, or more than {_LONGEST_ID}."
                yield Problem((*path, index), sentence, "Copy the service's id from Jira.")


def _control(document: Mapping[str, Any]) -> Iterator[Problem]:
    if "change-control" in document:
        yield from _impossible(("change-control",), document["change-control"], control(document))
    for name, rule in document.get("environments", {}).items():
        override = rule.get("change-control") if isinstance(rule, dict) else None
        if override:
            path = ("environments", name, "change-control")
            yield from _impossible(path, override, control(document, override))


def _impossible(at: Path, own: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Problem]:
    """Contradictions in a section, told at what the section itself says."""
    waiting = {canonical(status): status for status in whole["wait-statuses"]}
    both = [status for status in whole["proceed-statuses"] if canonical(status) in waiting]
    if both and ("proceed-statuses" in own or "wait-statuses" in own):
        path = (*at, "proceed-statuses" if "proceed-statuses" in own else "wait-statuses")
        default = "" if "wait-statuses" in own else ", also those it has by default"
        sentence = f"{dotted(path)}: {shown(both[0])} is in proceed-statuses and in wait-statuses{default}."
        yield Problem(path, sentence, "Take it out of one; write both lists.")
    if whole["window"] == "off" and whole["window-required"] and ("window" in own or "window-required" in own):
        path = (*at, "window" if "window" in own else "window-required")
        yield Problem(path, f"{dotted(path)}: window is off and window-required is true.", "Change one of them.")
    if isinstance(own.get("minimum-approvals"), float):
        path = (*at, "minimum-approvals")
        yield Problem(path, f"{dotted(path)}: {own['minimum-approvals']} is no whole number.", "Write it as digits.")
