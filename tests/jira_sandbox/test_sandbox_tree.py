"""The tests stand in the same tree as what they test, and the sandbox stays a house that one finds one's way in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import jira_sandbox

SANDBOX = Path(jira_sandbox.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(path.relative_to(SANDBOX) for path in SANDBOX.rglob("*.py") if path.name != "__init__.py")

WITHOUT_A_TEST_OF_ITS_OWN = {
    "documents.py": "each rule is tested by what breaks it in a submission: test_report_rules.py, on both of its sides",
    "jira_errors.py": "exceptions, and their two shapes, which the contract holds in the tests of all routes",
    "pages/report_view.py": "plain values, which pages/test_deployments_page.py and pages/test_issue_pages.py read",
    "routes/desk_json.py": "every answer of routes/test_desk_routes.py is made there and held against the contract",
}
BESIDE_THE_TREE = {
    "test_contract_checks.py": "of the tests' own validation",
    "test_report_rules_at_random.py": "report_rules.py beside the contract, with documents made up at random",
    "test_sandbox_tree.py": "of the tree",
}


def test_every_module_has_its_test_file_or_a_reason() -> None:
    without = {path.as_posix() for path in MODULES if not (TESTS / path).with_name(f"test_{path.name}").is_file()}
    assert without == WITHOUT_A_TEST_OF_ITS_OWN.keys()


def test_every_test_file_has_its_module_or_a_reason() -> None:
    files = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    beside = {path.as_posix() for path in files if path.with_name(path.name.removeprefix("test_")) not in MODULES}
    assert beside == BESIDE_THE_TREE.keys()


def test_a_base_name_stands_once_in_the_sources() -> None:
    """In those of jira-ci too, but for its commands, which are called as people call them."""
    others = [path.stem for path in (SANDBOX.parent / "jira_ci").rglob("*.py") if path.parent.name != "commands"]
    names = Counter(path.stem for path in MODULES)
    assert [name for name, times in names.items() if times > 1 or name in others] == []


def test_there_are_no_more_modules_than_one_can_know() -> None:
    packages = list(SANDBOX.rglob("__init__.py"))
    assert 30 < len(MODULES) + len(packages) <= 50
