"""Who asks for an emergency, as far as something that the run cannot change vouches for it."""

from __future__ import annotations

from urllib.parse import urlsplit

from jira_ci.ci.api import Unreadable
from jira_ci.context import Context
from jira_ci.frozen import replace
from jira_ci.gate.policy.emergency import Asker, Emergency
from jira_ci.git.origin import has_host, origin_objection
from jira_ci.run import CI
from jira_ci.sites import trust
from jira_ci.text import one_line

# Somebody does something, and is named. A schedule asks by itself; a run that another run starts, a merge queue's or a
# comment's may come from a pull request, and names whoever began that.
_GITHUB = ("workflow_dispatch", "repository_dispatch", "push", "release", "deployment")
# So does a trigger token, which is kept by other systems and always says who made it, and not who uses it
# (https://docs.gitlab.com/ci/triggers/).
_GITLAB = ("web", "api", "push", "chat")
_AGAIN = "Start a run by hand, and say the reason there."


def asker(context: Context, pull_request: str) -> Asker:
    """Who started this run, and this attempt of it. GitLab is asked once.

    GitHub's runner sets GITHUB_ACTOR and GITHUB_TRIGGERING_ACTOR, which no workflow can set otherwise
    (https://docs.github.com/actions/reference/workflows-and-actions/variables). Whoever starts a run again has not
    written its reason, so that both count. On GitLab whoever starts a pipeline can give it any GITLAB_USER_LOGIN.

    Args:
        pull_request: what else this run is of; empty where it is of no pull request.
    """
    if pull_request:
        return Asker(objection=f"this run is of {pull_request}, which no emergency comes from. {_AGAIN}")
    if context.run.provider == CI.GITHUB:
        return _at_github(context)
    if context.run.provider == CI.GITLAB:
        if "asker" not in context.files:
            context.files["asker"] = _at_gitlab(context)
        found: Asker = context.files["asker"]
        return found
    return Asker(objection="nothing vouches here for who asks: only GitHub and GitLab do.")


def with_teams(context: Context, found: Asker, allowed: Emergency) -> Asker:
    """Who asks, with those in a team that the policy names; asked of the provider, once for each who is not named."""
    others = [login for login in found.logins if not allowed.names(login)]
    if found.objection or not (others and allowed.teams):
        return found
    try:
        inside = [login for login in others if trust.in_a_team(context, allowed.teams, login)]
    except Unreadable as error:
        names = " and ".join(one_line(login, 80) for login in others)
        return Asker(objection=f"whether {names} is in a team that may is not known. {one_line(str(error), 300)}")
    return replace(found, in_teams=tuple(inside))


def _at_github(context: Context) -> Asker:
    run, again = context.run, context.edges.environ.get("GITHUB_TRIGGERING_ACTOR", "")
    if run.event not in _GITHUB:
        return _unasked(run.event)
    if run.attempt > 1 and not again:
        return Asker(objection="GitHub does not say who started this run again. Start a new one.")
    logins = tuple(dict.fromkeys(filter(None, (again, run.actor))))
    return Asker(logins) if logins else Asker(objection="GitHub does not say who started this run.")


def _at_gitlab(context: Context) -> Asker:
    run = context.run
    addresses = context.git.addresses()
    strange = origin_objection(addresses, run, trusting=False) or not all(map(has_host, addresses))
    if strange or urlsplit(run.api_url).netloc != urlsplit(run.repository_url).netloc:
        return Asker(
            objection="it is not certain that the GitLab that says who asks is the one that this checkout came from. "
            "Run the job in a checkout of its own, without variables named CI_API_V4_URL or CI_PROJECT_URL."
        )
    try:
        login, source = trust.job_user(context)
    except Unreadable as error:
        return Asker(objection=f"GitLab does not say who started this job. {one_line(str(error), 300)}")
    strange_kind = next((one for one in (source or run.event, run.event) if one not in _GITLAB), None)
    return Asker((login,)) if strange_kind is None else _unasked(strange_kind)


def _unasked(event: str) -> Asker:
    return Asker(objection=f"nobody asks for one with a run of the kind {one_line(event, 60) or 'unknown'}. {_AGAIN}")
