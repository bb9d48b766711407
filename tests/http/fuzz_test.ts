/**
 * Whatever comes, to whatever route: the answer is one that was meant, never a 500, and Chartroom
 * goes on. Requests are drawn from a seed, and what fails is shrunk to what matters.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createApp } from "../../routes/app.ts";
import { isConsolePath } from "../../routes/console/console.tsx";
import { MEANING } from "../../routes/openapi/problem.ts";
import { categoryId } from "../../src/helm/ids.ts";
import { chartArchive } from "../support/chart_archive.ts";
import { type Chartroom, startChartroom } from "../support/chartroom.ts";
import { type Drawn, requestsTo } from "../support/requests.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const SEED = 20_261_123;
/** Requests of a round, which are sent at once. */
const AT_ONCE = 10;
/** What is sent to, in how many rounds, and what will have been answered. A page takes longer. */
const TARGETS = [
  {
    name: "the API",
    isMeant: (path: string) => !isConsolePath(path),
    rounds: 5_000,
    statuses: [200, 304, 400, 401, 403, 404, 405, 413, 414, 415],
  },
  {
    name: "the console",
    isMeant: isConsolePath,
    rounds: 300,
    statuses: [200, 303, 400, 401, 403, 404, 405, 414],
  },
];
/** After so many rounds, what was deleted is made again. */
const REFILL_EVERY = 25;
const ADMIN_TOKEN = "bootstrap-token-of-the-fuzz-test";

for (const target of TARGETS) {
  const title = `${target.rounds * AT_ONCE} requests to ${target.name} as nobody should send them`;
  Deno.test(title, (t) => fuzz(t, target));
}

async function fuzz(t: Deno.TestContext, { isMeant, rounds, statuses }: typeof TARGETS[number]) {
  const upstream = startUpstream();
  const environment = {
    CHARTROOM_ADMIN_TOKEN: ADMIN_TOKEN,
    CHARTROOM_ANONYMOUS_READ: "true",
    CHARTROOM_RATE_LIMIT: "off",
  };
  const chartroom = await startChartroom({ environment });
  const app = createApp(chartroom.services);
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && isMeant(path));
  const things = await fill(chartroom, upstream);
  const counts = new Map<number, number>();
  let done = 0;
  const round = fc.array(requestsTo(routes), { minLength: AT_ONCE, maxLength: AT_ONCE });
  try {
    await fc.assert(
      fc.asyncProperty(round, async (requests) => {
        await Promise.all(requests.map(async (drawn) => {
          const status = await send(app, drawn, things);
          counts.set(status, (counts.get(status) ?? 0) + 1);
        }));
        chartroom.clock.now += 1_000;
        if (++done % REFILL_EVERY === 0) await refill(chartroom, upstream, things);
      }),
      { numRuns: rounds, seed: SEED },
    );
    const failed = chartroom.log.filter(({ event }) => /^(request failed|unhandled)/.test(event));
    assert.deepEqual(failed, []);
    // It has all been reached: what is taken, and what is refused in every way.
    for (const status of statuses) {
      assert.ok((counts.get(status) ?? 0) > 0, `no ${status}`);
    }
    await t.step(`statuses: ${JSON.stringify(Object.fromEntries([...counts].sort()))}`, () => {});
    await refill(chartroom, upstream, things);
    const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const { body } = await chartroom.call("GET", `/v1/apps/${things.app}`, undefined, admin);
    assert.equal(body.name, "one");
  } finally {
    await chartroom.close();
    await upstream.close();
  }
}

type Things = Record<string, string>;

