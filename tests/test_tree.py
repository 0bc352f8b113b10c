"""The tree: one name for one thing, tests where one looks for them, and no more than one can know."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import jira_ci

SRC = Path(jira_ci.__file__).parents[1]
TESTS = Path(__file__).parent
MODULES = sorted(path.relative_to(SRC) for name in ("jira_ci", "jira_sandbox") for path in (SRC / name).rglob("*.py"))
NAMED = [path for path in MODULES if path.name not in ("__init__.py", "__main__.py")]
FILES = sorted(path.relative_to(TESTS) for path in TESTS.rglob("test_*.py"))

# These look at the product from outside, and mirror no package.
OUTSIDE = ("browser", "docs", "providers", "releases", "runners", "wrappers")
BESIDE_THE_TREE = {
    "test_layers.py": "who may import whom",
    "test_tree.py": "this",
    "jira_sandbox/test_contract_checks.py": "of the tests' own validation",
}

# Modules with no test file of their own, and where each is tested instead: a file or a folder, and why there.
TESTED_ELSEWHERE = {
    "jira_ci/context.py": "commands: it is what every command starts from",
    "jira_ci/exchange.py": "report/test_report_result.py: exchanges as they are shown",
    "jira_ci/transport_errors.py": "test_http_tls.py: what a connection ends in, by connections that end so",
    "jira_ci/after/outcome.py": "after/test_follow.py: what is said of every issue",
    "jira_ci/after/print_notes.py": "commands/test_release.py: what a person prints",
    "jira_ci/after/release_versions.py": "after/test_follow.py: versions that are there, or not, or may not be made",
    "jira_ci/checks/after_checks.py": "commands/test_check.py: the whole command",
    "jira_ci/checks/change_checks.py": "checks/test_gate_checks.py: one conversation with a site",
    "jira_ci/checks/report_checks.py": "commands/test_check.py: the whole command",
    "jira_ci/checks/resume_checks.py": "commands/test_check.py: a GitHub and a GitLab that let the token, or do not",
    "jira_ci/commands/environment.py": "commands/test_keys_and_environment.py: two commands that only show",
    "jira_ci/commands/sandbox.py": "jira_sandbox/test_command_line.py: as a process, with what it starts",
    "jira_ci/config/problems.py": "config/test_model.py: each sentence beside the file that it is about",
    "jira_ci/corrections/correction_sites.py": "commands/test_reconcile.py: sites that answer",
    "jira_ci/gate/by_change.py": "gate/test_gate.py: one environment of a gate",
    "jira_ci/gate/evaluation.py": "gate/test_gate.py: one environment of a gate",
    "jira_ci/gate/policy/lint.py": "checks/test_gate_checks.py: what check says of a policy",
    "jira_ci/gate/policy/overrides.py": "gate/policy/test_policy.py: what may be tightened, beside what there is",
    "jira_ci/gate/requirements.py": "gate/test_decision.py: plain values that are decided about",
    "jira_ci/gate/targets.py": "gate/test_gate.py: from the settings on",
    "jira_ci/git/command.py": "git/test_repository.py: every question runs it",
    "jira_ci/git/log.py": "git/test_repository.py: read from real repositories",
    "jira_ci/git/objects.py": "git/test_repository.py: read from real repositories",
    "jira_ci/init/github_workflow.py": "init/test_files.py: strangers' names in it; init/test_look.py: read back",
    "jira_ci/init/gitlab_jobs.py": "init/test_files.py: strangers' names in it; init/test_look.py: read back",
    "jira_ci/jira/gating.py": "gate/test_by_jira.py: a site that gates",
    "jira_ci/jira/issue_edits.py": "after/test_issue_work.py: each question to a site that answers",
    "jira_ci/jira/versions.py": "after/test_follow.py: each question to a site that answers",
    "jira_ci/output/page.py": "output/test_markdown.py: the parts of a page, written",
    "jira_ci/evidence/jira_list.py": "evidence/test_population.py: a site that answers, or does not",
    "jira_ci/ci/parked_deployment.py": "commands/test_resume.py: a job that ends well and only waits",
    "jira_ci/ci/provider_release.py": "after/test_release_notes_published.py: a release that gets its notes",
    "jira_ci/ci/restart.py": "commands/test_resume.py: a GitHub and a GitLab that refuse",
    "jira_ci/parking/fate.py": "commands/test_resume.py: what becomes of a note",
    "jira_ci/parking/superseded.py": "commands/test_resume.py: what a newer run has deployed",
    "jira_ci/parking/park.py": "commands/test_resume.py: what a gate leaves, and what is found",
    "jira_ci/report/ahead.py": "commands/test_report.py: which runs connect, and how often",
    "jira_ci/report/deliver.py": "commands/test_report_several_sites.py: sites that answer, or do not",
    "jira_ci/report/deploying.py": "commands/test_deploy.py: two reports around a command",
    "jira_ci/report/junit_file.py": "report/test_test_results.py: files as real tools write them",
    "jira_ci/sites/session.py": "commands/test_report_several_sites.py: sites that answer, or do not",
    "jira_ci/corrections/correction_result.py": "commands/test_reconcile.py: what it says of every record",
    "jira_ci/keys/lookalikes.py": "keys/test_parse_keys.py: what looks like a key",
    "jira_ci/ci/github_comments.py": "ci/test_api_comments.py: both providers' comments, with one table",
    "jira_ci/ci/gitlab_comments.py": "ci/test_api_comments.py: both providers' comments, with one table",
    "jira_ci/ci/github_pulls.py": "ci/test_github_graphql.py: what GraphQL does not tell is asked by REST",
    "jira_ci/ci/github_rest.py": "ci/test_github_api.py: what is asked with PyGithub, and every refusal",
    "jira_ci/report/comment_text.py": "report/test_comment_state.py: what is said and remembered",
    "jira_sandbox/documents.py": "jira_sandbox/test_report_rules.py: each rule by what breaks it, on both of its sides",
    "jira_sandbox/jira_errors.py": "jira_sandbox/routes: exceptions, in two shapes that the contract holds",
    "jira_sandbox/pages/report_view.py": "jira_sandbox/pages/test_deployments_page.py: plain values that it reads",
    "jira_sandbox/routes/desk_json.py": "jira_sandbox/routes/test_desk_routes.py: every answer is made there",
}


def _home(module: Path) -> Path:
    """The folder of a module's tests: the sandbox has one of its own."""
    parts = module.parts[1:-1] if module.parts[0] == "jira_ci" else module.parts[:-1]
    return Path(*parts)


