""".jira-ci.yml: what it means, what cannot be meant, and where it may lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jira_ci.config.model import Config, Connection, Rule, parse, read
from jira_ci.errors import UsageError

WHOLE = (Path(__file__).parent / "answers/yaml/whole.yml").read_bytes()


def config(text: str) -> Config:
    return parse(text.encode(), ".jira-ci.yml")


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        config(text)
    return str(caught.value)


def test_a_whole_file_is_read_into_typed_values() -> None:
    whole = parse(WHOLE, "whole.yml")
    assert whole.name == "whole.yml"
    assert whole.project_name == "Shop Front"
    assert whole.site == "northwind.atlassian.net"
    assert whole.projects == ("SHOP", "PAY")
    assert whole.connections == {"asia": Connection("https://jira.northwind.example:8443/jira", "ASIA")}
    assert whole.report_to == ("default", "asia")
    assert whole.unmatched == "infer"
    assert whole.services == {
        "billing": {"ids": ["ari:cloud:graph::service/1/2"], "paths": ["services/billing/**", "libs/money/**"]}
    }
    assert whole.enabled is True
    override = {"request-type": "Emergency change", "minimum-approvals": 2, "change": "OPS-7"}
    assert whole.rules == (
        Rule("Cloud-Dev", 9, "development"),
        Rule("uat*", 10, "testing"),
        Rule("?-stage", 11, "staging"),
        Rule("Live-EU", 12, "production", True, override),
        Rule("Live-*", 13, "production", True),
    )
    assert (whole.line("jira", "projects", 1), whole.where("jira", "site")) == (4, "whole.yml line 3")
    assert (whole.line("jira", "gone"), whole.where("jira", "gone")) == (None, "whole.yml")


def test_a_small_file_has_the_defaults() -> None:
    small = config("jira: {}\n")
    assert (small.site, small.projects, small.project_name, small.rules) == ("", (), "", ())
    assert (small.connections, small.report_to, small.unmatched, small.services) == ({}, ("default",), "infer", {})
    assert small.enabled is False
    assert small.control()["proceed-statuses"] == ["Implementing"]


def test_an_environments_own_change_control_wins_over_the_projects_and_that_over_the_default() -> None:
    some = config("change-control: {minimum-approvals: 1, comments: off}\n")
    found = some.control({"minimum-approvals": 3})
    assert (found["minimum-approvals"], found["comments"], found["request-type"]) == (3, "off", "Request a change")
    assert some.control()["minimum-approvals"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "environments:\n  Azure-Dev: developement\n",
            '.jira-ci.yml line 2: environments.Azure-Dev: "developement" is no environment type; expected one of '
            "development, testing, staging, production, unmapped. Did you mean development?",
        ),
        (
            "environments:\n  a.b:\n    type: prodution\n",
            '.jira-ci.yml line 3: environments.a.b.type: "prodution" is no environment type; expected one of '
            "development, testing, staging, production, unmapped. Did you mean production?",
        ),
        ("jira:\n  projets: [WEB]\n", ".jira-ci.yml line 2: jira.projets is not a known key. Did you mean projects?"),
        ("Jira: {}\n", ".jira-ci.yml line 1: Jira is not a known key. Did you mean jira?"),
        (
            "jira:\n  projects: WEB\n",
            '.jira-ci.yml line 2: jira.projects: "WEB" is there; expected a list of words. Write it as [WEB].',
        ),
        ("jira:\n", ".jira-ci.yml line 1: jira: nothing is there; expected keys and values."),
        ("jira:\n  projects: []\n", ".jira-ci.yml line 2: jira.projects: the list is empty."),
        (
            "jira:\n  projects:\n  - WEB\n  - OPS\n  - WEB\n",
            '.jira-ci.yml line 5: jira.projects[2]: "WEB" is there twice. Remove one.',
        ),
        (
            "project-name: 2024\n",
            ".jira-ci.yml line 1: project-name: the number 2024 is there; expected text. Put it in quotes.",
        ),
        (
            "change-control:\n  create: yes\n",
            '.jira-ci.yml line 2: change-control.create: "yes" is there; expected true or false. Did you mean true?',
        ),
        (
            "change-control:\n  create: True\n",
            '.jira-ci.yml line 2: change-control.create: "True" is there; expected true or false. Did you mean true?',
        ),
        (
            "change-control:\n  minimum-approvals: 30m\n",
            '.jira-ci.yml line 2: change-control.minimum-approvals: "30m" is there; expected a whole number.',
        ),
        (
            "change-control:\n  minimum-approvals: '2'\n",
            '.jira-ci.yml line 2: change-control.minimum-approvals: "2" is there; expected a whole number. '
            "Write it without quotes.",
        ),
        ("change-control: {minimum-approvals: -1}\n", "change-control.minimum-approvals: -1 is below 0."),
        ("change-control: {minimum-approvals: 1e9}\n", "change-control.minimum-approvals: 1000000000.0 is above 100."),
        ("change-control: {minimum-approvals: 2.0}\n", "change-control.minimum-approvals: 2.0 is no whole number."),
        (
            "change-control:\n  window: false\n",
            ".jira-ci.yml line 2: change-control.window: false is there; expected off or keys and values. "
            "Did you mean off?",
        ),
        (
            "change-control:\n  enabled: true\n",
            ".jira-ci.yml line 1: change-control lacks service-desk; it is required when enabled is true, unless "
            "gate-by is jira. Add it.",
        ),
        ("jira:\n  site: acme\n", "Did you mean acme.atlassian.net?"),
        ('jira: {site: "acme.atlassian.net\\n"}\n', "jira.site: "),
        ("jira: {token: s3cret}\n", "jira.token: credentials do not belong into this file."),
        ("report-to: [defualt]\n", 'report-to[0]: "defualt" is none of the connections. Did you mean default?'),
        ("report-to: [emea]\n", 'report-to[0]: "emea" is none of the connections. Known: default.'),
        *[
            (f"# a name\n? {'a' * 501}\n: 1\n", "is not a known key."),
            (f"environments:\n  a: testing\n  ? {'é' * 501}\n  : testing\n", ".jira-ci.yml line 3: environments.é"),
            (f"environments:\n  ? {'a' * 501}\n  : testing\n", "not blank, of 500 characters at most."),
            (f"services:\n  ? {'a' * 501}\n  : {{ids: [b]}}\n", "not blank, of 500 characters at most."),
        ],
        (
            "connections:\n  git-hub:\n    site: a.example\n    credentials: GITHUB\n",
            '.jira-ci.yml line 4: connections.git-hub.credentials: "GITHUB" would lead to JIRA_CI_GITHUB_TOKEN, which '
            "is not its own. Take another word, such as JIRA_GIT_HUB, and rename its variables.",
        ),
        ("change-control:\n  connection: emea\n", '.jira-ci.yml line 2: change-control.connection: "emea" is none'),
        (
            "environments:\n  Prod: production\n  qa: testing\n  PROD: production\n",
            ".jira-ci.yml line 4: environments.PROD and Prod are the same name in any case. Keep one of them.",
        ),
        (
            "change-control:\n  proceed-statuses: [Implementing, review]\n",
            '.jira-ci.yml line 2: change-control.proceed-statuses: "review" is in proceed-statuses and in '
            "wait-statuses, also those it has by default.",
        ),
        ("change-control:\n  wait-statuses: [Implementing]\n", ".jira-ci.yml line 2: change-control.wait-statuses: "),
        ("change-control:\n  proceed-statuses: []\n", "change-control.proceed-statuses: the list is empty."),
        (
            "change-control:\n  window: off\n  window-required: true\n",
            ".jira-ci.yml line 2: change-control.window: window is off and window-required is true.",
        ),
        (
            "change-control: {window-required: true}\nenvironments:\n  P:\n    change-control:\n      window: off\n",
            ".jira-ci.yml line 5: environments.P.change-control.window: window is off",
        ),
        ("change-control: {title: Deploy}\n", "change-control.title: "),
        ("- jira\n", ".jira-ci.yml line 1: a list at the top."),
        ("\n\nhello\n", ".jira-ci.yml line 3: a single value at the top."),
    ],
)
def test_what_cannot_be_meant_is_told_with_line_key_and_the_nearest_word(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ("freeze: [{nam: X, from: 2026-12-20}]", "change-control.freeze[0].nam is not a known key. Did you mean name?"),
        ("required-approvers: [{grup: x}]", "required-approvers[0].grup is not a known key. Did you mean group?"),
        ("freeze: [{name: '', every: x}]", "change-control.freeze[0].name: the text is empty."),
        ("freeze: true", "freeze: true is there; expected a list, each entry of it keys and values."),
        ("freeze: 'off'", 'freeze: "off" is there; expected a list, each entry of it keys and values.'),
        ("freeze: {name: X}", "each entry of it keys and values. Put a hyphen in front of each entry."),
    ],
)
def test_one_mistake_is_one_sentence(control: str, said: str) -> None:
    whole = refusal(f"change-control: {{{control}}}\n")
    assert whole.endswith(said)
    assert whole.count("change-control.") == 1


@pytest.mark.parametrize("site", ["https://bob:hunter2@acme.atlassian.net", "bob:hunter2@acme.atlassian.net"])
def test_a_password_in_an_address_is_refused_and_not_shown(site: str) -> None:
    said = refusal(f"jira:\n  site: {site}\n")
    assert "jira.site holds a user name or password" in said
    assert "hunter2" not in said


def test_a_password_in_an_address_is_not_shown_anywhere_else() -> None:
    assert "hunter2" not in refusal("report-to: ['https://bob:hunter2@x.example']\n")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    said = refusal("unmatched-environments: guess\nenvironments:\n  a: dev\n  b: stagin\njra: {}\n")
    places = [said.index(f".jira-ci.yml line {line}: ") for line in (1, 3, 4, 5)]
    assert places == sorted(places)


def test_a_file_full_of_problems_is_told_briefly() -> None:
    said = refusal("environments:\n" + "\n".join(f"  e{n}: nope" for n in range(3000)))
    assert said.count("is no environment type") == 10
    assert said.endswith(" And more.")


@pytest.mark.parametrize("key", ['"a\\n::add-mask::b"', '"::error::x"', "'##[error]x'"])
def test_a_message_stays_one_harmless_line(key: str) -> None:
    said = refusal(f"project-name: {{{key}: 1}}\njira: {{{key}: 1}}\n{key}: 1\n")
    assert "\n" not in said
    assert "##[" not in said


def test_the_file_in_the_workspace_is_read(tmp_path: Path) -> None:
    (tmp_path / ".jira-ci.yml").write_text("project-name: Möbel\n", encoding="utf-8")
    found = read(tmp_path, ".jira-ci.yml", required=False)
    assert found is not None
    assert found.project_name == "Möbel"


def test_a_missing_file_is_nothing_unless_somebody_named_it(tmp_path: Path) -> None:
    assert read(tmp_path, ".jira-ci.yml", required=False) is None
    with pytest.raises(UsageError, match=r"ci/jira\.yml is not in "):
        read(tmp_path, "ci/jira.yml", required=True)


def test_the_other_spelling_of_the_name_is_not_ignored_in_silence(tmp_path: Path) -> None:
    (tmp_path / ".jira-ci.yaml").write_text("jira: {}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"the file's name is \.jira-ci\.yml"):
        read(tmp_path, ".jira-ci.yml", required=False)


def test_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / ".jira-ci.yml").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        read(tmp_path, ".jira-ci.yml", required=False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".jira-ci.yml")
    with pytest.raises(UsageError, match="is no regular file"):
        read(tmp_path, ".jira-ci.yml", required=False)


@pytest.mark.parametrize("target", ["../outside.yml", "/etc/hostname"])
def test_a_symbolic_link_out_of_the_workspace_is_told(tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.yml").write_text("jira: {}\n", encoding="utf-8")
    (root / ".jira-ci.yml").symlink_to(target)
    with pytest.raises(UsageError, match="leads out of the workspace"):
        read(root, ".jira-ci.yml", required=False)


@pytest.mark.parametrize("name", ["../outside.yml", "/etc/hostname"])
def test_a_name_out_of_the_workspace_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="leads out of the workspace"):
        read(tmp_path, name, required=True)


def test_a_symbolic_link_inside_the_workspace_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real.yml").write_text("project-name: Web\n", encoding="utf-8")
    (tmp_path / ".jira-ci.yml").symlink_to("real.yml")
    found = read(tmp_path, ".jira-ci.yml", required=False)
    assert found is not None
    assert found.project_name == "Web"


def test_broken_and_endless_links_are_told(tmp_path: Path) -> None:
    (tmp_path / ".jira-ci.yml").symlink_to("gone.yml")
    with pytest.raises(UsageError, match="a symbolic link to nothing"):
        read(tmp_path, ".jira-ci.yml", required=False)
    (tmp_path / "a.yml").symlink_to("b.yml")
    (tmp_path / "b.yml").symlink_to("a.yml")
    with pytest.raises(UsageError, match=r"a\.yml"):
        read(tmp_path, "a.yml", required=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".jira-ci.yml").write_text("jira: {}\n", encoding="utf-8")
    (tmp_path / ".jira-ci.yml").chmod(0)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path, ".jira-ci.yml", required=False)


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path, "a\0b", required=True)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path, "x" * 5000, required=True)


def test_a_huge_file_is_refused_by_its_size(tmp_path: Path) -> None:
    with (tmp_path / ".jira-ci.yml").open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(UsageError, match="larger than 256 KB"):
        read(tmp_path, ".jira-ci.yml", required=False)


@pytest.mark.parametrize("address", ["https://ana:hunter2@h", "https://ana:hun/ter2@x hunter2@h", "ana:hunter2@h"])
@pytest.mark.parametrize(
    "text",
    [
        'jira: {{"{}": 1}}',
        '"{}": 1',
        '? "{}"\n: 1',
        'jira: {{"{0}": 1, "{0}": 2}}',
        'environments: {{"{}": {{}}}}',
        'environments: {{"{}": prodcution}}',
        'services: {{"{}": {{}}}}',
        'connections: {{"{}": {{site: a.example, credentials: A}}}}',
        'change-control: {{fields: {{"{}": }}}}',
        'report-to: ["{}"]',
        'change-control: {{connection: "{}"}}',
        'jira: {{projects: ["{}"]}}',
        'jira: {{site: !!int "{}"}}',
    ],
)
def test_no_password_of_an_address_is_shown_whether_it_is_a_key_or_a_value(text: str, address: str) -> None:
    assert "hunter2" not in refusal(text.format(address))


@pytest.mark.parametrize("section", ["environments: {%s: production}", "services: {%s: {ids: [a]}}"])
def test_a_name_that_holds_a_password_is_refused(section: str) -> None:
    assert refusal(section % '"https://ana:hunter2@h"').endswith(
        ".https://…@h holds a user name or password. Take it out of the name."
    )
    config(section % '"team@home: east"')


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{}", "after.production"),
        ("{transitions: Done}", "after.production.transitions is not a known key. Did you mean transition?"),
        (
            "{sub-tasks: true}",
            "after.production says no fix-version, no transition and no notes, so that nothing follows.",
        ),
        ("{transition: Done, create-release: true}", "after.production.create-release is there, and notes is not."),
        (
            "{transition: Done, release-version: true}",
            "after.production.release-version is there, and fix-version is not.",
        ),
        ("{transition: Done, description: x}", "after.production.description is there, and fix-version is not."),
        ('{fix-version: "{projekt} 1"}', "after.production.fix-version holds {projekt}, which stands for nothing."),
        ('{fix-version: "{notes}"}', "after.production.fix-version holds {notes}, which stands for nothing."),
        ('{fix-version: "x", description: "{note}"}', "holds {note}, which stands for nothing. Did you mean notes?"),
        ("{transition: 31}", "after.production.transition: the number 31 is there; expected text. Put it in quotes."),
        ('{transition: " "}', "after.production.transition"),
        ('{transition: "a\\nb"}', "after.production.transition"),
        ("{transition: Done, release-version: yes}", "expected true or false"),
        ("{transition: Done, credentials: release}", "after.production.credentials"),
        ("{transition: Done, credentials: GITHUB}", "would lead to JIRA_CI_GITHUB_TOKEN, which is not its own."),
        ("{transition: Done, connection: emea}", 'after.production.connection: "emea" is none of the connections.'),
        ("Done", "after.production"),
        ("[Done]", "after.production"),
    ],
)
def test_what_can_follow_no_deployment_is_told(rule: str, said: str) -> None:
    with pytest.raises(UsageError) as told:
        parse(f"after:\n  production: {rule}\n".encode(), ".jira-ci.yml")
    assert said in str(told.value)
    assert "line 2" in str(told.value)


def test_what_follows_is_read_as_it_is_written() -> None:
    first = 'production: {fix-version: "{project} {version}", description: "{notes}"}'
    text = f'after:\n  {first}\n  "Prod-*": {{transition: "31"}}\n'
    found = parse(text.encode(), ".jira-ci.yml")
    assert found.after["Prod-*"] == {"transition": "31"}


@pytest.mark.parametrize("status", ["{succesful: Completed}", "Completed", "{successful: 5}", '{successful: ""}'])
def test_an_end_status_that_cannot_be_meant_is_told(status: str) -> None:
    with pytest.raises(UsageError, match="end-status"):
        parse(f"change-control:\n  end-status: {status}\n".encode(), ".jira-ci.yml")
