/** The pages of a repository: what each state shows, to whom, and in which words. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { type Chartroom, type Options, withChartroom } from "../support/chartroom.ts";
import { holdBack, indexOf, type Upstream } from "../support/upstream.ts";
import { canary } from "../support/canary.ts";

const TOKEN = canary("token");
const ADMIN = { authorization: `Bearer ${TOKEN}` };
const WITH_TOKEN = { environment: { CHARTROOM_ADMIN_TOKEN: TOKEN } };
const CHINESE = { cookie: "language=zh" };
const HOSTILE = `<script>alert("x")</script><img src=x onerror=alert(1)>`;

interface Shown {
  status: number;
  location: string | null;
  html: string;
  /** What a reader sees of it. */
  text: string;
}

interface Site extends Chartroom {
  upstream: Upstream;
  show(path: string, headers?: Record<string, string>): Promise<Shown>;
  send(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<
    Shown
  >;
}

async function withSite(test: (site: Site) => Promise<void>, options: Options = {}) {
  await withChartroom(async (chartroom, upstream) => {
    const app = createApp(chartroom.services);
    const read = async (answer: Response): Promise<Shown> => {
      const html = await answer.text();
      const { status, headers } = answer;
      const text = html.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
      return { status, location: headers.get("location"), html, text };
    };
    await test({
      ...chartroom,
      upstream,
      show: async (path, headers = {}) =>
        await read(await app.request(path, { headers: { accept: "text/html", ...headers } })),
      send: async (path, fields, headers = {}) =>
        await read(
          await app.request(path, {
            method: "POST",
            body: new URLSearchParams(fields),
            headers: { accept: "text/html", "sec-fetch-site": "same-origin", ...headers },
          }),
        ),
    });
  }, options);
}

function assertTells(text: string, ...wanted: (string | RegExp)[]) {
  for (const part of wanted) {
    const isThere = typeof part === "string" ? text.includes(part) : part.test(text);
    assert.ok(isThere, `${part} is not in: ${text}`);
  }
}

const charts = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`chart-${i}`, ["1.0.0"]]));
const actionsIn = (html: string) =>
  [...html.matchAll(/<form[^>]*action="([^"]*)"/g)].map(([, action]) => action);

Deno.test("a repository that is up to date shows what it has, and how to use it", async () => {
  await withSite(async ({ register, show, upstream, clock }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0", "1.1.0"] }));
    const credential = JSON.stringify({ username: "ada", password: canary("password") });
    const id = await register(upstream.url, {
      name: "ada's charts",
      description: "Of the harbour",
      sync_period: "30m",
      credential,
    });
    clock.now += 60_000;
    const { status, html, text } = await show(`/repos/${id}`);
    assert.equal(status, 200);
    assertTells(
      text,
      "Everything is up to date",
      "1 app with 2 versions",
      "Of the harbour",
      "1 minute ago",
      "in 29 minutes",
      "Every 30m",
      "+1 app",
      "+2 versions",
      "one@1.1.0",
    );
    const shell = `helm repo add &#39;ada&#39;\\&#39;&#39;s charts&#39; ${upstream.url} \\\n  ` +
      "--username USER --password PASSWORD";
    assertTells(html, shell, `href="/apps?repo=${id}"`, `href="/repos/${id}/edit"`);
    assert.deepEqual(actionsIn(html).filter((action) => action?.startsWith("/repos")), [
      `/repos/${id}/suspend`,
      `/repos/${id}/sync`,
      `/repos/${id}/suspend`,
    ]);
    assert.ok(!html.includes("data-stream"));
  });
});

