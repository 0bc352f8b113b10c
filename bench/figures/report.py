"""One deployment reported: requests, connections, CPU and memory beside the bare script."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from figures import floor as floor_script
from figures import scene
from figures.process import jira_ci, weigh
from jira_ci.sandbox.server import Sandbox

REPORT = jira_ci("report", "--environment", "Prod-EU", "--version", "1.4.0", "--state", "success")


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary, Sandbox() as sandbox:
        folder = Path(temporary) / "shop"
        folder.mkdir()
        environ = scene.make(folder) | scene.jira(sandbox, sandbox.address, sandbox.address)
        weigh(REPORT, environ, str(folder), times=1)  # writes the bytecode
        first, connections = len(sandbox.exchanges), sandbox.connections
        weigh(REPORT, environ, str(folder), times=1)
        print(f"report: {len(sandbox.exchanges) - first} requests, {sandbox.connections - connections} connections")
        first = len(sandbox.exchanges)
        weigh(REPORT, environ | {"JIRA_CI_CLOUD_ID": sandbox.cloud_id}, str(folder), times=1)
        print(f"report with cloud-id: {len(sandbox.exchanges) - first} requests")
        ours = weigh(REPORT, environ, str(folder), times=10)
        bare = [sys.executable, "-I", floor_script.__file__]
        floor = weigh(bare, scene.floor(sandbox, sandbox.address, sandbox.address, folder), str(folder), times=10)
        print(f"report: {ours}\n floor: {floor}\n ratio: {ours.cpu / floor.cpu:.2f} CPU (at most 2; 300 ms; 60 MB)\n")
