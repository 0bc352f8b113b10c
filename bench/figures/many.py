"""Many records: 200 environments in two bulk requests; 200 tenants in each of three environments in six."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from figures import scene
from figures.process import FLOOR, cheapest, jira_ci, weigh
from jira_sandbox.server import Sandbox

_SOME, _MANY = 20, 200  # tenants: ten times as many must not cost more than ten times as much


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary, Sandbox() as sandbox:
        folder = Path(temporary) / "shop"
        folder.mkdir()
        environ = scene.make(folder) | scene.jira(sandbox, sandbox.address, sandbox.address)
        names = ",".join(f"qa{number}" for number in range(200))
        command = jira_ci("deployment", "--environment", names, "--version", "1.4.0", "--state", "success")
        ours = weigh(command, environ, str(folder), times=1)
        print(f"200 deployments: {_bulks(sandbox)} bulk requests, {ours}\n")
        _tenants(sandbox, environ, folder)


def _tenants(sandbox: Sandbox, environ: dict[str, str], folder: Path) -> None:
    few = weigh(_command(_SOME), environ, str(folder), times=3)
    before = _bulks(sandbox)
    one = weigh(_command(_MANY), environ, str(folder), times=1)
    bulks = _bulks(sandbox) - before
    floors = scene.floor(sandbox, sandbox.address, sandbox.address, folder, bulks)
    floor = weigh([sys.executable, "-I", FLOOR], floors, str(folder), times=3)
    ours = cheapest([one, weigh(_command(_MANY), environ, str(folder), times=2)])
    print(f"{_MANY} tenants in 3 environments: {bulks} bulk requests, {ours}")
    print(f"  {ours.cpu / floor.cpu:.1f} times the CPU of the floor, which sends the same: {floor}")
    print(f"  {ours.cpu / few.cpu:.1f} times the CPU of {_SOME} tenants: {few}\n")


def _command(tenants: int) -> list[str]:
    names = ",".join(f"Tenant {number}" for number in range(tenants))
    return jira_ci(
        *("deployment", "--environment", "Dev,QA,Prod-EU", "--tenant", names, "--version", "1.4.0"),
        *("--state", "success", "--description", "{version} for {tenant}", "--url", "https://ci.example/{tenant}"),
    )


def _bulks(sandbox: Sandbox) -> int:
    return sum(exchange.path.endswith("/bulk") for exchange in sandbox.exchanges)
