"""A report of a deployment that no gate let through: it is made as ever, and that is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate_jobs import POLICY, commit, pinned, scene
from gate_subjects import approved, known
from jira_ci.gate.kept_records import INDEX, merged
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from scenes import Ended, Job, reach

TOLD = "No gate let this deployment to Prod through: no record on a change."
REPORT = ("deployment", "--environment", "Prod", "--version", "1.2.3", "--state", "success", "--issue-keys", "WEB-12")


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    here = scene(tmp_path, sandbox)
    pinned(here)
    here.job.environ |= {**reach(sandbox), "TMPDIR": str(tmp_path)}
    return here.job


def run(job: Job, sandbox: Sandbox, *arguments: str, **environ: str) -> Ended:
    return job.jira_ci(*(arguments or REPORT), now=sandbox.clock.milliseconds() / 1000, **environ)


def test_it_is_reported_and_said(job: Job, sandbox: Sandbox) -> None:
    ended = run(job, sandbox)
    assert ended.code == 0, ended.err
    assert f"{TOLD} jira-ci evidence lists it so." in ended.out
    assert "No gate let this deployment to Prod through" in job.summary()
    assert run(job, sandbox, *REPORT, "--format", "json").json["ungated"] == ["Prod"]


def test_what_a_gate_of_this_job_let_through_takes_no_question(job: Job, sandbox: Sandbox) -> None:
    gate = run(job, sandbox, "gate", "--environment", "Prod", "--version", "1.2.3")
    assert gate.code == 0, gate.out
    ended = run(job, sandbox)
    assert "No gate" not in ended.out
    assert asked_of_changes(sandbox) == []


def test_what_another_job_s_gate_let_through_stands_on_the_change(job: Job, sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(job, sandbox, "gate", "--environment", "Prod", "--version", "1.2.3").code == 0
    for path in tmp_path.glob("jira-ci-record*"):
        path.unlink()
    ended = run(job, sandbox)
    assert "No gate" not in ended.out
    assert asked_of_changes(sandbox) == ["jql"]
    other = run(job, sandbox, GITHUB_RUN_ID="9002")
    assert TOLD in other.out


TENANTS = "tenants: {Aurora: {change-controlled: true}, Open: {change-controlled: false}}"
GROUP = "one-change-for: [Prod, Stage]"
URGENT = "emergency: {request-type: Emergency change, who: [octocat]}"
BOTH = 'Deploy "Web Site" version 1.2.3 to "Prod, Stage"'
OURS = 'Deploy "Web Site" version 1.2.3 to "Dev" for "Aurora"'
FOR_TENANTS = 'title: \'Deploy "{project}" version {version} to "{environment}" for "{tenant}"\''


@pytest.mark.parametrize(
    ("more", "title", "where", "told"),
    [
        (GROUP, f"Emergency: {BOTH}", ("Prod",), TOLD),
        (f"{GROUP}\n  {URGENT}", f"Emergency: {BOTH}", ("Prod",), ""),
        (f"{FOR_TENANTS}\n{TENANTS}", OURS, ("Dev", "Aurora"), ""),
        (f"{FOR_TENANTS}\n{TENANTS}", BOTH, ("Dev", "Open"), ""),
    ],
)
def test_a_change_for_several_of_an_emergency_or_of_a_tenant_is_found(
    job: Job, sandbox: Sandbox, more: str, title: str, where: tuple[str, ...], told: str
) -> None:
    commit(job, POLICY.format(site=sandbox.address, more=more))
    place = dict(zip(("environment", "tenant"), where, strict=False))
    flags = [word for name, value in place.items() for word in (f"--{name}", value)]
    entry = {"record": "0" * 16, "at": "2026-03-02T12:00:00Z", "run": "acme/shop#9001/1", **place}
    change = known(sandbox, sandbox.desk.create(title).key)
    sandbox.site.desk.extras.set_property(change.id, INDEX, merged({}, [entry], set()))
    ended = run(job, sandbox, "deployment", *flags, *REPORT[3:])
    assert ended.code == 0, ended.err
    assert ("No gate" in ended.out) == bool(told), ended.out
    assert told in ended.out


def test_what_is_not_controlled_takes_no_question(job: Job, sandbox: Sandbox) -> None:
    ended = run(job, sandbox, *REPORT[:1], "--environment", "Dev", *REPORT[3:])
    assert ended.code == 0
    assert asked_of_changes(sandbox) == []


def test_what_did_not_succeed_takes_none_either(job: Job, sandbox: Sandbox) -> None:
    ended = run(job, sandbox, *REPORT, "--state", "failed")
    assert ended.code == 0, ended.err
    assert "No gate" not in ended.out
    assert asked_of_changes(sandbox) == []


def test_jira_that_does_not_answer_fails_nothing(job: Job, sandbox: Sandbox) -> None:
    sandbox.before = lambda request: Answer(403) if "search" in request.path else None
    ended = run(job, sandbox)
    assert ended.code == 0
    assert "could not be found out" in ended.out


def test_a_record_of_another_environment_is_none(job: Job, sandbox: Sandbox, tmp_path: Path) -> None:
    assert run(job, sandbox, "gate", "--environment", "Prod", "--version", "1.2.3").code == 0
    [path] = tmp_path.glob("jira-ci-record-*[0-9a-f].json")
    document = json.loads(path.read_text(encoding="ascii"))
    document["subject"]["environment"] = "Stage"
    path.write_text(json.dumps(document), encoding="ascii")
    key = document["change"]["key"]
    sandbox.site.desk.extras.set_property(known(sandbox, key).id, INDEX, {})
    assert TOLD in run(job, sandbox).out


def test_a_change_that_is_shared_is_found_by_its_own_title(sandbox: Sandbox, tmp_path: Path) -> None:
    here = scene(tmp_path, sandbox, more="one-change-for: [Stage, Prod]")
    here.job.environ |= {**reach(sandbox), "TMPDIR": str(tmp_path)}
    approved(sandbox, summary='Deploy "Web Site" version 1.2.3 to "Stage, Prod"')
    assert run(here.job, sandbox, "gate", "--environment", "Prod", "--version", "1.2.3").code == 0
    for path in tmp_path.glob("jira-ci-record*"):
        path.unlink()
    assert "No gate" not in run(here.job, sandbox).out


def test_where_only_the_tenant_is_controlled_it_is_said(sandbox: Sandbox, tmp_path: Path) -> None:
    here = scene(tmp_path, sandbox, more="title: '{project} {version} {environment} {tenant}'")
    text = (here.job.folder / ".jira-ci.yml").read_text("utf-8")
    commit(here.job, f"{text}\ntenants: {{Aurora: {{change-controlled: true}}}}\n")
    here.job.environ |= {**reach(sandbox), "TMPDIR": str(tmp_path)}
    report = (*REPORT[:1], "--environment", "Dev", *REPORT[3:])
    assert "No gate" not in run(here.job, sandbox, *report).out
    told = run(here.job, sandbox, *report, "--tenant", "Aurora").out
    assert "No gate let this deployment to Dev for Aurora through" in told


def asked_of_changes(sandbox: Sandbox) -> list[str]:
    """The searches for changes."""
    found = [one.path.rsplit("/", 1)[-1] for one in sandbox.exchanges if b"jira-ci.records" in one.body]
    return [one for one in found if one == "jql"]
