"""The setting run: ids and numbers."""

from __future__ import annotations

import pytest

from jira_ci.corrections.past_records import Reference, references
from jira_ci.errors import UsageError


def test_ids_and_numbers_each_once_and_in_their_order() -> None:
    found = references(("9001", "#41", "09001", "9002"))
    assert found == (Reference("9001"), Reference(number=41), Reference("9002"))
    assert [str(one) for one in found] == ["run 9001", "run #41", "run 9002"]


@pytest.mark.parametrize("text", ["", "#", "0", "#00", "41 ", "#-1", "1e3", "٤١", "9" * 19, "4\n1", "$(id)"])
def test_anything_else_is_no_run(text: str) -> None:
    with pytest.raises(UsageError, match="which is no run") as raised:
        references((text,))
    assert "'#41' (in quotes" in raised.value.hint
