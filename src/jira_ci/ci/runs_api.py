"""Asks GitHub or GitLab how runs went. Imported on use only: it brings requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from jira_ci.ci.api_answers import Asked, Refused, ask
from jira_ci.ci.api_session import ApiSession
from jira_ci.ci.api_shapes import rows
from jira_ci.ci.values import mapping
from jira_ci.deadline import Deadline

T = TypeVar("T")
PAGE = 100
_PAGES = 10
"""GitHub lists no more than a thousand runs (https://docs.github.com/rest/actions/workflow-runs)."""


class Api:
    """One repository's or project's API: reads JSON, and knows what a refusal means.

    Args:
        provider: ``GitHub`` or ``GitLab``.
        home: the address of everything about this repository.
        headers: with the credential.
    """

    def __init__(
        self, provider: str, home: str, headers: Mapping[str, str], *, ca_bundle: str, deadline: Deadline
    ) -> None:
        self._provider, self._home, self._headers = provider, home, dict(headers)
        self._session = ApiSession(home, ca_bundle, deadline)

    def close(self) -> None:
        self._session.close()

    def ask(self, what: str, permission: str, question: Callable[[], T]) -> T:
        """What the question answers; see :func:`jira_ci.ci.api_answers.ask`."""
        return ask(Asked(self._provider, self._session.host, what, permission), question, ())

    def get(self, path: str, **parameters: str | int) -> Any:
        """A JSON answer.

        Raises:
            Refused: there was none.
        """
        return self._session.request("GET", self._home + path, params=parameters, headers=self._headers).json()

    def pages(self, path: str, name: str = "", **parameters: str | int) -> Iterator[Mapping[str, Any]]:
        """The parts of a list, page by page.

        Args:
            name: where the list stands in each answer; empty where it is the answer.
        """
        for page in range(1, _PAGES + 1):
            answer = self.get(path, **parameters, per_page=PAGE, page=page)
            found = rows(answer if not name else mapping(answer).get(name))
            yield from found
            if len(found) < PAGE:
                return
        raise Refused(0, f"more than {_PAGES * PAGE} would have to be read")
