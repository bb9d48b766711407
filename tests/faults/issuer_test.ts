/** What becomes of those with a JWT while its issuer is away, slow, wrong, or has other keys. */

import assert from "node:assert/strict";
import { COOLDOWN_MS, FRESH_MS, KEPT_MS } from "../../src/access/issuer_keys.ts";
import { CLOCK_TOLERANCE_S } from "../../src/access/oidc.ts";
import { MAX_JSON_BYTES } from "../../src/sources/json.ts";
import { START } from "../support/chartroom.ts";
import { claimsOf, makeKey, part, signed, withIssuer } from "../support/issuer.ts";

const DAY_S = 86_400;
const LONG = { exp: START / 1_000 + DAY_S };
/** A question is two requests: where the keys are, and the keys. */
const QUESTION = 2;

Deno.test("a new key works at once, and one that is withdrawn soon no more", () =>
  withIssuer(async ({ issuer, key, ask, clock }) => {
    const old = await signed(key, claimsOf(issuer, LONG));
    assert.equal((await ask(old)).status, 200);
    const next = await makeKey("two", "ES256");
    const fresh = await signed(next, claimsOf(issuer, LONG));
    issuer.keys = [key.jwk, next.jwk];
    assert.equal((await ask(fresh)).status, 401, "the issuer was asked a moment ago");
    clock.now += COOLDOWN_MS;
    assert.equal((await ask(fresh)).status, 200);
    assert.equal(issuer.requests.length, 2 * QUESTION);
    issuer.keys = [next.jwk];
    clock.now += FRESH_MS - 1;
    assert.equal((await ask(old)).status, 200, "it is not known yet");
    clock.now += 1;
    assert.equal((await ask(old)).status, 401);
    assert.equal((await ask(fresh)).status, 200);
    assert.equal(issuer.requests.length, 3 * QUESTION);
  }));

Deno.test("a JWT that names no key is held against the only one, if there is one", () =>
  withIssuer(async ({ issuer, key, ask, clock }) => {
    const token = await signed(key, claimsOf(issuer, LONG), { kid: undefined });
    assert.equal((await ask(token)).status, 200);
    issuer.keys = [key.jwk, (await makeKey("two")).jwk];
    clock.now += FRESH_MS;
    assert.equal((await ask(token)).status, 401);
  }));

Deno.test("keys that nobody knows do not hammer the issuer", () =>
  withIssuer(async ({ issuer, key, ask, clock }) => {
    const thief = await makeKey("thief"), claims = claimsOf(issuer, LONG);
    const forged = await Promise.all(
      Array.from({ length: 40 }, (_, i) => signed(thief, claims, { kid: `kid-${i}` })),
    );
    for (let round = 1; round <= 3; round++) {
      const answers = await Promise.all(forged.map(ask));
      assert.ok(answers.every(({ status }) => status === 401));
      for (const token of forged) await ask(token);
      assert.equal(issuer.requests.length, round * QUESTION);
      clock.now += COOLDOWN_MS;
    }
    assert.equal((await ask(await signed(key, claims))).status, 200);
    assert.equal(issuer.requests.length, 3 * QUESTION);
  }));

Deno.test("however many come first, the issuer is asked once", () =>
  withIssuer(async ({ issuer, key, ask }) => {
    const token = await signed(key, claimsOf(issuer));
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(token)));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(issuer.requests.length, QUESTION);
  }));

Deno.test("known keys count for an hour while the issuer is down, and no longer", () =>
  withIssuer(async ({ issuer, key, ask, clock, log }) => {
    const token = await signed(key, claimsOf(issuer, LONG));
    const other = await signed(await makeKey("two"), claimsOf(issuer, LONG));
    assert.equal((await ask(token)).status, 200);
    issuer.answer = () => new Response("no", { status: 500 });
    issuer.requests.length = 0;
    clock.now = START + FRESH_MS;
    for (let i = 0; i < 20; i++) assert.equal((await ask(token)).status, 200);
    assert.equal((await ask(other)).status, 503, "it may be a new one");
    assert.equal(issuer.requests.length, 1, "once in a while");
    clock.now = START + KEPT_MS - 1;
    assert.equal((await ask(token)).status, 200);
    clock.now += 1;
    const { status, body, headers } = await ask(token);
    assert.deepEqual([status, body.code], [503, "unavailable"]);
    assert.match(body.message, /OIDC issuer/);
    assert.ok(headers.has("retry-after"));
    assert.deepEqual(log.map(({ event }) => event), ["issuer failed"]);
    // Nobody else waits for it.
    assert.equal((await ask(`crt_${"x".repeat(43)}`)).status, 401);
    issuer.answer = undefined;
    clock.now += COOLDOWN_MS;
    assert.equal((await ask(token)).status, 200);
    assert.deepEqual(log.map(({ event }) => event), ["issuer failed", "issuer works again"]);
  }));

