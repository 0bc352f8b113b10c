"""``jira-ci sandbox``: serve a pretend Jira site on loopback until a signal ends it, or tell one what people do there.

``jira-ci sandbox approve OPS-7`` and its like are for trials: they go to a sandbox that is being served already.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import re
import shlex
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal, TextIO

from jira_ci.commands.sandbox_steps import add_steps, take_step
from jira_ci.edges import real_edges
from jira_ci.errors import UsageError

if TYPE_CHECKING:
    from jira_sandbox.issue_rules import IssueRule
    from jira_sandbox.server import Sandbox

_NAMED = ("client_id", "client_secret", "cloud_id", "user", "token", "personal_token")

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
    "edition": ("NAME", "cloud (the default), or data-center for a site without builds and deployments"),
    "user": ("EMAIL", "whose API token to accept for the service desk (default release@example.com)"),
    "token": ("TOKEN", "the API token to accept (default sandbox-api-token)"),
    "personal-token": ("TOKEN", "the personal access token to accept in data-center (default sandbox-personal-token)"),
    "search-delay": ("SECONDS", "how long a new or changed issue stays unknown to search (default 0)"),
}
_SWITCHES = {
    "open": "open its pages in a browser: what a team would see in Jira",
    "example": "begin with the data of a shop, to look at",
}
Opener = Callable[[str], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags. Their values stay texts: what cannot be meant is said by :func:`run`."""
    for name, (metavar, help_line) in _HELP.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=help_line)
    for name, help_line in _SWITCHES.items():
        parser.add_argument(f"--{name}", action="store_true", help=help_line)
    add_steps(parser)


def run(
    arguments: argparse.Namespace,
    stdout: TextIO,
    environ: Mapping[str, str] | None = None,
    open_browser: Opener | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; the exit code says which of them came. Or take one step of a trial.

    The first line written holds the address, the next ones the environment variables to try jira-ci against it.

    Args:
        environ: where ``JIRA_CI_SITE`` is looked up for a step; the process's own by default.
        open_browser: shows the page at an address, or gives False; the system's browser by default.

    Raises:
        UsageError: a flag or the state file cannot be meant, or the port is taken.
        NetworkError, RejectedError: a step could not be taken.
    """
    if arguments.step:
        return take_step(arguments, stdout, real_edges().environ if environ is None else environ)
    return _serve(arguments, stdout, open_browser or _browser)


def _serve(arguments: argparse.Namespace, stdout: TextIO, open_browser: Opener) -> int:
    from jira_sandbox.server import Sandbox
    from jira_sandbox.site_state import StateFileError

    given = {name: getattr(arguments, name) for name in _NAMED}
    for name, value in given.items():
        if value is not None and not value.strip():
            raise UsageError(f"--{name.replace('_', '-')} is empty.", "Give it a value or leave it out.")
    port, issues, delay = _port(arguments.port), _issues(arguments), _delay(arguments.search_delay)
    state_file = Path(arguments.state) if arguments.state is not None else None
    try:
        sandbox = Sandbox(
            port,
            edition=_edition(arguments.edition),
            issues=issues,
            state_file=state_file,
            **{name: value for name, value in given.items() if value is not None},
        )
    except StateFileError as error:
        raise UsageError(str(error), "Set --state to a file that can be read and written.") from error
    except OSError as error:
        raise _no_port(port, error) from error
    if arguments.example:
        _fill(sandbox)
    sandbox.site.desk.ledger.delay = delay
    with _signals() as ended, sandbox:
        stdout.write(_greeting(sandbox))
        stdout.flush()
        if arguments.open:
            # Beside, because a browser in a terminal would keep the sandbox from ending.
            threading.Thread(target=_show, args=(sandbox.address, stdout, open_browser), daemon=True).start()
        # In slices, because waiting without end cannot be interrupted on Windows.
        while not ended.wait(0.5):
            pass
    return 128 + ended.signum


def _fill(sandbox: Sandbox) -> None:
    from jira_sandbox import example

    if not sandbox.site.desk.ledger.all():  # what was kept in a state file is somebody's own
        example.fill(sandbox.site)


def _browser(address: str) -> object:
    import webbrowser

    return webbrowser.open(address)


def _show(address: str, stdout: TextIO, open_browser: Opener) -> None:
    try:
        shown = open_browser(address)
    except Exception:  # noqa: BLE001 - whatever a browser does, the sandbox goes on
        shown = False
    if not shown:
        stdout.write(f"No browser could be opened; the pages are at {address}\n")
        stdout.flush()


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


def _greeting(sandbox: Sandbox) -> str:
    known, cloud = sandbox.credentials, sandbox.edition.is_cloud
    variables = {"SITE": sandbox.address, "API_URL": sandbox.address}
    if cloud:
        variables |= {"CLIENT_ID": known.client_id, "CLIENT_SECRET": known.client_secret}
        variables |= {"USER": known.user, "TOKEN": known.token}
    else:
        variables = {"SITE": sandbox.address, "TOKEN": known.personal_token}
    lines = [f"A pretend Jira {'Cloud' if cloud else 'Data Center'} site is listening on {sandbox.address}"]
    lines += [f"export JIRA_CI_{name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(lines) + "\n"


def _edition(text: str | None) -> Literal["cloud", "data-center"]:
    if text in (None, "cloud"):
        return "cloud"
    if text == "data-center":
        return "data-center"
    raise UsageError(f"--edition is {str(text)[:80]!r}; it must be cloud or data-center.", "Leave it out for cloud.")


def _delay(text: str | None) -> float:
    if text is not None and not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII):
        raise UsageError(f"--search-delay is {text[:80]!r}; it must be seconds, such as 2 or 0.5.", "Mend it.")
    return float(text or 0)


def _port(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise UsageError(f"--port is {text[:80]!r}; it must be a number from 0 to 65535.", "0 picks a free port.")
    return int(text)


def _issues(arguments: argparse.Namespace) -> IssueRule:
    from jira_sandbox.issue_rules import from_options

    try:
        return from_options(arguments.projects, arguments.issues)
    except ValueError as error:
        raise UsageError(str(error), "Mend --projects or --issues.") from error


def _no_port(port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"Port {port} is in use.", "Set --port to another one, or to 0 for any free one.")
    return UsageError(f"Port {port} cannot be listened on: {error.strerror or error}.", "Set --port to another one.")
