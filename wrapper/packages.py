"""The action's dependencies in a folder of their own, installed once per runner.

Only files whose hashes stand in the lock are taken, so it does not matter which mirror they come from. Nothing of the
user's is changed: no PATH, no site-packages, no cache in HOME.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import platform
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from jira_ci.errors import NetworkError
from jira_ci.text import one_line

_TIME = 300  # seconds for pip; a mirror that hangs must not hold the job until the runner's own time-out
# Where the user's pip gets packages from is kept. Everything else that may be configured (target, user, prefix,
# require-virtualenv, constraint, dry-run...) is about the user's own installations and would break ours.
# fmt: off
_KEPT = (
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy", "cert", "client-cert", "timeout",
    "default-timeout", "retries", "keyring-provider",
)
_INSTALL = (
    "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-deps",
    "--require-hashes", "--only-binary", ":all:",
)
# fmt: on
_HINT = "Let the runner reach PyPI or a mirror: pip's own configuration (PIP_INDEX_URL, pip.conf) is used."


def ready(lock: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """The folder that holds what the lock names; made when it is not there yet.

    Raises:
        NetworkError: it is not there and cannot be made.
    """
    name = folder_name(lock)
    bases = [Path(environ[key]) / "jira-ci" for key in ("RUNNER_TOOL_CACHE", "RUNNER_TEMP") if environ.get(key)]
    for base in bases:
        if (base / name).is_dir():
            return base / name
    say("Installing what jira-ci needs, once for this runner.")
    base = _writable(bases)
    try:
        with _sigterm_unwinds():
            _install(lock, base, name, environ, say)
    except OSError as error:
        raise NetworkError(f"What jira-ci needs cannot be stored in {base}: {error.strerror or error}.", "") from error
    return base / name


def folder_name(lock: Path) -> str:
    """One name for one lock and one kind of Python: a container and its host may share the runner's tool cache."""
    kind = [sysconfig.get_config_var("EXT_SUFFIX"), platform.machine(), platform.libc_ver()[0]]
    text = "\n".join([hashlib.sha256(lock.read_bytes()).hexdigest(), *map(str, kind)])
    return f"{sys.implementation.cache_tag}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _writable(bases: Sequence[Path]) -> Path:
    for base in bases:
        with contextlib.suppress(OSError):
            base.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=base):
                return base
    # Not a name in /tmp that somebody else could have taken before us.
    return Path(tempfile.mkdtemp(prefix="jira-ci-"))


def _install(lock: Path, base: Path, name: str, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Builds beside the final place and moves it there, so that twenty jobs at once see all or nothing."""
    with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=base, ignore_cleanup_errors=True) as scratch:
        built = Path(scratch) / "packages"
        clean = {key: value for key, value in environ.items() if not _withheld_from_pip(key)}
        clean["PIP_CONFIG_FILE"] = os.devnull
        pip = _pip(Path(scratch), clean)
        done = _call(
            [*pip, *_INSTALL, "--target", str(built), "--requirement", str(lock)],
            {**clean, **_package_sources(pip, clean, environ)},
        )
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()] or ["no reason given"]
            for line in lines[-20:]:
                say("  pip: " + one_line(line, 1000))
            raise NetworkError(f"pip could not install what jira-ci needs: {one_line(lines[-1], 300)}.", _HINT)
        try:
            built.rename(base / name)
        except OSError:
            if not (base / name).is_dir():  # or another job was faster
                raise


def _withheld_from_pip(variable: str) -> bool:
    """Secrets, and whatever would change what pip and Python do."""
    return variable.upper().startswith(("JIRA_CI_", "PLUGIN_", "GITHUB_TOKEN", "PIP_", "PYTHON"))


def _pip(scratch: Path, environ: Mapping[str, str]) -> list[str]:
    """The pip of this Python, or one in a virtual environment of our own."""
    pip = [sys.executable, "-I", "-m", "pip"]
    if _call([*pip, "--version"], environ).returncode == 0:
        return pip
    home = scratch / "venv"
    if _call([sys.executable, "-I", "-m", "venv", str(home)], environ).returncode:
        raise NetworkError(
            f"The Python at {sys.executable} has neither pip nor ensurepip, so nothing can be installed.",
            "Install its pip (python3-pip, py3-pip), or use actions/setup-python in an earlier step.",
        )
    return [str(home / ("Scripts" if os.name == "nt" else "bin") / "python"), "-I", "-m", "pip"]


def _package_sources(pip: Sequence[str], clean: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Which mirrors, certificates and proxies the user's configuration files and variables name, as variables."""
    files = {key: value for key, value in clean.items() if key != "PIP_CONFIG_FILE"}
    if "PIP_CONFIG_FILE" in environ:
        files["PIP_CONFIG_FILE"] = environ["PIP_CONFIG_FILE"]
    found = listed(_call([*pip, "config", "list"], files).stdout)
    return {**found, **{name: environ[name] for name in map(_variable, _KEPT) if name in environ}}


def listed(listing: str) -> dict[str, str]:
    """``pip config list`` prints ``section.name='value'``; ``[install]`` wins over ``[global]``."""
    found = {}
    for section in ("global.", "install."):
        for line in listing.splitlines():
            key, _, value = line.partition("=")
            if key.startswith(section) and key[len(section) :] in _KEPT:
                found[_variable(key[len(section) :])] = str(ast.literal_eval(value))
    return found


def _variable(option: str) -> str:
    return "PIP_" + option.upper().replace("-", "_")


def _call(command: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, env=environ, capture_output=True, text=True, errors="replace", timeout=_TIME)
    except subprocess.TimeoutExpired:
        raise NetworkError(f"pip did not install what jira-ci needs within {_TIME} s.", _HINT) from None


@contextlib.contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """While pip runs, SIGTERM ends it and removes what is half built, as SIGINT does anyway."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
