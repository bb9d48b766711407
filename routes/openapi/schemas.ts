/** What goes over the wire, as schemas: repositories, syncs, apps, versions. */

import { z } from "@hono/zod-openapi";
import { FACETS } from "../../src/catalog/filter.ts";
import type { IndexErrorReason } from "../../src/helm/index_error.ts";

const REASONS: Readonly<Record<IndexErrorReason, true>> = {
  unreachable: true,
  timeout: true,
  status: true,
  unauthorized: true,
  redirect: true,
  blocked: true,
  too_large: true,
  empty: true,
  html: true,
  login_page: true,
  encoding: true,
  truncated: true,
  syntax: true,
  no_api_version: true,
  not_an_index: true,
  too_many_charts: true,
  shrink: true,
  credential_unreadable: true,
  unsupported_url: true,
  internal: true,
};

/** A time in RFC 3339, with the offset that an index gave it. */
export const time = () =>
  z.string().openapi({
    format: "date-time",
    pattern: "^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([Zz]|[+-]\\d\\d:\\d\\d)$",
  });
const count = () => z.int().min(0);
const reason = () =>
  z.enum(Object.keys(REASONS) as [IndexErrorReason]).optional()
    .describe("Why it failed; a stable word.");
/** KubeSphere writes a list inside of a string. */
const jsonList = (what: string) =>
  z.string().optional().describe(`${what}: a JSON list in a string, as KubeSphere has it.`);
const repoId = () => z.string().openapi({ pattern: "^repo-[0-9a-z]{14}$" });
const appId = () => z.string().openapi({ pattern: "^app-[0-9a-z]{14}-[0-9a-z]{10}$" });
const versionId = () => z.string().openapi({ pattern: "^appv-[0-9a-z]{14}-[0-9a-z]{14}$" });
const eventId = () => z.string().describe("Of the event that a sync leaves behind.");

