/** Icons of apps: what is a picture, from whom it is fetched, how often, and what browsers are told. */

import assert from "node:assert/strict";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import { DISGUISES, GIF, LONG, PICTURES, PNG, SVG, SVGS } from "../support/pictures.ts";
import { indexOf, startUpstream, type Upstream } from "../support/upstream.ts";

const LIMIT = 1_048_576;

/** Serves an index whose charts have these icons; `undefined`: none. */
function serveIcons(upstream: Upstream, icons: Record<string, string | undefined>, at = "") {
  const charts = Object.entries(icons).map(([name, icon]) => [
    name,
    [{ version: "1.0.0", ...(icon !== undefined && { icon }) }],
  ]);
  upstream.serve(`${at}/index.yaml`, indexOf(Object.fromEntries(charts)));
}

/** Registers, and gives the paths of the icons by the charts' names. */
async function register(
  chartroom: Chartroom,
  url: string,
  more: Record<string, unknown> = {},
): Promise<Record<string, string>> {
  const id = await chartroom.register(url, more);
  const { items } =
    (await chartroom.call("GET", `/v1/apps?conditions=repo_id=${id}&limit=-1`)).body;
  return Object.fromEntries(
    items.map(({ name, app_id }: Record<string, string>) => [name, `/v1/apps/${app_id}/icon`]),
  );
}

/** A chart with one icon, at `/icon` of the upstream, and its path. */
async function oneIcon(chartroom: Chartroom, upstream: Upstream, icon = "icon") {
  serveIcons(upstream, { redis: icon });
  return (await register(chartroom, upstream.url)).redis!;
}

const asked = ({ requests }: Upstream) => requests.filter(({ path }) => !/index/.test(path));
/** An answer whose bytes tests compare: those that texts of pictures have. */
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const countsOf = ({ services }: Chartroom) => services.icons.counts();

/** Answers with bytes and headers that are not to be believed. */
const lying = (body: BodyInit) => () =>
  new Response(body, {
    headers: {
      "content-type": "text/html",
      "content-security-policy": "script-src *",
      "set-cookie": "a=b",
      "x-secret": "hush",
      link: "<x>; rel=preload",
      refresh: "0; url=http://evil",
    },
  });

