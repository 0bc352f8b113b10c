"""Azure Pipelines' variables -> Run."""

from __future__ import annotations

import itertools

import pytest

from jira_ci.ci import azure_env
from jira_ci.run import CI, PullRequest, Run

HEAD, MERGE = "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
RUN = {
    "TF_BUILD": "True",
    "BUILD_BUILDID": "812",
    "BUILD_BUILDNUMBER": "20261128.3",
    "BUILD_DEFINITIONNAME": "Shop",
    "BUILD_REASON": "IndividualCI",
    "BUILD_REPOSITORY_URI": "https://acme@dev.azure.com/acme/My%20Project/_git/shop",
    "BUILD_REQUESTEDFOR": "Ada",
    "BUILD_SOURCEBRANCH": "refs/heads/feature/tools",
    "BUILD_SOURCEBRANCHNAME": "tools",
    "BUILD_SOURCEVERSION": HEAD,
    "SYSTEM_DEFINITIONID": "17",
    "SYSTEM_JOBNAME": "Build",
    "SYSTEM_PHASENAME": "Build",
    "SYSTEM_STAGENAME": "__default",
    "SYSTEM_STAGEATTEMPT": "1",
    "SYSTEM_PHASEATTEMPT": "1",
    "SYSTEM_JOBATTEMPT": "1",
    "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/acme/",
    "SYSTEM_TEAMPROJECT": "My Project",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": "$(System.PullRequest.PullRequestId)",
}


def read(**changed: str) -> Run:
    return azure_env.read({**RUN, **changed})


def test_a_run_is_read_completely() -> None:
    assert read(AGENT_JOBSTATUS="SucceededWithIssues") == Run(
        provider=CI.AZURE,
        repository="acme/My Project/_git/shop",
        repository_id="dev.azure.com/acme/my project/_git/shop",
        repository_url="https://dev.azure.com/acme/My%20Project/_git/shop",
        commit=HEAD,
        number=812,
        url="https://dev.azure.com/acme/My%20Project/_build/results?buildId=812",
        run_id="812",
        workflow="17",
        workflow_name="Shop",
        event="IndividualCI",
        branch="feature/tools",
        job="Build",
        state="SucceededWithIssues",
        actor="Ada",
    )


@pytest.mark.parametrize(
    ("numbers", "branch"),
    [
        ({"SYSTEM_PULLREQUEST_PULLREQUESTID": "5"}, "refs/heads/topic"),
        ({"SYSTEM_PULLREQUEST_PULLREQUESTID": "99001", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "5"}, "topic"),
    ],
)
def test_a_pull_requests_number_branch_and_head(numbers: dict[str, str], branch: str) -> None:
    run = read(
        **numbers,
        SYSTEM_PULLREQUEST_SOURCEBRANCH=branch,
        SYSTEM_PULLREQUEST_SOURCECOMMITID=HEAD,
        BUILD_SOURCEBRANCH="refs/pull/5/merge",
        BUILD_SOURCEBRANCHNAME="merge",
        BUILD_SOURCEVERSION=MERGE,
    )
    assert run.pull_request == PullRequest(5, "", "topic", head_sha=HEAD)
    assert (run.commit, run.branch, run.tag) == (HEAD, "topic", "")


def test_a_tag_is_no_branch() -> None:
    run = read(BUILD_SOURCEBRANCH="refs/tags/v1.2", BUILD_SOURCEBRANCHNAME="v1.2")
    assert (run.branch, run.tag) == ("", "v1.2")


def test_every_try_has_a_larger_attempt_whichever_of_the_three_counters_tells() -> None:
    tries = [("1", "1"), ("1", "2"), ("1", "9"), ("2", "1"), ("2", "2"), ("3", "1"), ("120", "1"), ("120", "60")]
    found = [read(SYSTEM_STAGEATTEMPT=stage, SYSTEM_JOBATTEMPT=job).attempt for stage, job in tries]
    assert found[0] == 1
    assert all(before < after for before, after in itertools.pairwise(found))
    assert found[-1] < 1 << 13


def test_a_matrix_is_one_job_with_a_leg_for_each() -> None:
    run = read(SYSTEM_STAGENAME="Test", SYSTEM_JOBNAME="linux_py312")
    assert (run.job, run.leg) == ("Test/Build", "linux_py312")
    assert read(SYSTEM_JOBNAME="linux", SYSTEM_TOTALJOBSINPHASE="1").leg == ""
    assert read(SYSTEM_JOBNAME="__default").leg == ""


def test_a_deployment_job_knows_its_environment() -> None:
    assert read(ENVIRONMENT_NAME="Prod-EU").environment == "Prod-EU"


def test_a_classic_release_that_is_deployed_again_has_a_larger_number() -> None:
    release = {
        "RELEASE_DEFINITIONID": "4",
        "RELEASE_DEFINITIONNAME": "Shop to the shops",
        "RELEASE_ENVIRONMENTNAME": "Prod",
        "RELEASE_RELEASEID": "31",
        "RELEASE_RELEASEWEBURL": "https://dev.azure.com/acme/_release?releaseId=31",
    }
    first, again = read(**release, RELEASE_DEPLOYMENTID="900"), read(**release, RELEASE_DEPLOYMENTID="955")
    assert (first.number, again.number, again.run_id) == (900, 955, "31")
    assert (again.workflow, again.environment) == ("release 4", "Prod")


def test_a_forks_run_may_have_no_secrets() -> None:
    assert read(SYSTEM_PULLREQUEST_ISFORK="True").secrets_withheld == "a fork's pull request"
    assert read(SYSTEM_PULLREQUEST_ISFORK="False").secrets_withheld == ""


@pytest.mark.parametrize("number", ["20261128.3", "", "$(Build.BuildId)", "-1"])
def test_what_is_no_whole_number_is_no_number(number: str) -> None:
    run = read(BUILD_BUILDID=number)
    assert (run.number, run.url) == (0, "")
