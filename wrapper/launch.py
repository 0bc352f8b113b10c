"""What the action starts: puts our sources and their dependencies on the path, and runs one command.

It is run as ``python -I -S -B -X utf8 launch.py COMMAND``. Isolated and without ``site``, nothing of the user's
checkout, variables or site-packages is imported. No byte code is written, because files that a container leaves in the
action's folder as root cannot be deleted by the runner (https://github.com/actions/runner/issues/434).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_ACTION = Path(__file__).resolve().parent.parent
_FAILS_OPEN = ("report", "build", "deployment")

sys.path.insert(0, str(_ACTION / "src"))
sys.path.append(str(_ACTION))

from jira_ci.ci.log import log_of  # noqa: E402 - it is there only now, and needs nothing but the standard library
from jira_ci.errors import Exit, JiraCiError  # noqa: E402
from jira_ci.settings import resolve  # noqa: E402


def launch(command: str, environ: Mapping[str, str]) -> int:
    """Runs one command of jira-ci and returns its exit code."""
    try:
        folder = _dependencies(environ)
    except JiraCiError as error:
        return _without_dependencies(command, error, environ)
    except KeyboardInterrupt:
        return Exit.SIGINT
    sys.path.insert(0, str(folder))
    from jira_ci.cli import main

    return main([command])


def _dependencies(environ: Mapping[str, str]) -> Path:
    """The folder that came with the action, else the runner's."""
    vendored = _ACTION / "vendor"
    if vendored.is_dir():
        return vendored
    from wrapper import packages

    return packages.ready(_ACTION / "requirements" / "runtime.txt", environ, _say)


def _without_dependencies(command: str, error: JiraCiError, environ: Mapping[str, str]) -> int:
    """Reporting fails open; whatever else was asked for was not done."""
    try:
        fatal = command not in _FAILS_OPEN or resolve({}, environ).on_error == "fail"
    except JiraCiError as usage:
        error, fatal = usage, True
    sentence = str(error) if fatal else f"Not reported: {error}"
    _say(log_of("github").notice("error" if fatal else "warning", sentence))
    return error.exit if fatal else Exit.OK


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(launch(sys.argv[1], os.environ))
