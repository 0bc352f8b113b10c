"""Folders for byte code: what stands at a name that others could guess is looked at, not believed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from wrappers.machine import ROOT, load

PRIVATE = load(ROOT / "wrapper" / "private.py")
_as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder of this user; what is above it is guarded, or every test here would see nothing but that."""
    assert PRIVATE.is_guarded(str(tmp_path))
    folder = tmp_path / "temp"
    folder.mkdir(mode=0o755)
    (tmp_path / "other").mkdir(mode=0o755)
    return folder


def _folder(base: Path, name: str = "abc") -> str:
    other = next(path / "other" for path in base.parents if (path / "other").is_dir())
    return str(PRIVATE.folder(name, {"RUNNER_TEMP": str(base), "TMPDIR": str(other)}))


def test_it_is_made_once_for_this_user_alone(base: Path) -> None:
    before = os.umask(0)
    try:
        path = Path(_folder(base))
    finally:
        os.umask(before)
    assert path.parent == base
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert _folder(base) == str(path)
    assert _folder(base, "def") != str(path)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_one_that_others_can_write_to_is_passed_over(mode: int, base: Path) -> None:
    Path(_folder(base)).chmod(mode)
    assert not _folder(base).startswith(str(base))


def test_a_link_or_a_file_in_its_place_is_passed_over(base: Path, tmp_path: Path) -> None:
    path = Path(_folder(base))
    path.rmdir()
    path.symlink_to(tmp_path)
    assert not _folder(base).startswith(str(base))
    path.unlink()
    path.touch()
    assert not _folder(base).startswith(str(base))


@_as_root
def test_one_that_somebody_else_made_is_passed_over(base: Path) -> None:
    os.chown(_folder(base), 12345, 12345)
    assert not _folder(base).startswith(str(base))


@pytest.mark.parametrize(
    ("mode", "used"), [(0o755, True), (0o1777, True), (0o700, True), (0o777, False), (0o775, False)]
)
def test_a_base_in_which_others_can_rename_is_passed_over(mode: int, used: bool, base: Path) -> None:
    base.chmod(mode)
    assert _folder(base).startswith(str(base)) == used


def test_so_is_one_with_such_a_folder_above_it(base: Path) -> None:
    inner = base / "inner"
    inner.mkdir()
    base.chmod(0o777)
    assert not _folder(inner).startswith(str(base))


@_as_root
def test_a_base_of_somebody_else_is_passed_over(base: Path) -> None:
    os.chown(base, 12345, 12345)
    assert not _folder(base).startswith(str(base))


@pytest.mark.parametrize("value", ["", "relative/folder", "/nonexistent/folder"])
def test_a_base_that_is_none_is_passed_over(value: str, base: Path) -> None:
    path = PRIVATE.folder("abc", {"RUNNER_TEMP": value, "TMPDIR": str(base)})
    assert Path(path).parent == base


def test_a_link_that_was_put_above_it_meanwhile_counts_as_everybody_s(base: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(base)
    assert PRIVATE.is_guarded(str(base))
    assert not PRIVATE.is_guarded(str(tmp_path / "link"))
