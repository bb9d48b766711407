/** TLS of upstreams: whom Chartroom trusts, what it shows of itself, and what it says of faults. */

import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { loadConfig } from "../../src/config.ts";
import { IndexError } from "../../src/helm/index_error.ts";
import { createSource } from "../../src/sources/download.ts";
import { HTTP_LIMITS } from "../../src/sources/watch.ts";
import { createEgress } from "../../src/sources/egress.ts";
import type { IndexRequest, Tls } from "../../src/sources/source.ts";
import { createTlsClients, explainTls } from "../../src/sources/tls.ts";
import { send, startRawUpstream } from "../support/raw_upstream.ts";
import {
  pem,
  pemPath,
  startMutualUpstream,
  startTlsUpstream,
  type TlsAnswer,
  type TlsUpstream,
} from "../support/tls_upstream.ts";
import { startUpstream } from "../support/upstream.ts";

const { allowUpstream } = loadConfig({ CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1,localhost" });
const egress = createEgress(allowUpstream);
const source = createSource(egress);
const impatient = createSource(egress, { ...HTTP_LIMITS, idleMs: 500 });

const INDEX = "apiVersion: v1\n";
const BUNDLE: Tls = { caBundle: pem("authority.pem") };
const OTHER_BUNDLE: Tls = { caBundle: pem("other_authority.pem") };
const CLIENT: Tls = {
  ...BUNDLE,
  certificate: pem("client_ec.pem"),
  key: pem("client_ec.key"),
};
const RSA_CLIENT: Tls = {
  ...BUNDLE,
  certificate: pem("client_rsa.pem"),
  key: pem("client_rsa.key"),
};
const STRANGER: Tls = { ...BUNDLE, certificate: pem("stranger.pem"), key: pem("stranger.key") };

/** A test that fails if it leaves a client open. */
function test(name: string, fn: () => void | Promise<void>) {
  Deno.test({ name, fn, sanitizeResources: true, sanitizeOps: true });
}

async function download(url: string, tls?: Tls, more: Partial<IndexRequest> = {}): Promise<string> {
  const answer = await source({ url, maxBytes: 1_000, ...tls && { tls }, ...more });
  if (answer.kind === "unchanged") return "unchanged";
  try {
    return new TextDecoder().decode(
      Uint8Array.from((await Array.fromAsync(answer.body)).flatMap((piece) => [...piece])),
    );
  } finally {
    await answer.leave();
  }
}

async function assertUnreachable(url: string, tls: Tls | undefined, message: RegExp) {
  await assert.rejects(download(url, tls), (error) => {
    assert.ok(error instanceof IndexError, String(error));
    assert.match(error.message, message);
    assert.equal(error.reason, "unreachable");
    return true;
  });
}

const answerIndex = () => new Response(INDEX);

async function withUpstreams(
  upstreams: (TlsUpstream | Promise<TlsUpstream>)[],
  fn: (...upstreams: TlsUpstream[]) => Promise<void>,
) {
  const started = await Promise.all(upstreams);
  try {
    await fn(...started);
  } finally {
    await Promise.all(started.map((upstream) => upstream.close()));
  }
}

test("an authority of the bundle vouches for an upstream, by name and by address", () =>
  withUpstreams([startTlsUpstream(answerIndex)], async ({ url, requests }) => {
    assert.equal(await download(url, BUNDLE), INDEX);
    assert.equal(await download(url.replace("localhost", "127.0.0.1"), BUNDLE), INDEX);
    const both = { caBundle: `${OTHER_BUNDLE.caBundle}${BUNDLE.caBundle}` };
    assert.equal(await download(url, both), INDEX);
    assert.equal(requests.length, 3);
  }));

/** Upstream's certificate, what the repository trusts, and the message. */
const FAULTS: Record<string, [string, Tls | undefined, RegExp]> = {
  "of an authority that is unknown": [
    "server.pem",
    undefined,
    /^the upstream's certificate is from an unknown authority, which a CA bundle can make known$/,
  ],
  "of an authority that the bundle lacks": ["server.pem", OTHER_BUNDLE, /unknown authority/],
  "of an authority that only a client's certificate is of": [
    "server.pem",
    { certificate: CLIENT.certificate!, key: CLIENT.key! },
    /unknown authority/,
  ],
  "that the bundle names, without its authority": [
    "server.pem",
    { caBundle: pem("server.pem") },
    /unknown authority/,
  ],
  "that has expired": ["expired.pem", BUNDLE, /^the upstream's certificate has expired$/],
  "that is not valid yet": ["early.pem", BUNDLE, /^the upstream's certificate is not valid yet$/],
  "of another host": [
    "other_name.pem",
    BUNDLE,
    /^the upstream's certificate is for another host name$/,
  ],
  "of a client": ["client_only.pem", BUNDLE, /^the upstream's certificate is not for a server$/],
  "that is an authority's": [
    "self_made.pem",
    { caBundle: pem("self_made.pem") },
    /^the upstream's certificate is an authority's own \(CA:TRUE\), which no server may show$/,
  ],
};

for (const [name, [certificate, tls, message]] of Object.entries(FAULTS)) {
  test(`no call of an upstream with a certificate ${name}`, () =>
    withUpstreams([startTlsUpstream(answerIndex, certificate)], async ({ url, requests }) => {
      await assertUnreachable(url, tls, message);
      assert.deepEqual(requests, []);
    }));
}

test("a certificate without an authority can be trusted for itself", () =>
  withUpstreams([startTlsUpstream(answerIndex, "self_signed.pem")], async ({ url }) => {
    assert.equal(await download(url, { caBundle: pem("self_signed.pem") }), INDEX);
  }));

test("the bundle is trusted beside the authorities that are known anyway", () =>
  withUpstreams([startTlsUpstream(answerIndex)], async ({ url }) => {
    const code = `
      import { createTlsClients, explainTls } from ${
      JSON.stringify(import.meta.resolve("../../src/sources/tls.ts"))
    };
      const url = new URL(${JSON.stringify(url)});
      const clients = createTlsClients(${JSON.stringify(OTHER_BUNDLE)}, url.origin);
      const client = clients.clientFor(url);
      console.log(await (await fetch(url, { client })).text());`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      env: { DENO_CERT: pemPath("authority.pem") },
      stderr: "inherit",
    }).output();
    assert.equal(new TextDecoder().decode(stdout), `${INDEX}\n`);
  }));

/** TLS alert by number (RFC 8446, 6), whether a certificate is set, and the message. */
const ALERTS: [number, Tls, RegExp][] = [
  [116, BUNDLE, /^the upstream wants a client certificate \(TLS alert CertificateRequired\)$/],
  [42, BUNDLE, /^the upstream wants a client certificate \(TLS alert BadCertificate\)$/],
  [42, CLIENT, /^the upstream refuses the client certificate \(TLS alert BadCertificate\)$/],
  [45, CLIENT, /^the upstream refuses the client certificate \(TLS alert CertificateExpired\)$/],
  [48, CLIENT, /^the upstream refuses the client certificate \(TLS alert UnknownCA\)$/],
  [49, CLIENT, /^the upstream refuses the client certificate \(TLS alert AccessDenied\)$/],
  [40, BUNDLE, /failed; the upstream may want a client certificate \(TLS alert HandshakeFailure/],
  [40, CLIENT, /^the TLS handshake failed \(TLS alert HandshakeFailure\)$/],
  [70, BUNDLE, /^the upstream speaks neither TLS 1\.2 nor 1\.3 \(TLS alert ProtocolVersion\)$/],
  [80, BUNDLE, /^the TLS handshake failed \(TLS alert InternalError\)$/],
];

test("an alert in the handshake says what the upstream did not like", async () => {
  for (const [alert, tls, message] of ALERTS) {
    const upstream = startRawUpstream((connection) =>
      send(connection, new Uint8Array([21, 3, 3, 0, 2, 2, alert]))
    );
    await assertUnreachable(upstream.url.replace("http:", "https:"), tls, message);
    await upstream.close();
  }
});

/** What Deno 2.9 says of upstreams that no server here can be, and the message. */
const TEXTS: [string, string | undefined][] = [
  [
    "invalid peer certificate: BadSignature",
    "the upstream's certificate is not signed by the authority of that name which is known",
  ],
  [
    "invalid peer certificate: UnsupportedSignatureAlgorithmContext { signature_algorithm_id: [6] }",
    "the upstream's certificate is signed in a way that is not accepted, such as with SHA-1",
  ],
  [
    "invalid peer certificate: Other(OtherError(UnsupportedCertVersion))",
    "the upstream's certificate is not of X.509 version 3",
  ],
  ["invalid peer certificate: Revoked", "the upstream's certificate cannot be verified"],
  ["peer misbehaved: IllegalHelloRetryRequestWithNoChanges", "the TLS handshake failed"],
  ["received corrupt message of type MissingKeyExchange", "the TLS handshake failed"],
  [
    "peer is incompatible: ServerDoesNotSupportTls12Or13",
    "the upstream speaks neither TLS 1.2 nor 1.3",
  ],
  ["peer closed connection without sending TLS close_notify: https://docs.rs/rustls", undefined],
  ["tcp connect error: Connection refused (os error 111)", undefined],
];

test("what Deno says of TLS is told in plain words, and what it says of others is not", () => {
  for (const [text, message] of TEXTS) assert.equal(explainTls(text, BUNDLE), message);
});

test("an upstream without TLS, or that hangs up, is told apart from one with a bad certificate", async () => {
  const plain = startUpstream();
  await assertUnreachable(
    plain.url.replace("http:", "https:"),
    BUNDLE,
    /^the upstream does not speak TLS on this port$/,
  );
  await plain.close();
  const mute = startRawUpstream(() => Promise.resolve());
  await assertUnreachable(
    mute.url.replace("http:", "https:"),
    BUNDLE,
    /^the upstream closed the connection during the TLS handshake$/,
  );
  // What the URL says is no fault.
  await assertUnreachable(
    `${mute.url}/refused/dns`,
    undefined,
    /^the upstream closed the connection without an answer$/,
  );
  await mute.close();
});

test("a client certificate is shown to the repository's own origin", () =>
  withUpstreams([startMutualUpstream(answerIndex, "required")], async ({ url, requests }) => {
    assert.equal(await download(url, CLIENT), INDEX);
    assert.equal(await download(url, RSA_CLIENT), INDEX);
    const withChain = `${CLIENT.certificate}${pem("client_authority.pem")}`;
    assert.equal(await download(url, { ...CLIENT, certificate: withChain }), INDEX);
    const shown = requests.map(({ client }) => client);
    assert.deepEqual(shown, ["chartroom-ec", "chartroom-rsa", "chartroom-ec"]);
  }));

test("an upstream that requires a client certificate is called with none or another in vain", () =>
  withUpstreams([startMutualUpstream(answerIndex, "required")], async ({ url, requests }) => {
    await assertUnreachable(url, BUNDLE, /^the upstream wants a client certificate/);
    // Deno's server, unlike others, sends no alert.
    await assertUnreachable(url, STRANGER, /^the upstream (closed the connection|refuses the cl)/);
    assert.deepEqual(requests, []);
  }));

test("another repository's call does not go over a connection with a client certificate", () =>
  withUpstreams([startMutualUpstream(answerIndex, "asked")], async ({ url, requests }) => {
    await download(url, CLIENT);
    await download(url, BUNDLE);
    await download(url, RSA_CLIENT);
    const shown = requests.map(({ client }) => client);
    assert.deepEqual(shown, ["chartroom-ec", undefined, "chartroom-rsa"]);
  }));

test("a redirect elsewhere takes the bundle along, and not the client certificate", () =>
  withUpstreams([startMutualUpstream(answerIndex, "asked")], async (other) => {
    const redirect = (path: string) =>
      path === "/index.yaml" ? Response.redirect(`${other.url}/there/index.yaml`) : answerIndex();
    await withUpstreams([startMutualUpstream(redirect, "required")], async (own) => {
      assert.equal(await download(own.url, CLIENT), INDEX);
      assert.deepEqual(own.requests.map(({ client }) => client), ["chartroom-ec"]);
      assert.equal(other.requests.length, 1);
      assert.equal(other.requests[0]!.client, undefined);
      assert.equal(other.requests[0]!.path, "/there/index.yaml");
    });
  }));

test("a redirect back, and one within the origin, show the client certificate", async () => {
  const places = { back: "" };
  const goBack = () => Response.redirect(places.back);
  await withUpstreams([startMutualUpstream(goBack, "asked")], async (other) => {
    const turn: TlsAnswer = (path) => {
      if (path === "/end") return answerIndex();
      const location = path === "/index.yaml" ? other.url : "/end";
      return new Response(null, { status: 302, headers: { location } });
    };
    await withUpstreams([startMutualUpstream(turn, "required")], async (own) => {
      places.back = `${own.url}/back`;
      assert.equal(await download(own.url, CLIENT), INDEX);
      assert.deepEqual(own.requests.map(({ path }) => path), ["/index.yaml", "/back", "/end"]);
      assert.ok(own.requests.every(({ client }) => client === "chartroom-ec"));
      assert.deepEqual(other.requests.map(({ client }) => client), [undefined]);
    });
  });
});

test("a redirect to an upstream of another authority is not followed without its bundle", () =>
  withUpstreams([startTlsUpstream(answerIndex)], async (other) => {
    const plain = startUpstream();
    plain.serve("/index.yaml", () => Response.redirect(`${other.url}/index.yaml`));
    await assertUnreachable(plain.url, OTHER_BUNDLE, /unknown authority/);
    const identity = { certificate: CLIENT.certificate!, key: CLIENT.key! };
    await assertUnreachable(plain.url, identity, /unknown authority/);
    assert.deepEqual(other.requests, []);
    assert.equal(await download(plain.url, CLIENT), INDEX);
    await plain.close();
  }));

test("a redirect from https to http is refused before the other is called", async () => {
  const plain = startUpstream();
  plain.serve("/index.yaml", INDEX);
  const redirect = () => Response.redirect(`${plain.url}/index.yaml`);
  await withUpstreams([startMutualUpstream(redirect, "required")], async ({ url, requests }) => {
    await assert.rejects(download(url, CLIENT), {
      reason: "redirect",
      message: "the upstream redirects from https to http",
    });
    assert.equal(requests.length, 1);
  });
  assert.deepEqual(plain.requests, []);
  await plain.close();
});

test("what is no certificate or key fails the download without being told", async () => {
  const hush = { certificate: CLIENT.certificate!, key: "hush" };
  for (const tls of [hush, { key: "hush" }, { ...CLIENT, key: STRANGER.key! }]) {
    await assertUnreachable(
      "https://localhost",
      tls,
      /^the CA bundle, client certificate or key cannot be used$/,
    );
  }
});

test("a client is made where there is something to say, and once", () => {
  const own = new URL("https://charts.example.org/index.yaml");
  const other = new URL("https://elsewhere.example.org/index.yaml");
  const plain = new URL("http://charts.example.org/index.yaml");
  const made = (tls?: Tls) => {
    const clients = createTlsClients(tls, own.origin);
    const found = [own, other, plain].map((url) => clients.clientFor(url));
    assert.equal(clients.clientFor(own), found[0]);
    assert.equal(clients.clientFor(other), found[1]);
    clients.close();
    clients.close();
    return found.map((client) => client !== undefined);
  };
  assert.deepEqual(made(), [false, false, false]);
  assert.deepEqual(made({}), [false, false, false]);
  assert.deepEqual(made(BUNDLE), [true, true, false]);
  assert.deepEqual(made(CLIENT), [true, true, false]);
  const { certificate, key } = CLIENT;
  assert.deepEqual(made({ certificate: certificate!, key: key! }), [true, false, false]);
});

/** A body of two pieces that come at once, and of no end. */
function endless(): Response {
  const piece = new Uint8Array(100);
  return new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(piece);
        controller.enqueue(piece);
      },
    }),
  );
}

