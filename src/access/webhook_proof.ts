/** Whether a delivery comes from somebody who knows a webhook's secret, and which delivery it is. */

import { createHmac, timingSafeEqual } from "node:crypto";

/** Headers with the HMAC-SHA256 of the raw body, and what stands before the hexadecimal digits. */
const SIGNATURE_HEADERS: readonly (readonly [header: string, prefix: string])[] = [
  ["x-hub-signature-256", "sha256="],
  ["x-gitea-signature", ""],
  ["x-forgejo-signature", ""],
];
const SIGNATURE = /^[0-9a-f]{64}$/i;
const BEARER = /^bearer +(.+)$/i;

/**
 * Headers with the id of a delivery, by the kind of the id. The particular ones come first, since
 * Forgejo sends Gitea's and GitHub's headers along, and Gitea GitHub's.
 *
 * GitLab's `X-Gitlab-Event-UUID` is none: "Recursive webhooks have the same value for this header"
 * (GitLab, Webhooks, Delivery headers). Its `Idempotency-Key`, since 17.4, "remains consistent
 * across webhook retries". `webhook-id` is that of Standard Webhooks.
 */
const DELIVERY_HEADERS: readonly (readonly [kind: string, header: string])[] = [
  ["forgejo", "x-forgejo-delivery"],
  ["gitea", "x-gitea-delivery"],
  ["github", "x-github-delivery"],
  ["idempotency", "idempotency-key"],
  ["webhook", "webhook-id"],
];
/** In characters; senders use UUIDs. */
const MAX_DELIVERY_ID = 256;

/**
 * Whether the headers of a delivery prove that its sender knows the secret: by the HMAC of the raw
 * body as GitHub, Gitea and Forgejo send it, or by the secret itself in `X-Gitlab-Token`, as a
 * bearer token, or as the whole of `Authorization`, which is how Harbor sends it. One proof is
 * enough. An empty secret is never proven.
 */
export function isProven(secret: string, headers: Headers, body: Uint8Array): boolean {
  if (secret === "") return false;
  const signatures = signaturesIn(headers);
  if (signatures.length > 0) {
    const expected = hmac(secret, body);
    if (signatures.some((given) => timingSafeEqual(given, expected))) return true;
  }
  // HMACs have one length, so that comparing them tells nothing of the secret's.
  const expected = hmac(secret, new TextEncoder().encode(secret));
  return tokensIn(headers).some((token) => timingSafeEqual(hmac(secret, bytesOf(token)), expected));
}

/** Whether there is anything in the headers that could be a proof, right or wrong. */
export function offersProof(headers: Headers): boolean {
  return signaturesIn(headers).length > 0 || tokensIn(headers).length > 0;
}

/**
 * The id of a delivery, which is the same when it is sent again, with the kind of the id before it.
 * `undefined` where the sender gives none, or one of more than 256 characters.
 */
export function deliveryOf(headers: Headers): string | undefined {
  for (const [kind, header] of DELIVERY_HEADERS) {
    const id = headers.get(header) ?? "";
    if (isDeliveryId(id)) return `${kind}:${id}`;
  }
  const event = headers.get("ce-id") ?? "";
  // CloudEvents 1.0: the source and the id together are what is distinct.
  const id = `${headers.get("ce-source") ?? ""} ${event}`;
  return event !== "" && isDeliveryId(id) ? `cloudevents:${id}` : undefined;
}

function isDeliveryId(text: string): boolean {
  return text !== "" && text.length <= MAX_DELIVERY_ID;
}

function signaturesIn(headers: Headers): Uint8Array[] {
  return SIGNATURE_HEADERS.flatMap(([header, prefix]) => {
    const value = headers.get(header) ?? "";
    const digits = value.slice(prefix.length);
    return value.startsWith(prefix) && SIGNATURE.test(digits) ? [Uint8Array.fromHex(digits)] : [];
  });
}

function tokensIn(headers: Headers): string[] {
  const authorization = headers.get("authorization") ?? "";
  const bearer = BEARER.exec(authorization)?.[1] ?? "";
  return [headers.get("x-gitlab-token") ?? "", authorization, bearer].filter((text) => text !== "");
}

/** The bytes that were sent: `Headers` has one character for each. */
function bytesOf(header: string): Uint8Array {
  return Uint8Array.from(header, (character) => character.charCodeAt(0));
}

function hmac(secret: string, data: Uint8Array): Uint8Array {
  return createHmac("sha256", secret).update(data).digest();
}
