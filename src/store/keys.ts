/** Every key of the database. */

export const keys = {
  repo: (id: string) => ["repo", id],
  repos: ["repo"],
  repoName: (workspace: string, name: string) => ["repo_name", workspace, name],
  repoNames: (workspace: string) => ["repo_name", workspace],
  /** Written with every repository that is made, modified or deleted. */
  reposChange: ["repos_change"],
  index: (repoId: string) => ["index", repoId],
  indexes: ["index"],
  /** Written with every new generation. */
  indexesChange: ["indexes_change"],
  sync: (repoId: string) => ["sync", repoId],
  syncs: ["sync"],
  /** `hash`: hexadecimal SHA-256 of what the segment holds. */
  segment: (repoId: string, hash: string) => ["segment", repoId, hash],
  segmentPart: (repoId: string, hash: string, part: number) => ["segment", repoId, hash, part],
  segments: (repoId: string) => ["segment", repoId],
  due: (epochMs: number, repoId: string) => ["due", epochMs, repoId],
  dues: ["due"],
  lease: (repoId: string) => ["lease", repoId],
  leases: ["lease"],
  /** Newest first: the time counts down. */
  event: (repoId: string, epochMs: number) => ["event", repoId, Number.MAX_SAFE_INTEGER - epochMs],
  events: (repoId: string) => ["event", repoId],
  /** Beside the event of the sync that found it. */
  republished: (repoId: string, epochMs: number) => [
    "event",
    repoId,
    Number.MAX_SAFE_INTEGER - epochMs,
    "republished",
  ],
  progress: (repoId: string) => ["progress", repoId],
  /** `delivery`: hexadecimal SHA-256 of what its sender calls it. */
  delivery: (repoId: string, delivery: string) => ["delivery", repoId, delivery],
  /** When a delivery is forgotten. */
  deliveryEnd: (epochMs: number, repoId: string, delivery: string) => [
    "delivery_end",
    epochMs,
    repoId,
    delivery,
  ],
  deliveryEnds: ["delivery_end"],
  garbage: (epochMs: number, repoId: string, id: string) => ["garbage", epochMs, repoId, id],
  garbages: ["garbage"],
  /** `hash`: hexadecimal SHA-256 of the token. */
  token: (hash: string) => ["token", hash],
  tokens: ["token"],
  /** Newest first: the time counts down. */
  audit: (epochMs: number, id: string) => ["audit", Number.MAX_SAFE_INTEGER - epochMs, id],
  audits: ["audit"],
  /** `hash`: hexadecimal SHA-256 of what the session's cookie has. */
  session: (hash: string) => ["session", hash],
  /** Beside each session: those of one token. */
  tokenSession: (token: string, hash: string) => ["token_session", token, hash],
  tokenSessions: (token: string) => ["token_session", token],
  ready: ["ready"],
  /** Something known, sealed: whoever cannot open it has other keys than the database. */
  secretCheck: ["secret_check"],
} as const satisfies Record<string, Deno.KvKey | ((...args: never[]) => Deno.KvKey)>;

/** Rows under `prefix` whose next part is a time that has come. */
export function until(prefix: Deno.KvKey, now: number): Deno.KvListSelector {
  return { start: [...prefix, 0], end: [...prefix, now + 1] };
}
