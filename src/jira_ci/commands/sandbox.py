"""``jira-ci sandbox``: serve a pretend Jira site on loopback until a signal ends it, or tell one what people do there.

``jira-ci sandbox approve OPS-7`` and its like are for trials: they go to a sandbox that is being served already. All of
it is in the package ``jira_sandbox``; here are its flags, and the exit codes of what it cannot do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TextIO
from urllib.parse import urlsplit

from jira_ci.edges import real_edges
from jira_ci.errors import NetworkError, RejectedError, UsageError
from jira_ci.jira.access import base_url
from jira_ci.text import one_line

_FLAGS = {
    "port": ("PORT", "the port to listen on; 0 (the default) picks a free one"),
    "projects": (
        "KEYS",
        "projects that exist, with their number of issues: WEB:50,OPS (default WEB,OPS,MOB with 999 each)",
    ),
    "issues": ("KEYS", "single issues that exist, such as WEB-1,OPS-7, instead of the default projects"),
    "state": ("FILE", "keep builds and deployments in this file; otherwise they are gone at the end"),
    "client-id": ("ID", "the OAuth client id to accept (default sandbox-client)"),
    "client-secret": ("SECRET", "the OAuth client secret to accept (default sandbox-secret)"),
    "cloud-id": ("ID", "the site's cloud id (default a made-up one)"),
    "edition": ("NAME", "cloud (the default), or data-center for a site without builds and deployments"),
    "user": ("EMAIL", "whose API token to accept for the service desk (default release@example.com)"),
    "token": ("TOKEN", "the API token to accept (default sandbox-api-token)"),
    "personal-token": ("TOKEN", "the personal access token to accept in data-center (default sandbox-personal-token)"),
    "language": ("CODE", "in which names of statuses and request types are shown: en (the default) or de"),
    "search-delay": ("SECONDS", "how long a new or changed issue stays unknown to search (default 0)"),
}
_SWITCHES = {
    "open": "open its pages in a browser: what a team would see in Jira",
    "example": "begin with the data of a shop, to look at",
}
_STEPS = {
    "approve": "approve what a change waits for",
    "decline": "decline what a change waits for",
    "transition": "put a change into a status",
    "window": "set Planned start and Planned end of a change; without a flag, empty it",
}
_CLOCK = "set Jira's clock, which goes on from there: into a freeze, or out of a window"
_AT = "the sandbox's address (default JIRA_CI_SITE)"
_ERRORS = {"usage": UsageError, "network": NetworkError, "rejected": RejectedError}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags, and the steps as sub-commands. Values stay texts: what is wrong with one is said by :func:`run`."""
    for name, (metavar, help_line) in _FLAGS.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=help_line)
    for name, help_line in _SWITCHES.items():
        parser.add_argument(f"--{name}", action="store_true", help=help_line)
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
        step.add_argument("--at", metavar="URL", help=_AT)
    clock = steps.add_parser("clock", help=_CLOCK, description=f"{_CLOCK}.", allow_abbrev=False)
    clock.add_argument("moment", metavar="ISO", help="such as 2026-12-24T03:00:00+01:00")
    clock.add_argument("--at", metavar="URL", help=_AT)


def run(
    arguments: argparse.Namespace,
    stdout: TextIO,
    environ: Mapping[str, str] | None = None,
    open_browser: Callable[[str], object] | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; the exit code says which of them came. Or take one step of a trial.

    Args:
        environ: where ``JIRA_CI_SITE`` is looked up for a step; the process's own by default.
        open_browser: shows the page at an address, or gives False; the system's browser by default.

    Raises:
        UsageError: a flag or the state file is wrong, or the port is taken.
        NetworkError, RejectedError: a step could not be taken.
    """
    from jira_sandbox import command_line

    flags = vars(arguments)
    try:
        if not arguments.step:
            return command_line.serve(flags, stdout, open_browser)
        address = _address(arguments.at, real_edges().environ if environ is None else environ)
        if arguments.step == "clock":
            told = command_line.set_clock(address, arguments.moment)
        else:
            told = command_line.take_step(address, arguments.step, arguments.key, flags)
        stdout.write(one_line(told) + "\n")
        return 0
    except command_line.CommandError as error:
        raise _ERRORS[error.kind](one_line(str(error)), error.hint) from error


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
