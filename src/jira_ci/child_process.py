"""A command of the user's, run as if we were not there: its streams and its exit code are its own, signals reach it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jira_ci.settings import TABLE
from jira_ci.text import one_line

if TYPE_CHECKING:
    from typing import Protocol

    class Job(Protocol):
        """A command with all that it has started, where the system knows such a thing."""

        def is_alive(self) -> bool: ...
        def end(self) -> None: ...
        def let_go(self) -> None: ...


STDERR = 2  # a descriptor; Python's stream may be something else
_TICK = 0.1  # seconds; how late a signal is passed on
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126  # as every shell says it
_WINDOWS = sys.platform == "win32"


class CannotStart(Exception):
    """The command could not be started.

    Args:
        exit: 127 when there is no such command, 126 when it cannot be run.
    """

    def __init__(self, exit: int, sentence: str) -> None:
        super().__init__(sentence)
        self.exit = exit


class Child:
    """A running command. Where no terminal is attached it leads a session of its own, so that what it has started is
    told as well, and told once: the GitHub runner signals only the process that it started itself, GitLab's a whole
    group. In a terminal it stays with us, or it could not read from it, and Ctrl-C reaches it directly.

    Args:
        argv: the program and its arguments; no shell.
        directory: where it runs.
        environ: its environment.
        stdout: a file descriptor instead of our own stdout.

    Raises:
        CannotStart: there is no such program, or it cannot be run.
    """

    def __init__(
        self, argv: Sequence[str], *, directory: Path, environ: Mapping[str, str], stdout: int | None = None
    ) -> None:
        self._in_terminal = _is_terminal(0)
        self._leads = not (_WINDOWS or self._in_terminal)
        self._begun = time.monotonic()
        try:
            # Ours are not inheritable (PEP 446); what the user's shell hands on is: <(...), a job server's pipe.
            self._process = subprocess.Popen(
                _started_by_name(argv, environ),
                cwd=directory,
                env=_as_given(environ),
                stdout=stdout,
                close_fds=False,
                start_new_session=self._leads,
            )
        except OSError as error:
            raise _cannot_start(argv[0], error) from None
        self._job = _job(self._process)
        self._ended: float | None = None
        self._done = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit(self) -> int | None:
        """What it ended with, 128 and the number for a signal; ``None`` while it runs."""
        return exit_code(self._process.returncode) if self._done.is_set() else None

    @property
    def seconds(self) -> float:
        """How long it ran, or has been running."""
        return (time.monotonic() if self._ended is None else self._ended) - self._begun

    def wait(self, interrupted: Callable[[], int]) -> bool:
        """Waits until it has ended, or until we are interrupted.

        Args:
            interrupted: the number of the signal that we got, or 0.

        Returns:
            Whether it has ended.
        """
        while not self._done.wait(_TICK):
            if interrupted():
                return self._done.is_set()
        return True

    def stop(self, number: int, patience: float = 4.0, last: float = 1.0) -> None:
        """Passes a signal on and sees to it that the command ends, with everything it has started.

        Args:
            number: SIGINT or SIGTERM.
            patience: seconds until it is told again, by SIGTERM.
            last: seconds from then until it is killed.
        """
        if not (number == signal.SIGINT and (self._in_terminal or _WINDOWS)):  # there it was told already
            self._tell(number)
        if self._outlasts(patience):
            self._tell(signal.SIGTERM)
            if self._outlasts(last):
                self._kill()
        self._done.wait(last)

    def _watch(self) -> None:
        self._process.wait()
        if self._job is not None:
            self._job.let_go()
        self._ended = time.monotonic()
        self._done.set()

    def _outlasts(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._is_alive():
            if time.monotonic() >= end:
                return True
            time.sleep(_TICK / 2)
        return False

    def _is_alive(self) -> bool:
        """Whether it, or something that it has started and that did not leave its group, is still there."""
        if not self._done.is_set():
            return True
        return self._job.is_alive() if self._job is not None else self._leads and self._tell(0)

    def _tell(self, number: int) -> bool:
        """Sends a signal; whether there was anybody to get it. Windows knows no signals: there it ends at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform != "win32" and self._leads:
                os.killpg(self.pid, number)
            elif self._job is not None:
                self._job.end()
            elif _WINDOWS:
                self._process.terminate()
            else:
                self._process.send_signal(number)
            return True
        return False

    def _kill(self) -> None:
        if sys.platform != "win32" and self._leads:
            self._tell(signal.SIGKILL)
        else:
            self._process.kill()


