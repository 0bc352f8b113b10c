"""Records kept on the change: each findable later, none lost when several write, nothing that grows without end."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import datetime, timezone
from threading import Thread
from typing import Any

import pytest

from gate.test_record import full
from gate_subjects import approved, asking, known
from jira_ci.errors import JiraCiError
from jira_ci.gate.kept_records import INDEX, MOST_NAMES, PREFIX, entry, keep, kept, key_of, merged
from jira_ci.gate.record import Deployment, digest, with_deployment
from jira_sandbox.http_types import Answer, Request
from jira_sandbox.server import Sandbox

ENDED = Deployment(datetime(2026, 3, 2, tzinfo=timezone.utc), datetime(2026, 3, 3, tzinfo=timezone.utc), "failed", 1)


def record(number: int = 0, **more: Any) -> dict[str, Any]:
    """A record that no other number has."""
    made = deepcopy(full())
    made["evidence"]["read-at"] = f"2026-03-02T12:{number // 60:02d}:{number % 60:02d}Z"
    return {**made, **more}


def properties(sandbox: Sandbox, key: str) -> dict[str, Any]:
    return sandbox.site.desk.extras.properties(known(sandbox, key).id)


def test_a_record_is_a_property_of_its_own_that_the_index_names(sandbox: Sandbox) -> None:
    key, document = approved(sandbox), record()
    with asking(sandbox) as service:
        keep(service, known(sandbox, key).id, document)
        assert kept(service, known(sandbox, key).id, digest(document))[0] == digest(document)
        assert kept(service, known(sandbox, key).id, digest(record(1))) == ("", {})
    found = properties(sandbox, key)
    name = digest(document)[:16]
    assert found[f"jira-ci.record.{name}"] == document
    (told,) = found[INDEX]["records"]
    assert (told["record"], told["state"], told["approvers"]) == (name, None, ["account-ana"])
    assert (told["environment"], told["version"], told["by"]) == ("Prod", "1.0.1", "hubot")


def test_keeping_one_takes_five_questions(sandbox: Sandbox) -> None:
    issue, document = known(sandbox, approved(sandbox)).id, record()
    with asking(sandbox) as service:
        service.myself()
        for one in (document, with_deployment(document, ENDED)):
            before = len(sandbox.exchanges)
            keep(service, issue, one)
            asked = [f"{seen.method} {seen.path.rsplit('/', 1)[-1]}" for seen in list(sandbox.exchanges)[before:]]
            own, index = key_of(digest(document)), INDEX
            assert asked == [f"PUT {own}", f"GET {index}", f"PUT {index}", f"GET {index}", "GET properties"]


def test_an_index_that_tells_of_others_only_names_it_at_least(sandbox: Sandbox) -> None:
    key, document = approved(sandbox), record()
    later = [{"record": f"{number:016x}", "at": "9999", "state": "x" * 200} for number in range(100)]
    index = {"schema": "jira-ci.records/1", "records": later}
    sandbox.site.desk.extras.set_property(known(sandbox, key).id, INDEX, index)
    with asking(sandbox) as service:
        keep(service, known(sandbox, key).id, document)
    assert digest(document)[:16] in properties(sandbox, key)[INDEX]["older"]


def test_what_became_of_it_is_kept_under_the_same_name(sandbox: Sandbox) -> None:
    key, document = approved(sandbox), record()
    with asking(sandbox) as service:
        for one in (document, with_deployment(document, ENDED), with_deployment(document, ENDED)):
            keep(service, known(sandbox, key).id, one)
    found = properties(sandbox, key)
    assert sorted(found) == [key_of(digest(document)), INDEX]
    assert found[key_of(digest(document))]["deployment"]["exit"] == 1
    assert [one["state"] for one in found[INDEX]["records"]] == ["failed"]


def test_a_large_record_is_a_file_that_its_property_names(sandbox: Sandbox) -> None:
    key, document = approved(sandbox), record(reason="x" * 33_000)
    issue = known(sandbox, key).id
    with asking(sandbox) as service:
        keep(service, issue, document)
        assert kept(service, issue, digest(document))[0] == digest(document)
    (file,) = sandbox.site.desk.extras.attachments(issue)
    assert json.loads(file.content) == document
    pointer = properties(sandbox, key)[key_of(digest(document))]
    assert (pointer["attachment"], pointer["sha256"]) == (file.id, digest(document))
    noted = [item.field for step in known(sandbox, key).history for item in step.items]
    assert "attachment" in noted, "Jira notes it, and the gate knows it for its own"


def test_simultaneous_writers_lose_nothing(sandbox: Sandbox) -> None:
    key, many = approved(sandbox), [record(number) for number in range(6)]
    issue = known(sandbox, key).id

    def write(document: dict[str, Any]) -> None:
        with asking(sandbox, seconds=90) as service:
            keep(service, issue, document)

    threads = [Thread(target=write, args=(one,)) for one in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {one["record"] for one in properties(sandbox, key)[INDEX]["records"]}
    assert told == {digest(one)[:16] for one in many}


def test_what_another_writer_s_index_left_out_is_put_back(sandbox: Sandbox) -> None:
    key, lost, large = approved(sandbox), record(1), record(2, reason="x" * 33_000)
    issue = known(sandbox, key).id
    with asking(sandbox) as service:
        keep(service, issue, lost)
        keep(service, issue, large)
        sandbox.site.desk.extras.set_property(issue, INDEX, {"schema": "jira-ci.records/1", "records": "garbage"})
        sandbox.site.desk.extras.set_property(issue, f"{PREFIX}0123456789abcdef", ["no record"])
        keep(service, issue, record(3))
    index = properties(sandbox, key)[INDEX]
    assert [one["record"] for one in index["records"]] == [digest(one)[:16] for one in (lost, large, record(3))]
    assert index["older"] == ["0123456789abcdef"], "what nobody can read is named, and not looked at for ever"


def test_an_end_that_another_writer_s_old_entry_hides_is_told_again(sandbox: Sandbox) -> None:
    key, first = approved(sandbox), record(1)
    issue = known(sandbox, key).id
    with asking(sandbox) as service:
        keep(service, issue, first)
        old = properties(sandbox, key)[INDEX]
        keep(service, issue, with_deployment(first, ENDED))
        sandbox.site.desk.extras.set_property(issue, INDEX, old)
        keep(service, issue, record(2))
    assert [one["state"] for one in properties(sandbox, key)[INDEX]["records"]] == ["failed", None]


def test_the_index_tells_of_the_newest_and_names_the_others() -> None:
    entries = [entry(one, digest(one)) for one in (record(number) for number in range(200))]
    index: dict[str, Any] = {}
    for one in entries:
        index = merged(index, [one], set())
    assert len(json.dumps(index)) < 32_768
    told = [one["record"] for one in index["records"]]
    assert told == [one["record"] for one in entries][-len(told) :]
    assert set(told) | set(index["older"]) == {one["record"] for one in entries}
    assert index["full"] is False
    packed = merged(index, entries, {f"{number:016x}" for number in range(2 * MOST_NAMES)})
    assert (len(packed["older"]), packed["full"]) == (MOST_NAMES, True)
    assert len(json.dumps(packed)) < 32_768


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_site_that_does_not_keep_it_is_an_error_with_a_sentence(sandbox: Sandbox, method: str) -> None:
    key = approved(sandbox)

    def refuse(request: Request) -> Answer | None:
        return Answer(403) if request.method == method and "/properties" in request.path else None

    sandbox.before = refuse
    with asking(sandbox) as service, pytest.raises(JiraCiError, match="403 Forbidden"):
        keep(service, known(sandbox, key).id, record())
