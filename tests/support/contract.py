"""Holds recorded exchanges against Atlassian's OpenAPI documents: every request, and every answer of the sandbox.

The documents lie beside the project and are not part of it; where they are missing nothing is validated. What the
sandbox refuses and what the documents forbid must be the same, in both directions. Where Jira's prose is stricter than
its schemas, STRICTER says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

import fastjsonschema
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.responses.exceptions import ResponseNotFound
from werkzeug.datastructures import Headers, ImmutableMultiDict

from contract_documents import CONTRACTS, openapi, schema
from contract_documents import available as available  # for whoever skips without them
from jira_sandbox.http_types import Exchange

ABSENT = f"requests and answers are not validated: there are no contract documents at {CONTRACTS}"

_ADDRESSES = (
    (re.compile(r"/jira/(builds|deployments)/0\.1/cloud/[^/]+(/.*)"), r"/rest/\1/0.1\2"),
    # Version 2 of the platform's API differs from version 3 in its long texts only, which no schema describes.
    (re.compile(r"(?:/ex/jira/[^/]+)?/rest/api/2(/.*)"), r"/rest/api/3\1"),
    (re.compile(r"/ex/jira/[^/]+(/rest/.*)"), r"\1"),
)
# Operations of Atlassian's that our documents, which are extracts, leave out.
_BESIDE = (
    # https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    re.compile(r"(GET|PUT|DELETE) /rest/api/3/issue/[^/]+/comment/[^/]+"),
    # https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/
    re.compile(r"POST /rest/api/3/issue/[^/]+/attachments"),
    # What the everyday clients ask (jira.js 6.2.0: src/cloud/api): projects, issues.ts, issueProperties.ts...
    re.compile(r"GET /rest/api/3/(project(/[^/]+)?|status|issueLinkType|issue/[^/]+/properties)"),
    re.compile(r"POST /rest/api/3/issue"),
    # https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/
    re.compile(r"GET /rest/api/3/group/member"),
    # https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-properties/
    re.compile(r"(GET|PUT) /rest/api/3/user/properties(/[^/]+)?"),
)
_FOLDERS = {"/rest/builds/": "software", "/rest/deployments/": "software", "/rest/api/": "platform"} | {
    "/rest/servicedeskapi/": "desk"
}
_RELEASES = re.compile(r"/rest/api/3/(project/[^/]+/versions?|version(/.*)?|bulk/.*|issue/properties/[^/]+)")
_BULK = re.compile(r"/rest/(builds|deployments)/0\.1/bulk")

STRICTER = {
    r"must be a valid URL$": "the builds schema has the unknown format URL, and the deployments' uri is not checked",
    r"^Invalid binary character '#x[0-9A-F]+'$": "the store behind the API holds no such characters (GitLab #565633)",
    r"^Associations must not have more than 500 values in total$": "'counted across all associationTypes' is prose",
    r"commitHash' (is required|must )": "the schema takes a repository's value under the type commit",
    r"^Unable to parse|^Invalid UTF-8|^The document is nested": "Python's parser takes more than JSON, such as NaN",
    r"^The number of issue ids or keys": "'You can request up to 100 issues' is prose",
    r"'(globalId|properties\[\d+\]\.key)' must not be longer than 255 characters": "the maximum of 255 is prose",
    r"^(INVALID_INPUT|The request is not valid:) '[\w.\[\]]+' is required": "what cannot be left out is prose",
    r"^'.*' is no property$|^At least one property": "the property names of a query are no parameters of the document",
}
DATA_CENTER = (
    "Atlassian has no OpenAPI document of Data Center: its answers show other users, other pages of search and more of "
    "approvals than Cloud's; requests are validated where Cloud has the operation too"
)
# In the platform's and the service desk's APIs most refusals depend on the site's data, as an unknown field does. These
# are about the request's shape.
_SHAPE = r"^INVALID_INPUT|^Invalid (request payload|UTF-8)|^The request is not valid|^Unable to parse the request"
# What depends on the site's data and not on the request: no fault of whoever asked.
_SEMANTIC = r"^No valid associations found for (build|deployment)$"


def verify(
    exchanges: Iterable[Exchange],
    *,
    bad_requests: bool = False,
    refusals: Iterable[str] = (),
    data_center: bool = False,
) -> list[str]:
    """What is wrong with these exchanges, in sentences; nothing when all is well, or nothing is available.

    Args:
        bad_requests: requests may break the rules; then they must have been refused, and only for breaking them.
        refusals: messages that a test told the site to reject records with.
        data_center: the site is no Cloud site, so that only requests are validated: DATA_CENTER says why.
    """
    if not available():
        return []
    semantic = "|".join([_SEMANTIC, *(f"^{re.escape(text)}$" for text in refusals)])
    return [
        f"{exchange.method} {exchange.path} -> {exchange.status}: {problem}"
        for exchange in exchanges
        for problem in (_foreign if data_center else _problems)(exchange, bad_requests, semantic)
    ]


def _foreign(exchange: Exchange, bad_requests: bool, semantic: str) -> Iterator[str]:
    """What Cloud's documents say against a request to Data Center, where they know the operation."""
    del semantic
    against = [] if bad_requests else request_errors(exchange) or []
    yield from (f"the request breaks the contract: {one}" for one in against if not one.startswith("PathNotFound"))


