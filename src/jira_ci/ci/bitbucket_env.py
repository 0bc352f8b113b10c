"""Bitbucket Pipelines: environment -> Run. Pure.

The variables: https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from jira_ci.ci import local_env
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import sha, variables, whole

_NOTHING = re.compile(r"")
_SITE = "https://bitbucket.org"


def read(environ: Mapping[str, str]) -> Run:
    """What Bitbucket says about this step."""
    get = variables(environ, _NOTHING)
    number, home = whole(get("BITBUCKET_BUILD_NUMBER")) or 0, get("BITBUCKET_REPO_FULL_NAME")
    pull_request = _pull_request(get, f"{_SITE}/{home}" if home else "")
    code = get("BITBUCKET_EXIT_CODE")  # in the after-script only
    run = Run(
        provider=CI.BITBUCKET,
        repository="",
        repository_id="",
        repository_url="",
        commit=sha(get("BITBUCKET_COMMIT")),
        number=number,
        url=f"{_SITE}/{home}/pipelines/results/{number}" if home and number else "",
        run_id=str(number or ""),
        event="pull_request" if pull_request else "push",
        branch="" if get("BITBUCKET_TAG") else get("BITBUCKET_BRANCH"),  # of a pull request the source
        tag=get("BITBUCKET_TAG"),
        # Failed steps that run again keep the pipeline's number.
        attempt=whole(get("BITBUCKET_STEP_RUN_NUMBER")) or 1,
        pull_request=pull_request,
        state=({"0": "success"}.get(code, "failure")) if code else "",
        environment=get("BITBUCKET_DEPLOYMENT_ENVIRONMENT"),
        leg=_leg(get),
    )
    found = local_env.with_repository(run, f"{_SITE}/{home}" if home else get("BITBUCKET_GIT_SSH_ORIGIN"))
    return replace(found, repository_id=get("BITBUCKET_REPO_UUID").strip("{}") or found.repository_id)


def _pull_request(get: Callable[[str], str], home: str) -> PullRequest | None:
    number = whole(get("BITBUCKET_PR_ID"))
    if not number:
        return None
    link = f"{home}/pull-requests/{number}" if home else ""
    return PullRequest(number, "", get("BITBUCKET_BRANCH"), link, head_sha=sha(get("BITBUCKET_COMMIT")))


def _leg(get: Callable[[str], str]) -> str:
    """Which of the parallel steps; there is no other name of a step that stays the same from run to run."""
    return "" if get("BITBUCKET_PARALLEL_STEP_COUNT") == "1" else get("BITBUCKET_PARALLEL_STEP")
