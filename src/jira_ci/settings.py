"""The settings: one table that documents itself, and where each value comes from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from jira_ci.errors import UsageError, nearest
from jira_ci.frozen import dataclass, field, fields, replace
from jira_ci.run import is_matrix_text

Kind = Literal["text", "list", "duration", "switch", "choice", "count", "number"]

_DURATION = r"([0-9]{1,6})([smh])"
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_COUNT = r"0|[1-9][0-9]{0,5}"
_NUMBER = r"[1-9][0-9]{0,17}"  # Jira keeps 63 bits


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    kind: Kind
    group: str
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()
    secret: bool = False
    also: tuple[str, ...] = ()
    """Other names for it, as in a flag: the Harness plugin's words."""
    plugin: bool = False
    """Whether the Harness plugin has it, so that ``PLUGIN_<NAME>`` is read too."""
    variables: tuple[str, ...] = ()
    """Environment variables of others that mean the same."""
    yaml: str = ""
    """Its place in ``.jira-ci.yml``, as a dotted path."""
    metavar: str = ""
    zero: bool = False
    """Whether a duration may be ``0``: none at all."""
    exact: bool = False
    """Whether blanks at its ends stay, for whoever uses it to refuse them."""
    name: str = ""

    @property
    def variable(self) -> str:
        return "JIRA_CI_" + self.name.upper().replace("-", "_")

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")


def parse(row: Setting, text: str, origin: str) -> Any:
    """One setting's text as its value: strict, so that a mistake is never a silent default.

    Raises:
        UsageError: naming the setting, where the text came from, and what was expected.
    """
    if row.kind == "text":
        return text if row.exact else text.strip()
    if row.kind == "list":
        return _list(row, text, origin)
    if row.kind == "duration":
        return _duration(row, text, origin)
    if row.kind == "count":
        return _count(row, text, origin)
    if row.kind == "number":
        return _number(row, text.strip(), origin)
    choices = ("true", "false") if row.kind == "switch" else row.choices
    if text not in choices:
        hint = nearest(text.strip().lower(), choices)
        raise UsageError(f"{row.name} ({origin}) is {text[:80]!r}; it must be one of: {', '.join(choices)}.", hint)
    return text == "true" if row.kind == "switch" else text


def _list(row: Setting, text: str, origin: str) -> tuple[str, ...]:
    if row.name == "headers":  # their control characters are refused later, so they must not be stripped here
        parts = [part.strip(" \t") for part in re.split(r"[\n\r]", text)]
    else:
        parts = [part.strip() for part in re.split(r"[,\n\r]", text)]
    if values := tuple(filter(None, parts)):
        return values
    raise UsageError(f"{row.name} ({origin}) is a list of nothing.", "Give it a value or leave it out.")


