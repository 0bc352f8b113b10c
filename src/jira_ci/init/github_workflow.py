"""GitHub's workflows: which of them build and where they deploy to, and the one that reports a repository's builds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jira_ci.errors import UsageError
from jira_ci.init import files, hints
from jira_ci.init.expressions import MOST, Texts, alternatives, legs, of_leg
from jira_ci.init.files import Deploying, File, Found, Pipelines
from jira_ci.text import mapping, mappings, string

FOLDER = ".github/workflows"
OURS = f"{FOLDER}/jira.yml"
RESUME = f"{FOLDER}/jira-resume.yml"
_MOST_ACTIONS = 50
_MOST_PATHS = 20
_NESTED = 10  # https://docs.github.com/actions/reference/workflows-and-actions/reusing-workflow-configurations
_BUILDING = {"push", "pull_request", "merge_group"}
_PASSED = re.compile(r"(?:(?:deploy(?:ment)?|target|github)[-_])?env(?:ironment)?(?:[-_]name)?", re.IGNORECASE)
_DEPLOYS = re.compile(r"(?:.*[-_ ])?(?:deploy|rollout)(?:[-_ ].*)?", re.IGNORECASE)
_NAME = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")


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
    steps = list(_steps(root, building, workflows))
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
        parts=tuple(part for workflow in workflows for part in _parts(workflow)),
        unnamed=tuple(one for workflow in workflows for one in _unnamed(workflow)),
        notes=tuple(notes),
    )


def _steps(root: Path, building: list[_Workflow], workflows: list[_Workflow]) -> Iterator[Mapping[str, Any]]:
    """What those that build do: in their jobs, in the workflows that these call, in this repository's actions."""
    by_file = {f"./{workflow.file}": workflow for workflow in workflows}
    jobs = [job for workflow in building for job in workflow.jobs.values()]
    called = [by_file[uses] for uses in (string(job.get("uses")) for job in jobs) if uses in by_file]
    jobs += [job for workflow in called for job in workflow.jobs.values()]
    actions: set[str] = set()
    for step in (step for job in jobs for step in mappings(job.get("steps"))):
        yield step
        uses = string(step.get("uses"))
        if uses.startswith("./") and uses not in actions and len(actions) < _MOST_ACTIONS:
            actions.add(uses)
            yield from _of_action(root, uses.removeprefix("./").rstrip("/"))


def _of_action(root: Path, folder: str) -> list[Mapping[str, Any]]:
    for name in ("action.yml", "action.yaml"):
        try:
            document = files.read_yaml(root, f"{folder}/{name}" if folder else name)
        except UsageError:
            continue  # GitHub says so by itself
        if document is not None:
            return mappings(mapping(document.get("runs")).get("steps"))
    return []


def _title(workflow: _Workflow) -> str:
    """What ``workflow_run`` knows it by: its name, else its file."""
    name = string(workflow.document.get("name")) or workflow.file
    return name if _NAME.fullmatch(name) and "${{" not in name else ""


def _builds(workflow: _Workflow) -> bool:
    """Whether pushes and pull requests run it, and it does not merely deploy."""
    steps = [job for job in workflow.jobs.values() if "steps" in job or "uses" in job]
    return not _BUILDING.isdisjoint(workflow.events) and any("environment" not in job for job in steps)


def _reports(workflow: _Workflow) -> bool:
    """Whether it uses our action, or our reusable workflow."""
    used = [one for job in workflow.jobs.values() for one in (job, *mappings(job.get("steps")))]
    return any(string(one.get("uses")).startswith(("jira-ci/jira-ci@", "jira-ci/jira-ci/")) for one in used)


def _pass_inputs(workflows: list[_Workflow]) -> None:
    """Notes what jobs of this repository pass to its reusable workflows, which may pass it on."""
    by_file = {f"./{workflow.file}": workflow for workflow in workflows}
    for _ in range(_NESTED):
        before = [len(values) for workflow in workflows for values in workflow.given.values()]
        for caller in workflows:
            for job in caller.jobs.values():
                called = by_file.get(string(job.get("uses")))
                for name, value in mapping(job.get("with")).items() if called else ():
                    if called:
                        known = called.given.setdefault(string(name), [])
                        new = [one for one in _resolve(string(value), caller, job).values if one not in known]
                        known += new[: MOST - len(known)]
        if before == [len(values) for workflow in workflows for values in workflow.given.values()]:
            return


