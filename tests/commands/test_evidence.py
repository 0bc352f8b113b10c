"""The command evidence: a record that the gate has written is verified, and nothing else passes for it; and a period
is listed, in each of its forms."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from commands.test_gate import gate, outputs
from evidence_scenes import NOON, QUARTER, Desk, listed, on_github
from gate_jobs import scene
from gate_subjects import approved, known
from jira_ci.config.schema import published
from jira_ci.gate.kept_records import key_of
from jira_ci.gate.record import digest
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
from providers.github_graphql_server import GitHubGraph
from providers.serving import serving
from scenes import Ended, Job


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox) -> Job:
    return scene(tmp_path, sandbox).job


def record(job: Job, sandbox: Sandbox, *arguments: str) -> Path:
    gate(job, sandbox, *arguments)
    return Path(outputs(job)["record"])


def verified(job: Job, sandbox: Sandbox, path: Path, *arguments: str, **environ: str) -> Ended:
    now = sandbox.clock.milliseconds() / 1000
    return job.jira_ci("evidence", "--verify", str(path), *arguments, now=now, **environ)


def test_a_record_that_the_change_still_keeps_is_verified(job: Job, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    path = record(job, sandbox)
    ended = verified(job, sandbox, path, "--format", "json")
    assert ended.code == 0, ended.err
    sha256 = digest(json.loads(path.read_text(encoding="ascii")))
    assert json.loads(ended.out)["records"] == [
        {"sha256": sha256, "change": key, "ok": True, "found": f"{key} keeps the same record."}
    ]


def test_a_statement_stands_beside_the_record_of_a_proceed_only(job: Job, sandbox: Sandbox) -> None:
    assert not record(job, sandbox).with_suffix(".intoto.json").exists()
    sandbox.desk.transition(outputs(job)["change-key"], "Authorize")
    sandbox.desk.approve(outputs(job)["change-key"])
    sandbox.desk.transition(outputs(job)["change-key"], "Implementing")
    path = record(job, sandbox, "--artifact-digest", f"sha256:{'b' * 64}")
    found = json.loads(path.with_suffix(".intoto.json").read_text(encoding="ascii"))
    assert [list(one["digest"]) for one in found["subject"]] == [["gitCommit"], ["sha256"]]
    assert "JIRA_CI_CHANGE_APPROVED" in found["predicate"]["properties"]


def test_an_artifact_digest_that_is_none_stops_before_anything_is_asked(job: Job, sandbox: Sandbox) -> None:
    ended = gate(job, sandbox, "--artifact-digest", "latest")
    assert (ended.code, sandbox.exchanges) == (2, [])
    assert "artifact-digest is 'latest', which is no digest." in ended.out


def test_one_changed_letter_is_another_record(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    path = record(job, sandbox)
    path.write_text(path.read_text("ascii").replace('"rounds": 1', '"rounds": 2'), encoding="ascii")
    ended = verified(job, sandbox, path)
    assert ended.code == 3
    assert "keeps no such record" in ended.out


def test_what_the_change_keeps_may_have_been_changed(job: Job, sandbox: Sandbox) -> None:
    key = approved(sandbox)
    path = record(job, sandbox)
    document = json.loads(path.read_text(encoding="ascii"))
    other = {**document, "reason": "because"}
    sandbox.site.desk.extras.set_property(known(sandbox, key).id, key_of(digest(document)), other)
    ended = verified(job, sandbox, path)
    assert ended.code == 3
    assert "keeps another record under this name" in ended.out


@pytest.mark.parametrize(
    ("there", "here", "code", "told"),
    [
        ("successful", "successful", 0, "keeps the same record."),
        ("failed", "successful", 3, "another end of its deployment: failed"),
        ("failed", None, 0, "keeps the same record. Its deployment ended later: failed."),
        (None, "successful", 0, "and nothing of how its deployment ended"),
    ],
)
def test_how_it_ended_is_covered_by_no_digest_and_compared(
    there: str | None, here: str | None, code: int, told: str, job: Job, sandbox: Sandbox
) -> None:
    key = approved(sandbox)
    path = record(job, sandbox)
    document = json.loads(path.read_text(encoding="ascii"))
    ends = {
        state: {**document, "deployment": {**document["deployment"], "state": state}}
        for state in (None, "successful", "failed")
    }
    sandbox.site.desk.extras.set_property(known(sandbox, key).id, key_of(digest(document)), ends[there])
    path.write_text(json.dumps(ends[here]), encoding="ascii")
    ended = verified(job, sandbox, path)
    assert (ended.code, told in ended.out) == (code, True), ended.out


@pytest.mark.parametrize(
    "changes", [{"decision": "deny", "approved": False}, {"exit": 4}, {"decision": "wait", "exit": 4}]
)
def test_a_record_that_contradicts_itself_is_no_gate_s(changes: dict[str, Any], job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    path = record(job, sandbox)
    path.write_text(json.dumps({**json.loads(path.read_text("ascii")), **changes}), encoding="ascii")
    ended = verified(job, sandbox, path)
    assert (ended.code, "contradicts itself" in ended.out) == (3, True), ended.out


def test_a_record_leads_no_token_to_a_site_that_nobody_named(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    path = record(job, sandbox)
    elsewhere = path.read_text("ascii").replace(sandbox.address, "https://evil.example")
    path.write_text(elsewhere, encoding="ascii")
    asked = len(sandbox.exchanges)
    ended = verified(job, sandbox, path)
    assert (ended.code, len(sandbox.exchanges)) == (2, asked)
    assert "https://evil.example was not asked" in ended.out


def test_what_only_waited_has_no_change_to_keep_it(job: Job, sandbox: Sandbox) -> None:
    ended = verified(job, sandbox, record(job, sandbox))
    assert ended.code == 0
    assert "only what may begin is kept on its change" in ended.out


def test_a_site_that_does_not_answer_verifies_nothing(job: Job, sandbox: Sandbox) -> None:
    approved(sandbox)
    path = record(job, sandbox)

    def refuse(request: Request) -> Answer | None:
        return Answer(403) if "/properties/" in request.path else None

    sandbox.before = refuse
    ended = verified(job, sandbox, path)
    assert ended.code == 6
    assert "could not be asked" in ended.out


def test_there_has_to_be_something_to_verify(job: Job, sandbox: Sandbox) -> None:
    ended = job.jira_ci("evidence")
    assert ended.code == 2
    assert "Write it so: jira-ci evidence --from 2026-07-01 --to 2026-09-30" in ended.out
    ended = verified(job, sandbox, Path(os.devnull))
    assert ended.code == 2
    assert "is no JSON document" in ended.out


@pytest.fixture
def github() -> Iterator[GitHubGraph]:
    made = GitHubGraph()
    with serving(made):
        yield made


def deploy(desk: Desk, *, run: str, at: datetime) -> Ended:
    """A deployment through the gate, as its run makes it."""
    desk.sandbox.clock.standing = at.timestamp()
    command = ("deploy", "--environment", "Prod", "--version", "1.2.3", "--", sys.executable, "-c", "pass")
    return desk.job.jira_ci(*command, now=at.timestamp(), GITHUB_RUN_ID=run)


def test_what_a_gate_has_let_through_is_in_the_list(tmp_path: Path, sandbox: Sandbox, github: GitHubGraph) -> None:
    desk = on_github(tmp_path, sandbox, github)
    began = NOON - timedelta(hours=5)
    sandbox.clock.standing = (began - timedelta(hours=1)).timestamp()
    key = approved(sandbox)
    ended = deploy(desk, run="9001", at=began)
    assert ended.code == 0, ended.out
    commit = desk.job.environ["GITHUB_SHA"]
    github.listed = [
        listed(2, "09-30 09:00", commit=commit),
        listed(1, "09-30 06:58", commit=commit),
        listed(9, "05-02 10:00"),
    ]
    sandbox.clock.standing = NOON.timestamp()
    found, ended = desk.found("--from", "2026-09-01", "--to", "2026-09-30")
    assert ended.code == 7, "the day is not over"
    first, second = found["deployments"]
    assert (first["change"]["key"], first["state"], first["known-to"]) == (key, "successful", ["GitHub", "Jira"])
    assert (first["approved"], len(first["approvals"]), first["commit"]) == (True, 1, commit)
    assert (second["finding"], second["run"]) == ("no-change", "9002")
    fresh, _ = desk.found("--from", "2026-09-01", "--fresh")
    assert [one["proof"] for one in fresh["deployments"]] == ["record", None]
    same = [{**one, "proof": None} for one in fresh["deployments"]]
    assert same == [{**one, "proof": None} for one in found["deployments"]]
    for document in (found, fresh):
        fastjsonschema.validate(published("evidence"), document)


def test_the_forms_of_a_list(tmp_path: Path, sandbox: Sandbox, github: GitHubGraph) -> None:
    desk = on_github(tmp_path, sandbox, github)
    github.listed = [listed(1, "07-03 10:00", ref="=1+1"), listed(9, "05-02 10:00")]
    text = desk.evidence()
    assert text.code == 7
    assert "2026-07-03 10:00  Prod" in text.out
    assert text.out.splitlines()[-1].startswith("1 known, 1 of them without a record; not provable: 2026-09-30 (Jira)")
    table = desk.evidence(*QUARTER, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table.out)))
    assert [(one["kind"], one["version"]) for one in rows] == [("deployment", "'=1+1"), ("not-provable", "")]
    assert "1 known" in table.err
    page = desk.evidence(*QUARTER, "--format", "html")
    assert page.out.startswith("<!DOCTYPE html>")
    assert "Every deployment" in desk.job.summary()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "2026-09-31"), "--from is '2026-09-31', which is no date."),
        (("--from", "2026-09-01", "--too", "2026-09-02"), "jira-ci evidence knows no --too."),
        (("--from", "2026-09-01", "--verify", "x.json"), "are two questions"),
        (("--verify", "x.json", "--format", "csv"), "a verification is text or json"),
    ],
)
def test_what_cannot_be_listed(job: Job, sandbox: Sandbox, arguments: tuple[str, ...], told: str) -> None:
    ended = job.jira_ci("evidence", *arguments, now=sandbox.clock.milliseconds() / 1000)
    assert ended.code == 2
    assert told in ended.out + ended.err


def test_no_other_command_writes_tables(job: Job) -> None:
    ended = job.jira_ci("keys", "--format", "csv")
    assert (ended.code, ended.out) == (2, "")
    assert "only evidence writes" in ended.err
