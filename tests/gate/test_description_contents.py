"""What is in a deployment, for the change that is made for it: asked of the checkout and of Jira, and never needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gate_faults import FAULTS
from gate_jobs import Scene, scene
from gate_subjects import Subject, asking
from jira_ci.gate.description import comparison, completed, titled
from jira_ci.gate.subject import Attempt
from jira_ci.run import CI, Run
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

NOT_COUNTED = ("", "")


@pytest.fixture
def here(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> Scene:
    return scene(tmp_path, start_sandbox())


def found(here: Scene, *flags: str, tests: tuple[str, str] = NOT_COUNTED) -> Attempt:
    context = here.context(*flags)
    return completed(context, Attempt(), Subject(commit=context.run.commit), lambda _: tests)


def committed(here: Scene, message: str, author: str) -> str:
    here.job.git("commit", "--allow-empty", "-m", message, f"--author={author} <someone@shop.example>")
    here.job.environ["GITHUB_SHA"] = here.job.git("rev-parse", "HEAD")
    return here.job.environ["GITHUB_SHA"]


def test_who_wrote_what_is_new_and_where_it_is_seen(here: Scene) -> None:
    before = here.job.git("rev-parse", "HEAD")
    committed(here, "WEB-1 a", "Ana")
    committed(here, "WEB-2 b", "Bo\u202e :D")
    head = committed(here, "WEB-3 c", "Bo\u202e :D")
    attempt = found(here, f"since={before}")
    assert attempt.keys == ("WEB-3", "WEB-2", "WEB-1")
    assert attempt.contents.authors == ("Bo\u202e :D", "Ana")
    assert attempt.contents.comparison == f"https://github.com/acme/shop/compare/{before}...{head}"
    assert attempt.contents.missing == ()


def test_without_a_last_deployment_the_commit_s_own_author_is_named_and_that_is_said(here: Scene) -> None:
    committed(here, "WEB-1 a", "Ana")
    committed(here, "WEB-2 b", "Bo")
    contents = found(here).contents
    assert (contents.authors, contents.comparison) == (("Bo",), "")
    assert "Only the author of the last commit is known." in contents.missing
    assert "What was deployed here last is not known, so that there is no comparison." in contents.missing


def test_what_cannot_be_found_out_is_said_and_stops_nothing(here: Scene) -> None:
    attempt = found(here, "since=nowhere")
    assert (attempt.keys, attempt.contents.missing[0]) == ((), "Which issues are deployed is not known.")
    assert any("The change names no issues" in line for line in here.lines)


@pytest.mark.parametrize(
    ("tests", "told", "missing"),
    [
        (("4 passed, 0 failed, 1 skipped", ""), "4 passed, 0 failed, 1 skipped", False),
        (("", "no file matches *.xml."), "", True),
        (NOT_COUNTED, "", False),
    ],
)
def test_the_tests_are_counted_where_there_are_some(
    here: Scene, tests: tuple[str, str], told: str, missing: bool
) -> None:
    contents = found(here, tests=tests).contents
    assert contents.tests == told
    assert ("How the tests went is not known." in contents.missing) is missing
    assert any("no file matches *.xml." in line for line in here.lines) is missing


def test_titles_come_from_the_change_s_own_site(start_sandbox: Callable[..., Sandbox]) -> None:
    with asking(start_sandbox()) as service:
        attempt, said = titled(service, Attempt(keys=("WEB-1", "NONE-99999")))
        assert titled(service, Attempt()) == (Attempt(), ())
    assert said == ()
    assert attempt.contents.titles["WEB-1"]
    assert attempt.contents.hidden == ("NONE-99999",)


@pytest.mark.parametrize(
    "name", ["hangs", "401", "403", "302", "503", "200 HTML", "200 empty object", "cut in the body"]
)
def test_titles_that_cannot_be_read_are_missing_and_nothing_else_is(
    start_sandbox: Callable[..., Sandbox], name: str
) -> None:
    sandbox = start_sandbox()

    def before(request: Request) -> Answer | None:
        if not request.path.endswith("/bulkfetch"):
            return None
        if FAULTS[name] is None:
            sandbox.stopping.wait(30)
        return FAULTS[name] or Answer(599, raw=b"")

    with asking(sandbox, seconds=20) as service:
        service.connect()
        sandbox.before = before
        attempt, (said,) = titled(service, Attempt(keys=("WEB-1",)))
        assert service.deadline.remaining() > 0
        assert service.myself().id
    assert attempt.contents.missing == ("The titles of issues could not be read.",)
    assert said.startswith("The change names issues without their titles: ")


@pytest.mark.parametrize(
    ("provider", "since", "address"),
    [
        (CI.GITHUB, "v1.0/a b", "https://git.example/acme/shop/compare/v1.0/a%20b...0123"),
        (CI.GITLAB, "v1", "https://git.example/acme/shop/-/compare/v1...0123"),
        (CI.JENKINS, "v1", ""),
        (CI.GITHUB, "", ""),
        (CI.GITHUB, "0123", ""),
    ],
)
def test_a_comparison_is_a_page_of_the_provider(provider: CI, since: str, address: str) -> None:
    run = Run(provider, "acme/shop", "1", "https://git.example/acme/shop", "0123", 1, "")
    assert comparison(run, since, "0123") == address
    assert comparison(replace(run, repository_url=""), since, "0123") == ""
