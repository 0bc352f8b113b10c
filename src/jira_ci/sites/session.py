"""One site's open connection: what is asked there over one login, by a report, by a correction and by the gate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from jira_ci import credentials, retry
from jira_ci.context import Context
from jira_ci.errors import AccessError, JiraCiError, NetworkError, RejectedError, UsageError
from jira_ci.exchange import Answer, Request, exchange_lines
from jira_ci.frozen import replace
from jira_ci.http import Client, Observer
from jira_ci.jira.access import Access, base_url, is_gateway_of
from jira_ci.jira.auth import Login
from jira_ci.jira.endpoints import Edition
from jira_ci.jira.identity import keys_of
from jira_ci.jira.records import Record
from jira_ci.jira.status_errors import Audience
from jira_ci.jira.submit import Kind, Submission, bulk, submit
from jira_ci.settings import Settings
from jira_ci.sites.sites import TYPES, Site, access, cloud_access, incomplete, missing_client, need_site, open_client
from jira_ci.timing import Call, Deadline, Late

if TYPE_CHECKING:
    from jira_ci.jira.gating import GatingSite
    from jira_ci.jira.issues import IssueTitles
    from jira_ci.jira.service_desk import Service

_GRACE = 0.8  # seconds after the deadline, in which a question that it ended says whom it was for


class SiteSession:
    """What is asked of one site.

    Args:
        site: which has no fault.
        hear: is told every answer; by default they are kept.
        warn: is told what the user should know; by default it is kept.
    """

    def __init__(
        self,
        context: Context,
        site: Site,
        *,
        hear: Observer | None = None,
        warn: Callable[[str], object] | None = None,
    ) -> None:
        self.site = site
        self.heard: list[tuple[Request, Answer] | str] = []
        """Exchanges, and sentences that the user should know, in their order."""
        self.looked: list[tuple[Request, Answer] | str] = []
        """Exchanges in which issues were looked up, which may go on beside the others."""
        self._context = context
        self._hear, self._warn = hear or self._keep, warn or self.heard.append
        self._cloud: Login | None = None
        self._dialled: Call[None] | None = None
        self._client: Client | None = None
        self._certain = False
        self._refused: AccessError | None = None

    def dial(self) -> None:
        """Begins to connect to Jira Cloud, once, and does not wait for it; Data Center has nothing to fetch first.

        Raises:
            UsageError: a setting is invalid.
        """
        if self._dialled is None and self.site.edition == "cloud":
            self._dialled = Call(self.cloud().prepare)

    def close(self) -> None:
        """Hangs up; a line that was dialled for nothing asks nothing more."""
        if self._cloud is not None:
            self._cloud.client.close()
        if self._client is not None:
            self._client.close()

    def cloud(self) -> Login:
        """The login for builds and deployments on Jira Cloud, which need not be connected yet.

        Raises:
            UsageError: a setting is invalid.
        """
        if self._cloud is None:
            context, settings = self._context, self.site.settings
            where = cloud_access(settings)
            self._cloud = Login(
                open_client(context, settings, self._hear),
                where,
                "report",
                keep_secret=context.console.mask.add,
                refusals=context.refusals,
                renamed=self._warn,
            )
        return self._cloud

    def person(self, audience: Audience) -> Login:
        """The login for questions to the site itself, with its credential masked in the form in which it travels.

        Raises:
            UsageError: a setting is invalid.
        """
        context, where = self._context, access(self.site.settings)
        if not where.cloud:
            need_site(where)
        if where.user:
            context.console.mask.add(where.basic)
        if self._client is None:
            self._client = open_client(context, self.site.settings, self._hear_site)
        # A token for a site that may be either edition is tried as a person's at Data Center.
        known = replace(where, jira_type=where.edition or "data-center")
        return Login(self._client, known, audience, refusals=context.refusals, cloud_id=self._cloud_id)

    def edition(self) -> Edition:
        """What the site is; it is asked where the settings do not tell.

        Raises:
            JiraCiError: a setting is invalid, or no usable answer came.
        """
        if self.site.edition is not None:
            return self.site.edition
        where = access(self.site.settings)
        need_site(where)
        if self._client is None:
            self._client = open_client(self._context, self.site.settings, self._hear_site)
        return Login(self._client, where, "links").edition()

    def report(
        self, kind: Kind, records: Sequence[Record], properties: Callable[[Settings], Mapping[str, str]]
    ) -> Submission:
        """Sends the records. Whatever keeps them from arriving is an outcome as well.

        Args:
            properties: the user's own, from the settings.
        """
        try:
            self.dial()
            if self._dialled is None:
                return self._links(kind, records)
            self._await(self._dialled)
            make = bulk(kind, self._context.run, properties(self._context.settings))
            return submit(kind, records, make, self.cloud().ask)
        except JiraCiError as error:
            return Submission(error=error)

    def look_up(self, keys: Sequence[str]) -> IssueTitles:
        """What the account of ``user`` and ``token`` sees of these issues; whatever keeps it from being asked is a part
        of the answer. A site on Jira Cloud is dialled before by whoever lets this run beside a report."""
        from jira_ci.jira.issues import IssueTitles, look_up

        try:
            login = self.person("issues")
            self._prove_edition(login)
            edition = self.site.edition or "data-center"
            found = look_up(login, edition, keys)
        except JiraCiError as error:
            return IssueTitles(error=error)
        if edition == "data-center" and isinstance(found.error, AccessError):
            self._refused = found.error
        return found

    def _links(self, kind: Kind, records: Sequence[Record]) -> Submission:
        from jira_ci.jira import remote_links

        login = self.person("links")
        self._prove_edition(login)
        claiming = [record for record in records if keys_of(record)]
        if len(claiming) < len(records):
            self._warn("Jira Data Center shows records on issues only; those that name none are not sent there.")
        # A credential that may not even look issues up links none.
        outcome = Submission(error=self._refused) if self._refused else remote_links.submit(kind, claiming, login)
        if not self._certain and isinstance(outcome.error, AccessError) and not outcome.accepted:
            with suppress(AccessError, NetworkError, RejectedError):  # the refusal says more than a second one
                self._need_data_center()
        return outcome

    def _prove_edition(self, login: Login) -> None:
        """A password is good for either edition, and a link on Jira Cloud is nothing that anybody looks for."""
        self._certain = self._certain or self.site.edition is not None
        if not self._certain and login.access.kind == "basic":
            self._need_data_center()
            self._certain = True

    def _need_data_center(self) -> None:
        site = self.site
        if self.edition() == "cloud":
            error = incomplete(site.settings, missing_client(site.settings), site.word)
            raise UsageError(f"{access(site.settings).site} is Jira Cloud, and {error.message}", error.hint)

    def _cloud_id(self) -> str:
        return self.cloud().cloud_id()

    def _await(self, dialled: Call[None]) -> None:
        """Waits for the access, and a moment longer than there is time for the question's own error, which names the
        host."""
        try:
            dialled.result(self._context.deadline)
        except Late:
            with suppress(Late):
                return dialled.result(Deadline(_GRACE))
            raise NetworkError("Jira gave no access before the deadline.", "Raise timeout.") from None

    def _keep(self, request: Request, answer: Answer) -> None:
        self.heard.append((request, answer))

    def _hear_site(self, request: Request, answer: Answer) -> None:
        from jira_ci.jira import issues

        if issues.is_fetch(request):
            self.looked.append((request, issues.shown(answer)))
        else:
            self._hear(request, answer)


def gate_access(context: Context, site: str, word: str) -> Access:
    """The credentials for a site that the policy names, whose secrets the log hides from now on.

    The ``cloud-id`` setting counts for reports only: here the site itself is asked, so that no variable can lead the
    gate to another one.

    Args:
        word: what the variables of the credentials have in their names; empty for the settings' own.

    Raises:
        UsageError: an address is invalid, or ``api-url`` leads to somebody who must not answer for the site.
    """
    given, own = context.given, _own(context, word)
    api = base_url(given.api_url, "api-url")
    if not is_gateway_of(site, api):
        raise UsageError(
            f"api-url is {api}, which may not answer for {site}.", "Leave api-url out where the gate is asked."
        )
    found = Access(
        site, api, "", TYPES.get(given.jira_type, "auto"), own.user, own.token, own.client_id, own.client_secret
    )
    for secret in (found.token, found.client_secret, found.token and found.basic):
        if secret:
            context.console.mask.add(secret)
    return found


def change_login(context: Context, site: str, word: str) -> Login:
    """A conversation about changes with a site that the policy names, beside the gate's.

    Args:
        word: as for :func:`gate_access`.

    Raises:
        UsageError: a setting is invalid.
    """
    return Login(
        open_client(context, _own(context, word)),
        gate_access(context, site, word),
        "gate",
        keep_secret=context.console.mask.add,
        refusals=context.refusals,
    )


def gate_withheld(context: Context, *, by_jira: bool = False) -> str:
    """Row 5: what to do about credentials that are not there.

    Args:
        by_jira: whether Jira's own gating is to be asked, which takes one kind of them only.
    """
    why = context.run.secrets_withheld
    because = f" ({why} gets no secrets)" if why else ""
    kinds = (
        "user and token (Jira Cloud), token alone (Data Center), or client-id and client-secret of a service account."
    )
    if by_jira:
        kinds = "client-id and client-secret, with which the deployment is reported to Jira (gate-by: jira)."
    return f"There are no credentials for the gate{because}, and what cannot be asked is not approved. Set {kinds}"


def _own(context: Context, word: str) -> Settings:
    """The settings with the credentials and the extra headers of the word, which are for the site that they were set
    for, and for no other host."""
    return credentials.of_connection(context.given, context.edges.environ, word) if word else context.given


class GateSites:
    """The gate's connections to the sites that the policy names, each opened once.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, context: Context, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._context, self._clock = context, clock
        self._open: dict[tuple[str, str], tuple[Client, Service]] = {}
        self._gating: dict[tuple[str, str], GatingSite] = {}
        self._not_before = 0.0

    def service(self, site: str, word: str) -> Service:
        """The conversation with a site's service desk.

        Raises:
            UsageError: a setting is invalid.
        """
        from jira_ci.jira.service_desk import Service

        if (site, word) not in self._open:
            # The provider is asked about the version's tag first.
            self._context.preconnected.begin(site, self._context.edges.environ, self._context.given.ca_bundle)
            login = self._login(site, word, "gate")
            self._open[site, word] = login.client, Service(login, clock=self._clock)
        return self._open[site, word][1]

    def gating(self, site: str, word: str) -> GatingSite:
        """The conversation with a site about deployments that it gates itself.

        Raises:
            UsageError: a setting is invalid.
        """
        from jira_ci.jira.gating import GatingSite

        if (site, word) not in self._gating:
            self._gating[site, word] = GatingSite(self._login(site, word, "gating"), clock=self._clock)
        return self._gating[site, word]

    def give(self, deadline: Deadline) -> None:
        """Everything that is asked from now on has to end before this deadline."""
        for client in self._clients():
            client.deadline = deadline

    def retry_after(self) -> float:
        """Seconds for which Jira asked to be left alone."""
        return max(0.0, self._not_before - self._clock())

    def close(self) -> None:
        """Closes the connections."""
        self._context.preconnected.close()
        for client in self._clients():
            client.close()

    def _login(self, site: str, word: str, audience: Audience) -> Login:
        context = self._context
        client = open_client(context, _own(context, word), self._hear)
        return Login(
            client,
            gate_access(context, site, word),
            audience,
            keep_secret=context.console.mask.add,
            refusals=context.refusals,
        )

    def _clients(self) -> Iterator[Client]:
        yield from (client for client, _ in self._open.values())
        yield from (site.client for site in self._gating.values())

    def _hear(self, request: Request, answer: Answer) -> None:
        if retry.worth_another_try(answer.status):
            asked_for = retry.delay(1, answer.headers.get("retry-after", ""), self._context.edges.clock(), 0)
            self._not_before = max(self._not_before, self._clock() + asked_for)
        if self._context.given.log_level == "debug":  # otherwise hours of waiting would fill the log
            title = f"Asked {request.host} to {request.asks}: {answer.status}"
            self._context.console.block(title, exchange_lines(request, answer))
