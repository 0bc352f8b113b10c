"""Jenkins: environment -> Run. Pure; the plugins decide what is there.

What a build has: https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables. ``CHANGE_*``,
``BRANCH_NAME`` and ``TAG_NAME`` are those of multibranch projects:
https://github.com/jenkinsci/branch-api-plugin/blob/master/src/main/java/jenkins/branch/BranchNameContributor.java.
``GIT_*`` are there after a checkout: https://plugins.jenkins.io/git/#plugin-content-environment-variables
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jira_ci.ci import local_env
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import first, sha, url, variables, whole

_NOTHING = re.compile(r"null")
_REMOTE = re.compile(r"(?:refs/remotes/[^/]+|origin)/|refs/heads/")
_OF_NO_STAGE = "Declarative: "
"""How Jenkins calls what runs around the stages, such as ``Declarative: Post Actions``."""


def read(environ: Mapping[str, str]) -> Run:
    """What Jenkins says about this build."""
    get = variables(environ, _NOTHING)
    number, job, commit = whole(get("BUILD_NUMBER")) or 0, get("JOB_NAME"), sha(get("GIT_COMMIT"))
    pull_request = _pull_request(get)
    tag = "" if pull_request else get("TAG_NAME")
    before = sha(get("GIT_PREVIOUS_COMMIT"))
    stage = get("STAGE_NAME")
    run = Run(
        provider=CI.JENKINS,
        repository="",
        repository_id="",
        repository_url="",
        commit=commit,
        number=number,
        url=first([url(get("BUILD_URL")), url(get("RUN_DISPLAY_URL"))]),
        run_id=get("BUILD_TAG"),
        # Each job counts by itself, and each branch of a multibranch project is a job: shop/main, shop/PR-12.
        workflow=job,
        workflow_name=job.replace("%2F", "/"),
        event="pull_request" if pull_request else "build",
        branch=_branch(get, pull_request, tag),
        tag=tag,
        # What the build before this one has built; of a pull request it is something else than where that begins.
        base="" if pull_request or tag or before == commit else before,
        job="" if stage.startswith(_OF_NO_STAGE) else stage,
        pull_request=pull_request,
        actor=first([get("BUILD_USER_ID"), get("CHANGE_AUTHOR")]),
    )
    return local_env.with_repository(run, get("GIT_URL"))


def _pull_request(get: Callable[[str], str]) -> PullRequest | None:
    number = whole(get("CHANGE_ID"))
    if not number:
        return None
    # GIT_COMMIT may be a merge that only this workspace has, so no commit is said to be the head.
    return PullRequest(number, get("CHANGE_TITLE"), get("CHANGE_BRANCH"), url(get("CHANGE_URL")))


def _branch(get: Callable[[str], str], pull_request: PullRequest | None, tag: str) -> str:
    if pull_request:  # BRANCH_NAME is PR-12 there
        return pull_request.branch
    # BRANCH_NAME is the tag's name for a tag.
    return "" if tag else _REMOTE.sub("", first(map(get, ("BRANCH_NAME", "GIT_LOCAL_BRANCH", "GIT_BRANCH"))), count=1)
