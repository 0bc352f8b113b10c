"""The sandbox as a command: serve a site until a signal ends it, or tell one what people do there.

What it cannot do is told by :class:`CommandError`; whoever calls it makes an exit code of that.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import re
import shlex
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, Literal, TextIO
from urllib.parse import quote, urlsplit

from jira_sandbox import example, issue_rules
from jira_sandbox.desk.catalogue import LANGUAGES
from jira_sandbox.server import Sandbox
from jira_sandbox.site_state import StateFileError

Opener = Callable[[str], object]
"""Shows the page at an address, or gives False."""
_NAMED = ("client_id", "client_secret", "cloud_id", "user", "token", "personal_token")
_PATIENCE = 10  # seconds; the sandbox is on this machine


class CommandError(Exception):
    """The command cannot do what it was told, in one sentence; ``hint`` says what to do about it.

    ``kind``: a flag or file is wrong, there is no sandbox, or the sandbox refused.
    """

    def __init__(self, kind: Literal["usage", "network", "rejected"], message: str, hint: str) -> None:
        super().__init__(message)
        self.kind, self.hint = kind, hint


def serve(flags: Mapping[str, Any], stdout: TextIO, open_browser: Opener | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit code says which of them came.

    The first line written holds the address, the next ones the environment variables to try jira-ci against it.

    Args:
        flags: the texts of the flags by name, None where one was not given; ``open`` and ``example`` are switches.
        open_browser: the system's browser by default.

    Raises:
        CommandError: a flag or the state file cannot be used, or the port is taken.
    """
    sandbox = _made(flags)
    if flags["example"] and not sandbox.site.desk.ledger.all():  # what a state file kept is somebody's own
        example.fill(sandbox.site)
    with _signals() as ended, sandbox:
        stdout.write(_greeting(sandbox))
        stdout.flush()
        if flags["open"]:
            # Beside, because a browser in a terminal would keep the sandbox from ending.
            threading.Thread(
                target=_show, args=(sandbox.address, stdout, open_browser or webbrowser.open), daemon=True
            ).start()
        # In slices, because waiting without end cannot be interrupted on Windows.
        while not ended.wait(0.5):
            pass
    return 128 + ended.signum


def _made(flags: Mapping[str, Any]) -> Sandbox:
    given = {name: flags[name] for name in _NAMED if flags[name] is not None}
    for name, value in given.items():
        if not value.strip():
            raise CommandError("usage", f"--{name.replace('_', '-')} is empty.", "Give it a value or leave it out.")
    language = flags["language"] if flags["language"] is not None else "en"
    if language not in LANGUAGES:
        raise _wrong("language", language, " or ".join(LANGUAGES), "Leave it out for en.")
    port, delay, edition = _port(flags["port"]), _delay(flags["search_delay"]), _edition(flags["edition"])
    try:
        issues = issue_rules.from_options(flags["projects"], flags["issues"])
    except ValueError as error:
        raise CommandError("usage", str(error), "Mend --projects or --issues.") from error
    state_file = Path(flags["state"]) if flags["state"] is not None else None
    try:
        sandbox = Sandbox(port, edition=edition, issues=issues, state_file=state_file, **given)
    except StateFileError as error:
        raise CommandError("usage", str(error), "Set --state to a file that can be read and written.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            text, hint = f"Port {port} is in use.", "Set --port to another one, or to 0 for any free one."
        else:
            text = f"Port {port} cannot be listened on: {error.strerror or error}."
            hint = "Set --port to another one."
        raise CommandError("usage", text, hint) from error
    sandbox.site.desk.ledger.delay = delay
    sandbox.site.desk.language = language
    return sandbox


def _wrong(flag: str, text: str, right: str, hint: str) -> CommandError:
    return CommandError("usage", f"--{flag} is {text[:80]!r}; it must be {right}.", hint)


def _edition(text: str | None) -> Literal["cloud", "data-center"]:
    if text in (None, "cloud"):
        return "cloud"
    if text == "data-center":
        return "data-center"
    raise _wrong("edition", str(text), "cloud or data-center", "Leave it out for cloud.")


def _delay(text: str | None) -> float:
    if text is not None and not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII):
        raise _wrong("search-delay", text, "seconds, such as 2 or 0.5", "Leave it out for 0.")
    return float(text or 0)


