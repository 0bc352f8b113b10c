"""A record as a remote link, and what answers to one mean."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

import submissions
from faulty_server import FaultyServer, reply
from jira_ci.errors import AccessError, JiraCiError, NetworkError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira import remote_links
from jira_ci.jira.access import Access
from jira_ci.jira.auth import Login
from jira_ci.jira.status_errors import refusal
from jira_ci.jira.submit import BUILDS, DEPLOYMENTS
from patience import Patience

ACCESS = Access("https://jira.acme.example/jira", jira_type="data-center", token="t0k3n")
LINK = Request(
    "POST", f"{ACCESS.site}/rest/api/2/issue/WEB-1/remotelink", "show it on WEB-1", {}, bearer="t0k3n", site=True
)
TOLD = b'{"errorMessages": ["Issue Does Not Exist"], "errors": {}}'


def deployment(environment: str = "prod", **changes: Any) -> dict[str, Any]:
    where = {"id": environment, "displayName": environment.title(), "type": "production"}
    return submissions.deployment(environment=where, **changes)


def test_a_deployment_as_a_link() -> None:
    assert remote_links.body(DEPLOYMENTS, deployment()) == {
        "globalId": "jira-ci:deployments:release:prod:7",
        "application": {"type": "jira-ci", "name": "jira-ci"},
        "relationship": "deployed to",
        "object": {
            "url": "https://ci.example/7",
            "title": "Prod: Release 1.4",
            "summary": "successful, Release 1.4 to Prod",
            "icon": {"title": "Deployment (production): successful"},
            "status": {"resolved": True, "icon": {"title": "successful"}},
        },
    }


def test_a_build_as_a_link() -> None:
    tests = {"totalNumber": 3, "numberPassed": 2, "numberFailed": 1, "numberSkipped": 0}
    found = remote_links.body(BUILDS, submissions.build(state="in_progress", testInfo=tests))
    assert found["globalId"] == "jira-ci:builds:github%3A42%3Aci.yml:7"
    assert found["relationship"] == "built by"
    assert found["object"]["title"] == "CI #7"
    assert found["object"]["summary"] == "in progress, 2 of 3 tests passed"
    assert found["object"]["status"] == {"resolved": False, "icon": {"title": "in progress"}}


@pytest.mark.parametrize("state", ["pending", "in_progress", "cancelled", "failed", "rolled_back", "unknown"])
def test_only_what_ended_well_is_resolved(state: str) -> None:
    assert remote_links.body(DEPLOYMENTS, deployment(state=state))["object"]["status"]["resolved"] is False


def test_the_identity_is_that_of_the_record_and_nothing_else() -> None:
    first = remote_links.global_id(DEPLOYMENTS, deployment(state="in_progress", updateSequenceNumber=1))
    assert first == remote_links.global_id(DEPLOYMENTS, deployment(state="failed", updateSequenceNumber=9))
    assert first != remote_links.global_id(DEPLOYMENTS, deployment("qa"))
    assert first != remote_links.global_id(DEPLOYMENTS, deployment(deploymentSequenceNumber=8))


def test_parts_of_an_identity_do_not_run_together() -> None:
    def identity(pipeline: str, environment: str) -> str:
        record = deployment(environment, pipeline={"id": pipeline, "displayName": "p", "url": "https://ci.example/"})
        return remote_links.global_id(DEPLOYMENTS, record)

    assert identity("a:b", "c") != identity("a", "b:c")
    assert identity("a%3Ab", "c") != identity("a:b", "c")


def test_long_and_foreign_names_stay_within_jiras_limits_and_differ() -> None:
    names = ["ü" * 250 + end for end in ("a", "b")]
    found = [remote_links.body(DEPLOYMENTS, deployment(name, displayName="x" * 255)) for name in names]
    assert len({one["globalId"] for one in found}) == 2
    assert all(len(one["globalId"]) <= 255 and len(one["object"]["title"]) <= 255 for one in found)


def test_a_link_is_asked_for_at_the_sites_own_path_with_its_own_credential() -> None:
    with FaultyServer([reply(201, {"id": 7})]) as server:
        for user, sent in (("", "Bearer t0k3n"), ("ana", "Basic YW5hOnQwazNu")):
            access = Access(f"{server.url}/jira", jira_type="data-center", user=user, token="t0k3n")
            with closing(Client(Patience())) as client:
                Login(client, access, "links").send(remote_links.link("WEB/1?", {"globalId": "x"}))
            assert server.requests[-1].headers["authorization"] == sent
    assert {(one.method, one.path) for one in server.requests} == {
        ("POST", "/jira/rest/api/2/issue/WEB%2F1%3F/remotelink")
    }
    assert remote_links.link("WEB-1", {}).idempotent


@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        (Answer(404, {}, TOLD), None, ""),
        (Answer(403, {}, TOLD), None, ""),
        (Answer(400, {}, TOLD), None, ""),
        (Answer(413), None, ""),
        (Answer(404), NetworkError, "part of it?"),
        (Answer(401, {}, TOLD), AccessError, "new personal access token"),
        (Answer(403, {}, b"<html>"), AccessError, "check site and headers"),
        (Answer(403, {"x-seraph-loginreason": "AUTHENTICATION_DENIED"}, TOLD), AccessError, "CAPTCHA"),
        (Answer(403, {"x-authentication-denied-reason": "CAPTCHA_CHALLENGE; x"}, TOLD), AccessError, "CAPTCHA"),
        (Answer(407), NetworkError, "HTTPS_PROXY"),
        (Answer(429), NetworkError, "Run again later"),
        (Answer(503), NetworkError, "Run again later"),
        (Answer(302, {"location": "https://login.example/"}), NetworkError, "login page"),
    ],
)
def test_which_answers_are_about_more_than_one_issue(answer: Answer, kind: type[JiraCiError] | None, hint: str) -> None:
    found = remote_links.final(LINK, answer)
    assert isinstance(found, kind) if kind else found is None
    assert hint in (found.hint if found else "")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
def test_a_link_is_there_only_when_jira_names_it(body: bytes) -> None:
    assert remote_links.is_linked(LINK, Answer(201, {}, b'{"id": 7}'))
    assert not remote_links.is_linked(LINK, Answer(404, {}, TOLD))
    with pytest.raises(NetworkError, match="not one of Jira's"):
        remote_links.is_linked(LINK, Answer(200, {}, body))


def test_the_credential_is_named_and_not_shown() -> None:
    basic = Request("POST", LINK.url, "show it on WEB-1", {}, basic="c2VjcmV0")
    for request, words in ((LINK, "a personal access token"), (basic, "user and token")):
        found = refusal(request, Answer(401), "links")
        assert f"show it on WEB-1 with {words}: it answered 401" in found.message
        assert "t0k3n" not in str(found)
        assert "c2VjcmV0" not in str(found)
