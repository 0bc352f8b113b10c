"""A provider that misbehaves at any step of any question: one sentence, no second try, no second host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from jira_ci.ci.api import Unreadable
from providers.github_answers import refusal, sha
from providers.github_server import GitHub
from providers.gitlab_server import GitLab
from providers.questions import GITHUB, GITLAB, Client, Question, connected, settle
from providers.serving import JSON, Provider, Reply, serving

SSO = {"X-GitHub-SSO": "required; url=https://github.com/orgs/octo/sso?authorization_request=x"}
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
# GitLab says null of a project without a branch, and of a deployment that was made without a pipeline.
SHAPE = "not of the documented shape|does not name it|does not say which pipeline"
EMPTY = {"workflow_runs": [{}], "commits": [{}], "files": [{}], "tree": [{}], "total_commits": 1, "total_count": 1}
TABLE: list[tuple[str, Reply, str]] = [
    ("401", refusal(401, "Bad credentials"), "(401): the token is wrong or expired"),
    ("403", refusal(403, "Resource not accessible by integration"), "(403): give the token "),
    ("404", refusal(404, "Not Found"), "(404): it does not exist there any more, or the token may not see it"),
    ("410", refusal(410, "This was deleted"), "(410): it does not exist there any more"),
    ("409", refusal(409, "Git Repository is empty."), "gave no usable answer"),
    (
        "primary limit",
        refusal(403, "x", {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}),
        "rate limit is used up",
    ),
    ("secondary limit", refusal(403, SECONDARY, {"Retry-After": "60"}), "rate limit is used up"),
    ("secondary limit without headers", refusal(403, SECONDARY), "rate limit is used up"),
    ("429", Reply(429, {"Retry-After": "3600"}, b"Retry later\n"), "rate limit is used up"),
    ("429 for ever", refusal(429, "x", {"Retry-After": "9" * 9, "RateLimit-Reset": "abc"}), "rate limit is used up"),
    ("sign-on", refusal(403, "Resource protected by organization SAML enforcement.", SSO), "SAML sign-on"),
    ("500", Reply(500), "(500): it has trouble of its own"),
    ("502", Reply(502, {"Content-Type": "text/html"}, b"<html>Whoops</html>"), "(502): it has trouble of its own"),
    ("cut", Reply(200, JSON, b'{"sha": "aaa', cut=True), "the connection failed|the answer was cut"),
    ("cut after an empty list", Reply(200, JSON, b"[]", cut=True), "the connection failed|the answer was cut"),
    ("empty", Reply(200, JSON), "the answer is not the JSON of an API"),
    ("a page", Reply(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), "is not the JSON of an API"),
    ("a number", Reply(200, JSON, b"7"), "the answer is not the JSON of an API"),
    ("an object of nothing", Reply.of({}), SHAPE),
    ("a list of nothing", Reply.of([{}]), SHAPE),
    ("lists of nothing", Reply.of(EMPTY), SHAPE),
    ("a list of numbers", Reply.of([1]), SHAPE),
    ("an object of numbers", Reply.of(dict.fromkeys(("sha", "tree", "files", "message", "id"), 5)), SHAPE),
]


def check(provider: Provider, row: Question, name: str, reply: Reply, said: str) -> None:
    for step in range(len(row.needs)):
        if _is_an_answer(provider, row, step, reply):
            continue
        provider.exchanges.clear()
        provider.faults = {step: reply}
        with connected(provider) as client, pytest.raises(Unreadable) as caught:
            row.ask(client)
        sentence = str(caught.value)
        assert len(provider.exchanges) == step + 1, f"{name} at {step}: {provider.paths}"
        assert any(one in sentence for one in said.split("|")), sentence
        assert "t0ken" not in sentence
        assert "\n" not in sentence
        assert sentence.endswith(".")
        assert (row.what in sentence) or row.name == "deployed"
        assert caught.value.missing == (reply.status in (404, 410))
        assert caught.value.denied == (name in ("401", "403", "sign-on"))


def _is_an_answer(provider: Provider, row: Question, step: int, reply: Reply) -> bool:
    """That GitLab has no such file is the beginning of an answer, and that there is no such tag is one."""
    if row.name == "tag":
        return reply.status == 404
    return isinstance(provider, GitLab) and row.name == "file" and step == 0 and reply.status == 404


@pytest.mark.parametrize("row", GITHUB, ids=lambda row: row.name)
def test_github_misbehaves(github: GitHub, row: Question) -> None:
    settle(github)
    for name, reply, said in TABLE:
        check(github, row, name, reply, said)


@pytest.mark.parametrize("row", GITLAB, ids=lambda row: row.name)
def test_gitlab_misbehaves(gitlab: GitLab, row: Question) -> None:
    settle(gitlab)
    for name, reply, said in TABLE:
        check(gitlab, row, name, reply, said)


@pytest.mark.parametrize("row", [*GITHUB, *GITLAB], ids=lambda row: row.name)
def test_a_provider_that_never_ends_its_answer_is_left_at_the_deadline(
    github: GitHub, gitlab: GitLab, row: Question
) -> None:
    provider: Provider = github if row in GITHUB else gitlab
    settle(provider)
    provider.faults = {-1: Reply(200, JSON, b"[", slow=True)}
    with connected(provider, seconds=0.3) as client, pytest.raises(Unreadable, match="no answer before the deadline"):
        row.ask(client)
    assert len(provider.exchanges) <= 1


@pytest.fixture
def elsewhere() -> Iterator[GitHub]:
    """Another host, which nothing may be sent to."""
    other = GitHub()
    with serving(other):
        yield other
    assert other.exchanges == []


@pytest.mark.parametrize("row", [*GITHUB, *GITLAB], ids=lambda row: row.name)
def test_no_answer_leads_to_another_host(github: GitHub, gitlab: GitLab, elsewhere: GitHub, row: Question) -> None:
    provider: Provider = github if row in GITHUB else gitlab
    settle(provider)
    for status in (301, 302, 303, 307, 308):
        provider.exchanges.clear()
        provider.faults = {-1: Reply(status, {"Location": elsewhere.url + "/x"})}
        with connected(provider) as client, pytest.raises(Unreadable, match="points to another address"):
            row.ask(client)
        assert len(provider.exchanges) == 1


@pytest.mark.parametrize("row", GITHUB, ids=lambda row: row.name)
def test_no_link_or_address_in_githubs_answers_leads_to_another_host(
    github: GitHub, elsewhere: GitHub, row: Question
) -> None:
    settle(github)
    github.deployments *= 60
    github.messages *= 60
    github.pulls = {12: (2, 240)}
    github.address, here = elsewhere.address, github.address  # what it puts into its answers
    with connected(github, url=here) as client:
        said = refusal_of(row, client)
    assert bool(said) == (row.name in ("pull_request_commits", "last_deployment")), said
    assert re.search("points to another host|not of the documented shape|^$", said)
    assert github.exchanges


def refusal_of(row: Question, client: Client) -> str:
    """Why there is no answer; nothing when there is one."""
    try:
        row.ask(client)
    except Unreadable as error:
        return str(error)
    return ""


def endless(content: Any, url: str) -> Reply:
    """A page that always names another one."""
    return Reply.of(content, headers={"Link": f'<{url}?page=2>; rel="next"', "X-Next-Page": "2"})


def test_lists_without_an_end_are_ended(github: GitHub, gitlab: GitLab) -> None:
    settle(github)
    settle(gitlab)
    run = {"id": 5, "run_number": 500, "path": ".github/workflows/ci.yml", "status": "completed"}
    pipeline = {"id": 5, "iid": 500, "status": "failed"}
    job = {"id": 5, "status": "failed"}
    own = {"deployable": {"pipeline": {"id": 777}}, "sha": sha(1)}
    rows: list[tuple[Provider, str, Any, int]] = [
        (github, "files_of", {"files": [{"filename": "x"}] * 100}, 30),
        (github, "numbered", {"workflow_runs": [run] * 100}, 10),
        (gitlab, "numbered", [pipeline] * 100, 10),
        (gitlab, "attempt", [job] * 100, 10),
        (gitlab, "deployed", [own] * 100, 10),
        (gitlab, "last_deployment", [own] * 20, 500),
    ]
    for provider, name, content, most in rows:
        provider.exchanges.clear()
        provider.faults = {-1: endless(content, f"{provider.url}/repos/octo/hello/commits/{sha(3)}")}
        row = next(one for one in (GITHUB if provider is github else GITLAB) if one.name == name)
        with connected(provider) as client:
            if name == "files_of":
                assert not row.ask(client).complete
            else:
                with pytest.raises(Unreadable, match=r"more than \d+ (requests would be needed|would have to be read)"):
                    row.ask(client)
        assert len(provider.exchanges) == most
        provider.exchanges.clear()
