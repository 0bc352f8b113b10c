"""Names that a reader takes for another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.environments.confusables import looks_like, skeleton


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("\u0420rod", "Prod"),  # Cyrillic Er
        ("\u0440r\u043ed", "prod"),
        ("\u03a1ROD", "Prod"),  # Greek Rho
        ("Pr0d", "Prod"),
        ("prod-l", "Prod-1"),
        ("prod-I", "prod-1"),
        ("P\u00a0rod", "Prod"),
        ("Pro d", "Prod"),
        ("Prod\u2013EU", "Prod-EU"),
        ("Prod\u2212EU", "Prod-EU"),
        ("Pr\u0301od", "Prod"),
        ("Prod\u3164", "Prod"),  # Hangul's filler, Braille's blank, a character of nobody's
        ("\u2800prod-eu", "prod*"),
        ("Prod\ue000", "Prod"),
        ("rnain", "main"),
        ("\u0420rod-eu", "prod*"),
        (" prod-eu", "prod*"),
        ("prod-o", "prod-[0-9]"),
        ("\u0420rod-7", "prod-?"),
    ],
)
def test_what_looks_alike(name: str, rule: str) -> None:
    assert looks_like(name, rule)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Prod", "Prod"),
        ("PROD", "prod"),
        ("prod\u200b", "prod"),  # the same name: the rule itself takes it
        ("\uff30\uff52od-eu", "Prod-EU"),
        ("prod-eu", "prod*"),
        ("Production", "Prod"),
        ("staging", "prod*"),
        ("prod-a", "prod-[0-9]"),
        ("product-x", "prod?"),
        ("\u041f\u0440\u043e\u0434", "Prod"),  # the Russian word, which looks like itself
        ("Dev", "Prod"),
        ("", "Prod"),
    ],
)
def test_what_does_not(name: str, rule: str) -> None:
    assert not looks_like(name, rule)


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_name_has_a_skeleton_and_a_look_alike_has_the_same(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(one + "\u200d")
    assert not looks_like(one, one)
    assert isinstance(looks_like(one, other), bool)
