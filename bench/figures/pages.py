"""The sandbox's page of a thousand deployments, beside a file from the same listener."""

from __future__ import annotations

import http.client
import statistics
import time
from contextlib import closing

from jira_sandbox import example
from jira_sandbox.report_rules import DEPLOYMENTS
from jira_sandbox.server import Sandbox

_MANY = 1000
_TIMES = 15


def measure() -> None:
    """Prints the figures: of a dozen environments, and of one for each deployment."""
    for environments in ("a dozen", f"{_MANY:,}"):
        with Sandbox() as sandbox:
            records = example.deployments(_MANY, sandbox.clock.now())
            if environments != "a dozen":
                for number, record in enumerate(records):
                    name = {"id": str(number), "displayName": f"Prod-EU for Tenant {number}"}
                    record["environment"] = {**record["environment"], **name}
            for start in range(0, _MANY, 100):
                sandbox.site.submit(DEPLOYMENTS, {"deployments": records[start : start + 100]})
            address = sandbox.address.partition("//")[2]
            with closing(http.client.HTTPConnection(address, timeout=60)) as connection:
                first, size = _get(connection, "/deployments")
                usual = statistics.median(_get(connection, "/deployments")[0] for _ in range(_TIMES))
                floor = statistics.median(_get(connection, "/pages/style.css")[0] for _ in range(_TIMES))
        print(f"pages: {_MANY} deployments to {environments} environments,")
        print(f"       {usual:.0f} ms (at most 100 ms), the first time {first:.0f} ms")
        print(f"       {size / 1000:.0f} KB (at most 300 KB)")
        print(f" floor: {floor:.1f} ms for a file of the same listener\n")


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[float, int]:
    """Milliseconds and bytes."""
    began = time.perf_counter()
    connection.request("GET", path)
    body = connection.getresponse().read()
    return (time.perf_counter() - began) * 1000, len(body)
