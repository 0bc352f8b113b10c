"""The services of the file: which are meant by their names, and which files of the repository are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jira_ci.config.model import Config
from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass
from jira_ci.text import canonical, one_line


@dataclass(frozen=True)
class Service:
    """One service of the repository."""

    name: str
    """As the file writes it."""
    ids: tuple[str, ...]
    """What Jira calls it."""
    paths: tuple[str, ...] = ()
    """Globs; without any the service is all of the repository."""


def known(config: Config | None, names: Iterable[str]) -> tuple[Service, ...]:
    """The services of these names, each once, in the order of the names.

    A name is compared as it is written; else in any case, if only one service is called so.

    Args:
        config: ``.jira-ci.yml``, if there is one.

    Raises:
        UsageError: the file has no such service, or there is no file; or one of its paths is invalid.
    """
    found = {service.name: service for service in (_known(config, name) for name in names)}
    return tuple(found.values())


def _known(config: Config | None, given: str) -> Service:
    shown = one_line(given, 80)
    if config is None:
        raise UsageError(
            f"service is {shown!r}, and there is no .jira-ci.yml to say what that is.",
            "Write one with services: in it, or take the setting service out.",
        )
    services = config.services
    if not services:
        raise UsageError(
            f"service is {shown!r}, and {config.name} has no services.",
            'Write there: services: {NAME: {ids: ["..."], paths: ["folder/**"]}}.',
        )
    alike = [given] if given in services else [name for name in services if canonical(name) == canonical(given)]
    if len(alike) > 1:
        both = " and ".join(one_line(name, 80) for name in alike[:2])
        raise UsageError(f"service is {shown!r}, and {config.name} has {both}.", "Write one of them exactly.")
    name = next(iter(alike), "")
    if not name:
        hint = nearest(given, services) or f"Known: {one_line(', '.join(services), 200)}."
        raise UsageError(f"service is {shown!r}, which is none of the services in {config.name}.", hint)
    paths = tuple(services[name].get("paths", ()))
    _check(config, name, paths)
    return Service(name, tuple(services[name]["ids"]), paths)


def _check(config: Config, service: str, paths: Sequence[str]) -> None:
    from jira_ci.keys.path_matching import problem

    for number, pattern in enumerate(paths):
        if wrong := problem(pattern):
            where = config.where("services", service, "paths", number)
            raise UsageError(f"{where}: the path {one_line(pattern, 80)} {wrong}.", "Correct it.")
    if paths and all(pattern.startswith("!") for pattern in paths):
        raise UsageError(
            f"{config.where('services', service, 'paths')}: every path of {one_line(service, 80)} begins with !, which"
            " only takes files out of those before.",
            'Name first what belongs to it; "**" is everything.',
        )
