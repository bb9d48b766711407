/** The HTTP application: resources, errors, and headers that every answer has. */

import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { methodNotAllowed } from "hono/method-not-allowed";
import { Refused } from "../src/refused.ts";
import type { Services } from "../src/services.ts";
import { apps } from "./apps.ts";
import { audit } from "./audit.ts";
import { cache } from "./cache.ts";
import { categories } from "./categories.ts";
import { consolePages } from "./console/console.tsx";
import { createElsewhere } from "./elsewhere.ts";
import { createAnswers } from "./support/answers.ts";
import { health } from "./health.ts";
import { openapi } from "./openapi.ts";
import { repos } from "./repos.ts";
import { session } from "./session.ts";
import { tokens, whoami } from "./tokens.ts";
import { webhooks } from "./webhooks.ts";
import { workspaces } from "./workspaces.ts";
import { addressOf, type Peer } from "./support/address.ts";
import { announced, audited } from "./support/audit.ts";
import { authenticate, type Env } from "./support/authenticate.ts";
import { limitBody } from "./support/body.ts";
import { cleanPath } from "./support/clean_path.ts";
import { shareWith } from "./support/cors.ts";
import { addressKey, countIdentity, limitRequests } from "./support/limits.ts";
import { refuseOtherHosts } from "./support/own_site.ts";
import { answerError, problem } from "./support/problem.ts";
import { securityHeaders } from "./support/security_headers.ts";

/** Our own, and the one that KubeSphere's clients know. */
const BASES = ["/v1", "/kapis/openpitrix.io/v1"];

/** Makes the application. It does no I/O until it is asked something. */
export function createApp(services: Services): Hono<Env> {
  // As in KubeSphere, a slash at the end of a path says nothing.
  const app = new Hono<Env>({ strict: false });
  const { config, limits, trustedProxies } = services;
  const answers = createAnswers(services);
  const pages = consolePages(services, (request, info) => app.fetch(request, info as Peer));
  app.use(securityHeaders(config.strictTransport));
  app.use(audited(services));
  if (config.corsOrigins.length > 0) app.use(shareWith(config.corsOrigins));
  app.use(limitRequests(services));
  app.use(refuseOtherHosts(services));
  app.use(methodNotAllowed({
    app,
    onMethodNotAllowed(c, methods) {
      const allow = methods.join(", ");
      c.header("Allow", allow);
      const message = `${c.req.method}: expected one of ${allow}`;
      return pages.asPage(c, problem(c, new Refused("method_not_allowed", message)));
    },
  }));
  app.route("/", health(services)).route("/", openapi());
  // Before the others: who calls these has no token, but a secret; or shows it in the body.
  app.route("/v1/webhooks", webhooks(services)).route("/v1/session", session(services));
  const known = [authenticate(services), countIdentity(services), limitBody(), announced(services)];
  const api = new Hono<Env>()
    .route("/repos", repos(services))
    .route("/apps", apps(services, answers))
    .route("/categories", categories(services, answers))
    .route("/cache", cache(services, answers));
  for (const base of BASES) {
    // Once for both: the paths of a workspace are below those of all.
    app.use(`${base}/*`, ...known, neverKept);
    app.route(base, api).route(`${base}/workspaces/:workspace`, api);
  }
  // KubeSphere does these in other ways, elsewhere.
  app.route("/v1/tokens", tokens(services)).route("/v1/whoami", whoami());
  app.route("/v1/audit", audit(services)).route("/v1/workspaces", workspaces(services));
  app.route("/", pages.routes);
  const elsewhere = createElsewhere(BASES);
  const notThere = (c: Context<Env>) => {
    const refused = elsewhere(c.req.method, c.req.path);
    if (refused !== undefined) return problem(c, refused);
    const meant = cleanPath(c.req.url);
    // 308 keeps method and body, which a client may drop after KubeSphere's 301.
    if (meant !== undefined) return c.redirect(meant, isRead(c.req.method) ? 301 : 308);
    return problem(c, new Refused("not_found", `there is nothing at ${c.req.path}`));
  };
  const answer = answerError(services.log);
  app.notFound(async (c) => await pages.asPage(c, await notThere(c)));
  app.onError(async (error, c) => await pages.asPage(c, answer(error, c)));
  const route = app.fetch;
  const routed = async (request: Request, ...more: unknown[]) => {
    const response = await route(request, ...more as []);
    return request.method === "HEAD" ? withoutLength(response) : answers.keep(request, response);
  };
  // What was answered before needs no routing, nor a turn of the loop. Where it may not be given
  // once more, the routes say so; it is known by its whole address, with the host.
  app.fetch = (request, info, ...more) => {
    const again = answers.again(request);
    if (again !== undefined) {
      const key = addressKey(addressOf(request, info, trustedProxies));
      if (key === "" || limits.callers.take(key, 1) === 0) return again;
    }
    return routed(request, info, ...more);
  };
  return app;
}

/** What says nothing of caches is not for them. */
const neverKept = createMiddleware<Env>(async (c, next) => {
  await next();
  const { headers } = c.res;
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
});

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** To HEAD, Deno says of no body that it would have been empty; of an unknown one, nothing. */
function withoutLength(response: Response): Response {
  const isEmpty = [204, 304].includes(response.status);
  if (isEmpty || response.headers.has("content-length")) return response;
  return new Response(ReadableStream.from([]), response);
}
