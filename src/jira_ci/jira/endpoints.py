"""Where Jira is asked: addresses as people write them, made exact, and each question relative to a site."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from jira_ci.errors import UsageError
from jira_ci.exchange import Request
from jira_ci.frozen import dataclass
from jira_ci.text import one_line


def base_url(text: str, setting: str) -> str:
    """An address as people write it, as ``https://host[:port][/path]`` without a trailing slash.

    Plain ``http`` is accepted for loopback addresses only, and credentials in an address never.

    Raises:
        UsageError: naming the setting.
    """
    url = text.strip() if "://" in text else f"https://{text.strip()}"
    if "@" in text:
        raise UsageError(
            f"{setting} holds a user name or password.", "Take it out; credentials have settings of their own."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    known = parts.scheme in ("https", "http") and re.fullmatch(r"[A-Za-z0-9.:_-]+", host)
    if not known or parts.query or re.match(r"[A-Za-z]+:/(?!/)", text.strip()):
        raise UsageError(
            f"{setting} is {one_line(text, 100)!r}, which is no address.", "Write it as https://acme.atlassian.net."
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(f"{setting} is a plain http address.", "Use https; http is for loopback addresses only.")
    shown = f"[{host}]" if ":" in host else host
    # A page's address, as people copy it; Jira Cloud's own paths begin at the root of its host.
    path = "" if host.endswith(".atlassian.net") else parts.path.rstrip("/")
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{path}"


def site_url(site: str, instance: str) -> str:
    """The Jira site's address from ``site`` or ``instance`` (the name before ``.atlassian.net``); empty without both.

    Raises:
        UsageError: neither can be an address, or they disagree.
    """
    if instance and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}", instance):
        raise UsageError(
            f"instance is {one_line(instance, 100)!r}; it must be the name before .atlassian.net.",
            "For a full address use site.",
        )
    if site and "." not in site and "://" not in site and not site.startswith("localhost"):
        raise UsageError(
            f"site is {one_line(site, 100)!r}, which is no host name.", f"Did you mean {site}.atlassian.net?"
        )
    url = base_url(site, "site") if site else ""
    of_instance = f"https://{instance.lower()}.atlassian.net" if instance else ""
    if url and of_instance and url.lower() != of_instance:
        raise UsageError(f"site is {url} and instance means {of_instance}: they disagree.", "Give one of them.")
    return url or of_instance


def is_gateway_of(site: str, api: str) -> bool:
    """Whether an API address may answer for a site: Atlassian's, the site's own, or anything for a site on loopback.

    The gate needs to know: an address out of a variable must not be able to approve in the site's name.
    """
    there, here = (urlsplit(url).hostname or "" for url in (api, site))
    return there == here or there.endswith(".atlassian.com") or is_loopback(here)


def cloud_id(text: str) -> str:
    """A cloud id that can stand in a path.

    Raises:
        UsageError: it is not made of hexadecimal digits, letters and hyphens.
    """
    if text and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", text):
        raise UsageError(
            f"cloud-id is {one_line(text, 100)!r}, which is no cloud id.",
            "It looks like 11223344-a1b2-3b33-c444-def123456789; left out, the site is asked for it.",
        )
    return text


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Edition = Literal["cloud", "data-center"]

# Approvals are experimental on Data Center, and refused without this header:
# https://docs.atlassian.com/jira-servicedesk/REST/latest/#experimental-methods
_EXPERIMENTAL: Mapping[str, str] = {"X-ExperimentalApi": "opt-in"}

# Jira takes a form only from who says that no browser was led to send it:
# https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/#api-rest-api-3-issue-issueidorkey-attachments-post
_UNCHECKED: Mapping[str, str] = {"X-Atlassian-Token": "no-check"}


@dataclass(frozen=True)
class Question:
    """A request relative to a site."""

    method: str
    path: str
    """``api/issue/7`` for the platform, whose version depends on the edition, or ``servicedeskapi/request``."""
    asks: str
    """What it is for, in words that fit behind *asked acme.atlassian.net to*."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    idempotent: bool = True
    bodiless: bool = False
    file: tuple[str, bytes] | None = None

    def address(self, base: str, edition: Edition) -> str:
        """The whole address; ``base`` has no slash at its end."""
        version = "3" if edition == "cloud" else "2"
        path = self.path.replace("api/", f"api/{version}/", 1) if self.path.startswith("api/") else self.path
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='*,')}" for name, value in self.query.items())
        return f"{base}/rest/{path}{'?' + query if query else ''}"

    def headers(self, edition: Edition) -> Mapping[str, str]:
        """What this question needs besides a credential."""
        if self.file is not None:
            return _UNCHECKED
        return _EXPERIMENTAL if edition == "data-center" and self.path.startswith("servicedeskapi/") else {}


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


