"""Templates: what comes out of them, and that no value decides where a link leads."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jira_ci import templates
from jira_ci.errors import UsageError
from jira_ci.jira.records import inert
from jira_ci.run import CI, PullRequest, Run
from jira_ci.run_words import WORDS, of_run
from jira_ci.settings import Settings, resolve
from jira_ci.templates import Templates

RUN = Run(
    provider=CI.GITHUB,
    repository="octo/web",
    repository_id="42",
    repository_url="https://github.com/octo/web",
    commit="0123456789" * 4,
    number=7,
    url="https://github.com/octo/web/actions/runs/9",
    run_id="9",
    workflow=".github/workflows/ci.yml",
    workflow_name="CI",
    branch="feature/WEB-1",
    attempt=2,
    actor="ana",
    job="deploy",
    pull_request=PullRequest(5, "Pay", "feature/WEB-1"),
)
VALUES = {
    **of_run(RUN, project="Web Site", version="1.4", state="in_progress"),
    "environment": "Dev",
    "environment-type": "development",
    "tenant": "Tenant A",
    "service": "billing",
}


def settings(**given: str) -> Settings:
    return resolve(given, {})


def described(template: str, values: dict[str, str] = VALUES) -> str:
    return templates.read(settings(description=template)).filled(values)["description"]


def addressed(template: str, values: dict[str, str] = VALUES) -> str:
    return inert(templates.read(settings(url=template)).filled(values)["url"])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Release {version}", "Release 1.4"),
        ("{project} {version} to {environment} for {tenant}", "Web Site 1.4 to Dev for Tenant A"),
        ("{service}/{environment-type}/{state}", "billing/development/in_progress"),
        ("{branch} {commit}", f"feature/WEB-1 {'0123456789' * 4}"),
        ("{short-commit} {number}.{attempt} {run-id}", "0123456 7.2 9"),
        ("{actor} {repository} !{pull-request} {workflow} {job} {provider}", "ana octo/web !5 CI deploy github"),
        ("{tag}", ""),
        (" {tag} ", ""),
        ("{{version}}", "{version}"),
        ("{{{version}}}", "{1.4}"),
        ("{{}} {} { version } {1} {a b} }{", "{} {} { version } {1} {a b} }{"),
        ('{"a": 1}', '{"a": 1}'),
        ("${{ github.sha }} {version}", "${{ github.sha }} 1.4"),
        ("${{ format('{0}', x) }}", "${{ format('{0}', x) }}"),
        ("${version}", "$1.4"),
        ("no words", "no words"),
    ],
)
def test_a_template_is_filled_once(template: str, text: str) -> None:
    assert described(template) == text


@pytest.mark.parametrize("word", WORDS)
def test_every_word_has_a_meaning_and_is_empty_where_the_run_has_none(word: str) -> None:
    assert described(f"{{{word}}}") == VALUES[word]
    bare = of_run(dataclasses.replace(RUN, pull_request=None), project="", version="", state="")
    assert described(f"<{{{word}}}>", dict.fromkeys(bare, "")) == "<>"


def test_without_a_pull_request_its_number_is_empty() -> None:
    bare = of_run(dataclasses.replace(RUN, pull_request=None), project="p", version="v", state="failed")
    assert described("{pull-request}", bare) == ""


@pytest.mark.parametrize("value", ["{version}", "{{", "${{ x }}", "%(version)s", "\\1 \\g<0>", "$(id) `id`"])
def test_a_value_is_never_filled_in_again(value: str) -> None:
    assert described("{tenant} {version}", {**VALUES, "tenant": value}) == f"{value} 1.4"


@pytest.mark.parametrize(
    ("setting", "template", "said"),
    [
        ("description", "{verison}", "description (--description) holds {verison}, which stands for nothing. Did you "),
        ("description", "{Version}", "Did you mean version?"),
        ("label", "{short_commit}", "Did you mean short-commit?"),
        ("url", "https://x.example/{zzzzzz}", "Known: project, version, environment, "),
        ("label", "{zzzzzz}", "A brace itself is written twice, as {{ or }}."),
    ],
)
def test_a_word_that_nobody_knows_is_refused(setting: str, template: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        templates.read(settings(**{setting: template}))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://octopus.example/app#/{project}/{version}", "https://octopus.example/app#/Web%20Site/1.4"),
        ("https://ci.example/{repository}/tree/{branch}", "https://ci.example/octo/web/tree/feature/WEB-1"),
        ("https://ci.example/?t={tenant}&v={version}", "https://ci.example/?t=Tenant%20A&v=1.4"),
        ("https://ci.example?{version}", "https://ci.example?1.4"),
        ("http://[::1]:8080/{number}", "http://[::1]:8080/7"),
        ("HTTPS://CI.example/{{x}}", "HTTPS://CI.example/%7Bx%7D"),
        ("https://bücher.example/", "https://b%C3%BCcher.example/"),
    ],
)
def test_an_address_is_filled(template: str, address: str) -> None:
    assert addressed(template) == address


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("a/b", "https://ci.example/x/a%2Fb/y"),
        ("../../admin", "https://ci.example/x/..%2F..%2Fadmin/y"),
        ("..", "https://ci.example/x//y"),
        (".", "https://ci.example/x//y"),
        ("a?b#c&d=e", "https://ci.example/x/a%3Fb%23c%26d%3De/y"),
        ("%2e%2e", "https://ci.example/x/%252e%252e/y"),
        ("@evil.example", "https://ci.example/x/%40evil.example/y"),
        ("a\nb\\c", "https://ci.example/x/a%0Ab%5Cc/y"),
        ("🚀", "https://ci.example/x/%F0%9F%9A%80/y"),
        ("{version}", "https://ci.example/x/%7Bversion%7D/y"),
        ("t" * 10_000, f"https://ci.example/x/{'t' * 255}/y"),
    ],
)
def test_a_value_in_an_address_is_one_part_of_it(value: str, address: str) -> None:
    assert addressed("https://ci.example/x/{tenant}/y", {**VALUES, "tenant": value}) == address


@pytest.mark.parametrize("branch", ["../up", "a/../b", "/root", "a//b", "a/.", ".."])
def test_a_branch_that_would_climb_keeps_no_slash(branch: str) -> None:
    assert "/" not in addressed("https://ci.example/x/{branch}", {**VALUES, "branch": branch})[21:]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("https://{tenant}.example/", "leaves its host to {tenant}"),
        ("https://ci.example{branch}", "leaves its host to {branch}"),
        ("https://{actor}@ci.example/", "leaves its host to {actor}"),
        ("{branch}", "which is no web address"),
        ("{branch}://ci.example/", "which is no web address"),
        ("ci.example/{branch}", "which is no web address"),
        ("javascript:alert(1)", "which is no web address"),
        ("https:///{branch}", "which is no web address"),
        ("https://user:pass@ci.example/", "holds a user name or password"),
        ("https://ci.example\\{branch}", "leaves its host to {branch}"),
        ("https://ci.example\\x", "whose host cannot be one"),
        ("https://ci.{{x}}/", "whose host cannot be one"),
        ("https://ci example/", "whose host cannot be one"),
        ("https://ci.example:http/", "whose host cannot be one"),
    ],
)
def test_an_address_whose_host_is_not_written_out_is_refused(template: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"url \(--url\) ") as caught:
        templates.read(settings(url=template))
    assert said in str(caught.value)


_TEMPLATES = st.sampled_from(
    [
        "https://ci.example/{tenant}",
        "https://ci.example?{tenant}",
        "https://ci.example#{tenant}",
        "http://ci.example:8080/a/{branch}/{tenant}?{tag}#{repository}",
        "https://ci.example/{branch}{tenant}",
        "https://ci.example/{repository}",
    ]
)


@given(template=_TEMPLATES, value=st.text(max_size=300))
@example("https://ci.example/{branch}{tenant}", "//evil.example")
@example("https://ci.example/{tenant}", "\t/\\evil.example")
def test_no_value_changes_where_a_link_leads(template: str, value: str) -> None:
    values = {**VALUES, **dict.fromkeys(("tenant", "branch", "tag", "repository"), value)}
    address, written = urlsplit(addressed(template, values)), urlsplit(template)
    assert (address.scheme, address.netloc) == (written.scheme, written.netloc)
    assert ".." not in address.path.split("/")
    assert address.geturl().isascii()


@given(st.text())
def test_any_text_is_filled_or_refused(template: str) -> None:
    try:
        found = templates.read(settings(description=f"x{template}"))
    except UsageError:
        return
    assert found.filled({})["description"] is not None


def test_an_expression_that_github_did_not_evaluate_is_said() -> None:
    found = templates.read(settings(description="by ${{ github.actor }}", label="plain"))
    assert list(templates.unevaluated(found)) == [
        "description holds ${{ github.actor }}, which was not evaluated: only a workflow file's expressions are."
    ]
    assert list(templates.unevaluated(Templates(label="{version} {{x}}"))) == []


def test_only_templates_with_the_state_change_with_it() -> None:
    found = Templates("https://x.example/{state}", "{version}", "is {state}").changing("state")
    assert found == Templates("https://x.example/{state}", "", "is {state}")
