/** Names and ids that examples have; tests make a Chartroom in which they are what they say. */

import { appId, appKey, categoryId, versionId } from "../../src/helm/ids.ts";

const repo = "repo-harbour0000001";

export const SAMPLE = {
  workspace: "team-a",
  repo,
  /** That is registered beside it. */
  secondRepo: "repo-beacon00000002",
  app: appId(repo, appKey("anchor")),
  version: versionId(repo, "anchor", "1.1.0"),
  category: categoryId("Mooring"),
  /** Of a sync; these are drawn, so that tests put the one of theirs in its place. */
  event: "5f0c2c6e-7d0b-4d6a-9a3e-2b8f1c4d7e90",
  url: "https://charts.example.org/stable",
  /** The id of the token that is below. */
  token: "12efc23f640978e10872",
  bearer: "crt_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
  session: "crs_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
  secret: "crw_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
};