def _duration(row: Setting, text: str, origin: str) -> float:
    if row.zero and text == "0":
        return 0.0
    match = re.fullmatch(_DURATION, text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else -1
    if seconds < 0 or (seconds == 0 and not row.zero):
        expected = "a duration, or 0" if row.zero else "a duration above zero"
        raise UsageError(
            f"{row.name} ({origin}) is {text[:80]!r}; it must be {expected}.", "Write it as 90s, 30m or 2h."
        )
    return float(seconds)


def _count(row: Setting, text: str, origin: str) -> int:
    if not re.fullmatch(_COUNT, text):
        raise UsageError(
            f"{row.name} ({origin}) is {text[:80]!r}; it must be a whole number, 0 or more.", "Write it in digits."
        )
    return int(text)


def _number(row: Setting, text: str, origin: str) -> int:
    if not re.fullmatch(_NUMBER, text):
        raise UsageError(
            f"{row.name} ({origin}) is {text[:80]!r}; it must be a whole number above zero.",
            "Write it in digits, 18 of them at most.",
        )
    return int(text)


# Variables of our prefix that are no settings: outputs, inputs, and what the GitLab template installs.
_NOT_SETTINGS = r"JIRA_CI_(OUT_.*|INPUT_.*|ORGANISATION_POLICY_TEXT|COMMAND|PACKAGE|HOME|PYZ|PYZ_SHA256)"
# Credentials of the connections that the file names: ``credentials: EMEA`` means JIRA_CI_EMEA_TOKEN and so on.
_OF_CONNECTION = r"JIRA_CI_[A-Z0-9_]+_(USER|TOKEN|CLIENT_ID|CLIENT_SECRET|HEADERS)"


def _setting(kind: Kind, group: str, help: str, **more: Any) -> Any:
    shown = not more.get("secret", False)
    return field(default=None, repr=shown, metadata={"setting": Setting(kind, group, help, **more)})


@dataclass(frozen=True)
class Settings:
    """The values, parsed. Durations are seconds. When they are not set, and have no default, texts are ``""``, lists
    empty, and switches and counts ``None``, which is not the same as ``false`` or 0."""

    # fmt: off
    site: str = _setting("text", "jira", "the Jira site, such as acme.atlassian.net", yaml="jira.site", metavar="HOST")
    instance: str = _setting("text", "jira", "the name before .atlassian.net, instead of site", plugin=True, metavar="NAME")
    cloud_id: str = _setting("text", "jira", "the site's cloud id; saves the request that asks the site for it", plugin=True, metavar="ID")
    api_url: str = _setting("text", "jira", "where Atlassian's API gateway is", default="https://api.atlassian.com", metavar="URL")
    client_id: str = _setting("text", "jira", "OAuth client id, from the site's settings: Marketplace apps, OAuth credentials", plugin=True, metavar="ID")
    client_secret: str = _setting("text", "jira", "OAuth client secret", secret=True, plugin=True, metavar="SECRET")
    headers: tuple[str, ...] = _setting("list", "jira", "extra HTTP headers for the Jira site and no other host, as Name: value", secret=True, metavar="HEADER")
    ca_bundle: str = _setting("text", "jira", "a file of certificate authorities to trust instead of the built-in ones", metavar="FILE")
    timeout: float = _setting("duration", "jira", "the deadline over a whole report, or over one round of the gate, retries included", default="60s")

    user: str = _setting("text", "access", "whose token it is: an e-mail address on Jira Cloud, a user name on Data Center", metavar="USER")
    token: str = _setting("text", "access", "an API token (with user), or a personal access token (Data Center, alone): for the gate, issues in the log, Data Center", secret=True, metavar="TOKEN")
    jira_type: str = _setting("choice", "access", "which Jira the site is; auto finds it out", default="auto", choices=("cloud", "data-center", "auto"))

    connection: tuple[str, ...] = _setting("list", "sites", "the connections of the file to report to, instead of those in its report-to; default is the site itself", metavar="NAME")

    github_token: str = _setting("text", "provider", "reads commits, pull requests and deployments where the clone does not hold them", secret=True, variables=("GITHUB_TOKEN",), metavar="TOKEN")
    gitlab_token: str = _setting("text", "provider", "the same on GitLab (read_api); without it CI_JOB_TOKEN is tried", secret=True, metavar="TOKEN")

    projects: tuple[str, ...] = _setting("list", "keys", "only issues of these projects count, and lower-case keys do too", also=("project",), plugin=True, yaml="jira.projects", metavar="KEY")
    issue_keys: tuple[str, ...] = _setting("list", "keys", "issue keys to report, besides those that are found", variables=("PLUGIN_ISSUEKEYS",), metavar="KEY")
    since: str = _setting("text", "keys", "the commit, tag or branch after which commits count", metavar="REVISION")
    service: tuple[str, ...] = _setting("list", "keys", "the service of the file, or several: only issues whose commits touch its paths count", metavar="NAME")
    descriptions: bool = _setting("switch", "keys", "true reads issue keys out of pull and merge requests' descriptions, too", default="false")
    release_notes: bool = _setting("switch", "keys", "true reads issue keys out of the notes of the release that the run is about, too", default="false")
    payload: bool = _setting("switch", "keys", "true reads issue keys out of the texts in the payload of GitHub's deployment, too", default="false")
    from_repository: str = _setting("text", "keys", "the repository whose commits from since to version count, where another one is deployed than this", metavar="OWNER/NAME")
    on_no_keys: str = _setting("choice", "keys", "what to do when no issue key is found", default="skip", choices=("skip", "warn", "fail"))

    environment: tuple[str, ...] = _setting("list", "deployment", "the environment deployed to, or several", also=("environment-name",), plugin=True, metavar="NAME")
    environment_type: str = _setting("choice", "deployment", "the environment's type, instead of the rules' answer", plugin=True, choices=("development", "testing", "staging", "production", "unmapped"))
    tenant: tuple[str, ...] = _setting("list", "deployment", "the tenant deployed for, or several: each has its own record, and its own change", metavar="NAME")
    version: str = _setting("text", "deployment", "what is deployed: a version, a tag; otherwise the tag or the commit", exact=True, metavar="TEXT")

    change: str = _setting("text", "change", "the key of the only change that the gate asks, instead of looking for one by its title; for reconcile the one that is freed", metavar="KEY")
    project_name: str = _setting("text", "policy", "the project's name in the titles of changes; otherwise the file's, or the repository's without its owner", exact=True, metavar="NAME")
    change_controlled: bool | None = _setting("switch", "policy", "true asks the gate for an environment that the policy leaves alone; false is refused where the policy says true")
    organisation_policy: str = _setting("text", "policy", "the organisation's policy, which the repository's can only tighten: OWNER/REPO@REF:PATH, or inline (JIRA_CI_ORGANISATION_POLICY_TEXT)", metavar="WHERE")
    organisation_token: str = _setting("text", "policy", "reads the organisation's policy (contents: read, or read_repository and read_api on GitLab); otherwise github-token or gitlab-token", secret=True, metavar="TOKEN")
    create: bool | None = _setting("switch", "gate", "false makes no change when none is found; true is refused where the policy says false")
    minimum_approvals: int | None = _setting("count", "gate", "how many people must have approved, where that is more than the policy demands", metavar="NUMBER")
    comments: str = _setting("choice", "gate", "who reads what the change is told about its deployment; refused where more people would than the policy says", choices=("off", "internal", "public"))
    gate_by: str = _setting("choice", "gate", "who decides; refused where it differs from the policy", choices=("change", "jira"))
    wait: float = _setting("duration", "gate", "how long to wait for a change that is not approved yet; 0 asks once", default="0", zero=True)
    parked: str = _setting("choice", "gate", "how a job ends that leaves a note for resume on the change it waits for: with 4 or well; off leaves no note", default="fail", choices=("fail", "success", "off"))
    parked_job: str = _setting("text", "gate", "on GitLab the manual job that deploys, for resume to play, where another one asks the gate", metavar="NAME")
    interval: float = _setting("duration", "gate", "how long after a look the next one comes while waiting; it stretches to 2m", default="30s")
    emergency: str = _setting("text", "gate", "asks for an emergency: why it cannot wait, in a few words; refused where the policy names none for this environment, or not who asks", metavar="REASON")
    artifact_digest: str = _setting("text", "gate", "the digest of what is deployed, for the statement beside the record: sha256: and 64 hexadecimal digits", metavar="DIGEST")
    shell: str = _setting("choice", "script", "what runs the action's script; auto is bash where there is one, else sh", default="auto", choices=("auto", "bash", "sh", "pwsh"))
    unpin: str = _setting("text", "unpin", "the key of a change that the commit it is pinned to is taken off, for this environment; nothing is decided then", metavar="KEY")

    pipeline: str = _setting("text", "identity", "what it is a build or deployment of, where one workflow has several; replaces job and leg", plugin=True, metavar="NAME")
    number: int | None = _setting("number", "identity", "the run's number, instead of the CI's own: it has to grow from run to run, and Jira orders deployments by it", metavar="NUMBER")
    leg: str = _setting("text", "identity", "tells the legs of a job apart, where the values of its matrix are not what should; one name for start and end", metavar="NAME")
    property: tuple[str, ...] = _setting("list", "identity", "kept with what is reported, unseen, for forget to find it by: three at most, as name=value", metavar="NAME=VALUE")

    url: str = _setting("text", "record", "where the link in Jira leads, may hold {run-id} and the like; otherwise to the run", variables=("PLUGIN_LINK",), metavar="URL")
    description: str = _setting("text", "record", "the record's description, may hold {version}, {environment} and the like", metavar="TEXT")
    label: str = _setting("text", "record", "the record's label, may hold {version}, {environment} and the like", metavar="TEXT")

    state: tuple[str, ...] = _setting("list", "report", "how it went: success, failure, cancelled, in_progress...; of several the worst counts", plugin=True, metavar="STATE")
    verify_keys: bool = _setting("switch", "report", "true asks Jira about the issues first (user and token), and leaves out those that it does not show", default="false")
    pull_request_comment: bool = _setting("switch", "report", "true keeps one comment on the pull or merge request: its issues, and where it is deployed", default="false")
    on_error: str = _setting("choice", "on-error", "what a report that did not arrive does to the job", default="warn", choices=("warn", "fail"))

    run: tuple[str, ...] = _setting("list", "past", "the runs that are meant, by the id in their address, or by their number as #41; otherwise this one", metavar="RUN")

    test_results: tuple[str, ...] = _setting("list", "build", "JUnit XML files to count, as paths or globs", metavar="GLOB")

    config: str = _setting("text", "general", "the configuration file", default=".jira-ci.yml", metavar="FILE")
    log_level: str = _setting("choice", "general", "debug prints every exchange with Jira, secrets masked", default="info", choices=("info", "debug"), plugin=True)
    format: str = _setting("choice", "general", "json prints one JSON document on stdout, everything else goes to stderr; so do csv and html, of evidence", default="text", choices=("text", "json", "csv", "html"))
    dry_run: bool = _setting("switch", "dry-run", "print what would be sent, and send nothing", default="false")
    # fmt: on

    origins: Mapping[str, str] = field(default_factory=dict)
    """For each setting that is set, by what: ``--site``, ``the input site``, ``JIRA_CI_SITE``, ``.jira-ci.yml line 3``."""
    unknown_variables: tuple[str, ...] = ()
    """Sentences about variables with our prefix that are no settings (a typo)."""

    def secrets(self) -> list[str]:
        """Every secret value, for masking."""
        values: list[str] = []
        for row in TABLE:
            value = getattr(self, row.field)
            if row.secret and value:
                values.extend(
                    [value] if isinstance(value, str) else (part.partition(":")[2].strip() or part for part in value)
                )
        return values


def _table() -> tuple[Setting, ...]:
    return tuple(
        replace(field.metadata["setting"], name=field.name.replace("_", "-"))
        for field in fields(Settings)
        if "setting" in field.metadata
    )


TABLE: tuple[Setting, ...] = _table()
_BY_NAME = {name: row for row in TABLE for name in (row.name, *row.also)}
_VARIABLES = tuple("JIRA_CI_" + name.upper().replace("-", "_") for name in _BY_NAME)


def resolve(
    flags: Mapping[str, str | None], environ: Mapping[str, str], *, may_be_empty: Collection[str] = ()
) -> Settings:
    """Settings from flags, action inputs and environment variables; the rest holds defaults.

    Args:
        flags: setting name to the text given on the command line; ``None`` where it was not.
        environ: the process environment.
        may_be_empty: names of lists of which a text with nothing in it is an empty one, and no mistake.

    Raises:
        UsageError: a value is empty or invalid; the message names its origin.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for row in TABLE:
        found = _find(row, flags, environ, empty=row.name in may_be_empty)
        if found is not None and row.name in may_be_empty and not found[0].strip(", \t\r\n"):
            values[row.field] = _empty(row)
        elif found is not None:
            text, origins[row.name] = found
            values[row.field] = parse(row, text, origins[row.name])
        else:
            values[row.field] = parse(row, row.default, "the default") if row.default else _empty(row)
    _refuse_connect_key(environ)
    return Settings(**values, origins=origins, unknown_variables=tuple(_unknown_variables(environ)))


def is_taken(variable: str) -> bool:
    """Whether a variable with our prefix means something already: a setting, an input, an output, what the template
    installs. A word of ``credentials`` must not lead to it."""
    return variable in _VARIABLES or re.fullmatch(_NOT_SETTINGS, variable) is not None


def fill(settings: Settings, values: Mapping[str, tuple[Any, str]]) -> Settings:
    """The same settings with parsed values (name to value and origin) where none is set yet."""
    new = {name: found for name, found in values.items() if name not in settings.origins and found[0]}
    return replace(
        settings,
        **{name.replace("-", "_"): value for name, (value, _) in new.items()},
        origins={**settings.origins, **{name: origin for name, (_, origin) in new.items()}},
    )


def _find(
    row: Setting, flags: Mapping[str, str | None], environ: Mapping[str, str], *, empty: bool
) -> tuple[str, str] | None:
    names = (row.name, *row.also)
    for name in names:
        text = flags.get(name)
        if text is not None:
            return (text, f"--{name}") if empty else _not_empty(row, text, f"--{name}")
    for name in names:  # an input that was left out arrives as an empty text: composite actions cannot tell them apart
        text = environ.get("JIRA_CI_INPUT_" + _upper(name), "")
        if text.strip() and not (row.name == "leg" and is_matrix_text(text)):  # that is what the CI says
            return text, f"the input {name}"
    for variable in ("JIRA_CI_" + _upper(name) for name in names):
        text = environ.get(variable)
        if text is not None and (text.strip() or not _may_be_withheld(row)):
            return (text, variable) if empty else _not_empty(row, text, variable)
    others = [*("PLUGIN_" + _upper(name) for name in names if row.plugin), *row.variables]
    for variable in others:
        if environ.get(variable, "").strip():
            return environ[variable], variable
    return None


def _may_be_withheld(row: Setting) -> bool:
    # A fork's run sees ``${{ secrets.X }}`` as an empty text: missing credentials have a rule of their own.
    return row.secret or row.name in ("client-id", "user")


def _not_empty(row: Setting, text: str, origin: str) -> tuple[str, str]:
    if not text.strip() and not (_may_be_withheld(row) and not origin.startswith("--")):
        raise UsageError(f"{row.name} ({origin}) is empty.", "Give it a value or leave it out.")
    return text, origin


def _empty(row: Setting) -> Any:
    return {"list": (), "switch": None, "count": None, "number": None}.get(row.kind, "")


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def _refuse_connect_key(environ: Mapping[str, str]) -> None:
    for variable in ("PLUGIN_CONNECT_KEY", "JIRA_CI_CONNECT_KEY", "JIRA_CI_INPUT_CONNECT_KEY"):
        if environ.get(variable, "").strip():
            raise UsageError(
                f"{variable} is set, but a connect key belongs to Harness' own Jira app.",
                "Create OAuth credentials in the site's settings and use client-id and client-secret.",
            )


def _unknown_variables(environ: Mapping[str, str]) -> Iterable[str]:
    for variable in sorted(environ):
        if not variable.startswith("JIRA_CI_") or is_taken(variable):
            continue
        if not re.fullmatch(_OF_CONNECTION, variable) or nearest(variable, _VARIABLES, cutoff=0.9):
            yield f"{variable} is no setting of jira-ci and is ignored. {nearest(variable, _VARIABLES)}".strip()