def _job(process: subprocess.Popen[bytes]) -> Job | None:
    """Windows knows no process groups that end together; where it gives no job object, only the command itself ends."""
    if sys.platform == "win32":
        from jira_ci import windows_job

        with contextlib.suppress(OSError):
            return windows_job.Job(int(process._handle))  # type: ignore[attr-defined]
    return None


def _started_by_name(argv: Sequence[str], environ: Mapping[str, str]) -> Sequence[str]:
    """With the whole name of its program: by itself Windows adds ``.exe`` alone, and many are called ``.cmd``."""
    found = shutil.which(argv[0], path=environ.get("PATH")) if _WINDOWS else None
    return [found or argv[0], *argv[1:]]


def _as_given(environ: Mapping[str, str]) -> Mapping[str, str]:
    if sys.platform == "win32":
        import nt

        return spelt(environ, nt.environ)
    return environ


def spelt(environ: Mapping[str, str], given: Iterable[str]) -> dict[str, str]:
    """The environment with its names as they were given: on Windows Python has all of them in capitals, and bash tells
    ``target`` from ``TARGET``.

    Args:
        given: the names that this process was started with.
    """
    names = {name.upper(): name for name in given}
    return {names.get(name, name): value for name, value in environ.items()}


def without_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without our secrets, under all their names, and without the action's inputs, which the step was
    given and not the user's command; ``GITHUB_TOKEN`` and the like are the user's."""
    return {name: value for name, value in environ.items() if not _CREDENTIAL.fullmatch(name.upper())}


def exit_code(returned: int) -> int:
    """A return code as a process can end with it: a shell's 128 + n for a signal; Windows' 32 bits with their sign."""
    if returned < 0 and not _WINDOWS:
        return 128 - returned
    return returned - (1 << 32) if returned >= 1 << 31 else returned


def _credential_pattern() -> re.Pattern[str]:
    secret = [row for row in TABLE if row.secret]
    ours = [name for row in secret for name in (row.name, *row.also)]
    plugin = [name for row in secret if row.plugin for name in (row.name, *row.also)]
    # Between: the word of one of several connections, as in JIRA_CI_EMEA_TOKEN.
    return re.compile(
        f"JIRA_CI_INPUT_.*|JIRA_CI_(?:.+_)?(?:{_variables(ours)})|PLUGIN_(?:{_variables(plugin)}|CONNECT_KEY)"
    )


def _variables(names: Sequence[str]) -> str:
    return "|".join(re.escape(name.upper().replace("-", "_")) for name in names)


_CREDENTIAL = _credential_pattern()


def _cannot_start(program: str, error: OSError) -> CannotStart:
    reason = error.strerror or type(error).__name__
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        hint = "Check its name and PATH; of a script also its first line."
        return CannotStart(_NOT_FOUND, f"{one_line(program, 200)} was not found: {reason}. {hint}")
    hint = (
        "Windows starts no scripts by themselves: put the program before it, such as bash ./deploy.sh."
        if _WINDOWS
        else "It must be an executable program: chmod +x, and a first line such as #!/bin/sh for a script."
    )
    return CannotStart(_NOT_EXECUTABLE, f"{one_line(program, 200)} cannot be run: {reason}. {hint}")


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:  # closed
        return False
