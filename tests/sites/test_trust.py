"""No token goes to a site that only a branch's file names: stories of branches that would like to have one."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import scenes
from ci.servers import serving
from jira_sandbox.server import Sandbox
from scenes import Job

PATH = os.environ["PATH"]
REPORT = ("build", "--state", "success")
TOKEN = "t0k3n-of-the-default"
SECRETS = (TOKEN, "t0k3n-of-emea", "door-of-the-default", "door-of-emea")


@pytest.fixture
def center(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    """The site that the file names: Data Center, where a token is all there is."""
    return start_sandbox(edition="data-center")


@pytest.fixture
def thief(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox(edition="data-center")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A pull request's job in a clone that remembers nothing."""
    made = scenes.github(tmp_path, PATH, scenes.pull_request("WEB-12 Pay by card"), "pull_request")
    return _with_secrets(made)


def _with_secrets(job: Job) -> Job:
    job.environ |= {
        "JIRA_CI_TOKEN": TOKEN,
        "JIRA_CI_HEADERS": "X-Door: door-of-the-default",
        "JIRA_CI_EMEA_TOKEN": "t0k3n-of-emea",
        "JIRA_CI_EMEA_HEADERS": "X-Door: door-of-emea",
        "JIRA_CI_TIMEOUT": "5s",
    }
    return job


def site(of: Sandbox) -> str:
    return f"jira: {{site: '{of.address}'}}\n"


def emea(of: Sandbox, word: str = "EMEA") -> str:
    return f"connections: {{emea: {{site: '{of.address}', credentials: {word}}}}}\nreport-to: [emea]\n"


def told(of: Sandbox) -> set[str]:
    """Which of the secrets the site has seen."""
    sent = [" ".join([*one.headers.values(), one.path, one.body.decode("utf-8", "replace")]) for one in of.exchanges]
    return {secret for secret in SECRETS if any(secret in text for text in sent)}


def commit(job: Job, text: str) -> None:
    """Lets the run be about a commit of its own that has this file."""
    job.write(".jira-ci.yml", text)
    job.git("add", ".jira-ci.yml")
    head = job.commit("Write the file")
    job.environ |= {name: head for name in ("GITHUB_SHA", "CI_COMMIT_SHA") if name in job.environ}


def published(job: Job, text: str) -> None:
    job.write(".jira-ci.yml", text)
    job.publish(".jira-ci.yml")


def test_a_site_of_both_files_is_told_without_asking_anybody(job: Job, center: Sandbox) -> None:
    published(job, site(center) + "project-name: Shop\n")
    job.write(".jira-ci.yml", site(center) + "project-name: Another\n")
    ended = job.jira_ci(*REPORT, JIRA_CI_GITHUB_TOKEN="ghs", GITHUB_API_URL="http://127.0.0.1:9")
    assert told(center) == {TOKEN, "door-of-the-default"}
    assert "not sent" not in ended.out


@pytest.mark.parametrize("trusted", ["", "project-name: Shop\n", "jira: {site: jira.acme.example}\n", "jira: [\n"])
def test_a_branch_s_own_site_gets_nothing_and_that_is_said(job: Job, thief: Sandbox, trusted: str) -> None:
    if trusted:
        published(job, trusted)
    job.write(".jira-ci.yml", site(thief))
    ended = job.jira_ci(*REPORT)
    assert (ended.code, told(thief)) == (0, set())
    assert f"::warning title=jira-ci::token and headers are not sent to {thief.address}, which only" in ended.out
    assert "Name it by the setting site (JIRA_CI_SITE), or in the file on the default branch." in ended.out
    assert f"Nothing was reported: token and headers are not sent to {thief.address}" in ended.out
    assert "The gate" not in ended.out


def test_a_site_that_a_variable_names_needs_no_file(job: Job, center: Sandbox) -> None:
    job.write(".jira-ci.yml", "jira: {site: jira.thief.example}\n")
    job.jira_ci(*REPORT, JIRA_CI_SITE=center.address)
    assert told(center) == {TOKEN, "door-of-the-default"}


@pytest.mark.parametrize("word", ["EMEA", "OTHER"])
def test_a_connection_that_a_branch_leads_elsewhere_gets_nothing(
    job: Job, center: Sandbox, thief: Sandbox, word: str
) -> None:
    published(job, emea(center))
    job.write(".jira-ci.yml", emea(thief, word))
    ended = job.jira_ci(*REPORT, JIRA_CI_OTHER_TOKEN=TOKEN)
    assert (ended.code, told(thief)) == (0, set())
    assert f"The token and headers of {word} are not sent to {thief.address}" in ended.out
    assert "Name it in the file on the default branch." in ended.out


def test_a_site_of_the_trusted_file_gets_no_other_word_s_token(job: Job, center: Sandbox) -> None:
    published(job, emea(center))
    job.write(".jira-ci.yml", emea(center, "OTHER"))
    assert job.jira_ci(*REPORT, JIRA_CI_OTHER_TOKEN=TOKEN).code == 0
    assert told(center) == set()
    job.write(".jira-ci.yml", site(center))
    assert job.jira_ci(*REPORT).code == 0
    assert told(center) == set()


def test_a_connection_of_both_files_is_told_though_its_name_differs(job: Job, center: Sandbox) -> None:
    published(job, emea(center))
    job.write(".jira-ci.yml", emea(center).replace("emea", "europe"))
    job.jira_ci(*REPORT)
    assert told(center) == {"t0k3n-of-emea", "door-of-emea"}


