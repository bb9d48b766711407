/** What must hold with an edge cache in front of several isolates, whatever happens when. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { appId, appKey } from "../../src/helm/ids.ts";
import { SETTLE_MS } from "../../src/sources/purge.ts";
import { StoreUnavailable } from "../../src/store/kv.ts";
import { canary } from "../support/canary.ts";
import type { Body } from "../support/chartroom.ts";
import { type Fleet, HOST, withFleet } from "../support/fleet.ts";
import { indexOf, type VersionSpec } from "../support/upstream.ts";

/** Of the mixtures; others find other orders of the same things. */
const SEED = 20_260_101;
const OPERATIONS = 20_000, OPEN_OPERATIONS = 4_000;
const TOKEN = canary("token");
/** In all names and texts of workspaces' repositories. */
const CANARY = "canary";
const WORKSPACES = ["alpha", "beta"];
const BASES = ["/v1", "/kapis/openpitrix.io/v1"];
/** For how long an isolate may not have noticed a change, in milliseconds. */
const NOTICE_MS = 2_000;
/** For how long the edge may answer by itself, in milliseconds: while isolates answer, and not. */
const EDGE_MS = 90_000, FEED_MS = 360_000, FAILING_MS = 86_400_000 + FEED_MS;
/** Longest that an error may be stored, in seconds. */
const MAX_ERROR_S = 5;
/** Longest that a purge which failed waits for its next try, in milliseconds. */
const RETRY_MS = 30_000;
const FEED_LENGTH = 50;
/** Questions that are asked again and again. */
const RECENT = 16;
const ENCODINGS = [undefined, "gzip", "br", "gzip, br", "br;q=0.5, gzip", "identity"];
const DAY = Date.parse("2025-01-01T00:00:00Z");

/** A generator of the same numbers for the same seed: mulberry32. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(part: number): boolean {
    return this.next() < part;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

// What upstreams have.

interface App {
  name: string;
  category: string;
  keywords: string[];
  deprecated: boolean;
  type: string;
  versions: string[];
}

/** The apps of a repository at a serial number, 0 being before its first index. */
function appsAt(word: string, serial: number): App[] {
  if (serial === 0) return [];
  const parity = serial % 2 === 0 ? "even" : "odd";
  const app = (name: string, i: number): App => ({
    name,
    category: `${prefixOf(word)}category-${(serial + i) % 3}`,
    keywords: ["shared", `${prefixOf(word)}parity-${parity}`],
    deprecated: (serial + i) % 4 === 0,
    type: (serial + i) % 5 === 0 ? "library" : "application",
    versions: ["1.0.0", `1.${serial}.0`],
  });
  const comesAndGoes = [0, 1].filter((bit) => (serial >> bit & 1) === 1);
  return [
    app(`${prefixOf(word)}common`, 0),
    app(`${word}-stays-1`, 1),
    app(`${word}-stays-2`, 2),
    ...comesAndGoes.map((bit) => app(`${word}-goes-${bit}`, 3 + bit)),
  ];
}

/** Nothing of a workspace's repository has a name that others have. */
function prefixOf(word: string): string {
  return word.startsWith(CANARY) ? `${word}-` : "";
}

function indexAt(word: string, serial: number): string {
  const charts = appsAt(word, serial).map(({ name, category, versions, ...fields }) => [
    name,
    versions.map((version): VersionSpec => ({
      ...fields,
      version,
      annotations: { category },
      description: `gen-${serial} of ${word}, ${"which has a text of some length. ".repeat(4)}`,
      created: new Date(DAY + (version === "1.0.0" ? 0 : serial * 60_000)).toISOString(),
    })),
  ]);
  return indexOf(Object.fromEntries(charts));
}

// What there was, and when.

/** A value as long as it was there. Times are in epoch milliseconds. */
interface Span<T> {
  value: T;
  until: number;
  /** What is purged when it ends. */
  tags: string[];
}

class History<T> {
  readonly spans: Span<T>[];

  constructor(first: T) {
    this.spans = [{ value: first, until: Infinity, tags: [] }];
  }

  get now(): T {
    return this.spans.at(-1)!.value;
  }

  change(value: T, now: number, tags: string[]) {
    Object.assign(this.spans.at(-1)!, { until: now, tags });
    this.spans.push({ value, until: Infinity, tags: [] });
  }
}

interface Repo {
  id: string;
  workspace: string;
  word: string;
  /** Serial numbers; `gone` before it is registered and after it is deleted. */
  contents: History<number | "gone">;
  names: History<string>;
  /** How the last sync ended. */
  syncs: History<string>;
}

/** Which of the histories an answer may still show. */
interface Moment {
  now: number;
  /** How far back. */
  window: number;
  /** Whether it comes from the edge, which drops what is purged. */
  isPurged: boolean;
}

// What is asked, and what an answer tells.

type Form = "apps" | "groups" | "app" | "versions" | "version" | "changes" | "feed";

interface Question {
  form: Form;
  /** Behind the base and the workspace. */
  path: string;
  /** Absent: all that can be seen. */
  repos?: Repo[];
  /** Absent: all apps. */
  takes?: (app: App, serial: number) => boolean;
  /** Absent: all versions, where they are told. */
  version?: (serial: number) => string;
}

interface Facts {
  /** `app@serial`, or `app-version@serial`, by repository. */
  byRepo: Map<string, string[]>;
  names: [repoId: string, name: string][];
  /** Whether it is all that there is. */
  isWhole: boolean;
  total?: number;
  sync?: string;
  cursor?: string;
}

const TELLS_APPS: readonly Form[] = ["apps", "groups", "app"];

function expected({ form, takes, version }: Question, word: string, content: number | "gone") {
  const serial = content === "gone" ? 0 : content;
  const apps = appsAt(word, serial).filter((app) => takes?.(app, serial) ?? true);
  if (TELLS_APPS.includes(form)) return apps.map(({ name }) => `${name}@${serial}`).sort();
  return apps.flatMap(({ name, versions }) =>
    (version ? [version(serial)] : versions).map((text) => `${name}-${text}@${serial}`)
  ).sort();
}

