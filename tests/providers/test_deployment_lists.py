"""Every deployment of a repository, asked as the providers' descriptions have it: GitHub by REST, and GitLab."""

from __future__ import annotations

from contextlib import closing

from ci.test_deployment_list import LONG_AGO, asked, of_github, of_gitlab
from providers.github_server import GitHub
from providers.gitlab_server import GitLab


def test_github_by_rest(github: GitHub) -> None:
    github.listed = [of_github(1, ("success", 1, 7), ("inactive", 0, 7)), of_github(2)]
    with closing(asked(github)) as client:
        found = client.since(LONG_AGO)
        assert [client.told(one).state for one in found.found.values()] == ["successful", "pending"]
    assert (len(found.found), found.ended) == (2, True)


def test_gitlab(gitlab: GitLab) -> None:
    gitlab.listed = [of_gitlab(1), of_gitlab(2, run=0, status="skipped")]
    with closing(asked(gitlab)) as client:
        found = client.since(LONG_AGO)
    assert ([one.state for one in found.found.values()], found.ended) == (["successful", "unknown"], True)
