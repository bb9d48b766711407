import assert from "node:assert/strict";
import type { Snapshot } from "../../src/catalog/directory.ts";
import { Scopes } from "../../src/catalog/scope.ts";
import type { Pointer } from "../../src/store/generations.ts";
import type { Repo } from "../../src/store/repos.ts";

const repo = (id: string, workspace = "ws", more: Partial<Repo> = {}) =>
  ({ id, workspace, name: id, ...more }) as Repo;

const reposOf = (...repos: Repo[]) => new Map(repos.map((repo) => [repo.id, repo]));

const pointersOf = (generations: Record<string, number>) =>
  new Map(
    Object.entries(generations).map(([id, generation]) => [id, { generation } as Pointer]),
  );

const isInWs = ({ workspace }: Repo) => workspace === "ws";

const BEFORE: Snapshot = {
  repos: reposOf(repo("a"), repo("b"), repo("x", "other")),
  pointers: pointersOf({ a: 1, x: 1 }),
};

const CHANGES: readonly [what: string, change: Partial<Snapshot>, isSame: boolean][] = [
  ["nothing, in another snapshot", {}, true],
  ["nothing, in pointers that were read anew", { pointers: pointersOf({ a: 1, x: 1 }) }, true],
  ["a generation elsewhere", { pointers: pointersOf({ a: 1, x: 2 }) }, true],
  ["a generation", { pointers: pointersOf({ a: 2, x: 1 }) }, false],
  ["a first generation", { pointers: pointersOf({ a: 1, b: 1, x: 1 }) }, false],
  ["a generation that is gone", { pointers: pointersOf({ x: 1 }) }, false],
  ["a repository", {
    repos: reposOf(repo("a", "ws", { description: "new" }), repo("b"), repo("x", "other")),
  }, false],
  ["a new repository", {
    repos: reposOf(repo("a"), repo("b"), repo("c"), repo("x", "other")),
  }, false],
  ["a repository that is gone", { repos: reposOf(repo("a"), repo("x", "other")) }, false],
  ["a repository that is no longer seen", {
    repos: reposOf(repo("a"), repo("b", "other"), repo("x", "other")),
  }, false],
];

for (const [what, change, isSame] of CHANGES) {
  Deno.test(`a scope is ${isSame ? "the same" : "another one"} when what changes is ${what}`, () => {
    const scopes = new Scopes(), after = { ...BEFORE, ...change };
    const first = scopes.of("ws", BEFORE, isInWs), second = scopes.of("ws", after, isInWs);
    assert.equal(first.id === second.id, isSame);
    assert.equal(second.snapshot, after);
    const fresh = new Scopes().of("ws", after, isInWs);
    assert.deepEqual({ ...second, id: fresh.id }, fresh);
    const again = scopes.of("ws", after, isInWs);
    assert.deepEqual([again.id, again.sources === second.sources], [second.id, true]);
    // What a request in the middle of its work has in hand.
    assert.equal(first.snapshot, BEFORE);
  });
}

Deno.test("a scope has what its caller sees, with the generations", () => {
  const { sources, byId } = new Scopes().of("ws", BEFORE, isInWs);
  assert.deepEqual(
    sources.map(({ repo, pointer }) => [repo.id, pointer?.generation]),
    [["a", 1], ["b", undefined]],
  );
  assert.deepEqual([...byId.values()], sources);
  assert.deepEqual([...byId.keys()], ["a", "b"]);
});

Deno.test("no two scopes have an id in common, of whatever keys and times they are", () => {
  const scopes = new Scopes(), ids: number[] = [];
  const keys = ["ws", "other", ...Array.from({ length: 2_000 }, (_, i) => `more ${i}`)];
  for (const key of [...keys, ...keys]) ids.push(scopes.of(key, BEFORE, isInWs).id);
  // Some are forgotten and made once more.
  assert.equal(new Set(ids).size, ids.length);
});

const GLOBAL: readonly [workspaces: string[], isGlobal: boolean][] = [
  [[], true],
  [[""], true],
  [["", ""], true],
  [["ws"], false],
  [["", "ws", ""], false],
];

for (const [workspaces, isGlobal] of GLOBAL) {
  Deno.test(`repositories of workspaces ${JSON.stringify(workspaces)}: global? ${isGlobal}`, () => {
    const shown = workspaces.map((workspace, i) => repo(`r${i}`, workspace));
    const snapshot = { repos: reposOf(...shown, repo("x", "hidden")), pointers: new Map() };
    const scope = new Scopes().of("", snapshot, ({ id }) => id !== "x");
    assert.equal(scope.isGlobal, isGlobal);
  });
}
