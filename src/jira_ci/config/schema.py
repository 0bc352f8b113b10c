"""The schema of ``.jira-ci.yml``: where it is, its defaults, and what in a document does not fit it.

The one JSON Schema is published for editors as ``jira-ci.schema.json``; a checkout has it at its root, an installed
package beside this module.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jira_ci import credentials
from jira_ci.config.problems import Problem, Step, dotted, explain, shown
from jira_ci.errors import nearest
from jira_ci.run_words import OF_CHANGE, WORDS, words_in
from jira_ci.text import canonical, for_jira, one_line, without_login

_FILE, _RECORD = "jira-ci.schema.json", "jira-ci-record.schema.json"
PUBLISHED = {"config": _FILE, "record": _RECORD, "evidence": "jira-ci-evidence.schema.json"}
"""The schemas: of the configuration, of a gate's record, and of the JSON that ``evidence`` prints."""
_ENOUGH = 50
_FOR_EDITORS = ("title", "description", "examples", "default", "$id", "$schema", "definitions")


@functools.cache
def schema() -> dict[str, Any]:
    """The whole schema, as published."""
    return _published(_FILE)


def published(what: str) -> dict[str, Any]:
    """One of :data:`PUBLISHED`."""
    return _published(PUBLISHED[what])


def record_problem(document: Any) -> str:
    """Why a document is no record of the gate's, by the schema that is published for them; empty when it is one."""
    import fastjsonschema

    check = fastjsonschema.compile(_published(_RECORD), use_default=False, use_formats=False)
    try:
        check(document)
    except fastjsonschema.JsonSchemaValueException as error:
        return one_line(str(error.message).replace("data.", "", 1), 300)
    return ""


def _published(name: str) -> dict[str, Any]:
    here = Path(__file__).resolve().parent
    try:  # not with open(): the package may be in a zip file
        content = __loader__.get_data(str(here.parent / name))  # type: ignore[name-defined]
    except OSError:
        content = (here.parents[2] / name).read_bytes()
    loaded: dict[str, Any] = json.loads(content)
    return loaded


def defaults(section: str) -> dict[str, Any]:
    """The defaults of a section's keys, such as ``change-control``; keys without one are left out."""
    keys = {key: _follow(value) for key, value in schema()["properties"][section]["properties"].items()}
    return {key: value["default"] for key, value in keys.items() if "default" in value}


def problems(document: Any, *, partial: bool = False) -> list[Problem]:
    """What in the document the schema does not allow, the first fifty of it; empty when it fits.

    Args:
        partial: whether other files may say what change control requires.
    """
    import fastjsonschema

    small = _compact(schema(), [document])
    control = small["properties"].get("change-control", {})
    for key in ("if", "then") if partial else ():
        control.pop(key, None)
    try:  # most files are right, and a check that only says yes or no is made in half of the time
        fastjsonschema.compile(small, use_default=False, use_formats=False, detailed_exceptions=False)(document)
    except fastjsonschema.JsonSchemaValueException:
        pass
    else:
        return []
    check = fastjsonschema.compile(small, use_default=False, use_formats=False, fast_fail=False)
    try:
        check(document)
    except fastjsonschema.JsonSchemaValuesException as error:
        return list(dict.fromkeys(problem for one in error.errors[:_ENOUGH] for problem in explain(one, document)))
    return []


