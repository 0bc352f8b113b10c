"""Buildkite: environment -> Run. Pure.

The variables: https://buildkite.com/docs/pipelines/configure/environment-variables
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jira_ci.ci import local_env
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import first, sha, url, variables, whole

_NOTHING = re.compile(r"false")  # BUILDKITE_PULL_REQUEST without one


def read(environ: Mapping[str, str]) -> Run:
    """What Buildkite says about this job."""
    get = variables(environ, _NOTHING)
    tag, code = get("BUILDKITE_TAG"), get("BUILDKITE_COMMAND_EXIT_STATUS")  # the latter in hooks after the command
    pull_request = _pull_request(get)
    slugs = [get("BUILDKITE_ORGANIZATION_SLUG"), get("BUILDKITE_PIPELINE_SLUG")]
    run = Run(
        provider=CI.BUILDKITE,
        repository="",
        repository_id="",
        repository_url="",
        commit=sha(get("BUILDKITE_COMMIT")),  # the word HEAD in a build that somebody started
        number=whole(get("BUILDKITE_BUILD_NUMBER")) or 0,
        url=url(get("BUILDKITE_BUILD_URL")),
        run_id=get("BUILDKITE_BUILD_ID"),
        workflow="/".join(filter(None, slugs)),
        workflow_name=first([get("BUILDKITE_PIPELINE_NAME"), slugs[1]]),
        event=get("BUILDKITE_SOURCE"),
        branch="" if tag else get("BUILDKITE_BRANCH"),  # equals the tag where a tag's webhook started it
        tag=tag,
        default_branch=get("BUILDKITE_PIPELINE_DEFAULT_BRANCH"),
        attempt=(whole(get("BUILDKITE_RETRY_COUNT")) or 0) + 1,
        job=first([get("BUILDKITE_STEP_KEY"), get("BUILDKITE_LABEL")]),
        pull_request=pull_request,
        state=({"0": "success"}.get(code, "failure")) if code else "",
        actor=get("BUILDKITE_BUILD_CREATOR"),
        leg="" if get("BUILDKITE_PARALLEL_JOB_COUNT") == "1" else get("BUILDKITE_PARALLEL_JOB"),
    )
    return local_env.with_repository(run, get("BUILDKITE_REPO"))


def _pull_request(get: Callable[[str], str]) -> PullRequest | None:
    number = whole(get("BUILDKITE_PULL_REQUEST"))
    if not number:
        return None
    return PullRequest(number, "", get("BUILDKITE_BRANCH"), head_sha=sha(get("BUILDKITE_COMMIT")))
