"""Whole words: which texts name a version or an environment."""

from __future__ import annotations

import pytest

from jira_ci.gate.change_property import missing, names


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('Deploy "Web Site" version 1.2.3 to "Prod"', "1.2.3"),
        ('Deploy "Web Site" version 1.2.3 to "Prod"', "Prod"),
        ('Deploy "Web Site" version 1.2.3 to "Prod"', "PROD"),
        ("1.2.3", "1.2.3"),
        ("We take 1.2.3.", "1.2.3"),
        ("We take 1.2.3, then rest", "1.2.3"),
        ("(1.2.3)", "1.2.3"),
        ("version=1.2.3;", "1.2.3"),
        ("1.2.30 and 1.2.3", "1.2.3"),
        ("Prod-EU and Prod", "Prod"),
        ("to Prod (EU)!", "Prod (EU)"),
        ("to  Prod\n(EU)", "Prod (EU)"),
        ("v1.2.3-rc.1+build.5 it is", "v1.2.3-rc.1+build.5"),
        ("Straße", "STRASSE"),
        ("release １.２.３", "1.2.3"),
        ("本番 に出す", "本番"),
        ("version:30", "30"),
        ("Prod,Staging", "Prod"),
        ("from 12:30 on: 30", "30"),
        ("take 30, then 31", "30"),
        ("30: the fix", "30"),
        ("'30'", "30"),
        ("*30*", "30"),
        ("|30|2026-03-01|", "30"),
        ("Prod\u2014at last", "Prod"),
    ],
)
def test_a_whole_word_is_a_mention(text: str, word: str) -> None:
    assert names(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "1.2.3"),
        ("1.2.3", ""),
        ("1.2.3", " "),
        ("1.2.30", "1.2.3"),
        ("11.2.3", "1.2.3"),
        ("0.1.2.3", "1.2.3"),
        ("1.2.3.4", "1.2.3"),
        ("1.2.3-rc1", "1.2.3"),
        ("1.2.3+7", "1.2.3"),
        ("1.2.3_7", "1.2.3"),
        ("1.2.3--7", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("1.2.3", "v1.2.3"),
        ("app/1.2.3", "1.2.3"),
        ("https://ci.example/1.2.3/log", "1.2.3"),
        ("1x2x3", "1.2.3"),
        ("Prod-EU", "Prod"),
        ("pre-prod", "prod"),
        ("non_prod", "prod"),
        ("Production", "Prod"),
        ("Prod\u2011EU", "Prod"),
        ("Prod\u2013EU", "Prod"),
        ("1.2.3\u200b0", "1.2.3"),
        ("Prod\u0301", "Prod"),
        ("Prode\u0301", "Prod"),
        ("Staging", "Prod"),
        ("12:30 to 14:00", "30"),
        ("at 30:00", "30"),
        ("12\uff1a30", "30"),
        ("12:30:00", "30"),
        ("1,30 EUR", "30"),
        ("30,5", "30"),
        ("1'30", "30"),
        ("30% of it", "30"),
        ("$30", "30"),
        ("see #30", "30"),
        ("app@30", "30"),
        ("?a=b&30", "30"),
        ("12:1.2.3", "1.2.3"),
        ("12:-30", "30"),
        ("2*30 hosts", "30"),
        ("30\u00d72", "30"),
        ("10\u00b730", "30"),
        ("10^30", "30"),
        ("20\u201430", "30"),
        ("\u00a530", "30"),
        ("\u20b930", "30"),
        ("30\u00a2", "30"),
        ("12\u00b0 30\u2032", "30"),
        ("\u00b130", "30"),
        ("\u226430", "30"),
        ("\u00a730", "30"),
    ],
)
def test_part_of_a_longer_word_is_none(text: str, word: str) -> None:
    assert not names(text, word)


def test_what_no_text_names_is_missing() -> None:
    assert missing(("1.2.3", "Prod", "EU"), "version 1.2.3", "to Prod") == ["EU"]
    assert missing(("a b",), "a", "b") == ["a b"]
