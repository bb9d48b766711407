/** `/openapi.json`, and `/docs`: what Chartroom answers, for programs and for people. */

import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import type { Document } from "./openapi/document.ts";
import { isNotModified } from "./support/conditional.ts";
import { chooseEncoding, compress, type Encoding } from "./support/encoding.ts";

/** It changes with a new Chartroom alone. */
const CACHE_CONTROL = "public, max-age=300";

interface Form {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
}

export function openapi() {
  // Who does not ask for them does not wait until they are loaded.
  const document = async () =>
    (await import("./openapi/document.json", { with: { type: "json" } }))
      .default as unknown as Document;
  const page = async () => {
    const { renderReference } = await import("./openapi/reference.tsx");
    return renderReference(await document());
  };
  const style = async () => (await import("./openapi/style.ts")).STYLE;
  return new Hono()
    .get("/openapi.json", kept("application/json", async () => JSON.stringify(await document())))
    .get("/docs", kept("text/html; charset=utf-8", page))
    .get("/docs/style.css", kept("text/css; charset=utf-8", style));
}

/** Answers a text that is made when somebody asks for it, and then kept. */
function kept(type: string, make: () => Promise<string>) {
  let text: Promise<string> | undefined;
  const forms = new Map<Encoding, Promise<Form>>();

  async function formOf(encoding: Encoding): Promise<Form> {
    const plain = new TextEncoder().encode(await (text ??= make()));
    const bytes = encoding === "identity" ? plain : await compress(plain, encoding);
    const hash = createHash("sha256").update(bytes).digest("base64url");
    return { bytes, etag: `"${hash}"` };
  }

  return async (c: Context) => {
    const encoding = chooseEncoding(c.req.header("accept-encoding") ?? null);
    let made = forms.get(encoding);
    if (made === undefined) forms.set(encoding, made = formOf(encoding));
    const { bytes, etag } = await made;
    const headers = { ETag: etag, "Cache-Control": CACHE_CONTROL, Vary: "Accept-Encoding" };
    if (isNotModified(c.req.raw.headers, { etag })) return c.body(null, 304, headers);
    return c.body(bytes, 200, {
      ...headers,
      "Content-Type": type,
      ...(encoding !== "identity" && { "Content-Encoding": encoding }),
    });
  };
}
