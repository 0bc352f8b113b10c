"""The command as pip installs it, and ``python -m jira_ci``: nothing that a job can put on Python's path runs in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# As pip writes it, without the line that names the interpreter.
SCRIPT = """\
import sys
from jira_ci.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""
HOSTILE = "import os, sys\nopen(os.environ['CANARY'], 'a').write(__name__ + '\\n')\n"
NAMES = ("argparse.py", "json.py", "traceback.py", "yaml/__init__.py", "requests/__init__.py", "fastjsonschema.py")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A checkout with modules that are called like those that jira-ci needs."""
    folder = tmp_path / "check out"
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HOSTILE, encoding="utf-8")
    return folder


def started(hostile: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, *command, "environment", "Prod EU"],
        cwd=hostile,
        env={**kept, **environ, "CANARY": str(hostile / "canary")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_the_script_takes_no_module_from_a_path_that_the_job_gave(hostile: Path, tmp_path: Path) -> None:
    script = tmp_path / "jira-ci"
    script.write_text(SCRIPT, encoding="utf-8")
    done = started(hostile, str(script), PYTHONPATH=str(hostile))
    assert (done.returncode, (hostile / "canary").exists()) == (0, False), done.stderr
    assert "Prod EU" in done.stdout


def test_a_module_in_the_current_folder_is_not_taken_either(hostile: Path) -> None:
    done = started(hostile, "-m", "jira_ci")
    assert (done.returncode, (hostile / "canary").exists()) == (0, False), done.stderr
    assert "Prod EU" in done.stdout


def test_exit_codes_and_arguments_arrive_as_they_are(hostile: Path) -> None:
    done = started(hostile, "-m", "jira_ci", "environment", "--nonsense", "a b")
    assert done.returncode == 2
    assert "--nonsense" in done.stderr + done.stdout


def test_the_package_installs_this_command() -> None:
    assert '\njira-ci = "jira_ci.__main__:main"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
