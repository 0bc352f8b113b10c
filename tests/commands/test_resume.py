"""The command resume: what waits is started once, when its change allows it; all else is said, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

import scenes
from gate_jobs import POLICY, commit, scene
from jira_ci.jira.change_endpoints import PARKED
from jira_ci.parking.note import label
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox
from pretend_ci import PretendCI, pretend_ci
from scenes import Ended, Job

RUNNER = "GitHub Actions 3"
LABEL = label("github:github.com:77")


@pytest.fixture
def ci() -> Iterator[PretendCI]:
    with pretend_ci() as made:
        yield made


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox, ci: PretendCI) -> Job:
    """The run that waits: 9001, at a commit of main."""
    made = scene(tmp_path, sandbox).job
    made.environ |= {"RUNNER_NAME": RUNNER, "GITHUB_JOB": "deploy"}
    ci.head = made.environ["GITHUB_SHA"]
    ci.run(9001, ci.head)
    return made


def now(sandbox: Sandbox) -> float:
    return sandbox.clock.milliseconds() / 1000


def parked(job: Job, sandbox: Sandbox, *arguments: str, code: int = 4, **environ: str) -> str:
    """The key of the change on which the run is parked."""
    ended = job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", *arguments, now=now(sandbox), **environ)
    assert ended.code == code, ended.out + ended.err
    (key,) = [one.key for one in sandbox.site.desk.ledger.all() if one.request_type]
    return key


def allow(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")


def resume(job: Job, sandbox: Sandbox, ci: PretendCI, *arguments: str, later: float = 0, **environ: str) -> Ended:
    """A sweep by another run of the same repository."""
    sweeping = {
        "GITHUB_RUN_ID": "9500",
        "GITHUB_RUN_NUMBER": "540",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_API_URL": f"{ci.address}/github",
        "GITHUB_TOKEN": "t0ken",
    }
    given = {**sweeping, **environ}
    return job.jira_ci("resume", "--format", "json", *arguments, now=now(sandbox) + later, **given)


def kept(sandbox: Sandbox, key: str) -> list[dict[str, Any]]:
    issue = sandbox.site.desk.find(key)
    assert issue is not None
    value = sandbox.site.desk.extras.properties(issue.id).get(PARKED) or {"notes": []}
    notes: list[dict[str, Any]] = value["notes"]
    return notes


def write(sandbox: Sandbox, key: str, *notes: dict[str, Any]) -> None:
    """Puts notes there as somebody would who may edit the change."""
    issue = sandbox.site.desk.find(key)
    assert issue is not None
    value = {"schema": "jira-ci.parked/1", "notes": list(notes)}
    sandbox.site.desk.extras.set_property(issue.id, PARKED, json.loads(json.dumps(value)))


def labels(sandbox: Sandbox, key: str) -> list[str]:
    issue = sandbox.site.desk.find(key)
    assert issue is not None
    return list(issue.values.get("labels", ()))


def links(sandbox: Sandbox, key: str) -> list[dict[str, Any]]:
    issue = sandbox.site.desk.find(key)
    assert issue is not None
    found = sandbox.site.desk.extras.remote_links(issue.id)
    return [one for one in found if str(one.get("globalId", "")).startswith("jira-ci:")]


def test_a_deployment_that_waits_leaves_a_note_a_link_and_a_label(job: Job, sandbox: Sandbox) -> None:
    key = parked(job, sandbox)
    (note,) = kept(sandbox, key)
    assert (note["run"], note["environment"], note["version"], note["runner"]) == ("9001", "Prod", "1.2.3", RUNNER)
    assert note["commit"] == job.environ["GITHUB_SHA"]
    assert labels(sandbox, key) == [LABEL]
    (link,) = links(sandbox, key)
    assert link["object"]["title"] == "Deployment of 1.2.3 to Prod waits for this change"
    assert link["object"]["url"] == "https://github.com/acme/shop/actions/runs/9001"
    assert "parked<<" in job.output()
    assert "\ntrue\n" in job.output()


def test_a_second_attempt_leaves_no_second_note(job: Job, sandbox: Sandbox) -> None:
    key = parked(job, sandbox)
    parked(job, sandbox, GITHUB_RUN_ATTEMPT="2")
    assert [note["attempt"] for note in kept(sandbox, key)] == [2]
    assert len(links(sandbox, key)) == 1


@pytest.mark.parametrize("command", [("gate",), ("deploy", "--issue-keys", "WEB-1", "--", "true")])
def test_what_somebody_starts_again_by_hand_takes_its_own_note_off(
    job: Job, sandbox: Sandbox, command: tuple[str, ...]
) -> None:
    key = parked(job, sandbox)
    parked(job, sandbox, GITHUB_RUN_ID="9002", GITHUB_RUN_NUMBER="42")
    allow(sandbox, key)
    for run, left in (("9001", ["9002"]), ("9002", [])):
        again = {"GITHUB_RUN_ID": run, "GITHUB_RUN_ATTEMPT": "2"}
        flags = ("--environment", "Prod", "--version", "1.2.3", *command[1:])
        ended = job.jira_ci(command[0], *flags, now=now(sandbox), **again)
        assert ended.code == 0, ended.out + ended.err
        assert [note["run"] for note in kept(sandbox, key)] == left
        assert (len(links(sandbox, key)), labels(sandbox, key)) == (len(left), [LABEL] * len(left))


@pytest.mark.parametrize("command", [("gate",), ("deploy", "--issue-keys", "WEB-1", "--", "true")])
def test_what_is_denied_takes_its_own_note_off(job: Job, sandbox: Sandbox, command: tuple[str, ...]) -> None:
    key = parked(job, sandbox)
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.decline(key)
    flags = ("--environment", "Prod", "--version", "1.2.3", "--change", key, *command[1:])
    assert job.jira_ci(command[0], *flags, now=now(sandbox), GITHUB_RUN_ATTEMPT="2").code == 3
    assert (kept(sandbox, key), links(sandbox, key), labels(sandbox, key)) == ([], [], [])


def test_what_is_not_approved_goes_on_waiting(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    ended = resume(job, sandbox, ci)
    assert ended.code == 0
    assert ended.json["waiting"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert ci.orders == []
    assert len(kept(sandbox, key)) == 1


def test_what_is_approved_is_started_once_and_its_note_is_taken_off(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    first, second = resume(job, sandbox, ci), resume(job, sandbox, ci)
    assert (first.code, second.code) == (0, 0)
    assert first.json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert second.json["resumed"] == []
    assert ci.orders == ["/actions/jobs/9071/rerun"]
    assert (kept(sandbox, key), labels(sandbox, key), links(sandbox, key)) == ([], [], [])


def test_what_is_frozen_goes_on_waiting_and_is_started_when_the_freeze_is_over(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI
) -> None:
    ends = (sandbox.clock.now().replace(microsecond=0) + timedelta(hours=1)).isoformat()
    freeze = f"freeze: [{{name: Year end, from: 2020-01-01T00:00Z, to: '{ends}'}}]"
    job = scene(tmp_path, sandbox, f"{freeze}\n  comments: internal").job
    job.environ |= {"RUNNER_NAME": RUNNER, "GITHUB_JOB": "deploy"}
    ci.head = job.environ["GITHUB_SHA"]
    ci.run(9001, ci.head)
    key = parked(job, sandbox)
    allow(sandbox, key)
    frozen = resume(job, sandbox, ci)
    assert frozen.json["waiting"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert "Prod is frozen until" in frozen.json["parked"][0]["why"]
    assert ci.orders == []
    sandbox.clock.offset += 3700
    assert resume(job, sandbox, ci).json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]


def test_the_newest_attempt_s_job_is_started(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    ci.jobs[9001].append({"id": 9999, "name": "Deploy to Prod", "run_attempt": 2, "runner_name": "GitHub Actions 8"})
    allow(sandbox, key)
    resume(job, sandbox, ci)
    assert ci.orders == ["/actions/jobs/9999/rerun"]


def test_without_the_runner_s_name_what_failed_is_started(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox, RUNNER_NAME="")
    allow(sandbox, key)
    resume(job, sandbox, ci)
    assert ci.orders == ["/actions/runs/9001/rerun-failed-jobs"]


def test_a_dry_run_says_what_it_would_do(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ended = resume(job, sandbox, ci, "--dry-run")
    assert ended.json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert ci.orders == []
    assert len(kept(sandbox, key)) == 1


def test_what_was_declined_is_taken_off_and_told(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.decline(key)
    ended = resume(job, sandbox, ci)
    assert ended.json["dropped"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert (ci.orders, kept(sandbox, key)) == ([], [])
    issue = sandbox.site.desk.find(key)
    assert issue is not None
    (comment,) = sandbox.site.desk.extras.comments(issue.id)
    assert "The deployment of 1.2.3 to Prod does not wait for this change any more" in comment.body


def test_a_newer_deployment_makes_no_silent_roll_back(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.run(9300, "b" * 40)
    ci.deployments = [("Prod", 9300)]
    ended = resume(job, sandbox, ci)
    (row,) = ended.json["parked"]
    assert (row["fate"], ci.orders) == ("dropped", [])
    assert "run 9300 has deployed there since" in row["why"]


@pytest.mark.parametrize(
    ("tenant", "fate", "why"),
    [
        ("Borealis", "resumed", "approved by"),
        ("AURORA", "dropped", "run 9300 has deployed there since"),
        ("", "dropped", "for whichever tenant"),
    ],
)
def test_a_newer_deployment_for_another_tenant_takes_nothing_off(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI, tenant: str, fate: str, why: str
) -> None:
    """Where a change remembers for whom the newer run deployed, and nobody else does."""
    more = 'comments: internal\n  title: "{project} {version} to {environment} for {tenant}"'
    job = scene(tmp_path, sandbox, more).job
    job.environ |= {"RUNNER_NAME": RUNNER, "GITHUB_JOB": "deploy"}
    ci.head = job.environ["GITHUB_SHA"]
    ci.run(9001, ci.head)
    allow(sandbox, parked(job, sandbox, "--tenant", "Aurora"))
    ci.deployments = [("Prod", 9300)]
    if tenant:
        flags = ("--environment", "Prod", "--version", "1.2.4", "--tenant", tenant, "--issue-keys", "WEB-1")
        again = {"GITHUB_RUN_ID": "9300", "GITHUB_RUN_NUMBER": "340", "JIRA_CI_PARKED": "off"}
        job.jira_ci("gate", *flags, now=now(sandbox), **again)
        allow(sandbox, sandbox.site.desk.ledger.all()[-1].key)
        ended = job.jira_ci("deploy", *flags, "--", "true", now=now(sandbox), **again)
        assert ended.code == 0, ended.out + ended.err
    (row,) = resume(job, sandbox, ci).json["parked"]
    assert row["fate"] == fate, row
    assert why in row["why"]


def test_of_two_runs_for_one_place_the_newest_is_started(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    parked(job, sandbox, GITHUB_RUN_ID="9002", GITHUB_RUN_NUMBER="42")
    ci.run(9002, ci.head)
    allow(sandbox, key)
    ended = resume(job, sandbox, ci)
    assert ended.json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9002"]
    assert ended.json["dropped"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert ci.orders == ["/actions/jobs/9072/rerun"]


def test_another_job_of_the_same_run_is_no_newer_one(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    allow(sandbox, parked(job, sandbox))
    job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.4", now=now(sandbox))
    allow(sandbox, [one.key for one in sandbox.site.desk.ledger.all() if one.request_type][-1])
    ended = resume(job, sandbox, ci)
    assert sorted(one["version"] for one in ended.json["parked"]) == ["1.2.3", "1.2.4"], ended.out
    assert ended.json["dropped"] == []


def test_a_job_that_waits_for_two_changes_is_started_once_when_both_let_it(
    job: Job, sandbox: Sandbox, ci: PretendCI
) -> None:
    job.jira_ci("gate", "--environment", "Prod,Stage", "--version", "1.2.3", now=now(sandbox))
    prod, stage = [one.key for one in sandbox.site.desk.ledger.all() if one.request_type]
    allow(sandbox, prod)
    ended = resume(job, sandbox, ci)
    assert (ended.code, len(ended.json["waiting"]), ci.orders) == (0, 2, [])
    assert f"its job waits for {stage}, too" in ended.json["parked"][0]["why"]
    allow(sandbox, stage)
    ended = resume(job, sandbox, ci)
    assert (len(ended.json["resumed"]), ci.orders) == (2, ["/actions/jobs/9071/rerun"])
    assert (kept(sandbox, prod), kept(sandbox, stage)) == ([], [])


def test_a_note_about_another_commit_than_the_run_s_starts_nothing(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.runs[9001]["head_sha"] = "c" * 40
    ended = resume(job, sandbox, ci)
    assert (ended.json["parked"][0]["fate"], ci.orders) == ("dropped", [])


FORGED: dict[str, dict[str, Any]] = {
    "another repository's": {"home": "github:github.com:78"},
    "a run that is none": {"run": "9001/../../../other/actions/runs/1"},
    "a path for a run": {"run": "../9001"},
    "no commit": {"commit": ""},
    "a version that is no text": {"version": ["1.2.3"]},
    "a moment that is none": {"expires": "tomorrow"},
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_note_starts_nothing(job: Job, sandbox: Sandbox, ci: PretendCI, name: str) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    (note,) = kept(sandbox, key)
    write(sandbox, key, {**note, **FORGED[name]})
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"], ci.orders) == (0, [], [])
    assert not [one for one in ci.asked if "other" in one]


def test_a_note_cannot_ask_for_another_environment_s_approval(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    (note,) = kept(sandbox, key)
    write(sandbox, key, {**note, "environment": "Stage"})
    ended = resume(job, sandbox, ci)
    assert (ended.json["parked"][0]["fate"], ci.orders) == ("waiting", [])  # for a change of Stage's own


def test_a_forged_note_leads_nobody_away_and_says_nothing_that_is_read_as_more(
    job: Job, sandbox: Sandbox, ci: PretendCI
) -> None:
    key = parked(job, sandbox)
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.decline(key)
    (note,) = kept(sandbox, key)
    words = "x](https://evil.example) | <script>\n::error::y"
    write(sandbox, key, {**note, "url": "https://evil.example/", "job": words, "tenant": words})
    ended = resume(job, sandbox, ci, "--format", "text")
    assert ended.code == 0
    assert "\n::error::y" not in ended.out
    summary = job.summary()
    assert "https://github.com/acme/shop/actions/runs/9001" in summary
    assert "https://evil.example/" not in summary
    assert "<script>" not in summary
    assert "](https://evil.example)" not in summary


def test_the_summary_says_for_each_what_and_why(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    parked(job, sandbox, GITHUB_RUN_ID="9002", GITHUB_RUN_NUMBER="42")
    ci.run(9002, ci.head)
    allow(sandbox, key)
    resume(job, sandbox, ci)
    summary = job.summary().partition("deployment was started again")[2]
    for said in (
        key,
        " to Prod |",
        "9002",
        "resumed",
        "dropped",
        "a newer run to the same place has just been started",
    ):
        assert said in summary, summary


def test_nobody_prolongs_a_note(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    (note,) = kept(sandbox, key)
    old = datetime.now(timezone.utc) - timedelta(days=40)
    write(sandbox, key, {**note, "parked-at": f"{old:%Y-%m-%dT%H:%M:%SZ}", "expires": "2099-01-01T00:00:00Z"})
    ended = resume(job, sandbox, ci)
    assert ended.json["parked"][0]["why"] == "it waited for too long; start a new run"
    assert ci.orders == []


def test_a_run_of_more_than_thirty_days_is_taken_off(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.run(9001, ci.head, begun=datetime.fromtimestamp(now(sandbox), timezone.utc) - timedelta(days=30))
    ended = resume(job, sandbox, ci)
    assert "more than 30 days old" in ended.json["parked"][0]["why"]
    assert (ci.orders, kept(sandbox, key)) == ([], [])


def test_a_deleted_run_is_taken_off(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    del ci.runs[9001]
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"][0]["why"]) == (0, "the run was deleted")
    assert kept(sandbox, key) == []


@pytest.mark.parametrize("provider", ["GitHub", "GitLab"])
def test_a_token_that_is_shown_nothing_loses_no_note(
    tmp_path: Path, job: Job, sandbox: Sandbox, ci: PretendCI, provider: str
) -> None:
    if provider == "GitLab":
        job = _gitlab(tmp_path / "gitlab", sandbox, ci)
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.hidden = True
    given = {"CI_PIPELINE_ID": "5900", "CI_API_V4_URL": f"{ci.address}/gitlab", "JIRA_CI_GITLAB_TOKEN": "glpat-1"}
    job.environ |= given
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"][0]["fate"], len(kept(sandbox, key))) == (6, "unclear", 1)
    assert "did not find the" in ended.json["parked"][0]["why"]


def test_a_run_in_progress_is_left_alone(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.runs[9001]["status"] = "in_progress"
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"][0]["fate"], ci.orders) == (0, "waiting", [])
    assert len(kept(sandbox, key)) == 1


def test_another_sweep_that_was_faster_is_no_error(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    issue = sandbox.site.desk.find(key)
    assert issue is not None
    sandbox.site.desk.extras.remove_remote_link(issue.id, links(sandbox, key)[0]["globalId"])
    ci.refuse = 403, {"message": "This workflow is already running"}
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"][0]["why"]) == (0, "somebody else has started it by now")
    assert "still has its note" not in ended.out + ended.err


REFUSED: dict[str, tuple[tuple[int, Any], int, str]] = {
    "without a reason": ((403, {}), 6, "403"),
    "the token may not": ((403, {"message": "Resource not accessible by integration"}), 6, "not accessible"),
    "an event that is blocked": ((403, {"message": "Event 'schedule' is not allowed"}), 6, "is not allowed"),
    "too many requests": ((429, {"message": "slow down"}), 7, "rate limit"),
    "trouble": ((502, {}), 7, "trouble of its own"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_said_and_the_note_stays(job: Job, sandbox: Sandbox, ci: PretendCI, name: str) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.refuse, code, said = REFUSED[name]
    ended = resume(job, sandbox, ci)
    assert ended.code == code, ended.out
    assert ended.json["parked"][0]["fate"] == "unclear"
    assert said in ended.json["parked"][0]["why"]
    assert len(kept(sandbox, key)) == 1


@pytest.mark.parametrize(
    "words",
    [
        "This workflow run has been re-run too many times.",
        "Unable to retry this workflow run because it was created over a month ago",
    ],
)
def test_what_can_never_be_started_again_is_taken_off(job: Job, sandbox: Sandbox, ci: PretendCI, words: str) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.refuse = 403, {"message": words}
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"][0]["fate"], kept(sandbox, key)) == (0, "dropped", [])
    assert "start a new run" in ended.json["parked"][0]["why"]


def test_what_no_gate_looks_at_is_not_started(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    """Anybody may write a note on an issue of their own, and name what is not change controlled."""
    key = parked(job, sandbox)
    note = {**kept(sandbox, key)[0], "environment": "Dev"}
    web = sandbox.site.desk.catalogue.project("WEB").id
    sandbox.site.desk.alter(key, lambda change: replace(change, project=web, key="WEB-7000", former=(key,)))
    write(sandbox, "WEB-7000", note)
    ended = resume(job, sandbox, ci)
    (row,) = ended.json["parked"]
    assert (ended.code, row["change"], row["fate"], ci.orders) == (0, "WEB-7000", "dropped", [])
    assert "Dev is not change controlled" in row["why"]
    assert kept(sandbox, "WEB-7000") == []


def test_a_run_is_not_started_for_the_fifty_first_time(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.reruns = 50
    ended = resume(job, sandbox, ci)
    assert (ended.json["parked"][0]["fate"], ci.orders, kept(sandbox, key)) == ("dropped", [], [])


def test_an_approval_that_was_withdrawn_by_then_starts_nothing(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    sandbox.desk.transition(key, "Completed")
    ended = resume(job, sandbox, ci)
    assert ci.orders == []
    assert ended.json["resumed"] == []


def test_a_change_that_takes_no_label_is_found_all_the_same(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    sandbox.desk.edit(key, {"labels": []})
    allow(sandbox, key)
    assert resume(job, sandbox, ci).json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]


def test_a_change_that_may_not_be_edited_has_no_note_and_that_is_said(job: Job, sandbox: Sandbox) -> None:
    sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"')
    sandbox.site.desk.denied.add("EDIT_ISSUES")
    ended = job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", "--parked", "success", now=now(sandbox))
    assert ended.code == 4
    assert "this run has to be started by hand" in ended.out


def test_parked_success_ends_well_and_says_so(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", "--parked", "success", now=now(sandbox))
    assert ended.code == 0
    assert "Parked on OPS-" in ended.out
    assert "GitHub counts it as a deployment" in ended.out
    assert "there is no github-token" in ended.out
    assert "approved<<" in job.output()
    assert "\nwait\n" in job.output()


def _ends_well(job: Job, sandbox: Sandbox, ci: PretendCI) -> Ended:
    given = {"GITHUB_API_URL": f"{ci.address}/github", "GITHUB_TOKEN": "t0ken"}
    flags = ("--environment", "Prod", "--version", "1.2.3", "--parked", "success")
    ended = job.jira_ci("gate", *flags, now=now(sandbox), **given)
    assert ended.code == 0, ended.out
    return ended


def _going(run: int = 9001) -> list[dict[str, Any]]:
    log = f"https://github.com/acme/shop/actions/runs/{run}/job/5"
    return [{"state": "in_progress", "log_url": log}, {"state": "queued", "log_url": log}]


def test_the_deployment_of_a_job_that_ends_well_is_marked(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    ci.deployments, ci.statuses = [("Prod", 9001), ("Prod", 8000)], {1: _going()}
    ended = _ends_well(job, sandbox, ci)
    assert "GitHub counts it" not in ended.out
    mark = ci.statuses[1][0]
    assert mark["state"] == "in_progress"
    assert mark["log_url"] == "https://github.com/acme/shop/actions/runs/9001#jira-ci-parked"


def test_a_job_without_a_deployment_has_none_to_mark(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    ci.deployments = [("Prod", 8000), ("Stage", 9001)]
    assert "GitHub counts it" not in _ends_well(job, sandbox, ci).out
    assert not [one for one in ci.asked if one.startswith("POST") and "deployments" in one]


def test_a_deployment_that_may_not_be_marked_is_said(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    ci.deployments, ci.statuses = [("Prod", 9001)], {1: _going()}
    ci.refuse = 403, {"message": "Resource not accessible by integration"}
    ended = _ends_well(job, sandbox, ci)
    assert "`permissions: deployments: write`" in ended.out
    assert "Set deployment: false" in ended.out


def test_of_two_deployments_of_one_run_nobody_knows_which_waits(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    ci.deployments, ci.statuses = [("Prod", 9001), ("Prod", 9001)], {1: _going(), 2: _going()}
    assert "several deployments there that are not over" in _ends_well(job, sandbox, ci).out
    assert len(ci.statuses[1]) == 2


def test_what_only_waited_makes_no_silent_roll_back(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    """A newer run ended well, because it waits as well."""
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.run(9300, "b" * 40)
    log = "https://github.com/acme/shop/actions/runs/9300"
    ci.deployments = [("Prod", 9300)]
    ci.statuses = {
        1: [{"state": "success", "log_url": log}, {"state": "in_progress", "log_url": f"{log}#jira-ci-parked"}]
    }
    resume(job, sandbox, ci)
    assert ci.orders == ["/actions/jobs/9071/rerun"]


def test_deploy_parks_and_starts_nothing(job: Job, sandbox: Sandbox) -> None:
    flags = ("--environment", "Prod", "--version", "1.2.3", "--parked", "success", "--issue-keys", "WEB-1")
    ended = job.jira_ci("deploy", *flags, "--", "touch", "deployed", now=now(sandbox))
    assert ended.code == 0, ended.out + ended.err
    assert not (job.folder / "deployed").exists()


@pytest.mark.parametrize("flags", [("--dry-run",), ("--parked", "off")])
def test_what_leaves_no_note(job: Job, sandbox: Sandbox, flags: tuple[str, ...]) -> None:
    sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"')
    job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", *flags, now=now(sandbox))
    assert not [one for one in sandbox.exchanges if "parked" in one.path]


def test_a_pull_request_leaves_no_note(tmp_path: Path, sandbox: Sandbox) -> None:
    made = scenes.github(tmp_path, "/usr/bin:/bin", scenes.pull_request("WEB-1"), "pull_request")
    commit(made, POLICY.format(site=sandbox.address, more="comments: internal"))
    made.publish(".jira-ci.yml")
    made.environ |= scenes.reach(sandbox)
    made.environ |= {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    made.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", now=now(sandbox))
    assert not [one for one in sandbox.exchanges if "parked" in one.path]


def test_resume_needs_a_token_that_may_start_runs(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    ended = resume(job, sandbox, ci, GITHUB_TOKEN="", JIRA_CI_GITHUB_TOKEN="")
    assert ended.code == 2
    assert "actions: write" in ended.json["error"]["hint"]


def test_jira_that_cannot_be_asked_is_an_exit_code(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    parked(job, sandbox)
    ended = resume(job, sandbox, ci, JIRA_CI_TOKEN="wrong")
    assert (ended.code, ci.orders) == (6, [])


def test_few_requests_for_each_that_is_started(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    known = list(sandbox.exchanges)
    resume(job, sandbox, ci)
    asked = [f"{one.method} {one.path}" for one in sandbox.exchanges if one not in known]
    assert asked[:2] == ["GET /rest/api/3/myself", "POST /rest/api/3/search/jql"], "who asks, and all notes at once"
    here = "/rest/api/3/issue/10001"
    assert asked[2:] == [
        "GET /rest/servicedeskapi/request/10001/approval",
        f"GET {here}",
        f"PUT {here}",
        f"DELETE {here}/remotelink",
    ], "as the gate reads it, then note and label, and the link"
    of_the_run = [one for one in ci.asked if "/actions/" in one]
    assert len(of_the_run) == 3, "the run, its jobs, the order"
    assert len(ci.asked) == 3 + 3, "and once in a sweep: the policy of today (two), who deployed there last"


def test_who_deployed_last_is_asked_once_for_all_notes_of_a_place(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.run(8000, "b" * 40)
    ci.deployments = [("Prod", 8000)]
    resume(job, sandbox, ci)
    assert ci.orders == ["/actions/jobs/9071/rerun"]
    assert [one for one in ci.asked if "deployments" in one or "8000" in one] == [
        "GET /repos/acme/shop/deployments",
        "GET /repos/acme/shop/deployments/1/statuses",
    ]


KEYED = {"name": "Ship / deploy (eu)"}
FIRST = {"started_at": "2020-01-01T00:00:00Z", "completed_at": "2020-01-01T00:01:00Z"}
LONG = {"started_at": "2020-01-01T00:01:00Z", "completed_at": "2100-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("deploy", "test", "order"),
    [
        (KEYED, {}, "/actions/jobs/9071/rerun"),
        (LONG, FIRST, "/actions/jobs/9071/rerun"),
        ({}, {}, "/actions/runs/9001/rerun-failed-jobs"),
        (LONG, LONG, "/actions/runs/9001/rerun-failed-jobs"),
    ],
)
def test_of_several_jobs_of_one_runner_the_one_that_waited_is_started(
    job: Job, sandbox: Sandbox, ci: PretendCI, deploy: dict[str, str], test: dict[str, str], order: str
) -> None:
    allow(sandbox, parked(job, sandbox, "--parked", "success", code=0))
    ci.jobs[9001][0] |= deploy
    ci.jobs[9001][1] |= {"runner_name": RUNNER, **test}
    resume(job, sandbox, ci)
    assert ci.orders == [order]


@pytest.mark.parametrize(("runner", "started"), [("GitHub Actions 8", False), ("", True)])
def test_what_somebody_cancelled_is_for_people_where_it_had_begun(
    job: Job, sandbox: Sandbox, ci: PretendCI, runner: str, *, started: bool
) -> None:
    allow(sandbox, parked(job, sandbox))
    _again(ci, "cancelled", started_at="2026-03-04T12:00:00Z", runner_name=runner)
    (row,) = resume(job, sandbox, ci).json["parked"]
    assert (row["fate"], len(ci.orders)) == ("resumed" if started else "dropped", int(started))
    assert started or "was cancelled; start it by hand" in row["why"]


def _again(ci: PretendCI, conclusion: str, **changes: str) -> None:
    """Somebody has started the run again; its newest attempt lists both jobs."""
    ci.runs[9001] |= {"run_attempt": 2, "conclusion": conclusion}
    deploy, test = ci.jobs[9001]
    ci.jobs[9001] += [
        {
            **deploy,
            "id": 9971,
            "run_attempt": 2,
            "runner_name": "GitHub Actions 8",
            "conclusion": conclusion,
            **changes,
        },
        {**test, "id": 9972, "run_attempt": 2},
    ]


@pytest.mark.parametrize("runner", [RUNNER, ""])
def test_what_was_started_by_hand_and_deployed_is_not_deployed_twice(
    job: Job, sandbox: Sandbox, ci: PretendCI, runner: str
) -> None:
    key = parked(job, sandbox, RUNNER_NAME=runner)
    allow(sandbox, key)
    _again(ci, "success", started_at="2026-03-04T12:00:00Z")
    ci.deployments = [("Prod", 9001)]
    ended = resume(job, sandbox, ci)
    assert ended.json["parked"][0]["why"] == "it was started again since, and ended well"
    assert (ci.orders, kept(sandbox, key), links(sandbox, key)) == ([], [], [])


def test_a_deployment_that_failed_by_now_is_not_started_by_every_sweep(
    job: Job, sandbox: Sandbox, ci: PretendCI
) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    sandbox.before = lambda request: Answer(503) if request.method == "PUT" else None
    assert resume(job, sandbox, ci, "--timeout", "5s").json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    sandbox.before = None
    assert len(kept(sandbox, key)) == 1
    _again(ci, "failure", started_at="2026-03-04T12:00:00Z")
    ci.runs[9001]["status"] = "completed"
    ended = resume(job, sandbox, ci)
    assert "it was started again since, and failed" in ended.json["parked"][0]["why"]
    assert (len(ci.orders), kept(sandbox, key)) == (1, [])


def test_a_new_attempt_that_left_the_job_as_it_was_keeps_nothing_from_being_started(
    job: Job, sandbox: Sandbox, ci: PretendCI
) -> None:
    key = parked(job, sandbox, "--parked", "success", code=0)
    allow(sandbox, key)
    _again(ci, "success")
    resume(job, sandbox, ci)
    assert ci.orders == ["/actions/jobs/9971/rerun"]


def _gitlab(tmp_path: Path, sandbox: Sandbox, ci: PretendCI) -> Job:
    made = scenes.gitlab(tmp_path, "/usr/bin:/bin")
    made.write(".jira-ci.yml", POLICY.format(site=sandbox.address, more="comments: off"))
    made.git("add", ".")
    made.environ["CI_COMMIT_SHA"] = made.commit("Policy")
    made.environ |= {
        "JIRA_CI_API_URL": sandbox.address,
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        "CI_JOB_NAME": "gate",
    }
    job = {"id": 600, "name": "deploy", "status": "manual", "commit": {"id": made.environ["CI_COMMIT_SHA"]}}
    ci.jobs[5001] = [job, {**job, "id": 599, "name": "gate", "status": "failed"}]
    return made


@pytest.mark.parametrize(("status", "verb"), [("manual", "play"), ("failed", "retry")])
def test_on_gitlab_the_job_that_deploys_is_played(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI, status: str, verb: str
) -> None:
    job = _gitlab(tmp_path, sandbox, ci)
    ci.jobs[5001][0]["status"] = status
    key = parked(job, sandbox, "--parked-job", "deploy")
    allow(sandbox, key)
    given = {"CI_PIPELINE_ID": "5900", "CI_API_V4_URL": f"{ci.address}/gitlab", "JIRA_CI_GITLAB_TOKEN": "glpat-1"}
    ended = job.jira_ci("resume", "--format", "json", now=now(sandbox), **given)
    assert ended.code == 0, ended.out
    assert ended.json["resumed"] == [f"{key}, 1.2.3 to Prod, run 5001"]
    assert ci.orders == [f"/jobs/600/{verb}"]
    assert kept(sandbox, key) == []


def test_on_gitlab_a_job_that_triggers_a_child_pipeline_is_played_too(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI
) -> None:
    job = _gitlab(tmp_path, sandbox, ci)
    ci.bridges.append({**ci.jobs[5001][0], "id": 700, "name": "ship"})
    allow(sandbox, parked(job, sandbox, "--parked-job", "ship"))
    given = {"CI_PIPELINE_ID": "5900", "CI_API_V4_URL": f"{ci.address}/gitlab", "JIRA_CI_GITLAB_TOKEN": "glpat-1"}
    assert job.jira_ci("resume", now=now(sandbox), **given).code == 0
    assert ci.orders == ["/jobs/700/play"]


@pytest.mark.parametrize(("newest", "order"), [("600", "/jobs/600/retry"), ("599", "")])
def test_on_gitlab_a_job_that_went_well_is_started_again_only_where_it_is_the_one_that_waited(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI, newest: str, order: str
) -> None:
    job = _gitlab(tmp_path, sandbox, ci)
    ci.jobs[5001][0]["status"] = "success"
    key = parked(job, sandbox, "--parked", "success", "--parked-job", "deploy", code=0, CI_JOB_ID=newest)
    allow(sandbox, key)
    given = {"CI_PIPELINE_ID": "5900", "CI_API_V4_URL": f"{ci.address}/gitlab", "JIRA_CI_GITLAB_TOKEN": "glpat-1"}
    ended = job.jira_ci("resume", "--format", "json", now=now(sandbox), **given)
    assert (ended.code, ended.json["parked"][0]["fate"]) == (0, "resumed" if order else "dropped")
    assert ci.orders == ([order] if order else [])


ODD: dict[str, tuple[dict[str, Any], dict[str, Any], str, int, str]] = {
    "skipped": ({"status": "skipped"}, {}, "waiting", 0, "say parked: success where the gate is asked"),
    "waits elsewhere": ({"status": "waiting_for_callback"}, {}, "waiting", 0, "the run is going on"),
    "another name": ({"name": "deplyo"}, {}, "dropped", 0, "no job deploy: mend parked-job"),
    "played meanwhile": ({}, {"faster": True}, "resumed", 0, "somebody else has started it by now"),
    "protected": ({}, {"refuse": (403, {"message": "403 Forbidden"})}, "unclear", 6, "and the right to deploy there"),
    "refused": ({}, {"refuse": (400, {"message": "Unplayable Job"})}, "unclear", 7, "it answered: Unplayable Job"),
}


@pytest.mark.parametrize("name", ODD)
def test_on_gitlab_what_keeps_a_job_from_being_played_is_said(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI, name: str
) -> None:
    changes, answers, fate, code, why = ODD[name]
    job = _gitlab(tmp_path, sandbox, ci)
    allow(sandbox, parked(job, sandbox, "--parked-job", "deploy"))
    ci.jobs[5001][0] |= changes
    for field, value in answers.items():
        setattr(ci, field, value)
    given = {"CI_PIPELINE_ID": "5900", "CI_API_V4_URL": f"{ci.address}/gitlab", "JIRA_CI_GITLAB_TOKEN": "glpat-1"}
    ended = job.jira_ci("resume", "--format", "json", now=now(sandbox), **given)
    (row,) = ended.json["parked"]
    assert (ended.code, row["fate"], ci.orders) == (code, fate, [])
    assert why.casefold() in row["why"].casefold()


@pytest.mark.parametrize(("action", "told"), [("", True), ("start", True), ("verify", False)])
def test_on_gitlab_a_job_that_only_waits_and_ends_well_should_deploy_nothing(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI, action: str, *, told: bool
) -> None:
    job = _gitlab(tmp_path, sandbox, ci)
    flags = ("--environment", "Prod", "--version", "1.2.3", "--parked", "success")
    of_job = {"CI_ENVIRONMENT_NAME": "Prod", "CI_ENVIRONMENT_ACTION": action}
    ended = job.jira_ci("gate", *flags, now=now(sandbox), **of_job)
    assert ended.code == 0, ended.out
    assert ("GitLab counts it as a deployment" in ended.err) is told


def test_a_child_pipeline_is_printed_and_nothing_is_asked(tmp_path: Path, sandbox: Sandbox, ci: PretendCI) -> None:
    job = _gitlab(tmp_path, sandbox, ci)
    job.write("deploy.yml", "deploy:\n  script: ./deploy.sh\n")
    told = {"JIRA_CI_OUT_DECISION": "wait", "JIRA_CI_OUT_WINDOW_START": "2026-11-28T13:00:00Z"}
    noon = datetime(2026, 11, 28, 12, tzinfo=timezone.utc).timestamp()
    ended = job.jira_ci("resume", "--child", "deploy.yml", "deploy", now=noon, **told)
    assert json.loads(ended.out)["deploy"] == {"rules": [{"when": "delayed", "start_in": "3610 seconds"}]}
    assert "deploy starts at 2026-11-28 13:00 UTC." in ended.err
    assert sandbox.exchanges == []
    assert ci.asked == []


def test_child_pipelines_are_gitlab_s(job: Job) -> None:
    ended = job.jira_ci("resume", "--child", "deploy.yml", "deploy")
    assert ended.code == 2
    assert "Child pipelines are GitLab's." in ended.out


def test_data_center_is_resumed_alike(tmp_path: Path, start_sandbox: Callable[..., Sandbox], ci: PretendCI) -> None:
    sandbox = start_sandbox(edition="data-center")
    job = scene(tmp_path, sandbox).job
    job.environ |= {"RUNNER_NAME": RUNNER, "GITHUB_JOB": "deploy"}
    job.environ |= {"JIRA_CI_USER": "", "JIRA_CI_TOKEN": sandbox.credentials.personal_token}
    ci.head = job.environ["GITHUB_SHA"]
    ci.run(9001, ci.head)
    key = parked(job, sandbox)
    assert len(links(sandbox, key)) == 1
    known = len(sandbox.exchanges)
    assert resume(job, sandbox, ci).json["waiting"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert len(sandbox.exchanges) - known < 12, "not one for each of a thousand open issues that are no changes"
    allow(sandbox, key)
    ended = resume(job, sandbox, ci)
    assert ended.json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"], ended.out
    assert ci.orders == ["/actions/jobs/9071/rerun"]
    assert (kept(sandbox, key), labels(sandbox, key), links(sandbox, key)) == ([], [], [])


def test_a_thousand_parked_changes_are_a_bounded_number_of_requests(
    job: Job, sandbox: Sandbox, ci: PretendCI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those in a status to wait in are read a hundred at a time; the one that was approved is among the first."""
    monkeypatch.setattr("jira_ci.parking.resume._MOST_IDLE", 10)  # a hundred take their time here
    first = parked(job, sandbox)
    (note,) = kept(sandbox, first)
    allow(sandbox, first)
    for number in range(999):
        made = sandbox.desk.create(f'Deploy "Web Site" version 2.{number} to "Prod"')
        sandbox.desk.edit(made.key, {"labels": [LABEL]})
        write(sandbox, made.key, {**note, "run": str(9100 + number), "version": f"2.{number}"})
    known = len(sandbox.exchanges)
    ended = resume(job, sandbox, ci)
    assert (ended.code, len(ended.json["waiting"]), len(ended.json["resumed"])) == (0, 999, 1), ended.out[:500]
    asked = [one.path for one in sandbox.exchanges[known:]]
    assert sum(path.endswith("/search/jql") for path in asked) == 1, "a page holds a thousand"
    assert len(asked) == 1 + 1 + 2 * 10 + 4, "who asks, the search, ten that wait, and the one that is started"
    assert len([one for one in ci.asked if "/actions/" in one]) == 3, "what waits is not asked of the CI"
    whys = [one["why"] for one in ended.json["parked"] if one["fate"] == "waiting"]
    assert sum("more than can be read at once" in why for why in whys) == 989


