// What the best of JavaScript actions could be: the same requests, one after the other, without any library.
import { readFileSync } from "node:fs";

const { FLOOR_SITE: site, FLOOR_API: api, FLOOR_BODY: file, FLOOR_ID, FLOOR_SECRET } = process.env;
const json = { "Content-Type": "application/json" };
const cloud = (await (await fetch(`${site}/_edge/tenant_info`)).json()).cloudId;
const credentials = {
  audience: "api.atlassian.com",
  grant_type: "client_credentials",
  client_id: FLOOR_ID,
  client_secret: FLOOR_SECRET,
};
const login = { method: "POST", headers: json, body: JSON.stringify(credentials) };
const { access_token: token } = await (await fetch(`${api}/oauth/token`, login)).json();
const bulk = { method: "POST", headers: { ...json, Authorization: `Bearer ${token}` }, body: readFileSync(file) };
const answer = await fetch(`${api}/jira/deployments/0.1/cloud/${cloud}/bulk`, bulk);
if (answer.status !== 202) {
  console.error(`${answer.status}: ${await answer.text()}`);
  process.exit(1);
}
