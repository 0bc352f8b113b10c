"""The texts of a record: templates with the run's values in single braces, and what they come out as.

``{{`` and ``}}`` are braces. A value is what it is: nothing in it is filled in again, and in an address it is
percent-encoded and stands behind the host, so that it never decides where a link leads.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from jira_ci.context import Context
from jira_ci.environments.classify import Environment
from jira_ci.errors import UsageError, nearest
from jira_ci.jira.records import PLACE, PROPERTIES, Report
from jira_ci.run import Run, leg_of_run, told_apart
from jira_ci.settings import Settings
from jira_ci.text import for_jira, one_line

_WORDS = (
    "project version environment environment-type tenant service state branch tag commit short-commit number attempt "
    "run-id job actor repository pull-request workflow provider"
)
WORDS = tuple(_WORDS.split())
_TEXTS = ("url", "description", "label")
# An expression that GitHub did not evaluate (a bound, so that no text takes quadratic time), a brace, a word.
_PART = re.compile(r"(?P<expression>\$\{\{(?:[^}]|\}(?!\})){0,300}\}\})|\{\{|\}\}|\{(?P<word>[A-Za-z][A-Za-z0-9_-]*)\}")
_ADDRESS = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x20\"<>\\^`{|}@:\[\]%]+)(:[0-9]{0,5})?")
_WITH_SLASHES = ("repository", "branch", "tag")
_LONGEST_VALUE = 255  # characters of one value in an address


@dataclass(frozen=True)
class Wording:
    """Templates that can be filled."""

    url: str = ""
    description: str = ""
    label: str = ""

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """``url``, ``description`` and ``label``; empty where there is no template, or nothing came out of it.

        Args:
            values: see :func:`of_run`; a word without one is empty.
        """
        return {name: _filled(getattr(self, name), values, _RULES.get(name, _as_it_is)).strip() for name in _TEXTS}

    def changing(self, word: str) -> Wording:
        """Only the templates that hold this word."""
        return Wording(**{name: text for name in _TEXTS if word in _words(text := getattr(self, name))})


def read(settings: Settings) -> Wording:
    """The templates of the settings.

    Raises:
        UsageError: one holds a word that nobody knows, or ``url`` is no web address, or leaves its host to a value.
    """
    for name in _TEXTS:
        for word in _words(getattr(settings, name)):
            if word not in WORDS:
                raise _unknown(name, settings.origins[name], word)
    if settings.url:
        _check_address(settings.url, settings.origins["url"])
    return Wording(settings.url, settings.description, settings.label)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """A value of the policy, whose texts may hold words too, wherever they stand in it.

    Raises:
        KeyError: one holds a word that has no meaning there.
    """
    if isinstance(value, str):
        missing = next((word for word in _words(value) if word not in values), None)
        if missing is not None:
            raise KeyError(missing)
        return _filled(value, values, _as_it_is)
    if isinstance(value, Mapping):
        return {name: filled(part, values) for name, part in value.items()}
    return [filled(part, values) for part in value] if isinstance(value, (list, tuple)) else value


def unevaluated(wording: Wording) -> Iterator[str]:
    """A sentence for each template with an expression that GitHub did not evaluate; it is sent as it stands."""
    for name in _TEXTS:
        found = next((part for part in _PART.finditer(getattr(wording, name)) if part["expression"]), None)
        if found:
            shown = one_line(found["expression"], 80)
            yield f"{name} holds {shown}, which nobody evaluated: only a workflow file's expressions are."


def of_run(run: Run, *, project: str, version: str, state: str) -> dict[str, str]:
    """What the words mean in this run, but for those of one record: ``environment``, ``tenant``, ``service``.

    Args:
        project: its name.
        state: Jira's word.
    """
    return {
        "project": project,
        "version": version,
        "state": state,
        "branch": run.branch,
        "tag": run.tag,
        "commit": run.commit,
        "short-commit": run.commit[:7],
        "number": str(run.number),
        "attempt": str(run.attempt),
        "run-id": run.run_id,
        "job": run.job,
        "actor": run.actor,
        "repository": run.repository,
        "pull-request": str(run.pull_request.number) if run.pull_request else "",
        "workflow": run.workflow_name,
        "provider": run.provider,
    }


def _filled(template: str, values: Mapping[str, str], rule: Callable[[str, str], str]) -> str:
    def part(match: re.Match[str]) -> str:
        if match["word"]:
            return rule(match["word"], values.get(match["word"], ""))
        return match["expression"] or match[0][0]

    return _PART.sub(part, template)


def _as_it_is(word: str, value: str) -> str:
    del word
    return value


def _in_address(word: str, value: str) -> str:
    """A value that leads nowhere but down: its slashes are kept where such a name usually has some."""
    parts = value.split("/")
    if value in (".", ".."):  # no encoding keeps a browser from going up
        return ""
    down = word in _WITH_SLASHES and all(part.strip(".") for part in parts)
    return quote(value[:_LONGEST_VALUE], safe="/" if down else "", errors="replace")


_RULES = {"url": _in_address}


def _words(template: str) -> list[str]:
    return [part["word"] for part in _PART.finditer(template) if part["word"]]


def _unknown(name: str, origin: str, word: str) -> UsageError:
    near = nearest(word.lower().replace("_", "-")[:80], WORDS)
    return UsageError(
        f"{name} ({origin}) holds {{{one_line(word, 80)}}}, which stands for nothing.",
        f"{near or 'Known: ' + ', '.join(WORDS) + '.'} A brace itself is written twice, as {{{{ or }}}}.",
    )


def _check_address(template: str, origin: str) -> None:
    match = _ADDRESS.match(template)
    if not match or not match[1]:
        raise UsageError(
            f"url ({origin}) is {one_line(template, 200)!r}, which is no web address.", "Write it with https://."
        )
    if _words(match[1]):
        raise UsageError(
            f"url ({origin}) leaves its host to {{{_words(match[1])[0]}}}.",
            "Write the host out; words may stand behind it, as in https://ci.example/{run-id}.",
        )
    if "@" in match[1]:
        raise UsageError(f"url ({origin}) holds a user name or password.", "Take it out: everybody in Jira sees it.")
    if not _HOST.fullmatch(match[1]):
        raise UsageError(
            f"url ({origin}) is {one_line(template, 200)!r}, whose host cannot be one.", "Write it with https://."
        )


class Draft:
    """The settings of a report, found possible.

    Args:
        state: Jira's word.

    Raises:
        UsageError: a template or a property cannot be meant.
    """

    def __init__(self, context: Context, state: str) -> None:
        settings, run = context.settings, context.run
        self._settings, self._run = settings, run
        given(settings)  # nobody needs them before they are sent, and then it is late for an error
        self._wording = read(settings)
        self._report = Report(
            state=state,
            now=context.edges.clock(),
            pipeline=settings.pipeline,
            version=settings.version.strip() or run.tag or run.commit[:12],
        )
        of_file = context.config.project_name if context.config else ""
        project = settings.project_name or of_file or run.repository.rpartition("/")[2]
        self.notes: dict[str, None] = {}
        """Sentences about what the reports are of."""
        self._words = of_run(run, project=project, version=self._report.version, state=state)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about templates that may not say what was meant."""
        return tuple(unevaluated(self._wording))

    def report(self, environment: Environment | None, tenant: str, service: str) -> Report:
        """What the record of this environment, tenant and service says; ``None`` and empty without one."""
        texts = self._wording.filled(self._meaning(environment, tenant, service))
        name = environment.name if environment else ""
        job, leg = told_apart(self._settings, leg_of_run(self._run), name, tenant, service)
        if environment and leg and leg != self._settings.leg:
            whose, where, which = (one_line(part, 80) for part in (self._run.job, name, leg))
            said = f"Several legs of the job {whose} deploy to {where}: this one, {which}, is a pipeline of its own."
            self.notes[f"{said} The settings leg and pipeline name it otherwise."] = None
        return dataclasses.replace(
            self._report,
            job=job,
            leg=leg,
            service=service,
            url=texts["url"],
            description=texts["description"],
            label=texts["label"],
        )

    def texts_of_state(self, environment: Environment | None, tenant: str, service: str) -> dict[str, str]:
        """``url``, ``description`` and ``label`` where their templates hold the state; empty where they do not."""
        return self._wording.changing("state").filled(self._meaning(environment, tenant, service))

    def _meaning(self, environment: Environment | None, tenant: str, service: str) -> dict[str, str]:
        where = {"environment": environment.name, "environment-type": environment.type} if environment else {}
        return {**self._words, **where, "tenant": tenant, "service": service}


