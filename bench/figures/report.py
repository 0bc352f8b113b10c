"""One deployment reported: requests, connections, CPU and memory beside the bare script."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from figures import scene
from figures.process import FLOOR, compare, jira_ci, memory, weigh
from jira_sandbox.server import Sandbox

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
        environs = environ, scene.floor(sandbox, sandbox.address, sandbox.address, folder)
        ours, floor = compare(REPORT, [sys.executable, "-I", FLOOR], environs, str(folder))
        peak = memory(REPORT[4:], environ, str(folder))
        print(f"report: {ours}, {peak:.0f} MB (at most 300 ms CPU, 60 MB)")
        print(f" floor: {floor}\n ratio: {ours.cpu / floor.cpu:.2f} CPU (at most 2)\n")
