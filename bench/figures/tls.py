"""The same with TLS and host names, 40 ms away and at hand: beside the bare script, and beside three calls of curl."""

from __future__ import annotations

import shutil
import ssl
import sys
import tempfile
from pathlib import Path

import trustme

from figures import scene
from figures.process import FLOOR, Weight, cheapest, weigh
from figures.relay import Relay
from figures.report import REPORT
from jira_sandbox.server import Sandbox

ROUND_TRIP = 0.040  # seconds
_ROUNDS = 10
# What a pipeline would write without us. Each call connects for itself.
_CURL = """set -e
field() { sed "s/.*\\"$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/"; }
ask() { curl -sS --fail --cacert "$REQUESTS_CA_BUNDLE" -H "Content-Type: application/json" "$@"; }
cloud=$(ask "$FLOOR_SITE/_edge/tenant_info" | field cloudId)
client="\\"grant_type\\":\\"client_credentials\\",\\"client_id\\":\\"$FLOOR_ID\\",\\"client_secret\\":\\"$FLOOR_SECRET\\""
token=$(ask -d "{\\"audience\\":\\"api.atlassian.com\\",$client}" "$FLOOR_API/oauth/token" | field access_token)
ask -H "Authorization: Bearer $token" --data-binary "@$FLOOR_BODY" "$FLOOR_API/jira/deployments/0.1/cloud/$cloud/bulk"
"""


def measure() -> None:
    """Prints the figures."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as temporary, Sandbox(tls=context) as sandbox:
        ca = Path(temporary) / "ca.pem"
        authority.cert_pem.write_to_path(str(ca))
        port = int(sandbox.address.rpartition(":")[2])
        with Relay(port, ROUND_TRIP) as site_relay, Relay(port, ROUND_TRIP) as api_relay:
            folder = Path(temporary) / "away" / "shop"
            _compare(
                sandbox, folder, ca, (f"https://localhost:{site_relay.port}", f"https://localhost:{api_relay.port}")
            )
        _compare(sandbox, Path(temporary) / "near" / "shop", ca, (f"https://localhost:{port}",) * 2)


def _compare(sandbox: Sandbox, folder: Path, ca: Path, addresses: tuple[str, str]) -> None:
    folder.mkdir(parents=True)
    environ = scene.make(folder) | scene.jira(sandbox, *addresses) | {"JIRA_CI_CA_BUNDLE": str(ca)}
    weigh(REPORT, environ, str(folder), times=1)
    floor = scene.floor(sandbox, *addresses, folder) | {"REQUESTS_CA_BUNDLE": str(ca)}
    commands = {
        "report": (REPORT, environ),
        "floor": ([sys.executable, "-I", FLOOR], floor),
        "three curl calls": (["sh", "-c", _CURL], floor),
    }
    if shutil.which("curl") is None:
        del commands["three curl calls"]
    runs: dict[str, list[Weight]] = {name: [] for name in commands}
    for _ in range(_ROUNDS):  # by turns, so that a noisy moment hits all alike
        for name, (command, variables) in commands.items():
            runs[name].append(weigh(command, variables, str(folder), times=1))
    best = {name: cheapest(some) for name, some in runs.items()}
    distance = "40 ms" if addresses[0] != addresses[1] else "0 ms"
    for name, weight in best.items():
        print(f"TLS, {distance}, {name:16}: {weight}")
    ours, bare = best["report"], best["floor"]
    wall, cpu = ours.wall / bare.wall, ours.cpu / bare.cpu
    print(f"  beside the floor: {wall:.2f} wall (at most 0.8 at 40 ms), {cpu:.2f} CPU (at most 1.3)")
    if "three curl calls" in best:
        print(f"  beside curl: {ours.wall / best['three curl calls'].wall:.2f} wall (at most 0.95 at 40 ms)")
    print()
