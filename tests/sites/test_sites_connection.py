"""From the settings to a gateway."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from faulty_server import FaultyServer, reply
from jira_ci.context import Context, make_console, open_context
from jira_ci.edges import Edges
from jira_ci.errors import UsageError
from jira_ci.jira.access import Access
from jira_ci.jira.auth import Login
from jira_ci.run import CI, Run
from jira_ci.settings import Settings, resolve
from jira_ci.sites.session import SiteSession
from jira_ci.sites.sites import Site, cloud_access, headers_of, withheld

RUN = Run(CI.GITHUB, "o/r", "1", "https://github.com/o/r", "c" * 40, 7, "https://github.com/o/r/actions/runs/9")
GIVEN = {"JIRA_CI_SITE": "acme.atlassian.net", "JIRA_CI_CLIENT_ID": "id", "JIRA_CI_CLIENT_SECRET": "s3cr3t"}
FORK = "a pull request from a fork"


def settings(**changes: str) -> Settings:
    environ = {**GIVEN, **{"JIRA_CI_" + name.upper(): value for name, value in changes.items()}}
    return resolve({}, {name: value for name, value in environ.items() if value})


def context(environ: Mapping[str, str], folder: Path) -> Context:
    edges = Edges(environ, folder, io.StringIO(), io.StringIO())
    found = resolve({}, environ)
    return open_context(found, make_console(found, edges), edges)


def open_session(given: Context) -> Login:
    return SiteSession(given, Site("default", given.settings)).cloud()


def test_the_target_of_the_settings() -> None:
    assert cloud_access(settings()) == Access(
        "https://acme.atlassian.net", "https://api.atlassian.com", client_id="id", client_secret="s3cr3t"
    )
    assert cloud_access(settings(site="", cloud_id="abc", api_url="http://127.0.0.1:1/")) == Access(
        "", "http://127.0.0.1:1", "abc", client_id="id", client_secret="s3cr3t"
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"site": ""}, "site is not set"),
        ({"client_id": ""}, "client-id is not set"),
        ({"client_id": "", "client_secret": ""}, "client-id and client-secret are not set"),
        ({"site": "me:s3cr3t@acme.atlassian.net"}, "holds a user name or password"),
        ({"api_url": "http://acme.example"}, "plain http"),
        ({"cloud_id": "../x"}, "no cloud id"),
        ({"instance": "other"}, "disagree"),
    ],
)
def test_what_is_missing_or_cannot_be_meant_is_said(changes: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        cloud_access(settings(**changes))
    assert caught.value.hint
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({}, "", ""),
        ({}, FORK, ""),
        ({"client_secret": ""}, "", ""),
        ({"client_secret": ""}, FORK, f"client-secret is not there: {FORK} gets no secrets."),
        (
            {"client_id": "", "client_secret": ""},
            FORK,
            f"client-id and client-secret are not there: {FORK} gets no secrets.",
        ),
    ],
)
def test_only_a_run_from_which_secrets_are_withheld_may_miss_them(
    changes: dict[str, str], reason: str, says: str
) -> None:
    run = dataclasses.replace(RUN, secrets_withheld=reason)
    assert withheld(settings(**changes), run) == says


def test_headers_secrets_and_warnings_of_a_gateway(tmp_path: Path) -> None:
    with FaultyServer(
        {"/_edge": [reply(200, {"cloudId": "c"})], "/oauth": [reply(200, {"access_token": "tok-en"})]}
    ) as jira:
        headers = "CF-Access-Client-Id: me\nX-Empty:\n X-Colons : a:b "
        given = context(
            {**GIVEN, "JIRA_CI_SITE": jira.url, "JIRA_CI_API_URL": jira.url, "JIRA_CI_HEADERS": headers}, tmp_path
        )
        login = open_session(given)
        login.prepare()
        login.client.close()
    site, api = jira.requests
    assert [site.headers.get(name) for name in ("cf-access-client-id", "x-empty", "x-colons")] == ["me", "", "a:b"]
    assert "x-colons" not in api.headers
    assert given.console.mask("it is tok-en") == "it is ***"


@pytest.mark.parametrize(
    "line",
    [
        "s3cr3t-without-a-colon",
        "A B: s3cr3t",
        "X: s3cr3t\x01",
        ": s3cr3t",
        "X: s3cr3tä",
        "X: s3cr3t\x0b",
        "X: s3\tcr3t",
        "X: s3cr3t\x00",
        "\x1cX: s3cr3t",
        "X\x85: s3cr3t",
        "\xa0Host: s3cr3t",
        "X: s3cr3t\x7f",
        "X: s3cr3t\x0cHost: other.example",
    ],
)
def test_a_line_that_is_no_header_is_refused_and_not_shown(line: str, tmp_path: Path) -> None:
    given = context({**GIVEN, "JIRA_CI_HEADERS": f"X-Good: 1\n{line}"}, tmp_path)
    with pytest.raises(UsageError, match="Line 2 of headers is no header") as caught:
        open_session(given)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "Host: other.example",
        "hOsT :other.example",
        "HOST\t:\tother.example",
        "  Host  :  other.example  ",
        "Host:",
        "Content-Length: 0",
        "content_length: 0",
        "Content-Type: text/plain",
        "Content-Encoding: gzip",
        "Transfer-Encoding: chunked",
        "Transfer_Encoding: chunked",
        "Connection: upgrade",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: close",
        "Proxy-Authorization: Basic bm9ib2R5",
        "Expect: 100-continue",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
        "TE: trailers",
        "Trailer: X-Door",
        "Authorization: Basic bm9ib2R5",
        "Accept-Encoding: br",
        "Range: bytes=0-1",
        "If-None-Match: *",
        "X-Forwarded-Host: other.example",
        "Forwarded: host=other.example",
        "X-Original-URL: /rest/api/2/myself",
        "X-HTTP-Method-Override: DELETE",
    ],
)
def test_a_header_that_leads_frames_or_lets_in_is_refused(line: str, tmp_path: Path) -> None:
    given = context({**GIVEN, "JIRA_CI_HEADERS": f"X-Good: 1\n{line}"}, tmp_path)
    with pytest.raises(UsageError, match=r"Line 2 of headers sets [\w-]+, which belongs to jira-ci\. Take it out"):
        open_session(given)


def test_headers_of_doors_and_proxies_are_let_through(tmp_path: Path) -> None:
    lines = ["CF-Access-Client-Id: me", "Cookie: a=b", "X-Forwarded-For: 10.0.0.1", "X-Host: a", "Hosts: b", "Tea: c"]
    assert len(headers_of(context({**GIVEN, "JIRA_CI_HEADERS": "\n".join(lines)}, tmp_path).given.headers)) == len(
        lines
    )


def test_a_bundle_that_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.pem", tmp_path):
        with pytest.raises(UsageError, match="no such file can be read"):
            open_session(context({**GIVEN, "JIRA_CI_CA_BUNDLE": str(path)}, tmp_path))
