"""What does not fit in ``.jira-ci.yml``, as sentences: the bad key, what was expected, the nearest valid word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jira_ci.errors import nearest
from jira_ci.frozen import dataclass
from jira_ci.text import one_line, without_login

Step = str | int
_KINDS = {
    "string": "text",
    "array": "a list of words",
    "object": "keys and values",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}
_SECRETS = ("token", "client-id", "client-secret", "user", "password", "headers", "github-token", "gitlab-token")


@dataclass(frozen=True)
class Problem:
    """One thing that is invalid: where, what, and how to put it right."""

    path: tuple[Step, ...]
    sentence: str
    hint: str = ""


def shown(value: Any) -> str:
    """A value of the file as a message may show it: short, harmless, without credentials of an address."""
    if isinstance(value, str):
        return f'"{one_line(without_login(value), 80)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "keys and values"


def dotted(path: tuple[Step, ...]) -> str:
    """``jira.projects[0]``"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{one_line(without_login(step), 80)}" for step in path)
    return text.removeprefix(".")


def explain(error: Any, document: Any) -> Iterator[Problem]:
    """The problems behind one of the library's errors (fastjsonschema.JsonSchemaValueException)."""
    path = _find(document, error.name, error.value)
    rule, value, wanted = error.rule, error.value, error.definition
    if rule == "additionalProperties":
        for key in value:
            if key not in wanted["known"]:
                yield _unknown_key((*path, key), key, wanted["known"])
    elif rule == "required":
        known = wanted.get("known", [*value])
        meant = {_nearest_key(other, known) for other in value if other not in known}
        for key in wanted["required"]:
            if key not in value and f"Did you mean {key}?" not in meant:
                because = (
                    "; it is required when enabled is true, unless gate-by is jira" if key == "service-desk" else ""
                )
                yield Problem(path, f"{dotted(path)} lacks {key}{because}.", "Add it.")
    elif rule == "propertyNames":
        yield from _names(path, value, wanted["propertyNames"])
    elif rule == "uniqueItems":
        first = {repr(item): at for at, item in reversed(list(enumerate(value)))}
        index = next(at for at, item in enumerate(value) if first[repr(item)] != at)
        yield Problem((*path, index), f"{dotted((*path, index))}: {shown(value[index])} is there twice.", "Remove one.")
    elif not (rule == "pattern" and value == "" and "minLength" in wanted):  # that it is empty is told already
        yield _misfit(path, rule, value, wanted)


def _names(path: tuple[Step, ...], value: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Problem]:
    for key in value:
        if not re.search(wanted["pattern"], key):
            yield Problem((*path, key), f"{dotted((*path, key))}: a name here is {wanted['patternErrorMessage']}.")


def _unknown_key(path: tuple[Step, ...], key: str, known: list[str]) -> Problem:
    if key in _SECRETS:
        variable = "JIRA_CI_" + key.upper().replace("-", "_")
        hint = f"Remove it and use a secret variable such as {variable}."
        return Problem(path, f"{dotted(path)}: credentials do not belong into this file.", hint)
    hint = _nearest_key(key, known) or f"Known here: {', '.join(known)}."
    return Problem(path, f"{dotted(path)} is not a known key.", hint)


def _nearest_key(key: str, known: list[str]) -> str:
    return nearest(key.lower().replace("_", "-"), known)


def _misfit(path: tuple[Step, ...], rule: str, value: Any, wanted: Mapping[str, Any]) -> Problem:
    at, is_site = dotted(path), path[-1:] == ("site",)
    if rule == "type":
        return Problem(path, f"{at}: {_not(value, wanted)}.", _hint_type(value, wanted))
    if rule == "enum":
        return Problem(path, f"{at}: {_not(value, wanted)}.", nearest(str(value).lower(), wanted["enum"]))
    if rule == "pattern" and is_site and "@" in value:
        return Problem(path, f"{at} holds a user name or password.", "Take it out; credentials are settings.")
    if rule == "pattern":
        hint = f"Did you mean {value}.atlassian.net?" if is_site and re.fullmatch("[A-Za-z0-9-]+", value) else ""
        return Problem(path, f"{at}: {shown(value)} is not {wanted['patternErrorMessage']}.", hint)
    limit = wanted.get(rule)
    sentence = {
        "minItems": "the list is empty",
        "minLength": "the text is empty",
        "minProperties": "nothing is set",
        "maxLength": f"the text is longer than {limit} characters",
        "minimum": f"{value} is below {limit}",
        "maximum": f"{value} is above {limit}",
    }.get(rule, f"{shown(value)} does not fit ({rule})")
    return Problem(path, f"{at}: {sentence}.")


def _not(value: Any, wanted: Mapping[str, Any]) -> str:
    types = wanted.get("type", [])
    types = [types] if isinstance(types, str) else types
    words = wanted.get("enum") or wanted.get("then", {}).get("enum", [])
    noun = wanted.get("noun", "") or wanted.get("then", {}).get("noun", "")
    kinds = [_KINDS[kind] for kind in types if not (kind == "string" and words)]
    if _lists_objects(wanted):
        kinds = ["a list, each entry of it keys and values"]
    expected = " or ".join(([f"one of {', '.join(words)}" if len(words) > 1 else words[0]] if words else []) + kinds)
    if noun and isinstance(value, str):
        return f"{shown(value)} is no {noun[:1].lower()}{noun[1:]}; expected {expected}"
    return f"{shown(value)} is there; expected {expected}"


def _lists_objects(wanted: Mapping[str, Any]) -> bool:
    """Whether it is a list of keys and values, as ``freeze`` is."""
    return wanted.get("type") == "array" and wanted.get("items", {}).get("type") == "object"


def _hint_type(value: Any, wanted: Mapping[str, Any]) -> str:
    types = wanted["type"]
    if "string" in types and isinstance(value, bool) and wanted.get("then", {}).get("enum") == ["off"]:
        return "Did you mean off?" if not value else ""
    if "string" in types and not {"enum", "then"} & {*wanted} and type(value) in (int, float):
        return "Put it in quotes."
    if types == "boolean" and str(value).lower() in ("yes", "on", "true", "1", "no", "off", "false", "0"):
        return f"Did you mean {str(str(value).lower() in ('yes', 'on', 'true', '1')).lower()}?"
    if types == "integer" and isinstance(value, str) and value.isdecimal():
        return "Write it without quotes."
    if _lists_objects(wanted):
        return "Put a hyphen in front of each entry." if isinstance(value, dict) else ""
    if types == "array" and isinstance(value, str) and re.fullmatch(r"[\w .-]{1,60}", value):
        return f"Write it as [{value}]."
    return ""


def _find(document: Any, name: str, value: Any) -> tuple[Step, ...]:
    """The path of an error: the library joins names with dots, which environment names may hold themselves."""
    found: list[tuple[tuple[Step, ...], Any]] = []
    waiting: list[tuple[str, tuple[Step, ...], Any]] = [("data", (), document)]
    while waiting:
        text, path, here = waiting.pop()
        if text == name:
            found.append((path, here))
        children: Any = enumerate(here) if isinstance(here, list) else here.items() if isinstance(here, dict) else ()
        for step, child in children:
            longer = f"{text}[{step}]" if isinstance(step, int) else f"{text}.{step}"
            if name.startswith(longer):
                waiting.append((longer, (*path, step), child))
    found.sort(key=lambda item: item[1] is not value)
    return found[0][0] if found else ()
