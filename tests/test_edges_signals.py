"""SIGINT and SIGTERM, sent to real processes in the middle of an exchange."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from faulty_server import FaultyServer, Step, cut, hang, reply
from jira_ci.edges import Signals
from jira_ci.errors import Exit, Interrupted
from jira_ci.timing import Deadline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send itself these signals")

# As the command line does it: install, hurry the deadline, end with 128 and the signal's number.
_CHILD = """
import sys, time
from jira_ci.timing import Deadline
from jira_ci.errors import NetworkError
from jira_ci.http import Client
from jira_ci.exchange import Request
from jira_ci.edges import Signals

signals = Signals()
signals.install()
signals.deadline = Deadline(300)
try:
    Client(signals.deadline).send(Request("GET", sys.argv[1], "tell"))
except NetworkError as error:
    print(error.message)
if sys.argv[2] == "stuck":
    time.sleep(300)
sys.exit(128 + signals.received)
"""


def start(server: FaultyServer, then: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _CHILD, f"{server.url}/", then]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


CASES: list[tuple[signal.Signals, Step, str, int]] = [
    (signal.SIGINT, hang, "", 130),
    (signal.SIGTERM, hang, "", 143),
    (signal.SIGTERM, reply(429, b"", retry_after="200"), "", 143),
    (signal.SIGTERM, cut(b""), "", 143),
    (signal.SIGTERM, hang, "stuck", 143),
]


def test_a_process_told_to_go_tries_nothing_again_and_goes_before_the_runner_kills_it() -> None:
    servers = [FaultyServer([step]).__enter__() for _, step, _, _ in CASES]
    children = [start(server, then) for server, (_, _, then, _) in zip(servers, CASES, strict=True)]
    try:
        asked = [_asked(server) for server in servers]
        for child, (number, _, _, _) in zip(children, CASES, strict=True):
            child.send_signal(number)
        outputs = [child.communicate(timeout=30)[0] for child in children]
        assert [child.returncode for child in children] == [code for *_, code in CASES]
        assert [len(server.requests) for server in servers] == asked
        assert "no complete answer came before the deadline" in outputs[0]
        assert "Traceback" not in "".join(outputs)
    finally:
        for child in children:
            child.kill()
            child.communicate()
        for server in servers:
            server.__exit__(None, None, None)


def _asked(server: FaultyServer) -> int:
    """Waits for the first request."""
    while not server.requests:
        server.pause()
    return len(server.requests)


@pytest.fixture(name="signals")
def _signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signals = Signals()
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(name="no_last_resort")
def _no_last_resort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jira_ci.edges._leave", lambda _: None)


@pytest.mark.usefixtures("no_last_resort")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, Exit.SIGINT), (signal.SIGTERM, Exit.SIGTERM)])
def test_before_there_is_a_deadline_a_signal_interrupts_at_once(signals: Signals, number: int, code: Exit) -> None:
    signals.install()
    with pytest.raises(Interrupted) as caught:
        signal.raise_signal(number)
    assert caught.value.exit == code
    assert signals.received == number


@pytest.mark.usefixtures("no_last_resort")
def test_a_second_signal_changes_nothing(signals: Signals) -> None:
    signals.install()
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    assert signals.received == signal.SIGTERM


@pytest.mark.usefixtures("no_last_resort")
def test_a_deadline_that_comes_after_the_signal_is_hurried_too(signals: Signals) -> None:
    signals.install()
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)
    signals.deadline = Deadline(60, lambda: 0.0)
    assert (signals.deadline.hurried, signals.deadline.remaining()) == (True, 5.0)


@pytest.mark.usefixtures("no_last_resort")
def test_with_a_deadline_a_signal_hurries_it_and_interrupts_nothing(signals: Signals) -> None:
    signals.install()
    signals.deadline = Deadline(60, lambda: 0.0)
    signal.raise_signal(signal.SIGINT)
    assert (signals.received, signals.deadline.hurried) == (signal.SIGINT, True)
