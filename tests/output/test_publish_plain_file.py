"""What is written, and what is refused without being touched."""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jira_ci.output.publish import Spare, write_plain

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


def _read_only(path: Path, _victim: Path) -> None:
    path.write_text("theirs", "utf-8")
    path.chmod(0o444)


def _socket(path: Path, _victim: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _link_to_fifo(path: Path, victim: Path) -> None:
    os.mkfifo(victim.with_name("fifo"))
    path.symlink_to("fifo")


PLACES: dict[str, Callable[[Path, Path], object]] = {
    "a symbolic link": lambda path, victim: path.symlink_to(victim),
    "a symbolic link: dangling": lambda path, victim: path.symlink_to(victim.with_name("new")),
    "a symbolic link: to itself": lambda path, _: path.symlink_to(path.name),
    "a symbolic link: to a FIFO": _link_to_fifo,
    "a symbolic link: to a device": lambda path, _: path.symlink_to("/dev/null"),
    "a hard link": lambda path, victim: path.hardlink_to(victim),
    "a FIFO": lambda path, _: os.mkfifo(path),
    "a directory": lambda path, _: path.mkdir(),
    "a socket": _socket,
    "read-only": _read_only,
}


@posix
@pytest.mark.parametrize("append", [True, False])
@pytest.mark.parametrize("kind", PLACES)
def test_nothing_but_a_plain_file_is_written(kind: str, append: bool, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "jira-ci.json"
    victim.write_text("precious", "utf-8")
    PLACES[kind](path, victim)
    before = path.lstat()
    with pytest.raises(OSError, match=re.escape(kind.partition(":")[0])):
        write_plain(path, "ours", append=append)
    assert victim.read_text("utf-8") == "precious"
    assert not (tmp_path / "new").exists()
    assert path.lstat()[:6] == before[:6]


@posix
def test_a_fifo_that_somebody_reads_is_refused_as_well(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match="a FIFO"):
        write_plain(path, "ours")
    assert os.read(reader, 10) == b""
    os.close(reader)


@posix
def test_a_device_is_refused() -> None:
    with pytest.raises(OSError, match="a device"):
        write_plain(Path("/dev/null"), "ours", append=True)


def test_what_was_there_is_replaced_or_continued(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_plain(path, "a longer first text\n")
    write_plain(path, "é\n")
    write_plain(path, "more\n", append=True)
    assert path.read_bytes() == "é\nmore\n".encode()


@posix
def test_the_spare_folder_is_this_users_alone_and_one(tmp_path: Path) -> None:
    spare = Spare(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    first, second = spare.write("a", "1"), spare.write("b", "2")
    assert first.parent == second.parent
    assert first.parent.parent == tmp_path
    assert [stat.S_IMODE(path.stat().st_mode) for path in (first, first.parent)] == [0o600, 0o700]
    assert spare.names == {"a", "b"}


def test_a_base_that_is_none_leads_to_the_machines_own_folder(tmp_path: Path) -> None:
    path = Spare(str(tmp_path / "missing")).write("a", "1")
    assert path.read_text("utf-8") == "1"
