"""What flags, inputs and variables may do to a policy: tighten it. Everything else is an error and never a choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from jira_ci.config.model import Config
from jira_ci.errors import UsageError
from jira_ci.frozen import dataclass
from jira_ci.jira.access import site_url
from jira_ci.text import one_line

_MOST_APPROVALS = 100
Readers = Literal["off", "internal", "public"]
_READERS: tuple[Readers, ...] = ("off", "internal", "public")
"""What ``comments`` can say, by how many people read along."""
_KEY = re.compile(r"[^\W\d_]\w{1,255}-[0-9]{1,255}")


@dataclass(frozen=True)
class Asked:
    """What flags, inputs and variables say; ``None`` or empty where they say nothing. Never what a file says."""

    change_controlled: bool | None = None
    create: bool | None = None
    minimum_approvals: int | None = None
    gate_by: str = ""
    comments: str = ""
    site: str = ""
    """An address, also the one that ``instance`` means."""
    change: str = ""
    project_name: str = ""


def project(config: Config, asked: Asked, repository: str) -> str:
    """The project's name: the file's, else the setting's, else the repository's without its owner."""
    own, wanted = config.project_name, asked.project_name
    if own and wanted and own != wanted:
        raise looser("project-name", wanted, own, config.name)
    return own or wanted or repository.rpartition("/")[2]


def site_and_credentials(config: Config, control: Mapping[str, Any], asked: Asked) -> tuple[str, str]:
    """The gate's site (empty when none is named), and the word of its credentials (empty for the default's)."""
    name, wanted = control["connection"], site_url(asked.site, "")
    own = site_url(config.site, "")
    named = config.connections.get(name)
    bound = site_url(named.site, "") if named else own
    # The setting is about the connection default, where reports go, whatever site the gate asks.
    if wanted and own and _host(wanted) not in (_host(own), _host(bound)):
        raise looser("site", wanted, bound, config.name)
    return bound or wanted, named.credentials if named else ""


def change(config: Config, control: Mapping[str, Any], asked: Asked) -> str:
    """The key of the only change that is asked; empty when none was given."""
    own: str = control.get("change", "")
    if asked.change and not _KEY.fullmatch(asked.change):
        raise UsageError(f"change is {one_line(asked.change, 80)!r}, which is no issue key.", "Give one such as OPS-7.")
    if own and asked.change not in ("", own):
        raise looser("change", asked.change, own, config.name)
    return own or asked.change


def create(config: Config, control: Mapping[str, Any], asked: Asked) -> bool:
    """Whether a change may be made."""
    if asked.create is True and control["create"] is not True:
        raise looser("create", "true", "false", config.name)
    return control["create"] is True and asked.create is not False


def minimum_approvals(config: Config, control: Mapping[str, Any], asked: Asked) -> int:
    """How many people must have approved: a larger number wins."""
    own, wanted = control["minimum-approvals"], asked.minimum_approvals
    if wanted is None:
        return int(own)
    if type(wanted) is not int or not 0 <= wanted <= _MOST_APPROVALS:
        raise UsageError(
            f"minimum-approvals is {one_line(str(wanted), 80)!r}, and no whole number up to {_MOST_APPROVALS}."
        )
    if wanted < own:
        raise looser("minimum-approvals", str(wanted), str(own), config.name)
    return wanted


def gate_by(config: Config, control: Mapping[str, Any], asked: Asked) -> Literal["change", "jira"]:
    """Who decides."""
    own: Literal["change", "jira"] = control["gate-by"]
    if asked.gate_by not in ("", own):
        raise looser("gate-by", asked.gate_by, own, config.name)
    return own


def comments(config: Config, control: Mapping[str, Any], asked: Asked) -> Readers:
    """Who reads what a change is told: fewer people win."""
    own: Readers = control["comments"]
    if not asked.comments:
        return own
    wanted = next((one for one in _READERS if one == asked.comments), None)
    if wanted is None or _READERS.index(wanted) > _READERS.index(own):
        raise looser("comments", asked.comments, own, config.name)
    return wanted


def unenforceable(control: Mapping[str, Any], *, approvals: int, given: str) -> str:
    """What is demanded of a change that would not be looked at, because Jira's own gating decides; or nothing.

    Args:
        approvals, given: what is in force for ``minimum-approvals`` and ``change``.
    """
    demands = {
        f"minimum-approvals: {approvals}": approvals > 0,
        "window-required: true": control["window-required"],
        f"exclude-approvers: {', '.join(control['exclude-approvers'])}": bool(control["exclude-approvers"]),
        f"required-approvals: {', '.join(control['required-approvals'])}": bool(control["required-approvals"]),
        "required-approvers": bool(control["required-approvers"]),
        "one-change-for": bool(control["one-change-for"]),
        "edits: deny": control["edits"] == "deny",
        f"watched-fields: {', '.join(control['watched-fields'])}": bool(control["watched-fields"]),
        f"change: {given}": bool(given),
        "reuse: once": control["reuse"] == "once",
    }
    return next((demand for demand, holds in demands.items() if holds), "")


def looser(name: str, wanted: str, own: str, files: str) -> UsageError:
    """The refusal of a setting that would loosen the policy of these files."""
    return UsageError(
        f"The setting {name} is {one_line(wanted, 100)}, but the policy ({files}) says {one_line(own, 100)}, and "
        "settings can only tighten it.",
        "Leave the setting out, or change the policy where it is trusted.",
    )


def _host(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").rstrip("."), port, parts.path
