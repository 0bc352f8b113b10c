"""Which files a service's paths mean: a table, and a slow obvious matcher that agrees."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jira_ci.keys.path_matching import PathIndex, parse, problem


def fits(patterns: Sequence[str], path: str) -> bool:
    return PathIndex([patterns])[path] == 1


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("services/billing/**", "services/billing/api.py"),
        ("services/billing/**", "services/billing/deep/er/api.py"),
        ("services/billing/**", "services/billing"),  # a submodule
        ("services/billing", "services/billing/api.py"),
        ("services/billing/", "services/billing/api.py"),
        ("./services/billing", "services/billing/api.py"),
        ("/services/./billing//", "services/billing/api.py"),
        ("**", "README.md"),
        ("/", "README.md"),
        ("**/*", "a/b"),
        ("*.md", "README.md"),
        ("*.md", ".md"),
        ("**.js", "index.js"),
        ("**.js", "src/js/app.js"),
        ("src/**.js", "src/a/app.js"),
        ("src/a**z/x", "src/ab/c/z/x"),
        ("a/**/b", "a/b"),
        ("a/**/b", "a/x/y/b/below"),
        ("**/docs/**", "docs/x"),
        ("**/docs/**", "a/b/docs/x/y"),
        ("*/**", "a/b"),
        ("services/*/src", "services/x/src/main.py"),
        ("file?.py", "fileä.py"),
        ("[a-c]x[!0-9]", "bxy"),
        ("[]a]", "]"),
        ("libs/{money,time}/**", "libs/time/x"),
        ("*.{c,{h,hpp}}", "x.hpp"),
        ("{{cookiecutter.name}}/*", "{{cookiecutter.name}}/x"),
        (r"\[id\]/\*", "[id]/*"),
        (r"\!important", "!important"),
        ("a{b", "a{b"),
        ("a[b", "a[b"),
        ("with space/*", "with space/a\nb"),
        ("caf\u00e9/**", "cafe\u0301/x"),
        ("odd\ufffd/*", "odd\ufffd/x"),
    ],
)
def test_a_path_fits(pattern: str, path: str) -> None:
    assert fits([pattern], path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("services/billing/**", "services/billing-v2/api.py"),
        ("services/billing", "services/billing-v2"),
        ("services/billing", "Services/billing/api.py"),
        ("services/billing", "old/services/billing/api.py"),
        ("services/*", "services/billing/api.py"),
        ("*.md", "docs/README.md"),
        ("*/**", "README.md"),
        ("services/*/**", "services/README.md"),
        ("a/**/b", "ab"),
        ("a/**/b", "a/xb"),
        ("file?.py", "file/.py"),
        ("file?.py", "file.py"),
        ("a[!b]c", "a/c"),
        ("libs/{money,time}/**", "libs/{money,time}/x"),
        ("*a*b", "xb"),
        ("a.c", "abc"),
    ],
)
def test_a_path_does_not_fit(pattern: str, path: str) -> None:
    assert not fits([pattern], path)


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (["a", "!a/docs"], "a/docs/x", False),
        (["a", "!a/docs"], "a/x", True),
        (["a", "!a/docs", "a/docs/api.yml"], "a/docs/api.yml", True),
        (["!a/docs", "a"], "a/docs/x", True),
        (["**", "!**/*.md"], "x/y.md", False),
        (["**", "!**/*.md", "README.md"], "README.md", True),
    ],
)
def test_the_last_path_that_fits_decides(patterns: list[str], path: str, expected: bool) -> None:
    assert fits(patterns, path) is expected


def test_services_overlap_and_nest_each_with_a_bit_of_its_own() -> None:
    index = PathIndex([["services"], ["services/a", "!services/a/x"], ["**/a/x"], ["libs"]] + [["**"]] * 46)
    rest = ((1 << 46) - 1) << 4
    assert index["services/a/x/f"] == 0b0101 | rest
    assert index["services/a/y"] == 0b0011 | rest
    assert index["libs/a"] == 0b1000 | rest


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("services\\billing", "has a backslash where a / belongs"),
        ("../other", "leads out of the repository"),
        ("a/../b", "leads out of the repository"),
        ("!", "is empty"),
        ("{a,b}" * 9, "means more than 256 paths"),
        ("a**" * 300, "means more than 256 paths"),
        ("x" * 1001, "is longer than 1000 characters"),
        ("{a," * 30 + "}" * 30, "has too many braces inside of one another"),
    ],
)
def test_a_path_that_cannot_be_meant(pattern: str, said: str) -> None:
    assert problem(pattern) == said


def test_many_stars_over_a_long_name_end_soon() -> None:
    for pattern, path in [
        ("*a" * 300 + "b", "a" * 20_000),
        ("/".join(["**", "a*a*a"] * 60) + "/b", "aaaa/" * 2000 + "c"),
        ("**/*a*a*a*a*a*c/**", "a" * 4000 + "/" + "a" * 4000),
    ]:
        assert not fits([pattern], path)


def test_names_are_forgotten_before_they_become_too_many() -> None:
    index = PathIndex([["a"]])
    for number in range(60_000):
        assert index[f"a/{number}"] == 1
    assert len(index) < 60_000


# --- the slow obvious matcher: no braces, sets or escapes


def slow(pattern: str, path: str) -> bool:
    parts, names = pattern.split("/"), path.split("/")
    while parts[-2:] == ["**", "**"]:
        parts.pop()
    if parts[-1] == "**" and len(parts) > 1 and _is_plain(parts[-2]):
        parts = parts[:-1]
    if parts[-1] == "**":
        parts = [*parts, "*"]
    ends = range(1, len(names) + 1) if _is_plain(parts[-1]) else [len(names)]
    return any(_folders(parts, names[:end]) for end in ends)


def _is_plain(part: str) -> bool:
    return not any(sign in part for sign in "*?")


def _folders(parts: list[str], names: list[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_folders(parts[1:], names[skipped:]) for skipped in range(len(names) + 1))
    return bool(names) and _characters(parts[0], names[0]) and _folders(parts[1:], names[1:])


def _characters(part: str, name: str) -> bool:
    if not part:
        return not name
    if part[0] == "*":
        return any(_characters(part[1:], name[skipped:]) for skipped in range(len(name) + 1))
    return bool(name) and part[0] in ("?", name[0]) and _characters(part[1:], name[1:])


_SEGMENT = st.sampled_from(["a", "b", "ab", "*", "?", "a*", "*b", "*a*", "**"])
_PATTERNS = st.lists(_SEGMENT, min_size=1, max_size=4).map("/".join)
_PATHS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5).map("/".join)


@settings(max_examples=600)
@given(_PATTERNS, _PATHS)
def test_the_matcher_agrees_with_a_slow_one(pattern: str, path: str) -> None:
    assert fits([pattern], path) is slow(pattern, path)


@settings(max_examples=200)
@given(st.lists(st.lists(st.tuples(st.booleans(), _PATTERNS), min_size=1, max_size=4), min_size=1, max_size=6), _PATHS)
def test_many_services_agree_with_each_alone(services: list[list[tuple[bool, str]]], path: str) -> None:
    index = PathIndex([["!" * out + pattern for out, pattern in service] for service in services])
    for number, service in enumerate(services):
        fitting = [not out for out, pattern in service if slow(pattern, path)]
        assert bool(index[path] >> number & 1) is (fitting[-1] if fitting else False)


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_has_a_problem(text: str) -> None:
    if not problem(text):
        assert parse(text.removeprefix("!"))
        fits([text], "a/b")
