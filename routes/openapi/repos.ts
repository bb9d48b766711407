/** The contract of repositories. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { IGNORED_FIELDS } from "../../src/sync/repo_input.ts";
import { CONDITIONS, REPO_ORDERS } from "../support/conditions.ts";
import { body, json, operation } from "./operation.ts";
import { MAX_RECENT, MAX_RECENT_REPOS } from "../support/recent_syncs.ts";
import { conditions, flag, integer, orderBy, paging, repo, reverse } from "./parameters.ts";
import { SAMPLE } from "./sample.ts";
import { IndexProblem, listOf, Message, Repo } from "./schemas.ts";

const tags = ["Repositories"];
const params = z.object({ repo });

const recent = (more = "") =>
  integer(`Tell of each repository its last syncs, so many of them.${more}`, {
    minimum: 1,
    maximum: MAX_RECENT,
  });

/** What KubeSphere's console sends besides, for who makes a schema of a body. */
const ignoring = (...names: string[]) => ({ "x-ignored": names });
const ignored = ignoring(...IGNORED_FIELDS);

const secret = (description: string) =>
  z.string().nullish().describe(`${description} Never shown. An empty one removes it.`)
    .openapi({ writeOnly: true });

const input = {
  description: z.string().max(512).nullish(),
  sync_period: z.string().nullish()
    .describe("`10m`, `1h30m`; three minutes at least; `0`: never. A new one has `1h`."),
  credential: secret(
    '`{"username":"...","password":"..."}`, or `{"accessKeyID":"...","secretAccessKey":"..."}` ' +
      "with `sessionToken`, `region` and `endpoint` where needed for an S3 URL: JSON in a string.",
  ),
  ca_bundle: secret("Authorities to trust beside the known ones, in PEM."),
  client_certificate: secret("The certificate to show, and those that lead to it, in PEM."),
  client_key: secret("Its key, in PEM."),
  suspended: z.boolean().nullish().describe("Stops all syncs but those on demand."),
};

const url = z.string().max(2_048).describe(
  "`http`, `https` or `s3`. A user name and password in it become the `credential`.",
);
const name = z.string().min(1).max(128).nullish();

const NewRepo = z.object({
  name: name.describe("Unique in its workspace. Required, unless `validate=true`."),
  url,
  ...input,
}).openapi("NewRepo", {
  description: "What is null counts as absent. What KubeSphere's console sends besides (`type`, " +
    "`visibility`, `category_id`, ...) is ignored.",
  ...ignored,
});

const RepoChange = z.object({ name, url: url.nullish(), ...input }).openapi("RepoChange", {
  description: "What is absent or null stays. What KubeSphere's console sends besides is ignored.",
  ...ignored,
});

const Registered = z.object({ repo_id: z.string() }).openapi("Registered");
const Checked = z.object({
  ok: z.literal(true),
  apps: z.int(),
  versions: z.int(),
  problems: z.int().describe("Entries that could not be used."),
  bytes: z.int(),
  duration_ms: z.int().describe("That its download and reading took."),
  first_problems: z.array(IndexProblem).describe("The first 10 of them."),
}).openapi("Checked", { description: "What an index holds, found without keeping it." });
const Asked = z.object({ message: z.string(), repo_event_id: z.string() }).openapi("Asked");

const listRepos = operation({
  method: "get",
  path: "/repos",
  operationId: "listRepos",
  summary: "List repositories",
  description: "Those of one workspace: of the path or of the condition `workspace`, or else the " +
    "global ones.",
  tags,
  request: {
    query: z.object({
      conditions: conditions(CONDITIONS.repos, "", "keyword=harb,status=successful|failed"),
      orderBy: orderBy(REPO_ORDERS),
      reverse,
      recent: recent(` \`limit\` is at most ${MAX_RECENT_REPOS} then.`),
      ...paging,
    }),
  },
  responses: { 200: json(listOf(Repo).openapi("RepoList"), "A page of them.") },
}, {
  access: "read",
  fails: [400, 403],
  example: { query: { orderBy: "name", limit: "5", recent: "3" } },
});

