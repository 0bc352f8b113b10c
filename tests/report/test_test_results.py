"""JUnit XML -> counts: files as real tools write them, and files meant to do harm. The samples are in answers/junit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jira_ci.report.test_results import TestCounts, count

_SAMPLES = Path(__file__).parent / "answers" / "junit"
_SUITE = b"<testsuite><testcase name='one'/></testsuite>"


def _counts(passed: int, failed: int, skipped: int, files: int = 1) -> TestCounts:
    return TestCounts(passed + failed + skipped, passed, failed, skipped, files)


def _count_bytes(tmp_path: Path, data: bytes) -> TestCounts:
    (tmp_path / "r.xml").write_bytes(data)
    return count(["r.xml"], tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pytest.xml", _counts(2, 2, 2)),
        ("surefire.xml", _counts(3, 2, 1)),
        ("gradle.xml", _counts(1, 1, 1)),
        ("jest.xml", _counts(2, 1, 1)),
        ("go-junit-report.xml", _counts(2, 1, 1)),
        ("phpunit.xml", _counts(2, 2, 1)),
        ("nunit-converted.xml", _counts(1, 1, 1)),
        ("googletest.xml", _counts(1, 1, 2)),
        ("attributes-only.xml", _counts(1 + 2 + 1, 2 + 1, 2)),
        ("namespaced.xml", _counts(1, 1, 0)),
    ],
)
def test_files_as_real_tools_write_them(name: str, expected: TestCounts) -> None:
    assert count([name], _SAMPLES) == expected


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("<testsuite><testcase/></testsuite>", _counts(1, 0, 0)),
        ("<testsuites><testcase/></testsuites>", _counts(1, 0, 0)),
        ("<testsuite><testcase><error/><failure/></testcase></testsuite>", _counts(0, 1, 0)),
        ("<testsuite><testcase><failure/><failure/></testcase></testsuite>", _counts(0, 1, 0)),
        ("<testsuite><testcase><skipped/><failure/></testcase></testsuite>", _counts(0, 0, 1)),
        ("<testsuite><testcase><failure/><skipped/></testcase></testsuite>", _counts(0, 0, 1)),
        ("<testsuite><testcase><skipped/><error/></testcase></testsuite>", _counts(0, 1, 0)),
        ("<testsuite><testcase><error/><skipped/></testcase></testsuite>", _counts(0, 1, 0)),
        ("<testsuite><testcase status='failed'/></testsuite>", _counts(0, 1, 0)),
        ("<testsuite><testcase><rerunFailure/><flakyError/></testcase></testsuite>", _counts(1, 0, 0)),
        ("<testsuite failures='1'><testcase><flakyFailure/></testcase></testsuite>", _counts(1, 0, 0)),
        ("<testsuite><testcase><disabled/></testcase></testsuite>", _counts(0, 0, 1)),
        ("<testsuite><testcase status='notrun'/></testsuite>", _counts(0, 0, 1)),
        ("<testsuite><testcase status='Disabled'/></testsuite>", _counts(0, 0, 1)),
        ("<testsuite><testcase status='notrun'><error/></testcase></testsuite>", _counts(0, 1, 0)),
        ("<testsuite><testcase><system-out><failure/></system-out></testcase></testsuite>", _counts(1, 0, 0)),
        ("<testsuite><testcase><testcase/></testcase></testsuite>", _counts(1, 0, 0)),
        ("<testsuite><failure/><testcase/></testsuite>", _counts(1, 1, 0)),
        ("<testsuites><error/><testsuite><error/></testsuite></testsuites>", _counts(0, 2, 0)),
        ("<testsuite><properties><error/></properties><testcase/></testsuite>", _counts(1, 0, 0)),
        ("<testsuite tests='9' failures='9'><testcase/></testsuite>", _counts(1, 9, 0)),
        ("<testsuite tests='9' failures='8'><testcase><failure/></testcase></testsuite>", _counts(0, 1, 0)),
        ("<testsuite tests='3' skipped='1'><testcase/><testcase/></testsuite>", _counts(2, 0, 1)),
        ("<testsuite tests='2' skipped='1'><testcase/><testcase/></testsuite>", _counts(2, 0, 0)),
        ("<testsuites errors='1'><testsuite tests='2'/></testsuites>", _counts(2, 1, 0)),
        ("<testsuites errors='1'><testsuite tests='2' errors='1'/></testsuites>", _counts(1, 1, 0)),
        ("<testsuite tests='0' errors='1'/>", _counts(0, 1, 0)),
        ("<testsuite tests='3' errors='1'/>", _counts(2, 1, 0)),
        ("<testsuites tests='3' skipped='1'/>", _counts(2, 0, 1)),
        ("<testsuites tests='9'><testsuite tests='3'/></testsuites>", _counts(3, 0, 0)),
        ("<testsuite><properties><property name='testcase'/></properties><testcase/></testsuite>", _counts(1, 0, 0)),
        ("<TestSuite><testcase/></TestSuite>", None),
        ("<testcase/>", None),
        ("<test-run><test-case/></test-run>", None),
    ],
)
def test_what_counts_as_what(tmp_path: Path, xml: str, expected: TestCounts | None) -> None:
    counted = _count_bytes(tmp_path, xml.encode())
    if expected is None:
        (problem,) = counted.problems
        assert counted.files == 0
        assert "it is not JUnit XML: its root element is" in problem
    else:
        assert counted == expected


@pytest.mark.parametrize(
    "xml",
    [
        "<testsuite/>",
        "<testsuites></testsuites>",
        "<testsuite tests='0' failures='0'/>",
        "<testsuite tests='1e9'/>",
        "<testsuite tests=' 5 '/>",
    ],
)
def test_a_file_without_any_test_says_so_and_sends_nothing(tmp_path: Path, xml: str) -> None:
    problem = "test-results: r.xml was not counted: it has no test."
    assert _count_bytes(tmp_path, xml.encode()) == TestCounts(problems=(problem,))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (_SUITE + b"\n" + _SUITE, _counts(2, 0, 0)),
        (_SUITE + b'<?xml version="1.0"?>\n' + _SUITE, _counts(2, 0, 0)),
        (b'\n  <?xml version="1.0" encoding="latin-1"?>' + _SUITE, _counts(1, 0, 0)),
        (_SUITE + b" " * (1 << 20) + _SUITE, _counts(2, 0, 0)),
        *((_SUITE + b" " * ((1 << 20) - len(_SUITE) - held) + _SUITE, _counts(2, 0, 0)) for held in (1, 2, 5, 40)),
        (b"<testsuite><testcase name='\x1b[0m\x00'><failure>\x08</failure></testcase></testsuite>", _counts(0, 1, 0)),
        (b"<testsuite><testcase name='&#27;[0m&#x1B;&#x0;&#xFFFE;&#55296;'/></testsuite>", _counts(1, 0, 0)),
        (b"<testsuite><testcase name='\xff\xc3'/></testsuite>", _counts(1, 0, 0)),
        (b"<testsuite><testcase name='\xef\xbf\xbf'/></testsuite>", _counts(1, 0, 0)),
        (b"<testsuite name='" + b"x" * ((1 << 20) - 20) + b"&#27;&amp;'><testcase/></testsuite>", _counts(1, 0, 0)),
        (b"<testsuite name='" + b"x" * ((1 << 20) - 18) + "é'><testcase/></testsuite>".encode(), _counts(1, 0, 0)),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_several_documents_and_forbidden_characters_cost_no_file(
    tmp_path: Path, data: bytes, expected: TestCounts
) -> None:
    assert _count_bytes(tmp_path, data) == expected


def test_a_file_of_documents_without_end_is_refused(tmp_path: Path) -> None:
    (problem,) = _count_bytes(tmp_path, b"<testsuite/>" * 20_000).problems
    assert problem == "test-results: r.xml was not counted: it has more than 10000 documents."


def _write(tmp_path: Path, name: str, suite: str, case: str = "name='one' time='0.1'") -> None:
    (tmp_path / name).write_text(f"<testsuites><testsuite {suite}><testcase {case}/></testsuite></testsuites>")


@pytest.mark.parametrize(
    ("suite", "case", "total"),
    [
        ("name='web.Shop' time='0.2'", "name='one' time='0.1'", 1),
        ("time='0.2' name='web.Shop'", "time='0.1' name='one'", 1),
        ("name='Shop' package='web' id='3' time='0.2'", "name='one' time='0.1'", 1),
        ("name='web.Shop' time='0.3'", "name='one' time='0.1'", 2),
        ("name='web.Shop' time='0.2'", "name='one' time='0.4'", 2),
        ("name='web.Shop' time='0.2'", "name='two' time='0.1'", 2),
    ],
)
def test_a_suite_that_two_files_have_counts_once(tmp_path: Path, suite: str, case: str, total: int) -> None:
    _write(tmp_path, "a.xml", "name='web.Shop' time='0.2'")
    _write(tmp_path, "b.xml", suite, case)
    counted = count(["*.xml"], tmp_path)
    assert counted.total == total
    said = (
        "test-results: b.xml repeats suites of an earlier file (1 of 1), which count once. Name only one of such files."
    )
    assert counted.problems == ((said,) if total == 1 else ())


def test_in_one_file_nothing_is_taken_for_a_repetition(tmp_path: Path) -> None:
    suite = "<testsuite name='a'><testcase name='one'/></testsuite>"
    assert _count_bytes(tmp_path, f"<testsuites>{suite}{suite}</testsuites>".encode()) == _counts(2, 0, 0)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("iso-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
    ],
)
def test_encodings(tmp_path: Path, declared: str, encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{declared}"?><testsuite name="é"><testcase name="ü"/></testsuite>'
    assert _count_bytes(tmp_path, xml.encode(encoding)) == _counts(1, 0, 0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("billion-laughs.xml", "it has a document type declaration"),
        ("external-entity.xml", "it has a document type declaration"),
        ("external-dtd.xml", "it has a document type declaration"),
        ("truncated.xml", "it is not well-formed XML: "),
        ("page.xml", "its root element is html, not testsuites or testsuite"),
    ],
)
def test_hostile_and_broken_files_are_named_and_the_others_still_count(name: str, reason: str) -> None:
    counted = count([name, "gradle.xml"], _SAMPLES)
    (problem,) = counted.problems
    assert problem.startswith(f"test-results: {name} was not counted: ")
    assert reason in problem
    assert (counted.total, counted.files) == (3, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is not well-formed XML: no element found"),
        (b'{"tests": 1}', "it is not well-formed XML"),
        (b"\x00\x01\x02", "it is not well-formed XML"),
        (b"PK\x03\x04", "it is not well-formed XML"),
        (_SUITE + b"Running tests/more.rs", "it is not well-formed XML"),
        (_SUITE + b"<!DOCTYPE x []>" + _SUITE, "document type declaration"),
        (_SUITE[:-3], "it is not well-formed XML"),
        (b"<testsuite>&unknown;</testsuite>", "it is not well-formed XML"),
        (b"<TestRun xmlns='http://x'/>", "TestRun, not testsuites or testsuite (.NET writes JUnit with the package"),
        (b"<coverage/>", "coverage, not testsuites or testsuite (that is a report of coverage)"),
        (b'<?xml version="1.0" encoding="no-such"?><testsuite/>', "unknown encoding: no-such"),
        (b'<?xml version="1.0" encoding="gbk"?><testsuite/>', "multi-byte encodings are not supported"),
        (
            b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">]><testsuite name="' + b"&a;" * 1000 + b'"/>',
            "document type declaration",
        ),
        (b"<testsuite>" * 100_000, "nested deeper than 1000"),
        (b"<" + b"a" * 300 + b"/>", "its root element is " + "a" * 80 + ","),
        (b"<testsuite><!--" + b"x" * 20_000_000 + b"--></testsuite>", "it has a tag or comment longer than 8 MB"),
        (b"<testsuite name='" + b"x" * 20_000_000 + b"'/>", "it has a tag or comment longer than 8 MB"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_what_is_no_junit_xml_is_said_in_one_sentence(tmp_path: Path, data: bytes, reason: str) -> None:
    counted = _count_bytes(tmp_path, data)
    (problem,) = counted.problems
    assert problem.startswith("test-results: r.xml was not counted: ")
    assert reason in problem
    assert "\n" not in problem
    assert counted == TestCounts(problems=(problem,))


def test_nothing_of_a_file_that_breaks_off_is_counted(tmp_path: Path) -> None:
    assert _count_bytes(tmp_path, b"<testsuite>" + b"<testcase/>" * 100_000).total == 0


def test_fifty_megabytes_of_output_are_read(tmp_path: Path) -> None:
    line = b"some line of output &amp; more\n"
    with (tmp_path / "r.xml").open("wb") as file:
        file.write(b"<testsuite><testcase><system-out>")
        for _ in range(50):
            file.write(line * (1_000_000 // len(line)))
        file.write(b"</system-out><failure/></testcase></testsuite>")
    assert count(["r.xml"], tmp_path) == _counts(0, 1, 0)


def test_a_file_larger_than_anybody_needs_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "r.xml").open("wb") as file:
        file.truncate((256 << 20) + 1)  # sparse: takes no room
    assert count(["r.xml"], tmp_path).problems == ("test-results: r.xml was not counted: it is larger than 256 MB.",)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "work space"
    for name in ("a.xml", "reports/b.xml", "reports/deep/er/c.xml", "reports/[x].xml", "reports/.hidden.xml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(_SUITE)
    (tmp_path / "outside.xml").write_bytes(_SUITE)
    return root


@pytest.mark.parametrize(
    ("patterns", "files"),
    [
        (["a.xml"], 1),
        (["./a.xml", "a.xml", "a*.xml", "reports/../a.xml", "?.xml", "[a].xml"], 1),
        (["reports/*.xml"], 3),
        (["reports/**/*.xml"], 4),
        (["**/*.xml"], 5),
        (["**"], 5),
        (["reports/**"], 4),
        (["**/c.xml"], 1),
        (["reports/[x].xml"], 1),
        (["reports/[b].xml"], 1),
        (["*/*/er/c.xml"], 1),
        (["../outside.xml"], 1),
        (["../*.xml"], 1),
        (["**.xml"], 1),
        ([], 0),
    ],
)
def test_patterns(tree: Path, patterns: list[str], files: int) -> None:
    assert count(patterns, tree) == _counts(files, 0, 0, files)


@pytest.mark.parametrize(
    ("pattern", "files"), [("a.xml", 1), ("reports/*.xml", 3), ("**/*.xml", 5), ("../outside.xml", 1)]
)
def test_absolute_patterns_and_a_relative_root(
    tree: Path, pattern: str, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    assert count([str(tree / pattern), pattern], Path()) == _counts(files, 0, 0, files)


@pytest.mark.parametrize(
    "pattern", ["nope.xml", "reports/*.json", "nope/**/*.xml", "[", "a\x00b", "x" * 5000, "*" + "x" * 5000, "a.xml/*"]
)
def test_a_pattern_that_matches_nothing_is_said(tree: Path, pattern: str) -> None:
    counted = count([pattern, "a.xml"], tree)
    (problem,) = counted.problems
    assert problem.startswith("test-results: no file matches " + pattern[:1])
    assert len(problem) < 600
    assert counted.files == 1


def test_a_directory_is_said_with_what_to_write(tree: Path) -> None:
    assert count(["reports"], tree).problems == (
        "test-results: reports was not counted: it is a directory; name its files, as in reports/*.xml.",
    )


def test_symbolic_links_that_lead_out_are_refused_and_others_followed(tree: Path) -> None:
    try:
        (tree / "out.xml").symlink_to(tree.parent / "outside.xml")
    except OSError:
        pytest.skip("this machine does not let us make symbolic links")
    (tree / "in.xml").symlink_to("a.xml")
    (tree / "gone.xml").symlink_to("no-such.xml")
    (tree / "elsewhere").symlink_to(tree.parent, target_is_directory=True)
    (tree / "loop").symlink_to(tree, target_is_directory=True)
    refused = f"was not counted: it is a symbolic link out of {tree}."
    assert count(["out.xml"], tree).problems == (f"test-results: out.xml {refused}",)
    assert count(["elsewhere/outside.xml"], tree).problems == (f"test-results: elsewhere/outside.xml {refused}",)
    assert count(["in.xml", "a.xml"], tree) == _counts(1, 0, 0)
    assert count(["gone.xml"], tree).problems == ("test-results: gone.xml was not counted: it is not a file.",)
    everything = count(["**/*.xml"], tree)
    assert everything.files == 5
    assert sorted(problem.split()[1] for problem in everything.problems) == ["gone.xml", "out.xml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "r.xml")
    assert count(["*.xml"], tmp_path).problems == ("test-results: r.xml was not counted: it is not a file.",)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable to this user")
def test_an_unreadable_file_is_said(tree: Path) -> None:
    (tree / "a.xml").chmod(0)
    assert count(["a.xml"], tree).problems == ("test-results: a.xml was not counted: Permission denied.",)


def test_a_file_name_is_no_runner_command(tmp_path: Path) -> None:
    try:
        (tmp_path / "##[error]\x1b.xml").write_bytes(b"")
    except OSError:
        pytest.skip("this file system does not take such names")
    (problem,) = count(["*.xml"], tmp_path).problems
    assert "##[" not in problem
    assert "\x1b" not in problem


def test_many_problems_are_cut(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.xml").write_bytes(b"")
    problems = count(["*.xml"], tmp_path).problems
    assert len(problems) == 21
    assert problems[0] == "test-results: 00.xml was not counted: it is empty."
    assert problems[-1] == "test-results: 10 more like these."


def test_files_are_summed_up() -> None:
    counted = count(["pytest.xml", "surefire.xml\n".strip(), "gradle.xml", "nope.xml"], _SAMPLES)
    assert counted == TestCounts(15, 6, 5, 4, 3, ("test-results: no file matches nope.xml.",))
