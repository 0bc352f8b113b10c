"""Texts of strangers in YAML that we write: quoted by a YAML emitter, or made harmless in a comment."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from jira_ci.config import model
from jira_ci.config.model import Config
from jira_ci.errors import UsageError
from jira_ci.init.found import File, Found
from jira_ci.text import one_line

# A word that no reader of YAML takes for anything but a text.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_UNSEEN = re.compile("[\ufeff\ufffe\uffff]")


def quoted(value: str) -> str:
    """A text as a YAML scalar on one line."""
    import yaml

    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=1_000_000).strip()


def listed(values: Iterable[str]) -> str:
    """Texts as a YAML list on one line."""
    return f"[{', '.join(map(quoted, values))}]"


def comment(value: str, limit: int = 200) -> str:
    """A text behind ``#``: one line, whatever it holds."""
    return _UNSEEN.sub(" ", one_line(value, limit))


def refuse_outside(root: Path, file: File) -> None:
    """Refuses a place that is not in the repository, also by a symbolic link.

    Raises:
        UsageError: the file would be written somewhere else.
    """
    try:
        inside = (root / file.name).parent.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        inside = False
    if not inside:
        raise UsageError(f"{one_line(file.name, 200)} leads out of {root}.", "Put the file itself there.")


def is_taken(root: Path, file: File) -> bool:
    """Whether something of this name is there: a file, a folder, or a link to nothing."""
    return os.path.lexists(root / file.name)


def write(root: Path, file: File) -> None:
    """Writes the file and the folders above it.

    Raises:
        UsageError: it is there by now, or cannot be written.
    """
    path = root / file.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(file.text)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"{one_line(file.name, 200)} could not be written: {one_line(why, 200)}.") from None


SCHEMA = "https://raw.githubusercontent.com/jira-ci/jira-ci/main/jira-ci.schema.json"
# Of a top-level domain that nobody can own (RFC 2606): a forgotten placeholder leads to no stranger's server.
PLACEHOLDER = "your-site.invalid"
_UNSURE = "not sure: development, testing, staging, production or unmapped?"


def make(found: Found, name: str) -> tuple[File, Config]:
    """The file, and what it says.

    Args:
        name: from the repository's top, with slashes.

    Raises:
        UsageError: the site that was given cannot stand in the file.
    """
    text = "\n".join(
        [
            f"# yaml-language-server: $schema={SCHEMA}",
            *_name(found),
            *_jira(found),
            *_environments(found),
            *_services(found),
            *_change_control(found),
        ]
    )
    return File(name, f"{text}\n"), model.parse(f"{text}\n".encode(), name)


def _name(found: Found) -> Iterator[str]:
    if found.project_name:
        yield f"project-name: {quoted(found.project_name)}"


def _jira(found: Found) -> Iterator[str]:
    yield "jira:"
    if found.site:
        yield f"  site: {quoted(found.site)}"
    else:
        yield f"  site: {PLACEHOLDER} # write your Jira site's host, such as acme.atlassian.net"
    if found.projects:
        yield f"  # {comment(found.projects_comment)}"
        yield f"  projects: {listed(found.projects)} # only their issues count"
    else:
        yield "  # projects: [WEB] # only issues of these projects would count; no commit names an issue yet"


def _environments(found: Found) -> Iterator[str]:
    if not found.environments:
        yield "# environments: # Jira's type of each environment, where its name does not say it"
        yield "#   Azure-Dev: development"
        return
    yield "environments:"
    for row in found.environments:
        why = f"{_UNSURE} ({row.comment})" if row.unsure else row.comment
        said = f"{{type: {row.type}, change-controlled: true}}" if row.gated else row.type
        yield f"  {quoted(row.name)}: {said} # {comment(why, 400)}"
    if found.gating and all(row.name != "*" for row in found.environments):
        yield f'  "*": {{change-controlled: false}} # {comment(found.gating)} gates no other'


def service_name(found: Found) -> str:
    """What the only service is called in the file; its ids are what Jira calls it."""
    return found.project_name or "service"


def _services(found: Found) -> Iterator[str]:
    if found.service_ids:
        yield "services: # a deployment is of one when the setting service names it"
        yield f"  {quoted(service_name(found))}: {{ids: {listed(found.service_ids)}}}"


def _change_control(found: Found) -> Iterator[str]:
    if found.gating:
        yield f"change-control: # {comment(found.gating)}: deploymentGating"
        yield "  enabled: true"
        yield "  gate-by: jira"
