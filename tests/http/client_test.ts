import assert from "node:assert/strict";
import { ChartroomError, createClient } from "../../routes/client.ts";
import { createApp } from "../../routes/app.ts";
import { canary } from "../support/canary.ts";
import { withChartroom } from "../support/chartroom.ts";
import { indexOf } from "../support/upstream.ts";

/** That two types are the same, to the compiler. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;
const hold = <_T extends true>() => {};

Deno.test("the client has the types of the contract", async () => {
  await withChartroom(async ({ services, register }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0", "1.1.0"] }));
    const repo = await register(upstream.url, { workspace: "team-a", name: "harbour" });
    const app = createApp(services);
    const chartroom = createClient("http://localhost/v1", {
      fetch: (input: RequestInfo | URL, init?: RequestInit) =>
        Promise.resolve(app.request(input as string, init)),
    });

    const inWorkspace = chartroom.workspaces[":workspace"];
    const list = await inWorkspace.repos.$get({ param: { workspace: "team-a" }, query: {} });
    const { items } = await list.json();
    hold<Same<typeof items[0]["status"], "syncing" | "successful" | "failed">>();
    hold<Same<typeof items[0]["sync"]["last_success"], string | null>>();
    assert.equal(items[0]!.repo_id, repo);

    const apps = await (await chartroom.apps.$get({ query: { q: "one", limit: "5" } })).json();
    const [first] = apps.items;
    assert.equal(apps.total_count, 1);
    assert.ok(first && "latest_app_version" in first);
    hold<Same<typeof first["latest_app_version"]["version"], string | undefined>>();
    assert.equal(first.latest_app_version.version, "1.1.0");

    const param = { app: first.app_id, version: "latest" };
    const version = chartroom.apps[":app"].versions[":version"];
    const found = await version.$get({ param, query: { constraint: "<1.1" } });
    assert.equal((await found.json()).version, "1.0.0");

    const made = await chartroom.repos.$post({
      query: {},
      json: { name: "another", url: upstream.url },
    });
    assert.ok("repo_id" in await made.json());

    // What may be absent need not be given: a query, headers, a body.
    const repoClient = chartroom.repos[":repo"];
    assert.equal((await (await chartroom.repos.$get()).json()).total_count, 1);
    const hook = await (await repoClient.webhook.$post({ param: { repo } })).json();
    hold<Same<typeof hook, { url: string; secret: string }>>();
    await repoClient.webhook.$patch({ param: { repo }, json: { branches: null, paths: ["a"] } });
    await repoClient.$patch({ param: { repo }, json: { description: null, suspended: null } });
    const delivering = chartroom.webhooks[":repo"].$post({ param: { repo } });
    await assert.rejects(delivering, { code: "unauthorized" });
    const stream = await repoClient.events.stream.$get({ param: { repo } });
    hold<Same<Awaited<ReturnType<typeof stream.text>>, string>>();
    await stream.body!.cancel();
    // @ts-expect-error -- a change has a body
    void (() => repoClient.$patch({ param: { repo } }));
    // @ts-expect-error -- a repository has an id
    void (() => repoClient.webhook.$post({ json: {} }));
    // @ts-expect-error -- no branch is a number
    void (() => repoClient.webhook.$post({ param: { repo }, json: { branches: [1] } }));
    // @ts-expect-error -- what there is to order by is known
    void (() => chartroom.repos.$get({ query: { orderBy: "size" } }));
    // @ts-expect-error -- `nothing` is no path
    void chartroom.nothing;
    // @ts-expect-error -- a repository has a URL
    void (() => chartroom.repos.$post({ query: {}, json: { name: "another" } }));
  });
});

Deno.test("what is refused is thrown, with what the problem says", async () => {
  const environment = { CHARTROOM_ADMIN_TOKEN: canary("token") };
  await withChartroom(async ({ services }) => {
    const app = createApp(services);
    const fetch = (input: RequestInfo | URL, init?: RequestInit) =>
      Promise.resolve(app.request(input as string, init));
    const administrator = createClient("http://localhost/v1", {
      fetch,
      token: environment.CHARTROOM_ADMIN_TOKEN,
    });
    const listing = administrator.repos.$get({ query: { orderBy: "size" as "name" } });
    await assert.rejects(listing, {
      name: "ChartroomError",
      code: "invalid_field",
      field: "orderBy",
    });
    const anybody = createClient("http://localhost/v1", { fetch });
    const removing = anybody.repos[":repo"].$delete({ param: { repo: "repo-1" } });
    await assert.rejects(removing, { status: 401, code: "unauthorized" });
  }, { environment });
});

Deno.test("an error that is not Chartroom's is thrown too", async () => {
  const fetch = () => Promise.resolve(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
  const asking = createClient("http://localhost/v1", { fetch }).cache.$get();
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof ChartroomError);
    assert.deepEqual([error.status, error.code, error.message], [502, undefined, "502"]);
    return true;
  });
});

Deno.test("what stands for a parameter is that, and no other path", async () => {
  const asked: string[] = [];
  const fetch = (input: RequestInfo | URL) => {
    asked.push(new Request(input).url);
    return Promise.resolve(Response.json({}));
  };
  const { repos } = createClient("http://localhost/v1", { fetch });
  const sent = ["../tokens/1", "a?force=true", "a#b", "a/webhook", "%2e%2e", "a%2Fb", "/:x", "啊"];
  for (const repo of sent) {
    await repos[":repo"].$delete({ param: { repo } });
    const { pathname, search, hash } = new URL(asked.pop()!);
    assert.deepEqual([pathname, search, hash], [`/v1/repos/${encodeURIComponent(repo)}`, "", ""]);
  }
  for (const repo of ["", ".", "..", "\ud800"]) {
    await assert.rejects(repos[":repo"].$delete({ param: { repo } }), { status: 404 });
  }
  assert.deepEqual(asked, []);
});
