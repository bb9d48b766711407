/** From generations to what a query looks at. */

import { oncePer } from "../once_per.ts";
import type { Pointer } from "../store/generations.ts";
import type { Repo } from "../store/repos.ts";
import type { Catalog } from "./catalog.ts";
import type { Place } from "./filter.ts";
import type { HotIndex } from "./hot_index.ts";
import { prepareQuery } from "./search.ts";

/** A repository with its current generation, if it has one. */
export interface Source {
  repo: Repo;
  pointer: Pointer | undefined;
}

/** What a query needs beside the catalogs. */
export interface Needs {
  /** Repositories that are asked for; all of them if it is absent. */
  repoIds?: readonly string[] | undefined;
  /** What is searched for by words. */
  text?: string | undefined;
  descriptions?: boolean;
}

/** What a query looks at. */
export interface Places {
  places: Place[];
  /** Whether all of it is current; else the database was slow, and some is of the generation before. */
  current: boolean;
}

/** Whether a catalog is what its source says that it is. */
export function isCurrent({ pointer }: Source, catalog: Catalog): boolean {
  return catalog.generation >= pointer!.generation;
}

/** Brings what a query needs of some repositories into memory. Repositories without apps are left out. */
export async function readPlaces(
  hot: HotIndex,
  sources: readonly Source[],
  { repoIds, text, descriptions }: Needs,
): Promise<Places> {
  const { synced, pairs } = generationsOf(sources);
  const catalogs = await hot.catalogs(pairs);
  const asked = repoIds && new Set(repoIds);
  const places: Place[] = synced.map(({ repo }, i) => ({
    repo,
    catalog: catalogs[i]!,
    asked: asked?.has(repo.id) ?? true,
  }));
  if (descriptions) {
    for (const place of places) {
      const read = hot.descriptions(place.catalog);
      place.descriptions = read instanceof Promise ? await read : read;
    }
  }
  return {
    places: text === undefined ? places : await withScores(hot, places, catalogs, text),
    current: synced.every((source, i) => isCurrent(source, catalogs[i]!)),
  };
}

/** Those that have a generation. The same object for the same sources: the hot index finds it again. */
const generationsOf = oncePer((sources: readonly Source[]) => {
  const synced = sources.filter(({ pointer }) => pointer !== undefined);
  return {
    synced,
    pairs: synced.map(({ repo, pointer }): [string, Pointer] => [repo.id, pointer!]),
  };
});

/** The places that have apps with all words of a text. */
async function withScores(
  hot: HotIndex,
  places: readonly Place[],
  catalogs: readonly Catalog[],
  text: string,
): Promise<Place[]> {
  const indexes = await hot.searchIndexes(catalogs);
  // No `await` from here on: words may get other numbers meanwhile.
  const query = prepareQuery(hot.vocabulary, text);
  const found: Place[] = [];
  for (const [i, place] of places.entries()) {
    const scores = query?.score(indexes[i]!);
    if (scores === undefined) continue;
    place.scores = scores;
    found.push(place);
  }
  return found;
}
