/** The form that adds and edits repositories: what it asks the API for, and what it tells. */

import assert from "node:assert/strict";
import { canary } from "../support/canary.ts";
import type { Body } from "../support/chartroom.ts";
import { elementWith, type Pages, withPages } from "../support/pages.ts";
import { indexOf } from "../support/upstream.ts";
import clientCertificate from "../fixtures/tls/client_ec.pem" with { type: "text" };
import clientKey from "../fixtures/tls/client_ec.key" with { type: "text" };

const CHINESE = { cookie: "language=zh" };
const HOSTILE = `"><script>alert(1)</script>`;
const INDEX = indexOf({ one: ["1.0.0", "1.1.0"], two: ["1.0.0"] });
const PASSWORD = canary("password");
const SECRET_KEY = canary("secret-access-key");

/** What a browser sends of the form as it is at first. */
const BLANK = { protocol: "http", address: "", name: "", period: "1", unit: "h" };

const hostOf = ({ upstream }: Pages) => upstream.url.replace("http://", "");
/** The tag of a field. */
const field = (html: string, name: string) => elementWith(html, `id="${name}"`) ?? "";

/** Adds a repository by the form, and tells what the API has of it then. */
async function add({ send, call, services }: Pages, fields: Record<string, string>): Promise<Body> {
  const { status, location, text } = await send("/repos/new", { ...BLANK, ...fields });
  assert.equal(status, 303, text);
  const [, id] = /^\/repos\/(repo-\w+)\?done=created$/.exec(location!)!;
  await services.syncer.idle();
  return (await call("GET", `/v1/repos/${id}`)).body;
}

/** Lets only who knows the password have the index. */
function servePrivately({ upstream }: Pages, username = "ada") {
  const wanted = `Basic ${btoa(`${username}:${PASSWORD}`)}`;
  upstream.serve("/index.yaml", (request) => {
    const isLetIn = request.headers.get("authorization") === wanted;
    return isLetIn ? new Response(INDEX) : new Response("no", { status: 401 });
  });
}

Deno.test("what is filled in is registered, and the repository shown", () =>
  withPages(async (pages) => {
    pages.upstream.serve("/stable/index.yaml", INDEX);
    const repo = await add(pages, {
      address: `${hostOf(pages)}/stable`,
      name: "harbour",
      description: "Of\r\nthe harbour",
      period: "2",
      unit: "d",
      suspended: "true",
    });
    assert.equal(repo.url, `${pages.upstream.url}/stable`);
    assert.deepEqual(
      [repo.name, repo.description, repo.sync.period_seconds, repo.suspended, repo.credential_set],
      ["harbour", "Of\nthe harbour", 172_800, true, false],
    );
    const off = await add(pages, { address: hostOf(pages), name: "still", period: "0" });
    assert.equal(off.sync.period_seconds, 0);
  }));

Deno.test("a whole URL sets the protocol, and what it holds becomes the credential", () =>
  withPages(async (pages) => {
    servePrivately(pages);
    const address = `http://ada:${PASSWORD}@${hostOf(pages)}`;
    const repo = await add(pages, { protocol: "https", address, name: "harbour" });
    assert.deepEqual([repo.url, repo.credential_set], [pages.upstream.url, true]);
    assert.equal(repo.status, "successful");
    const again = await pages.send("/repos/new", { ...BLANK, protocol: "https", address });
    assert.equal(again.status, 400);
    assert.ok(!again.html.includes(PASSWORD));
    assert.match(field(again.html, "username"), /value="ada"/);
    assert.match(again.html, /value="http" selected/);
  }));

Deno.test("Validate tells what an index has, keeps nothing, and leaves what is typed", () =>
  withPages(async (pages) => {
    const { send, upstream, call } = pages;
    const odd = `${INDEX}`.replace("entries:\n", "entries:\n  odd: 7\n");
    upstream.serve("/index.yaml", odd);
    const fields = { ...BLANK, address: hostOf(pages), name: "", period: "30", unit: "m" };
    const { status, html, text } = await send("/repos/new", { ...fields, validate: "true" });
    assert.equal(status, 200);
    assert.match(text, /It works: 2 apps with 3 versions/);
    assert.match(text, /1 entry cannot be used .*odd : expected/);
    assert.match(field(html, "address"), new RegExp(`value="${hostOf(pages)}"`));
    assert.match(field(html, "period"), /value="30"/);
    assert.match(html, /value="m" selected/);
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 0);
    const chinese = await send("/repos/new", { ...fields, validate: "true" }, CHINESE);
    assert.match(chinese.text, /验证通过：2 个应用，共 3 个版本/);
  }));

