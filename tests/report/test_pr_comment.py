"""One comment, whoever writes at the same time, over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest

from conversations import Conversation, serving
from jira_ci.ci.api import Comments, Unreadable
from jira_ci.ci.detect import connect_comments
from jira_ci.report.comment_state import MARK
from jira_ci.report.pr_comment import settle
from jira_ci.run import CI, Run
from jira_ci.timing import Deadline


@pytest.fixture(params=["github", "gitlab"])
def talk(request: pytest.FixtureRequest) -> Iterator[Conversation]:
    with serving(Conversation(request.param)) as conversation:
        yield conversation


@pytest.fixture
def comments(talk: Conversation) -> Iterator[Comments]:
    with closing(opened(talk)) as found:
        yield found


def opened(talk: Conversation) -> Comments:
    run = Run(CI(talk.kind), "acme/shop", "88", "https://x.example/acme/shop", "a" * 40, 1, "", api_url=talk.url)
    found = connect_comments(run, github_token="ghs_x", gitlab_token="glpat", ca_bundle="", deadline=Deadline(20))
    assert found is not None
    return found


def adding(*words: str) -> Callable[[Sequence[str]], str]:
    """A comment that holds these words, and those of all comments that are there."""

    def write(bodies: Sequence[str]) -> str:
        kept = [word for body in bodies for word in body.partition("\n")[0].split()]
        return f"{' '.join(sorted({*kept, *words}))}\n{MARK}x -->"

    return write


def test_it_is_written_once_and_then_updated_in_place(talk: Conversation, comments: Comments) -> None:
    talk.add("Looks good", account="ana")
    first = settle(comments, 5, adding("qa"))
    second = settle(comments, 5, adding("prod"))
    assert first.id == second.id
    assert talk.bodies() == ["Looks good", f"prod qa\n{MARK}x -->"]
    assert [request.split()[0] for request in talk.writes] == ["POST", "PATCH" if talk.kind == "github" else "PUT"]


def test_what_is_there_already_is_not_sent_again(talk: Conversation, comments: Comments) -> None:
    settle(comments, 5, adding("qa"))
    talk.comments[0]["body"] = talk.comments[0]["body"].replace("\n", "\r\n") + "\n"
    talk.requests.clear()
    settle(comments, 5, adding("qa"))
    assert talk.writes == []
    assert len(talk.requests) <= 2


@pytest.mark.parametrize("account", ["mallory", "github-actions", "project_88_bot2"])
def test_the_same_mark_of_somebody_else_is_left_alone(account: str, talk: Conversation, comments: Comments) -> None:
    forged = f"evil\n{MARK}x -->"
    talk.add(forged, account=account)
    settle(comments, 5, adding("qa"))
    settle(comments, 5, adding("prod"))
    assert talk.bodies() == [forged, f"prod qa\n{MARK}x -->"]


def test_of_several_the_oldest_stays_with_what_the_newer_knew(talk: Conversation, comments: Comments) -> None:
    for word in ("a", "b", "c"):
        talk.add(f"{word}\n{MARK}x -->")
    talk.add("ours, but about something else")
    assert settle(comments, 5, adding("d")).id == 101
    assert talk.bodies() == [f"a b c d\n{MARK}x -->", "ours, but about something else"]


def test_another_job_that_wrote_first_is_found_after_writing(talk: Conversation, comments: Comments) -> None:
    def write_first() -> None:
        talk.add(f"other\n{MARK}x -->")

    talk.meanwhile["POST"] = write_first
    assert settle(comments, 5, adding("mine")).id == 101
    assert talk.bodies() == [f"mine other\n{MARK}x -->"]


def test_a_text_that_another_job_overwrote_is_written_again(talk: Conversation, comments: Comments) -> None:
    made = talk.add(f"old\n{MARK}x -->")
    change = "PATCH" if talk.kind == "github" else "PUT"

    def overwrite() -> None:
        talk.meanwhile["GET"] = lambda: made.update(body=f"old other\n{MARK}x -->")

    talk.meanwhile[change] = overwrite
    settle(comments, 5, adding("mine"))
    assert talk.bodies() == [f"mine old other\n{MARK}x -->"]


def test_two_jobs_that_both_found_nothing_leave_one_comment_that_says_both(talk: Conversation) -> None:
    both = threading.Barrier(2, timeout=20)
    ended: list[int] = []

    def job(word: str) -> None:
        first = True

        def write(bodies: Sequence[str]) -> str:
            nonlocal first
            if first:
                both.wait()
                first = False
            return adding(word)(bodies)

        with closing(opened(talk)) as comments:
            ended.append(settle(comments, 5, write).id)

    jobs = [threading.Thread(target=job, args=(word,)) for word in ("qa", "prod")]
    for one in jobs:
        one.start()
    for one in jobs:
        one.join()
    assert ended == [101, 101]
    assert talk.bodies() == [f"prod qa\n{MARK}x -->"]


def test_a_comment_that_vanishes_while_it_is_changed_is_written_anew(talk: Conversation, comments: Comments) -> None:
    talk.add(f"old\n{MARK}x -->")
    talk.meanwhile["PATCH" if talk.kind == "github" else "PUT"] = talk.comments.clear
    settle(comments, 5, adding("mine"))
    assert talk.bodies() == [f"mine\n{MARK}x -->"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_a_refusal_ends_it(method: str, talk: Conversation, comments: Comments) -> None:
    talk.refused[method] = 403, {}
    for word in ("a", "b") if method not in ("GET", "POST") else ():
        talk.add(f"{word}\n{MARK}x -->")
    if method == {"github": "PUT", "gitlab": "PATCH"}[talk.kind]:
        assert settle(comments, 5, adding("c")).id == 101
        return
    with pytest.raises(Unreadable) as raised:
        settle(comments, 5, adding("c"))
    assert raised.value.denied
    assert len(talk.requests) <= 4


def test_somebody_who_takes_it_away_again_and_again_wins(talk: Conversation, comments: Comments) -> None:
    change = "PATCH" if talk.kind == "github" else "PUT"
    talk.refused[change] = 404, {}
    talk.add(f"old\n{MARK}x -->")
    with pytest.raises(Unreadable, match=r"did not find the comment on (pull|merge) request .5 \(404\)"):
        settle(comments, 5, adding("mine"))