type End = (url: string) => Promise<void>;

/** How a download ends: what the upstream answers, and what is done with it. */
const ENDS: Record<string, [TlsAnswer, End]> = {
  "is read to its end": [answerIndex, async (url) => void await download(url, CLIENT)],
  "is left before it is read": [endless, async (url) => {
    const answer = await source({ url, maxBytes: 1_000, tls: CLIENT });
    if (answer.kind === "index") await answer.leave();
  }],
  "is left after its first piece": [endless, async (url) => {
    const answer = await source({ url, maxBytes: 1_000, tls: CLIENT });
    assert.equal(answer.kind, "index");
    if (answer.kind === "index") { for await (const _ of answer.body) break; }
  }],
  "is larger than it may be": [
    endless,
    (url) => assert.rejects(download(url, CLIENT, { maxBytes: 50 }), { reason: "too_large" }),
  ],
  "stops coming": [endless, async (url) => {
    const answer = await impatient({ url, maxBytes: 1_000, tls: CLIENT });
    assert.equal(answer.kind, "index");
    if (answer.kind !== "index") return;
    await assert.rejects(Array.fromAsync(answer.body), { reason: "timeout" });
  }],
  "is aborted before its answer": [
    () => delay(500).then(answerIndex),
    async (url) => {
      const signal = AbortSignal.timeout(200);
      await assert.rejects(download(url, CLIENT, { signal }), { name: "TimeoutError" });
    },
  ],
  "is aborted while it comes": [endless, async (url) => {
    const controller = new AbortController();
    const { signal } = controller;
    const onBytes = () => controller.abort(new Error("enough"));
    await assert.rejects(download(url, CLIENT, { signal, onBytes }), /enough/);
  }],
  "has not changed": [
    () => new Response(null, { status: 304 }),
    async (url) => {
      const validators = { etag: '"1"' };
      assert.equal(await download(url, CLIENT, { validators }), "unchanged");
    },
  ],
  "is answered with an error": [
    () => new Response("x".repeat(100_000), { status: 500 }),
    (url) => assert.rejects(download(url, CLIENT), { reason: "status" }),
  ],
  "is redirected too often": [
    () => new Response("x", { status: 302, headers: { location: "/index.yaml" } }),
    (url) => assert.rejects(download(url, CLIENT), { reason: "redirect" }),
  ],
  "is redirected to where no call may go": [
    () => Response.redirect("https://10.0.0.1/"),
    (url) => assert.rejects(download(url, CLIENT), { reason: "blocked" }),
  ],
};

for (const [name, [answer, end]] of Object.entries(ENDS)) {
  test(`a download that ${name} leaves no client and no connection`, async () => {
    await withUpstreams([startMutualUpstream(answer, "required")], async ({ url, open }) => {
      await end(url);
      for (let i = 0; open() > 0 && i < 100; i++) await delay(20);
      assert.equal(open(), 0);
    });
    // The same over HTTP/2; this ends when every connection has.
    await withUpstreams([startTlsUpstream(answer)], ({ url }) => end(url));
  });
}
