"""A build and a deployment that Jira's documents allow, to be changed field by field."""

from __future__ import annotations

from typing import Any


def build(**changes: Any) -> dict[str, Any]:
    """A build that the documents allow, with these fields changed; None leaves one out."""
    record = {
        "pipelineId": "github:42:ci.yml",
        "buildNumber": 7,
        "updateSequenceNumber": 1,
        "displayName": "CI #7",
        "url": "https://ci.example/7",
        "state": "successful",
        "lastUpdated": "2026-11-20T10:00:00Z",
        "issueKeys": ["WEB-12"],
    }
    return {name: value for name, value in {**record, **changes}.items() if value is not None}


def deployment(**changes: Any) -> dict[str, Any]:
    """A deployment that the documents allow, with these fields changed; None leaves one out."""
    record = {
        "deploymentSequenceNumber": 7,
        "updateSequenceNumber": 1,
        "displayName": "Release 1.4",
        "url": "https://ci.example/7",
        "description": "Release 1.4 to Prod",
        "lastUpdated": "2026-11-20T10:00:00+01:00",
        "state": "successful",
        "pipeline": {"id": "release", "displayName": "Release", "url": "https://ci.example/"},
        "environment": {"id": "prod/eu", "displayName": "Prod EU", "type": "production"},
        "associations": [{"associationType": "issueIdOrKeys", "values": ["WEB-12"]}],
    }
    return {name: value for name, value in {**record, **changes}.items() if value is not None}
