"""The people of the site, and the accounts that are none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jira_sandbox.desk.errors import NotFound


@dataclass(frozen=True)
class Person:
    """One account. ``account`` is its id in Cloud, ``name`` its user name in Data Center."""

    account: str
    name: str
    display: str
    email: str
    kind: str = "atlassian"


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


class People:
    """Everybody who has an account."""

    def __init__(self, everybody: Iterable[Person] = (RELEASE, PIPELINE, ANA, BEN, CLEO, DINA)) -> None:
        self._everybody = list(everybody)

    def add(self, person: Person) -> Person:
        """Give somebody an account."""
        self._everybody.append(person)
        return person

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
