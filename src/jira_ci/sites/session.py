"""One report's conversation with one site, in a thread of its own; what was heard is printed later, by nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from jira_ci import templates
from jira_ci.context import Context
from jira_ci.errors import AccessError, JiraCiError, NetworkError, RejectedError, UsageError
from jira_ci.exchange import Answer, Request
from jira_ci.http import Client
from jira_ci.jira.gateway import Gateway
from jira_ci.jira.records import Record, keys_of
from jira_ci.jira.submit import Kind, Submission
from jira_ci.sites import connection
from jira_ci.sites.sites import Site
from jira_ci.timing import Call, Deadline, Late

if TYPE_CHECKING:
    from jira_ci.jira.auth import Access
    from jira_ci.jira.endpoints import Edition
    from jira_ci.jira.issues import IssueTitles

_GRACE = 0.8  # seconds after the deadline, in which a question that it ended says whom it was for


class SiteSession:
    """What is asked of one destination.

    Args:
        destination: which has no fault.
    """

    def __init__(self, context: Context, destination: Site) -> None:
        self.destination = destination
        self.heard: list[tuple[Request, Answer] | str] = []
        """Exchanges, and sentences that the user should know, in their order."""
        self.looked: list[tuple[Request, Answer] | str] = []
        """Exchanges in which issues were looked up, which may go on beside the others."""
        self._context = context
        self._gateway: tuple[Gateway, Call[None]] | None = None
        self._client: Client | None = None
        self._certain = False
        self._refused: AccessError | None = None

    def dial(self) -> None:
        """Begins to connect to Jira Cloud, once, and does not wait for it; Data Center has nothing to fetch first.

        Raises:
            UsageError: a setting cannot be meant.
        """
        if self._gateway is None and self.destination.edition == "cloud":
            gateway = connection.open_gateway(
                self._context, self.destination.settings, self._hear, warn=self.heard.append
            )
            self._gateway = gateway, Call(gateway.connect)

    def close(self) -> None:
        """Hangs up; a line that was dialled for nothing asks nothing more."""
        if self._gateway is not None:
            self._gateway[0].close()
        if self._client is not None:
            self._client.close()

    def report(self, kind: Kind, records: Sequence[Record]) -> Submission:
        """Sends the records. Whatever keeps them from arriving is an outcome as well."""
        try:
            self.dial()
            return self._links(kind, records) if self._gateway is None else self._bulk(*self._gateway, kind, records)
        except JiraCiError as error:
            return Submission(error=error)

    def look_up(self, keys: Sequence[str]) -> IssueTitles:
        """What the account of ``user`` and ``token`` sees of these issues; whatever keeps it from being asked is a part
        of the answer. A destination on Jira Cloud is dialled before by whoever lets this run beside a report."""
        from jira_ci.jira.issues import IssueTitles, look_up

        try:
            access = self._access()
            client, edition = self._site_client(), access.edition or "data-center"
            self._prove_edition(client, access)
            found = look_up(client, access, edition, keys, self._cloud_id)
        except JiraCiError as error:
            return IssueTitles(error=error)
        if edition == "data-center" and isinstance(found.error, AccessError):
            self._refused = found.error
        return found

    def _cloud_id(self) -> str:
        self.dial()
        return self._gateway[0].cloud_id() if self._gateway is not None else ""

    def _access(self) -> Access:
        """The credential for the site itself, masked in the form in which it travels."""
        access = connection.access(self.destination.settings)
        if not access.cloud:
            connection.need_site(access)
        if access.user:
            self._context.console.mask.add(access.basic)
        return access

    def _site_client(self) -> Client:
        if self._client is None:
            self._client = connection.open_client(self._context, self.destination.settings, self._hear_site)
        return self._client

    def _bulk(self, gateway: Gateway, connected: Call[None], kind: Kind, records: Sequence[Record]) -> Submission:
        try:
            connected.result(self._context.deadline)
        except Late:
            _say_whom(connected)
        return gateway.submit(kind, records, self._context.run, templates.given(self._context.settings))

    def _links(self, kind: Kind, records: Sequence[Record]) -> Submission:
        from jira_ci.jira import remote_links

        access, client = self._access(), self._site_client()
        self._prove_edition(client, access)
        claiming = [record for record in records if keys_of(record)]
        if len(claiming) < len(records):
            self.heard.append("Jira Data Center shows records on issues only; those that name none are not sent there.")
        # A credential that was refused when it looked issues up is not offered again.
        outcome = (
            Submission(error=self._refused) if self._refused else remote_links.submit(kind, claiming, access, client)
        )
        if not self._certain and isinstance(outcome.error, AccessError) and not outcome.accepted:
            with suppress(AccessError, NetworkError, RejectedError):  # the refusal says more than a second one
                self._need_data_center(client, access)
        return outcome

    def _prove_edition(self, client: Client, access: Access) -> None:
        """A password is good for either edition, and a link on Jira Cloud is nothing that anybody looks for."""
        self._certain = self._certain or access.edition is not None
        if not self._certain and access.kind == "basic":
            self._need_data_center(client, access)
            self._certain = True

    def _need_data_center(self, client: Client, access: Access) -> None:
        from jira_ci.jira.auth import ask_edition

        found: Edition = ask_edition(client, access.site)
        if found == "cloud":
            destination = self.destination
            missing = connection.missing_client(destination.settings)
            error = connection.incomplete(destination.settings, missing, destination.word)
            raise UsageError(f"{access.site} is Jira Cloud, and {error.message}", error.hint)

    def _hear(self, request: Request, answer: Answer) -> None:
        self.heard.append((request, answer))

    def _hear_site(self, request: Request, answer: Answer) -> None:
        from jira_ci.jira import issues

        if issues.is_fetch(request):
            self.looked.append((request, issues.shown(answer)))
        else:
            self._hear(request, answer)


def _say_whom(connected: Call[None]) -> None:
    """Waits a moment longer for the question's own error, which names the host.

    Raises:
        JiraCiError: that error, or one without the host.
    """
    try:
        connected.result(Deadline(_GRACE))
    except Late:
        raise NetworkError("Jira gave no access before the deadline.", "Raise timeout.") from None