/** Reads an answer, and sees that what it says fits together. */
function readFacts(form: Form, text: string): Facts {
  const facts: Facts = { byRepo: new Map(), names: [], isWhole: true };
  const add = (repoId: string, fact: string) =>
    facts.byRepo.set(repoId, [...facts.byRepo.get(repoId) ?? [], fact]);
  const addVersion = (version: Body) => {
    const [, repo] = /^app-(.{14})-/.exec(version.app_id)!;
    const name = version.package_name.slice(0, -`-${version.version}.tgz`.length);
    add(`repo-${repo}`, `${name}-${version.version}@${serialIn(version.description)}`);
  };
  if (form === "feed") {
    const entries = text.match(/<entry>.*?<\/entry>/gs) ?? [];
    for (const entry of entries) {
      const [, repo, title, name, summary] =
        /urn:chartroom:appv-(.{14})-.*<title>(.*)<\/title>.*term="(.*?)".*<summary>(.*)<\/summary>/s
          .exec(entry)!;
      add(`repo-${repo}`, `${title!.replace(" ", "-")}@${serialIn(summary!)}`);
      facts.names.push([`repo-${repo}`, name!]);
    }
    facts.isWhole = entries.length < FEED_LENGTH;
    return sorted(facts);
  }
  const body: Body = JSON.parse(text);
  const apps: Body[] = form === "app"
    ? [body]
    : form === "apps"
    ? body.items
    : form === "groups"
    ? body.items.flatMap(({ apps }: Body) => apps)
    : [];
  for (const app of apps) add(app.repo_id, `${app.name}@${serialOf(app)}`);
  if (form === "version") addVersion(body);
  if (form === "versions" || form === "changes") body.items.forEach(addVersion);
  if (form === "changes") {
    for (const { repo_id, repo_name } of body.items) facts.names.push([repo_id, repo_name]);
  }
  if (form === "groups") {
    for (const { name, count, apps } of body.items) {
      assert.equal(count, apps.length);
      assert.ok(apps.every((app: Body) => app.name === name));
    }
  }
  if (body.items) {
    Object.assign(facts, { total: body.total_count, sync: body.sync, cursor: body.next_cursor });
    facts.isWhole = body.items.length === body.total_count;
    if (facts.isWhole) assert.equal(body.next_cursor, undefined);
  }
  if (body.facets) {
    assert.ok(facts.isWhole);
    checkFacets(body.facets, apps);
    for (const { value, name } of body.facets.repo) facts.names.push([value, name]);
  }
  return sorted(facts);
}

function sorted(facts: Facts): Facts {
  for (const list of facts.byRepo.values()) list.sort();
  return facts;
}

function serialIn(text: string): number {
  return Number(/gen-(\d+)/.exec(text)![1]);
}

/** The serial number of an app of a list, which all of it has. */
function serialOf(app: Body): number {
  const serial = serialIn(app.description), { latest_app_version: latest } = app;
  const word = / of (.*?),/.exec(app.description)![1]!;
  const known = appsAt(word, serial).find(({ name }) => name === app.name)!;
  assert.equal(app.category, known.category);
  assert.equal(app.keywords, JSON.stringify(known.keywords));
  assert.equal(app.deprecated, known.deprecated);
  assert.equal(latest.version, known.versions.at(-1));
  assert.equal(latest.description, app.description);
  assert.equal(latest.type, known.type);
  return serial;
}

function checkFacets(facets: Body, apps: Body[]) {
  const values: Record<string, (app: Body) => string[]> = {
    category: (app) => [app.category],
    repo: (app) => [app.repo_id],
    keyword: (app) => JSON.parse(app.keywords),
    deprecated: (app) => [String(app.deprecated)],
    type: (app) => [app.latest_app_version.type],
  };
  for (const [facet, of] of Object.entries(values)) {
    const counts: Record<string, number> = {};
    for (const value of apps.flatMap(of)) counts[value] = (counts[value] ?? 0) + 1;
    const told = facets[facet].map(({ value, count }: Body) => [value, count]);
    assert.deepEqual(Object.fromEntries(told), counts, facet);
  }
}

// What is done, and what must then hold.

type Caller = "anonymous" | "admin" | "wrong";

/** A read, and what came of it. */
interface Read {
  question: Question;
  url: string;
  base: string;
  workspace: string | undefined;
  caller: Caller;
  /** Past the edge. */
  isDirect: boolean;
  /** Whether the isolate that the edge could ask was down. */
  isDown: boolean;
  request: Request;
  /** What the client has and asks about. */
  copies: Copy[];
  response: Response | undefined;
  bytes: Uint8Array;
}

/** What a client has kept of an answer. */
interface Copy {
  etag: string;
  lastModified: string | null;
  facts: Facts;
}

interface World {
  repos: Repo[];
  /** When purges may have been lost. */
  troubles: { from: number; until: number }[];
  register(workspace: string): Promise<void>;
  sync(repo: Repo, how: "changed" | "same" | "failing"): Promise<void>;
  rename(repo: Repo): Promise<void>;
  remove(repo: Repo): Promise<void>;
  /** Puts a question together with how it is asked, at random. */
  draw(): Read;
  /** Asks. */
  ask(read: Read): Promise<void>;
  /** Sees that what came of a read is right, and keeps it as a copy. */
  check(read: Read): void;
  /** Sees that nothing is stored at the edge that may not be. */
  checkEntries(): void;
}

const headersOf = (caller: Caller): Record<string, string> =>
  caller === "anonymous"
    ? {}
    : { authorization: `Bearer ${caller === "admin" ? TOKEN : canary("wrong")}` };

function decode(bytes: Uint8Array, encoding: string | null): string {
  const decoded = encoding === "gzip"
    ? gunzipSync(bytes)
    : encoding === "br"
    ? brotliDecompressSync(bytes)
    : bytes;
  return new TextDecoder("utf-8", { fatal: true }).decode(decoded);
}

