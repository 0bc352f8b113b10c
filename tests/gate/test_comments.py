"""What the change is told of its deployment: as it is, once, and to nobody whom it is not for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import atlassian
from gate_faults import FAULTS
from gate_jobs import Scene, pinned, scene
from gate_subjects import Subject
from jira_ci.gate.comments import Kind, marker, telling
from jira_ci.gate.record import digest
from jira_ci.jira.parse import Account
from jira_ci.jira.parse_change import Comment
from jira_ci.jira.rich_text import plain, wiki
from jira_ci.run import CI, Run
from jira_sandbox.accounts import DINA, RELEASE
from jira_sandbox.desk.ledger import Comment as Kept
from jira_sandbox.desk.markup import document_text
from jira_sandbox.http_types import Answer, Request, json_answer
from jira_sandbox.server import Sandbox

RUN = Run(
    provider=CI.GITHUB,
    repository="acme/shop",
    repository_id="77",
    repository_url="https://git.example/acme/shop",
    commit="0" * 40,
    number=12,
    url="https://ci.example/4711",
    run_id="4711",
    attempt=2,
)


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    return scene(tmp_path, sandbox)


def kept(here: Scene, key: str) -> list[Kept]:
    found = here.sandbox.site.desk.find(key)
    assert found is not None
    return here.sandbox.site.desk.extras.comments(found.id)


def posted(here: Scene, folder: str) -> list[Any]:
    """What was sent to be a comment, through the platform (``api``) or the service desk's way (``servicedeskapi``)."""
    return [
        one.json()
        for one in here.sandbox.exchanges
        if one.method == "POST" and one.path.endswith("/comment") and one.path.startswith(f"/rest/{folder}/")
    ]


def tell(here: Scene, *kinds: Kind) -> None:
    with here.gate() as gate:
        gate.ask()
        for kind in kinds:
            gate.comment(kind)


def platform(here: Scene, reply: Callable[[Kept], Answer | None], *, public: bool = True) -> None:
    """The site writes comments that come through the platform so that customers see them, or not, and answers this."""
    extras = here.sandbox.site.desk.extras

    def before(request: Request) -> Answer | None:
        if request.method != "POST" or not request.path.startswith("/rest/api/3/issue/"):
            return None
        if not request.path.endswith("/comment"):
            return None
        given, issue = json.loads(request.body), request.segments[-2]
        properties = {one["key"]: one["value"] for one in given["properties"]}
        made = extras.comment(
            issue, RELEASE.account, document_text(given["body"]), 0, public=public, properties=properties
        )
        return reply(made)

    here.sandbox.before = before


def answered(made: Kept, **changed: Any) -> Answer:
    author = {"accountId": made.author, "displayName": "Release"}
    return json_answer(201, {"id": made.id, "author": author, "body": made.document, **changed})


def test_on_cloud_it_is_a_document_with_its_mark_where_nobody_reads_it(here: Scene) -> None:
    key = pinned(here)
    with here.gate() as gate:
        record = digest(gate.ask().records[0])
        gate.comment("started")
    (sent,) = posted(here, "api/3")
    (mark, internal) = sent["properties"]
    assert internal == {"key": "sd.public.comment", "value": {"internal": True}}
    assert mark["key"] == "jira-ci.comment"
    (one,) = kept(here, key)
    assert mark["value"]["mark"] not in one.body
    first, second, third = one.body.splitlines()
    assert first == "The deployment of 1.2.3 to Prod has begun."
    assert second.startswith("Run ")
    assert third == f"Record: SHA-256 {record}"
    assert one.public is False
    atlassian.document_check()(sent["body"])


@pytest.mark.parametrize("changed", [{"jsdPublic": True}, {}, {"jsdPublic": None}])
def test_what_would_not_stay_internal_is_taken_away_and_said_and_not_tried_again(
    here: Scene, changed: dict[str, Any]
) -> None:
    key = pinned(here)
    platform(here, lambda made: answered(made, **changed))
    tell(here, "started", "failed")
    assert [(one.public, one.document) for one in kept(here, key)] == [(False, None), (False, None)]
    assert (len(posted(here, "api/3")), len(posted(here, "servicedeskapi"))) == (1, 2)
    assert sum("that was to be internal: it was taken away" in line for line in here.lines) == 1


