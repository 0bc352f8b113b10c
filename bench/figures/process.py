"""Running a command and weighing it: wall and CPU seconds, best of several; peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FLOOR = str(Path(__file__).with_name("floor.py"))
"""The bare script to compare with."""


@dataclass(frozen=True)
class Weight:
    """What one process cost."""

    wall: float
    cpu: float
    """User and system seconds of the process and the children it waited for."""

    def __str__(self) -> str:
        return f"{self.wall * 1000:5.0f} ms wall, {self.cpu * 1000:5.0f} ms CPU"


def weigh(command: Sequence[str], environ: Mapping[str, str], folder: str, times: int = 5) -> Weight:
    """The cheapest of several runs: noise only ever adds."""
    return cheapest([_once(command, environ, folder) for _ in range(times)])


def compare(
    ours: Sequence[str], floor: Sequence[str], environs: tuple[Mapping[str, str], Mapping[str, str]], folder: str
) -> tuple[Weight, Weight]:
    """The cheapest of ten runs of each, by turns, so that a noisy moment hits both alike."""
    pairs = [(_once(ours, environs[0], folder), _once(floor, environs[1], folder)) for _ in range(10)]
    return cheapest([pair[0] for pair in pairs]), cheapest([pair[1] for pair in pairs])


def memory(arguments: Sequence[str], environ: Mapping[str, str], folder: str) -> float:
    """Peak resident megabytes of ``jira-ci`` itself; what the system reports counts git and the parent in."""
    code = (
        "import sys; from pathlib import Path; from jira_ci.cli import main; code = main(); "
        "status = Path('/proc/self/status').read_text(); "
        "print(next(line.split()[1] for line in status.splitlines() if line.startswith('VmHWM'))); sys.exit(code)"
    )
    command = [sys.executable, "-I", "-c", code, *arguments]
    done = subprocess.run(command, env=dict(environ), cwd=folder, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) / 1024


def cheapest(runs: Sequence[Weight]) -> Weight:
    """The least of each figure."""
    return Weight(min(run.wall for run in runs), min(run.cpu for run in runs))


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
    return Weight(wall, usage.ru_utime + usage.ru_stime)
