"""Who has an account on the site, and which secrets prove it."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from jira_sandbox.jira_errors import NotFound

DESK_SCOPES = frozenset(
    ("read:jira-work", "write:jira-work", "read:jira-user", "read:servicedesk-request", "write:servicedesk-request")
)
SCOPES = frozenset(
    f"{verb}:{noun}-info:jira" for verb in ("read", "write", "delete") for noun in ("build", "deployment")
)


@dataclass(frozen=True)
class Person:
    """One account. ``account`` is its id in Cloud, ``name`` its user name in Data Center."""

    account: str
    name: str
    display: str
    email: str
    kind: str = "atlassian"
    active: bool = True


@dataclass(frozen=True)
class Group:
    """Some people, by their account ids. Two names that differ in case only are one group's."""

    id: str
    name: str
    members: tuple[str, ...] = ()


# Whose API token the sandbox takes: the account that a pipeline asks with.
RELEASE = Person("5b10a2844c20165700ede21g", "release", "Release Engineer", "release@example.com")
PIPELINE = Person(
    "712020:0e5f4d3c-aaaa-4bbb-8ccc-1234567890ab",
    "pipeline",
    "Pipeline",
    "pipeline@serviceaccount.atlassian.com",
    "app",
)
ANA = Person("5b10ac8d82e05b22cc7d4ef5", "ana", "Ana Souza", "ana@example.com")
BEN = Person("5b109f2e9729b51b54dc274d", "ben", "Ben Okafor", "ben@example.com")
CLEO = Person("5d53f3cbc6b9320d9ea5bdc2", "cleo", "Cleo Martin", "cleo@example.com")
DINA = Person("557058:295406f3-a1fc-4733-b906-dd15d021bd79", "dina", "Dina Weiss", "dina@example.com")
BOARD = Group("276f955c-63d7-42c8-9520-92d01dca0625", "change-advisory-board", (ANA.account, BEN.account))
MANAGERS = Group("9c1d2e3f-4a5b-4c6d-8e7f-0123456789ab", "release-managers", (BEN.account, CLEO.account))


class People:
    """Everybody who has an account, and the groups they are in."""

    def __init__(self, everybody: Iterable[Person] = (RELEASE, PIPELINE, ANA, BEN, CLEO, DINA)) -> None:
        self._everybody = list(everybody)
        self.groups: list[Group] = [BOARD, MANAGERS]

    def add(self, person: Person) -> Person:
        """Give somebody an account."""
        self._everybody.append(person)
        return person

    def group(self, name: str, *members: str) -> Group:
        """Make a group of these people, in place of one with this name; without anybody it is empty."""
        known = next((one for one in self.groups if one.name.casefold() == name.casefold()), None)
        identity = known.id if known else f"00000000-0000-4000-8000-{len(self.groups):012d}"
        made = Group(identity, name, tuple(self.find(one).account for one in members))
        self.groups = [*(one for one in self.groups if one is not known), made]
        return made

    def in_groups(self, names: Iterable[str]) -> list[str]:
        """The account ids of everybody who is in one of these groups."""
        wanted = {name.casefold() for name in names}
        found = (account for one in self.groups if one.name.casefold() in wanted for account in one.members)
        return list(dict.fromkeys(found))

    def deactivate(self, name: str) -> None:
        """Take the account of the person with this user name out of use."""
        self._everybody = [replace(one, active=one.active and one.name != name) for one in self._everybody]

    def readdress(self, name: str, email: str) -> None:
        """Give the person with this user name another e-mail address."""
        self._everybody = [replace(one, email=email) if one.name == name else one for one in self._everybody]

    def all(self) -> list[Person]:
        return list(self._everybody)

    def find(self, text: str) -> Person:
        """The person with this account id, user name, display name, first name or e-mail address, in any case.

        Raises:
            NotFound: there is none.
        """
        wanted = text.strip().casefold()
        for person in self._everybody:
            names = (person.account, person.name, person.display, person.email, person.display.partition(" ")[0])
            if wanted in (name.casefold() for name in names):
                return person
        names_of_all = ", ".join(person.name for person in self._everybody)
        raise NotFound(f"There is nobody called {text!r}; there are {names_of_all}.")

    def of(self, account: str) -> Person:
        """The person with this account id; a stranger when there is none, as with a deleted account."""
        known = (person for person in self._everybody if person.account == account)
        return next(known, Person(account, account, "Former user", ""))


