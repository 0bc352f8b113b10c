"""The texts of a record: templates with the run's values in single braces, and what they come out as.

``{{`` and ``}}`` are braces. A value is what it is: nothing in it is filled in again, and in an address it is
percent-encoded and stands behind the host, so that it never decides where a link leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from jira_ci.context import Context
from jira_ci.environments.classify import Environment
from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass, replace
from jira_ci.jira.records import PLACE, PROPERTIES, Report
from jira_ci.run import leg_of_run, told_apart
from jira_ci.run_words import PART, WORDS, as_it_is, fill, of_run, words_in
from jira_ci.settings import Settings
from jira_ci.text import for_jira, one_line

_TEXTS = ("url", "description", "label")
_ADDRESS = r"https?://([^/?#]*)"
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x20\"<>\\^`{|}@:\[\]%]+)(:[0-9]{0,5})?"
_WITH_SLASHES = ("repository", "branch", "tag")
_LONGEST_VALUE = 255  # characters of one value in an address


@dataclass(frozen=True)
class Templates:
    """Templates that can be filled."""

    url: str = ""
    description: str = ""
    label: str = ""

    def filled(self, values: Mapping[str, str]) -> dict[str, str]:
        """``url``, ``description`` and ``label``; empty where there is no template, or nothing came out of it.

        Args:
            values: see :func:`jira_ci.run_words.of_run`; a word without one is empty.
        """
        return {name: fill(getattr(self, name), values, _RULES.get(name, as_it_is)).strip() for name in _TEXTS}

    def changing(self, word: str) -> Templates:
        """Only the templates that hold this word."""
        return Templates(**{name: text for name in _TEXTS if word in words_in(text := getattr(self, name))})


def read(settings: Settings) -> Templates:
    """The templates of the settings.

    Raises:
        UsageError: one holds a word that is not known, or ``url`` is no web address, or leaves its host to a value.
    """
    for name in _TEXTS:
        for word in words_in(getattr(settings, name)):
            if word not in WORDS:
                raise _unknown(name, settings.origins[name], word)
    if settings.url:
        _check_address(settings.url, settings.origins["url"])
    return Templates(settings.url, settings.description, settings.label)


def unevaluated(templates: Templates) -> Iterator[str]:
    """A sentence for each template with an expression that GitHub did not evaluate; it is sent as it stands."""
    for name in _TEXTS:
        found = next((part for part in PART.finditer(getattr(templates, name)) if part["expression"]), None)
        if found:
            shown = one_line(found["expression"], 80)
            yield f"{name} holds {shown}, which was not evaluated: only a workflow file's expressions are."


def _in_address(word: str, value: str) -> str:
    """A value that leads nowhere but down: its slashes are kept where such a name usually has some."""
    parts = value.split("/")
    if value in (".", ".."):  # no encoding keeps a browser from going up
        return ""
    down = word in _WITH_SLASHES and all(part.strip(".") for part in parts)
    return quote(value[:_LONGEST_VALUE], safe="/" if down else "", errors="replace")


_RULES = {"url": _in_address}


def _unknown(name: str, origin: str, word: str) -> UsageError:
    near = nearest(word.lower().replace("_", "-"), WORDS)
    return UsageError(
        f"{name} ({origin}) holds {{{one_line(word, 80)}}}, which stands for nothing.",
        f"{near or 'Known: ' + ', '.join(WORDS) + '.'} A brace itself is written twice, as {{{{ or }}}}.",
    )


def _check_address(template: str, origin: str) -> None:
    match = re.match(_ADDRESS, template, re.IGNORECASE)
    if not match or not match[1]:
        raise UsageError(
            f"url ({origin}) is {one_line(template, 200)!r}, which is no web address.", "Write it with https://."
        )
    if words_in(match[1]):
        raise UsageError(
            f"url ({origin}) leaves its host to {{{words_in(match[1])[0]}}}.",
            "Write the host out; words may stand behind it, as in https://ci.example/{run-id}.",
        )
    if "@" in match[1]:
        raise UsageError(f"url ({origin}) holds a user name or password.", "Take it out: everybody in Jira sees it.")
    if not re.fullmatch(_HOST, match[1]):
        raise UsageError(
            f"url ({origin}) is {one_line(template, 200)!r}, whose host cannot be one.", "Write it with https://."
        )


class ReportTemplate:
    """The settings of a report, found possible.

    Args:
        state: Jira's word.

    Raises:
        UsageError: a template or a property is invalid.
    """

    def __init__(self, context: Context, state: str) -> None:
        settings, run = context.settings, context.run
        self._settings, self._run = settings, run
        given(settings)  # when they are needed, it is late for an error
        self._templates = read(settings)
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
        return tuple(unevaluated(self._templates))

    def report(self, environment: Environment | None, tenant: str, service: str) -> Report:
        """What the record of this environment, tenant and service says; ``None`` and empty without one."""
        texts = self._templates.filled(self._meaning(environment, tenant, service))
        name = environment.name if environment else ""
        job, leg = told_apart(self._settings, leg_of_run(self._run), name, tenant, service)
        if environment and leg and leg != self._settings.leg:
            whose, where, which = (one_line(part, 80) for part in (self._run.job, name, leg))
            said = f"Several legs of the job {whose} deploy to {where}: this one, {which}, is a pipeline of its own."
            self.notes[f"{said} The settings leg and pipeline name it otherwise."] = None
        return replace(
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
        return self._templates.changing("state").filled(self._meaning(environment, tenant, service))

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
