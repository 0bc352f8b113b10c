"""The action's input ``script`` as a file, and the shell that runs it: as GitHub runs a step with ``shell: bash``,
``sh`` or ``pwsh``.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jira_ci.errors import UsageError

_WINDOWS = sys.platform == "win32"
# PowerShell goes on after an error, and ends with 0 or 1 whatever its last program said: GitHub adds the same lines.
_BEFORE = "$ErrorActionPreference = 'stop'\n"
_QUOTE = re.compile("['\u2018\u2019\u201a\u201b]")  # all of these are one to it
_AFTER = "\nif ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }\n"


def command(path: Path, environ: Mapping[str, str], shell: str = "auto", *, windows: bool = _WINDOWS) -> list[str]:
    """The program and its arguments that run the script.

    Args:
        shell: ``bash``, ``sh`` or ``pwsh``; ``auto`` is bash where there is one, else sh, as in Alpine's images.

    Raises:
        UsageError: bash is asked for on Windows, and there is none but the one that starts another system.
    """
    if shell == "pwsh":
        quoted = _QUOTE.sub(r"\g<0>\g<0>", str(path))
        return ["pwsh", "-NoProfile", "-NonInteractive", "-Command", f". '{quoted}'"]
    bash = "" if shell == "sh" else _bash(environ, windows=windows)
    if windows and shell == "bash" and not bash:  # by its name alone Windows would find the one in System32
        raise UsageError("There is no bash here but WSL's.", "Install Git for Windows, or set shell: pwsh.")
    if bash or shell == "bash":
        return [bash or "bash", "-eo", "pipefail", str(path)]
    return ["sh", "-e", str(path)]


def _bash(environ: Mapping[str, str], *, windows: bool) -> str:
    """The first bash on PATH; on Windows the one of Git: ``System32`` and the store's folder have one that starts
    another system, in which neither the script's path nor the job's environment exists."""
    path = environ.get("PATH", "")
    if windows:
        kept = [folder for folder in path.split(os.pathsep) if not _starts_another_system(folder)]
        git = shutil.which("git", path=path)
        path = os.pathsep.join([*kept, *([str(Path(git).parents[1] / "bin")] if git else [])])
    return shutil.which("bash", path=path) or ""


def _starts_another_system(folder: str) -> bool:
    name = folder.replace("\\", "/").rstrip("/").casefold()
    return name.endswith(("/system32", "/sysnative", "/windowsapps"))


def write(text: str, environ: Mapping[str, str], shell: str = "auto") -> Path:
    """A new file with this text among the runner's temporary ones, for nobody but us. The ends of lines that Windows
    knows are made the shell's: ``./deploy.sh`` with a carriage return is no file.

    Raises:
        UsageError: it cannot be written.
    """
    folder = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    text = text.replace("\r\n", "\n").removesuffix("\r")
    suffix, text = (".ps1", f"{_BEFORE}{text}{_AFTER}") if shell == "pwsh" else (".sh", text)
    try:
        handle, name = tempfile.mkstemp(prefix="jira-ci-", suffix=suffix, dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(os.fsencode(text))
        path = Path(name)
        path.chmod(0o700)
    except OSError as error:
        raise UsageError(
            f"The script could not be stored in {folder}: {error.strerror or error}.",
            "RUNNER_TEMP must be a folder that the job can write to.",
        ) from error
    return path
