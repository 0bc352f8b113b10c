"""What is deployed and where to: whether a change can be approved for it, and the title that the change has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass, field, replace
from jira_ci.gate.policy.one_change import Place
from jira_ci.git.origin import has_host, origin_objection
from jira_ci.git.repository import Git
from jira_ci.run import CI, Run
from jira_ci.text import UNSEEN, canonical, first, one_line

_LONGEST = 255  # characters of a summary
# Controls, invisible characters, halves of a pair, line separators, and what is no character at all.
_UNSHOWABLE = ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")
_SLOT = re.compile(r"\{(project|version|environment|tenant)\}")
_FULL_ID = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")  # a shorter one may be a date
_SHORT_ID = re.compile("(?:.*-g)?(?=[0-9]*[a-f])([0-9a-f]{7,63})")  # also as git describe has it; digits are a number
_DESCRIBED = re.compile("(?:.*-[0-9]+-g)([0-9a-f]{7,63})")  # where even digits are none
_HEXADECIMAL = re.compile("(?:.*-g)?[0-9a-f]+")
_TAG_REF = re.compile("^(refs/)?tags/")
_EXPRESSION = re.compile(r"[~^:?*\[\\\s]|\.\.|@\{")  # what git takes for more than a name
# What git reads as *that commit itself*, *as it was*, or *the newest that says*, whatever the checkout has.
_POINTING = re.compile(r"@\{|\^\{|^:/|^@([~^]|$)|\^0?$|^(HEAD|[A-Z]+_HEAD)([~^@]|$)")
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
    """The full id of what is checked out; without a checkout of the run's repository, of the run's commit."""
    title: str
    """What the change's summary must be, exactly; empty where no change is looked for."""
    checkout: str = ""
    """The full id of what is checked out, also of what a step has committed on top; empty where that is unknown."""
    repository: str = ""
    """The run's, ``owner/name``."""
    members: tuple[Place, ...] = ()
    """Every place that its change is for, this one included, as the policy spells it; empty for this one alone."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place that its change is for; one or more."""
        return self.members or (Place(self.environment, self.tenant),)

    @property
    def place(self) -> Place:
        """Where it is deployed, as the policy spells it where that shares a change."""
        here = Place(self.environment, self.tenant)
        return next((one for one in self.members if one.same(here)), here)

    @property
    def names(self) -> dict[str, str]:
        """What its change is called by: of several environments and tenants all."""
        environments = dict.fromkeys(one.environment for one in self.members) or [self.environment]
        tenants = dict.fromkeys(one.tenant for one in self.members) or [self.tenant]
        return {
            "project": self.project,
            "version": self.version,
            "environment": ", ".join(environments),
            "tenant": ", ".join(tenants),
            "commit": self.commit,
        }


@dataclass(frozen=True)
class Contents:
    """What is in a deployment, for the people who approve it. Every text is a stranger's.

    Attributes:
        authors: names of those who wrote the commits.
        since: the commit or tag that was deployed before; empty where that is not known.
        comparison: where a person sees what is new.
        tests: how the job's tests went, in words.
        titles: of the issues, by key.
        hidden: keys that lead to no issue that the gate's account may see.
        missing: sentences about what is not known.
    """

    authors: tuple[str, ...] = ()
    since: str = ""
    comparison: str = ""
    tests: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """The run that asks.

    Attributes:
        url: where a person looks at it.
        run: the provider's id of it.
        actor: the login of whoever deploys; empty when the CI does not say.
        keys: the issues that are deployed, for the change to be linked to.
        objection: why this run may make no change (``a dry run``, ``a pull request``); empty when it may.
        words: what the run's words mean in the policy's ``fields``; see :func:`jira_ci.run_words.of_run`.
        contents: what is deployed; looked for only when a change is made.
        may_pin: whether its commit is one that may be pinned: of the default branch, or of a protected ref.
        attempt: which try of the run it is.
        id: tells this process from every other one.
    """

    url: str = ""
    run: str = ""
    actor: str = ""
    keys: tuple[str, ...] = ()
    objection: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    contents: Contents = field(default_factory=Contents)
    may_pin: bool = False
    attempt: int = 1
    id: str = ""


class Placed(Protocol):
    """What is deployed somewhere: a subject, a binding's scope, a note."""

    @property
    def environment(self) -> str: ...

    @property
    def tenant(self) -> str: ...


