"""The validation of exchanges can fail: each kind of disagreement is found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import contract
from jira_sandbox.http_types import Exchange
from submissions import build

pytestmark = pytest.mark.skipif(not contract.available(), reason=contract.ABSENT)

BULK = "/jira/builds/0.1/cloud/11111111-2222-4333-8444-555555555555/bulk"
FETCH = "/rest/api/3/issue/bulkfetch"
KEY = {"pipelineId": "github:42:ci.yml", "buildNumber": 7}
GOOD = {"builds": [build()]}
BAD = {"builds": [build(state="done")]}
MIXED = {"builds": [build(), build(buildNumber=8, state="done")]}
ACCEPTED = {"acceptedBuilds": [KEY]}
WANTED = {"issueIdsOrKeys": ["WEB-1"]}


def exchange(sent: Any, status: int, answer: Any, *, path: str = BULK, scripted: bool = False) -> Exchange:
    kind, body, told = {"content-type": "application/json"}, json.dumps(sent).encode(), json.dumps(answer).encode()
    return Exchange("POST", path, "", kind, body, status, kind, told, scripted)


def rejected(message: str, number: int = 7) -> dict[str, Any]:
    return {"rejectedBuilds": [{"key": {**KEY, "buildNumber": number}, "errors": [{"message": message}]}]}


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (exchange(GOOD, 202, ACCEPTED), ""),
        (exchange(GOOD, 202, {"acceptedBuilds": [{"pipelineId": "p"}]}), "the answer breaks the contract"),
        (exchange(GOOD, 202, []), "the answer breaks the contract"),
        (exchange(GOOD, 400, {"message": "x"}), "the answer breaks the contract"),
        (exchange(GOOD, 400, []), "the answer breaks the contract"),
        (exchange(GOOD, 400, [{"message": "because"}]), "refused what the documents allow: because"),
        (exchange(GOOD, 202, rejected("'state' must be x")), "refused what the documents allow: 'state'"),
        (exchange(BAD, 202, ACCEPTED), "the request breaks the contract"),
        (exchange(BAD, 202, rejected("'state' must be x")), "the request breaks the contract"),
        (exchange(BAD, 429, "x", scripted=True), "the request breaks the contract"),
        (exchange(BAD, 401, {}), "the request breaks the contract"),
        (exchange(GOOD, 429, "x", scripted=True), ""),
        (exchange(GOOD, 413, [{"message": "x"}]), ""),
        (exchange({"grant_type": "x"}, 400, {}, path="/oauth/token"), ""),
        (exchange({}, 404, {}, path="/rest/api/3/nothing"), "the request breaks the contract"),
        (exchange({**WANTED, "x": 1}, 200, {}, path=FETCH), "the request breaks the contract"),
        (exchange(WANTED, 200, {"x": 1}, path=FETCH), "the answer breaks the contract"),
        (exchange(WANTED, 200, {"x": 1}, path="/ex/jira/1" + FETCH), "the answer breaks the contract"),
        (exchange({"builds": [build(url="x")]}, 202, rejected("'url' must be a valid URL")), "the request was refused"),
    ],
)
def test_a_disagreement_is_found(one: Exchange, problem: str) -> None:
    found = "\n".join(contract.verify([one]))
    assert problem in found if problem else found == ""


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (exchange(BAD, 202, rejected("'state' must be x")), ""),
        (exchange(BAD, 400, [{"message": "x"}]), ""),
        (exchange(BAD, 202, ACCEPTED), "took what the documents forbid"),
        (exchange(MIXED, 202, rejected("'state' must be x", 8)), ""),
        (exchange(MIXED, 202, rejected("'state' must be x", 7)), "was judged wrongly"),
    ],
)
def test_a_request_that_is_bad_on_purpose_must_have_been_refused(one: Exchange, problem: str) -> None:
    found = "\n".join(contract.verify([one], bad_requests=True))
    assert problem in found if problem else found == ""


def test_what_a_test_made_the_site_refuse_is_no_fault_of_the_request() -> None:
    one = exchange(GOOD, 202, rejected("not today"))
    assert contract.verify([one], refusals=["not today"]) == []
    assert contract.verify([one]) != []


RAISE = "/rest/servicedeskapi/request"
RAISED = {"issueId": "10001", "issueKey": "OPS-1"}
SEARCH = "/rest/api/3/search/jql"
REFUSED = {"errorMessage": "x: Field cannot be set.", "i18nErrorMessage": {"i18nKey": "sd.error", "parameters": []}}
NO_PROJECT = {"errorMessages": ["The value 'X' does not exist for the field 'project'."], "errors": {}}
MISSHAPEN = {"errorMessages": ["INVALID_INPUT 'jql' must be a string"], "errors": {}}


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (exchange({"serviceDeskId": "1"}, 201, RAISED, path=RAISE), ""),
        (exchange({"serviceDeskId": "1"}, 201, RAISED, path="/ex/jira/1" + RAISE), ""),
        (exchange({"serviceDeskId": "1"}, 400, REFUSED, path=RAISE), ""),
        (exchange({"serviceDeskId": 1}, 400, REFUSED, path=RAISE), "the request breaks the contract"),
        (exchange({"desk": "1"}, 201, RAISED, path=RAISE), "took what the documents forbid"),
        (exchange({"serviceDeskId": "1"}, 201, {"key": "OPS-1"}, path=RAISE), "the answer breaks the contract"),
        (exchange({"serviceDeskId": "1"}, 400, {"errorMessages": []}, path=RAISE), "the answer breaks the contract"),
        (exchange({"serviceDeskId": "1"}, 409, REFUSED, path=RAISE), "the answer breaks the contract"),
        (exchange({"jql": "project = X"}, 400, NO_PROJECT, path=SEARCH), ""),
        (exchange({"jql": "project = X"}, 400, MISSHAPEN, path=SEARCH), "refused what the documents allow"),
        (exchange({"jql": "x", "startAt": 0}, 200, {"issues": []}, path=SEARCH), "took what the documents forbid"),
        (exchange({"jql": "x"}, 200, {"issues": [], "total": 0}, path=SEARCH), "the answer breaks the contract"),
        (exchange({"jql": "x"}, 200, {"total": 0}, path="/rest/api/2/search/jql"), "the answer breaks the contract"),
        (exchange({"jql": "x"}, 410, {}, path="/rest/api/3/search"), "the request breaks the contract"),
    ],
)
def test_a_disagreement_about_service_desks_is_found(one: Exchange, problem: str) -> None:
    found = "\n".join(contract.verify([one]))
    assert problem in found if problem else found == ""


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (exchange({"jql": "x", "startAt": 0}, 200, {"total": 0}, path="/rest/api/2/search"), ""),
        (exchange({"serviceDeskId": "1"}, 201, {"anything": 0}, path=RAISE), ""),
        (exchange({"serviceDeskId": 1}, 201, RAISED, path=RAISE), "the request breaks the contract"),
    ],
)
def test_of_data_center_requests_are_validated_and_answers_are_not(one: Exchange, problem: str) -> None:
    found = "\n".join(contract.verify([one], data_center=True))
    assert problem in found if problem else found == ""


TESTS_OF_TESTS = """
import http.client, json, socket
import pytest, requests

