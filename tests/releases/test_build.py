"""What a release consists of, and that the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from jira_ci import __version__
from releases.builds import build
from wrappers.machine import ROOT

_NATIVE = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"!<arch>")
_LOCK = re.compile(r"^([a-z0-9-]+)==([^ ;]+)", re.MULTILINE)


def _locked(name: str) -> dict[str, str]:
    return dict(_LOCK.findall((ROOT / "requirements" / name).read_text(encoding="utf-8")))


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _archived(built: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(built / "jira-ci.pyz") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _bill(built: Path) -> dict[str, dict[str, object]]:
    parts = json.loads((built / "jira-ci.cdx.json").read_text(encoding="utf-8"))["components"]
    return {part["name"]: part for part in parts}


def test_another_place_user_and_time_give_the_same_bytes(built: Path, checkout: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(checkout, tmp_path / "another plàce")
    for path in elsewhere.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    environ = {
        "TZ": "Pacific/Auckland",
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "86400",
        "PYTHONHASHSEED": "7",
        "HOME": "/",
    }
    before = os.umask(0o077)
    try:
        again = build(elsewhere, tmp_path / "out", environ)
    finally:
        os.umask(before)
    assert _contents(again) == _contents(built)


def test_a_release_s_own_tree_builds_the_same_archive(built: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(built / "action", tree)
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    assert _contents(build(tree, tmp_path / "out")) == _contents(built)


def test_there_is_no_native_file(built: Path) -> None:
    files = {**_archived(built), **_contents(built / "action" / "vendor")}
    assert len(files) > 500
    assert [name for name, content in files.items() if content.startswith(_NATIVE)] == []
    assert [name for name in files if re.search(r"\.(so|pyd|dll|dylib)$|__pycache__", name)] == []


def test_the_archive_is_small(built: Path) -> None:
    assert (built / "jira-ci.pyz").stat().st_size <= 3_000_000


def test_the_sums_are_those_of_the_files(built: Path) -> None:
    lines = (built / "SHA256SUMS").read_text().splitlines()
    files = {path.name for path in built.iterdir() if path.is_file()}
    assert {line.partition("  ")[2] for line in lines} == files - {"SHA256SUMS"}
    for line in lines:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == digest


def test_the_action_is_the_repository_with_vendor(built: Path, checkout: Path) -> None:
    packed = io.BytesIO((built / f"jira-ci-action-{__version__}.tar.gz").read_bytes())
    with tarfile.open(fileobj=packed) as archive:
        names = {member.name.partition("/")[2]: member.mode for member in archive.getmembers()}
    assert names.keys() == _contents(built / "action").keys()
    assert names[".ci/run"] == 0o755
    assert names["action.yml"] == 0o644
    assert {"action.yml", "README.md", "vendor/requests/__init__.py", "vendor/DIGEST"} <= names.keys()
    assert (built / "action" / "src" / "jira_ci" / "cli.py").read_bytes() == (
        checkout / "src" / "jira_ci" / "cli.py"
    ).read_bytes()


def test_the_bill_of_materials_is_valid_and_names_what_is_locked(built: Path) -> None:
    text = (built / "jira-ci.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert {name: part["version"] for name, part in _bill(built).items()} == _locked("vendor.txt")
    lock = (ROOT / "requirements" / "vendor.txt").read_text(encoding="utf-8")
    for part in json.loads(text)["components"]:
        assert part["hashes"][0]["content"] in lock, part["name"]


def test_what_travels_along_is_what_pip_would_install_but_for_what_is_stood_in_for() -> None:
    vendored, installed = _locked("vendor.txt"), _locked("runtime.txt")
    assert {name: installed[name] for name in vendored} == vendored
    assert installed.keys() - vendored.keys() == {
        "cffi", "charset-normalizer", "cryptography", "pycparser", "pynacl",
    }  # fmt: skip


def test_every_licence_travels_along(built: Path) -> None:
    table = (built / "LICENCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z0-9-]+) \| \d\S* \| (\S+) \| (.+) \|$", table, re.MULTILINE)
    inside = _archived(built)
    assert {name for name, _, _ in rows} == _locked("vendor.txt").keys()
    for name, licence, texts in rows:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9.-]+", licence), name
        for text in texts.split(", "):
            assert len(inside[text]) > 30, text
            assert (built / "action" / "vendor" / text).read_bytes() == inside[text]
    licences = {name: licence for name, licence, _ in rows}
    assert licences["pygithub"] == licences["python-gitlab"] == "LGPL-3.0-or-later"
    assert b"GNU LESSER GENERAL PUBLIC LICENSE" in inside["pygithub-2.10.0.dist-info/licenses/COPYING.LESSER"]
    assert inside["LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_the_template_names_this_archive(built: Path) -> None:
    digest = hashlib.sha256((built / "jira-ci.pyz").read_bytes()).hexdigest()
    template = (built / "jira-ci.gitlab-ci.yml").read_text()
    assert f"version={__version__}\n        jira_ci_sha256={digest}\n" in template
    assert template == (built / "action" / ".gitlab-ci-template.yml").read_text()


@pytest.mark.parametrize(
    ("file", "was", "becomes", "said"),
    [
        (".gitlab-ci-template.yml", f"version={__version__}", "version=9.9.9", "is not of version"),
        (
            ".gitlab-ci-template.yml",
            "jira_ci_sha256=''",
            "jira_ci_sha256=abc",
            "names another archive than the one built here",
        ),
        ("src/jira_ci/__init__.py", "__version__", "_version", "names no __version__"),
    ],
)
def test_what_does_not_fit_is_not_released(
    file: str, was: str, becomes: str, said: str, checkout: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkout, tmp_path / "copy")
    text = (tmp_path / "copy" / file).read_text(encoding="utf-8")
    (tmp_path / "copy" / file).write_text(text.replace(was, becomes, 1), encoding="utf-8")
    assert said in _refused(tmp_path / "copy", ROOT / "build" / "wheels")


def test_a_download_that_was_changed_is_refused(
    built: Path, checkout: Path, tmp_path: Path
) -> None:  # built: is cached
    cache = tmp_path / "wheels"
    shutil.copytree(ROOT / "build" / "wheels", cache)
    for wheel in cache.rglob("idna-*.whl"):
        wheel.write_bytes(wheel.read_bytes() + b"\0")
    assert "has another hash than" in _refused(checkout, cache)


def test_a_package_that_is_not_in_the_lock_as_it_is_on_the_index_is_refused(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy)
    lock = copy / "requirements" / "vendor.txt"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text()))
    assert "pip download could not get" in _refused(copy, tmp_path / "wheels")


def _refused(checkout: Path, cache: Path) -> str:
    command = [sys.executable, "-m", "release", "--out", str(checkout / "dist"), "--cache", str(cache)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    assert not (checkout / "dist").exists()
    return done.stdout + done.stderr
