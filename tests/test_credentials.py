"""The variables of the connections that the file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from jira_ci import credentials
from jira_ci.settings import TABLE, Setting, resolve

ENVIRON = {
    "JIRA_CI_EMEA_USER": " ana ",
    "JIRA_CI_EMEA_TOKEN": "token-of-emea\n",
    "JIRA_CI_EMEA_CLIENT_ID": "id",
    "JIRA_CI_EMEA_CLIENT_SECRET": "secret-of-emea",
    "JIRA_CI_EMEA_HEADERS": "X-A: one\r\n\nX-B: two, three\n",
    "JIRA_CI_EMEA_2_TOKEN": "token-of-another",
    "JIRA_CI_TOKEN": "token-of-the-default",
    "EMEA_TOKEN": "somebody's",
}


def of(word: str, environ: Mapping[str, str] = ENVIRON) -> tuple[Any, ...]:
    found = credentials.of_connection(resolve({}, {"JIRA_CI_TOKEN": "the default's"}), environ, word)
    return found.user, found.token, found.client_id, found.client_secret, found.headers


def test_a_connection_has_what_its_word_names_and_nothing_else() -> None:
    assert of("EMEA") == ("ana", "token-of-emea", "id", "secret-of-emea", ("X-A: one", "X-B: two, three"))
    assert of("EMEA_2") == ("", "token-of-another", "", "", ())
    assert of("ASIA") == ("", "", "", "", ())
    assert of("EMEA", {"JIRA_CI_EMEA_HEADERS": " \n"}) == ("", "", "", "", ())


def test_the_secrets_of_all_connections_are_known() -> None:
    assert set(credentials.secrets(ENVIRON)) == {
        "token-of-emea\n",
        "secret-of-emea",
        "one",
        "",
        "two, three",
        "token-of-another",
    }


def test_no_credential_is_shown() -> None:
    assert "of-emea" not in repr(credentials.of_connection(resolve({}, {}), ENVIRON, "EMEA"))


def test_variables_have_the_word_between() -> None:
    assert credentials.variable("client-id", "EMEA") == "JIRA_CI_EMEA_CLIENT_ID"
    assert credentials.variable("client-id") == "JIRA_CI_CLIENT_ID"


@pytest.mark.parametrize("row", [row for row in TABLE if row.name.rpartition("-")[0]], ids=lambda row: row.name)
def test_no_word_leads_to_a_setting(row: Setting) -> None:
    """Whatever settings there will be: no way to read one's variable as a connection's is let through."""
    own = row.variable.removeprefix("JIRA_CI_")
    for name in ("USER", "TOKEN", "CLIENT_ID", "CLIENT_SECRET", "HEADERS"):
        word = own.removesuffix(f"_{name}")
        if word != own:
            assert credentials.taken(word) == row.variable


@pytest.mark.parametrize(
    ("word", "variable"),
    [
        ("GITHUB", "JIRA_CI_GITHUB_TOKEN"),
        ("GITLAB", "JIRA_CI_GITLAB_TOKEN"),
        ("INPUT", "JIRA_CI_INPUT_USER"),
        ("INPUT_GITHUB", "JIRA_CI_INPUT_GITHUB_USER"),
        ("INPUT_EMEA", "JIRA_CI_INPUT_EMEA_USER"),
        ("OUT", "JIRA_CI_OUT_USER"),
        ("OUT_OF_HERE", "JIRA_CI_OUT_OF_HERE_USER"),
        ("PLUGIN", "JIRA_CI_PLUGIN_USER"),
        ("PLUGIN_EMEA", "JIRA_CI_PLUGIN_EMEA_USER"),
        ("EMEA", ""),
        ("INPUTS", ""),
        ("OUTER", ""),
        ("GITHUB_COM", ""),
        ("MY_GITHUB", ""),
    ],
)
def test_words_that_would_lead_to_somebody_elses_variables_are_known(word: str, variable: str) -> None:
    assert credentials.taken(word) == variable
