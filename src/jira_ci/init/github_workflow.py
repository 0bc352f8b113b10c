"""GitHub's workflows: which of them build and where they deploy to, and the one that reports a repository's builds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jira_ci.errors import UsageError
from jira_ci.init import files, hints
from jira_ci.init.files import Deploying, File, Found, Pipelines
from jira_ci.text import mapping, mappings, string

FOLDER = ".github/workflows"
OURS = f"{FOLDER}/jira.yml"
RESUME = f"{FOLDER}/jira-resume.yml"
_MOST = 200  # names that one expression may stand for
_BUILDING = {"push", "pull_request", "merge_group"}
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_INPUT = re.compile(r"(?:github\.event\.)?inputs\.([\w-]+)")
_MATRIX = re.compile(r"matrix\.([\w-]+)")
_LITERAL = re.compile(r"(?:.*&&\s*)?'((?:[^']|'')*)'", re.DOTALL)
_NAME = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")

Values = Mapping[str, list[str]]


@dataclass
class _Workflow:
    file: str
    document: Mapping[str, Any]
    given: dict[str, list[str]] = field(default_factory=dict)
    """What other workflows pass to its inputs."""

    @property
    def jobs(self) -> dict[str, Mapping[str, Any]]:
        return {name: mapping(job) for name, job in mapping(self.document.get("jobs")).items() if isinstance(job, dict)}

    @property
    def events(self) -> Mapping[str, Any]:
        on = self.document.get("on")
        named = [on] if isinstance(on, str) else on if isinstance(on, list) else []
        return mapping(on) or {string(name): {} for name in named}


def look_at_github(root: Path) -> Pipelines:
    """What the workflows of this repository say; our own is passed over."""
    workflows, notes = [], []
    for file in files.yaml_files(root, FOLDER):
        if file in (OURS, RESUME):
            continue
        try:
            workflows.append(_Workflow(file, files.read_yaml(root, file) or {}))
        except UsageError as error:
            notes.append(f"{error.message} It was passed over.")
    _pass_inputs(workflows)
    building = [workflow for workflow in workflows if _builds(workflow) and not _reports(workflow)]
    steps = [step for workflow in building for job in workflow.jobs.values() for step in mappings(job.get("steps"))]
    named = {_title(workflow): None for workflow in building}
    notes += [
        f"{workflow.file} has a name that cannot be referred to." for workflow in building if not _title(workflow)
    ]
    return Pipelines(
        here=bool(workflows or notes),
        builds=tuple(name for name in named if name),
        deploying=tuple(one for workflow in workflows for one in _deploying(workflow)),
        reports=tuple(workflow.file for workflow in workflows if _reports(workflow)),
        runs_on=hints.runs_on(job for workflow in workflows for job in workflow.jobs.values()),
        tests=hints.junit_paths((string(step.get("run")) for step in steps), (mapping(s.get("with")) for s in steps)),
        notes=tuple(notes),
    )


def _title(workflow: _Workflow) -> str:
    """What ``workflow_run`` knows it by: its name, else its file."""
    name = string(workflow.document.get("name")) or workflow.file
    return name if _NAME.fullmatch(name) and not _EXPRESSION.search(name) else ""


def _builds(workflow: _Workflow) -> bool:
    """Whether pushes and pull requests run it, and it does not merely deploy."""
    steps = [job for job in workflow.jobs.values() if "steps" in job or "uses" in job]
    return not _BUILDING.isdisjoint(workflow.events) and any("environment" not in job for job in steps)


def _reports(workflow: _Workflow) -> bool:
    """Whether it uses our action, or our reusable workflow."""
    used = [one for job in workflow.jobs.values() for one in (job, *mappings(job.get("steps")))]
    return any(string(one.get("uses")).startswith(("jira-ci/jira-ci@", "jira-ci/jira-ci/")) for one in used)


def _pass_inputs(workflows: list[_Workflow]) -> None:
    """Notes what jobs of this repository pass to its reusable workflows."""
    by_file = {f"./{workflow.file}": workflow for workflow in workflows}
    for caller in workflows:
        for job in caller.jobs.values():
            called = by_file.get(string(job.get("uses")))
            for name, value in mapping(job.get("with")).items() if called else ():
                names, _ = _resolve(string(value), caller, job)
                if called:
                    called.given.setdefault(string(name), []).extend(
                        names[: _MOST - len(called.given.get(string(name), []))]
                    )


def _deploying(workflow: _Workflow) -> Iterator[Deploying]:
    for name, job in workflow.jobs.items():
        given = job.get("environment")
        written = string(mapping(given).get("name")) or string(given)
        if written.strip():
            names, _ = _resolve(written.strip(), workflow, job)
            container = job.get("container")
            yield Deploying(
                workflow.file,
                string(name),
                tuple(dict.fromkeys(names)),
                written.strip(),
                called="workflow_call" in workflow.events,
                image=string(mapping(container).get("image")) or string(container),
                matrix="matrix" in mapping(job.get("strategy")),
            )


def _resolve(written: str, workflow: _Workflow, job: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The texts that this one may become, and whether these are all."""
    expressions = set(_EXPRESSION.findall(written))
    if not expressions:
        return ([written], True) if written.strip() else ([], True)
    if len(expressions) > 1:
        return [], False
    found, complete = _alternatives(expressions.pop(), workflow, job)
    names = [_EXPRESSION.sub(lambda _, value=value: value, written) for value in found]  # type: ignore[misc]
    return [name for name in names if name.strip() and "${{" not in name], complete