def _compact(node: Any, values: Sequence[Any]) -> Any:
    """The part of the schema that these values at this place can meet.

    The library turns a schema into Python code, which for all of it costs 25 ms in every run and for the part that a
    usual file meets 2 to 6 ms. ``known`` and ``noun`` keep for the messages what is left out.
    """
    if not isinstance(node, dict):
        return node
    node = _follow(node)
    small = {key: value for key, value in node.items() if key not in _FOR_EDITORS}
    for key in ("if", "then", "else"):
        if key in node:
            small[key] = _compact(node[key], values)
    if "items" in node:
        small["items"] = _compact(node["items"], [one for value in values if isinstance(value, list) for one in value])
    objects = [value for value in values if isinstance(value, dict)]
    own = node.get("properties", {})
    if own:
        small["known"] = list(own)
        small["properties"] = {
            key: _compact(child, [value[key] for value in objects if key in value])
            for key, child in own.items()
            if key in node.get("required", ()) or any(key in value for value in objects)
        }
    if node.get("additionalProperties"):
        others = [child for value in objects for key, child in value.items() if key not in own]
        small["additionalProperties"] = _compact(node["additionalProperties"], others)
    if "items" in node:
        small["items"] = _compact(node["items"], [one for value in values if isinstance(value, list) for one in value])
    if "const" in node:  # the library does not know it where nothing is said in detail
        small["enum"] = [small.pop("const")]
    if "enum" in node:
        small["noun"] = node.get("title", "")
    return small


