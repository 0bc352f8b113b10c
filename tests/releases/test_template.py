"""The GitLab template and the CI/CD component of a release: one source, one archive."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from jira_ci import __version__
from wrappers.machine import ROOT

TEMPLATE = ".gitlab-ci-template.yml"
COMPONENT = "templates/jira-ci/template.yml"


def _module(name: str, tree: Path, *arguments: str | Path) -> tuple[int, str]:
    command = [sys.executable, "-m", name, *map(str, arguments)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout + done.stderr


def test_the_component_is_made_of_the_template(checkout: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(checkout, tmp_path / "copy"))
    (copy / COMPONENT).unlink()
    assert _module("release.template", copy)[0] == 0
    made = (copy / COMPONENT).read_bytes()
    assert made == (ROOT / COMPONENT).read_bytes(), "run python -m release.template"


def test_a_template_without_places_for_inputs_makes_no_component(checkout: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(checkout, tmp_path / "copy"))
    (copy / TEMPLATE).write_text(".jira-ci:\n  script: jira_ci build\n")
    code, said = _module("release.template", copy)
    assert (code, "has no place for the component's inputs." in said) == (1, True)
    assert (copy / COMPONENT).read_bytes() == (ROOT / COMPONENT).read_bytes()


def test_a_component_that_was_edited_by_itself_is_not_released(built: Path, checkout: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(checkout, tmp_path / "copy"))
    with (copy / COMPONENT).open("a") as file:
        file.write("# more\n")
    code, said = _module("release", copy, "--out", copy / "dist", "--cache", ROOT / "build" / "wheels")
    assert (code, "run python -m release.template" in said) == (1, True)
    assert not (copy / "dist").exists()


def test_the_component_of_a_release_names_its_archive(built: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256((built / "jira-ci.pyz").read_bytes()).hexdigest()
    tree = Path(shutil.copytree(built / "action", tmp_path / "tree"))
    text = (tree / COMPONENT).read_bytes()
    assert f"version={__version__}\n        jira_ci_sha256={digest}\n" in text.decode()
    assert _module("release.template", tree)[0] == 0
    assert (tree / COMPONENT).read_bytes() == text
