"""Which rule under ``after`` is an environment's, and what becomes of one issue by it: version and transition. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jira_ci.environments.classify import Environment, glob_matches, is_glob, literal_length
from jira_ci.errors import UsageError, nearest
from jira_ci.jira.issue_edits import Transition, WorkItem
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


Became = Literal["done", "there", "skipped", "failed"]
_NAMED = 6


@dataclass(frozen=True)
class Step:
    """What became, or is to become, of one issue in one respect."""

    became: Became
    why: str = ""
    """Where it is not done: why not, as the end of a sentence."""
    transition: Transition | None = None


def versioning(item: WorkItem, rule: Rule, version_id: str) -> Step:
    """Whether the issue gets the fix version; it is added, and the others stay."""
    if item.subtask and not rule.sub_tasks:
        return Step("skipped", "it is a sub-task")
    return Step("there") if version_id in item.versions else Step("done")


def moving(item: WorkItem, rule: Rule) -> Step:
    """Which transition the issue takes."""
    wanted = rule.transition
    found = transition_to(item.transitions, wanted)
    if _is_there(item, wanted, found):
        return Step("there")
    if item.subtask and not rule.sub_tasks:
        return Step("skipped", "it is a sub-task")
    if item.category == "done" and not rule.closed:
        return Step("skipped", f"it is closed ({one_line(item.status, 60)})")
    if found is None:
        return Step("failed", _none(item, wanted))
    return Step("done", transition=found)


def _is_there(item: WorkItem, wanted: str, found: Transition | None) -> bool:
    """Whether the issue is where it is to go. An id that is a transition's here is not taken for its status': the two
    are counted apart."""
    if found is not None and (found.id == wanted or found.to_id == item.status_id):
        return found.to_id == item.status_id
    return wanted == item.status_id or canonical(wanted) == canonical(item.status)


def transition_to(transitions: Sequence[Transition], wanted: str) -> Transition | None:
    """The transition with this id, else with this name, else to the status with this name or id; of several one that
    leads to the status of this name, then one that asks for nothing."""
    name = canonical(wanted)
    ways = (
        [one for one in transitions if one.id == wanted],
        [one for one in transitions if canonical(one.name) == name],
        [one for one in transitions if canonical(one.to_name) == name or one.to_id == wanted],
    )
    found = next(filter(None, ways), [])
    return min(found, key=lambda one: (canonical(one.to_name) != name, one.screen), default=None)


def screened(fields: Sequence[str]) -> Step:
    """An issue whose transition asks for what only people know."""
    names = ", ".join(one_line(name, 60) for name in fields)
    return Step("skipped", f"its transition asks for {names}")


def _none(item: WorkItem, wanted: str) -> str:
    shown = [one.shown for one in item.transitions[:_NAMED]]
    there = f"there are {', '.join(shown)}" if shown else "there are none for this account"
    return f"no transition leads from {one_line(item.status, 60)} to {one_line(wanted, 60)}; {there}"
