"""A tag's release at GitHub and GitLab: its text read and written, or the release made. Imported on use only.

https://docs.github.com/rest/releases/releases and https://docs.gitlab.com/api/releases/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote

from jira_ci.ci.api import Refused, rows
from jira_ci.ci.bound_session import PAGE, Api
from jira_ci.run import CI, Run
from jira_ci.text import mapping, string, whole
from jira_ci.timing import Deadline

_WRITE = "`permissions: contents: write`"
_SCOPE = "the scope api (gitlab-token), or the job token of a role that may make releases"
TAKEN = "somebody else has made it meanwhile"
_NO_TAG = "there is no such tag, and none is made"
_DRAFT = "its release is a draft: publish that one"


class Releases(Protocol):
    """One repository's releases. Each method raises Unreadable, and nothing else; a tag without one is missing."""

    longest: int
    """Characters of a text."""

    def text(self, tag: str) -> str:
        """The text of this tag's release, which is published."""

    def write(self, tag: str, text: str) -> None:
        """Gives the release whose text was read last this one."""

    def make(self, tag: str, text: str) -> str:
        """Makes a published release of a tag that is there; never a tag.

        Returns:
            What kept it from that, the end of a sentence; empty where it was made.
        """

    def close(self) -> None:
        """Closes the connections."""


def releases(run: Run, *, github: str, gitlab: str, job: str, ca_bundle: str, deadline: Deadline) -> list[Releases]:
    """The ways to ask for the releases of the run's repository, the next one for where a token may not; none where
    there are no releases, or no token for them.

    Args:
        github, gitlab, job: tokens; the last one is GitLab's of the job, which may write where a token that only reads
            was given for the rest.
    """
    if run.provider == CI.GITHUB and github:
        return [GitHubReleases(Api.of_github(run, github, ca_bundle=ca_bundle, deadline=deadline))]
    if run.provider != CI.GITLAB:
        return []
    ways = [tokens for tokens in ((gitlab, ""), ("", job)) if any(tokens)]
    return [GitLabReleases(Api.of_gitlab(run, *one, ca_bundle=ca_bundle, deadline=deadline)) for one in ways]


class GitHubReleases:
    """See :class:`Releases`. A draft has no tag yet, and is not found."""

    longest = 125_000

    def __init__(self, api: Api) -> None:
        self._api, self._id = api, 0

    def text(self, tag: str) -> str:
        def question() -> str:
            found = mapping(self._api.get(f"/releases/tags/{quote(tag, safe='')}"))
            self._id = whole(found.get("id")) or 0
            if not self._id or found.get("tag_name") != tag:
                raise Refused(0, "the answer is not of the documented shape")
            return string(found.get("body"))

        return self._api.ask(_named(tag), _WRITE, question)

    def write(self, tag: str, text: str) -> None:
        self._api.ask(_named(tag), _WRITE, lambda: self._api.write("PATCH", f"/releases/{self._id}", {"body": text}))

    def make(self, tag: str, text: str) -> str:
        """GitHub would make a missing tag of the default branch, so that it is asked for first. Drafts are listed for
        those only who may write releases."""
        # Which one is shown as the latest is decided by date and version: an old line's is not.
        body = {"tag_name": tag, "name": tag, "body": text, "make_latest": "legacy"}

        def question() -> str:
            try:
                self._api.get(f"/git/ref/tags/{quote(tag)}")
            except Refused as error:
                if error.status != 404:
                    raise
                return _NO_TAG
            listed = rows(self._api.get("/releases", per_page=PAGE))
            if any(one.get("draft") is True and one.get("tag_name") == tag for one in listed):
                return _DRAFT
            return _made(lambda: self._api.write("POST", "/releases", body), 422, "already_exists", TAKEN)

        return self._api.ask(_named(tag), _WRITE, question)

    def close(self) -> None:
        self._api.close()


class GitLabReleases:
    """See :class:`Releases`."""

    longest = 1_000_000

    def __init__(self, api: Api) -> None:
        self._api = api

    def text(self, tag: str) -> str:
        def question() -> str:
            found = mapping(self._api.get(_path(tag)))
            if found.get("tag_name") != tag:
                raise Refused(0, "the answer is not of the documented shape")
            return string(found.get("description"))

        return self._api.ask(_named(tag), _SCOPE, question)

    def write(self, tag: str, text: str) -> None:
        self._api.ask(_named(tag), _SCOPE, lambda: self._api.write("PUT", _path(tag), {"description": text}))

    def make(self, tag: str, text: str) -> str:
        """Without a ref GitLab makes no tag."""
        body = {"tag_name": tag, "name": tag, "description": text}

        def question() -> str:
            def order() -> str:
                return _made(lambda: self._api.write("POST", "/releases", body), 409, "", TAKEN)

            return _made(order, 422, "Ref is not specified", _NO_TAG)

        return self._api.ask(_named(tag), _SCOPE, question)

    def close(self) -> None:
        self._api.close()


def _made(order: Callable[[], str | None], status: int, words: str, why: str) -> str:
    """What the order says, or why it was not taken, where the refusal is this one."""
    try:
        return order() or ""
    except Refused as error:
        if error.status != status or words not in error.told:
            raise
        return why


def _path(tag: str) -> str:
    return f"/releases/{quote(tag, safe='')}"


def _named(tag: str) -> str:
    return f"the release of the tag {tag[:100]!r}"
