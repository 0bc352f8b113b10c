"""The service desk over real sockets: Jira's clock, many clients at once, a state file, and the steps as a process."""

from __future__ import annotations

import argparse
import concurrent.futures
import http.client
import io
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from jira_ci.commands import sandbox as command
from jira_ci.errors import JiraCiError
from jira_sandbox.http_types import Answer
from jira_sandbox.server import Sandbox
from jira_sandbox.site_state import StateFileError
from pretend import basic

REQUEST = {"serviceDeskId": "1", "requestTypeId": "25", "requestFieldValues": {"summary": "Deploy shop 1.2.3"}}


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None) -> tuple[Any, http.client.HTTPMessage]:
    headers = {"Authorization": basic(), **({"Content-Type": "application/json"} if body is not None else {})}
    with closing(http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=20)) as connection:
        connection.request(method, path, json.dumps(body).encode() if body is not None else None, headers)
        answer = connection.getresponse()
        return json.loads(answer.read() or b"null"), answer.headers


def test_every_answer_has_jira_s_date_and_no_age(sandbox: Sandbox) -> None:
    sandbox.clock.standing = 4_102_444_800  # 2100-01-01
    sandbox.clock.offset = 3600
    for path in ("/rest/api/3/serverInfo", "/rest/api/3/issue/NO-1", "/nothing"):
        with closing(http.client.HTTPConnection(sandbox.address.removeprefix("http://"), timeout=20)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        assert answer.headers.get_all("Date") == ["Fri, 01 Jan 2100 01:00:00 GMT"]
        assert "Age" not in answer.headers
    key = ask(sandbox, "POST", "/rest/servicedeskapi/request", REQUEST)[0]["issueKey"]
    shown, headers = ask(sandbox, "GET", f"/rest/api/3/issue/{key}")
    assert shown["fields"]["created"] == "2100-01-01T01:00:00.000+0000"
    assert parsedate_to_datetime(str(headers["Date"])).year == 2100


def test_a_test_can_answer_with_another_date(sandbox: Sandbox) -> None:
    sandbox.before = lambda _: Answer(200, b"{}", {"Date": "Thu, 01 Jan 1970 00:00:00 GMT", "Age": "5"})
    assert ask(sandbox, "GET", "/rest/api/3/myself")[1].get_all("Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"]


def test_twenty_clients_at_once_raise_twenty_requests(sandbox: Sandbox) -> None:
    def client(number: int) -> tuple[str, str]:
        made = ask(sandbox, "POST", "/rest/servicedeskapi/request", REQUEST)[0]
        ask(sandbox, "POST", f"/rest/servicedeskapi/request/{made['issueKey']}/comment", {"body": str(number)})
        found = ask(sandbox, "POST", "/rest/api/3/search/jql", {"jql": 'project = OPS AND summary ~ "shop"'})[0]
        assert made["issueId"] in [one["id"] for one in found["issues"]]
        return made["issueId"], made["issueKey"]

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        made = list(pool.map(client, range(20)))
    assert len({identity for identity, _ in made}) == len({key for _, key in made}) == 20
    ids = sorted(made, key=lambda pair: int(pair[0]))
    assert [key for _, key in ids] == [f"OPS-{number}" for number in range(1000, 1020)]


def test_a_second_start_knows_every_change(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    state = tmp_path / "state.json"
    first = start_sandbox(state_file=state)
    key = ask(first, "POST", "/rest/servicedeskapi/request", REQUEST)[0]["issueKey"]
    first.desk.transition(key, "Authorize")
    first.desk.approve(key)
    first.desk.window(key, "2026-03-01T10:00Z")
    ask(first, "POST", f"/rest/servicedeskapi/request/{key}/comment", {"body": "Begun", "public": False})
    ask(first, "PUT", f"/rest/api/3/issue/{key}/properties/p", {"a": 1})
    link = {"object": {"url": "https://ci.example.com/1", "title": "Run"}}
    ask(first, "POST", f"/rest/api/3/issue/{key}/remotelink", link)
    linked = {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": "WEB-1"}}
    ask(first, "POST", "/rest/api/3/issueLink", linked)
    first.desk.move(key, "FIN")
    before = ask(first, "GET", f"/sandbox/changes/{key}")[0]
    first.stop()
    second = start_sandbox(state_file=state)
    assert ask(second, "GET", f"/sandbox/changes/{key}")[0] == before
    assert before["links"] == ["WEB-1"]
    assert ask(second, "POST", "/rest/servicedeskapi/request", REQUEST)[0]["issueKey"] == "OPS-1001"


@pytest.mark.parametrize(
    "desk", ["x", {"issues": []}, {"issues": [{}], "counters": {}}, {"issues": 5, "counters": {}}, {"counters": []}]
)
def test_a_state_file_with_a_damaged_desk_is_said(tmp_path: Path, desk: Any) -> None:
    state = tmp_path / "state.json"
    document = {"format": "jira-ci sandbox, 1", "builds": [], "deployments": [], "desk": desk}
    state.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(StateFileError, match="is damaged"):
        Sandbox(state_file=state)


def test_a_state_file_of_before_there_were_desks_is_read(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"format": "jira-ci sandbox, 1", "builds": [], "deployments": []}', encoding="utf-8")
    assert start_sandbox(state_file=state).desk.create("Deploy").key == "OPS-1000"


def step(sandbox: Sandbox | None, *words: str, **environ: str) -> str:
    parser, told = argparse.ArgumentParser(), io.StringIO()
    command.add_arguments(parser)
    known = {"JIRA_CI_SITE": sandbox.address} if sandbox else {}
    assert command.run(parser.parse_args(words), told, {**known, **environ}) == 0
    return told.getvalue()


def test_steps_are_taken_from_the_command_line(sandbox: Sandbox) -> None:
    key = sandbox.desk.create("Deploy").key
    assert step(sandbox, "transition", key, "Authorize") == "OPS-1000 is in Authorize, Authorize pending.\n"
    told = step(sandbox, "approve", key, "--by", "ana", "--after-polls", "2")
    assert told == "OPS-1000 is in Authorize, Authorize pending; approve follows after 2 more reads.\n"
    step(sandbox, "window", key, "--start", "2026-03-01T10:00:00Z", "--end", "2026-03-01T12:00:00Z", "--by", "ben")
    shown = ask(sandbox, "GET", f"/sandbox/changes/{key}")[0]
    assert shown["fields"] == {
        "Planned start": "2026-03-01T10:00:00.000+0000",
        "Planned end": "2026-03-01T12:00:00.000+0000",
    }
    assert step(None, "decline", key, "--at", sandbox.address) == "OPS-1000 is in Authorize, Authorize declined.\n"


@pytest.mark.parametrize(
    ("words", "site", "code", "sentence"),
    [
        (["approve", "OPS-1000"], "", 2, "not known which sandbox"),
        (["approve", "OPS-1000"], "https://acme.atlassian.net", 2, "a sandbox is on this machine"),
        (["approve", "OPS-1000", "--at", "http://example.com"], "", 2, "plain http"),
        (["approve", "OPS-1000", "--after-polls", "-1"], None, 2, "--after-polls is '-1'"),
        (["approve", "OPS-1000", "--after-polls", "x"], None, 2, "--after-polls is 'x'"),
        (["approve", "OPS-1000"], None, 8, "Nobody is asked to approve"),
        (["approve", "../../x"], None, 8, "There is no issue"),
        (["transition", "OPS-1000", "Nowhere"], None, 8, "There is no status"),
        (["window", "OPS-1000", "--start", "soon"], None, 8, "is no date-time"),
        (["approve", "OPS-1000"], "http://127.0.0.1:9", 7, "No sandbox answers at http://127.0.0.1:9"),
    ],
)
def test_a_step_that_cannot_be_taken_is_said(
    sandbox: Sandbox, words: list[str], site: str | None, code: int, sentence: str
) -> None:
    sandbox.desk.create("Deploy")
    with pytest.raises(JiraCiError) as raised:
        step(None, *words, JIRA_CI_SITE=sandbox.address if site is None else site)
    assert sentence in str(raised.value)
    assert (raised.value.exit, bool(raised.value.mend)) == (code, True)


def test_a_step_to_something_else_is_said(sandbox: Sandbox) -> None:
    sandbox.before = lambda _: Answer(200, b"<html>", {"Content-Type": "text/html"})
    with pytest.raises(JiraCiError, match="is no sandbox"):
        step(sandbox, "approve", "OPS-7")


def test_the_steps_are_part_of_the_program(sandbox: Sandbox) -> None:
    key = sandbox.desk.create("Deploy").key
    words = ["sandbox", "transition", key, "Planning", "--at", sandbox.address]
    done = subprocess.run([sys.executable, "-m", "jira_ci", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "OPS-1000 is in Planning, no approval.\n", "")


@pytest.mark.parametrize(
    "flags", [["--edition", "server"], ["--search-delay", "-1"], ["--search-delay", "x"], ["--token", ""]]
)
def test_a_flag_of_the_desk_that_cannot_be_meant_is_said(flags: list[str]) -> None:
    with pytest.raises(JiraCiError) as raised:
        step(None, *flags)
    assert (raised.value.exit, flags[0] in str(raised.value)) == (2, True)