def quoted(text: str) -> str:
    """A text as a JQL string (https://support.atlassian.com/jira-software-cloud/docs/search-syntax-for-text-fields/)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quoted_phrase(text: str) -> str:
    """A JQL string that holds a phrase for ``~``: the words in this order.

    The phrase has quotes of its own inside of those of JQL; the text's quotes and backslashes separate words anyway.
    """
    return quoted('"' + " ".join(text.replace('"', " ").replace("\\", " ").split()) + '"')


def open_issues(project: str, title: str) -> str:
    """Open issues of one project whose summary has the title's words, the oldest first.

    Issue types are left to whoever reads the issues: a query that names one which the site does not have is refused as
    a whole, and of the two names that changes go by a site has one.

    Args:
        project: key or id.
    """
    words = quoted_phrase(title)
    return f"project = {quoted(project)} AND statusCategory != Done AND summary ~ {words} ORDER BY created ASC"


def newest_issues(project: str) -> str:
    """The issues of a project that are not open any more or being worked on, the newest first: those that people were
    asked about.

    Args:
        project: key or id.
    """
    return f'project = {quoted(project)} AND statusCategory != "To Do" ORDER BY created DESC'


def labelled_issues(project: str, label: str, titles: Collection[str]) -> str:
    """Issues with this label wherever they are and whatever became of them; and open ones of one project without any
    label and with the words of one of these titles. Those that somebody has just done something to come first.

    An account that may not set labels leaves its issues without one; so are thousands that are no changes.

    Args:
        project: key or id.
        titles: words that summaries of changes have; one without any stands for all.
    """
    ours = f"labels = {quoted(label)}"
    others = ["labels is EMPTY", f"project = {quoted(project)}", "statusCategory != Done"]
    if titles and all(titles):
        others.append(" OR ".join(f"summary ~ {quoted_phrase(title)}" for title in titles))
    return f"{' AND '.join(f'({ours} OR {one})' for one in others)} ORDER BY updated DESC"


def titled_issues(project: str, title: str) -> str:
    """Issues of one project, also those that are done, whose summary has the title's words, the newest first.

    Args:
        project: key or id.
    """
    return f"project = {quoted(project)} AND summary ~ {quoted_phrase(title)} ORDER BY created DESC"


def issues_between(project: str, since: date, until: date) -> str:
    """Issues of one project that were made before a day ended and changed since another one, the oldest first.

    Jira takes a date for midnight in the zone of whoever asks, so that both days have to leave room for that.

    Args:
        project: key or id.
    """
    made, changed = f'created < "{until}"', f'updated >= "{since}"'
    return f"project = {quoted(project)} AND {made} AND {changed} ORDER BY created ASC"


NO_CLOUD_ID = "{cloudId}"
"""Stands in a dry run's addresses when nobody was asked for the cloud id."""


Make = Callable[[str, str, str], Request]
"""A request from the API's address, the cloud id and the access token."""


def bulk(api: str, cloud: str, plural: str, body: Mapping[str, Any], bearer: str = "") -> Request:
    """Submits builds or deployments (``plural``) of one site."""
    url = f"{api}/jira/{plural}/0.1/cloud/{cloud or NO_CLOUD_ID}/bulk"
    count = len(body[plural])
    return Request("POST", url, f"take {count} {plural if count != 1 else plural[:-1]}", body, bearer)