def everywhere(subject: Subject) -> str:
    """Every place that its change is for, for a sentence."""
    return ", ".join(map(where, subject.places))


def where(placed: Placed) -> str:
    """Where it is deployed, for a sentence: ``Dev for Tenant A``."""
    return f"{placed.environment} for {placed.tenant}" if placed.tenant else placed.environment


@dataclass(frozen=True)
class Named:
    """What a version names in the checkout."""

    is_branch: bool = False
    """Whether it is a branch, or something else that git knows and that moves: ``FETCH_HEAD``, ``v1~1``."""
    commit: str = ""
    """The full id, when it is a tag or a commit."""
    checkout: str = ""
    """The full id of what is checked out: the run's commit, where a step has only committed on top of it. Empty without
    a checkout of the run's repository."""
    on_top: str = ""
    """The full id of what a step has committed on top of the run's commit."""
    problem: str = ""
    """Why it is unknown what is deployed, with the hint."""


def tag_name(version: str) -> str:
    """The name of the tag that a version would name."""
    return _TAG_REF.sub("", version)


def commit_like(version: str) -> bool:
    """Whether a version is a commit's id, or no name that a tag can have."""
    return bool(_EXPRESSION.search(version) or _FULL_ID.fullmatch(version.lower()))


def abbreviated(version: str) -> str:
    """The beginning of a commit's id that a version is, or ends with as git describe has it; empty where it is none."""
    identity = version.lower()
    found = _SHORT_ID.fullmatch(identity) or _DESCRIBED.fullmatch(identity)
    return found[1] if found else ""


def named(git: Git, version: str) -> Named:
    """Asks the checkout. A tag wins: it is what a deployment of that name would take."""
    if not version:
        return Named()
    name, identity = tag_name(version), version.lower()
    if not _EXPRESSION.search(version):
        *tags, branch, remote = git.resolve_each(
            f"refs/tags/{version}", f"refs/tags/{name}", f"refs/heads/{version}", f"refs/remotes/origin/{version}"
        )
        if any(tags):
            return Named(commit=first(tags))
        if branch or remote:
            return Named(is_branch=True)
        if _FULL_ID.fullmatch(identity):
            return Named(commit=git.resolve(identity) or _foreign_id(git, identity))
        if short := abbreviated(version):
            return Named(commit=git.resolve(short))
    # What git knows by another name moves. The beginning of an id, if it is short or all digits, may be a date.
    return Named(is_branch=not _HEXADECIMAL.fullmatch(identity) and bool(git.resolve(version)))


def _foreign_id(git: Git, identity: str) -> str:
    """A full id that is no commit here, and would be one elsewhere. One of another length than the repository's own is
    an image's digest, or the like."""
    return identity if len(identity) == len(git.head()) else ""


def _nobody() -> str:
    return "GitLab was not asked."


def seen(git: Git, run: Run, version: str, told: Callable[[], str] = _nobody) -> Named:
    """What the version names, and what is checked out.

    Args:
        told: asks GitLab where there is no checkout: why the run's commit is not certainly the one that this job is of;
            empty when it is.
    """
    head = git.head()
    if head != run.commit and not (head and _is_own(git, run)):
        # Whoever starts a pipeline on GitLab can give CI_COMMIT_SHA, and only the checkout does not obey it.
        why = git.problem() or "There is no checkout of this repository."
        reason = told() if run.provider == CI.GITLAB else ""
        return Named(problem=f"{why} CI_COMMIT_SHA alone does not tell what is deployed. {reason}" if reason else "")
    found = named(git, version)
    if head != run.commit and run.commit and _is_committed_on_top(git, head, run):
        return replace(found, checkout=run.commit, on_top=head)
    return replace(found, checkout=head)


def _is_own(git: Git, run: Run) -> bool:
    """Whether the checkout is not plainly one of another repository than the run's; a mirror's host is no matter."""
    anywhere = replace(run, repository_url="")
    return all(not has_host(one) or not origin_objection([one], anywhere, trusting=False) for one in git.addresses())


