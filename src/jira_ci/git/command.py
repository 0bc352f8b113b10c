"""How the git command line is started so that an untrusted checkout cannot start anything else.

A checkout's own configuration is not to be trusted: a step before us, or an archive that was unpacked, may have put a
command into ``.git/config``. Everything there that names a program is overridden; the user's environment is respected.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

# Each line takes a way to run a program, or to change what git prints, out of the repository's hands.
_OVERRIDES = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=ssh -oBatchMode=yes",
    "core.askPass=",
    "core.alternateRefsCommand=true",
    "core.gitProxy=",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "http.lowSpeedLimit=100",  # bytes a second: git's own helper outlives git when that is killed
    "http.lowSpeedTime=20",
    "log.showSignature=false",
    "log.mailmap=false",
    "diff.external=",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "color.ui=never",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",  # empty: nobody is asked, not even core.askPass or SSH_ASKPASS
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,  # parents that somebody made up
    "GIT_FLUSH": "0",  # one write for each commit costs more than finding it
    "GIT_NO_LAZY_FETCH": "1",
}
# What a user's shell may have set for paths or for another clone.
_NOT_OURS = (
    "GIT_TRACE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
)
_ENDED = "fatal: Could not read from remote repository."
_REMOTE_PROTOCOLS = "https:http:ssh:file"
_NO_PROTOCOL = "none"


class GitError(Exception):
    """git did not do what it was asked; the text says why, on one line."""


def environment(environ: Mapping[str, str], *, network: bool) -> dict[str, str]:
    """The environment git runs in.

    Args:
        network: whether a remote may be asked. A partial clone would otherwise fetch what a local question lacks;
            git before 2.44 does not know GIT_NO_LAZY_FETCH, but every git refuses a protocol that is not allowed.
    """
    kept = {name: value for name, value in environ.items() if not name.startswith(_NOT_OURS)}
    return {**kept, **_ENVIRONMENT, "GIT_ALLOW_PROTOCOL": _REMOTE_PROTOCOLS if network else _NO_PROTOCOL}


def command(directory: Path, environ: Mapping[str, str], arguments: tuple[str, ...]) -> list[str]:
    """The argument list.

    Raises:
        GitError: there is no git, or the one that would be found belongs to the checkout itself.
    """
    executable = shutil.which("git", path=environ.get("PATH"))
    if not executable:
        raise GitError("git is not installed")
    # On Windows the current directory comes before PATH.
    if directory.resolve() in Path(executable).resolve().parents:
        raise GitError("the git that would be run lies inside the checkout")
    overrides = [part for setting in _OVERRIDES for part in ("-c", setting)]
    return [executable, "-C", str(directory), "--no-pager", *overrides, *arguments]


def run(
    directory: Path, environ: Mapping[str, str], arguments: tuple[str, ...], *, seconds: float, network: bool = False
) -> str:
    """What git printed, decoded with replacement.

    Raises:
        GitError: git is missing, failed, or took longer than ``seconds``.
    """
    return output(directory, environ, arguments, seconds=seconds, network=network).decode("utf-8", "replace")


def output(
    directory: Path,
    environ: Mapping[str, str],
    arguments: tuple[str, ...],
    *,
    seconds: float,
    network: bool = False,
    stdin: bytes = b"",
) -> bytes:
    """What git printed, byte by byte.

    Args:
        stdin: what git reads.

    Raises:
        GitError: git is missing, failed, or took longer than ``seconds``.
    """
    try:
        done = subprocess.run(
            command(directory, environ, arguments),
            env=environment(environ, network=network),
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} took longer than {seconds:g} s") from None
    except (OSError, ValueError) as error:
        raise GitError(f"git could not be started ({error})") from None
    if done.returncode:
        raise GitError(reason(done.stderr) or f"git {arguments[0]} ended with code {done.returncode}")
    return done.stdout


def reason(stderr: bytes) -> str:
    """The line of git's complaint that says most."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    before = [line for line in lines[: lines.index(fatal[0])] if not line.startswith("Warning:")] if fatal else []
    if before and fatal[0] == _ENDED:
        return before[-1]  # what ssh said
    return (fatal or lines or [""])[0].removeprefix("fatal: ").removeprefix("error: ")