def _alternatives(expression: str, workflow: _Workflow, job: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Of ``inputs.x``, ``matrix.x``, ``'text'``, and these with ``||`` and ``&&`` between."""
    found: list[str] = []
    complete = True
    for part in (part.strip() for part in expression.split("||")):
        literal, of_input, of_matrix = (one.fullmatch(part) for one in (_LITERAL, _INPUT, _MATRIX))
        values = [literal[1].replace("''", "'")] if literal else []
        values = _of_input(of_input[1], workflow) if of_input else values
        values = _of_matrix(of_matrix[1], job) if of_matrix else values
        found += values
        complete = complete and bool(values)
    return found, complete


def _of_input(name: str, workflow: _Workflow) -> list[str]:
    row = mapping(mapping(mapping(workflow.events.get("workflow_dispatch")).get("inputs")).get(name))
    options = row.get("options")
    chosen = [string(option) for option in options] if isinstance(options, list) else []
    found = [*chosen, *workflow.given.get(name, [])] or list(filter(None, [string(row.get("default"))]))
    return found[:_MOST]


def _of_matrix(name: str, job: Mapping[str, Any]) -> list[str]:
    matrix = mapping(mapping(job.get("strategy")).get("matrix"))
    listed = matrix.get(name)
    values = [string(value) for value in listed] if isinstance(listed, list) else []
    values += [string(row.get(name)) for row in mappings(matrix.get("include"))]
    return [value for value in values[:_MOST] if value and "${{" not in value]


CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
# Which commit a release has is not known when it is made, so that people pin it: the next steps say how.
ACTION = "jira-ci/jira-ci@v0 # zizmor: ignore[unpinned-uses] until it is pinned by a release's commit"
CREDENTIALS = """\
          client-id: ${{ secrets.JIRA_CLIENT_ID }}
          client-secret: ${{ secrets.JIRA_CLIENT_SECRET }}
"""
PERSON = """\
          user: ${{ secrets.JIRA_USER }}
          token: ${{ secrets.JIRA_TOKEN }}
"""
_PERMISSIONS = """\
permissions: # to read what a shallow checkout does not hold
  contents: read
  deployments: read
  pull-requests: read
"""
# The first lines are where names of others stand; there is none in the rest, and none of the event's texts in a script.
_AFTER = (
    """\
# Tells Jira how the workflows named below ended. It runs when one of them has completed, as it stands on the default
# branch, with the secrets, and it checks out and runs nothing of what they built.
name: Jira
on:
  workflow_run: # zizmor: ignore[dangerous-triggers] no code of a pull request is checked out
    workflows: {workflows}
    types: [completed]
"""
    + _PERMISSIONS
    + """\
jobs:
  report:
    # A fork's author chooses the branch's name and the messages, and with them the issues: nothing is told of forks.
    if: >-
      github.event.workflow_run.head_repository.full_name == github.repository &&
      contains(fromJSON('["success", "failure", "cancelled", "timed_out"]'), github.event.workflow_run.conclusion)
    runs-on: {runs_on}
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - uses: {action}
        if: always()
        with:
          command: build # of the run that has completed: its number, its state, its address
"""
)
_FIRST = (
    """\
# Builds, and tells Jira how that went.
name: CI
on: [push, pull_request]
"""
    + _PERMISSIONS
    + """\
jobs:
  build:
    runs-on: {runs_on}
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - run: echo "Put here what builds and tests this repository."
      - uses: {action}
        if: always()
        with:
          command: build
"""
)


_RESUME = """\
# Starts again what waits for its change, once the change allows it; no runner waits. Every quarter of an hour
# on working days, when Jira rings (an automation rule, see the guide "resume"), and by hand.
name: Resume
on:
  schedule:
    - cron: "*/15 6-18 * * 1-5"{clock}
  repository_dispatch:
    types: [jira-change]
  workflow_dispatch:
permissions: {{}}
concurrency: # one at a time, and none is cut off by the next one
  group: resume
  cancel-in-progress: false
jobs:
  resume:
    runs-on: {runs_on}
    permissions:
      actions: write # to start the runs again
      contents: read # the policy
      deployments: read # whether a newer version was deployed meanwhile
    steps:
      - uses: {checkout}
        with:
          persist-credentials: false
      - uses: {action}
        with:
          command: resume
"""


def make(found: Found) -> Iterator[File]:
    """The workflows that are proposed: the one that reports builds, and with a gate the one that resumes."""
    yield from _reporting(found)
    if found.gate:
        clock = f"\n      timezone: {found.zone}" if found.newest and found.zone else " # UTC"
        yield File(RESUME, _RESUME.format(clock=clock, **_common(found)) + PERSON)


def _common(found: Found) -> dict[str, str]:
    return {"checkout": CHECKOUT, "action": ACTION, "runs_on": files.flow(found.github.runs_on)}


def _reporting(found: Found) -> Iterator[File]:
    """One new workflow: it follows those that build, or is the first that does; none where others report already."""
    if found.github.reports and not found.github.builds:
        return
    if found.github.builds:
        text = _AFTER.format(workflows=files.listed(found.github.builds), **_common(found))
    else:
        text = _FIRST.format(**_common(found))
    yield File(OURS, text + CREDENTIALS)


def deployment_steps(environment: str) -> tuple[str, str]:
    """The two steps that a job which deploys needs, before and after, indented as below ``steps``."""
    named = f"          environment: {files.quoted(environment)}\n{CREDENTIALS}".rstrip("\n")
    start = f"      - uses: {ACTION}\n        with:\n          state: in_progress\n{named}"
    return start, f"      - uses: {ACTION}\n        if: always()\n        with:\n{named}"


def deployment_job(job: Deploying, runs_on: Any) -> str:
    """A job of its own that tells how this one ended, for a container without Python; indented as below ``jobs``."""
    return (
        f"  {job.job}-jira:\n    needs: {job.job}\n    if: always()\n    runs-on: {files.flow(runs_on)}\n"
        "    permissions:\n      contents: read\n      deployments: read\n      pull-requests: read\n    steps:\n"
        f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n"
        f"      - uses: {ACTION}\n        with:\n          environment: {files.quoted(job.written)}\n"
        f"          state: ${{{{ needs.{job.job}.result }}}}\n{CREDENTIALS}"
    ).rstrip("\n")


def build_step(tests: Sequence[str]) -> str:
    """The step that a job which builds needs, indented as below ``steps``.

    Args:
        tests: patterns of its test results, as far as they are known.
    """
    where = files.quoted(", ".join(tests)) if tests else "reports/**/*.xml # where the JUnit files are"
    return (
        f"      - uses: {ACTION}\n        if: always()\n        with:\n          test-results: {where}\n{CREDENTIALS}"
    ).rstrip("\n")