Deno.test("each state of a repository is told in words", async () => {
  await withSite(async ({ register, sync, call, show, upstream }) => {
    const never = await register(upstream.url, { suspended: true });
    const told = (await show(`/repos/${never}`)).text;
    assertTells(told, "Not synced yet", "It is suspended", "Sync it now to see its apps");
    assert.ok(!told.includes("still served"));
    assertTells((await show(`/repos/${never}?tab=history`)).text, "No sync has ended yet");
    assertTells((await show(`/repos/${never}?tab=problems`)).text, "No index was read yet");

    const failing = await register(upstream.url, {});
    const failed = (await show(`/repos/${failing}`)).text;
    assertTells(failed, "The host answered with an error", "404 Not Found", "(status)");
    assertTells(failed, "Nothing of this repository could be read so far");
    await sync(failing);
    assertTells((await show(`/repos/${failing}`)).text, "Failed 2 times in a row");

    upstream.serve("/index.yaml", indexOf({}));
    await sync(failing);
    assertTells((await show(`/repos/${failing}`)).text, "The index has no charts");
    upstream.serve("/index.yaml", indexOf({ one: [{ version: "" }] }));
    await sync(failing);
    assertTells((await show(`/repos/${failing}`)).text, "All of its entries have problems");

    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    await sync(failing);
    upstream.serve("/index.yaml", "<html></html>");
    await sync(failing);
    assertTells((await show(`/repos/${failing}`)).text, "What was read last is still served");

    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    await sync(failing);
    await call("PATCH", `/v1/repos/${failing}`, { suspended: true });
    assertTells((await show(`/repos/${failing}`)).text, "It is suspended", "still served");
  });
});

Deno.test("a sync under way is shown with its stream, and a link for who has no scripts", async () => {
  await withSite(async ({ register, services, call, show, upstream }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await register(upstream.url, { workspace: "team" });
    const held = holdBack(upstream, indexOf({ one: ["1.0.0", "2.0.0"] }));
    const { body } = await call("POST", `/v1/repos/${id}/action`, { action: "index" });
    await held.asked;
    const path = `/workspaces/team/repos/${id}`;
    const { html, text } = await show(path);
    const stream = `/v1/workspaces/team/repos/${id}/events/stream?sync=${body.repo_event_id}`;
    assertTells(html, `data-stream="${stream}"`, `<a href="${path}">Load again</a>`, "<progress");
    assertTells(text, "A sync is under way", "Load this page again");
    assert.match(html, /<button[^>]*id="sync-now"[^>]*disabled/);
    // What somebody types there is not swapped away.
    const webhook = (await show(`${path}?tab=webhook`)).html;
    assertTells(webhook, `data-parts="repo-standing repo-progress"`);
    held.go();
    await services.syncer.idle();
    assert.ok(!(await show(path)).html.includes("data-stream"));
  });
});

Deno.test("an index that lost most of what it had is accepted by a form", async () => {
  await withSite(async ({ register, sync, services, show, send, upstream }) => {
    upstream.serve("/index.yaml", indexOf(charts(40)));
    const id = await register(upstream.url);
    upstream.serve("/index.yaml", indexOf(charts(2)));
    await sync(id);
    const { html, text } = await show(`/repos/${id}`);
    assertTells(text, "Served now 40 40", "In the new index 2 2");
    assert.match(html, /<input type="checkbox" name="force" value="true" required/);
    const done = await send(`/repos/${id}/sync`, { force: "true", next: `/repos/${id}` });
    assert.deepEqual([done.status, done.location], [303, `/repos/${id}?done=sync`]);
    await services.syncer.idle();
    assertTells((await show(`/repos/${id}?done=sync`)).text, "A sync was asked for", "Apps 2");
  });
});

