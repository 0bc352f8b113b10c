"""Words in braces: what they become, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.run_words import fill, fill_all, words_in

VALUES = {"version": "1.4", "branch": "a/{version}"}


@pytest.mark.parametrize(
    ("template", "words", "text"),
    [
        ("", [], ""),
        ("{version}", ["version"], "1.4"),
        ("{version}-{version}", ["version", "version"], "1.4-1.4"),
        ("{branch}", ["branch"], "a/{version}"),  # a value is not filled in again
        ("{tenant}", ["tenant"], ""),
        ("{{version}}", [], "{version}"),
        ("{ version } {1} {", [], "{ version } {1} {"),
        ("${{ github.ref }} {version}", ["version"], "${{ github.ref }} 1.4"),
    ],
)
def test_a_template_is_filled_once(template: str, words: list[str], text: str) -> None:
    assert (words_in(template), fill(template, VALUES)) == (words, text)


def test_a_rule_decides_what_becomes_of_a_value() -> None:
    assert fill("{version} in {branch}", VALUES, lambda word, value: f"<{word}:{value}>") == (
        "<version:1.4> in <branch:a/{version}>"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (None, None),
        (True, True),
        ("v{version}", "v1.4"),
        (["{version}", 7], ["1.4", 7]),
        (("{version}",), ["1.4"]),
        ({"{version}": {"value": ["{version}"]}}, {"{version}": {"value": ["1.4"]}}),
    ],
)
def test_every_text_in_a_value_is_filled(value: Any, expected: Any) -> None:
    assert fill_all(value, VALUES) == expected


@pytest.mark.parametrize("value", ["{tenant}", ["{version}", "{tenant}"], {"a": {"b": "{tenant}"}}])
def test_a_word_without_a_meaning_is_named(value: Any) -> None:
    with pytest.raises(KeyError, match="tenant"):
        fill_all(value, VALUES)