Judged = TypeVar("Judged")
_UNJUDGED = {"authorization", "connection", "content-length", "date", "host", "user-agent"}


def _once(*parts: str) -> Callable[[Callable[[Exchange], Judged]], Callable[[Exchange], Judged]]:
    """The documents are asked once about the same parts of an exchange: many tests ask Jira the same."""

    def decorate(judge: Callable[[Exchange], Judged]) -> Callable[[Exchange], Judged]:
        known: dict[bytes, Judged] = {}

        @wraps(judge)
        def judged(exchange: Exchange) -> Judged:
            same = hashlib.blake2b(digest_size=20)
            for part in parts:
                value = getattr(exchange, part)
                if isinstance(value, Mapping):
                    value = sorted((name, text) for name, text in value.items() if name.lower() not in _UNJUDGED)
                same.update(repr(value).encode() + b"\0")
            key = same.digest()
            if key not in known:
                known[key] = judge(exchange)
            return known[key]

        return judged

    return decorate


_ASKED = ("method", "path", "query", "headers", "body")


@_once(*_ASKED)
def request_errors(exchange: Exchange) -> list[str] | None:
    """What the documents say against the request; None when they do not speak of its address."""
    request = _Request(exchange)
    if not request.document:
        return None
    try:
        openapi(request.document).validate_request(request)
    except (OpenAPIError, ValueError, RecursionError) as error:
        return [_told(error)]
    return list(_schema_errors(request.path, exchange.method, exchange.body))


@_once(*_ASKED, "status", "answer_headers", "answer_body")
def answer_errors(exchange: Exchange) -> list[str]:
    """What the documents say against the answer."""
    request = _Request(exchange)
    if not request.document or (request.document != "software" and exchange.status in (405, 413, 415)):
        return []  # these documents leave that to HTTP
    if exchange.path.startswith("/ex/jira/") and exchange.status in (401, 404):
        return []  # the gateway in front of Jira answers, and no document speaks of it
    try:
        openapi(request.document).validate_response(request, _Response(exchange))
    except PathError:
        return []  # no such operation: the request is what is wrong
    except ResponseNotFound as error:
        # Numbers that are none: the framework behind the desk's API finds no such address, which no document says.
        return [] if request.document == "desk" and exchange.status == 404 else [_told(error)]
    except OpenAPIError as error:
        return [_told(error)]
    return []


def _problems(exchange: Exchange, bad_requests: bool, semantic: str) -> Iterator[str]:
    against = request_errors(exchange)
    if against is None:
        return
    if not exchange.scripted:
        yield from (f"the answer breaks the contract: {error}" for error in answer_errors(exchange))
    if exchange.status == 413:
        return  # the body was not read
    if not bad_requests:
        yield from (f"the request breaks the contract: {error}" for error in against)
    if exchange.scripted or exchange.status in (401, 403, 500):
        return  # nobody has judged the request
    refusals = [text for text in _refusals(exchange) if not re.search(semantic, text)]
    refused = bool(refusals) or exchange.status in (400, 404, 405, 410, 415)
    if exchange.status != 415 and not isinstance(_answered(exchange), list) and exchange.status != 202:
        refusals = [text for text in refusals if re.search(_SHAPE, text)]
    if against and not refused:
        yield f"the sandbox took what the documents forbid: {against[0]}"
    if not against and refusals:
        unexplained = [text for text in refusals if not any(re.search(rule, text) for rule in STRICTER)]
        yield from (f"the sandbox refused what the documents allow: {text}" for text in unexplained)
        if not bad_requests:
            yield f"the request was refused: {refusals[0]}"
    yield from _record_problems(exchange, semantic)


