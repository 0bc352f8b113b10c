"""What the guides show, run as it stands there: their configuration, and their commands one after another."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import documents
import past_runs
import scenes
from jira_ci.config import model
from jira_sandbox.server import Sandbox
from scenes import Ended, Job

PATH = os.environ["PATH"]
TRIAL = "Try it without a Jira"
FREEZES = "Freezes: weeks in which nothing goes out"


def _commands(title: str, number: int = 0) -> list[list[str]]:
    """The words behind ``$ jira-ci`` in a section's block of commands."""
    block = documents.blocks(documents.section(title), "console")[number]
    found = [shlex.split(line)[2:] for line in block.splitlines() if line.startswith("$ jira-ci ")]
    assert found
    return found


def _file(title: str, number: int = 0, **replaced: str) -> str:
    """A section's configuration, for sites that are there."""
    text = documents.blocks(documents.section(title), "yaml")[number]
    for theirs, ours in replaced.items():
        text = text.replace(theirs.replace("__", "."), ours)
    model.parse(text.encode(), ".jira-ci.yml")
    return text


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    """A job on GitHub, run 41, in a repository whose last commit names an issue."""
    made = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    made.environ |= scenes.reach(sandbox)
    return made


def _run(job: Job, title: str, number: int = 0) -> list[Ended]:
    ended = [job.jira_ci(*words) for words in _commands(title, number)]
    assert [one.code for one in ended] == [0] * len(ended), [one.err + one.out for one in ended]
    return ended


def _deployments(sandbox: Sandbox) -> dict[str, str]:
    return {
        record["environment"]["displayName"]: record["state"]
        for record in scenes.stored(sandbox, "WEB-12")["deployments"]
    }


def test_start(tmp_path: Path) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.git("remote", "set-url", "origin", "https://github.com/acme/shop")
    job.commit("WEB-12 Pay by card")
    _run(job, "Start")
    written = model.read(job.folder, required=True)
    assert written is not None
    assert written.site == "acme.atlassian.net"
    assert yaml.safe_load((job.folder / ".github/workflows/jira.yml").read_text("utf-8"))["jobs"]


def test_a_gated_deployment_is_approved_in_the_sandbox_and_frozen(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIRA_CI_SITE", sandbox.address)  # the sandbox's own commands are a process of their own
    job = scenes.local(tmp_path / "shop", PATH)
    job.environ |= scenes.reach(sandbox)
    job.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    [_, freeze] = documents.blocks(documents.section(FREEZES), "yaml")[0].split("  freeze:\n")
    job.write(".jira-ci.yml", _file(TRIAL) + "  freeze:\n" + freeze)
    report, [waits], steps = (_commands(TRIAL, number) for number in (1, 2, 3))
    job.commit("Start")
    assert "counts once it is committed on the default branch: until then no" in job.jira_ci(*waits).err
    job.git("add", ".jira-ci.yml")
    job.commit("WEB-12 Production needs a change")
    assert job.jira_ci("sandbox", "clock", "2026-12-01T10:00:00+01:00").code == 0, "a Tuesday without a freeze"
    assert [job.jira_ci(*words).code for words in (*report, waits)] == [0, 4]
    [change] = [one.key for one in sandbox.site.desk.ledger.all() if one.request_type]
    approved = [[change if word == "OPS-1000" else word for word in words] for words in steps]
    assert [job.jira_ci(*words).code for words in approved] == [0] * 4
    frozen = [["1.5.0" if word == "1.6.0" else word for word in words] for words in _commands("Try it")]
    assert [job.jira_ci(*words).code for words in frozen] == [0, 5, 0, 0], "the clock, the freeze, the clock, its end"


def test_titles_and_verified_keys(job: Job, sandbox: Sandbox) -> None:
    job.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    job.environ["JIRA_CI_ISSUE_KEYS"] = "WEB-99999"
    [ended] = _run(job, "Which issues")
    assert "WEB-99999" in ended.out
    assert "WEB-12 " in ended.out
    assert _deployments(sandbox) == {"Prod": "successful"}
    assert "unknown-keys<<" in job.output()


def test_services(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, {"repository": {"id": 77}})
    job.environ |= scenes.reach(sandbox)
    job.write(".jira-ci.yml", _file("Services and monorepos"))
    for key, path in (("WEB-12", "services/billing/api.py"), ("WEB-13", "services/shop/page.ts")):
        job.write(path, key)
        job.git("add", ".")
        job.environ["GITHUB_SHA"] = job.commit(f"{key} Work")
    job.environ["JIRA_CI_SINCE"] = "HEAD~2"
    _run(job, "Services and monorepos")
    [record] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert record["pipeline"]["displayName"] == "CI (billing)"
    assert scenes.stored(sandbox, "WEB-13")["deployments"] == []


def test_tenants(job: Job, sandbox: Sandbox) -> None:
    _run(job, "Tenants")
    names = [f"{environment} for Tenant {tenant}" for environment in ("Dev", "Prod") for tenant in "AB"]
    assert _deployments(sandbox) == dict.fromkeys(names, "successful")


def test_texts(job: Job, sandbox: Sandbox) -> None:
    _run(job, "What is reported")
    [record] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert record["description"] == "1.4.0 for shop: successful"
    assert record["url"] == "https://octopus.example/app#/shop/1.4.0"


def test_one_comment_on_the_pull_request(job: Job, sandbox: Sandbox) -> None:
    [ended] = _run(job, "One comment on the pull request")
    assert "WEB&#45;12" in ended.out
    assert _deployments(sandbox) == {}


def test_several_sites(job: Job, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]) -> None:
    emea = start_sandbox(edition="data-center")
    file = _file("Several Jira sites", acme__atlassian__net=sandbox.address, jira__emea__example=emea.address)
    job.write(".jira-ci.yml", file)
    job.publish(".jira-ci.yml")
    job.environ["JIRA_CI_EMEA_TOKEN"] = emea.credentials.personal_token
    _run(job, "Several Jira sites")
    assert _deployments(sandbox) == {"Prod": "successful"}
    assert _links(emea) == 1


