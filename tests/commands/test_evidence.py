"""The command evidence: a record that the gate has written is verified, and nothing else passes for it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from commands.test_gate import gate, outputs
from gate_jobs import scene
from gate_subjects import approved, known
from jira_ci.gate.kept_records import key_of
from jira_ci.gate.record import digest
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox
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
    assert job.jira_ci("evidence").code == 2
    ended = verified(job, sandbox, Path(os.devnull))
    assert ended.code == 2
    assert "is no JSON document" in ended.out
