"""The sandbox as one object: a site, its state file and its server, started and stopped together."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Literal

from jira_sandbox import site_state
from jira_sandbox.accounts import RELEASE, Credentials
from jira_sandbox.desk.trials import Trials
from jira_sandbox.dispatch import Api
from jira_sandbox.http_types import Exchange
from jira_sandbox.issue_rules import IssueRule
from jira_sandbox.listener import HOST, Before, Listener
from jira_sandbox.moments import Clock
from jira_sandbox.pages.rendering import warm
from jira_sandbox.routing import BY_NAME, CLOUD_ID, MAX_BODY, Context, Edition
from jira_sandbox.site_state import Site

_POLL = 0.02  # seconds; how long stopping may take


class Sandbox:
    """A pretend Jira Cloud site on ``http://127.0.0.1:PORT``: the site's address and the API gateway's at once.

    It listens from its making on, so that a port in use is known at once, and answers between ``with`` and its end.

    Args:
        port: 0 picks a free one.
        issues: which issues exist; by default WEB, OPS and MOB with the numbers 1 to 999.
        edition: ``cloud``, or ``data-center`` for a site without builds and deployments.
        state_file: where issues, builds and deployments are kept; None keeps them in memory.
        token_lifetime: of access tokens, in seconds.
        max_body: larger requests are refused with 413, in bytes.
        tls: serve ``https`` with this context.
        before: answers in place of the site where it returns an answer; may be replaced while running.

    Raises:
        StateFileError: the state file cannot be read, written, or meant.
        OSError: the port is in use or may not be used.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        edition: Literal["cloud", "data-center"] = "cloud",
        issues: IssueRule | None = None,
        state_file: Path | None = None,
        client_id: str = Credentials.client_id,
        client_secret: str = Credentials.client_secret,
        cloud_id: str = CLOUD_ID,
        user: str = Credentials.user,
        token: str = Credentials.token,
        scoped_token: str = Credentials.scoped_token,
        personal_token: str = Credentials.personal_token,
        token_lifetime: float = 3600,
        max_body: int = MAX_BODY,
        tls: ssl.SSLContext | None = None,
        before: Before | None = None,
    ) -> None:
        self.site = _site(issues, state_file)
        self.site.desk.people.readdress(RELEASE.name, user)
        self.credentials = Credentials(
            client_id, client_secret, user, token, scoped_token, personal_token=personal_token, lifetime=token_lifetime
        )
        self._listener = Listener(port, tls, before)
        self.address = f"{'https' if tls else 'http'}://{HOST}:{self._listener.server_port}"
        self._context = Context(self.site, self.credentials, cloud_id, self.address, max_body, edition=BY_NAME[edition])
        self._listener.api = Api(self._context)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(_POLL,), name="sandbox", daemon=True)

    @property
    def cloud_id(self) -> str:
        return self._context.cloud_id

    @property
    def edition(self) -> Edition:
        return self._context.edition

    @property
    def desk(self) -> Trials:
        """What people do on the service desk: approve, decline, transition, and so on, now or after some polls."""
        return self.site.trials

    @property
    def clock(self) -> Clock:
        """Jira's clock."""
        return self.site.desk.clock

    @property
    def exchanges(self) -> list[Exchange]:
        """What was asked and answered so far, oldest first."""
        return self._context.record.all()

    @property
    def faults(self) -> list[str]:
        """Failures of the sandbox itself, and steps of a script that could not be taken; empty when all is well."""
        return [*self._context.faults, *self.site.trials.script.failures]

    @property
    def connections(self) -> int:
        """How many TCP connections were accepted so far."""
        return self._listener.connections

    @property
    def stopping(self) -> threading.Event:
        """Set when the sandbox is about to stop: wait on it in ``before`` to keep a client waiting."""
        return self._listener.stopping

    @property
    def before(self) -> Before | None:
        return self._listener.before

    @before.setter
    def before(self, before: Before | None) -> None:
        self._listener.before = before

    def start(self) -> None:
        warm()  # a tenth of a second, once in a process, that the first page would take otherwise
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and cut every connection. May be called twice."""
        if self._thread.is_alive():
            self._listener.stop()
            self._thread.join()
        else:
            self._listener.server_close()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _site(issues: IssueRule | None, state_file: Path | None) -> Site:
    site = Site(issues)
    if state_file is not None:
        site_state.restore(site, state_file)
        site_state.save(state_file, site.dump())  # a file that cannot be written is said now, not at the first report
        site.changed = lambda: site_state.save(state_file, site.dump())
    return site