function createWorld(fleet: Fleet, random: Random, isOpen: boolean): World {
  const { clock, edge } = fleet;
  const repos: Repo[] = [];
  const troubles: World["troubles"] = [];
  const copies = new Map<string, Copy[]>();
  const bodies = new Map<string, string>();
  const seen = new WeakSet<object>();
  /** What was asked a moment ago, and the next pages. */
  const recent: Pick<Read, "question" | "workspace" | "base">[] = [];
  let words = 0;

  const isolate = () => random.below(fleet.isolates.length);
  const tagOf = ({ workspace }: Repo) => `workspace-${workspace || "_global"}`;

  /** Whether a value may be shown at a moment. */
  function may<T>({ until, tags }: Span<T>, { now, window, isPurged }: Moment): boolean {
    if (until >= now) return true;
    if (now - Math.max(until, fleet.slowAt) > window) return false;
    if (now - fleet.slowAt <= window) return true;
    if (!isPurged || now < until + SETTLE_MS) return true;
    // It is gone: every isolate has noticed, and the edge was told of it then.
    const isTold = tags.every((tag) =>
      fleet.purges.some(({ at, tags }) => at >= until + SETTLE_MS && tags.includes(tag))
    );
    return !isTold &&
      troubles.some((trouble) => trouble.from <= until + SETTLE_MS && trouble.until >= until);
  }

  function isVisible({ workspace }: Repo, read: Read): boolean {
    if (workspace === "") return true;
    return (isOpen || read.caller === "admin") && [undefined, workspace].includes(read.workspace);
  }

  /** Sees that an answer, or a client's copy of it, is one for this caller and this moment. */
  function checkFacts(facts: Facts, read: Read, moment: Moment) {
    const { question } = read;
    const { byRepo, isWhole, total } = facts;
    const domain = (question.repos ?? repos).filter((repo) => isVisible(repo, read));
    if (question.repos) assert.equal(domain.length, question.repos.length);
    const [only] = question.repos?.length === 1 ? domain : [];
    const ids = new Set(domain.map(({ id }) => id));
    for (const id of byRepo.keys()) assert.ok(ids.has(id), `${id} is not for this caller`);
    for (const { id, word, contents } of domain) {
      const told = byRepo.get(id) ?? [];
      const fits = contents.spans.filter((span) => may(span, moment)).some(({ value }) => {
        if (question.repos && value === "gone") return false;
        const all = expected(question, word, value);
        if (only && total !== undefined && total !== all.length) return false;
        return isWhole ? String(all) === String(told) : told.every((fact) => all.includes(fact));
      });
      if (!fits) {
        const past = JSON.stringify(contents.spans.slice(-4));
        const at = `${moment.now}, ${moment.window} ms back`;
        assert.fail(`${id} at ${at}: told ${told}, of ${total}; there was ${past}`);
      }
    }
    for (const [id, name] of facts.names) {
      const { names } = repos.find((repo) => repo.id === id)!;
      const known = names.spans.filter((span) => may(span, moment)).map(({ value }) => value);
      assert.ok(known.includes(name), `${id} at ${moment.now}: is ${known}, told ${name}`);
    }
    if (facts.sync !== undefined && only) {
      const known = only.syncs.spans.filter((span) => may(span, moment));
      const states = known.map(({ value }) => value);
      assert.ok(states.includes(facts.sync), `sync is ${states}, told ${facts.sync}`);
    }
  }

  function checkHeaders(read: Read, { status, headers }: Response) {
    const { caller, request, question } = read;
    assert.equal(headers.get("set-cookie"), null);
    if (status >= 400) {
      assert.equal(headers.get("content-type"), "application/problem+json");
      assert.equal(headers.get("cache-control"), "no-store");
      return;
    }
    const isKept = headers.get("cache-control") !== "no-store";
    if (isKept) {
      assert.equal(headers.get("vary"), "Accept-Encoding, Authorization, Cookie");
      const scope = caller === "anonymous" && !isOpen ? /^public, / : /^(public|private), /;
      assert.match(headers.get("cache-control")!, scope);
      if (caller !== "anonymous") assert.match(headers.get("cache-control")!, /^private, /);
      assert.match(headers.get("cache-control")!, /, max-age=0, must-revalidate$/);
    }
    // Where the database was slow, what is answered may be old, and has no name.
    const etag = headers.get("etag");
    if (isKept || etag !== null) assert.match(etag!, /^"[\w-]{22}(-gzip|-br)?"$/);
    if (status === 304) return;
    const encoding = headers.get("content-encoding");
    const accepted = request.headers.get("accept-encoding") ?? "";
    assert.ok(encoding === null || accepted.includes(encoding));
    const type = question.form === "feed"
      ? "application/atom+xml; charset=utf-8"
      : "application/json";
    assert.equal(headers.get("content-type"), type);
  }

  function checkRead(read: Read) {
    const { question, url, caller, request, response, bytes, isDirect, isDown } = read;
    if (response === undefined) {
      assert.ok(isDown);
      return;
    }
    const { status, headers } = response;
    checkHeaders(read, response);
    if (!isOpen && caller === "wrong") {
      assert.equal(status, 401);
      return;
    }
    const { now } = clock;
    const isEdge = !isDirect && /^public/.test(headers.get("cache-control")!);
    const edgeMs = isDown ? FAILING_MS : question.form === "feed" ? FEED_MS : EDGE_MS;
    const moment = { now, window: NOTICE_MS + (isEdge ? edgeMs : 0), isPurged: isEdge };
    if (status === 404) {
      const isList = ["apps", "groups", "changes", "feed"].includes(question.form);
      const mayBeGone = question.repos?.some((repo) =>
        !isVisible(repo, read) ||
        repo.contents.spans.filter((span) => may(span, moment)).some(({ value }) =>
          value === "gone" || !isList && expected(question, repo.word, value).length === 0
        )
      );
      assert.ok(mayBeGone, "404");
      return;
    }
    const etag = headers.get("etag")!, lastModified = headers.get("last-modified");
    if (status === 304) {
      const given = read.copies.find((copy) => copy.etag === etag);
      const isAsked = request.headers.has("if-none-match") ? given : read.copies[0];
      assert.ok(isAsked, `304 with ${etag}`);
      checkFacts(isAsked.facts, read, moment);
      return;
    }
    // A busy machine's database may take too long.
    if (status === 503 && clock.now === fleet.slowAt) return;
    assert.equal(status, 200);
    if (request.method === "HEAD") {
      assert.equal(bytes.length, 0);
      return;
    }
    const hash = createHash("sha256").update(bytes).digest("base64");
    const known = bodies.get(`${url} ${etag}`);
    if (known !== undefined) assert.equal(hash, known, `two bodies of ${etag}`);
    bodies.set(`${url} ${etag}`, hash);
    const mine = copies.get(url) ?? [];
    const before = mine.find((copy) => copy.etag === etag);
    let facts = before?.facts;
    if (facts === undefined) {
      const text = decode(bytes, headers.get("content-encoding"));
      if (!isOpen && caller === "anonymous") assert.doesNotMatch(text, /canary/);
      facts = readFacts(question.form, text);
    }
    checkFacts(facts, read, moment);
    const copy = { etag, lastModified, facts };
    copies.set(url, [...mine.filter((other) => other !== before), copy].slice(-6));
    if (facts.cursor !== undefined) {
      const path = `${question.path.replace(/&cursor=.*/, "")}&cursor=${facts.cursor}`;
      remember({ ...read, question: { ...question, path } });
    }
  }

  /** Has something asked soon again. */
  function remember(what: Pick<Read, "question" | "workspace" | "base">) {
    recent.push(what);
    if (recent.length > RECENT) recent.shift();
  }

  function drawQuestion(): Question {
    const repo = random.pick(repos), { id, word } = repo;
    const one = `conditions=repo_id=${id}`;
    const name = random.pick([
      `${prefixOf(word)}common`,
      `${word}-stays-1`,
      `${word}-goes-0`,
      `${word}-goes-1`,
    ]);
    const app = `/apps/${appId(id, appKey(name))}`;
    const takes = (app: App) => app.name === name;
    const isOdd = (_app: App, serial: number) => serial % 2 === 1;
    const all = "category,repo,keyword,deprecated,type";
    const odd = "parity-odd";
    return random.pick<() => Question>([
      () => ({ form: "apps", path: `/apps?${one}`, repos: [repo] }),
      () => ({
        form: "apps",
        path: `/apps?${one}&limit=2&orderBy=name&reverse=true`,
        repos: [repo],
      }),
      () => {
        const other = random.pick(repos);
        const named = [...new Set([repo, other])];
        const ids = named.map(({ id }) => id).join("|");
        const path = `/apps?conditions=repo_id=${ids}&limit=-1`;
        return { form: "apps", path, repos: named };
      },
      () => ({ form: "apps", path: `/apps?limit=-1` }),
      () => ({ form: "apps", path: `/apps?limit=3&orderBy=update_time` }),
      () => ({ form: "apps", path: `/apps?limit=-1&facets=${all}` }),
      () => ({ form: "apps", path: `/apps?q=shared&limit=-1&facets=${all}` }),
      () => ({ form: "apps", path: `/apps?q=odd&limit=-1`, takes: isOdd }),
      () => ({ form: "apps", path: `/apps?${one}&q=shared&limit=3`, repos: [repo] }),
      () => ({ form: "apps", path: `/apps?conditions=keyword~${odd}&limit=-1`, takes: isOdd }),
      () => ({ form: "apps", path: `/apps?${one},name=${name}`, repos: [repo], takes }),
      () => ({
        form: "apps",
        path: `/apps?${one},name=nothing`,
        repos: [repo],
        takes: () => false,
      }),
      () => ({ form: "groups", path: `/apps?group=name&${one}&limit=-1`, repos: [repo] }),
      () => ({
        form: "groups",
        path: `/apps?group=name&conditions=name~goes&limit=-1`,
        takes: ({ name }) => name.includes("goes"),
      }),
      () => ({ form: "app", path: app, repos: [repo], takes }),
      () => ({ form: "app", path: app, repos: [repo], takes }),
      () => ({ form: "versions", path: `${app}/versions`, repos: [repo], takes }),
      () => ({
        form: "version",
        path: `${app}/versions/latest`,
        repos: [repo],
        takes,
        version: (serial) => `1.${serial}.0`,
      }),
      () => ({
        form: "version",
        path: `${app}/versions/latest?constraint=1.0.0`,
        repos: [repo],
        takes,
        version: () => "1.0.0",
      }),
      () => ({ form: "changes", path: `/apps/changes?${one}&limit=100`, repos: [repo] }),
      () => ({ form: "changes", path: `/apps/changes?limit=100` }),
      () => ({ form: "changes", path: `/apps/changes?limit=5` }),
      () => ({ form: "feed", path: `/apps/changes.atom?${one}`, repos: [repo] }),
      () => ({ form: "feed", path: `/apps/changes.atom` }),
    ])();
  }

  function drawConditions(url: string): { headers: Record<string, string>; copies: Copy[] } {
    const known = copies.get(url) ?? [];
    const copy = known.length > 0 ? random.pick(known) : undefined;
    if (copy === undefined || random.chance(0.5)) return { headers: {}, copies: [] };
    const { etag, lastModified } = copy;
    if (lastModified !== null && random.chance(0.4)) {
      return { headers: { "if-modified-since": lastModified }, copies: [copy] };
    }
    const [tags, asked] = random.pick<() => [string, Copy[]]>([
      () => [etag, [copy]],
      () => [`W/${etag}`, [copy]],
      () => ['"nothing", W/"of, this"', []],
      () => [known.map(({ etag }) => etag).join(", "), known],
    ])();
    const since = lastModified !== null && random.chance(0.2) && {
      "if-modified-since": lastModified,
    };
    return { headers: { "if-none-match": tags, ...since }, copies: asked };
  }

  return {
    repos,
    troubles,
    async register(workspace) {
      const word = workspace === "" ? `plain${++words}` : `${CANARY}${++words}`;
      const name = `${word} zero`;
      fleet.upstream.serve(`/${word}/index.yaml`, () => new Response(indexAt(word, 1)));
      const base = workspace === "" ? "/v1" : `/v1/workspaces/${workspace}`;
      const at = isolate();
      const url = `${fleet.upstream.url}/${word}`;
      const made = await fleet.command(at, "POST", `${base}/repos`, {
        name,
        url,
        sync_period: "0",
      }) as Body;
      const id: string = made.repo_id;
      const contents = new History<number | "gone">("gone");
      const repo = {
        id,
        workspace,
        word,
        contents,
        names: new History(name),
        syncs: new History("syncing"),
      };
      repos.push(repo);
      contents.change(0, clock.now, [id, "repositories"]);
      contents.change(1, clock.now, [id, tagOf(repo)]);
      repo.syncs.change("successful", clock.now, []);
      await fleet.isolates[at]!.services.syncer.idle();
    },
    async sync(repo, how) {
      const { id, word, contents } = repo;
      const serial = contents.now === "gone" ? 0 : contents.now + Number(how === "changed");
      // A sync that failed is due again, and fails again.
      const answer = () =>
        how === "failing"
          ? new Response("no", { status: 500 })
          : new Response(indexAt(word, serial));
      fleet.upstream.serve(`/${word}/index.yaml`, answer);
      if (how === "changed") contents.change(serial, clock.now, [id, tagOf(repo)]);
      repo.syncs.change(how === "failing" ? "failed" : "successful", clock.now, []);
      const at = isolate();
      await fleet.command(at, "POST", `/v1/repos/${id}/action`, { action: "index" });
      await fleet.isolates[at]!.services.syncer.idle();
    },
    async rename(repo) {
      const name = `${repo.word} ${random.below(2 ** 30)}`;
      repo.names.change(name, clock.now, [repo.id, "repositories"]);
      await fleet.command(isolate(), "PATCH", `/v1/repos/${repo.id}`, { name });
    },
    async remove(repo) {
      // Who reads the list of repositories just before, and that of generations just after.
      repo.contents.change(0, clock.now, [repo.id, "repositories"]);
      repo.contents.change("gone", clock.now, [repo.id, "repositories"]);
      // An isolate that has not noticed finds no status.
      repo.syncs.change("syncing", clock.now, []);
      await fleet.command(isolate(), "DELETE", `/v1/repos/${repo.id}`);
    },
    draw() {
      const again = recent.length > 0 && random.chance(0.6);
      const { base, workspace, question } = again ? random.pick(recent) : {
        base: random.chance(0.1) ? BASES[1]! : BASES[0]!,
        workspace: random.chance(0.2) ? random.pick(WORKSPACES) : undefined,
        question: drawQuestion(),
      };
      if (!again) remember({ base, workspace, question });
      const folder = workspace === undefined ? "" : `/workspaces/${workspace}`;
      const url = `${HOST}${base}${folder}${question.path}`;
      const chance = random.next();
      const caller = chance < 0.75 ? "anonymous" : chance < 0.95 ? "admin" : "wrong";
      const conditions = drawConditions(url);
      const encoding = random.pick(random.chance(0.8) ? ENCODINGS.slice(0, 3) : ENCODINGS);
      const headers = new Headers({ ...headersOf(caller), ...conditions.headers });
      if (encoding !== undefined) headers.set("accept-encoding", encoding);
      const method = random.chance(0.05) ? "HEAD" : "GET";
      return {
        question,
        url,
        base,
        workspace,
        caller,
        isDirect: random.chance(0.1),
        isDown: false,
        request: new Request(url, { method, headers }),
        copies: conditions.copies,
        response: undefined,
        bytes: new Uint8Array(),
      };
    },
    async ask(read) {
      const { isDirect, request } = read;
      const at = isolate();
      read.isDown = !isDirect && fleet.down.has(at);
      try {
        read.response = isDirect
          ? await fleet.isolates[at]!.fetch(request)
          : await edge.fetch(request, at);
        read.bytes = new Uint8Array(await read.response.arrayBuffer());
      } catch (error) {
        if (!read.isDown) throw error;
      }
    },
    check(read) {
      try {
        checkRead(read);
      } catch (error) {
        const { caller, request, response, isDirect } = read;
        const said = { ...Object.fromEntries(request.headers) };
        const came = response &&
          { status: response.status, ...Object.fromEntries(response.headers) };
        const way = isDirect ? "straight" : "through the edge";
        const { method, url } = request;
        throw new Error(
          `${method} ${url} by ${caller}, ${way}: ${
            error instanceof Error ? error.message : error
          }\n` +
            JSON.stringify(
              [said, came, fleet.log.findLast(({ event }) => event !== "synced")],
              null,
              1,
            ),
          { cause: error },
        );
      }
    },
    checkEntries() {
      for (const entry of edge.entries()) {
        if (seen.has(entry)) continue;
        seen.add(entry);
        const { url, vary, headers, status, body } = entry;
        assert.equal(vary.authorization, null, url);
        assert.equal(vary.cookie, null, url);
        assert.ok("accept-encoding" in vary, url);
        const text = decode(body, headers.get("content-encoding"));
        const said = [text, entry.tags.join(), JSON.stringify([...headers])].join();
        assert.ok(!said.includes(CANARY), `${url}: ${said.slice(0, 500)}`);
        const age = /s-maxage=(\d+)/.exec(headers.get("deno-cdn-cache-control")!)![1];
        if (status >= 400) assert.ok(Number(age) <= MAX_ERROR_S, url);
      }
    },
  };
}

