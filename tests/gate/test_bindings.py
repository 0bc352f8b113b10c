"""The property of a change: what is bound, what was deployed, and how much of it Jira takes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate_subjects import Subject
from jira_ci.gate.bindings import (
    Binding,
    ChangeProperty,
    Deployed,
    NoRoom,
    NotOurs,
    Outcome,
    Scope,
    read,
    spent,
    spent_by,
)
from jira_ci.gate.change_property import bindings_of, same_binding, scope_of
from jira_ci.gate.subject import Attempt

A, B = "a" * 40, "b" * 40
HERE = Scope("acme/shop", "Web Site", "Prod", "")
FIRST = {"schema": "jira-ci.change/1", "project": "Web Site", "environment": "Prod", "tenant": "", "version": "1.2.3"}
EMPTY: dict[str, Any] = {"schema": "jira-ci.change/2", "bindings": [], "deployments": []}
OLD = {**FIRST, "commit": A, "run": "7"}


def bound(commit: str = A, scope: Scope = HERE) -> Binding:
    return Binding(scope, "1.2.3", commit, "https://ci.example/7")


def deployed(number: int, outcome: Outcome = "failed", scope: Scope = HERE) -> Deployed:
    return Deployed(scope, "1.2.3", A, f"https://ci.example/{number}", str(number), 1, f"id-{number}", outcome)


def test_the_property_holds_what_binds_the_change() -> None:
    whole = ChangeProperty(bindings_of(Subject(tenant="EU"), Attempt(run="7")))
    assert whole.document() == {
        "schema": "jira-ci.change/2",
        "bindings": [
            {
                "repository": "acme/shop",
                "project": "Web Site",
                "environment": "Prod",
                "tenant": "EU",
                "version": "1.2.3",
                "commit": Subject().commit,
                "run": "7",
            }
        ],
        "deployments": [],
        "dropped": 0,
    }


def test_what_is_written_is_read_again() -> None:
    whole = ChangeProperty((bound(), bound(B, replace(HERE, tenant="EU"))), (deployed(1), deployed(2, "started")), 3)
    assert read(json.loads(json.dumps(whole.document()))) == whole
    assert read(None) == ChangeProperty()


def test_the_first_schema_is_one_binding_of_whatever_repository() -> None:
    assert read(OLD) == ChangeProperty((Binding(replace(HERE, repository=""), "1.2.3", A, "7"),))
    assert read({key: value for key, value in OLD.items() if key != "schema"}) == read(OLD)
    assert read(OLD).of(HERE) is not None
    assert read(OLD).of(replace(HERE, environment="Stage")) is None


@pytest.mark.parametrize(
    "value",
    [
        {},
        {**OLD, "commit": None},
        {**OLD, "commit": " "},
        {**OLD, "project": 7},
        {**OLD, "schema": "jira-ci.change/3"},
        {**OLD, "schema": None},
        {**OLD, "schema": ["jira-ci.change/2"]},
        {"schema": "jira-ci.change/2"},
        {"schema": "jira-ci.change/2", "bindings": {}, "deployments": []},
        {"schema": "jira-ci.change/2", "bindings": [None], "deployments": []},
        {"schema": "jira-ci.change/2", "bindings": [{**OLD, "commit": 1}], "deployments": []},
        {"schema": "jira-ci.change/2", "bindings": [], "deployments": [{}]},
        {
            "schema": "jira-ci.change/2",
            "bindings": [],
            "deployments": [{"id": "1", "attempt": True, "outcome": "failed"}],
        },
        {"schema": "jira-ci.change/2", "bindings": [], "deployments": [{"id": "1", "attempt": 1, "outcome": "fine"}]},
        {"schema": "jira-ci.change/2", "bindings": [], "deployments": [{"id": "", "attempt": 1, "outcome": "failed"}]},
    ],
)
def test_what_is_none_of_ours_is_said_and_not_guessed_at(value: dict[str, Any]) -> None:
    with pytest.raises(NotOurs):
        read(value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            {"schema": "jira-ci.change/3" + 60 * "x"},
            f"its schema is jira-ci.change/3{44 * 'x'}…, and jira-ci.change/2 is the newest that is known here.",
        ),
        ({**EMPTY, "bindings": 1}, "its bindings are no list of objects."),
        ({**OLD, "commit": 1}, "its commit is no text."),
        ({**EMPTY, "deployments": [{}]}, "one of its deployments has no attempt or no outcome that is known."),
    ],
)
def test_what_is_wrong_with_it_is_named(value: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotOurs, match=f"^{re.escape(sentence)}$"):
        read(value)


@pytest.mark.parametrize(
    ("dropped", "known"), [(None, 0), (True, 0), (-1, 0), (0, 0), (1, 1), (2, 2), ("2", 0), (1.0, 0)]
)
def test_how_many_had_to_make_room_is_a_number(dropped: object, known: int) -> None:
    assert read({**EMPTY, "dropped": dropped}).dropped == known
    assert read(EMPTY).dropped == 0


@pytest.mark.parametrize(
    ("scope", "same"),
    [
        (HERE, True),
        (replace(HERE, environment="PROD"), True),
        (replace(HERE, repository="Acme/Shop"), True),
        (replace(HERE, repository=""), True),
        (replace(HERE, repository="acme/other"), False),
        (replace(HERE, environment="Prod-EU"), False),
        (replace(HERE, tenant="EU"), False),
        (replace(HERE, project="Other"), False),
    ],
)
def test_two_scopes_are_one_in_any_case(scope: Scope, same: bool) -> None:
    assert HERE.same(scope) is scope.same(HERE) is same


@pytest.mark.parametrize(
    ("held", "scope", "fixed", "other"),
    [
        ((), HERE, True, None),
        ((bound(A),), HERE, False, None),
        ((bound(A),), HERE, True, None),
        ((bound(B),), HERE, False, B),
        ((bound(B),), HERE, True, B),
        # another name for the same place is no way round what was approved
        ((bound(B),), replace(HERE, project="Other"), True, B),
        ((bound(B),), replace(HERE, project="Other"), False, None),
        ((bound(B),), replace(HERE, environment="Stage"), True, B),
        ((bound(B), bound(A, replace(HERE, tenant="EU"))), replace(HERE, tenant="US"), True, None),
        ((bound(B),), replace(HERE, repository="acme/other"), True, None),
        ((bound(B, replace(HERE, repository="")),), HERE, True, B),
    ],
)
def test_a_change_is_for_the_commit_that_it_was_approved_for(
    held: tuple[Binding, ...], scope: Scope, fixed: bool, other: str | None
) -> None:
    found = ChangeProperty(held).other_commit(scope, A, fixed=fixed)
    assert (found.commit if found else None) == other


def test_a_binding_takes_the_place_of_the_one_before() -> None:
    whole = ChangeProperty((bound(A), bound(A, replace(HERE, tenant="EU"))))
    again = whole.with_binding(bound(B))
    assert [one.commit for one in again.bindings] == [A, B]
    assert again.without(HERE).bindings == (whole.bindings[1],)
    assert again.without(replace(HERE, tenant="US")) == again


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"commit": "another"}, True),
        ({"tenant": None}, True),
        ({"tenant": "EU"}, False),
        ({"version": "1.2.4"}, False),
        ({"project": "Other"}, False),
        ({"environment": "prod"}, False),
        ({"environment": ["Prod"]}, False),
        ({"repository": "acme/other"}, False),
        ({"repository": "acme/shop"}, True),
    ],
)
def test_a_binding_is_the_same_when_all_of_it_is(changed: dict[str, Any], same: bool) -> None:
    assert same_binding({**OLD, **changed}, Subject()) is same


def test_what_was_deployed_is_known_by_its_id() -> None:
    whole = ChangeProperty().with_deployment(deployed(1, "started")).with_deployment(deployed(2, "started"))
    whole = whole.with_deployment(deployed(1, "successful"))
    assert [(one.id, one.outcome) for one in whole.deployments] == [("id-1", "successful"), ("id-2", "started")]
    assert [one.id for one in whole.earlier(HERE, "id-2")] == ["id-1"]
    assert whole.earlier(replace(HERE, tenant="EU"), "id-2") == ()


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], ""),
        (["failed", "cancelled"], ""),
        (["failed", "started"], "started"),
        (["successful"], "used"),
        (["started", "successful", "failed"], "used"),
    ],
)
def test_a_success_uses_it_up_and_a_start_without_an_outcome_may_have(outcomes: list[Outcome], expected: str) -> None:
    assert spent([deployed(number, outcome) for number, outcome in enumerate(outcomes)]) == expected


def test_what_stands_in_the_way_is_named() -> None:
    assert spent_by("OPS-7", "used", [deployed(1, "successful"), deployed(2)]) == (
        f"OPS-7 was used up by run https://ci.example/1 (commit {A}): reuse is once. "
        "Close it and run again for another change."
    )
    told = spent_by("OPS-7", "started", [deployed(1, "started")])
    assert "run jira-ci reconcile --environment Prod --change OPS-7, then" in told
    assert spent_by("OPS-7", "started", []) == (
        "OPS-7 allows one deployment (reuse: once), and another run began one whose outcome is not known. If that run "
        "is over, run jira-ci reconcile --change OPS-7, then run again."
    )


def test_a_command_in_a_sentence_can_be_run_as_it_stands_whatever_somebody_wrote() -> None:
    assert HERE.flags == "--environment Prod "
    assert replace(HERE, tenant="Acme Ltd").flags == "--environment Prod --tenant 'Acme Ltd' "
    assert replace(HERE, environment="$(id)\n;x").flags.startswith("--environment '$(id)")
    assert replace(HERE, environment="").flags == ""


def test_a_full_property_forgets_the_oldest_deployments_and_nothing_that_decides() -> None:
    far = [replace(HERE, tenant=f"Tenant {number}") for number in range(20)]
    whole = ChangeProperty(tuple(bound(A, scope) for scope in far))
    whole = whole.with_deployment(deployed(0, "successful")).with_deployment(deployed(1, "started"))
    for number in range(2, 300):
        whole = whole.with_deployment(deployed(number))
    kept = read(whole.document())
    assert len(json.dumps(whole.document())) <= 32_768
    assert kept.bindings == whole.bindings
    assert kept.dropped > 100
    assert [one.id for one in kept.deployments[:2]] == ["id-0", "id-1"]
    assert kept.deployments[-1].id == "id-299"
    assert len(kept.deployments) + kept.dropped == 300


@pytest.mark.parametrize(
    ("outcomes", "more", "kept"),
    [
        (["successful", "started", "failed", "failed"], 0, [0, 1, 2, 3]),
        (["successful", "started", "failed", "failed"], 1, [0, 1, 3]),
        (["successful", "started", "successful", "failed"], 1, [1, 2, 3]),
    ],
)
def test_there_is_room_for_so_many_characters_and_no_more(outcomes: list[Outcome], more: int, kept: list[int]) -> None:
    *some, last = (deployed(number, outcome) for number, outcome in enumerate(outcomes))
    room = 32_000 - len(json.dumps(ChangeProperty(deployments=(*some, last)).document())) + more
    whole = ChangeProperty(deployments=(*some, replace(last, run=last.run + "x" * room)), dropped=7).document()
    assert [one["id"] for one in whole["deployments"]] == [f"id-{number}" for number in kept]
    assert whole["dropped"] == 7 + len(outcomes) - len(kept)


def test_what_is_bound_beside_is_of_the_same_repository_and_not_this() -> None:
    us, elsewhere = replace(HERE, environment="Prod-US"), replace(HERE, repository="acme/other")
    assert ChangeProperty((bound(A, elsewhere), bound(A, us))).beside(HERE) == bound(A, us)
    assert ChangeProperty((bound(), bound(A, us))).beside(HERE) is None
    assert ChangeProperty((bound(A, elsewhere),)).beside(HERE) is None


def test_what_has_to_stay_and_does_not_fit_is_not_written() -> None:
    with pytest.raises(NoRoom, match=r"^Its property is full\.$"):
        ChangeProperty(tuple(bound(A, replace(HERE, tenant=f"Tenant {number}")) for number in range(200))).document()


def test_an_address_that_is_too_long_is_left_for_the_runs_id() -> None:
    assert bindings_of(Subject(), Attempt("https://ci.example/" + "x" * 600, "7"))[0].run == "7"


ODD = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=5,
)
KEYS = [*OLD, "bindings", "deployments", "dropped", "repository", "outcome", "attempt", "id"]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), st.one_of(ODD, st.sampled_from(["jira-ci.change/2", [OLD]])), max_size=8))
def test_anything_is_read_or_refused(value: dict[str, Any]) -> None:
    try:
        found = read(value)
    except NotOurs:
        return
    assert read(found.document()).bindings == found.bindings
    assert all(one.commit.strip() for one in found.bindings)
    assert scope_of(Subject()).same(HERE)