def build_by_key(api: str, cloud: str, pipeline: str, number: int, bearer: str) -> Request:
    """Reads one stored build; ``check`` uses it to see whether the credential is let in."""
    path = f"pipelines/{quote(pipeline, safe='')}/builds/{number}"
    return Request("GET", f"{api}/jira/builds/0.1/cloud/{cloud}/{path}", "show a build", bearer=bearer)


def deployment_by_key(api: str, cloud: str, pipeline: str, environment: str, number: int, bearer: str) -> Request:
    """Reads one stored deployment; ``check`` uses it to see whether the credential is let in."""
    path = f"pipelines/{quote(pipeline, safe='')}/environments/{quote(environment, safe='')}/deployments/{number}"
    return Request("GET", f"{api}/jira/deployments/0.1/cloud/{cloud}/{path}", "show a deployment", bearer=bearer)


PROPERTY = "jira-ci.change"
"""The issue property on the changes we make: what they were made for."""
BASIC_FIELDS = ("summary", "status", "issuetype", "project", "reporter", "creator", "description", "created")
PAGE = 100
LARGE_PAGE = 1000
"""Data Center gives no more at once; Jira Cloud may give fewer, and says where the next page begins."""
PARKED = "jira-ci.parked"
"""The issue property with the notes of the runs that wait for a change."""
PARKED_FIELDS = ("summary", "status", "issuetype", "project", "labels")
"""What tells of an issue that a search brings whether it can be a change that a run waits for."""


def search(
    jql: str,
    edition: Edition,
    *,
    after: str = "",
    reconcile: Sequence[str] = (),
    fields: Sequence[str] = ("summary",),
    properties: Sequence[str] = (),
    most: int = PAGE,
) -> Question:
    """One page of candidates: by default ids and summaries.

    Args:
        jql: bounded by a project or a label.
        after: where the page before said that the next one begins (a token; on Data Center an index).
        reconcile: ids of issues that the answer must know even if the index does not yet (Cloud only).
        properties: which of the issues' properties to tell (Cloud only).
    """
    body: dict[str, Any] = {"jql": jql, "fields": [*fields], "maxResults": most}
    if edition == "data-center":
        return Question("POST", "api/search", "find the change", body={**body, "startAt": int(after or 0)})
    body |= {"nextPageToken": after} if after else {}
    body |= {"reconcileIssues": [int(one) for one in reconcile]} if reconcile else {}
    body |= {"properties": list(properties)} if properties else {}
    return Question("POST", "api/search/jql", "find the change", body=body)


def issue(id_or_key: str, fields: Iterable[str] = BASIC_FIELDS, *, history: bool = False) -> Question:
    """One issue with our own properties, and with the names of its fields and its history when these are wanted.

    Args:
        fields: ids, or ``*all``.
    """
    query = {"fields": ",".join(fields), "properties": f"{PROPERTY},{PARKED}", "failFast": "true"}
    if history:
        query["expand"] = "changelog,names"
    return Question("GET", f"api/issue/{segment(id_or_key)}", f"show the change {one_line(id_or_key, 60)}", query)


def fields_for(window: Sequence[str]) -> tuple[str, ...]:
    """What to ask an issue for, so that these window fields are in the answer.

    Only the site knows which ids have a name, so that a name means asking for everything: one request less than asking
    for the list of fields first, and another field of the same name does not stay hidden.
    """
    if all(name.startswith("customfield_") for name in window):
        return (*BASIC_FIELDS, *window)
    return ("*all", "-comment", "-worklog", "-attachment", "-issuelinks")


def fields() -> Question:
    """Every field of the site."""
    return Question("GET", "api/field", "list its fields")


def types_of_project(project: str) -> Question:
    """The issue types of a project."""
    return Question(
        "GET", f"api/project/{segment(project)}/statuses", f"list the issue types of {one_line(project, 60)}"
    )


def get_property(issue_id: str, key: str) -> Question:
    """Reads one of our properties of a change."""
    return Question(
        "GET", f"api/issue/{segment(issue_id)}/properties/{segment(key)}", "show what is kept on the change"
    )


