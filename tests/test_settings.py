"""Where a setting's value comes from, and what is refused: strictly, with the origin named."""

from __future__ import annotations

import dataclasses

import pytest

from jira_ci.errors import UsageError, nearest
from jira_ci.settings import TABLE, Setting, Settings, fill, parse, resolve

_NOBODY: dict[str, str | None] = {}


def _refused(flags: dict[str, str | None], environ: dict[str, str]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        resolve(flags, environ)
    return caught.value


def test_defaults_are_parsed_like_everything_else() -> None:
    settings = resolve(_NOBODY, {})
    assert settings.timeout == 60.0
    assert settings.api_url == "https://api.atlassian.com"
    assert settings.on_no_keys == "skip"
    assert settings.on_error == "warn"
    assert settings.config == ".jira-ci.yml"
    assert settings.dry_run is False
    assert settings.site == ""
    assert settings.projects == ()
    assert settings.environment_type == ""
    assert settings.origins == {}
    assert settings.unknown_variables == ()


@pytest.mark.parametrize(
    ("flags", "environ", "site", "origin"),
    [
        ({"site": "a"}, {"JIRA_CI_INPUT_SITE": "b", "JIRA_CI_SITE": "c"}, "a", "--site"),
        ({"site": None}, {"JIRA_CI_INPUT_SITE": "b", "JIRA_CI_SITE": "c"}, "b", "the input site"),
        ({}, {"JIRA_CI_INPUT_SITE": "", "JIRA_CI_SITE": "c"}, "c", "JIRA_CI_SITE"),
        ({}, {"JIRA_CI_INPUT_SITE": " \n", "JIRA_CI_SITE": " c\n"}, "c", "JIRA_CI_SITE"),
        ({}, {"JIRA_CI_INPUT_SITE": ""}, "", None),
        ({}, {}, "", None),
    ],
)
def test_a_flag_beats_an_input_and_an_input_a_variable(
    flags: dict[str, str | None], environ: dict[str, str], site: str, origin: str | None
) -> None:
    settings = resolve(flags, environ)
    assert (settings.site, settings.origins.get("site")) == (site, origin)


@pytest.mark.parametrize(
    ("environ", "projects", "origin"),
    [
        ({"JIRA_CI_PROJECT": "WEB"}, ("WEB",), "JIRA_CI_PROJECT"),
        ({"PLUGIN_PROJECT": "WEB"}, ("WEB",), "PLUGIN_PROJECT"),
        ({"PLUGIN_PROJECTS": "WEB"}, ("WEB",), "PLUGIN_PROJECTS"),
        ({"JIRA_CI_PROJECTS": "OPS", "JIRA_CI_PROJECT": "WEB", "PLUGIN_PROJECT": "X"}, ("OPS",), "JIRA_CI_PROJECTS"),
        ({"JIRA_CI_INPUT_PROJECT": "WEB", "JIRA_CI_PROJECTS": "OPS"}, ("WEB",), "the input project"),
        ({"PLUGIN_PROJECT": "", "JIRA_CI_INPUT_PROJECTS": ""}, (), None),
    ],
)
def test_other_names_mean_the_same(environ: dict[str, str], projects: tuple[str, ...], origin: str | None) -> None:
    settings = resolve(_NOBODY, environ)
    assert (settings.projects, settings.origins.get("projects")) == (projects, origin)


def test_the_harness_plugins_settings_keep_their_meaning() -> None:
    settings = resolve(
        _NOBODY,
        {
            "PLUGIN_CLIENT_ID": "id",
            "PLUGIN_CLIENT_SECRET": "secret",
            "PLUGIN_INSTANCE": "acme",
            "PLUGIN_PROJECT": "WEB",
            "PLUGIN_ENVIRONMENT_NAME": "prod",
            "PLUGIN_STATE": "successful",
            "PLUGIN_LOG_LEVEL": "debug",
            "PLUGIN_CLOUD_ID": "1-2",
            "PLUGIN_ENVIRONMENT_TYPE": "production",
            "PLUGIN_PIPELINE": "nightly",
            "PLUGIN_LINK": "https://ci.example/7",
            "PLUGIN_ISSUEKEYS": "WEB-1,WEB-2",
            "PLUGIN_SITE": "not one of them",
        },
    )
    assert (settings.client_id, settings.client_secret, settings.instance) == ("id", "secret", "acme")
    assert (settings.projects, settings.environment, settings.state) == (("WEB",), ("prod",), ("successful",))
    assert (settings.log_level, settings.cloud_id, settings.site) == ("debug", "1-2", "")
    assert (settings.environment_type, settings.pipeline) == ("production", "nightly")
    assert (settings.url, settings.issue_keys) == ("https://ci.example/7", ("WEB-1", "WEB-2"))


def test_the_workflows_own_token_is_the_last_resort() -> None:
    assert resolve(_NOBODY, {"GITHUB_TOKEN": "job"}).github_token == "job"
    assert resolve(_NOBODY, {"GITHUB_TOKEN": "job", "JIRA_CI_GITHUB_TOKEN": "own"}).github_token == "own"
    assert resolve(_NOBODY, {"GITHUB_TOKEN": ""}).github_token == ""


@pytest.mark.parametrize(
    ("flags", "environ", "origin"),
    [
        ({"site": ""}, {}, "--site"),
        ({"site": "  "}, {"JIRA_CI_SITE": "c"}, "--site"),
        ({"client-secret": ""}, {}, "--client-secret"),
        ({"client-id": ""}, {}, "--client-id"),
        ({"project": ""}, {}, "--project"),
        ({}, {"JIRA_CI_SITE": ""}, "JIRA_CI_SITE"),
        ({}, {"JIRA_CI_ENVIRONMENT": "\n"}, "JIRA_CI_ENVIRONMENT"),
        ({}, {"JIRA_CI_DRY_RUN": ""}, "JIRA_CI_DRY_RUN"),
        ({}, {"JIRA_CI_TIMEOUT": ""}, "JIRA_CI_TIMEOUT"),
        ({}, {"JIRA_CI_ON_ERROR": ""}, "JIRA_CI_ON_ERROR"),
        ({}, {"JIRA_CI_PROJECTS": ","}, "JIRA_CI_PROJECTS"),
        ({"projects": " ,\n, "}, {}, "--projects"),
        ({}, {"JIRA_CI_INPUT_PROJECTS": ","}, "the input projects"),
    ],
)
def test_an_empty_value_is_refused_where_somebody_wrote_it(
    flags: dict[str, str | None], environ: dict[str, str], origin: str
) -> None:
    error = _refused(flags, environ)
    assert origin in error.message
    assert "leave it out" in error.hint


@pytest.mark.parametrize("text", ["", "  ", ",", " ,\n"])
@pytest.mark.parametrize("flag", [True, False])
def test_a_list_that_may_be_empty_is_empty_when_nothing_stands_in_it(text: str, flag: bool) -> None:
    variable = {"JIRA_CI_ISSUE_KEYS": "WEB-1" if flag else text}
    settings = resolve({"issue-keys": text} if flag else {}, variable, may_be_empty=("issue-keys",))
    assert settings.issue_keys == ()
    assert "issue-keys" not in settings.origins
    with pytest.raises(UsageError, match="issue-keys"):
        resolve({"issue-keys": text} if flag else {}, variable)


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET", "GITHUB_TOKEN", "GITLAB_TOKEN", "HEADERS"])
def test_a_secret_that_was_withheld_counts_as_left_out(name: str) -> None:
    settings = resolve(_NOBODY, {f"JIRA_CI_{name}": "", f"JIRA_CI_INPUT_{name}": ""})
    assert settings.origins == {}
    assert settings.secrets() == []


def test_a_withheld_secret_does_not_hide_another_name_for_it() -> None:
    assert resolve(_NOBODY, {"JIRA_CI_CLIENT_SECRET": "", "PLUGIN_CLIENT_SECRET": "s"}).client_secret == "s"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90.0), ("30m", 1800.0), ("2h", 7200.0), ("1s", 1.0), ("007s", 7.0), ("999999s", 999999.0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert resolve({"timeout": text}, {}).timeout == seconds


@pytest.mark.parametrize(
    "text",
    [
        *(
            "30",
            " 30 ",
            "-1",
            "-1s",
            "1e9",
            "1e9s",
            "nan",
            "inf",
            "True",
            "yes",
            "1.5h",
            "30 m",
            " 30s",
            "30s\n",
            "30S",
        ),
        *("1h30m", "0s", "00m", "1000000s", "٣s", "１s", "m", "30ms", "1d", "+5s"),
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    error = _refused({}, {"JIRA_CI_TIMEOUT": text})
    assert error.message == f"timeout (JIRA_CI_TIMEOUT) is {text!r}; it must be a duration above zero."
    assert error.hint == "Write it as 90s, 30m or 2h."


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_switches(text: str, value: bool) -> None:
    assert resolve({"dry-run": text}, {}).dry_run is value


@pytest.mark.parametrize(
    "text", ["True", "TRUE", " true", "true\n", "yes", "no", "on", "1", "0", "-1", "nan", "30m", "tru", "null"]
)
def test_what_is_no_switch_is_refused(text: str) -> None:
    error = _refused({}, {"JIRA_CI_INPUT_DRY_RUN": text})
    assert error.message == f"dry-run (the input dry-run) is {text!r}; it must be one of: true, false."


@pytest.mark.parametrize(
    ("environ", "message", "hint"),
    [
        (
            {"JIRA_CI_ON_ERROR": "Warn"},
            "on-error (JIRA_CI_ON_ERROR) is 'Warn'; it must be one of: warn, fail.",
            "Did you mean warn?",
        ),
        (
            {"JIRA_CI_FORMAT": "jsn"},
            "format (JIRA_CI_FORMAT) is 'jsn'; it must be one of: text, json, csv, html.",
            "Did you mean json?",
        ),
        ({"JIRA_CI_FORMAT": "xml"}, "format (JIRA_CI_FORMAT) is 'xml'; it must be one of: text, json, csv, html.", ""),
        ({"PLUGIN_LOG_LEVEL": "trace"}, "log-level (PLUGIN_LOG_LEVEL) is 'trace'; it must be one of: info, debug.", ""),
        (
            {"JIRA_CI_DRY_RUN": " True "},
            "dry-run (JIRA_CI_DRY_RUN) is ' True '; it must be one of: true, false.",
            "Did you mean true?",
        ),
    ],
)
def test_a_wrong_choice_names_the_right_ones(environ: dict[str, str], message: str, hint: str) -> None:
    error = _refused({}, environ)
    assert (error.message, error.hint) == (message, hint)


@pytest.mark.parametrize("text", ["prod", "Production", "productoin"])
def test_a_mistyped_environment_type_is_never_silently_unmapped(text: str) -> None:
    assert "environment-type" in _refused({"environment-type": text}, {}).message


@pytest.mark.parametrize(
    ("text", "projects"),
    [
        ("WEB", ("WEB",)),
        ("WEB,OPS", ("WEB", "OPS")),
        (" WEB ,\tOPS\n,\r\nAPI\n", ("WEB", "OPS", "API")),
        ("WEB OPS", ("WEB OPS",)),
    ],
)
def test_lists_are_separated_by_commas_and_lines(text: str, projects: tuple[str, ...]) -> None:
    assert resolve({"projects": text}, {}).projects == projects


def test_headers_are_separated_by_lines_only() -> None:
    settings = resolve(_NOBODY, {"JIRA_CI_HEADERS": "Accept-Language: de,en\nCF-Access-Client-Secret:  s3cret \n\n"})
    assert settings.headers == ("Accept-Language: de,en", "CF-Access-Client-Secret:  s3cret")
    assert settings.secrets() == ["de,en", "s3cret"]


def test_all_secrets_are_known_to_the_masking_even_in_a_header_without_a_colon() -> None:
    environ = {
        "JIRA_CI_CLIENT_SECRET": "one",
        "JIRA_CI_GITHUB_TOKEN": "two",
        "JIRA_CI_GITLAB_TOKEN": "three",
        "JIRA_CI_HEADERS": "X-Secret four\nX-Empty:",
    }
    assert sorted(resolve(_NOBODY, environ).secrets()) == sorted(["one", "two", "three", "X-Secret four", "X-Empty:"])


@pytest.mark.parametrize("variable", ["PLUGIN_CONNECT_KEY", "JIRA_CI_CONNECT_KEY", "JIRA_CI_INPUT_CONNECT_KEY"])
def test_a_connect_key_is_refused_with_what_to_use_instead(variable: str) -> None:
    error = _refused({}, {variable: "abc"})
    assert variable in error.message
    assert "client-id and client-secret" in error.hint
    assert "abc" not in str(error)


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("JIRA_CI_ENVIROMENT", "Did you mean JIRA_CI_ENVIRONMENT?"),
        ("JIRA_CI_CLIENTID", "Did you mean JIRA_CI_CLIENT_ID?"),
        ("JIRA_CI_PROJEKTS", "Did you mean JIRA_CI_PROJECTS?"),
    ],
)
def test_a_mistyped_variable_is_said(variable: str, hint: str) -> None:
    (sentence,) = resolve(_NOBODY, {variable: "x"}).unknown_variables
    assert sentence == f"{variable} is no setting of jira-ci and is ignored. {hint}"


def test_our_own_other_variables_are_no_typos() -> None:
    environ = {
        "JIRA_CI_OUT_STATE": "x",
        "JIRA_CI_INPUT_SITE": "",
        "JIRA_CI_COMMAND": "x",
        "JIRA_CI_ENVIRONMENT_NAME": "x",
    }
    assert resolve(_NOBODY, environ).unknown_variables == ()


def test_the_file_fills_in_only_what_nobody_set() -> None:
    settings = resolve({"site": "flag.atlassian.net"}, {})
    values = {
        "site": ("file.atlassian.net", ".jira-ci.yml line 2"),
        "projects": (("WEB",), ".jira-ci.yml line 3"),
        "url": ("", "x"),
    }
    filled = fill(settings, values)
    assert (filled.site, filled.projects, filled.url) == ("flag.atlassian.net", ("WEB",), "")
    assert filled.origins == {"site": "--site", "projects": ".jira-ci.yml line 3"}
    assert settings.projects == ()


def test_the_table_holds_every_field_once_and_documents_it() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)} - {"origins", "unknown_variables"}
    assert {row.field for row in TABLE} == fields
    assert all(row.help and row.group for row in TABLE)
    names = [name for row in TABLE for name in (row.name, *row.also)]
    assert len(names) == len(set(names))
    assert all(row.variable == "JIRA_CI_" + row.name.upper().replace("-", "_") for row in TABLE)


@pytest.mark.parametrize("row", [row for row in TABLE if row.default], ids=lambda row: row.name)
def test_every_default_is_a_value_one_could_write(row: Setting) -> None:
    assert parse(row, row.default, "the default") is not None


@pytest.mark.parametrize(("word", "sentence"), [("sucess", "Did you mean success?"), ("xyz", "")])
def test_the_nearest_word(word: str, sentence: str) -> None:
    assert nearest(word, ["success", "failure"]) == sentence


@pytest.mark.parametrize("name", ["version", "project-name"])
def test_parts_of_a_title_are_what_was_given_blanks_and_all(name: str) -> None:
    given = resolve({name: " 1.2\u00a0"}, {})
    assert getattr(given, name.replace("-", "_")) == " 1.2\u00a0"
