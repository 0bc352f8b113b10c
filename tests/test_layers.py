"""Who may import whom."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import jira_ci
from jira_ci import run

SRC = Path(jira_ci.__file__).parents[1]
MODULES = sorted(path for name in ("jira_ci", "jira_sandbox") for path in (SRC / name).rglob("*.py"))
# What a start must not wait for: these are imported where they are used.
HEAVY = (
    "github",
    "gitlab",
    "yaml",
    "requests",
    "urllib3",
    "fastjsonschema",
    "jinja2",
    "xml",
    "defusedxml",
    "jira_sandbox",
)


def _name(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    """Everything a module imports, at its top or inside of functions, by full name."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def _crossings(inside: str, outside: str) -> list[str]:
    """Imports of what is outside by what is inside; both are beginnings of module names."""
    return [
        f"{_name(path)} imports {imported}"
        for path in MODULES
        if f"{_name(path)}.".startswith(f"{inside}.")
        for imported in _imports(path)
        if f"{imported}.".startswith(f"{outside}.")
    ]


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("ci", "jira"),
        ("jira", "ci"),
        *[(inside, outside) for inside in ("ci", "jira") for outside in ("sites", "report", "gate", "corrections")],
        ("sites", "report"),
        ("sites", "gate"),
        ("sites", "corrections"),
        ("gate", "report"),
        ("gate", "corrections"),
        ("corrections", "report"),
        ("corrections", "gate"),
        ("report", "gate"),
        ("report", "corrections"),
        # What follows a deployment is told by a command what was deployed, and where: a site that does not take it, or
        # a mistake in it, must not reach into a report or a decision.
        *[("after", other) for other in ("report", "gate", "corrections", "commands", "cli")],
        *[(other, "after") for other in ("ci", "jira", "sites", "report", "gate", "corrections", "init")],
        # An auditor's list reads what the others keep, and nobody needs it to report or to decide.
        *[("evidence", other) for other in ("report", "corrections", "after", "parking", "init", "commands", "cli")],
        *[
            (other, "evidence")
            for other in ("ci", "jira", "sites", "report", "gate", "corrections", "after", "parking", "checks", "init")
        ],
        *[(inside, "commands") for inside in ("ci", "jira", "sites", "report", "gate", "corrections", "init")],
        *[(inside, "cli") for inside in ("ci", "jira", "sites", "report", "gate", "corrections", "init", "commands")],
    ],
)
def test_the_parties_do_not_know_each_other(inside: str, outside: str) -> None:
    assert _crossings(f"jira_ci.{inside}", f"jira_ci.{outside}") == []


@pytest.mark.parametrize(
    "package", ["ci", "jira", "sites", "report", "gate", "corrections", "after", "evidence", "init", "commands"]
)
def test_there_is_such_a_party(package: str) -> None:
    """A guard over a package that was renamed would say nothing."""
    assert _crossings(f"jira_ci.{package}", "jira_ci")


def test_the_sandbox_imports_nothing_of_what_it_tests() -> None:
    assert _crossings("jira_sandbox", "jira_ci") == []
    assert _crossings("jira_sandbox", "jira_sandbox")


