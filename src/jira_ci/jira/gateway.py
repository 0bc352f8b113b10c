"""Atlassian's API gateway for one Jira Cloud site: the cloud id, an access token, and then the report.

A new connection costs two round trips before its first request, so the cloud id (from the site) and the token (from the
gateway) are fetched side by side, and the report goes out on the connection that brought the token.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from jira_ci.errors import JiraCiError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira import endpoints, records
from jira_ci.jira.errors import expect
from jira_ci.jira.submit import BUILDS, Kind, Submission, submit
from jira_ci.run import Run
from jira_ci.timing import Call, Late
from jira_ci.transport_errors import explain


@dataclass(frozen=True)
class Target:
    """Where reports go, and with which credential."""

    site: str
    """``https://acme.atlassian.net``; may be empty when the cloud id is given."""
    api: str
    cloud: str
    """The cloud id, or empty: then the site is asked."""
    client_id: str
    client_secret: str


class Gateway:
    """Reports to one site.

    Args:
        keep_secret: is told the access token as soon as it is there.
        warn: is told what the user should know.
    """

    def __init__(
        self, client: Client, target: Target, *, keep_secret: Callable[[str], None], warn: Callable[[str], None]
    ) -> None:
        self._client, self._target = client, target
        self._keep_secret, self._warn = keep_secret, warn
        self._cloud, self._asking = target.cloud, threading.Lock()
        self._token = ""

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def connect(self) -> None:
        """Fetches what is missing: the cloud id and the token, side by side where they come from two hosts.

        Raises:
            JiraCiError: one of the two cannot be had.
        """
        if self._cloud:
            self.access_token()
        elif _host(self._target.site) == _host(self._target.api):
            self.cloud_id()
            self.access_token()
        else:
            self._connect_to_both()

    def _connect_to_both(self) -> None:
        asked = Call(self.cloud_id)
        try:
            self.access_token()
            asked.result(self._client.deadline)
        except Late as late:
            self.close()
            raise explain(endpoints.tenant_info(self._target.site), late, 1) from None
        except JiraCiError:
            self.close()  # or the other question goes on being asked
            raise

    def cloud_id(self) -> str:
        """The site's cloud id, asked for once, also when two threads want it.

        Raises:
            JiraCiError: the site does not tell it.
        """
        with self._asking:
            self._cloud = self._cloud or self._told_cloud_id()
        return self._cloud

    def _told_cloud_id(self) -> str:
        request = endpoints.tenant_info(self._target.site)
        answer = self._client.send(request)
        moved = endpoints.renamed_to(request, answer)
        if moved:
            self._warn(f"{request.host} is called {_host(moved)} now. Change the setting site.")
            request = endpoints.tenant_info(moved, named_by_user=False)
            answer = self._client.send(request)
        return endpoints.read_cloud_id(request, answer)

    def access_token(self) -> str:
        """An access token, asked for once.

        Raises:
            JiraCiError: the credential was refused, or no usable answer came.
        """
        if not self._token:
            request = endpoints.access_token(self._target.api, self._target.client_id, self._target.client_secret)
            self._token = endpoints.read_access_token(request, self._client.send(request))
            self._keep_secret(self._token)
        return self._token

    def ask(self, make: Callable[[str, str, str], Request]) -> tuple[Request, Answer]:
        """One exchange about the connected site, whatever its status.

        Args:
            make: a request from the API's address, the cloud id and the access token.

        Raises:
            NetworkError: no answer came.
        """
        request = make(self._target.api, self._cloud, self._token)
        return request, self._client.send(request)

    def submit(
        self, kind: Kind, report: Sequence[records.Record], run: Run, properties: Mapping[str, str] | None = None
    ) -> Submission:
        """Sends the records; see :func:`jira_ci.jira.submit.submit`.

        Args:
            properties: the user's own, kept with each record.
        """

        def post(portion: Sequence[records.Record]) -> tuple[Request, Answer]:
            body = records.body(kind.plural, portion, run, properties or {})
            request = endpoints.bulk(self._target.api, self._cloud, kind.plural, body, self._token)
            return request, self._client.send(request)

        return submit(kind, report, post)

    def look(self, kind: Kind) -> None:
        """Reads a record that does not exist: 404 shows that the credential is let in, and nothing is changed.

        Raises:
            JiraCiError: the credential is not let in, or no usable answer came.
        """
        api, nothing = self._target.api, "jira-ci-check"
        if kind is BUILDS:
            request = endpoints.build_by_key(api, self._cloud, nothing, 1, self._token)
        else:
            request = endpoints.deployment_by_key(api, self._cloud, nothing, nothing, 1, self._token)
        answer = self._client.send(request)
        if answer.status != 404:
            expect(request, answer, 200)


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()
