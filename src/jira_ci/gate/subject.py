"""What is deployed and where to, and whether that can stand in a change's title: nothing is cut or normalised here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from jira_ci.gate.decision import Decision
from jira_ci.git.repository import Git
from jira_ci.run import Run
from jira_ci.text import canonical, one_line

_LONGEST = 255  # characters of a summary
# Controls, characters that nobody sees, halves of a pair, line separators, and what is no character at all.
_UNSHOWABLE = ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")
_SLOT = re.compile(r"\{(project|version|environment|tenant)\}")
_FULL_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")  # a shorter one may be a date
_EXPRESSION = re.compile(r"[~^:?*\[\\\s]|\.\.|@\{")  # what git takes for more than a name
_BRANCH_REF = re.compile("(refs/)?(heads|remotes)/|origin/")
# Names of what moves, whatever the repository has: an approval of them would be one of everything to come.
_MOVING = ("latest", "head", "main", "master")


@dataclass(frozen=True)
class Subject:
    """What is deployed, and where to."""

    project: str
    environment: str
    tenant: str
    """Empty without one."""
    version: str
    commit: str
    """The full id of what ``version`` names, where that is known here; else the run's commit."""
    title: str
    """What the change's summary must be, exactly; empty where nobody looks for a change."""


def where(subject: Subject) -> str:
    """Where it is deployed, for a sentence: ``Dev for Tenant A``."""
    return f"{subject.environment} for {subject.tenant}" if subject.tenant else subject.environment


@dataclass(frozen=True)
class Named:
    """What a version names in the checkout."""

    is_branch: bool = False
    commit: str = ""
    """The full id, when it is a tag or a commit."""


def named(git: Git, version: str) -> Named:
    """Asks the checkout. A tag wins: it is what a deployment of that name would take."""
    if not version or _EXPRESSION.search(version):
        return Named()
    tagged = git.resolve(f"refs/tags/{version}")
    if tagged:
        return Named(commit=tagged)
    if any(git.resolve(f"refs/{where}/{version}") for where in ("heads", "remotes/origin")):
        return Named(is_branch=True)
    return Named(commit=git.resolve(version) if _FULL_ID.fullmatch(version) else "")


def default_version(run: Run) -> str:
    """The version when none was given: the run's tag, else its full commit."""
    return run.tag or run.commit


def describe(
    run: Run, *, project: str, environment: str, version: str, tenant: str = "", at: Named | None = None
) -> Subject:
    """The subject as it was asked for, fit or not, without a title: for the record of a decision without a change.

    Args:
        version: empty for the default one.
    """
    known = at.commit if at and version else ""
    return Subject(project, environment, tenant, version or default_version(run), known or run.commit, "")


def fit(subject: Subject, template: str, run: Run, *, at: Named | None = None) -> Subject | Decision:
    """The subject with its title, or row 4.

    Args:
        subject: as :func:`describe` gives it.
        template: the policy's ``title``.
        at: what the version names in the checkout.
    """
    objection = next(_objections(subject, template, run, at or Named()), "")
    if objection:
        return Decision.of(4, objection)
    title = _SLOT.sub(lambda slot: str(getattr(subject, slot[1])), template)
    objection = next(_title_objections(title), "")
    if objection:
        return Decision.of(4, objection)
    return Subject(subject.project, subject.environment, subject.tenant, subject.version, subject.commit, title)


def fit_untitled(subject: Subject, run: Run, *, at: Named | None = None) -> Subject | Decision:
    """The subject where no title is looked for, because Jira finds the change itself; or row 4."""
    objection = next(_unfit(subject, run, at or Named()), "") or next(_parts(subject, "environment", "version"), "")
    return Decision.of(4, objection) if objection else subject


def _unfit(subject: Subject, run: Run, at: Named) -> Iterator[str]:
    """Why no change can be approved for this, however it is found."""
    if not subject.version.strip():
        yield "There is no version: neither a tag nor a commit is known. Give one with the setting version."
    elif _is_moving(subject.version, run, at):
        yield (
            f"The version {_shown(subject.version)} is a branch or moves, so an approval of it would be one of "
            "everything to come. Give a tag, a version or a commit with the setting version."
        )
    if not subject.commit:
        yield "The commit that is deployed is not known. Run jira-ci in a checkout."


def _objections(subject: Subject, template: str, run: Run, at: Named) -> Iterator[str]:
    yield from _unfit(subject, run, at)
    yield from _parts(subject, "project", "environment", "version")
    if subject.tenant and "{tenant}" not in template:
        yield "A tenant is deployed, but the policy's title lacks {tenant}: one change would stand for every tenant."
    if not subject.tenant and "{tenant}" in template:
        yield "The policy's title holds {tenant}, but none was given. Give one with the setting tenant."


def _is_moving(version: str, run: Run, at: Named) -> bool:
    name = canonical(version)
    branches = (run.branch, run.default_branch, run.pull_request.branch if run.pull_request else "")
    if name in _MOVING or name in map(canonical, filter(None, branches)) or _BRANCH_REF.match(version):
        return True
    return at.is_branch and version != run.tag


def _parts(subject: Subject, *names: str) -> Iterator[str]:
    """Why one of these, or the tenant, stands for something else as soon as it is written somewhere."""
    for name in (*names, *(["tenant"] if subject.tenant else [])):
        yield from _part_objections(name, getattr(subject, name))


def _part_objections(name: str, part: str) -> Iterator[str]:
    """Why this cannot be part of a title that is looked for exactly."""
    which = f"The {name} {_shown(part)}"
    if not part.strip():
        yield f"The {name} is empty. Give one."
    elif part != part.strip():
        yield f"{which} begins or ends with a blank. Take it away."
    if '"' in part:
        yield f"{which} holds a quote, which the title puts around it. Take it out."
    bad = _unshowable(part)
    if bad:
        yield f"{which} holds the character {bad}, which no title can have. Take it out."
    if len(part) > _LONGEST:
        yield f"The {name} has {len(part)} characters, and a title has room for {_LONGEST}. Give a shorter one."


def _title_objections(title: str) -> Iterator[str]:
    if len(title) > _LONGEST:
        yield f"The change's title would have {len(title)} characters, and Jira takes {_LONGEST}. Shorten its parts."
    if title != title.strip():
        yield "The change's title begins or ends with a blank. Correct title in the policy."
    bad = _unshowable(title)
    if bad:
        yield f"The change's title holds the character {bad}. Correct title in the policy."


def _unshowable(text: str) -> str:
    """The first character that no summary can hold as it is (``U+1F600``), or an empty text."""
    bad = (one for one in text if ord(one) > 0xFFFF or unicodedata.category(one) in _UNSHOWABLE)
    return next((f"U+{ord(one):04X}" for one in bad), "")


def _shown(text: str) -> str:
    return f"{one_line(text, 80)!r}"
