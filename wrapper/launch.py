"""What the action starts: puts our sources and their dependencies on the path, and runs one command.

It is run as ``python -I -S -B -X utf8 launch.py COMMAND LC_CTYPE``. Isolated and without ``site``, nothing of the
user's checkout, variables or site-packages is imported. No byte code is written beside the sources, because files that
a container leaves in the action's folder as root cannot be deleted by the runner
(https://github.com/actions/runner/issues/434); a release's goes to a private folder among the runner's temporary ones.
"""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

_ACTION = Path(__file__).resolve().parent.parent
_FAILS_OPEN = ("report", "build", "deployment")
_FAILS_CLOSED = {"decision": "deny", "approved": False, "reason": "The gate was not asked."}

sys.path.insert(0, str(_ACTION / "src"))
sys.path.append(str(_ACTION))

from wrapper import bytecode  # noqa: E402 - it is there only now

bytecode.keep(_ACTION, os.environ)
gc.set_threshold(100_000)  # imports make many objects and no garbage

from jira_ci.errors import Exit, JiraCiError, UsageError  # noqa: E402 - these need nothing but the standard library
from jira_ci.output import publish  # noqa: E402
from jira_ci.output.console import log_of  # noqa: E402
from jira_ci.run import CI  # noqa: E402
from jira_ci.settings import resolve  # noqa: E402
from jira_ci.text import one_line  # noqa: E402


def launch(command: str, environ: Mapping[str, str]) -> int:
    """Runs one command of jira-ci and returns its exit code."""
    if command in ("gate", "deploy"):
        _nothing_is_approved(environ)
    try:
        script = _script(command, environ)
        folder = _dependencies(environ)
    except JiraCiError as error:
        return _not_begun(command, error, environ)
    except KeyboardInterrupt:
        return Exit.SIGINT
    sys.path.insert(0, str(folder))
    from jira_ci.cli import main

    if command != "deploy":
        return main([command])
    from wrapper import script_file

    try:
        shell = resolve({}, environ).shell
        path = script_file.write(script, environ, shell)
    except UsageError as error:
        return _not_begun(command, error, environ)
    try:
        return main(["deploy", "--", *script_file.command(path, environ, shell)])
    except UsageError as error:
        return _not_begun(command, error, environ)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def give_word(word: str, code: int, environ: Mapping[str, str]) -> None:
    """Tells the action that it was jira-ci that ran, and how it ended: an exit code does not say who gave it.

    Args:
        word: new for this run, so that no other step's can be taken for it.
    """
    with contextlib.suppress(OSError, KeyError):
        publish.write_plain(Path(environ["GITHUB_OUTPUT"]), f"word=jira-ci {word} {code}\n", append=True)


def restore_locale(environ: MutableMapping[str, str], ctype: str) -> None:
    """Takes back what Python does to a process in the C locale, or a user's script would inherit it.

    Args:
        ctype: what LC_CTYPE was before, ``""`` for nothing (https://peps.python.org/pep-0538/).
    """
    if ctype:
        environ["LC_CTYPE"] = ctype
    else:
        environ.pop("LC_CTYPE", None)


def restore_conversion(environ: MutableMapping[str, str]) -> None:
    """Takes back that values which look like paths reach us as they are. On Windows Git's ``sh``, which starts us,
    makes ``C:/Program Files/Git/app`` of ``/app``, and what the user's own script starts may count on that.

    https://www.msys2.org/docs/filesystem-paths/
    """
    theirs = environ.pop("JIRA_CI_MSYS", None)
    if theirs:
        environ["MSYS2_ENV_CONV_EXCL"] = theirs
    elif theirs is not None:
        environ.pop("MSYS2_ENV_CONV_EXCL", None)


def _nothing_is_approved(environ: Mapping[str, str]) -> None:
    """Says so before anything can go wrong. Of two outputs with one name the runner takes the last."""
    text = publish.github(_FAILS_CLOSED, f"jira-ci-{secrets.token_hex(16)}")
    with contextlib.suppress(OSError, KeyError):
        publish.write_plain(Path(environ["GITHUB_OUTPUT"]), text, append=True)


def _script(command: str, environ: Mapping[str, str]) -> str:
    """What is to be deployed with; empty for every other command."""
    script = environ.get("JIRA_CI_INPUT_SCRIPT", "")
    if command == "deploy" and not script.strip():
        raise UsageError("script is empty, and command is deploy.", "Write what deploys: script: ./deploy.sh")
    if command != "deploy" and script.strip():
        name = one_line(command, 80)
        raise UsageError(f"script is set, but command is {name}, which runs none.", "Set command: deploy.")
    return script


def _dependencies(environ: Mapping[str, str]) -> Path:
    """The folder that came with the action, else the runner's."""
    vendored = _ACTION / "vendor"
    if vendored.is_dir():
        return vendored
    from wrapper import packages

    return packages.ready(_ACTION / "requirements" / "runtime.txt", environ, _say)


def _not_begun(command: str, error: JiraCiError, environ: Mapping[str, str]) -> int:
    """Reporting fails open; whatever else was asked for was not done."""
    try:
        fatal = command not in _FAILS_OPEN or isinstance(error, UsageError) or resolve({}, environ).on_error == "fail"
    except JiraCiError as usage:
        error, fatal = usage, True
    sentence = error.message if fatal else f"Not reported: {error.message}"
    _say(log_of(CI.GITHUB).notice("error" if fatal else "warning", sentence, error.hint))
    return error.exit if fatal else Exit.OK


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    restore_locale(os.environ, sys.argv[2])
    restore_conversion(os.environ)
    _word = os.environ.pop("JIRA_CI_WORD", "")  # no business of what is deployed
    _code = launch(sys.argv[1], os.environ)
    give_word(_word, _code, os.environ)
    sys.exit(_code)
