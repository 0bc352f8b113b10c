"""The CI/CD component, run by gitlab-ci-local: its inputs, and inputs that are code."""

from __future__ import annotations

import pytest

from jira_sandbox.server import Sandbox
from runners.gitlab_ci_local import COMPONENT, EXAMPLES, Ended, Local, keys
from wrappers.machine import reports, states, stored


def test_the_component_reports_with_its_inputs(local: Local, sandbox: Sandbox) -> None:
    local.git("remote", "set-url", "origin", "https://gitlab.com/jira-ci/jira-ci")
    text = (EXAMPLES / "component.yml").read_text("utf-8")
    local.pipeline(text.replace("acme.atlassian.net", local.variables.pop("JIRA_CI_SITE")))
    local.commit("WEB-7 Sign in, OPS-1 too, but not EXT-3")
    ended = local.run()
    assert (ended.result("test"), ended.result("deploy")) == ("PASS", "PASS"), ended.log
    assert states(sandbox) == ["successful", "in_progress", "successful"]
    assert keys(stored(sandbox, "builds")[0]) == ["WEB-7", "OPS-1"]


def _with_inputs(local: Local, inputs: str) -> Ended:
    local.pipeline(
        f"include: [{{local: {COMPONENT}, inputs: {{{inputs}}}}}]\ntest:\n  extends: .tell-build\n  script: make test\n"
    )
    local.commit("WEB-7 Sign in")
    return local.run()


def test_the_component_is_included_as_a_file_under_another_prefix(local: Local, sandbox: Sandbox) -> None:
    pyz = local.variables.pop("JIRA_CI_PYZ")
    ended = _with_inputs(local, f"prefix: .tell, projects: OPS, pyz: {pyz}")
    assert ended.result("test") == "PASS", ended.log
    assert reports(sandbox) == [], "WEB is no project that counts"


def test_a_variable_wins_over_an_input(local: Local, sandbox: Sandbox) -> None:
    local.variables["JIRA_CI_PROJECTS"] = "WEB"
    assert _with_inputs(local, "prefix: .tell, site: other.example, projects: OPS, pyz: /nowhere").code == 0
    assert states(sandbox) == ["successful"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("site", "'; touch pwned; '"),
        ("site", "a\n      touch pwned"),
        ("projects", "WEB$(touch pwned)"),
        ("projects", "WEB`touch pwned`"),
        ("pyz", "/x' && touch pwned '"),
        ("pyz", "/x\ny"),
        ("pyz-sha256", "0"),
        ("image", 'python"\nscript: [touch pwned]'),
        ("image", "python 3"),
        ("prefix", ".a: {script: touch pwned}\n.b"),
        ("prefix", "visible"),
    ],
)
def test_an_input_that_is_code_is_refused_before_anything_runs(
    name: str, value: str, local: Local, sandbox: Sandbox
) -> None:
    ended = _with_inputs(local, f"prefix: .tell, {name}: {value!r}" if name != "prefix" else f"prefix: {value!r}")
    assert ended.code == 1
    assert "does not match required regex" in ended.log, ended.log
    assert not (local.repository / "pwned").exists()
