"""forget: what was reported is shown first, and taken out only when that is said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import past_runs
import scenes
from ci.servers import Api
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from past_runs import github_run
from scenes import Job

PATH = os.environ["PATH"]
REALLY = ("--dry-run", "false")


def report(job: Job, *arguments: str, **environ: str) -> None:
    job = Job(job.folder, {**job.environ, **environ})
    assert "Jira accepted" in job.jira_ci("report", "--state", "success", *arguments).out


def everything(job: Job) -> None:
    """A build and two deployments of run 9001, a deployment of run 9002, and one of another repository."""
    report(job)
    report(job, "--environment", "Dev, Prod")
    report(job, "--environment", "Prod", GITHUB_RUN_ID="9002", GITHUB_RUN_NUMBER="42")
    report(job, "--environment", "Prod", GITHUB_REPOSITORY_ID="78")


def left(sandbox: Sandbox) -> list[str]:
    """What Jira still has: builds and deployments, by repository, environment and number."""
    found = scenes.stored(sandbox, "WEB-12")
    builds = [f"{one['pipelineId'].split(':')[1]} #{one['buildNumber']}" for one in found["builds"]]
    return sorted(builds) + sorted(
        f"{one['pipeline']['id'].split(':')[1]} {one['environment']['id']} #{one['deploymentSequenceNumber']}"
        for one in found["deployments"]
    )


ALL = ["77 #41", "77 dev #41", "77 prod #41", "77 prod #42", "78 prod #41"]


@pytest.mark.parametrize("given", [(), ("--dry-run",), ("--dry-run", "true")])
def test_unless_it_is_said_it_only_shows_what_it_would_delete(
    given: tuple[str, ...], job: Job, sandbox: Sandbox
) -> None:
    everything(job)
    before = len(sandbox.exchanges)
    ended = job.jira_ci("forget", *given, "--format", "json")
    assert ended.code == 0
    assert ended.json["dry-run"] is True
    assert [one["url"].partition("/cloud/")[2] for one in ended.json["requests"]] == [
        "{cloudId}/bulkByProperties?repository=77&run=9001"
    ] * 2
    assert "Nothing was deleted. To delete it, say so: --dry-run false" in ended.err
    assert (len(sandbox.exchanges), left(sandbox)) == (before, ALL)


def test_the_variable_says_it_too(job: Job, sandbox: Sandbox) -> None:
    everything(job)
    job.jira_ci("forget", JIRA_CI_INPUT_DRY_RUN="false")
    assert left(sandbox) == ["77 prod #42", "78 prod #41"]


@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ((), ["77 prod #42", "78 prod #41"]),
        (("--run", "9001"), ["77 prod #42", "78 prod #41"]),
        (("--run", "9002"), ["77 #41", "77 dev #41", "77 prod #41", "78 prod #41"]),
        (("--run", "9001, 9002"), ["78 prod #41"]),
        (("--run", "1"), ALL),
        (("--environment", " prod"), ["77 #41", "77 dev #41", "78 prod #41"]),
        (("--environment", "Prod, Dev"), ["77 #41", "78 prod #41"]),
        (("--environment", "Prod", "--pipeline", "eu"), ALL),
        (("--environment", "Prod", "--tenant", "Acme"), ALL),
        (("--environment", "Prod", "--run", "9001"), ["77 #41", "77 dev #41", "77 prod #42", "78 prod #41"]),
        (("--environment", "Pro"), ALL),
        (("--run", "#42", "--environment", "Prod"), ["77 #41", "77 dev #41", "77 prod #41", "78 prod #41"]),
        (("--run", "#41"), ["77 dev #41", "77 prod #41", "77 prod #42", "78 prod #41"]),
        (("--run", "#41", "--pipeline", "eu"), ALL),
        (("--run", "#41", "--environment", "Prod", "--tenant", "Acme"), ALL),
    ],
)
def test_what_is_taken_out_and_what_stays(given: tuple[str, ...], stays: list[str], job: Job, sandbox: Sandbox) -> None:
    everything(job)
    ended = job.jira_ci("forget", *given, *REALLY)
    assert ended.code == 0, ended.out
    assert left(sandbox) == stays
    assert "Jira deletes it some time after it said so" in ended.out


def test_another_run_s_single_deployment_needs_its_number_from_the_provider(
    job: Job, sandbox: Sandbox, api: Api
) -> None:
    everything(job)
    past_runs.shows(api, github_run(9002, 42))
    ended = past_runs.at_github(job, api).jira_ci("forget", "--run", "9002", "--environment", "Prod", *REALLY)
    assert (ended.code, left(sandbox)) == (0, ["77 #41", "77 dev #41", "77 prod #41", "78 prod #41"])


def test_a_tenant_s_deployment_takes_no_build_with_it(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= {**scenes.reach(sandbox), "CI_ENVIRONMENT_NAME": "Prod"}
    report(job, "--tenant", "Acme, Bolt")
    job.jira_ci("build", "--state", "success")
    assert job.jira_ci("forget", "--tenant", "Acme", *REALLY).code == 0
    assert left(sandbox) == ["88;JOB=deploy #12", "88 prod;TENANT=bolt #12"]


def test_a_stopped_environment_s_deployments_are_taken_out_by_a_later_pipeline(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    job = scenes.gitlab(tmp_path, PATH)
    job.environ |= {**scenes.reach(sandbox), "CI_ENVIRONMENT_NAME": "review/Pay"}
    for number, flags in ((12, ()), (13, ("--tenant", "Acme")), (14, ("--pipeline", "x"))):
        report(job, *flags, CI_PIPELINE_IID=str(number), CI_PIPELINE_ID=f"50{number}")
    report(job, "--environment", "review/pay-2")
    report(
        job, "--environment", "review/pay, Other", CI_PIPELINE_IID="15"
    )  # one submission, and so one set of properties
    report(job, "--environment", "review/pay", "--property", "a=1, b=2, c=3", CI_PIPELINE_IID="16")
    stop = {"CI_ENVIRONMENT_ACTION": "stop", "CI_PIPELINE_IID": "20", "CI_PIPELINE_ID": "5020"}
    stopping = scenes.under(job, stop)
    shown = stopping.jira_ci("forget", "--environment", "review/pay")
    assert "Would be deleted: every run's deployments of acme/shop to review/pay" in shown.out
    assert "Not found by environment" in shown.out
    assert stopping.jira_ci("forget", "--environment", "review/pay", *REALLY).code == 0
    assert left(sandbox) == ["88 other #15", "88 review/pay #15", "88 review/pay #16", "88 review/pay-2 #12"]


def test_a_run_that_is_named_twice_is_taken_out_once(job: Job, sandbox: Sandbox) -> None:
    everything(job)
    ended = job.jira_ci("forget", "--environment", "Prod, prod", "--run", "9001, #41", *REALLY, "--format", "json")
    assert ended.json["forgotten"] == ["deployment #41 to Prod"]
    assert left(sandbox) == [one for one in ALL if one != "77 prod #41"]


def test_an_answer_that_is_nested_deeply_is_no_trouble(job: Job, sandbox: Sandbox) -> None:
    everything(job)
    deep = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"
    sandbox.before = lambda request: Answer(202, deep) if request.method == "DELETE" else None
    assert job.jira_ci("forget", *REALLY, "--format", "json").code == 0


def test_by_property_and_by_all_of_them(job: Job, sandbox: Sandbox) -> None:
    report(job, "--environment", "Dev", "--property", "train=7, team=web")
    report(job, "--environment", "Prod", "--property", "train=7, team=ops")
    report(job, "--environment", "QA", "--property", "train=7", GITHUB_REPOSITORY_ID="78")
    job.jira_ci("forget", "--property", "train=7, team=ops", *REALLY)
    assert left(sandbox) == ["77 dev #41", "78 qa #41"]
    job.jira_ci("forget", "--property", "train=7", "--run", "9999", *REALLY)
    assert left(sandbox) == ["77 dev #41", "78 qa #41"]
    job.jira_ci("forget", "--property", "train=7", *REALLY)
    assert left(sandbox) == ["78 qa #41"]


def test_a_property_is_no_way_into_the_address(job: Job, sandbox: Sandbox) -> None:
    everything(job)
    ended = job.jira_ci("forget", "--property", "a=b&repository=78&run=9001#?/é", *REALLY, "--format", "json")
    assert ended.code == 0
    [one, _] = [exchange for exchange in sandbox.exchanges if exchange.method == "DELETE"]
    assert one.query == "repository=77&a=b%26repository%3D78%26run%3D9001%23%3F%2F%C3%A9"
    assert left(sandbox) == ALL


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--property", "repository=78"), "jira-ci uses itself"),
        (("--property", "run=1"), "jira-ci uses itself"),
        (("--property", "_updateSequenceNumber=1"), "which Jira refuses"),
        (("--property", "a:b=1"), "which Jira refuses"),
        (("--property", "a="), "has no value"),
        (("--property", "=a"), "has no name"),
        (("--property", "a"), "not of the form name=value"),
        (("--property", "a=1", "--environment", "Prod"), "does not go together with environment"),
        (("--property", "a=1", "--run", "#41"), "does not go together with run as a number"),
        (("--run", "latest"), "which is no run"),
        (("--tenant", "Acme"), "tenant is set, and environment is not"),
    ],
)
def test_what_cannot_be_meant_deletes_nothing(given: tuple[str, ...], said: str, job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("forget", *given, *REALLY)
    assert (ended.code, said in ended.out) == (2, True)
    assert [one for one in sandbox.exchanges if one.method == "DELETE"] == []


def test_deletion_comes_later_than_the_answer(job: Job, sandbox: Sandbox) -> None:
    everything(job)
    sandbox.site.deletes_later = True
    assert job.jira_ci("forget", *REALLY).code == 0
    assert left(sandbox) == ALL
    sandbox.site.settle()
    assert left(sandbox) == ["77 prod #42", "78 prod #41"]


FAILURES: list[tuple[str, Answer, int]] = [
    ("forbidden", json_answer(403, {"message": "no"}), 6),
    ("bad request", json_answer(400, [{"message": "no"}]), 8),
    ("not found", Answer(404), 8),
    ("moved", Answer(302, b"", {"Location": "https://elsewhere.example/"}), 7),
    ("HTML", Answer(200, b"<html>", {"Content-Type": "text/html"}), 7),
]


@pytest.mark.parametrize(("answer", "code"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_asked_for_by_hand_it_fails(answer: Answer, code: int, job: Job, sandbox: Sandbox) -> None:
    def before(request: Request) -> Answer | None:
        return answer if request.method == "DELETE" else None

    sandbox.before = before
    ended = job.jira_ci("forget", *REALLY)
    assert ended.code == code
    assert "::error" in ended.out


def test_without_credentials_a_fork_fails_as_well(tmp_path: Path) -> None:
    fork = scenes.pull_request("WEB-12", head_repo={"id": 5, "full_name": "somebody/shop", "fork": True})
    job = scenes.github(tmp_path, PATH, fork, "pull_request")
    job.environ["JIRA_CI_SITE"] = "acme.atlassian.net"
    ended = job.jira_ci("forget", *REALLY)
    assert (ended.code, "a fork's pull request gets no secrets" in ended.out) == (6, True)


def test_a_dry_run_needs_no_credentials(tmp_path: Path) -> None:
    job = scenes.github(tmp_path, PATH, {})
    ended = job.jira_ci("forget", JIRA_CI_SITE="acme.atlassian.net")
    assert (ended.code, "Would be deleted" in ended.out) == (0, True)


def test_a_run_on_nobody_s_ci_has_no_id(tmp_path: Path, sandbox: Sandbox) -> None:
    job = scenes.local(tmp_path / "shop", PATH)
    job.commit("WEB-12")
    job.environ |= scenes.reach(sandbox)
    assert (
        job.jira_ci("deployment", "--environment", "Prod", "--state", "success", "--url", "https://x.example").code == 0
    )
    ended = job.jira_ci("forget", *REALLY)
    assert (ended.code, "This run has no id" in ended.err) == (2, True)
    number = scenes.stored(sandbox, "WEB-12")["deployments"][0]["deploymentSequenceNumber"]
    assert job.jira_ci("forget", "--run", f"#{number}", "--environment", "Prod", *REALLY).code == 0
    assert scenes.stored(sandbox, "WEB-12")["deployments"] == []


SITES = """
jira: {site: %s}
connections:
  emea: {site: %s, credentials: EMEA}
