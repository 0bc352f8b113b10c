"""Whether somebody is in a team of GitHub's or in a group of GitLab's, as the provider says it. Imported on use only.

https://docs.github.com/rest/teams/members and https://docs.gitlab.com/api/group_members/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from jira_ci.ci.api import Refused, rows
from jira_ci.ci.bound_session import Api
from jira_ci.run import CI, Run
from jira_ci.text import canonical, one_line, string, whole
from jira_ci.timing import Deadline

T = TypeVar("T")
_MEMBERS = "the organization permission Members: read (scope read:org)"
_GROUPS = "the scope read_api, of somebody who may see the group"


class Teams:
    """One provider's teams.

    Args:
        token: of somebody who may see who is in them; a workflow's own token and a job token may not.
    """

    def __init__(self, run: Run, token: str, *, ca_bundle: str, deadline: Deadline) -> None:
        self._is_github = run.provider == CI.GITHUB
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        if not self._is_github:
            headers = {"PRIVATE-TOKEN": token}
        name = "GitHub" if self._is_github else "GitLab"
        self._api = Api(name, run.api_url, headers, ca_bundle=ca_bundle, deadline=deadline)

    def has(self, team: str, login: str) -> bool:
        """Whether somebody is an active member, also of a team or group within it.

        Args:
            team: ``organization/team``; on GitLab the full path of a group.

        Raises:
            Unreadable: that is not known; also where there is no such team.
        """
        question = self._in_team if self._is_github else self._in_group
        return self._asked(team, lambda: question(team, login))

    def see(self, team: str) -> None:
        """Looks whether the token may see a team.

        Raises:
            Unreadable: it may not, or there is none.
        """
        self._asked(team, lambda: self._api.get(self._place(team)))

    def _asked(self, team: str, question: Callable[[], T]) -> T:
        return self._api.ask(f"the members of {one_line(team, 80)}", _MEMBERS if self._is_github else _GROUPS, question)

    def close(self) -> None:
        """Closes the connections."""
        self._api.close()

    def _in_team(self, team: str, login: str) -> bool:
        found = self._found(f"{self._place(team)}/memberships/{quote(login, safe='')}", team)
        return found is not None and found.get("state") == "active"

    def _in_group(self, team: str, login: str) -> bool:
        people = rows(self._api.get("/users", username=login))
        same = (one for one in people if canonical(string(one.get("username"))) == canonical(login))
        number = whole(next(same, {}).get("id"))
        if not number:
            raise Refused(0, f"GitLab shows nobody called {one_line(login, 80)}")
        found = self._found(f"{self._place(team)}/members/all/{number}", team)
        return found is not None and found.get("state") == "active" and whole(found.get("id")) == number

    def _place(self, team: str) -> str:
        if not self._is_github:
            return f"/groups/{quote(team, safe='')}"
        organization, _, slug = team.partition("/")
        if not slug or "/" in slug:
            raise Refused(0, "it is no organization/team")
        return f"/orgs/{quote(organization, safe='')}/teams/{quote(slug, safe='')}"

    def _found(self, path: str, team: str) -> Mapping[str, Any] | None:
        """An answer; None where there is none. Whoever may not see a team gets the same answer as for a stranger."""
        try:
            found = self._api.get(path)
        except Refused as error:
            if error.status != 404:
                raise
            self._api.get(self._place(team))
            return None
        if not isinstance(found, dict):
            raise Refused(0, "the answer is not of the documented shape")
        return found
