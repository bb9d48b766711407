/** Calls by host name, which the dialler connects: what they say of faults, and what they leave. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { loadConfig } from "../../src/config.ts";
import { type Dial, DIAL_LIMITS, Dialler, type DialLimits } from "../../src/sources/dialler.ts";
import { createSource } from "../../src/sources/download.ts";
import { createEgress, type Egress } from "../../src/sources/egress.ts";
import type { IndexRequest, Tls } from "../../src/sources/source.ts";
import { HTTP_LIMITS } from "../../src/sources/watch.ts";
import { send, startRawUpstream } from "../support/raw_upstream.ts";
import { pem, startMutualUpstream, startTlsUpstream } from "../support/tls_upstream.ts";
import { startUpstream } from "../support/upstream.ts";

const { allowUpstream } = loadConfig({ CHARTROOM_ALLOW_UPSTREAM: "127.0.0.1" });
/** Deno asks the system's resolver for every host, by a proxy too: this one needs no network. */
const HOST = "localhost";
const PUBLIC = "93.184.216.34", SECOND = "2606:4700::1";
const LIMITS = { ...HTTP_LIMITS, idleMs: 400 };
const LONG = new Uint8Array(20_000_000).fill(0x23);

/** All addresses lead to loopback. */
const toLoopback: Dial = (_address, port, signal) =>
  Deno.connect({ hostname: "127.0.0.1", port, signal });

/** A test that fails if it leaves a client, a connection or a timer. */
function test(name: string, fn: () => Promise<void>) {
  Deno.test({ name, fn, sanitizeResources: true, sanitizeOps: true });
}

type Download = (url: string, more?: Partial<IndexRequest>) => Promise<Uint8Array | "unchanged">;

/** A policy by which the host name has addresses, as if it were a public one. */
function pinning(dialler: Dialler, addresses: string[]): Egress {
  const { check, objection } = createEgress(allowUpstream);
  return {
    objection,
    check: (url) =>
      url.hostname === HOST ? dialler.pin(HOST, Number(url.port), addresses) : check(url),
  };
}

/** Runs a test with downloads whose host names lead to addresses, which are dialled as it says. */
async function withDialler(
  test: (download: Download, dialler: Dialler) => Promise<void>,
  { dial = toLoopback, addresses = [PUBLIC], limits = {} as Partial<DialLimits> } = {},
) {
  const dialler = new Dialler(dial, { ...DIAL_LIMITS, ...limits });
  const source = createSource(pinning(dialler, addresses), LIMITS);
  const download: Download = async (url, more = {}) => {
    const answer = await source({ url, maxBytes: 30_000_000, ...more });
    if (answer.kind === "unchanged") return "unchanged";
    try {
      return await new Blob(await Array.fromAsync(answer.body) as BlobPart[]).bytes();
    } finally {
      await answer.leave();
    }
  };
  try {
    await test(download, dialler);
  } finally {
    await dialler.close();
  }
}

function byName(url: string): string {
  return url.replace("127.0.0.1", HOST);
}

/** What comes, or why it does not. */
async function outcomeOf(downloaded: ReturnType<Download>): Promise<string> {
  return await downloaded.then(
    (bytes) => bytes === "unchanged" ? bytes : new TextDecoder().decode(bytes),
    (error) => `${error.reason}: ${error.message}`,
  );
}

const HTTP = "HTTP/1.1 200 OK\r\n";

