/** Nothing that Chartroom keeps to itself comes out of it, whoever asks and whatever goes wrong. */

import assert from "node:assert/strict";
import { canary, keyCanary, leakIn, queryCanary, sealedLeakIn } from "../support/canary.ts";
import { withChartroom } from "../support/chartroom.ts";
import { type Echo, startEchoUpstream } from "../support/echo_upstream.ts";
import { answerTo } from "../support/leaks.ts";
import { eventually, type Process, run, startProcess, withFolder } from "../support/process.ts";
import { follow } from "../support/stream.ts";
import { pem, startMutualUpstream } from "../support/tls_upstream.ts";
import { indexOf } from "../support/upstream.ts";

const ADMIN = canary("administrator");
const QUERY = queryCanary("token");
const BASIC = { username: canary("user"), password: canary("password") };
const S3 = {
  accessKeyID: canary("key-id"),
  secretAccessKey: canary("secret/key+"),
  sessionToken: canary("session/token+=="),
};
/** Its certificate is of an authority that the upstream does not know. */
const STRANGER = { client_certificate: pem("stranger.pem"), client_key: pem("stranger.key") };

/** What an upstream says of a request where it should say something else. */
const FAILURES: Record<string, Echo> = {
  "status-text": (said) => ({ head: `HTTP/1.1 403 ${said}` }),
  "unauthorized": (said) => ({
    head: `HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm="${said}"`,
    body: `<html><body>no entry with ${said}</body></html>`,
  }),
  "forbidden": (said) => ({ head: "HTTP/1.1 403 Forbidden", body: said }),
  "internal": (said) => ({ head: `HTTP/1.1 500 ${said}\r\nretry-after: ${said}`, body: said }),
  "page": (said) => ({
    head: `HTTP/1.1 200 OK\r\ncontent-type: text/html; said="${said}"`,
    body: `<!doctype html><form><input type="password" value="${said}"></form>`,
  }),
  "text": (said) => ({ head: `HTTP/1.1 200 ${said}`, body: said }),
  "yaml": (said) => ({ head: "HTTP/1.1 200 OK", body: `apiVersion: v1\nentries: ["${said}\n` }),
  "json": (said) => ({
    head: "HTTP/1.1 200 OK\r\ncontent-type: application/json",
    body: `{"apiVersion":"v1","entries":{"a":[{"name":"a" "${said}"}]}}`,
  }),
  "encoded": (said) => ({
    head: `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nx-said: ${said}`,
    body: said,
  }),
  "nowhere": (said) => ({ head: `HTTP/1.1 302 Found\r\nlocation: http://[${said}` }),
  "xml": (said) => ({
    head: "HTTP/1.1 403 Forbidden\r\ncontent-type: application/xml",
    body: `<Error><Code>SignatureDoesNotMatch</Code><Message>${said}</Message>` +
      `<StringToSign>${said}</StringToSign><Region>${said}</Region></Error>`,
  }),
};

/** Where the index is there all the same. */
function successes(index: string, elsewhere: string): Record<string, Echo> {
  const userinfo = `${encodeURIComponent(BASIC.username)}:${BASIC.password}`;
  return {
    "good": (said) => ({
      head: `HTTP/1.1 200 ${said}\r\netag: "${said}"\r\nlast-modified: ${said}\r\nx-said: ${said}`,
      body: index,
    }),
    "moved": () => ({
      head: `HTTP/1.1 307 Moved\r\nlocation: ${elsewhere.replace("//", `//${userinfo}@`)}/good`,
    }),
  };
}

type Headers = Record<string, string>;
const CALLERS: Record<string, Headers> = {
  "the administrator": { authorization: `Bearer ${ADMIN}` },
  "nobody": {},
};

/** Asks a process, and reads the whole answer, which is searched as any answer is. */
async function ask(
  { url }: Process,
  method: string,
  path: string,
  body?: unknown,
  headers: Headers = CALLERS["the administrator"]!,
) {
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answerTo(`${method} ${path}`, response).text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
}

/** Registers a repository, and waits for its first sync. */
async function register(service: Process, fields: Record<string, unknown>): Promise<string> {
  const { status, body, text } = await ask(service, "POST", "/v1/repos", fields);
  assert.equal(status, 200, text);
  const path = `/v1/repos/${body.repo_id}`;
  await eventually(() => ask(service, "GET", path), ({ body }) => body.status !== "syncing");
  return body.repo_id;
}

