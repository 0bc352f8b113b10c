"""Builds releases from copies of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from wrappers.machine import ROOT


def copied(target: Path) -> Path:
    """A checkout with what git knows of here."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    subprocess.run(["git", "init", "--quiet"], cwd=target, check=True)
    return target


def build(checkout: Path, out: Path, environ: Mapping[str, str] | None = None) -> Path:
    """Builds a release there. What has to be downloaded is kept in the real checkout's ``build/``."""
    command = [sys.executable, "-m", "release", "--out", str(out), "--cache", str(ROOT / "build" / "wheels")]
    env = {**os.environ, **(environ or {})}
    done = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return out
