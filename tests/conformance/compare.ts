/** Where two answers differ. */

import type { Body } from "../support/chartroom.ts";
import { hasUnknown } from "./recording.ts";
import { START } from "./stage.ts";

/** A place in which ours is not as theirs. */
export interface Discrepancy {
  /**
   * `status`, `type`, `upstream`, `stored.url`, a path such as `body.items.0.name`, or of a list
   * `unknown`, `twice`, `missing`, `extra`, `order` and `length`.
   */
  at: string;
  theirs: unknown;
  ours: unknown;
  /** The item of a list that it is in. */
  item?: { theirs: Body; ours: Body };
}

/** When KubeSphere's store made the first object of each sequence. */
const THEIR_START = Date.parse("2024-03-01T08:00:00Z");

/**
 * Finds where a value differs; keys that only ours has do not count. Items of lists are found by
 * their ids, so that one that is elsewhere is not taken for another. `unordered`: their order does
 * not count.
 */
export function* compareJson(
  theirs: Body,
  ours: Body,
  unordered: boolean,
  at = "body",
): Generator<Discrepancy> {
  if (!isContainer(theirs) || !isContainer(ours) || Array.isArray(theirs) !== Array.isArray(ours)) {
    if (!sameValue(theirs, ours)) yield { at, theirs, ours };
  } else if (!Array.isArray(theirs)) {
    for (const key of Object.keys(theirs)) {
      const [a, b, place] = [theirs[key], ours[key], `${at}.${key}`];
      const ofObject = key === "create_time" && ("selectors" in theirs || "locale" in theirs);
      if (ofObject) {
        if (!sameMoment(a, b)) yield { at: place, theirs: a, ours: b };
      } else if (a !== "{{now}}" || !isTime(b)) yield* compareJson(a, b, unordered, place);
    }
  } else if ([...theirs, ...ours].every((item) => idOf(item) !== undefined)) {
    yield* compareItems(theirs, ours, unordered, at);
  } else {
    if (theirs.length !== ours.length) {
      yield { at: `${at}.length`, theirs: theirs.length, ours: ours.length };
    }
    for (let i = 0; i < Math.min(theirs.length, ours.length); i++) {
      yield* inItem(compareJson(theirs[i], ours[i], unordered, `${at}.${i}`), theirs[i], ours[i]);
    }
  }
}

function* compareItems(
  theirs: Body[],
  ours: Body[],
  unordered: boolean,
  at: string,
): Generator<Discrepancy> {
  const unknown = theirs.map(idOf).filter(hasUnknown as (id: unknown) => boolean);
  if (unknown.length > 0) yield { at: `${at}.unknown`, theirs: unknown, ours: undefined };
  const known = Map.groupBy(theirs.filter((item) => !hasUnknown(idOf(item)!)), idOf);
  const twice = [...known].filter(([, items]) => items.length > 1).map(([id]) => id);
  if (twice.length > 0) yield { at: `${at}.twice`, theirs: twice, ours: undefined };
  const here = new Map(ours.map((item) => [idOf(item), item]));
  const missing = [...known.keys()].filter((id) => !here.has(id));
  if (missing.length > 0) yield { at: `${at}.missing`, theirs: missing, ours: undefined };
  const extra = [...here.keys()].filter((id) => !known.has(id));
  if (extra.length > 0) yield { at: `${at}.extra`, theirs: undefined, ours: extra };
  const [a, b] = [[...known.keys()], [...here.keys()]].map((ids) =>
    ids.filter((id) => known.has(id) && here.has(id))
  );
  if (!unordered && a!.join() !== b!.join()) yield { at: `${at}.order`, theirs: a, ours: b };
  for (const [i, item] of ours.entries()) {
    const [first, ...rest] = (known.get(idOf(item)) ?? [])
      .map((other) => ({
        other,
        found: [...compareJson(other, item, unordered, `${at}.${i}`)],
      }));
    if (first === undefined) continue;
    const nearest = rest.reduce((a, b) => b.found.length < a.found.length ? b : a, first);
    yield* inItem(nearest.found, nearest.other, item);
  }
}

function* inItem(found: Iterable<Discrepancy>, theirs: Body, ours: Body): Generator<Discrepancy> {
  for (const one of found) yield { item: { theirs, ours }, ...one };
}

/** What an item of a list is found by; events have no ids there. */
function idOf(item: Body): string | undefined {
  if (!isContainer(item)) return undefined;
  return item.version_id ?? item.app_id ?? item.category_id ??
    ("url" in item ? item.repo_id : undefined);
}

function isContainer(value: unknown): value is Body {
  return typeof value === "object" && value !== null;
}

function sameValue(theirs: unknown, ours: unknown): boolean {
  return theirs === ours || isJsonText(theirs) && isJsonText(ours) &&
      JSON.stringify(JSON.parse(theirs)) === JSON.stringify(JSON.parse(ours));
}

/** A list in a string, such as maintainers. */
function isJsonText(value: unknown): value is string {
  return typeof value === "string" && /^(\[.*\]|\{".*\})$/s.test(value);
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** Objects are made at the same time after the first one, to the second. */
function sameMoment(theirs: string, ours: string): boolean {
  const seconds = (time: string, start: number) => Math.floor((Date.parse(time) - start) / 1_000);
  return seconds(theirs, THEIR_START) === seconds(ours, START);
}