Deno.test("what is wrong with an index is told beside the URL, with what to do", () =>
  withPages(async (pages) => {
    const { send, upstream } = pages;
    servePrivately(pages);
    upstream.serve("/page/index.yaml", "<!doctype html><html></html>");
    const cases: [string, number, RegExp, RegExp][] = [
      [hostOf(pages), 400, /wants other credentials/, /./],
      [`${hostOf(pages)}/page`, 400, /a web page, not an index. Enter/, /不是索引/],
      ["127.0.0.1:1", 400, /The host cannot be reached/, /./],
      [
        "192.168.0.1",
        400,
        /This URL cannot be used. url: expected an address that/,
        /此 URL 无法使用/,
      ],
      ["", 400, /This URL cannot be used/, /此 URL 无法使用/],
    ];
    for (const [address, status, english, chinese] of cases) {
      const fields = { ...BLANK, address, name: "harbour", validate: "true" };
      const shown = await send("/repos/new", fields);
      assert.equal(shown.status, status, address);
      assert.match(shown.text, english);
      assert.match(field(shown.html, "address"), /aria-invalid="true"/);
      assert.match(field(shown.html, "name"), /value="harbour"/);
      assert.match((await send("/repos/new", fields, CHINESE)).text, chinese);
    }
  }));

Deno.test("what the API refuses is told beside the field that it names", () =>
  withPages(async (pages) => {
    const { send, register, upstream, call } = pages;
    upstream.serve("/index.yaml", INDEX);
    await register(upstream.url, { name: "harbour" });
    const fields = { ...BLANK, address: hostOf(pages), name: "quay" };
    const cases: [Record<string, string>, number, string, RegExp][] = [
      [{ name: "harbour" }, 409, "name", /There is a repository of this name already/],
      [{ name: "" }, 400, "name", /Enter a name of 1 to 128 characters/],
      [{ description: "x".repeat(513) }, 400, "description", /The description is too long/],
      [{ period: "179", unit: "s" }, 400, "period", /at least 3 minutes/],
      [{ period: "-1" }, 400, "period", /at least 3 minutes/],
      [{ period: "" }, 400, "period", /at least 3 minutes/],
      [{ period: "9000", unit: "d" }, 400, "period", /This period cannot be used.*a year/],
      [{ password: PASSWORD }, 400, "username", /These credentials cannot be used/],
      [{ protocol: "s3", accessKeyID: "a" }, 400, "accessKeyID", /or neither/],
      [{ ca_bundle: "no" }, 400, "ca_bundle", /This CA bundle cannot be used.*PEM/],
      [{ client_key: clientKey }, 400, "client_certificate", /This certificate cannot be used/],
      [{ client_certificate: clientCertificate }, 400, "client_key", /This key cannot be used/],
    ];
    for (const [wrong, status, name, told] of cases) {
      const shown = await send("/repos/new", { ...fields, ...wrong });
      assert.equal(shown.status, status, name);
      assert.match(shown.text, told);
      assert.match(field(shown.html, name), /aria-invalid="true"/, name);
      const [, described] = /aria-describedby="([^"]*)"/.exec(field(shown.html, name))!;
      for (const id of described!.split(" ")) assert.notEqual(field(shown.html, id), "", id);
      assert.ok(!shown.html.includes(PASSWORD) && !shown.html.includes(clientKey.split("\n")[1]!));
    }
    assert.equal((await call("GET", "/v1/repos")).body.total_count, 1);
  }));

Deno.test("a workspace that is full says so above the form, which stays as it is", () =>
  withPages(async (pages) => {
    pages.upstream.serve("/index.yaml", INDEX);
    await add(pages, { address: hostOf(pages), name: "harbour" });
    const fields = { ...BLANK, address: hostOf(pages), name: "quay" };
    const { status, text, html } = await pages.send("/repos/new", fields);
    assert.equal(status, 403);
    assert.match(text, /This could not be saved there are 1 repositories/);
    assert.match(field(html, "name"), /value="quay"/);
  }, { config: { maxRepos: 1 } }));

Deno.test("secrets are not sent back, and who has no scripts is told so", () =>
  withPages(async (pages) => {
    const { send } = pages;
    const secrets = { password: PASSWORD, secretAccessKey: SECRET_KEY, sessionToken: SECRET_KEY };
    for (const [name, secret] of Object.entries({ ...secrets, client_key: clientKey })) {
      const { html, text } = await send("/repos/new", { ...BLANK, [name]: secret });
      assert.match(text, /type them again/, name);
      assert.ok(!html.includes(PASSWORD) && !html.includes(SECRET_KEY), name);
      assert.ok(!html.includes(clientKey.split("\n")[1]!), name);
    }
    assert.doesNotMatch((await send("/repos/new", BLANK)).text, /type them again/);
  }));

