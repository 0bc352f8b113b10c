"""Ranges proven by parents alone, against the plain definition of what a range is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.git.ancestry import Outline, is_disjoint

Graph = dict[str, list[str]]


def ancestors(graph: Mapping[str, Sequence[str]], commit: str) -> set[str]:
    """With the commit itself."""
    found, waiting = set(), [commit]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(graph[one])
    return found


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Up to fourteen commits; parents are older in number, and nothing else is promised."""
    graph: Graph = {}
    for number in range(draw(st.integers(2, 14))):
        parents = draw(st.lists(st.sampled_from(sorted(graph)), max_size=3, unique=True)) if graph else []
        graph[f"{number:02}"] = parents
    return graph


@given(st.data(), graphs())
def test_what_is_proven_is_true_whatever_is_hidden_and_in_any_order(data: st.DataObject, graph: Graph) -> None:
    names = sorted(graph)
    base, head = data.draw(st.sampled_from(names)), data.draw(st.sampled_from(names))
    cut = frozenset(data.draw(st.lists(st.sampled_from(names), max_size=4, unique=True)))
    seen = {commit: [] if commit in cut else parents for commit, parents in graph.items()}
    listed = ancestors(seen, head) - ancestors(seen, base)
    kept = {*listed, *data.draw(st.lists(st.sampled_from(sorted(ancestors(seen, head))), unique=True))}
    outline = Outline()
    for commit in data.draw(st.permutations(sorted(kept - {base}))):
        outline.add(commit, " ".join(seen[commit]))
    edge = outline.above([base])
    here = ancestors(seen, base).union(*(ancestors(seen, commit) for commit in edge)) if edge else set()
    order = data.draw(st.permutations(sorted(here)))
    found = is_disjoint([base], edge, [(commit, seen[commit]) for commit in order], cut) if edge else True
    old = ancestors(graph, base)
    if found is True:
        assert old.isdisjoint(kept - {base})
    elif found is False:
        assert not old.isdisjoint(kept)
    else:
        assert cut & ancestors(seen, base), "nothing is hidden, and there was no answer"


@pytest.mark.parametrize(
    ("graph", "cut", "found"),
    [
        ("base:a new:a a:", "", True),  # all that is left of base is had by the edge
        ("base:a new:b a:b b:", "", True),
        ("base:a new:b a: b:", "", True),  # two beginnings
        ("base:new new:a a:", "", False),
        ("base:a a:b b:new new:", "", False),
        ("base:a new:b a: b:", "a", None),  # new may be behind the cut
        ("base:a new:a a:", "a", True),  # behind the cut is only what new has, too
        ("base:a,c new:a a:b b: c:", "c", None),
        ("base: new:a a:", "base", None),  # an island
    ],
)
def test_what_a_cut_may_hide(graph: str, cut: str, found: bool | None) -> None:
    listed = [
        (name, parents.split(",") if parents else []) for name, parents in (one.split(":") for one in graph.split())
    ]
    assert is_disjoint(["base"], ["new"], listed, frozenset(cut.split())) is found


def test_no_more_is_looked_at_than_needed() -> None:
    listed = iter([("base", ["x"]), ("new", ["x"]), ("x", ["y"]), ("y", [])])
    assert is_disjoint(["base"], ["new"], listed)
    assert list(listed) == [("x", ["y"]), ("y", [])]


def test_the_edge_of_a_line_is_one_commit() -> None:
    outline = Outline()
    for number in range(9, 0, -1):
        outline.add(f"c{number}", f"c{number - 1}")
    assert outline.above(["nobody"]) == ["c1"]
    assert outline.above(["c0"]) == []
