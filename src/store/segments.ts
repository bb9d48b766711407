/**
 * Segments: immutable pieces of a generation, compressed JSON that is named by its hash. What did
 * not change between two generations is the same segment in both.
 */

import { createHash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { keys } from "./keys.ts";
import { commitUnder, type Held } from "./leases.ts";
import {
  deleteRows,
  type Kv,
  MAX_COMMIT_BYTES,
  MAX_PART_BYTES,
  MAX_ROWS_PER_COMMIT,
} from "./kv.ts";

/** Characters of JSON: below, a segment is not ended, so that its row is worth its overhead. */
const MIN_SEGMENT = 65_536;
/** Above, it is ended whatever comes, so that reading one app does not read its neighbours. */
const MAX_SEGMENT = 262_144;
/** A segment's key takes no more. */
const KEY_BYTES = 200;
/** Of compression: an eighth larger than the usual 6, in half of the time. */
const LEVEL = 2;
/** Between the two, one item in so many ends a segment. */
const BORDER_MASK = 31;

/**
 * Cuts a sequence of items into segments. Where it cuts follows from the items themselves and not
 * from their offsets, so that an item more or less changes the segment that it is in and no other.
 */
export class SegmentCutter {
  #items: string[] = [];
  #size = 0;
  #emit: (items: string[]) => void;

  /** `emit` gets the items of each segment. */
  constructor(emit: (items: string[]) => void) {
    this.#emit = emit;
  }

  /** Adds an item, as JSON. Whether `name` ends a segment is a property of the name alone. */
  add(json: string, name: string): void {
    this.#items.push(json);
    this.#size += json.length + 1;
    const border = (fnv1a(name) & BORDER_MASK) === 0;
    if (this.#size >= MAX_SEGMENT || (border && this.#size >= MIN_SEGMENT)) this.end();
  }

  /** Ends the segment under way, if there is one. */
  end(): void {
    if (this.#items.length === 0) return;
    this.#emit(this.#items);
    this.#items = [];
    this.#size = 0;
  }
}

/** FNV-1a, 32 bits: spreads names, and is the same everywhere and for ever. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** A segment's name: what it is stored as tells it, which is far shorter than what it holds. */
export function segmentHash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A segment's bytes as they are stored. Takes a few milliseconds at most, as a segment is small. */
export function encodeSegment(json: string): Uint8Array {
  return deflateSync(json, { level: LEVEL });
}

/** Stores segments; one that is there already is written over with the same. */
export async function writeSegments(kv: Kv, repoId: string, segments: Map<string, Uint8Array>) {
  let batch: [Deno.KvKey, Uint8Array][] = [], size = 0;
  const write = async () => {
    const rows = batch;
    batch = [];
    size = 0;
    await kv.commit((op) => rows.reduce((op, [key, value]) => op.set(key, value), op));
  };
  for (const [hash, bytes] of segments) {
    for (let at = 0; at < bytes.length; at += MAX_PART_BYTES) {
      const value = bytes.slice(at, at + MAX_PART_BYTES);
      if (size + value.length + KEY_BYTES > MAX_COMMIT_BYTES) await write();
      if (batch.length === MAX_ROWS_PER_COMMIT) await write();
      batch.push([keys.segmentPart(repoId, hash, at / MAX_PART_BYTES), value]);
      size += value.length + KEY_BYTES;
    }
  }
  if (batch.length > 0) await write();
}

/** A segment as it is stored; `undefined` if it is not. */
export async function readSegment(
  kv: Kv,
  repoId: string,
  hash: string,
): Promise<Uint8Array | undefined> {
  const rows = await kv.list<Uint8Array>({ prefix: keys.segment(repoId, hash) });
  if (rows.length <= 1) return rows[0]?.value ?? undefined;
  return await new Blob(rows.map(({ value }) => value as BlobPart)).bytes();
}

/** The items of a segment. */
export function decodeSegment<T>(bytes: Uint8Array): T[] {
  const blocks = blocksOf(bytes).map((block): T[] => JSON.parse(inflateBlock(block)));
  return blocks.length === 1 ? blocks[0]! : blocks.flat();
}

/** Characters of JSON in a block: to read one item of it must not cost a millisecond. */
const BLOCK_LENGTH = 16_384;
/** Before the lengths of the blocks; what zlib writes begins otherwise. */
const BLOCKS_MARK = 0;
const NUMBER_BYTES = 4;

/** A segment of items, as JSON, of which each can be read without most of its neighbours. */
export function encodeBlocks(items: readonly string[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  let block: string[] = [], length = 0;
  for (const [i, item] of items.entries()) {
    block.push(item);
    length += item.length;
    if (length < BLOCK_LENGTH && i < items.length - 1) continue;
    blocks.push(encodeSegment(`[${block.join(SEPARATOR)}]`));
    block = [];
    length = 0;
  }
  const head = new DataView(new ArrayBuffer((2 + blocks.length) * NUMBER_BYTES));
  head.setUint32(0, BLOCKS_MARK);
  head.setUint32(NUMBER_BYTES, blocks.length);
  blocks.forEach((block, i) => head.setUint32((2 + i) * NUMBER_BYTES, block.length));
  return concat([new Uint8Array(head.buffer), ...blocks]);
}

/** The blocks of a segment as they are stored; one that was not made of blocks is one. */
export function blocksOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== BLOCKS_MARK) return [bytes];
  const count = view.getUint32(NUMBER_BYTES);
  let at = (2 + count) * NUMBER_BYTES;
  return Array.from({ length: count }, (_, i) => {
    const begin = at;
    at += view.getUint32((2 + i) * NUMBER_BYTES);
    return bytes.subarray(begin, at);
  });
}

/** A block's text: a JSON array. */
export function inflateBlock(block: Uint8Array): string {
  return new TextDecoder().decode(inflateSync(block));
}

/** JSON has no line feed of its own, so that {@link splitItems} finds each item without reading it. */
const SEPARATOR = ",\n";

/** The items of a block's text as JSON; `count`: how many there are. */
export function splitItems(text: string, count: number): string[] {
  const items = text.slice(1, -1).split(SEPARATOR);
  // What was written when items were not separated so.
  return items.length === count
    ? items
    : JSON.parse(text).map((item: unknown) => JSON.stringify(item));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Deletes every row under a prefix, in batches, under the lease of the repository. */
export async function deleteAll(kv: Kv, held: Held, prefix: Deno.KvKey) {
  const batchSize = 100;
  for (;;) {
    const rows = await kv.list({ prefix }, batchSize);
    if (rows.length > 0) {
      await commitUnder(kv, held, (op) => deleteRows(op, rows));
    }
    if (rows.length < batchSize) return;
  }
}

/** Hashes that stand one behind the other, as hexadecimal text. */
export function splitHashes(bytes: Uint8Array): string[] {
  return bytes.toHex().match(/.{64}/g) ?? [];
}