def test_only_its_command_imports_the_sandbox() -> None:
    importers = {crossing.split()[0] for crossing in _crossings("jira_ci", "jira_sandbox")}
    assert importers == {"jira_ci.commands.sandbox"}


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 40


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=_name)
def test_packages_import_nothing_by_themselves(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(body[0], ast.Expr), "a docstring"
    assert [type(node) for node in body[1:]] in ([], [ast.Assign]), "and nothing but the version"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_first_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring


@pytest.mark.parametrize(
    "statement",
    [
        "import jira_ci.cli",
        "import jira_ci.cli, jira_ci.cli as arguments; arguments.parser()",
        "import jira_ci.commands.report, jira_ci.output.publish",
    ],
)
def test_a_start_imports_nothing_heavy(statement: str) -> None:
    program = f"import sys; sys.path.insert(0, {str(SRC)!r}); {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr  # also: the standard library is enough
    loaded = done.stdout.split()
    assert "jira_ci.settings" in loaded
    assert [name for name in loaded if f"{name}.".startswith(tuple(f"{heavy}." for heavy in HEAVY))] == []


def test_nothing_on_the_way_of_a_report_or_a_gate_loads_dataclasses() -> None:
    """``dataclasses`` brings ``inspect`` and compiles code for each class; ``frozen.py`` has the same without."""
    way = "jira_ci.commands.report, jira_ci.report.report, jira_ci.commands.gate, jira_ci.gate.by_change"
    more = "jira_ci.gate.by_jira, jira_ci.gate.record, jira_ci.gate.kept_records"
    more += ", jira_ci.ci.github_env, jira_ci.ci.gitlab_env, jira_ci.ci.github_graphql"
    program = f"import sys; sys.path.insert(0, {str(SRC)!r}); import {way}, {more}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("jira_ci.")}
    on_the_way = [path for path in MODULES if _name(path) in loaded]
    assert len(on_the_way) > 80
    assert [_name(path) for path in on_the_way if any(name.startswith("dataclasses") for name in _at_top(path))] == []


def _at_top(path: Path) -> Iterator[str]:
    """What a module imports as it is loaded, for more than types."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_one_place_reads_the_environment() -> None:
    readers = [
        _name(path)
        for path in MODULES
        if not _name(path).startswith("jira_sandbox")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
        if getattr(node.value, "id", "") == "os"
    ]
    # The start itself looks whether a variable leads Python to files, before anything else is imported.
    assert sorted(set(readers)) == ["jira_ci.__main__", "jira_ci.edges"]


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls with the last part of what is called: ``Session`` for ``requests.Session(...)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def _clients(path: Path) -> list[str]:
    """What of a module is an HTTP client: of requests anything but its exceptions, or the standard library's own."""
    found = [
        name
        for name in _imports(path)
        if name.startswith(("urllib.request.", "httpx.", "urllib3.")) or name == "http.client.HTTPSConnection"
    ]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "requests":
            found += [alias.name for alias in node.names if alias.name not in ("RequestException", "exceptions")]
        elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "requests":
            found += [node.attr] if node.attr in ("Session", "session", "get", "post", "put", "request") else []
    return found


def test_there_is_one_http_client() -> None:
    """Deadlines, bounds, redirects, certificates and netrc are promised in one place."""
    clients = [_name(path) for path in MODULES if _name(path).startswith("jira_ci") and _clients(path)]
    assert clients == ["jira_ci.http"]


LOGIN = ("oauth/token", "tenant_info", "serverInfo", "api/myself")


def _login_questions() -> dict[str, str]:
    """The functions that make a request of the login, with the modules where they stand."""
    found = {}
    for path in MODULES:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and _name(path).startswith("jira_ci."):
                made = [call for name, call in _calls(function) if name in ("Request", "Question")]
                texts = [str(node.value) for call in made for node in ast.walk(call) if isinstance(node, ast.Constant)]
                if any(part in text for part in LOGIN for text in texts):
                    found[function.name] = _name(path)
    return found


def test_there_is_one_login() -> None:
    """Only one place may offer a credential, or a refused one is offered twice."""
    questions = _login_questions()
    senders = {
        _name(path)
        for path in MODULES
        if _name(path).startswith("jira_ci.")
        for name, call in _calls(ast.parse(path.read_text(encoding="utf-8")))
        if name in questions
        # Who asks the login who it is, asks nobody else: only the request itself is looked for.
        if not isinstance(call.func, ast.Attribute) or getattr(call.func.value, "id", "") == "endpoints"
    }
    assert senders == {"jira_ci.jira.auth"}


def test_the_questions_of_the_login_are_known() -> None:
    assert len(_login_questions()) >= len(LOGIN)


def test_nothing_pokes_a_frozen_value() -> None:
    """``vars`` reads the command line's namespace, as argparse's documentation has it, and nothing else."""
    found = []
    for path in MODULES:
        for name, call in _calls(ast.parse(path.read_text(encoding="utf-8"))):
            if name == "vars" and [getattr(argument, "id", "") for argument in call.args] != ["arguments"]:
                found.append(f"{_name(path)}:{call.lineno}")
            if name == "__setattr__":
                found.append(f"{_name(path)}:{call.lineno}")
    assert found == []


def test_a_provider_is_one_of_those_that_are_known() -> None:
    """A provider is a :class:`jira_ci.run.CI`, and never a text that could be misspelt."""
    assert issubclass(run.CI, Enum)
    texts = [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        if _name(path).startswith("jira_ci.")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.arg) and node.arg == "provider")
        or (isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "provider")
        if node.annotation is not None and ast.unparse(node.annotation) == "str"
    ]
    assert texts == []


def test_the_gate_is_no_higher_than_nine_floors() -> None:
    """A floor imports what lies below it; whoever reads the gate climbs them all."""
    gate = {_name(path): path for path in MODULES if _name(path).startswith("jira_ci.gate.")}
    below = {
        name: {module for module in gate if any(f"{imported}.".startswith(f"{module}.") for imported in _imports(path))}
        for name, path in gate.items()
    }
    floors: dict[str, int] = {}
    for name in TopologicalSorter(below).static_order():
        floors[name] = 1 + max((floors[module] for module in below[name]), default=0)
    assert max(floors.values()) <= 9
