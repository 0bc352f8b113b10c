"""What a GitHub expression may become, and what nobody can say before the run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.init.expressions import MOST, Texts, alternatives, legs, of_leg

KNOWN = {"inputs.to": ("Dev", "Prod"), "matrix.region": ("eu", "us"), "matrix.row": ({"env": "qa"},)}


def _look(name: str) -> Texts:
    return Texts(KNOWN.get(name, ()), name in KNOWN)


@pytest.mark.parametrize(
    ("written", "names", "complete"),
    [
        ("Prod", ["Prod"], True),
        ("${{ inputs.to }}", ["Dev", "Prod"], True),
        ("${{ inputs.to }}-${{ matrix.region }}", ["Dev-eu", "Dev-us", "Prod-eu", "Prod-us"], True),
        ("${{ github.ref == 'x' && 'live' || (github.ref != 'y' && 'qa' || 'dev') }}", ["live", "qa", "dev"], True),
        ("${{ startsWith(github.ref, 'refs/tags/') && 'prd' || '' }}", ["prd"], True),
        ("${{ !contains(github.ref, 'rc') && 'it''s' || inputs.to }}", ["it's", "Dev", "Prod"], True),
        ("${{ vars.X || 'next' }}", ["next"], False),
        ("${{ vars.X }}", [], False),
        ("pr-${{ github.event.number }}", [], False),
        ("${{ format('{1}/{0}', matrix.region, inputs.to) }}", ["Dev/eu", "Prod/eu", "Dev/us", "Prod/us"], True),
        ("${{ format('{2}', inputs.to) }}", [], False),
        ('${{ fromJSON(\'{"main": "live", "dev": "test"}\')[github.ref_name] }}', ["live", "test"], True),
        ('${{ fromJSON(\'{"main": "live", "dev": "test"}\')[\'main\'] }}', ["live"], True),
        ('${{ fromJSON(\'{"main": "live"}\').main }}', ["live"], True),
        ("${{ fromJSON('{') }}", [], False),
        ("${{ case(github.ref == 'x', 'prod', inputs.to == 'y', 'qa', 'dev') }}", ["prod", "qa", "dev"], True),
        ("${{ matrix.row }}", [], False),
        ("${{ matrix.row.env }}", [], False),
        ("${{ inputs.to", [], False),
        ("${{ inputs.to | 1 }}", [], False),
        ("${{ }}", [], False),
        ("${{ 'a' 'b' }}", [], False),
        ("${{ " + "(" * 1000 + " }}", [], False),
        ("${{ " * 5000, [], False),
    ],
)
def test_what_a_text_may_become(written: str, names: list[str], complete: bool) -> None:
    found = alternatives(written, _look)
    assert (list(found.values), found.complete) == (names, complete)


@given(st.text("${}()[]'|&!=,. abx", max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    found = alternatives("${{ " + text + " }}", _look)
    assert all(name and "${{" not in name for name in found.values)
    assert len(found.values) <= MOST


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (None, [{}]),
        ("${{ fromJSON(x) }}", [{}]),
        ({"a": ["1", "2"], "b": ["x"]}, [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}]),
        ({"a": ["1", "2"], "exclude": [{"a": "1"}, {}]}, [{"a": "2"}]),
        ({"include": [{"env": "dev"}, {"env": "prod", "url": "u"}]}, [{"env": "dev"}, {"env": "prod", "url": "u"}]),
        ({"a": ["1"], "include": [{"a": "1", "n": "one"}, {"a": "2"}]}, [{"a": "1", "n": "one"}, {"a": "2"}]),
        ({"a": ["1", "2"], "include": [{"n": "all"}]}, [{"a": "1", "n": "all"}, {"a": "2", "n": "all"}]),
    ],
)
def test_the_legs_of_a_matrix(matrix: Any, expected: list[dict[str, str]]) -> None:
    assert legs({"strategy": {"matrix": matrix}} if matrix else {}) == expected


def test_a_huge_matrix_is_cut() -> None:
    numbers = [str(number) for number in range(1000)]
    assert len(legs({"strategy": {"matrix": {"a": numbers, "b": numbers}}})) == MOST


def test_a_leg_s_value_may_be_a_map_and_may_be_open() -> None:
    leg = {"target": {"env": "prod-eu"}, "open": "${{ x }}"}
    assert of_leg(leg, "target.env") == (("prod-eu",), True)
    assert of_leg(leg, "open") == of_leg(leg, "none") == of_leg(leg, "target.env.more") == ((), False)