def _follow(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref", "")
    found: dict[str, Any] = schema()["definitions"][reference.rpartition("/")[2]] if reference else node
    return found


KeyPath = tuple[Step, ...]
_MOST_IDS, _LONGEST_ID = 500, 255  # of a service


def contradictions(document: Mapping[str, Any]) -> list[Problem]:
    """Everything invalid in a document that fits the schema; empty when nothing is."""
    return [*_logins(document)] or [
        *_same_rules(document),
        *_connections(document),
        *_services(document),
        *_control(document),
        *_after(document),
    ]


def control(document: Mapping[str, Any], override: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The change control in force: the defaults, over them the project's, over them one environment's."""
    return {**defaults("change-control"), **document.get("change-control", {}), **(override or {})}


def _logins(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Names that hold a password: they would stand in logs, in Jira, and in every other message about them."""
    for section in ("environments", "tenants", "services"):
        for name in document.get(section, {}):
            if "//" in name and without_login(name) != name:
                path = (section, name)
                yield Problem(path, f"{dotted(path)} holds a user name or password.", "Take it out of the name.")


def _same_rules(document: Mapping[str, Any]) -> Iterator[Problem]:
    for section in ("environments", "tenants"):
        first: dict[str, str] = {}
        for name in document.get(section, {}):
            other = first.setdefault(canonical(name), name)
            if other != name:
                path = (section, name)
                sentence = f"{dotted(path)} and {one_line(other, 80)} are the same name in any case."
                yield Problem(path, sentence, "Keep one of them.")


def _connections(document: Mapping[str, Any]) -> Iterator[Problem]:
    for name, found in document.get("connections", {}).items():
        if variable := credentials.taken(found["credentials"]):
            place: KeyPath = ("connections", name, "credentials")
            sentence = f"{dotted(place)}: {shown(found['credentials'])} would lead to {variable}, which is not its own."
            yield Problem(place, sentence, f"Take another word, such as {_own_word(name)}, and rename its variables.")
    known = ["default", *document.get("connections", {})]
    named: list[tuple[KeyPath, str]] = [
        (("report-to", index), name) for index, name in enumerate(document.get("report-to", []))
    ]
    connection = document.get("change-control", {}).get("connection", "default")
    named.append((("change-control", "connection"), connection))
    named += [(("after", key, "connection"), rule.get("connection", "default")) for key, rule in _rules_after(document)]
    for path, name in named:
        if name not in known:
            hint = nearest(name, known) or f"Known: {', '.join(known)}."
            yield Problem(path, f"{dotted(path)}: {shown(name)} is none of the connections.", hint)


def _rules_after(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list(document.get("after", {}).items())


def _after(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What can follow no deployment."""
    for name, rule in _rules_after(document):
        at: KeyPath = ("after", name)
        if not any(key in rule for key in ("fix-version", "transition", "notes")):
            sentence = f"{dotted(at)} says no fix-version, no transition and no notes, so that nothing follows."
            yield Problem(at, sentence, "Say one of them, or take it out.")
        for key in ("release-version", "description"):
            if rule.get(key) and "fix-version" not in rule:
                yield Problem(
                    (*at, key), f"{dotted((*at, key))} is there, and fix-version is not.", "Name the version."
                )
        if rule.get("create-release") and "notes" not in rule:
            sentence = f"{dotted((*at, 'create-release'))} is there, and notes is not."
            yield Problem((*at, "create-release"), sentence, 'Say what stands in it, such as notes: "{notes}".')
        yield from _template((*at, "fix-version"), rule.get("fix-version", ""), WORDS)
        for key in ("description", "notes"):
            yield from _template((*at, key), rule.get(key, ""), (*WORDS, "notes"))
        word = rule.get("credentials", "")
        if word and (variable := credentials.taken(word)):
            place = (*at, "credentials")
            sentence = f"{dotted(place)}: {shown(word)} would lead to {variable}, which is not its own."
            yield Problem(place, sentence, "Take another word, such as RELEASE, and rename its variables.")


def _template(at: KeyPath, template: str, known: Sequence[str]) -> Iterator[Problem]:
    for word in words_in(template):
        if word not in known:
            hint = nearest(word.lower().replace("_", "-"), known) or f"Known: {', '.join(known)}."
            yield Problem(at, f"{dotted(at)} holds {{{one_line(word, 80)}}}, which stands for nothing.", hint)


def _own_word(name: str) -> str:
    """A word made of the connection's name, for a hint: letters, digits, ``-`` and ``_`` are all that one has."""
    return f"JIRA_{name.upper().replace('-', '_')}"


def _services(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What Jira would refuse in a deployment, and the deployment with it."""
    for name, service in document.get("services", {}).items():
        path: KeyPath = ("services", name, "ids")
        if len(service["ids"]) > _MOST_IDS:
            sentence = f"{dotted(path)} has {len(service['ids'])}; Jira takes {_MOST_IDS} in one deployment."
            yield Problem(path, sentence, "Make several services of it.")
        for index, one in enumerate(service["ids"]):
            if for_jira(one, _LONGEST_ID) != one:
                sentence = f"{dotted((*path, index))} holds characters that Jira refuses, or more than {_LONGEST_ID}."
                yield Problem((*path, index), sentence, "Copy the service's id from Jira.")


def _control(document: Mapping[str, Any]) -> Iterator[Problem]:
    if "change-control" in document:
        yield from _freezes(document["change-control"])
        yield from _impossible(("change-control",), document["change-control"], control(document))
    rules = [(section, one) for section in ("environments", "tenants") for one in document.get(section, {}).items()]
    for section, (name, rule) in rules:
        override = rule.get("change-control") if isinstance(rule, dict) else None
        if override:
            path = (section, name, "change-control")
            yield from _impossible(path, override, control(document, override))


def _freezes(section: Mapping[str, Any]) -> Iterator[Problem]:
    for index, entry in enumerate(section.get("freeze", ())):
        from jira_ci.config.freezes import InvalidFreeze, read

        try:
            read(entry)
        except InvalidFreeze as error:
            at: KeyPath = ("change-control", "freeze", index, *([error.key] if error.key else []))
            yield Problem(at, f"{dotted(at)}: {error.problem}.", error.hint)


def _unknown_words(path: KeyPath, template: str) -> Iterator[Problem]:
    for word in dict.fromkeys(words_in(template)):
        if word not in OF_CHANGE:
            hint = nearest(word.lower().replace("_", "-"), OF_CHANGE) or f"Known: {', '.join(OF_CHANGE)}."
            sentence = f"{dotted(path)} holds {{{one_line(word, 80)}}}, which stands for nothing there."
            yield Problem(path, sentence, f"{hint} A brace itself is written twice, as {{{{ or }}}}.")


def _impossible(at: KeyPath, own: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Problem]:
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
    yield from _unknown_words((*at, "description"), own.get("description", ""))
    if isinstance(own.get("minimum-approvals"), float):
        path = (*at, "minimum-approvals")
        yield Problem(path, f"{dotted(path)}: {own['minimum-approvals']} is no whole number.", "Write it as digits.")
