"""Access tokens end when they should."""

from __future__ import annotations

from bare_site import BareSite
from jira_sandbox.routing import CLOUD_ID
from submissions import build

BUILDS = f"/jira/builds/0.1/cloud/{CLOUD_ID}"


def test_a_token_is_good_until_the_moment_it_expires(bare: BareSite) -> None:
    token = bare.bearer()
    bare.now = 899.9
    assert bare.ask("POST", f"{BUILDS}/bulk", {"builds": [build()]}, token).status == 202
