"""An in-toto Statement about a proceed, beside its record: what others can sign and verify. We hold no keys.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md with the predicate
https://github.com/in-toto/attestation/blob/main/spec/predicates/svr.md: a verifier says which properties it found.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.gate.record import FILE, digest, dumps
from jira_ci.output import publish
from jira_ci.run import CI
from jira_ci.text import one_line

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER = "https://github.com/jira-ci/jira-ci/gate/v2"
"""Its number grows when a property comes to mean something else."""
RECORD = "https://github.com/jira-ci/jira-ci/record/v2"
"""The predicate's field with the digests of the records; a consumer that does not know it leaves it aside."""
_DIGEST = re.compile("sha256:([0-9a-f]{64})")
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def artifact(text: str) -> str:
    """The SHA-256 of the setting ``artifact-digest``, in hexadecimal; empty without one.

    Raises:
        UsageError: it is no digest.
    """
    found = _DIGEST.fullmatch(text.strip().lower())
    if text and not found:
        raise UsageError(
            f"artifact-digest is {one_line(text, 100)!r}, which is no digest.",
            "Give it as registries and build tools do: sha256: and 64 hexadecimal digits.",
        )
    return found[1] if found else ""


def statement(records: Sequence[Mapping[str, Any]], artifact_digest: str = "") -> dict[str, Any] | None:
    """The statement about these records, all of them a proceed; ``None`` where nothing has a digest to speak of.

    Args:
        records: one for each environment and tenant.
        artifact_digest: SHA-256 of what is deployed, in hexadecimal.
    """
    commits = dict.fromkeys(one["subject"]["commit"] for one in records)
    name = records[0]["run"]["repository"] if records else ""
    subjects = [{"name": name, "digest": {"gitCommit": one}} for one in commits if _COMMIT.fullmatch(one)]
    if artifact_digest:
        first = records[0]["subject"]
        subjects.append({"name": f"{first['project']} {first['version']}", "digest": {"sha256": artifact_digest}})
    times = [one["evidence"]["read-at"] for one in records if one["evidence"]["read-at"]]
    if not subjects or not times or any(one["decision"] != "proceed" for one in records):
        return None
    return {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": PREDICATE,
        "predicate": {
            "verifier": {"id": VERIFIER, "policies": _policies(records)},
            "timeCreated": min(times),
            "properties": _properties(records),
            RECORD: [
                {
                    "environment": one["subject"]["environment"],
                    "tenant": one["subject"]["tenant"],
                    "change": one["change"]["key"],
                    "digest": {"sha256": digest(one)},
                }
                for one in records
            ],
        },
    }


def write_statement(context: Context, records: Sequence[Mapping[str, Any]], path: str) -> str:
    """Writes the in-toto statement of a proceed beside the record, and gives its path; empty without one.

    On GitLab, where its name is always the same, none of an earlier decision stays.

    Args:
        path: of the file with the records; empty where there is none.
    """
    if context.run.provider == CI.GITLAB:
        old = publish.artifact(context, f"{FILE}.intoto.json")
        with contextlib.suppress(OSError):
            if not old.parent.is_symlink():
                old.unlink()
    made = statement(records, artifact(context.given.artifact_digest))
    if not path or made is None:
        return ""
    return str(publish.keep(Path(path).with_suffix(".intoto.json"), dumps(made) + "\n", context, mode=0o600) or "")


def _policies(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The policy's files, each once."""
    known = {source["source"]: source["sha256"] for one in records for source in one["policy"]["sources"]}
    return [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in known.items() if sha256]


def _properties(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """What holds for every one of them."""
    found = [_properties_of(one) for one in records]
    return [name for name in found[0] if all(name in one for one in found)]


def _properties_of(record: Mapping[str, Any]) -> list[str]:
    subject, window = record["subject"], record["window"]
    holds = {
        "JIRA_CI_PROCEED": True,
        "JIRA_CI_CHANGE_CONTROLLED": record["row"] != 3,
        "JIRA_CI_CHANGE_APPROVED": record["approved"],
        "JIRA_CI_IN_WINDOW": record["row"] == 32 and (window["start"] or window["end"]) is not None,
        "JIRA_CI_NOT_EDITED_SINCE_APPROVAL": record["row"] in (31, 32)
        and not record["history"]["edits-since-approval"],
        "JIRA_CI_CHECKED_OUT": subject["checkout-commit"] is not None
        and subject["checkout-commit"] == subject["commit"],
    }
    return [name for name, holding in holds.items() if holding]
