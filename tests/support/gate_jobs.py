"""A job before the gate: a repository with a policy, a sandbox to ask, and time that passes where somebody sleeps."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import scenes
from gate_subjects import IMPATIENT, approved, known
from jira_ci.commands.gate import pending_reports
from jira_ci.context import Context, make_console, open_context
from jira_ci.edges import Edges
from jira_ci.gate.bindings import Binding, ChangeProperty, Scope
from jira_ci.gate.gate import Gate
from jira_ci.jira.change_endpoints import PROPERTY
from jira_ci.settings import resolve
from jira_sandbox.server import Sandbox
from scenes import Job, NoSignals

POLICY = """\
project-name: Web Site
jira: {{site: "{site}"}}
environments:
  Dev: development
  Stage: {{type: staging, change-controlled: true}}
  Prod: {{type: production, change-controlled: true}}
change-control:
  enabled: true
  service-desk: OPS
  {more}
"""
EVENT = {"repository": {"full_name": "acme/shop", "id": 77, "default_branch": "main"}}


@dataclass
class Time:
    """Runs with the machine's clock, and ahead of it by what was slept; the sandbox's clock keeps step."""

    sandbox: Sandbox
    slept: float = 0.0
    hooks: list[Callable[[], object]] = field(default_factory=list)

    def clock(self) -> float:
        return time.monotonic() + self.slept

    def epoch(self) -> float:
        return time.time() + self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.sandbox.clock.offset += seconds
        for hook in self.hooks:
            hook()


@dataclass
class Scene:
    """The job, the site, the time, and what the job's log holds."""

    job: Job
    sandbox: Sandbox
    time: Time
    log: io.StringIO = field(default_factory=io.StringIO)
    signals: NoSignals = field(default_factory=NoSignals)
    deploying: bool = True

    def context(self, *flags: str, **environ: str) -> Context:
        """The command's surroundings; flags as ``wait=2h``."""
        job = self.job
        edges = Edges({**job.environ, **environ}, job.folder, self.log, self.log, self.time.epoch, self.signals)
        given = {"environment": "Prod", "version": "1.2.3", **dict(flag.split("=", 1) for flag in flags)}
        settings = resolve({name: value or None for name, value in given.items()}, edges.environ)
        return open_context(settings, make_console(settings, edges), edges)

    @contextmanager
    def gate(self, *flags: str, **environ: str) -> Iterator[Gate]:
        gate = Gate(
            self.context(*flags, **environ),
            deploying=self.deploying,
            reports=pending_reports,
            clock=self.time.clock,
            sleep=self.time.sleep,
            jitter=lambda: 1.0,
            pauses=IMPATIENT,
        )
        try:
            yield gate
        finally:
            gate.close()

    @property
    def lines(self) -> list[str]:
        return self.log.getvalue().splitlines()

    def asked(self) -> list[str]:
        """The questions of the gate so far, as method and the end of the path."""
        return [f"{one.method} {one.path.rsplit('/', 1)[-1]}" for one in self.sandbox.exchanges]


def scene(folder: Path, sandbox: Sandbox, more: str = "comments: internal", **event: Any) -> Scene:
    """A push to main, whose file makes Prod change controlled."""
    job = scenes.github(folder, os.environ["PATH"], {**EVENT, **event})
    commit(job, POLICY.format(site=sandbox.address, more=more))
    job.environ |= {
        "JIRA_CI_API_URL": sandbox.address,
        "JIRA_CI_USER": sandbox.credentials.user,
        "JIRA_CI_TOKEN": sandbox.credentials.token,
        "RUNNER_TEMP": str(folder),
    }
    return Scene(job, sandbox, Time(sandbox))


def pinned(here: Scene, *, tenant: str = "", repository: str = "acme/shop", **options: Any) -> str:
    """The key of a change by somebody that was pinned to the run's commit, and approved."""
    key = approved(here.sandbox, **options)
    bound = Scope(repository, "Web Site", "Prod", tenant)
    binding = Binding(bound, "1.2.3", here.job.environ["GITHUB_SHA"], "https://ci.example/1")
    value = ChangeProperty((binding,)).document()
    here.sandbox.site.desk.extras.set_property(known(here.sandbox, key).id, PROPERTY, value)
    return key


def commit(job: Job, policy: str) -> None:
    """Commits the policy, and lets the run be about that commit."""
    job.write(".jira-ci.yml", policy)
    job.git("add", ".jira-ci.yml")
    job.environ["GITHUB_SHA"] = job.commit("Policy")
