"""What is left for a person to do, with the exact lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from jira_ci import __version__
from jira_ci.config.model import Config
from jira_ci.init import files, github_workflow, gitlab_jobs, hints
from jira_ci.init.config_file import DESK, PLACEHOLDER, service_name
from jira_ci.init.files import Deploying, Found
from jira_ci.run import CI
from jira_ci.text import one_line

_OAUTH = (
    "Create credentials in Jira, as a site administrator: Settings, Marketplace apps, OAuth credentials, Create "
    "credentials; allow Builds and Deployments."
)
_KEEP = {
    CI.GITHUB: "Keep them as secrets of the repository or organisation: gh secret set JIRA_CLIENT_ID, and "
    "gh secret set JIRA_CLIENT_SECRET.",
    CI.GITLAB: "Keep them as CI/CD variables of the project or group: JIRA_CI_CLIENT_ID and, masked, "
    "JIRA_CI_CLIENT_SECRET.",
    None: "Keep them as secrets of your CI, and pass them as JIRA_CI_CLIENT_ID and JIRA_CI_CLIENT_SECRET.",
}
_PERSON = {
    CI.GITHUB: "JIRA_USER and JIRA_TOKEN",
    CI.GITLAB: "JIRA_CI_USER and, masked, JIRA_CI_TOKEN",
    None: "JIRA_CI_USER and JIRA_CI_TOKEN",
}
_INCLUDED = {
    "": "add at its top:\ninclude:\n",
    "one": "make a list of what stands behind its include:, of which it is the first item, and add this one:\n",
    "several": "add below its include:, as one more item:\n",
}
_JOB_ID = re.compile(r"[A-Za-z_][\w-]*")
_ANYWHERE = (
    "No workflow was written: neither GitHub nor GitLab was recognised. Let the pipeline run, at its end:\n"
    "  jira-ci build --state success\n"
    "  jira-ci deployment --environment Prod --state success"
)


def of(found: Found, config: Config | None) -> list[str]:
    """One entry for each step; an entry may have several lines.

    Args:
        config: the file that was proposed; None when there was one already.
    """
    return [
        *(_configuration(found, config) if config else ()),
        *(_github(found) if CI.GITHUB in found.providers else ()),
        *(_gitlab(found) if CI.GITLAB in found.providers else ()),
        *(() if found.providers else (_ANYWHERE,)),
        *_open_names(found),
        *_parts(found, config),
        *_of_atlassian(found, config),
        *(_gate(found, config) if found.gate else ()),
        f"{_OAUTH} {' '.join(_KEEP[name] for name in found.providers or (None,))}",
        "Commit the files, then test all of it with these credentials in JIRA_CI_CLIENT_ID and JIRA_CI_CLIENT_SECRET:\n"
        "  jira-ci check",
    ]


def _of_atlassian(found: Found, config: Config | None) -> Iterator[str]:
    """What a deployment needs so that it is of the services, and gated, as with Atlassian's own file."""
    if config and found.service_ids:
        name = files.quoted(service_name(found))
        yield f"Give each step or job that reports a deployment the service of the file:\n  service: {name}"
    if config and found.gating:
        yield (
            f"{found.gating} lets Jira gate deployments (deploymentGating). Here the deployment itself asks: put its "
            "command behind jira-ci deploy, and take deploymentGating out of that file then:\n"
            "  jira-ci deploy --environment Prod --wait 2h -- ./deploy.sh"
        )


def _gate(found: Found, config: Config | None) -> Iterator[str]:
    """What only people know about the gate, what stands behind it, and where its own account's token goes."""
    if config and found.production:
        where = config.where("change-control", "service-desk")
        yield f"{where}: write the key of your service desk's project in place of {DESK}:\n  service-desk: OPS"
    elif config:
        yield (
            f"{config.name}: no job here deploys to production, so that nothing waits yet. Name what shall wait, and "
            "the service desk:\n"
            "  environments:\n    Prod: {type: production, change-controlled: true}\n"
            "  change-control:\n    enabled: true\n    service-desk: OPS\n    minimum-approvals: 1"
        )
    yield from _behind(found)
    yield (
        "The gate's own account is an agent of the service desk who approves nothing. Keep its address and its API "
        f"token beside the other secrets: {' and '.join(_PERSON[name] for name in found.providers or (None,))}."
    )
    if CI.GITLAB in found.providers:
        yield (
            "To resume, keep a project access token with the scope api and a role that may deploy as "
            "JIRA_CI_GITLAB_TOKEN, masked, and add a schedule: Build, Pipeline schedules."
        )
        if found.gitlab.reports:
            yield f"Add the job that resumes to your pipeline:\n{gitlab_jobs.RESUME}"


