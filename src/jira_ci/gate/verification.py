"""Whether a kept record is what it says: its schema, its digest, and that the change still keeps the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jira_ci.config.schema import record_problem
from jira_ci.context import Context
from jira_ci.errors import Exit, JiraCiError, UsageError
from jira_ci.gate import kept_records, record
from jira_ci.gate.targets import trusted_files
from jira_ci.jira.access import site_url
from jira_ci.sites.session import GateSites
from jira_ci.text import named_once, one_line, string
from jira_ci.timing import Deadline

_LARGEST = 16 * 1024 * 1024  # bytes of a file with records
_FIRST = "jira-ci.decision/1"


@dataclass(frozen=True)
class Verified:
    """What came out for one record.

    Attributes:
        found: for people, in one sentence.
        exit: 0, or what stands against it.
    """

    sha256: str
    change: str
    found: str
    exit: Exit = Exit.OK


def records_of(path: Path) -> list[dict[str, Any]]:
    """The records of a file: one alone, or the list of several.

    Raises:
        UsageError: it cannot be read, or is no record by the published schema.
    """
    name = one_line(path.name, 200)
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{name} is larger than {_LARGEST // 1024 // 1024} MB.", "Give the file of one record.")
        document = json.loads(path.read_bytes(), object_pairs_hook=named_once)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.", "Check the path.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is no JSON document.", "Give the file that the output record names.") from None
    found = document if isinstance(document, list) and document else [document]
    for one in found:
        problem = record_problem(one)
        if problem:
            raise UsageError(
                f"{name} is no record of jira-ci's gate: {problem}.", "Give it as the gate has written it."
            )
    return found


def verify(context: Context, path: Path) -> Iterator[Verified]:
    """Each record of the file, in its order.

    Raises:
        UsageError: the file holds none.
    """
    found = records_of(path)
    with closing(GateSites(context)) as sites:
        sites.give(Deadline(context.given.timeout))
        words = _words(context)
        for one in found:
            yield _verified(sites, words, one)


def _verified(sites: GateSites, words: Mapping[str, str], found: Mapping[str, Any]) -> Verified:
    sha256, change = record.digest(found), found["change"]
    key, site = one_line(change["key"], 60), change["site"]
    doubt = _contradiction(found)
    if doubt:
        return Verified(sha256, key, f"The record contradicts itself: {doubt}. The file was changed.", Exit.DENIED)
    if not change["id"] or found["decision"] != "proceed" or found["schema"] == _FIRST:
        why = "version 0.1 kept none" if found["schema"] == _FIRST else "only what may begin is kept on its change"
        return Verified(sha256, key, f"No change keeps this record: {why}.")
    if site not in words:
        told = f"{one_line(site, 200)} was not asked: neither the setting site nor the trusted file names it."
        return Verified(sha256, key, f"{told} Set site, if it is yours.", Exit.USAGE)
    try:
        service = sites.service(site, words[site])
        kept, deployment = kept_records.kept(service, change["id"], sha256)
    except JiraCiError as error:
        return Verified(sha256, key, f"{key} could not be asked: {error}", error.exit)
    if kept == sha256:
        return _ended(sha256, key, found["deployment"], deployment)
    if kept:
        return Verified(sha256, key, f"{key} keeps another record under this name: {kept}.", Exit.DENIED)
    hint = "the file was changed, or the record was never kept there, or has been taken away."
    return Verified(sha256, key, f"{key} keeps no such record: {hint}", Exit.DENIED)


def _contradiction(found: Mapping[str, Any]) -> str:
    """What no gate writes; empty when there is nothing like that."""
    if (found["decision"] == "proceed") != (found["exit"] == 0):
        return f"its decision is {found['decision']}, and its exit {found['exit']}"
    if found["approved"] and found["decision"] != "proceed":
        return f"it is approved, and its decision is {found['decision']}"
    return ""


def _ended(sha256: str, key: str, told: Mapping[str, Any], kept: Mapping[str, Any]) -> Verified:
    """The same decision; how the deployment ended is written into the record later, and no digest covers it.

    Args:
        told: by the file.
        kept: on the change.
    """
    state, there = told["state"], string(kept.get("state"))
    if state and there and any(told[name] != kept.get(name) for name in ("started", "ended", "state")):
        another = f"{one_line(there, 40)}, {one_line(string(kept.get('ended')), 40)}"
        said = f"{key} keeps the same decision, and another end of its deployment: {another}"
        return Verified(sha256, key, f"{said}; the file says {state}, {told['ended']}.", Exit.DENIED)
    if state and not there:
        return Verified(sha256, key, f"{key} keeps the same record, and nothing of how its deployment ended.")
    more = f" Its deployment ended later: {one_line(there, 40)}." if there and not state else ""
    return Verified(sha256, key, f"{key} keeps the same record.{more}")


def _words(context: Context) -> dict[str, str]:
    """The sites that may be asked, each with the word of its credentials: those of the settings and of the trusted
    file. A record is anybody's text, and leads no token anywhere."""
    given = site_url(context.given.site, context.given.instance)
    known = {given: ""} if given else {}
    try:
        files = trusted_files(context).files
    except UsageError:
        return known
    configs = [one.config for one in files]
    own = {site_url(one.site, ""): one.credentials for config in configs for one in config.connections.values()}
    main = {site_url(config.site, ""): "" for config in configs if config.site}
    return {**own, **main, **known}