Deno.test("what is wrong with a JWT by itself is told while the issuer is down", () =>
  withIssuer(async ({ issuer, ask }) => {
    await issuer.close();
    const text = `${part('{"alg":"HS256"}')}.${part(JSON.stringify(claimsOf(issuer)))}.AAAA`;
    assert.equal((await ask(text)).status, 401);
    const { status } = await ask(await signed(await makeKey("one"), claimsOf(issuer)));
    assert.equal(status, 503);
    issuer.close = () => Promise.resolve();
  }));

Deno.test("an issuer that says nothing, or never ends, is waited for once and not for long", async () => {
  const silent = (_: string, signal: AbortSignal) =>
    new Promise<Response>((resolve) =>
      signal.addEventListener("abort", () => resolve(new Response("too late")))
    );
  const endless = () =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array([123])) }));
  for (const answer of [silent, endless]) {
    await withIssuer(async ({ issuer, key, ask }) => {
      issuer.answer = answer;
      const token = await signed(key, claimsOf(issuer));
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(token)));
      assert.ok(answers.every(({ status }) => status === 503));
      assert.equal((await ask(token)).status, 503);
      assert.equal(issuer.requests.length, 1);
      // So that it can be closed.
      issuer.answer = undefined;
    }, { httpLimits: { idleMs: 100, totalMs: 100, redirects: 5 } });
  }
});

Deno.test("an issuer whose words cannot be trusted has no keys", () =>
  withIssuer(async ({ issuer, key, ask, clock, log }) => {
    const token = await signed(key, claimsOf(issuer, LONG));
    const { configuration } = issuer as { configuration: Record<string, unknown> };
    const long = Response.json({ keys: [key.jwk], pad: "x".repeat(MAX_JSON_BYTES) });
    const body = await long.text();
    const at = (path: string, answer: () => Response) => () => {
      issuer.answer = (asked) => asked.endsWith(path) ? answer() : Response.json(configuration);
    };
    const moved = () => Response.redirect(`${issuer.url}/elsewhere`);
    const cases: [what: string, RegExp, () => void][] = [
      ["another issuer", /another issuer/, says({ issuer: "https://issuer.example.org" })],
      ["a slash more", /another issuer/, says({ issuer: `${issuer.url}/` })],
      ["no issuer", /another issuer/, says({ issuer: undefined })],
      ["no URL", /no https URL/, says({ jwks_uri: undefined })],
      ["http elsewhere", /no https URL/, says({ jwks_uri: "http://192.0.2.1/keys" })],
      ["a file", /no https URL/, says({ jwks_uri: "file:///etc/passwd" })],
      ["data", /no https URL/, says({ jwks_uri: `data:application/json,{"keys":[]}` })],
      ["null", /another issuer/, () => issuer.configuration = null],
      ["no JSON", /JSON/, at("configuration", () => new Response("<html>"))],
      ["a redirect", /answered 302/, at("configuration", moved)],
      ["a redirect of keys", /answered 302/, at("/keys", moved)],
      ["too much", /larger than/, at("/keys", () => new Response(body))],
      ["no set", /Key Set/, at("/keys", () => Response.json([key.jwk]))],
      ["no keys", /Key Set/, at("/keys", () => Response.json({ keys: "none" }))],
    ];
    function says(more: object) {
      return () => issuer.configuration = { ...configuration, ...more };
    }
    for (const [what, why, spoil] of cases) {
      issuer.answer = undefined;
      issuer.configuration = configuration;
      spoil();
      clock.now += COOLDOWN_MS;
      assert.equal((await ask(token)).status, 503, what);
      assert.match(
        String(log.findLast(({ event }) => event === "issuer failed")?.fields?.error),
        why,
      );
      // It is logged anew when it has worked meanwhile.
      issuer.answer = undefined;
      issuer.configuration = configuration;
      clock.now += COOLDOWN_MS;
      assert.equal((await ask(token)).status, 200, what);
      clock.now += KEPT_MS;
    }
    assert.ok(!issuer.requests.includes("/elsewhere"));
  }));

Deno.test("an issuer may have a path, and a slash at its end", async () => {
  for (const path of ["/", "/realms/one", "/realms/one/"]) {
    await withIssuer(async ({ issuer, key, ask }) => {
      assert.equal((await ask(await signed(key, claimsOf(issuer)))).status, 200);
      const base = path.replace(/\/$/, "");
      const places = [`${base}/.well-known/openid-configuration`, `${base}/keys`];
      assert.deepEqual(issuer.requests, places);
    }, { path });
  }
});

Deno.test("a JWT ends by the clock", () =>
  withIssuer(async ({ issuer, key, ask, clock }) => {
    const token = await signed(key, claimsOf(issuer, { exp: START / 1_000 + 60 }));
    assert.equal((await ask(token)).status, 200);
    clock.now += (60 + CLOCK_TOLERANCE_S) * 1_000 - 1;
    assert.equal((await ask(token)).status, 200);
    clock.now += 1_000;
    assert.equal((await ask(token)).status, 401);
  }));