def label(issue_id: str, name: str, *, add: bool) -> Question:
    """Adds a label to a change, or takes it off; either may be sent again."""
    update = {"update": {"labels": [{"add" if add else "remove": name}]}}
    return Question("PUT", f"api/issue/{segment(issue_id)}", "label the change", body=update, bodiless=True)


def unparked(issue_id: str, value: Mapping[str, Any], label: str) -> Question:
    """Writes the notes of a change and takes a label off it in one edit; it may be sent again."""
    body = {"update": {"labels": [{"remove": label}]}, "properties": [{"key": PARKED, "value": dict(value)}]}
    path = f"api/issue/{segment(issue_id)}"
    return Question("PUT", path, "take a note off the change", body=body, bodiless=True)


def remove_remote_link(issue_id: str, global_id: str) -> Question:
    """Takes the link with this identity off a change."""
    path = f"api/issue/{segment(issue_id)}/remotelink"
    return Question("DELETE", path, "take a link off the change", {"globalId": global_id}, bodiless=True)


def set_property(issue_id: str, value: Mapping[str, Any], key: str = PROPERTY) -> Question:
    """Writes one of our properties of a change; by default what it was made for."""
    path = f"api/issue/{segment(issue_id)}/properties/{segment(key)}"
    return Question("PUT", path, "remember what the change is for", body=dict(value), bodiless=True)


LONGEST_PROPERTY = 32_768
"""Bytes of the JSON that an issue's property may have.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-properties/
"""


def property_keys(issue_id: str) -> Question:
    """The keys of an issue's properties."""
    return Question("GET", f"api/issue/{segment(issue_id)}/properties", "list the change's properties")


def attach(issue_id: str, name: str, content: bytes) -> Question:
    """Attaches a file to an issue. It is sent once, as a change is."""
    path = f"api/issue/{segment(issue_id)}/attachments"
    return Question("POST", path, "keep a file", file=(name, content), idempotent=False)


def link(change_key: str, issue_key: str) -> Question:
    """Links a change to an issue that is deployed with it; Jira knows a link between two issues only once."""
    body = {
        "type": {"name": "Relates"},
        "inwardIssue": {"key": change_key},
        "outwardIssue": {"key": issue_key},
    }
    return Question("POST", "api/issueLink", f"link the change to {issue_key}", body=body, bodiless=True)


def remote_link(issue_id: str, url: str, title: str, global_id: str = "") -> Question:
    """Links a change to a page elsewhere; a second link with the same identity, by default the address, replaces the
    first."""
    body = {"globalId": global_id or url[:255], "object": {"url": url, "title": title}}
    return Question("POST", f"api/issue/{segment(issue_id)}/remotelink", "link the change to its run", body=body)


def myself() -> Question:
    """Who is asking."""
    return Question("GET", "api/myself", "say who is asking")


def server_info() -> Question:
    """Which edition of Jira this is."""
    return Question("GET", "api/serverInfo", "say what it is")


def permissions(project: str, names: Iterable[str]) -> Question:
    """Which of these permissions the account has in a project, or in any where none is named."""
    query = {**({"projectKey": project} if project else {}), "permissions": ",".join(names)}
    return Question("GET", "api/mypermissions", "say what the account may do", query)


def own_properties(account: str, edition: Edition, key: str = "", value: Mapping[str, Any] | None = None) -> Question:
    """The properties of the account itself: their keys, one of them, or one that is written.

    Whoever may use Jira may read and write those of the own user
    (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-properties/).
    """
    path = f"api/user/properties/{segment(key)}" if key else "api/user/properties"
    query = {("accountId" if edition == "cloud" else "userKey"): account}
    if value is None:
        return Question("GET", path, "show what is noted of deployments", query)
    return Question("PUT", path, "note a deployment", query, body=dict(value), bodiless=True)


_GROUP_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
GROUP_PAGE = 50
"""Jira gives no more members of a group at once."""


