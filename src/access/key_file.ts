/** The key that is made once, and kept in a file beside the database. */

import { dirname } from "node:path";
import { SECRET_KEY_BYTES } from "./secrets.ts";

/** What everybody may do with a file, in its mode. A volume's group may be the service's own. */
const OTHERS = 0o007;

/** The key in `path`, made if it is not there: of several processes that start, one makes it. */
export async function loadOrMakeKey(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await loadKey(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await makeKey(path);
    return await loadKey(path);
  }
}

async function loadKey(path: string): Promise<Uint8Array<ArrayBuffer>> {
  // `null` on Windows, where the folder says who may read.
  const { mode } = await Deno.stat(path);
  if (((mode ?? 0) & OTHERS) !== 0) {
    throw new Error(`everybody on this machine may use it: \`chmod 600 ${path}\``);
  }
  const key = readKey(await Deno.readTextFile(path));
  if (key === undefined) throw new Error(`it does not hold ${SECRET_KEY_BYTES} bytes in base64`);
  return key;
}

/** A key as it is written: 32 bytes in base64. */
export function readKey(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const key = Uint8Array.fromBase64(text.trim());
    return key.length === SECRET_KEY_BYTES ? key : undefined;
  } catch {
    return undefined;
  }
}

async function makeKey(path: string) {
  await Deno.mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${crypto.randomUUID()}`;
  const key = crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES));
  try {
    await Deno.writeTextFile(draft, `${key.toBase64()}\n`, { mode: 0o600, createNew: true });
    using file = await Deno.open(draft, { write: true });
    // What it seals is on the disk a moment later, and worth nothing without it.
    await file.sync();
    await Deno.link(draft, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(draft);
  }
}