def _behind(found: Found) -> Iterator[str]:
    """How the command that deploys comes behind the gate, where no job of GitHub's was named for it."""
    name = found.production[0].name if found.production else "Prod"
    if CI.GITHUB in found.providers and not any(map(found.waits, found.github.deploying)):
        yield f"Put the command that deploys behind the gate:\n{github_workflow.gated_step(name)}"
    if CI.GITLAB in found.providers:
        jobs = [job for job in found.gitlab.deploying if found.waits(job) and not job.starts]
        of = f" of {', '.join(one_line(job.job, 100) for job in jobs)}" if jobs else ""
        yield f"In the script{of}, put the command that deploys behind the gate:\n  - jira_ci deploy -- ./deploy.sh"
        crowded = [job for job in jobs if not job.alone]
        if crowded:
            names = ", ".join(one_line(job.job, 100) for job in crowded)
            group = files.quoted(crowded[0].written)
            yield f"Two pipelines could deploy at once. Give {names} a queue:\n  resource_group: {group}"
    if not found.providers:
        quoted = shlex.quote(name)
        yield f"Put the command that deploys behind the gate:\n  jira-ci deploy --environment {quoted} -- ./deploy.sh"


def _configuration(found: Found, config: Config) -> Iterator[str]:
    if not found.site:
        where = config.where("jira", "site")
        yield f"{where}: write your Jira site in place of {PLACEHOLDER}:\n  site: acme.atlassian.net"
    if found.projects:
        yield f"{config.where('jira', 'projects')}: check that these are your issues' projects."
    else:
        yield f"{config.name}: name the projects whose issues count, below jira:\n  projects: [WEB]"
    for row in found.environments:
        if row.unsure:
            where = config.where("environments", row.name)
            yield f"{where}: say which type this environment has, such as:\n  {files.quoted(row.name)}: staging"


def _github(found: Found) -> Iterator[str]:
    if not found.github.here:
        yield (
            "In the workflow, put what builds and tests in place of:\n"
            '  - run: echo "Put here what builds and tests this repository."'
        )
    deploying = [job for job in found.github.deploying if job.file not in found.github.reports]
    own = [job for job in deploying if not job.uses]
    waiting = [job for job in own if job.deploys and found.waits(job)]
    told = [job for job in own if job not in waiting]
    bare = [job for job in told if job.deploys and "Python" in hints.lacks(job.image)]
    yield from _gated_steps(found, waiting)
    yield from _two_steps(found, [job for job in told if job not in bare])
    for job in bare:
        yield _without_python(found, job)
    for job in (one for one in deploying if one.uses):
        yield _by_another(found, job)
    yield from _called(deploying)
    if found.github.builds:
        yield (
            "For counts of tests, every commit of a push, and re-runs that update their record, put this as the last "
            f"step into the job that builds, and take its workflow's name out of {github_workflow.OURS}:\n"
            f"{github_workflow.build_step(found.github.tests)}"
        )
    elif found.github.here and not found.github.reports:
        yield (
            "No workflow here was seen to build on pushes or pull requests, so that no build is reported. Where one "
            f"does, put this as the last step:\n{github_workflow.build_step(found.github.tests)}"
        )
    yield (
        "Tags can move: pin jira-ci/jira-ci by the commit of the release, which this prints, and take away the comment "
        "for zizmor:\n"
        f"  git ls-remote https://github.com/jira-ci/jira-ci 'refs/tags/v{__version__}^{{}}'"
    )
    if found.host and not found.newest and not found.host.endswith(".ghe.com"):
        yield (
            f"{one_line(found.host, 100)} takes actions from github.com where GitHub Connect is on; else have an "
            "administrator mirror jira-ci/jira-ci and actions/checkout there."
        )


