"""Strict YAML: what becomes which value, and every way a file can be wrong, with its line."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from jira_ci.config import strict_yaml
from jira_ci.errors import UsageError


def value(text: str) -> Any:
    return strict_yaml.load(text.encode(), "f.yml").value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("TRUE", "TRUE"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1_0", "1_0"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("7", 7),
        ("-7", -7),
        ("0123", 123),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b1", "0b1"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("30m", "30m"),
        ("~", None),
        ("null", None),
        ("", None),
        ("'7'", "7"),
        ('"true"', "true"),
        ("!!str 7", "7"),
        ("! 7", "7"),
        ("!!int '7'", 7),
        ('"\\u00fc"', "ü"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
    ],
)
def test_a_scalar_follows_the_core_schema(written: str, read: object) -> None:
    found = value(f"key: {written}")
    assert found == {"key": read}
    assert type(found["key"]) is type(read)


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 1, "the file is empty"),
        (b"# only a comment\n", 1, "the file is empty"),
        (b"---\n...\n", 1, "the file is empty"),
        (b"a: 1\nb: 2\na: 3\n", 3, "a is already on line 1"),
        (b"x:\n  a: 1\n  a: 1\n", 3, "a is already on line 2"),
        (b"a:\n\tb: 1\n", 2, "a tab"),
        (b"a:\r\n  b: 1\r\n\tc: 1\r\n", 3, "a tab"),
        (b"a: 1\n---\nb: 2\n", 2, "a second document"),
        (b"a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "the tag !!python/object/apply:os.system"),
        (b"a: !mine 1\n", 1, "the tag !mine"),
        (b"a: !!set {b}\n", 1, "the tag !!set"),
        (b"a: !!binary aGk=\n", 1, "the tag !!binary"),
        (b"a: !!int x\n", 1, "its tag !!int"),
        (b"a: 1\n7: 2\n", 2, "the key 7 is not a text"),
        (b"true: 2\n", 1, "the key true is not a text"),
        (b"~: 2\n", 1, "the key nothing is not a text"),
        (b"? [a]\n: b\n", 1, "a list or mapping is used as a key"),
        (b"a: {b: 1}\n<<: {c: 1}\n", 2, "the key << merges nothing"),
        (b"a: 1\nb: *gone\n", 2, "*gone refers to nothing"),
        (b"a: &a\n  b: *a\n", 2, "*a refers to nothing that ends before it"),
        (b"a: \xff\n", 1, "not valid UTF-8"),
        (b"a: 1\nb: \xc3(\n", 2, "not valid UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "U+0000"),
        (b"a: 1\rb: \x07\n", 2, "U+0007"),
        (b"\xff\xfea\x00:\x00\x00", 1, "not valid UTF-16"),
        ("a: 1\nb: 2".encode("utf-16-le"), 1, "UTF-16 without a byte order mark"),
        ("a: 1\nb: 2".encode("utf-16-be"), 1, "UTF-16 without a byte order mark"),
        ("a: 1".encode("utf-32"), 1, "UTF-32"),
        (b'a: 1\nb: "\\0"\n', 2, "U+0000"),
        (b'a: "\\ud800"\n', 1, "U+D800"),
        (b'a: 1\nb: "\\U99999999"\n', 2, "not YAML"),
        (b"a: .nan\n", 1, ".nan is no number"),
        (b"a: -.inf\n", 1, "-.inf is no number"),
        (b"a: 1e999\n", 1, "1e999 is no number"),
        (b"a: " + b"9" * 5000, 1, "more than 18 digits"),
        (b"a: 1\nb: 'open\n\n\n", 2, "not YAML"),
        (b"a: 1\nb: c: d\n", 2, "not YAML"),
        (b"a: 1\n@b: 2\n", 2, "not YAML"),
        (b"%YAML 2.0\n---\na: 1\n", 1, "not YAML"),
        (b"a: [1, 2\nb: 3\n", 2, "not YAML"),
    ],
)
def test_a_fault_is_told_with_its_file_and_line(data: bytes, line: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        strict_yaml.load(data, "f.yml")
    assert caught.value.message.startswith(f"f.yml line {line}: ")
    assert said in caught.value.message
    assert caught.value.exit == 2


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa: \xc3\xbc\r\n", "a: ü\n".encode("utf-16"), b"a: \xc3\xbc"])
def test_a_byte_order_mark_and_windows_line_ends_are_fine(data: bytes) -> None:
    assert strict_yaml.load(data, "f.yml").value == {"a": "ü"}


def _bomb() -> bytes:
    rows = [b"a: &a [x, x, x, x, x, x, x, x, x]"]
    for last, this in zip(b"abcdefghi", b"bcdefghij", strict=True):
        rows.append(b"%c: &%c [%s]" % (this, this, b", ".join([b"*%c" % last] * 9)))
    return b"\n".join(rows)


def _deep_aliases() -> bytes:
    rows = [b"a0: &a0 [x]"] + [b"a%d: &a%d [[[[[*a%d]]]]]" % (n, n, n - 1) for n in range(1, 20)]
    return b"\n".join(rows)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (_bomb(), "more than 20000 values"),
        (_deep_aliases(), "nested deeper than 30 levels"),
        (b"[" * 200_000, "nested deeper than 30 levels"),
        (b"{a: " * 60_000, "nested deeper than 30 levels"),
        (b"- " * 100_000, "nested deeper than 30 levels"),
        (b"\n".join(b"k%d: v" % n for n in range(15_000)), "more than 20000 values"),
        (b"a" * 50_000_000, "larger than 256 KB"),
    ],
    ids=["alias bomb", "deep aliases", "deep lists", "deep maps", "deep items", "many keys", "50 MB"],
)
def test_a_file_that_would_eat_memory_is_refused_without_eating_it(data: bytes, said: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match=said):
            strict_yaml.load(data, "f.yml")
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_an_alias_in_moderation_is_written_out() -> None:
    assert value("a: &rule {type: production}\nb: *rule\n") == {
        "a": {"type": "production"},
        "b": {"type": "production"},
    }


def test_the_line_of_every_key_and_item_is_known() -> None:
    tree = strict_yaml.load(b"a:\n  b: 1\n\n  c:\n    - x\n    - {d: &e\n        [1,\n 2]}\nf: *e\n", "f.yml")
    lines = {
        (): 1,
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 4,
        ("a", "c", 0): 5,
        ("a", "c", 1): 6,
        ("a", "c", 1, "d"): 6,
        ("a", "c", 1, "d", 1): 8,
        ("f",): 9,
        ("f", 0): 7,
        ("gone",): None,
        ("a", "c", 2): None,
    }
    assert {path: tree.line_of(path) for path in lines} == lines
