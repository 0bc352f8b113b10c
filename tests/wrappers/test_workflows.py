"""Our own pipelines: what their schemas say of them, and what a security linter says at its strictest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wrappers.machine import ROOT

BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_GITLAB = ("vendor.gitlab-ci", "--data-transform", "gitlab-ci")


def _said(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda file: str(file.name))
def test_the_security_linter_has_nothing_to_say(file: Path) -> None:
    code, said = _said(BIN / "zizmor", "--persona=auditor", "--offline", "--no-progress", file)
    assert code == 0, said


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        (("vendor.github-workflows",), WORKFLOWS),
        (("vendor.github-actions",), [ROOT / "action.yml"]),
        (_GITLAB, [ROOT / ".gitlab-ci.yml", ROOT / ".gitlab-ci-template.yml"]),
    ],
    ids=["workflows", "action", "gitlab"],
)
def test_it_fits_its_schema(schema: tuple[str, ...], files: list[Path]) -> None:
    code, said = _said(BIN / "check-jsonschema", "--builtin-schema", *schema, *files)
    assert code == 0, said


@pytest.mark.parametrize("name", [".github", ".gitlab-ci.yml"])
def test_it_is_tidy_yaml(name: str) -> None:
    code, said = _said(sys.executable, "-m", "yamllint", "--strict", "-c", ".yamllint", name)
    assert code == 0, said


def test_the_linter_can_fail(tmp_path: Path) -> None:
    file = tmp_path / "action.yml"
    run = "      run: echo ${{ inputs.x }}\n      shell: sh\n"
    file.write_text(f"name: x\ndescription: x\nruns:\n  using: composite\n  steps:\n    - name: x\n{run}")
    assert _said(BIN / "zizmor", "--offline", "--no-progress", file)[0] != 0
