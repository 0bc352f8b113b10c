"""The session that PyGithub, python-gitlab and we ask through: one API, bounded answers, polite to rate limits."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from jira_ci import retry
from jira_ci.ci.api import Asked, Refused, Unreadable, ask, rows
from jira_ci.exchange import Answer
from jira_ci.http import ApiSession
from jira_ci.run import Run
from jira_ci.text import mapping
from jira_ci.timing import Call, Deadline, Late
from jira_ci.transport_errors import happened

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
A = TypeVar("A", bound="Api")
PAGE = 100
_PAGES = 10
"""GitHub lists no more than a thousand runs (https://docs.github.com/rest/actions/workflow-runs)."""
_LARGEST = 32 * 1024 * 1024  # bytes; a compare answer's first page carries up to 300 files with their patches
_LATE = "no answer before the deadline (timeout)"
_MOST = 500  # requests: a page that names itself as the next one ends here
_NOTHING = 204
_DONE = {"GET": (200,), "DELETE": (200, _NOTHING)}
"""What answers that all is well; to whatever else is asked, 200 and 201 do."""
_PATIENCE = 0.4  # of the time that is left: a server that wants more is not asked again
_AGAIN = 2
"""How often a question is asked again that the server's rate limit held up."""
ABREAST = 8
"""How many requests are under way at once: GitHub asks for none at once, and refuses more than a hundred
(https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits)."""


class BoundSession:
    """The session that the libraries ask through. They retry, sleep and follow links on their own terms; here one API
    is asked, and nothing but a JSON answer that says that all is well is handed on.

    Args:
        api_url: requests to any other host are refused before anything is sent: the token belongs here.
        ca_bundle: a file of certificate authorities, or empty.
        deadline: over all requests.
    """

    def __init__(self, api_url: str, ca_bundle: str, deadline: Deadline) -> None:
        self._origin, self._deadline = _origin(api_url), deadline
        self._asked = itertools.count(1)  # its next is one step, whichever thread takes it
        self._resume = float("inf")  # seconds that will be left when the server may be asked again
        self._session = ApiSession(deadline, ca_bundle=ca_bundle, largest=_LARGEST)

    @property
    def host(self) -> str:
        """The API's host, and its port where it is not the usual one."""
        return self._origin[1]

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """A complete JSON answer that says that all is well; to a deletion it may be empty.

        A question (a GET, and what is posted to GraphQL, which writes nothing here) that the server's rate limit holds
        up is asked again when the server wants it, if that is soon; until then nothing else is asked, either.

        Args:
            options: as of ``requests.Session.request``; what would change how an answer is fetched is left out.

        Raises:
            Refused: anything else.
        """
        method = method.upper()
        if _origin(url) != self._origin:
            raise Refused(0, f"the answer points to another host, {_origin(url)[1]}")
        body = () if method == "GET" else ("data", "json")
        sent = {name: options.get(name) for name in ("params", "headers", "auth", *body)}
        is_question = method == "GET" or urlsplit(url).path.endswith("/graphql")
        for attempt in itertools.count(1):
            self._wait_for_turn()
            response = self._send(method, url, sent)
            try:
                _check(method, response)
            except Refused as error:
                if not is_question or attempt > _AGAIN or not self._may_ask_again(error, attempt):
                    raise
            else:
                break
        return response

    def side_by_side(self, questions: Sequence[Callable[[], T]]) -> list[T | Unreadable]:
        """What these questions answer, in their order; several are asked at once, and none after one was refused.

        Args:
            questions: each raises Unreadable, and nothing else. That something is missing is an answer.

        Returns:
            Fewer than questions, where one was refused; what was refused is among them.
        """
        answers: list[T | Unreadable] = []
        running: list[Call[T | Unreadable]] = []
        refused = False
        for question in questions:
            if len(running) == ABREAST:
                answers.append(self._answer(running.pop(0)))
                refused = refused or _is_refusal(answers[-1])
            if refused:
                break
            running.append(Call(_caught(question)))
        return [*answers, *map(self._answer, running)]

    def _answer(self, call: Call[T | Unreadable]) -> T | Unreadable:
        try:
            return call.result(self._deadline)
        except Late:
            return Unreadable(f"{self.host} could not be asked: {_LATE}.")

    def _send(self, method: str, url: str, sent: dict[str, Any]) -> requests.Response:
        if self._deadline.remaining() <= 0:
            raise Refused(0, _LATE)
        if next(self._asked) > _MOST:
            raise Refused(0, f"more than {_MOST} requests would be needed")
        try:
            return self._session.request(method, url, **sent)
        except Late:
            raise Refused(0, _LATE) from None
        except Exception as error:  # noqa: BLE001 - what requests and urllib3 raise is not one family
            raise Refused(0, happened(error)) from None

    def _wait_for_turn(self) -> None:
        if (wait := self._deadline.remaining() - self._resume) > 0:
            self._deadline.sleep(wait)

    def _may_ask_again(self, error: Refused, attempt: int) -> bool:
        """Whether the server says that it will take the question soon; then the next one waits for that."""
        if not error.limited or "retry-after" not in error.headers or self._deadline.hurried:
            return False
        left = self._deadline.remaining()
        wait = retry.delay(attempt, error.headers["retry-after"], time.time(), 1.0)
        if wait > left * _PATIENCE:
            return False
        self._resume = min(self._resume, left - wait)
        return True


class Api:
    """One repository's or project's API: reads JSON, and knows what a refusal means.

    Args:
        name: ``GitHub`` or ``GitLab``.
        home: the address of everything about this repository.
        headers: with the credential.
    """

    def __init__(self, name: str, home: str, headers: Mapping[str, str], *, ca_bundle: str, deadline: Deadline) -> None:
        self._name, self._home, self._headers = name, home, dict(headers)
        self._session = BoundSession(home, ca_bundle, deadline)

    @classmethod
    def of_github(cls: type[A], run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> A:
        """That of the run's repository on GitHub or GitHub Enterprise Server."""
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        home = f"{run.api_url}/repos/{quote(run.repository)}"
        return cls("GitHub", home, headers, ca_bundle=ca_bundle, deadline=deadline)

    @classmethod
    def of_gitlab(cls: type[A], run: Run, token: str, job_token: str = "", *, ca_bundle: str, deadline: Deadline) -> A:
        """That of the run's project on GitLab; without a token it is asked with the job's."""
        headers = {"PRIVATE-TOKEN": token} if token or not job_token else {"JOB-TOKEN": job_token}
        home = f"{run.api_url}/projects/{quote(run.repository_id, safe='')}"
        return cls("GitLab", home, headers, ca_bundle=ca_bundle, deadline=deadline)

    def close(self) -> None:
        """Closes its connections."""
        self._session.close()

    def ask(self, what: str, permission: str, question: Callable[[], T]) -> T:
        """What the question answers; see :func:`jira_ci.ci.api.ask`."""
        return ask(Asked(self._name, self._session.host, what, permission), question, ())

    def get(self, path: str, **parameters: str | int) -> Any:
        """A JSON answer.

        Raises:
            Refused: there was none.
        """
        return self._session.request("GET", self._home + path, params=parameters, headers=self._headers).json()

    def post(self, path: str) -> Any:
        """The JSON answer to an order that has no body.

        Raises:
            Refused: it was not taken.
        """
        return self._session.request("POST", self._home + path, headers=self._headers).json()

    def write(self, method: str, path: str, body: Mapping[str, str]) -> None:
        """Gives something other values.

        Raises:
            Refused: they were not taken.
        """
        self._session.request(method, self._home + path, headers=self._headers, json=dict(body)).json()

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


def _caught(question: Callable[[], T]) -> Callable[[], T | Unreadable]:
    def answer() -> T | Unreadable:
        try:
            return question()
        except Unreadable as error:
            return error

    return answer


def _is_refusal(answer: object) -> bool:
    return isinstance(answer, Unreadable) and not answer.missing


def _check(method: str, response: requests.Response) -> None:
    status, headers = response.status_code, {name.lower(): value for name, value in response.headers.items()}
    if status not in _DONE.get(method, (200, 201)):
        raise Refused(status, "", headers, response.content[:2000].decode("utf-8", "replace"))
    if status != _NOTHING and not isinstance(Answer(status, body=response.content).json(), (dict, list)):
        raise Refused(status, "the answer is not the JSON of an API", headers)


def bound_to(address: str, api_url: str) -> bool:
    """Whether an address is of the same host as the API, so that the token may go there."""
    return bool(address) and _origin(address) == _origin(api_url)


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", ""
    usual = {"http": 80, "https": 443}.get(parts.scheme) == port
    return parts.scheme, f"{parts.hostname}" if usual else f"{parts.hostname}:{port}"
