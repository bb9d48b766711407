/** The browser of the tests sees what it is there to see, and nothing else. */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createApp } from "../../routes/app.ts";
import {
  accessible,
  firstContentfulPaint,
  openPage,
  takeFaults,
  type View,
  weightOf,
  withSite,
} from "../support/browser.ts";
import { canary } from "../support/canary.ts";
import { withChartroom } from "../support/chartroom.ts";
import { takeLeaks } from "../support/leaks.ts";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
  "connect-src 'self'; form-action 'self'";
/** Of documentation: nobody has it. */
const OUTSIDE = "http://203.0.113.1/", OUTSIDE_NAME = "https://charts.example/";

interface Content {
  type?: string;
  body: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

/** A whole page, with nothing wrong but what is put into it. */
function html(main: string, head = ""): Content {
  const body = `<!doctype html><html lang="en"><head><title>A page</title>${head}</head>` +
    `<body><main><h1>A page</h1>${main}</main></body></html>`;
  return { body, type: "text/html; charset=utf-8" };
}

/** Serves pages by their paths under a strict policy. */
async function withPages(
  pages: Record<string, Content>,
  test: (baseUrl: string) => Promise<void>,
): Promise<void> {
  await withSite(({ url }) => {
    const page = pages[new URL(url).pathname];
    if (page === undefined) return new Response("not here", { status: 404 });
    const headers = new Headers({ "content-security-policy": POLICY, ...page.headers });
    headers.set("content-type", page.type ?? "text/javascript");
    return new Response(page.body, { headers });
  }, test);
}

/** What is found when the page at `/` is looked at, with whatever it needs. */
async function faultsOf(pages: Record<string, Content>, view: Partial<View> = {}) {
  const faults: string[] = [];
  await withPages(pages, async (baseUrl) => {
    const page = await openPage({ baseUrl, ...view });
    await page.goto("/");
    faults.push(...await takeFaults());
  });
  return faults;
}

function assertViolations(faults: string[], name: string) {
  assert.ok(faults.length > 0, name);
  for (const fault of faults) assert.match(fault, /^the content security policy: /, name);
}

const SCRIPT = `<script src="/a.js"></script>`;
const EACH_WAY = [{ javaScript: true }, { javaScript: false }];

Deno.test("a good page has no faults, nor has one whose icon is not there", async () => {
  for (const view of EACH_WAY) {
    const style = { type: "text/css", body: "h1 { color: #123 }" };
    const script = { body: `document.body.dataset.ran = "yes"; fetch("/gone")` };
    const page = html(
      `<img src="/icon" alt="">`,
      `<link rel="stylesheet" href="/a.css">${SCRIPT.replace(" ", " defer ")}`,
    );
    const faults = await faultsOf({ "/": page, "/a.js": script, "/a.css": style }, view);
    assert.deepEqual(faults, []);
  }
});

Deno.test("a page that is not there is no fault", async () => {
  assert.deepEqual(await faultsOf({}), []);
});

Deno.test("what breaks the policy is a fault, with scripts and without", async () => {
  const wrongs = {
    "an attribute": html(`<p style="color: red">red</p>`),
    "a style": html("", "<style>p { color: red }</style>"),
    "a frame": html(`<iframe src="/frame" title="frame"></iframe>`),
    "an image": html(`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">`),
  };
  for (const view of EACH_WAY) {
    for (const [name, page] of Object.entries(wrongs)) {
      assertViolations(await faultsOf({ "/": page }, view), name);
    }
  }
});

Deno.test("what only a script can break the policy with is a fault", async () => {
  const wrongs = {
    "an inline script": { "/": html("<script>1</script>") },
    "a handler": { "/": html(`<img src="/gone" alt="" onerror="x()">`) },
    "eval": { "/": html("", SCRIPT), "/a.js": { body: `try { eval("1") } catch {}` } },
    "a connection": {
      "/": html("", SCRIPT),
      "/a.js": { body: `fetch("http://localhost:1/").catch(() => {})` },
    },
  };
  for (const [name, pages] of Object.entries(wrongs)) {
    assertViolations(await faultsOf(pages), name);
  }
});

Deno.test("a request to another host is a fault, and goes nowhere", async () => {
  const headers = { "content-security-policy": "" };
  for (const url of [OUTSIDE, OUTSIDE_NAME]) {
    const page = html(`<img src="${url}" alt="">`);
    for (const view of EACH_WAY) {
      assert.deepEqual(await faultsOf({ "/": { ...page, headers } }, view), [
        `a request to another host: ${url}`,
      ]);
    }
  }
});

Deno.test("an answer that leads to another host is a fault", async () => {
  const refresh = { refresh: `0; url=${OUTSIDE}` };
  await withPages({ "/": { ...html("moved"), headers: refresh } }, async (baseUrl) => {
    const page = await openPage({ baseUrl });
    const outside = page.waitForEvent("requestfailed");
    await page.goto("/");
    assert.match((await outside).failure()?.errorText ?? "", /ERR_NAME_NOT_RESOLVED/);
    assert.deepEqual(await takeFaults(), [`a request to another host: ${OUTSIDE}`]);
  });
});

Deno.test("an error is a fault if nothing catches it, or if the console is told", async () => {
  const wrongs = {
    "throw new Error('thrown')": "an error that nothing caught: Error: thrown",
    "Promise.reject(new Error('refused'))": "an error that nothing caught: Error: refused",
    "console.error('told')": "the console: told",
  };
  for (const [body, fault] of Object.entries(wrongs)) {
    assert.deepEqual(await faultsOf({ "/": html("", SCRIPT), "/a.js": { body } }), [fault]);
  }
});

Deno.test("axe finds a field without a label under a strict policy, and nothing else", async () => {
  const good = html(`<label>Name <input></label>`), bad = html(`<input>`);
  await withPages({ "/good": good, "/bad": bad }, async (baseUrl) => {
    for (const view of EACH_WAY) {
      const page = await openPage({ baseUrl, ...view });
      await page.goto("/good");
      await accessible(page);
      await page.goto("/bad");
      const message = /\/bad\nlabel: .*\n {2}input\n {4}Fix any of the following:\n {4}/;
      await assert.rejects(accessible(page), message);
    }
  });
});

Deno.test("axe does not turn a page's own scripts on where they are off", async () => {
  const script = { body: `document.title = "ran"` };
  await withPages({ "/": html("", SCRIPT), "/a.js": script }, async (baseUrl) => {
    const page = await openPage({ baseUrl, javaScript: false });
    for (let times = 0; times < 2; times++) {
      await page.goto("/");
      await accessible(page);
      assert.equal(await page.title(), "A page");
    }
  });
});

Deno.test("a page is shown in the language, theme and size that the view tells", async () => {
  const view = { language: "zh-CN", theme: "dark", width: 320, height: 500, reducedMotion: true };
  await withPages({ "/": html("") }, async (baseUrl) => {
    const page = await openPage({ baseUrl, ...view } as View);
    await page.goto("/");
    const seen = await page.evaluate(`[
      navigator.language,
      matchMedia("(prefers-color-scheme: dark) and (prefers-reduced-motion: reduce)").matches,
      innerWidth,
    ]`);
    assert.deepEqual(seen, ["zh-CN", true, 320]);
  });
});

Deno.test("a page weighs what it and all it asks for weigh on the wire, however often", async () => {
  const kept = { "cache-control": "max-age=1000", "content-encoding": "gzip" };
  const text = `//${"a".repeat(50_000)}`;
  const pages = {
    "/": html(`<img src="/x/icon" alt="">`, SCRIPT),
    "/a.js": { body: Uint8Array.from(gzipSync(text)), headers: kept },
    "/x/icon": { body: text, type: "image/png" },
  };
  await withPages(pages, async (baseUrl) => {
    const page = await openPage({ baseUrl });
    const weight = await weightOf(page, "/");
    assert.ok(weight > 300 && weight < 2_000, `${weight}`);
    assert.equal(await weightOf(page, "/"), weight);
  });
});

Deno.test("a page's first content is timed, with scripts and without", async () => {
  await withPages({ "/": html("here") }, async (baseUrl) => {
    for (const view of EACH_WAY) {
      const ms = await firstContentfulPaint(await openPage({ baseUrl, ...view }), "/");
      assert.ok(ms > 0 && ms < 10_000, `${ms}`);
    }
  });
});

Deno.test("a browser keeps the cookie of a session on loopback without TLS", async () => {
  const headers = { "set-cookie": "__Host-chartroom=1; Path=/; HttpOnly; Secure; SameSite=Strict" };
  await withPages({ "/": { ...html(""), headers }, "/next": html("") }, async (baseUrl) => {
    for (const url of [baseUrl, baseUrl.replace("localhost", "127.0.0.1")]) {
      const page = await openPage({ baseUrl: url });
      await page.goto("/");
      const next = page.waitForRequest("**/next");
      await page.goto("/next");
      assert.equal(await (await next).headerValue("cookie"), "__Host-chartroom=1", url);
    }
  });
});

Deno.test("what a page is told is searched for secrets, head and body", async () => {
  const headers = { "x-said": canary("head") };
  for (const page of [html(canary("body")), { ...html(""), headers }]) {
    assert.deepEqual(await faultsOf({ "/": page }), []);
    assert.match(takeLeaks().join(), /^the answer to GET \/.*: plain/);
  }
});

Deno.test("a page that follows a stream keeps no test from its end", async () => {
  const body = `new EventSource("/stream").onopen = () => document.title = "open"`;
  const script = new Response(body, { headers: { "content-type": "text/javascript" } });
  const page = html("", SCRIPT), stream = new ReadableStream();
  const answers: Record<string, Response> = {
    "/": new Response(page.body, { headers: { "content-type": page.type ?? "" } }),
    "/a.js": script,
    "/stream": new Response(stream, { headers: { "content-type": "text/event-stream" } }),
  };
  await withSite(
    ({ url }) => answers[new URL(url).pathname] ?? Response.error(),
    async (baseUrl) => {
      const page = await openPage({ baseUrl });
      assert.ok(await weightOf(page, "/") > 0);
      await page.waitForFunction(`document.title === "open"`);
    },
  );
});

Deno.test("axe finds nothing in the reference, light and dark", async () => {
  await withChartroom(async ({ services }) => {
    await withSite(createApp(services).fetch, async (baseUrl) => {
      for (const theme of ["light", "dark"] as const) {
        const page = await openPage({ baseUrl, theme });
        await page.goto("/docs");
        await accessible(page);
      }
    });
  });
});