def _port(text: str | None) -> int:
    if text is not None and not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise _wrong("port", text, "a number from 0 to 65535", "0 picks a free port.")
    return int(text or 0)


class _Ended(threading.Event):
    signum = 0


@contextlib.contextmanager
def _signals() -> Iterator[_Ended]:
    """An event that SIGINT or SIGTERM sets, instead of ending the process in the middle of something."""
    ended = _Ended()

    def end(signum: int, frame: FrameType | None) -> None:
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
    if cloud:
        variables = {"SITE": sandbox.address, "API_URL": sandbox.address}
        variables |= {"CLIENT_ID": known.client_id, "CLIENT_SECRET": known.client_secret}
        variables |= {"USER": known.user, "TOKEN": known.token}
    else:
        variables = {"SITE": sandbox.address, "TOKEN": known.personal_token}
    lines = [f"A pretend Jira {'Cloud' if cloud else 'Data Center'} site is listening on {sandbox.address}"]
    lines += [f"export JIRA_CI_{name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(lines) + "\n"


def _show(address: str, stdout: TextIO, open_browser: Opener) -> None:
    try:
        shown = open_browser(address)
    except Exception:  # noqa: BLE001 - whatever a browser does, the sandbox goes on
        shown = False
    if not shown:
        stdout.write(f"No browser could be opened; the pages are at {address}\n")
        stdout.flush()


def take_step(address: str, step: str, key: str, flags: Mapping[str, Any]) -> str:
    """Tell a sandbox that is being served one thing that people do to a change.

    Args:
        address: ``http://`` with the host and port of the sandbox.
        flags: the texts of the flags by name, None or nothing where one was not given.

    Returns:
        What the change is like now, in one sentence with the words of whoever wrote them.

    Raises:
        CommandError: a flag is wrong, there is no sandbox at the address, or it refused the step.
    """
    body: dict[str, Any] = {
        name: flags[name] for name in ("by", "status", "start", "end") if flags.get(name) is not None
    }
    polls = flags.get("after_polls")
    if polls is not None:
        if not (polls.isascii() and polls.isdigit() and len(polls) < 6):
            raise _wrong("after-polls", polls, "a whole number", "0 means now.")
        body["after-polls"] = int(polls)
    status, answer = _post(address, f"/sandbox/changes/{quote(key, safe='')}/{step}", body)
    if "approvals" not in answer and "error" not in answer:
        raise CommandError("network", f"{address} answered, and is no sandbox.", "Set --at to the address it printed.")
    if status != 200:
        told = str(answer.get("error", f"it answered {status}"))
        raise CommandError(
            "rejected", f"The sandbox refused to {step} {key[:80]}: {told[:300]}", "Its page shows what can be done."
        )
    later = f"; {step} follows after {body['after-polls']} more reads" if body.get("after-polls") else ""
    decisions = ", ".join(f"{one['name']} {one['decision']}" for one in answer["approvals"]) or "no approval"
    return f"{answer['key']} is in {answer['status']['name']}, {decisions}{later}."


def set_clock(address: str, moment: str) -> str:
    """Tell a sandbox that is being served what time it is in Jira, in one sentence as :func:`take_step`.

    Args:
        moment: with an offset, such as ``2026-12-24T03:00:00+01:00``.

    Raises:
        CommandError: there is no sandbox at the address, or this is no moment.
    """
    status, answer = _post(address, "/sandbox/clock", {"now": moment})
    if status != 200 or "now" not in answer:
        told = str(answer.get("error", f"it answered {status}"))
        raise CommandError("rejected", f"The sandbox does not set its clock: {told[:300]}", "Give a date and time.")
    return f"It is {answer['now']} in the sandbox."


def _post(address: str, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_PATIENCE)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        document = json.loads(answer.read() or b"{}") if "json" in answer.headers.get("Content-Type", "") else {}
        return answer.status, document if isinstance(document, dict) else {}
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CommandError(
            "network",
            f"No sandbox answers at {address}: {str(error)[:200]}.",
            "Start one with jira-ci sandbox, and set --at to the address it prints.",
        ) from error
    finally:
        connection.close()
