"""GitHub's runner, as far as a composite action of two steps sees it.

What is imitated: the defaults of inputs are evaluated in the caller's context, and an input that was left out is an
empty text; expressions stand in ``env`` and ``outputs``; ``shell: sh`` is ``sh -e FILE`` in the workspace
(https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell); outputs travel
through a file (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#multiline-strings).
"""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from wrappers.machine import LOCK, ROOT, SITE_PACKAGES, Machine, load

_EXPRESSION = re.compile(r"\$\{\{((?:'[^']*'|[^'])*?)\}\}")
_TOKEN = re.compile(r"'[^']*'|&&|\|\||==|!=|[(),]|\s+|[^\s(),'&|=!]+")
_AS_IN_PYTHON = ("==", "!=", "(", ")", ",", "format", "toJSON", "always")


@dataclass(frozen=True)
class Step:
    """How the step ended."""

    code: int
    log: str
    outputs: Mapping[str, str]
    summary: str


@dataclass
class Runner:
    """A runner with one job on it.

    Attributes:
        action: the folder that the action was downloaded to.
        status: ``job.status`` before the step.
        event: the event's name and document.
        env: what the workflow sets.
        job: its id in the workflow.
        matrix: the values of its leg.
        legs: how many there are of it.
    """

    machine: Machine
    action: Path = ROOT
    status: str = "success"
    event: tuple[str, Mapping[str, Any]] = ("push", {})
    env: dict[str, str] = field(default_factory=dict)
    token: str = ""
    attempt: int = 1
    job: str = "deploy"
    matrix: Mapping[str, Any] | None = None
    legs: int = 1
    _context: dict[str, Any] = field(default_factory=dict)
    _last: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tool_cache = self.machine.folder / "tool cache"
        self.tool_cache.mkdir()

    def has_packages(self) -> None:
        """As on every run but the first: what the action needs was installed before."""
        folder = self.tool_cache / "jira-ci"
        folder.mkdir()
        (folder / packages_name(LOCK)).symlink_to(SITE_PACKAGES)

    def start(self, inputs: Mapping[str, str]) -> tuple[subprocess.Popen[str], dict[str, Path]]:
        """Starts the step; the files are those that it may write to."""
        document = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        step, self._last = document["runs"]["steps"]
        github = {"token": self.token, "event_name": self.event[0], "event": self.event[1]}
        github |= {"run_id": "1658821493", "run_attempt": str(self.attempt)}
        strategy = {"job-total": self.legs, "job-index": 0}
        context = {"job": {"status": self.status}, "github": github, "matrix": self.matrix, "strategy": strategy}
        values = {
            name: str(inputs[name]) if name in inputs else evaluate(row.get("default", ""), context)
            for name, row in document["inputs"].items()
        }
        assert inputs.keys() <= values.keys(), "the runner would warn of an unexpected input"
        assert step["continue-on-error"] is True
        self._context = {**context, "inputs": values}
        return self._step(step, files := self._files()), files

    def _step(self, step: Mapping[str, Any], files: Mapping[str, Path]) -> subprocess.Popen[str]:
        assert step["shell"] == "sh"
        env = {name: evaluate(text, self._context) for name, text in step["env"].items()}
        script = self.machine.temp / f"{uuid.uuid4()}.sh"
        script.write_text(step["run"])
        return subprocess.Popen(
            [*self.machine.sh, "-e", str(script)],
            cwd=self.machine.workspace,
            env={**self._variables(files), **self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def finish(self, process: subprocess.Popen[str], files: Mapping[str, Path]) -> Step:
        """What the step became, and the one behind it, which the runner starts where its condition holds."""
        log, _ = process.communicate(timeout=100)
        code, output = process.returncode, files["GITHUB_OUTPUT"]
        written = parse_outputs(output.read_text(encoding="utf-8"))
        first = {"outputs": written, "outcome": "failure" if code else "success"}
        self._context["steps"] = {"jira-ci": first, "word": {"outputs": {}}}
        if evaluate(self._last["if"], self._context) == "True":
            output.write_text("")
            last = self._step(self._last, files)
            log += last.communicate(timeout=100)[0]
            code = last.returncode
            self._context["steps"]["word"]["outputs"] = parse_outputs(output.read_text(encoding="utf-8"))
        else:
            code = 0
        document = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        outputs = {name: evaluate(row["value"], self._context) for name, row in document["outputs"].items()}
        assert written.keys() <= outputs.keys() | {"word", "missing"}, "an output that the action does not declare"
        assert not files["GITHUB_ENV"].read_text(), "the environment of the steps that follow was changed"
        assert not files["GITHUB_PATH"].read_text(), "the PATH of the steps that follow was changed"
        return Step(code, log, outputs, files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"))

    def run(self, **inputs: str) -> Step:
        """The step with these inputs; underscores stand for dashes."""
        return self.finish(*self.start({name.replace("_", "-"): text for name, text in inputs.items()}))

    def _files(self) -> dict[str, Path]:
        folder = self.machine.temp / f"_runner_file_commands_{uuid.uuid4()}"
        folder.mkdir()
        files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")}
        for path in files.values():
            path.touch()
        files["GITHUB_EVENT_PATH"] = folder / "event.json"
        files["GITHUB_EVENT_PATH"].write_text(json.dumps(self.event[1]))
        return files

    def _variables(self, files: Mapping[str, Path]) -> dict[str, str]:
        head = self.machine.commit("WEB-7 Sign in with a passkey") if not self._has_commit() else self._head()
        return self.machine.environ(
            CI="true",
            GITHUB_ACTIONS="true",
            GITHUB_ACTION="jira-ci",
            GITHUB_ACTION_PATH=str(self.action),
            GITHUB_ACTOR="octocat",
            GITHUB_API_URL="http://127.0.0.1:9",
            GITHUB_EVENT_NAME=self.event[0],
            GITHUB_JOB=self.job,
            GITHUB_REF="refs/heads/main",
            GITHUB_REF_NAME="main",
            GITHUB_REF_TYPE="branch",
            GITHUB_REPOSITORY="octo-org/web",
            GITHUB_REPOSITORY_ID="1296269",
            GITHUB_RUN_ATTEMPT=str(self.attempt),
            GITHUB_RUN_ID="1658821493",
            GITHUB_RUN_NUMBER="42",
            GITHUB_SERVER_URL="https://github.com",
            GITHUB_SHA=head,
            GITHUB_WORKFLOW="Deploy",
            GITHUB_WORKFLOW_REF="octo-org/web/.github/workflows/deploy.yml@refs/heads/main",
            GITHUB_WORKSPACE=str(self.machine.workspace),
            RUNNER_OS="Linux",
            RUNNER_TEMP=str(self.machine.temp),
            RUNNER_TOOL_CACHE=str(self.tool_cache),
            **{name: str(path) for name, path in files.items()},
        )

    def _has_commit(self) -> bool:
        return (self.machine.workspace / ".git").exists()

    def _head(self) -> str:
        command = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(command, cwd=self.machine.workspace, capture_output=True, text=True, check=True)
        return done.stdout.strip()


def packages_name(lock: Path) -> str:
    """The name that the action gives to the folder for this lock and this Python."""
    return str(load(ROOT / "wrapper" / "packages.py").folder_name(lock))


def evaluate(text: Any, context: Mapping[str, Any]) -> str:
    """A text with its expressions replaced: look-ups, texts, ``==``, ``!=``, ``&&``, ``||`` and functions.
    Anything else in action.yml is an error here."""

    def look_up(name: str) -> Any:
        value: Any = context
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value

    def evaluated(match: re.Match[str]) -> str:
        program = _TOKEN.sub(_in_python, match[1])
        known = {"look_up": look_up, "format": str.format, "toJSON": lambda value: json.dumps(value, indent=2)}
        known["always"] = lambda: True
        return str(eval(program, {"__builtins__": {}}, known))  # noqa: S307 - our own action.yml

    return _EXPRESSION.sub(evaluated, str(text))


def _in_python(match: re.Match[str]) -> str:
    token = match[0]
    if token in ("&&", "||"):
        return " and " if token == "&&" else " or "
    if token.startswith("'") or token in _AS_IN_PYTHON or token.isspace():
        return token
    assert re.fullmatch(r"[A-Za-z][A-Za-z_.-]*", token), f"this runner knows no {token}"
    return f"look_up({token!r})"


def parse_outputs(text: str) -> dict[str, str]:
    """``name=value`` lines and ``name<<DELIMITER`` blocks, as the runner takes them."""
    outputs = {}
    lines: Sequence[str] = text.splitlines()
    position = 0
    while position < len(lines):
        name, separator, rest = re.match(r"([^=<]*)(=|<<)(.*)", lines[position]).groups()  # type: ignore[union-attr]
        position += 1
        if separator == "<<":
            end = lines.index(rest, position)
            rest, position = "\n".join(lines[position:end]), end + 1
        outputs[name] = rest
    return outputs
