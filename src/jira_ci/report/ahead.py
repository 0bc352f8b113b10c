"""Whether a report will have something to say, by what is at hand without git or a provider; then its sites are
connected to before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from jira_ci import states
from jira_ci.config import model as configuration
from jira_ci.context import Context
from jira_ci.errors import UsageError
from jira_ci.jira.access import base_url, site_url
from jira_ci.keys.parse_keys import Source, collect
from jira_ci.run import Run
from jira_ci.settings import Settings


def preconnect(context: Context, environments: Sequence[str]) -> None:
    """Begins to connect to Jira Cloud where the settings alone say which site and with which client, and a report will
    be sent there.

    Args:
        environments: what was deployed to; none for a build.
    """
    given = context.given
    if given.jira_type == "data-center" or not (given.client_id and given.client_secret and is_alone(context)):
        return
    try:
        if not will_speak(context, given, environments):
            return
        site = "" if given.cloud_id else site_url(given.site, given.instance)
        for address in filter(None, (base_url(given.api_url, "api-url"), site)):
            context.preconnected.begin(address, context.edges.environ, given.ca_bundle)
    except (ValueError, UsageError):  # whoever needs the setting says what is wrong with it
        return


def is_alone(context: Context) -> bool:
    """Whether the settings name the site, and the file no others: found out without Python's slow reader of YAML."""
    given = context.given
    if given.connection or not (given.site or given.instance or given.cloud_id):
        return False
    data = configuration.read_bytes(context.root, given.config) or b""
    return not (b"report-to" in data or b"\0" in data)  # or written in UTF-16


def will_speak(context: Context, settings: Settings, environments: Sequence[str], state: str | None = None) -> bool:
    """Whether there is something to report, as far as that can be known.

    Args:
        environments: what was deployed to; none for a build.
        state: Jira's word; what the settings or the CI say by default.

    Raises:
        UsageError: nothing says the state, or a word says it that is no state.
    """
    if settings.dry_run or not has_keys(context.run, settings):
        return False
    # Empty where everything was skipped.
    return bool(states.reported(settings.state, context.run, environments) if state is None else state)


def has_keys(run: Run, settings: Settings, projects: Sequence[str] = ()) -> bool:
    """Whether the texts that are at hand already hold a key.

    Args:
        projects: of which one has to be, instead of the settings'.
    """
    pull = [Source("", run.pull_request.title), Source("", run.pull_request.branch, True)] if run.pull_request else []
    texts = [Source("", run.branch, True), *(Source("", message) for message in run.messages)]
    return bool(settings.issue_keys or collect([*pull, *texts], projects or settings.projects, limit=1).keys)
