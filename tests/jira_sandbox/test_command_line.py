"""``jira-ci sandbox`` as a process: what it prints, how it ends, the steps, and how it says that it cannot."""

from __future__ import annotations

import argparse
import http.client
import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

import pytest

from jira_ci.commands import sandbox as command
from jira_ci.errors import JiraCiError, UsageError
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from sandbox_socket import ask

signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def step(sandbox: Sandbox | None, *words: str, **environ: str) -> str:
    parser, told = argparse.ArgumentParser(), io.StringIO()
    command.add_arguments(parser)
    known = {"JIRA_CI_SITE": sandbox.address} if sandbox else {}
    assert command.run(parser.parse_args(words), told, {**known, **environ}) == 0
    return told.getvalue()


PROGRAM = """
import argparse, sys
from jira_ci.commands import sandbox as command
parser = argparse.ArgumentParser()
command.add_arguments(parser)
sys.exit(command.run(parser.parse_args(), sys.stdout))
"""


@contextmanager
def running(*flags: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def parse(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(flags)


class Lines(io.TextIOBase):
    """A stdout whose writes can be waited for."""

    def __init__(self) -> None:
        self.written: queue.Queue[str] = queue.Queue()

    def write(self, text: str) -> int:
        self.written.put(text)
        return len(text)


def serve(*flags: str, open_browser: Callable[[str], object]) -> tuple[Lines, int]:
    """Serves until ``open_browser`` sends the signal that ends it."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    out = Lines()
    return out, command.run(parser.parse_args(flags), out, {}, open_browser)  # type: ignore[arg-type]


def end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_steps_are_taken_from_the_command_line(sandbox: Sandbox) -> None:
    key = sandbox.desk.create("Deploy").key
    assert step(sandbox, "transition", key, "Authorize") == "OPS-1000 is in Authorize, Authorize pending.\n"
    told = step(sandbox, "approve", key, "--by", "ana", "--after-polls", "2")
    assert told == "OPS-1000 is in Authorize, Authorize pending; approve follows after 2 more reads.\n"
    step(sandbox, "window", key, "--start", "2026-03-01T10:00:00Z", "--end", "2026-03-01T12:00:00Z", "--by", "ben")
    shown = ask(sandbox, "GET", f"/sandbox/changes/{key}")[0]
    assert shown["fields"] == {
        "Planned start": "2026-03-01T10:00:00.000+0000",
        "Planned end": "2026-03-01T12:00:00.000+0000",
    }
    assert step(None, "decline", key, "--at", sandbox.address) == "OPS-1000 is in Authorize, Authorize declined.\n"


def test_the_clock_is_set_and_goes_on(sandbox: Sandbox) -> None:
    told = step(sandbox, "clock", "2026-12-24T03:00:00+01:00")
    assert told.startswith("It is 2026-12-24T02:00:0")
    assert 0 <= (sandbox.clock.now() - datetime(2026, 12, 24, 2, tzinfo=timezone.utc)).total_seconds() < 100
    with pytest.raises(JiraCiError, match="is no date-time with an offset"):
        step(sandbox, "clock", "tomorrow")


@pytest.mark.parametrize(
    ("words", "site", "code", "sentence"),
    [
        (["approve", "OPS-1000"], "", 2, "not known which sandbox"),
        (["approve", "OPS-1000"], "https://acme.atlassian.net", 2, "a sandbox is on this machine"),
        (["approve", "OPS-1000", "--at", "http://example.com"], "", 2, "plain http"),
        (["approve", "OPS-1000", "--after-polls", "-1"], None, 2, "--after-polls is '-1'"),
        (["approve", "OPS-1000", "--after-polls", "x"], None, 2, "--after-polls is 'x'"),
        (["approve", "OPS-1000"], None, 8, "Nobody is asked to approve"),
        (["approve", "../../x"], None, 8, "There is no issue"),
        (["transition", "OPS-1000", "Nowhere"], None, 8, "There is no status"),
        (["window", "OPS-1000", "--start", "soon"], None, 8, "is no date-time"),
        (["approve", "OPS-1000"], "http://127.0.0.1:9", 7, "No sandbox answers at http://127.0.0.1:9"),
    ],
)
def test_a_step_that_cannot_be_taken_is_said(
    sandbox: Sandbox, words: list[str], site: str | None, code: int, sentence: str
) -> None:
    sandbox.desk.create("Deploy")
    with pytest.raises(JiraCiError) as raised:
        step(None, *words, JIRA_CI_SITE=sandbox.address if site is None else site)
    assert sentence in str(raised.value)
    assert (raised.value.exit, bool(raised.value.hint)) == (code, True)


def test_a_step_to_something_else_is_said(sandbox: Sandbox) -> None:
    sandbox.before = lambda _: Answer(200, b"<html>", {"Content-Type": "text/html"})
    with pytest.raises(JiraCiError, match="is no sandbox"):
        step(sandbox, "approve", "OPS-7")


def test_the_steps_are_part_of_the_program(sandbox: Sandbox) -> None:
    key = sandbox.desk.create("Deploy").key
    words = ["sandbox", "transition", key, "Planning", "--at", sandbox.address]
    done = subprocess.run([sys.executable, "-m", "jira_ci", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "OPS-1000 is in Planning, no approval.\n", "")


@pytest.mark.parametrize(
    "flags",
    [["--edition", "server"], ["--language", "xx"], ["--search-delay", "-1"], ["--search-delay", "x"], ["--token", ""]],
)
def test_a_flag_of_the_desk_that_cannot_be_meant_is_said(flags: list[str]) -> None:
    with pytest.raises(JiraCiError) as raised:
        step(None, *flags)
    assert (raised.value.exit, flags[0] in str(raised.value)) == (2, True)


@signals
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_until_a_signal_and_ends_quietly(signum: int, code: int, tmp_path: Path) -> None:
    with running("--state", str(tmp_path / "s.json"), "--client-id", "my id", "--projects", "WEB:5") as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(7)]
        address = lines[0].rpartition(" ")[2]
        assert lines[1:] == [
            f"export JIRA_CI_SITE={address}",
            f"export JIRA_CI_API_URL={address}",
            "export JIRA_CI_CLIENT_ID='my id'",
            "export JIRA_CI_CLIENT_SECRET=sandbox-secret",
            "export JIRA_CI_USER=release@example.com",
            "export JIRA_CI_TOKEN=sandbox-api-token",
        ]
        with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)) as connection:
            connection.request("GET", "/sandbox/issues/WEB-6")
            assert connection.getresponse().status == 404
        process.send_signal(signum)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == code


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--port", "x"], "--port is 'x'; it must be a number from 0 to 65535"),
        (["--port", "65536"], "--port is '65536'"),
        (["--port", "-1"], "--port is '-1'"),
        (["--port", ""], "--port is ''"),
        (["--port", "9" * 5000], "--port is '999"),
        (["--port", "٣"], "--port is '٣'"),
        (["--projects", "web"], "'web' is not a project"),
        (["--issues", ""], "'' is not an issue key"),
        (["--cloud-id", " "], "--cloud-id is empty"),
        (["--client-secret", ""], "--client-secret is empty"),
        (["--state", "."], "cannot be read"),
        (["--state", ""], "cannot be read"),
    ],
)
def test_a_flag_that_cannot_be_meant_is_said(flags: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        command.run(parse(*flags), io.StringIO())
    assert sentence in raised.value.message
    assert raised.value.hint


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use") as raised:
            command.run(parse("--port", str(port)), io.StringIO())
    assert raised.value.exit == 2


@signals
def test_the_browser_is_shown_the_address_of_the_first_line() -> None:
    shown: list[str] = []

    def browser(address: str) -> bool:
        shown.append(address)
        end()
        return True

    out, code = serve("--open", open_browser=browser)
    assert code == 143
    assert shown == [out.written.get().splitlines()[0].rpartition(" ")[2]]
    assert out.written.empty()


@signals
@pytest.mark.parametrize("fault", [False, OSError("no display")])
def test_without_a_browser_the_sandbox_says_where_to_look(fault: object) -> None:
    def browser(address: str) -> object:
        threading.Timer(0.5, end).start()
        if isinstance(fault, Exception):
            raise fault
        return fault

    out, _ = serve("--open", open_browser=browser)
    address = out.written.get().splitlines()[0].rpartition(" ")[2]
    assert out.written.get(timeout=10) == f"No browser could be opened; the pages are at {address}\n"


@signals
def test_without_the_flag_no_browser_is_opened() -> None:
    threading.Timer(0.7, end).start()
    _, code = serve(open_browser=lambda address: pytest.fail(address))
    assert code == 143


@signals
def test_the_example_is_there_from_the_start_and_leaves_what_was_kept_alone(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    sizes = []
    for _ in range(2):
        serve("--example", "--state", str(state), "--open", open_browser=lambda _: end())
        sizes.append(state.read_text(encoding="utf-8").count('"deploymentSequenceNumber"'))
    assert sizes[0] == sizes[1] > 100
