"""The first story: a GitHub run and a GitLab run report a build and deployments; what Jira shows afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import shop


def tell(folder: Path, jira: Mapping[str, str], base: str, head: str) -> bool:
    """Tells it; whether everything ended as it should."""
    repository = folder / "shop"
    since = {"JIRA_CI_SINCE": "main"}  # what is deployed already; with a token the provider is asked
    github = {**jira, **since, **shop.github_run(folder, base, head)}
    shop.title("GitHub, pull request 5: the tests passed, the build is reported")
    codes = [shop.run(repository, github, "report", "--state", "success")]
    shop.title("GitHub: a deployment to qa2 begins, and ends well")
    deployment = ("report", "--environment", "qa2", "--version", "1.4.0")
    codes += [shop.run(repository, github, *deployment, "--state", state) for state in ("in_progress", "success")]

    gitlab = {**jira, **since, **shop.gitlab_run(base, head)}
    shop.title("GitLab: a job deploys the same commits to qa7; its status comes from GitLab itself")
    codes.append(shop.run(repository, gitlab, "deployment", "--version", "1.4.0", "--state", "in_progress"))
    codes.append(shop.run(repository, {**gitlab, "CI_JOB_STATUS": "success"}, "deployment", "--version", "1.4.0"))

    shop.title("What Jira shows now")
    shown = [shop.show(jira["JIRA_CI_SITE"], key) for key in ("WEB-12", "OPS-7", "WEB-11")]
    return codes == [0] * 5 and shown == [3, 3, 0]