Deno.test("an icon is known by what is in it, and comes with Chartroom's own headers", () =>
  withChartroom(async (chartroom, upstream) => {
    const table = [
      ...PICTURES,
      ...SVGS.map((text) => ["svg", new TextEncoder().encode(text), "image/svg+xml"] as const),
    ];
    serveIcons(upstream, Object.fromEntries(table.map((_, i) => [`c${i}`, `icons/${i}`])));
    const paths = await register(chartroom, upstream.url);
    for (const [i, [ending, bytes, type]] of table.entries()) {
      upstream.serve(`/icons/${i}`, lying(bytes));
      const path = paths[`c${i}`]!;
      const { status, headers, body } = await chartroom.call("GET", path);
      assert.equal(status, 200, `${i}: ${JSON.stringify(body)}`);
      assert.equal(body, textOf(bytes));
      const { "cache-control": _, etag, vary, ...others } = Object.fromEntries(headers);
      assert.match(etag!, /^"[\w-]{43}"$/);
      assert.ok(vary);
      assert.deepEqual(others, {
        "content-disposition": `inline; filename="icon.${ending}"`,
        "content-security-policy":
          "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
        "content-type": type + (ending === "svg" ? "; charset=utf-8" : ""),
        "cross-origin-resource-policy": "same-origin",
        "deno-cache-tag": others["deno-cache-tag"],
        "deno-cdn-cache-control": others["deno-cdn-cache-control"],
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
      const head = await chartroom.call("HEAD", path);
      assert.deepEqual([head.status, head.body], [200, ""]);
      assert.deepEqual(Object.fromEntries(head.headers), Object.fromEntries(headers));
    }
    assert.equal(asked(upstream).length, table.length);
  }));

Deno.test("what is no picture is refused, whatever it is called", () =>
  withChartroom(async (chartroom, upstream) => {
    serveIcons(upstream, Object.fromEntries(DISGUISES.map((_, i) => [`c${i}`, `icons/${i}.png`])));
    const paths = await register(chartroom, upstream.url);
    for (const [i, [name, bytes]] of DISGUISES.entries()) {
      upstream.serve(
        `/icons/${i}.png`,
        () => new Response(bytes, { headers: { "content-type": "image/png" } }),
      );
      const { status, headers, body } = await chartroom.call("GET", paths[`c${i}`]!);
      assert.deepEqual(
        [status, body.code, body.reason],
        [502, "icon_unusable", "not_a_picture"],
        name,
      );
      assert.match(body.message, /^the icon of c\d+ 1\.0\.0 cannot be used: expected .*png.*svg$/);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("content-type"), "application/problem+json");
    }
  }));

Deno.test("no text takes long to be told from an SVG", () =>
  withChartroom(async (chartroom, upstream) => {
    serveIcons(upstream, Object.fromEntries(LONG.map((_, i) => [`c${i}`, `${i}`])));
    const paths = await register(chartroom, upstream.url);
    for (const [i, [name, bytes]] of LONG.entries()) {
      upstream.serve(`/${i}`, lying(bytes));
      const began = performance.now();
      const { body } = await chartroom.call("GET", paths[`c${i}`]!);
      assert.equal(body.code, "icon_unusable", name);
      // Those that take the square of their length take minutes.
      assert.ok(performance.now() - began < 5_000, name);
    }
  }));

Deno.test("an icon may be a data URL, to which the same applies", () =>
  withChartroom(async (chartroom, upstream) => {
    const large = new Uint8Array(LIMIT + 1);
    large.set(PNG);
    // The index bounds what one entry may have, so that this is base64 in which nothing is escaped.
    const table: [url: string, answer: string][] = [
      [`data:image/png;base64,${PNG.toBase64()}`, "image/png"],
      [`data:;base64,${PNG.toBase64()}`, "image/png"],
      [`DATA:text/html;charset=x;BASE64,${PNG.toBase64()}`, "image/png"],
      [`data:image/png;base64,${encodeURIComponent(PNG.toBase64())}`, "image/png"],
      [`data:image/png;base64,${PNG.toBase64().replace(/=*$/, "")}`, "image/png"],
      [`data:image/svg+xml,${encodeURIComponent(SVG)}`, "image/svg+xml; charset=utf-8"],
      [`data:image/svg+xml;utf8,${SVG}`, "image/svg+xml; charset=utf-8"],
      [
        `data:,${[...GIF].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
        "image/gif",
      ],
      ["data:text/html,<script>alert(1)</script>", "not_a_picture"],
      ["data:image/svg+xml,<html/>", "not_a_picture"],
      ["data:image/png;base64,<script>", "not_a_picture"],
      ["data:image/png;base64", "not_a_picture"],
      ["data:", "not_a_picture"],
      ["data:,", "not_a_picture"],
      ["data:,%", "not_a_picture"],
      ["data:,%zz%2", "not_a_picture"],
    ];
    serveIcons(upstream, Object.fromEntries(table.map(([url], i) => [`c${i}`, url])));
    const paths = await register(chartroom, upstream.url);
    for (const [i, [url, expected]] of table.entries()) {
      const { status, headers, body } = await chartroom.call("GET", paths[`c${i}`]!);
      const found = status === 200 ? headers.get("content-type") : body.reason;
      assert.equal(found, expected, url);
    }
    assert.deepEqual([asked(upstream).length, countsOf(chartroom).entries], [0, 0]);
  }));

Deno.test("an icon may have a mebibyte, and no byte more", () =>
  withChartroom(async (chartroom, upstream) => {
    serveIcons(upstream, { fits: "fits", large: "large", endless: "endless" });
    const paths = await register(chartroom, upstream.url);
    const bytes = new Uint8Array(LIMIT);
    bytes.set(PNG);
    upstream.serve("/fits", bytes);
    upstream.serve("/large", Uint8Array.from([...bytes, 0]));
    upstream.serve("/endless", () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }),
      ));
    assert.equal((await chartroom.call("GET", paths.fits!)).status, 200);
    for (const name of ["large", "endless"]) {
      const { status, body } = await chartroom.call("GET", paths[name]!);
      assert.deepEqual([status, body.code, body.reason], [502, "icon_unusable", "too_large"]);
      assert.match(body.message, /larger than 1048576 bytes/);
    }
  }));

Deno.test("an icon that cannot be had is 502 and says why; none is 404", () =>
  withChartroom(async (chartroom, upstream) => {
    const closed = startUpstream();
    await closed.close();
    upstream.serve("/login", () => new Response("who?", { status: 401 }));
    upstream.serve("/loop", () => Response.redirect(`${upstream.url}/loop`));
    upstream.serve("/to-private", () => Response.redirect("http://10.0.0.1/icon.png"));
    upstream.serve("/to-metadata", () => Response.redirect("http://169.254.169.254/latest"));
    upstream.serve(
      "/to-file",
      () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }),
    );
    upstream.serve("/stalls", () => new Response(new ReadableStream({})));
    const table: [icon: string | undefined, status: number, code: string, reason?: string][] = [
      [undefined, 404, "no_icon"],
      ["", 404, "no_icon"],
      [" ", 404, "no_icon"],
      ["gone", 502, "icon_unavailable", "status"],
      ["gone?secret=hush", 502, "icon_unavailable", "status"],
      ["login", 502, "icon_unavailable", "unauthorized"],
      ["loop", 502, "icon_unavailable", "redirect"],
      ["to-private", 502, "icon_unavailable", "blocked"],
      ["to-metadata", 502, "icon_unavailable", "blocked"],
      ["to-file", 502, "icon_unavailable", "blocked"],
      ["stalls", 502, "icon_unavailable", "timeout"],
      ["http://10.0.0.1/icon.png", 502, "icon_unavailable", "blocked"],
      ["http://[::1]/icon.png", 502, "icon_unavailable", "blocked"],
      [`${closed.url}/icon.png`, 502, "icon_unavailable", "unreachable"],
      ["javascript:alert(1)", 502, "icon_unavailable", "unsupported_url"],
      ["oci://127.0.0.1/a", 502, "icon_unavailable", "unsupported_url"],
      ["file:///etc/passwd", 502, "icon_unavailable", "unsupported_url"],
      ["http://[", 502, "icon_unavailable", "unsupported_url"],
      [`${"a".repeat(5_000)}`, 502, "icon_unusable", "unsupported_url"],
    ];
    serveIcons(upstream, Object.fromEntries(table.map(([icon], i) => [`c${i}`, icon])));
    const paths = await register(chartroom, upstream.url);
    for (const [i, [icon, ...expected]] of table.entries()) {
      const { status, headers, body } = await chartroom.call("GET", paths[`c${i}`]!);
      const found = [status, body.code, ...(body.reason ? [body.reason] : [])];
      assert.deepEqual(found, expected, `${icon}: ${JSON.stringify(body)}`);
      assert.doesNotMatch(JSON.stringify(body), /hush/);
      assert.deepEqual([headers.get("cache-control"), headers.get("etag")], ["no-store", null]);
    }
    const logged = chartroom.log.filter(({ event }) => event === "icon failed");
    assert.equal(logged.length, 1);
  }, { httpLimits: { idleMs: 200, totalMs: 10_000, redirects: 3 } }));

Deno.test("an icon that comes slowly may take so long in all, and not more", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await oneIcon(chartroom, upstream);
    let isOver = false;
    upstream.serve("/icon", () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            if (!isOver) controller.enqueue(new Uint8Array(1));
          },
          cancel: () => void (isOver = true),
        }),
      ));
    const { body } = await chartroom.call("GET", path);
    assert.deepEqual([body.code, body.reason], ["icon_unavailable", "timeout"]);
    assert.match(body.message, /took longer than 0.3 s/);
  }, { httpLimits: { idleMs: 30_000, totalMs: 300, redirects: 3 } }));

Deno.test("icons are resolved beside the index, and the credential stays at home", () =>
  withChartroom(async (chartroom, upstream) => {
    const elsewhere = startUpstream();
    const { host } = new URL(upstream.url);
    const mine = `Basic ${btoa("bob:secret")}`;
    elsewhere.serve("/there.png", PNG);
    for (const path of ["/deep/er/here.png", "/here.png"]) upstream.serve(path, PNG);
    upstream.serve("/deep/er/to-there", () => Response.redirect(`${elsewhere.url}/there.png`));
    const table: [icon: string, own: [string, string | null][], theirs: (string | null)[]][] = [
      ["here.png", [["/deep/er/here.png", mine]], []],
      ["./x/../here.png", [["/deep/er/here.png", mine]], []],
      ["/here.png", [["/here.png", mine]], []],
      [` ${upstream.url}/here.png\n`, [["/here.png", mine]], []],
      [`http://eve:pw@${host}/here.png`, [["/here.png", mine]], []],
      [`${elsewhere.url}/there.png`, [], [null]],
      [elsewhere.url.slice(5) + "/there.png", [], [null]],
      ["to-there", [["/deep/er/to-there", mine]], [null]],
    ];
    serveIcons(upstream, Object.fromEntries(table.map(([icon], i) => [`c${i}`, icon])), "/deep/er");
    const paths = await register(chartroom, `http://bob:secret@${host}/deep/er`);
    for (const [i, [icon, own, theirs]] of table.entries()) {
      upstream.requests.length = elsewhere.requests.length = 0;
      const { status, body } = await chartroom.call("GET", paths[`c${i}`]!);
      assert.equal(status, 200, `${icon}: ${JSON.stringify(body)}`);
      const sent = upstream.requests.map((
        { path, headers },
      ) => [path, headers.get("authorization")]);
      assert.deepEqual(sent, own, icon);
      const foreign = elsewhere.requests.map(({ headers }) => headers.get("authorization"));
      assert.deepEqual(foreign, theirs, icon);
    }
    await elsewhere.close();
  }));
