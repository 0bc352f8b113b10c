"""A deployment that takes an environment back is recognised from what was asked for anyway."""

from __future__ import annotations

import dataclasses
import os
import threading
from pathlib import Path

import pytest

import scenes
from jira_ci.ci.api import Commits, History, Unreadable
from jira_ci.git.repository import Git
from jira_ci.keys.resolve import Later, Remembered, older
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline

RUN = Run(CI.GITHUB, "acme/shop", "77", "https://github.com/acme/shop", "", 41, "https://x")
NOWHERE = "e" * 40


class Provider:
    """Knows one deployment to Prod, and which ranges are empty."""

    def __init__(self, last: str, *empty: tuple[str, str], complete: bool = True) -> None:
        self._last, self._empty, self._complete = last, empty, complete

    def last_deployment(self, environment: str) -> str:
        if environment != "Prod":
            raise Unreadable("not asked")
        return self._last

    def compare(self, base: str, head: str) -> Commits:
        return Commits(() if (base, head) in self._empty else ((head, "x"),), self._complete)

    def commit_message(self, commit: str) -> str:
        return f"about {commit}"


def remembered(provider: Provider) -> Remembered:
    return Remembered(provider)  # type: ignore[arg-type] # it answers what is asked here


@pytest.fixture
def clone(tmp_path: Path) -> tuple[Git, list[str]]:
    """A repository of three commits, oldest first."""
    job = scenes.local(tmp_path / "shop", os.environ["PATH"])
    commits = [job.commit(f"WEB-{number}") for number in (1, 2, 3)]
    return Git(job.folder, job.environ), commits


@pytest.mark.parametrize(("last", "own", "said"), [(2, 0, True), (2, 1, True), (0, 2, False), (1, 1, False)])
def test_the_clone_tells_which_commit_is_the_older_one(
    clone: tuple[Git, list[str]], last: int, own: int, said: bool
) -> None:
    git, commits = clone
    asked = remembered(Provider(commits[last]))
    asked.last_deployment("Prod")
    sentence = older(asked, git, dataclasses.replace(RUN, commit=commits[own]), "Prod")
    assert bool(sentence) is said
    if said:
        assert sentence.startswith(f"Prod has a newer commit, {commits[last][:8]}, than this deployment's")
        assert "jira-ci rollback" in sentence


@pytest.mark.parametrize(
    ("empty", "complete", "said"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_the_provider_tells_it_where_the_clone_does_not(
    clone: tuple[Git, list[str]], empty: bool, complete: bool, said: bool
) -> None:
    git, commits = clone
    pair = (NOWHERE, commits[0])
    asked = remembered(Provider(NOWHERE, *([pair] if empty else []), complete=complete))
    asked.last_deployment("Prod")
    asked.compare(*pair)
    assert bool(older(asked, git, dataclasses.replace(RUN, commit=commits[0]), "Prod")) is said


def test_nobody_is_asked_for_it(clone: tuple[Git, list[str]]) -> None:
    git, commits = clone
    asked = remembered(Provider(commits[2]))
    assert older(asked, git, dataclasses.replace(RUN, commit=commits[0]), "Prod") == ""
    with pytest.raises(Unreadable):
        asked.last_deployment("Dev")
    assert older(asked, git, dataclasses.replace(RUN, commit=commits[0]), "Dev") == ""


def test_other_questions_go_through() -> None:
    history: History = remembered(Provider("")).as_history
    assert history.commit_message("x") == "about x"


def test_what_was_begun_is_asked_once() -> None:
    asked: list[str] = []

    class Slow(Provider):
        def last_deployment(self, environment: str) -> str:
            asked.append(environment)
            return super().last_deployment(environment)

    history = remembered(Slow(NOWHERE))
    for _ in range(2):
        history.begin("Prod", Deadline(60))
    history.begin("Dev", Deadline(60))
    assert history.last_deployment("Prod") == NOWHERE
    history.begin("Prod", Deadline(60))
    with pytest.raises(Unreadable, match="not asked"):
        history.last_deployment("Dev")
    assert sorted(asked) == ["Dev", "Prod"]


def test_what_was_begun_is_not_waited_for_longer_than_there_is_time() -> None:
    over = threading.Event()

    class Hanging(Provider):
        def last_deployment(self, environment: str) -> str:
            over.wait(60)
            return ""

    history = remembered(Hanging(""))
    history.begin("Prod", Deadline(0.2))
    with pytest.raises(Unreadable, match="no answer before the deadline"):
        history.last_deployment("Prod")
    over.set()


def test_a_history_is_loaded_when_it_is_asked_the_first_thing() -> None:
    loaded: list[Provider] = []

    class Closing(Provider):
        closed = 0

        def close(self) -> None:
            Closing.closed += 1

    def load() -> History:
        loaded.append(Closing(""))
        return loaded[0]  # type: ignore[return-value] # it answers what is asked here

    Later(load).close()
    assert (loaded, Closing.closed) == ([], 0)
    history = Later(load)
    assert [history.commit_message(name) for name in ("x", "y")] == ["about x", "about y"]
    history.close()
    assert (len(loaded), Closing.closed) == (1, 1)
