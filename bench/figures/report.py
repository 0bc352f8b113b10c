"""One deployment reported: what it costs, beside bare scripts of Python and of Node that make the same requests."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from figures import scene
from figures.process import FLOOR, Weight, cheapest, jira_ci, memory, weigh
from jira_sandbox.server import Sandbox

_ROUNDS = 10
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
        _beside_the_floors(environ, scene.floor(sandbox, sandbox.address, sandbox.address, folder), str(folder))


def _beside_the_floors(environ: Mapping[str, str], variables: Mapping[str, str], folder: str) -> None:
    commands = {
        "report": (REPORT, environ),
        "a bare script with requests": ([sys.executable, "-I", FLOOR], variables),
        "a bare script of Node": (["node", str(Path(FLOOR).with_suffix(".mjs"))], variables),
    }
    if shutil.which("node") is None:
        del commands["a bare script of Node"]
    runs: dict[str, list[Weight]] = {name: [] for name in commands}
    for _ in range(_ROUNDS):  # by turns, so that a noisy moment hits all alike
        for name, (command, known) in commands.items():
            runs[name].append(weigh(command, known, folder, times=1))
    best = {name: cheapest(some) for name, some in runs.items()}
    ours, floor = best["report"], best["a bare script with requests"]
    print(f"report: {ours}, {memory(REPORT[4:], environ, folder):.0f} MB (at most 300 ms CPU, 36 MB)")
    for name, weight in list(best.items())[1:]:
        print(f"  {name}: {weight}")
    print(f"  beside the first: {ours.cpu / floor.cpu:.2f} CPU (at most 1.3)")
    if node := best.get("a bare script of Node"):
        print(f"  beside the second: {ours.wall / node.wall:.2f} wall (at most 1.0)")
    print()
