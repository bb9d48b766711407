import assert from "node:assert/strict";
import fc from "fast-check";
import { Refused } from "../../src/refused.ts";
import type { PushFilter } from "../../src/store/repos.ts";
import {
  cannotTouchCharts,
  createMatcher,
  isPing,
  parsePushFilter,
} from "../../src/sync/push_filter.ts";

const NO_COMMIT = "0".repeat(40);
const OLD = "95790bf891e76fee5e1747ab589903a6a1f80f22";
const NEW = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";

const CHARTS: PushFilter = { branches: [], paths: ["charts/*"] };
const MAIN: PushFilter = { branches: ["main", "release/*"], paths: [] };

type Payload = Record<string, unknown>;

interface Commit {
  added?: unknown;
  modified?: unknown;
  removed?: unknown;
}

/** How each kind of server announces a push; what a commit leaves out is an empty list. */
interface Server {
  headers: Record<string, string>;
  push(commits: readonly Commit[], rest?: Payload): Payload;
}

const commitOf = (commit: Commit) => ({
  id: NEW,
  message: "fixed readme",
  timestamp: "2026-01-03T23:36:29+02:00",
  author: { name: "Ada", email: "ada@example.org" },
  added: [],
  modified: [],
  removed: [],
  ...commit,
});

const gitea = (commits: readonly Commit[], rest: Payload = {}) => ({
  ref: "refs/heads/main",
  before: OLD,
  after: NEW,
  compare_url: `https://git.example.org/a/b/compare/${OLD}...${NEW}`,
  commits: commits.map(commitOf),
  total_commits: commits.length,
  head_commit: commitOf({}),
  repository: { id: 140, name: "b", full_name: "a/b", default_branch: "main" },
  pusher: { id: 1, login: "ada" },
  sender: { id: 1, login: "ada" },
  ...rest,
});

const GITHUB: Server = {
  headers: { "X-GitHub-Event": "push", "X-GitHub-Delivery": "1" },
  push: (commits, rest = {}) => ({
    ref: "refs/heads/main",
    before: OLD,
    after: NEW,
    repository: { id: 186853002, name: "Hello-World", full_name: "Codertocat/Hello-World" },
    pusher: { name: "Codertocat", email: "codertocat@example.org" },
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: "https://github.com/Codertocat/Hello-World/compare/95790bf891e7...da1560886d4f",
    commits: commits.map(commitOf),
    head_commit: commitOf({}),
    ...rest,
  }),
};

const GITEA: Server = {
  headers: { "X-Gitea-Event": "push", "X-Gogs-Event": "push", "X-GitHub-Event": "push" },
  push: gitea,
};

const FORGEJO: Server = {
  headers: { ...GITEA.headers, "X-Forgejo-Event": "push" },
  push: gitea,
};

