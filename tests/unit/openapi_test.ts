import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { isConsolePath } from "../../routes/console/console.tsx";
import document from "../../routes/openapi/document.json" with { type: "json" };
import { type Document, makeDocument } from "../../routes/openapi/document.ts";
import examples from "../../routes/openapi/examples.json" with { type: "json" };
import { startChartroom } from "../support/chartroom.ts";
import { assertInContract, type Sent } from "../support/contract.ts";
import { runExamples } from "../support/examples.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the committed document is what the contract makes", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const hint = "`deno task openapi` writes it anew";
  assert.deepEqual(document, makeDocument(version, examples), hint);
});

Deno.test("the service has the operations of the document at all of their bases, and no others", async () => {
  const chartroom = await startChartroom();
  const routes = createApp(chartroom.services).routes;
  await chartroom.close();
  // Middleware of some methods stands before all paths.
  const isForPages = (path: string) => isConsolePath(path) || path.startsWith("/assets/");
  const has = routes.filter(({ method, path }) => method !== "ALL" && !isForPages(path))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const servers = document.servers;
  // What is not here is no route; that it is answered is seen elsewhere.
  const here = operations().filter(({ operation }) => !operation.tags.includes("Not here"));
  const says = here.flatMap(({ method, path, at = servers }) =>
    at.map(({ url }) => `${method.toUpperCase()} ${url === "/" ? "" : url}${path}`)
  );
  assert.deepEqual([...new Set(has)].sort(), says.sort());
});

Deno.test("operations have ids of their own, a tag that is described, and a line for a shell", () => {
  const all = operations().map(({ operation }) => operation);
  assert.equal(new Set(all.map(({ operationId }) => operationId)).size, all.length);
  const tags = document.tags.map(({ name }) => name);
  for (const operation of all) {
    assert.ok(operation.tags.every((tag: string) => tags.includes(tag)));
    if (operation.tags.includes("Not here")) continue;
    assert.match(operation["x-codeSamples"][0].source, /^curl .*"\$CHARTROOM\//);
  }
});

Deno.test("examples are answered as the document says", async () => {
  const answered = await runExamples(document as unknown as Document);
  // How much memory something takes is up to V8.
  for (const id of ["readCache", "readWorkspaceCache"]) {
    assert.deepEqual(shapeOf(answered[id]), shapeOf((examples as typeof answered)[id]));
    delete answered[id];
  }
  const { readCache: _one, readWorkspaceCache: _other, ...expected } = examples;
  assert.deepEqual(answered, expected, "`deno task openapi --record` records them anew");
  for (const { status } of Object.values(answered)) assert.ok(status < 300);
});

Deno.test("what the service loads at its start has neither the document nor zod", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT.pathname,
  }).output();
  const { modules, roots, redirects } = JSON.parse(new TextDecoder().decode(stdout));
  const byName = new Map<string, Module>(
    modules.map((module: Module) => [module.specifier, module]),
  );
  const loaded = new Set<string>(), waiting: string[] = [...roots];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    name = redirects[name] ?? name;
    if (loaded.has(name!)) continue;
    loaded.add(name!);
    for (const { code, isDynamic } of byName.get(name!)?.dependencies ?? []) {
      if (code?.specifier && !isDynamic) waiting.push(code.specifier);
    }
  }
  const names = [...loaded].map((name) => name.replace(ROOT.href, ""));
  assert.ok(names.includes("routes/openapi.ts"));
  assert.deepEqual(names.filter((name) => /zod|^routes\/openapi\/|\.json$/.test(name)), []);
});

