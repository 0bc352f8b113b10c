"""The gate: requests and connections by key and by title, CPU, the rounds of a long wait, and twenty gates at once."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trustme

from figures import scene
from figures.history import BEFORE, ROOT, built_before
from figures.process import jira_ci, memory, weigh
from figures.relay import Relay
from jira_ci.gate.polling import Backoff
from jira_sandbox.server import Sandbox

_POLICY = """\
project-name: Shop
jira: {{site: "{site}"}}
environments:
  Prod-EU: {{type: production, change-controlled: true}}
change-control: {{enabled: true, service-desk: OPS, minimum-approvals: 1}}
"""
_ASK = ("gate", "--environment", "Prod-EU", "--version", "1.4.0")
_TWO_HOURS = 7200.0
ROUND_TRIP = 0.040  # seconds


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary, Sandbox() as sandbox:
        folder = Path(temporary) / "shop"
        folder.mkdir()
        environ = _environ(folder, sandbox)
        key = _approved(sandbox, "1.4.0")
        weigh(jira_ci(*_ASK), environ, str(folder), times=1)  # writes the bytecode
        for how, more in (("key", ("--change", key)), ("title", ())):
            first, connections = len(sandbox.exchanges), sandbox.connections
            weigh(jira_ci(*_ASK, *more), environ, str(folder), times=1)
            paths = [one.path for one in sandbox.exchanges[first:]]
            keeping = sum("/properties" in path for path in paths)
            asked = f"{len(paths) - keeping} questions, {sandbox.connections - connections} connections"
            told = f"at most {4 if how == 'key' else 5} on 1; {keeping} more keep the record"
            print(f"gate by {how}: {asked} ({told})")
        ours = weigh(jira_ci(*_ASK, "--change", key), environ, str(folder), times=10)
        print(
            f"gate by key: {ours}, {memory([*_ASK, '--change', key], environ, str(folder)):.0f} MB (at most 350 ms CPU)"
        )
        print(f"two hours of waiting: {_rounds()} rounds (at most 90)")
        print(f"20 gates at once: {_at_once(environ, folder)}")
    _with_a_provider()


def _with_a_provider() -> None:
    """Wall time where Jira and GitHub, which is asked for the policy and the version's tag, are both 40 ms away."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]
    from providers.github_server import GitHub
    from providers.serving import serving

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as temporary, Sandbox(tls=context) as sandbox:
        ca = Path(temporary) / "ca.pem"
        authority.cert_pem.write_to_path(str(ca))
        port = int(sandbox.address.rpartition(":")[2])
        before = built_before(Path(temporary) / "before")
        provider = GitHub("/api/v3")
        with Relay(port, ROUND_TRIP) as relay, serving(provider):
            folder = Path(temporary) / "shop"
            folder.mkdir()
            environ = _environ(folder, sandbox, f"https://localhost:{relay.port}") | {"JIRA_CI_CA_BUNDLE": str(ca)}
            environ |= _asking(provider, environ, folder)
            for version in provider.tags:  # one for each build: the older cannot read what the newer pins
                _approved(sandbox, version)
            now = _weighed("gate by title, asking GitHub, 40 ms", jira_ci(*_ASK), environ, folder, sandbox, provider)
            if before:
                command = [*before, *_ASK[:-1], "1.3.0"]
                then = _weighed(f"  {BEFORE}", command, environ, folder, sandbox, provider)
                print(f"    ratio: {now / then:.2f} wall (at most 0.7)\n")


def _asking(provider: Any, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The job's environment with this GitHub, which knows the tag and where main is."""
    event = {"repository": {"full_name": "octo/hello", "id": 77, "default_branch": "main"}}
    Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps({"ref": "refs/heads/main", **event}), encoding="utf-8")
    scene.git(folder, "remote", "set-url", "origin", f"{provider.address}/octo/hello.git")
    provider.head, provider.delay = environ["GITHUB_SHA"], ROUND_TRIP
    provider.tags = dict.fromkeys(("1.3.0", "1.4.0"), environ["GITHUB_SHA"])
    return {
        "GITHUB_API_URL": provider.url,
        "GITHUB_REPOSITORY": "octo/hello",
        "GITHUB_SERVER_URL": provider.address,
        "GITHUB_TOKEN": "t0ken",
        "JIRA_CI_GITHUB_TOKEN": "t0ken",
    }


def _weighed(
    name: str, command: list[str], environ: Mapping[str, str], folder: Path, sandbox: Sandbox, provider: Any
) -> float:
    """Wall seconds at best, once the change is pinned; prints them with the requests."""
    weigh(command, environ, str(folder), times=1)
    first = len(sandbox.exchanges)
    provider.exchanges.clear()
    weigh(command, environ, str(folder), times=1)
    asked = f"{len(sandbox.exchanges) - first} requests to Jira, {len(provider.exchanges)} to GitHub"
    best = weigh(command, environ, str(folder), times=8)
    print(f"{name}: {best}, {asked}")
    return best.wall


def _environ(folder: Path, sandbox: Sandbox, site: str = "") -> dict[str, str]:
    site = site or sandbox.address
    environ = scene.make(folder) | scene.jira(sandbox, site, site)
    (folder / ".jira-ci.yml").write_text(_POLICY.format(site=site), encoding="utf-8")
    scene.git(folder, "remote", "add", "origin", "https://github.com/acme/shop.git")
    scene.git(folder, "commit", "--quiet", "-am", "A policy")
    event = {"ref": "refs/heads/main", "repository": {"full_name": "acme/shop", "id": 77, "default_branch": "main"}}
    Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps(event), encoding="utf-8")
    return environ | {
        "GITHUB_SHA": scene.git(folder, "rev-parse", "HEAD"),
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
    }


def _approved(sandbox: Sandbox, version: str) -> str:
    desk = sandbox.desk
    key = str(desk.create(f'Deploy "Shop" version {version} to "Prod-EU"').key)
    desk.transition(key, "Authorize")
    desk.approve(key)
    desk.transition(key, "Implementing")
    return key


def _rounds() -> int:
    """How often a wait of two hours asks, when every answer comes at once and says nothing new."""
    clock = [0.0]
    from jira_ci.timing import Deadline

    patience = Backoff(30.0, Deadline(_TWO_HOURS, lambda: clock[0]), lambda: 1.0)
    rounds = 1
    while (pause := patience.pause(0.0)) is not None:
        clock[0] += pause
        rounds += 1
    return rounds


def _at_once(environ: Mapping[str, str], folder: Path) -> str:
    command = jira_ci("gate", "--environment", "Prod-EU", "--version", "2.0.0", "--format", "json")
    children = [
        subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(20)
    ]
    answers = [(json.loads(child.communicate(timeout=300)[0]), child.returncode) for child in children]
    keys = {answer["change-key"] for answer, _ in answers}
    return f"{len(keys)} change, exit codes {sorted({code for _, code in answers})}"
