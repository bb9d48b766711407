/** What a caller sees on a path: repositories with their generations, as of one snapshot. */

import { LRUCache } from "lru-cache";
import type { Repo } from "../store/repos.ts";
import type { Snapshot } from "./directory.ts";
import type { Source } from "./places.ts";

/** Kinds of callers, by path, whose scopes are kept. */
const MAX_SCOPES = 200;

export interface Scope {
  /** Another one whenever anything in it is another. */
  readonly id: number;
  readonly snapshot: Snapshot;
  readonly sources: readonly Source[];
  readonly byId: ReadonlyMap<string, Source>;
  /** Whether all of its repositories are global. */
  readonly isGlobal: boolean;
}

/** A scope that was given. What is in it may be old; the snapshot that it was of is not held. */
interface Given {
  scope: Omit<Scope, "snapshot">;
  seenIn: WeakRef<Snapshot>;
}

/** Scopes by what tells them apart: who sees the same on the same path has the same scope. */
export class Scopes {
  readonly #known = new LRUCache<string, Given>({ max: MAX_SCOPES });
  #last = 0;

  /** The scope of a snapshot. `isVisible` must follow from `key` alone. */
  of(key: string, snapshot: Snapshot, isVisible: (repo: Repo) => boolean): Scope {
    const known = this.#known.get(key);
    if (known?.seenIn.deref() === snapshot) return { ...known.scope, snapshot };
    const sources = sourcesOf(snapshot, isVisible);
    const scope = known !== undefined && areSame(known.scope.sources, sources)
      ? known.scope
      : { id: ++this.#last, ...describe(sources) };
    this.#known.set(key, { scope, seenIn: new WeakRef(snapshot) });
    return { ...scope, snapshot };
  }
}

function sourcesOf({ repos, pointers }: Snapshot, isVisible: (repo: Repo) => boolean): Source[] {
  return [...repos.values()].filter(isVisible)
    .map((repo) => ({ repo, pointer: pointers.get(repo.id) }));
}

function describe(sources: readonly Source[]) {
  return {
    sources,
    byId: new Map(sources.map((source) => [source.repo.id, source])),
    isGlobal: sources.every(({ repo }) => repo.workspace === ""),
  };
}

/** Whether all that answers are drawn from is the same. */
function areSame(a: readonly Source[], b: readonly Source[]): boolean {
  return a.length === b.length && a.every(({ repo, pointer }, i) => {
    const other = b[i]!;
    return repo === other.repo && pointer?.generation === other.pointer?.generation;
  });
}