OURS = ("repository", "run")
_LONGEST = 255


def given(settings: Settings) -> dict[str, str]:
    """The properties in ``property``.

    Raises:
        UsageError: one is not of the form ``name=value``, or Jira would refuse it or them all.
    """
    found: dict[str, str] = {}
    for text in settings.property:
        name, equals, value = (part.strip() for part in text.partition("="))
        problem = _problem(name, value) if equals else "is not of the form name=value"
        if name in found:
            problem = "has a name that is given twice"
        if problem:
            raise UsageError(
                f"property ({settings.origins['property']}): {one_line(text, 80)!r} {problem}.",
                "Write it as release-train=2026-11.",
            )
        found[name] = value
    most = PROPERTIES - len(OURS)
    if len(found) > most:
        raise UsageError(
            f"property ({settings.origins['property']}) names {len(found)}; Jira keeps {most} besides ours.",
            "Leave some out.",
        )
    return found


def _problem(name: str, value: str) -> str:
    if not name or not value:
        return "has no name" if not name else "has no value"
    if name in (*OURS, PLACE):
        return "has a name that jira-ci uses itself"
    if ":" in name or name.startswith("_"):
        return "has a name with a colon, or with an underscore at its start, which Jira refuses"
    if any(for_jira(text, _LONGEST) != text for text in (name, value)):
        return f"is longer than {_LONGEST} characters, or holds some that Jira refuses"
    return ""
