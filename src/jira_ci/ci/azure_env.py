"""Azure Pipelines: environment -> Run. Pure.

The variables: https://learn.microsoft.com/azure/devops/pipelines/build/variables, those of classic releases:
https://learn.microsoft.com/azure/devops/pipelines/release/variables
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote, urlsplit

from jira_ci.ci import local_env
from jira_ci.run import CI, PullRequest, Run
from jira_ci.text import first, sha, strip_ref, url, variables, whole

_NOTHING = re.compile(r"\$\([A-Za-z0-9_.]+\)")  # a macro that nothing was known for stays as it is written
_NO_LEG = ("", "__default", "Job")
_STAGE_ATTEMPTS, _JOB_ATTEMPTS = 127, 64
"""As many as fit beside each other into the bits that an attempt has in a sequence number."""


def read(environ: Mapping[str, str]) -> Run:
    """What Azure Pipelines says about this run, or this deployment of a classic release."""
    get = variables(environ, _NOTHING)
    pull_request, ref = _pull_request(get), get("BUILD_SOURCEBRANCH")
    phase, name = get("SYSTEM_PHASENAME"), get("SYSTEM_JOBNAME")
    run = Run(
        provider=CI.AZURE,
        repository="",
        repository_id="",
        repository_url="",
        # A pull request's BUILD_SOURCEVERSION is a merge that nobody keeps.
        commit=(pull_request.head_sha if pull_request else "") or sha(get("BUILD_SOURCEVERSION")),
        # BUILD_BUILDNUMBER is a text of the user's. A release that is deployed again keeps its build and its number.
        number=whole(get("RELEASE_DEPLOYMENTID")) or whole(get("BUILD_BUILDID")) or 0,
        url=url(get("RELEASE_RELEASEWEBURL")) or _address(get),
        run_id=first([get("RELEASE_RELEASEID"), get("BUILD_BUILDID")]),
        workflow=f"release {get('RELEASE_DEFINITIONID')}"
        if get("RELEASE_DEFINITIONID")
        else get("SYSTEM_DEFINITIONID"),
        workflow_name=first([get("RELEASE_DEFINITIONNAME"), get("BUILD_DEFINITIONNAME")]),
        event=get("BUILD_REASON"),
        # Not BUILD_SOURCEBRANCHNAME, which is the last segment alone: tools of feature/tools.
        branch=pull_request.branch if pull_request else strip_ref(ref),
        tag="" if pull_request else strip_ref(ref, "tags"),
        attempt=_attempt(get),
        job="/".join(part for part in (get("SYSTEM_STAGENAME"), phase) if part not in _NO_LEG),
        pull_request=pull_request,
        # While the job goes on, how it went so far: https://learn.microsoft.com/azure/devops/pipelines/build/variables
        state=get("AGENT_JOBSTATUS"),
        environment=first([get("RELEASE_ENVIRONMENTNAME"), get("ENVIRONMENT_NAME")]),
        actor=get("BUILD_REQUESTEDFOR"),
        secrets_withheld="a fork's pull request" if get("SYSTEM_PULLREQUEST_ISFORK").lower() == "true" else "",
        # A matrix is one phase with a job for each leg.
        leg="" if name in (*_NO_LEG, phase) or get("SYSTEM_TOTALJOBSINPHASE") == "1" else name,
    )
    return _with_repository(run, get("BUILD_REPOSITORY_URI"))


def _address(get: Callable[[str], str]) -> str:
    collection = first([get("SYSTEM_COLLECTIONURI"), get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")]).rstrip("/")
    project, build = quote(get("SYSTEM_TEAMPROJECT"), safe=""), whole(get("BUILD_BUILDID"))
    return url(f"{collection}/{project}/_build/results?buildId={build}") if collection and project and build else ""


def _with_repository(run: Run, address: str) -> Run:
    """Azure writes a name into the address that people clone from, and %20 for a project's blanks."""
    parts = urlsplit(address)
    clean = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.scheme else address
    found = local_env.with_repository(run, clean)
    return replace(found, repository_url=url(clean).removesuffix(".git") or found.repository_url)


def _attempt(get: Callable[[str], str]) -> int:
    """The stage's attempt first: with it the attempts of its jobs are counted anew."""
    stage, *jobs = (
        max(1, whole(get(f"SYSTEM_{name}ATTEMPT")) or 1) for name in ("STAGE", "PHASE", "JOB")
    )  # fmt: skip
    return (min(stage, _STAGE_ATTEMPTS) - 1) * _JOB_ATTEMPTS + min(max(jobs), _JOB_ATTEMPTS)


def _pull_request(get: Callable[[str], str]) -> PullRequest | None:
    # The id is GitHub's own internal one where the repository is there.
    number = whole(get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER")) or whole(get("SYSTEM_PULLREQUEST_PULLREQUESTID"))
    if not number:
        return None
    branch = get("SYSTEM_PULLREQUEST_SOURCEBRANCH")  # a whole ref in Azure Repos, a short name on GitHub
    head = sha(get("SYSTEM_PULLREQUEST_SOURCECOMMITID"))
    return PullRequest(number, "", strip_ref(branch) or branch, head_sha=head)
