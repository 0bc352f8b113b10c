"""What users see of the settings says the same: the table, action.yml, the template, --help, the reference."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import documents
from jira_ci import __version__
from jira_ci.cli import COMMANDS
from jira_ci.errors import Exit
from jira_ci.gate.gate_result import NOT_YET
from jira_ci.jira.submit import DEPLOYMENTS
from jira_ci.report import report_result
from jira_ci.report.plan import Plan
from jira_ci.settings import TABLE, Setting
from wrappers.gitlab_runner import TEMPLATE, resolve

ROOT = Path(__file__).resolve().parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

# Settings that are no inputs of the action, and why.
NO_INPUTS = {
    "format": "a step's log is for people; the steps that follow read outputs",
    "gitlab-token": "GitLab has the template",
}
# Only the caller's expressions know these values, so the defaults have to stand in action.yml.
INPUT_DEFAULTS = {
    "state": "${{ (github.event_name == 'deployment_status' || github.event_name == 'workflow_run')"
    " && format('event-or-{0}', job.status) || job.status }}",
    "github-token": "${{ github.token }}",
    "leg": "${{ format('{0}/{1}', strategy.job-total, toJSON(matrix)) }}",
}


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _inputs() -> dict[str, dict[str, str]]:
    """What action.yml has to declare, besides the command."""
    inputs: dict[str, dict[str, str]] = {}
    for row in TABLE:
        if row.name not in NO_INPUTS:
            default = f" (default: {row.default})" if row.default else ""
            inputs[row.name] = {"description": row.help + default}
            inputs.update({name: {"description": f"the same as {row.name}"} for name in row.also})
    for name, default in INPUT_DEFAULTS.items():
        inputs[name]["default"] = default
    return inputs


def test_the_action_has_every_setting_as_an_input() -> None:
    inputs = dict(ACTION["inputs"])
    command = inputs.pop("command")
    assert command["default"] == "report"
    assert inputs.pop("script").keys() == {"description"}, "what deploys, for command: deploy"
    assert inputs == _inputs()
    assert list(inputs) == list(_inputs()), "in the table's order"


def test_settings_without_an_input_are_settings() -> None:
    assert set(NO_INPUTS) < {row.name for row in TABLE}


def test_the_command_input_names_the_commands_that_make_sense_in_a_step() -> None:
    words = set(re.findall(r"[a-z]+", ACTION["inputs"]["command"]["description"]))
    assert set(COMMANDS) - {"init", "sandbox", "evidence", "schema"} <= words


def test_every_input_reaches_python_as_a_variable_and_nothing_else_does() -> None:
    step = ACTION["runs"]["steps"][0]
    inputs = {f"JIRA_CI_INPUT_{_variable(name)}": f"${{{{ inputs.{name} }}}}" for name in ACTION["inputs"]}
    assert step["env"] == {"JIRA_CI_WORD": "${{ github.run_id }}-${{ github.run_attempt }}", **inputs}


def test_the_action_is_one_step_that_becomes_python() -> None:
    step, word = ACTION["runs"]["steps"]
    assert ACTION["runs"]["using"] == "composite"
    assert step["shell"] == "sh"
    assert step["run"].splitlines()[-1].startswith('exec "$jira_ci_python" ')
    assert word["if"].startswith("${{ always() && "), "after a good end nothing more is started"
    assert {"name", "description", "author", "branding"} <= ACTION.keys()


def test_the_action_declares_every_output_of_a_report_and_of_the_gate() -> None:
    names = [*report_result.outputs(Plan(DEPLOYMENTS, ""), []), *NOT_YET]
    values = {name: row["value"] for name, row in ACTION["outputs"].items()}
    assert values == {name: f"${{{{ {_where(name)} }}}}" for name in names}
    assert all(row["description"] for row in ACTION["outputs"].values())


def _where(name: str) -> str:
    """The gate's words are denials where jira-ci did not say how it ended."""
    words = f"steps.word.outputs.{name} || " if name in ("decision", "approved", "reason") else ""
    return f"{words}steps.jira-ci.outputs.{name}"


def test_the_reference_lists_the_outputs() -> None:
    assert _rows("Outputs").keys() == ACTION["outputs"].keys()


def test_the_outputs_fit_into_gitlab_s_report() -> None:
    assert len(ACTION["outputs"]) <= 20


