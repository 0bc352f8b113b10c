"""What an answer cannot do without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jira_ci.ci.api import commit_id, rows, said

A = "a" * 40


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (said, "", ""),
        (said, "WEB-1 \ud800", "WEB-1 \ufffd"),
        (commit_id, A.upper(), A),
        (commit_id, "b" * 64, "b" * 64),
        (rows, [], []),
        (rows, [{}, {"id": 1}], [{}, {"id": 1}]),
    ],
)
def test_what_is_there_is_read(read: Callable[[object], Any], value: object, expected: object) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (said, [None, 5, [], {}, b"x"]),
        (commit_id, [None, "", 5, "main", "a" * 39, "0" * 40, A + "\n"]),
        (rows, [None, "", {}, [1], [{}, None], [[]]]),
    ],
)
def test_what_is_missing_is_no_empty_value(read: Callable[[object], Any], values: list[object]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=r"^no "):
            read(value)