/** All that can be read of a repository. */
async function pathsOf(service: Process, id: string): Promise<string[]> {
  const { body } = await ask(service, "GET", `/v1/apps?conditions=repo_id=${id}`);
  const apps = body.items.flatMap(({ app_id: app }: { app_id: string }) => {
    const latest = `/v1/apps/${app}/versions/latest`;
    return [
      `/v1/apps/${app}`,
      `/v1/apps/${app}/versions`,
      latest,
      `${latest}/package`,
      `${latest}/files`,
    ];
  });
  return [`/v1/repos/${id}`, `/v1/repos/${id}/events`, `/v1/repos/${id}/problems`, ...apps];
}

const LISTS = ["/v1/repos", "/v1/apps", "/v1/apps/changes", "/v1/apps/changes.atom", "/v1/cache"];

Deno.test("what upstreams say again of secrets appears nowhere, and goes nowhere else", () =>
  withFolder(async (folder) => {
    const foreign = startEchoUpstream(successes(indexOf({ far: ["1.0.0"] }), ""));
    const urls = [["away", `${foreign.url}/away.tgz`], ["here", "forbidden.tgz"]] as const;
    const charts = urls.map(([name, url]) => [name, [{ version: "1.0.0", urls: [url] }]]);
    const index = indexOf(Object.fromEntries(charts));
    const own = startEchoUpstream({ ...FAILURES, ...successes(index, foreign.url) });
    const mutual = await startMutualUpstream(() => new Response(index), "required");
    const service = await startProcess({
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1,localhost",
      CHARTROOM_ADMIN_TOKEN: ADMIN,
      CHARTROOM_RATE_LIMIT: "off",
      CHARTROOM_ANONYMOUS_READ: "true",
      CHARTROOM_SECRET_KEY: `${keyCanary("new")},${keyCanary("old")}`,
      CHARTROOM_PURGE_URL: `${own.url}/internal?key=${canary("purge")}`,
    });
    const withUser = (path: string) =>
      `${own.url.replace("//", `//${BASIC.username}:${BASIC.password}@`)}/${path}?token=${QUERY}`;
    const inBucket = (path: string) => ({
      url: `s3://${own.host}/bucket/${path}`,
      credential: JSON.stringify(S3),
    });
    const sources: Record<string, unknown>[] = [
      ...Object.keys(FAILURES).flatMap((name) => [{ url: withUser(name) }, inBucket(name)]),
      { url: mutual.url, ca_bundle: pem("authority.pem"), ...STRANGER },
    ];
    const failing: string[] = [];
    for (const [i, source] of sources.entries()) {
      failing.push(await register(service, { name: `failing ${i}`, ...source }));
      const checked = await ask(service, "POST", "/v1/repos?validate=true", source);
      assert.equal(checked.status, 400, checked.text);
    }
    const good = [
      await register(service, { name: "good", url: withUser("good") }),
      await register(service, { name: "moved", url: withUser("moved") }),
      await register(service, { name: "good bucket", ...inBucket("good") }),
    ];
    for (const id of good) {
      // The second download is conditional if something was kept to ask with.
      await ask(service, "POST", `/v1/repos/${id}/action`, { action: "index" });
      for (const source of sources.slice(0, 4)) {
        const { status, text } = await ask(service, "PATCH", `/v1/repos/${id}`, source);
        assert.equal(status, 400, text);
      }
    }
    const viewer = { name: "reader", workspace: "*", role: "viewer" };
    const token = (await ask(service, "POST", "/v1/tokens", viewer)).body.token;
    const callers = { ...CALLERS, "a viewer": { authorization: `Bearer ${token}` } };
    const paths = [...LISTS, "/v1/tokens", "/v1/whoami"];
    for (const id of [...good, ...failing]) paths.push(...await pathsOf(service, id));
    let readable = 0;
    for (const [caller, headers] of Object.entries(callers)) {
      for (const path of paths) {
        const { status, text } = await ask(service, "GET", path, undefined, headers);
        const mayKnow = caller === "the administrator" ? sealedLeakIn : leakIn;
        assert.equal(mayKnow(text), undefined, `${caller}: ${path}`);
        if (status === 200) readable++;
      }
      for (const id of [good[0], failing[0]]) {
        const stream = await fetch(`${service.url}/v1/repos/${id}/events/stream`, { headers });
        const messages = follow(stream);
        await messages.next();
        await messages.leave();
      }
    }
    assert.ok(readable > 2 * paths.length, `${readable} of ${paths.length}`);
    const { body } = await ask(service, "GET", `/v1/repos/${good[0]}`);
    assert.ok(body.url.endsWith(QUERY), body.url);
    const failed = await ask(service, "GET", "/v1/repos?conditions=status=failed&limit=100");
    assert.equal(failed.body.total_count, failing.length);

    await service.saw(/"event":"purge failed"/);
    service.kill("SIGTERM");
    assert.equal((await service.status).code, 0);
    for (const upstream of [own, foreign, mutual]) await upstream.close();
    assert.ok(own.received.length > 2 * sources.length);
    assert.ok(own.received.some((head) => head.includes(S3.sessionToken)));
    assert.ok(foreign.received.some((head) => head.includes("/away.tgz")));
    for (const head of foreign.received) assert.equal(leakIn(head), undefined);
    // Not even what an upstream named as the version of its index.
    const known = own.received.filter((head) => /^if-(none-match|modified)/im.test(head));
    assert.ok(known.every((head) => head.startsWith("GET /moved/")), known.join("\n"));
  }));

