"""Comments through PyGithub and python-gitlab, over real sockets: every page, every refusal, only what is ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from conversations import Conversation, serving
from jira_ci.ci.api import Comment, Comments, Unreadable
from jira_ci.ci.detect import connect_comments
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline

MARK = "<!-- jira-ci:comment "
LIST = {"github": "/repos/acme/shop/issues/5/comments", "gitlab": "/projects/88/merge_requests/5/notes"}


@pytest.fixture(params=["github", "gitlab"])
def talk(request: pytest.FixtureRequest) -> Iterator[Conversation]:
    with serving(Conversation(request.param)) as conversation:
        yield conversation


def opened(talk: Conversation, token: str = "") -> Comments:
    token = token or "t0ken"
    web = f"https://{talk.kind}.com/acme/shop"
    run = Run(CI(talk.kind), "acme/shop", "88", web, "a" * 40, 1, "", run_id="7", api_url=talk.url)
    found = connect_comments(run, github_token=token, gitlab_token=token, ca_bundle="", deadline=Deadline(20))
    assert found is not None
    return found


def test_only_marked_comments_are_shown_of_all_pages_oldest_first(talk: Conversation) -> None:
    for number in range(250):
        talk.add(f"LGTM {number}", account="ana")
        if number in (3, 240):
            talk.add(f"{MARK}{number} -->", account="ana")
    talk.add(f"{MARK}elsewhere -->", number=6)
    with closing(opened(talk)) as comments:
        assert [one.body for one in comments.comments(5, MARK)] == [f"{MARK}3 -->", f"{MARK}240 -->"]
    assert talk.requests == [f"GET {LIST[talk.kind]}"] * 3


def test_a_comment_is_written_changed_and_taken_away_under_our_name(talk: Conversation) -> None:
    with closing(opened(talk)) as comments:
        made = comments.comment(5, "one ✅")
        assert made.author == comments.account()
        assert comments.rewrite(5, made, "two") == Comment(made.id, "two", made.author, made.url)
        assert talk.bodies() == ["two"]
        comments.delete(5, made)
        comments.delete(5, made)  # gone already
    assert talk.bodies() == []
    anchor = {"github": "/pull/5#issuecomment-101", "gitlab": "/-/merge_requests/5#note_101"}[talk.kind]
    assert made.url == f"https://{talk.kind}.com/acme/shop{anchor}"


@pytest.mark.parametrize(
    ("token", "account", "user_status", "graphql", "asked"),
    [
        ("ghp_x", "Octocat", 200, 200, ["GET /user"]),
        ("ghs_x", "github-actions[bot]", 403, 200, ["POST /graphql"]),
        ("ghs_x", "release-app", 403, 200, ["POST /graphql"]),
        ("ghs_x", "github-actions[bot]", 403, 403, ["POST /graphql"]),
        ("v1.x", "github-actions[bot]", 403, 404, ["GET /user", "POST /graphql"]),
    ],
)
def test_whose_token_it_is_on_github(
    token: str, account: str, user_status: int, graphql: int, asked: list[str]
) -> None:
    with serving(Conversation("github", "", account, user_status)) as talk:
        if graphql != 200:
            talk.refused["POST /graphql"] = graphql, {}
        with closing(opened(talk, token)) as comments:
            expected = "release-app[bot]" if account == "release-app" else account.lower()
            assert comments.account() == expected
        assert talk.requests == asked


@pytest.mark.parametrize(
    ("status", "headers", "github", "gitlab"),
    [
        (401, {}, "the token is wrong or expired", "the token is wrong or expired"),
        (403, {}, "give the token `permissions: pull-requests: write`", "the scope api and the role Developer"),
        (403, {"Retry-After": "60"}, "its rate limit is used up", "its rate limit is used up"),
        (429, {}, "its rate limit is used up", "its rate limit is used up"),
        (404, {}, "`permissions: pull-requests: write`", "the scope api"),
        (410, {}, "(410)", "(410)"),
        (302, {"Location": "https://elsewhere.invalid/"}, "renamed or moved", "renamed or moved"),
        (500, {}, "trouble of its own", "trouble of its own"),
        (202, {}, "(202)", "(202)"),
    ],
)
def test_a_refusal_says_what_the_token_needs(
    status: int, headers: dict[str, str], github: str, gitlab: str, talk: Conversation
) -> None:
    talk.refused["POST"] = talk.refused["GET"] = status, headers
    with closing(opened(talk)) as comments:
        with pytest.raises(Unreadable) as written:
            comments.comment(5, "x")
        with pytest.raises(Unreadable) as listed:
            comments.comments(5, MARK)
    expected = {"github": github, "gitlab": gitlab}[talk.kind]
    assert expected in str(written.value)
    assert expected in str(listed.value)
    denied = status in (401, 403) and not headers
    assert (written.value.denied, written.value.missing) == (denied, status in (404, 410))
    if denied:
        assert "did not take a comment on" in str(written.value)
    assert len(talk.requests) == 2


@pytest.mark.parametrize("answer", [{}, "text", [[]], [{"body": f"{MARK}x -->"}], {"id": 3}])
def test_answers_of_another_shape(answer: object, talk: Conversation) -> None:
    talk.more[LIST[talk.kind]] = answer
    with closing(opened(talk)) as comments:
        with pytest.raises(Unreadable):
            comments.comment(5, "x")
        if answer != [[]]:
            with pytest.raises(Unreadable):
                comments.comments(5, MARK)


def test_a_conversation_without_end_is_left(talk: Conversation) -> None:
    for number in range(5001):
        talk.add(str(number), account="ana")
    with closing(opened(talk)) as comments, pytest.raises(Unreadable, match="there are more than 5000"):
        comments.comments(5, MARK)


def test_nobody_writes_without_a_token_of_its_own() -> None:
    for provider in ("github", "gitlab", "local", "harness"):
        run = Run(CI(provider), "acme/shop", "1", "", "", 1, "", api_url="https://api.example")
        assert connect_comments(run, github_token="", gitlab_token="", ca_bundle="", deadline=Deadline(1)) is None
