"""Globs over names: held against a slow matcher that cannot be wrong, and against hostile patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.environments.classify import glob_matches, is_glob, literal_length


def slow(pattern: str, name: str) -> bool:
    """All ways to match, tried one by one: only * and ?."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(slow(pattern[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and slow(pattern[1:], name[1:])


@given(st.text("ab-*?", max_size=8), st.text("ab-", max_size=10))
def test_it_agrees_with_a_matcher_that_tries_everything(pattern: str, name: str) -> None:
    assert glob_matches(pattern, name) is slow(pattern, name)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_pattern_gives_an_answer_for_any_name(pattern: str, name: str) -> None:
    assert glob_matches(pattern, name) in (True, False)


@given(st.text("[]!-^\\az]&|~*", max_size=12), st.text("[]!-^\\az", max_size=6))
def test_odd_classes_give_an_answer(pattern: str, name: str) -> None:
    assert glob_matches(pattern, name) in (True, False)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("qa*", "QA-3", True),
        ("QA*", "qa", True),
        ("*prod", "preprod", True),
        ("*prod", "prod2", False),
        ("review/*", "review/feature/x", True),
        ("qa?", "qa1", True),
        ("qa?", "qa", False),
        ("qa[0-9]", "qa7", True),
        ("qa[0-9]", "qax", False),
        ("qa[!0-9]", "qax", True),
        ("[A-C]1", "b1", True),
        ("[z-a]", "m", False),
        ("[^a]", "^", True),
        ("a[*]b", "a*b", True),
        ("a[*]b", "axb", False),
        ("a.c", "abc", False),
        ("STRASSE-*", "straße-1", True),
        ("ＰＲＯＤ*", "prod-1", True),
        ("？", "x", False),
        ("дев*", "ДЕВ-2", True),
        ("*", "", True),
        ("a\nb*", "a b c", True),
    ],
)
def test_a_glob_fits_or_does_not(pattern: str, name: str, fits: bool) -> None:
    assert glob_matches(pattern, name) is fits


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 2000 + "*b", "a" * 10_000),
        ("*a*a*a*a*a*a*a*a*", "b" * 10_000),
        ("*" * 5000 + "b", "a" * 10_000),
        ("*" + "?" * 3000 + "b*", "a" * 10_000),
        ("*[ab]" * 1000 + "c", "ab" * 5000),
        ("[" * 10_000, "a" * 10_000),
    ],
)
def test_a_hostile_glob_gives_its_answer(pattern: str, name: str) -> None:
    assert glob_matches(pattern, name) is False


def test_the_literal_part_is_what_stands_for_itself() -> None:
    assert [literal_length(one) for one in ("*", "qa*", "*-prod-?", "[ab]x", "a[b")] == [0, 2, 6, 1, 3]
    assert [is_glob(one) for one in ("prod", "a[b", "qa*", "qa?", "[ab]")] == [False, False, True, True, True]
