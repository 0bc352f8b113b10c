"""What others' tools say of everything that users see or copy: schemas, a strict security linter, YAML, shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import published
from wrappers.gitlab_runner import TEMPLATE
from wrappers.machine import ROOT

BIN = Path(sys.executable).parent
GITHUB = [
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    *sorted((ROOT / "examples" / "github").glob("*.yml")),
]
GITLAB = [ROOT / ".gitlab-ci.yml", TEMPLATE, *sorted((ROOT / "examples" / "gitlab").glob("*.yml"))]
ACTION = ROOT / "action.yml"
_SCHEMA = BIN / "check-jsonschema"
_ZIZMOR = (
    BIN / "zizmor",
    "--persona=auditor",
    "--offline",
    "--no-progress",
    "--config",
    ROOT / ".github" / "zizmor.yml",
)
_YAMLLINT = (BIN / "yamllint", "--strict", "--format", "parsable", "-c", ROOT / ".yamllint")
# Functions that the pieces call, and the unreachable code behind their exits: each piece is looked at alone.
_SHELLCHECK = (BIN / "shellcheck", "--severity=style", "--exclude=SC2317,SC2329")
_BAD_ACTION = """
name: x
description: x
runs:
  using: composite
  steps:
    - name: x
      run: echo ${{ inputs.x }}
      shell: sh
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="session")
def workflows(folder: Path) -> list[Path]:
    """The documents' workflows, where a linter expects them."""
    return published.write(folder / ".github" / "workflows", published.workflows(), ".yml")


@pytest.fixture(scope="session")
def pipelines(folder: Path) -> list[Path]:
    return published.write(folder / "gitlab", published.pipelines(), ".yml")


def _said(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout + done.stderr


def test_there_is_something_to_look_at(workflows: list[Path], pipelines: list[Path]) -> None:
    names = {path.stem for path in [*workflows, *pipelines]}
    assert {"README", "octopus", "sleuth", "atlassian-github-app"} <= {name.rpartition("-")[0] for name in names}
    scripts = published.shell()
    assert {
        "find-python.sh",
        "action-jira-ci.sh",
        "action-word.sh",
        "template-jira-ci-deployment-after_script.sh",
    } <= scripts.keys()
    assert {"component-jira-ci-gate-script.sh", "monorepo-billing-script.sh", "release-0.bash"} & scripts.keys()


def test_workflows_fit_their_schema(workflows: list[Path]) -> None:
    code, said = _said(_SCHEMA, "--builtin-schema", "vendor.github-workflows", *GITHUB, *workflows)
    assert code == 0, said


def test_the_action_fits_its_schema() -> None:
    code, said = _said(_SCHEMA, "--builtin-schema", "vendor.github-actions", ACTION)
    assert code == 0, said


def test_pipelines_template_and_component_fit_their_schema(pipelines: list[Path]) -> None:
    options = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    code, said = _said(_SCHEMA, *options, *GITLAB, *pipelines)
    assert code == 0, said


def test_the_security_linter_has_nothing_to_say(workflows: list[Path]) -> None:
    code, said = _said(*_ZIZMOR, ACTION, *GITHUB, *workflows)
    assert code == 0, said


def test_it_is_tidy_yaml(workflows: list[Path], pipelines: list[Path]) -> None:
    header = ROOT / "release" / "component.yml"
    code, said = _said(*_YAMLLINT, ACTION, *GITHUB, *GITLAB, published.COMPONENT, header, *workflows, *pipelines)
    assert code == 0, said


@pytest.mark.parametrize(("shell", "suffix"), [("sh", ".sh"), ("bash", ".bash")])
def test_it_is_sound_shell(shell: str, suffix: str, folder: Path) -> None:
    pieces = {name: text for name, text in published.shell().items() if name.endswith(suffix)}
    code, said = _said(*_SHELLCHECK, f"--shell={shell}", *published.write(folder / shell, pieces))
    assert code == 0, said


@pytest.mark.parametrize(
    ("command", "name", "text"),
    [
        ((_SCHEMA, "--builtin-schema", "vendor.github-workflows"), "a.yml", "jobs: {}\n"),
        ((_SCHEMA, "--builtin-schema", "vendor.gitlab-ci"), "a.yml", "a: {script: [], when: sometimes}\n"),
        (_ZIZMOR, "action.yml", _BAD_ACTION),
        (_YAMLLINT, "a.yml", "a:   1\n"),
        ((*_SHELLCHECK, "--shell=sh"), "a.sh", "if [[ $1 == a ]]; then echo $1; fi\n"),
    ],
    ids=["workflow", "pipeline", "security", "yaml", "shell"],
)
def test_each_tool_can_fail(command: tuple[str | Path, ...], name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert _said(*command, tmp_path / name)[0] != 0