def _gated_steps(found: Found, jobs: list[Deploying]) -> Iterator[str]:
    if jobs:
        said = "in place of the step that deploys, one that asks the gate first, and reports start and end itself"
        yield _for_all(found, jobs, said, [github_workflow.gated_step(jobs[0].written)])
    for job in jobs:
        if "Python" in hints.lacks(job.image):
            yield (
                f"{one_line(job.where, 200)}: its container {one_line(job.image, 100)} has no Python. The gate stands "
                "in the job that deploys: install python3 and git there, or start the container in the script."
            )


def _two_steps(found: Found, jobs: list[Deploying]) -> Iterator[str]:
    if jobs:
        first = min(jobs, key=lambda job: not job.deploys)
        steps = github_workflow.deployment_steps(first.written)
        said = "to report its deployments, add the first of these before it deploys, and the second as its last step"
        yield _for_all(found, [first, *(job for job in jobs if job is not first)], said, steps)


def _for_all(found: Found, jobs: list[Deploying], said: str, steps: Iterable[str]) -> str:
    """The steps for the first of these jobs, and what is different for each other one."""
    return "\n".join(
        [
            f"{one_line(jobs[0].where, 200)}: {said}{_if_it_deploys(jobs[0])}:",
            *steps,
            *(
                f"{one_line(job.where, 200)}, with environment: {files.quoted(job.written)}{_if_it_deploys(job)}"
                for job in jobs[1:]
            ),
            *(["The legs of a matrix are told apart by themselves."] if any(job.matrix for job in jobs) else []),
            *_one_at_a_time(found, [job for job in jobs if not job.alone]),
            "Where the workflow has permissions:, it needs contents, deployments and pull-requests: read.",
        ]
    )


def _one_at_a_time(found: Found, jobs: list[Deploying]) -> Iterator[str]:
    """Without a queue GitHub cancels the middle one of three deployments that wait for one another."""
    if jobs:
        names = ", ".join(dict.fromkeys(one_line(job.job, 100) for job in jobs))
        yield f"Two runs could deploy at once. Give {names} a queue, beside steps:"
        group = files.quoted(f"deploy-{jobs[0].written}")
        yield f"    concurrency:\n      group: {group}\n      cancel-in-progress: false"
        yield from ["      queue: max"] if found.newest else []


def _if_it_deploys(job: Deploying) -> str:
    return "" if job.deploys else " (only if it deploys: it has deployment: false)"


def _without_python(found: Found, job: Deploying) -> str:
    why = f"{one_line(job.where, 200)}: its container {one_line(job.image, 100)} has no Python, which jira-ci runs on."
    if job.matrix or not _JOB_ID.fullmatch(job.job) or "${{" in job.written:
        return f"{why} Install python3 and git in it, or report from a job of its own that needs this one."
    return f"{why} Let a job of its own report:\n{github_workflow.deployment_job(job, found.github.runs_on)}"


def _by_another(found: Found, job: Deploying) -> str:
    why = f"{one_line(job.where, 200)}: {one_line(job.uses, 200)} deploys for it."
    if found.waits(job):
        return f"{why} The gate belongs there, in place of the step that deploys."
    if job.matrix or not _JOB_ID.fullmatch(job.job) or "${{" in job.written:
        return f"{why} Report it there, or from a job of its own that needs this one."
    return f"{why} Let a job of its own report:\n{github_workflow.deployment_job(job, found.github.runs_on)}"


def _called(deploying: list[Deploying]) -> Iterator[str]:
    files = list(dict.fromkeys(job.file for job in deploying if job.called))
    if files:
        yield (
            f"{one_line(', '.join(files), 400)}: workflows that call this have to pass the secrets on, below uses:\n"
            "  secrets: inherit"
        )


