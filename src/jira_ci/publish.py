"""Results handed to the CI: step outputs and summary on GitHub, artifacts on GitLab. A file that cannot be written is
said and fails nothing; an artifact goes to a temporary folder then."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from jira_ci import plain_file
from jira_ci.ci import outputs
from jira_ci.context import Context, Result
from jira_ci.run import CI


def publish(result: Result, context: Context) -> None:
    """Writes what the run's CI takes; outside of a CI nothing."""
    if context.run.provider == CI.GITHUB:
        _github(result, context)
    elif context.run.provider == CI.GITLAB and result.outputs:
        _gitlab(result, context)
    elif context.run.provider in (CI.HARNESS, CI.DRONE):
        _harness(result, context)


def _github(result: Result, context: Context) -> None:
    mask, environ = context.console.mask, context.edges.environ
    written = {"GITHUB_OUTPUT": outputs.github(result.outputs, f"jira-ci-{secrets.token_hex(16)}")}
    written["GITHUB_STEP_SUMMARY"] = _summary(result, context, environ.get("GITHUB_STEP_SUMMARY", ""))
    for variable, text in written.items():
        if text and environ.get(variable):
            _append(Path(environ[variable]), mask(text), variable, context)
        elif text and variable == "GITHUB_OUTPUT":
            context.console.notice("warning", "GITHUB_OUTPUT is not set: there are no step outputs.")


def _summary(result: Result, context: Context, path: str) -> str:
    """In Markdown, no longer than what is left of the step's megabyte."""
    if result.summary is None or not path:
        return ""
    from jira_ci.summary.as_markdown import LARGEST, as_markdown
    from jira_ci.summary.parts import with_texts

    return as_markdown(with_texts(result.summary, context.console.mask), LARGEST - _size(Path(path)))


def _size(path: Path) -> int:
    """In bytes: the step's other commands write to the same summary."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _gitlab(result: Result, context: Context) -> None:
    """In the checkout's root, where ``artifacts`` of the template pick them up."""
    mask = context.console.mask
    document = json.dumps(mask.document({**result.outputs, **result.document}), indent=2)
    written = {"jira-ci.env": mask(outputs.dotenv(result.outputs)), "jira-ci.json": document + "\n"}
    for name, text in (written | _pages(result, context)).items():
        if text:
            keep(context.root / name, text, context)


def _pages(result: Result, context: Context) -> dict[str, str]:
    """What a person reads: as Markdown, and as the page that a merge request links to."""
    if result.summary is None:
        return {}
    from jira_ci.summary.as_html import as_html
    from jira_ci.summary.as_markdown import as_markdown
    from jira_ci.summary.parts import with_texts

    mask, page = context.console.mask, with_texts(result.summary, context.console.mask)
    return {"jira-ci.md": mask(as_markdown(page)), "jira-ci.html": mask(as_html(page))}


def _harness(result: Result, context: Context) -> None:
    """Into the file that Harness gives a step for its output variables, where it gives one."""
    named, text = context.edges.environ.get("DRONE_OUTPUT", ""), outputs.dotenv(result.outputs)
    if named and text:
        _append(Path(named), context.console.mask(text), "DRONE_OUTPUT", context)


def _append(path: Path, text: str, variable: str, context: Context) -> None:
    try:
        plain_file.write(path, text, append=True)
    except OSError as error:
        context.console.notice("warning", f"{variable} could not be written: {error.strerror or error}.")


def keep(path: Path, text: str, context: Context, *, mode: int = 0o666) -> Path | None:
    """Writes a file of its own, in a temporary folder when its place does not take it, which is said once.

    Returns:
        Where it is; ``None`` when it could be written nowhere.
    """
    try:
        plain_file.write(path, text, mode=mode)
        return path
    except OSError as error:
        why = f"{path.name} could not be written to {path.parent}: {error.strerror or error}."
    said = path.name in context.spare.names
    try:
        kept = context.spare.write(path.name, text)
    except OSError as error:
        context.console.notice("warning", f"{why} Nor to a temporary folder: {error.strerror or error}.")
        return None
    if not said:
        context.console.notice("warning", f"{why} It is here: {kept}")
    return kept
