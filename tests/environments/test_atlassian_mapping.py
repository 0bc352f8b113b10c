""".jira/config.yml, another tool's file: used where it can be, told where it cannot, never fatal."""

from __future__ import annotations

from pathlib import Path

import pytest

from jira_ci.environments.atlassian_mapping import NAMES, Gated, Gating, parse, read

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
        (
            "deployments:\n  environmentMapping:\n    prod: [x]",
            "line 3: prod is no type. It is ignored. ",
        ),
        ("deployments:\n  services:\n    ids: web", "line 3: ids is no list"),
        ("deployments:\n  services:\n    ids:\n    - {a: b}", "line 4: {'a': 'b'} is no service's id"),
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


@pytest.mark.parametrize("text", ["other: 1", "deployments: {services: {}}", "- a", "deployments: 3"])
def test_a_file_that_says_nothing_is_none(text: str) -> None:
    assert parse(text.encode()) == (None, [])


def test_one_odd_line_costs_that_line() -> None:
    mapping, warnings = parse(
        b"deployments:\n"
        b"  environmentMapping:\n"
        b"    Production: [Produktion, 7]\n"
        b"    TESTING:\n"
        b"    - qa\n"
        b"    staging: stg\n"
        b"    other: [x]\n"
        b"  services:\n"
        b"    ids: [svc-web, '', svc-web, svc-api]\n"
    )
    assert mapping is not None
    assert [(one.type, one.glob, one.line) for one in mapping.patterns] == [
        ("testing", "qa", 5),
        ("production", "Produktion", 3),
    ]
    assert mapping.service_ids == ("svc-web", "svc-api")
    assert [warning.split(":")[0].removeprefix(".jira/config.yml ") for warning in warnings] == [
        "line 7",
        "line 6",
        "line 3",
        "line 9",
    ]


def test_as_many_services_as_the_app_takes() -> None:
    ids = ", ".join(f"svc-{number}" for number in range(103))
    mapping, (warning,) = parse(f"deployments: {{services: {{ids: [{ids}]}}}}".encode())
    assert mapping is not None
    assert (len(mapping.service_ids), mapping.service_ids[-1]) == (100, "svc-99")
    assert warning == ".jira/config.yml line 1: only the first 100 ids are used."


GATED = "deployments:\n  deploymentGating:\n    enabled: {enabled}\n    environments: {environments}\n"


@pytest.mark.parametrize("enabled", ["true", "True", "TRUE", '"true"'])
def test_gating_names_its_environments_by_line(enabled: str) -> None:
    text = GATED.format(enabled=enabled, environments="\n    - shop-prod\n    - Production\n    - 7")
    mapping, warnings = parse(text.encode())
    assert (mapping and mapping.gating) == Gating((Gated("shop-prod", 5), Gated("Production", 6), Gated("7", 7)), 2)
    assert warnings == []


@pytest.mark.parametrize("enabled", ["false", "False", "", "~", "null"])
def test_gating_that_is_not_enabled_is_none(enabled: str) -> None:
    assert parse(GATED.format(enabled=enabled, environments="[Prod]").encode()) == (None, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deployments: {deploymentGating: true}", "no section with enabled and environments"),
        ("deployments: {deploymentGating: [Prod]}", "no section with enabled and environments"),
        (GATED.format(enabled="yes", environments="[Prod]"), "an enabled that is neither true nor false"),
        (GATED.format(enabled="1", environments="[Prod]"), "an enabled that is neither true nor false"),
        (GATED.format(enabled="true", environments="Prod"), "its environments are no list of names"),
        (GATED.format(enabled="true", environments="[]"), "its environments are no list of names"),
        (GATED.format(enabled="true", environments="[Prod, {a: b}]"), "its environments are no list of names"),
        ("deployments: {deploymentGating: {enabled: true}}", "its environments are no list of names"),
    ],
)
def test_what_gating_nobody_can_tell_is_never_taken_for_none(text: str, said: str) -> None:
    mapping, (warning,) = parse(text.encode())
    assert mapping is not None
    assert mapping.gating is not None
    assert mapping.gating.environments == ()
    assert said in mapping.gating.problem == warning


@pytest.mark.parametrize("name", NAMES)
def test_it_is_found_in_the_workspace_and_its_faults_stop_nothing(tmp_path: Path, name: str) -> None:
    assert read(tmp_path) == (None, [])
    file = tmp_path / name
    file.parent.mkdir()
    file.write_bytes(DOCUMENTED)
    mapping, warnings = read(tmp_path)
    assert mapping is not None
    assert (len(mapping.patterns), mapping.name, warnings) == (9, name, [])
    assert mapping.find("TST-3") == ("testing", f"{name} line 9: TST-*")
    file.write_text("deployments: [\n", encoding="utf-8")
    mapping, (warning,) = read(tmp_path)
    assert mapping is None
    assert warning.startswith(f"{name} line ")
    assert warning.endswith("The file is ignored.")


def test_a_pattern_longer_than_any_name_is_ignored_and_said() -> None:
    text = f"deployments:\n  environmentMapping:\n    testing:\n      - {'a' * 501}\n      - qa\n"
    mapping, (warning,) = parse(text.encode())
    assert mapping is not None
    assert [pattern.glob for pattern in mapping.patterns] == ["qa"]
    assert warning.startswith(".jira/config.yml line 4: the pattern aaa")
    assert warning.endswith("… is ignored. It is longer than any name.")


def test_a_file_that_is_no_yaml_and_speaks_of_gating_may_gate(tmp_path: Path) -> None:
    file = tmp_path / NAMES[0]
    file.parent.mkdir()
    file.write_text("deployments: {deploymentGating: [\n", encoding="utf-8")
    mapping, _ = read(tmp_path)
    assert mapping is not None
    assert mapping.gating is not None
    assert mapping.gating.problem


def test_a_tag_costs_its_value_and_a_merge_its_key() -> None:
    mapping, warnings = parse(
        b"b: &b {development: [a]}\n"
        b"deployments:\n"
        b"  environmentMapping:\n"
        b"    <<: *b\n"
        b"    staging: !mine [eu-west]\n"
        b"    production:\n"
        b"    - p\n"
        b"    - !(prod)\n"
        b"    - !mine prod\n"
    )
    assert mapping is not None
    assert [(one.type, one.glob) for one in mapping.patterns] == [("staging", "eu-west"), ("production", "p")]
    merged, first, second = warnings
    assert "line 4: << is no type. It is ignored." in merged
    assert "line 8: the pattern !(prod) is ignored" in first
    assert "line 9: the pattern !mine prod is ignored" in second


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "\n\n", "~"])
def test_an_empty_file_says_nothing(text: str) -> None:
    assert parse(text.encode()) == (None, [])


@pytest.mark.parametrize(
    "text",
    [
        "deployments: {deploymentGating: {enabled: true, environments: [!x Prod]}}",
        "deployments: {deploymentGating: {enabled: !x true, environments: [Prod]}}",
        "deployments: {deploymentGating: {<<: {enabled: true}, environments: [Prod]}}",
        "deployments: {<<: {deploymentGating: {enabled: true, environments: [Prod]}}}",
        "<<: {deployments: {deploymentGating: {enabled: true, environments: [Prod]}}}",
    ],
)
def test_what_a_tag_or_a_merge_says_of_gating_is_not_guessed(text: str) -> None:
    mapping, (*_, warning) = parse(text.encode())
    assert mapping is not None
    assert mapping.gating is not None
    assert mapping.gating.problem == warning
