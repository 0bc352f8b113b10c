"""Proxy and certificate authorities hold for every kind of connection alike, with real TLS through a real tunnel."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

import scenes
from faulty_server import FaultyServer, Step, reply
from gate_jobs import EVENT, POLICY, commit
from scenes import Job
from tunnel import Tunnel

PATH = os.environ["PATH"]
NUMBER = {"pipelineId": "x", "buildNumber": 41}
SCRIPT: Mapping[str, list[Step]] = {
    "/_edge": [reply(200, {"cloudId": "11-22"})],
    "/oauth": [reply(200, {"access_token": "tok-en"})],
    "/jira": [reply(202, {"acceptedBuilds": [NUMBER]})],
    "/rest/api/3/serverInfo": [reply(404)],
    "/rest/api/2/issue": [reply(201, {"id": 1, "self": "x"})],
    "": [reply(403, {"errorMessages": ["no"]})],
}


def push(folder: Path, **environ: str) -> Job:
    job = scenes.github(folder, PATH, EVENT)
    commit(job, "environments: {Prod: production}\n")
    job.environ |= {"JIRA_CI_ISSUE_KEYS": "WEB-12", **environ}
    return job


def cloud(folder: Path) -> Job:
    site = {"JIRA_CI_SITE": "https://site.invalid", "JIRA_CI_API_URL": "https://api.invalid"}
    return push(folder, **site, JIRA_CI_CLIENT_ID="id", JIRA_CI_CLIENT_SECRET="s3cret")


def data_center(folder: Path) -> Job:
    return push(folder, JIRA_CI_SITE="https://center.invalid/jira", JIRA_CI_TOKEN="t0k3n", JIRA_CI_USER="ana")


def named(folder: Path) -> Job:
    job = push(folder, JIRA_CI_EMEA_TOKEN="t0k3n", JIRA_CI_CONNECTION="emea")
    commit(job, "connections: {emea: {site: emea.invalid, credentials: EMEA}}\n")
    return job


def gated(folder: Path) -> Job:
    job = push(folder, JIRA_CI_TOKEN="t0k3n")
    commit(job, POLICY.format(site="https://gate.invalid", more=""))
    return job


def gated_elsewhere(folder: Path) -> Job:
    job = push(
        folder, JIRA_CI_EMEA_TOKEN="t0k3n", JIRA_CI_EMEA_HEADERS="X-Door: of-emea", JIRA_CI_HEADERS="X-Door: mine"
    )
    more = "connection: emea\nconnections: {emea: {site: desk.invalid, credentials: EMEA}}"
    commit(job, POLICY.format(site="https://gate.invalid", more=more))
    return job


def github(folder: Path) -> Job:
    job = scenes.github(folder, PATH, scenes.pull_request("Pay by card"), "pull_request")
    job.environ |= {"GITHUB_API_URL": "https://github.invalid/api/v3", "JIRA_CI_GITHUB_TOKEN": "t0k3n"}
    return job


def gitlab(folder: Path) -> Job:
    job = scenes.gitlab(folder, PATH)
    job.environ |= {"CI_API_V4_URL": "https://gitlab.invalid/api/v4", "JIRA_CI_GITLAB_TOKEN": "t0k3n"}
    return job


@dataclass(frozen=True)
class Kind:
    """A kind of connection: a job that needs it, a command, and the hosts that are asked."""

    make: Callable[[Path], Job]
    command: tuple[str, ...]
    hosts: frozenset[str]
    bundle: str = "JIRA_CI_CA_BUNDLE"
    """The variable that names the certificate authorities."""


BUILD = ("build", "--state", "success")
GATE = ("gate", "--environment", "Prod", "--version", "1.2.3")
KEYS = ("keys", "--environment", "Prod")
KINDS = {
    "site and gateway": Kind(cloud, BUILD, frozenset({"site.invalid", "api.invalid"})),
    "data center": Kind(data_center, BUILD, frozenset({"center.invalid"})),
    "named connection": Kind(named, BUILD, frozenset({"emea.invalid"})),
    "check": Kind(cloud, ("check",), frozenset({"site.invalid", "api.invalid"})),
    "gate": Kind(gated, GATE, frozenset({"gate.invalid"})),
    "gate at a named connection": Kind(gated_elsewhere, GATE, frozenset({"desk.invalid"})),
    "github enterprise server": Kind(github, KEYS, frozenset({"github.invalid"})),
    "gitlab of one's own": Kind(gitlab, KEYS, frozenset({"gitlab.invalid"})),
    "gitlab's own authorities": Kind(gitlab, KEYS, frozenset({"gitlab.invalid"}), "CI_SERVER_TLS_CA_FILE"),
}
HOSTS = sorted({host for kind in KINDS.values() for host in kind.hosts})
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@dataclass(frozen=True)
class World:
    """One server that is every host, behind a proxy, and the file of the authority that vouches for it."""

    server: FaultyServer
    proxy: Tunnel
    authorities: Path

    @property
    def asked(self) -> set[str]:
        """The hosts that requests of ours reached."""
        return {seen.headers["host"] for seen in self.server.requests}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    authority = trustme.CA()
    file = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    with FaultyServer(SCRIPT, tls=context) as server, Tunnel(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield World(server, proxy, file)


@each_kind
def test_it_goes_through_the_proxy_and_trusts_the_bundle(kind: Kind, world: World, tmp_path: Path) -> None:
    job = kind.make(tmp_path / "job")
    job.environ[kind.bundle] = str(world.authorities)
    job.jira_ci(*kind.command)
    assert {wanted.removesuffix(":443") for wanted in world.proxy.wanted} == kind.hosts
    assert world.asked == kind.hosts


@each_kind
def test_without_the_bundle_nothing_is_said_to_a_stranger(kind: Kind, world: World, tmp_path: Path) -> None:
    ended = kind.make(tmp_path / "job").jira_ci(*kind.command)
    assert world.proxy.wanted != []
    assert world.asked == set()
    assert "ca-bundle" in ended.out + ended.err


@each_kind
def test_no_proxy_is_honoured(kind: Kind, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", ",".join(HOSTS))
    job = kind.make(tmp_path / "job")
    job.environ[kind.bundle] = str(world.authorities)
    job.jira_ci(*kind.command, JIRA_CI_TIMEOUT="1s")
    assert world.proxy.wanted == []


def test_the_gates_connection_has_headers_of_its_own(world: World, tmp_path: Path) -> None:
    gated_elsewhere(tmp_path / "job").jira_ci(*GATE, JIRA_CI_CA_BUNDLE=str(world.authorities))
    assert {seen.headers.get("x-door") for seen in world.server.requests} == {"of-emea"}


@pytest.mark.parametrize(
    ("make", "with_headers"),
    [(cloud, {"site.invalid"}), (data_center, {"center.invalid"})],
)
def test_headers_reach_the_site_and_never_the_gateway(
    make: Callable[[Path], Job], with_headers: set[str], world: World, tmp_path: Path
) -> None:
    bundle = str(world.authorities)
    make(tmp_path / "job").jira_ci(*BUILD, JIRA_CI_CA_BUNDLE=bundle, JIRA_CI_HEADERS="X-Door: open")
    assert {seen.headers["host"] for seen in world.server.requests if "x-door" in seen.headers} == with_headers
    without = [seen.path for seen in world.server.requests if "x-door" not in seen.headers]
    assert all(path.startswith(("/oauth", "/jira/builds")) for path in without)


def test_a_bundle_of_gitlab_that_is_not_there_is_left_alone(world: World, tmp_path: Path) -> None:
    ended = gitlab(tmp_path / "job").jira_ci(*KEYS, CI_SERVER_TLS_CA_FILE=str(tmp_path / "gone.pem"))
    assert world.asked == set()
    assert ended.code == 0