/** Does so many things at random, and sees after each few that all that came of them is right. */
async function mixture(fleet: Fleet, seed: number, operations: number, isOpen: boolean) {
  const random = new Random(seed);
  const world = createWorld(fleet, random, isOpen);
  const { repos, troubles } = world;
  for (const workspace of ["", "", "", "alpha", "alpha", "beta"]) await world.register(workspace);
  await fleet.pass(NOTICE_MS);
  const alive = () => repos.filter(({ contents }) => contents.now !== "gone");
  // An isolate that has not noticed a repository yet cannot change it.
  const isKnown = ({ contents }: Repo) => contents.spans[0]!.until <= fleet.clock.now - NOTICE_MS;

  async function change() {
    const chance = random.next(), repo = random.pick(alive().filter(isKnown));
    if (chance < 0.6) await world.sync(repo, "changed");
    else if (chance < 0.65) await world.sync(repo, "same");
    else if (chance < 0.7) await world.sync(repo, "failing");
    else if (chance < 0.8) await world.rename(repo);
    else if (chance < 0.85 && alive().length < 8) {
      await world.register(random.pick(["", ...WORKSPACES]));
    } else if (chance < 0.88 && alive().length > 5) await world.remove(repo);
    else if (chance < 0.92 && !fleet.purgesFail) {
      fleet.purgesFail = true;
      troubles.push({ from: fleet.clock.now, until: Infinity });
    } else if (fleet.purgesFail) {
      fleet.purgesFail = false;
      const { now } = fleet.clock;
      for (const trouble of troubles) trouble.until = Math.min(trouble.until, now + RETRY_MS);
    } else if (chance < 0.97) await random.pick(fleet.isolates).services.syncer.tick();
    else fleet.down = new Set([0, 1, 2, 3, 4].map(() => random.below(fleet.isolates.length)));
  }

  for (let done = 0; done < operations;) {
    const reads = Array.from({ length: 1 + random.below(7) }, () => world.draw());
    done += reads.length;
    const asked = reads.map((read) => world.ask(read));
    if (random.chance(0.08)) {
      done++;
      asked.push(change());
    }
    await Promise.all(asked);
    for (const read of reads) world.check(read);
    await fleet.settle();
    world.checkEntries();
    if (random.chance(0.2)) fleet.down.clear();
    if (random.chance(0.003)) {
      troubles.push({ from: fleet.clock.now, until: fleet.clock.now });
      await fleet.restart(random.below(fleet.isolates.length));
    }
    const chance = random.next();
    const ms = chance < 0.7 ? 1 : chance < 0.92 ? random.below(2_000) : random.below(40_000);
    await fleet.pass(ms);
  }
  const failed = fleet.log.filter(({ event }) => /request failed|from within/.test(event));
  assert.deepEqual(failed, []);
  return world;
}

