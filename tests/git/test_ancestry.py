"""Ranges proven by parents alone, against the plain definition of what a range is."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.repositories import Repository
from jira_ci.git.ancestry import Outline, Overlisted, is_disjoint
from jira_ci.git.repository import Git

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
    outline, at_once = Outline(), Outline()
    newest_first = st.just(sorted(kept - {base}, reverse=True))
    printed = [
        (commit, " ".join(seen[commit]), "")
        for commit in data.draw(newest_first | newest_first.flatmap(st.permutations))
    ]
    for commit, parents, _ in printed:
        outline.add(commit, parents)
    for start in range(0, len(printed), some := data.draw(st.integers(1, 5))):
        at_once.add_all(printed[start : start + some])
    edge = outline.above([base])
    assert at_once.above([base]) == edge
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


# --- the same with git: real repositories, clocks that jump, clones cut anywhere


def build(repository: Repository, graph: Graph, clock: random.Random) -> dict[str, str]:
    """Commits of this graph with any dates; their ids."""
    stream = []
    for number, (name, parents) in enumerate(graph.items(), 1):
        when = clock.choice([0, 1, 1_700_000_000 + number, 1_700_000_000 - number, 2_000_000_000])
        stream.append(f"commit refs/heads/c{name}\nmark :{number}\ncommitter A <a@b> {when} +0000\ndata 2\n{name}")
        stream += [f"{'merge' if place else 'from'} :{int(parent) + 1}" for place, parent in enumerate(parents)]
        stream.append("")
    repository.run("fast-import", "--quiet", stdin="\n".join(stream).encode())
    return {name: repository.run("rev-parse", f"c{name}") for name in graph}


def read_twice(git: Git, head: str, *bases: str) -> set[str]:
    try:
        return {message.strip() for _, message in git.messages(head, *bases)}
    except Overlisted:
        return {message.strip() for _, message in git.messages(head, *bases)}


@pytest.mark.parametrize("seed", range(12))
def test_what_git_proves_of_a_range_is_the_range(repository: Repository, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    graph: Graph = {}
    for number in range(40):
        near = sorted(graph)[-6:]
        graph[f"{number:02}"] = chance.sample(near, min(len(near), chance.choice([1, 1, 1, 2, 2, 3]))) if near else []
    ids = build(repository, graph, chance)
    names = sorted(graph)
    proven = 0
    for depth in (0, 1, 3, 6):
        head, base, other = chance.choice(names[20:]), chance.choice(names), chance.choice(names)
        cut = ["--depth", str(depth)] if depth else []
        copy = repository.clone(tmp_path / f"copy{depth}", "--no-tags", f"--branch=c{head}", "--single-branch", *cut)
        for start in {base, other}:
            if depth and not copy.git.resolve(ids[start]):
                copy.run("fetch", "--quiet", "--depth=1", "origin", ids[start])
            elif not depth:
                copy.run("fetch", "--quiet", "origin", ids[start])
        for bases in ([base], [base, other]):
            git = copy.git
            if git.holds(ids[head], *(ids[start] for start in bases)):
                proven += 1
                expected = ancestors(graph, head).difference(*(ancestors(graph, start) for start in bases))
                assert read_twice(git, ids[head], *(ids[start] for start in bases)) == expected
            else:
                assert depth
    assert proven >= 2


def test_a_clock_of_1970_hides_nothing(repository: Repository) -> None:
    """git alone stops before it sees that the release has what main has."""
    old = [f"{number:02}" for number in range(10)]
    line: Graph = {name: [old[number - 1]] if number else [] for number, name in enumerate(old)}
    release = [f"{number:02}" for number in range(10, 20)]
    line |= {name: [release[number - 1] if number else old[-1]] for number, name in enumerate(release)}
    graph = {**line, "20": [old[-1]]}
    stream = []
    for number, (name, parents) in enumerate(graph.items(), 1):
        when = number if name in release else 1_700_000_000 + number
        stream.append(f"commit refs/heads/c{name}\nmark :{number}\ncommitter A <a@b> {when} +0000\ndata 2\n{name}")
        stream += [f"from :{int(parent) + 1}" for parent in parents] + [""]
    repository.run("fast-import", "--quiet", stdin="\n".join(stream).encode())
    head, base = (repository.run("rev-parse", f"c{name}") for name in ("20", "19"))
    git = repository.git
    assert len(git.run("rev-list", head, f"^{base}").split()) > 1, "git has learned it"
    with pytest.raises(Overlisted):
        list(git.messages(head, base))
    assert [message.strip() for _, message in git.messages(head, base)] == ["20"]
    assert git.count(head, base) == 1


def test_grafts_and_replaced_commits_are_not_believed(repository: Repository) -> None:
    base, middle, head = repository.commits("base", "WEB-1", "WEB-2")
    (repository.path / ".git/info").mkdir(exist_ok=True)
    (repository.path / ".git/info/grafts").write_text(f"{head} {base}\n", encoding="ascii")
    repository.run("replace", middle, base)
    assert read_twice(repository.git, head, base) == {"WEB-1", "WEB-2"}