def _deploying(workflow: _Workflow) -> Iterator[Deploying]:
    for name, job in workflow.jobs.items():
        given = job.get("environment")
        uses = string(job.get("uses"))
        passed = "" if uses.startswith("./") or not uses else _passed(job)
        written = (string(mapping(given).get("name")) or string(given) or passed).strip()
        if written not in files.NOTHING:
            names, complete = _resolve(written, workflow, job)
            container = job.get("container")
            yield Deploying(
                workflow.file,
                string(name),
                names,
                written,
                called="workflow_call" in workflow.events,
                image=string(mapping(container).get("image")) or string(container),
                matrix="matrix" in mapping(job.get("strategy")),
                open=not complete,
                uses=uses,
                alone="concurrency" in job or "concurrency" in workflow.document,
                deploys=string(mapping(given).get("deployment")) != "false",
            )


def _passed(job: Mapping[str, Any]) -> str:
    """The environment that is told to a workflow of another repository, by what its input is called."""
    given = mapping(job.get("with"))
    return next((string(value) for name, value in given.items() if _PASSED.fullmatch(string(name))), "")


def _parts(workflow: _Workflow) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The part of the repository that this workflow deploys, by the paths that start it."""
    paths = mapping(workflow.events.get("push")).get("paths")
    listed = [string(path) for path in paths] if isinstance(paths, list) else []
    inside = tuple(path for path in listed if path and not path.lstrip("!").startswith(".github/"))
    if inside and any(_deploying(workflow)):
        yield workflow.file.rpartition("/")[2].rpartition(".")[0], inside[:_MOST_PATHS]


def _unnamed(workflow: _Workflow) -> Iterator[str]:
    """Jobs that seem to deploy, in a workflow of which no job names an environment."""
    if not any(_deploying(workflow)) and not _reports(workflow):
        for name, job in workflow.jobs.items():
            if "steps" in job and _DEPLOYS.fullmatch(string(name)):
                yield f"{workflow.file}, job {name}"


def _resolve(written: str, workflow: _Workflow, job: Mapping[str, Any]) -> Texts:
    """The texts that this one may become, and whether these are all."""
    found = [alternatives(written, partial(_of_name, workflow, leg)) for leg in legs(job)]
    names = dict.fromkeys(name for one in found for name in one.values)
    return Texts(tuple(names)[:MOST], all(one.complete for one in found))


def _of_name(workflow: _Workflow, leg: Mapping[str, Any], name: str) -> Texts:
    context, _, rest = name.removeprefix("github.event.").partition(".")
    if context == "matrix":
        return of_leg(leg, rest)
    values = _of_input(rest, workflow) if context == "inputs" else []
    return Texts(tuple(values), bool(values))


def _of_input(name: str, workflow: _Workflow) -> list[str]:
    rows = [
        mapping(mapping(workflow.events.get(event)).get("inputs")) for event in ("workflow_dispatch", "workflow_call")
    ]
    options = mapping(rows[0].get(name)).get("options")
    chosen = [string(option) for option in options] if isinstance(options, list) else []
    defaults = [string(mapping(row.get(name)).get("default")) for row in rows]
    found = [*chosen, *workflow.given.get(name, [])] or list(filter(None, defaults))
    return found[:MOST]


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
    """One new workflow: it follows those that build, or is a repository's first.

    What only deploys, or cannot be read, gets no build from us: it would build nothing, and say that it went well.
    """
    if found.github.here and not found.github.builds:
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


def gated_step(environment: str) -> str:
    """The step that asks the gate, runs what deploys, and reports it, indented as below ``steps``."""
    return (
        f"      - uses: {ACTION}\n        with:\n          command: deploy\n          script: ./deploy.sh\n"
        f"          environment: {files.quoted(environment)}\n{CREDENTIALS}{PERSON}"
    ).rstrip("\n")


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