/** What an upstream sends before it closes the connection, or resets it. */
const ANSWERS: Record<string, string> = {
  "closes without an answer": "",
  "closes inside of the headers": `${HTTP}Content-Le`,
  "closes inside of the body": `${HTTP}Content-Length: 100\r\n\r\napi`,
  "ends the body by closing": `${HTTP}\r\napi`,
  "speaks another protocol": "SSH-2.0-OpenSSH_9\r\n\r\n",
  "sends too large a head": `${HTTP}X: ${"x".repeat(1_048_576)}\r\n\r\n`,
  "sends no valid chunk": `${HTTP}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
  "is not allowed": "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
  "has not changed": "HTTP/1.1 304 Not Modified\r\n\r\n",
};

for (const [name, answer] of Object.entries(ANSWERS)) {
  test(`an upstream that ${name} is the same by name and by address`, async () => {
    const upstream = startRawUpstream((connection) => send(connection, answer));
    const request = { validators: { etag: '"a"' } };
    await withDialler(async (download) => {
      const expected = await outcomeOf(download(upstream.url, request));
      assert.equal(await outcomeOf(download(byName(upstream.url), request)), expected);
    });
    await upstream.close();
  });
}

test("an upstream that says nothing more is waited for, by name as well", async () => {
  for (const answer of ["", `${HTTP}Content-Length: 100\r\n\r\napi`]) {
    const upstream = startRawUpstream(async (connection) => {
      await send(connection, answer);
      await connection.read(new Uint8Array(1));
    });
    await withDialler(async (download) => {
      await assert.rejects(download(byName(upstream.url)), {
        reason: "timeout",
        message: "nothing came for 0.4 s",
      });
    });
    await upstream.close();
  }
});

test("a body that ends with a reset is broken, by name as well", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(`${HTTP}\r\napi`, () => setTimeout(() => socket.resetAndDestroy(), 50));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await withDialler(async (download) => {
    const expected = await outcomeOf(download(url));
    assert.match(expected, /^truncated: the connection broke/);
    assert.equal(await outcomeOf(download(byName(url))), expected);
  });
  const closed = once(server, "close");
  server.close();
  await closed;
});

const BUNDLE: Tls = { caBundle: pem("authority.pem") };
const CLIENT: Tls = { ...BUNDLE, certificate: pem("client_ec.pem"), key: pem("client_ec.key") };

test("TLS is between fetch and the upstream: the certificate is for the host name", async () => {
  const own = startTlsUpstream(() => new Response("here"));
  const another = startTlsUpstream(() => new Response("here"), "other_name.pem");
  await withDialler(async (download) => {
    const outcome = (url: string, tls?: Tls) => outcomeOf(download(byName(url), tls && { tls }));
    assert.equal(await outcome(own.url, BUNDLE), "here");
    assert.match(await outcome(own.url), /^unreachable: .* from an unknown authority/);
    assert.equal(
      await outcome(another.url, BUNDLE),
      "unreachable: the upstream's certificate is for another host name",
    );
    assert.equal(
      await outcome(own.url.replace("https:", "http:")),
      await outcomeOf(download(own.url.replace("https:", "http:").replace(HOST, "127.0.0.1"))),
    );
  });
  assert.equal(another.requests.length, 0);
  await Promise.all([own.close(), another.close()]);
});

test("a client certificate is shown by name as well, and to the own origin alone", async () => {
  const answer = () => new Response("here");
  const other = await startMutualUpstream(answer, "asked");
  const redirect = () => Response.redirect(byName(other.url));
  const own = await startMutualUpstream(redirect, "required");
  let dialled = 0;
  const dial: Dial = (...how) => {
    dialled++;
    return toLoopback(...how);
  };
  await withDialler(async (download) => {
    assert.match(
      await outcomeOf(download(byName(own.url), { tls: BUNDLE })),
      /^unreachable: the upstream wants a client certificate/,
    );
    assert.equal(await outcomeOf(download(byName(own.url), { tls: CLIENT })), "here");
  }, { dial });
  // In vain, to the own upstream, and to the other one.
  assert.equal(dialled, 3);
  assert.deepEqual(own.requests.map(({ client }) => client), ["chartroom-ec"]);
  assert.deepEqual(other.requests.map(({ client }) => client), [undefined]);
  await Promise.all([own.close(), other.close()]);
});

test("long bodies, encoded ones and many at once come whole", async () => {
  const upstream = startUpstream();
  upstream.serve("/index.yaml", LONG);
  const encoded = { headers: { "content-encoding": "gzip" } };
  upstream.serve("/gzip/index.yaml", () => new Response(new Uint8Array(gzipSync(LONG)), encoded));
  upstream.serve("/short/index.yaml", "short");
  await withDialler(async (download) => {
    const url = byName(upstream.url);
    assert.deepEqual(await download(url), LONG);
    assert.deepEqual(await download(`${url}/gzip`), LONG);
    const many = Array.from({ length: 100 }, () => outcomeOf(download(`${url}/short`)));
    assert.deepEqual(new Set(await Promise.all(many)), new Set(["short"]));
  });
  await upstream.close();
});

const refuse: Dial = () => Promise.reject(new Deno.errors.ConnectionRefused("x"));
/** As an address that answers nothing. */
const hang: Dial = (_address, _port, signal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
const fail: Dial = () => Promise.reject(new Error("network is unreachable (os error 101)"));

/** How the first address is dialled, and the second one; and how the download ends. */
const TWO: Record<string, [Dial, Dial, string]> = {
  "refuses, and the other one answers": [refuse, toLoopback, "here"],
  "cannot be reached, and the other one answers": [fail, toLoopback, "here"],
  "does not answer, and the other one does": [hang, toLoopback, "here"],
  "answers, and the other one would refuse": [toLoopback, refuse, "here"],
  "cannot be reached, and the other one refuses": [
    fail,
    refuse,
    "unreachable: the upstream refused the connection",
  ],
  "refuses, and the other one cannot be reached": [
    refuse,
    fail,
    "unreachable: the upstream cannot be reached",
  ],
  "does not answer, nor the other one": [hang, hang, "timeout: nothing came for 0.4 s"],
};

for (const [name, [first, second, ends]] of Object.entries(TWO)) {
  test(`a host of which one address ${name}`, async () => {
    const upstream = startUpstream();
    upstream.serve("/index.yaml", "here");
    const dial: Dial = (address, ...rest) =>
      (address === SECOND ? second : first)(address, ...rest);
    await withDialler(async (download) => {
      assert.equal(await outcomeOf(download(byName(upstream.url))), ends);
    }, { dial, addresses: [PUBLIC, SECOND], limits: { addressMs: 50 } });
    await upstream.close();
  });
}

test("a name with many addresses has a few of them dialled", async () => {
  const addresses = Array.from({ length: 50 }, (_, i) => `93.184.216.${i}`);
  let dialled = 0;
  const dial: Dial = (...how) => {
    dialled++;
    return refuse(...how);
  };
  await withDialler(async (download) => {
    assert.match(await outcomeOf(download(`http://${HOST}:8080`)), /refused/);
  }, { dial, addresses });
  assert.equal(dialled, 8);
});

