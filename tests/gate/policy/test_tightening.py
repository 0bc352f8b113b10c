"""Several policies are one that allows no more than any of them."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.config.schema import defaults, schema
from jira_ci.gate.policy.tightening import EMERGENCY, RULES, Said, same, seconds, shown, tighten

WORDS = ["Implementing", "implementing", "Ready", "Review", "Done"]
LISTS = st.lists(st.sampled_from(WORDS), unique=True, max_size=4)
FREEZE = st.lists(st.fixed_dictionaries({"name": st.sampled_from("ab"), "every": st.sampled_from("xy")}), max_size=3)
FIELDS = st.dictionaries(st.sampled_from(["Risk", "Type"]), st.sampled_from(["Low", "High"]), max_size=2)
WINDOW = st.just("off") | st.fixed_dictionaries({"start": st.sampled_from("SP"), "end": st.sampled_from("EP")})
EMERGENCIES = st.just("off") | st.fixed_dictionaries(
    {},
    optional={
        "request-type": st.sampled_from(["Emergency", "Rescue"]),
        "minimum-approvals": st.integers(0, 3),
        "who": st.lists(st.sampled_from(["ana", "bob", "cleo"]), min_size=1, unique=True),
        "proceed-statuses": LISTS,
        "review-within": st.sampled_from(["2d", "48h", "1h", "90s", "1w"]),
    },
)
TEXT = st.sampled_from(["one", "two", "three"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(RULES, TEXT),
    **dict.fromkeys(["issue-types", "proceed-statuses", "wait-statuses", "watched-fields"], LISTS),
    **dict.fromkeys(["required-approvals", "required-approvers", "exclude-approvers"], LISTS),
    **dict.fromkeys(["create", "window-required"], st.booleans()),
    "one-change-for": st.lists(st.sampled_from(["EU", "US", {"tenant": "A"}, {"tenant": "B"}]), max_size=4),
    "minimum-approvals": st.integers(0, 9),
    "change-binding": st.sampled_from(["mention", "any"]),
    "bind": st.sampled_from(["commit", "version"]),
    "reuse": st.sampled_from(["once", "open"]),
    "edits": st.sampled_from(["deny", "say"]),
    "comments": st.sampled_from(["off", "internal", "public"]),
    "parked": st.sampled_from(["fail", "success"]),
    "freeze": FREEZE,
    "fields": FIELDS,
    "deployers": FIELDS,
    "window": WINDOW,
    "emergency": EMERGENCIES,
}
PAIRS = st.sampled_from(sorted(RULES)).flatmap(lambda key: st.tuples(st.just(key), *[VALUES[key]] * 3))


def is_no_looser(key: str, merged: Any, own: Any) -> bool:
    """Whether whatever the merged value allows, this value allows too."""
    if key in ("issue-types", "proceed-statuses", "who"):
        return {one.lower() for one in merged} <= {one.lower() for one in own}
    if key in ("required-approvals", "required-approvers"):
        return all(one in merged for one in own)  # compared exactly
    if key in ("watched-fields", "exclude-approvers", "freeze"):
        return all(any(same(one, other) for other in merged) for one in own)
    if key == "emergency":
        if merged == "off" or own == "off":
            return bool(merged == "off")
        known = {name: value for name, value in own.items() if name in ("who", "minimum-approvals", "proceed-statuses")}
        return all(is_no_looser(name, merged[name], value) for name, value in known.items())
    tightest = {
        "create": False,
        "window-required": True,
        "change-binding": "mention",
        "bind": "commit",
        "reuse": "once",
        "edits": "deny",
        "parked": "fail",
    }
    if key in tightest:
        return bool(merged == own or merged == tightest[key])
    if key == "minimum-approvals":
        return bool(merged >= own)
    if key == "comments":
        readers = ["off", "internal", "public"]
        return readers.index(merged) <= readers.index(own)
    return key != "window" or merged != "off" or own == "off"


def test_every_key_of_the_schema_has_a_rule() -> None:
    keys = set(schema()["properties"]["change-control"]["properties"]) - {"enabled"}
    of_environment = schema()["definitions"]["environment"]["else"]["properties"]["change-control"]["properties"]
    assert (keys | set(of_environment)) - set(RULES) == set()


@given(PAIRS)
def test_a_merged_value_is_no_looser_than_any(drawn: tuple[str, Any, Any, Any]) -> None:
    key, one, other, third = drawn
    merged = functools.reduce(RULES[key].merge, (one, other, third))
    if key == "wait-statuses":
        return
    for own in (one, other, third):
        assert is_no_looser(key, merged, own)


@given(PAIRS)
def test_the_order_in_which_they_are_merged_is_no_matter(drawn: tuple[str, Any, Any, Any]) -> None:
    key, one, other, third = drawn
    merge = RULES[key].merge
    assert same(merge(merge(one, other), third), merge(one, merge(other, third)))
    assert same(merge(one, one), one)
    if RULES[key].ordered and key != "emergency":  # its request type has no order
        assert same(merge(one, other), merge(other, one))


@given(PAIRS)
def test_what_has_no_order_is_the_stronger_source_s(drawn: tuple[str, Any, Any, Any]) -> None:
    key, one, other, _ = drawn
    if not RULES[key].ordered and key not in ("window", "fields"):
        assert RULES[key].merge(one, other) == one


@pytest.mark.parametrize(
    ("key", "stricter", "looser"),
    [
        ("create", False, True),
        ("change-binding", "mention", "any"),
        ("bind", "commit", "version"),
        ("reuse", "once", "open"),
        ("edits", "deny", "say"),
        ("window-required", True, False),
        ("comments", "off", "internal"),
        ("comments", "off", "public"),
        ("comments", "internal", "public"),
        ("parked", "fail", "success"),
        ("bind", "one of tomorrow", "commit"),
        ("minimum-approvals", 10, 9),
    ],
)
def test_of_two_values_the_stricter_counts_whoever_says_it(key: str, stricter: Any, looser: Any) -> None:
    assert RULES[key].merge(stricter, looser) == stricter
    assert RULES[key].merge(looser, stricter) == stricter


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        ("off", {"who": ["ana"]}, "off"),
        ({"who": ["ana", "bob"]}, {"who": ["BOB"]}, {"who": ["bob"]}),
        ({"who": ["ana"]}, {"who": ["bob"]}, "off"),
        ({"who": ["ana"], "review-within": "2d"}, {"review-within": "36h"}, {"who": ["ana"], "review-within": "36h"}),
        ({"minimum-approvals": 1}, {"minimum-approvals": 2}, {"minimum-approvals": 2}),
        ({"review-within": "1h"}, {"who": ["ana"]}, {"review-within": "1h", "who": ["ana"]}),
        ({"of tomorrow": 1}, {"of tomorrow": 2}, {"of tomorrow": 1}),
    ],
)
def test_an_emergency_is_one_that_every_source_allows(one: Any, other: Any, merged: Any) -> None:
    assert RULES["emergency"].merge(one, other) == merged
    assert set(EMERGENCY) >= {"who", "minimum-approvals", "review-within"}


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [
        ({"start": "S"}, {"start": "P"}, {"start": "S"}),
        ({"start": "S"}, "off", {"start": "S"}),
        ("off", {"start": "P"}, {"start": "P"}),
        ("off", "off", "off"),
    ],
)
def test_a_window_comes_before_none(one: Any, other: Any, merged: Any) -> None:
    assert RULES["window"].merge(one, other) == merged


@pytest.mark.parametrize(
    ("text", "lasts"),
    [("90s", 90), ("2m", 120), ("3h", 10_800), ("2d", 172_800), ("1w", 604_800), ("soon", 0), ("2 d", 0), (None, 0)],
)
def test_a_duration_that_cannot_be_read_is_none_at_all(text: Any, lasts: int) -> None:
    assert seconds(text) == lasts


@pytest.mark.parametrize(
    ("value", "text"),
    [("Zürich", "Zürich"), ("", '""'), (["Zürich"], '["Zürich"]'), (date(2026, 3, 2), '"2026-03-02"'), (True, "true")],
)
def test_values_as_people_read_them(value: Any, text: str) -> None:
    assert shown(value) == text


BASE = defaults("change-control")


def said(name: str, whole: bool = True, guides: bool = False, **values: Any) -> Said:
    keyed = {key.replace("_", "-"): value for key, value in values.items()}
    return Said(name, keyed, dict.fromkeys(keyed, f"{name} line 1"), whole=whole, guides=guides)


def test_a_file_that_leaves_a_key_out_says_its_default() -> None:
    now, then = said("now"), said("then", proceed_statuses=["Implementing", "Ready"], minimum_approvals=1)
    found = tighten([now, then], BASE)
    assert found.values["proceed-statuses"] == ["Implementing"]
    assert (found.values["minimum-approvals"], found.origins["minimum-approvals"]) == (1, "then line 1")
    assert (found.origins["proceed-statuses"], found.origins["title"]) == ("default", "default")


def test_the_organisation_leaves_open_what_it_does_not_say_and_its_words_stand_in_for_defaults() -> None:
    ours = said("ours", minimum_approvals=1)
    theirs = said("theirs", whole=False, guides=True, proceed_statuses=["Go"], minimum_approvals=2)
    found = tighten([theirs, ours], BASE)
    assert (found.values["proceed-statuses"], found.origins["proceed-statuses"]) == (["Go"], "theirs line 1")
    assert (found.values["minimum-approvals"], found.origins["minimum-approvals"]) == (2, "theirs line 1")
    loose = tighten([theirs, said("ours", proceed_statuses=["Go", "Ready"], title="T")], BASE)
    assert (loose.values["proceed-statuses"], loose.values["title"]) == (["Go"], "T")
    assert found.values["title"] == BASE["title"]


def test_a_file_that_does_not_speak_of_shared_changes_shares_none() -> None:
    theirs = said("theirs", whole=False, guides=True, one_change_for=["EU", "US"])
    assert tighten([theirs, said("ours")], BASE).values["one-change-for"] == []
    assert tighten([theirs, said("ours", whole=False)], BASE).values["one-change-for"] == ["EU", "US"]
    ours = said("ours", one_change_for=["US", "EU", "AP"])
    assert tighten([theirs, ours], BASE).values["one-change-for"] == ["EU", "US"]


def test_what_nobody_says_has_its_default() -> None:
    found = tighten([said("theirs", whole=False)], BASE)
    assert found.values == BASE
    assert found.origins == dict.fromkeys(BASE, "default")


def test_without_a_line_the_source_says_it() -> None:
    theirs, ours = Said("theirs", {"reuse": "once"}, guides=True), Said("ours", {"title": "T"}, whole=True)
    found = tighten([theirs, ours], BASE)
    assert (found.origins["reuse"], found.origins["title"]) == ("theirs", "ours")
    assert tighten([ours, theirs], BASE).origins["reuse"] == "theirs"
    with_line = Said("theirs", {"title": "U"}, {"title": "theirs line 3"}, guides=True)
    quiet = tighten([Said("ours", {}, whole=True), with_line], BASE)
    assert (quiet.values["title"], quiet.origins["title"]) == ("U", "theirs line 3")
    nameless = tighten([Said("ours", {}, whole=True), replace(with_line, lines={})], BASE)
    assert (nameless.origins["title"], nameless.differences) == ("theirs", ())


def test_a_value_made_of_several_names_all_of_them() -> None:
    found = tighten([said("a", exclude_approvers=["reporter"]), said("b", exclude_approvers=["deployer"])], BASE)
    assert found.values["exclude-approvers"] == ["reporter", "deployer"]
    assert found.origins["exclude-approvers"] == "a line 1 and b line 1"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"name": "a", "every": "x"}, {"every": "x", "name": "a"}, True),
        ({"name": "a"}, {"name": "A"}, False),
        (["Review", "Go"], ["go", "review"], True),
        ("Review", "REVIEW", True),
        (True, False, False),
        ([{"tenant": "A"}], [{"tenant": "A"}], True),
    ],
)
def test_what_means_the_same(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is alike


def test_what_has_no_order_and_differs_is_said() -> None:
    found = tighten([said("a", title="A"), said("b", title="B", fields={"Risk": "Low"})], BASE)
    assert found.values["title"] == "A"
    assert found.differences == ("title: what a line 1 says counts, and b line 1 says B",)
    assert tighten([said("a", title="A"), said("b", title="A")], BASE).differences == ()
    assert tighten([said("a"), said("b", title="B")], BASE).differences == (
        "title: the default counts, and b line 1 says B",
    )
    assert tighten([said("a", title="A"), said("b")], BASE).differences == ()
    assert tighten([said("a", minimum_approvals=1), said("b", minimum_approvals=2)], BASE).differences == ()
    long = tighten([said("a", title="A"), said("b", title="x" * 101), said("c", title="y" * 100)], BASE).differences
    assert [one.rpartition(" ")[2] for one in long] == ["x" * 100 + "…", "y" * 100]
    fields = tighten([said("a", fields={"Risk": "Low"}), said("b", fields={"Risk": "High", "Team": "x"})], BASE)
    assert fields.values["fields"] == {"Risk": "Low", "Team": "x"}
    assert [one.rpartition("says ")[2] for one in fields.differences] == ['{"Risk": "High"}']


def test_a_key_without_a_rule_is_the_stronger_source_s() -> None:
    found = tighten([said("a", whole=False, new=1), said("b", new=2)], BASE)
    assert (found.values["new"], len(found.differences)) == (1, 1)
