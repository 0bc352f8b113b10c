"""Versions in the platform's API, and our account of that API against the package it is written after."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import release_operations
from pretend import Pretend
from wrappers.machine import ROOT

API = "/rest/api/3"


@pytest.fixture
def admin(site: Pretend) -> Pretend:
    site.desk.desk.denied.clear()
    site.desk.desk.catalogue.ensure_project("WEB")
    return site


def project(site: Pretend) -> int:
    return int(site.desk.desk.catalogue.project("WEB").id)


def test_a_version_is_made_released_and_listed(admin: Pretend) -> None:
    made = admin.post(f"{API}/version", {"name": "Shop 1.4", "projectId": project(admin), "startDate": "2026-01-01"})
    assert admin.last.status == 201
    told = admin.ask("PUT", f"{API}/version/{made['id']}", {"released": True, "releaseDate": "2026-02-01"})
    assert (told["released"], told["releaseDate"], told["startDate"]) == (True, "2026-02-01", "2026-01-01")
    assert admin.get(f"{API}/version/{made['id']}") == told
    assert admin.get(f"{API}/project/WEB/versions") == [told]
    page = admin.get(f"{API}/project/WEB/version?query=shop&maxResults=1")
    assert (page["values"], page["isLast"], page["total"]) == ([told], True, 1)
    assert admin.get(f"{API}/project/WEB/version?query=other")["values"] == []


def test_pages_go_on(admin: Pretend) -> None:
    for number in range(3):
        admin.post(f"{API}/version", {"name": f"Shop {number}", "projectId": project(admin)})
    page = admin.get(f"{API}/project/WEB/version?startAt=0&maxResults=2")
    assert ([one["name"] for one in page["values"]], page["isLast"]) == (["Shop 0", "Shop 1"], False)
    assert admin.refused("GET", f"{API}/project/WEB/version?startAt=-1")[0] == 400


def test_pages_are_linked_to_a_version(admin: Pretend) -> None:
    made = admin.post(f"{API}/version", {"name": "Shop 1.4", "projectId": project(admin)})
    path, work = (
        f"{API}/version/{made['id']}/relatedwork",
        {"category": "Deployment", "title": "Run", "url": "https://ci.example/1"},
    )
    admin.post(path, work)
    assert [{name: one[name] for name in work} for one in admin.get(path)] == [work]
    assert admin.refused("POST", path, {"title": "Run"})[0] == 400


@pytest.mark.parametrize(
    "body", [{"name": "Shop"}, {"projectId": 99, "name": "Shop"}, {"projectId": "x", "name": "Shop"}, {"name": 7}]
)
def test_what_is_no_version_is_refused(admin: Pretend, body: dict[str, Any]) -> None:
    assert admin.refused("POST", f"{API}/version", body)[0] in (400, 404)


def test_who_may_not_administer_the_project_finds_nothing(admin: Pretend) -> None:
    made = admin.post(f"{API}/version", {"name": "Shop 1.4", "projectId": project(admin)})
    admin.desk.desk.denied.add("ADMINISTER_PROJECTS")
    admin.post(f"{API}/version", {"name": "Shop 1.5", "projectId": project(admin)})
    assert admin.last.status == 404
    admin.ask("PUT", f"{API}/version/{made['id']}", {"released": True})
    assert admin.last.status == 404


def test_fix_versions_are_added_and_taken_off_one_by_one(admin: Pretend) -> None:
    first, second = (
        admin.post(f"{API}/version", {"name": name, "projectId": project(admin)})["id"] for name in ("1", "2")
    )
    admin.post(f"{API}/version", {"name": "ops", "projectId": int(admin.desk.desk.catalogue.project("OPS").id)})

    def edit(*operations: dict[str, Any]) -> list[str]:
        admin.ask("PUT", f"{API}/issue/WEB-1", {"update": {"fixVersions": list(operations)}})
        assert admin.last.status == 204
        shown = admin.get(f"{API}/issue/WEB-1?fields=fixVersions")["fields"]["fixVersions"]
        return [one["id"] for one in shown]

    assert edit({"add": {"id": first}}) == [first]
    assert edit({"add": {"id": first}}, {"add": {"name": "2"}}) == [first, second]
    assert edit({"remove": {"id": first}}) == [second]
    for bad in ({"add": {"id": "10502"}}, {"add": "x"}, {"copy": {"id": first}}):
        assert admin.refused("PUT", f"{API}/issue/WEB-1", {"update": {"fixVersions": [bad]}})[0] == 400
    admin.ask("PUT", f"{API}/version/{first}", {"archived": True})
    assert admin.refused("PUT", f"{API}/issue/WEB-1", {"update": {"fixVersions": [{"add": {"id": first}}]}})[0] == 400


_PACKAGE = "jira.js@6.2.0"
_HOME = ROOT / "build" / "jira-js-6.2.0"
_SCRIPT = """\
const load = (name) => import(`./node_modules/jira.js/dist/cloud/models/${name}.js`);
(async () => {
  const found = {};
  for (const name of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    const file = name[0].toLowerCase() + name.slice(1);
    const schema = (await load(file))[`${name}Schema`];
    const shape = typeof schema.shape === 'object' ? schema.shape : schema._zod.def.shape;
    const optional = ([key, one]) => [key, one.safeParse(undefined).success];
    found[name] = Object.fromEntries(Object.entries(shape).map(optional));
  }
  process.stdout.write(JSON.stringify(found));
})();
"""


def _installed() -> Path:
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("jira.js needs npm and node, which are not here")
    if not _HOME.exists():
        _HOME.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_HOME.parent, ignore_cleanup_errors=True) as folder:
            (Path(folder) / "package.json").write_text('{"private": true}', encoding="utf-8")
            options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1")
            command = [shutil.which("npm") or "npm", "install", *options, _PACKAGE]
            try:
                subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
            except (OSError, subprocess.SubprocessError) as error:
                pytest.skip(f"jira.js could not be installed: {error}")
            with suppress(OSError):  # another worker was faster
                Path(folder).rename(_HOME)
    return _HOME


def test_our_account_of_the_api_is_that_of_jira_js() -> None:
    """Which properties a schema has, and which of them may be left out."""
    names = list(release_operations.SCHEMAS)
    done = subprocess.run(
        ["node", "-e", _SCRIPT],
        cwd=_installed(),
        input=json.dumps(names),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    for name, ours in release_operations.SCHEMAS.items():
        required = set(ours.get("required", ()))
        # Cloud still takes the deprecated key of the project, which the package leaves out.
        own = ours["properties"].keys() - {"project"}
        assert own <= theirs[name].keys(), name
        assert required == {key for key, optional in theirs[name].items() if not optional}, name
