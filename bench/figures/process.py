"""Running a command and weighing it: wall and CPU seconds, peak memory, best of several."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Weight:
    """What one process cost."""

    wall: float
    cpu: float
    """User and system seconds of the process and the children it waited for."""
    memory: float
    """Peak resident megabytes."""

    def __str__(self) -> str:
        return f"{self.wall * 1000:5.0f} ms wall, {self.cpu * 1000:5.0f} ms CPU, {self.memory:4.0f} MB"


def weigh(command: Sequence[str], environ: Mapping[str, str], folder: str, times: int = 5) -> Weight:
    """The cheapest of several runs: noise only ever adds."""
    runs = [_once(command, environ, folder) for _ in range(times)]
    return Weight(min(run.wall for run in runs), min(run.cpu for run in runs), min(run.memory for run in runs))


def jira_ci(*arguments: str) -> list[str]:
    """The command line of ``jira-ci``."""
    return [sys.executable, "-I", "-m", "jira_ci", *arguments]


def clean_environ() -> dict[str, str]:
    """The environment without anything of a CI."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI", "JIRA_"))}


def _once(command: Sequence[str], environ: Mapping[str, str], folder: str) -> Weight:
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=dict(environ), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        said = child.stdout.read() if child.stdout else b""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{said.decode()}")
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Weight(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)
