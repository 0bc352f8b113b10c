"""The file that reports a GitLab project's pipelines and deployments, once it is included."""

from __future__ import annotations

from collections.abc import Iterator

from jira_ci import __version__
from jira_ci.starting import emit
from jira_ci.starting.found import Deploying, File, Found
from jira_ci.starting.gitlab_jobs import MAIN, OURS

TEMPLATE = f"https://gitlab.com/jira-ci/jira-ci/-/raw/v{__version__}/.gitlab-ci-template.yml"
INCLUDE = f"local: {OURS}"
_JOBS = f"""\
# Tells Jira how pipelines and deployments went. Its credentials are CI/CD variables of the project or group:
# JIRA_CI_CLIENT_ID and JIRA_CI_CLIENT_SECRET (masked).
include:
  - remote: {TEMPLATE}

jira-build-success:
  extends: .jira-ci-build-success

jira-build-failure:
  extends: .jira-ci-build-failure
"""
_FIRST = f"""\
include:
  - {INCLUDE}

build:
  image: python:3.13
  script:
    - echo "Put here what builds and tests this repository."
"""


def make(found: Found) -> Iterator[File]:
    """The file to include, and a pipeline that includes it where there is none; nothing where jobs report already."""
    if found.gitlab.reports:
        return
    added = [job for job in found.gitlab.deploying if not job.obstacle]
    yield File(OURS, _JOBS + "".join(_added(job) for job in added))
    if not found.gitlab.here:
        yield File(MAIN, _FIRST)


def _added(job: Deploying) -> str:
    # GitLab merges jobs of the same name, and what includes wins over what is included:
    # https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values
    return (
        f"\n# Added to the job of this name in {emit.comment(job.file)}; its image needs Python 3.10 and git.\n"
        f"{emit.quoted(job.job)}:\n  extends: .jira-ci-deployment\n"
    )
