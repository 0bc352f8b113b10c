"""What GitLab CI says of a run: environment -> Run, an answer -> PastRun. Pure.

The variables: https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from jira_ci.errors import UsageError
from jira_ci.frozen import replace
from jira_ci.run import CI, Leg, PastRun, PullRequest, Run
from jira_ci.text import first, sha, string, url, whole

# What GitLab adds to a job's name: https://docs.gitlab.com/ci/yaml/#parallel
_BRACKET = re.compile(r"(.+?): \[(.*)\]", re.DOTALL)
_NUMBERED = re.compile(r"(.+?) ([0-9]+/[0-9]+)", re.DOTALL)
_ENDED = ("success", "failed", "canceled", "skipped")  # "manual" and the like may still go on
_UNEXPANDED = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})\Z")


def read(environ: Mapping[str, str]) -> Run:
    """What GitLab says about this run.

    Raises:
        UsageError: a variable that GitLab always sets is missing or no such value.
    """
    variables = {name: string(value) for name, value in environ.items() if not _UNEXPANDED.match(value)}
    get = _Variables(variables)
    run = _job(get)
    pull_request = _merge_request(get)
    message = "" if _merged(get) else get("CI_COMMIT_MESSAGE")
    return replace(
        run,
        commit=pull_request.head_sha if pull_request and pull_request.head_sha else run.commit,
        branch=_branch(get, pull_request),
        tag=get("CI_COMMIT_TAG"),
        base=_base(get),
        # HEAD's, unless HEAD is a merge commit that GitLab made for this pipeline only.
        messages=(message,) if message else (),
        message_ids=(run.commit,) if message else (),
        pull_request=pull_request,
        environment=get("CI_ENVIRONMENT_NAME"),
        environment_tier=get("CI_ENVIRONMENT_TIER"),
        environment_action=get("CI_ENVIRONMENT_ACTION"),
        protected=get("CI_COMMIT_REF_PROTECTED") == "true",
        secrets_withheld=_withheld(get),
        visibility=get("CI_PROJECT_VISIBILITY"),
        release_notes=get("CI_RELEASE_DESCRIPTION"),
    )


def _job(get: _Variables) -> Run:
    """Whose pipeline and job this is; of what it builds only HEAD is looked at."""
    project, leg = url(get("CI_PROJECT_URL")), _leg(get)
    pipeline = str(whole(get("CI_PIPELINE_ID")) or "")
    address = f"{project}/-/pipelines/{pipeline}" if project and pipeline else ""
    return Run(
        provider=CI.GITLAB,
        repository=get("CI_PROJECT_PATH") or get("CI_PROJECT_NAME"),
        repository_id=str(whole(get("CI_PROJECT_ID")) or _refuse("CI_PROJECT_ID", get("CI_PROJECT_ID"))),
        repository_url=project,
        commit=sha(get("CI_COMMIT_SHA")) or _refuse("CI_COMMIT_SHA", get("CI_COMMIT_SHA")),
        number=whole(get("CI_PIPELINE_IID")) or int(_refuse("CI_PIPELINE_IID", get("CI_PIPELINE_IID"))),
        # The pipeline rather than the job: it stays the same when a job is retried, as the record does.
        url=first([url(get("CI_PIPELINE_URL")), url(get("CI_JOB_URL")), address]),
        run_id=pipeline,
        # The jobs of a child pipeline may have the names of its parent's, or of another child's.
        workflow=get("CI_PIPELINE_NAME") if get("CI_PIPELINE_SOURCE") == "parent_pipeline" else "",
        workflow_name=get("CI_PIPELINE_NAME"),
        event=get("CI_PIPELINE_SOURCE"),
        default_branch=get("CI_DEFAULT_BRANCH"),
        attempt=_attempt(get),
        attempt_started=milliseconds(get("CI_JOB_STARTED_AT")),
        state=get("CI_JOB_STATUS"),
        actor=get("GITLAB_USER_LOGIN"),
        server_url=url(get("CI_SERVER_URL")),
        api_url=url(get("CI_API_V4_URL")),
        leg_values=leg.values,
        several_legs=leg.several,
        job=leg.job,
        leg=leg.name,
    )


def _leg(get: _Variables) -> Leg:
    """A job that is not one of several has no CI_NODE_INDEX, whatever its name looks like."""
    index, total = whole(get("CI_NODE_INDEX")), whole(get("CI_NODE_TOTAL")) or 1
    if not index:
        return Leg(get("CI_JOB_NAME"))
    found = next(iter(legs_of(get("CI_JOB_NAME"))))
    name = found.name if found.values else f"{index}/{total}"
    return Leg(found.job, name, found.values, several=total > 1)


def legs_of(name: str) -> list[Leg]:
    """What a job of this name may be, the likeliest first: ``rspec: [ruby, linux]`` and ``rspec 1/3`` are legs of
    *rspec*, unless somebody called a job so."""
    bracket, numbered = _BRACKET.fullmatch(name), _NUMBERED.fullmatch(name)
    whole_name = Leg(name)
    if bracket:
        return [Leg(bracket[1], bracket[2], tuple(bracket[2].split(", ")), several=True), whole_name]
    return [Leg(numbered[1], numbered[2], several=True), whole_name] if numbered else [whole_name]


class _Variables:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __call__(self, name: str) -> str:
        return self._variables.get(name, "")


def _refuse(name: str, value: str) -> str:
    raise UsageError(
        f"GITLAB_CI is set, but {name} is {'missing' if not value else 'not what GitLab sets'}.",
        f"Pass {name} on to the process (containers get it with `docker run -e {name}`), or unset GITLAB_CI.",
    )


def _branch(get: _Variables, pull_request: PullRequest | None) -> str:
    if pull_request and pull_request.branch:
        return pull_request.branch
    if get("CI_COMMIT_TAG"):
        return ""
    return first(
        [get("CI_COMMIT_BRANCH"), get("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME"), get("CI_COMMIT_REF_NAME")]
    )


def _base(get: _Variables) -> str:
    """Only a push says what was there before; the other sources hold zeros or what happened to be there."""
    if get("CI_COMMIT_TAG") or get("CI_PIPELINE_SOURCE") != "push":
        return ""
    return sha(get("CI_COMMIT_BEFORE_SHA"))


def _merge_request(get: _Variables) -> PullRequest | None:
    number = whole(get("CI_MERGE_REQUEST_IID"))
    if not number:
        return _open_merge_request(get)
    home = url(get("CI_MERGE_REQUEST_PROJECT_URL")) or url(get("CI_PROJECT_URL"))
    # Only a merged results pipeline builds another commit than the source branch's head, and only it says which.
    head = sha(get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")) or ("" if _merged(get) else sha(get("CI_COMMIT_SHA")))
    return PullRequest(
        number=number,
        title=get("CI_MERGE_REQUEST_TITLE"),
        branch=get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
        url=f"{home}/-/merge_requests/{number}" if home else "",
        base_sha=sha(get("CI_MERGE_REQUEST_DIFF_BASE_SHA")),
        head_sha=head,
        description=_description(get),
    )


def _description(get: _Variables) -> str | None:
    """None where GitLab has cut it (https://gitlab.com/gitlab-org/gitlab/-/issues/432846), or is too old to say."""
    is_whole = get("CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED") == "false"
    return get("CI_MERGE_REQUEST_DESCRIPTION") if is_whole else None


def _open_merge_request(get: _Variables) -> PullRequest | None:
    """A branch pipeline whose branch has an open merge request in this project."""
    for entry in get("CI_OPEN_MERGE_REQUESTS").split(","):
        project, _, iid = entry.strip().rpartition("!")
        number = whole(iid)
        if number and project and project == get("CI_PROJECT_PATH"):
            home = url(get("CI_PROJECT_URL"))
            return PullRequest(
                number=number,
                title="",
                branch=get("CI_COMMIT_BRANCH"),
                url=f"{home}/-/merge_requests/{number}" if home else "",
            )
    return None


def _merged(get: _Variables) -> bool:
    return get("CI_MERGE_REQUEST_EVENT_TYPE") in ("merged_result", "merge_train")


def milliseconds(stamp: str) -> int:
    """A moment that GitLab wrote, in epoch milliseconds; 0 when it cannot be read."""
    try:
        when = datetime.fromisoformat(re.sub(r"[Zz]\Z", "+00:00", stamp))
    except ValueError:
        return 0
    when = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
    return max(0, round(when.timestamp() * 1000))


def _attempt(get: _Variables) -> int:
    """What grows with every try: when GitLab started the job, in epoch seconds; where it does not say, the job's id.

    The ids alone would not do: they are given when the pipeline is made, so the job that reports a success may have a
    smaller one than the job that reported the failure before a retry.
    """
    return milliseconds(get("CI_JOB_STARTED_AT")) // 1000 or whole(get("CI_JOB_ID")) or 1


def _withheld(get: _Variables) -> str:
    source, target = get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"), get("CI_MERGE_REQUEST_PROJECT_ID")
    if source and target and source != target:
        return "a fork's merge request"
    if get("CI_COMMIT_REF_PROTECTED") == "false":
        return "an unprotected ref (protected variables are GitLab's default)"
    return ""


def from_gitlab(found: Mapping[str, Any]) -> PastRun | None:
    """A pipeline from GitLab's API; None when it does not say which one it is."""
    run_id, number, status = whole(found.get("id")), whole(found.get("iid")), string(found.get("status"))
    child = string(found.get("name")) if found.get("source") == "parent_pipeline" else ""
    return PastRun(str(run_id), number, status in _ENDED, status, child) if run_id and number else None
