"""How several policies become one that allows no more than any of them: a rule for each key of ``change-control``.

Whoever adds a key adds its line to :data:`RULES`: a test holds the table against the schema. A rule takes what the
stronger source says and what the weaker one says. Where values have an order, the tighter one counts, whoever says it;
where they have none, what the stronger source says.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from jira_ci.frozen import dataclass, field
from jira_ci.gate.policy.one_change import narrowed
from jira_ci.text import canonical, one_line

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")


class Rule(NamedTuple):
    """What becomes of two values of one key."""

    merge: Callable[[Any, Any], Any]
    """Of the stronger source's value and the weaker one's."""
    ordered: bool = True
    """Whether the tighter value counts; otherwise the stronger source's, and the other one is said."""


def same(one: Any, other: Any) -> bool:
    """Whether two values of the file mean the same; names in any case."""
    return bool(_key(one) == _key(other))


def _key(value: Any) -> Any:
    if isinstance(value, str):
        return canonical(value)
    if isinstance(value, list):
        return frozenset(_key(part) for part in value)
    return json.dumps(value, sort_keys=True)


def _stronger(stronger: Any, _weaker: Any) -> Any:
    return stronger


def _shared(stronger: Sequence[Any], weaker: Sequence[Any]) -> list[Any]:
    known = {_key(value) for value in weaker}
    return [value for value in stronger if _key(value) in known]


def _joined(stronger: Sequence[Any], weaker: Sequence[Any]) -> list[Any]:
    return list({_key(value): value for value in reversed([*stronger, *weaker])}.values())[::-1]


def _all_of_both(stronger: Sequence[Any], weaker: Sequence[Any]) -> list[Any]:
    """Of names that are compared exactly: one in other letters is another one."""
    return [*stronger, *(value for value in weaker if value not in stronger)]


def _stricter(values: Sequence[Any], stronger: Any, weaker: Any) -> Any:
    """The value that comes first in this list; one that is not in it is taken for the strictest."""
    unknown = [value for value in (stronger, weaker) if value not in values]
    return unknown[0] if unknown else min(stronger, weaker, key=values.index)


def _shorter(stronger: str, weaker: str) -> str:
    return min(stronger, weaker, key=seconds)


def seconds(duration: str) -> float:
    """A duration of the file; one that cannot be read is taken for none at all."""
    found = _DURATION.fullmatch(str(duration))
    return int(found[1]) * _UNITS[found[2]] if found else 0


def _looked_at(stronger: Any, weaker: Any) -> Any:
    """The window's fields, which have no order, before no window at all."""
    return weaker if stronger == "off" else stronger


def _filled(stronger: Mapping[str, Any], weaker: Mapping[str, Any]) -> dict[str, Any]:
    return {**weaker, **stronger}


def _emergency(stronger: Any, weaker: Any) -> Any:
    """No way out unless every source has one, for whom all of them name."""
    if not (isinstance(stronger, Mapping) and isinstance(weaker, Mapping)):
        return "off"
    merged = {key: _both(key, stronger, weaker) for key in (*stronger, *(key for key in weaker if key not in stronger))}
    return "off" if merged.get("who") == [] else merged


def _both(key: str, stronger: Mapping[str, Any], weaker: Mapping[str, Any]) -> Any:
    if key not in stronger or key not in weaker:
        return {**weaker, **stronger}[key]
    return EMERGENCY.get(key, _NO_ORDER).merge(stronger[key], weaker[key])


_NO_ORDER = Rule(_stronger, ordered=False)
_LARGER, _SHARED, _JOINED = Rule(max), Rule(_shared), Rule(_joined)

EMERGENCY: Mapping[str, Rule] = {
    "request-type": _NO_ORDER,
    "minimum-approvals": _LARGER,
    "who": _SHARED,
    "proceed-statuses": _SHARED,
    "review-within": Rule(_shorter),
}
"""The keys of ``emergency``."""
_OF_EMERGENCY: Mapping[str, Any] = {"minimum-approvals": 1, "review-within": "2d"}

