"""The remote named origin: whether it is the run's repository, and what it adds to a clone.

The default checkout of GitHub has one commit, that of GitLab twenty. History behind its cuts, tags, and where a branch
stands now come from origin, only where it is the run's own repository, and only within bounds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from jira_ci.git.command import GitError
from jira_ci.git.repository import Git
from jira_ci.run import CI, Run
from jira_ci.text import sha as full_sha

# user@host:path, git's short form of an ssh address (https://git-scm.com/docs/git-clone#_git_urls). One letter before
# the colon is a Windows drive.
_SCP = r"(?:[^@/\\]+@)?(?P<host>\[[^\]]+\]|[^:/\\@\[\]]{2,}):(?!//)(?P<path>.+)\Z"


def address_parts(address: str) -> tuple[str, str, str]:
    """Host (with an unusual port), path without ``.git``, and web address of a remote; credentials are left behind."""
    address = address.strip()
    if "://" not in address:
        short = re.match(_SCP, address)
        # "helper::address" names a program, not a host.
        if not short or short["path"].startswith(":"):
            return "", "", ""
        host, path = short["host"].lower(), _path(short["path"])
        return host, path, _web("https", host, path)
    try:
        found = urlsplit(address)
        host, port = (found.hostname or "").lower(), found.port
    except ValueError:
        return "", "", ""
    if found.scheme not in ("http", "https", "ssh", "git", "git+ssh", "ssh+git") or not host:
        return "", "", ""
    path = _path(unquote(found.path))
    if found.scheme not in ("http", "https"):
        # The port of an ssh address says nothing about the web.
        return host, path, _web("https", host, path)
    host = f"{host}:{port}" if port and port != {"http": 80, "https": 443}[found.scheme] else host
    return host, path, _web(found.scheme, host, path)


def _path(path: str) -> str:
    clean = re.sub(r"[\x00-\x1f\x7f]+", "", path).strip("/ ")
    return clean.removesuffix(".git").strip("/").removeprefix("~")


def _web(scheme: str, host: str, path: str) -> str:
    return f"{scheme}://{host}/{quote(path)}" if path else ""


_STEPS = (50, 500, 5000)  # commits: a pull request, a release, a long silence
_SECONDS = 20.0  # all steps together; the provider's API is usually faster for anything larger


def is_home(address: str, run: Run) -> bool:
    """Whether a remote's address is the run's repository, or a folder of this machine.

    The host may be another name of the provider's (``ssh.github.com``). GitLab's runners may clone from an internal
    address, ``clone_url``: there the path decides
    (https://docs.gitlab.com/runner/configuration/advanced-configuration/#how-clone_url-works).
    """
    host, path, _ = address_parts(address)
    if not host:
        return address.startswith("file:") or (bool(address) and "://" not in address and "::" not in address)
    if run.provider == CI.LOCAL:
        return True
    ours = (urlsplit(run.server_url).hostname or "").lower()
    theirs = host.rpartition(":")[0] or host
    return path.lower() == run.repository.lower() and (
        not ours or theirs == ours or theirs.endswith(f".{ours}") or run.provider == CI.GITLAB
    )


class Origin:
    """The remote of a run's checkout.

    Args:
        run: whose repository origin has to be, and whose commit it certainly knows.
    """

    def __init__(self, git: Git, run: Run) -> None:
        self._git, self._run = git, run
        self._known: dict[str, Mapping[str, str]] = {}

    @cached_property
    def is_home(self) -> bool:
        """Whether it may be asked."""
        # What git would ask, after all rules of its configuration; of several addresses it fetches from one only.
        addresses = self._git.addresses()
        return len(addresses) == 1 and is_home(addresses[0], self._run)

    def branch(self, name: str) -> str:
        """Where a branch stands there now; empty when that is not known. The commit may not be here."""
        return self._refs("heads", name).get(name, "")

    def tags(self) -> Mapping[str, str]:
        """The commits of its tags, by their names; none when they are not known. They may not be here."""
        return self._refs("tags")

    def tag(self, name: str) -> str:
        """The commit of a tag there; empty when it has none or cannot be asked."""
        return self._refs("tags", name).get(name, "")

    def fetch(self, commit: str) -> bool:
        """Fetches one commit, unless it is here already. Whether it is here then."""
        if not self._git.resolve(commit) and self.is_home:
            try:
                self._git.fetch(commit, _SECONDS)
            except GitError:
                return False
        return bool(self._git.resolve(commit))

    def complete(
        self,
        head: str,
        *bases: str,
        steps: Sequence[int] = _STEPS,
        seconds: float = _SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> bool:
        """Deepens a shallow clone until it holds what head has and the bases have not. Whether it does now.

        Failing (no credentials, no network, a commit that is gone) is no error: there are other ways to ask.
        """
        git, end = self._git, clock() + seconds
        for commits in steps:
            if not git.boundary() or git.holds(head, *bases):
                break
            left = end - clock()
            if left <= 0 or not self.is_home or not git.deepen(commits, left, *self._anchors(head, *bases)):
                break
            if not git.resolve(head):
                break  # it is no ancestor of what is checked out: more of the same would not bring it
            for base in bases:
                if end > clock() and not git.resolve(base):
                    self.fetch(base)  # it is far away, or on a line of its own
        return git.holds(head, *bases)

    def _anchors(self, head: str, *bases: str) -> list[str]:
        """Commits that are here and that the remote knows: what is behind them is fetched."""
        git, own = self._git, self._run.commit
        if not git.resolve(head):
            return [here for here in [git.head()] if here]
        # A commit that the job made itself is nothing that the remote knows.
        made_here = head != own and bool(git.resolve(own)) and git.has(head, own)
        return list(dict.fromkeys([own if made_here else head, *(base for base in bases if git.resolve(base))]))

    def _refs(self, kind: str, *names: str) -> Mapping[str, str]:
        question = " ".join((kind, *names))
        if question not in self._known:
            try:
                found = self._listed(kind, names) if self.is_home else {}
            except GitError:
                found = {}
            self._known[question] = found
        return self._known[question]

    def _listed(self, kind: str, names: Sequence[str]) -> Mapping[str, str]:
        patterns = [f"refs/{kind}/{name}{end}" for name in names for end in ("", "^{}")]
        arguments = ("ls-remote", f"--{kind}", "--upload-pack=git-upload-pack", "origin", *patterns)
        return refs_of(self._git.run(*arguments, seconds=_SECONDS, network=True), kind)


def local_tags(git: Git) -> dict[str, str]:
    """The commits of the clone's own tags, by their names."""
    return refs_of(git.ask("show-ref", "--dereference", "--tags"), "tags")


def refs_of(listed: str, kind: str) -> dict[str, str]:
    """Full ids by short names, from lines of id and whole name.

    An annotated tag comes again as what it stands for, with ``^{}`` behind its name.

    Args:
        kind: ``tags`` or ``heads``.
    """
    kind = f"refs/{kind}/"
    found: dict[str, str] = {}
    for commit, name in (line.split(maxsplit=1) for line in listed.splitlines() if " " in line or "\t" in line):
        if full_sha(commit) and name.startswith(kind):
            found[name.removeprefix(kind).removesuffix("^{}")] = commit
    return found


def origin_objection(addresses: Sequence[str], run: Run, *, trusting: bool) -> str:
    """Why the remote named origin is not the run's repository; empty when it is.

    Args:
        addresses: all of its addresses, as they are used.
        trusting: whether it has to be on the run's own host. An address without a host (a path of this machine) tells
            nothing of it, and does only for objects that are known by their id.
    """
    if len(addresses) != 1:
        many = f"has {len(addresses)} addresses" if addresses else "has no address"
        return f"the checkout's origin {many}, and only one that is {run.repository} is asked"
    host, path, web = address_parts(unquote(addresses[0]))
    home, within, own = address_parts(run.repository_url)
    if not host and not (trusting and home):
        path = addresses[0].rstrip("/").removesuffix(".git")
        known = re.search(rf"[/:]{re.escape(run.repository)}\Z", path, re.IGNORECASE) is not None
    else:
        by_web = re.match("https?://", addresses[0]) is not None  # the port of an ssh address is not the web's
        same = home in ("", host) if by_web else home.partition(":")[0] in ("", host)
        known = same and path.lower() in (run.repository.lower(), within.lower())
        known = known and not (own.startswith("https:") and web.startswith("http:"))
    return "" if known else f"the checkout's origin is not {run.repository}{f' on {home}' if home else ''}"


def has_host(address: str) -> bool:
    """Whether a remote's address is on a host, and no path of this machine."""
    return bool(address_parts(address)[0])
