"""The list of parts of a release (CycloneDX 1.6), without a time and with a number made of its content."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from release.vendored import Package

_NAMESPACE = uuid.UUID("6f2b3c4e-6c2b-5d0e-9a55-3b6d1f0e7a10")


def document(version: str, packages: Sequence[Package]) -> bytes:
    """The document for jira-ci of this version and its packages."""
    bom = Bom()
    ours = _component("jira-ci", version, "MIT", "")
    bom.metadata.component = ours
    parts = [_component(one.name, one.version, one.licence, one.sha256) for one in packages]
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(ours, parts)
    bom.serial_number = uuid.uuid5(_NAMESPACE, "\n".join([version, *(one.sha256 for one in packages)]))
    found = json.loads(JsonV1Dot6(bom).output_as_string())
    del found["metadata"]["timestamp"]
    return (json.dumps(found, indent=2, sort_keys=True) + "\n").encode()


def _component(name: str, version: str, licence: str, sha256: str) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY if sha256 else ComponentType.APPLICATION,
        licenses=[LicenseFactory().make_from_string(licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else [],
        purl=purl,
        bom_ref=str(purl),
    )