RULES: Mapping[str, Rule] = {
    "connection": _NO_ORDER,
    "service-desk": _NO_ORDER,
    "gate-by": _NO_ORDER,
    "description": _NO_ORDER,
    "request-type": _NO_ORDER,
    "issue-types": _SHARED,
    "title": _NO_ORDER,
    "change": _NO_ORDER,
    "create": Rule(functools.partial(_stricter, (False, True))),
    "change-binding": Rule(functools.partial(_stricter, ("mention", "any"))),
    "bind": Rule(functools.partial(_stricter, ("commit", "version"))),
    "reuse": Rule(functools.partial(_stricter, ("once", "open"))),
    "edits": Rule(functools.partial(_stricter, ("deny", "say"))),
    "watched-fields": _JOINED,
    "proceed-statuses": _SHARED,
    "wait-statuses": _SHARED,
    "minimum-approvals": _LARGER,
    "required-approvals": Rule(_all_of_both),
    "required-approvers": Rule(_all_of_both),
    "exclude-approvers": _JOINED,
    "deployers": _NO_ORDER,
    "window": Rule(_looked_at, ordered=False),
    "window-required": Rule(functools.partial(_stricter, (True, False))),
    "freeze": _JOINED,
    "emergency": Rule(_emergency),
    "one-change-for": Rule(narrowed),
    "fields": Rule(_filled, ordered=False),
    "comments": Rule(functools.partial(_stricter, ("off", "internal", "public"))),
    "parked": Rule(functools.partial(_stricter, ("fail", "success"))),
    "end-status": _NO_ORDER,
}
"""Every key of ``change-control`` but ``enabled``: a project is controlled when any source says so."""


_UNGUIDED = ("one-change-for",)
"""What stands in for no repository's silence: an approval is spread no further than each file itself says."""


@dataclass(frozen=True)
class Said:
    """What one source says for one environment."""

    source: str
    """What it is called in messages."""
    values: Mapping[str, Any]
    """The keys that it says."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """Where it says each, for people: ``.jira-ci.yml@1a2b3c4d line 7``."""
    whole: bool = False
    """Whether what it leaves out has its default, which then counts as said."""
    guides: bool = False
    """Whether its values stand in for what the others leave out: the organisation's."""


def with_own_emergency(values: Mapping[str, Any], statuses: Sequence[str]) -> dict[str, Any]:
    """What a source says, with what it leaves out of its emergency: that is said as well, or another source could fill
    it in more loosely.

    Args:
        statuses: its ``proceed-statuses``; empty where it says none and has none by default.
    """
    own = values.get("emergency")
    if not isinstance(own, Mapping):
        return dict(values)
    usual = {"proceed-statuses": list(statuses)} if statuses else {}
    return {**values, "emergency": {**_OF_EMERGENCY, **usual, **own}}


@dataclass(frozen=True)
class Tightened:
    """What all of them together allow."""

    values: dict[str, Any]
    origins: dict[str, str]
    """For each key, where its value comes from, for people."""
    differences: tuple[str, ...]
    """A sentence, without its full stop, for each value without an order that does not count."""


def tighten(said: Sequence[Said], defaults: Mapping[str, Any]) -> Tightened:
    """One policy of several.

    Args:
        said: the stronger sources first.
        defaults: the values of keys that nobody says.
    """
    base, based = dict(defaults), dict.fromkeys(defaults, "default")
    for one in reversed(said):
        if one.guides:
            guiding = [key for key in one.values if key not in _UNGUIDED]
            base |= {key: one.values[key] for key in guiding}
            based |= {key: one.lines.get(key, one.source) for key in guiding}
    values, origins, differences = {}, {}, list[str]()
    for key in dict.fromkeys((*RULES, *defaults, *(key for one in said for key in one.values))):
        parts = [
            (one.values.get(key, base.get(key)), one.lines.get(key, one.source) if key in one.values else based[key])
            for one in said
            if key in one.values or (one.whole and key in base)
        ] or ([(base[key], based[key])] if key in base else [])
        if parts:
            rule = RULES.get(key, _NO_ORDER)
            values[key] = functools.reduce(rule.merge, [value for value, _ in parts])
            origins[key] = _origin(values[key], parts)
            differences += [] if rule.ordered else _differences(key, values[key], parts)
    return Tightened(values, origins, tuple(differences))


def _origin(merged: Any, parts: Sequence[tuple[Any, str]]) -> str:
    """The first source that says just this; else all of them, of which it was made."""
    alone = [where for value, where in parts if same(value, merged)]
    return alone[0] if alone else " and ".join(dict.fromkeys(where for _, where in parts))


def _differences(key: str, merged: Any, parts: Sequence[tuple[Any, str]]) -> list[str]:
    """A sentence for each source whose value is another one; each of ``fields`` is a key of its own."""
    counts = _origin(merged, parts)
    if key == "fields":
        parts = [
            ({name: text for name, text in fields.items() if not same(merged[name], text)}, where)
            for fields, where in parts
        ]
        others = [(fields, where) for fields, where in parts if fields]
    else:
        others = [(value, where) for value, where in parts if not same(value, merged)]
    said = "the default" if counts == "default" else f"what {counts} says"
    return [
        f"{key}: {said} counts, and {where} says {one_line(value, 100)}"
        for value, where in dict.fromkeys((shown(value), where) for value, where in others if where != "default")
    ]


def shown(value: Any) -> str:
    """A value on one line, as YAML would take it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, default=str)
