"""The gate's half of check, against a site over real sockets."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import scenes
from gate_jobs import POLICY, Scene, Time, commit, scene
from gate_subjects import TITLE, approved
from jira_ci.checks import gate_checks
from jira_ci.checks.report_checks import Line
from jira_ci.config.model import parse
from jira_ci.gate.policy.lint import examples, lint
from jira_sandbox.http_types import Answer, json_answer
from jira_sandbox.server import Sandbox

PATH = os.environ["PATH"]
MENDED = "minimum-approvals: 1\n  exclude-approvers: [reporter]"


@pytest.fixture
def here(tmp_path: Path, sandbox: Sandbox) -> Scene:
    """A site and a policy about which there is nothing to say."""
    sandbox.site.desk.denied.add("TRANSITION_ISSUES")
    return scene(tmp_path, sandbox, MENDED)


def lines(here: Scene, *flags: str, **environ: str) -> list[Line]:
    context = here.context(*flags, **environ)
    found = list(gate_checks.lines(context))
    writes = [one.path for one in here.sandbox.exchanges if one.method not in ("GET", "HEAD")]
    assert {path for path in writes if not path.endswith(("/search/jql", "/api/2/search", "/oauth/token"))} == set()
    return found


def wrong(found: list[Line]) -> list[tuple[str, int]]:
    return [(line.subject, int(line.exit)) for line in found if line.exit]


def said(found: list[Line], subject: str) -> str:
    return "\n".join(f"{line.found} {line.hint}".strip() for line in found if line.subject == subject)


def doubtful(found: list[Line]) -> list[str]:
    return [line.found for line in found if line.doubtful]


def policy(here: Scene, text: str) -> None:
    commit(here.job, text.replace("SITE", here.sandbox.address))


def test_everything_is_well(here: Scene) -> None:
    found = lines(here)
    assert (wrong(found), doubtful(found)) == ([], [])
    assert said(found, "gate environments") == "under change control: Prod, Stage"
    assert said(found, "gate service desk") == "OPS is there (id 1)"
    assert said(found, "gate window") == (
        "'Planned start' is the field customfield_10345\n'Planned end' is the field customfield_10346"
    )
    assert f"Prod: the title is {TITLE}; the search works, no open change carries it" in said(found, "gate title")
    assert 'Stage: the title is Deploy "Web Site" version 1.2.3 to "Stage"' in said(found, "gate title")
    assert "not tested" in said(found, "gate approvals")


def test_without_a_version_it_is_the_runs(here: Scene) -> None:
    told = said(lines(here, "version=", "environment="), "gate title")
    assert f'version {here.job.environ["GITHUB_SHA"]} to "Prod" with this run\'s version' in told


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({}, "Jira Cloud at HOST lets user and an API token in, as Release Engineer"),
        ({"JIRA_CI_TOKEN": "SCOPED"}, "Jira Cloud at HOST/ex/jira/CLOUD lets user and an API token with scopes in"),
        (
            {"JIRA_CI_USER": "", "JIRA_CI_TOKEN": "", "JIRA_CI_CLIENT_ID": "CLIENT", "JIRA_CI_CLIENT_SECRET": "SECRET"},
            "Jira Cloud at HOST/ex/jira/CLOUD lets an access token for client-id and client-secret in, as Pipeline",
        ),
    ],
)
def test_which_host_lets_which_credential_in(here: Scene, environ: dict[str, str], way: str) -> None:
    sandbox = here.sandbox
    known = {
        "SCOPED": sandbox.credentials.scoped_token,
        "CLIENT": sandbox.credentials.service_id,
        "SECRET": sandbox.credentials.service_secret,
    }
    found = lines(here, **{name: known.get(value, value) for name, value in environ.items()})
    expected = way.replace("HOST", sandbox.address.removeprefix("http://")).replace("CLOUD", sandbox.cloud_id)
    assert said(found, "gate credentials").startswith(expected)
    assert wrong(found) == []


def test_data_center(tmp_path: Path, start_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = start_sandbox(edition="data-center")
    here = scene(tmp_path, sandbox, MENDED)
    approved(sandbox)
    found = lines(here, JIRA_CI_USER="", JIRA_CI_TOKEN=sandbox.credentials.personal_token)
    assert wrong(found) == []
    assert "Jira Data Center at" in said(found, "gate credentials")
    assert "a personal access token" in said(found, "gate credentials")
    assert "OPS-1000 and its approvals (1) can be read" in said(found, "gate approvals")


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"JIRA_CI_TOKEN": ""}, "There are no credentials for the gate, and what cannot be asked"),
        ({"JIRA_CI_TOKEN": "wrong"}, "Check user and token"),
    ],
)
def test_credentials_that_are_missing_or_refused(here: Scene, environ: dict[str, str], sentence: str) -> None:
    found = lines(here, **environ)
    assert wrong(found) == [("gate credentials", 6)]
    assert sentence in said(found, "gate credentials")


def test_a_fork_has_no_credentials_and_is_told_why(tmp_path: Path, sandbox: Sandbox) -> None:
    fork = {"full_name": "mallory/shop", "id": 99, "fork": True}
    event = scenes.pull_request("Pay", head_repo=fork)
    job = scenes.github(tmp_path, PATH, event, "pull_request")
    commit(job, POLICY.format(site=sandbox.address, more=MENDED))
    job.git("update-ref", "refs/remotes/origin/main", job.environ["GITHUB_SHA"])
    found = lines(Scene(job, sandbox, Time(sandbox)))
    assert wrong(found) == [("gate credentials", 6)]
    assert "gets no secrets" in said(found, "gate credentials")


@pytest.mark.parametrize(
    ("text", "subject", "code", "sentence"),
    [
        ("service-desk: NOPE", "gate service desk", 2, "There is no service desk 'NOPE'"),
        ("request-type: Request a chance", "gate request type", 2, "has no request type 'Request a chance'"),
        ("request-type: Report an outage", "gate request type", 2, "which is not in issue-types"),
        ("fields: {Change rusk: Low}", "gate request type", 2, "it has no field 'Change rusk'"),
        ("fields: {Change risk: Lowest}", "gate request type", 2, "takes one of: Critical, High, Medium, Low"),
        ("window: {start: Planed start, end: Planned end}", "gate window", 2, "Did you mean Planned start?"),
        ("gate-by: jira", "gate policy", 2, "with gate-by: jira the gate cannot enforce minimum-approvals: 1"),
        ("proceed-statuses: []", "gate policy", 2, "proceed-statuses"),
    ],
)
def test_what_does_not_fit(here: Scene, text: str, subject: str, code: int, sentence: str) -> None:
    key = text.partition(":")[0]
    base = POLICY.format(site="SITE", more=MENDED)
    policy(here, "\n".join(line for line in base.splitlines() if key not in line) + f"\n  {text}\n")
    found = lines(here)
    assert {(subject, code)} <= set(wrong(found))
    assert {code} == {exit_code for _, exit_code in wrong(found)}
    assert sentence in said(found, subject)


def test_hidden_request_types_and_a_window_that_is_off(here: Scene) -> None:
    policy(here, POLICY.format(site="SITE", more=f"{MENDED}\n  request-type: Automated change\n  window: off"))
    found = lines(here)
    assert wrong(found) == []
    assert "'Automated change' is there" in said(found, "gate request type")
    assert said(found, "gate window") == "off: changes have no window"


def test_a_required_field_without_a_value(here: Scene) -> None:
    catalogue = here.sandbox.site.desk.catalogue
    risky = {"required": ("summary", "customfield_10306")}
    catalogue.request_types = [dataclasses.replace(one, **risky) for one in catalogue.request_types]  # type: ignore[arg-type]
    found = lines(here)
    assert wrong(found) == [("gate request type", 2)]
    assert "requires 'Change risk'. Add values under fields." in said(found, "gate request type")
    policy(here, POLICY.format(site="SITE", more=f"{MENDED}\n  fields: {{Change risk: Low}}"))
    assert wrong(lines(here)) == []


def test_two_fields_of_one_name(here: Scene) -> None:
    again = here.sandbox.site.desk.catalogue.duplicate_field("Planned end").id
    found = lines(here)
    assert wrong(found) == []
    assert doubtful(found) == [f"The site has several fields 'Planned end': customfield_10346 and {again}."]


@pytest.mark.parametrize(
    ("denied", "sentence"),
    [("CREATE_ISSUES", "may not make changes in OPS"), ("ADD_COMMENTS", "may not comment on changes in OPS")],
)
def test_a_permission_that_is_missing(here: Scene, denied: str, sentence: str) -> None:
    here.sandbox.site.desk.denied.add(denied)
    found = lines(here)
    assert wrong(found) == [("gate permissions", 6)]
    assert sentence in said(found, "gate permissions")


@pytest.mark.parametrize(("denied", "more"), [("CREATE_ISSUES", "create: false"), ("ADD_COMMENTS", 'comments: "off"')])
def test_a_permission_that_nobody_needs(here: Scene, denied: str, more: str) -> None:
    here.sandbox.site.desk.denied.add(denied)
    policy(here, POLICY.format(site="SITE", more=f"{MENDED}\n  {more}"))
    assert wrong(lines(here)) == []


def test_an_account_that_could_open_the_gate_itself(here: Scene) -> None:
    here.sandbox.site.desk.denied.discard("TRANSITION_ISSUES")
    [sentence] = doubtful(lines(here))
    assert "may move changes in OPS to another status (TRANSITION_ISSUES)" in sentence


def test_an_account_that_is_asked_to_approve(here: Scene) -> None:
    key = here.sandbox.desk.create(TITLE, fields={"Approvers": ["release"]}).key
    here.sandbox.desk.transition(key, "Authorize")
    [sentence] = doubtful(lines(here))[:1]
    assert f"The gate's own account is an approver of {key}" in sentence


def test_an_open_change_is_read(here: Scene) -> None:
    key = approved(here.sandbox)
    found = lines(here)
    assert wrong(found) == []
    assert f"{TITLE}; {key} is open and fits" in said(found, "gate title")
    assert f"{key} and its approvals (1) can be read" in said(found, "gate approvals")


def test_a_change_of_another_version_shows_whether_changes_can_be_read(here: Scene) -> None:
    key = approved(here.sandbox, summary='Deploy "Web Site" version 0.9 to "Prod"')
    found = lines(here)
    assert wrong(found) == []
    assert f"{key} and its approvals (1) can be read" in said(found, "gate approvals")


@pytest.mark.parametrize(("status", "code"), [(404, 7), (403, 6)])
def test_approvals_that_cannot_be_read(here: Scene, status: int, code: int) -> None:
    key = approved(here.sandbox)
    here.sandbox.before = lambda request: Answer(status) if request.path.endswith("/approval") else None
    found = lines(here, "environment=Prod")
    assert set(wrong(found)) == {("gate approvals", code)}
    assert f"{key} cannot be read completely" in said(found, "gate approvals")


def test_a_search_that_is_refused(here: Scene) -> None:
    here.sandbox.before = lambda request: Answer(403) if request.path.endswith("/search/jql") else None
    assert set(wrong(lines(here))) == {("gate title", 6)}


def test_several_open_changes(here: Scene) -> None:
    approved(here.sandbox)
    approved(here.sandbox)
    found = lines(here)
    assert wrong(found) == [("gate title", 3)]
    assert "Several open changes carry this title" in said(found, "gate title")


@pytest.mark.parametrize(("key", "code"), [("OPS-99999", 3), ("OPS-1000", 0)])
def test_a_change_that_the_policy_names(here: Scene, key: str, code: int) -> None:
    approved(here.sandbox, summary="Deploy 1.2.3 to Prod")
    text = POLICY.replace("type: production,", "type: production, change-control: {{change: KEY}},")
    policy(here, text.format(site="SITE", more=MENDED).replace("KEY", key))
    found = lines(here)
    assert wrong(found) == ([("gate change", code)] if code else [])
    assert f"Prod: only {key} is asked" in said(found, "gate change")


def test_an_environment_that_no_rule_matches_and_a_version_that_moves(here: Scene) -> None:
    found = lines(here, "environment=Prodution")
    assert wrong(found) == [("gate policy", 2)]
    assert "The nearest is Prod" in said(found, "gate policy")
    assert set(wrong(lines(here, "version=latest"))) == {("gate title", 2)}


def test_a_looser_setting(here: Scene) -> None:
    found = lines(here, "minimum-approvals=0")
    assert wrong(found) == [("gate policy", 2)]
    assert "settings can only tighten it" in said(found, "gate policy")
    assert "Stage" in said(found, "gate environments")


def test_a_trusted_file_that_is_broken(here: Scene) -> None:
    commit(here.job, "change-control: {enabled: maybe}\n")
    assert wrong(lines(here)) == [("gate policy", 2)]


def test_no_policy_at_all(here: Scene) -> None:
    here.job.git("rm", "--quiet", ".jira-ci.yml")
    here.job.environ["GITHUB_SHA"] = here.job.commit("None")
    found = lines(here)
    assert (wrong(found), [line.subject for line in found]) == ([], ["gate"])
    assert "there is no change control: no .jira-ci.yml is committed" in said(found, "gate")
    here.job.write(".jira-ci.yml", POLICY.format(site=here.sandbox.address, more=MENDED))
    assert [line.hint for line in lines(here) if line.doubtful and line.subject == "gate"] == [
        "A change-control counts once it is committed on the default branch: until then no deployment asks the gate."
    ]
    (here.job.folder / ".jira-ci.yml").unlink()
    assert wrong(lines(here, "change-controlled=true")) == [("gate", 2)]


@pytest.mark.parametrize(
    ("text", "expected"), [("environments: {Prod: production}\n", []), (None, [("gate policy", 2)])]
)
def test_a_trusted_commit_that_nobody_knows(
    tmp_path: Path, sandbox: Sandbox, text: str | None, expected: list[Any]
) -> None:
    job = scenes.github(tmp_path, PATH, scenes.pull_request("Pay"), "pull_request")
    job.write(".jira-ci.yml", text or POLICY.format(site=sandbox.address, more=MENDED))
    assert wrong(lines(Scene(job, sandbox, Time(sandbox)))) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{more}", "Prod is production, and its changes need no approval (minimum-approvals: 0)"),
        ("minimum-approvals: 1", "For Prod one approval is enough, and it may be the deployer's own (no four eyes)"),
        ("exclude-approvers: [reporter]", "exclude-approvers has no effect for Prod"),
        (f"{MENDED}\n  bind: version", "An approval for Prod is for a version, and covers whatever commit"),
        (
            "minimum-approvals: 1\n  exclude-approvers: [deployer]",
            "exclude-approvers names the deployer, but deployers is empty",
        ),
    ],
)
def test_what_is_hardly_meant(here: Scene, text: str, sentence: str) -> None:
    policy(here, POLICY.format(site="SITE", more=text.replace("{more}", "comments: internal")))
    found = lines(here)
    assert wrong(found) == []
    assert any(one.startswith(sentence) for one in doubtful(found)), doubtful(found)


def test_a_site_that_only_a_setting_names(here: Scene) -> None:
    policy(here, POLICY.format(site="SITE", more=MENDED).replace('jira: {site: "SITE"}\n', ""))
    found = lines(here, f"site={here.sandbox.address}")
    assert wrong(found) == []
    [sentence] = doubtful(found)
    assert sentence.startswith(".jira-ci.yml@")
    assert "does not name the Jira site" in sentence


def test_no_environment_under_control(here: Scene) -> None:
    policy(here, POLICY.format(site="SITE", more=MENDED).replace("change-controlled: true", "change-controlled: false"))
    found = lines(here)
    assert wrong(found) == []
    assert "no environment is" in doubtful(found)[0]


def test_a_glob_under_control_is_tested_without_a_title(here: Scene) -> None:
    controlled = (
        POLICY.format(site="SITE", more=MENDED).replace("Prod:", '"prod-[0-9]*":').replace("Stage:", "Stage-x:")
    )
    policy(here, controlled.replace("staging, change-controlled: true", "staging"))
    found = lines(here, "environment=")
    assert wrong(found) == []
    assert said(found, "gate environments") == "under change control: prod-[0-9]*"
    assert said(found, "gate title").startswith("prod-[0-9]* stands for many environments")


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('"qa*": testing', ""),
        ('"*": development\n  Prod: production', ""),
        ('"qa[12]": testing\n  qa1: staging', ""),
        ('"qa[12]": testing\n  qa1: staging\n  qa2: staging', "never counts, because a closer rule matches"),
        ('"qa[12]": {type: testing, change-controlled: true}\n  qa1: staging\n  qa2: staging', ""),
        ('"qa[b-a]": testing', "can match no environment's name"),
        ('" qa*": testing', "can match no environment's name"),
        ('"qa[0-9]": testing\n  "qa*": staging', "matches what another rule matches as closely, and they disagree"),
    ],
)
def test_globs_that_can_never_match(rules: str, sentence: str) -> None:
    found = [doubt.problem for doubt in lint(parse(f"environments:\n  {rules}\n".encode(), ".jira-ci.yml"), [])]
    assert len(found) == bool(sentence)
    assert sentence in "".join(found)


@pytest.mark.parametrize(
    ("glob", "names"),
    [
        ("prod*", ["prodany", "prodother"]),
        ("p?", ["p0", "pq"]),
        ("x[ab]", ["xa", "xb"]),
        ("x[!0]", ["xq", "x~"]),
        ("[c-a]", []),
    ],
)
def test_examples_of_a_glob(glob: str, names: list[str]) -> None:
    assert examples(glob) == names


def test_another_connection_has_credentials_of_its_own(here: Scene) -> None:
    text = POLICY.format(site="https://jira.example", more=f"{MENDED}\n  connection: emea")
    policy(here, f"{text}connections:\n  emea: {{site: 'SITE', credentials: EMEA}}\n")
    found = lines(here)
    assert wrong(found) == [("gate credentials", 6)]
    assert "For the connection emea they are JIRA_CI_EMEA_USER and JIRA_CI_EMEA_TOKEN" in said(
        found, "gate credentials"
    )
    own = here.sandbox.credentials
    assert wrong(lines(here, JIRA_CI_EMEA_USER=own.user, JIRA_CI_EMEA_TOKEN=own.token)) == []


@pytest.mark.parametrize(
    ("flags", "more", "then"),
    [
        ([], "create: true", "the gate makes one"),
        ([], "create: false", "none is made here (create: false)"),
        (["dry-run=true"], "create: true", "none is made here (a dry run)"),
    ],
)
def test_what_happens_without_a_change(here: Scene, flags: list[str], more: str, then: str) -> None:
    policy(here, POLICY.format(site="SITE", more=f"{MENDED}\n  {more}"))
    assert said(lines(here, *flags), "gate title").endswith(then)


def test_a_window_that_changes_do_not_have(here: Scene) -> None:
    key = approved(here.sandbox)
    fields = [{"id": "customfield_10345", "name": "Planned start"}, {"id": "customfield_99999", "name": "Freeze end"}]
    here.sandbox.before = lambda request: json_answer(200, fields) if request.path.endswith("/field") else None
    policy(
        here,
        POLICY.format(
            site="SITE", more=f"{MENDED}\n  create: false\n  window: {{start: Planned start, end: Freeze end}}"
        ),
    )
    found = lines(here, "environment=Prod")
    assert set(wrong(found)) == {("gate window", 2)}
    assert f"{key} has no field 'Freeze end', so that its window could never be read." in said(found, "gate window")


def test_names_that_look_like_a_controlled_one_are_said(here: Scene) -> None:
    commit(
        here.job,
        POLICY.format(site=here.sandbox.address, more=MENDED).replace("  Dev:", '  "\u0420rod": testing\n  Dev:'),
    )
    [said_of_the_rule] = [line for line in doubtful(lines(here)) if "looks like" in line]
    assert "(U+0420) looks like Prod (" in said_of_the_rule
    told = [line for line in lines(here, "environment=Pr0d") if "Pr0d" in line.found]
    assert wrong(told) == [("gate policy", 2)], "no rule matches it"


def test_what_two_commits_say_differently_is_said(here: Scene) -> None:
    there = here.job.git("rev-parse", "HEAD")
    here.job.git("update-ref", "refs/remotes/origin/main", there)
    commit(here.job, POLICY.format(site=here.sandbox.address, more="title: '{project} {version} {environment}'"))
    here.job.git("checkout", "--quiet", "-b", "release")
    found = lines(here, GITHUB_REF="refs/heads/release", GITHUB_REF_NAME="release", GITHUB_REF_PROTECTED="true")
    assert wrong(found) == []
    own = here.job.environ["GITHUB_SHA"]
    assert f"acme/shop@{there}:.jira-ci.yml and acme/shop@{own}:.jira-ci.yml, read" in said(found, "gate policy")
    assert any("The sources of the policy differ. title: the default counts" in line for line in doubtful(found))
