"""Values of ``fields`` in the policy, as the service desk wants them for each kind of field.

https://docs.atlassian.com/jira-servicedesk/REST/latest/#fieldformats
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timezone
from typing import Any

from jira_ci.errors import nearest
from jira_ci.gate.window import moment
from jira_ci.jira.desk_answers import Field
from jira_ci.text import canonical, one_line

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")

_Kinds = Mapping[str, Callable[[Field, Any], Any]]


class Unfit(Exception):
    """The policy's fields do not fit the request type; the message is a sentence without its full stop."""


def field_values(given: Mapping[str, Any], known: Sequence[Field], *, cloud: bool = True) -> dict[str, Any]:
    """The policy's values by field id.

    Args:
        given: field names or ids, and values as people write them.
        known: the request type's fields.
        cloud: whether people are known by their account ids; on Data Center by their user names.

    Raises:
        Unfit: there is no such field, several of that name, or it does not take that value.
    """
    values: dict[str, Any] = {}
    for name, value in given.items():
        field = _find(name, known)
        if field.id in ("summary", "description") or field.id in values:
            raise Unfit(f"the field {one_line(name, 60)!r} is set already: take it out of fields")
        values[field.id] = _value(field, value, _CLOUD if cloud else _DATA_CENTER)
    return values


def _find(name: str, known: Sequence[Field]) -> Field:
    found = [field for field in known if field.id == name]
    found = found or [field for field in known if canonical(field.name) == canonical(name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = " and ".join(field.id for field in found)
        raise Unfit(f"it has several fields of the name {one_line(name, 60)!r}: give one by its id, {ids}")
    hint = nearest(name, [field.name for field in known])
    raise Unfit(f"it has no field {one_line(name, 60)!r}. {one_line(hint, 100)}".rstrip(" ."))


def _value(field: Field, value: Any, kinds: _Kinds) -> Any:
    if isinstance(value, dict):  # whoever writes Jira's own form knows what it is
        return value
    if field.type == "array":
        parts = value if isinstance(value, list) else [value]
        return [part if isinstance(part, dict) else _single(field, field.items, part, kinds) for part in parts]
    if field.type == "option-with-child" and isinstance(value, list) and len(value) == 2:
        return {"value": _choice(field, value[0]), "child": {"value": str(value[1])}}
    return _single(field, field.type, value, kinds)


def _single(field: Field, kind: str, value: Any, kinds: _Kinds) -> Any:
    if isinstance(value, (list, dict)):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a single value")
    convert = kinds.get(kind)
    if convert is not None:
        return convert(field, value)
    return value if field.type == "any" else _text(field, value)


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a text, and not a switch: put it in quotes")
    return str(value)


def _choice(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not field.choices:
        return text
    found = next((choice for choice in field.choices if canonical(choice) == canonical(text)), None)
    if found is None:
        choices = ", ".join(one_line(choice, 60) for choice in field.choices[:10])
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes one of: {choices}")
    return found


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a number")
    return value


def _date(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not _DATE.fullmatch(text):
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a date such as 2026-11-30")
    return text


def _datetime(field: Field, value: Any) -> str:
    """Jira reads only its own form; ours is the same moment in UTC."""
    when = moment(_text(field, value))
    if when is None or not 1 < when.year < 9999:  # the edges have no date in every zone
        raise Unfit(f"the field {one_line(field.name, 60)!r} takes a date and time such as 2026-11-30T14:00:00+01:00")
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


_CLOUD: _Kinds = {
    "option": lambda field, value: {"value": _choice(field, value)},
    "option-with-child": lambda field, value: {"value": _choice(field, value)},
    "priority": lambda field, value: {"name": _choice(field, value)},
    "component": lambda field, value: {"name": _choice(field, value)},
    "version": lambda field, value: {"name": _choice(field, value)},
    "group": lambda field, value: {"name": _text(field, value)},
    "user": lambda field, value: {"accountId": _text(field, value)},
    "service-entity-field": lambda field, value: {"id": _text(field, value)},
    "number": _number,
    "date": _date,
    "datetime": _datetime,
}
_DATA_CENTER: _Kinds = {**_CLOUD, "user": lambda field, value: {"name": _text(field, value)}}
