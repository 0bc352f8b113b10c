"""Byte code that an earlier job left where the next one looks for some: it is never run."""

from __future__ import annotations

import hashlib
import marshal
import os
import subprocess
import zlib
from collections.abc import Callable
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from wrappers.github_runner import Runner
from wrappers.machine import PYTHON, Machine

HERS = "the-token-of-this-job"
KNOWN = ("", "the-token-of-another-job", "None")


def _start(archive: Path, machine: Machine, token: str = HERS) -> subprocess.CompletedProcess[str]:
    environ = machine.environ(RUNNER_TEMP=str(machine.temp), **({"CI_JOB_TOKEN": token} if token else {}))
    command = [str(PYTHON), "-I", "-S", str(archive), "environment", "Prod"]
    return subprocess.run(command, cwd=machine.workspace, env=environ, capture_output=True, text=True, timeout=60)


def _planted(file: Path, trace: Path) -> bytes:
    """What was kept there, with every module replaced by one that leaves a trace."""
    kept = marshal.loads(file.read_bytes()[len(MAGIC_NUMBER) + 32 :])  # noqa: S302 - our own
    evil = f"open({str(trace)!r}, 'a').write('ran ')"
    header = b"".join(
        [MAGIC_NUMBER, (1).to_bytes(4, "little"), bytes(8)]
    )  # unchecked: https://peps.python.org/pep-0552/
    evil_code = marshal.dumps(compile(evil, "evil", "exec"))
    return marshal.dumps({name: header * name.endswith(".pyc") + evil_code for name in kept}, 2)


def _nothing(content: bytes, file: Path) -> bytes:
    return b""


def _zeros(content: bytes, file: Path) -> bytes:
    return MAGIC_NUMBER + bytes(32)


def _checksum(content: bytes, file: Path) -> bytes:
    return MAGIC_NUMBER + zlib.crc32(content).to_bytes(4, "little")


def _sealed(token: str) -> Callable[[bytes, Path], bytes]:
    def head(content: bytes, file: Path) -> bytes:
        seal = hashlib.blake2b(key=hashlib.sha256(token.encode()).digest(), digest_size=32)
        seal.update(MAGIC_NUMBER + os.fsencode(file) + b"\0" + content)
        return MAGIC_NUMBER + seal.digest()

    return head


HEADS: dict[str, Callable[[bytes, Path], bytes]] = {
    "nothing": _nothing,
    "a checksum": _checksum,
    "zeros": _zeros,
    **{f"the seal of {token!r}": _sealed(token) for token in KNOWN},
}


def _file(machine: Machine) -> Path:
    (file,) = machine.temp.glob("jira-ci-*/*")
    return file


@pytest.mark.parametrize("head", HEADS)
def test_the_archive_runs_none(head: str, archive: Path, machine: Machine, tmp_path: Path) -> None:
    _start(archive, machine, "the-token-of-another-job")
    file, trace = _file(machine), tmp_path / "ran"
    content = _planted(file, trace)
    file.write_bytes(HEADS[head](content, file) + content)
    for token in (HERS, ""):
        done = _start(archive, machine, token)
        assert (done.returncode, done.stderr) == (0, "")
        assert not trace.exists()


def test_the_attack_would_work_with_the_job_s_own_token(archive: Path, machine: Machine, tmp_path: Path) -> None:
    _start(archive, machine)
    file, trace = _file(machine), tmp_path / "ran"
    content = _planted(file, trace)
    file.write_bytes(_sealed(HERS)(content, file) + content)
    _start(archive, machine)
    assert trace.exists(), "the tests above prove nothing"


def test_the_action_runs_none(runner: Runner, tmp_path: Path) -> None:
    runner.machine.site["CI_JOB_TOKEN"] = "the-token-of-another-job"
    assert runner.run(command="environment", environment="Prod").code == 0
    file, trace = _file(runner.machine), tmp_path / "ran"
    content = _planted(file, trace)
    for token in KNOWN:
        file.write_bytes(_sealed(token)(content, file) + content)
        runner.machine.site["CI_JOB_TOKEN"] = HERS
        assert runner.run(command="environment", environment="Prod").code == 0
        assert not trace.exists()


def test_a_store_of_another_release_is_none_of_this_one_s(archive: Path, machine: Machine, tmp_path: Path) -> None:
    _start(archive, machine)
    (folder,) = machine.temp.glob("jira-ci-*")
    other = tmp_path / "other.pyz"
    other.write_bytes(b"#!/bin/other\n" + archive.read_bytes())
    folder.rename(folder.with_name(folder.name[:-32] + hashlib.sha256(other.read_bytes()).hexdigest()[:32]))
    before = _file(machine).read_bytes()
    assert _start(other, machine).returncode == 0
    assert _file(machine).read_bytes() != before, "made again"


@pytest.mark.parametrize("kind", ["fifo", "link", "folder", "endless"])
def test_whatever_stands_there_holds_no_job_up(kind: str, archive: Path, machine: Machine, tmp_path: Path) -> None:
    _start(archive, machine)
    file, victim = _file(machine), tmp_path / "victim"
    whole = file.read_bytes()
    victim.write_bytes(whole)
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(victim if kind == "link" else "/dev/zero")
    done = _start(archive, machine)
    assert (done.returncode, done.stderr) == (0, "")
    assert victim.read_bytes() == whole


@pytest.mark.parametrize("token", ["", "x"])
def test_without_a_token_of_the_job_s_nothing_is_kept(token: str, archive: Path, machine: Machine) -> None:
    assert _start(archive, machine, token).returncode == 0
    assert bool(list(machine.temp.glob("jira-ci-*/*"))) == bool(token)
