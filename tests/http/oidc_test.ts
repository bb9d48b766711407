/** Who shows a JWT of the issuer that Chartroom trusts, and who does not. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { exportSPKI, importJWK } from "jose";
import { CLOCK_TOLERANCE_S, MAX_JWT } from "../../src/access/oidc.ts";
import { START } from "../support/chartroom.ts";
import {
  AUDIENCE,
  claimsOf,
  makeKey,
  part,
  signed,
  signedRaw,
  withIssuer,
} from "../support/issuer.ts";

const NOW_S = START / 1_000;

Deno.test("a JWT of the issuer lets in, whatever it is signed with", () =>
  withIssuer(async ({ issuer, ask }) => {
    const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"];
    const keys = await Promise.all(
      [...algorithms, "ES512", "EdDSA", "Ed25519"].map((alg) => makeKey(alg, alg)),
    );
    issuer.keys = keys.map(({ jwk }) => jwk);
    for (const key of keys) {
      const { status, body } = await ask(await signed(key, claimsOf(issuer)));
      const who = { name: "u-1", kind: "oidc", role: "editor", workspaces: "*" };
      assert.deepEqual([status, body], [200, who], key.alg);
    }
    for (const typ of [undefined, "jwt", "at+jwt", "application/at+JWT"]) {
      assert.equal((await ask(await signed(keys[0]!, claimsOf(issuer), { typ }))).status, 200);
    }
    assert.deepEqual(issuer.requests, ["/.well-known/openid-configuration", "/keys"]);
  }));

Deno.test("a JWT is refused for whatever is wrong with it, and says what", () =>
  withIssuer(async ({ issuer, key, ask }) => {
    const other = await makeKey("one"), claims = claimsOf(issuer);
    const { iss: _iss, ...noIssuer } = claims, { aud: _aud, ...noAudience } = claims;
    const { exp: _exp, ...endless } = claims;
    const of = (more: object, header = {}) => signed(key, claimsOf(issuer, more), header);
    const wrong: [token: string | Promise<string>, why: RegExp][] = [
      [of({ iss: "https://issuer.example.org" }), /"iss"/],
      [of({ iss: `${issuer.url}/` }), /"iss"/],
      [signed(key, noIssuer), /"iss"/],
      [of({ aud: "other" }), /"aud"/],
      [of({ aud: ["other", "another"] }), /"aud"/],
      [signed(key, noAudience), /"aud"/],
      [of({ exp: NOW_S - CLOCK_TOLERANCE_S }), /"exp"/],
      [of({ exp: "tomorrow" }), /"exp"/],
      [signed(key, endless), /"exp"/],
      [of({ nbf: NOW_S + CLOCK_TOLERANCE_S + 1 }), /"nbf"/],
      [of({}, { typ: "logout+jwt" }), /type/],
      [of({}, { kid: "two" }), /no applicable key/],
      [signed(other, claims), /signature/],
      [of({ sub: 7 }), /says of nobody/],
      [
        signedRaw(key, '{"alg":"RS256","kid":"one","crit":["x"],"x":1}', JSON.stringify(claims)),
        /x/,
      ],
      [signedRaw(key, '{"alg":"RS256","kid":"one","crit":[]}', JSON.stringify(claims)), /crit/],
      [signedRaw(key, '{"alg":"RS256","kid":"one"}', "[1]"), /Claims Set/],
      [signedRaw(key, '{"alg":"RS256","kid":"one"}', "not JSON"), /Claims Set/],
    ];
    for (const [token, why] of wrong) {
      const { status, body } = await ask(await token);
      assert.deepEqual([status, body.code], [401, "unauthorized"], String(why));
      assert.match(body.message, why);
    }
    for (
      const more of [{ exp: NOW_S - CLOCK_TOLERANCE_S + 1 }, { nbf: NOW_S + CLOCK_TOLERANCE_S }]
    ) {
      assert.equal((await ask(await of(more))).status, 200, "clocks differ a little");
    }
    assert.equal((await ask(await of({ aud: ["other", AUDIENCE] }))).status, 200);
  }));

Deno.test("no header of a JWT chooses how it is verified, nor with what", () =>
  withIssuer(async ({ issuer, key, ask }) => {
    const claims = claimsOf(issuer), thief = await makeKey("thief");
    const evil = {
      jku: `${issuer.url}/evil`,
      x5u: `${issuer.url}/evil`,
      jwk: thief.jwk,
      x5c: ["x"],
    };
    const hidden = await signed(thief, claims, evil);
    const asOurs = await signed(thief, claims, { ...evil, kid: key.kid });
    const pem = await exportSPKI(
      await importJWK(key.jwk, "RS256", { extractable: true }) as CryptoKey,
    );
    const forged = (header: object, secret: string) => {
      const text = `${part(JSON.stringify(header))}.${part(JSON.stringify(claims))}`;
      return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
    };
    const none = `${part('{"alg":"none"}')}.${part(JSON.stringify(claims))}`;
    const [header, , signature] = (await signed(key, claims)).split(".");
    const stolen = part(JSON.stringify({ ...claims, chartroom_role: "admin" }));
    const tokens = [
      hidden,
      asOurs,
      ...[pem, pem.trim(), JSON.stringify(key.jwk), ""].map((secret) =>
        forged({ alg: "HS256", kid: key.kid }, secret || "x")
      ),
      `${none}.`,
      `${none}.AAAA`,
      none,
      forged({ alg: "NONE" }, "x"),
      forged({ alg: ["RS256"] }, "x"),
      forged({ kid: key.kid }, "x"),
      // The last one counts, to the one reader that there is.
      await signedRaw(thief, '{"alg":"RS256","kid":"thief","kid":"one"}', JSON.stringify(claims)),
      `${header}.${stolen}.${signature}`,
      `${header}.${part(JSON.stringify(claims))}.${signature}x`,
      "a.b.c",
      "..",
      "eyJhbGciOiJSUzI1NiJ9..",
      `${header}.${header}.${signature}.${signature}.${signature}`,
    ];
    for (const token of tokens) {
      const { status, body } = await ask(token);
      assert.deepEqual([status, body.code], [401, "unauthorized"], token);
    }
    assert.ok(!issuer.requests.includes("/evil"));
    assert.equal(issuer.requests.length, 2);
  }));

Deno.test("a key is used for what it is published for", async () => {
  const keys = [
    await makeKey("enc", "RS256", { use: "enc" }),
    await makeKey("rs512", "RS256", { alg: "RS512" }),
    await makeKey("ops", "RS256", { key_ops: ["encrypt"] }),
  ];
  await withIssuer(async ({ issuer, ask }) => {
    const secret = part("sixteen bytes ok sixteen bytes!!");
    issuer.keys = [...keys.map(({ jwk }) => jwk), { kty: "oct", kid: "oct", k: secret }];
    for (const key of keys) {
      assert.equal((await ask(await signed(key, claimsOf(issuer)))).status, 401, key.kid);
    }
    const text = `${part('{"alg":"HS256","kid":"oct"}')}.${part(JSON.stringify(claimsOf(issuer)))}`;
    const hmac = createHmac("sha256", "sixteen bytes ok sixteen bytes!!").update(text);
    assert.equal((await ask(`${text}.${hmac.digest("base64url")}`)).status, 401);
  });
});

Deno.test("a JWT that is too long is not even looked at", () =>
  withIssuer(async ({ issuer, key, ask }) => {
    const sized = async (length: number) => {
      const lacking = length - (await signed(key, claimsOf(issuer, { pad: "" }))).length;
      // Four characters of the one are three of the other.
      return await signed(key, claimsOf(issuer, { pad: "x".repeat(Math.floor(lacking * 3 / 4)) }));
    };
    const long = await sized(MAX_JWT + 8);
    assert.ok(long.length > MAX_JWT);
    const { status, body } = await ask(long);
    assert.deepEqual([status, body.field], [401, "authorization"]);
    assert.equal(issuer.requests.length, 0);
    const fitting = await sized(MAX_JWT - 8);
    assert.ok(fitting.length > MAX_JWT - 16 && fitting.length <= MAX_JWT);
    assert.equal((await ask(fitting)).status, 200);
  }));

Deno.test("claims say who somebody is, and what they may do where", () =>
  withIssuer(async ({ issuer, key, ask }) => {
    const cases: [claims: object, name: string, role: string, workspaces: unknown][] = [
      [{ email: "ada@example.org" }, "ada@example.org", "editor", "*"],
      [{ email: "ada@example.org", preferred_username: "ada" }, "ada", "editor", "*"],
      [{ preferred_username: " \u202e\u0000\n ", email: 7 }, "u-1", "editor", "*"],
      [{ preferred_username: "a\u0007d\u2028a" }, "ada", "editor", "*"],
      [{ preferred_username: "😀".repeat(101) }, "😀".repeat(100), "editor", "*"],
      [{ chartroom_role: ["viewer", "owner"] }, "u-1", "viewer", "*"],
      [{ chartroom_role: ["viewer", "admin", "editor"] }, "u-1", "admin", "*"],
      [{ chartroom_workspaces: "team-a" }, "u-1", "editor", ["team-a"]],
      [{ chartroom_workspaces: ["team-a", "b", "team-a"] }, "u-1", "editor", ["team-a", "b"]],
      [{ chartroom_workspaces: ["team-a", "*"] }, "u-1", "editor", "*"],
      [{ chartroom_workspaces: ["", "/a", "a b", "-", 7, null, ["x"], "ok"] }, "u-1", "editor", [
        "ok",
      ]],
      [{ chartroom_workspaces: { "*": true } }, "u-1", "editor", []],
      [{ chartroom_workspaces: undefined }, "u-1", "editor", []],
    ];
    for (const [more, name, role, workspaces] of cases) {
      const { status, body } = await ask(await signed(key, claimsOf(issuer, more)));
      const who = { name, kind: "oidc", role, workspaces };
      assert.deepEqual([status, body], [200, who], JSON.stringify(more));
    }
    for (
      const role of [undefined, null, "", "Admin", "viewer editor", [], ["owner"], { admin: true }]
    ) {
      const { status, body } = await ask(
        await signed(key, claimsOf(issuer, { chartroom_role: role })),
      );
      assert.deepEqual([status, body.code], [403, "forbidden"], JSON.stringify(role));
      assert.match(body.message, /chartroom_role: expected viewer, editor or admin/);
    }
    const twice = JSON.stringify(claimsOf(issuer)).replace("{", '{"chartroom_role":"admin",');
    const { body } = await ask(await signedRaw(key, '{"alg":"RS256","kid":"one"}', twice));
    assert.equal(body.role, "editor", "the last of the same name counts");
  }));

Deno.test("claims can be inside of others, and a claim's own name comes first", () =>
  withIssuer(async ({ issuer, key, ask }) => {
    const inside = { realm_access: { roles: ["offline_access", "editor"] } };
    const cases: [claims: object, role: string | undefined][] = [
      [inside, "editor"],
      [{ ...inside, "realm_access.roles": "viewer" }, "viewer"],
      [{ realm_access: { roles: { length: 1 } } }, undefined],
      [{ realm_access: "roles" }, undefined],
      [{ realm_access: null }, undefined],
      [{}, undefined],
    ];
    for (const [more, role] of cases) {
      const { status, body } = await ask(await signed(key, claimsOf(issuer, more)));
      assert.deepEqual([status, body.role], [role ? 200 : 403, role], JSON.stringify(more));
    }
  }, {
    environment: {
      CHARTROOM_OIDC_ROLE_CLAIM: "realm_access.roles",
      CHARTROOM_OIDC_WORKSPACE_CLAIM: "constructor.name",
    },
  }));

Deno.test("a role counts in its workspaces alone", () =>
  withIssuer(async ({ call, issuer, key }) => {
    const claims = claimsOf(issuer, { chartroom_role: "admin", chartroom_workspaces: ["team-a"] });
    const headers = { authorization: `Bearer ${await signed(key, claims)}` };
    const token = { name: "ci", workspace: "team-a", role: "editor" };
    assert.equal((await call("POST", "/v1/tokens", token, headers)).status, 200);
    const elsewhere = { ...token, workspace: "team-b" };
    assert.equal((await call("POST", "/v1/tokens", elsewhere, headers)).status, 403);
    const repo = { name: "r", url: "http://127.0.0.1:1" };
    assert.equal((await call("POST", "/v1/workspaces/team-b/repos", repo, headers)).status, 403);
    assert.equal((await call("POST", "/v1/repos", repo, headers)).status, 403);
    assert.equal((await call("GET", "/v1/repos", undefined, headers)).status, 200);
  }));

Deno.test("with an issuer, nobody gets in without a proof, on loopback neither", () =>
  withIssuer(async ({ call, services }) => {
    assert.equal(services.identities.isOpen, false);
    for (const path of ["/v1/repos", "/v1/apps", "/v1/whoami", "/v1/cache"]) {
      assert.equal((await call("GET", path)).status, 401, path);
    }
    assert.equal((await call("POST", "/v1/repos", { name: "r", url: "http://x" })).status, 401);
  }));

Deno.test("people of one name are told apart, and who has no role is soon asked no more", () =>
  withIssuer(async ({ issuer, key, call }) => {
    const bearer = async (claims: object) => ({
      authorization: `Bearer ${await signed(key, claimsOf(issuer, claims))}`,
    });
    const ask = async (headers: HeadersInit, from?: string) =>
      (await call("GET", "/v1/whoami", undefined, headers, from)).status;
    const named = { preferred_username: "ada" };
    const ada = await bearer({ ...named, sub: "a-1" }),
      other = await bearer({ ...named, sub: "b" });
    for (let i = 0; i < 10; i++) assert.equal(await ask(other), 200);
    assert.equal(await ask(other), 429);
    assert.equal(await ask(ada), 200);
    const none = await bearer({ chartroom_role: "none" });
    const statuses = [];
    for (let i = 0; i < 11; i++) statuses.push(await ask(none, "192.0.2.1"));
    assert.deepEqual(statuses, [...Array(10).fill(403), 429]);
  }, { environment: { CHARTROOM_RATE_LIMIT: "1" } }));
