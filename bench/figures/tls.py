"""The same with TLS and 40 ms round trips: what order and reuse of connections are worth."""

from __future__ import annotations

import ssl
import sys
import tempfile
from pathlib import Path

import trustme

from figures import scene
from figures.process import FLOOR, compare, weigh
from figures.relay import Relay
from figures.report import REPORT
from jira_sandbox.server import Sandbox

ROUND_TRIP = 0.040  # seconds


def measure() -> None:
    """Prints the figures."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as temporary, Sandbox(tls=context) as sandbox:
        folder = Path(temporary) / "shop"
        folder.mkdir()
        ca = Path(temporary) / "ca.pem"
        authority.cert_pem.write_to_path(str(ca))
        port = int(sandbox.address.rpartition(":")[2])
        with Relay(port, ROUND_TRIP) as site_relay, Relay(port, ROUND_TRIP) as api_relay:
            site, api = f"https://127.0.0.1:{site_relay.port}", f"https://127.0.0.1:{api_relay.port}"
            environ = scene.make(folder) | scene.jira(sandbox, site, api) | {"JIRA_CI_CA_BUNDLE": str(ca)}
            weigh(REPORT, environ, str(folder), times=1)
            environs = environ, scene.floor(sandbox, site, api, folder) | {"REQUESTS_CA_BUNDLE": str(ca)}
            ours, bare = compare(REPORT, [sys.executable, "-I", FLOOR], environs, str(folder))
            print(f"report, TLS, 40 ms: {ours}\n             floor: {bare}")
            print(f"             ratio: {ours.wall / bare.wall:.2f} wall (at most 0.8)\n")