Deno.test("an answer that the document does not have is told from one that it has", () => {
  const problem = {
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "there is nothing",
    code: "not_found",
    message: "there is nothing",
  };
  const json = { "content-type": "application/json", "cache-control": "no-store" };
  const sent = (more: Partial<Omit<Sent, "text">>, body: unknown): Sent => ({
    method: "GET",
    path: "/v1/repos?limit=1",
    status: 200,
    headers: new Headers(json),
    ...more,
    text: typeof body === "string" ? body : JSON.stringify(body),
  });
  const page = { items: [], total_count: 0 };
  const asProblem = { headers: new Headers({ "content-type": "application/problem+json" }) };
  assertInContract(sent({}, page));
  assertInContract(sent({ path: "/v1/apps" }, page));
  assertInContract(
    sent({ path: "/v1/apps", headers: new Headers({ ...json, etag: '"1"' }) }, page),
  );
  assertInContract(sent({ path: "/v1/nothing", status: 404, ...asProblem }, problem));
  const wrong: [Partial<Omit<Sent, "text">>, unknown][] = [
    [{}, { ...page, more: 1 }],
    [{}, { items: [] }],
    [{}, { ...page, items: [{}] }],
    [{ status: 201 }, page],
    [{ headers: new Headers({ "content-type": "application/json" }) }, page],
    [{ headers: new Headers({ ...json, "content-type": "text/plain" }) }, page],
    [{ path: "/v1/nothing" }, page],
    [{ path: "/v1/apps", headers: new Headers({ ...json, "cache-control": "private" }) }, page],
    [{ method: "PUT" }, page],
    [{ method: "PUT", status: 405, ...asProblem }, problem],
    [{ path: "/v1/nothing", status: 404, ...asProblem }, { ...problem, code: "other" }],
    [{ path: "/v1/nothing", status: 404, ...asProblem }, { ...problem, more: 1 }],
  ];
  for (const [more, body] of wrong) {
    const what = JSON.stringify([more, body]);
    assert.throws(() => assertInContract(sent(more, body)), { name: "AssertionError" }, what);
  }
});

Deno.test("a request that the document does not have is not to be taken", () => {
  const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store" });
  const taken = (method: string, path: string, body?: unknown, type = "application/json") =>
    assertInContract({
      method,
      path: `/v1${path}`,
      status: 200,
      headers,
      text: JSON.stringify(
        method === "GET"
          ? { items: [], total_count: 0 }
          : path === "/repos"
          ? { repo_id: "repo-1" }
          : { message: "success", repo_event_id: "event-1" },
      ),
      asked: body === undefined ? undefined : { type, text: JSON.stringify(body) },
    });
  const url = "https://charts.example.org/stable";
  taken("GET", "/repos?limit=1&conditions=");
  taken("GET", "/repos?x=1");
  taken("POST", "/repos", { NAME: "one", url, type: "helm", workspace: 1 });
  taken("POST", "/repos", { name: "one", url }, "Application/Merge-Patch+json; charset=utf-8");
  taken("POST", "/repos/repo-1/action", { action: null, workspace: "team-a" });
  taken("POST", "/webhooks/repo-1", "text", "text/plain");
  const wrong: Parameters<typeof taken>[] = [
    ["GET", "/repos?q=one"],
    ["GET", "/repos?limit=1&sort=name"],
    ["POST", "/repos"],
    ["POST", "/repos", { name: "one" }],
    ["POST", "/repos", { name: "one", url: null }],
    ["POST", "/repos", { name: "one", url, more: 1 }],
    ["POST", "/repos", { name: "one", url }, "text/plain"],
    ["POST", "/repos/repo-1/action", { action: "other" }],
    ["POST", "/repos/repo-1/action", { force: null }],
  ];
  for (const request of wrong) {
    const what = JSON.stringify(request);
    assert.throws(() => taken(...request), { name: "AssertionError" }, what);
  }
});

interface Module {
  specifier: string;
  dependencies?: { code?: { specifier?: string }; isDynamic?: boolean }[];
}

function operations() {
  // deno-lint-ignore no-explicit-any -- its shape is the linter's concern
  const paths = Object.entries<any>(document.paths);
  return paths.flatMap(([path, { servers, ...methods }]) =>
    Object.keys(methods).map((method) => ({
      method,
      path,
      operation: methods[method],
      at: servers as { url: string }[] | undefined,
    }))
  );
}

/** A value with all that it says left out. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}
