"""Servers of one's own: their names, their paths, their certificate authorities."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from jira_ci.ci.api import Unreadable
from providers.description import Description, held
from providers.github_server import GitHub
from providers.gitlab_description import EXTRACT
from providers.gitlab_server import GitLab
from providers.questions import GITHUB, GITLAB, connected, settle
from providers.serving import Provider, serving


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate, in a file."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return str(tmp_path / "ca.pem")


@pytest.fixture
def at_home(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Provider, str], Provider]]:
    """Starts a provider under a name, at the usual port as far as anybody can see."""
    started = []

    def start(provider: Provider, name: str) -> Provider:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        block = serving(provider, context)
        block.__enter__()
        started.append(block)
        port = int(provider.address.rpartition(":")[2])
        known = socket.getaddrinfo

        def look_up(host: Any, asked: Any, *rest: Any, **more: Any) -> Any:
            there = host in (name, name.encode()) and asked == 443
            return known("127.0.0.1", port, *rest, **more) if there else known(host, asked, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        provider.address = f"https://{name}"
        return provider

    yield start
    for block in started:
        block.__exit__(None, None, None)


def test_github_enterprise_server_answers_everything(
    at_home: Callable[[Provider, str], Provider], bundle: str, published: dict[str, Description] | str
) -> None:
    server = at_home(GitHub("/api/v3"), "ghe.example")
    settle(server)
    for row in GITHUB:
        server.exchanges.clear()
        with connected(server, url="https://ghe.example/api/v3", ca=bundle) as client:
            row.ask(client)
        assert len(server.exchanges) == len(row.needs)
        assert held(server, [] if isinstance(published, str) else [published["ghes-3.19"]]) == []


def test_gitlab_below_a_path_answers_everything(at_home: Callable[[Provider, str], Provider], bundle: str) -> None:
    server = at_home(GitLab("/gitlab/api/v4"), "code.example")
    settle(server)
    for row in GITLAB:
        server.exchanges.clear()
        with connected(server, url="https://code.example/gitlab/api/v4", ca=bundle) as client:
            row.ask(client)
        assert len(server.exchanges) == len(row.needs)
        assert held(server, [Description(EXTRACT, "error")]) == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_setting_wins_over_the_environment(
    at_home: Callable[[Provider, str], Provider],
    bundle: str,
    variable: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv(variable, str(other))
    server = at_home(GitHub("/api/v3"), "ghe.example")
    settle(server)
    with connected(server, ca=bundle) as client:
        assert client.history.commit_message("0" * 39 + "3") == "WEB-3: part"
        assert client.runs.run("9001").number == 41


@pytest.mark.parametrize(
    ("server", "name"),
    [(GitHub("/api/v3"), "ghe.example"), (GitLab("/gitlab/api/v4"), "code.example")],
    ids=["GitHub", "GitLab"],
)
def test_an_authority_that_nobody_named_is_said(
    at_home: Callable[[Provider, str], Provider], server: Provider, name: str
) -> None:
    at_home(server, name)
    for row in GITHUB if isinstance(server, GitHub) else GITLAB:
        with connected(server) as client, pytest.raises(Unreadable) as caught:
            row.ask(client)
        assert f"({name}) could not be asked" in str(caught.value)
        assert "name a PEM file with its authority in ca-bundle" in str(caught.value)
    assert server.exchanges == []


def test_a_certificate_for_another_name_is_said(at_home: Callable[[Provider, str], Provider], bundle: str) -> None:
    server = at_home(GitHub("/api/v3"), "ghe.example")
    port = int(socket.getaddrinfo("ghe.example", 443)[0][4][1])
    url = f"https://127.0.0.1:{port}/api/v3"
    with connected(server, url=url, ca=bundle) as client, pytest.raises(Unreadable, match="ca-bundle"):
        client.history.pull_request(12)
    assert server.exchanges == []