def _is_committed_on_top(git: Git, head: str, run: Run) -> bool:
    """Whether a step of this job has committed on top of the run's commit, as release tools do: git remembers it as
    HEAD's last movement, where a checkout of another commit is remembered as such. On another branch than the run's it
    is something else."""
    moved = git.ask("log", "-1", "--walk-reflogs", "--format=%H %gs", "HEAD").partition(" ")
    parents = git.ask("log", "-1", "--format=%P", head).split()
    branch = git.ask("symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")
    on_ref = branch in ("", run.branch)
    return on_ref and moved[0] == head and moved[2].startswith("commit: ") and parents == [run.commit]


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
    commit = (at.checkout if at else "") or run.commit
    checkout = (at.on_top or at.checkout) if at else ""
    return Subject(project, environment, tenant, version or default_version(run), commit, "", checkout, run.repository)


def titled(
    subject: Subject, template: str, run: Run, *, at: Named | None = None, members: tuple[Place, ...] = ()
) -> Subject:
    """The subject with the title of its change.

    Args:
        subject: as :func:`describe` gives it.
        template: the policy's ``title``.
        at: what the version names in the checkout.
        members: every place that its change is for, where these are several.

    Raises:
        UsageError: no change can be approved for it (row 4).
    """
    subject = replace(subject, members=members)
    _refuse(_objections(subject, template, run, at or Named()))
    title = _SLOT.sub(lambda slot: subject.names[slot[1]], template)
    _refuse(_title_objections(title))
    return replace(subject, title=title)


def check_untitled(subject: Subject, run: Run, *, at: Named | None = None) -> None:
    """The same where no title is looked for, because Jira finds the change itself.

    Raises:
        UsageError: Jira can allow no deployment of it (row 4).
    """
    _refuse(_unfit(subject, run, at or Named()))
    _refuse(_parts(subject, "environment", "version"))


def _refuse(objections: Iterator[str]) -> None:
    for objection in objections:
        raise UsageError(objection)


def _unfit(subject: Subject, run: Run, at: Named) -> Iterator[str]:
    """Why no change can be approved for this, however it is found."""
    if not subject.version.strip():
        yield "There is no version: neither a tag nor a commit is known. Give one with the setting version."
    elif _is_moving(subject.version, run, at):
        yield (
            f"The version {_shown(subject.version)} is a branch or moves, so an approval of it would be one of "
            "everything to come. Give a tag, a version or a commit with the setting version."
        )
    yield from _other_commit(subject, run, at)
    if at.problem:
        yield f"It is unknown which commit is deployed: {at.problem} Run the job in an image with git and a checkout."
    if not subject.commit:
        yield "The commit that is deployed is not known. Run jira-ci in a checkout."


def _other_commit(subject: Subject, run: Run, at: Named) -> Iterator[str]:
    """An approval is for a commit: what the version names has to be what is checked out."""
    by_run = run.commit if subject.version in (run.tag, run.commit) else ""
    for names in filter(None, dict.fromkeys([at.commit, by_run])):
        if at.checkout and names != at.checkout:
            yield (
                f"The version {_shown(subject.version)} names commit {names}, and commit {at.on_top or at.checkout} is "
                "checked out. Check out what the version names, or give the version of what is checked out."
            )


def _objections(subject: Subject, template: str, run: Run, at: Named) -> Iterator[str]:
    yield from _unfit(subject, run, at)
    yield from _parts(subject, "project", "environment", "version")
    for one in subject.members:
        yield from _part_objections("environment", one.environment)
        yield from _part_objections("tenant", one.tenant) if one.tenant else ()
    if subject.tenant and "{tenant}" not in template:
        yield "A tenant is deployed, but the policy's title lacks {tenant}: one change would stand for every tenant."
    if not subject.tenant and "{tenant}" in template:
        yield "The policy's title holds {tenant}, but none was given. Give one with the setting tenant."


def _is_moving(version: str, run: Run, at: Named) -> bool:
    name = canonical(version)
    branches = (run.branch, run.default_branch, run.pull_request.branch if run.pull_request else "")
    if name in _MOVING or name in map(canonical, filter(None, branches)):
        return True
    if _BRANCH_REF.match(version) or _POINTING.search(version):
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
    bad = (one for one in text if ord(one) > 0xFFFF or unicodedata.category(one) in _UNSHOWABLE or one in UNSEEN)
    return next((f"U+{ord(one):04X}" for one in bad), "")


def _shown(text: str) -> str:
    return f"{one_line(text, 80)!r}"
