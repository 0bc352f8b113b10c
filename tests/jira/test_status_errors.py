"""What an unwelcome answer to a report means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jira_ci.errors import AccessError, JiraCiError, NetworkError, Redirected, RejectedError
from jira_ci.exchange import Answer, Request
from jira_ci.jira.status_errors import Audience, TooLarge, expect, messages, refusal

REPORT = Request("POST", "https://api.example/jira/x", "take 2 deployments", {}, bearer="t")
SITE = Request("GET", "https://acme.atlassian.net/_edge/tenant_info", "tell its cloud id", site=True)


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (301, Redirected, "Set site and api-url to the addresses that answer themselves"),
        (400, RejectedError, "log-level: debug"),
        (401, AccessError, "compare client-id and cloud-id"),
        (403, AccessError, "allow Builds and Deployments"),
        (404, RejectedError, "check cloud-id and api-url"),
        (407, NetworkError, "HTTPS_PROXY"),
        (408, NetworkError, "later"),
        (409, RejectedError, "log-level: debug"),
        (410, RejectedError, "check cloud-id and api-url"),
        (413, TooLarge, "fewer environments"),
        (415, RejectedError, "log-level: debug"),
        (429, NetworkError, "later"),
        (500, NetworkError, "status.atlassian.com"),
        (503, NetworkError, "status.atlassian.com"),
        (599, NetworkError, "status.atlassian.com"),
        (200, NetworkError, "proxy"),
        (103, NetworkError, "proxy"),
    ],
)
def test_each_status_has_its_class_and_its_advice(status: int, kind: type[JiraCiError], hint: str) -> None:
    error = refusal(REPORT, answer(status))
    assert type(error) is kind
    assert str(status) in error.message
    assert error.message.startswith(
        "Asked api.example to take 2 deployments with the OAuth token of client-id and client-secret: "
    )
    assert hint in error.hint


@pytest.mark.parametrize("status", [400, 404, 409, 410, 415])
def test_what_was_asked_before_the_report_cannot_reject_it(status: int) -> None:
    assert isinstance(refusal(SITE, answer(status)), NetworkError)


def test_the_reason_of_a_locked_account_is_recognised() -> None:
    error = refusal(REPORT, answer(403, x_seraph_loginreason="AUTHENTICATION_DENIED"))
    assert "CAPTCHA" in error.hint


def test_the_expected_status_is_no_error() -> None:
    expect(REPORT, answer(202), 202)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([{"message": "a"}, {"message": "b", "errorTraceId": "1"}], ["a", "b"]),
        ({"errorMessages": ["a"], "errors": {"url": "is wrong"}}, ["a", "url: is wrong"]),
        ({"errorMessage": "a", "message": "b"}, ["a"]),
        ({"error": "invalid", "error_description": "no such client"}, ["no such client"]),
        ({"code": 401, "message": "Unauthorized"}, ["Unauthorized"]),
        ([1, None, {"message": ""}, {"message": 5}], ["5"]),
        ({"errorMessages": "text", "errors": ["x"]}, []),
        ({"errorMessages": [None, {"a": 1}]}, ["{'a': 1}"]),
        ("text", []),
        (None, []),
    ],
)
def test_error_bodies_of_every_form_are_read(body: Any, found: list[str]) -> None:
    assert messages(answer(400, body)) == found


def test_a_hostile_error_text_is_shown_inert_and_short() -> None:
    text = str(refusal(REPORT, answer(400, [{"message": "x\n::set-output name=a::b\x1b[31m" + "y" * 10_000}])))
    assert "\n" not in text
    assert "\x1b" not in text
    assert len(text) < 800


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe\x00", b"9" * 5000, b"", b"{", b'"\\ud800"'])
def test_a_body_that_is_no_json_is_none_of_our_problems(body: bytes) -> None:
    assert isinstance(refusal(REPORT, Answer(400, {}, body)), RejectedError)


@pytest.mark.parametrize("audience", ["report", "issues", "links"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 409, 410, 413, 429, 500, 302])
@pytest.mark.parametrize("credential", [{}, {"basic": "x"}, {"bearer": "x"}])
@pytest.mark.parametrize("site", [True, False])
def test_no_report_is_told_of_service_desks(
    audience: Audience, status: int, credential: dict[str, Any], site: bool
) -> None:
    for told in (None, {"errorMessages": ["no"]}):
        request = Request(
            "GET", "https://jira.example/rest/api/2/serverInfo", "say what it is", site=site, **credential
        )
        found = refusal(request, answer(status, told), audience)
        assert "agent" not in str(found)
        assert "desk" not in str(found)
        assert found.hint


def test_the_gate_is_told_what_its_account_needs() -> None:
    request = Request("GET", "https://jira.example/rest/api/3/issue/1", "show the change", basic="x", site=True)
    assert "an agent of the service desk" in refusal(request, answer(403), "gate").hint
    assert "Allow Deployments" in refusal(REPORT, answer(403), "gating").hint
