"""Pages read as a program reads them: over a socket, with what is in their HTML."""

from __future__ import annotations

import http.client
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from jira_sandbox.report_rules import BUILDS, DEPLOYMENTS
from jira_sandbox.server import Sandbox
from jira_sandbox.site_state import Site
from submissions import deployment


@dataclass
class Page:
    """An answer. ``elements`` are the names of its elements with their attributes, ``text`` is what people read."""

    status: int
    headers: dict[str, str]
    body: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def all(self, name: str, attribute: str) -> list[str]:
        """The values of this attribute of the elements with this name."""
        return [found[attribute] for element, found in self.elements if element == name and attribute in found]


_INLINE = ("a", "b", "bdi", "code", "small", "span", "svg", "time", "use")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append("" if tag in _INLINE else " ")

    def handle_endtag(self, tag: str) -> None:
        self.texts.append("" if tag in _INLINE else " ")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(answer: http.client.HTTPResponse) -> Page:
    """The answer as a page."""
    reader, body = _Reader(), answer.read().decode()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    if "html" in headers.get("content-type", ""):
        reader.feed(body)
        reader.close()
    return Page(answer.status, headers, body, reader.elements, " ".join("".join(reader.texts).split()))


def get(sandbox: Sandbox, path: str, method: str = "GET", **headers: str) -> Page:
    """The page at this path; names of headers with ``_`` for a hyphen."""
    sent = {"Accept": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return _ask(sandbox, method, path, None, sent)


def post(sandbox: Sandbox, path: str, fields: dict[str, str], **headers: str) -> Page:
    """The answer to a form of one of the sandbox's own pages, or to what the headers say instead."""
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": sandbox.address,
        "Sec-Fetch-Site": "same-origin",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return _ask(sandbox, "POST", path, urlencode(fields), {name: value for name, value in sent.items() if value})


def _ask(sandbox: Sandbox, method: str, path: str, body: str | None, headers: dict[str, str]) -> Page:
    with closing(http.client.HTTPConnection(sandbox.address.partition("//")[2], timeout=10)) as connection:
        connection.request(method, path, body, headers)
        return page(connection.getresponse())


HOSTILE = (
    "<script>document.title='owned'</script><svg onload=alert(1)>\"'--><img src=x onerror=alert(2)> "
    "{{ 7*191 }} \u202egnp.exe\u2066\u200b\x1b[31m </textarea></title><base href=//evil.example>"
)


def report(site: Site, *records: dict[str, Any]) -> None:
    """Submits builds and deployments, all of which are taken."""
    for one in records:
        family = BUILDS if "buildNumber" in one else DEPLOYMENTS
        answer = site.submit(family, {family.name: [one]})
        assert answer[f"accepted{family.noun}s"], answer


def on(name: str, kind: str = "production", identity: str = "", **changes: Any) -> dict[str, Any]:
    """A deployment to this environment."""
    environment = {"id": identity or name.lower(), "displayName": name, "type": kind}
    return deployment(environment=environment, **changes)
