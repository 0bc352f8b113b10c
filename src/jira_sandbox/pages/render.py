"""From a template and values to a page; the files that pages refer to."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from jira_sandbox.pages import moments, reports
from jira_sandbox.pages.texts import clipped, plural, visible, web_address

if TYPE_CHECKING:
    from jinja2 import Environment

FILES = {
    "style.css": "text/css; charset=utf-8",
    "script.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Name of a file -> its media type."""


def render(template: str, **values: Any) -> bytes:
    """The page. Every text in it is escaped, and its unseen characters are shown."""
    text = _environment().get_template(template).render(values)
    return text.encode("utf-8", "replace")


@lru_cache(1)
def warm() -> None:
    """Read every template, so that the first page of a process comes as quickly as the next ones."""
    folder = resources.files("jira_sandbox.pages").joinpath("templates")
    for template in folder.iterdir():
        _environment().get_template(template.name)


@lru_cache(8)
def file(name: str) -> bytes:
    """One of FILES."""
    return _read(f"static/{name}").encode()


@lru_cache(8)
def address(name: str) -> str:
    """Where a file is; another address as soon as it is another file, so that it may be kept for ever."""
    return f"/pages/{name}?v={hashlib.sha256(file(name)).hexdigest()[:10]}"


@lru_cache(1)
def version() -> str:
    """Another text as soon as a template or a file is another one."""
    digest = hashlib.sha256()
    for folder in ("templates", "static"):
        for one in sorted(resources.files("jira_sandbox.pages").joinpath(folder).iterdir(), key=lambda one: one.name):
            digest.update(one.read_bytes())
    return digest.hexdigest()[:10]


def _read(name: str) -> str:
    # Not by a path: the package may be in a zip file.
    return resources.files("jira_sandbox.pages").joinpath(name).read_text(encoding="utf-8")


@lru_cache(1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        loader=FunctionLoader(lambda name: _read(f"templates/{name}")),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": web_address,
        "clip": clipped,
        "clock": moments.clock_time,
        "day": moments.day,
        "field": moments.field,
        "lasted": moments.lasted,
        "machine": moments.machine,
        "minute": moments.minute,
        "visible": visible,
    }
    environment.globals |= {"file": address, "plural": plural, "words": reports.WORDS}
    return environment
