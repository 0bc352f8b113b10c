"""``jira-ci sandbox`` as a process: what it prints, how it ends, and how it says that it cannot start."""

from __future__ import annotations

import argparse
import http.client
import io
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jira_ci.commands import sandbox
from jira_ci.errors import UsageError

PROGRAM = """
import argparse, sys
from jira_ci.commands import sandbox
parser = argparse.ArgumentParser()
sandbox.add_arguments(parser)
sys.exit(sandbox.run(parser.parse_args(), sys.stdout))
"""


@contextmanager
def running(*flags: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def parse(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    sandbox.add_arguments(parser)
    return parser.parse_args(flags)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
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
        sandbox.run(parse(*flags), io.StringIO())
    assert sentence in raised.value.message
    assert raised.value.mend


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use") as raised:
            sandbox.run(parse("--port", str(port)), io.StringIO())
    assert raised.value.exit == 2
