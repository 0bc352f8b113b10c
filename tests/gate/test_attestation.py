"""The in-toto statement beside a record: as the specification has it, and no property that does not hold."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from gate.test_record import SUBJECT, full
from jira_ci.errors import UsageError
from jira_ci.gate.attestation import PREDICATE, RECORD, STATEMENT, artifact, statement
from jira_ci.gate.record import digest

HASH = "b" * 64


def of(**changed: Any) -> dict[str, Any]:
    """A record with some parts exchanged."""
    return {**deepcopy(full()), **changed}


def made(*records: dict[str, Any], artifact_digest: str = "") -> dict[str, Any]:
    found = statement(records or [of()], artifact_digest)
    assert found is not None
    return found


def test_commit_and_artifact_are_its_subjects() -> None:
    found = made(artifact_digest=HASH)
    assert (found["_type"], found["predicateType"]) == (STATEMENT, PREDICATE)
    assert found["subject"] == [
        {"name": "acme/shop", "digest": {"gitCommit": SUBJECT.commit}},
        {"name": "Web Site 1.0.1", "digest": {"sha256": HASH}},
    ]
    assert len(made()["subject"]) == 1


def test_the_predicate_has_what_a_simple_verification_result_requires() -> None:
    predicate = made()["predicate"]
    assert predicate["timeCreated"] == "2026-03-02T12:00:00Z"
    (policy,) = predicate["verifier"]["policies"]
    assert policy["digest"]["sha256"] == full()["policy"]["sources"][0]["sha256"]
    assert predicate["properties"] == [
        "JIRA_CI_PROCEED",
        "JIRA_CI_CHANGE_CONTROLLED",
        "JIRA_CI_CHANGE_APPROVED",
        "JIRA_CI_IN_WINDOW",
    ]
    assert predicate[RECORD][0]["digest"] == {"sha256": digest(full())}


def test_in_toto_s_own_package_takes_it() -> None:
    statements = pytest.importorskip("in_toto_attestation.v1.statement", reason="in-toto-attestation is not installed")
    formats = pytest.importorskip("google.protobuf.json_format", reason="protobuf is not installed")
    found = formats.Parse(json.dumps(made(artifact_digest=HASH)), statements.spb.Statement())
    statements.Statement.copy_from_pb(found).validate()


def test_only_what_holds_for_all_environments_is_a_property() -> None:
    free = of(row=3, approved=False)
    assert made(of(), free)["predicate"]["properties"] == ["JIRA_CI_PROCEED"]
    unapproved = of(approved=False, history={**full()["history"], "edits-since-approval": []}, row=31)
    assert made(unapproved)["predicate"]["properties"] == [
        "JIRA_CI_PROCEED",
        "JIRA_CI_CHANGE_CONTROLLED",
        "JIRA_CI_NOT_EDITED_SINCE_APPROVAL",
    ]


@pytest.mark.parametrize("decision", ["wait", "deny"])
def test_there_is_none_without_a_proceed(decision: str) -> None:
    assert statement([of(), of(decision=decision)]) is None
    assert statement([]) is None


def test_there_is_none_about_nothing() -> None:
    nowhere = of(subject={**full()["subject"], "commit": ""})
    assert statement([nowhere]) is None
    assert [one["digest"] for one in made(nowhere, artifact_digest=HASH)["subject"]] == [{"sha256": HASH}]


def test_the_setting_is_a_digest_or_an_error() -> None:
    assert artifact("") == ""
    assert artifact(f"SHA256:{'B' * 64}") == HASH
    for text in ("latest", HASH, f"sha256:{HASH}0", "sha512:" + HASH):
        with pytest.raises(UsageError, match="artifact-digest is "):
            artifact(text)
