"""Connections that are begun before there is a client: the same that it would make, or none."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from faulty_server import FaultyServer, reply
from jira_ci import preconnect
from jira_ci.errors import NetworkError
from jira_ci.exchange import Request
from jira_ci.http import Client
from jira_ci.preconnect import Preconnected
from patience import Patience

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there a proxy may be known to the system")
GOOD = reply(200, {"ok": True})


@dataclass
class Place:
    server: FaultyServer
    bundle: str
    authority: trustme.CA
    folder: Path

    def ask(self, preconnected: Preconnected, bundle: str = "") -> int:
        client = Client(Patience(), ca_bundle=bundle or self.bundle, preconnected=preconnected)
        try:
            return client.send(Request("GET", f"{self.server.url}/", "tell its cloud id")).status
        finally:
            client.close()
            preconnected.close()

    def begun(self, bundle: str = "", **environ: str) -> Preconnected:
        preconnected = Preconnected()
        preconnected.begin(f"{self.server.url}/some/path", environ, bundle or self.bundle)
        return preconnected

    def is_begun(self, preconnected: Preconnected) -> bool:
        port = int(self.server.url.rpartition(":")[2])
        taken = preconnected.take("127.0.0.1", port, self.bundle)
        if taken is not None:
            taken.close()
        return taken is not None


def bundle_of(authority: trustme.CA, file: Path) -> str:
    authority.cert_pem.write_to_path(file)
    return str(file)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with FaultyServer([GOOD], tls=context) as server:
        yield Place(server, bundle_of(authority, tmp_path / "ca.pem"), authority, tmp_path)


def test_what_was_begun_is_used_and_nothing_else_is_made(place: Place) -> None:
    assert place.ask(place.begun()) == 200
    assert place.server.connections == 1


def test_the_client_makes_its_own_where_nothing_was_begun_or_it_is_old(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.ask(Preconnected()) == 200
    monkeypatch.setattr(preconnect, "_FRESH", 0.0)
    assert place.ask(place.begun()) == 200
    assert place.server.connections == 3


def test_a_connection_is_for_those_alone_who_believe_the_same_authorities(place: Place) -> None:
    other = bundle_of(trustme.CA(), place.folder / "other.pem")
    with pytest.raises(NetworkError, match="its TLS certificate is not trusted"):
        place.ask(place.begun(), bundle=other)
    assert place.ask(place.begun(bundle=other)) == 200
    assert place.ask(place.begun(bundle=str(place.folder / "gone.pem"))) == 200


def test_a_certificate_for_another_name_is_refused_as_ever(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with FaultyServer([GOOD], tls=context) as server:
        there = Place(server, bundle_of(authority, tmp_path / "ca.pem"), authority, tmp_path)
        with pytest.raises(NetworkError, match=r"not valid for '127\.0\.0\.1'"):
            there.ask(there.begun())
        assert server.requests == []


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_nothing_is_begun_where_a_proxy_may_be_between(place: Place, name: str) -> None:
    assert not place.is_begun(place.begun(**{name: "http://proxy.invalid:3128"}))
    assert place.server.connections == 0
    assert place.is_begun(place.begun(**{name: ""}))


def test_authorities_come_from_the_environment_where_no_setting_names_them(place: Place) -> None:
    preconnected = Preconnected()
    preconnected.begin(place.server.url, {"REQUESTS_CA_BUNDLE": place.bundle}, "")
    assert place.is_begun(preconnected)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "https://[::1]:1", "https://acme.example.:1", "acme", ""])
def test_nothing_is_begun_with_what_the_client_may_write_otherwise(address: str) -> None:
    preconnected = Preconnected()
    preconnected.begin(address, {}, "")
    assert preconnected._begun == {}


def test_whoever_says_nothing_is_given_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not once more by the client, which would take as long again."""
    monkeypatch.setattr(preconnect, "CONNECT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"https://127.0.0.1:{silent.getsockname()[1]}"
        preconnected = Preconnected()
        preconnected.begin(address, {}, bundle_of(trustme.CA(), tmp_path / "ca.pem"))
        client = Client(Patience(0.5), preconnected=preconnected)
        with pytest.raises(NetworkError, match=r"127\.0\.0\.1"):
            client.send(Request("POST", f"{address}/", "take a report"))
        client.close()
        silent.accept()[0].close()
        silent.settimeout(0.05)
        with pytest.raises(TimeoutError):
            silent.accept()
