"""``jira-ci sandbox``: serve a pretend Jira Cloud site on loopback until a signal ends it."""

from __future__ import annotations

import argparse
import contextlib
import errno
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from jira_ci.errors import UsageError

if TYPE_CHECKING:
    from jira_ci.sandbox.issues import IssueRule

_HELP = {
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
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags. Their values stay texts: what cannot be meant is said by :func:`run`."""
    for name, (metavar, help_line) in _HELP.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=help_line)


def run(arguments: argparse.Namespace, stdout: TextIO) -> int:
    """Serve until SIGINT or SIGTERM; the exit code says which of them came.

    The first line written holds the address, the next ones the environment variables to try jira-ci against it.

    Raises:
        UsageError: a flag or the state file cannot be meant, or the port is taken.
    """
    from jira_ci.sandbox.server import Sandbox
    from jira_ci.sandbox.store import StateFileError

    given = {name: getattr(arguments, name) for name in ("client_id", "client_secret", "cloud_id")}
    for name, value in given.items():
        if value is not None and not value.strip():
            raise UsageError(f"--{name.replace('_', '-')} is empty.", "Give it a value or leave it out.")
    port, issues = _port(arguments.port), _issues(arguments)
    state_file = Path(arguments.state) if arguments.state is not None else None
    try:
        sandbox = Sandbox(
            port, issues=issues, state_file=state_file, **{k: v for k, v in given.items() if v is not None}
        )
    except StateFileError as error:
        raise UsageError(str(error), "Set --state to a file that can be read and written.") from error
    except OSError as error:
        raise _no_port(port, error) from error
    with _signals() as ended, sandbox:
        stdout.write(_greeting(sandbox.address, sandbox.credentials.client_id, sandbox.credentials.client_secret))
        stdout.flush()
        # In slices, because waiting without end cannot be interrupted on Windows.
        while not ended.wait(0.5):
            pass
    return 128 + ended.signum


class _Ended(threading.Event):
    signum = 0


@contextlib.contextmanager
def _signals() -> Iterator[_Ended]:
    """An event that SIGINT or SIGTERM sets, instead of ending the process in the middle of something."""
    ended = _Ended()

    def end(signum: int, frame: FrameType | None) -> None:
        del frame
        ended.signum = signum
        ended.set()

    before = {signum: signal.signal(signum, end) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler or signal.SIG_DFL)


def _greeting(address: str, client_id: str, client_secret: str) -> str:
    lines = [
        f"A pretend Jira Cloud site is listening on {address}",
        f"export JIRA_CI_SITE={address}",
        f"export JIRA_CI_API_URL={address}",
        f"export JIRA_CI_CLIENT_ID={shlex.quote(client_id)}",
        f"export JIRA_CI_CLIENT_SECRET={shlex.quote(client_secret)}",
    ]
    return "\n".join(lines) + "\n"


def _port(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise UsageError(f"--port is {text[:80]!r}; it must be a number from 0 to 65535.", "0 picks a free port.")
    return int(text)


def _issues(arguments: argparse.Namespace) -> IssueRule:
    from jira_ci.sandbox.issues import from_options

    try:
        return from_options(arguments.projects, arguments.issues)
    except ValueError as error:
        raise UsageError(str(error), "Mend --projects or --issues.") from error


def _no_port(port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"Port {port} is in use.", "Set --port to another one, or to 0 for any free one.")
    return UsageError(f"Port {port} cannot be listened on: {error.strerror or error}.", "Set --port to another one.")
