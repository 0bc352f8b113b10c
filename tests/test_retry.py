"""Which answers are worth another try, and how long the wait before it is."""

from __future__ import annotations

import pytest

from jira_ci.retry import delay, worth_another_try

NOW = 1_795_000_000.0  # Wed, 18 Nov 2026 11:06:40 GMT


@pytest.mark.parametrize(
    ("status", "again"),
    [
        *((status, False) for status in (200, 202, 204, 301, 400, 401, 403, 404, 405, 409, 413, 422)),
        *((status, True) for status in (408, 425, 429, 500, 502, 503, 504, 520)),
    ],
)
def test_which_answers_are_worth_another_try(status: int, again: bool) -> None:
    assert worth_another_try(status) is again


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2.0), (2, 4.0), (3, 8.0), (4, 16.0), (5, 30.0), (50, 30.0)])
def test_waits_grow_up_to_half_a_minute(attempt: int, seconds: float) -> None:
    assert delay(attempt, "", NOW, 1.0) == seconds
    assert delay(attempt, "", NOW, 0.7) == pytest.approx(0.7 * seconds)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7", 7.0),
        (" 7.5 ", 7.5),
        ("1", 2.0),  # longer than asked for is no harm, shorter is
        ("Wed, 18 Nov 2026 11:07:40 GMT", 60.0),
        ("Wed, 18 Nov 2026 11:07:40 -0000", 60.0),
        ("Wed, 18 Nov 2026 11:05:40 GMT", 2.0),
        ("soon", 2.0),
        ("-7", 2.0),
        ("٧", 2.0),  # a digit, but none of HTTP's
        ("Wed, 18 Nov 99999 11:07:40 GMT", 2.0),
    ],
)
def test_what_the_server_asks_for_is_never_cut_short(retry_after: str, seconds: float) -> None:
    assert delay(1, retry_after, NOW, 1.0) == seconds


def test_a_wait_that_was_asked_for_is_not_shortened_by_chance() -> None:
    assert delay(1, "7", NOW, 0.7) == 7.0