/** How a download ends early; nothing of it may be left at the upstream. */
const ENDS: Record<
  string,
  (url: string, source: ReturnType<typeof createSource>) => Promise<void>
> = {
  "is aborted": async (url, source) => {
    const aborting = new AbortController();
    const answer = await source({ url, maxBytes: 1e9, signal: aborting.signal });
    aborting.abort(new Error("enough"));
    if (answer.kind === "index") await assert.rejects(Array.fromAsync(answer.body));
  },
  "is left unread": async (url, source) => {
    const answer = await source({ url, maxBytes: 1e9 });
    if (answer.kind === "index") await answer.leave();
  },
  "is larger than it may be": async (url, source) => {
    const answer = await source({ url, maxBytes: 10 });
    if (answer.kind !== "index") return;
    await assert.rejects(Array.fromAsync(answer.body), { reason: "too_large" });
  },
};

for (const [name, end] of Object.entries(ENDS)) {
  test(`a download that ${name} leaves no connection to the upstream`, async () => {
    const gone = Promise.withResolvers<void>();
    const upstream = startRawUpstream(async (connection) => {
      await send(connection, `${HTTP}\r\n`);
      try {
        for (;;) await send(connection, LONG.subarray(0, 65_536));
      } finally {
        gone.resolve();
      }
    });
    const dialler = new Dialler(toLoopback);
    await end(byName(upstream.url), createSource(pinning(dialler, [PUBLIC]), LIMITS));
    // While the dialler is open: it is not its end that ends this.
    await gone.promise;
    await dialler.close();
    await upstream.close();
  });
}

test("closing cuts off what is dialled and what is being read, and nothing is pinned after", async () => {
  const upstream = startRawUpstream(async (connection) => {
    await send(connection, `${HTTP}Content-Length: 100\r\n\r\napi`);
    await connection.read(new Uint8Array(1));
  });
  const dial: Dial = (address, ...rest) =>
    (address === SECOND ? hang : toLoopback)(address, ...rest);
  for (const address of [PUBLIC, SECOND]) {
    await withDialler(async (download, dialler) => {
      const outcome = outcomeOf(download(byName(upstream.url)));
      await delay(50);
      await dialler.close();
      await dialler.close();
      assert.match(await outcome, /^(truncated|unreachable): /);
      assert.match(await outcomeOf(download(byName(upstream.url))), /cannot listen on 127/);
    }, { dial, addresses: [address] });
  }
  await upstream.close();
});

test("more connections than there may be are refused, and found room for when one has gone", async () => {
  const upstream = startUpstream();
  upstream.serve("/index.yaml", "here");
  await withDialler(async (download) => {
    assert.equal(await outcomeOf(download(byName(upstream.url))), "here");
    // That one waits in the pool.
    assert.equal(
      await outcomeOf(download(byName(upstream.url))),
      "unreachable: Chartroom has too many connections open",
    );
    assert.equal(await outcomeOf(download(upstream.url)), "here");
  }, { limits: { connections: 1 } });
  await upstream.close();
});
