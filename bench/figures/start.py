"""What a release costs until its first request, for ``--help``, and for a report beside an installed jira-ci."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from figures import scene
from figures.process import Weight, cheapest, jira_ci, weigh
from jira_sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parents[2]
_REPORT = ("report", "--environment", "Prod-EU", "--version", "1.4.0", "--state", "success")
_BARE = "import sys; sys.path.insert(0, sys.argv[1]); import requests, yaml; requests.get(sys.argv[2])"
_ROUNDS = 8


def measure() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as temporary, Sandbox() as sandbox:
        folder, release = Path(temporary) / "shop", Path(temporary) / "release"
        folder.mkdir()
        subprocess.run([sys.executable, "-m", "release", "--out", release], cwd=ROOT, check=True, capture_output=True)
        environ = scene.make(folder) | scene.jira(sandbox, sandbox.address, sandbox.address)
        environ = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
        environ["RUNNER_TEMP"] = str(Path(temporary) / "runner")
        archive = release / "jira-ci.pyz"
        print(f"jira-ci.pyz: {archive.stat().st_size / 1e6:.1f} MB (at most 3)")
        _help(archive, environ, folder)
        _first_request(release / "action", environ, folder)
        _reports(release / "action", archive, environ, folder)


def _help(archive: Path, environ: Mapping[str, str], folder: Path) -> None:
    from_archive = [sys.executable, "-I", "-S", str(archive), "--help"]
    _fresh(environ)
    weigh(from_archive, environ, str(folder), times=1)
    floor = weigh([sys.executable, "-I", "-S", "-c", "import argparse"], environ, str(folder))
    for name, command in (("installed", jira_ci("--help")), ("jira-ci.pyz", from_archive)):
        ours = weigh(command, environ, str(folder))
        print(f"--help, {name}: {ours} (at most 120 ms CPU), {ours.cpu / floor.cpu:.1f} x python with argparse")


def _first_request(action: Path, environ: Mapping[str, str], folder: Path) -> None:
    """From the start of the step's shell to the first bytes that Jira gets; the floor does nothing but ask."""
    import yaml

    (step,) = yaml.safe_load((action / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        variables = {
            **environ,
            "GITHUB_ACTION_PATH": str(action),
            "JIRA_CI_SITE": address,
            "JIRA_CI_API_URL": address,
            "JIRA_CI_ENVIRONMENT": "Prod-EU",
            "JIRA_CI_STATE": "success",
        }
        cold, warm, floors = [], [], []
        command = ["sh", "-e", "-c", step["run"]]
        for _ in range(_ROUNDS):
            _fresh(environ)
            cold.append(_asked(server, command, variables, folder))
            whole = {
                **variables,
                "JIRA_CI_SITE": environ["JIRA_CI_SITE"],
                "JIRA_CI_API_URL": environ["JIRA_CI_API_URL"],
            }
            weigh(command, whole, str(folder), times=1)
            warm.append(_asked(server, command, variables, folder))
            bare = [sys.executable, "-I", "-S", "-B", "-c", _BARE, str(action / "vendor"), address]
            floors.append(_asked(server, bare, variables, folder))
    floor = min(floors)
    print(f"action, first step to first request: {min(cold):.2f} s (at most 0.6), {min(cold) / floor:.2f} x the floor")
    print(f"action, later step to first request: {min(warm):.2f} s (at most 0.3), {min(warm) / floor:.2f} x the floor")
    print(f"  floor (requests and yaml from sources, one request): {floor:.2f} s")


def _asked(server: socket.socket, command: list[str], environ: Mapping[str, str], folder: Path) -> float:
    """Seconds until the first request arrives. The process is ended then."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server.settimeout(60)
    connection, _ = server.accept()
    with connection:
        connection.settimeout(60)
        connection.recv(1)
        took = time.perf_counter() - start
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    child.wait(timeout=60)
    return took


def _reports(action: Path, archive: Path, environ: Mapping[str, str], folder: Path) -> None:
    """Reports by turns, so that a noisy moment hits all alike."""
    environ = {**environ, "CI_JOB_TOKEN": "of-this-job"}  # seals byte code
    launch = [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(action / "wrapper" / "launch.py"), "report", ""]
    inputs = {
        **environ,
        "GITHUB_ACTION_PATH": str(action),
        "JIRA_CI_ENVIRONMENT": "Prod-EU",
        "JIRA_CI_STATE": "success",
    }
    inputs["JIRA_CI_VERSION"] = "1.4.0"
    zipped = [sys.executable, "-I", "-S", str(archive), *_REPORT]
    found: dict[str, list[Weight]] = {}
    for _ in range(_ROUNDS):
        found.setdefault("installed", []).append(weigh(jira_ci(*_REPORT), environ, str(folder), times=1))
        for name, command, variables in (("release tree", launch, inputs), ("jira-ci.pyz", zipped, environ)):
            _fresh(environ)
            found.setdefault(f"{name}, cold", []).append(weigh(command, variables, str(folder), times=1))
            found.setdefault(f"{name}, warm", []).append(weigh(command, variables, str(folder), times=1))
    best = {name: cheapest(runs) for name, runs in found.items()}
    limits = {"release tree, warm": " (at most 1.2)", "release tree, cold": " (at most 2)"}
    for name, weight in best.items():
        print(f"report, {name}: {weight}, {weight.cpu / best['installed'].cpu:.2f} x CPU{limits.get(name, '')}")
    print()


def _fresh(environ: Mapping[str, str]) -> None:
    """The temporary folder of a new job, without byte code."""
    shutil.rmtree(environ["RUNNER_TEMP"], ignore_errors=True)
    Path(environ["RUNNER_TEMP"]).mkdir()