def test_data_center(job: Job, start_sandbox: Callable[..., Sandbox]) -> None:
    onsite = start_sandbox(edition="data-center")
    job.environ |= {"JIRA_CI_SITE": onsite.address, "JIRA_CI_TOKEN": onsite.credentials.personal_token}
    for name in ("JIRA_CI_CLIENT_ID", "JIRA_CI_CLIENT_SECRET", "JIRA_CI_API_URL"):
        del job.environ[name]
    _run(job, "Jira Data Center")
    _run(job, "Jira Data Center")
    assert _links(onsite) == 1


def _links(site: Sandbox) -> int:
    issue = site.site.desk.find("WEB-12")
    assert issue is not None
    return len(site.site.desk.extras.remote_links(issue.id))


def test_a_killed_job(tmp_path: Path, job: Job, sandbox: Sandbox) -> None:
    assert job.jira_ci("deployment", "--environment", "Prod", "--state", "in_progress").code == 0
    janitor = scenes.github(tmp_path / "janitor", PATH, past_runs.completed(conclusion="failure"), "workflow_run")
    janitor.environ |= scenes.reach(sandbox) | {"GITHUB_RUN_ID": "9100", "GITHUB_RUN_NUMBER": "7"}
    _run(janitor, "When a job was killed")
    assert _deployments(sandbox) == {"Prod": "failed"}


def test_rolling_back(job: Job, sandbox: Sandbox) -> None:
    assert job.jira_ci("deployment", "--environment", "Prod", "--state", "success").code == 0
    later = Job(job.folder, {**job.environ, "GITHUB_RUN_ID": "9005", "GITHUB_RUN_NUMBER": "45"})
    _run(later, "Rolling back")
    assert _deployments(sandbox) == {"Prod": "rolled_back"}


@pytest.mark.parametrize("number", range(4))
def test_taking_reports_out_again(job: Job, sandbox: Sandbox, number: int) -> None:
    words = _commands("Taking reports out again")[number]
    job.environ |= {"GITHUB_RUN_ID": "1658821493", "JIRA_CI_PROPERTY": "release-train=2026-11"}
    assert job.jira_ci("deployment", "--environment", "Prod", "--state", "success").code == 0
    del job.environ["JIRA_CI_PROPERTY"]
    assert job.jira_ci(*words).code == 0
    assert bool(_deployments(sandbox)) == ("--dry-run" not in words), "only a command that says so deletes"


def test_a_site_that_gates_deployments_itself(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.github(tmp_path, PATH, {"repository": {"id": 77, "default_branch": "main"}})
    job.environ |= scenes.reach(sandbox)
    job.write(".jira-ci.yml", f"jira: {{site: '{sandbox.address}'}}\n" + _file("Jira's own gating"))
    job.write("deploy.sh", "#!/bin/sh\ntouch deployed\n")
    (job.folder / "deploy.sh").chmod(0o755)
    job.git("add", ".")
    job.environ["GITHUB_SHA"] = job.commit("WEB-12 Pay by card")
    sandbox.site.gating.says = "allowed"
    [words] = _commands("Jira's own gating")
    own, command = words[: words.index("--") + 1], words[words.index("--") + 1 :]
    ended = job.jira_ci(*own, *(str(job.folder / word) for word in command))
    assert ended.code == 0, ended.err + ended.out
    assert (job.folder / "deployed").exists()
    assert _deployments(sandbox) == {"Prod": "successful"}