report-to: [default, emea]
"""


def test_every_site_of_the_run(job: Job, sandbox: Sandbox, start_sandbox: Callable[..., Sandbox]) -> None:
    center = start_sandbox(edition="data-center")
    job.write(".jira-ci.yml", SITES % (sandbox.address, center.address))
    job.publish(".jira-ci.yml")
    job.environ["JIRA_CI_EMEA_TOKEN"] = center.credentials.personal_token
    everything(job)
    issue = center.site.issue("WEB-12")
    assert issue is not None
    links = center.site.desk.extras.remote_links
    assert len(links(issue.id)) == 5
    shown = job.jira_ci("forget")
    assert "emea: Would be deleted: the link to build #41 on WEB-12" in shown.out
    ended = job.jira_ci("forget", *REALLY, "--format", "json")
    assert ended.code == 0, ended.err
    assert left(sandbox) == ["77 prod #42", "78 prod #41"]
    assert len(links(issue.id)) == 4
    assert "emea: the link to build #41 on WEB-12" in ended.json["forgotten"]
    job.jira_ci("forget", "--environment", "Dev, Prod", *REALLY)
    job.jira_ci("forget", "--environment", "Prod", "--run", "#42", "--issue-keys", "WEB-12", *REALLY)
    assert (left(sandbox), len(links(issue.id))) == (["78 prod #41"], 1)
    again = job.jira_ci("forget", *REALLY, "--format", "json")
    assert (again.code, [one for one in again.json["forgotten"] if one.startswith("emea")]) == (0, [])


def test_on_data_center_nothing_is_found_by_property(job: Job, start_sandbox: Callable[..., Sandbox]) -> None:
    center = start_sandbox(edition="data-center")
    job.environ = {name: text for name, text in job.environ.items() if "CLIENT" not in name}
    job.environ |= {"JIRA_CI_SITE": center.address, "JIRA_CI_TOKEN": center.credentials.personal_token}
    ended = job.jira_ci("forget", "--property", "a=1", *REALLY)
    assert (ended.code, "Jira Data Center keeps no properties" in ended.out) == (2, True)
    ended = job.jira_ci("forget", "--run", "#40", *REALLY)
    assert (ended.code, "Name them: issue-keys" in ended.out) == (2, True)
    for command in ("reconcile", "rollback"):
        ended = job.jira_ci(command, "--run", "#40", "--environment", "Prod")
        assert (ended.code, "Jira Data Center keeps links on issues" in ended.out) == (0, True)
