/**
 * Holds answers against the OpenAPI document: what it does not have must not be answered, and no
 * request be taken that it does not have.
 */

import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isConsolePath } from "../../routes/console/console.tsx";
import document from "../../routes/openapi/document.json" with { type: "json" };

// deno-lint-ignore no-explicit-any -- parts of a document
type Json = any;

interface Route {
  pattern: RegExp;
  operations: Json;
}

/** What went out, with its body as text. */
export interface Sent {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
  /** What it answers, if that had a body. */
  asked?: { type: string; text: string } | undefined;
}

/** What tests call parameters that nobody knows, which are ignored. */
const NO_PARAMETERS = /^([xy]|\d+)$/;

const closed = close(structuredClone(document)) as Json;
const ajv = new Ajv2020({ strict: false, validateSchema: false, validateFormats: false });
ajv.addSchema(closed, "document");
const validators = new Map<string, ValidateFunction>();
const routes = routesOf();

/** Throws an `AssertionError` if an answer is not what the document says. */
export function assertInContract(sent: Sent): void {
  const { method, path, status } = sent;
  const pathname = path.replace(/^http:\/\/[^/]*|\?.*$/gs, "");
  const found = routes.filter(({ pattern }) => pattern.test(pathname));
  // HEAD is answered as GET is, but for the body.
  const name = method === "HEAD" ? "get" : method.toLowerCase();
  const operation = found.find(({ operations }) => name in operations)?.operations[name];
  const title = `${method} ${path}: ${status}`;
  // A path that is not written as it is meant leads to the one that is.
  if (/\/\/|\/\.{1,2}(\/|$)/.test(pathname) && [301, 308].includes(status)) {
    return assert.ok(sent.headers.has("location"), `${title} has no Location`);
  }
  if (operation === undefined && isPage(pathname, sent)) return;
  if (operation === undefined) return assertRefused(sent, found.length > 0, title);
  if (status >= 200 && status < 300) assertAsked(sent, operation, title);
  const { value: answer, pointer } = follow(
    operation.value.responses[status],
    `${operation.pointer}/responses/${status}`,
  );
  assert.ok(answer, `${title} is not in the document`);
  for (const [name, given] of Object.entries<Json>(answer.headers ?? {})) {
    if (!follow(given, "").value.required) continue;
    assert.ok(sent.headers.has(name), `${title} has no header ${name}`);
  }
  const isKept = sent.headers.get("cache-control") !== "no-store";
  const isNamed = !("ETag" in (answer.headers ?? {})) || sent.headers.has("etag");
  assert.ok(isNamed || !isKept, `${title} is to be kept and has no ETag`);
  if (method !== "HEAD") assertBody(sent, answer, pointer, title);
}

/** Pages of the console are not of the API, nor is where they lead. */
function isPage(pathname: string, { status, headers }: Sent): boolean {
  const isHtml = headers.get("content-type")?.startsWith("text/html") ?? false;
  return isConsolePath(pathname) && (isHtml || [302, 303].includes(status));
}

/** What was taken has parameters that the operation knows, and a body such as it takes. */
function assertAsked({ path, asked }: Sent, { value, pointer }: Json, title: string) {
  const known = (value.parameters ?? []).map((given: Json) => follow(given, "").value)
    .filter((parameter: Json) => parameter.in === "query").map(({ name }: Json) => name);
  for (const name of new URLSearchParams(/\?(.*)$/s.exec(path)?.[1]).keys()) {
    const isKnown = known.includes(name) || NO_PARAMETERS.test(name);
    assert.ok(isKnown, `${title} takes the parameter ${name}`);
  }
  const { content, required } = value.requestBody ?? {};
  if (asked === undefined) return assert.ok(!required, `${title} takes no body`);
  // A body where none is meant is not read; some take anything.
  if (content === undefined || "*/*" in content) return;
  // Types of patches say the same here, as the document has it.
  const type = asked.type.replace(/;.*$/s, "").trim().toLowerCase()
    .replace(/^application\/(merge|json)-patch\+json$/, "application/json");
  assert.ok(type in content, `${title} takes the type ${type}`);
  const validate = validatorOf(`${pointer}/requestBody/content/${escaped(type)}/schema`);
  const members = Object.entries(JSON.parse(asked.text));
  // Names of fields are in any case.
  const isTaken = validate(
    Object.fromEntries(members.map(([name, member]) => [name.toLowerCase(), member])),
  );
  assert.ok(isTaken, `${title} takes ${asked.text}\n${JSON.stringify(validate.errors, null, 1)}`);
}

/** What no operation answers is refused. */
function assertRefused(sent: Sent, isPath: boolean, title: string) {
  const statuses = [isPath ? 405 : 404, 401, 403, 408, 413, 414, 421, 429, 431];
  assert.ok(statuses.includes(sent.status), `${title} on what is not in the document`);
  if (sent.status === 405) assert.ok(sent.headers.has("allow"), `${title} has no Allow`);
  if (sent.method === "HEAD") return;
  const problem = { content: { "application/problem+json": {} } };
  assertBody(sent, problem, undefined, title);
}

function assertBody(sent: Sent, answer: Json, pointer: string | undefined, title: string) {
  const [type = ""] = (sent.headers.get("content-type") ?? "").split(";");
  if (answer.content === undefined) return assert.equal(sent.text, "", `${title} has a body`);
  assert.ok(type in answer.content, `${title} has the type ${type}`);
  if (!/[/+]json$/.test(type)) return;
  const schema = pointer === undefined
    ? "/components/schemas/Problem"
    : `${pointer}/content/${escaped(type)}/schema`;
  const validate = validatorOf(schema);
  if (validate(JSON.parse(sent.text))) return;
  assert.fail(
    `${title}\n${JSON.stringify(validate.errors, null, 1)}\n${sent.text.slice(0, 2_000)}`,
  );
}

function validatorOf(pointer: string): ValidateFunction {
  let validate = validators.get(pointer);
  if (validate === undefined) {
    validators.set(pointer, validate = ajv.compile({ $ref: `document#${pointer}` }));
  }
  return validate;
}

/** All paths at all of their bases; those with the fewest parameters first. */
function routesOf(): Route[] {
  const paths = Object.entries<Json>(closed.paths)
    .sort(([a], [b]) => a.split("{").length - b.split("{").length);
  return paths.flatMap(([path, { servers = closed.servers, ...operations }]) => {
    const found = Object.entries(operations).map(([method, value]) => [
      method,
      { value, pointer: `/paths/${escaped(path)}/${method}` },
    ]);
    return servers.map(({ url }: { url: string }) => {
      const whole = url === "/" ? path : url + path;
      const source = whole.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+");
      return { pattern: new RegExp(`^${source}/?$`), operations: Object.fromEntries(found) };
    });
  });
}

/** What stands there, or what is referred to there. */
function follow(value: Json, pointer: string): { value: Json; pointer: string } {
  if (value?.$ref === undefined) return { value, pointer };
  const [, section, name] = /^#\/components\/(\w+)\/(.+)$/.exec(value.$ref)!;
  return { value: closed.components[section!][name!], pointer: value.$ref.slice(1) };
}

/** Objects with members that are known shall have no others, here, but for what is ignored. */
function close(part: Json): Json {
  if (typeof part !== "object" || part === null) return part;
  if (part.type === "object" && part.properties !== undefined) part.additionalProperties ??= false;
  for (const name of part["x-ignored"] ?? []) part.properties[name] = true;
  Object.values(part).forEach(close);
  return part;
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