/** A page of a list. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    total_count: count().describe("How many there are on all pages."),
  });
}

export const Message = z.object({ message: z.string() }).openapi("Message");

export const Standing = z.object({
  state: z.enum(["idle", "queued", "running"]),
  repo_event_id: eventId().optional(),
  phase: z.enum(["download", "store"]).optional().describe("What a running sync is at."),
  bytes: count().optional().describe("Decoded bytes that have come."),
  total_bytes: count().optional().describe("Decoded bytes in all, where the upstream says so."),
  charts: count().optional().describe("Charts that were read."),
  next_sync: time().nullable().describe("When the next sync is due; null: never."),
}).openapi("Standing", { description: "How a repository's sync stands." });

const RepoSync = z.object({
  ...Standing.shape,
  reason: reason(),
  message: z.string().optional().describe("What went wrong, for people; never a credential."),
  failures: count().describe("Failed syncs since the last successful one."),
  problems: count().describe("Entries of the index that could not be used."),
  period_seconds: count().describe("How often it is synced; 0: never."),
  last_attempt: time().nullable(),
  last_success: time().nullable(),
  duration_ms: count().optional(),
  index_bytes: count().optional().describe("Decoded bytes of the last index."),
}).openapi("RepoSync", { description: "What `status` cannot say of a repository's syncs." });

const RecentSync = z.object({
  repo_event_id: eventId(),
  status: z.enum(["successful", "failed"]),
  status_time: time().describe("When it ended."),
  reason: reason(),
  duration_ms: count(),
  index_bytes: count(),
  changes: z.object({
    apps_added: count(),
    apps_removed: count(),
    versions_added: count(),
    versions_removed: count(),
    versions_republished: count(),
  }).optional().describe("How many of them it changed. Absent: nothing."),
}).openapi("RecentSync", { description: "A sync in numbers; its event has the names." });

export const Repo = z.object({
  category_set: z.null(),
  create_time: time(),
  credential: z.literal("{}").describe("Never shown; `credential_set` says whether there is one."),
  description: z.string().optional(),
  labels: z.null(),
  name: z.string(),
  creator: z.string().optional(),
  providers: z.null(),
  repo_id: repoId(),
  selectors: z.null(),
  status: z.enum(["syncing", "successful", "failed"])
    .describe("How the last sync went; `syncing` until the first one has ended."),
  status_time: time().describe("When the last sync ended; year 1: none did."),
  url: z.string().describe("Without user name and password."),
  sync_period: z.string().optional().describe("As it was given; absent: never."),
  workspace: z.string().describe("Empty: the repository is global."),
  credential_set: z.boolean(),
  ca_bundle_set: z.boolean(),
  client_certificate_set: z.boolean(),
  webhook_set: z.boolean(),
  suspended: z.boolean().describe("Whether it is synced on demand alone."),
  app_total: count().describe("Apps of the index that is served."),
  version_total: count(),
  sync: RepoSync,
  recent_syncs: z.array(RecentSync).optional()
    .describe("The last ones that have ended, newest first. Only with `recent`."),
}).openapi("Repo", { description: "A repository, with KubeSphere's keys and some more." });

const Changed = z.object({
  count: count(),
  names: z.array(z.string()).describe("The first 50 of them."),
}).openapi("Changed");

export const SyncEvent = z.object({
  create_time: time(),
  repo_id: repoId(),
  type: z.enum(["sync", "republished"]),
  result: z.string().optional().describe("What happened, for people."),
  status: z.enum(["successful", "failed"]),
  status_time: time(),
  repo_event_id: eventId(),
  reason: reason(),
  generation: count().describe("Of the index that is served since; 0: there is none."),
  duration_ms: count(),
  index_bytes: count(),
  changes: z.object({
    apps_added: Changed,
    apps_removed: Changed,
    versions_added: Changed,
    versions_removed: Changed,
    versions_republished: Changed,
  }).optional().describe("What it changed; versions are `chart@version`. Absent: nothing."),
}).openapi("SyncEvent", { description: "What a sync left behind." });

export const PendingEvent = z.object({
  repo_id: repoId(),
  repo_event_id: eventId(),
  type: z.literal("sync"),
  status: z.literal("syncing"),
  sync: Standing,
}).openapi("PendingEvent", { description: "A sync that was asked for and has not ended." });

export const IndexProblem = z.object({
  chart: z.string(),
  version: z.string().optional(),
  position: z.int().min(0).nullable()
    .describe("Where in the chart's list, from 0; null: the list itself is meant."),
  reason: z.string().describe("For people."),
}).openapi("IndexProblem", { description: "An entry of an index that could not be used." });

export const AppVersion = z.object({
  active: z.literal(true),
  app_id: appId(),
  create_time: time(),
  description: z.string().optional(),
  home: z.string().optional(),
  icon: z.string().optional(),
  keywords: jsonList("Keywords"),
  maintainers: jsonList("Maintainers, with `name`, `email` and `url`"),
  name: z.string().describe("The version, and in brackets what it packages: `1.2.0 [2.4.1]`."),
  owner: z.string().optional(),
  package_name: z.string(),
  sources: jsonList("Addresses of sources"),
  status: z.literal("active"),
  status_time: time(),
  update_time: time(),
  version_id: versionId(),
  version: z.string(),
  deprecated: z.boolean(),
  urls: z.array(z.string()).describe("Where its archive is, as the index has it."),
  app_version: z.string().optional().describe("The version of what it packages."),
  digest: z.string().optional(),
  kube_version: z.string().optional().describe("Versions of Kubernetes that it admits."),
  type: z.string().optional().describe("`application` or `library`."),
}).openapi("AppVersion", { description: "A version of an app." });

const Dependency = z.object({
  name: z.string().optional(),
  version: z.string().optional().describe("A version, or a constraint."),
  repository: z.string().optional(),
  alias: z.string().optional(),
  condition: z.string().optional().describe("Paths of values that switch it on."),
  tags: z.array(z.string()).optional(),
}).openapi("Dependency", { description: "A chart that a chart needs, as the index has it." });

export const AppVersionDetail = z.object({
  ...AppVersion.shape,
  dependencies: z.array(Dependency).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
}).openapi("AppVersionDetail", { description: "A version, with what lists leave out." });

/** Categories are made by nobody at no time. */
const category = { category_id: z.string(), create_time: time(), locale: z.literal("{}") };

