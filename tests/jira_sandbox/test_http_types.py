"""Exchanges are kept up to a limit."""

from __future__ import annotations

from jira_sandbox.http_types import Answer, Exchange, Record, Request


def test_of_many_and_of_large_exchanges_the_newest_are_kept() -> None:
    record = Record()
    for number in range(10_002):
        record.add(Exchange.of(Request("GET", f"/{number}"), Answer(204), scripted=False))
    assert [record.numbered()[0][0], record.numbered()[-1][0], len(record.all())] == [3, 10_002, 10_000]
    large = bytes(200 * 2**20)
    for path in ("/large", "/larger"):
        record.add(Exchange.of(Request("POST", path, body=large), Answer(413), scripted=False))
    assert [one.path for one in record.all()] == ["/larger"]
    assert record.count == 10_004