const GITLAB: Server = {
  headers: { "X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "1" },
  push: (commits, rest = {}) => ({
    object_kind: "push",
    event_name: "push",
    before: OLD,
    after: NEW,
    ref: "refs/heads/main",
    ref_protected: true,
    checkout_sha: NEW,
    message: null,
    user_id: 4,
    project_id: 15,
    project: { id: 15, name: "Diaspora", default_branch: "main", path_with_namespace: "a/b" },
    commits: commits.map(commitOf),
    total_commits_count: commits.length,
    push_options: {},
    ...rest,
  }),
};

const SERVERS: Record<string, Server> = { GITHUB, GITEA, FORGEJO, GITLAB };

function judge(
  filter: PushFilter,
  headers: Record<string, string>,
  payload: unknown,
): string | undefined {
  const body = new TextEncoder().encode(JSON.stringify(payload));
  return cannotTouchCharts(filter, new Headers(headers), body);
}

Deno.test("a push to another branch cannot touch charts, whatever else it is", () => {
  const branches: [ref: string, isFiltered: boolean][] = [
    ["refs/heads/main", false],
    ["refs/heads/release/1.0", false],
    ["refs/heads/release/1.0/hotfix", false],
    ["refs/heads/Main", true],
    ["refs/heads/main2", true],
    ["refs/heads/feature/main", true],
    ["refs/heads/release", true],
    ["refs/tags/main", true],
    ["refs/tags/v1.0.0", true],
    // Neither a branch nor a tag.
    ["refs/heads/", false],
    ["refs/notes/commits", false],
    ["main", false],
    ["", false],
  ];
  const rests: Payload[] = [
    {},
    { created: true, before: NO_COMMIT, commits: [] },
    { deleted: true, after: NO_COMMIT, commits: [] },
    { forced: true },
    { commits: null },
  ];
  for (const [name, { headers, push }] of Object.entries(SERVERS)) {
    for (const [ref, isFiltered] of branches) {
      for (const rest of rests) {
        const reason = judge(MAIN, headers, push([{ modified: ["README.md"] }], { ref, ...rest }));
        assert.equal(reason !== undefined, isFiltered, `${name} ${ref} ${JSON.stringify(rest)}`);
      }
    }
  }
});

Deno.test("GitLab's event for tags is judged too", () => {
  const payload = GITLAB.push([], { object_kind: "tag_push", ref: "refs/tags/v1", before: "0" });
  const headers = { "X-Gitlab-Event": "Tag Push Hook" };
  assert.match(judge(MAIN, headers, payload)!, /tag/);
  assert.equal(judge(CHARTS, headers, payload), undefined);
});

Deno.test("a push is filtered if no file of any commit matches", () => {
  const pushes: [commits: Commit[], isFiltered: boolean][] = [
    [[{ modified: ["README.md"] }], true],
    [[{ modified: ["README.md"] }, { removed: ["docs/a.md", "docs/b.md"] }], true],
    [[{ modified: ["chart/values.yaml", "charts", "my/charts/a"] }], true],
    // A merge that changed nothing itself.
    [[{ modified: ["README.md"] }, {}], true],
    [[{ modified: ["charts/a/values.yaml"] }], false],
    [[{ removed: ["charts/a/values.yaml"] }], false],
    [[{ modified: ["README.md", "charts/a/Chart.yaml"] }], false],
    [[{ modified: ["README.md"] }, { removed: ["charts/a"] }, { modified: ["b"] }], false],
    // Nothing to judge by.
    [[], false],
    [[{}], false],
    [[{}, {}], false],
  ];
  for (const [name, { headers, push }] of Object.entries(SERVERS)) {
    for (const [commits, isFiltered] of pushes) {
      const reason = judge(CHARTS, headers, push(commits));
      assert.equal(reason !== undefined, isFiltered, `${name} ${JSON.stringify(commits)}`);
    }
  }
});

Deno.test("an added file may have been moved from elsewhere where GitLab lists it", () => {
  const commits = [{ added: ["attic/a/Chart.yaml"] }];
  assert.equal(judge(CHARTS, GITLAB.headers, GITLAB.push(commits)), undefined);
  for (const { headers, push } of [GITHUB, GITEA, FORGEJO]) {
    assert.match(judge(CHARTS, headers, push(commits))!, /file/);
    assert.equal(judge(CHARTS, headers, push([{ added: ["charts/a"] }])), undefined);
  }
});

Deno.test("what is not certain is not filtered", () => {
  const other: Commit = { modified: ["README.md"] };
  const rests: Payload[] = [
    { created: true },
    { deleted: true },
    { forced: true },
    { forced: null },
    { forced: "false" },
    { before: NO_COMMIT },
    { before: "0".repeat(64) },
    { before: "" },
    { before: null },
    { after: NO_COMMIT },
    { after: 7 },
    { ref: undefined },
    { ref: null },
    { ref: ["refs/heads/main"] },
    { ref: "refs/tags/v1" },
    { commits: undefined },
    { commits: null },
    { commits: {} },
    { commits: { length: 1, 0: commitOf(other) } },
    { commits: [null] },
    { commits: ["README.md"] },
    { commits: [[]] },
    { commits: [commitOf({ modified: null })] },
    { commits: [commitOf({ modified: "README.md" })] },
    { commits: [commitOf({ modified: [1] })] },
    { commits: [commitOf({ modified: [["charts/a"]] })] },
    { commits: [{ ...commitOf(other), removed: undefined }] },
    { commits: [commitOf(other), { id: NEW, modified: ["README.md"] }] },
  ];
  for (const [name, { headers, push }] of Object.entries(SERVERS)) {
    assert.ok(judge(CHARTS, headers, push([other])) !== undefined);
    for (const rest of rests) {
      const count = Array.isArray(rest.commits) ? rest.commits.length : 1;
      const counts = { total_commits: count, total_commits_count: count };
      const reason = judge(CHARTS, headers, push([other], { ...counts, ...rest }));
      assert.equal(reason, undefined, `${name} ${JSON.stringify(rest)}`);
    }
  }
});

Deno.test("a list of commits that may be cut off is not judged by", () => {
  const other: Commit = { modified: ["README.md"] };
  for (const total of [0, 2, 21, undefined, null, "1"]) {
    for (const { headers, push } of [GITEA, FORGEJO]) {
      assert.equal(judge(CHARTS, headers, push([other], { total_commits: total })), undefined);
    }
    const payload = GITLAB.push([other], { total_commits_count: total });
    assert.equal(judge(CHARTS, GITLAB.headers, payload), undefined);
  }
  const most = GITHUB.push(Array(2_047).fill(other));
  assert.ok(judge(CHARTS, GITHUB.headers, most) !== undefined);
  const tooMany = GITHUB.push(Array(2_048).fill(other));
  assert.equal(judge(CHARTS, GITHUB.headers, tooMany), undefined);
});

Deno.test("a list of files that may be cut off is not judged by", () => {
  const files = Array.from({ length: 1_000 }, (_, i) => `docs/${i}.md`);
  const full = { modified: files, removed: files, added: files };
  const last = { ...full, added: files.slice(1) };
  assert.ok(judge(CHARTS, GITHUB.headers, GITHUB.push([last, last])) !== undefined);
  assert.equal(judge(CHARTS, GITHUB.headers, GITHUB.push([last, full])), undefined);
});

Deno.test("who only imitates GitHub is not judged by the commits", () => {
  for (const member of ["created", "deleted", "forced"]) {
    const payload = GITHUB.push([{ modified: ["README.md"] }], { [member]: undefined });
    assert.equal(judge(CHARTS, GITHUB.headers, payload), undefined, member);
  }
});

Deno.test("both branches and paths must match, where both are given", () => {
  const both: PushFilter = { branches: ["main"], paths: ["charts/*", "*.tgz"] };
  const pushes: [ref: string, path: string, reason: RegExp | undefined][] = [
    ["refs/heads/main", "charts/a", undefined],
    ["refs/heads/main", "old/a.tgz", undefined],
    ["refs/heads/main", "README.md", /file.*`paths`/],
    ["refs/heads/next", "charts/a", /"next".*`branches`/],
    ["refs/tags/v1", "charts/a", /tag/],
  ];
  for (const { headers, push } of Object.values(SERVERS)) {
    for (const [ref, path, reason] of pushes) {
      const answer = judge(both, headers, push([{ modified: [path] }], { ref }));
      if (reason === undefined) assert.equal(answer, undefined, `${ref} ${path}`);
      else assert.match(answer!, reason);
    }
    const payload = push([{ modified: ["README.md"] }], { ref: "refs/heads/next" });
    assert.equal(judge({ branches: [], paths: [] }, headers, payload), undefined);
  }
});

Deno.test("the reason shows a branch in a bounded length and without control characters", () => {
  const ref = `refs/heads/\n${"é".repeat(5_000)}`;
  const reason = judge(MAIN, GITHUB.headers, GITHUB.push([], { ref }))!;
  assert.ok(reason.length < 250, reason);
  assert.doesNotMatch(reason, /\p{Cc}/u);
});

Deno.test("only pushes are filtered", () => {
  const events: Record<string, string>[] = [
    {},
    { "X-GitHub-Event": "release" },
    { "X-GitHub-Event": "page_build" },
    { "X-GitHub-Event": "package" },
    { "X-GitHub-Event": "ping" },
    { "X-GitHub-Event": "Push" },
    { "X-GitHub-Event": "push, push" },
    { "X-Gitea-Event": "package", "X-GitHub-Event": "push" },
    { "X-Forgejo-Event": "release", "X-Gitea-Event": "push", "X-GitHub-Event": "push" },
    { "X-Gitlab-Event": "Pipeline Hook" },
    { "X-Gitlab-Event": "Release Hook" },
    { "X-Gitlab-Event": "System Hook" },
    { "X-Gitlab-Event": "push" },
    { "X-Gogs-Event": "push" },
    { "X-Event-Key": "repo:push" },
  ];
  const payload = {
    ...GITHUB.push([{ modified: ["README.md"] }], { ref: "refs/heads/other" }),
    total_commits: 1,
    total_commits_count: 1,
  };
  for (const headers of events) {
    assert.equal(judge(MAIN, headers, payload), undefined, JSON.stringify(headers));
    assert.equal(judge(CHARTS, headers, payload), undefined, JSON.stringify(headers));
  }
  // Harbor: no header tells the event.
  const pushed = { type: "PUSH_ARTIFACT", occur_at: 1, event_data: { resources: [{ tag: "1" }] } };
  assert.equal(judge(MAIN, { "Authorization": "secret" }, pushed), undefined);
});

Deno.test("a payload is read from JSON, or from the form that GitHub and Gitea can send", () => {
  const text = JSON.stringify(GITHUB.push([], { ref: "refs/heads/a+b ü&c" }));
  const form = new URLSearchParams({ other: "1", payload: text }).toString();
  const latin1 = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const FORM = "application/x-www-form-urlencoded";
  const bodies: [type: string | undefined, body: string | Uint8Array, isRead: boolean][] = [
    ["application/json", text, true],
    ["application/json; charset=utf-8", text, true],
    [undefined, text, true],
    [FORM, form, true],
    [`${FORM.toUpperCase()}; charset=utf-8`, form, true],
    ["application/json", form, false],
    [FORM, text, false],
    [FORM, "payload=", false],
    [FORM, "", false],
    [FORM, "payload=%7B%22ref%22", false],
    ["application/json", "", false],
    ["application/json", text.slice(0, -1), false],
    ["application/json", "[".repeat(100_000), false],
    ["application/json", latin1, false],
    ["application/json", `[${text}]`, false],
  ];
  for (const [type, body, isRead] of bodies) {
    const headers = new Headers(GITHUB.headers);
    if (type !== undefined) headers.set("content-type", type);
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const reason = cannotTouchCharts(MAIN, headers, bytes);
    if (isRead) assert.match(reason!, /"a\+b ü&c"/);
    else assert.equal(reason, undefined, `${type} ${bytes.length}`);
  }
});

Deno.test("no payload throws", () => {
  const members = fc.constantFrom(
    "ref",
    "before",
    "after",
    "commits",
    "created",
    "forced",
    "total_commits",
    "total_commits_count",
    "added",
    "modified",
    "removed",
    "__proto__",
  );
  const { tree } = fc.letrec<{ tree: unknown; object: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("refs/heads/main", "refs/heads/other", OLD, NO_COMMIT, "charts/a", "b"),
      fc.constantFrom(null, true, false, 0, 1, 2),
      fc.array(tie("tree"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(members, tie("tree"), { maxKeys: 6 }),
  }));
  const filters = fc.constantFrom(MAIN, CHARTS, { ...MAIN, ...CHARTS, branches: ["*"] });
  const servers = fc.constantFrom(...Object.values(SERVERS));
  fc.assert(
    fc.property(fc.oneof(tree, fc.jsonValue()), filters, servers, (value, filter, server) => {
      const mixed = typeof value === "object" && value !== null && !Array.isArray(value)
        ? server.push([{ modified: ["b"] }], value as Payload)
        : value;
      for (const payload of [value, mixed]) {
        const reason = judge(filter, server.headers, payload);
        assert.ok(reason === undefined || /^a push /.test(reason));
      }
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array(), servers, (body, { headers }) => {
    assert.equal(cannotTouchCharts(CHARTS, new Headers(headers), body), undefined);
  }));
});

Deno.test("a push that touches a chart is never filtered, where it is listed with others", () => {
  const path = fc.constantFrom("charts/a/Chart.yaml", "README.md", "docs/x", "src/charts/y");
  const list = fc.array(path, { maxLength: 3 });
  const commits = fc.array(fc.record({ added: list, modified: list, removed: list }));
  fc.assert(fc.property(commits, fc.constantFrom(GITHUB, GITEA, FORGEJO), (given, server) => {
    const all = given.flatMap(({ added, modified, removed }) => [added, modified, removed].flat());
    const expected = all.length > 0 && !all.some((path) => path.startsWith("charts/"));
    const reason = judge(CHARTS, server.headers, server.push(given));
    assert.equal(reason !== undefined, expected);
  }));
});

Deno.test("createMatcher matches as the definition of a pattern says", () => {
  const cases: [pattern: string, text: string, expected: boolean][] = [
    ["main", "main", true],
    ["main", "mai", false],
    ["main", "main ", false],
    ["*", "", true],
    ["*", "a/b\nc", true],
    ["**", "", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*b", "ab", false],
    ["a*b*b", "abb", true],
    ["*ab*", "aab", true],
    ["*aab", "aaab", true],
    ["charts/*", "charts/", true],
    ["charts/*/Chart.yaml", "charts/a/b/Chart.yaml", true],
    ["charts/*/Chart.yaml", "charts/Chart.yaml", false],
    [".+", "ab", false],
    ["[a]?", "a", false],
  ];
  for (const [pattern, text, expected] of cases) {
    assert.equal(createMatcher(pattern)(text), expected, `${pattern} ${text}`);
  }
  const matches = (pattern: string, text: string): boolean => {
    if (pattern === "") return text === "";
    if (pattern[0] === "*") {
      return matches(pattern.slice(1), text) || (text !== "" && matches(pattern, text.slice(1)));
    }
    return text[0] === pattern[0] && matches(pattern.slice(1), text.slice(1));
  };
  const texts = (letters: string[]) =>
    fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
  fc.assert(
    fc.property(texts(["a", "b", "*"]), texts(["a", "b", "/"]), (pattern, text) => {
      assert.equal(createMatcher(pattern)(text), matches(pattern, text), `${pattern} ${text}`);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("a pattern that almost matches takes no long time", () => {
  const text = "a".repeat(1_000_000);
  const patterns = [
    `${"a*".repeat(127)}b`,
    `${"*a".repeat(127)}*b*`,
    `*${"a*b".repeat(80)}`,
    `*${"a".repeat(253)}b*`,
    `*b${"a".repeat(253)}*`,
    `*${"a".repeat(126)}b${"a".repeat(126)}*`,
  ];
  const started = performance.now();
  for (const pattern of patterns) assert.equal(createMatcher(pattern)(text), false);
  assert.ok(performance.now() - started < 2_000);
});

Deno.test("parsePushFilter takes the lists that are given", () => {
  const longest = "é".repeat(128);
  const inputs: [body: Record<string, unknown>, expected: Partial<PushFilter>][] = [
    [{}, {}],
    [{ branches: null, paths: null }, {}],
    [{ branches: [] }, { branches: [] }],
    [{ paths: ["charts/*", " a b "], branches: null }, { paths: ["charts/*", " a b "] }],
    [{ branches: [longest, "😀".repeat(64)] }, { branches: [longest, "😀".repeat(64)] }],
    [{ paths: Array(20).fill("*") }, { paths: Array(20).fill("*") }],
  ];
  for (const [body, expected] of inputs) assert.deepEqual(parsePushFilter(body), expected);
});

Deno.test("parsePushFilter refuses what is wrong and names the field", () => {
  const values: unknown[] = [
    "main",
    {},
    { length: 0 },
    7,
    false,
    [""],
    [null],
    [["main"]],
    ["main", 1],
    ["a\nb"],
    ["a\0"],
    ["a\x7f"],
    ["a\x9f"],
    ["x".repeat(257)],
    Array(51).fill("*"),
  ];
  for (const field of ["branches", "paths"]) {
    for (const value of values) {
      assert.throws(
        () => parsePushFilter({ [field]: value }),
        (error) =>
          error instanceof Refused && error.code === "invalid_field" && error.field === field,
        `${field}: ${JSON.stringify(value)}`,
      );
    }
  }
  for (const field of ["branch", "Paths", "secret", "toString", "__proto__"]) {
    assert.throws(
      () => parsePushFilter(JSON.parse(`{"${field}":null}`)),
      (error) =>
        error instanceof Refused && error.code === "unknown_field" && error.field === field,
      field,
    );
  }
});

Deno.test("isPing knows what GitHub sends for a new webhook", () => {
  assert.equal(isPing(new Headers({ "X-GitHub-Event": "ping" })), true);
  assert.equal(isPing(new Headers({ "X-GitHub-Event": "push" })), false);
  assert.equal(isPing(new Headers({ "X-Gitlab-Event": "ping" })), false);
  assert.equal(isPing(new Headers()), false);
});
