"""What an environment's name says about its type, only where it is beyond doubt; otherwise nothing.

The name is cut into words at separators, digits and changes of case, and whole words count: ``product`` and
``delivery`` say nothing. Words of two types contradict each other, and one word of doubt is enough: of
``prod-copy``, ``non-prod`` and ``prod-like`` none is production.
"""

from __future__ import annotations

import re

from jira_ci.frozen import dataclass
from jira_ci.text import nfkc

_TYPES = {
    "production": "prod production prd live",
    "staging": "staging stage stg preprod preproduction preprd",
    "testing": "test testing tests tst qa qc uat sit acceptance integration",
    "development": "dev devel develop development local localhost",
}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TYPE_OF = {word: type_ for type_, words in _TYPES.items() for word in words.split()}
_PRODUCTION = _TYPES["production"].split()

# With one of these a name says what the environment is not, or names a branch: no type at all.
_DENIALS = _set(
    "non not no never un re anti ex sub post after pre before below lower like alike likeness almost near nearly "
    "pseudo quasi semi fake faux mock dummy branch feature features feat bug bugfix fix hotfix chore pr mr pull merge "
    "issue ticket"
)
# Beside these, production's words are about something else: a copy of it, an exercise, the way there.
_DOUBTS = _set(
    "alpha backup beta bench benchmark candidate clone cloned copy debug demo demos dr draft drill dry dump emulation "
    "emulator exercise experiment experimental export for former future go lab labs lookalike mirror mirrored new next "
    "old parity perf performance playground poc preview ready readiness rehearsal rehearse replay replica restore "
    "restored review sample sandbox sandboxes sbx scratch shadow sim similar simulated simulation simulator snapshot "
    "soft soon standby stress support synthetic temp temporary tmp to toward towards training trial twin until "
    "validation verify verification"
)
_DENIED_PRODUCTION = r"(non|not|no|un|post|pseudo|semi|quasi|anti|fake|mock|near)(prod|prd|production|live)"
# After "live" most words make a service's name of it: live-chat, live-search. These do not.
_PLACES = _set(
    "a apac api app aws az azure b backend blue c central cloud cluster cn de east emea env environment eu fr frontend "
    "gcp global green in jp k kubernetes main north primary s secondary server servers site south uk us web website "
    "west world www"
)
# Words that hold a telling one and are one word in any case: DevOps, deLivery, prodUct.
_ONE_WORD = r"devops|produc(?!tion)|prodig|^reprod|deliver|[ao]live|live(ly|r|st)|sandbox"
_RUN = r"[^\W\d_]+|\d+"
_HUMP = r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"


@dataclass(frozen=True)
class Inferred:
    """A type, or an empty text, and the words that made it so."""

    type: str
    words: tuple[str, ...] = ()


def infer(name: str) -> Inferred:
    """The type a name says, with the word that says it; an empty type where that is in doubt.

    With an empty type the words are those that contradict each other, if any did.
    """
    if name.strip().lower().startswith("review/"):  # GitLab's review apps: the rest is a branch's name
        return Inferred("development", ("review",))
    words = _join_pre(_words(name))
    telling = [word for word in dict.fromkeys(words) if _type(word)]
    types = {_type(word) for word in telling}
    if len(types) > 1:
        return Inferred("", tuple(telling))
    if not types or not _DENIALS.isdisjoint(words):
        return Inferred("")
    found = types.pop()
    if found == "production" and _doubtful(words):
        return Inferred("")
    return Inferred(found, (telling[0],))


def _type(word: str) -> str:
    return _TYPE_OF.get(word.replace("pre-", "pre"), "")


def _doubtful(words: list[str]) -> bool:
    if not _DOUBTS.isdisjoint(words) or any(re.fullmatch(_DENIED_PRODUCTION, word) for word in words):
        return True
    rest = words[words.index("live") + 1 :] if "live" in words else []
    return any(not (word.isdigit() or word in _PLACES or _type(word)) for word in rest)


def _words(name: str) -> list[str]:
    words: list[str] = []
    for run in re.findall(_RUN, nfkc(name)):
        parts = [part.casefold() for part in re.split(_HUMP, run)]
        words.extend([run.casefold()] if min(map(len, parts)) == 1 or _is_one_word(run.casefold()) else parts)
    return words


def _is_one_word(run: str) -> bool:
    if _known(run) or re.search(_ONE_WORD, run) or re.fullmatch(_DENIED_PRODUCTION, run):
        return True
    # prodTest, copyProd: humps or not, never production
    return any(_known(run.removeprefix(word)) or _known(run.removesuffix(word)) for word in _PRODUCTION)


def _known(word: str) -> bool:
    return word in _TYPE_OF or word in _DENIALS or word in _DOUBTS


def _join_pre(words: list[str]) -> list[str]:
    """``pre`` before a word for production is one word with it, and a word for staging."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "pre" and f"pre{word}" in _TYPE_OF:
            joined[-1] = f"pre-{word}"
        else:
            joined.append(word)
    return joined
