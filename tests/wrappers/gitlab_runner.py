"""GitLab and its runner, as far as the template sees them.

What is imitated: ``include``, then ``extends``, then ``!reference`` in this order (lists are replaced, maps merged,
nested lists of a script flattened); before_script and script in one shell with ``errexit``, after_script in another
that knows ``CI_JOB_STATUS`` and whose exit code counts for nothing; a job whose files for artifacts are missing still
ends well; dotenv reports are refused where GitLab refuses them, and become variables of the jobs that follow.

https://docs.gitlab.com/ci/yaml/, https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from wrappers.machine import ROOT, Machine

TEMPLATE = ROOT / ".gitlab-ci-template.yml"


class _Reference(tuple[str, ...]):
    """``!reference [job, keyword, ...]``"""

    __slots__ = ()


class Loader(yaml.SafeLoader):
    """YAML with GitLab's tag."""


def _reference(loader: Loader, node: yaml.SequenceNode) -> _Reference:
    return _Reference(loader.construct_sequence(node))


Loader.add_constructor("!reference", _reference)


def resolve(*texts: str) -> dict[str, Any]:
    """Included files, then the project's own one, as the jobs that GitLab makes of them."""
    raw: dict[str, Any] = {}
    for text in texts:
        raw = _merge(raw, yaml.load(text, Loader))  # noqa: S506 - a SafeLoader with one tag
    extended = {name: _extend(raw, name) for name in raw}
    return {name: _dereference(extended, value, 0) for name, value in extended.items()}


def _merge(below: Any, above: Any) -> Any:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merge(below.get(key), value) for key, value in above.items()}}


def _extend(raw: Mapping[str, Any], name: str) -> Any:
    job = raw[name]
    if not isinstance(job, dict) or "extends" not in job:
        return job
    parents = [job["extends"]] if isinstance(job["extends"], str) else job["extends"]
    result: Any = {}
    for parent in parents:
        result = _merge(result, _extend(raw, parent))
    return _merge(result, {key: value for key, value in job.items() if key != "extends"})


def _dereference(jobs: Mapping[str, Any], value: Any, depth: int) -> Any:
    assert depth <= 10, "GitLab follows ten levels of !reference"
    if isinstance(value, _Reference):
        target: Any = jobs
        for name in value:
            target = target[name]
        return _dereference(jobs, target, depth + 1)
    if isinstance(value, dict):
        return {key: _dereference(jobs, part, depth) for key, part in value.items()}
    if isinstance(value, list):
        return [_dereference(jobs, part, depth) for part in value]
    return value


def commands(value: Any) -> list[str]:
    """A script's commands: a text, or lists in lists."""
    if isinstance(value, list):
        return [command for part in value for command in commands(part)]
    return [] if value is None else [str(value)]


def parse_dotenv(text: str) -> dict[str, str]:
    """A dotenv report.

    Raises:
        ValueError: GitLab would refuse the whole report.
    """
    if len(text.encode()) > 5 * 1024:
        raise ValueError("larger than 5 KB")
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([A-Za-z0-9_]+)=(.*)", line)
        if not match:
            raise ValueError(f"Invalid Format: {line!r}")
        found[match[1]] = match[2].strip()
    if len(found) > 20:
        raise ValueError("more than 20 variables")
    return found


@dataclass(frozen=True)
class Job:
    """How a job ended."""

    status: str
    log: str
    after: str
    """The log of after_script."""
    artifacts: tuple[str, ...]
    outputs: Mapping[str, str]
    """Variables for the jobs that follow."""


