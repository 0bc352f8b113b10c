"""The index that search looks into comes after."""

from __future__ import annotations

import math

from pretend import Pretend


def test_the_index_comes_after(site: Pretend) -> None:
    ledger, jql = site.desk.desk.ledger, "project = OPS AND summary ~ deploy AND issuetype != Story"
    ledger.delay = math.inf
    first, second = site.desk.create("Deploy one"), site.desk.create("Deploy two")
    assert site.found(jql) == []
    assert site.issue(first.key)["key"] == first.key
    assert site.found(jql, reconcileIssues=[int(first.id)]) == [first.key]
    ledger.catch_up()
    assert site.found(jql) == [second.key, first.key]
    site.desk.edit(first.key, {"summary": "Something else"})
    assert site.found(jql) == [second.key, first.key]
    ledger.delay = 0
    site.desk.edit(second.key, {"summary": "Something else too"})
    assert site.found(jql) == [first.key]