def _variables(text: str) -> set[str]:
    return set(re.findall(r"\bJIRA_CI_[A-Z_]*[A-Z]\b", text))


def _known_variables() -> set[str]:
    names = [name for row in TABLE for name in (row.name, *row.also)]
    return {f"JIRA_CI_{_variable(name)}" for name in names} | {"JIRA_CI_PACKAGE", "JIRA_CI_HOME", "JIRA_CI_PYZ"}


def test_the_template_uses_settings_and_nothing_that_looks_like_one() -> None:
    text = re.sub(r"JIRA_CI_(OUT_)?\*|JIRA_CI_OUT_(DECISION|APPROVED)=|JIRA_CI_WORD=", "", TEMPLATE.read_text("utf-8"))
    assert _variables(text) <= _known_variables()


def test_the_template_installs_this_version() -> None:
    versions = re.findall(r"^ +jira_ci_version=(.*)$", TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE)
    assert versions == [__version__]


def test_the_template_hands_no_secret_to_the_installer() -> None:
    (line,) = re.findall(r"unset (JIRA_CI.*)", TEMPLATE.read_text(encoding="utf-8"))
    assert set(line.split()) == {row.variable for row in TABLE if row.secret}


def test_the_template_s_jobs_are_hidden() -> None:
    assert all(name.startswith(".jira-ci") for name in resolve(TEMPLATE.read_text(encoding="utf-8")))


def _rows(title: str) -> dict[str, tuple[str, ...]]:
    """A section's tables: the first cell, in backticks, and the cells beside it."""
    found = {}
    for line in documents.section(title).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and cells[0].startswith("`"):
            assert cells[0].strip("`") not in found, f"{cells[0]} stands there twice"
            found[cells[0].strip("`")] = tuple(cells[1:])
    return found


def test_the_reference_lists_every_setting() -> None:
    assert list(_rows("Settings")) == [row.name for row in TABLE]
    assert all(row.help in _rows("Settings")[row.name][1] for row in TABLE)


def test_the_reference_lists_every_command() -> None:
    assert _rows("Commands") == {name: (command.help,) for name, command in COMMANDS.items()}


def test_the_reference_lists_every_exit_code() -> None:
    assert _rows("Exit codes") == {str(code.value): (code.meaning,) for code in Exit}


@cache
def _help(command: str) -> str:
    environ = {**os.environ, "COLUMNS": "1000"}
    arguments = [sys.executable, "-I", "-m", "jira_ci", *command.split(), "--help"]
    return subprocess.run(arguments, env=environ, capture_output=True, text=True, check=True).stdout


def _help_rows() -> Iterator[tuple[str, Setting]]:
    for name, command in COMMANDS.items():
        if command.groups:
            yield from ((name, row) for row in TABLE if row.group in (*command.groups, "general"))


def test_every_setting_belongs_to_a_command() -> None:
    assert {row.name for _, row in _help_rows()} == {row.name for row in TABLE}


@pytest.mark.parametrize(("command", "row"), [pytest.param(*one, id=f"{one[0]}-{one[1].name}") for one in _help_rows()])
def test_help_shows_a_setting_with_its_default_and_its_other_names(command: str, row: Setting) -> None:
    flags = [f"--{name}" for name in (row.name, *row.also)]
    words = [*flags, row.variable, *row.variables, row.help, *row.choices]
    words += [f"default: {row.default}"] if row.default else []
    words += [row.yaml] if row.yaml else []
    assert [word for word in words if word not in _help_of(command, row)] == []


@pytest.mark.parametrize("row", [row for row in TABLE if row.plugin], ids=lambda row: row.name)
def test_help_shows_the_variables_that_users_of_the_harness_plugin_have(row: Setting) -> None:
    shown = re.findall(r"PLUGIN_\w+", _help_of("report", row))
    assert {f"PLUGIN_{_variable(name)}" for name in row.also or (row.name,)} <= set(shown)


def _help_of(command: str, row: Setting) -> str:
    """What a command's help says of one setting, on one line."""
    match = re.search(rf"^  --{row.name}[ ,\n].*?(?=^  -|\Z)", _help(command), re.DOTALL | re.MULTILINE)
    assert match is not None
    return " ".join(match[0].split())


def test_help_shows_every_exit_code() -> None:
    assert [code for code in Exit if f"{code.value} {code.meaning}" not in _help("")] == []
