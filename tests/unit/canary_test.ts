/** The search for secrets: it finds each in every way to write it, and nothing else. */

import assert from "node:assert/strict";
import { canary, DrawnSecrets, keyCanary, leakIn, queryCanary } from "../support/canary.ts";
import { sealedLeakIn } from "../support/canary.ts";
import { takeLeaks, watchLog, watchOutput, watchStored } from "../support/leaks.ts";
import { pem } from "../support/tls_upstream.ts";

const encoder = new TextEncoder();
const SECRET = canary("one");
const DRAWN = `crw_${new Uint8Array(32).fill(77).toBase64({ alphabet: "base64url" }).slice(0, 43)}`;
const base64 = (text: string) => encoder.encode(text).toBase64();
const each = (text: string, escape: (code: number) => string) =>
  [...text].map((letter) => escape(letter.charCodeAt(0))).join("");
const hex = (code: number) => code.toString(16).padStart(2, "0");

const FORMS: Record<string, (text: string) => string | Uint8Array> = {
  "as it is": (text) => text,
  "in capitals": (text) => text.toUpperCase(),
  "in small letters": (text) => text.toLowerCase(),
  "backwards": (text) => [...text].reverse().join(""),
  "in bytes": (text) => encoder.encode(text),
  "in UTF-16": (text) => new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer),
  "in base64": (text) => base64(text),
  "in base64 behind one byte": (text) => base64(`x${text}`),
  "in base64 behind two bytes": (text) => base64(`bo${text}:x`),
  "in base64url": (text) => encoder.encode(`~~?${text}`).toBase64({ alphabet: "base64url" }),
  "in lines of base64": (text) => base64(`${text}${text}`).replace(/.{10}/g, "$&\r\n"),
  "in base64 in small letters": (text) => base64(text).toLowerCase(),
  "in small letters in base64": (text) => base64(text.toLowerCase()),
  "in hexadecimal digits": (text) => encoder.encode(text).toHex(),
  "in large hexadecimal digits": (text) => encoder.encode(text).toHex().toUpperCase(),
  "in hexadecimal digits apart": (text) => each(text, (code) => `${hex(code)} `),
  "in escapes of URLs": (text) => each(text, (code) => `%${hex(code)}`),
  "in some escapes of URLs": (text) => text.replace("a", "%61"),
  "in escapes of JSON": (text) => each(text, (code) => `\\u00${hex(code)}`),
  "in escapes of scripts": (text) => each(text, (code) => `\\x${hex(code)}`),
  "in entities of HTML": (text) => each(text, (code) => `&#${code};`),
  "in hexadecimal entities": (text) => each(text, (code) => `&#x${hex(code)};`),
  "in quoted-printable": (text) => each(text, (code) => `=${hex(code)}`),
  "in quoted-printable, over a line's end": (text) => text.replace("a", "a=\r\n"),
};

for (const [name, write] of Object.entries(FORMS)) {
  Deno.test(`a secret is found ${name}`, () => {
    const written = write(SECRET);
    const around = typeof written === "string" ? `<p>${written}</p>` : written;
    const said = leakIn(around)!;
    assert.match(said, /^(plain|reversed|hex|base64), at \d+: /);
    assert.ok(!said.includes(SECRET), said);
  });
}

Deno.test("secrets that only look otherwise are found: keys, and those that Chartroom draws", () => {
  for (const name of ["client_ec.key", "client_rsa.key", "stranger.key", "pss.key"]) {
    assert.ok(leakIn(pem(name)), name);
    assert.ok(leakIn(JSON.stringify(pem(name))), name);
    assert.ok(leakIn(base64(`x${pem(name)}`)), name);
  }
  assert.ok(leakIn(keyCanary("key")));
  assert.ok(leakIn(Uint8Array.fromBase64(keyCanary("key"))));
  assert.equal(Uint8Array.fromBase64(keyCanary("key")).length, 32);
  const secrets = new DrawnSecrets();
  assert.equal(secrets.leakIn(DRAWN), undefined);
  assert.equal(secrets.tell(`{"secret":"${DRAWN}"}`), undefined);
  const random = Uint8Array.fromBase64(DRAWN.slice(4), { alphabet: "base64url" });
  for (const form of [DRAWN, DRAWN.slice(4), random, random.toHex(), base64(DRAWN)]) {
    assert.ok(secrets.leakIn(form), String(form));
  }
  // Told for the second time.
  assert.ok(secrets.tell(DRAWN));
});

Deno.test("what may stand in a URL's query is told from what may stand nowhere", () => {
  assert.ok(leakIn(queryCanary("q")));
  assert.equal(sealedLeakIn(queryCanary("q")), undefined);
  assert.ok(sealedLeakIn(SECRET));
});

Deno.test("certificates and other texts are no secrets", async () => {
  for (const name of ["authority.pem", "client_ec.pem", "client_rsa.pem", "stranger.pem"]) {
    assert.equal(leakIn(pem(name)), undefined, name);
  }
  for (const path of ["README.md", "deno.lock", "routes/openapi/document.json"]) {
    assert.equal(leakIn(await Deno.readFile(new URL(`../../${path}`, import.meta.url))), undefined);
  }
});

Deno.test("leaks are noted wherever something comes out", async () => {
  const inLog = watchLog([]);
  const answer = (body: BodyInit, headers: HeadersInit = {}) => new Response(body, { headers });
  const leaking: [string, () => unknown, RegExp][] = [
    ["a log", () => inLog("x", { error: SECRET }), /^the log: plain/],
    ["a log of what is drawn", () => inLog("x", { error: DRAWN }), /^the log: a secret that/],
    ["an event", () => watchOutput("an event", encoder.encode(SECRET).toHex()), /^an event: hex/],
    ["a header", () => answer("", { etag: SECRET }).text(), /^an answer, its head: plain/],
    ["a cookie", () => answer("", { "set-cookie": SECRET }).text(), /its cookies: plain/],
    ["a body", () => answer(base64(SECRET)).text(), /^an answer: base64/],
    ["JSON", () => answer(JSON.stringify({ a: SECRET })).json(), /^an answer: plain/],
    ["bytes", () => answer(SECRET).bytes(), /^an answer: plain/],
    ["a query", () => answer(`{"message":"${queryCanary("q")}"}`).text(), /^an answer: plain/],
    ["a file", () => watchStored("kv", encoder.encode(SECRET)), /^kv: plain/],
  ];
  for (const [name, leak, message] of leaking) {
    await leak();
    const [found = "", ...more] = takeLeaks();
    assert.match(found, message, name);
    assert.deepEqual(more, [], name);
  }
  await answer(`{"url":"http://h/?t=${queryCanary("q")}"}`).text();
  await answer(`{"secret":"${DRAWN}"}`).text();
  assert.deepEqual(takeLeaks(), []);
});

Deno.test("a folder is searched before it is removed, and what a process writes", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/deep`);
  await Deno.writeTextFile(`${folder}/deep/kv.sqlite`, SECRET);
  await Deno.remove(folder, { recursive: true });
  assert.match(takeLeaks().join(), /^kv\.sqlite: plain/);
  const args = ["eval", `console.log(${JSON.stringify(SECRET)})`];
  await new Deno.Command(Deno.execPath(), { args }).output();
  assert.match(takeLeaks().join(), /^stdout: plain/);
});
