""".jira/config.yml, another tool's file: used where it can be, told where it cannot, never fatal."""

from __future__ import annotations

from pathlib import Path

import pytest

from jira_ci.environments.atlassian_mapping import parse, read

DOCUMENTED = """\
deployments:
  environmentMapping:
    development:
      - "dev*"
      - "Entwicklung"
      - "дев"
    testing:
      - "testes"
      - "TST-*"
    staging:
      - "Pre-Prod"
    production:
      - "Produktion"
      - "dev-prod"
      - "PROD-*"
  services:
    ids: [abc]
""".encode()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("devbox", ("development", ".jira/config.yml line 4: dev*")),
        ("ДЕВ", ("development", ".jira/config.yml line 6: дев")),
        ("TST-3", ("testing", ".jira/config.yml line 9: TST-*")),
        ("pre-prod", ("staging", ".jira/config.yml line 11: Pre-Prod")),
        ("produktion", ("production", ".jira/config.yml line 13: Produktion")),
        ("dev-prod", ("development", ".jira/config.yml line 4: dev*")),
        ("uat", None),
    ],
)
def test_the_documented_format_is_read(name: str, found: tuple[str, str] | None) -> None:
    mapping, warnings = parse(DOCUMENTED)
    assert warnings == []
    assert mapping is not None
    assert mapping.find(name) == found


def test_the_apps_order_of_types_counts_and_not_the_files() -> None:
    mapping, _ = parse(b"deployments: {environmentMapping: {production: ['x*'], testing: ['x*']}}")
    assert mapping is not None
    assert mapping.find("x1") == ("testing", ".jira/config.yml line 1: x*")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deployments: {environmentMapping: [a]}", "line 1: environmentMapping holds no types"),
        ("deployments:\n  environmentMapping:\n    testing: qa", "line 3: testing is no list"),
        ("deployments:\n  environmentMapping:\n    testing:\n    - 7", "line 4: the pattern 7 is ignored"),
        ("deployments: {environmentMapping: {testing: ['{qa,uat}*']}}", "the pattern {qa,uat}* is ignored"),
        ("deployments: {environmentMapping: {testing: ['!prod']}}", "the pattern !prod is ignored"),
    ],
)
def test_what_is_wrong_is_told(text: str, said: str) -> None:
    mapping, (warning,) = parse(text.encode())
    assert mapping is None
    assert warning.startswith(".jira/config.yml ")
    assert said in warning


@pytest.mark.parametrize("text", ["other: 1", "deployments: {services: {ids: [a]}}", "- a", "deployments: 3"])
def test_a_file_without_a_mapping_is_none(text: str) -> None:
    assert parse(text.encode()) == (None, [])


def test_it_is_found_in_the_workspace_and_its_faults_stop_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == (None, [])
    file = tmp_path / ".jira/config.yml"
    file.parent.mkdir()
    file.write_bytes(DOCUMENTED)
    mapping, warnings = read(tmp_path)
    assert mapping is not None
    assert (len(mapping.patterns), warnings) == (9, [])
    file.write_text("deployments: [\n", encoding="utf-8")
    mapping, (warning,) = read(tmp_path)
    assert mapping is None
    assert warning.startswith(".jira/config.yml line ")
    assert warning.endswith("The file is ignored.")


def test_a_pattern_longer_than_any_name_is_ignored_and_said() -> None:
    text = f"deployments:\n  environmentMapping:\n    testing:\n      - {'a' * 501}\n      - qa\n"
    mapping, (warning,) = parse(text.encode())
    assert mapping is not None
    assert [pattern.glob for pattern in mapping.patterns] == ["qa"]
    assert warning.startswith(".jira/config.yml line 4: the pattern aaa")
    assert warning.endswith("… is ignored. It is longer than any name.")
