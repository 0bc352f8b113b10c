"""Jobs of the GitLab template with ``jira-ci.pyz``: from the image, or downloaded and verified."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jira_ci.settings import TABLE
from jira_sandbox.server import Sandbox
from wrappers import gitlab_runner
from wrappers.gitlab_runner import GitLab
from wrappers.machine import PYTHON, SHELLS, Machine, states

DEPLOY = """
deploy:
  extends: .jira-ci-deployment
  environment: {name: production}
  script: touch deployed
gated:
  extends: .jira-ci-gate
  environment: {name: production}
"""


@dataclass
class Registry:
    """A package registry: one file, and one address that redirects to another host's."""

    content: bytes
    address: str = ""
    moved: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """The path and the job token of each request."""


@pytest.fixture
def registry(built: Path) -> Iterator[Registry]:
    here = Registry((built / "jira-ci.pyz").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append((self.path, self.headers.get("JOB-TOKEN", "")))
            if self.path.endswith("/moved"):
                self.send_response(302)
                self.send_header("Location", here.moved)
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(here.content)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here.address = f"http://127.0.0.1:{server.server_port}"
        here.moved = f"http://localhost:{server.server_port}/store"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield here
        server.shutdown()
        thread.join()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_in_the_image_is_run(shell: str, archive: Path, machine: Machine, sandbox: Sandbox) -> None:
    machine.shell = shell
    machine.script("pip", "exit 1")
    job = GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": str(archive)}).run("deploy")
    assert job.status == "success", job.log
    assert states(sandbox) == ["in_progress", "successful"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_release_s_template_downloads_its_archive_once(
    shell: str, tmp_path: Path, sandbox: Sandbox, registry: Registry, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path / "a runnér", shell)
    machine.uses(sandbox)
    machine.site["TMPDIR"] = str(machine.temp)
    monkeypatch.setattr(gitlab_runner, "TEMPLATE", built / "jira-ci.gitlab-ci.yml")
    pipeline = GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": f"{registry.address}/mirror/jira-ci.pyz"})
    job = pipeline.run("deploy")
    assert job.status == "success", job.log
    assert states(sandbox) == ["in_progress", "successful"], job.log + job.after
    assert registry.asked == [("/mirror/jira-ci.pyz", "")]
    for kept in (machine.folder / "workspace.tmp").iterdir():
        kept.write_bytes(b"changed by somebody")
    assert pipeline.run("deploy").status == "success"
    assert len(registry.asked) == 2
    assert states(sandbox)[2:] == ["in_progress", "successful"]


def test_another_file_than_the_one_that_is_named_is_never_run(
    machine: Machine, sandbox: Sandbox, registry: Registry
) -> None:
    wanted = _sha256(registry.content)
    registry.content = b"print('not ours')"
    pipeline = GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": registry.address, "JIRA_CI_PYZ_SHA256": wanted})
    job = pipeline.run("deploy")
    assert job.status == "success"
    assert "warning: Not reported:" in job.log
    assert f"its SHA-256 is {_sha256(registry.content)}, not {wanted}" in job.log
    assert "not ours" not in job.log
    assert "deployed" in machine.files(machine.workspace)
    gate = pipeline.run("gated")
    assert gate.status == "failed"
    assert (machine.workspace / ".jira-ci/jira-ci.env").read_text() == (
        "JIRA_CI_OUT_DECISION=deny\nJIRA_CI_OUT_APPROVED=false\n"
    )
    assert states(sandbox) == []


@pytest.mark.parametrize("wrong", ["f" * 64, "not a hash"])
def test_a_file_in_the_image_is_held_against_a_hash_that_was_given(
    wrong: str, archive: Path, machine: Machine, sandbox: Sandbox
) -> None:
    right = _sha256(archive.read_bytes()).upper()
    pipeline = GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": str(archive), "JIRA_CI_PYZ_SHA256": wrong})
    job = pipeline.run("deploy")
    assert job.status == "success"
    assert f"warning: Not reported: {archive} (JIRA_CI_PYZ) is another file than JIRA_CI_PYZ_SHA256 names." in job.log
    assert states(sandbox) == []
    assert pipeline.run("gated").status == "failed"
    pipeline.variables["JIRA_CI_PYZ_SHA256"] = right
    pipeline.run("deploy")
    assert states(sandbox) == ["in_progress", "successful"]


def test_a_download_that_breaks_off_is_one_sentence(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nPK"

        def serve() -> None:
            for _ in range(2):  # before the deployment, and after it
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/jira-ci.pyz"
        job = GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": address, "JIRA_CI_PYZ_SHA256": "ab" * 32}).run("deploy")
        thread.join()
    assert job.status == "success"
    assert f"warning: Not reported: {address} could not be had: IncompleteRead(" in job.log
    assert "Traceback" not in job.log


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"JIRA_CI_PYZ": "https://mirror.example/jira-ci.pyz"}, "is not downloaded without its hash."),
        ({"JIRA_CI_PYZ": "/nonexistent.pyz"}, "/nonexistent.pyz (JIRA_CI_PYZ) cannot be read."),
        ({"JIRA_CI_PYZ": "http://127.0.0.1:9/x", "JIRA_CI_PYZ_SHA256": "ab"}, "could not be had: "),
    ],
)
@pytest.mark.parametrize(("on_error", "status"), [("warn", "success"), ("fail", "failed")])
def test_what_cannot_be_had_is_said(
    on_error: str, status: str, variables: dict[str, str], said: str, machine: Machine
) -> None:
    job = GitLab(machine, DEPLOY, {**variables, "JIRA_CI_ON_ERROR": on_error}).run("deploy")
    assert job.status == status, job.log
    assert said in job.log
    assert "Traceback" not in job.log


