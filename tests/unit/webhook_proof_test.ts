import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { deliveryOf, isProven, offersProof } from "../../src/access/webhook_proof.ts";

// GitHub's own example: Validating webhook deliveries, Testing the webhook payload validation.
const SECRET = "It's a Secret to Everybody";
const BODY = new TextEncoder().encode("Hello, World!");
const DIGITS = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const SHA1_DIGITS = createHmac("sha1", SECRET).update(BODY).digest("hex");

const PROOFS: Record<string, string>[] = [
  { "X-Hub-Signature-256": `sha256=${DIGITS}` },
  { "X-Hub-Signature-256": `sha256=${DIGITS.toUpperCase()}` },
  { "X-Gitea-Signature": DIGITS },
  { "X-Forgejo-Signature": DIGITS },
  { "X-Gitlab-Token": SECRET },
  { "Authorization": `Bearer ${SECRET}` },
  { "Authorization": `bEARER   ${SECRET}` },
  { "Authorization": SECRET },
  // One right proof among wrong ones.
  { "X-Gitea-Signature": DIGITS, "X-Hub-Signature-256": "sha256=", "X-Gitlab-Token": "wrong" },
  { "X-Gitea-Signature": "0".repeat(64), "X-Forgejo-Signature": DIGITS },
  { "X-Hub-Signature-256": `sha256=${"0".repeat(64)}`, "Authorization": `Bearer ${SECRET}` },
];

const NO_PROOFS: Record<string, string>[] = [
  {},
  { "X-Hub-Signature-256": DIGITS },
  { "X-Hub-Signature-256": `sha1=${DIGITS}` },
  { "X-Hub-Signature-256": `SHA256=${DIGITS}` },
  { "X-Hub-Signature-256": `sha256=${DIGITS.slice(1)}` },
  { "X-Hub-Signature-256": `sha256=${DIGITS}0` },
  { "X-Hub-Signature-256": `sha256=${DIGITS.slice(1)}g` },
  { "X-Hub-Signature-256": `sha256=${DIGITS}, sha256=${DIGITS}` },
  { "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` },
  { "X-Hub-Signature-256": "sha256=" },
  { "X-Hub-Signature-256": "" },
  { "X-Hub-Signature-256": SECRET },
  { "X-Hub-Signature": `sha1=${SHA1_DIGITS}` },
  { "X-Hub-Signature": `sha256=${DIGITS}` },
  { "X-Gitea-Signature": `sha256=${DIGITS}` },
  { "X-Gitea-Signature": SHA1_DIGITS },
  { "X-Gitea-Signature": "" },
  { "X-Gogs-Signature": DIGITS },
  { "X-Gitlab-Token": "" },
  { "X-Gitlab-Token": SECRET.slice(0, -1) },
  { "X-Gitlab-Token": `${SECRET}!` },
  { "X-Gitlab-Token": SECRET.toLowerCase() },
  { "X-Gitlab-Token": `Bearer ${SECRET}` },
  { "X-Gitlab-Token": DIGITS },
  { "Authorization": "" },
  { "Authorization": "Bearer" },
  { "Authorization": "Bearer " },
  { "Authorization": `Bearer${SECRET}` },
  { "Authorization": `Basic ${SECRET}` },
  { "Authorization": `Bearer Bearer ${SECRET}` },
  { "Authorization": `Basic Bearer ${SECRET}` },
  { "Authorization": `Bearer ${SECRET} ` + SECRET },
  { "Authorization": `Bearer ${SECRET.slice(0, 5)}` },
  { "X-Secret": SECRET },
];

Deno.test("what GitHub, Gitea, Forgejo, GitLab, Harbor and a CI send is a proof", () => {
  for (const headers of PROOFS) {
    assert.equal(isProven(SECRET, new Headers(headers), BODY), true, JSON.stringify(headers));
  }
});

Deno.test("nothing else is a proof", () => {
  for (const headers of NO_PROOFS) {
    assert.equal(isProven(SECRET, new Headers(headers), BODY), false, JSON.stringify(headers));
  }
});

Deno.test("a proof is for one secret, and a signature for one body", () => {
  const changed = new TextEncoder().encode("Hello, World?");
  for (const headers of PROOFS) {
    const given = new Headers(headers);
    for (const secret of ["other", SECRET.slice(1), `${SECRET} `, "\0", DIGITS, ""]) {
      assert.equal(isProven(secret, given, BODY), false, `${secret}: ${JSON.stringify(headers)}`);
    }
    const isSigned = !Object.values(headers).some((value) => value.endsWith(SECRET));
    assert.equal(isProven(SECRET, given, changed), !isSigned, JSON.stringify(headers));
    assert.equal(isProven(SECRET, given, new Uint8Array()), !isSigned, JSON.stringify(headers));
  }
});

Deno.test("an empty secret is never proven", () => {
  const signature = createHmac("sha256", "").update(BODY).digest("hex");
  const headers = new Headers({
    "X-Hub-Signature-256": `sha256=${signature}`,
    "X-Gitea-Signature": signature,
    "X-Gitlab-Token": "",
    "Authorization": "Bearer ",
  });
  assert.equal(isProven("", headers, BODY), false);
});

Deno.test("a secret beyond ASCII is compared as UTF-8, as it is sent", () => {
  const secret = "gehéimnis-✓";
  const sent = String.fromCharCode(...new TextEncoder().encode(secret));
  assert.equal(isProven(secret, new Headers({ "X-Gitlab-Token": sent }), BODY), true);
  assert.equal(isProven("gehéimnis", new Headers({ "X-Gitlab-Token": "gehéimnis" }), BODY), false);
});

Deno.test("any body is proven by its signature, and by no other's", () => {
  const secrets = fc.string({ minLength: 1 });
  const bodies = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(secrets, bodies, bodies, (secret, body, other) => {
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const headers = new Headers({ "X-Hub-Signature-256": `sha256=${signature}` });
    assert.equal(isProven(secret, headers, body), true);
    assert.equal(isProven(secret, headers, other), body.toHex() === other.toHex());
  }));
});

