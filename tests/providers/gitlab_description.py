"""What GitLab's documentation says of the operations that are asked, in the form of :mod:`providers.description`.

GitLab publishes no description on a package registry; these schemas follow the pages linked beside them. Attributes
that depend on the edition, the licence or the version are optional; ones that nobody documents are errors.
"""

from __future__ import annotations

from typing import Any

_TEXT, _WHOLE, _SWITCH = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_ANY: dict[str, Any] = {}
_SHA = {"type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})\\Z"}
_MOMENT = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})\\Z"}
# https://docs.gitlab.com/api/pipelines/#list-project-pipelines
_PIPELINE_STATUS = (
    "created waiting_for_resource preparing pending running success failed canceled skipped manual scheduled"
)
# https://docs.gitlab.com/api/jobs/#list-pipeline-jobs
_JOB_STATUS = f"{_PIPELINE_STATUS} canceling waiting_for_callback"
_DEPLOYMENT_STATUS = "created running success failed canceled skipped blocked"


def _one_of(words: str) -> dict[str, Any]:
    return {"enum": words.split()}


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "nullable": True}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _list(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def _texts(names: str, kind: dict[str, Any] = _TEXT) -> dict[str, Any]:
    return dict.fromkeys(names.split(), kind)


_USER = _object({"id": _WHOLE, **_texts("username name state web_url"), "avatar_url": _maybe(_TEXT)}, locked=_SWITCH)
# https://docs.gitlab.com/api/commits/#list-repository-commits
_COMMIT_TEXTS = _texts("short_id title message author_name author_email committer_name committer_email web_url")
_COMMIT = _object(
    {
        "id": _SHA,
        **_COMMIT_TEXTS,
        **_texts("created_at authored_date committed_date", _MOMENT),
        "parent_ids": _list(_SHA),
    },
    trailers={"type": "object"},
    extended_trailers={"type": "object"},
)
# https://docs.gitlab.com/api/commits/#retrieve-a-commit
_COMMIT_DETAIL = _object(
    {**_COMMIT["properties"], "status": _maybe(_TEXT)},
    stats=_object(_texts("additions deletions total", _WHOLE)),
    last_pipeline=_ANY,
    project_id=_WHOLE,
)
_COMMIT_DETAIL["required"] = [*_COMMIT["required"], "status"]
# https://docs.gitlab.com/api/commits/#retrieve-a-commit-diff
_DIFF = _object(
    {**_texts("old_path new_path a_mode b_mode diff"), **_texts("new_file renamed_file deleted_file", _SWITCH)},
    **_texts("collapsed too_large generated_file", _SWITCH),
)
# https://docs.gitlab.com/api/merge_requests/#retrieve-a-merge-request
_REFS = _maybe(_object(_texts("base_sha head_sha start_sha", _SHA)))
_REQUEST_IN_LIST = _object(
    {
        **_texts("id iid project_id source_project_id target_project_id", _WHOLE),
        **_texts("title source_branch target_branch web_url"),
        "state": _one_of("opened closed locked merged"),
        "sha": _maybe(_SHA),
        "merge_commit_sha": _maybe(_SHA),
        **_texts("created_at updated_at", _MOMENT),
        "description": _maybe(_TEXT),
        "author": _USER,
    },
    draft=_SWITCH,
    squash_commit_sha=_maybe(_SHA),
    merged_at=_maybe(_MOMENT),
)
_REQUEST = _object({**_REQUEST_IN_LIST["properties"], "diff_refs": _REFS}, changes_count=_maybe(_TEXT))
_REQUEST["required"] = [*_REQUEST_IN_LIST["required"], "diff_refs"]
# https://docs.gitlab.com/api/pipelines/#retrieve-a-pipeline
_PIPELINE_PARTS = {
    **_texts("id iid project_id", _WHOLE),
    "sha": _SHA,
    **_texts("ref source web_url"),
    "status": _one_of(_PIPELINE_STATUS),
    **_texts("created_at updated_at", _MOMENT),
}
_PIPELINE_IN_LIST = _object(_PIPELINE_PARTS, name=_maybe(_TEXT))
_PIPELINE = _object(
    {**_PIPELINE_PARTS, "before_sha": _TEXT, "tag": _SWITCH, "user": _USER, "detailed_status": {"type": "object"}},
    **_texts("started_at finished_at committed_at", _maybe(_MOMENT)),
    yaml_errors=_maybe(_TEXT),
    coverage=_maybe(_TEXT),
    **_texts("duration queued_duration", _maybe({"type": "number"})),
    name=_maybe(_TEXT),
)
# https://docs.gitlab.com/api/jobs/#list-pipeline-jobs
_JOB = _object(
    {
        "id": _WHOLE,
        "status": _one_of(_JOB_STATUS),
        **_texts("stage name ref web_url"),
        **_texts("tag allow_failure", _SWITCH),
        "created_at": _MOMENT,
        **_texts("started_at finished_at", _maybe(_MOMENT)),
        "pipeline": _PIPELINE_IN_LIST,
    },
    **_texts("duration queued_duration", _maybe({"type": "number"})),
    user=_maybe(_USER),
    commit=_COMMIT,
    failure_reason=_TEXT,
)
# https://docs.gitlab.com/api/deployments/#list-project-deployments; its example's pipelines have no iid.
_DEPLOYMENT = _object(
    {
        **_texts("id iid", _WHOLE),
        "ref": _TEXT,
        "sha": _SHA,
        **_texts("created_at updated_at", _MOMENT),
        "status": _one_of(_DEPLOYMENT_STATUS),
        "user": _maybe(_USER),
        "environment": _object({"id": _WHOLE, "name": _TEXT}, external_url=_maybe(_TEXT), slug=_TEXT),
        "deployable": _maybe(
            {**_JOB, "required": ["id", "status", "stage", "name", "ref", "tag", "created_at", "pipeline"]}
        ),
    }
)
# https://docs.gitlab.com/api/repository_files/#retrieve-a-file-from-a-repository
_FILE = _object(
    {
        **_texts("file_name file_path ref content content_sha256"),
        "size": _WHOLE,
        "encoding": _one_of("base64 text"),
        **_texts("blob_id commit_id last_commit_id", _SHA),
    },
    execute_filemode=_SWITCH,
)
# https://docs.gitlab.com/api/branches/#retrieve-a-repository-branch
_BRANCH = _object(
    {
        "name": _TEXT,
        "commit": _COMMIT,
        **_texts("merged protected default developers_can_push developers_can_merge can_push", _SWITCH),
        "web_url": _TEXT,
    }
)
# https://docs.gitlab.com/api/tags/#retrieve-a-tag
_TAG = _object(
    {
        **_texts("name message target"),
        "commit": _COMMIT,
        "release": _ANY,
        "protected": _SWITCH,
        "created_at": _maybe(_TEXT),
    }
)
# https://docs.gitlab.com/api/projects/#retrieve-a-project
_PROJECT = _object(
    {"id": _WHOLE, **_texts("name path path_with_namespace web_url visibility"), "default_branch": _maybe(_TEXT)},
    created_at=_MOMENT,
    archived=_SWITCH,
)
# https://docs.gitlab.com/api/rest/troubleshooting/#status-codes
_ERROR = _object({}, message=_ANY, error=_TEXT, error_description=_TEXT, scope=_TEXT)

_PAGES = {"page": {"type": "integer", "minimum": 1}, "per_page": {"type": "integer", "minimum": 1, "maximum": 100}}
_SORT = _one_of("asc desc")


def _operation(answer: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return {"parameters": parameters, "answers": {"200": answer}}


_P = "/projects/{id}"
EXTRACT: dict[str, Any] = {
    "operations": {
        _P: _operation(_PROJECT, statistics=_SWITCH, license=_SWITCH, with_custom_attributes=_SWITCH),
        f"{_P}/repository/branches/{{branch}}": _operation(_BRANCH),
        f"{_P}/repository/tags/{{tag_name}}": _operation(_TAG),
        f"{_P}/repository/files/{{file_path}}": _operation(_FILE, ref=_TEXT),
        f"{_P}/repository/commits": _operation(
            _list(_COMMIT),
            **_texts("ref_name since until path author order"),
            **_texts("all with_stats first_parent trailers", _one_of("true false")),
            **_PAGES,
        ),
        f"{_P}/repository/commits/{{sha}}": _operation(_COMMIT_DETAIL, stats=_one_of("true false")),
        f"{_P}/repository/commits/{{sha}}/diff": _operation(_list(_DIFF), unidiff=_one_of("true false"), **_PAGES),
        f"{_P}/repository/commits/{{sha}}/merge_requests": _operation(
            _list(_REQUEST_IN_LIST), state=_one_of("opened closed locked merged"), **_PAGES
        ),
        # https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
        f"{_P}/merge_requests": _operation(
            _list(_REQUEST_IN_LIST),
            state=_one_of("opened closed locked merged all"),
            order_by=_one_of("created_at updated_at title merged_at priority"),
            sort=_SORT,
            updated_after=_MOMENT,
            **{"iids[]": _WHOLE},
            **_PAGES,
        ),
        f"{_P}/merge_requests/{{merge_request_iid}}": _operation(_REQUEST),
        f"{_P}/merge_requests/{{merge_request_iid}}/commits": _operation(_list(_COMMIT), **_PAGES),
        f"{_P}/deployments": _operation(
            _list(_DEPLOYMENT),
            order_by=_one_of("id iid created_at updated_at finished_at ref"),
            sort=_SORT,
            environment=_TEXT,
            **_texts("updated_after updated_before"),
            status=_one_of("created running success failed canceled blocked"),
            **_PAGES,
        ),
        f"{_P}/pipelines": _operation(
            _list(_PIPELINE_IN_LIST),
            order_by=_one_of("id status ref updated_at user_id"),
            sort=_SORT,
            **_texts("name ref sha source updated_after updated_before username"),
            scope=_one_of("running pending finished branches tags"),
            status=_one_of(_PIPELINE_STATUS),
            **_PAGES,
        ),
        f"{_P}/pipelines/{{pipeline_id}}": _operation(_PIPELINE),
        f"{_P}/pipelines/{{pipeline_id}}/jobs": _operation(
            _list(_JOB), include_retried=_one_of("true false"), scope=_TEXT, **_PAGES
        ),
    },
    "components": {"schemas": {"error": _ERROR}},
}
