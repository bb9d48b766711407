/** Which pushes to the place where charts are made cannot change what is published. */

import { invalid, unknownField } from "../refused.ts";
import type { PushFilter } from "../store/repos.ts";

const FIELDS = ["branches", "paths"] as const;
/** They stand in the repository's row, beside much else. */
const MAX_PATTERNS = 20;
const MAX_PATTERN_LENGTH = 128;
/** Patterns that no branch and no path of a push matches, and what was meant. */
const NEVER = {
  branches: [/^refs\//, "branches without `refs/heads/`"],
  paths: [/^\/|\/$/, "paths without a slash at either end, such as `charts/*`"],
} as const;

const BRANCH_PREFIX = "refs/heads/";
const TAG_PREFIX = "refs/tags/";
/** What Git writes for no commit: before a branch is created, after it is deleted. */
const NO_COMMIT = /^0*$/;
/** Members that say that the commits do not lead from what was there to what is. */
const CAVEATS = ["created", "deleted", "forced"] as const;
/** GitHub, Webhook events and payloads, push: the most commits of a payload. */
const MAX_COMMITS = 2_048;
/** The same page: "A maximum of 3000 changed files will be reported per commit." */
const MAX_FILES_OF_COMMIT = 3_000;
/** Characters of a branch in what people read. */
const MAX_SHOWN = 100;

type Json = Readonly<Record<string, unknown>>;

/** How a kind of server announces pushes. */
interface Sender {
  eventHeader: string;
  pushes: readonly string[];
  /** Whether all commits of the push are listed. */
  listsAll(payload: Json, commits: readonly unknown[]): boolean;
  /** Whether a file that was moved is listed by its new path alone. */
  hidesMoves: boolean;
}

/** Gitea lists 5 commits unless told otherwise, and says since 1.18 how many there were. */
const GITEA: Omit<Sender, "eventHeader"> = {
  pushes: ["push"],
  listsAll: (payload, commits) => payload.total_commits === commits.length,
  hidesMoves: false,
};

/** The particular ones come first: Forgejo sends Gitea's and GitHub's headers, Gitea GitHub's. */
const SENDERS: readonly Sender[] = [
  { ...GITEA, eventHeader: "x-forgejo-event" },
  { ...GITEA, eventHeader: "x-gitea-event" },
  {
    eventHeader: "x-gitlab-event",
    pushes: ["Push Hook", "Tag Push Hook"],
    // GitLab lists 20 commits.
    listsAll: (payload, commits) => payload.total_commits_count === commits.length,
    // GitLab's Commit#repo_changes.
    hidesMoves: true,
  },
  {
    eventHeader: "x-github-event",
    pushes: ["push"],
    // Gogs and GitBucket send GitHub's event but not all of these, and list fewer commits.
    listsAll: (payload, commits) =>
      commits.length < MAX_COMMITS && CAVEATS.every((member) => payload[member] === false),
    hidesMoves: false,
  },
];

/**
 * Reads the fields of a filter; absent is what the caller did not say, or said `null` to. Throws a
 * `Refused` that names the field that is wrong.
 */
export function parsePushFilter(body: Readonly<Record<string, unknown>>): Partial<PushFilter> {
  const filter: Partial<PushFilter> = {};
  for (const [field, value] of Object.entries(body)) {
    const known = FIELDS.find((name) => name === field);
    if (known === undefined) throw unknownField(field, FIELDS);
    if (value === null) continue;
    if (!isTextList(value) || value.length > MAX_PATTERNS || !value.every(isPattern)) {
      throw invalid(
        field,
        `a list of at most ${MAX_PATTERNS} patterns of 1 to ${MAX_PATTERN_LENGTH} characters, ` +
          "none of them a control character",
      );
    }
    const [never, expected] = NEVER[known];
    if (value.some((pattern) => never.test(pattern))) throw invalid(field, expected);
    filter[known] = [...value];
  }
  return filter;
}

function isPattern(text: string): boolean {
  return text !== "" && text.length <= MAX_PATTERN_LENGTH && !/\p{Cc}/u.test(text);
}

/** Whether a delivery only says that the webhook was set up, as GitHub does. */
export function isPing(headers: Headers): boolean {
  return headers.get("x-github-event") === "ping";
}

/**
 * Why a delivery cannot mean that charts changed, for people; `undefined` where it can, or where
 * that is not certain. Only pushes are judged: by their branch, and by the files of their commits
 * where all of these are listed. Gitea, Forgejo and GitLab do not tell of a forced push, which is
 * then judged by its new commits alone. Never throws.
 */
export function cannotTouchCharts(
  filter: PushFilter,
  headers: Headers,
  body: Uint8Array,
): string | undefined {
  const { branches, paths } = filter;
  const sender = senderOfPush(headers);
  if (sender === undefined || branches.length + paths.length === 0) return undefined;
  const payload = readPayload(headers, body);
  const ref = payload?.ref;
  if (payload === undefined || typeof ref !== "string") return undefined;
  if (branches.length > 0 && ref.startsWith(TAG_PREFIX)) {
    return "a push of a tag, and only pushes to some branches count";
  }
  const branch = ref.startsWith(BRANCH_PREFIX) ? ref.slice(BRANCH_PREFIX.length) : "";
  if (branch === "") return undefined;
  if (!anyMatches(branches, [branch])) {
    return `a push to the branch ${shown(branch)}, which none of \`branches\` matches`;
  }
  const changed = paths.length === 0 ? undefined : changedPaths(sender, payload);
  if (changed === undefined || anyMatches(paths, changed)) return undefined;
  return "a push in which no changed file matches any of `paths`";
}

/** The sender of a push; `undefined` for every other event. */
function senderOfPush(headers: Headers): Sender | undefined {
  const sender = SENDERS.find(({ eventHeader }) => headers.has(eventHeader));
  return sender?.pushes.includes(headers.get(sender.eventHeader)!) ? sender : undefined;
}

/** The payload, which GitHub and Gitea can also send as a field of a form. */
function readPayload(headers: Headers, body: Uint8Array): Json | undefined {
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const isForm = type.startsWith("application/x-www-form-urlencoded");
    const value: unknown = JSON.parse(
      isForm ? new URLSearchParams(text).get("payload") ?? "" : text,
    );
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The paths that a push to a branch changes; `undefined` where it is not certain that it is all. */
function changedPaths(sender: Sender, payload: Json): Set<string> | undefined {
  const { before, after, commits } = payload;
  const leadsOn = isCommit(before) && isCommit(after) &&
    CAVEATS.every((member) => payload[member] === undefined || payload[member] === false);
  if (!leadsOn || !Array.isArray(commits) || !sender.listsAll(payload, commits)) return undefined;
  const paths = new Set<string>();
  for (const commit of commits as unknown[]) {
    const { added, modified, removed } = isRecord(commit) ? commit : {};
    if (!isTextList(added) || !isTextList(modified) || !isTextList(removed)) return undefined;
    if (sender.hidesMoves && added.length > 0) return undefined;
    if (added.length + modified.length + removed.length >= MAX_FILES_OF_COMMIT) return undefined;
    for (const path of [...added, ...modified, ...removed]) paths.add(path);
  }
  return paths.size > 0 ? paths : undefined;
}

function isCommit(value: unknown): boolean {
  return typeof value === "string" && !NO_COMMIT.test(value);
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function shown(branch: string): string {
  return JSON.stringify(
    branch.length > MAX_SHOWN ? `${branch.slice(0, MAX_SHOWN)}…` : branch,
  );
}

/** Whether one of the patterns matches one of the texts; without patterns, everything matches. */
function anyMatches(patterns: readonly string[], texts: Iterable<string>): boolean {
  if (patterns.length === 0) return true;
  const matchers = patterns.map(createMatcher);
  for (const text of texts) {
    if (matchers.some((matches) => matches(text))) return true;
  }
  return false;
}

/** Matches whole texts against a pattern, looking at each character about once. */
export function createMatcher(pattern: string): (text: string) => boolean {
  const pieces = pattern.split("*");
  if (pieces.length === 1) return (text) => text === pattern;
  const first = pieces.shift()!, last = pieces.pop()!;
  return (text) => {
    const end = text.length - last.length;
    if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of pieces) {
      // The leftmost place leaves most for the pieces that follow.
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