def test_a_change_that_was_closed_is_looked_at_once_more(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    sandbox.desk.transition(key, "Completed")
    ended = resume(job, sandbox, ci)
    assert ended.json["dropped"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert (ci.orders, kept(sandbox, key), labels(sandbox, key), links(sandbox, key)) == ([], [], [], [])


def test_a_change_that_was_moved_is_said_and_taken_off(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    web = sandbox.site.desk.catalogue.project("WEB").id
    sandbox.site.desk.alter(key, lambda change: replace(change, project=web, key="WEB-7000", former=(key,)))
    ended = resume(job, sandbox, ci)
    (row,) = ended.json["parked"]
    assert (row["change"], row["fate"], ci.orders) == ("WEB-7000", "dropped", [])
    assert "in WEB, and a change of OPS is asked for" in row["why"]
    assert kept(sandbox, "WEB-7000") == []


def test_a_change_that_was_deleted_starts_nothing(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    """Between the search and the look at it: before, no search brings it."""
    key = parked(job, sandbox)
    allow(sandbox, key)

    def gone(request: Request) -> Answer | None:
        return Answer(404) if request.path.startswith("/rest/api/3/issue/") else None

    sandbox.before = gone
    ended = resume(job, sandbox, ci)
    assert (ended.code, ended.json["parked"][0]["fate"], ci.orders) == (0, "dropped", [])
    assert "was deleted, or is hidden" in ended.json["parked"][0]["why"]


def test_a_note_about_another_workflow_than_the_run_s_starts_nothing(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    ci.runs[9001]["path"] = ".github/workflows/clean-up.yml@main"
    (note,) = kept(sandbox, key)
    write(sandbox, key, {**note, "workflow": ".github/workflows/ci.yml"})
    ended = resume(job, sandbox, ci)
    assert (ended.json["parked"][0]["fate"], ci.orders) == ("dropped", [])
    assert "names the workflow .github/workflows/ci.yml" in ended.json["parked"][0]["why"]


def test_a_label_that_is_on_no_screen_keeps_no_note_there(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = parked(job, sandbox)
    allow(sandbox, key)
    on_no_screen = json_answer(400, {"errorMessages": [], "errors": {"labels": "Field 'labels' cannot be set."}})
    sandbox.before = lambda request: on_no_screen if request.method == "PUT" and b"labels" in request.body else None
    ended = resume(job, sandbox, ci)
    assert ended.json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert kept(sandbox, key) == []


@pytest.mark.parametrize(("others", "told"), [([], False), (["urgent"], True)])
def test_a_change_that_no_sweep_would_find_is_said(
    job: Job, sandbox: Sandbox, others: list[str], *, told: bool
) -> None:
    key = sandbox.desk.create('Deploy "Web Site" version 1.2.3 to "Prod"').key
    sandbox.desk.edit(key, {"labels": others})
    on_no_screen = json_answer(400, {"errorMessages": [], "errors": {"labels": "Field 'labels' cannot be set."}})
    sandbox.before = lambda request: on_no_screen if request.method == "PUT" and b"labels" in request.body else None
    ended = job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", now=now(sandbox))
    assert ended.code == 4
    assert ("jira-ci resume will not find this change" in ended.out) is told, ended.out


def test_a_note_that_a_sweep_wrote_over_is_left_again(job: Job, sandbox: Sandbox) -> None:
    """A sweep takes another note off while ours is being left: what it had read, it writes."""
    over: list[str] = []

    def swept(request: Request) -> Answer | None:
        if request.method == "POST" and request.path.endswith("/remotelink") and not over:
            over.append(request.path)
            issue = sandbox.site.desk.ledger.all()[-1]
            sandbox.site.desk.extras.set_property(issue.id, PARKED, {"schema": "jira-ci.parked/1", "notes": []})
        return None

    sandbox.before = swept
    key = parked(job, sandbox)
    assert over
    assert [note["run"] for note in kept(sandbox, key)] == ["9001"]
    assert labels(sandbox, key) == [LABEL]
    assert len(links(sandbox, key)) == 1


def test_a_change_that_was_given_by_its_key_is_resumed_too(job: Job, sandbox: Sandbox, ci: PretendCI) -> None:
    key = sandbox.desk.create("1.2.3 of everything goes to Prod on Friday").key
    ended = job.jira_ci("gate", "--environment", "Prod", "--version", "1.2.3", "--change", key, now=now(sandbox))
    assert ended.code == 4, ended.out
    allow(sandbox, key)
    assert resume(job, sandbox, ci).json["resumed"] == [f"{key}, 1.2.3 to Prod, run 9001"]
    assert ci.orders == ["/actions/jobs/9071/rerun"]


@pytest.mark.parametrize(
    "title", ["v{version} of {project} to {environment}", "Deploy {project}-{version} to {environment}"]
)
def test_a_change_without_a_label_is_found_by_the_words_of_any_title(
    tmp_path: Path, sandbox: Sandbox, ci: PretendCI, title: str
) -> None:
    job = scene(tmp_path, sandbox, f'title: "{title}"').job
    job.environ |= {"RUNNER_NAME": RUNNER, "GITHUB_JOB": "deploy"}
    ci.run(9001, job.environ["GITHUB_SHA"])
    ci.head = job.environ["GITHUB_SHA"]
    key = parked(job, sandbox)
    sandbox.desk.edit(key, {"labels": []})
    assert resume(job, sandbox, ci).json["waiting"] == [f"{key}, 1.2.3 to Prod, run 9001"]
