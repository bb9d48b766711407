/** Every page of the console, as it comes: nobody is shut out, nothing is cut off, nothing is heavy. */

import assert from "node:assert/strict";
import { accessible, firstContentfulPaint, type Page, weightOf } from "../support/browser.ts";
import { canary } from "../support/canary.ts";
import { type Console, signIn, withConsole } from "../support/console.ts";
import { fillConsole, startUpstreams } from "../support/console_pages.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

const MAX_BYTES = 100_000;
const MAX_PAINT_MS = 500;
/** Both themes and both widths, once each: colours do not depend on the width. */
const VIEWS = [
  { theme: "light", width: 1_440, height: 900, language: "en" },
  { theme: "dark", width: 360, height: 740, language: "zh-CN" },
] as const;

/** Runs a test with a console that has something on every page, for its administrator. */
async function withEveryPage(
  test: (console: Console, token: string, paths: Record<string, string>) => Promise<void>,
) {
  const token = canary("console-administrator");
  const environment = { CHARTROOM_ADMIN_TOKEN: token, CHARTROOM_RATE_LIMIT: "off" };
  const upstreams = await startUpstreams();
  try {
    await withConsole(async (console) => {
      const { chartroom: { call, clock, services } } = console;
      clock.now = Date.now();
      const headers = { authorization: `Bearer ${token}` };
      const filled = {
        clock,
        call: (method: string, path: string, body?: unknown) => call(method, path, body, headers),
        idle: () => services.syncer.idle(),
      };
      await test(console, token, await fillConsole(filled, upstreams));
    }, { environment });
  } finally {
    await upstreams.close();
  }
}

for (const view of VIEWS) {
  Deno.test(`every page is for everybody, ${view.theme}, ${view.width} pixels wide`, async (t) => {
    await withEveryPage(async ({ open }, token, { "sign-in": front, ...paths }) => {
      const page = await open(view);
      await t.step("sign-in", () => look(page, front!, view.width));
      await signIn(page, token);
      for (const [name, path] of Object.entries(paths)) {
        await t.step(name, () => look(page, path, view.width));
      }
    });
  });
}

async function look(page: Page, path: string, width: number) {
  const response = await page.goto(path);
  assert.ok([200, 404].includes(response!.status()), `${path}: ${response!.status()}`);
  await accessible(page);
  const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
  assert.ok(wide <= width, `${path} is ${wide} pixels wide`);
}

Deno.test("no page weighs 100 kB, with nothing in the cache", async (t) => {
  await withEveryPage(async ({ open }, token, paths) => {
    const page = await open();
    await signIn(page, token);
    for (const [name, path] of Object.entries(paths)) {
      const bytes = await weightOf(page, path);
      await t.step(`${name}: ${bytes} bytes`, () => assert.ok(bytes < MAX_BYTES));
    }
  });
});

Deno.test("1,000 repositories, and one of 2,000 apps, are there at once", async (t) => {
  await withConsole(async ({ chartroom: { call, services }, upstream, open }) => {
    const apps = Array.from(
      { length: 2_000 },
      (_, i): [string, VersionSpec[]] => [`chart-${i}`, [{
        version: `1.${i}.0`,
        description: `What the chart with the number ${i} is for, in the words of who made it`,
        keywords: [`kind-${i % 40}`, "harbour"],
        annotations: { category: `Category ${i % 12}` },
      }]],
    );
    upstream.serve("/large/index.yaml", indexOf(Object.fromEntries(apps)));
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const add = async (name: string, url: string) =>
      (await call("POST", "/v1/repos", { name, url })).body.repo_id;
    const large = await add("large", `${upstream.url}/large`);
    for (let i = 1; i < 1_000; i++) await add(`repository ${i}`, upstream.url);
    await services.syncer.idle();
    const page = await open();
    const { body } = await call("GET", `/v1/apps?conditions=repo_id=${large},name=chart-7`);
    const app = body.items[0].app_id;
    for (
      const path of [
        "/repos",
        `/repos/${large}`,
        "/apps",
        `/apps?repo=${large}`,
        "/apps?q=harbour",
        `/apps/${app}`,
        "/news",
      ]
    ) {
      const bytes = await weightOf(page, path);
      const paint = await firstContentfulPaint(page, path);
      const name = path.replace(large, "{repo}").replace(app, "{app}");
      await t.step(`${name}: ${bytes} bytes, ${Math.round(paint)} ms`, () => {
        assert.ok(bytes < MAX_BYTES);
        assert.ok(paint < MAX_PAINT_MS);
      });
    }
  }, { environment: { CHARTROOM_RATE_LIMIT: "off" } });
});
