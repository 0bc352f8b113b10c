"""The variables of the connections that the file names."""

from __future__ import annotations

from jira_ci import credentials
from jira_ci.credentials import Credentials

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


def test_a_connection_has_what_its_word_names_and_nothing_else() -> None:
    assert credentials.of_connection(ENVIRON, "EMEA") == Credentials(
        "ana", "token-of-emea", "id", "secret-of-emea", ("X-A: one", "X-B: two, three")
    )
    assert credentials.of_connection(ENVIRON, "EMEA_2") == Credentials(token="token-of-another")
    assert credentials.of_connection(ENVIRON, "ASIA") == Credentials()
    assert credentials.of_connection({"JIRA_CI_EMEA_HEADERS": " \n"}, "EMEA") == Credentials()


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
    assert "of-emea" not in repr(credentials.of_connection(ENVIRON, "EMEA"))


def test_variables_have_the_word_between() -> None:
    assert credentials.variable("client-id", "EMEA") == "JIRA_CI_EMEA_CLIENT_ID"
    assert credentials.variable("client-id") == "JIRA_CI_CLIENT_ID"