Deno.test("whatever happens, the edge gives nothing that is old, private, mixed or misnamed", () =>
  withFleet({
    isolates: 8,
    token: TOKEN,
    environmentOf: (isolate) => isolate % 2 === 0 ? {} : { CHARTROOM_CACHE_BYTES: "1MiB" },
  }, async (fleet) => {
    await mixture(fleet, SEED, OPERATIONS, false);
    // Otherwise it has shown nothing.
    const { counts } = fleet.edge;
    assert.ok(counts["deno; hit"]! > OPERATIONS / 20, JSON.stringify(counts));
    assert.ok(counts["deno; fwd=stale"]! > 10, JSON.stringify(counts));
  }));

Deno.test("where everybody is the administrator, too", () =>
  withFleet({ isolates: 8 }, async (fleet) => {
    await mixture(fleet, SEED, OPEN_OPERATIONS, true);
  }));

// One thing at a time.

/** All kinds of answers about one repository, or with it; each tells its serial number. */
function everyKind(id: string, word: string): Record<string, string> {
  const app = `/apps/${appId(id, appKey(`${word}-stays-1`))}`;
  return {
    "a list of one repository": `/apps?conditions=repo_id=${id}`,
    "a list of all": "/apps?limit=-1",
    "a search": "/apps?q=shared&limit=-1",
    "facets": "/apps?limit=1&facets=category,repo,keyword",
    "categories": "/categories?limit=-1",
    "groups": "/apps?group=name",
    "an app": app,
    "its versions": `${app}/versions`,
    "its latest version": `${app}/versions/latest`,
    "changes": "/apps/changes",
    "changes of one repository": `/apps/changes?conditions=repo_id=${id}`,
    "the feed": "/apps/changes.atom",
    "the feed of one repository": `/apps/changes.atom?conditions=repo_id=${id}`,
  };
}

/** Registers a repository, and has every isolate notice it. */
async function registerAt(fleet: Fleet, isolate: number, word: string, workspace = "") {
  fleet.upstream.serve(`/${word}/index.yaml`, indexAt(word, 1));
  const path = workspace === "" ? "/v1/repos" : `/v1/workspaces/${workspace}/repos`;
  const url = `${fleet.upstream.url}/${word}`;
  const body = { name: word, url, sync_period: "0" };
  const { repo_id } = await fleet.command(isolate, "POST", path, body) as Body;
  await fleet.isolates[isolate]!.services.syncer.idle();
  await fleet.pass(2 * SETTLE_MS);
  return repo_id as string;
}

