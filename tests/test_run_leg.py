"""What a matrix makes of a job: a name, and values to be looked for elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jira_ci.run import Leg, is_leg_named, is_matrix_text, leg_of_matrix, leg_of_values


def text(matrix: Any, total: str = "2") -> str:
    """As action.yml makes it of GitHub's contexts."""
    return f"{total}/{json.dumps(matrix, indent=2)}"


@pytest.mark.parametrize(
    ("matrix", "name", "values"),
    [
        ({"os": "ubuntu", "python": "3.12"}, "ubuntu, 3.12", ("ubuntu", "3.12")),
        ({"python": "3.12", "os": "ubuntu"}, "ubuntu, 3.12", ("3.12", "ubuntu")),
        ({"python": 3.1}, "3.1", ("3.1",)),
        ({"python": 3.0, "n": 3}, "3, 3", ("3", "3")),
        ({"fast": True, "cover": False}, "false, true", ("true", "false")),
        ({"at": {"env": "prod", "zone": ["eu", 1]}}, '{"env":"prod","zone":["eu",1]}', ("prod", "eu", "1")),
        ({"a": "x, y", "b": "z"}, '"x, y", z', ("x, y", "z")),
        ({"a": "x", "b": "y, z"}, 'x, "y, z"', ("x", "y, z")),
        ({"a": "", "b": None}, '"", null', ()),
        ({"a": 'say "x"'}, '"say \\"x\\""', ('say "x"',)),
        ({"a": " x"}, '" x"', (" x",)),
    ],
)
def test_a_leg_is_called_after_its_values_in_the_order_of_their_names(
    matrix: dict[str, Any], name: str, values: tuple[str, ...]
) -> None:
    assert leg_of_matrix(text(matrix), "test") == Leg("test", name, values, several=True)
    assert leg_of_values("test", matrix, several=True).name == name


@pytest.mark.parametrize(("total", "several"), [("1", False), ("2", True), ("256", True), ("", True)])
def test_a_leg_is_one_of_several_unless_the_runner_says_that_there_is_but_one(total: str, several: bool) -> None:
    assert leg_of_matrix(text({"os": "x"}, total), "test").several is several
    assert leg_of_matrix(json.dumps({"os": "x"}), "test").several


@pytest.mark.parametrize("nothing", ["", "1/null", "/null", "null", "1/{}", "{}"])
def test_a_job_without_a_matrix_has_no_leg(nothing: str) -> None:
    assert leg_of_matrix(nothing, "test") == Leg("test")


@pytest.mark.parametrize("chosen", ["eu", "1/3", "{not json}", "nullable", "2/eu", "[1]", '"x"'])
def test_a_name_that_somebody_chose_is_no_matrix(chosen: str) -> None:
    assert not is_matrix_text(chosen)
    assert leg_of_matrix(chosen, "test") == Leg("test")


def test_what_the_action_says_is_a_matrix() -> None:
    assert all(map(is_matrix_text, ["1/null", text({"os": "x"}), "{}", " null\n"]))


@pytest.mark.parametrize(
    ("values", "names", "found"),
    [
        (("eu",), ["prod-eu"], True),
        (("EU",), ["Prod EU"], True),
        (("eu",), ["prod", "EU"], True),
        (("eu",), ["neutral"], False),
        (("1",), ["qa1"], False),
        (("1",), ["qa-1"], True),
        (("ubuntu", "prod"), ["prod"], True),
        (("ubuntu",), ["prod"], False),
        (("a.b",), ["a-b"], False),
        ((), ["prod"], False),
        (("prod",), ["", ""], False),
    ],
)
def test_a_value_stands_in_a_name_as_a_word(values: tuple[str, ...], names: list[str], found: bool) -> None:
    assert is_leg_named(Leg("deploy", "x", values), *names) is found
