"""CircleCI: environment -> Run. Pure.

The variables: https://circleci.com/docs/reference/variables/#built-in-environment-variables
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jira_ci.ci import local_env
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import sha, url, variables, whole

# How a pipeline value that is empty arrives when the configuration hands it on with ``environment:``.
_NOTHING = re.compile(r"<nil>")
_FORK = re.compile(r"pull/[0-9]+")
_END = re.compile(r"/([0-9]{1,18})/?\Z")


def read(environ: Mapping[str, str]) -> Run:
    """What CircleCI says about this job."""
    get = variables(environ, _NOTHING)
    tag, branch = get("CIRCLE_TAG"), get("CIRCLE_BRANCH")
    own_branch = "" if tag or _FORK.fullmatch(branch) else branch
    pull_request = _pull_request(get, own_branch)
    nodes = whole(get("CIRCLE_NODE_TOTAL")) or 1
    run = Run(
        provider=CI.CIRCLECI,
        repository="",
        repository_id="",
        repository_url="",
        commit=sha(get("CIRCLE_SHA1")),
        # The job's own number, which grows through all of the project's jobs. The pipeline's is in no variable, only
        # in the configuration (pipeline.number): the setting ``number``, where several jobs report one record.
        number=whole(get("CIRCLE_BUILD_NUM")) or 0,
        url=url(get("CIRCLE_BUILD_URL")),
        run_id=get("CIRCLE_WORKFLOW_ID"),
        event="pull_request" if pull_request else "push",
        branch=own_branch,
        tag=tag,
        job=get("CIRCLE_JOB"),
        pull_request=pull_request,
        actor=get("CIRCLE_USERNAME"),
        secrets_withheld="a fork's pull request" if get("CIRCLE_PR_NUMBER") else "",  # set for forks alone
        leg=get("CIRCLE_NODE_INDEX") if nodes > 1 else "",
    )
    return local_env.with_repository(run, get("CIRCLE_REPOSITORY_URL"))


def _pull_request(get: Callable[[str], str], branch: str) -> PullRequest | None:
    number = whole(get("CIRCLE_PR_NUMBER"))
    # CIRCLE_PULL_REQUEST is any of them; the oldest is the same in every job.
    links = {url(link.strip()) for link in (get("CIRCLE_PULL_REQUESTS") or get("CIRCLE_PULL_REQUEST")).split(",")}
    found = sorted((int(end[1]), link) for link in links if (end := _END.search(link)))
    if number:
        return PullRequest(number, "", branch, dict(found).get(number, ""), head_sha=sha(get("CIRCLE_SHA1")))
    return PullRequest(found[0][0], "", branch, found[0][1], head_sha=sha(get("CIRCLE_SHA1"))) if found else None
