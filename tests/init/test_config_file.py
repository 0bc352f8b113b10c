"""The configuration that is proposed says what was found, whatever strangers call things, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_ci.init import config_file, next_steps
from jira_ci.init.files import Found, Named
from jira_ci.run import CI

NAMES = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=30).filter(str.strip)
ANY = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


def _found(project_name: str = "shop", environments: tuple[Named, ...] = (), comment: str = "") -> Found:
    return Found((CI.GITHUB,), project_name, "", (), comment, environments)


@given(NAMES, ANY)
def test_an_environment_keeps_its_name(name: str, where: str) -> None:
    row = Named(name, "unmapped", where)
    file, config = config_file.make_config(_found(environments=(row,), comment=where), ".jira-ci.yml")
    assert config.document["environments"] == {name: "unmapped"}
    assert config.document.keys() == {"project-name", "jira", "environments"}
    assert next_steps.of(_found(environments=(row,)), config)
    assert file.text.count("\n") == 7


@pytest.mark.parametrize(("name", "shown"), [("Shop", True), ("", False)])
def test_a_project_name_that_cannot_be_one_is_left_out(name: str, shown: bool) -> None:
    file, _ = config_file.make_config(_found(project_name=name), ".jira-ci.yml")
    assert ("project-name" in file.text) is shown
