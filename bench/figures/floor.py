"""The floor: a bare script that imports requests and PyYAML and makes the same requests, one after the other."""

import os
import sys
from pathlib import Path

import requests
import yaml

site, api = os.environ["FLOOR_SITE"], os.environ["FLOOR_API"]
bodies = [Path(name).read_bytes() for name in os.environ["FLOOR_BODY"].split(os.pathsep)]
yaml.safe_load(Path(os.environ["FLOOR_YAML"]).read_text(encoding="utf-8"))
session = requests.Session()
cloud = session.get(f"{site}/_edge/tenant_info", timeout=30).json()["cloudId"]
credentials = {
    "audience": "api.atlassian.com",
    "grant_type": "client_credentials",
    "client_id": os.environ["FLOOR_ID"],
    "client_secret": os.environ["FLOOR_SECRET"],
}
token = session.post(f"{api}/oauth/token", json=credentials, timeout=30).json()["access_token"]
for body in bodies:
    answer = session.post(
        f"{api}/jira/deployments/0.1/cloud/{cloud}/bulk",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        timeout=30,
    )
    if answer.status_code != 202:
        sys.exit(f"{answer.status_code}: {answer.text}")