def group_members(group: str, edition: Edition, start: int) -> Question:
    """A page of a group's members, those included who are not active any more, so that no page is short of any.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-groups/#api-rest-api-3-group-member-get

    Args:
        group: its name; on Cloud its id, too.
    """
    by_id = edition == "cloud" and _GROUP_ID.fullmatch(group)
    query = {("groupId" if by_id else "groupname"): group, "includeInactiveUsers": "true"}
    query |= {"startAt": str(start), "maxResults": str(GROUP_PAGE)}
    return Question("GET", "api/group/member", f"list who is in the group {one_line(group, 60)}", query)


DESK_PAGE = 100
_API = "servicedeskapi"


def desk(id_or_project: str) -> Question:
    """A service desk, by its id or its project's."""
    return Question(
        "GET", f"{_API}/servicedesk/{segment(id_or_project)}", f"show the service desk {one_line(id_or_project, 60)}"
    )


def desks(start: int) -> Question:
    """A page of all service desks."""
    return Question("GET", f"{_API}/servicedesk", "list its service desks", _page(start))


def request_types(desk_id: str, start: int, name: str = "") -> Question:
    """A page of a service desk's request types, those hidden from the portal too.

    Args:
        name: only those with this text in name or description. Hidden ones are in the answer to such a search only.
    """
    query = {"includeHiddenRequestTypesInSearch": "true", **_page(start), **({"searchQuery": name} if name else {})}
    return Question("GET", f"{_API}/servicedesk/{segment(desk_id)}/requesttype", "list the request types", query)


def request_fields(desk_id: str, type_id: str) -> Question:
    """The fields of a request type, hidden ones too."""
    path = f"{_API}/servicedesk/{segment(desk_id)}/requesttype/{segment(type_id)}/field"
    return Question("GET", path, "list the fields of the request type", {"expand": "hiddenFields"})


def create(desk_id: str, type_id: str, values: Mapping[str, Any], *, documents: bool = False) -> Question:
    """Makes a request. It is sent once: nothing in it would let Jira know a second one from the first.

    Args:
        documents: all rich texts among the values are Atlassian documents (Cloud), and none is wiki markup.
    """
    body: dict[str, Any] = {"serviceDeskId": desk_id, "requestTypeId": type_id, "requestFieldValues": dict(values)}
    body |= {"isAdfRequest": True} if documents else {}
    return Question("POST", f"{_API}/request", "make a change", body=body, idempotent=False)


def request(issue_id: str) -> Question:
    """A request with its request type, which the platform shows in a field whose id differs from site to site."""
    query = {"expand": "requestType"}
    return Question("GET", f"{_API}/request/{segment(issue_id)}", "show the change's request type", query)


def approvals(issue_id: str, start: int) -> Question:
    """A page of a request's approvals."""
    return Question("GET", f"{_API}/request/{segment(issue_id)}/approval", "list the change's approvals", _page(start))


def comments(issue_id: str, start: int) -> Question:
    """A page of an issue's comments, internal ones too, with the properties that they carry."""
    query = {"startAt": str(start), "maxResults": str(PAGE), "expand": "properties"}
    return Question("GET", f"api/issue/{segment(issue_id)}/comment", "list the change's comments", query)


def comment(issue_id: str, body: str, *, public: bool) -> Question:
    """Writes a comment (wiki markup) the service desk's way. It is sent once, as a change is."""
    path = f"{_API}/request/{segment(issue_id)}/comment"
    return Question("POST", path, "take a comment", body={"body": body, "public": public}, idempotent=False)


def document_comment(issue_id: str, document: Mapping[str, Any], properties: Mapping[str, Any]) -> Question:
    """Writes a comment that is an Atlassian document (Cloud). It is sent once, as a change is."""
    body = {"body": document, "properties": [{"key": key, "value": value} for key, value in properties.items()]}
    path = f"api/issue/{segment(issue_id)}/comment"
    return Question("POST", path, "take a comment", body=body, idempotent=False)


def remove_comment(issue_id: str, comment_id: str) -> Question:
    """Takes a comment away.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    """
    path = f"api/issue/{segment(issue_id)}/comment/{segment(comment_id)}"
    return Question("DELETE", path, "take a comment away", bodiless=True)


def _page(start: int) -> dict[str, str]:
    return {"start": str(start), "limit": str(DESK_PAGE)}