def test_one_site_that_gets_nothing_keeps_nothing_from_the_other(job: Job, center: Sandbox, thief: Sandbox) -> None:
    published(job, emea(center))
    both = f"connections:\n  emea: {{site: '{center.address}', credentials: EMEA}}\n"
    both += f"  more: {{site: '{thief.address}', credentials: EMEA}}\nreport-to: [emea, more]\n"
    job.write(".jira-ci.yml", both)
    ended = job.jira_ci(*REPORT, "--format", "json")
    assert (told(center), told(thief)) == ({"t0k3n-of-emea", "door-of-emea"}, set())
    assert "are not sent to" in ended.json["connections"]["more"]["skipped"]


@pytest.mark.parametrize("made", [scenes.github, scenes.gitlab], ids=["github", "gitlab"])
def test_on_the_default_branch_the_run_s_own_commit_counts(
    tmp_path: Path, center: Sandbox, thief: Sandbox, made: Callable[..., Job]
) -> None:
    event = {"repository": {"id": 77, "full_name": "acme/shop", "default_branch": "main"}, "ref": "refs/heads/main"}
    job = _with_secrets(made(tmp_path, PATH, event) if made is scenes.github else made(tmp_path, PATH))
    commit(job, site(center))
    job.jira_ci(*REPORT, "--issue-keys", "WEB-12")
    assert told(center) == {TOKEN, "door-of-the-default"}
    job.write(".jira-ci.yml", site(thief))  # a step before changed it
    ended = job.jira_ci(*REPORT, "--issue-keys", "WEB-12")
    assert (ended.code, told(thief)) == (0, set())
    assert ".jira-ci.yml of this run's own commit does not name it." in ended.out


def test_a_commit_of_a_branch_is_not_its_own_witness(job: Job, thief: Sandbox) -> None:
    commit(job, site(thief))
    job.jira_ci(*REPORT)
    assert told(thief) == set()


def test_outside_a_ci_the_file_is_the_user_s_own(tmp_path: Path, center: Sandbox) -> None:
    job = _with_secrets(scenes.local(tmp_path / "shop", PATH))
    job.commit("WEB-12 Pay by card")
    job.write(".jira-ci.yml", site(center))
    job.jira_ci(*REPORT)
    assert told(center) == {TOKEN, "door-of-the-default"}


def test_the_provider_is_asked_where_the_checkout_remembers_an_older_file(job: Job, center: Sandbox) -> None:
    published(job, "project-name: Shop\n")
    job.write(".jira-ci.yml", site(center))
    content = site(center).encode()
    sha, blob = "a" * 40, hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()
    entry = {"path": ".jira-ci.yml", "mode": "100644", "type": "blob", "sha": blob, "size": len(content)}
    encoded = base64.b64encode(content).decode()
    with serving("/api/v3/repos/acme/shop") as api:
        api.json("", {"default_branch": "main"})
        api.json("/git/ref/heads/main", {"object": {"sha": sha}})
        api.json(f"/git/trees/{sha}", {"tree": [entry], "truncated": False})
        api.json(f"/git/blobs/{blob}", {"content": encoded, "encoding": "base64", "size": len(content)})
        job.jira_ci(*REPORT, JIRA_CI_GITHUB_TOKEN="ghs", GITHUB_API_URL=f"{api.address}/api/v3")
    assert told(center) == {TOKEN, "door-of-the-default"}
    assert "/git/ref/heads/main" in api.paths


def test_without_a_token_nobody_is_asked_and_nothing_is_said(job: Job, sandbox: Sandbox) -> None:
    job.environ |= {name: value for name, value in scenes.reach(sandbox).items() if name != "JIRA_CI_SITE"}
    for name in ("JIRA_CI_TOKEN", "JIRA_CI_HEADERS"):
        del job.environ[name]
    job.write(".jira-ci.yml", site(sandbox))
    ended = job.jira_ci(*REPORT)
    assert "Jira accepted 1 of 1." in ended.out
    assert "not sent" not in ended.out


def test_on_cloud_the_report_goes_out_and_only_the_titles_are_missing(job: Job, sandbox: Sandbox) -> None:
    job.environ |= {name: value for name, value in scenes.reach(sandbox).items() if name != "JIRA_CI_SITE"}
    job.environ["JIRA_CI_USER"] = "ana@acme.example"
    job.write(".jira-ci.yml", site(sandbox))
    ended = job.jira_ci(*REPORT, "--verify-keys")
    assert ended.code == 0
    assert "Jira accepted 1 of 1." in ended.out
    assert "The keys are not verified: token and headers are not sent to" in ended.out
    assert told(sandbox) == set()


def test_check_says_it(job: Job, thief: Sandbox) -> None:
    job.write(".jira-ci.yml", site(thief))
    ended = job.jira_ci("check")
    assert "warning  credentials: token and headers are not sent to" in ended.out
    assert told(thief) == set()


@pytest.mark.parametrize(
    "command", [("forget", "--dry-run", "false"), ("reconcile",), ("rollback", "--environment", "a")]
)
def test_no_other_command_sends_it_either(job: Job, thief: Sandbox, command: tuple[str, ...]) -> None:
    job.write(".jira-ci.yml", site(thief))
    job.jira_ci(*command)
    assert told(thief) == set()


def test_a_command_that_changes_the_checkout_changes_nothing(job: Job, center: Sandbox, thief: Sandbox) -> None:
    published(job, site(center))
    change = f"sed -i 's#{center.address}#{thief.address}#' .jira-ci.yml"
    job.jira_ci("deploy", "--environment", "Dev", "--version", "1.0", "--", "sh", "-c", change)
    assert thief.exchanges == []