def post(sandbox, body):
    connection = http.client.HTTPConnection(sandbox.address[7:])
    grant = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    kind = {"Content-Type": "application/json"}
    connection.request("POST", "/oauth/token", json.dumps(grant), kind)
    token = json.loads(connection.getresponse().read())["access_token"]
    path = f"/jira/builds/0.1/cloud/{sandbox.cloud_id}/bulk"
    connection.request("POST", path, json.dumps(body), {**kind, "Authorization": f"Bearer {token}"})
    status = connection.getresponse().status
    connection.close()
    return status

def test_bad(sandbox):
    post(sandbox, {"builds": []})

@pytest.mark.bad_requests("on purpose")
def test_marked(sandbox):
    assert post(sandbox, {"builds": []}) == 400

def test_good(sandbox):
    assert requests.get(sandbox.address + "/_edge/tenant_info", timeout=5).ok

def test_address():
    with pytest.raises(RuntimeError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)

def test_name():
    with pytest.raises(RuntimeError):
        requests.get("https://api.example.com/", timeout=1)

def test_unknown_name():
    with pytest.raises(requests.ConnectionError):
        requests.get("https://nowhere.invalid/", timeout=1)
"""


def test_a_bad_request_and_a_step_outside_fail_the_test_that_made_them(tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    (tmp_path / "test_inner.py").write_text(TESTS_OF_TESTS, encoding="utf-8")
    (tmp_path / "conftest.py").write_text((tests / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {tests} {tests / 'support'}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "--strict-markers", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    failed = [line.split("::")[1].split()[0] for line in done.stdout.splitlines() if line.startswith("ERROR ")]
    assert failed == ["test_bad", "test_address", "test_name"]
    assert "6 passed, 3 errors" in done.stdout