Deno.test("what is typed is text in the form, not markup", () =>
  withPages(async ({ send, show, register, upstream }) => {
    const names = ["address", "name", "description", "username", "region", "period", "ca_bundle"];
    const typed = Object.fromEntries(names.map((name) => [name, HOSTILE]));
    const { html } = await send("/repos/new", { ...BLANK, ...typed });
    assert.doesNotMatch(html, /<script>/);
    assert.match(html, /&lt;script&gt;/);
    upstream.serve("/index.yaml", INDEX);
    const id = await register(upstream.url, { name: HOSTILE, description: HOSTILE });
    for (const page of ["edit", "delete"]) {
      assert.doesNotMatch((await show(`/repos/${id}/${page}`)).html, /<script>/);
    }
  }));

/** The form of a repository as a browser sends it when nothing was touched. */
async function formOf({ show }: Pages, id: string): Promise<Record<string, string>> {
  const { html } = await show(`/repos/${id}/edit`);
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const [, name] = / name="([^"]*)"/.exec(tag) ?? [],
      [, value] = / value="([^"]*)"/.exec(tag) ?? [];
    const isLeft = /type="(radio|checkbox)"/.test(tag) && !/ checked/.test(tag);
    if (name !== undefined && !isLeft) fields[name] = value ?? "";
  }
  for (
    const [, name, options] of html.matchAll(/<select[^>]* name="([^"]*)"[^>]*>(.*?)<\/select>/gs)
  ) {
    fields[name!] = /value="([^"]*)" selected/.exec(options!)![1]!;
  }
  for (
    const [, name, text] of html.matchAll(/<textarea[^>]* name="([^"]*)"[^>]*>(.*?)<\/textarea>/gs)
  ) {
    fields[name!] = text!;
  }
  return fields;
}

Deno.test("an untouched form changes nothing, and one that is touched only that", () =>
  withPages(async (pages) => {
    const { register, call, send, services } = pages;
    servePrivately(pages);
    const credential = JSON.stringify({ username: "ada", password: PASSWORD });
    const id = await register(pages.upstream.url, {
      name: "harbour",
      description: "Of the harbour",
      sync_period: "1h30m",
      credential,
    });
    const repo = async () => (await call("GET", `/v1/repos/${id}`)).body;
    const before = await repo(), asked = pages.upstream.requests.length;
    const fields = await formOf(pages, id);
    assert.deepEqual([fields.period, fields.unit, fields.credential_choice], ["90", "m", "keep"]);
    const saved = await send(`/repos/${id}/edit`, fields);
    assert.deepEqual([saved.status, saved.location], [303, `/repos/${id}?done=saved`]);
    assert.deepEqual(await repo(), before);
    await send(`/repos/${id}/edit`, { ...fields, name: "quay", description: "" });
    await services.syncer.idle();
    // Neither was the index tried out, nor another sync begun.
    assert.equal(pages.upstream.requests.length, asked);
    const { description: _gone, ...others } = before;
    assert.deepEqual(await repo(), { ...others, name: "quay" });
    await send(`/repos/${id}/edit`, {
      ...fields,
      name: "quay",
      period: "4",
      unit: "h",
      suspended: "true",
    });
    const after = await repo();
    assert.deepEqual([after.sync_period, after.suspended], ["4h", true]);
    await send(`/repos/${id}/edit`, { ...fields, name: "quay", period: "0" });
    assert.deepEqual([(await repo()).sync_period, (await repo()).suspended], [undefined, false]);
  }));

