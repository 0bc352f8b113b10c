"""The workflow that reports a GitHub repository's builds, without a change to those that are there."""

from __future__ import annotations

from collections.abc import Iterator

from jira_ci.starting import emit
from jira_ci.starting.found import File, Found
from jira_ci.starting.github_workflows import OURS

CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
ACTION = "jira-ci/jira-ci@v0"
CREDENTIALS = """\
          client-id: ${{ secrets.JIRA_CLIENT_ID }}
          client-secret: ${{ secrets.JIRA_CLIENT_SECRET }}
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
    runs-on: ubuntu-latest
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
    runs-on: ubuntu-latest
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


def make(found: Found) -> Iterator[File]:
    """One new workflow: it follows those that build, or is the first that does; none where others report already."""
    if found.github.reports and not found.github.builds:
        return
    if found.github.builds:
        text = _AFTER.format(workflows=emit.listed(found.github.builds), checkout=CHECKOUT, action=ACTION)
    else:
        text = _FIRST.format(checkout=CHECKOUT, action=ACTION)
    yield File(OURS, text + CREDENTIALS)


def deployment_step(environment: str) -> str:
    """The step that a job which deploys needs, indented as below ``steps``."""
    return (
        f"      - uses: {ACTION}\n        if: always()\n        with:\n"
        f"          environment: {emit.quoted(environment)}\n{CREDENTIALS}"
    ).rstrip("\n")


def build_step() -> str:
    """The step that a job which builds needs, indented as below ``steps``."""
    return (
        f"      - uses: {ACTION}\n        if: always()\n        with:\n"
        f"          test-results: reports/**/*.xml # where the JUnit files are\n{CREDENTIALS}"
    ).rstrip("\n")