@dataclass(repr=False)
class Credentials:
    """The site's OAuth client for builds and deployments, its service account, and people with their tokens.

    One person has an API token, one with scopes and, for Data Center, a personal access token; others can be added.
    There is nothing behind any of the secrets.

    Attributes:
        service_id, service_secret: of the service account, which is good for service desks and issues.
        lifetime: how long an access token is good, in seconds; may be changed.
        scopes: what access tokens given from now on may do.
    """

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105
    user: str = "release@example.com"
    token: str = "sandbox-api-token"  # noqa: S105
    scoped_token: str = "sandbox-scoped-token"  # noqa: S105
    service_id: str = "sandbox-service"
    service_secret: str = "sandbox-service-secret"  # noqa: S105
    personal_token: str = "sandbox-personal-token"  # noqa: S105
    lifetime: float = 3600
    clock: Callable[[], float] = time.monotonic
    scopes: frozenset[str] = SCOPES

    def __post_init__(self) -> None:
        self._others: dict[str, str] = {}
        self._given: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def grant(self, client_id: str, client_secret: str) -> str | None:
        """A new access token, or None when id or secret is wrong."""
        scopes = self._scopes_for(client_id, client_secret)
        if scopes is None:
            return None
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._given[token] = (self.clock() + self.lifetime, scopes)
        return token

    def _scopes_for(self, client_id: str, client_secret: str) -> frozenset[str] | None:
        if _same(client_id, self.client_id) and _same(client_secret, self.client_secret):
            return self.scopes
        service = _same(client_id, self.service_id) and _same(client_secret, self.service_secret)
        return DESK_SCOPES if service else None

    def scopes_of(self, token: str) -> frozenset[str] | None:
        """What the access token may do; None when it was never given, is expired or revoked."""
        with self._lock:
            end, scopes = self._given.get(token, (0.0, frozenset()))
            return scopes if token in self._given and self.clock() < end else None

    def revoke(self) -> None:
        """Forget every access token given so far."""
        with self._lock:
            self._given.clear()

    def person(self, basic: str) -> Literal["site", "scoped"] | None:
        """Which token a Basic header's value holds: one for the site's address or a scoped one; None when wrong."""
        user, token = _pair(basic)
        if self.owner(basic):
            return "site"
        return "scoped" if _same(user, self.user) and _same(token, self.scoped_token) else None

    def owner(self, basic: str) -> str:
        """Whose API token for the site's address a Basic header's value holds: an e-mail address, empty when wrong."""
        user, token = _pair(basic)
        with self._lock:
            known = {**self._others, self.user: self.token}
        return next((email for email, good in known.items() if _same(user, email) and _same(token, good)), "")

    def let_in(self, email: str, token: str) -> None:
        """Give somebody else, with this e-mail address, an API token for the site's address."""
        with self._lock:
            self._others[email] = token

    def is_personal(self, token: str) -> bool:
        """Whether it is the personal access token."""
        return _same(token, self.personal_token)

    def secrets(self) -> list[str]:
        """Everything that must not be shown."""
        with self._lock:
            own = [self.client_secret, self.service_secret, self.token, self.scoped_token, self.personal_token]
            return [*own, *self._others.values(), *self._given]


def _pair(basic: str) -> tuple[str, str]:
    try:
        user, _, token = base64.b64decode(basic, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, token


def _same(given: str, true: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), true.encode())
