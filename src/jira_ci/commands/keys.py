"""``keys``: which issue keys, and where each was found."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing

from jira_ci.context import Context, Result
from jira_ci.keys.parse_keys import Keys, Source, collect
from jira_ci.keys.resolve import Claim, Claims
from jira_ci.keys.services import known
from jira_ci.text import one_line


def run(context: Context, arguments: Namespace) -> Result:
    """The keys of ``--text``, else of the run; with an environment, those of a deployment to it; with services, those
    of their commits.
    """
    if arguments.text is not None:
        claim = Claim(collect([Source("--text", arguments.text)], context.settings.projects), ())
    else:
        with closing(Claims(context)) as claims:
            services = [service.name for service in known(context.config, context.settings.service)]
            claim = _joined(
                [claims.of(name, service) for name in context.environment_names or [""] for service in services or [""]]
            )
    _say(context, claim)
    return Result(
        outputs={"issue-keys": list(claim.keys.keys), "keys-complete": claim.complete},
        document={"sources": dict(claim.keys.sources), "dropped": dict(claim.keys.dropped)},
    )


def _say(context: Context, claim: Claim) -> None:
    keys = claim.keys
    for key, where in keys.sources.items():
        context.console.say(f"{key}  {one_line(where)}")
    if not keys.keys:
        context.console.say("No issue key was found.")
    if keys.left_out:
        context.console.say(f"{keys.left_out} more are left out: Jira takes 500.")
    for key, why in keys.dropped.items():
        context.console.say(f"Not counted: {one_line(key)}  {why}")
    for gap in claim.gaps:
        context.console.notice("warning", gap)


def _joined(claims: Sequence[Claim]) -> Claim:
    sources: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for claim in claims:
        sources = {**claim.keys.sources, **sources}
        dropped = {**claim.keys.dropped, **dropped}
    keys = tuple(dict.fromkeys(key for claim in claims for key in claim.keys.keys))
    gaps = tuple(dict.fromkeys(gap for claim in claims for gap in claim.gaps))
    return Claim(Keys(keys, sources, dropped, max(claim.keys.left_out for claim in claims)), gaps)