async function textAt(fleet: Fleet, path: string, isolate: number, headers = {}): Promise<string> {
  const request = new Request(`${HOST}/v1${path}`, { headers });
  const response = await fleet.edge.fetch(request, isolate);
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${text}`);
  return text;
}

/** What tells the second generation from the first, whatever the kind. */
const isSecond = (text: string) =>
  /gen-2 |"value":"parity-even"|category-0","app_total":2/.test(text);

Deno.test("what a commit makes stale is gone with the first purge, whatever its kind", () =>
  withFleet({ isolates: 2, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    const kinds = everyKind(id, "plain");
    for (const path of Object.values(kinds)) assert.ok(!isSecond(await textAt(fleet, path, 1)));
    const { length } = fleet.edge.entries();
    assert.equal(length, Object.keys(kinds).length);
    fleet.upstream.serve("/plain/index.yaml", indexAt("plain", 2));
    await fleet.sync(0, id);
    assert.deepEqual(fleet.edge.entries().map(({ url }) => url), []);
    for (const [kind, path] of Object.entries(kinds)) {
      assert.ok(isSecond(await textAt(fleet, path, 0)), kind);
    }
  }));

Deno.test("a repository that is renamed or deleted is gone from the edge with the first purge", () =>
  withFleet({ isolates: 2, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    await registerAt(fleet, 0, "other");
    const kinds = everyKind(id, "plain");
    const warm = async () => {
      for (const path of Object.values(kinds)) await textAt(fleet, path, 1);
      assert.equal(fleet.edge.entries().length, Object.keys(kinds).length);
    };
    await warm();
    await fleet.command(0, "PATCH", `/v1/repos/${id}`, { name: "renamed" });
    await fleet.settle();
    assert.deepEqual(fleet.edge.entries().map(({ url }) => url), []);
    for (const kind of ["facets", "changes", "the feed"]) {
      assert.match(await textAt(fleet, kinds[kind]!, 0), /renamed/, kind);
    }
    await fleet.pass(2 * SETTLE_MS);
    await warm();
    await fleet.command(0, "DELETE", `/v1/repos/${id}`);
    await fleet.settle();
    assert.deepEqual(fleet.edge.entries().map(({ url }) => url), []);
    for (const [kind, path] of Object.entries(kinds)) {
      const response = await fleet.edge.fetch(new Request(`${HOST}/v1${path}`), 0);
      assert.equal(response.status, path.includes(id.slice("repo-".length)) ? 404 : 200, kind);
      assert.doesNotMatch(await response.text(), /plain/, kind);
    }
  }));

Deno.test("an answer that was overtaken by a commit and its purge is gone with the second", () =>
  withFleet({ isolates: 3, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    const kinds = Object.entries(everyKind(id, "plain"));
    const made = Array.from(kinds, () => Promise.withResolvers<void>());
    const go = Promise.withResolvers<void>();
    let waiting = 0;
    fleet.onTheWay = (isolate) => {
      if (isolate !== 1 || waiting === made.length) return;
      made[waiting++]!.resolve();
      return go.promise;
    };
    const overtaken = kinds.map(([, path]) => textAt(fleet, path, 1));
    await Promise.all(made.map(({ promise }) => promise));
    await textAt(fleet, "/apps?limit=2", 2);
    fleet.upstream.serve("/plain/index.yaml", indexAt("plain", 2));
    await fleet.sync(0, id);
    go.resolve();
    for (const text of await Promise.all(overtaken)) assert.ok(!isSecond(text));
    // An isolate that has not noticed answers at another address, too.
    const late = (path: string) => `${path}${path.includes("?") ? "&" : "?"}late`;
    for (const [kind, path] of kinds) {
      assert.ok(!isSecond(await textAt(fleet, late(path), 2)), kind);
      assert.ok(!isSecond(await textAt(fleet, path, 0)), `${kind} is at the edge`);
    }
    await fleet.pass(SETTLE_MS);
    for (const [kind, path] of kinds) {
      assert.ok(isSecond(await textAt(fleet, path, 1)), kind);
      assert.ok(isSecond(await textAt(fleet, late(path), 2)), kind);
    }
  }));

Deno.test("a name is another one in all that tells it, also for who has asked before", () =>
  withFleet({ isolates: 1, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    const of = `conditions=repo_id=${id}`;
    const paths = [`/apps/changes?${of}`, `/apps/changes.atom?${of}`, `/apps?facets=repo&${of}`];
    const modified: (string | null)[] = [];
    for (const path of paths) {
      const response = await fleet.edge.fetch(new Request(`${HOST}/v1${path}`));
      assert.match(await response.text(), /"name":"plain"|_name":"plain"|term="plain"/);
      modified.push(response.headers.get("last-modified"));
    }
    await fleet.command(0, "PATCH", `/v1/repos/${id}`, { name: "renamed" });
    await fleet.pass(2 * SETTLE_MS);
    for (const [i, path] of paths.entries()) {
      const since = { "if-modified-since": modified[i] ?? "" };
      for (const headers of [{}, ...(modified[i] ? [since] : [])]) {
        assert.match(await textAt(fleet, path, 0, headers), /renamed/, path);
      }
    }
  }));

Deno.test("who asks for apps of a repository without any is told how its sync stands, also since a time", () =>
  withFleet({ isolates: 1, token: TOKEN }, async (fleet) => {
    fleet.upstream.serve("/plain/index.yaml", indexOf({}));
    const body = { name: "plain", url: `${fleet.upstream.url}/plain`, sync_period: "0" };
    const { repo_id: id } = await fleet.command(0, "POST", "/v1/repos", body) as Body;
    await fleet.isolates[0]!.services.syncer.idle();
    await fleet.pass(2 * SETTLE_MS);
    const request = (headers = {}) =>
      new Request(`${HOST}/v1/apps?conditions=repo_id=${id}`, { headers });
    const before = await fleet.edge.fetch(request());
    assert.equal((await before.json()).sync, "successful");
    fleet.upstream.serve("/plain/index.yaml", () => new Response("no", { status: 500 }));
    await fleet.sync(0, id);
    const since = before.headers.get("last-modified") ?? new Date(fleet.clock.now).toUTCString();
    const after = await fleet.edge.fetch(request({ "if-modified-since": since }));
    assert.equal(after.status, 200);
    assert.equal((await after.json()).sync, "failed");
  }));

Deno.test("who asks since a time gets the second of two generations of one second", () =>
  withFleet({ isolates: 1, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    const request = (headers = {}) =>
      new Request(`${HOST}/v1/apps?conditions=repo_id=${id}`, { headers });
    let since = "";
    for (const serial of [2, 3]) {
      await fleet.pass(1);
      fleet.upstream.serve("/plain/index.yaml", indexAt("plain", serial));
      await fleet.sync(0, id);
      const headers = since === "" ? {} : { "if-modified-since": since };
      const response = await fleet.edge.fetch(request(headers));
      assert.equal(response.status, 200);
      assert.match(await response.text(), new RegExp(`gen-${serial} `));
      since = response.headers.get("last-modified") ?? since;
    }
    assert.equal(Date.parse(since), Math.floor(fleet.clock.now / 1_000) * 1_000);
  }));

Deno.test("what is answered while the database is slow is not kept for when it is not", () =>
  withFleet({ isolates: 2, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    const kinds = Object.entries(everyKind(id, "plain"));
    for (const [, path] of kinds) await textAt(fleet, path, 1);
    fleet.upstream.serve("/plain/index.yaml", indexAt("plain", 2));
    await fleet.sync(0, id);
    await fleet.pass(2 * SETTLE_MS);
    // The isolate learns of the new generation, but cannot read it.
    const { kv } = fleet.isolates[1]!.services, { getMany, get } = kv;
    const isSegment = (keys: readonly Deno.KvKey[]) => keys.some((key) => key.includes(id));
    const fail = () => Promise.reject(new StoreUnavailable("too slow"));
    kv.get = (key, ...of) => isSegment([key]) ? fail() : get(key, ...of);
    kv.getMany = (keys, ...of) => isSegment(keys) ? fail() : getMany(keys, ...of);
    const list = kv.list;
    kv.list = (selector, ...of) =>
      "prefix" in selector && isSegment([selector.prefix]) ? fail() : list(selector, ...of);
    for (const [kind, path] of kinds) {
      const response = await fleet.edge.fetch(new Request(`${HOST}/v1${path}`), 1);
      const text = await response.text();
      assert.ok([200, 503].includes(response.status), `${kind}: ${text}`);
      assert.ok(!isSecond(text), kind);
    }
    Object.assign(kv, { get, getMany, list });
    await fleet.pass(FEED_MS + NOTICE_MS);
    for (const [kind, path] of kinds) {
      await textAt(fleet, path, 1);
      await fleet.settle();
      assert.ok(isSecond(await textAt(fleet, path, 1)), kind);
    }
  }));

Deno.test("what is answered while the database does not say what is current is kept by nobody", () =>
  withFleet({ isolates: 2, token: TOKEN }, async (fleet) => {
    const id = await registerAt(fleet, 0, "plain");
    const kinds = Object.entries(everyKind(id, "plain"));
    for (const [, path] of kinds) await textAt(fleet, path, 1);
    const { services } = fleet.isolates[1]!, { kv } = services, { getMany } = kv;
    kv.getMany = () => Promise.reject(new StoreUnavailable("too slow"));
    fleet.upstream.serve("/plain/index.yaml", indexAt("plain", 2));
    await fleet.sync(0, id);
    await fleet.pass(2 * SETTLE_MS);
    for (let second = 0; second < 3; second++) {
      for (const [kind, path] of kinds) {
        assert.ok(!isSecond(await textAt(fleet, path, 1)), kind);
        assert.deepEqual(fleet.edge.entries().map(({ url }) => url), [], kind);
      }
      await fleet.pass(700);
    }
    Object.assign(kv, { getMany });
    await fleet.pass(NOTICE_MS);
    for (const [kind, path] of kinds) {
      assert.ok(isSecond(await textAt(fleet, path, 1)), kind);
    }
  }));

// Pages.

/** Apps of an upstream that are there, as they are, in all of its indexes. */
const STABLE = 18;
/** Each is in about half of the indexes, and never as it was. */
const VOLATILE = 4;
/** How often a sync comes between two pages, by what a page has. */
const LIMITS = [[1, 0.04], [7, 0.3], [50, 1]] as const;

function pagedIndex(word: string, random: Random): string {
  const charts: Record<string, VersionSpec[]> = {};
  const add = (name: string, minute: number, ...versions: string[]) =>
    charts[name] = versions.map((version, i) => ({
      version,
      created: new Date(DAY + (minute + 50 * i) * 60_000).toISOString(),
      keywords: ["findme"],
      description: `${random.below(2 ** 30)}`,
    }));
  for (let i = 0; i < STABLE; i++) {
    // Times are those of apps in other repositories, and words stand in different places.
    add(`${i % 3 === 0 ? "findme" : "app"}-${i}-${word}`, (7 * i) % 13, "1.0.0", "1.1.0");
  }
  for (let i = 0; i < VOLATILE; i++) {
    if (random.chance(0.5)) continue;
    const name = `${random.pick(["findme", "app"])}-x${i}-${word}`;
    add(name, random.below(60), ...["1.0.0", "1.1.0", "1.2.0"].slice(random.below(3)));
  }
  return indexOf(charts);
}

for (const way of ["one isolate", "the edge"]) {
  Deno.test(`pages by cursor have each app that stays once, while others change: ${way}`, () =>
    withFleet({ isolates: way === "the edge" ? 3 : 1, token: TOKEN }, async (fleet) => {
      const random = new Random(SEED);
      const ids: [id: string, word: string][] = [];
      for (const word of ["one", "two", "three"]) {
        ids.push([await registerAt(fleet, 0, word), word]);
      }
      const change = async () => {
        const [id, word] = random.pick(ids);
        fleet.upstream.serve(`/${word}/index.yaml`, pagedIndex(word, random));
        await fleet.sync(random.below(fleet.isolates.length), id);
      };
      // A first index with too few apps would be all but new.
      for (const [id, word] of ids) {
        fleet.upstream.serve(`/${word}/index.yaml`, pagedIndex(word, random));
        await fleet.pass(1);
        await fleet.sync(0, id);
      }
      await fleet.pass(2 * SETTLE_MS);

      async function page(path: string): Promise<Body> {
        const at = random.below(fleet.isolates.length);
        const request = new Request(`${HOST}/v1${path}`);
        const response = way === "the edge"
          ? await fleet.edge.fetch(request, at)
          : await fleet.isolates[at]!.fetch(request);
        const body = await response.json();
        assert.equal(response.status, 200, JSON.stringify(body));
        return body;
      }
      const namesOf = ({ items }: Body): string[] =>
        items.map(({ name, app_name, version }: Body) => app_name ? `${app_name}@${version}` : name)
          .filter((name: string) => !/-x\d/.test(name));

      const orders = ["create_time", "name", "update_time", "relevance"];
      const lists = orders.flatMap((order) =>
        ["", "&reverse=true"].map((reverse) =>
          `/apps?orderBy=${order}${reverse}${order === "relevance" ? "&q=findme" : ""}`
        )
      );
      for (const list of [...lists, "/apps?group=name", "/apps/changes?"]) {
        const isNews = list.startsWith("/apps/changes");
        const all: string[] = [];
        for (let next: string | undefined = ""; next !== undefined;) {
          const body = await page(`${list}&limit=${isNews ? 100 : -1}&cursor=${next}`);
          all.push(...namesOf(body));
          next = body.next_cursor;
        }
        assert.equal(new Set(all).size, ids.length * STABLE * (isNews ? 2 : 1));
        for (const [limit, part] of LIMITS) {
          const found: string[] = [];
          for (let next: string | undefined = ""; next !== undefined;) {
            const body = await page(`${list}&limit=${limit}&cursor=${next}`);
            found.push(...namesOf(body));
            next = body.next_cursor;
            if (random.chance(part)) await change();
            await fleet.pass(random.pick([1, 1, 500, 2_000]));
          }
          assert.deepEqual(found, all, `${list}, ${limit} at once`);
        }
      }
    }));
}

// Who sees what.

const NOBODY = "repo-nobodynobody00";

/** What callers are told that may not see a repository, in all places; `id` is its id. */
async function outsidersView(fleet: Fleet, id: string): Promise<Record<string, unknown>> {
  const suffix = id.slice("repo-".length);
  const app = `/apps/${appId(id, appKey("common"))}`;
  const facets = "facets=category,repo,keyword,deprecated,type";
  const paths = [
    "/apps",
    "/apps?limit=2",
    `/apps?limit=-1&${facets}`,
    `/apps?q=common&${facets}`,
    "/apps?q=canary",
    "/apps?q=comon&limit=-1",
    "/apps?group=name&limit=-1",
    "/apps?conditions=keyword~parity",
    `/apps?conditions=repo_id=${id}`,
    `/apps?conditions=repo_id=${id}&${facets}`,
    `/apps?conditions=app_id=${appId(id, appKey("common"))}&${facets}`,
    "/apps/changes?limit=100",
    "/apps/changes?limit=2",
    "/apps/changes.atom",
    `/apps/changes?conditions=repo_id=${id}`,
    `/apps/changes.atom?conditions=repo_id=${id}`,
    app,
    `${app}/versions`,
    `${app}/versions/latest`,
    "/categories?limit=-1",
    "/categories?orderBy=app_total",
    "/categories/ctg-uncategorized",
    "/repos?limit=-1",
    "/repos?conditions=workspace=beta",
    `/repos?conditions=repo_id=${id}`,
    ...["", "/events", "/events/stream", "/problems", "/webhook"].map((at) => `/repos/${id}${at}`),
  ];
  const callers: [caller: Caller, folders: string[]][] = [
    ["anonymous", ["", "/workspaces/alpha", "/workspaces/beta", "/workspaces/bet%61"]],
    ["admin", ["/workspaces/alpha", "/workspaces/alph%61"]],
    ["wrong", ["", "/workspaces/beta"]],
  ];
  const told: Record<string, unknown> = {};
  for (const [caller, folders] of callers) {
    for (const folder of BASES.flatMap((base) => folders.map((folder) => base + folder))) {
      for (const path of paths) {
        // An administrator may name another workspace.
        if (caller === "admin" && path.includes("workspace=beta")) continue;
        const request = new Request(`${HOST}${folder}${path}`, { headers: headersOf(caller) });
        const response = await fleet.edge.fetch(request);
        const text = await response.text();
        assert.doesNotMatch(text, /canary-/, `${request.url} by ${caller}`);
        const headers = ["etag", "last-modified", "cache-control", "deno-cache-tag"]
          .map((name) => response.headers.get(name)?.replaceAll(suffix, "?"));
        const at = `${caller} ${folder}${path}`.replaceAll(suffix, "?");
        const { status } = response;
        told[at] = { status, headers: String(headers), text: text.replaceAll(suffix, "?") };
      }
    }
  }
  return told;
}

Deno.test("who may not see a workspace is told the same, whatever is in it", () =>
  withFleet({ isolates: 1, token: TOKEN }, async (fleet) => {
    await registerAt(fleet, 0, "plain");
    await registerAt(fleet, 0, "other");
    await registerAt(fleet, 0, `${CANARY}alpha`, "alpha");
    const before = await outsidersView(fleet, NOBODY);
    const again = async (id: string, when: string) => {
      await fleet.pass(EDGE_MS + NOTICE_MS);
      const view = await outsidersView(fleet, id);
      for (const [at, told] of Object.entries(view)) {
        assert.ok(JSON.stringify(told) === JSON.stringify(before[at]), `${at} ${when}`);
      }
    };

    // The same names as in the others, and words that searches might take for theirs.
    const index = (serial: number) =>
      indexAt("plain", serial).replaceAll(" of plain", " of canary-");
    fleet.upstream.serve("/private/index.yaml", index(2));
    const url = `${fleet.upstream.url}/private`;
    const body = { name: "plain", url, sync_period: "0" };
    const made = await fleet.command(0, "POST", "/v1/workspaces/beta/repos", body) as Body;
    const id: string = made.repo_id;
    await fleet.isolates[0]!.services.syncer.idle();
    await again(id, "with it");
    fleet.upstream.serve("/private/index.yaml", index(3));
    await fleet.sync(0, id);
    await again(id, "synced");
    await fleet.command(0, "PATCH", `/v1/repos/${id}`, { name: "canary-" });
    await fleet.restart(0);
    await again(id, "in a new isolate");

    // What the administrator sees, whose pages and copies others may ask for.
    const admin = headersOf("admin");
    for (
      const path of ["/apps?limit=2", "/apps/changes?limit=2", `/apps?conditions=repo_id=${id}`]
    ) {
      const url = `${HOST}/v1${path}`;
      for (let next: string | undefined = ""; next !== undefined;) {
        const page = `${url}&cursor=${next}`;
        const mine = await fleet.edge.fetch(new Request(page, { headers: admin }));
        const etag = mine.headers.get("etag")!, { items, next_cursor } = await mine.json();
        next = next_cursor;
        const theirs = await fleet.edge.fetch(
          new Request(page, { headers: { "if-none-match": etag } }),
        );
        const isMine = /canary/.test(JSON.stringify(items));
        if (isMine) assert.notEqual(theirs.status, 304, page);
        assert.doesNotMatch(await theirs.text(), /canary/, page);
      }
    }
    await fleet.command(0, "DELETE", `/v1/repos/${id}`);
    await again(id, "without it");
    for (const { url, vary, body } of fleet.edge.entries()) {
      assert.equal(vary.authorization, null, url);
      assert.doesNotMatch(new TextDecoder().decode(body), /canary/, url);
    }
  }));

Deno.test("what a session sees is stored by no edge, and nobody else's stands in for it", () =>
  withFleet({ isolates: 2, token: TOKEN }, async (fleet) => {
    fleet.upstream.serve("/index.yaml", indexOf({ [CANARY]: ["1.0.0"] }));
    const repo = { name: "r", url: fleet.upstream.url };
    await fleet.command(0, "POST", "/v1/workspaces/alpha/repos", repo);
    await fleet.isolates[0]!.services.syncer.idle();
    await fleet.pass(NOTICE_MS);
    const ask = (path: string, isolate: number, init: RequestInit = {}) =>
      fleet.edge.fetch(new Request(`${HOST}${path}`, init), isolate);
    const login = await ask("/v1/session", 0, {
      method: "POST",
      headers: { "content-type": "application/json", origin: HOST },
      body: JSON.stringify({ token: TOKEN }),
    });
    assert.equal(login.status, 200);
    const cookie = login.headers.get("set-cookie")!.split(";")[0]!;
    for (const first of ["session", "nobody"]) {
      fleet.edge.purge(["*"]);
      for (const isolate of [0, 1, 0]) {
        for (const who of first === "session" ? ["session", "nobody"] : ["nobody", "session"]) {
          const init = who === "session" ? { headers: { cookie } } : {};
          const answer = await ask("/v1/apps", isolate, init);
          assert.equal(answer.status, 200);
          assert.equal((await answer.text()).includes(CANARY), who === "session");
        }
      }
      const entries = fleet.edge.entries();
      assert.deepEqual(entries.map(({ vary }) => vary.cookie), [null]);
    }
  }));
