"""The user's own properties of a report: kept by Jira, shown to nobody, for ``forget`` to find its records by."""

from __future__ import annotations

from jira_ci.errors import UsageError
from jira_ci.jira.records import PLACE, PROPERTIES
from jira_ci.settings import Settings
from jira_ci.text import for_jira, one_line

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
