"""What the provider says that the version's tag is now: row 38."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate_jobs import POLICY, Scene, commit, pinned, scene
from jira_ci.gate.gate_result import GateResult
from jira_sandbox.server import Sandbox
from providers.github_server import GitHub
from providers.serving import Reply, serving

TAG = "1.2.3"


@pytest.fixture
def github() -> Iterator[GitHub]:
    provider = GitHub()
    with serving(provider):
        yield provider


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox, github: GitHub) -> Scene:
    """A push to main, on a GitHub that can be asked."""
    found = scene(tmp_path, sandbox, "minimum-approvals: 1")
    found.job.environ |= {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "octo/hello", "GITHUB_TOKEN": "t0ken"}
    found.job.git("remote", "set-url", "origin", "https://github.com/octo/hello.git")
    event = Path(found.job.environ["GITHUB_EVENT_PATH"])
    event.write_text(
        json.dumps({"repository": {"full_name": "octo/hello", "id": 77, "default_branch": "main"}}), encoding="utf-8"
    )
    return found


def ask(here: Scene, *flags: str, **environ: str) -> GateResult:
    with here.gate(*flags, **environ) as gate:
        return gate.ask()


def told(found: GateResult) -> tuple[int, str, int]:
    return found.decision.row, found.decision.result, int(found.decision.exit)


def asked(github: GitHub) -> list[str]:
    """What was asked about tags; the policy is asked for besides."""
    return [one.target for one in github.exchanges if "/tags/" in one.target]


def asked_for_tags(github: GitHub) -> list[str]:
    return [one for one in asked(github) if "/tags/" in one]


def approved(here: Scene) -> str:
    return pinned(here, repository="octo/hello")


def test_a_tag_that_is_what_is_deployed_is_asked_for_once(here: Scene, github: GitHub) -> None:
    approved(here)
    github.tags = {TAG: here.job.environ["GITHUB_SHA"]}
    before = len(here.sandbox.exchanges)
    assert told(ask(here)) == (31, "proceed", 0)
    assert asked_for_tags(github) == [f"/repos/octo/hello/commits/tags/{TAG}?per_page=1"]
    assert len(here.sandbox.exchanges) - before == 5


def test_a_tag_that_was_moved_denies_before_jira_is_asked(here: Scene, github: GitHub) -> None:
    approved(here)
    github.tags = {TAG: "b" * 40}
    found = ask(here)
    assert told(found) == (38, "deny", 2)
    assert "b" * 40 in found.decision.reason
    assert here.job.environ["GITHUB_SHA"] in found.decision.reason
    assert list(here.sandbox.exchanges) == []


def test_jira_is_connected_to_while_the_tag_is_asked_for(here: Scene, github: GitHub) -> None:
    github.tags = {TAG: "b" * 40}
    with socket.create_server(("127.0.0.1", 0)) as site:
        commit(here.job, POLICY.format(site=f"https://127.0.0.1:{site.getsockname()[1]}", more=""))
        del here.job.environ["JIRA_CI_API_URL"]
        assert told(ask(here)) == (38, "deny", 2)
        site.settimeout(60)
        site.accept()[0].close()


def test_a_version_that_is_no_tag_is_bound_to_what_is_checked_out(here: Scene, github: GitHub) -> None:
    approved(here)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    assert len(asked_for_tags(github)) == 1
    assert found.records[0]["policy"]["relaxed"] == []


def test_a_commit_is_no_tag(here: Scene, github: GitHub) -> None:
    ask(here, f"version={here.job.environ['GITHUB_SHA']}")
    assert asked_for_tags(github) == []


def test_a_provider_that_does_not_answer_is_waited_for(here: Scene, github: GitHub) -> None:
    approved(here)
    github.tags = {TAG: here.job.environ["GITHUB_SHA"]}
    github.faults[-1] = Reply(503)
    found = ask(here)
    assert told(found) == (38, "wait", 7)
    assert list(here.sandbox.exchanges) == []

    def mended() -> None:
        github.faults.clear()

    here.time.hooks.append(mended)
    assert told(ask(here, "wait=5m")) == (31, "proceed", 0)


def test_while_it_waits_the_tag_is_asked_for_in_the_beginning_and_in_the_last_look(here: Scene, github: GitHub) -> None:
    key = str(here.sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"').key)
    here.sandbox.desk.transition(key, "Authorize")
    commit = here.job.environ["GITHUB_SHA"]
    github.tags = {TAG: commit}
    looks = []

    def approve() -> None:
        looks.append(len(asked_for_tags(github)))
        if len(looks) == 4:
            here.sandbox.desk.approve(key)
            here.sandbox.desk.transition(key, "Implementing")
            github.tags = {TAG: "b" * 40}

    here.time.hooks.append(approve)
    found = ask(here, "wait=30m")
    assert told(found) == (38, "deny", 2)
    assert looks[:4] == [1, 1, 1, 1]
    assert len(asked_for_tags(github)) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_ask_is_said_where_the_version_is_known_to_be_a_tag(
    here: Scene, github: GitHub, status: int
) -> None:
    approved(here)
    here.job.git("tag", TAG)
    here.job.git("remote", "set-url", "origin", str(here.job.folder))
    github.faults[-1] = Reply.of({"message": "Not for you"}, status)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    relaxed = found.records[0]["policy"]["relaxed"]
    assert [one for one in relaxed if one.startswith(f"the tag {TAG} was not asked for: ")]
    assert f"The tag {TAG} was not asked for" in here.log.getvalue()


def test_a_tag_that_is_gone_is_said(here: Scene, github: GitHub) -> None:
    approved(here)
    here.job.git("tag", TAG)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    assert found.records[0]["policy"]["relaxed"] == [f"the tag {TAG} is not there any more, or not yet"]


def on_tag(here: Scene) -> None:
    here.job.git("tag", TAG)
    here.job.git("update-ref", "refs/remotes/origin/main", "HEAD")
    here.job.environ["GITHUB_REF"] = f"refs/tags/{TAG}"


def test_a_run_on_the_tag_that_the_provider_knows_pins_its_commit(here: Scene, github: GitHub) -> None:
    from gate_subjects import approved as by_people

    key = by_people(here.sandbox)
    on_tag(here)
    github.tags = {TAG: here.job.environ["GITHUB_SHA"]}
    github.head = here.job.environ["GITHUB_SHA"]
    found = ask(here)
    assert told(found) == (31, "proceed", 0), found.decision.reason
    assert "was approved before it was pinned" in here.log.getvalue()
    assert "bound by title only" not in found.records[0]["policy"]["relaxed"], key
    # The policy's default branch, its commit and the tag.
    assert len(github.exchanges) <= 4


def test_a_pinned_change_takes_at_most_four_questions_to_the_provider(here: Scene, github: GitHub) -> None:
    approved(here)
    on_tag(here)
    github.tags = {TAG: here.job.environ["GITHUB_SHA"]}
    github.head = here.job.environ["GITHUB_SHA"]
    assert told(ask(here)) == (31, "proceed", 0)
    assert len(here.sandbox.exchanges) <= 5
    assert len(github.exchanges) <= 4


def bare(here: Scene, tmp_path: Path) -> Path:
    """A remote on this machine that has the run's repository, of which no provider's API can be asked."""
    folder = tmp_path / "remotes" / "acme" / "shop.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(here.job.folder), str(folder)], check=True)
    here.job.git("remote", "set-url", "origin", str(folder))
    return folder


@pytest.mark.parametrize("annotated", [False, True])
def test_a_remote_says_what_its_tags_are(tmp_path: Path, sandbox: Sandbox, annotated: bool) -> None:
    here = scene(tmp_path, sandbox)
    first = here.job.environ["GITHUB_SHA"]
    here.job.git("tag", *(["-a", "-m", "x"] if annotated else []), TAG, first)
    here.job.git("tag", f"x{TAG}")
    folder = bare(here, tmp_path)
    context: Any = here.context()
    assert context.git.remote_tag(TAG, 20) == first
    assert context.git.remote_tag("9.9", 20) == ""
    assert context.git.remote_tag("*", 20) == ""
    assert context.git.remote_tag("a\nb", 20) == ""
    assert folder.is_dir()
