/** A Chartroom with a repository in every place, and with everybody who may come. */

import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { isConsolePath } from "../../routes/console/console.tsx";
import { categoryId } from "../../src/helm/ids.ts";
import { type Chartroom, startChartroom } from "./chartroom.ts";
import { indexOf, startUpstream, type Upstream } from "./upstream.ts";

const ADMIN_TOKEN = "bootstrap-token-of-the-world";

/** Workspaces; a repository of the first is global, a token of the first counts everywhere. */
export const PLACES = ["", "ws1", "ws2"] as const;
export type Place = typeof PLACES[number];

/** Who asks, and with what: a token's workspace and role. */
export const TOKENS = {
  viewer1: ["ws1", "viewer"],
  editor1: ["ws1", "editor"],
  admin1: ["ws1", "admin"],
  viewer2: ["ws2", "viewer"],
  viewerAll: ["*", "viewer"],
  editorAll: ["*", "editor"],
  adminAll: ["*", "admin"],
} as const;
export type Who = keyof typeof TOKENS | "anonymous" | "bootstrap";

/** What a request is about: things of one place. */
export interface About {
  repo: string;
  app: string;
  version: string;
  category: string;
  event: string;
  token: string;
  /** As a token has it. */
  workspace: string;
}

/** A request, and who sends it about what. */
export interface Asked {
  who: Who;
  place: Place;
  about?: Partial<About>;
  body?: unknown;
  query?: (about: About) => string;
  headers?: Record<string, string>;
}

/** A Chartroom with a repository and tokens in every place. */
export class World implements AsyncDisposable {
  readonly about = new Map<Place, About>();
  readonly #bearers = new Map<Who, string>([["bootstrap", ADMIN_TOKEN]]);
  #names = 0;

  private constructor(readonly chartroom: Chartroom, readonly upstream: Upstream) {}

  static async make(anonymousRead = "true"): Promise<World> {
    const environment = {
      CHARTROOM_ADMIN_TOKEN: ADMIN_TOKEN,
      CHARTROOM_ANONYMOUS_READ: anonymousRead,
      CHARTROOM_RATE_LIMIT: "off",
    };
    const world = new World(await startChartroom({ environment }), startUpstream());
    for (const place of PLACES) await world.#settle(place);
    for (const [who, [workspace, role]] of Object.entries(TOKENS)) {
      const { token } = await world.#do("POST", "/v1/tokens", { name: who, workspace, role });
      world.#bearers.set(who as Who, token);
    }
    return world;
  }

  get call() {
    return this.chartroom.call;
  }

  /** Routes of the API, and of what else is for programs. */
  apiRoutes() {
    const isApi = (path: string) => !isConsolePath(path) && !path.startsWith("/assets/");
    return this.#routes().filter(({ path }) => isApi(path));
  }

  /** Routes of the console. */
  pageRoutes() {
    return this.#routes().filter(({ path }) => isConsolePath(path));
  }

  headersOf(who: Who): Record<string, string> {
    const bearer = this.#bearers.get(who);
    return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  }

  /** What comes of a request: 401, 403, 404 for what is not there for the caller, or `ok`. */
  async ask(method: string, path: string, { who, place, about: own, ...rule }: Asked) {
    const { body, query, headers } = rule, about = { ...this.about.get(place)!, ...own };
    const asked = path.replace(/:(\w+)/g, (_, name) => about[name as keyof About]);
    const isToken = path.endsWith("/tokens") && method === "POST";
    const sent = isToken ? { name: "x", workspace: about.workspace, role: "viewer" } : body;
    const { status, body: answer } = await this.call(
      method,
      asked + (query?.(about) ?? ""),
      sent,
      { ...headers, ...this.headersOf(who) },
    );
    assert.ok(status < 500 || answer.code.startsWith("archive_"), `${method} ${asked}: ${status}`);
    // It is there, and has none.
    if (["no_icon", "no_readme"].includes(answer.code)) return "ok";
    return [401, 403, 404].includes(status) ? String(status) : "ok";
  }

  async addWebhook(place: Place) {
    await this.#do("POST", `/v1/repos/${this.about.get(place)!.repo}/webhook`);
  }

  async addToken(place: Place) {
    const body = { name: "x", workspace: place || "*", role: "viewer" };
    return { token: (await this.#do("POST", "/v1/tokens", body)).token_id };
  }

  async [Symbol.asyncDispose]() {
    await this.chartroom.close();
    await this.upstream.close();
  }

  async register(place: Place): Promise<string> {
    const path = place === "" ? "/v1/repos" : `/v1/workspaces/${place}/repos`;
    const name = `of ${place} ${++this.#names}`;
    const url = `${this.upstream.url}/${place || "global"}`;
    return (await this.#do("POST", path, { name, url, sync_period: "0" })).repo_id;
  }

  #routes() {
    const { routes } = createApp(this.chartroom.services);
    const real = routes.filter(({ method }) => method !== "ALL");
    return [...new Map(real.map((route) => [`${route.method} ${route.path}`, route])).values()];
  }

  async #settle(place: Place) {
    const category = `of ${place || "all"}`;
    const version = { version: "1.0.0", annotations: { category } };
    this.upstream.serve(`/${place || "global"}/index.yaml`, indexOf({ one: [version] }));
    const repo = await this.register(place);
    await this.chartroom.services.syncer.idle();
    const { items: [app] } = await this.#do("GET", `/v1/apps?conditions=repo_id=${repo}`);
    const versions = await this.#do("GET", `/v1/apps/${app.app_id}/versions`);
    const events = await this.#do("GET", `/v1/repos/${repo}/events`);
    this.about.set(place, {
      repo,
      app: app.app_id,
      version: versions.items[0].version_id,
      category: categoryId(category),
      event: events.items[0].repo_event_id,
      ...await this.addToken(place),
      workspace: place || "*",
    });
    await this.addWebhook(place);
  }

  async #do(method: string, path: string, body?: unknown) {
    const answer = await this.call(method, path, body, this.headersOf("bootstrap"));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
}
