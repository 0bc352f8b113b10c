"""The command schema: what is published, printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jira_ci.config.schema import PUBLISHED
from scenes import Job

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("words", "what"), [((), "config"), *[((name,), name) for name in PUBLISHED]])
def test_each_schema_is_printed_as_it_is_published(tmp_path: Path, words: tuple[str, ...], what: str) -> None:
    ended = Job(tmp_path).jira_ci("schema", *words)
    assert ended.code == 0
    assert json.loads(ended.out) == json.loads((ROOT / PUBLISHED[what]).read_text(encoding="utf-8"))


def test_a_name_that_is_none(tmp_path: Path) -> None:
    ended = Job(tmp_path).jira_ci("schema", "evidenc")
    assert ended.code == 2
    assert "evidence" in ended.out + ended.err