Deno.test("what is stored sealed is kept, replaced or removed as is chosen", () =>
  withPages(async (pages) => {
    const { register, call, send, services, show } = pages;
    servePrivately(pages);
    const json = { client_certificate: clientCertificate, client_key: clientKey };
    const id = await register(pages.upstream.url, {
      name: "harbour",
      credential: JSON.stringify({ username: "ada", password: PASSWORD }),
      ...json,
    });
    const set = async () => {
      const { body } = await call("GET", `/v1/repos/${id}`);
      return [body.credential_set, body.client_certificate_set];
    };
    const edit = (more: Record<string, string>) =>
      formOf(pages, id).then((fields) => send(`/repos/${id}/edit`, { ...fields, ...more }));
    const shown = await show(`/repos/${id}/edit`);
    assert.ok(!shown.html.includes(PASSWORD) && !shown.html.includes("BEGIN EC"));
    const empty = await edit({ credential_choice: "replace" });
    assert.equal(empty.status, 400);
    assert.match(empty.text, /Enter the new one, or keep what is stored/);
    const wrong = await edit({ credential_choice: "replace", username: "ada", password: "no" });
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, /wants other credentials/);
    servePrivately(pages, "grace");
    const replaced = { credential_choice: "replace", username: "grace", password: PASSWORD };
    assert.equal((await edit(replaced)).status, 303);
    await services.syncer.idle();
    assert.deepEqual(await set(), [true, true]);
    assert.equal((await edit({ client_choice: "remove" })).status, 303);
    assert.deepEqual(await set(), [true, false]);
    // What is typed beside "keep" is not meant.
    assert.equal((await edit({ username: "nobody", password: "x" })).status, 303);
    pages.upstream.serve("/index.yaml", INDEX);
    assert.equal((await edit({ credential_choice: "remove" })).status, 303);
    assert.deepEqual(await set(), [false, false]);
  }));

Deno.test("Validate tries a change out and does not make it", () =>
  withPages(async (pages) => {
    const { register, call, send, upstream } = pages;
    servePrivately(pages);
    const credential = JSON.stringify({ username: "ada", password: PASSWORD });
    const id = await register(upstream.url, { name: "harbour", credential });
    const before = (await call("GET", `/v1/repos/${id}`)).body;
    const fields = { ...await formOf(pages, id), validate: "true" };
    const same = await send(`/repos/${id}/edit`, fields);
    assert.match(same.text, /It works: 2 apps with 3 versions/);
    upstream.serve("/less/index.yaml", indexOf({ one: ["1.0.0"] }));
    const address = `${hostOf(pages)}/less`;
    const less = await send(`/repos/${id}/edit`, { ...fields, address, name: "quay" });
    assert.match(less.text, /It works: 1 app with 1 version /);
    assert.match(field(less.html, "name"), /value="quay"/);
    const wrong = await send(`/repos/${id}/edit`, { ...fields, credential_choice: "remove" });
    assert.equal(wrong.status, 400);
    assert.deepEqual((await call("GET", `/v1/repos/${id}`)).body, before);
  }));

Deno.test("another host is said to cost what is stored for this one", () =>
  withPages(async (pages) => {
    const { register, send, show, upstream } = pages;
    servePrivately(pages);
    const credential = JSON.stringify({ username: "ada", password: PASSWORD });
    const id = await register(upstream.url, { credential });
    const shown = await show(`/repos/${id}/edit`);
    assert.match(shown.text, /Another host, port or protocol removes/);
    assert.match(field(shown.html, "moves"), / hidden/);
    const fields = { ...await formOf(pages, id), address: "127.0.0.1:1", validate: "true" };
    const moved = await send(`/repos/${id}/edit`, fields);
    assert.doesNotMatch(field(moved.html, "moves"), / hidden/);
    const plain = await register(`${upstream.url}/plain`);
    assert.doesNotMatch((await show(`/repos/${plain}/edit`)).text, /Another host/);
  }));

Deno.test("keys of a bucket are asked for, and sent for an s3 URL alone", () =>
  withPages(async (pages) => {
    const keys = { accessKeyID: "key", secretAccessKey: SECRET_KEY, region: "eu-west-1" };
    const endpoint = pages.upstream.url;
    pages.upstream.serve("/bucket/charts/index.yaml", INDEX);
    const fields = { ...keys, endpoint, username: "ada", password: PASSWORD };
    const s3 = { ...fields, protocol: "s3", address: "bucket/charts", name: "bucket" };
    const repo = await add(pages, s3);
    assert.deepEqual([repo.url, repo.status], ["s3://bucket/charts", "successful"]);
    const { headers } = pages.upstream.requests.at(-1)!;
    assert.match(headers.get("authorization")!, /^AWS4-HMAC-SHA256 Credential=key\/.*eu-west-1/);
    servePrivately(pages);
    const web = await add(pages, { ...fields, address: hostOf(pages), name: "web" });
    assert.equal(web.status, "successful");
  }));

Deno.test("the form is there in Chinese", () =>
  withPages(async ({ show, send }) => {
    const { text, html } = await show("/repos/new", CHINESE);
    assert.match(html, /<html lang="zh"/);
    assert.match(text, /添加应用仓库.*协议|URL.*同步间隔/s);
    const empty = await send("/repos/new", { ...BLANK, period: "1", unit: "m" }, CHINESE);
    assert.match(empty.text, /请输入整数/);
  }));
