"""What is put right on a change by hand: a pin that is taken off, a start that gets its outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.test_pinning import approve, ask, comments, feature, pin, used, waiting
from gate_jobs import Scene, pinned, scene
from jira_ci.commands import gate
from jira_ci.errors import UsageError
from jira_ci.gate.bindings import Deployed
from jira_ci.gate.upkeep import free
from jira_sandbox.server import Sandbox

RUN = "https://github.com/acme/shop/actions/runs/9001"


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def test_a_pin_is_taken_off_with_a_comment_that_says_who_did(here: Scene) -> None:
    key = waiting(here.sandbox)
    ask(here)
    approve(here.sandbox, key)
    context = here.context(f"unpin={key}", GITHUB_ACTOR="octocat")
    result = gate.run(context, None)  # type: ignore[arg-type]
    assert (result.exit, result.outputs["approved"], result.outputs["decision"]) == (0, False, "wait")
    assert pin(here.sandbox, key) == ""
    assert "Unpinned" in comments(here.sandbox, key)[-1]
    assert "octocat" in comments(here.sandbox, key)[-1]
    assert gate.run(here.context(f"unpin={key}"), None).exit == 0  # type: ignore[arg-type]
    assert "is not pinned for Prod" in here.log.getvalue()
    # a variable may be set by whoever starts the pipeline, and opens nothing
    assert gate.run(here.context(JIRA_CI_UNPIN=key), None).exit == 4  # type: ignore[arg-type]


def test_not_everybody_takes_a_pin_off(here: Scene) -> None:
    key = waiting(here.sandbox)
    ask(here)
    with pytest.raises(UsageError, match="dry run"):
        gate.run(here.context(f"unpin={key}", "dry-run=true"), None)  # type: ignore[arg-type]
    feature(here)
    with pytest.raises(UsageError, match="neither the default branch nor protected"):
        gate.run(here.context(f"unpin={key}"), None)  # type: ignore[arg-type]
    assert pin(here.sandbox, key)


def begun(here: Scene) -> str:
    """A change on which a deployment began, of which nobody said how it ended."""
    key = pinned(here)
    with here.gate() as one:
        one.ask()
        one.comment("started")
        one.start()
    assert [outcome for _, outcome in used(here.sandbox, key)] == ["started"]
    return key


@pytest.mark.parametrize(
    ("outcome", "noted", "row"),
    [("failed", "failed", 31), ("successful", "successful", 21), ("its run goes on", "started", 21)],
)
def test_a_start_is_freed_by_how_its_run_ended(
    tmp_path: Path, sandbox: Sandbox, outcome: str, noted: str, row: int
) -> None:
    here = scene(tmp_path, sandbox, "reuse: once")
    key = begun(here)
    assert "jira-ci reconcile" in ask(here).decision.reason
    asked: list[Deployed] = []

    def ended(one: Deployed) -> str:
        asked.append(one)
        return outcome

    (sentence,) = free(here.context(f"change={key}"), ended)
    assert ("Noted" in sentence) == (noted == outcome)
    assert [(one.run_id, one.attempt) for one in asked] == [("9001", 1)]
    assert used(sandbox, key) == [(RUN, noted)]
    assert ask(here).decision.row == row


def test_where_nothing_is_open_nothing_is_done(here: Scene) -> None:
    key = pinned(here)
    (sentence,) = free(here.context(f"change={key}"), lambda _: "failed")
    assert sentence == f"Nothing to do: every deployment on {key} has an outcome."


def test_a_dry_run_only_shows_it(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, "reuse: once")
    key = begun(here)
    (sentence,) = free(here.context(f"change={key}", "dry-run=true"), lambda _: "failed")
    assert sentence.startswith("Would be noted")
    assert used(sandbox, key) == [(RUN, "started")]


def test_a_start_of_another_repository_is_left_to_it(tmp_path: Path, sandbox: Sandbox) -> None:
    here = scene(tmp_path, sandbox, "reuse: once")
    key = begun(here)
    here.job.environ["GITHUB_REPOSITORY"] = "acme/second"
    here.job.git("remote", "set-url", "origin", "https://github.com/acme/second.git")
    (sentence,) = free(here.context(f"change={key}"), lambda _: "failed")
    assert "Nothing to do" in sentence
    assert used(sandbox, key) == [(RUN, "started")]


def test_what_is_no_change_of_the_desk_is_refused(here: Scene) -> None:
    with pytest.raises(UsageError, match="no change of OPS"):
        gate.run(here.context("unpin=WEB-1"), None)  # type: ignore[arg-type]
