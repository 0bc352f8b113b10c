"""What stands on the pages: issues, deployments and requests as people of a team would see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.server import Sandbox
from jira_sandbox.site_state import Site
from pages import Page, get
from pretend import basic
from scenes import reach
from submissions import build, deployment

HOSTILE = (
    "<script>document.title='owned'</script><svg onload=alert(1)>\"'--><img src=x onerror=alert(2)> "
    "{{ 7*191 }} \u202egnp.exe\u2066\u200b\x1b[31m </textarea></title><base href=//evil.example>"
)
SHOWN = HOSTILE.replace("\u202e", "\\u202e").replace("\u2066", "\\u2066").replace("\u200b", "\\u200b")


def report(site: Site, *records: dict[str, Any]) -> None:
    for one in records:
        family = BUILDS if "buildNumber" in one else DEPLOYMENTS
        answer = site.submit(family, {family.name: [one]})
        assert answer[f"accepted{family.noun}s"], answer


def on(name: str, kind: str = "production", identity: str = "", **changes: Any) -> dict[str, Any]:
    environment = {"id": identity or name.lower(), "displayName": name, "type": kind}
    return deployment(environment=environment, **changes)


def test_an_issue_shows_its_builds_with_tests_and_where_it_was_deployed(sandbox: Sandbox) -> None:
    tests = {"totalNumber": 320, "numberPassed": 312, "numberFailed": 2, "numberSkipped": 6}
    references = [{"commit": {"id": "a" * 40, "repositoryUri": "https://git.example/shop"}}]
    report(sandbox.site, build(testInfo=tests, state="failed", references=references), on("Prod EU", label="1.4.0"))
    found = get(sandbox, "/browse/WEB-12")
    assert "312 of 320 passed, 2 failed, 6 skipped" in found.text
    assert "1 failed" in found.text
    assert "Prod EU Production 1.4.0 Release 1.4" in found.text
    assert {"https://ci.example/7", "https://git.example/shop"} <= set(found.all("a", "href"))
    other = get(sandbox, "/browse/WEB-13").text
    assert "Prod EU" not in other


def test_on_data_center_the_remote_links_are_what_people_see(start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(edition="data-center")
    issue = sandbox.site.issue("WEB-12")
    assert issue
    shown = {"url": "https://ci.example/9", "title": "1.4.0 to Prod", "summary": "successful"}
    for link in (
        {"globalId": "a", "relationship": "deployed to", "object": {**shown, "status": {"resolved": True}}},
        {"globalId": "b", "object": {"url": "javascript:alert(1)", "title": "Bad"}},
        {"globalId": "c", "object": {"url": "https://user:pass@ci.example/", "title": HOSTILE}},
    ):
        sandbox.site.desk.extras.set_remote_link(issue.id, link)
    found = get(sandbox, "/browse/WEB-12")
    assert "deployed to 1.4.0 to Prod Resolved successful" in found.text
    links = found.all("a", "href")
    assert "https://ci.example/9" in links
    assert [one for one in links if "javascript" in one or "pass" in one] == []
    assert "1 remote link" not in found.text
    assert found.all("div", "data-news") == ["WEB-12 has 0 builds and 0 deployments, 3 remote links."]
    assert sandbox.site.desk.ledger.find("WEB-12") is None  # nothing but looked at
    assert "WEB-12 Pay by card In Progress – – 3 –" in get(sandbox, "/issues").text
    assert "WEB-12 Pay by card 3 remote links" in get(sandbox, "/").text


def test_environments_are_lanes_in_the_order_of_their_types_and_tenants_of_their_own(sandbox: Sandbox) -> None:
    report(
        sandbox.site,
        on("Prod"),
        on("Stage", "staging"),
        on("Somewhere", "unmapped"),
        on("QA", "testing"),
        on("Dev for Tenant B", "development"),
        on("Dev for Tenant A", "development"),
        on("Twin", "testing", "one"),
        on("Twin", "testing", "two"),
    )
    found = get(sandbox, "/deployments").text
    lanes = ("Development", "Dev for Tenant A", "Dev for Tenant B", "Testing", "QA", "Twin", "Staging", "Stage")
    places = [found.index(name) for name in lanes] + [found.index("Production"), found.index("Unmapped")]
    assert places == sorted(places)
    assert "Twin one" in found
    assert "Twin two" in found


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("unknown", "Unknown"),
        ("pending", "Pending"),
        ("in_progress", "In progress"),
        ("cancelled", "Cancelled"),
        ("failed", "Failed"),
        ("rolled_back", "Rolled back"),
        ("successful", "Successful"),
    ],
)
def test_a_state_is_a_shape_and_a_word(state: str, word: str, sandbox: Sandbox) -> None:
    report(sandbox.site, deployment(state=state, duration=200))
    found = get(sandbox, "/deployments")
    assert f"{word} 20 Nov 2026, 09:00, 3 min 20 s WEB-12" in found.text
    assert f"#{state}" in found.all("use", "href")
    assert state in found.all("symbol", "id")


def test_a_mark_opens_its_deployment_with_everything_about_it(sandbox: Sandbox) -> None:
    associations = [
        {"associationType": "issueIdOrKeys", "values": ["WEB-12", "WEB-13"]},
        {"associationType": "serviceIdOrKeys", "values": ["ari:cloud:shop"]},
        {"associationType": "commit", "values": [{"commitHash": "c0ffee", "repositoryId": "77"}]},
    ]
    report(sandbox.site, deployment(label="1.4.0", associations=associations))
    [mark] = {link for link in get(sandbox, "/deployments").all("a", "href") if link.startswith("/deployments/")}
    found = get(sandbox, mark)
    assert "1.4.0 to Prod EU" in found.text
    assert "prod/eu" in found.text
    assert "ari:cloud:shop Commits c0ffee" in found.text
    assert {"/browse/WEB-12", "/browse/WEB-13", "https://ci.example/7"} <= set(found.all("a", "href"))


def harmless(found: Page) -> bool:
    names = {name for name, _ in found.elements}
    attributes = {name for _, given in found.elements for name in given}
    links = [*found.all("a", "href"), *found.all("form", "action")]
    return (
        found.status == 200
        and not names & {"base", "iframe", "object", "embed", "style"}
        and len(found.all("script", "src")) == [name for name, _ in found.elements].count("script") == 1
        and not any(name.startswith("on") or name == "style" for name in attributes)
        and all(link.startswith(("/", "https://ci.example", "#")) for link in links)
        and not any(char in found.body for char in "\u202e\u2066\u200b\x1b")
        and "1337" not in found.text
    )


def test_texts_of_strangers_do_nothing(sandbox: Sandbox) -> None:
    short = HOSTILE[:200].replace("\x1b", "")
    kind = {"displayName": HOSTILE.replace("\x1b", "")[:250], "type": "testing", "id": HOSTILE[:90].replace("\x1b", "")}
    report(
        sandbox.site,
        build(displayName=short, description=short, label=short, url="javascript:alert(document.domain)"),
        deployment(displayName=short, label=short, description=short, environment=kind, url="data:text/html,x"),
    )
    change = sandbox.desk.create(HOSTILE[:250].replace("\x1b", ""), description=HOSTILE, fields={"Test plan": HOSTILE})
    sandbox.site.desk.extras.comment(change.id, "nobody", HOSTILE, sandbox.clock.milliseconds(), public=True)
    sandbox.desk.edit(change.key, {"Backout plan": HOSTILE})
    marks = [one for one in get(sandbox, "/deployments").all("a", "href") if one.startswith("/deployments/")]
    for path in ("/", "/issues", "/changes", "/deployments", marks[0], "/browse/WEB-12", f"/browse/{change.key}"):
        found = get(sandbox, path)
        assert harmless(found), path
    assert "<script>document.title='owned'</script>" in get(sandbox, "/browse/WEB-12").text
    assert "\\u202egnp.exe\\u2066\\u200b\\u001b[31m" in get(sandbox, f"/browse/{change.key}").text


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


def test_the_addresses_that_jira_ci_prints_open_pages(sandbox: Sandbox) -> None:
    assert reach(sandbox)["JIRA_CI_SITE"] == sandbox.address
    assert get(sandbox, "/browse/WEB-12").status == 200
    document = json.loads(get(sandbox, "/sandbox/issues/WEB-12").body)
    assert document["key"] == "WEB-12"
