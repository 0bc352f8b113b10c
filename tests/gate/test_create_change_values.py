"""The policy's fields, as Jira takes them."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.gate.create_change import Unfit, field_values
from jira_ci.jira.parse_desk import Field


def field(kind: str, items: str = "", choices: tuple[str, ...] = (), name: str = "Thing", id: str = "f1") -> Field:
    return Field(id, name, False, False, kind, items, choices)


@pytest.mark.parametrize(
    ("known", "given", "value"),
    [
        (field("option", choices=("Low", "High")), "low", {"value": "Low"}),
        (field("option"), "Anything", {"value": "Anything"}),
        (field("option", choices=("1", "2")), 1, {"value": "1"}),
        (field("string"), "text", "text"),
        (field("string"), 7, "7"),
        (field("number"), 7, 7),
        (field("number"), 0, 0),
        (field("date"), "2026-11-30", "2026-11-30"),
        (field("datetime"), "2026-11-30T14:00:00+01:00", "2026-11-30T13:00:00.000+0000"),
        (field("datetime"), "2026-11-30T14:00:00.000+0100", "2026-11-30T13:00:00.000+0000"),
        (field("priority", choices=("High",)), "high", {"name": "High"}),
        (field("user"), "5b10", {"accountId": "5b10"}),
        (field("group"), "cab", {"name": "cab"}),
        (field("array", "string"), ["a", "b"], ["a", "b"]),
        (field("array", "string"), "a", ["a"]),
        (field("array", "option", ("X", "Y")), ["x", "Y"], [{"value": "X"}, {"value": "Y"}]),
        (field("array", "user"), ["5b10"], [{"accountId": "5b10"}]),
        (field("array", "component"), ["API"], [{"name": "API"}]),
        (field("array", "service-entity-field"), ["ari:1"], [{"id": "ari:1"}]),
        (field("array", "service-entity-field"), [{"id": "ari:1"}], [{"id": "ari:1"}]),
        (field("option-with-child", choices=("A",)), ["a", "b"], {"value": "A", "child": {"value": "b"}}),
        (field("option-with-child", choices=("A",)), "A", {"value": "A"}),
        (field("option"), {"id": "10001"}, {"id": "10001"}),
        (field("any"), "x", "x"),
    ],
)
def test_each_kind_of_field_takes_its_own_form(known: Field, given: Any, value: Any) -> None:
    assert field_values({"Thing": given}, [known]) == {"f1": value}


@pytest.mark.parametrize(
    ("known", "given", "said"),
    [
        (field("option", choices=("Low", "High")), "Medium", "takes one of: Low, High"),
        (field("option"), True, "not a switch"),
        (field("option"), ["Low"], "a single value"),
        (field("number"), "7", "takes a number"),
        (field("number"), True, "takes a number"),
        (field("date"), "30.11.2026", "takes a date"),
        (field("date"), "2026-13-01", "takes a date"),
        (field("datetime"), "2026-11-30", "takes a date and time"),
        (field("datetime"), "2026-11-30T14:00:00", "takes a date and time"),
        (field("datetime"), "9999-12-31T23:59:59-05:00", "takes a date and time"),
        (field("array", "option", ("X",)), ["Z"], "takes one of: X"),
        (field("array", "string"), [["a"]], "a single value"),
    ],
)
def test_a_value_that_does_not_fit_is_said(known: Field, given: Any, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        field_values({"Thing": given}, [known])


def test_fields_are_found_by_id_before_name_and_in_any_case() -> None:
    known = [field("string", name="Risk", id="a"), field("string", name="a", id="b")]
    assert field_values({"a": "x", "risk ": "y"}, [*known[1:], field("string", name="Risk", id="c")]) == {
        "b": "x",
        "c": "y",
    }
    assert field_values({"a": "x"}, known) == {"a": "x"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Rsik": "x"}, "Did you mean Risk"),
        ({"Twice": "x"}, "give one by its id, b and c"),
        ({"Summary": "x"}, "set already"),
        ({"Risk": "x", "a": "y"}, "set already"),
    ],
)
def test_a_name_that_cannot_be_meant_is_said(given: dict[str, str], said: str) -> None:
    known = [
        field("string", name="Risk", id="a"),
        field("string", name="Twice", id="b"),
        field("string", name="Twice", id="c"),
        field("string", name="Summary", id="summary"),
    ]
    with pytest.raises(Unfit, match=said):
        field_values(given, known)


def test_data_center_knows_people_by_their_names() -> None:
    known = [field("user"), field("array", "user", name="More", id="f2")]
    given = {"Thing": "ana", "More": ["bob"]}
    assert field_values(given, known, cloud=False) == {"f1": {"name": "ana"}, "f2": [{"name": "bob"}]}
