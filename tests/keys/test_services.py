"""Which services are meant by their names."""

from __future__ import annotations

import pytest

from jira_ci.config.model import parse
from jira_ci.errors import UsageError
from jira_ci.keys.services import Service, known

FILE = b"""\
services:
  billing: {ids: ["id:1", "id:2"], paths: ["services/billing/**", "libs/money/**"]}
  Shop: {ids: ["id:3"]}
  web: {ids: ["id:4"], paths: ["a"]}
  WEB: {ids: ["id:5"], paths: ["b"]}
  broken: {ids: ["id:6"], paths: ["ok", "../out"]}
  only-out: {ids: ["id:7"], paths: ["!docs/**"]}
"""
CONFIG = parse(FILE, ".jira-ci.yml")
BILLING = Service("billing", ("id:1", "id:2"), ("services/billing/**", "libs/money/**"))
SHOP = Service("Shop", ("id:3",))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ()),
        (["billing"], (BILLING,)),
        (["SHOP", "Billing", "billing"], (SHOP, BILLING)),
        (["web"], (Service("web", ("id:4",), ("a",)),)),
    ],
)
def test_names_become_services_each_once(names: list[str], expected: tuple[Service, ...]) -> None:
    assert known(CONFIG, names) == expected


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("biling", "service is 'biling', which is none of the services in .jira-ci.yml. Did you mean billing?"),
        ("quite-other", "Known: billing, Shop, web, WEB, broken, only-out."),
        ("Web", "service is 'Web', and .jira-ci.yml has web and WEB. Write one of them exactly."),
        ("broken", ".jira-ci.yml line 6: the path ../out leads out of the repository. Correct it."),
        ("only-out", ".jira-ci.yml line 7: every path of only-out begins with !"),
        ("x\n::stop-commands::y", r"service is 'x\\n::stop-commands::y', which is none"),
    ],
)
def test_what_is_no_service_is_said(name: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        known(CONFIG, [name])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("config", "said"),
    [(None, "there is no .jira-ci.yml to say what that is"), (b"project-name: x\n", ".jira-ci.yml has no services")],
)
def test_a_file_without_services_is_said(config: bytes | None, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        known(parse(config, ".jira-ci.yml") if config else None, ["billing"])
    assert said in str(caught.value)