Deno.test("what callers send in wrong ways or places is said again to nobody", () =>
  withFolder(async (folder) => {
    const own = startEchoUpstream(successes(indexOf({ one: ["1.0.0"] }), ""));
    const service = await startProcess({
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
      CHARTROOM_ADMIN_TOKEN: ADMIN,
      CHARTROOM_RATE_LIMIT: "off",
    });
    const id = await register(service, {
      name: "a",
      url: `${own.url}/good`,
      credential: JSON.stringify(BASIC),
    });
    const repo = `/v1/repos/${id}`;
    const text = JSON.stringify(BASIC), key = pem("client_ec.key"), url = `${own.url}/good`;
    const wrongs: unknown[] = [
      `{"url":"${url}","credential":${BASIC.password}}`,
      `{"credential":"${BASIC.password}`,
      `{"credential":"${BASIC.password}\n"}`,
      `{"credential":"\\q${BASIC.password}"}`,
      `{"credential" "${BASIC.password}"}`,
      BASIC.password,
      `${text}${text}`,
      { credential: BASIC },
      { credential: text.slice(0, -1) },
      { credential: BASIC.password },
      { credential: JSON.stringify({ ...BASIC, more: ADMIN }) },
      { credential: JSON.stringify({ ...S3, region: canary("region") }) },
      { credential: JSON.stringify({ ...S3, endpoint: `http://${canary("endpoint")}@h/` }) },
      { credential: JSON.stringify({ ...S3, sessionToken: `${S3.sessionToken} x` }) },
      { credential: JSON.stringify(S3) },
      { url: url.replace("//", `//bob:${BASIC.password}%ff@`) },
      { url: `${url.replace("//", `//bob:${BASIC.password}@`)} ` },
      { url: url.replace("//", `//bob:${BASIC.password}@`), credential: text },
      { url: `http://bob:${BASIC.password}@10.0.0.1/` },
      { url: `s3://${S3.accessKeyID}:${BASIC.password}@bucket/` },
      { client_key: key },
      { client_key: key.slice(0, -60) },
      { client_key: key.replace("PRIVATE", "PUBLIC") },
      { client_key: pem("client_encrypted.key"), client_certificate: pem("client_ec.pem") },
      { client_key: pem("pss.key"), client_certificate: pem("client_rsa.pem") },
      { client_key: pem("client_rsa.key"), client_certificate: pem("client_ec.pem") },
      { client_certificate: key },
      { ca_bundle: `${pem("authority.pem")}${key}` },
      { credential: text, name: "" },
      { credential: text, sync_period: "never" },
    ];
    for (const wrong of wrongs) {
      for (const [method, path] of [["POST", "/v1/repos"], ["PATCH", repo]] as const) {
        const { status, text, body } = await ask(service, method, path, wrong);
        assert.equal(status, 400, `${JSON.stringify(wrong)} ${text}`);
        // Nor any piece of it, which V8 says of what it cannot read.
        if (body.field !== "body") continue;
        assert.match(body.message, /^body: expected JSON(, unlike what is at position \d+)?$/);
      }
    }
    const { secret } = (await ask(service, "POST", `${repo}/webhook`)).body;
    const hook = `/v1/webhooks/${id}`;
    const shown: [path: string, headers: Headers, status: number][] = [
      [`/v1/repos?token=${ADMIN}`, {}, 401],
      [`/v1/repos?access_token=${ADMIN}`, { "x-api-key": ADMIN, cookie: `token=${ADMIN}` }, 401],
      ["/v1/repos", { authorization: `Basic ${btoa(`admin:${ADMIN}`)}` }, 401],
      ["/v1/repos", { authorization: ADMIN }, 401],
      ["/v1/repos", { authorization: `Bearer ${ADMIN}x` }, 401],
      ["/v1/whoami", { authorization: `Bearer crt_${ADMIN}` }, 401],
      [hook, { authorization: `Bearer ${ADMIN}` }, 401],
      [hook, { "x-gitlab-token": `${secret}x` }, 401],
      [`${hook}?secret=${secret}`, {}, 401],
      [hook, { "x-gitlab-token": secret }, 202],
    ];
    for (const [path, headers, expected] of shown) {
      const method = path.startsWith(hook) ? "POST" : "GET";
      const { status, text } = await ask(
        service,
        method,
        path,
        method === "POST" ? {} : undefined,
        headers,
      );
      assert.equal(status, expected, `${path} ${text}`);
    }
    await ask(service, "GET", `${repo}/webhook`);
    service.kill("SIGTERM");
    assert.equal((await service.status).code, 0);
    await own.close();
  }));

Deno.test("what the database does not take, or fails on, is not logged", () =>
  withChartroom(async ({ call, register, services, log }, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    const id = await register(upstream.url);
    const credential = JSON.stringify(BASIC), url = `${upstream.url}/?token=${QUERY}`;
    const body = { name: "b", url, credential };
    const write = () =>
      Promise.all([call("POST", "/v1/repos", body), call("PATCH", `/v1/repos/${id}`, body)]);
    const { commit } = services.kv;
    services.kv.commit = () => Promise.reject(new Error(`error sending request for url (${url})`));
    for (const { status } of await write()) assert.equal(status, 500);
    assert.equal(log.filter(({ event }) => event === "request failed").length, 2);
    services.kv.commit = commit;
    await services.kv.close();
    for (const { status } of await write()) assert.equal(status, 503);
    assert.equal(log.filter(({ event }) => event === "store unavailable").length, 2);
  }));

Deno.test("a wrong variable is named, and its value is not", () =>
  withFolder(async (folder) => {
    const kv = `${folder}/kv.sqlite`, key = keyCanary("key"), secret = canary("x");
    const wrongs: Record<string, string>[] = [
      { CHARTROOM_ADMIN_TOKEN: canary("").slice(0, 15) },
      { CHARTROOM_ADMIN_TOKEN: `${secret} ${secret}` },
      { CHARTROOM_ADMIN_TOKEN: `${secret}ö` },
      { CHARTROOM_SECRET_KEY: secret },
      { CHARTROOM_SECRET_KEY: key.slice(0, -4) },
      { CHARTROOM_SECRET_KEY: `${key},${secret}` },
      { CHARTROOM_PURGE_URL: `http://me:${secret}@edge/` },
      { CHARTROOM_PURGE_URL: `edge?key=${secret}` },
      { CHARTROOM_KV: `ftp://${secret}@h/` },
      {
        CHARTROOM_KV: `http://me:${secret}@127.0.0.1:1/?token=${secret}`,
        CHARTROOM_SECRET_KEY: key,
      },
      { CHARTROOM_KV: `http://127.0.0.1:1/?token=${secret}`, CHARTROOM_SECRET_KEY: "" },
    ];
    for (const wrong of wrongs) {
      const environment = { PORT: "0", CHARTROOM_KV: kv, DENO_KV_ACCESS_TOKEN: secret, ...wrong };
      const { code, error } = await run("main.ts", environment);
      assert.equal(code, 1, JSON.stringify(wrong));
      assert.match(error, /^CHARTROOM_\w+ [^\n]+\n$/);
    }
    // A key in a file that is none.
    await Deno.writeTextFile(`${folder}/secret.key`, secret);
    const { code, error } = await run("main.ts", { PORT: "0", CHARTROOM_KV: kv });
    assert.equal(code, 1);
    assert.match(error, /^CHARTROOM_SECRET_KEY is not set, and /);
    await Deno.remove(`${folder}/secret.key`);
  }));

Deno.test("spans have neither headers nor bodies, nor the userinfo of URLs", () =>
  withFolder(async (folder) => {
    const own = startEchoUpstream(successes(indexOf({ one: ["1.0.0"] }), ""));
    const service = await startProcess({
      CHARTROOM_KV: `${folder}/kv.sqlite`,
      CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1",
      CHARTROOM_ADMIN_TOKEN: ADMIN,
      CHARTROOM_RATE_LIMIT: "off",
      CHARTROOM_SECRET_KEY: keyCanary("key"),
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "console",
      OTEL_BSP_SCHEDULE_DELAY: "100",
    });
    const url = own.url.replace("//", `//${BASIC.username}:${BASIC.password}@`);
    const id = await register(service, { name: "a", url: `${url}/good` });
    const { secret } = (await ask(service, "POST", `/v1/repos/${id}/webhook`)).body;
    await ask(service, "POST", `/v1/webhooks/${id}`, {}, { "x-gitlab-token": secret });
    await service.saw(/url\.full.*\/v1\/webhooks\//);
    service.kill("SIGTERM");
    await service.status;
    await own.close();
  }));