def _gitlab(found: Found) -> Iterator[str]:
    if found.gitlab.here and not found.gitlab.reports:
        yield f".gitlab-ci.yml: {_INCLUDED[found.gitlab.includes]}  - {gitlab_jobs.INCLUDE}"
    if found.gitlab.tests and not found.gitlab.reports:
        yield (
            f"{one_line(found.gitlab.tested_by, 100)}: for counts of its tests, let it report its own build:\n"
            "  extends: .jira-ci-build\n"
            f"  variables:\n    JIRA_CI_TEST_RESULTS: {files.quoted(', '.join(found.gitlab.tests))}"
        )
    if found.host not in ("", "gitlab.com") and not found.gitlab.reports:
        yield (
            f"{one_line(found.host, 100)}: where its runners do not reach gitlab.com, mirror the template and "
            "jira-ci.pyz of the release, include the template from there, and set for the group:\n"
            "  JIRA_CI_PYZ: the address of jira-ci.pyz\n  JIRA_CI_PYZ_SHA256: its hash, from SHA256SUMS"
        )
    for file in dict.fromkeys(job.file for job in found.gitlab.deploying if job.child):
        yield (
            f"{one_line(file, 200)}: its jobs are a pipeline of their own, which includes the template itself:\n"
            f"  include:\n    - remote: {gitlab_jobs.TEMPLATE}"
        )
    for job in found.gitlab.deploying:
        if "has no Python" in job.obstacle:
            yield _beside(job, gated=found.waits(job))
        elif job.obstacle and "already" not in job.obstacle and not job.starts:
            yield _added_by_hand(job, gated=found.waits(job))


def _added_by_hand(job: Deploying, *, gated: bool) -> str:
    ours = gitlab_jobs.hidden(gated=gated)
    scripts = ("before_script",) if gated else ("before_script", "after_script")
    what = "To let it wait" if gated else "To report its deployments"
    lines = [f"  extends: {_extended(job, ours)}"]
    for script in scripts if not job.child else ():
        lines += [f"  {script}:", f"    - !reference [{ours}, {script}]", "    # then today's lines"]
    why = f"{one_line(job.where, 200)}: {job.obstacle}, so nothing was added to it. {what}:"
    return "\n".join([why, *lines])


def _beside(job: Deploying, *, gated: bool) -> str:
    text = "" if gated else gitlab_jobs.beside(job)
    why = f"{one_line(job.where, 200)}: {one_line(job.obstacle, 200)}, so nothing was added to it."
    if not text:
        because = "The gate stands in the job that deploys" if gated else "A person starts it"
        ours = _extended(job, gitlab_jobs.hidden(gated=gated))
        return f"{why} {because}, so give it an image with Python 3.10 and git:\n  extends: {ours}"
    return f"{why} Jobs beside it can report:\n" + "\n".join(f"  {line}" for line in text.splitlines())


def _extended(job: Deploying, ours: str) -> str:
    return files.listed([*job.parents, ours]) if job.parents else ours


def _open_names(found: Found) -> Iterator[str]:
    for job in (*found.github.deploying, *found.gitlab.deploying):
        if not job.names and not job.written.lower().startswith("review/"):
            yield (
                f"{one_line(job.where, 200)}: its environment is {one_line(job.written, 200)}, and only a run knows "
                "what that becomes. Try the names with: jira-ci environment NAME"
            )
        elif job.names and job.open:
            yield (
                f"{one_line(job.where, 200)}: its environment is {one_line(job.written, 200)}, and besides "
                f"{one_line(', '.join(job.names), 200)} only a run knows what that becomes."
            )
    unnamed = (*found.github.unnamed, *found.gitlab.unnamed)
    if unnamed:
        yield (
            f"{one_line(', '.join(unnamed), 400)}: if that deploys, say where to, and let "
            "init --dry-run show the rest:\n  environment: Prod"
        )


def _parts(found: Found, config: Config | None) -> Iterator[str]:
    """The services of a repository of which each workflow deploys a part."""
    if config and len(found.github.parts) > 1 and not found.service_ids:
        rows = (
            f"    {files.quoted(name)}: {{ids: [ID-IN-JIRA], paths: {files.listed(paths)}}}"
            for name, paths in found.github.parts
        )
        yield (
            f"{config.name}: each workflow deploys a part. Name the parts, so that a deployment claims the issues of "
            "its own alone, and give its steps service: NAME:\n  services:\n" + "\n".join(rows)
        )
