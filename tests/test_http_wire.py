"""What goes over the wire: credentials, extra headers, connections, cookies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from faulty_server import FaultyServer, reply
from jira_ci.exchange import Request
from jira_ci.http import Client
from patience import Patience

GOOD = reply(200, {"ok": True})


def test_the_bearer_goes_with_its_request_only() -> None:
    with FaultyServer([GOOD]) as server:
        client = Client(Patience())
        client.send(Request("GET", f"{server.url}/a", "tell", bearer="abc"))
        client.send(Request("GET", f"{server.url}/b", "tell"))
        client.close()
    assert [seen.headers.get("authorization") for seen in server.requests] == ["Bearer abc", None]


def test_netrc_never_adds_a_credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("default login me password mine\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with FaultyServer([GOOD]) as server:
        client = Client(Patience())
        client.send(Request("GET", f"{server.url}/", "tell"))
        client.send(Request("POST", f"{server.url}/", "take", {}, bearer="abc"))
        client.close()
    assert [seen.headers.get("authorization") for seen in server.requests] == [None, "Bearer abc"]


def test_extra_headers_reach_the_site_and_no_other_host() -> None:
    with FaultyServer([GOOD]) as site, FaultyServer([GOOD]) as api:
        client = Client(Patience(), site_headers={"CF-Access-Client-Id": "me", "accept": "text/html"})
        client.send(Request("GET", f"{site.url}/", "tell", site=True))
        client.send(Request("POST", f"{api.url}/", "take", {}))
        client.close()
    assert site.requests[0].headers["cf-access-client-id"] == "me"
    assert "cf-access-client-id" not in api.requests[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        reply(404, {"errorMessages": ["no"]}),
        reply(404, b""),
        reply(204, b""),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nTrailer: z\r\n\r\n",
    ],
    ids=["length", "error", "empty", "204", "chunks", "trailer"],
)
def test_the_connection_is_used_again(answer: bytes) -> None:
    with FaultyServer([answer]) as server:
        client = Client(Patience())
        for _ in range(3):
            client.send(Request("GET", f"{server.url}/", "tell"))
        client.close()
    assert (len(server.requests), server.connections) == (3, 1)


def test_cookies_are_not_kept() -> None:
    with FaultyServer([reply(200, {}, set_cookie="a=b; Path=/")]) as server:
        client = Client(Patience())
        client.send(Request("GET", f"{server.url}/", "tell"))
        client.send(Request("GET", f"{server.url}/", "tell"))
        client.close()
    assert [seen.headers.get("cookie") for seen in server.requests] == [None, None]


def test_a_body_is_sent_as_utf_8_json_and_half_a_character_breaks_nothing() -> None:
    with FaultyServer([GOOD]) as server:
        client = Client(Patience())
        client.send(Request("POST", f"{server.url}/", "take", {"a": "ÄÖ\ud83d"}))
        client.close()
    assert server.requests[0].json() == {"a": "ÄÖ?"}
    assert server.requests[0].headers["content-type"] == "application/json"
    assert server.requests[0].headers["user-agent"].startswith("jira-ci/")


def test_nothing_is_loaded_that_guesses_encodings() -> None:
    program = (
        "import sys; from jira_ci.http import Client; from jira_ci.timing import Deadline; Client(Deadline(1))\n"
        "assert 'requests' in sys.modules and 'charset_normalizer' not in sys.modules\n"
        "import charset_normalizer, requests\n"
        "assert charset_normalizer.from_bytes and requests.compat.chardet.detect(b'\\xe4') == {'encoding': 'utf-8'}"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)
