"""200 deployments in two bulk requests."""

from __future__ import annotations

import tempfile
from pathlib import Path

from figures import scene
from figures.process import jira_ci, weigh
from jira_ci.sandbox.server import Sandbox


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary, Sandbox() as sandbox:
        folder = Path(temporary) / "shop"
        folder.mkdir()
        environ = scene.make(folder) | scene.jira(sandbox, sandbox.address, sandbox.address)
        names = ",".join(f"qa{number}" for number in range(200))
        command = jira_ci("deployment", "--environment", names, "--version", "1.4.0", "--state", "success")
        ours = weigh(command, environ, str(folder), times=1)
        bulk = sum(exchange.path.endswith("/bulk") for exchange in sandbox.exchanges)
        print(f"200 deployments: {bulk} bulk requests, {ours}\n")
