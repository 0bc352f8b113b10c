"""Which rule under ``after`` is an environment's: its exact name, else a glob, else its type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jira_ci.environments.classify import Environment, glob_matches, is_glob, literal_length
from jira_ci.errors import UsageError, nearest
from jira_ci.run_words import fill
from jira_ci.text import canonical, for_jira, one_line

TYPES = ("development", "testing", "staging", "production", "unmapped")


@dataclass(frozen=True)
class Rule:
    """What is to follow a successful deployment."""

    name: str
    """The key under ``after``."""
    fix_version: str = ""
    """A template; empty where issues get none."""
    release_version: bool = False
    description: str = ""
    """A template of the version's description."""
    notes: str = ""
    """A template of release notes, Markdown, for the tag's release; empty where it gets none."""
    create_release: bool = False
    """Whether that release is made where the tag has none."""
    transition: str = ""
    """A transition's or status' name or id; empty where issues stay where they are."""
    sub_tasks: bool = False
    """Whether sub-tasks are versioned and moved as well."""
    closed: bool = False
    """Whether issues whose status is done already are moved as well."""
    credentials: str = ""
    """The word in the variables of an account of its own."""
    connection: str = "default"


def rules(section: Mapping[str, Mapping[str, Any]]) -> list[Rule]:
    """Those of the file, in its order."""
    return [
        Rule(name, **{key.replace("-", "_"): value for key, value in found.items()}) for name, found in section.items()
    ]


def rule_of(section: Mapping[str, Mapping[str, Any]], environment: Environment) -> Rule | None:
    """The environment's rule; ``None`` where nothing follows.

    Raises:
        UsageError: two globs match equally and disagree.
    """
    known = rules(section)
    exact = next((one for one in known if canonical(one.name) == canonical(environment.name)), None)
    if exact is not None:
        return exact
    globs = [one for one in known if is_glob(one.name) and glob_matches(one.name, environment.name)]
    if not globs:
        return next((one for one in known if one.name == environment.type), None)
    longest = max(literal_length(one.name) for one in globs)
    first, *others = [one for one in globs if literal_length(one.name) == longest]
    if any(section[one.name] != section[first.name] for one in others):
        names = " and ".join(one_line(one.name, 80) for one in (first, others[0]))
        raise UsageError(
            f"after: {one_line(environment.name, 80)} matches {names} equally, and they disagree.",
            "Write a rule for the exact name.",
        )
    return first


def unreachable(name: str, environments: Iterable[str]) -> str:
    """What to write instead of a rule's name that is no glob, no type and no environment that anybody has heard of;
    empty for a name that may be meant."""
    known = [*TYPES, *environments]
    if is_glob(name) or canonical(name) in map(canonical, known):
        return ""
    return nearest(name.lower(), known) or "Name an environment of the file, or a type."


def version_name(rule: Rule, words: Mapping[str, str], longest: int) -> str:
    """What the fix version is called.

    Args:
        words: see :func:`jira_ci.run_words.of_run`.
        longest: characters.

    Raises:
        UsageError: nothing comes out of the template, or more than Jira takes.
    """
    name = " ".join(for_jira(fill(rule.fix_version, words), longest + 1).split())
    if not name or len(name) > longest:
        what = "is empty" if not name else f"has more than {longest} characters"
        raise UsageError(
            f"after.{one_line(rule.name, 80)}.fix-version {what} here.",
            'Write a template such as "{project} {version}", and give the deployment a version.',
        )
    return name