Deno.test("the history is filtered, in pages, and tells what was changed", async () => {
  await withSite(async ({ register, sync, show, upstream }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await register(upstream.url);
    upstream.serve("/index.yaml", indexOf({ one: [{ version: "1.0.0", digest: "1".repeat(64) }] }));
    await sync(id);
    for (let i = 0; i < 30; i++) await sync(id);
    upstream.serve("/index.yaml", "<html></html>");
    await sync(id);
    const path = `/repos/${id}?tab=history`;
    const eventsIn = ({ html }: Shown) => html.match(/<li class="event /g)?.length ?? 0;

    const first = await show(path);
    assert.equal(eventsIn(first), 25);
    assertTells(first.text, "Page 1 of 2", "All 34", "Failed 1", "With changes 3");
    assertTells(first.text, "There is a web page, not an index", "Nothing new");
    assert.equal(eventsIn(await show(`${path}&page=2`)), 9);

    const failed = await show(`${path}&filter=failed`);
    assert.equal(eventsIn(failed), 1);
    const changed = await show(`${path}&filter=changed`);
    assert.equal(eventsIn(changed), 3);
    assertTells(changed.text, "Versions were published anew", "one@1.0.0 was published anew");
    assertTells(changed.html, '<li class="event warn">');
    assert.equal(eventsIn(await show(`${path}&filter=constructor`)), 25);

    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const other = await register(upstream.url);
    const none = await show(`/repos/${other}?tab=history&filter=failed`);
    assertTells(none.text, "No event matches", "Show all");
  });
});

Deno.test("problems are searched, in pages", async () => {
  await withSite(async ({ register, show, upstream }) => {
    const bad = Array.from({ length: 70 }, (_, i): [string, string[]] => [`bad-${i}`, [""]]);
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"], ...Object.fromEntries(bad) }));
    const id = await register(upstream.url);
    const path = `/repos/${id}?tab=problems`;
    const rowsIn = ({ html }: Shown) => html.match(/<th scope="row">/g)?.length ?? 0;
    const first = await show(path);
    assert.equal(rowsIn(first), 50);
    assertTells(first.text, "70 found", "Page 1 of 2", "Problems 70");
    assert.equal(rowsIn(await show(`${path}&page=2`)), 20);
    const found = await show(`${path}&q=VERSION+bad-69`);
    assert.equal(rowsIn(found), 1);
    assertTells(found.html, 'value="VERSION bad-69"');
    assertTells((await show(`${path}&q=nothing`)).text, "0 found");
  });
});

Deno.test("hostile texts are shown and not run", async () => {
  await withSite(async ({ register, sync, show, upstream }) => {
    upstream.serve(
      "/index.yaml",
      indexOf({ one: ["1.0.0"], [HOSTILE]: [{ version: HOSTILE }, ""] }),
    );
    const id = await register(upstream.url, { name: HOSTILE, description: HOSTILE });
    upstream.serve("/index.yaml", () => new Response(HOSTILE, { status: 500 }));
    await sync(id);
    for (const tab of ["overview", "history", "problems", "webhook"]) {
      const { status, html } = await show(`/repos/${id}?tab=${tab}&q=${encodeURIComponent("<b>")}`);
      assert.equal(status, 200, tab);
      assert.ok(!/<script>|<img|<b>/.test(html), tab);
    }
  });
});

Deno.test("all of it is said in Chinese, too", async () => {
  await withSite(async ({ register, sync, call, show, upstream }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0", ""] }));
    const id = await register(upstream.url, { name: "港口" });
    await call("POST", `/v1/repos/${id}/webhook`);
    const tell = async (tab: string) => (await show(`/repos/${id}?tab=${tab}`, CHINESE)).text;
    assertTells(await tell("overview"), "一切正常", "1 个应用", "立即同步", "在 Helm 中使用");
    assertTells(await tell("history"), "同步成功，有变更", "+1 个版本");
    assertTells(await tell("problems"), "找到 1 个");
    assertTells(await tell("webhook"), "接收地址", "生成新密钥");
    upstream.serve("/index.yaml", "<html></html>");
    await sync(id);
    assertTells(await tell("overview"), "该地址是网页，不是索引");
  });
});

Deno.test("who may only read sees no forms, and can send none", async () => {
  await withSite(async ({ call, services, show, send, upstream }) => {
    upstream.serve("/index.yaml", indexOf(charts(40)));
    const made = await call("POST", "/v1/repos", { name: "one", url: upstream.url }, ADMIN);
    const id = made.body.repo_id;
    await services.syncer.idle();
    upstream.serve("/index.yaml", indexOf(charts(2)));
    await call("POST", `/v1/repos/${id}/action`, { action: "index" }, ADMIN);
    await services.syncer.idle();
    const token = { name: "eve", workspace: "*", role: "viewer" };
    const { body } = await call("POST", "/v1/tokens", token, ADMIN);
    const viewer = { authorization: `Bearer ${body.token}` };
    for (const tab of ["overview", "history", "problems", "webhook"]) {
      const { status, html } = await show(`/repos/${id}?tab=${tab}`, viewer);
      assert.equal(status, 200);
      const forms = actionsIn(html).filter((action) => action?.endsWith(`/repos/${id}`) === false);
      assert.deepEqual(forms, ["/sign-out", "/preferences"], tab);
      assert.ok(!/<a [^>]*href="[^"]*(tab=webhook|\/edit|\/delete)"/.test(html), tab);
    }
    const refused = await send(`/repos/${id}/webhook`, { act: "make", made: "" }, viewer);
    assert.equal(refused.status, 403);
    assertTells((await show(`/repos/${id}`, ADMIN)).html, `/repos/${id}/delete`);
  }, WITH_TOKEN);
});

Deno.test("a workspace's repository has its page there, and a global one is changed globally", async () => {
  await withSite(async ({ register, show, upstream }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const own = await register(upstream.url, { workspace: "team" });
    const led = await show(`/repos/${own}?tab=history`);
    assert.deepEqual([led.status, led.location], [
      302,
      `/workspaces/team/repos/${own}?tab=history`,
    ]);
    const global = await register(upstream.url);
    const { html, text } = await show(`/workspaces/team/repos/${global}`);
    assertTells(text, "This repository is global");
    assertTells(html, `<a href="/repos/${global}">`);
    assert.ok(!html.includes("/sync"));
    assert.equal((await show(`/workspaces/other/repos/${own}`)).status, 404);
    assert.equal((await show("/repos/repo-00000000000000")).status, 404);
  });
});

const SECRET = /crw_[A-Za-z0-9_-]{43}/;

Deno.test("a webhook is made, made anew, filtered and removed; its secret is shown once", async () => {
  await withSite(async ({ register, call, show, send, upstream, clock }) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await register(upstream.url);
    const path = `/repos/${id}/webhook`, tab = `/repos/${id}?tab=webhook`;
    assertTells((await show(tab)).text, "There is no webhook yet");

    const made = await send(path, { act: "make", made: "", branches: "main\r\n\r\n release-* " });
    assert.equal(made.status, 200);
    const [secret] = SECRET.exec(made.html)!;
    assertTells(made.html, `http://localhost/v1/webhooks/${id}`, "main\nrelease-*");
    assertTells(made.text, "Copy the secret now", `authorization: Bearer ${secret}`);
    const shown = await show(tab);
    assert.ok(!SECRET.test(shown.html));
    assertTells(shown.text, "Bearer SECRET");
    const back = await show(path);
    assert.deepEqual([back.status, back.location], [302, tab]);

    const delivered = await call("POST", `/v1/webhooks/${id}`, "{}", {
      authorization: `Bearer ${secret}`,
    });
    assert.equal(delivered.status, 202);

    const known = { made: /name="made" value="([^"]+)"/.exec(shown.html)![1]! };
    const wrong = { branches: "refs/heads/main", paths: "charts/*" };
    const refused = await send(path, { act: "filter", ...known, ...wrong });
    assert.equal(refused.status, 400);
    assert.match(refused.html, /<textarea[^>]*id="branches"[^>]*aria-invalid="true"/);
    assertTells(refused.text, "refs/heads/main", "charts/*", "without `refs/heads/`");
    const saved = await send(path, { act: "filter", ...known, paths: "charts/*" });
    assert.deepEqual([saved.status, saved.location], [303, `${tab}&done=webhook-filter`]);
    const { body } = await call("GET", `/v1/repos/${id}/webhook`);
    assert.deepEqual([body.branches, body.paths], [[], ["charts/*"]]);

    const unticked = await send(path, { act: "rotate", ...known });
    assert.deepEqual([unticked.status, SECRET.test(unticked.html)], [400, false]);
    assertTells(unticked.text, "Tick this to go on");
    clock.now += 1_000;
    const rotated = await send(path, { act: "rotate", confirmed: "true", ...known });
    assert.equal(rotated.status, 200);
    assert.notEqual(SECRET.exec(rotated.html)![0], secret);
    // Nothing of the filter is lost, and nothing happens to who sends the form again.
    assertTells(rotated.html, "charts/*");
    const again = await send(path, { act: "rotate", confirmed: "true", ...known });
    assert.deepEqual([again.status, SECRET.test(again.html)], [409, false]);
    assertTells(again.text, "changed meanwhile");
    assert.equal((await send(path, { act: "make", made: "" })).status, 409);

    const now = /name="made" value="([^"]+)"/.exec(again.html)![1]!;
    const removed = await send(path, { act: "remove", confirmed: "true", made: now });
    assert.deepEqual([removed.status, removed.location], [303, `${tab}&done=webhook-removed`]);
    assertTells((await show(`${tab}&done=webhook-removed`)).text, "The webhook was deleted");
    assert.equal((await call("GET", `/v1/repos/${id}/webhook`)).status, 404);
  });
});
