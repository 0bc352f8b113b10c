"""Which job and which leg a report is of: what tells its record from those of the run's other jobs."""

from __future__ import annotations

from jira_ci.run import Leg, Run, is_leg_named
from jira_ci.settings import Settings


def own(settings: Settings, run: Run, environment: str, tenant: str = "", service: str = "") -> tuple[str, str]:
    """The job and the leg that this run's report is of.

    Args:
        environment: what is deployed to; empty for a build.
    """
    leg = Leg(run.job, run.leg, run.leg_values, run.several_legs)
    return of(settings, leg, environment, tenant, service)


def of(settings: Settings, leg: Leg, environment: str, tenant: str = "", service: str = "") -> tuple[str, str]:
    """The job and the leg that a report of this leg is of, each empty where it tells nothing apart.

    A build is one of its job and leg, unless ``pipeline`` says what it is of. A deployment is known by where it goes,
    because its start and its end may be reported by different jobs; only the legs of one job that go to the same place
    are told apart.

    Args:
        environment: what is deployed to; empty for a build.
    """
    if settings.pipeline:
        return "", settings.leg
    if not environment:
        return leg.job, settings.leg or leg.name
    apart = leg.several and not is_leg_named(leg, environment, tenant, service)
    return "", settings.leg or (leg.name if apart else "")
