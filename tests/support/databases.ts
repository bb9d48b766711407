/** The kinds of database that the store must work on. */

import { type Kv, openKv } from "../../src/store/kv.ts";
import "./leaks.ts";

/** Runs a test of the store's contract on each kind of database. */
export function onEachDatabase(name: string, test: (kv: Kv) => Promise<void>) {
  Deno.test(`${name} (in memory)`, async () => {
    const kv = await openKv({ kind: "memory" });
    try {
      await test(kv);
    } finally {
      kv.close();
    }
  });
  Deno.test(`${name} (on a file)`, () => withFile((open) => open().then(test)));
}

/** Gives a test a way to open one database file several times. */
export async function withFile(test: (open: () => Promise<Kv>) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const handles: Kv[] = [];
  try {
    await test(async () => {
      const kv = await openKv({ kind: "file", path: `${folder}/deep/kv.sqlite` });
      handles.push(kv);
      return kv;
    });
  } finally {
    for (const kv of handles) kv.close();
    await Deno.remove(folder, { recursive: true });
  }
}
