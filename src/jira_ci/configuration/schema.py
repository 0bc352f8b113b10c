"""The schema of ``.jira-ci.yml``: where it is, its defaults, and what in a document does not fit it.

The one JSON Schema is published for editors as ``jira-ci.schema.json``; a checkout has it at its root, an installed
package beside this module.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jira_ci.configuration.problems import Problem, explain

_FILE = "jira-ci.schema.json"
_ENOUGH = 50
_FOR_EDITORS = ("title", "description", "examples", "default", "$id", "$schema", "definitions")


@functools.cache
def schema() -> dict[str, Any]:
    """The whole schema, as published."""
    here = Path(__file__).resolve().parent
    try:  # not with open(): the package may be in a zip file
        content = __loader__.get_data(str(here.parent / _FILE))  # type: ignore[name-defined]
    except OSError:
        content = (here.parents[2] / _FILE).read_bytes()
    loaded: dict[str, Any] = json.loads(content)
    return loaded


def defaults(section: str) -> dict[str, Any]:
    """The defaults of a section's keys, such as ``change-control``; keys without one are left out."""
    keys = {key: _follow(value) for key, value in schema()["properties"][section]["properties"].items()}
    return {key: value["default"] for key, value in keys.items() if "default" in value}


def problems(document: Any) -> list[Problem]:
    """What in the document the schema does not allow, the first fifty of it; empty when it fits."""
    import fastjsonschema

    small = _compact(schema(), [document])
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
    if "enum" in node:
        small["noun"] = node.get("title", "")
    return small


def _follow(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref", "")
    found: dict[str, Any] = schema()["definitions"][reference.rpartition("/")[2]] if reference else node
    return found