def test_an_image_without_a_new_enough_python_deploys_all_the_same(archive: Path, machine: Machine) -> None:
    machine.script("python3", "exit 1")
    job = GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": str(archive)}).run("deploy")
    assert job.status == "success", job.log
    assert "warning: Not reported: The image has no Python 3.10 or newer." in job.log


def test_a_python_under_another_name_is_found(archive: Path, machine: Machine, sandbox: Sandbox) -> None:
    machine.script("python3", "exit 1")
    machine.link("python3.12", PYTHON)
    GitLab(machine, DEPLOY, {"JIRA_CI_PYZ": str(archive)}).run("deploy")
    assert states(sandbox) == ["in_progress", "successful"]


@pytest.mark.parametrize(("path", "tokens"), [("/jira-ci.pyz", ["t0k3n"]), ("/moved", ["t0k3n", ""])])
def test_the_job_s_token_goes_to_this_gitlab_and_no_further(
    path: str, tokens: list[str], machine: Machine, sandbox: Sandbox, registry: Registry
) -> None:
    machine.site["NO_PROXY"] = "127.0.0.1,localhost"
    api = f"{registry.address}/api/v4"
    variables = {"CI_API_V4_URL": api, "CI_JOB_TOKEN": "t0k3n", "JIRA_CI_PYZ": f"{api}/projects/1/packages{path}"}
    GitLab(machine, DEPLOY, {**variables, "JIRA_CI_PYZ_SHA256": _sha256(registry.content)}).run("deploy")
    assert [token for asked, token in registry.asked if "/api/v4/projects/17" not in asked] == tokens
    assert states(sandbox) == ["in_progress", "successful"]


def test_secrets_are_no_variables_of_the_download(machine: Machine, registry: Registry) -> None:
    machine.script("python3", f'case "$4" in *hashlib*) env > "$HOME/seen";; esac; exec "{PYTHON}" "$@"')
    secrets = {row.variable: "s3cr3t" for row in TABLE if row.secret}
    variables = {"JIRA_CI_PYZ": registry.address, "JIRA_CI_PYZ_SHA256": _sha256(registry.content)}
    GitLab(machine, DEPLOY, {**secrets, **variables}).run("deploy")
    seen = (machine.home / "seen").read_text()
    assert "CI_JOB_ID" in seen
    assert "s3cr3t" not in seen
