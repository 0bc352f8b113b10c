"""What ties a change to its deployment: what must stay of it, what it says of it, and the words that it names.

Versions hold points, hyphens and slashes, so that these belong to a word wherever another word follows or precedes
them: ``1.2.3`` is not named by ``1.2.3-rc1``, ``1.2.3.4`` or ``app/1.2.3``, and ``Prod`` not by ``Prod-EU`` or
``pre-prod``. So do the marks of moments, sums and addresses between digits: ``30`` is not named by ``12:30``, ``1,30``,
``2*30``, ``30%``, ``#30`` or ``$30``. The full stop of a sentence ends a word. ``v1.2.3`` and ``1.2.3`` are two
versions, because nothing says that they are the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from jira_ci.frozen import dataclass, replace
from jira_ci.gate.bindings import Binding, NotOurs, Scope, read
from jira_ci.gate.subject import Attempt, Subject
from jira_ci.jira.parse_change import Issue
from jira_ci.text import canonical

_LONGEST_RUN = 500
_JOINING = frozenset("-./\\+~_@&\u2010\u2011\u2012\u2013\u2212")
_BETWEEN_DIGITS = frozenset(":,'*^\u2019\u2236\u066b\u066c\u00b7\u22c5\u00d7\u00f7\u2014\u2026")
_OF_NUMBERS = frozenset("%#\u2030\u2031\u00b0\u2032\u2033\u00b1\u2264\u2265\u00a7")  # beside the signs of money

FoundBy = Literal["key", "title", "created"]


@dataclass(frozen=True)
class Change:
    """A change, pinned: what must stay the same as long as it is read.

    Attributes:
        ours: made by the gate's own account for this deployment.
        others: keys of further changes of our own with the same title, which are spare.
    """

    id: str
    key: str
    project: str
    issue_type: str
    summary: str
    found_by: FoundBy
    ours: bool
    others: tuple[str, ...] = ()


def scope_of(subject: Subject) -> Scope:
    """What a deployment is bound by."""
    return Scope(subject.repository, subject.project, subject.place.environment, subject.place.tenant)


def scopes_of(subject: Subject) -> tuple[Scope, ...]:
    """What everything is bound by that shares its change."""
    return tuple(Scope(subject.repository, subject.project, one.environment, one.tenant) for one in subject.places)


def bindings_of(subject: Subject, attempt: Attempt) -> tuple[Binding, ...]:
    """What this run binds a change to: one for each place that the change is for."""
    run = run_of(attempt)
    return tuple(Binding(one, subject.version, subject.commit, run) for one in scopes_of(subject))


def run_of(attempt: Attempt) -> str:
    """How a property names the run."""
    return attempt.url if 0 < len(attempt.url) <= _LONGEST_RUN else attempt.run


def same_binding(found: Mapping[str, Any], subject: Subject) -> bool:
    """Whether a change with this property was made for the same project, environment, tenant and version."""
    scope = scope_of(subject)
    try:
        bound: Iterable[Binding] = read(found).bindings
    except NotOurs:
        return False
    return any(
        one.scope.same_repository(scope)
        and replace(one.scope, repository=scope.repository) == scope
        and one.version == subject.version
        for one in bound
    )


def names(text: str, word: str) -> bool:
    """Whether the text holds the word (or several) whole, in any case and any Unicode form."""
    text, word = canonical(text), canonical(word)
    start = text.find(word) if word else -1
    while start >= 0:
        end = start + len(word)
        if _is_free(word[0], text[:start][::-1]) and _is_free(word[-1], text[end:]):
            return True
        start = text.find(word, start + 1)
    return False


def words(subject: Subject) -> tuple[str, ...]:
    """What a given change has to name: of several tenants each needs its own, as each needs its own title."""
    return tuple(filter(None, (subject.version, subject.environment, subject.tenant)))


def unnamed(subject: Subject, issue: Issue, own_account: str) -> list[str]:
    """What a given change has to name, and does not. The description of one that the gate's own account made does not
    count: it holds the titles of issues, and whoever may write those approves nothing."""
    ours = issue.creator is not None and issue.creator.id == own_account
    return missing(words(subject), issue.summary, *([] if ours else [issue.description]))


def missing(words: tuple[str, ...], *texts: str) -> list[str]:
    """Those of the words that none of the texts names."""
    return [word for word in words if not any(names(text, word) for text in texts)]


def _is_free(edge: str, neighbours: str) -> bool:
    """Whether a word can end here: no letter or digit is next, not even behind joining characters.

    Args:
        edge: the word's own character at this end.
        neighbours: what stands beside it, the nearest first.
    """
    number, parted = edge.isdecimal(), False
    nearest = neighbours[:1]
    if number and nearest and (nearest in _OF_NUMBERS or unicodedata.category(nearest) == "Sc"):
        return False
    for character in neighbours:
        if character in _BETWEEN_DIGITS:
            parted = True
        elif character not in _JOINING:
            belongs = character.isalnum() or unicodedata.category(character).startswith("M")
            return not belongs or (parted and not (number and character.isdecimal()))
    return True
