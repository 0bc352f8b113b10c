"""What all tests share: the sandbox, held against the contract, and a wall around the machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

import contract
from jira_sandbox.server import Sandbox

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_OUTSIDE: list[str] = []


# No test asserts a time: on a busy machine every example may take long.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "bad_requests(reason): requests of this test break Jira's rules; the sandbox must refuse those"
    )


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests wait for processes and sockets a part of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not contract.available():
        terminalreporter.write_line(f"SKIPPED: {contract.ABSENT}")


@pytest.fixture(autouse=True)
def _machine_may_be_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longer than a second is said, and a test that compares all that was said knows no seconds."""
    monkeypatch.setattr("jira_ci.output.console.PATIENCE", 600.0)


@pytest.fixture(autouse=True)
def _nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written to a change settles at once; tests of simultaneous gates say how long it takes there."""
    monkeypatch.setattr("jira_ci.gate.pinning.SETTLING", 0.05)


@pytest.fixture
def start_sandbox(request: pytest.FixtureRequest) -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes with options of :class:`Sandbox`; stops them and validates their exchanges afterwards."""
    started: list[Sandbox] = []

    def start(**options: Any) -> Sandbox:
        sandbox = Sandbox(**options)
        started.append(sandbox)
        sandbox.start()
        return sandbox

    yield start
    for sandbox in started:
        sandbox.stop()
    bad_requests = request.node.get_closest_marker("bad_requests") is not None
    problems = [problem for sandbox in started for problem in _verify(sandbox, bad_requests)]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """A pretend Jira site with the default issues, held against the contract at the end."""
    return start_sandbox()


def _verify(sandbox: Sandbox, bad_requests: bool) -> list[str]:
    refusals = sandbox.site.refused.values()
    found = contract.verify(
        sandbox.exchanges,
        bad_requests=bad_requests,
        refusals=refusals,
        data_center=not sandbox.edition.is_cloud,
    )
    return [*sandbox.faults, *found]


@pytest.fixture(scope="session", autouse=True)
def _wall() -> Iterator[None]:
    """Nothing leaves the machine: other addresses are refused, and names that mean none are unknown."""
    with pytest.MonkeyPatch.context() as patch:
        for name in _PROXIES:
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded_connect(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What commands leave among the temporary files is gone with those of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
        yield


@pytest.fixture(autouse=True)
def _nobody_went_outside(_wall: None) -> Iterator[None]:
    _OUTSIDE.clear()
    yield
    if _OUTSIDE:
        pytest.fail(f"the test wanted to reach {', '.join(_OUTSIDE)}", pytrace=False)


def _guarded_connect(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any, /) -> Any:
        if isinstance(address, tuple):
            _check(str(address[0]))
        return connect(self, address)

    return guarded


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        # Reserved for names that do not exist (RFC 2606): tests of unknown hosts use them.
        if isinstance(name, str) and name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        _check(name or "localhost")
        return lookup(host, *arguments, **options)

    return guarded


def _check(host: str) -> None:
    try:
        loopback = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        _OUTSIDE.append(host)
        raise RuntimeError(f"tests reach nothing but this machine, and {host} is another one")
