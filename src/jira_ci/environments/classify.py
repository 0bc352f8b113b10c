"""An environment's name -> Jira's type of it, and the rule that said so.

The order: the exact name in ``.jira-ci.yml``, its globs, GitLab's own deployment tier, what the name says by itself.
Without a file of ours the mapping of Atlassian's GitHub app stands in for it.

Globs match in any case, and in one pass over the name, however many stars there are: ``*`` is any text (also ``/``),
``?`` one character, ``[a-c]`` and ``[!a-c]`` one of some; everything else is itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jira_ci.config.model import Config, Rule
from jira_ci.environments.inference import infer
from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass, field
from jira_ci.text import LONGEST_NAME, canonical, nfkc, one_line

if TYPE_CHECKING:
    from jira_ci.environments.atlassian_mapping import Mapping as AtlassianMapping

_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"  # nothing of it is printable
_TIERS = ("production", "staging", "testing", "development")
# Every name for which some version of GitLab guesses the tier production by itself:
# https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/models/environment.rb (guess_tier)
_GITLAB_MAY_GUESS_PRODUCTION = r"pro?d|live"
SPECIAL = re.compile(r"\*+|\?|\[!?\]?[^\]\[]*\]")
"""What in a glob stands for something else than itself."""


@dataclass(frozen=True)
class Environment:
    """One environment as Jira shall see it."""

    name: str
    """As the user wrote it."""
    type: str
    """``development testing staging production unmapped``"""
    rule: str
    """Who decided the type, for people."""
    change_controlled: bool | None = None
    """True when any matching rule says so, unless the exact name's rule says false; None when no rule matches."""
    control: Mapping[str, Any] = field(default_factory=dict)
    """The closest rule's own change control, for :meth:`jira_ci.config.model.Config.control`."""


def classify(
    name: str, config: Config | None, *, tier: str = "", fallback: AtlassianMapping | None = None
) -> Environment:
    """The environment's type and change control.

    Args:
        name: the environment's name as the user wrote it.
        config: our file, if there is one.
        tier: GitLab's deployment tier of this very environment; empty elsewhere.
        fallback: the mapping of Atlassian's GitHub app; it counts only without a file of ours.

    Raises:
        UsageError: the name is blank, too long or holds control characters, two rules match equally and disagree,
            or no rule matches and ``unmatched-environments`` is ``error``.
    """
    check_name(name)
    rules = _matching(name, config.rules) if config else []
    if config and not rules and config.unmatched == "error":
        raise _unmatched(name, config)
    controlled = _controlled(name, rules) if rules else None
    typed = _closest(name, config, [rule for rule in rules if rule.type], "type")
    own = _closest(name, config, [rule for rule in rules if rule.control], "control")
    control = own.control if own else {}
    if typed and config:
        said = f"{config.name} line {typed.line}: {one_line(typed.name, 100)}"
        return Environment(name, typed.type, said, controlled, control)
    mapped = fallback.find(name) if fallback and not config else None
    type_, said = mapped or _unruled(name, tier, config.unmatched if config else "infer")
    return Environment(name, type_, said, controlled, control)


def tenant_rule(name: str, config: Config) -> Environment:
    """What the file's rules say of a tenant; its type is none. Without a name, or a rule, nothing.

    Raises:
        UsageError: two rules match equally and disagree.
    """
    rules = _matching(name, config.tenants) if name else []
    own = _closest(name, config, [rule for rule in rules if rule.control], "control")
    controlled = _controlled(name, rules) if rules else None
    return Environment(name, "unmapped", own.name if own else "", controlled, own.control if own else {})


def check_name(name: str, what: str = "environment", example: str = "Prod") -> None:
    """Refuses a name that Jira could not show.

    Raises:
        UsageError: it is blank, or nothing of it can be seen, or it is too long, or it holds control characters.
    """
    if len(name) > LONGEST_NAME:
        raise UsageError(
            f"The {what}'s name {one_line(name, 80)} has {len(name)} characters; {LONGEST_NAME} are allowed.",
            "Give it a shorter name.",
        )
    if not canonical(name):
        raise UsageError(f"The {what}'s name is empty.", f"Give it a name, such as {what}: {example}.")
    bad = None if name.isprintable() else re.search(_CONTROL, name)
    if bad:
        raise UsageError(
            f"The {what}'s name {one_line(name, 80)} holds the control character U+{ord(bad[0]):04X}.",
            "Write one name on one line; several are separated by commas.",
        )


def collisions(names: Iterable[str], what: str = "environment") -> list[str]:
    """A sentence for each name that means the same environment (tenant, service) in Jira as one before it."""
    first: dict[str, str] = {}
    sentences = []
    for name in names:
        key, shown = canonical(name), one_line(name, 80)
        if key not in first:
            first[key] = shown
        elif first[key] == shown:
            sentences.append(f'The {what} "{shown}" is named twice; it is reported once.')
        else:
            sentences.append(f'"{first[key]}" and "{shown}" are one {what} in Jira; only the first is reported.')
    return sentences


