/** Runs the requests of the OpenAPI document's examples as they are written there. */

import type { Document, Recorded } from "../../routes/openapi/document.ts";
import { SAMPLE } from "../../routes/openapi/sample.ts";
import { digestOf } from "./chart_archive.ts";
import { type Chartroom, startChartroom } from "./chartroom.ts";
import { indexOf, startUpstream } from "./upstream.ts";

/** Where examples are recorded; a webhook's address has it. */
const HOST = "http://127.0.0.1:8000";
/** How long a download takes. */
const DOWNLOAD_MS = 840;
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** An archive of the chart of which most examples are; the bytes of any other would do as well. */
const ARCHIVE = Uint8Array.fromBase64(
  "H4sIAAAAAAAAA+2WvQrCMBCAM/cpDtzjpUaFbkUFFxcH90MDCfSPpFZ8e9EqBR1ctIret9yRGxK4+8hRsbWl" +
    "H84s+VoeKc/E60FEnGh9iYh4HxHHoy4/nyuldCwARQ/sQ01eYC93fSFUuY3xwZVFAk0cFZSbBOgyFFFzKyip" +
    "JEaffirzBtpWD9eLdL5ayHwnPuF/V7v6j3qq2f8+GEDayh4ty2wXgCBYV8HBGm/A1eCCZPF/3/+Gsr0Jb1oA" +
    "nvqvHv7/EfvfD1tLrkhAY86aMwzDiD/iBCvz9BkAEAAA",
);

const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path d="M0 1h2"/></svg>';

const INDEX = indexOf({
  anchor: [
    { version: "2.0.0-rc.1", appVersion: "2.0.0" },
    {
      version: "1.1.0",
      appVersion: "1.0.4",
      digest: digestOf(ARCHIVE),
      created: "2025-11-02T08:30:00Z",
      description: "Holds a ship where it is",
      home: "https://anchor.example.org",
      icon: "anchor.svg",
      keywords: ["mooring", "chain"],
      maintainers: [{ name: "Ada", email: "ada@example.org" }],
      sources: ["https://git.example.org/anchor"],
      kubeVersion: ">=1.25",
      type: "application",
      annotations: { category: "Mooring" },
      dependencies: [{
        name: "chain",
        version: "1.x",
        repository: "https://charts.example.org/stable",
        condition: "chain.enabled",
      }],
    },
    { version: "1.0.0", appVersion: "1.0.0" },
  ],
  lighthouse: [{ version: "0.3.0" }, { version: "" }],
});

/** Answers to all of them, by the ids of their operations; a Chartroom of its own answers each. */
export async function runExamples({ paths }: Document): Promise<Recorded> {
  const recorded: Recorded = {};
  // Ids of events are drawn; now they are that of the examples.
  const { randomUUID } = crypto;
  crypto.randomUUID = () => SAMPLE.event as ReturnType<typeof randomUUID>;
  try {
    for (const [path, operations] of Object.entries(paths)) {
      for (
        const [method, { operationId, "x-codeSamples": samples }] of Object.entries(operations)
      ) {
        if (method === "servers" || samples === undefined) continue;
        const workspace = path.startsWith("/workspaces/") ? SAMPLE.workspace : "";
        const { status, body } = await run(samples[0].source, workspace);
        // The document and its page are no examples in themselves.
        recorded[operationId] = { status, ...(!/^\/(docs|openapi)/.test(path) && { body }) };
      }
    }
  } finally {
    crypto.randomUUID = randomUUID;
  }
  return recorded;
}

async function run(curl: string, workspace: string) {
  const upstream = startUpstream();
  let next = (length: number) => new Uint8Array(length);
  const chartroom = await startChartroom({ randomBytes: (length) => next(length) });
  upstream.serve("/stable/index.yaml", () => {
    chartroom.clock.now += DOWNLOAD_MS;
    return new Response(INDEX);
  });
  upstream.serve("/stable/anchor-1.1.0.tgz", ARCHIVE);
  upstream.serve("/stable/anchor.svg", ICON);
  const toReal = (text: string) => text.replaceAll(SAMPLE.url, `${upstream.url}/stable`);
  const toSample = (text: string) => text.replaceAll(`${upstream.url}/stable`, SAMPLE.url);
  try {
    await seed(chartroom, toReal(SAMPLE.url), workspace, (draw) => next = draw);
    const { method, url, headers, body } = readCurl(toReal(curl).replace("$TOKEN", SAMPLE.bearer));
    const answer = await chartroom.call(method, url, body, headers);
    await chartroom.services.syncer.idle();
    return { status: answer.status, body: JSON.parse(toSample(JSON.stringify(answer.body))) };
  } finally {
    await chartroom.close();
    await upstream.close();
  }
}

type Draw = (length: number) => Uint8Array<ArrayBuffer>;

/** The repository of the examples, synced, with a webhook, and a token. */
async function seed(
  { register, call }: Chartroom,
  url: string,
  workspace: string,
  drawBy: (draw: Draw) => void,
) {
  const bytesOf = (id: string) =>
    Uint8Array.from(id.slice("repo-".length), (character) => ALPHABET.indexOf(character));
  const secretOf = (text: string) =>
    Uint8Array.fromBase64(text.slice("crw_".length), { alphabet: "base64url" });
  drawBy(() => bytesOf(SAMPLE.repo));
  await register(url, { name: "harbour", description: "Charts of the harbour", workspace });
  const secret = secretOf(SAMPLE.secret);
  drawBy(() => secret);
  await call("POST", `/v1/repos/${SAMPLE.repo}/webhook`, { branches: ["main"] });
  const token = { name: "portal", workspace: "*", role: "admin" };
  drawBy(() => secretOf(SAMPLE.bearer));
  await call("POST", "/v1/tokens", token);
  drawBy(() => secretOf(SAMPLE.session));
  await call("POST", "/v1/session", { token: SAMPLE.bearer });
  // The next repository is another one.
  drawBy((length) => length === secret.length ? secret : bytesOf(SAMPLE.secondRepo));
}

/** Reads a line for a shell that the document has written. */
function readCurl(line: string) {
  const words = line.replaceAll("\\\n", "").match(/"[^"]*"|'[^']*'|\S+/g)!
    .map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
  const url = words.find((word) => word.startsWith("$CHARTROOM"))!.replace("$CHARTROOM", HOST);
  const after = (option: string) => words.filter((_, i) => words[i - 1] === option);
  const [body] = after("-d");
  const headers = after("-H").map((header): [string, string] => {
    const [name, value] = header.split(": ");
    return [name!, value!];
  });
  const method = after("-X")[0] ?? (body === undefined ? "GET" : "POST");
  return { method, url, headers, body };
}
