"""The text of a tag's release at GitHub and GitLab: read, and written. Imported on use only.

https://docs.github.com/rest/releases/releases and https://docs.gitlab.com/api/releases/
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from jira_ci.ci.api import Refused
from jira_ci.ci.past_runs import Api
from jira_ci.run import CI, Run
from jira_ci.text import mapping, string, whole
from jira_ci.timing import Deadline

_WRITE = "`permissions: contents: write`"
_SCOPE = "the scope api (gitlab-token), or the job token of a role that may make releases"


class Releases(Protocol):
    """One repository's releases. Each method raises Unreadable, and nothing else; a tag without one is missing."""

    longest: int
    """Characters of a text."""

    def text(self, tag: str) -> str:
        """The text of this tag's release, which is published."""

    def write(self, tag: str, text: str) -> None:
        """Gives the release whose text was read last this one."""

    def close(self) -> None:
        """Closes the connections."""


def releases(run: Run, *, github: str, gitlab: str, job: str, ca_bundle: str, deadline: Deadline) -> Releases | None:
    """How the releases of the run's repository are asked; ``None`` where there are none, or no token for them.

    Args:
        github, gitlab, job: tokens; the last one is GitLab's of the job.
    """
    if run.provider == CI.GITHUB and github:
        headers = {"Authorization": f"Bearer {github}", "Accept": "application/vnd.github+json"}
        home = f"{run.api_url}/repos/{quote(run.repository)}"
        return GitHubReleases(Api("GitHub", home, headers, ca_bundle=ca_bundle, deadline=deadline))
    if run.provider == CI.GITLAB and (gitlab or job):
        headers = {"PRIVATE-TOKEN": gitlab} if gitlab else {"JOB-TOKEN": job}
        home = f"{run.api_url}/projects/{quote(run.repository_id, safe='')}"
        return GitLabReleases(Api("GitLab", home, headers, ca_bundle=ca_bundle, deadline=deadline))
    return None


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

    def close(self) -> None:
        self._api.close()


def _path(tag: str) -> str:
    return f"/releases/{quote(tag, safe='')}"


def _named(tag: str) -> str:
    return f"the release of the tag {tag[:100]!r}"