const CategoryOfApp = z.object({
  ...category,
  name: z.string(),
  status: z.literal("enabled"),
}).openapi("CategoryOfApp");

export const Category = z.object({
  ...category,
  name: z.string(),
  app_total: count().describe("Apps that have it."),
}).openapi("Category", { description: "What charts name as their category." });

export const App = z.object({
  app_id: appId(),
  app_version_types: z.literal("helm"),
  category_set: z.array(CategoryOfApp).describe("Its category, if its chart names one."),
  create_time: time(),
  description: z.string().optional(),
  icon: z.string().optional(),
  keywords: jsonList("Keywords"),
  latest_app_version: z.object(AppVersion.partial().shape).openapi({
    type: "object",
    // All of it or nothing, which TypeScript could not look into.
    anyOf: [{ $ref: "#/components/schemas/AppVersion" }, { type: "object", maxProperties: 0 }],
  }).describe("The highest stable one; a pre-release only where there is no other; or nothing."),
  name: z.string(),
  owner: z.string().optional(),
  status: z.literal("active"),
  status_time: time(),
  update_time: time().describe("When its newest version was made."),
  cluster_total: z.literal(0),
  repo_id: repoId(),
  version_total: count(),
  deprecated: z.boolean(),
  category: z.string().optional(),
}).openapi("App", { description: "An app: a chart of a repository." });

export const AppGroup = z.object({
  name: z.string(),
  count: count().describe("How many repositories have it."),
  apps: z.array(App).describe("The first 20 of them."),
}).openapi("AppGroup", { description: "The chart of one name in several repositories." });

export const News = z.object({
  ...AppVersion.shape,
  app_name: z.string(),
  repo_id: repoId(),
  repo_name: z.string(),
}).openapi("News", { description: "A version, with the app and the repository that have it." });

const FacetValues = z.array(z.object({
  value: z.string(),
  category_id: z.string().optional().describe("In `category` alone."),
  name: z.string().optional().describe("The repository's name; in `repo` alone."),
  count: count(),
})).openapi("FacetValues", { description: "The 100 values that most apps have." });

export const Facets = z.object(
  Object.fromEntries(FACETS.map((facet) => [facet, FacetValues.optional()])) as Record<
    typeof FACETS[number],
    z.ZodOptional<typeof FacetValues>
  >,
).openapi("Facets", { description: "How many apps have each value of what was asked for." });

const base64 = () => z.string().openapi({ contentEncoding: "base64" } as object);

export const Package = z.object({
  app_id: z.string().describe("As it was asked for."),
  package: base64().describe("The archive, in base64."),
  version_id: versionId(),
}).openapi("Package", { description: "The archive of a version." });

export const Contents = z.object({
  items: z.array(z.object({
    name: z.string().describe("Without the chart's folder."),
    size: count().describe("Bytes."),
    sha256: z.string().describe("Of these bytes, in hexadecimal digits."),
  })).describe("In the order of the archive; of files with one name, the last."),
  total_count: count(),
  version_id: versionId(),
}).openapi("Contents", { description: "Which files the archive of a version has." });

export const Files = z.object({
  files: z.record(z.string(), base64()).describe("By name, in base64."),
  missing: z.array(z.string()).describe("Names that were asked for and are not there."),
  version_id: versionId(),
}).openapi("Files", { description: "Files of the archive of a version." });

export const CacheCounts = z.object({
  hits: count(),
  misses: count(),
  evictions: count(),
  entries: count(),
  bytes: count(),
  max_bytes: count(),
}).openapi("CacheCounts");
