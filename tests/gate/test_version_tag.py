"""What the provider says that the version's tag is now: row 38."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate_jobs import POLICY, Scene, commit, pinned, scene
from gate_subjects import approved as people
from gate_subjects import known
from jira_ci.checks.gate_checks import lines
from jira_ci.gate.gate_result import GateResult
from jira_ci.jira.change_endpoints import PROPERTY
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


def test_a_tag_may_have_a_name_like_the_beginning_of_its_own_reference(here: Scene, github: GitHub) -> None:
    github.tags = {f"tags/{TAG}": "b" * 40, TAG: here.job.environ["GITHUB_SHA"]}
    assert told(ask(here, f"version=tags/{TAG}")) == (38, "deny", 2)


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
    key = people(here.sandbox)
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


def test_a_policy_that_the_checkout_holds_is_not_asked_for_again_when_main_has_moved(
    here: Scene, github: GitHub
) -> None:
    approved(here)
    policy = here.job.folder / ".jira-ci.yml"
    github.files = {".jira-ci.yml": policy.read_bytes()}
    assert told(ask(here)) == (31, "proceed", 0)
    assert len(github.exchanges) == 4
    github.files = {".jira-ci.yml": policy.read_bytes() + b"# another one\n"}
    assert told(ask(here)) == (31, "proceed", 0)
    assert [one.target.rsplit("/", 2)[1] for one in github.exchanges[4:]].count("blobs") == 1


DENIED = "echo 'git@github.com: Permission denied (publickey).' >&2; exit 255; :"


def clone(tmp_path: Path, sandbox: Sandbox, more: str = "minimum-approvals: 1") -> Scene:
    """A push to main without a token for the provider, in a checkout as CI makes it: one commit, no tags."""
    here = scene(tmp_path, sandbox, more)
    cut(here)
    return here


def cut(here: Scene, *commits: str) -> None:
    """From now on the clone ends at these commits, the newest one by default."""
    ends = "".join(f"{one}\n" for one in commits or (here.job.environ["GITHUB_SHA"],))
    (here.job.folder / ".git" / "shallow").write_text(ends, encoding="utf-8")


def whole(here: Scene) -> None:
    (here.job.folder / ".git" / "shallow").unlink()


def remote(here: Scene, tmp_path: Path, tagged: str = "") -> None:
    """The run's repository answers at its one address, over git's own protocol."""
    folder = tmp_path / "remote.git"
    subprocess.run(["git", "clone", "-q", "--bare", "--no-local", str(here.job.folder), str(folder)], check=True)
    if tagged:
        subprocess.run(["git", "-C", str(folder), "tag", TAG, tagged], check=True)
    here.job.environ["GIT_SSH_COMMAND"] = f"git-upload-pack {shlex.quote(folder.as_posix())}; :"


def test_without_a_token_the_remote_tells_a_tag_that_the_checkout_lacks(tmp_path: Path, sandbox: Sandbox) -> None:
    here = clone(tmp_path, sandbox)
    people(sandbox)
    whole(here)
    first = here.job.git("rev-parse", "HEAD~1")
    remote(here, tmp_path, first)
    cut(here)
    found = ask(here)
    assert told(found) == (38, "deny", 2)
    assert first in found.decision.reason
    assert list(here.sandbox.exchanges) == []


@pytest.mark.parametrize("is_tag", [True, False])
def test_without_a_token_the_remote_tells_that_nothing_speaks_against_it(
    tmp_path: Path, sandbox: Sandbox, is_tag: bool
) -> None:
    here = clone(tmp_path, sandbox)
    key = people(sandbox)
    remote(here, tmp_path, here.job.environ["GITHUB_SHA"] if is_tag else "")
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    assert found.records[0]["policy"]["relaxed"] == []
    assert pin_of(sandbox, key) == [here.job.environ["GITHUB_SHA"]]


def pin_of(sandbox: Sandbox, key: str) -> list[str]:
    found = sandbox.site.desk.extras.properties(known(sandbox, key).id)
    value: Any = found.get(PROPERTY, {"bindings": []})
    return [one["commit"] for one in value["bindings"]]


def test_an_approval_for_a_version_of_which_nobody_knows_anything_is_not_used(tmp_path: Path, sandbox: Sandbox) -> None:
    here = clone(tmp_path, sandbox)
    key = people(sandbox)
    found = ask(here, GIT_SSH_COMMAND=DENIED)
    assert told(found) == (38, "wait", 7)
    assert "Permission denied" in found.decision.reason
    assert "pass github-token, or check out the whole history with its tags" in found.decision.reason
    assert pin_of(sandbox, key) == []


def test_what_nobody_knows_of_a_version_is_said_where_the_change_tells_its_commit(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    here = clone(tmp_path, sandbox)
    pinned(here)
    found = ask(here, GIT_SSH_COMMAND=DENIED)
    assert told(found) == (31, "proceed", 0)
    assert f"whether {TAG} is a tag was not asked: " in found.records[0]["policy"]["relaxed"][-1]
    assert f"Whether {TAG} is a tag was not asked: git@github.com: Permission denied" in here.log.getvalue()


def test_a_change_that_nobody_approved_is_pinned_whoever_knows_the_version(tmp_path: Path, sandbox: Sandbox) -> None:
    here = clone(tmp_path, sandbox)
    key = str(sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"').key)
    assert told(ask(here, GIT_SSH_COMMAND=DENIED))[1:] == ("wait", 4)
    assert pin_of(sandbox, key) == [here.job.environ["GITHUB_SHA"]]


@pytest.mark.parametrize(
    ("more", "is_whole", "option", "row"),
    [
        ("bind: version", False, "", 31),  # the version alone is what is approved
        ("minimum-approvals: 1", True, "", 31),
        ("minimum-approvals: 1", True, "--no-tags", 38),
    ],
)
def test_where_nobody_can_be_asked_policy_and_checkout_may_suffice(
    tmp_path: Path, sandbox: Sandbox, more: str, is_whole: bool, option: str, row: int
) -> None:
    here = clone(tmp_path, sandbox, more)
    people(sandbox)
    if is_whole:
        whole(here)
    if option:
        here.job.git("config", "remote.origin.tagOpt", option)
    found = ask(here, GIT_SSH_COMMAND=DENIED)
    assert found.decision.row == row, found.decision.reason
    assert f"hether {TAG} is a tag was " in here.log.getvalue()
    assert ("pass github-token" in here.log.getvalue()) is (more != "bind: version")


def test_the_beginning_of_an_id_that_the_clone_lacks_is_no_approval_of_what_is_here(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    here = clone(tmp_path, sandbox)
    remote(here, tmp_path)
    for version in ("1a2b3c4d5e", "v1.2-7-g1a2b3c4d5e"):
        key = people(sandbox, summary=f'Deploy "Web Site" version {version} to "Prod"')
        found = ask(here, f"version={version}")
        assert told(found) == (38, "wait", 7)
        assert "looks like a commit's id" in found.decision.reason
        assert pin_of(sandbox, key) == []
    here.sandbox.desk.create('Deploy "Web Site" version 1a2b3c4 to "Prod"')
    assert told(ask(here, "version=1a2b3c4"))[1:] == ("wait", 4)  # who approves from now on is told the commit


def test_check_says_before_that_nobody_can_be_asked(tmp_path: Path, sandbox: Sandbox) -> None:
    here = clone(tmp_path, sandbox)
    found = [one for one in lines(here.context(GIT_SSH_COMMAND=DENIED)) if one.subject == "gate tags"]
    assert ["Permission denied" in one.found and "pass github-token" in one.hint for one in found] == [True]
    whole(here)
    asked = [*lines(here.context()), *lines(here.context(GIT_SSH_COMMAND=DENIED))]
    assert [one for one in asked if one.subject == "gate tags"] == []


def test_a_copy_on_this_machine_is_asked_for_what_nobody_else_is(tmp_path: Path, sandbox: Sandbox) -> None:
    here = clone(tmp_path, sandbox)
    people(sandbox)
    whole(here)
    folder = bare(here, tmp_path)
    found = ask(here)
    assert told(found) == (31, "proceed", 0)
    assert f"whether {TAG} is a tag was asked of a copy on this machine only" in found.records[0]["policy"]["relaxed"]
    subprocess.run(["git", "-C", str(folder), "tag", TAG, "HEAD~1"], check=True)
    assert told(ask(here)) == (38, "deny", 2)


def test_a_token_that_may_not_see_the_repository_proves_no_tag_absent(
    here: Scene, sandbox: Sandbox, github: GitHub
) -> None:
    people(sandbox)
    cut(here)
    here.job.git("remote", "set-url", "origin", "git@github.com:octo/hello.git")
    github.faults[-1] = Reply.of({"message": "Not Found"}, 404)
    found = ask(here, GIT_SSH_COMMAND=DENIED)
    assert told(found) == (38, "wait", 7)


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
