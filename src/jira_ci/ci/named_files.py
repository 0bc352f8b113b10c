"""A file of another repository by its commit's name, and the job that a token is of, out of the CI's API. Imported on
use only."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jira_ci.ci.api import Refused, commit_id
from jira_ci.ci.github_api import GitHubHistory
from jira_ci.ci.gitlab_api import GitLabHistory
from jira_ci.git.objects import is_id_of
from jira_ci.text import mapping, sha, string, whole


class GitHubFiles(GitHubHistory):
    """See :class:`jira_ci.ci.api.NamedFiles`: two requests, one for a commit by its full id."""

    def named_file(self, ref: str, path: str, limit: int) -> tuple[str, bytes]:
        def question() -> tuple[str, bytes]:
            # The commit first: what a branch names may be another one between two questions.
            commit = sha(ref) or commit_id(self._get(f"/commits/{quote(ref, safe='')}").get("sha"))
            found = self._get(f"/contents/{quote(path)}?ref={commit}")
            if found.get("type") != "file" or string(found.get("path")) != path:
                raise Refused(0, "it is a symbolic link, a submodule or a directory, and not a file")
            return commit, _content(found, string(found.get("sha")), limit)

        return self._ask(f"the file {path} of {self._home.removeprefix('/repos/')}", "contents: read", question, ref)


class GitLabFiles(GitLabHistory):
    """See :class:`jira_ci.ci.api.NamedFiles`: one request. A job token may read it where the other project's allow list
    says so, and GitLab is new enough; otherwise GitLab refuses (https://docs.gitlab.com/ci/jobs/ci_job_token/)."""

    def named_file(self, ref: str, path: str, limit: int) -> tuple[str, bytes]:
        def question() -> tuple[str, bytes]:
            found = self._project.files.get(file_path=path, ref=ref).attributes
            commit = commit_id(found.get("commit_id"))
            if string(found.get("file_path")) != path or (sha(ref) and sha(ref) != commit):
                raise Refused(0, "the answer is about another file")
            return commit, _content(found, string(found.get("blob_id")), limit)

        return self._ask(f"the file {path} of {self._home}", question, ref)


class GitLabJob(GitLabHistory):
    """The job that a ``CI_JOB_TOKEN`` is of."""

    def job_commit(self) -> str:
        """The full id of the commit that its pipeline runs for (https://docs.gitlab.com/api/jobs/#get-job-tokens-job).

        Raises:
            Unreadable: GitLab does not say.
        """

        def question() -> str:
            pipeline = mapping(mapping(self._server.http_get("/job")).get("pipeline"))
            if str(pipeline.get("project_id")) != self._home:
                raise Refused(0, "its token is another project's")
            return commit_id(pipeline.get("sha"))

        return self._ask("the job of CI_JOB_TOKEN", question)


def _content(found: Mapping[str, Any], blob: str, limit: int) -> bytes:
    """The bytes, which have to be what the blob's id says.

    Raises:
        Refused: they are too many, not complete, or others.
        ValueError: they are not Base64.
    """
    size = whole(mapping(found).get("size"))
    if size is None or size > limit:
        raise Refused(0, f"it is larger than {limit} bytes")
    data = base64.b64decode(string(found.get("content")))
    if found.get("encoding") != "base64" or len(data) != size:
        raise Refused(0, "its content is not complete")
    if not is_id_of(blob, data):
        raise Refused(0, "its content is not what its id says")
    return data
