"""Certificates and proxies, with real ones on loopback."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
import trustme

from faulty_server import Act, Connection, FaultyServer, cut, reply, reset
from jira_ci.errors import NetworkError
from jira_ci.exchange import Request
from jira_ci.http import Client
from patience import Patience

GOOD = reply(200, {"ok": True})
PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


class Authority:
    """A certificate authority, its file, and servers that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.file = folder / f"ca-{id(self)}.pem"
        self.authority.cert_pem.write_to_path(self.file)

    def server(self, name: str = "127.0.0.1", expires: datetime.datetime | None = None) -> FaultyServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name, not_after=expires).configure_cert(context)
        return FaultyServer([GOOD], tls=context)


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def ask(url: str, ca_bundle: str = "", deadline: Patience | None = None) -> int:
    client = Client(deadline or Patience(), ca_bundle=ca_bundle, jitter=lambda: 1.0)
    try:
        return client.send(Request("GET", f"{url}/", "tell its cloud id")).status
    finally:
        client.close()


def refusal(url: str, ca_bundle: str = "") -> NetworkError:
    deadline = Patience()
    with pytest.raises(NetworkError) as caught:
        ask(url, ca_bundle, deadline)
    assert deadline.waits == []  # it would fail the same way again
    return caught.value


def test_a_bundle_lets_its_authority_in(authority: Authority) -> None:
    with authority.server() as server:
        assert ask(server.url, str(authority.file)) == 200


def test_an_unknown_authority_is_refused_at_once_with_advice(authority: Authority) -> None:
    with authority.server() as server:
        error = refusal(server.url)
    assert "its TLS certificate is not trusted" in error.message
    assert "ca-bundle" in error.hint
    assert server.requests == []


def test_an_expired_certificate_is_refused_at_once(authority: Authority) -> None:
    with authority.server(expires=PAST) as server:
        error = refusal(server.url, str(authority.file))
    assert "certificate has expired" in error.message
    assert "ca-bundle" in error.hint


def test_a_certificate_for_another_name_is_refused_at_once(authority: Authority) -> None:
    with authority.server("other.example") as server:
        error = refusal(server.url, str(authority.file))
    assert "its TLS certificate is another host's" in error.message
    assert "not valid for '127.0.0.1'" in error.message
    assert error.hint.startswith("Check the address: ")


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_setting_wins_over_the_environment(
    variable: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Authority(tmp_path)
    with authority.server() as server:
        monkeypatch.setenv(variable, str(other.file))
        assert ask(server.url, str(authority.file)) == 200
        monkeypatch.setenv(variable, str(authority.file))
        assert "not trusted" in refusal(server.url, str(other.file)).message


def test_without_the_setting_the_environment_counts(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    with authority.server() as server:
        assert ask(server.url) == 200


def test_a_bundle_that_is_gone_or_no_bundle_is_said(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("hello", encoding="utf-8")
    with authority.server() as server:
        for bundle in (str(nonsense), str(tmp_path / "gone.pem")):
            assert "ca-bundle" in refusal(server.url, bundle).hint
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
        assert "REQUESTS_CA_BUNDLE" in refusal(server.url).hint


def test_a_port_that_speaks_no_tls_is_refused_at_once() -> None:
    with FaultyServer([GOOD], on_connect=cut(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        error = refusal(server.url.replace("http:", "https:"))
    assert "no TLS connection came about" in error.message
    assert "speak https" in error.hint


@pytest.mark.parametrize("end", [reset, cut(b"")], ids=["reset", "closed"])
def test_a_handshake_that_breaks_is_tried_again(end: Act) -> None:
    def break_off(connection: Connection) -> None:
        connection.stream.recv(10_000)
        end(connection)

    with FaultyServer([GOOD], on_connect=break_off) as server:
        deadline = Patience()
        with pytest.raises(NetworkError, match="the connection failed"):
            ask(server.url.replace("http:", "https:"), deadline=deadline)
    assert deadline.waits == [2.0, 4.0, 8.0, 16.0]


def tunnel(status: str) -> FaultyServer:
    return FaultyServer([cut(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())])


def test_a_proxy_that_wants_a_login_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with tunnel("407 Proxy Authentication Required") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@{proxy.host}")
        error = refusal("https://site.example")
    assert "the proxy wants a login (407)" in error.message
    assert "HTTPS_PROXY" in error.hint
    assert "hunter2" not in str(error)
    assert [(seen.method, seen.path) for seen in proxy.requests] == [("CONNECT", "site.example:443")]


def test_a_proxy_that_forbids_the_host_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with tunnel("403 Forbidden") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = refusal("https://site.example")
    assert "the proxy refused the connection (Tunnel connection failed: 403 Forbidden)" in error.message
    assert "NO_PROXY" in error.hint


def test_a_proxy_in_trouble_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with tunnel("502 Bad Gateway") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(NetworkError, match="502"):
            ask("https://site.example")
    assert len(proxy.requests) == 5


def test_a_proxy_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match="the proxy could not be reached") as caught:
        ask("https://site.example")
    assert "HTTPS_PROXY" in caught.value.hint


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:1", "http://me:hunter2@:bad:", "nonsense://x"])
def test_a_proxy_that_cannot_be_meant_is_said_without_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = refusal("https://site.example")
    assert "HTTPS_PROXY" in error.hint
    assert "hunter2" not in str(error)


def test_a_port_of_407_is_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    deadline = Patience()
    with pytest.raises(NetworkError):
        ask("https://site407.example:40712", deadline=deadline)
    assert len(deadline.waits) == 4


def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultyServer([GOOD]) as server, FaultyServer([reply(407, b"")]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert ask(server.url) == 407
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert ask(server.url) == 200
    assert (len(proxy.requests), len(server.requests)) == (1, 1)


def test_the_tunnel_carries_neither_token_nor_extra_headers_to_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with tunnel("403 Forbidden") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        client = Client(Patience(), site_headers={"X-Secret": "s"})
        with pytest.raises(NetworkError):
            client.send(Request("GET", "https://site.example/", "tell", bearer="abc", site=True))
        client.close()
    assert not {"authorization", "x-secret"} & proxy.requests[0].headers.keys()
