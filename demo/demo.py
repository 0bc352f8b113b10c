"""The main job in a minute: reports from GitHub and GitLab, and a deployment that waits for its change request.

Everything is real but the Jira: git makes the commits, ``jira-ci`` is run as a CI would run it, and the sandbox answers
over HTTP as Jira would.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import gate
import reporting
import shop
from jira_ci.sandbox.server import Sandbox


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
    print(f"Try it by hand: {sys.executable} -m jira_ci sandbox")
    return 0 if all(told) else 1


if __name__ == "__main__":
    sys.exit(main())