@dataclass
class GitLab:
    """A pipeline on one machine.

    Attributes:
        yaml: the project's ``.gitlab-ci.yml``; it includes the template.
        variables: of the project or group.
    """

    machine: Machine
    yaml: str
    variables: dict[str, str] = field(default_factory=dict)
    job_id: int = 6000
    clock: int = 0
    """Seconds since the pipeline was made, by GitLab's own clock."""
    inherited: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.jobs = resolve(TEMPLATE.read_text(encoding="utf-8"), self.yaml)
        self.sha = self.machine.commit("WEB-7 Sign in with a passkey")

    def run(self, name: str, *, canceled: bool = False, job_id: int = 0, **overrides: str) -> Job:
        """Runs one job. ``canceled``: somebody cancels it while its script runs."""
        job = self.jobs[name]
        assert commands(job.get("script")), f"jobs:{name} config should implement the script keyword"
        self.job_id, self.clock = self.job_id + 1, self.clock + 60
        environ = {**self._variables(name, job, job_id or self.job_id), **overrides}
        lines = [*commands(job.get("before_script")), *commands(job["script"])]
        code, log = self._shell(lines, {**environ, "CI_JOB_STATUS": "running"})
        status = "canceled" if canceled else ("failed" if code else "success")
        _, after = self._shell(commands(job.get("after_script")), {**environ, "CI_JOB_STATUS": status})
        artifacts = job.get("artifacts", {})
        wanted = status == "success" or artifacts.get("when", "on_success") == "always"
        found = tuple(path for path in artifacts.get("paths", []) if (self.machine.workspace / path).is_file())
        report = self.machine.workspace / artifacts.get("reports", {}).get("dotenv", "none")
        outputs = parse_dotenv(report.read_text(encoding="utf-8")) if wanted and report.is_file() else {}
        self.inherited.update(outputs)
        return Job(status, log, after, found if wanted else (), outputs)

    def _shell(self, lines: list[str], environ: dict[str, str]) -> tuple[int, str]:
        if not lines:
            return 0, ""
        script = self.machine.temp / "script"
        script.write_text(
            "if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit\n"
            f"set +o noclobber\n: | eval {shlex.quote(chr(10).join(lines))}\nexit 0\n"
        )
        done = subprocess.run(
            [*self.machine.sh, str(script)],
            cwd=self.machine.workspace,
            env=environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=100,
        )
        return done.returncode, done.stdout + done.stderr

    def _variables(self, name: str, job: Mapping[str, Any], job_id: int) -> dict[str, str]:
        predefined = {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_API_V4_URL": "http://127.0.0.1:9/api/v4",
            "CI_COMMIT_BEFORE_SHA": "0" * 40,
            "CI_COMMIT_BRANCH": "main",
            "CI_COMMIT_MESSAGE": "WEB-7 Sign in with a passkey",
            "CI_COMMIT_REF_NAME": "main",
            "CI_COMMIT_REF_PROTECTED": "true",
            "CI_COMMIT_REF_SLUG": "main",
            "CI_COMMIT_SHA": self.sha,
            "CI_DEFAULT_BRANCH": "main",
            "CI_JOB_ID": str(job_id),
            "CI_JOB_NAME": name,
            "CI_JOB_STAGE": job.get("stage", "test"),
            "CI_JOB_STARTED_AT": f"2026-03-02T10:{self.clock // 60:02}:{self.clock % 60:02}Z",
            "CI_PIPELINE_ID": "900",
            "CI_PIPELINE_IID": "12",
            "CI_PIPELINE_SOURCE": "push",
            "CI_PIPELINE_URL": "https://gitlab.example/group/web/-/pipelines/900",
            "CI_PROJECT_DIR": str(self.machine.workspace),
            "CI_PROJECT_ID": "17",
            "CI_PROJECT_NAME": "web",
            "CI_PROJECT_PATH": "group/web",
            "CI_PROJECT_URL": "https://gitlab.example/group/web",
            "CI_SERVER_URL": "https://gitlab.example",
        }
        known = {**predefined, **_plain(self.jobs.get("variables", {})), **job.get("variables", {}), **self.inherited}
        known = {**known, **self.variables}
        known = {key: _expand(str(value), known) for key, value in known.items()}
        environment = job.get("environment")
        if isinstance(environment, dict):
            assert environment.get("name"), f"jobs:{name}:environment name can't be blank"
            known["CI_ENVIRONMENT_NAME"] = _expand(environment["name"], known)
            known["CI_ENVIRONMENT_ACTION"] = environment.get("action", "start")
            known["CI_ENVIRONMENT_TIER"] = environment.get("deployment_tier", _tier(known["CI_ENVIRONMENT_NAME"]))
        return self.machine.environ(**known)


def _plain(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables of a pipeline's form are maps: https://docs.gitlab.com/ci/yaml/#variablesdescription"""
    return {name: row.get("value", "") if isinstance(row, dict) else row for name, row in variables.items()}


def _tier(name: str) -> str:
    """GitLab's own guess (https://docs.gitlab.com/ci/environments/#deployment-tier-of-environments)."""
    return "production" if "prod" in name else "staging" if "stag" in name else "other"


def _expand(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: variables.get(match[1], ""), text)
