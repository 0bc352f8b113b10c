"""When an answer was given."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jira_ci.exchange import Answer
from jira_ci.jira.requester import Stamp, stamp_of

SIX = datetime(2026, 11, 21, 6, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("headers", "stamp"),
    [
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT"}, Stamp(SIX, False, 7.0)),
        ({"date": "Sat, 21 Nov 2026 06:00:00 -0000"}, Stamp(SIX, False, 7.0)),
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT", "age": "0"}, Stamp(SIX, True, 7.0)),
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT, Sat, 21 Nov 2026 06:00:00 GMT"}, Stamp(SIX, False, 7.0)),
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT, Sat, 21 Nov 2026 06:00:01 GMT"}, Stamp(None, False, 7.0)),
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT, yesterday"}, Stamp(None, False, 7.0)),
        ({"date": "Sat, 21 Nov 2026 06:00:00 GMT, "}, Stamp(None, False, 7.0)),
        ({"date": "Sat Nov 21 06:00:00 2026, Sat Nov 21 07:00:00 2026"}, Stamp(None, False, 7.0)),
        ({"date": "yesterday"}, Stamp(None, False, 7.0)),
        ({"date": ""}, Stamp(None, False, 7.0)),
        ({"date": "Sat, 99 Nov 99999999999 06:00:00 GMT"}, Stamp(None, False, 7.0)),
        ({}, Stamp(None, False, 7.0)),
    ],
)
def test_an_answer_keeps_the_time_at_which_it_was_given(headers: dict[str, str], stamp: Stamp) -> None:
    assert stamp_of(Answer(200, headers), 7.0) == stamp