async function send({ request }: ReturnType<typeof createApp>, drawn: Drawn, things: Things) {
  const put = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name) => things[name] ?? whole);
  const { method, body } = drawn, target = put(drawn.target);
  const leaving = new AbortController();
  const response = await request(target, {
    method,
    headers: drawn.headers.map(([name, value]) => [name, put(value)]),
    ...(body !== undefined && { body: typeof body === "string" ? put(body) : body }),
    signal: leaving.signal,
  });
  const { status, headers } = response;
  const title = `${method} ${target.slice(0, 300)}: ${status}`;
  // Nothing ends a stream of events but who reads it.
  if (headers.get("content-type") === "text/event-stream") {
    await response.body?.cancel();
    leaving.abort();
    return status;
  }
  const text = await response.text();
  assert.equal(headers.get("x-content-type-options"), "nosniff", title);
  assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/, title);
  if (headers.get("content-type")?.startsWith("text/html") && isConsolePath(pathOf(target))) {
    assert.match(headers.get("cache-control") ?? "", /^private, no-store$/, title);
    assert.doesNotMatch(text, /\.tsx?:\d|\bat \w+ \(|node:internal/, title);
    assert.ok(status < 500 || status === 502, title);
    return status;
  }
  if (status < 400 || method === "HEAD") {
    assert.ok(status < 500 || status === 501 || status === 502, title);
    return status;
  }
  assert.equal(headers.get("content-type"), "application/problem+json", title);
  assert.equal(headers.get("cache-control"), "no-store", title);
  const problem = JSON.parse(text);
  assert.equal(problem.status, status, title);
  assert.ok(problem.code in MEANING, title);
  assert.doesNotMatch(text, /\.tsx?:\d|\bat \w+ \(|node:internal/, title);
  const isMeant = status < 500 || /^(not_implemented|(archive|icon)_un.*)$/.test(problem.code);
  assert.ok(isMeant, `${title}: ${text}`);
  return status;
}

function pathOf(target: string): string {
  return URL.parse(target, "http://localhost")?.pathname ?? "";
}

async function fill(chartroom: Chartroom, upstream: Upstream): Promise<Things> {
  const version = { version: "1.0.0", annotations: { category: "Mooring" }, icon: "icon.svg" };
  upstream.serve("/icon.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>');
  upstream.serve("/index.yaml", indexOf({ one: [version, "0.9.0"], two: ["1.0.0"] }));
  upstream.serve("/one-1.0.0.tgz", await chartArchive("one"));
  upstream.serve("/broken/index.yaml", "<html>");
  upstream.serve("/moved/index.yaml", () => Response.redirect("http://169.254.169.254/"));
  const things: Things = {
    upstream: upstream.url,
    category: categoryId("Mooring"),
    workspace: "ws1",
    bearer: ADMIN_TOKEN,
  };
  await refill(chartroom, upstream, things);
  return things;
}

/** Makes what there is not: a repository with a webhook, and a token; and not too many of them. */
async function refill(chartroom: Chartroom, { url, requests }: Upstream, things: Things) {
  const { call, services } = chartroom;
  await services.syncer.idle();
  requests.length = 0;
  const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const make = async (method: string, path: string, body?: unknown) =>
    (await call(method, path, body, admin)).body;
  const { items } = await make("GET", "/v1/repos?limit=-1");
  for (const { repo_id } of items) await make("DELETE", `/v1/repos/${repo_id}`);
  for (const { token_id } of (await make("GET", "/v1/tokens?limit=-1")).items) {
    await make("DELETE", `/v1/tokens/${token_id}`);
  }
  const viewer = { name: "viewer", workspace: "*", role: "viewer" };
  const { token, token_id } = await make("POST", "/v1/tokens", viewer);
  things.repo = (await make("POST", "/v1/repos", { name: "r", url })).repo_id;
  await services.syncer.idle();
  const apps = await make("GET", `/v1/apps?conditions=repo_id=${things.repo},name=one`);
  things.app = apps.items[0].app_id;
  const events = await make("GET", `/v1/repos/${things.repo}/events`);
  things.event = events.items[0].repo_event_id;
  const versions = await make("GET", `/v1/apps/${things.app}/versions`);
  things.version = versions.items[0].version_id;
  things.secret = (await make("POST", `/v1/repos/${things.repo}/webhook`)).secret;
  things.viewer = token;
  things.token = things.token_id = token_id;
  const page = await make("GET", `/v1/apps?limit=1`);
  things.cursor = page.next_cursor ?? "";
}
