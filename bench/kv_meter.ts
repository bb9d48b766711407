/** Counts what goes in and out of Deno KV in this process, below everything of Chartroom's. */

import { serialize } from "node:v8";

export interface KvMeter {
  /** Bytes of values that were read. */
  read: number;
  /** Bytes of keys and values that were written. */
  written: number;
  /** When the database was open, by `performance.now()`. */
  openedAt: number;
}

/** Puts the meter in place, for as long as the process lives. */
export function meterKv(): KvMeter {
  const meter: KvMeter = { read: 0, written: 0, openedAt: NaN };
  const countRead = (entry: { value: unknown }) => {
    if (entry.value !== null) meter.read += valueSize(entry.value);
  };

  const open = Deno.openKv;
  const value: typeof open = async (path) => {
    const kv = await open(path);
    meter.openedAt = performance.now();
    return kv;
  };
  Object.defineProperty(Deno, "openKv", { value });

  const { get, getMany, list } = Deno.Kv.prototype;
  Object.assign(Deno.Kv.prototype, {
    async get(this: Deno.Kv, ...args: Parameters<typeof get>) {
      const entry = await get.apply(this, args);
      countRead(entry);
      return entry;
    },
    async getMany(this: Deno.Kv, ...args: Parameters<typeof getMany>) {
      const entries = await getMany.apply(this, args);
      entries.forEach(countRead);
      return entries;
    },
    async *list(this: Deno.Kv, ...args: Parameters<typeof list>) {
      for await (const entry of list.apply(this, args)) {
        countRead(entry);
        yield entry;
      }
    },
  });

  const { set } = Deno.AtomicOperation.prototype;
  Deno.AtomicOperation.prototype.set = function (key, value, options) {
    meter.written += keySize(key) + valueSize(value);
    return set.call(this, key, value, options);
  };
  return meter;
}

/** Bytes of a row, as they are kept. */
export function rowSize({ key, value }: { key: Deno.KvKey; value: unknown }): number {
  return keySize(key) + valueSize(value);
}

function valueSize(value: unknown): number {
  return value instanceof Uint8Array ? value.length : serialize(value).length;
}

function keySize(key: Deno.KvKey): number {
  // A text has two bytes around it, a number is eight and its type.
  const sizes = key.map((part) => typeof part === "string" ? part.length + 2 : 9);
  return sizes.reduce((a, b) => a + b, 0);
}
