"""GitLab's pipelines as a user has them, run by gitlab-ci-local without containers.

https://github.com/firecow/gitlab-ci-local reads YAML, ``extends``, ``!reference``, ``rules``, ``needs``, inputs and
dotenv reports, then runs each job in a bash of this machine, in the one checkout. What the pinned version cannot show:

- nothing is fetched: ``include`` with ``remote`` or ``project`` is a ``local`` copy, a component one of this project;
- ``image``, ``resource_group``, ``inherit``, ``timeout``, protected variables and job tokens are not looked at;
- nobody can cancel: a signal makes the job *failed*, and one that ends gitlab-ci-local itself leaves after_script out;
- inputs go into the parsed YAML, not into the text as GitLab's do (``tests/wrappers/test_gitlab_component.py``);
- a dotenv report is read by other rules than GitLab's (``tests/wrappers/gitlab_runner.py`` has those);
- there is no merge request, tag, schedule or tier: what GitLab would set is given as a variable.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jira_sandbox.server import Sandbox
from wrappers.machine import ROOT

EXAMPLES = ROOT / "examples" / "gitlab"
TEMPLATE = "jira-ci.gitlab-ci.yml"
COMPONENT = "templates/jira-ci/template.yml"
_GIT = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false"]
_SECONDS = 120
_INCLUDED = re.compile(r"remote: https://gitlab\.com/jira-ci/\S+/\.gitlab-ci-template\.yml")
_COMPONENT = re.compile(r"component: gitlab\.com/jira-ci/jira-ci/jira-ci@\S+")
# What gitlab-ci-local wants rsync for, which is not on every machine: to keep some files of a job. The copy of
# everything is for containers, and is not made.
_RSYNC = """
import pathlib, shutil, sys
words = sys.argv[1:]
listed = [word.partition("=")[2] for word in words if word.startswith("--files-from=")]
names = [name for path in listed for name in open(path).read().splitlines()]
for name in names or [word for word in words[:-1] if word != "./" and "-Ra" in words and word[0] == "."]:
    kept = pathlib.Path(words[-1], name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(name, kept)
"""


@dataclass(frozen=True)
class Ended:
    """What a pipeline left behind."""

    code: int
    log: str

    def result(self, job: str) -> str:
        """``PASS``, ``FAIL`` or ``WARN``; empty for a job that did not run."""
        found = re.findall(rf"^ (PASS|FAIL|WARN)  {re.escape(job)} *(?:pre_script)?$", self.log, re.MULTILINE)
        return str(found[0]) if found else ""


@dataclass
class Local:
    """A machine with gitlab-ci-local on it, and a user's repository.

    Attributes:
        folder: everything is below it.
        program: gitlab-ci-local.
        pyz: jira-ci, the only thing of ours that is on this machine.
    """

    folder: Path
    program: Path
    pyz: Path
    variables: dict[str, str] = field(default_factory=dict)
    """What the project or group sets."""
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.repository.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "https://gitlab.com/acme/shop")
        for name, text in {"deploy.sh": 'echo "deploying $*"', "migrate.sh": "echo migrating"}.items():
            self.write(name, f"#!/bin/sh\n{text}\n", mode=0o755)
        self.write("Makefile", "test lint:\n\t@echo tested\n")
        self.write(".gitignore", ".gitlab-ci-local/\n")
        rsync = self.folder / "bin" / "rsync"
        rsync.parent.mkdir()
        rsync.write_text(f"#!{sys.executable} -IS\n{_RSYNC}")
        rsync.chmod(0o755)
        self.variables["JIRA_CI_PYZ"] = str(self.pyz)

    @property
    def repository(self) -> Path:
        return self.folder / "shop"

    def uses(self, sandbox: Sandbox) -> None:
        """Jira is this sandbox."""
        known = sandbox.credentials
        self.variables |= {
            "JIRA_CI_API_URL": sandbox.address,
            "JIRA_CI_SITE": sandbox.address,
            "JIRA_CI_CLIENT_ID": known.client_id,
            "JIRA_CI_CLIENT_SECRET": known.client_secret,
            "JIRA_CI_USER": known.user,
            "JIRA_CI_TOKEN": known.token,
        }

    def git(self, *arguments: str) -> str:
        done = subprocess.run([*_GIT, *arguments], cwd=self.repository, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        path = self.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def example(self, name: str) -> None:
        """This example is ``.gitlab-ci.yml``. The project's variables win over its own, and lead to the sandbox."""
        self.pipeline((EXAMPLES / f"{name}.yml").read_text("utf-8"))

    def pipeline(self, text: str) -> None:
        """A ``.gitlab-ci.yml`` as the documents show it, but with a copy of what it includes."""
        text = _COMPONENT.sub("component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/jira-ci@$CI_COMMIT_SHA", text)
        self.included(".gitlab-ci.yml", text)

    def included(self, name: str, text: str) -> None:
        """A file of the pipeline's, with a copy of what it includes."""
        self.write(name, _INCLUDED.sub(f"local: {TEMPLATE}", text))

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *arguments: str, **variables: str) -> Ended:
        """Runs the pipeline of HEAD; arguments are gitlab-ci-local's, variables those of this pipeline."""
        return self.finish(self.start(*arguments, **variables))

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """The same, still running, in a process group of its own."""
        given = {**self._predefined(), **self.variables, **variables}
        node = shutil.which("node")
        assert node is not None
        path = os.pathsep.join([str(self.folder / "bin"), str(Path(node).parent), os.environ["PATH"]])
        process = subprocess.Popen(
            [
                node,
                str(self.program),
                "--force-shell-executor",
                "--no-json-schema-validation",
                "--concurrency=1",  # jobs share the checkout here
                *(f"--variable={name}={text}" for name, text in given.items()),
                *arguments,
            ],
            cwd=self.repository,
            env={"PATH": path, "HOME": str(self.folder), "FORCE_COLOR": "0", "LANG": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for the end."""
        with process:
            text, _ = (
                process.communicate(timeout=_SECONDS) if process.stdout and not process.stdout.closed else ("", "")
            )
        return Ended(process.returncode, text)

    def stop(self) -> None:
        """Ends what a test left running."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            self.finish(process)

    def working(self, command: str) -> list[int]:
        """The processes that run this command of jira-ci in this checkout."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                here = (folder / "cwd").readlink() == self.repository
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if here and str(self.pyz).encode() in words and command.encode() in words:
                found.append(int(folder.name))
        return found

    def _predefined(self) -> dict[str, str]:
        """Where gitlab-ci-local says less than GitLab, or something else."""
        return {
            "CI_COMMIT_BEFORE_SHA": "0" * 40,
            "CI_COMMIT_MESSAGE": self.git("log", "-1", "--format=%B"),
            "CI_COMMIT_REF_PROTECTED": "true",
            "CI_PIPELINE_IID": "12",
            "CI_PROJECT_DIR": str(self.repository),
            "GITLAB_CI": "true",
        }


def keys(record: Mapping[str, Any]) -> list[str]:
    """The issues of a record, as Jira got them."""
    return list(record["associations"][0]["values"])
