"""Every question that is asked of a provider, against a repository where each has an answer.

A row says how to ask it, how many requests it takes, and what each request needs to be permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jira_ci.ci.github_api import GitHubHistory
from jira_ci.ci.gitlab_api import GitLabHistory
from jira_ci.ci.past_runs import GitHubRuns, GitLabRuns
from jira_ci.run import CI, PastRun, Run
from jira_ci.timing import Deadline
from providers import gitlab_server
from providers.github_answers import sha
from providers.github_server import GitHub
from providers.gitlab_server import GitLab
from providers.serving import Provider

TOKEN = "t0ken"
GONE = "d" * 40
"""A commit that no repository has."""
OF_CI = ".github/workflows/ci.yml"
PAST = PastRun("9002", 42, True, "success", OF_CI, 3, sha(3))


@dataclass(frozen=True)
class Client:
    """What asks."""

    history: Any
    runs: Any

    def close(self) -> None:
        self.history.close()
        self.runs.close()


@dataclass(frozen=True)
class Question:
    """One row."""

    name: str
    """The method's, in the protocols."""
    ask: Callable[[Client], Any]
    needs: tuple[str, ...]
    """Of each request, in their order."""
    what: str
    """What the sentence says was asked for."""


def _row(ask: Callable[[Client], Any], needs: str, what: str) -> Question:
    name = next(one for one in ask.__code__.co_names if one not in ("history", "runs"))
    return Question(name, ask, tuple(needs.split()), what)


_BOTH: list[tuple[Callable[[Client], Any], str, str, str]] = [
    (lambda api: api.history.commit_message(sha(3)), "contents", "own", "commit 00000000"),
    (lambda api: api.history.compare(sha(2), sha(5)), "contents", "api", "the commits of 00000000..00000000"),
    (lambda api: api.history.default_commit(), "metadata contents", "api api", "the default branch's commit"),
    (lambda api: api.history.file(sha(3), "a b/ü.yml", 99), "contents contents contents", "api", "the file a b/ü.yml"),
    (lambda api: api.history.file(sha(3), "none.yml", 99), "contents", "api api", "the file none.yml"),
    (lambda api: api.history.tag("v/1"), "contents", "api", "the tag 'v/1'"),
    (lambda api: api.history.tag("v2"), "contents", "api", "the tag 'v2'"),
    (lambda api: api.history.files_of(sha(3)), "contents contents", "api api", "the files of commit 00000000"),
]

GITHUB = [
    *(_row(ask, needs, what) for ask, needs, _, what in _BOTH),
    _row(lambda api: api.history.pull_request(12), "pull-requests", "pull request #12"),
    _row(
        lambda api: api.history.pull_request_commits(12),
        "pull-requests pull-requests",
        "the commits of pull request #12",
    ),
    _row(lambda api: api.history.pull_requests_of(sha(3)), "pull-requests", "the pull requests of commit 00000000"),
    _row(
        lambda api: api.history.last_deployment("prod"),
        "deployments deployments deployments",
        "the deployments to 'prod'",
    ),
    _row(lambda api: api.history.last_good_run(), "actions", "the runs of this workflow that succeeded"),
    _row(lambda api: api.runs.run("9002"), "actions", "run 9002"),
    _row(lambda api: api.runs.numbered(OF_CI, 41), "actions", f"run #41 of {OF_CI}"),
    _row(lambda api: api.runs.last(5), "actions", "the last runs"),
    _row(lambda api: api.runs.attempt(PAST, 1), "actions", "attempt 1 of run 9002"),
    _row(lambda api: api.runs.legs(PAST), "contents", f"{OF_CI} at {PAST.commit[:8]}"),
    _row(
        lambda api: api.runs.deployed("prod"),
        "deployments deployments deployments actions",
        "the deployments to 'prod'",
    ),
]
GITLAB = [
    *(_row(ask, needs, what) for ask, _, needs, what in _BOTH),
    _row(lambda api: api.history.pull_request(12), "own", "merge request !12"),
    _row(lambda api: api.history.pull_request_commits(12), "api", "the commits of merge request !12"),
    _row(lambda api: api.history.pull_requests_of(sha(3)), "own", "the merge requests of commit 00000000"),
    _row(lambda api: api.history.last_deployment("prod"), "own", "the deployments to 'prod'"),
    _row(lambda api: api.history.last_good_run(), "api", "the pipelines of main that succeeded"),
    _row(lambda api: api.runs.run("9002"), "api", "pipeline 9002"),
    _row(lambda api: api.runs.numbered("", 41), "api", "pipeline #41"),
    _row(lambda api: api.runs.last(5), "api", "the last pipelines"),
    _row(lambda api: api.runs.attempt(PAST, 1), "api", "the jobs of pipeline 9002"),
    _row(lambda api: api.runs.legs(PAST), "api", "the jobs of pipeline 9002"),
    _row(lambda api: api.runs.deployed("prod"), "own", "the deployments to 'prod'"),
]


def settle(provider: Provider) -> None:
    """Gives every question an answer."""
    if isinstance(provider, GitHub):
        provider.deployments = [(5, ["failure"], 9003), (4, ["inactive", "success"], 9002)]
        provider.runs = [
            {
                "id": run,
                "run_number": run - 8960,
                "run_attempt": 1,
                "path": OF_CI,
                "status": "completed",
                "conclusion": "success",
            }
            for run in (9003, 9002, 9001)
        ]
    if isinstance(provider, GitLab):
        provider.deployments = [(5, 777), (4, 9002)]
        provider.pipelines = [(9003, 43, "running"), (9002, 42, "success"), (9001, 41, "failed")]
        provider.jobs = [{"id": 1, "started_at": gitlab_server.WHEN}]
    if isinstance(provider, (GitHub, GitLab)):
        provider.tags = {"v/1": sha(3), "v2": sha(4)}
        provider.files = {"a b/ü.yml": b"jira: {}\n", OF_CI: b"jobs: {build: {}}\n"}
        provider.touched = [f"src/{number}.py" for number in range(130)]


@contextmanager
def connected(
    provider: Provider,
    *,
    token: str = TOKEN,
    job_token: str = "",
    url: str = "",
    ca: str = "",
    seconds: float = 30,
    graphql_url: str = "",
) -> Iterator[Client]:
    """What asks this provider, in a run of its own, for as long as the block lasts."""
    rest: dict[str, Any] = {"ca_bundle": ca, "deadline": Deadline(seconds)}
    github = isinstance(provider, GitHub)
    names = (CI.GITHUB, "octo/hello", "1") if github else (CI.GITLAB, "acme/web", "42")
    run = Run(
        *names,
        "",
        sha(5),
        1,
        "",
        run_id="777",
        workflow=OF_CI,
        branch="main",
        api_url=url or provider.url,
        graphql_url=graphql_url,
    )
    if github:
        client = Client(GitHubHistory(run, token, **rest), GitHubRuns(run, token, **rest))
    else:
        rest["job_token"] = job_token
        client = Client(GitLabHistory(run, token, **rest), GitLabRuns(run, token, **rest))
    try:
        yield client
    finally:
        client.close()
