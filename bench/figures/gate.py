"""The gate: requests and connections by key and by title, CPU, the rounds of a long wait, and twenty gates at once."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from figures import scene
from figures.process import jira_ci, memory, weigh
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
            asked = f"{len(sandbox.exchanges) - first} requests, {sandbox.connections - connections} connections"
            print(f"gate by {how}: {asked} (at most {4 if how == 'key' else 5} on 1)")
        ours = weigh(jira_ci(*_ASK, "--change", key), environ, str(folder), times=10)
        print(
            f"gate by key: {ours}, {memory([*_ASK, '--change', key], environ, str(folder)):.0f} MB (at most 350 ms CPU)"
        )
        print(f"two hours of waiting: {_rounds()} rounds (at most 90)")
        print(f"20 gates at once: {_at_once(environ, folder)}\n")


def _environ(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    environ = scene.make(folder) | scene.jira(sandbox, sandbox.address, sandbox.address)
    (folder / ".jira-ci.yml").write_text(_POLICY.format(site=sandbox.address), encoding="utf-8")
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