def _record_problems(exchange: Exchange, semantic: str) -> Iterator[str]:
    """In a mixed submission, exactly the records that the documents forbid are rejected."""
    match = _BULK.fullmatch(_address(exchange.path))
    if not match or exchange.status != 202:
        return
    records, answer = exchange.json()[match[1]], exchange.answer_json()
    rejected = {json.dumps(one["key"]): one for one in _rejected(answer)}
    keys = {json.dumps(_key(match[1], record)) for record in records}
    if len(records) == 1 or not rejected or len(keys) < len(records):
        return  # judged as a whole already; or one key twice, which no answer can tell apart
    for record in records:
        against = request_errors(replace(exchange, body=json.dumps({match[1]: [record]}).encode()))
        key = json.dumps(_key(match[1], record))
        texts = [error["message"] for error in rejected.get(key, {}).get("errors", [])]
        explained = any(re.search(f"{semantic}|{'|'.join(STRICTER)}", text) for text in texts)
        if bool(against) != bool(texts) and not explained:
            yield f"of several records, {key} was judged wrongly: {against or texts}"


def _key(family: str, record: dict[str, Any]) -> dict[str, Any]:
    if family == "builds":
        return {"pipelineId": record["pipelineId"], "buildNumber": record["buildNumber"]}
    number = "deploymentSequenceNumber"
    return {
        "pipelineId": record["pipeline"]["id"],
        "environmentId": record["environment"]["id"],
        number: record[number],
    }


def _rejected(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, dict):
        return []
    return [one for name, rejected in answer.items() if name.startswith("rejected") for one in rejected]


def _refusals(exchange: Exchange) -> list[str]:
    """The messages with which the sandbox refused the request or records in it."""
    if exchange.status not in (202, 400, 415):
        return []
    answer = _answered(exchange)
    if isinstance(answer, list):
        return [error["message"] for error in answer]
    told = [*answer.get("errorMessages", []), answer.get("errorMessage", "")] if isinstance(answer, dict) else []
    return [*filter(None, told), *(error["message"] for one in _rejected(answer) for error in one["errors"])]


def _answered(exchange: Exchange) -> Any:
    try:
        return exchange.answer_json()
    except ValueError:
        return None


def _address(path: str) -> str:
    for pattern, replacement in _ADDRESSES:
        match = pattern.fullmatch(path)
        if match:
            return match.expand(replacement)
    return path


class _Request:
    """A request as openapi-core wants it."""

    host_url = "https://your-domain.atlassian.net"

    def __init__(self, exchange: Exchange) -> None:
        self.path = _address(exchange.path)
        beside = any(pattern.fullmatch(f"{exchange.method} {self.path}") for pattern in _BESIDE)
        folders = {} if beside else _FOLDERS
        self.document = next((name for folder, name in folders.items() if self.path.startswith(folder)), "")
        if self.document == "platform" and _RELEASES.fullmatch(self.path):
            self.document = "releases"
        self.method = exchange.method.lower()
        self.body = exchange.body or None
        self.content_type = exchange.headers.get("content-type", "").lower()
        pairs = [part.partition("=")[::2] for part in exchange.query.split("&") if part]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(pairs), header=Headers(list(exchange.headers.items()))
        )


class _Response:
    """An answer as openapi-core wants it."""

    def __init__(self, exchange: Exchange) -> None:
        self.status_code = exchange.status
        self.headers = Headers(list(exchange.answer_headers.items()))
        self.content_type = self.headers.get("content-type", "").lower()
        self.data = exchange.answer_body or None


def _schema_errors(path: str, method: str, body: bytes) -> Iterator[str]:
    """The same rules as JSON Schemas, which hold some of the prose too: objects, property names, one of two fields."""
    match = _BULK.fullmatch(path)
    if match and method == "POST":
        try:
            schema(f"{match[1]}-request")(json.loads(body))
        except fastjsonschema.JsonSchemaValueException as error:
            yield str(error.message)[:300]


def _told(error: BaseException) -> str:
    cause = error.__cause__
    details = [one.message for one in getattr(cause, "schema_errors", [])]
    return f"{type(error).__name__}: {'; '.join(details) or repr(cause or error)}"[:300]
