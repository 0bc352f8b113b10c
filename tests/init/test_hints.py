"""What is taken from the lines of strangers' pipelines, and what is not guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jira_ci.init import hints


@pytest.mark.parametrize(
    ("script", "paths"),
    [
        ("pytest --junitxml=reports/unit.xml", ("reports/unit.xml",)),
        ("pytest --junit-xml ./out/a.xml -q && pytest --junitxml 'out/b.xml'", ("out/a.xml", "out/b.xml")),
        ("gotestsum --junitfile unit.xml -- ./...", ("unit.xml",)),
        ("vendor/bin/phpunit --log-junit build/junit.xml", ("build/junit.xml",)),
        ("ctest --output-junit junit.xml", ("junit.xml",)),
        ("npx vitest run --reporter=junit --outputFile=out/junit.xml", ("out/junit.xml",)),
        ("JEST_JUNIT_OUTPUT_FILE=reports/jest.xml npx jest", ("reports/jest.xml",)),
        ("./mvnw -B verify", ("**/target/surefire-reports/TEST-*.xml",)),
        ("./gradlew --no-daemon check", ("**/build/test-results/**/*.xml",)),
        ("pytest --junitxml=$OUT/unit.xml", ()),
        ("pytest --junitxml=/tmp/unit.xml", ()),
        ("pytest --junitxml=../unit.xml", ()),
        ("pytest --junitxml=${{ matrix.x }}.xml", ()),
        ("cat settings.xml; make test", ()),
    ],
)
def test_paths_in_commands(script: str, paths: tuple[str, ...]) -> None:
    assert hints.junit_paths([script]) == paths


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"report_paths": "**/surefire-reports/TEST-*.xml"}, ("**/surefire-reports/TEST-*.xml",)),
        ({"files": "a/**/*.xml\nb/*.xml\n"}, ("a/**/*.xml", "b/*.xml")),
        ({"path": "dist/"}, ()),
        ({"path": "x.xml; rm -rf /"}, ()),
        ({"path": ["x.xml"]}, ()),
    ],
)
def test_paths_in_the_inputs_of_actions(given: dict[str, Any], paths: tuple[str, ...]) -> None:
    assert hints.junit_paths([], [given]) == paths


@pytest.mark.parametrize(
    ("image", "lacking"),
    [
        ("alpine/helm:3", ("Python", "git")),
        ("alpine:3.22", ("Python", "git")),
        ("docker.io/library/alpine", ("Python", "git")),
        ("node:24-alpine", ("Python", "git")),
        ("node:24-bookworm-slim", ("Python", "git")),
        ("hashicorp/terraform:1.14", ("Python", "git")),
        ("registry.example:5000/alpine/k8s:1", ()),
        ("python:3.13", ()),
        ("python:3.13-slim", ("git",)),
        ("python:3.13-alpine@sha256:0", ("git",)),
        ("node:24", ()),
        ("my/deploy-tools", ()),
        ("$IMAGE", ()),
        ("", ()),
    ],
)
def test_what_an_image_is_known_to_lack(image: str, lacking: tuple[str, ...]) -> None:
    assert hints.lacks(image) == lacking


@pytest.mark.parametrize(
    ("values", "chosen"),
    [
        ([], "ubuntu-latest"),
        (["ubuntu-24.04", "ubuntu-24.04", "self-hosted"], "ubuntu-24.04"),
        ([["self-hosted", "linux"]], ["self-hosted", "linux"]),
        ([{"group": "big", "labels": "x64"}], {"group": "big", "labels": "x64"}),
        (["windows-latest", "macos-15"], "ubuntu-latest"),
        (["${{ matrix.os }}", ["self-hosted", "${{ inputs.where }}"]], "ubuntu-latest"),
        ([None, "", 3], "ubuntu-latest"),
        ([{"group": "big", "labels": "windows-latest"}], "ubuntu-latest"),
        ([{"labels": ["macos-15"]}, {"group": "g", "labels": ["linux"]}], {"group": "g", "labels": ["linux"]}),
    ],
)
def test_where_our_own_jobs_run(values: list[Any], chosen: Any) -> None:
    assert hints.runs_on([{"runs-on": value} for value in values]) == chosen


@pytest.mark.parametrize(
    ("named", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", ""),
        ("Etc/UTC", ""),
        ("CET-1CEST", ""),
        ('Europe/Berlin"\n', ""),
    ],
)
def test_whose_clock(named: str, zone: str, tmp_path: Path) -> None:
    assert hints.zone({"TZ": named}) == zone


def test_the_machine_s_clock_without_a_variable(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    assert hints.zone({}, str(link)) == ""
    link.symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    assert hints.zone({}, str(link)) == "Asia/Tokyo"
