"""Files with records, as they are read back: this version's, the first one's, and what is none."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gate.test_record import full
from jira_ci.errors import UsageError
from jira_ci.gate.record import dumps
from jira_ci.gate.verification import records_of


def first() -> dict[str, Any]:
    """A record as version 0.1 wrote it."""
    known = deepcopy(full())
    for later in ("history", "emergency", "freeze", "required"):
        del known[later]
    for later in ("ci-environment", "run-commit", "checkout-commit", "authors"):
        del known["subject"][later]
    policy = {"source": "acme/shop@x:.jira-ci.yml", "sha256": "", "proceed-statuses": [], "minimum-approvals": 0}
    return {**known, "schema": "jira-ci.decision/1", "policy": {**policy, "relaxed": []}}


def written(folder: Path, content: object) -> Path:
    path = folder / "record.json"
    path.write_text(content if isinstance(content, str) else dumps(content), encoding="utf-8")  # type: ignore[arg-type]
    return path


def test_one_record_or_several_of_both_versions_are_read(tmp_path: Path) -> None:
    assert records_of(written(tmp_path, full())) == [json.loads(dumps(full()))]
    both = f"[{dumps(full())},\n{dumps(first())}]"
    assert [one["schema"][-1] for one in records_of(written(tmp_path, both))] == ["2", "1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no JSON document"),
        ("[" * 100_000, "is no JSON document"),
        ('{"schema": "jira-ci.decision/2", "schema": "jira-ci.decision/1"}', "is no JSON document"),
        ("[]", "is no record of jira-ci's gate"),
        ("null", "is no record of jira-ci's gate"),
        ('{"schema": "jira-ci.decision/3"}', "is no record of jira-ci's gate"),
        ({**full(), "approved": "true"}, "approved must be boolean"),
        ({**full(), "more": 1}, "is no record of jira-ci's gate"),
        ({key: value for key, value in full().items() if key != "history"}, "is no record of jira-ci's gate"),
        ({**first(), "history": None}, "is no record of jira-ci's gate"),
    ],
)
def test_what_is_no_record_is_said_to_be_none(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        records_of(written(tmp_path, content))


def test_a_file_that_is_not_there_or_too_large_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        records_of(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        records_of(tmp_path / "none.json")
    with pytest.raises(UsageError, match="larger than 16 MB"):
        records_of(written(tmp_path, " " * (16 * 1024 * 1024 + 1)))
