"""YAML's scalars: the text of one -> a text, a number, a switch or nothing.

The rules are YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema), except that ``True`` and ``TRUE``
stay texts: only ``true`` and ``false`` are switches.
"""

from __future__ import annotations

import math
import re
from typing import Any

from jira_ci.text import one_line, without_login

TAGS = ("str", "null", "bool", "int", "float")
_TYPES = {"null": type(None), "bool": bool, "int": int, "float": float}
_NULL = re.compile(r"~|null|Null|NULL|")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_DIGITS = 18
# A file cannot hold these, but an escape in double quotes can.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_IN_QUOTES = "Put it in quotes if it is meant as text."


class NotPossible(ValueError):
    """A scalar that has no value here."""

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(problem)
        self.mend = mend


def value(text: str, tag: str, *, plain: bool) -> Any:
    """The scalar's value.

    Args:
        text: the scalar, quotes and escapes resolved.
        tag: its tag without the core prefix; ``!`` for a text, empty when it has none.
        plain: whether it stands without quotes.

    Raises:
        NotPossible: its tag says another type, or no program could use it: endless digits, infinity, controls.
    """
    bad = _CONTROL.search(text)
    if bad:
        raise NotPossible(f"an escaped control character, U+{ord(bad[0]):04X}.", "Remove it.")
    if tag in ("str", "!") or (not tag and not plain):
        return text
    found = _core(text)
    if tag and _TYPES[tag] is not type(found):
        raise NotPossible(f'"{one_line(without_login(text), 80)}" is not what its tag !!{tag} says.')
    return found


def _core(text: str) -> Any:
    if _NULL.fullmatch(text):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise NotPossible(f"a number of more than {_MAX_DIGITS} digits.", _IN_QUOTES)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return _float(text) if _FLOAT.fullmatch(text) else text


def _float(text: str) -> float:
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if len(text) < 100 else math.inf
    if not math.isfinite(number):
        raise NotPossible(f"{one_line(text, 40)} is no number that can be used.", _IN_QUOTES)
    return number