const registerRepo = operation({
  method: "post",
  path: "/repos",
  operationId: "registerRepo",
  summary: "Register a repository, or try one out",
  description: "Answers before the first sync, which starts at once. With `validate=true` the " +
    "index is downloaded and read, unless the name is taken, and nothing is kept.",
  tags,
  request: {
    query: z.object({ validate: flag("Only try it out.") }),
    body: body(NewRepo),
  },
  responses: {
    200: json(z.union([Registered, Checked]), "Its id; or what its index holds."),
  },
}, {
  access: "write",
  fails: [400, 409, 413, 415],
  example: { body: { name: "beacon", url: SAMPLE.url, sync_period: "10m" } },
});

const readRepo = operation({
  method: "get",
  path: "/repos/{repo}",
  operationId: "readRepo",
  summary: "Describe a repository",
  tags,
  request: { params, query: z.object({ recent: recent() }) },
  responses: { 200: json(Repo, "The repository.") },
}, { access: "read", fails: [400, 404] });

const changeRepo = operation({
  method: "patch",
  path: "/repos/{repo}",
  operationId: "changeRepo",
  summary: "Change a repository, or try a change out",
  description:
    "A new URL, credential or certificate is tried out first, and a sync follows. What " +
    "is kept sealed stays as long as the URL's origin does. With `validate=true` the index is " +
    "downloaded and read with what would be kept, whatever changes, and nothing is changed. The " +
    "types of a merge patch and a JSON patch are taken too, and mean the same.",
  tags,
  request: {
    params,
    query: z.object({ validate: flag("Only try it out.") }),
    body: body(RepoChange),
  },
  responses: { 200: json(z.union([Message, Checked]), "It is changed; or what its index holds.") },
}, {
  access: "write",
  fails: [400, 404, 409, 413, 415],
  example: { body: { description: "Charts of the harbour", sync_period: "30m" } },
});

const removeRepo = operation({
  method: "delete",
  path: "/repos/{repo}",
  operationId: "removeRepo",
  summary: "Delete a repository",
  description: "With its apps and its history.",
  tags,
  request: { params },
  responses: { 200: json(Message, "It is gone.") },
}, { access: "write", fails: [404, 413] });

const syncRepo = operation({
  method: "post",
  path: "/repos/{repo}/action",
  operationId: "syncRepo",
  summary: "Sync a repository now",
  tags: ["Syncs"],
  request: {
    params,
    body: body(
      z.object({
        action: z.enum(["index", ""]).nullable().optional().describe("All of them mean a sync."),
        force: z.boolean().optional()
          .describe("Accept an index that lost most of what it had."),
      }).openapi("SyncRequest", {
        description: "`workspace`, which KubeSphere's console sends besides, is ignored.",
        ...ignoring("workspace"),
      }),
    ),
  },
  responses: {
    200: json(Asked, "The id of the event that the sync will leave behind."),
  },
}, { access: "write", fails: [400, 404, 413, 415], example: { body: { action: "index" } } });

const listProblems = operation({
  method: "get",
  path: "/repos/{repo}/problems",
  operationId: "listProblems",
  summary: "List what could not be used of an index",
  description: "Of the index that is served; the first 1,000.",
  tags: ["Syncs"],
  request: { params, query: z.object(paging) },
  responses: { 200: json(listOf(IndexProblem).openapi("IndexProblemList"), "A page of them.") },
}, { access: "read", fails: [404] });

const never = (() => undefined) as never;

export const repos = new OpenAPIHono()
  .openapi(listRepos, never)
  .openapi(registerRepo, never)
  .openapi(readRepo, never)
  .openapi(changeRepo, never)
  .openapi(removeRepo, never)
  .openapi(syncRepo, never)
  .openapi(listProblems, never);
