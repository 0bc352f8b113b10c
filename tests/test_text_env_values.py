"""Values strangers wrote."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci import text

SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), ("7", 7), (0, 0), *((odd, None) for odd in (-1, True, 1.0, "", "+7", "٧", "9" * 19, None, "7\n"))],
)
def test_whole_numbers(value: Any, expected: int | None) -> None:
    assert text.whole(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((SHA, SHA), (SHA.upper(), SHA), (SHA + SHA[:24], SHA + SHA[:24])),
        *((odd, "") for odd in (SHA + "\n", SHA[:39], "0" * 40, "-" + SHA, 5)),
    ],
)
def test_commit_ids(value: Any, expected: str) -> None:
    assert text.sha(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://gl.example/x/", "https://gl.example/x"),
        ("http://127.0.0.1:1/api", "http://127.0.0.1:1/api"),
        ("https://a:b@gl.example", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://[x", ""),
        ("https://x/ y", ""),
        ('https://x/"><b>', ""),
        (None, ""),
    ],
)
def test_addresses(value: Any, expected: str) -> None:
    assert text.url(value) == expected


def test_texts_can_always_be_written() -> None:
    assert text.string("a\ud800b\udcffc") == "a�b�c"
    assert text.string(["a"]) == ""


def test_names_are_shortened_only_when_they_are_ids() -> None:
    assert (text.short(SHA), text.short("release/2024-01"), text.short("")) == (
        SHA[:8],
        "release/2024-01",
        "",
    )
