"""The pages for those who come from elsewhere: no page names what does not exist, and every example runs."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

import gate_jobs
import scenes
from gate_subjects import approved
from jira_ci.cli import COMMANDS
from jira_ci.config import model
from jira_ci.config.schema import schema
from jira_ci.settings import TABLE
from jira_sandbox.server import Sandbox
from scenes import Job
from wrappers.machine import states

ROOT = Path(__file__).resolve().parents[2]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "moving").glob("*.md"))}
OUTPUTS = set(yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["outputs"])
SETTINGS = {name: row for row in TABLE for name in (row.name, *row.also)}
PLUGIN = {f"PLUGIN_{name.upper().replace('-', '_')}" for name, row in SETTINGS.items() if row.plugin}
OTHERS = {variable for row in TABLE for variable in row.variables}
VARIABLES = {f"JIRA_CI_{name.upper().replace('-', '_')}" for name in SETTINGS} | PLUGIN | OTHERS
FILES = {".jira-ci.yml"}
PLACEHOLDERS = {"{version}", "{environment}", "{run-id}"}
PATH = os.environ["PATH"]


def _keys(node: dict[str, Any], at: str = "") -> set[str]:
    """Every path in the schema, with ``*`` for a name of one's own."""
    node = schema()["definitions"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    children = dict(node.get("properties", {}))
    if isinstance(node.get("additionalProperties"), dict):
        children["*"] = node["additionalProperties"]
    found = {f"{at}{name}" for name in children}
    for name, child in children.items():
        found |= _keys(child, f"{at}{name}.")
    for branch in [
        *node.get("anyOf", []),
        *node.get("oneOf", []),
        *[node[key] for key in ("then", "else") if key in node],
    ]:
        found |= _keys(branch, at)
    return found


KEYS = _keys(schema())


def _rows(page: str) -> list[tuple[str, str]]:
    rows = [line.strip("|").split("|") for line in PAGES[page].splitlines() if line.startswith("| ")]
    return [(theirs.strip(), ours.strip()) for theirs, ours in rows][2:]


def _is_known(word: str) -> bool:
    name, colon, value = (part.strip() for part in word.partition(":"))
    if word.startswith("jira-ci "):
        return word.split()[1] in COMMANDS
    if name in SETTINGS:
        return not (colon and SETTINGS[name].choices) or value in SETTINGS[name].choices
    known = KEYS | VARIABLES | OUTPUTS | FILES | PLACEHOLDERS
    own = word.startswith("JIRA_CI_OUT_") and word[12:].lower().replace("_", "-") in OUTPUTS
    choice = (
        any(word in row.choices for row in TABLE) or word in schema()["properties"]["unmatched-environments"]["enum"]
    )
    return (
        name in known
        or own
        or choice
        or (word.startswith("change-binding: ") and "change-control.change-binding" in KEYS)
    )


@pytest.mark.parametrize(
    ("page", "ours"),
    [pytest.param(page, ours, id=f"{page}: {theirs}") for page in PAGES for theirs, ours in _rows(page)],
)
def test_a_page_names_only_what_exists(page: str, ours: str) -> None:
    assert [word for word in re.findall(r"`([^`]+)`", ours) if not _is_known(word)] == []


@pytest.mark.parametrize("word", ["enviroment", "jira.sites", "jira-ci rollout", "on-error: ignore", "JIRA_CI_SITES"])
def test_a_misspelt_name_would_be_found(word: str) -> None:
    assert not _is_known(word)


def test_there_is_a_page_for_each_of_them() -> None:
    assert PAGES.keys() == {"octopus", "harness", "sleuth", "jenkins", "atlassian-github-app", "gajira"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_the_same_sections_as_the_others(page: str) -> None:
    assert re.findall(r"^## (.*)", PAGES[page], re.MULTILINE) == [
        "A complete example",
        "Different on purpose",
        "Without a counterpart",
    ]
    assert len(_rows(page)) > 8


def test_every_setting_of_the_harness_plugin_has_a_row() -> None:
    theirs = " ".join(theirs for theirs, _ in _rows("harness"))
    names = "CONNECT_KEY CLIENT_ID CLIENT_SECRET PROJECT INSTANCE ENVIRONMENT_NAME STATE LOG_LEVEL CLOUD_ID"
    assert set(names.split()) <= set(re.findall(r"[A-Z_]{4,}", theirs))


def _examples(page: str, language: str = "yaml") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE)


def _files(page: str) -> list[str]:
    """The examples that are a ``.jira-ci.yml``."""
    return [text for text in _examples(page) if re.search("^jira:", text, re.MULTILINE)]


@pytest.mark.parametrize(("page", "text"), [(page, text) for page in PAGES for text in _files(page)])
def test_files_are_valid(page: str, text: str) -> None:
    assert model.parse(text.encode(), ".jira-ci.yml").site == "acme.atlassian.net"


def _step(page: str) -> dict[str, str]:
    """The inputs of the action's step in a page's workflow."""
    [workflow] = [yaml.safe_load(text) for text in _examples(page) if "uses: jira-ci/" in text]
    [job] = workflow["jobs"].values()
    return dict(job["steps"][-1]["with"])


def _inputs(given: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    """The step's inputs as variables, with the sandbox's credentials for secrets."""
    credentials = sandbox.credentials
    known = {
        "site": sandbox.address,
        "client-id": credentials.client_id,
        "client-secret": credentials.client_secret,
        "user": credentials.user,
        "token": credentials.token,
    }
    values = {
        name: known.get(name, value) if "${{" in value or name == "site" else value for name, value in given.items()
    }
    return {f"JIRA_CI_INPUT_{name.upper().replace('-', '_')}": value for name, value in values.items()}


def _pushed(folder: Path) -> Job:
    event = {"repository": {"full_name": "acme/shop", "id": 77, "default_branch": "main"}}
    job = scenes.github(folder, PATH, event)
    job.environ["GITHUB_SHA"] = job.commit("WEB-12 Pay by card, OPS-3")
    return job


@pytest.mark.parametrize(
    ("page", "environment"),
    [("sleuth", "Production"), ("atlassian-github-app", "Produktion"), ("gajira", "Production")],
)
def test_the_workflow_reports_a_deployment(page: str, environment: str, tmp_path: Path, sandbox: Sandbox) -> None:
    job, given = _pushed(tmp_path), _step(page)
    for text in _files(page):
        job.write(".jira-ci.yml", text)
    job.environ |= {"JIRA_CI_API_URL": sandbox.address, **_inputs({"site": "", **given}, sandbox)}
    ended = job.jira_ci("report", "--state", "success")
    assert ended.code == 0, ended.out + ended.err
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["environment"]["displayName"], deployment["environment"]["type"]) == (environment, "production")


def test_sleuths_headers_reach_the_site(tmp_path: Path, sandbox: Sandbox) -> None:
    job, given = _pushed(tmp_path), _step("sleuth")
    given["headers"] = re.sub(r"\$\{\{ secrets\.(\w+) }}", r"value-of-\1", given["headers"])
    job.environ |= {"JIRA_CI_API_URL": sandbox.address, **_inputs(given, sandbox)}
    job.jira_ci("report", "--state", "success")
    headers = [dict(exchange.headers) for exchange in sandbox.exchanges]
    assert any("value-of-CF_ACCESS_CLIENT_SECRET" in str(one) for one in headers)


def test_octopus_change_lets_the_deployment_go_on(tmp_path: Path, sandbox: Sandbox) -> None:
    [policy] = _files("octopus")
    job = scenes.github(tmp_path, PATH, gate_jobs.EVENT)
    gate_jobs.commit(job, policy.replace("acme.atlassian.net", f'"{sandbox.address}"'))
    given = {**_step("octopus"), "version": "1.0.1"}
    assert given.pop("command") == "deploy"
    assert given.pop("script") == "./deploy.sh"
    job.environ |= {"JIRA_CI_API_URL": sandbox.address, "RUNNER_TEMP": str(tmp_path), **_inputs(given, sandbox)}
    key = approved(sandbox, summary='Octopus: Deploy "Web Site" version 1.0.1 to "Production"')
    ended = job.jira_ci("gate", "--format", "json")
    assert ended.code == 0, ended.out + ended.err
    assert (ended.json["decision"], ended.json["change-key"]) == ("proceed", key)


def test_the_harness_step_updates_the_deployment_field(tmp_path: Path, sandbox: Sandbox) -> None:
    [text] = _examples("harness")
    spec = yaml.safe_load(text)[0]["step"]["spec"]
    job = scenes.local(tmp_path / "harness", PATH)
    job.commit("[MYT-1] Pay by card, WEB-12")
    job.environ |= {"DRONE": "true", "DRONE_BUILD_NUMBER": "43", "JIRA_CI_API_URL": sandbox.address}
    job.environ |= spec["envVariables"] | {
        "PLUGIN_CLIENT_ID": sandbox.credentials.client_id,
        "PLUGIN_CLIENT_SECRET": sandbox.credentials.client_secret,
        "PLUGIN_CLOUD_ID": sandbox.cloud_id,
        "PLUGIN_PROJECT": "WEB",  # the sandbox has no project MYT
    }
    install, command = spec["command"].splitlines()
    assert install.startswith("pip install ")
    ended = job.jira_ci(*shlex.split(command)[1:])
    assert ended.code == 0, ended.out + ended.err
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert (deployment["environment"]["type"], deployment["state"]) == ("production", "successful")


def test_the_jenkinsfile_reports_start_and_end(tmp_path: Path, sandbox: Sandbox) -> None:
    [text] = _examples("jenkins", "groovy")
    commands = re.findall(r"sh '(jira-ci [^']+)'", text)
    job = scenes.local(tmp_path / "checkout", PATH)
    job.commit("WEB-12 Pay by card")
    names = re.findall(r"^ +(JIRA_CI_\w+) =", text, re.MULTILINE)
    job.environ |= {**scenes.reach(sandbox), "JIRA_CI_URL": "https://jenkins.example/job/web/7/"}
    assert set(names) <= {*scenes.reach(sandbox), "JIRA_CI_URL"}
    for command in commands:
        ended = job.jira_ci(*shlex.split(command)[1:])
        assert ended.code == 0, ended.out + ended.err
    assert states(sandbox) == ["in_progress", "successful", "failed", "cancelled"]
    [deployment] = scenes.stored(sandbox, "WEB-12")["deployments"]
    assert deployment["state"] == "failed", "of several ends of one run the worst stays"


def test_atlassians_file_and_ours_mean_the_same(tmp_path: Path) -> None:
    [theirs] = [text for text in _examples("atlassian-github-app") if text.startswith("deployments:")]
    [ours] = _files("atlassian-github-app")
    names = ("Entwicklung", "TST-3", "Pre-Prod", "Produktion", "PROD-EU")
    answers = []
    for file, text in ((".jira/config.yml", theirs), (".jira-ci.yml", ours)):
        job = scenes.local(tmp_path / file.replace("/", "-"), PATH)
        job.write(file, text)
        found = job.jira_ci("environment", *names, "--format", "json").json["environments"]
        answers.append([one["type"] for one in found])
    assert answers[0] == answers[1] == ["development", "testing", "staging", "production", "production"]


def test_init_takes_atlassians_file_over_as_shown(tmp_path: Path) -> None:
    [theirs] = [text for text in _examples("atlassian-github-app") if text.startswith("deployments:")]
    [ours] = _files("atlassian-github-app")
    job = scenes.local(tmp_path / "checkout", PATH)
    job.write(".jira/config.yml", theirs)
    made = job.jira_ci("init", "--site", "acme.atlassian.net", "--dry-run", "--format", "json").json["contents"]
    written = model.parse(made[".jira-ci.yml"].encode(), ".jira-ci.yml")
    assert written.document["environments"] == model.parse(ours.encode(), ".jira-ci.yml").document["environments"]
