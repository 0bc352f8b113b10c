"""The requests on their pages, without credentials."""

from __future__ import annotations

import pytest

from jira_sandbox.server import Sandbox
from pages import HOSTILE, get
from pretend import basic
from submissions import build


@pytest.mark.bad_requests("a hostile address and a body that is none")
def test_requests_show_what_was_sent_and_what_jira_said_but_no_credential(sandbox: Sandbox) -> None:
    import requests

    secrets = {
        "sandbox-secret": {
            "json": {
                "grant_type": "client_credentials",
                "client_id": "sandbox-client",
                "client_secret": "sandbox-secret",
            }
        },
        "somebodys-own-secret": {"json": {"grant_type": "client_credentials", "client_secret": "somebodys-own-secret"}},
        "form-secret": {"data": {"grant_type": "x", "client_secret": "form-secret"}},
    }
    tokens = []
    for given in secrets.values():
        answer = requests.post(f"{sandbox.address}/oauth/token", timeout=10, **given)  # type: ignore[arg-type]
        tokens += [answer.json()["access_token"]] if answer.ok else []
    path = f"/jira/builds/0.1/cloud/{sandbox.cloud_id}/bulk"
    body = {"builds": [build(issueKeys=["WEB-12", "ZZZ-9"]), build(buildNumber=8, state="done")]}
    head = {"Authorization": f"Bearer {tokens[0]}", "X-Proxy-Key": "proxy-secret", "Cookie": "session=cookie-secret"}
    requests.post(sandbox.address + path, json=body, headers=head, timeout=10)
    requests.get(
        sandbox.address + f"/rest/api/3/myself?token={tokens[0]}",
        headers={"Authorization": basic("a:my-secret")},
        timeout=10,
    )
    odd = {"password": "hunter2-secret", "url": "https://me:url-secret@git.example/", "text": HOSTILE}
    requests.post(sandbox.address + "/rest/api/3/issueLink", json=odd, headers={"Authorization": basic()}, timeout=10)
    pages = [
        get(sandbox, "/requests"),
        *(get(sandbox, f"/requests/{number}") for number in range(1, 7)),
        get(sandbox, "/"),
    ]
    for secret in (
        *secrets,
        *tokens,
        "proxy-secret",
        "cookie-secret",
        "my-secret",
        basic("a:my-secret")[6:],
        "hunter2-secret",
        "url-secret",
        basic()[6:],
    ):
        assert [one.text for one in pages if secret in one.body] == [], secret
    assert all(one.status == 200 for one in pages)
    listed, whole = pages[0].text, pages[4].text
    assert "Report builds" in listed
    assert "202 Accepted 1 build accepted build rejected: 'state' must be one of" in listed
    assert "unknown issue keys: ZZZ-9" in listed
    assert "Bearer ***" in whole
    assert '"buildNumber": 7' in whole
    assert "Not shown: it holds credentials." in pages[1].text


def test_requests_come_in_pages_and_problems_alone(sandbox: Sandbox) -> None:
    import requests

    with requests.Session() as session:
        for _ in range(60):
            session.get(f"{sandbox.address}/_edge/tenant_info", timeout=10)
        session.get(f"{sandbox.address}/rest/api/3/myself", timeout=10)
    first = get(sandbox, "/requests")
    assert first.all("a", "href").count("/requests/61") == 1
    assert "/requests/11" not in first.all("a", "href")
    assert "/requests?before=12" in first.all("a", "href")
    assert "/requests/11" in get(sandbox, "/requests?before=12").all("a", "href")
    problems = [link for link in get(sandbox, "/requests?only=problems").all("a", "href") if "/requests/" in link]
    assert problems == ["/requests/61"]
