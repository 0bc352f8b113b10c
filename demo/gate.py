"""The second story: a deployment to a change-controlled environment waits for its change request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import shop
from jira_sandbox.server import Sandbox

_TITLE = 'Deploy "Shop" version {} to "Prod-EU"'


def tell(folder: Path, jira: Mapping[str, str], sandbox: Sandbox, head: str) -> bool:
    """Tells it; whether everything ended as it should."""
    repository = folder / "shop"
    shop.git(repository, "switch", "--quiet", "main")
    merged = f"Merge pull request #5 from acme/{shop.COMMITS[-1][0]}"  # as GitHub says it; the branch has the key
    shop.git(repository, "merge", "--quiet", "--no-ff", "--message", merged, head)
    main = shop.git(repository, "rev-parse", "HEAD")
    access = {"JIRA_CI_USER": sandbox.credentials.user, "JIRA_CI_TOKEN": sandbox.credentials.token}
    with shop.published(folder) as server:
        return _told(repository, {**jira, **access, **shop.main_branch_run(folder, main, server)}, sandbox)


def _told(repository: Path, environ: Mapping[str, str], sandbox: Sandbox) -> bool:
    desk = sandbox.desk

    def deploy(version: str) -> int:
        words = ("deploy", "--environment", "Prod-EU", "--version", version, "--since", "main~2")
        return shop.run(repository, environ, *words, "--", "sh", "deploy.sh")

    shop.title("Prod-EU is change controlled: the gate makes a change request, and nothing is deployed yet")
    codes = [deploy("1.4.0")]
    [change] = [one for one in sandbox.site.desk.ledger.all() if one.summary == _TITLE.format("1.4.0")]

    shop.title(f"Ana approves {change.key} and moves it to Implementing; the same job, run again, deploys")
    _approve(sandbox, change.key)
    codes.append(deploy("1.4.0"))
    comments = sandbox.site.desk.extras.comments(change.id)
    print(f"{change.key} was told:", *(one.body.splitlines()[0] for one in comments), sep="\n    ", flush=True)

    shop.title("Version 1.5.0: its change is declined")
    declined = desk.create(_TITLE.format("1.5.0")).key
    desk.transition(declined, "Authorize")
    desk.decline(declined)
    codes.append(deploy("1.5.0"))

    shop.title("Version 1.6.0: approved, but its window begins tomorrow")
    early = desk.create(_TITLE.format("1.6.0")).key
    _approve(sandbox, early)
    desk.window(early, (datetime.now(timezone.utc) + timedelta(days=1)).isoformat(timespec="seconds"), None)
    codes.append(deploy("1.6.0"))
    return codes == [4, 0, 3, 5] and len(comments) == 2


def _approve(sandbox: Sandbox, key: str) -> None:
    sandbox.desk.transition(key, "Authorize")
    sandbox.desk.approve(key)
    sandbox.desk.transition(key, "Implementing")
