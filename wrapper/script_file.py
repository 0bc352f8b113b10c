"""The action's input ``script`` as a file, and the shell that runs it: as GitHub runs a step with ``shell: bash``.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from jira_ci.errors import UsageError


def shell(environ: Mapping[str, str]) -> list[str]:
    """The program and its options; there is no bash in Alpine's images."""
    bash = shutil.which("bash", path=environ.get("PATH"))
    return [bash, "-eo", "pipefail"] if bash else ["sh", "-e"]


def write(text: str, environ: Mapping[str, str]) -> Path:
    """A new file with this text among the runner's temporary ones, for nobody but us. The ends of lines that Windows
    knows are made the shell's: ``./deploy.sh`` with a carriage return is no file.

    Raises:
        UsageError: it cannot be written.
    """
    folder = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    try:
        handle, name = tempfile.mkstemp(prefix="jira-ci-", suffix=".sh", dir=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(os.fsencode(text.replace("\r\n", "\n").removesuffix("\r")))
        path = Path(name)
        path.chmod(0o700)
    except OSError as error:
        raise UsageError(
            f"The script could not be stored in {folder}: {error.strerror or error}.",
            "RUNNER_TEMP must be a folder that the job can write to.",
        ) from error
    return path