def _exact(rule: Rule, name: str) -> bool:
    return canonical(rule.name) == canonical(name)


def _matching(name: str, rules: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in rules if _exact(rule, name) or (is_glob(rule.name) and glob_matches(rule.name, name))]


def _closest(name: str, config: Config | None, rules: Sequence[Rule], what: str) -> Rule | None:
    """The rule that wins, of those that say something about ``what``."""
    if not rules or config is None:
        return None
    exact = [rule for rule in rules if _exact(rule, name)]
    if exact:
        return exact[0]  # there is only one: names that are equal in any case are an error of the file
    length = max(literal_length(rule.name) for rule in rules)
    first, *others = [rule for rule in rules if literal_length(rule.name) == length]
    for other in others:
        if getattr(other, what) != getattr(first, what):
            raise UsageError(
                f"{one_line(name, 80)} matches {one_line(first.name, 80)} ({config.name} line {first.line}) and "
                f"{one_line(other.name, 80)} (line {other.line}) equally, and they disagree.",
                "Write a rule for the exact name.",
            )
    return first


def _controlled(name: str, rules: Sequence[Rule]) -> bool:
    if any(_exact(rule, name) and rule.change_controlled is False for rule in rules):
        return False
    return any(rule.change_controlled for rule in rules)


def _unmatched(name: str, config: Config) -> UsageError:
    near = nearest(name, [rule.name for rule in config.rules])
    where = config.where("unmatched-environments")
    return UsageError(
        f"No rule in {config.name} matches the environment {one_line(name, 80)}, and unmatched-environments is error "
        f"({where}).",
        near or "Add the name to environments.",
    )


def _unruled(name: str, tier: str, unmatched: str) -> tuple[str, str]:
    nothing = f"no rule matches (unmatched-environments: {unmatched})"
    if unmatched != "infer":
        return "unmapped", nothing
    found = infer(name)
    if tier in _TIERS and not (
        tier == "production" != found.type and re.search(_GITLAB_MAY_GUESS_PRODUCTION, name, re.IGNORECASE)
    ):
        return tier, f"GitLab's deployment tier {tier}"
    if tier == "other" and found.type == "production":  # GitLab itself would have guessed production: somebody chose
        return "unmapped", "GitLab's deployment tier other"
    if found.type:
        return found.type, f'inferred from the word "{found.words[0]}"'
    if found.words:
        both = " and ".join(f'"{word}"' for word in found.words[:3])
        return "unmapped", f"its words {both} disagree, and {nothing}"
    if tier == "production":
        return "unmapped", f"GitLab guesses the tier production from letters in the name, and {nothing}"
    return "unmapped", nothing


def is_glob(pattern: str) -> bool:
    """Whether it holds anything that is not itself."""
    return SPECIAL.search(pattern) is not None


def literal_length(pattern: str) -> int:
    """How many characters of it are themselves: the more, the closer the rule."""
    return len(SPECIAL.sub("", pattern))


def glob_matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits the glob, whatever the case and the Unicode form of both."""
    first, *others = _segments(pattern)
    text = _fold(name)
    if not others:
        return first.fullmatch(text) is not None
    begin = first.match(text)
    if begin is None:
        return False
    at = begin.end()
    # Between stars each segment has one length, so its leftmost place is never worse than a later one.
    for segment in others[:-1]:
        found = segment.search(text, at)
        if found is None:
            return False
        at = found.end()
    last = re.compile(f"(?:{others[-1].pattern})\\Z", re.DOTALL)
    return last.search(text, at) is not None


@functools.lru_cache(maxsize=1000)
def _segments(pattern: str) -> tuple[re.Pattern[str], ...]:
    segments, at = [""], 0
    for special in SPECIAL.finditer(pattern):
        segments[-1] += re.escape(_fold(pattern[at : special.start()]))
        at = special.end()
        if special[0].startswith("*"):
            segments.append("")
        else:
            segments[-1] += "." if special[0] == "?" else _one_of(special[0][1:-1])
    segments[-1] += re.escape(_fold(pattern[at:]))
    return tuple(re.compile(segment, re.DOTALL) for segment in segments)


def _one_of(body: str) -> str:
    negated = body.startswith("!")
    left, members = _fold(body.removeprefix("!")), ""
    while left:
        span = re.match(r"(.)-(.)", left, re.DOTALL)
        if span is None:
            members, left = members + re.escape(left[0]), left[1:]
            continue
        if span[1] <= span[2]:
            members += f"{re.escape(span[1])}-{re.escape(span[2])}"
        left = left[3:]
    if not members:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{members}]"


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", nfkc(text).casefold())
