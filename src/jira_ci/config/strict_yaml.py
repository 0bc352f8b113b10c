"""Strict YAML: text that people wrote -> plain values, with the line of every key and list item.

The rules are YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema), except that ``True`` and ``TRUE``
stay texts: only ``true`` and ``false`` are switches.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator
from typing import Any

from jira_ci.errors import UsageError
from jira_ci.text import one_line, without_login

TAGS = ("str", "null", "bool", "int", "float")
_TYPES = {"null": type(None), "bool": bool, "int": int, "float": float}
_NULL = ("~", "null", "Null", "NULL", "")
_INT = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_MAX_DIGITS = 18
# A file cannot hold these, none of which is printable, but an escape in double quotes can.
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_IN_QUOTES = "Put it in quotes if it is meant as text."


class NotPossible(ValueError):
    """A scalar that has no value here."""

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(problem)
        self.hint = hint


def value(text: str, tag: str, *, plain: bool) -> Any:
    """The scalar's value.

    Args:
        text: the scalar, quotes and escapes resolved.
        tag: its tag without the core prefix; ``!`` for a text, empty when it has none.
        plain: whether it stands without quotes.

    Raises:
        NotPossible: its tag says another type, or no program could use it: endless digits, infinity, controls.
    """
    bad = None if text.isprintable() else re.search(_CONTROL, text)
    if bad:
        raise NotPossible(f"an escaped control character, U+{ord(bad[0]):04X}.", "Remove it.")
    if tag in ("str", "!") or (not tag and not plain):
        return text
    found = _core(text)
    if tag and _TYPES[tag] is not type(found):
        raise NotPossible(f'"{one_line(without_login(text), 80)}" is not what its tag !!{tag} says.')
    return found


def _core(text: str) -> Any:
    if text in _NULL:
        return None
    if text in ("true", "false"):
        return text == "true"
    if text[0] not in "+-.0123456789":
        return text
    if re.fullmatch(_INT, text):
        if len(text) > _MAX_DIGITS:
            raise NotPossible(f"a number of more than {_MAX_DIGITS} digits.", _IN_QUOTES)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return _float(text) if re.fullmatch(_FLOAT, text) else text


def _float(text: str) -> float:
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if len(text) < 100 else math.inf
    if not math.isfinite(number):
        raise NotPossible(f"{one_line(text, 40)} is no number that can be used.", _IN_QUOTES)
    return number


MAX_BYTES = 256 * 1024
"""More than any file a person wrote; PyYAML reads about 100 KB a second."""
MAX_DEPTH = 30
MAX_VALUES = 20_000
"""Counted with every alias written out, so that a few lines cannot become millions of values."""

# Nothing of it is printable.
_REFUSED = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
_BLANKS = dict.fromkeys(b"\t\r\n")
_LINE_BREAK = "\r\n?|\n"

_CORE = "tag:yaml.org,2002:"


class Node:
    """One value and where it stands."""

    __slots__ = ("children", "height", "line", "lines", "size", "value")

    def __init__(self, value: Any, line: int) -> None:
        self.value, self.line, self.size, self.height = value, line, 1, 0
        self.children: dict[str | int, Node] = {}
        self.lines: dict[str | int, int] = {}
        """The line of each key or list item: a key's value may be an alias of something far away."""

    def line_of(self, path: tuple[str | int, ...]) -> int | None:
        """The line of the key or list item at this path, or None when there is none."""
        node, line = self, self.line
        for step in path:
            if step not in node.children:
                return None
            node, line = node.children[step], node.lines[step]
        return line

    def hold(self, step: str | int, line: int, child: Node) -> None:
        """Take a child in under this key or index."""
        self.children[step], self.lines[step] = child, line
        self.size += child.size
        self.height = max(self.height, child.height + 1)
        if isinstance(self.value, list):
            self.value.append(child.value)
        else:
            self.value[step] = child.value


class Tagged(str):
    """A scalar of another tool's file whose tag means nothing here: the tag and the text."""

    __slots__ = ()


