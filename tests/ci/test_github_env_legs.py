"""Which jobs and legs a workflow's file makes."""

from __future__ import annotations

import pytest

from jira_ci.ci.github_env import UnknownLegs, legs_of_workflow

STEPS = "steps: [{uses: jira-ci/jira-ci@v0}]"


def names(jobs: str) -> list[tuple[str, str, bool]]:
    return [(leg.job, leg.name, leg.several) for leg in legs_of_workflow(f"on: push\njobs:\n{jobs}")]


def test_jobs_without_a_matrix() -> None:
    assert names(f"  lint: {{{STEPS}}}\n  test: {{{STEPS}}}\n") == [("lint", "", False), ("test", "", False)]


def test_only_jobs_that_mention_it_where_any_does() -> None:
    other = "steps: [{run: make}]"
    assert names(f"  lint: {{{other}}}\n  test: {{steps: [{{run: python -m jira_ci build}}]}}\n") == [
        ("test", "", False)
    ]
    assert names(f"  lint: {{{other}}}\n  test: {{{other}}}\n") == [("lint", "", False), ("test", "", False)]


@pytest.mark.parametrize(
    ("matrix", "found"),
    [
        ("{os: [a, b], n: [1, 2]}", ["1, a", "2, a", "1, b", "2, b"]),
        ("{os: [a]}", ["a"]),
        ("{os: [a, b], exclude: [{os: a}]}", ["b"]),
        ("{os: [a, b], n: [1, 2], exclude: [{os: a, n: 2}]}", ["1, a", "1, b", "2, b"]),
        ("{os: [a, b], include: [{os: a, fast: true}]}", ["true, a", "b"]),
        ("{os: [a, b], include: [{fast: true}]}", ["true, a", "true, b"]),
        ("{os: [a], include: [{os: c, n: 3.10}]}", ["a", "3.1, c"]),
        ("{include: [{os: a}, {os: b}]}", ["a", "b"]),
        ("{include: [{os: a}, {os: a, n: 1}]}", ["a", "1, a"]),
    ],
)
def test_a_matrix_as_github_multiplies_it(matrix: str, found: list[str]) -> None:
    rows = names(f"  test:\n    strategy: {{matrix: {matrix}}}\n    {STEPS}\n")
    assert [name for _, name, _ in rows] == found
    assert {several for *_, several in rows} == {len(found) > 1}


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (
            "strategy: {matrix: '${{ fromJSON(needs.plan.outputs.matrix) }}'}",
            "only a run knows the matrix of the job test",
        ),
        ("strategy: {matrix: {os: '${{ fromJSON(inputs.os) }}'}}", "only a run knows"),
        ("strategy: {matrix: {os: a}}", "the matrix of the job test is none"),
        ("uses: ./.github/workflows/jira-ci.yml", "the job test is another workflow's"),
    ],
)
def test_what_the_file_does_not_say_is_not_guessed(job: str, why: str) -> None:
    with pytest.raises(UnknownLegs, match=why):
        names(f"  test:\n    {job}\n")


@pytest.mark.parametrize("text", ["a: [", "\0", "[" * 5000])
def test_what_is_no_yaml_is_said(text: str) -> None:
    with pytest.raises(UnknownLegs, match="not YAML"):
        legs_of_workflow(text)


@pytest.mark.parametrize("text", ["", "x", "jobs: []", "jobs: {test: x}"])
def test_a_file_of_another_shape_has_no_jobs_or_plain_ones(text: str) -> None:
    assert [leg.name for leg in legs_of_workflow(text)] in ([], [""])