Deno.test("a token is proven by itself alone", () => {
  const tokens = fc.stringMatching(/^[!-~]{1,80}$/);
  fc.assert(fc.property(tokens, tokens, (secret, given) => {
    const headers = new Headers({ "Authorization": `Bearer ${given}` });
    assert.equal(isProven(secret, headers, BODY), secret === given);
  }));
});

Deno.test("only headers that could be a proof offer one", () => {
  const offers: [headers: Record<string, string>, expected: boolean][] = [
    [{}, false],
    [{ "X-Hub-Signature": `sha1=${SHA1_DIGITS}` }, false],
    [{ "X-Hub-Signature-256": "sha256=" }, false],
    [{ "X-Hub-Signature-256": DIGITS }, false],
    [{ "X-Gitea-Signature": "" }, false],
    [{ "X-Gitlab-Token": "" }, false],
    [{ "Authorization": " " }, false],
    [{ "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` }, true],
    [{ "X-Gitlab-Token": "x" }, true],
    [{ "Authorization": "x" }, true],
  ];
  for (const [headers, expected] of offers) {
    assert.equal(offersProof(new Headers(headers)), expected, JSON.stringify(headers));
  }
  for (const headers of PROOFS) assert.ok(offersProof(new Headers(headers)));
});

Deno.test("a delivery is known by the id that its sender repeats", () => {
  const id = "f5e5f430-f57b-4e6e-9fac-d9128cd7232f";
  const long = "x".repeat(256);
  const deliveries: [headers: Record<string, string>, expected: string | undefined][] = [
    [{}, undefined],
    [{ "X-GitHub-Delivery": id }, `github:${id}`],
    [{ "X-Gitea-Delivery": id, "X-GitHub-Delivery": id }, `gitea:${id}`],
    [
      { "X-Forgejo-Delivery": id, "X-Gitea-Delivery": id, "X-GitHub-Delivery": id },
      `forgejo:${id}`,
    ],
    [{ "Idempotency-Key": id }, `idempotency:${id}`],
    [{ "Idempotency-Key": id, "webhook-id": "other" }, `idempotency:${id}`],
    [{ "webhook-id": "msg_1" }, "webhook:msg_1"],
    [{ "ce-id": id }, `cloudevents: ${id}`],
    [{ "ce-id": id, "ce-source": "/projects/1" }, `cloudevents:/projects/1 ${id}`],
    [{ "ce-source": "/projects/1" }, undefined],
    [{ "X-Gitlab-Event-UUID": id, "X-Gitlab-Webhook-UUID": id }, undefined],
    [{ "X-Gogs-Delivery": id }, undefined],
    [{ "X-GitHub-Delivery": "" }, undefined],
    [{ "X-GitHub-Delivery": long }, `github:${long}`],
    [{ "X-GitHub-Delivery": `${long}x` }, undefined],
    [{ "X-GitHub-Delivery": `${long}x`, "Idempotency-Key": id }, `idempotency:${id}`],
    [{ "ce-id": long }, undefined],
  ];
  for (const [headers, expected] of deliveries) {
    assert.equal(deliveryOf(new Headers(headers)), expected, JSON.stringify(headers));
  }
});