def load(data: bytes, name: str, *, foreign: bool = False) -> Node:
    """The one document in ``data`` as plain dicts, lists, texts, numbers, switches and None.

    Args:
        data: the file's bytes: UTF-8 with or without a byte order mark, or UTF-16 with one.
        name: what the file is called in messages.
        foreign: another tool's file, which may be empty, hold tags (:class:`Tagged`) and ``<<`` as a key.

    Raises:
        UsageError: with the file and the line, for everything that is not one strict, bounded document.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name} is larger than {MAX_BYTES // 1024} KB.", "It is probably not the file you meant.")
    builder = _Builder(name, foreign)
    for event in _events(_decode(data, name), name):
        builder.take(event)
    if builder.root is None or builder.root.value is None:
        if foreign:
            return Node({}, 1)
        raise UsageError(f"{name} line 1: the file is empty.", "Write a setting into it, or remove it.")
    return builder.root


def _decode(data: bytes, name: str) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UsageError(f"{name} line 1: the file is UTF-32.", "Save it as UTF-8.")
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data[:2]:
        raise UsageError(f"{name} line 1: the file looks like UTF-16 without a byte order mark.", "Save it as UTF-8.")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        shown = encoding.removesuffix("-sig").upper()
        raise UsageError(f"{name} line {line}: this is not valid {shown}.", "Save it as UTF-8.") from None
    bad = None if text.translate(_BLANKS).isprintable() else re.search(_REFUSED, text)
    if bad:
        line = len(re.findall(_LINE_BREAK, text[: bad.start()])) + 1
        raise UsageError(f"{name} line {line}: an invisible character, U+{ord(bad[0]):04X}.", "Remove it.")
    return text


def _events(text: str, name: str) -> Iterator[Any]:
    import yaml
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class Stream(Reader, Scanner, Parser):
        def __init__(self) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)

    stream: Any = Stream()
    while True:
        try:
            event = stream.get_event()
        except yaml.MarkedYAMLError as error:
            raise _not_yaml(name, _line(error), error.problem or error.context or "") from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # \U99999999 is a ValueError of chr()
            raise _not_yaml(name, stream.line + 1, str(error)) from None
        if event is None:
            return
        yield event


def _line(error: Any) -> int:
    # What has no end is to be mended where it began.
    marks = (error.problem_mark, error.context_mark)
    mark = next(filter(None, reversed(marks) if "end of stream" in (error.problem or "") else marks), None)
    return mark.line + 1 if mark else 1


def _not_yaml(name: str, line: int, problem: str) -> UsageError:
    if "'\\t'" in problem:
        return UsageError(f"{name} line {line}: a tab where YAML wants blanks.", "Indent with blanks.")
    return UsageError(f"{name} line {line}: this is not YAML: {one_line(without_login(problem), 200)}.")


class _Builder:
    """Events in, one tree out; a stack of its own instead of Python's."""

    def __init__(self, name: str, foreign: bool) -> None:
        self.name, self.foreign = name, foreign
        self.root: Node | None = None
        self.documents = 0
        self.total = 0
        self.open: list[tuple[Node, str | None]] = []
        self.keys: list[tuple[str, int] | None] = []
        self.anchors: dict[str, Node] = {}

    def take(self, event: Any) -> None:
        import yaml

        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.error(line, "a second document begins.", "One file holds one document: remove the ---.")
        elif isinstance(event, yaml.ScalarEvent):
            self.add(Node(self.scalar(event, line), line), line, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(str(event.anchor), line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self.begin(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            node, anchor = self.open.pop()
            self.keys.pop()
            self.add(node, node.line, anchor)

    def error(self, line: int, problem: str, hint: str = "") -> UsageError:
        return UsageError(f"{self.name} line {line}: {problem}", hint)

    def begin(self, event: Any, line: int) -> None:
        import yaml

        sequence = isinstance(event, yaml.SequenceStartEvent)
        self.check_tag(event.tag, ("seq",) if sequence else ("map",), line)
        if self.open and self.expects_key():
            raise self.error(line, "a list or mapping is used as a key.", "Keys are words.")
        if len(self.open) >= MAX_DEPTH:
            raise self.error(line, f"nested deeper than {MAX_DEPTH} levels.")
        self.open.append((Node([] if sequence else {}, line), event.anchor))
        self.keys.append(None)

    def check_tag(self, tag: str | None, allowed: tuple[str, ...], line: int) -> None:
        if not self.foreign and tag not in (None, "!", *(_CORE + word for word in allowed)):
            shown = one_line(without_login(str(tag).replace(_CORE, "!!")), 80)
            raise self.error(line, f"the tag {shown} is not allowed here.", "Remove it; values are plain YAML 1.2.")

    def alias(self, anchor: str, line: int) -> None:
        node = self.anchors.get(anchor)
        if node is None:
            raise self.error(line, f"*{one_line(anchor, 80)} refers to nothing that ends before it.")
        if len(self.open) + node.height > MAX_DEPTH:
            raise self.error(line, f"nested deeper than {MAX_DEPTH} levels, through *{one_line(anchor, 80)}.")
        self.total += node.size - 1
        self.add(node, line, None)

    def expects_key(self) -> bool:
        return isinstance(self.open[-1][0].value, dict) and self.keys[-1] is None

    def add(self, node: Node, line: int, anchor: str | None) -> None:
        self.total += 1
        if self.total > MAX_VALUES:
            raise self.error(line, f"more than {MAX_VALUES} values, counted with every alias written out.")
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
        elif self.expects_key():
            self.keys[-1] = self.key(node.value, line), line
        else:
            parent = self.open[-1][0]
            key = self.keys[-1]
            self.keys[-1] = None
            step, line = key or (len(parent.value), line)
            parent.hold(step, line, node)

    def key(self, value: Any, line: int) -> str:
        if not isinstance(value, str):
            shown = "nothing" if value is None else str(value).lower()
            raise self.error(line, f"the key {one_line(shown, 80)} is not a text.", "Put it in quotes.")
        if value == "<<" and not self.foreign:
            raise self.error(line, "the key << merges nothing in YAML 1.2.", "Write the keys out.")
        parent = self.open[-1][0]
        if value in parent.lines:
            shown = one_line(without_login(value), 80)
            raise self.error(line, f"{shown} is already on line {parent.lines[value]}.", "Remove one of them.")
        return value

    def scalar(self, event: Any, line: int) -> Any:
        self.check_tag(event.tag, TAGS, line)
        if event.tag not in (None, "!", *(_CORE + word for word in TAGS)):
            return Tagged(f"{event.tag.replace(_CORE, '!!')} {event.value}".rstrip())
        try:
            return value(event.value, (event.tag or "").removeprefix(_CORE), plain=event.style is None)
        except NotPossible as error:
            raise self.error(line, str(error), error.hint) from None
