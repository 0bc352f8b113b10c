"""Lists of Jira's: where the next page begins, and whether all there is has come."""

from __future__ import annotations

from typing import Any

import pytest

from jira_ci.jira.parse import Page, WrongShape
from jira_ci.jira.parse_change import Found, candidates
from jira_ci.jira.requester import Hits, Listed, every_hit, every_page, hits

FOUND = {"id": "1", "key": "OPS-1", "fields": {"summary": "a"}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"issues": [FOUND]}, Hits((Found("1", "OPS-1", "a"),), "")),
        ({"issues": [], "isLast": True}, Hits((), "")),
        ({"issues": [FOUND], "isLast": False, "nextPageToken": "t"}, Hits((Found("1", "OPS-1", "a"),), "t")),
        ({"issues": [FOUND], "nextPageToken": "t"}, Hits((Found("1", "OPS-1", "a"),), "t")),
        ({"issues": [FOUND], "isLast": True, "nextPageToken": None}, Hits((Found("1", "OPS-1", "a"),), "")),
    ],
)
def test_a_page_of_a_search_says_where_the_next_begins(body: Any, expected: Hits[Found]) -> None:
    assert hits(body, "cloud", candidates) == expected


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"issues": None},
        {"issues": [{}]},
        {"issues": [{"id": "1", "key": "A-1"}]},
        {"issues": [], "isLast": "true"},
        {"issues": [], "isLast": False},
        {"issues": [], "isLast": True, "nextPageToken": "t"},
        {"issues": [], "nextPageToken": 7},
    ],
)
def test_a_page_of_a_search_that_contradicts_itself_is_an_error(body: Any) -> None:
    with pytest.raises(WrongShape):
        hits(body, "cloud", candidates)


@pytest.mark.parametrize(("start", "total", "after"), [(0, 1, ""), (0, 3, "1"), (2, 3, ""), (0, 0, "")])
def test_data_center_counts_its_pages(start: int, total: int, after: str) -> None:
    body = {"issues": [FOUND], "startAt": start, "total": total, "maxResults": 100}
    assert hits(body, "data-center", candidates).after == after


@pytest.mark.parametrize("body", [{"issues": []}, {"issues": [], "startAt": 0, "total": 1}, {"issues": [], "total": 0}])
def test_a_page_of_data_center_that_leads_nowhere_is_an_error(body: Any) -> None:
    with pytest.raises(WrongShape):
        hits(body, "data-center", candidates)


@pytest.mark.parametrize(
    ("pages", "found", "complete"),
    [
        ({"": (["1"], "")}, ["1"], True),
        ({"": (["1"], "a"), "a": (["2"], "b"), "b": (["3"], "")}, ["1", "2", "3"], True),
        ({"": (["1"], "a"), "a": (["2"], "a")}, ["1", "2"], False),
        ({"": (["1"], "a"), "a": (["2"], "b"), "b": (["1"], "a")}, ["1", "2"], False),
    ],
)
def test_a_token_that_repeats_ends_the_search_incomplete(pages: Any, found: list[str], complete: bool) -> None:
    def fetch(after: str) -> Hits[Found]:
        ids, following = pages[after]
        return Hits(tuple(Found(one, f"OPS-{one}", "a") for one in ids), following)

    listed = every_hit(fetch)
    assert ([one.id for one in listed.values], listed.complete) == (found, complete)


def test_a_search_without_end_is_given_up() -> None:
    def fetch(after: str) -> Hits[Found]:
        return Hits((), after + "x")

    listed = every_hit(fetch)
    assert listed == Listed((), False)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([Page(0, ("a",), True)], Listed(("a",), True)),
        ([Page(0, ("a", "b"), False), Page(2, ("c",), True)], Listed(("a", "b", "c"), True)),
        ([Page(0, (), True)], Listed((), True)),
        ([Page(0, ("a",), False), Page(0, ("a",), False)], Listed(("a",), False)),
        ([Page(0, ("a",), False), Page(1, (), False)], Listed(("a",), False)),
        ([Page(1, ("b",), True)], Listed((), False)),
    ],
)
def test_a_list_is_whole_only_when_its_last_page_says_so(pages: list[Page], expected: Listed[str]) -> None:
    left = iter(pages)
    assert every_page(lambda _: next(left)) == expected


def test_a_list_without_end_is_given_up() -> None:
    listed = every_page(lambda start: Page(start, ("a",), False))
    assert (len(listed.values), listed.complete) == (20, False)
