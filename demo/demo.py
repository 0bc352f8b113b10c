"""The main job in a minute: reports from GitHub and GitLab, and a deployment that waits for its change request.

Everything is real but the Jira: git makes the commits, ``jira-ci`` is run as a CI would run it, and the sandbox answers
over HTTP as Jira would. Started by a person, it stays up at the end, so that its pages can be looked at.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import gate
import reporting
import shop
from jira_sandbox.server import Sandbox


def main() -> int:
    """Tells both stories; the exit code is 0 when every step ended as it should."""
    with tempfile.TemporaryDirectory(prefix="jira-ci demo ") as temporary, Sandbox() as sandbox:
        folder = Path(temporary)
        base, head = shop.make_repository(folder / "shop", sandbox.address)
        jira = {
            "JIRA_CI_SITE": sandbox.address,
            "JIRA_CI_API_URL": sandbox.address,
            "JIRA_CI_CLIENT_ID": sandbox.credentials.client_id,
            "JIRA_CI_CLIENT_SECRET": sandbox.credentials.client_secret,
        }
        shop.title("A repository with a branch feature/web-12-pay-by-card, and its commits")
        print(shop.git(folder / "shop", "log", "--oneline", "--all"), flush=True)
        told = [reporting.tell(folder, jira, base, head), gate.tell(folder, jira, sandbox, head)]
        if watched(os.environ, sys.stdin.isatty() and sys.stdout.isatty()):
            stay(sandbox.address)
        else:
            print(f"See it in a browser, and try it by hand: {sys.executable} -m jira_ci sandbox --open")
    return 0 if all(told) else 1


def watched(environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether a person looks on, and no CI does."""
    return terminal and environ.get("CI", "").lower() in ("", "0", "false")


def stay(address: str, sleep: Callable[[float], object] = time.sleep) -> None:
    """Leaves the sandbox up until Ctrl-C."""
    print(f"This is what the team sees in Jira now: {address}  (Ctrl-C ends it)", flush=True)
    with suppress(KeyboardInterrupt):
        while True:
            sleep(0.5)
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
