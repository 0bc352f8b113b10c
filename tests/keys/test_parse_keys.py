"""Text -> issue keys: tables of what is one, and a slow second reading of the rule to compare with."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jira_ci.errors import UsageError
from jira_ci.keys.parse_keys import Keys, Source, collect, explicit

_MEGABYTE = 1_000_000


def _in_text(text: str, *projects: str) -> Keys:
    return collect([Source("text", text)], projects)


def _in_branch(name: str, *projects: str) -> Keys:
    return collect([Source("branch", name, branch=True)], projects)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", []),
        ("ABC-1", ["ABC-1"]),
        ("ABC-1 Fix the login", ["ABC-1"]),
        ("Fix the login (ABC-1)", ["ABC-1"]),
        ("[ABC-1] x", ["ABC-1"]),
        ("ABC-1: x; DEF-2, GHI-3.", ["ABC-1", "DEF-2", "GHI-3"]),
        ("DEF-2 ABC-1 DEF-2", ["DEF-2", "ABC-1"]),
        ("ABC-1/DEF-2", ["ABC-1", "DEF-2"]),
        ("feature/ABC-1-login", ["ABC-1"]),
        ("https://acme.atlassian.net/browse/ABC-1?x=1#y", ["ABC-1"]),
        ('"ABC-1" «ABC-2» “ABC-3” `ABC-4`', ["ABC-1", "ABC-2", "ABC-3", "ABC-4"]),
        ("#ABC-1 @ABC-2 =ABC-3 +ABC-4 -ABC-5", ["ABC-1", "ABC-2", "ABC-3", "ABC-4", "ABC-5"]),
        ("a\nABC-1\r\nABC-2\tABC-3\x00ABC-4\x1b[0mABC-5", ["ABC-1", "ABC-2", "ABC-3", "ABC-4"]),
        ("MY_PROJ-12", ["MY_PROJ-12"]),
        ("A_-1 A1-1 A_B_C-1 AB12-3", ["A_-1", "A1-1", "A_B_C-1", "AB12-3"]),
        ("ABC-1x ABC-1X ABC-1é ABC-1ж", []),
        ("ABC-1_x ABC-2_", ["ABC-1", "ABC-2"]),
        ("fooABC-1 éABC-1 жABC-1 1ABC-1 _ABC-1 Foo-1", []),
        ("ABC-012 ABC-0 ABC-00", []),
        ("ABC-10 ABC-100200300", ["ABC-10", "ABC-100200300"]),
        ("ABC-1-2 ABC-3-x ABC-4-DEF-5", ["ABC-1", "ABC-3", "ABC-4", "DEF-5"]),
        ("ABC--1 ABC - 1 ABC -1 ABC_1 ABC1 ABC‑1 ABC–1 ABC−1", []),
        ("A-1 Z-99", []),
        ("2022-02 2024-01-02T10-30 1-1", []),
        ("abc-1 Abc-1 aBC-1", []),
        ("修正ABC-1を", ["ABC-1"]),
        ("ABC-1修正ABC-2", ["ABC-1", "ABC-2"]),
        ("مABC-1م אABC-2א हिABC-3हि ไทยABC-4 한ABC-5글", ["ABC-1", "ABC-2", "ABC-3", "ABC-4", "ABC-5"]),
        ("—ABC-1— –ABC-2– …ABC-3… 【ABC-4】「ABC-5」", ["ABC-1", "ABC-2", "ABC-3", "ABC-4", "ABC-5"]),
        ("🚀ABC-1🚀 ABC-2\u200b \ufeffABC-3 \u202eABC-4", ["ABC-1", "ABC-2", "ABC-3", "ABC-4"]),
        ("ABC-1² ABC-2½ ABC-3３ ABC-٣", ["ABC-1", "ABC-2", "ABC-3"]),
        ("ПРОЕКТ-5 проект-6 Проект-7 xПРОЕКТ-8", ["ПРОЕКТ-5"]),
        ("ΩΜΕΓΑ-3 ÜBER-4 ԱԲ-5 ᲐᲑ-6 ꓐꓑ-7", ["ΩΜΕΓΑ-3", "ÜBER-4", "ԱԲ-5", "ᲐᲑ-6"]),
        ("აბABC-1 ABC-2აბ", []),
        ("U\u0308BER-1 E\u0301A-2", ["ÜBER-1", "ÉA-2"]),
        ("ÜBER-1 U\u0308BER-1", ["ÜBER-1"]),
        ("X\u0302ABC-1 X\u0302Y-1 e\u0301ABC-1", []),
        ("Z\u0351\u0350\u0352\u0353\u0354ABC-1", []),
        ("ABC-1e\u0301", []),
        ("\U0001d400ABC-1 \U0001d400\U0001d401-1 ABC-1\U0001d41a \U00010400A-1", []),
        ("\u212aB-1 KB-1", ["KB-1"]),
        ("ABC-1\ud800 \udfffABC-2", ["ABC-1", "ABC-2"]),
        ("A" * 256 + "-1", ["A" * 256 + "-1"]),
        ("A" * 257 + "-1", []),
        ("ABC-" + "1" * 255, ["ABC-" + "1" * 255]),
        ("ABC-" + "1" * 256, []),
    ],
)
def test_keys_in_running_text(text: str, keys: list[str]) -> None:
    assert list(_in_text(text).keys) == keys


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("abc-1", ["ABC-1"]),
        ("feature/abc-1-login", ["ABC-1"]),
        ("Abc-1", ["ABC-1"]),
        ("users/octocat/my_proj-12_retry", ["MY_PROJ-12"]),
        ("feature/abc-1/def-2", ["ABC-1", "DEF-2"]),
        ("feature/foo-1/ABC-2", ["FOO-1", "ABC-2"]),
        ("login-for-abc-1", []),
        ("feature/login-ABC-1", ["ABC-1"]),
        ("feature/_abc-1", []),
        ("feature/abc-1x", []),
        ("feature/abc-012", []),
        ("feature/abc_1", []),
        ("feature/проект-1", ["ПРОЕКТ-1"]),
        ("feature/λόγος-1", ["ΛΌΓΟΣ-1"]),
        ("feature/u\u0308ber-1", ["ÜBER-1"]),
        ("აბ-1", ["ᲐᲑ-1"]),
        ("straße-1", []),
        ("ıx-1", []),
        ("ſx-1", []),
        ("ǆx-1", ["ǄX-1"]),
        ("jenkins-71234", ["JENKINS-71234"]),
        ("web-12", ["WEB-12"]),
        ("fix/api-4/ops-3/dev-5/test/app-6/core-7-qa-8", ["API-4", "OPS-3", "DEV-5", "APP-6", "CORE-7"]),
        ("refs/heads/abc-1", ["ABC-1"]),
        ("//abc-1//", ["ABC-1"]),
        ("revert-123-feature/abc-1", ["ABC-1"]),
    ],
)
def test_keys_in_branches(name: str, keys: list[str]) -> None:
    assert list(_in_branch(name).keys) == keys


_REAL_BRANCHES = """
main master develop release-2024 release/2024-10 release-1.2.3 fix-12 fix/issue-45 hotfix-3 bugfix-7 patch-1
octocat-patch-1 feature-2 feat-12 python-3 node-20 upgrade-node-20 node-20.x java-17 go-1.22 issue-12 bug-9 gh-123
pr-45 mr-7 revert-123-abc-1 build-99 version-2 v2-1 v1.2.3 sprint-23 step-2 phase-3 part-2 q3-2024 h1-2025 utf-8
sha-256 cve-2024-1234 iso-8859-1 x86-64 http-2 tls-1.3 python3-12 es2015-1 task-4 story-2 epic-1 test-1 tmp-2 wip-3
add-2-buttons update-3-deps top-10 jan-2024 covid-19 gpt-4 fix_login-2 ubuntu-24.04 windows-2022 log4j-2 rc-1
backport-123-to-1.x cherry-pick-1234abcd dependabot/npm_and_yarn/lodash-4.17.21 dependabot/npm_and_yarn/types/node-22
dependabot/docker/python-3 dependabot/github_actions/actions/checkout-4 renovate/node-20.x renovate/eslint-9
renovate/major-4-types snyk-fix-12 snyk-upgrade-abc-12 greenkeeper/lodash-4 depfu/update/rack-3 pyup-update-django-5
gh-readonly-queue/main/pr-123-0a1b2c3 lodash-4.17.21 mylib-3.x release-please--branches--main--components--app
changeset-release/main 2024-01-02 123-abc 12-fix-login copilot/fix-12 claude/issue-3
"""


@pytest.mark.parametrize("name", _REAL_BRANCHES.split())
def test_what_branches_are_really_called_holds_no_key(name: str) -> None:
    assert _in_branch(name).keys == ()


@pytest.mark.parametrize("name", ["fix-12", "feature/release-2024", "v2-1", "utf-8"])
def test_a_word_at_the_start_of_a_branch_is_said_to_be_dropped(name: str) -> None:
    assert dict(_in_branch(name).dropped) == {name.rpartition("/")[2]: "not an issue key"}


@pytest.mark.parametrize("name", ["FIX-12", "feature/RELEASE-7", "TASK-4", "TEST-1", "NODE-1234"])
def test_the_branch_words_in_upper_case_are_keys(name: str) -> None:
    assert _in_branch(name).keys == (name.rpartition("/")[2],)


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("UTF-8-BOM", ["UTF-8"]),
        ("UTF-8 UTF-16 UTF-8", ["UTF-8", "UTF-16"]),
        ("HMAC-SHA-256 and SHA-1", ["SHA-256", "SHA-1"]),
        ("CVE-2024-1234, CVE-2021-44228", ["CVE-2024-1234", "CVE-2021-44228"]),
        ("CVE-2024-1", ["CVE-2024-1"]),
        ("ISO-8601 ISO-8859-1 ISO-27001", ["ISO-8601", "ISO-8859-1", "ISO-27001"]),
        ("RFC-2119 PEP-8 JSR-310 ECMA-262 IEEE-754", ["RFC-2119", "PEP-8", "JSR-310", "ECMA-262", "IEEE-754"]),
        ("AES-256-GCM AES-128", ["AES-256", "AES-128"]),
        (
            "WINDOWS-1252 CP-1252 LATIN-1 BASE-64 MD-5 CRC-32",
            ["WINDOWS-1252", "CP-1252", "LATIN-1", "BASE-64", "MD-5", "CRC-32"],
        ),
        ("GPT-4 GPT-4.1 GPT-3.5", ["GPT-4", "GPT-3"]),
        ("COVID-19 SARS-COV-2", ["COVID-19", "COV-2"]),
        ("X86-64 AMD-64 ARM-64", ["X86-64", "AMD-64", "ARM-64"]),
        ("HTTP-2 HTTP-404 TLS-1.2 OAUTH-2", ["HTTP-2", "HTTP-404", "TLS-1", "OAUTH-2"]),
        ("CWE-79 GHSA-2345-6789", ["CWE-79", "GHSA-2345-6789"]),
        ("JAVA-17 PYTHON-3 NODE-20 ES-6", ["JAVA-17", "PYTHON-3", "NODE-20", "ES-6"]),
        ("BSD-2-Clause GPL-3.0 CC-BY-4.0 APACHE-2.0", ["BSD-2", "GPL-3", "BY-4", "APACHE-2"]),
        ("Q3-2024 H1-2025 FY-24 DEC-2024 UTC-5", ["Q3-2024", "H1-2025", "FY-24", "DEC-2024", "UTC-5"]),
        ("PR-12 MR-3 GH-45 V2-1", ["PR-12", "MR-3", "GH-45", "V2-1"]),
        ("E4EAAAF2-1142-41E1-9999-0123456789AB", ["E4EAAAF2-1142"]),
        ("A0000000-BBBB-CC11-2222-012345678901", ["CC11-2222-012345678901"]),
        ("F0-DE-F1-23-45-67", ["F1-23-45-67"]),
        ("MD5-1 SHA3-256 SHA2-256 SHA512-256 SHA1-1", ["MD5-1", "SHA3-256", "SHA2-256", "SHA512-256", "SHA1-1"]),
        ("BLAKE2-256 BLAKE2B-512 ARGON2-1 ARGON2ID-19", ["BLAKE2-256", "BLAKE2B-512", "ARGON2-1", "ARGON2ID-19"]),
        ("TLSV1-2 SSLV3-1 TLS1-3 HTTP2-1 NFSV4-1", ["TLSV1-2", "SSLV3-1", "TLS1-3", "HTTP2-1", "NFSV4-1"]),
        ("X25519-1 ED25519-2 SECP256K1-1 AES256-128", ["X25519-1", "ED25519-2", "SECP256K1-1", "AES256-128"]),
        ("ML-KEM-768 ML-DSA-65 KYBER-1024", ["KEM-768", "DSA-65", "KYBER-1024"]),
        ("ISO8859-1 UTF16-1 GB18030-2005 IEC61131-3", ["ISO8859-1", "UTF16-1", "GB18030-2005", "IEC61131-3"]),
        ("JDK-8212233 JDK-6968459", ["JDK-8212233", "JDK-6968459"]),
        ("AVX-512 AVX512-1 SSE-4 I7-4770 POSIX-1", ["AVX-512", "AVX512-1", "SSE-4", "I7-4770", "POSIX-1"]),
        ("CC0-1.0 BUSL-1.1 ISBN-13 EAN-13", ["CC0-1", "BUSL-1", "ISBN-13", "EAN-13"]),
        ("MINGW64_NT-10.0", ["MINGW64_NT-10"]),
        ("SNYK-PYTHON-CRYPTOGRAPHY-6261585", ["CRYPTOGRAPHY-6261585"]),
    ],
)
def test_well_known_impostors_are_dropped(text: str, dropped: list[str]) -> None:
    found = _in_text(text)
    assert found.keys == ()
    assert dict(found.dropped) == dict.fromkeys(dropped, "not an issue key")


@pytest.mark.parametrize(
    "key",
    [
        "JAVA-4711",
        "PYTHON-3456",
        "HTTP-1234",
        "SHA-17",
        "RHEL-12345",
        "JDK-12345",
        "LOG4J2-3201",
        "IPV6-77",
        "WIN10-12",
        "S3-12",
        "EC2-7",
        "K8S-5",
        "A11Y-4",
        "I18N-3",
        "WEB3-9",
        "PY3-18",
        "VUE3-55",
        "NET6-4",
        "M365-12",
        "Y2K-1",
        "ISOLATE-1",
        "SHARE-256",
        "RSAP2-1",
        "POSIX-200",
        "I7-12",
        "CRYPTOGRAPHY-12",
        "RELEASE-7",
        "DES-12",
        "F1-23",
        "V-1",
    ],
)
def test_a_word_that_may_be_a_project_is_dropped_only_with_its_well_known_numbers(key: str) -> None:
    assert list(_in_text(key).keys) == [key] * (len(key.partition("-")[0]) > 1)


@pytest.mark.parametrize(
    "subject",
    [
        "Decode UTF-8 and ISO-8859-1 instead of WINDOWS-1252",
        "Replace SHA-1 and MD-5 by SHA-256, RIPEMD-160 by BLAKE-3",
        "Bump log4j because of CVE-2021-44228 (CWE-502, GHSA-2345)",
        "Dates as in ISO-8601 and RFC-3339, 2022-02 to 2022-03",
        "Build for X86-64, ARM-64 and AARCH-64 on WINDOWS-11 and UBUNTU-24.04",
        "Enable TLS-1.3, HTTP-2 and AES-256 with RSA-4096 keys (FIPS-140-3)",
        "Move to JAVA-21, PYTHON-3.13, NODE-22 and ES-2022",
        "Ask GPT-4 about COVID-19 in Q3-2024",
        "Merge PR-12 into RELEASE-2024, RC-2 for SOC-2 and IEC-62304",
    ],
)
def test_ordinary_subjects_without_a_key_give_none(subject: str) -> None:
    assert _in_text(subject).keys == ()
    assert _in_text(f"{subject} (WEB-12)").keys == ("WEB-12",)


@pytest.mark.parametrize(
    ("text", "projects", "keys", "dropped"),
    [
        ("WEB-1 OPS-2", ["WEB"], ["WEB-1"], {"OPS-2": "its project is not among projects"}),
        ("WEB-1 OPS-2", ["ops", "Web"], ["WEB-1", "OPS-2"], {}),
        ("web-1 Web-2 (wEB-3) xweb-4 web-5x web-06", ["WEB"], ["WEB-1", "WEB-2", "WEB-3"], {}),
        ("web-1 node-20 step-2 ops-3", ["WEB"], ["WEB-1"], {}),
        ("web-1.2.3 WEB-4.5", ["WEB"], ["WEB-4"], {}),
        ("UTF-8 UTF-9", ["UTF"], ["UTF-8", "UTF-9"], {}),
        ("UTF-8 WEB-1", ["WEB"], ["WEB-1"], {"UTF-8": "not an issue key"}),
        ("fix-1 FIX-2", ["FIX"], ["FIX-1", "FIX-2"], {}),
        ("MY_WEB-1 my_web-2", ["WEB"], [], {"MY_WEB-1": "its project is not among projects"}),
        ("über-1 U\u0308BER-2", ["Über"], ["ÜBER-1", "ÜBER-2"], {}),
        ("straße-1 STRASSE-2", ["STRASSE"], ["STRASSE-2"], {}),
        ("OPS-1-2", ["WEB"], [], {"OPS-1": "its project is not among projects"}),
        ("修web-1正", ["WEB"], ["WEB-1"], {}),
        ("web-1", [" WEB "], ["WEB-1"], {}),
    ],
)
def test_with_projects_only_they_count_and_in_any_case(
    text: str, projects: list[str], keys: list[str], dropped: dict[str, str]
) -> None:
    for source in (Source("text", text), Source("branch", text, branch=True)):
        found = collect([source], projects)
        assert (list(found.keys), dict(found.dropped)) == (keys, dropped)


@pytest.mark.parametrize(
    "project", ["", " ", "A", "WEB-1", "WEB OPS", "1WEB", "]", "^A-Z", "_WEB", "A" * 257, "straße", "\U00010400A"]
)
def test_what_is_no_project_is_refused_and_named(project: str) -> None:
    with pytest.raises(UsageError, match="projects holds") as caught:
        _in_text("WEB-1", "WEB", project)
    assert repr(project[:80])[1:20] in caught.value.message


def test_the_first_source_of_a_key_is_named() -> None:
    found = collect(
        [
            Source("pull request title", "WEB-2 and WEB-1"),
            Source("branch", "feature/web-3-web-1", branch=True),
            Source("commit 1a2b3c4", "WEB-3 WEB-4 UTF-8"),
            Source("commit 5d6e7f8", "WEB-1 WEB-4"),
        ]
    )
    assert found == Keys(
        keys=("WEB-2", "WEB-1", "WEB-3", "WEB-4"),
        sources={
            "WEB-2": "pull request title",
            "WEB-1": "pull request title",
            "WEB-3": "branch",
            "WEB-4": "commit 1a2b3c4",
        },
        dropped={"UTF-8": "not an issue key"},
        left_out=0,
    )


def test_keys_that_the_user_named_are_taken_at_their_word() -> None:
    found = collect([Source("issue-keys", "utf-8, ops-7\n修正-1"), Source("text", "UTF-8 OPS-8 WEB-1")], ["WEB"])
    assert found.keys == ("UTF-8", "OPS-7", "修正-1", "WEB-1")
    assert found.sources["UTF-8"] == "issue-keys"
    assert dict(found.dropped) == {"OPS-8": "its project is not among projects"}
    assert collect([Source("issue-keys", " ")]).keys == ()
    with pytest.raises(UsageError):
        collect([Source("issue-keys", "WEB")])


def test_the_first_five_hundred_are_kept_and_the_rest_counted() -> None:
    found = collect(
        [Source("a", " ".join(f"WEB-{n}" for n in range(1, 801))), Source("b", "WEB-1 WEB-801 OPS-1 WEB-800")]
    )
    assert found.keys == tuple(f"WEB-{n}" for n in range(1, 501))
    assert set(found.sources) == set(found.keys)
    assert found.left_out == 302
    assert collect([Source("a", "WEB-1 WEB-2")], limit=1) == Keys(("WEB-1",), {"WEB-1": "a"}, {}, 1)


def test_only_the_first_hundred_dropped_ones_are_kept() -> None:
    assert list(_in_text(" ".join(f"UTF-{n}" for n in range(1, 500))).dropped) == [f"UTF-{n}" for n in range(1, 101)]


def test_no_sources_no_keys() -> None:
    assert collect([]) == Keys((), {}, {}, 0)


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ([], ()),
        (["WEB-12"], ("WEB-12",)),
        (["web-12", " WEB-12 ", "Web-12"], ("WEB-12",)),
        (["my_proj-1", "AB-012", "A1-0"], ("MY_PROJ-1", "AB-012", "A1-0")),
        (["修正-1", "über-2"], ("修正-1", "ÜBER-2")),
        (["U\u0308BER-2"], ("ÜBER-2",)),
        (["A" * 256 + "-" + "1" * 255], ("A" * 256 + "-" + "1" * 255,)),
    ],
)
def test_explicit_keys(given: list[str], keys: tuple[str, ...]) -> None:
    assert explicit(given) == keys


@pytest.mark.parametrize(
    "key",
    [
        *(
            "",
            "-",
            "WEB",
            "WEB-",
            "-1",
            "12",
            "WEB 12",
            "WEB-12 OPS-3",
            "WEB-1x",
            "B-1x-2",
            "A-1",
            "1A-1",
            "_A-1",
            "W.B-1",
        ),
        *("WEB--1", "WEB-+1", "WEB-１", "WEB-1\n2", "straße-1", "\U00010400A-1", "🚀A-1", "WEB-1;OPS-2"),
        *("A" * 257 + "-1", "WEB-" + "1" * 256, "https://acme.atlassian.net/browse/WEB-1"),
    ],
)
def test_what_is_no_key_is_refused_and_named(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        explicit(["WEB-1", key])
    assert caught.value.message.startswith("issue-keys holds ")
    assert "which is not an issue key" in caught.value.message
    assert "\n" not in caught.value.message


# The rule once more, a character at a time: slow, and written without the regular expressions it is compared with.


def _cased(character: str) -> bool:
    return unicodedata.category(character) in ("Lu", "Ll", "Lt")


def _upper_case(character: str) -> bool:
    return unicodedata.category(character) == "Lu" and character <= "\uffff"


def _reference(text: str) -> list[str]:
    keys: list[str] = []
    for dash in (place for place, character in enumerate(text) if character == "-"):
        start = dash
        while start and (text[start - 1] in "0123456789_" or _upper_case(text[start - 1])):
            start -= 1
        end = dash + 1
        while end < len(text) and text[end] in "0123456789":
            end += 1
        project, number = text[start:dash], text[dash + 1 : end]
        lengths = 2 <= len(project) <= 256 and 1 <= len(number) <= 255
        begins = lengths and _upper_case(project[0]) and not (start and _cased(text[start - 1]))
        ends = lengths and number[0] != "0" and not (end < len(text) and _cased(text[end]))
        if begins and ends and f"{project}-{number}" not in keys:
            keys.append(f"{project}-{number}")
    return keys


_PIECES = st.one_of(
    st.sampled_from(
        [
            "ABC",
            "XY",
            "-",
            "-1",
            "-12",
            "-0",
            "_",
            "7",
            " ",
            "x",
            "é",
            "É",
            "Ж",
            "修",
            "م",
            "—",
            "\U0001d400",
            "ǅ",
            "\n",
            "ა",
            "Ა",
        ]
    ),
    st.characters(exclude_categories=["Mn", "Mc", "Me"], exclude_characters="\u212a\u212b\u2126"),
)


@given(st.lists(_PIECES, max_size=25).map("".join))
@example("ABC-1-2-3XY-4")
@example("ABC-12ABC-1")
@example("AB-1" * 3 + " AB-1")
def test_every_text_gives_the_keys_of_the_slow_reading(text: str) -> None:
    found = _in_text(text)
    dropped = {re.match("[^-]+-[0-9]+", name)[0] for name in found.dropped}  # type: ignore[index]
    assert [key for key in _reference(text) if key not in dropped] == list(found.keys)
    assert dropped <= set(_reference(text))


@given(st.text(max_size=60), st.booleans(), st.lists(st.sampled_from(["WEB", "ops", "Über"]), max_size=2))
def test_whatever_the_text_every_key_is_one_that_jira_takes(text: str, branch: bool, projects: list[str]) -> None:
    found = collect([Source("x", f"{text} web-1 WEB-2 über-3{text}", branch)], projects)
    assert explicit(found.keys) == found.keys
    assert set(found.sources) == set(found.keys)


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_decomposed_text_gives_the_keys_of_composed_text(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert _in_text(unicodedata.normalize("NFD", composed)).keys == _in_text(composed).keys


@pytest.mark.parametrize(("branch", "projects"), [(False, []), (True, []), (False, ["AB"])])
@pytest.mark.parametrize(
    "piece",
    [
        *("A", "A-1", "-1", "AB-1", "AB-1 ", "_", "A_", "ABC-", "1", "ab-1/", "ab-1.5/", "/", "F0-DE-F1-23-45-67 "),
        *("A" * 256 + "-0", "AB-" + "1" * 255 + "x ", "É", "AÉ-1 ", "A\u0301", "\u0301\u0316", "修正ABC-1を", "😀"),
        *("AB" + "\u0301\u0316" * 20 + "-1 ", "\U0001d400-1"),
    ],
)
def test_a_megabyte_takes_linear_time(piece: str, branch: bool, projects: list[str]) -> None:
    text = "AB" + piece * (_MEGABYTE // len(piece))
    found = collect([Source("x", text, branch)], projects)
    assert len(found.keys) + len(found.dropped) <= 4
    assert found.left_out == 0


def test_half_a_million_keys_are_counted_and_five_hundred_kept() -> None:
    found = _in_text(" ".join(f"AB-{n}" for n in range(1, 500_001)))
    assert (len(found.keys), found.left_out) == (500, 499_500)


def test_a_hundred_thousand_commits_are_read() -> None:
    message = "Fix the login page when a user's session has expired; re-try with back-off 2024-01-02. " * 2
    found = collect(Source(f"commit {n:07x}", f"{message}WEB-{n % 700 + 1}") for n in range(100_000))
    assert (len(found.keys), found.left_out) == (500, 200)
    assert found.sources["WEB-1"] == "commit 0000000"
