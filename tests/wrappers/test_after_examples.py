"""The examples with something after the deployment, run as GitHub and GitLab would run them for a version's tag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import yaml

from jira_sandbox.server import Sandbox
from wrappers.github_runner import Runner, Step, evaluate
from wrappers.gitlab_runner import GitLab
from wrappers.machine import ROOT, Machine, states


@dataclass
class Followed:
    """What became of the one issue of the tag."""

    status: str
    versions: list[str]


def followed(sandbox: Sandbox) -> Followed:
    issue = sandbox.site.issue("WEB-7")
    assert issue is not None
    desk = sandbox.site.desk
    names = [desk.releases.find(one).name for one in issue.values.get("fixVersions", ())]
    return Followed(desk.workflow.status(issue.status).name, names)


def _file(machine: Machine, example: str, sandbox: Sandbox) -> None:
    """Commits the configuration that the example's own comment shows, for the site that is there."""
    text = (ROOT / "examples" / example).read_text(encoding="utf-8")
    shown = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    file = "\n".join(shown).replace("acme.atlassian.net", f'"{sandbox.address}"') + "\n"
    assert yaml.safe_load(file)["after"]["production"]["credentials"] == "RELEASE"
    (machine.workspace / ".jira-ci.yml").write_text(file, encoding="utf-8")
    (machine.workspace / "deploy.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (machine.workspace / "deploy.sh").chmod(0o755)
    sandbox.site.desk.denied.clear()


def _github(runner: Runner, sandbox: Sandbox, state: str, **changes: str) -> Step:
    document = yaml.safe_load((ROOT / "examples" / "github" / "after-deployment.yml").read_text(encoding="utf-8"))
    (job,) = document["jobs"].values()
    (step,) = (step for step in job["steps"] if "jira-ci" in step.get("uses", ""))
    secrets = {
        "JIRA_CLIENT_ID": sandbox.credentials.client_id,
        "JIRA_CLIENT_SECRET": sandbox.credentials.client_secret,
        "JIRA_RELEASE_USER": sandbox.credentials.user,
        "JIRA_RELEASE_TOKEN": sandbox.credentials.token,
    }
    context = {"secrets": secrets}
    given = {key: evaluate(value, context) for key, value in step["with"].items()}
    runner.env = {
        **document["env"],
        **{key: evaluate(value, context) for key, value in step["env"].items()},
        "JIRA_CI_SITE": sandbox.address,
        "GITHUB_REF": "refs/tags/v1.4",
        "GITHUB_REF_NAME": "v1.4",
        "GITHUB_REF_TYPE": "tag",
    }
    return runner.finish(*runner.start({**given, "issue-keys": "WEB-7", "state": state, **changes}))


@pytest.mark.parametrize(("state", "status"), [("success", "Done"), ("failure", "In Progress")])
def test_github(runner: Runner, sandbox: Sandbox, state: str, status: str) -> None:
    _file(runner.machine, "github/after-deployment.yml", sandbox)
    step = _github(runner, sandbox, state)
    assert step.code == 0, step.log
    good = state == "success"
    assert followed(sandbox) == Followed(status, ["web v1.4"] if good else []), step.log
    assert ("After the deployment" in step.summary) == good
    assert sandbox.credentials.token not in step.log + step.summary


def test_by_hand_the_step_has_another_command(runner: Runner, sandbox: Sandbox) -> None:
    _file(runner.machine, "github/after-deployment.yml", sandbox)
    step = _github(runner, sandbox, "success", command="release")
    assert (step.code, followed(sandbox)) == (0, Followed("Done", ["web v1.4"])), step.log
    assert states(sandbox) == [], "nothing is reported"


@pytest.mark.parametrize("good", [True, False])
def test_gitlab(gitlab: Callable[..., GitLab], machine: Machine, sandbox: Sandbox, good: bool) -> None:
    _file(machine, "gitlab/after-deployment.yml", sandbox)
    text = (ROOT / "examples" / "gitlab" / "after-deployment.yml").read_text(encoding="utf-8")
    account = {"USER": sandbox.credentials.user, "TOKEN": sandbox.credentials.token}
    variables = {f"JIRA_CI_RELEASE_{name}": value for name, value in account.items()}
    pipeline = gitlab(text, JIRA_CI_SITE=sandbox.address, **variables)
    if not good:
        (machine.workspace / "deploy.sh").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    job = pipeline.run("deploy", CI_COMMIT_TAG="v1.4", CI_COMMIT_BRANCH="")
    assert job.status == ("success" if good else "failed"), job.log
    assert states(sandbox)[-1] == ("successful" if good else "failed")
    found = followed(sandbox)
    assert found.status == ("Done" if good else "In Progress"), job.log
    assert [name.rpartition(" ")[2] for name in found.versions] == (["v1.4"] if good else [])
