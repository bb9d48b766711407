/** Host headers: by which names Chartroom answers, where a page's own name may lead here by DNS. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { type Chartroom, type Options, withChartroom } from "../support/chartroom.ts";
import { send } from "../support/raw_upstream.ts";
import { indexOf } from "../support/upstream.ts";

const EVIL = "evil.example.org";
const WITH_ADMIN = { environment: { CHARTROOM_ADMIN_TOKEN: "bootstrap-token-of-the-host-test" } };

/** Names of this machine. */
const OWN = [
  "localhost",
  "LOCALHOST:8000",
  "localhost.",
  "LocalHost.:8000",
  "127.0.0.1",
  "127.0.0.1:8000",
  "127.1.2.3",
  "[::1]",
  "[::1]:8000",
];
/** Others, some of which may lead to it. */
const FOREIGN = [
  EVIL,
  `${EVIL}:8000`,
  `127.0.0.1.${EVIL}`,
  `localhost.${EVIL}`,
  `localhost@${EVIL}`,
  `localhost:8000@${EVIL}`,
  `${EVIL}#localhost`,
  "x.localhost",
  "evil-localhost",
  "localhostx",
  "localhost..",
  "127.0.0.1.nip.io",
  "0.0.0.0",
  "0.0.0.0:8000",
  "[::]",
  "[::ffff:127.0.0.1]",
  "128.0.0.1",
  "10.0.0.1",
];
/** Of which Deno makes no URL. */
const NONE = [
  "a b",
  `localhost:8000.${EVIL}`,
  `localhost, ${EVIL}`,
  "localhost:99999",
  "127.999.0.1",
];

/** Sends a request as it is written, and tells the status and `code` of its answer. */
async function ask(port: number, ...lines: string[]): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await send(connection, `${[...lines, "connection: close"].join("\r\n")}\r\n\r\n`);
  const text = await new Response(connection.readable).text();
  const [, status] = /^HTTP\/1\.[01] (\d{3}) /.exec(text) ?? [];
  return [status, /"code":"(\w+)"/.exec(text)?.[1]].join(" ").trim();
}

function withServer(
  options: Options,
  test: (port: number, chartroom: Chartroom) => Promise<void>,
): Promise<void> {
  return withChartroom(async (chartroom, upstream) => {
    upstream.serve("/index.yaml", indexOf({ one: ["1.0.0"] }));
    if (options !== WITH_ADMIN) await chartroom.register(upstream.url);
    const listen = { hostname: "127.0.0.1", port: 0, onListen() {} };
    await using server = Deno.serve(listen, createApp(chartroom.services).fetch);
    await test(server.addr.port, chartroom);
  }, options);
}

Deno.test("where nobody is asked for a token, names that lead here by DNS lead nowhere", () =>
  withServer({}, async (port, { log }) => {
    for (const path of ["/v1/apps?limit=1", "/healthz"]) {
      // The second time it is given again, and that to no other name.
      for (const host of [...OWN, ...OWN]) {
        assert.equal(await ask(port, `GET ${path} HTTP/1.1`, `host: ${host}`), "200", host);
      }
      for (const host of [...FOREIGN, ...FOREIGN, ...NONE]) {
        const answer = await ask(port, `GET ${path} HTTP/1.1`, `host: ${host}`);
        assert.equal(answer, "421 misdirected", `${host} ${path}`);
      }
    }
    assert.ok(!log.some(({ event }) => event === "request failed"), "no fault of its own");
  }));

Deno.test("it is the address of the request that counts, however it is written", () =>
  withServer({}, async (port) => {
    const get = "GET /v1/repos HTTP/1.1", misdirected = "421 misdirected";
    const cases: [lines: string[], answer: string][] = [
      [[get, `host: ${EVIL}`, "x-forwarded-host: localhost"], misdirected],
      [[get, `host: ${EVIL}`, "forwarded: host=localhost"], misdirected],
      [[get, `host: ${EVIL}`, "origin: http://localhost"], misdirected],
      [[get, `host: ${EVIL}`, "sec-fetch-site: same-origin"], misdirected],
      [[get, `host: ${EVIL}`, "authorization: Bearer x"], misdirected],
      [[get, "host: localhost", `x-forwarded-host: ${EVIL}`], "200"],
      // RFC 9112, 3.2.2: the target counts, and the Host header does not.
      [[`GET http://${EVIL}/v1/repos HTTP/1.1`, "host: localhost"], misdirected],
      [[`GET http://localhost@${EVIL}/v1/repos HTTP/1.1`, "host: localhost"], misdirected],
      [["GET http://localhost/v1/repos HTTP/1.1", `host: ${EVIL}`], "200"],
      [[`GET //localhost/v1/repos HTTP/1.1`, `host: ${EVIL}`], misdirected],
      [["OPTIONS * HTTP/1.1", `host: ${EVIL}`], misdirected],
      [[get, "host: localhost", `host: ${EVIL}`], "400"],
      // No browser leaves it out.
      [["GET /v1/repos HTTP/1.0"], "200"],
      [["GET /v1/repos HTTP/1.0", `host: ${EVIL}`], misdirected],
    ];
    for (const [lines, answer] of cases) assert.equal(await ask(port, ...lines), answer, lines[0]);
  }));

Deno.test("no route answers to another name", () =>
  withChartroom(async ({ call, services }) => {
    const routes = createApp(services).routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replace(/:\w+(\{.*\})?/g, "x")}`);
    const others = ["GET /", "GET /nothing", "HEAD /healthz", "OPTIONS /v1/repos", "PUT /v1/repos"];
    assert.ok(routes.length > 50 && routes.includes("GET /healthz"), `${routes.length}`);
    for (const route of new Set([...routes, ...others])) {
      const [method = "", path = ""] = route.split(" ");
      const body = ["POST", "PATCH", "DELETE"].includes(method) ? {} : undefined;
      const { status, headers } = await call(method, `http://${EVIL}${path}`, body);
      assert.deepEqual([status, headers.get("cache-control")], [421, "no-store"], route);
    }
    const { body } = await call("GET", `http://${EVIL}/v1/repos`);
    assert.deepEqual([body.code, body.field], ["misdirected", "host"]);
  }));

Deno.test("where somebody has to show a token, Chartroom may have any name", () =>
  withServer(WITH_ADMIN, async (port, { log }) => {
    for (const host of [...OWN, ...FOREIGN]) {
      assert.equal(await ask(port, "GET /healthz HTTP/1.1", `host: ${host}`), "200", host);
      const answer = await ask(port, "GET /v1/repos HTTP/1.1", `host: ${host}`);
      assert.equal(answer, "401 unauthorized", host);
    }
    for (const host of NONE) {
      const answer = await ask(port, "GET /healthz HTTP/1.1", `host: ${host}`);
      assert.equal(answer, "421 misdirected", host);
    }
    assert.ok(!log.some(({ event }) => event === "request failed"), "no fault of its own");
  }));