def _module(test: Path) -> Path | None:
    """What a test file is about: ``test_gate_every_fault.py`` is about ``gate.py``, as long as there is no
    ``gate_every.py``."""
    about = test.stem.removeprefix("test_")
    near = [path for path in NAMED if _home(path) == test.parent and f"{about}_".startswith(f"{path.stem}_")]
    return max(near, key=lambda path: len(path.stem), default=None)


def _without() -> set[str]:
    """Modules with no test file, neither beside them nor among those of the command that has their name."""
    tested = {_module(test) for test in FILES}
    commands = {path.stem for path in tested if path is not None and path.parent.name == "commands"}
    return {path.as_posix() for path in NAMED if path not in tested and path.stem not in commands}


def test_every_module_has_its_test_file_or_a_reason() -> None:
    assert _without() - TESTED_ELSEWHERE.keys() == set()


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_skip_says_why(path: Path) -> None:
    for call in ast.walk(ast.parse((TESTS / path).read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            named = {word.arg for word in call.keywords}
            assert call.func.attr != "skipif" or "reason" in named, f"line {call.lineno}"
            assert call.func.attr != "importorskip" or "reason" in named, f"line {call.lineno}"
            if call.func.attr == "skip" and ast.unparse(call.func.value).startswith("pytest"):
                assert call.args or "reason" in named, f"line {call.lineno}"


def test_no_reason_outlives_its_module() -> None:
    assert TESTED_ELSEWHERE.keys() - _without() == set()


@pytest.mark.parametrize("module", sorted(TESTED_ELSEWHERE))
def test_what_is_tested_elsewhere_is_tested_there(module: str) -> None:
    assert (TESTS / TESTED_ELSEWHERE[module].split(":")[0]).exists()


def test_every_test_file_has_its_module_or_a_reason() -> None:
    lost = {path.as_posix() for path in FILES if path.parts[0] not in OUTSIDE and _module(path) is None}
    assert lost == BESIDE_THE_TREE.keys()


def test_what_looks_from_outside_mirrors_no_package() -> None:
    packages = {path.parts[1] for path in MODULES if path.parts[0] == "jira_ci" and len(path.parts) > 2}
    assert packages.isdisjoint(OUTSIDE)
    assert [name for name in OUTSIDE if not list((TESTS / name).glob("test_*.py"))] == []


def test_a_base_name_stands_once_in_the_sources() -> None:
    """But for the commands, which are called as people call them."""
    names = Counter(path.stem for path in NAMED if path.parent.name != "commands")
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize(
    ("place", "most"),
    [
        # With what follows a deployment, what waits for one and what an auditor lists, parties of their own.
        ("jira_ci", 239),
        ("jira_sandbox", 50),
        ("jira_ci/gate", 40),  # with pins, tenants, what approvers see and auditors keep, freezes and emergencies
    ],
)
def test_there_are_no_more_modules_than_one_can_know(place: str, most: int) -> None:
    """Packages count as well."""
    assert 0 < len([path for path in MODULES if Path(place) in path.parents]) <= most


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_function_fits_on_a_page(path: Path) -> None:
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(ast.parse((SRC / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno >= 50
    ]
    assert long == []
