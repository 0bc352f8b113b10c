"""Everything that a cancelled command has started ends with it, on Windows too."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jira_ci import windows_job
from jira_ci.child_process import Child

_STARTS_ANOTHER = """
import subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(other.pid))
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("structure", "size"),
    [(windows_job.Limits, 144), (windows_job.Accounting, 48)],
)
def test_the_structures_have_the_size_that_windows_expects(structure: type[ctypes.Structure], size: int) -> None:
    if ctypes.sizeof(ctypes.c_size_t) != 8:
        pytest.skip("the sizes are those of 64 bits")
    assert ctypes.sizeof(structure) == size


def test_what_a_command_has_started_ends_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child = Child([sys.executable, "-c", _STARTS_ANOTHER, str(told)], directory=tmp_path, environ=dict(os.environ))
    while not (told.is_file() and told.read_text()):
        child.wait(lambda: signal.SIGTERM)
    child.stop(signal.SIGTERM)
    assert child.exit is not None
    other = int(told.read_text())
    while _runs(other):  # the suite's own time-out ends what does not end
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    if os.name == "nt":
        listed = subprocess.run(["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, text=True)
        return str(pid) in listed.stdout
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")
