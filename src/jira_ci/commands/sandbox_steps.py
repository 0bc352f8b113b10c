"""The steps of ``jira-ci sandbox``: one thing that people do to a change, told to a sandbox that is being served."""

from __future__ import annotations

import argparse
import http.client
import json
from collections.abc import Mapping
from typing import Any, TextIO
from urllib.parse import quote, urlsplit

from jira_ci.errors import NetworkError, RejectedError, UsageError
from jira_ci.jira.addresses import base_url
from jira_ci.text import one_line

_STEPS = {
    "approve": "approve what a change waits for",
    "decline": "decline what a change waits for",
    "transition": "put a change into a status",
    "window": "set Planned start and Planned end of a change; without a flag, empty it",
}
_PATIENCE = 10  # seconds; the sandbox is on this machine


def add_steps(parser: argparse.ArgumentParser) -> None:
    """The steps as sub-commands; without one the parsed ``step`` is None."""
    steps = parser.add_subparsers(dest="step", metavar="STEP", title="steps of a trial")
    for name, help_line in _STEPS.items():
        step = steps.add_parser(name, help=help_line, description=f"{help_line}.", allow_abbrev=False)
        step.add_argument("key", metavar="KEY", help="the change, such as OPS-7")
        if name == "transition":
            step.add_argument("status", metavar="STATUS", help="such as Authorize or Implementing")
        if name == "window":
            for flag in ("start", "end"):
                step.add_argument(f"--{flag}", metavar="ISO", help="such as 2026-03-01T14:00:00+01:00")
        step.add_argument("--by", metavar="NAME", help="who does it, such as ana; otherwise whoever may")
        step.add_argument("--after-polls", metavar="N", help="only once the change has been read N times")
        step.add_argument("--at", metavar="URL", help="the sandbox's address (default JIRA_CI_SITE)")


def take_step(arguments: argparse.Namespace, stdout: TextIO, environ: Mapping[str, str]) -> int:
    """Tell the sandbox, and say what the change is like now.

    Raises:
        UsageError: the address or a flag cannot be meant.
        NetworkError: there is no sandbox at the address.
        RejectedError: the sandbox refused the step.
    """
    address, body = _address(arguments.at, environ), _body(arguments)
    status, answer = _post(address, f"/sandbox/changes/{quote(arguments.key, safe='')}/{arguments.step}", body)
    if "approvals" not in answer and "error" not in answer:
        raise NetworkError(f"{address} answered, and is no sandbox.", "Set --at to the address it printed.")
    if status != 200:
        told = one_line(str(answer.get("error", f"it answered {status}")), 300)
        raise RejectedError(
            f"The sandbox refused to {arguments.step} {one_line(arguments.key, 80)}: {told}",
            "Its page shows what can be done.",
        )
    polls = body.get("after-polls", 0)
    later = f"; {arguments.step} follows after {polls} more reads" if polls else ""
    decisions = ", ".join(f"{one['name']} {one['decision']}" for one in answer["approvals"]) or "no approval"
    stdout.write(one_line(f"{answer['key']} is in {answer['status']['name']}, {decisions}{later}.", 500) + "\n")
    return 0


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name in ("by", "status", "start", "end"):
        if getattr(arguments, name, None) is not None:
            body[name] = getattr(arguments, name)
    polls = arguments.after_polls
    if polls is not None:
        if not (polls.isascii() and polls.isdigit() and len(polls) < 6):
            raise UsageError(f"--after-polls is {polls[:80]!r}; it must be a whole number.", "0 means now.")
        body["after-polls"] = int(polls)
    return body


def _address(at: str | None, environ: Mapping[str, str]) -> str:
    text, name = (at, "--at") if at is not None else (environ.get("JIRA_CI_SITE", ""), "JIRA_CI_SITE")
    if not text.strip():
        raise UsageError(
            "It is not known which sandbox is meant.", "Set --at or JIRA_CI_SITE to the address it printed."
        )
    address = base_url(text, name)
    if urlsplit(address).scheme != "http":  # which base_url takes for loopback addresses only
        raise UsageError(
            f"{name} is {address}, and a sandbox is on this machine.", "Set --at to the address it printed."
        )
    return address


def _post(address: str, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_PATIENCE)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read() or b"{}") if "json" in answer.headers.get("Content-Type", "") else {}
        return answer.status, document if isinstance(document, dict) else {}
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NetworkError(
            f"No sandbox answers at {address}: {one_line(str(error), 200)}.",
            "Start one with jira-ci sandbox, and set --at to the address it prints.",
        ) from error
    finally:
        connection.close()
