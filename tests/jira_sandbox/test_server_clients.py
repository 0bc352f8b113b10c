"""Clients that others wrote for the real Jira hold a normal conversation with the sandbox.

They are fetched once into ``build/``, in the versions that are named here; where there is no npm, or no network, who
asks for them is skipped. jira.js holds every answer against schemas that are made from Atlassian's own document.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from jira_sandbox.server import Sandbox
from wrappers.machine import ROOT

PYPI = ("jira==3.10.5", "atlassian-python-api==5.0.5")
NPM = "jira.js@6.2.0"

_JIRA = """\
import sys
from jira import JIRA
jira = JIRA(sys.argv[1], basic_auth=("release@example.com", "sandbox-api-token"), max_retries=0)
assert jira.myself()["displayName"] == "Release Engineer"
assert len(jira.enhanced_search_issues("project = WEB", maxResults=3)) == 3
made = jira.create_issue(project="WEB", summary="Pay by card", issuetype={"name": "Story"})
made.update(summary="Pay by any card")
assert jira.issue(made.key).fields.summary == "Pay by any card"
comment = jira.add_comment(made.key, "Hello")
assert jira.comment(made.key, comment.id).body == "Hello"
comment.update(body="Hello again")
assert [one.body for one in jira.comments(made.key)] == ["Hello again"]
comment.delete()
assert jira.comments(made.key) == []
jira.transition_issue(made.key, "Start")
assert jira.issue(made.key).fields.status.name == "In Progress"
jira.create_issue_link("Relates", made.key, "WEB-2")
jira.add_simple_link(made.key, {"url": "https://ci.example/1", "title": "Run"})
version = jira.create_version("Shop 1.4", "WEB")
version.update(released=True)
made.update(fields={"fixVersions": [{"id": version.id}]})
assert [one.name for one in jira.issue(made.key).fields.fixVersions] == ["Shop 1.4"]
assert [one.name for one in jira.project_versions("WEB")] == ["Shop 1.4"]
jira.add_issue_property(made.key, "mine", {"a": 1})
assert [one.key for one in jira.issue_properties(made.key)] == ["mine"]
[desk] = jira.service_desks()
kinds = jira.request_types(desk.id)
values = {"summary": "Deploy", "description": "Soon"}
given = {"serviceDeskId": desk.id, "requestTypeId": kinds[0].name, "requestFieldValues": values}
print(made.key, jira.create_customer_request(given).key)
"""
_ATLASSIAN = """\
import sys
from atlassian import Jira, ServiceDesk
login = {"username": "release@example.com", "password": "sandbox-api-token", "cloud": True}
jira, desk = Jira(sys.argv[1], **login), ServiceDesk(sys.argv[1], **login)
made = jira.create_issue({"project": {"key": "WEB"}, "summary": "Pay by card", "issuetype": {"name": "Story"}})
key = made["key"]
assert len(jira.enhanced_jql("project = WEB", limit=3)["issues"]) == 3
comment = jira.issue_add_comment(key, "Hello")
jira.issue_edit_comment(key, comment["id"], "Hello again")
assert jira.issue_get_comment(key, comment["id"])["body"] == "Hello again"
[start] = [one for one in jira.get_issue_transitions(key) if one["name"] == "Start"]
assert isinstance(start["id"], int)
jira.set_issue_status_by_transition_id(key, start["id"])
jira.set_issue_status(key, "Done")
assert jira.get_issue_status(key) == "Done"
link = {"type": {"name": "Relates"}, "inwardIssue": {"key": key}, "outwardIssue": {"key": "WEB-2"}}
jira.create_issue_link(link)
jira.add_version("WEB", int(jira.project("WEB")["id"]), "Shop 1.4")
assert [one["name"] for one in jira.get_project_versions("WEB")] == ["Shop 1.4"]
jira.set_issue_property(key, "mine", {"a": 1})
assert len(desk.get_request_types("1")) > 0
request = desk.create_customer_request("1", "25", {"summary": "Deploy", "description": "Soon"})["issueKey"]
ana = "5b10ac8d82e05b22cc7d4ef5"
desk.add_request_participants(request, account_list=[ana])
assert [one["accountId"] for one in desk.get_request_participants(request)] == [ana]
desk.remove_request_participants(request, account_list=[ana])
desk.create_request_comment(request, "Soon", public=False)
assert desk.get_approvals(request) == []
print(key, request)
"""
_JIRA_JS = """\
import assert from 'node:assert/strict';
import { createCloudClient } from 'jira.js/cloud';
import { createServiceDeskClient } from 'jira.js/serviceDesk';
const auth = { type: 'basic', email: 'release@example.com', apiToken: 'sandbox-api-token' };
const jira = createCloudClient({ host: process.argv[1], auth });
const desk = createServiceDeskClient({ host: process.argv[1], auth });
const text = (said) => ({
  type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text: said }] }],
});
const project = await jira.projects.getProject({ projectIdOrKey: 'WEB' });
const made = await jira.issues.createIssue({
  fields: { project: { key: 'WEB' }, summary: 'Pay by card', issuetype: { name: 'Story' } },
});
const issueIdOrKey = made.key;
const found = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql: 'project = WEB', maxResults: 3 });
assert.equal(found.issues.length, 3);
const comment = await jira.issueComments.addComment({ issueIdOrKey, body: text('Hello') });
await jira.issueComments.updateComment({ issueIdOrKey, id: comment.id, body: { body: text('Hello again') } });
await jira.issueComments.getComment({ issueIdOrKey, id: comment.id });
await jira.issueComments.deleteComment({ issueIdOrKey, id: comment.id });
const { transitions } = await jira.issues.getTransitions({ issueIdOrKey });
await jira.issues.doTransition({ issueIdOrKey, transition: { id: transitions.find((one) => one.name === 'Done').id } });
await jira.issueLinks.linkIssues({
  type: { name: 'Relates' }, inwardIssue: { key: issueIdOrKey }, outwardIssue: { key: 'WEB-2' },
});
const version = await jira.projectVersions.createVersion({ name: 'Shop 1.4', projectId: Number(project.id) });
await jira.projectVersions.updateVersion({ id: version.id, body: { released: true } });
await jira.projectVersions.createRelatedWork({ id: version.id, category: 'Deployment', url: 'https://ci.example/1' });
assert.equal((await jira.projectVersions.getProjectVersions({ projectIdOrKey: 'WEB' })).length, 1);
const field = { fieldId: 'fixVersions', bulkEditMultiSelectFieldOption: 'ADD', versions: [{ versionId: version.id }] };
const task = await jira.issueBulkOperations.submitBulkEdit({
  selectedActions: ['fixVersions'], selectedIssueIdsOrKeys: [issueIdOrKey],
  editedFieldsInput: { multipleVersionPickerFields: [field] },
});
const ended = await jira.issueBulkOperations.getBulkOperationProgress({ taskId: task.taskId });
assert.deepEqual(ended.processedAccessibleIssues, [Number(made.id)]);
await jira.issueProperties.setIssueProperty({ issueIdOrKey, propertyKey: 'mine', body: { a: 1 } });
const kinds = await desk.servicedesk.getRequestTypes({ serviceDeskId: '1' });
const request = await desk.request.createCustomerRequest({
  serviceDeskId: '1', requestTypeId: kinds.values[0].id, requestFieldValues: { summary: 'Deploy' },
});
const asked = { issueIdOrKey: request.issueKey, accountIds: ['5b10ac8d82e05b22cc7d4ef5'] };
await desk.request.addRequestParticipants(asked);
assert.equal((await desk.request.getRequestParticipants({ issueIdOrKey: request.issueKey })).values.length, 1);
assert.equal((await desk.request.getApprovals({ issueIdOrKey: request.issueKey })).values.length, 0);
console.log(issueIdOrKey, request.issueKey);
"""


def _kept(name: str, install: Callable[[Path], Sequence[Sequence[str]]]) -> Path:
    """The folder in ``build/`` with this name, made by these commands where it is not there yet."""
    home = ROOT / "build" / name
    if not home.exists():
        home.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, ignore_cleanup_errors=True) as folder:
            try:
                for command in install(Path(folder)):
                    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
            except (OSError, subprocess.SubprocessError) as error:
                pytest.skip(f"{name} could not be installed: {error}")
            with suppress(OSError):  # another worker was faster
                Path(folder).rename(home)
    return home


def _python(script: str, sandbox: Sandbox) -> str:
    def install(folder: Path) -> list[list[str]]:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        return [[*pip, "--target", str(folder / "site"), *PYPI]]

    home = _kept("clients-jira-3.10.5-atlassian-5.0.5", install)
    environ = {**os.environ, "PYTHONPATH": str(home / "site"), "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, "-c", script, sandbox.address],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _node(script: str, sandbox: Sandbox) -> str:
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("jira.js needs npm and node, which are not here")

    def install(folder: Path) -> list[list[str]]:
        (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")
        return [[shutil.which("npm") or "npm", "install", *options, NPM]]

    home = _kept("jira-js-6.2.0", install)
    command = ["node", "--input-type=module", "-e", script, sandbox.address]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def open_site() -> Sandbox:
    """A site whose account may do everything; a client's own requests are held against no contract of ours."""
    sandbox = Sandbox()
    sandbox.site.desk.denied.clear()
    return sandbox


@pytest.mark.parametrize(
    ("run", "script"),
    [
        pytest.param(_python, _JIRA, id="jira"),
        pytest.param(_python, _ATLASSIAN, id="atlassian-python-api"),
        pytest.param(_node, _JIRA_JS, id="jira.js"),
    ],
)
def test_a_client_for_the_real_jira_holds_a_conversation(
    open_site: Sandbox, run: Callable[[str, Sandbox], str], script: str
) -> None:
    with open_site as sandbox:
        story, request = run(script, sandbox).split()
        assert sandbox.site.issue(story) is not None
        assert sandbox.site.issue(request) is not None
        assert sandbox.faults == []
