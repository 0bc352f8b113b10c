"""Outside CI: facts from plain git -> Run. Settings fill what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jira_ci.git.origin import address_parts
from jira_ci.run import CI, Run
from jira_ci.text import whole

if TYPE_CHECKING:
    from jira_ci.git.repository import Git


@dataclass(frozen=True)
class Facts:
    """What git says about a checkout; each text is empty where there is no answer."""

    directory: str
    """The name of the checkout's top directory."""
    problem: str = ""
    """Why git cannot be asked, as a sentence."""
    origin: str = ""
    """The remote's address as configured, credentials included."""
    head: str = ""
    branch: str = ""
    tag: str = ""
    committed: str = ""
    """HEAD's commit time in epoch seconds."""
    default_branch: str = ""


def facts(git: Git) -> Facts:
    """Asks git."""
    directory = git.directory.resolve().name
    if problem := git.problem():
        return Facts(directory, problem=problem)
    top, head = git.top(), git.head()
    branch = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    remote_head = git.ask("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    return Facts(
        directory=(top.name if top else "") or directory,
        origin=git.ask("config", "--get", "remote.origin.url"),
        head=head,
        branch=branch,
        # A branch that stands on a tag is still worked on as a branch.
        tag=git.ask("describe", "--tags", "--exact-match", head) if head and not branch else "",
        committed=git.ask("log", "-1", "--no-patch", "--no-show-signature", "--format=%ct", head) if head else "",
        default_branch=remote_head.removeprefix("origin/"),
    )


def read(found: Facts) -> Run:
    """What plain git says about this run."""
    host, path, web = address_parts(found.origin)
    name = path.rpartition("/")[2] or found.directory
    # Without an origin the directory's name is all there is that two machines may agree on.
    identity = f"{host}/{path}".lower() if host and path else name
    return Run(
        provider=CI.LOCAL,
        repository=path or name,
        repository_id=identity,
        repository_url=web,
        commit=found.head,
        # Grows from commit to commit and is the same on every machine.
        number=whole(found.committed) or 0,
        url=web,
        event="local",
        branch=found.branch,
        tag=found.tag,
        default_branch=found.default_branch,
        server_url=f"https://{host}" if web else "",
        gaps=tuple(_gaps(found, bool(host and path))),
    )


def completed(run: Run, checkout: Callable[[], Run]) -> Run:
    """A CI's run, with what plain git says where the CI's variables name no commit or no repository.

    Args:
        checkout: what :func:`read` makes; asked only then.
    """
    if run.commit and run.repository_url:
        return run
    found = checkout()
    known = run.commit or run.branch or run.tag
    return replace(
        run,
        repository=run.repository or found.repository,
        repository_id=run.repository_id or found.repository_id,
        repository_url=run.repository_url or found.repository_url,
        commit=run.commit or found.commit,
        branch=run.branch if known else found.branch,
        tag=run.tag if known else found.tag,
        default_branch=run.default_branch or found.default_branch,
        message_ids=tuple(name or found.commit for name in run.message_ids),
        gaps=run.gaps if run.commit else (*run.gaps, *found.gaps),
    )


def with_repository(run: Run, address: str) -> Run:
    """The run of the repository that is cloned from this address; of none where the address names no host."""
    host, path, web = address_parts(address)
    if not (host and path):
        return run
    return replace(run, repository=path, repository_id=f"{host}/{path}".lower(), repository_url=web)


def _gaps(found: Facts, known: bool) -> list[str]:
    if found.problem:
        return [found.problem]
    gaps = []
    if not found.head:
        gaps.append("The repository has no commit yet.")
    elif not found.branch:
        gaps.append("HEAD is detached: the branch is not known.")
    if not found.origin:
        gaps.append("The repository has no remote named origin: its name is taken from its directory.")
    elif not known:
        gaps.append("The remote named origin is not on a host: the repository's name is taken from its directory.")
    return gaps