def test_what_cannot_be_taken_away_is_said_with_its_id(here: Scene) -> None:
    key = pinned(here)
    platform(here, lambda made: answered(made, jsdPublic=True))
    write = here.sandbox.before
    assert write is not None
    refusal = json_answer(403, {"errorMessages": ["No."], "errors": {}})
    here.sandbox.before = lambda request: refusal if request.method == "DELETE" else write(request)
    tell(here, "started")
    (one,) = kept(here, key)
    assert any(f"Delete the comment {one.id} of {key} by hand." in line for line in here.lines)
    assert posted(here, "servicedeskapi") == []


@pytest.mark.parametrize("public", [False, True])
def test_a_comment_whose_answer_got_lost_is_found_and_not_written_twice(here: Scene, public: bool) -> None:
    key = pinned(here)
    platform(here, lambda _: FAULTS["closed without a word"], public=public)
    tell(here, "started")
    assert [(one.public, one.document is None) for one in kept(here, key)] == [(False, public)]
    here.sandbox.before = None
    tell(here, "started")
    assert len(kept(here, key)) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_where_the_platform_takes_none_the_service_desk_does(here: Scene, status: int) -> None:
    key = pinned(here)
    answer = json_answer(status, {"errorMessages": ["No."], "errors": {}})

    def before(request: Request) -> Answer | None:
        path = request.path
        return answer if request.method == "POST" and path.startswith("/rest/api/") and "comment" in path else None

    here.sandbox.before = before
    tell(here, "started")
    tell(here, "started")
    ((sent),) = posted(here, "servicedeskapi")
    assert sent["public"] is False
    assert len(kept(here, key)) == 1


def test_on_data_center_it_is_escaped_wiki_markup_and_found_by_its_words(
    tmp_path: Path, start_sandbox: Callable[..., Sandbox]
) -> None:
    here = scene(tmp_path, start_sandbox(edition="data-center"))
    here.job.environ |= {"JIRA_CI_USER": "", "JIRA_CI_TOKEN": here.sandbox.credentials.personal_token}
    key = pinned(here)
    tell(here, "started")
    tell(here, "started", "successful")
    first, second = kept(here, key)
    assert first.body.startswith("The deployment of 1.2.3 to Prod has begun.\nRun ")
    assert second.body.startswith("The deployment of 1.2.3 to Prod was successful.")
    assert (first.document, first.public, first.properties) == (None, False, {})


def shown_as(body: str, **properties: Any) -> Comment:
    return Comment("1", body, Account(DINA.account, "Dina"), False, properties)


SUBJECT = Subject(version="2.0 *(/)*", environment="Prod - EU")
TOLD = telling("failed", SUBJECT, RUN, "d" * 64, seconds=5)


@pytest.mark.parametrize(
    ("comment", "same"),
    [
        (shown_as(plain(TOLD.lines)), True),
        (shown_as(wiki(TOLD.lines)), True),
        (shown_as(f"{plain(TOLD.lines)}\nSeen by Ana."), True),
        (shown_as("Edited by hand.", **{"jira-ci.comment": {"mark": TOLD.mark}}), True),
        (shown_as(f"The deployment failed.\njira-ci {TOLD.mark}"), True),  # as 0.1 wrote it
        (shown_as(plain(telling("failed", SUBJECT, RUN, "e" * 64, seconds=70, late=True).lines)), True),
        (shown_as(plain(telling("started", SUBJECT, RUN, "d" * 64).lines)), False),
        (shown_as(plain(telling("failed", Subject(version="2.0"), RUN, "d" * 64).lines)), False),
        (shown_as("The deployment of 2.0 *(/)* to Prod - EU failed."), False),
        (shown_as("Anything", **{"jira-ci.comment": {"mark": "another"}}), False),
        (shown_as("Anything", **{"jira-ci.comment": TOLD.mark}), False),
        (shown_as(""), False),
    ],
)
def test_a_comment_is_known_again(comment: Comment, same: bool) -> None:
    assert TOLD.is_in(comment) is same


def test_another_attempt_is_another_comment() -> None:
    other = telling("failed", SUBJECT, replace(RUN, attempt=3), "d" * 64)
    assert not TOLD.is_in(shown_as(plain(other.lines), **{"jira-ci.comment": {"mark": other.mark}}))


def test_the_mark_is_that_of_version_0_1() -> None:
    assert marker("failed", Subject(), RUN) == "69894a223d2ef07a6814"


def test_the_legs_of_a_gitlab_pipeline_say_it_once() -> None:
    legs = [replace(RUN, provider=CI.GITLAB, attempt=1, url=f"https://git.example/jobs/{one}") for one in "12"]
    first, second = (telling("started", SUBJECT, leg, "d" * 64) for leg in legs)
    assert first.is_in(shown_as(plain(second.lines)))
