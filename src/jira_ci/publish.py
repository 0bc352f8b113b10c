"""Results handed to the CI: step outputs and summary on GitHub, artifacts on GitLab. A file that cannot be written is
said and fails nothing."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from jira_ci.ci import outputs
from jira_ci.context import Context, Result


def publish(result: Result, context: Context) -> None:
    """Writes what the run's CI takes; outside of a CI nothing."""
    if context.run.provider == "github":
        _github(result, context)
    elif context.run.provider == "gitlab" and result.outputs:
        _gitlab(result, context)
    elif context.run.provider in ("harness", "drone"):
        _harness(result, context)


def _github(result: Result, context: Context) -> None:
    mask, environ = context.console.mask, context.edges.environ
    written = {"GITHUB_OUTPUT": outputs.github(result.outputs, f"jira-ci-{secrets.token_hex(16)}")}
    written["GITHUB_STEP_SUMMARY"] = result.summary
    for variable, text in written.items():
        if text and environ.get(variable):
            _write(Path(environ[variable]), mask(text), variable, context, append=True)
        elif text and variable == "GITHUB_OUTPUT":
            context.console.notice("warning", "GITHUB_OUTPUT is not set: there are no step outputs.")


def _gitlab(result: Result, context: Context) -> None:
    """In the checkout's root, where ``artifacts`` of the template pick them up."""
    mask = context.console.mask
    document = json.dumps(mask.document({**result.outputs, **result.document}), indent=2)
    written = {"jira-ci.env": mask(outputs.dotenv(result.outputs)), "jira-ci.json": document + "\n"}
    written["jira-ci.md"] = mask(result.summary)
    for name, text in written.items():
        if text:
            _write(context.root / name, text, name, context, append=False)


def _harness(result: Result, context: Context) -> None:
    """Into the file that Harness gives a step for its output variables, where it gives one."""
    named, text = context.edges.environ.get("DRONE_OUTPUT", ""), outputs.dotenv(result.outputs)
    if named and text:
        _write(Path(named), context.console.mask(text), "DRONE_OUTPUT", context, append=True)


def _write(path: Path, text: str, name: str, context: Context, *, append: bool) -> None:
    try:
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        context.console.notice("warning", f"{name} could not be written: {error.strerror or error}.")
