"""What Jira shows of a report's issues: asked beside the report, or before it where keys are verified.

Never an obstacle to the report: what cannot be asked is said in a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jira_ci.context import Context
from jira_ci.deadline import Call, Deadline, Late
from jira_ci.errors import JiraCiError, NetworkError
from jira_ci.jira.issues import Card, Looked
from jira_ci.report.destinations import Destination
from jira_ci.report.fate import Fate
from jira_ci.settings import Settings
from jira_ci.text import one_line

if TYPE_CHECKING:
    from jira_ci.report.line import Line

_KEYS = 500  # as many as a record claims; nobody reads about more
_BESIDE = 3.0  # seconds that titles and the like are waited for once the report is through
_BEFORE = 10.0  # seconds that a report waits for its keys to be verified, and no more than half of all there are


class LookUps:
    """One report's questions about its issues, each destination asked once.

    Args:
        known: by destination, what was found out before; what is found out now is added.
    """

    def __init__(self, context: Context, line: Line, known: dict[str, Looked]) -> None:
        self._context, self._line, self._found = context, line, known
        self._calls: dict[str, Call[Looked]] = {}

    def verify(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """For each destination that could be asked the keys that it does not show, said; those nobody verified stay."""
        for destination in self._line.destinations:
            self._begin(destination, keys)
        self._wait(min(_BEFORE, self._context.deadline.remaining() / 2))
        for destination in self._line.destinations:
            self._say_verified(destination)
        return {name: looked.missing for name, looked in self._found.items()}

    def begin(self, keys: Sequence[str]) -> None:
        """Asks those sites that have a connection and a credential for it, and does not wait. Data Center is asked on
        the connection of the report, when that has shown that the credential is good."""
        for destination in self._line.destinations:
            if destination.edition == "cloud":
                self._begin(destination, keys[:_KEYS])

    def finish(self, keys: Sequence[str], fates: Sequence[Fate]) -> Mapping[str, Card]:
        """The issues by the keys that were asked for, of the first site that has each; waits a moment for them.

        Args:
            fates: what became of the report; where it failed nothing more is asked.
        """
        for fate in fates:
            if fate.outcome.error is None and not self._context.deadline.hurried:
                unknown = frozenset(fate.outcome.unknown_keys)
                self._at_last(fate.destination, [key for key in keys if key not in unknown][:_KEYS])
        awaited = list(self._calls)
        self._wait(0.0 if self._context.deadline.hurried else _BESIDE)
        for name in awaited:
            error = self._found[name].error
            if error is not None:
                reason = f"{self._prefix(name)}Titles and status of the issues are not shown: {error.message}"
                self._context.console.say(reason)
        found = [self._found[one.name].cards for one in self._line.destinations if one.name in self._found]
        return {key: card for cards in reversed(found) for key, card in cards.items()}

    def _at_last(self, destination: Destination, keys: Sequence[str]) -> None:
        """Asks a site that was not asked before, if another one did not take all of the time."""
        if self._context.deadline.remaining():
            self._begin(destination, keys)
        elif self._is_open(destination, keys):
            prefix = self._prefix(destination.name)
            self._context.console.say(f"{prefix}Titles and status of the issues are not shown: no time was left.")

    def _is_open(self, destination: Destination, keys: Sequence[str]) -> bool:
        """Whether there is a question for this site that it was not asked yet, and a credential to ask with."""
        asked = destination.name in self._found or destination.name in self._calls
        return not asked and bool(keys and destination.settings.token) and self._line.unsent(destination) is None

    def _begin(self, destination: Destination, keys: Sequence[str]) -> None:
        name, keys = destination.name, [key for key in keys if destination.takes(key)]
        if not self._is_open(destination, keys):
            return
        conversation = self._line.conversation(destination)
        conversation.dial()
        self._calls[name] = Call(lambda: conversation.look_up(keys))

    def _wait(self, seconds: float) -> None:
        patience = Deadline(seconds, whole=self._context.deadline)
        for name, call in self._calls.items():
            self._found[name] = _result(call, patience)
        for destination in self._line.destinations:
            if destination.name in self._calls:
                self._line.show(destination)
        self._calls = {}

    def _say_verified(self, destination: Destination) -> None:
        console, prefix, looked = (
            self._context.console,
            self._prefix(destination.name),
            self._found.get(destination.name),
        )
        if looked is None:
            if destination.unnamed:
                console.say(f"{prefix}The keys are not verified: {destination.unnamed}")
            elif not destination.settings.token and self._context.run.secrets_withheld:
                console.say(f"{prefix}The keys are not verified: this run gets no secrets.")
            return
        if looked.missing:
            whom = account(destination.settings)
            console.say(f"{prefix}Issues that Jira does not show to {whom}: {', '.join(looked.missing)}")
        if looked.error is not None:
            console.notice("warning", f"{prefix}Keys are reported unverified: {looked.error}")

    def _prefix(self, name: str) -> str:
        return f"{name}: " if self._line.several else ""


def account(settings: Settings) -> str:
    """Who asks, without an e-mail address."""
    name, _, domain = one_line(settings.user, 100).partition("@")
    return f"{name}@…" if domain else name or "the account of token"


def _result(call: Call[Looked], patience: Deadline) -> Looked:
    try:
        return call.result(patience)
    except Late:
        return Looked(error=NetworkError("Jira did not answer in time.", "Look whether the site is slow or down."))
    except Exception as error:  # noqa: BLE001 - our own mistake about a title keeps no report from arriving
        return Looked(error=JiraCiError(f"This is a bug in jira-ci: {type(error).__name__}: {error}."))
