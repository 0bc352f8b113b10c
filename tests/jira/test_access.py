"""Addresses as people write them."""

from __future__ import annotations

import pytest

from jira_ci.errors import UsageError
from jira_ci.jira.access import base_url, cloud_id, is_gateway_of, site_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("acme.atlassian.net", "https://acme.atlassian.net"),
        (" https://acme.atlassian.net/ ", "https://acme.atlassian.net"),
        ("HTTPS://Acme.Atlassian.Net", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/jira/software/projects/WEB/boards/1", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/#/x", "https://acme.atlassian.net"),
        ("https://gw.acme.example/atlassian/", "https://gw.acme.example/atlassian"),
        ("https://gw.acme.example:8443", "https://gw.acme.example:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.8.9.1", "http://127.8.9.1"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_made_exact(text: str, url: str) -> None:
    assert base_url(text, "site") == url


@pytest.mark.parametrize(
    "text",
    [
        "http://acme.atlassian.net",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "https://",
        "https:///x",
        "ftp://acme.example",
        "file:///etc/passwd",
        "https:/acme.example",
        "http:/acme.example",
        "https:acme.example",
        "acme.example:port",
        "acme.example:99999",
        "https://acme .example",
        "https://acme.example?x=1",
        "https://evil.example\\.atlassian.net",
        "https://[::1",
        "$(id).example",
        "${{ secrets.X }}",
        "😀.example",
    ],
)
def test_what_is_no_address_is_refused_with_the_settings_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"^api-url "):
        base_url(text, "api-url")


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hunter2@acme.example",
        "me:hunter2@acme.example",
        "https:/me:hunter2@acme.example",
        "https://acme.example\\@hunter2",
        "http://me:hunter2@127.0.0.1",
        "https://me:hunt er2@acme:x.example",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError, match="holds a user name or password") as caught:
        base_url(text, "site")
    assert "hunt" not in str(caught.value)


@pytest.mark.parametrize(
    ("site", "instance", "url"),
    [
        ("", "", ""),
        ("acme.atlassian.net", "", "https://acme.atlassian.net"),
        ("", "Acme", "https://acme.atlassian.net"),
        ("Acme.atlassian.net", "acme", "https://acme.atlassian.net"),
    ],
)
def test_site_and_instance_mean_one_address(site: str, instance: str, url: str) -> None:
    assert site_url(site, instance) == url


@pytest.mark.parametrize(
    ("site", "instance", "says"),
    [
        ("acme", "", "Did you mean acme.atlassian.net?"),
        ("", "acme.atlassian.net", "For a full address use site."),
        ("", "../x", "For a full address use site."),
        ("", "-x", "For a full address use site."),
        ("a.atlassian.net", "b", "they disagree"),
    ],
)
def test_a_site_that_cannot_be_meant_is_refused(site: str, instance: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        site_url(site, instance)
    assert says in str(caught.value)


def test_a_cloud_id_can_stand_in_a_path() -> None:
    assert cloud_id("11223344-a1b2-3b33-c444-def123456789") == "11223344-a1b2-3b33-c444-def123456789"
    for text in ("../x", "a/b", "a b", "x" * 65, "a\n"):
        with pytest.raises(UsageError, match="no cloud id"):
            cloud_id(text)


@pytest.mark.parametrize(
    ("site", "api", "may"),
    [
        ("https://acme.atlassian.net", "https://api.atlassian.com", True),
        ("https://acme.atlassian.net", "https://acme.atlassian.net", True),
        ("https://jira.acme.example", "https://jira.acme.example/gateway", True),
        ("http://127.0.0.1:8080", "http://127.0.0.1:9090", True),
        ("https://acme.atlassian.net", "https://evil.example", False),
        ("https://acme.atlassian.net", "https://api.atlassian.com.evil.example", False),
        ("https://acme.atlassian.net", "https://notatlassian.com", False),
        ("https://acme.atlassian.net", "http://127.0.0.1:9090", False),
    ],
)
def test_who_may_answer_for_a_site(site: str, api: str, may: bool) -> None:
    assert is_gateway_of(site, api) is may
