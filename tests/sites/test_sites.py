"""Which sites a run reports to, and with which settings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from jira_ci.context import Context, make_console, open_context
from jira_ci.edges import Edges
from jira_ci.errors import UsageError
from jira_ci.settings import resolve
from jira_ci.sites.sites import Site, sites

FILE = """\
jira: {site: acme.atlassian.net}
connections:
  emea: {site: jira.emea.example, credentials: EMEA}
  asia: {site: acme-asia.atlassian.net, credentials: ASIA}
"""
ENVIRON = {
    "JIRA_CI_CLIENT_ID": "id",
    "JIRA_CI_CLIENT_SECRET": "secret",
    "JIRA_CI_CLOUD_ID": "11-22",
    "JIRA_CI_USER": "ana",
    "JIRA_CI_TOKEN": "token",
    "JIRA_CI_HEADERS": "X-A: mine",
    "JIRA_CI_JIRA_TYPE": "cloud",
    "JIRA_CI_EMEA_TOKEN": "emea-token",
    "JIRA_CI_EMEA_HEADERS": "X-A: emea",
    "JIRA_CI_TIMEOUT": "7s",
}


def context(folder: Path, file: str = FILE, **environ: str) -> Context:
    if file:
        (folder / ".jira-ci.yml").write_text(file, encoding="utf-8")
    edges = Edges({**ENVIRON, **environ}, folder, io.StringIO(), io.StringIO())
    settings = resolve({}, edges.environ)
    return open_context(settings, make_console(settings, edges), edges)


def names(given: Context) -> list[str]:
    return [one.name for one in sites(given)]


@pytest.mark.parametrize(
    ("file", "setting", "expected"),
    [
        ("", "", ["default"]),
        (FILE, "", ["default"]),
        (f"{FILE}report-to: [emea]\n", "", ["emea"]),
        (f"{FILE}report-to: [asia, default, emea]\n", "", ["asia", "default", "emea"]),
        (f"{FILE}report-to: [asia]\n", "default", ["default"]),
        (FILE, "emea,asia,emea", ["emea", "asia"]),
    ],
)
def test_the_setting_then_the_file_then_the_default(
    tmp_path: Path, file: str, setting: str, expected: list[str]
) -> None:
    assert names(context(tmp_path, file, **({"JIRA_CI_CONNECTION": setting} if setting else {}))) == expected


def test_a_connection_has_nothing_of_the_defaults_credentials(tmp_path: Path) -> None:
    default, emea = sites(context(tmp_path, f"{FILE}report-to: [default, emea]\n"))
    own = emea.settings
    assert (own.site, own.token, own.headers) == ("jira.emea.example", "emea-token", ("X-A: emea",))
    assert (own.user, own.client_id, own.client_secret, own.cloud_id, own.instance) == ("", "", "", "", "")
    assert (own.jira_type, own.timeout) == ("auto", 7.0)
    assert default.settings.site == "acme.atlassian.net"
    assert default.settings.headers == ("X-A: mine",)


def test_editions_as_far_as_the_settings_tell(tmp_path: Path) -> None:
    found = sites(context(tmp_path, JIRA_CI_CONNECTION="default,emea,asia"))
    assert [one.edition for one in found] == ["cloud", None, "cloud"]


@pytest.mark.parametrize(
    ("word", "says"),
    [("emae", "Did you mean emea?"), ("EMEA", "Known: default, emea, asia."), ("x\n::error::", "Known: ")],
)
def test_a_stranger_is_refused(tmp_path: Path, word: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        sites(context(tmp_path, JIRA_CI_CONNECTION=word))
    assert "JIRA_CI_CONNECTION" in caught.value.message
    assert says in caught.value.hint


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, ""),
        ({"token": ""}, "client-id and client-secret are not set. Create OAuth credentials"),
        ({"token": "", "user": "ana"}, "for Jira Data Center pass a personal access token as JIRA_CI_EMEA_TOKEN"),
        ({"jira-type": "data-center", "token": ""}, "token is not set. Make a token in your profile"),
        ({"jira-type": "data-center", "site": ""}, "site is not set"),
        ({"jira-type": "data-center", "client-id": "x"}, ""),
        ({"jira-type": "cloud"}, "client-id and client-secret are not set"),
        ({"client-id": "x"}, "client-secret is not set. Create OAuth credentials"),
        ({"client-secret": "x"}, "client-id is not set"),
        ({"site": "acme.atlassian.net"}, "pass them as JIRA_CI_EMEA_CLIENT_ID and JIRA_CI_EMEA_CLIENT_SECRET."),
        ({"site": "me:x@jira.example"}, "site holds a user name or password"),
        ({"headers": "no header"}, "Line 1 of headers"),
        ({"ca-bundle": "/gone.pem"}, "no such file"),
        ({"site": "acme.atlassian.net", "client-id": "x", "client-secret": "y", "token": ""}, ""),
    ],
)
def test_what_is_missing_or_cannot_be_meant(changes: dict[str, str], says: str) -> None:
    given: dict[str, str | None] = {"site": "jira.emea.example", "token": "t", **changes}
    flags = {name: value or None for name, value in given.items()}
    fault = Site("emea", resolve(flags, {}), "EMEA").fault
    assert says in str(fault or "")
    assert (fault is None) == (says == "")
