import { keys } from "./keys.ts";
import { type Kv, StoreUnavailable } from "./kv.ts";

/** How long the database may take to answer before it counts as out of reach. */
const PROBE_MS = 2_000;

/** Writes a row and reads it back. Throws {@link StoreUnavailable} if that does not work. */
export async function probe(kv: Kv): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreUnavailable("the database is slow")), PROBE_MS);
  });
  try {
    await Promise.race([writeAndRead(kv), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function writeAndRead(kv: Kv) {
  const key = keys.ready, value = crypto.randomUUID();
  await kv.commit((op) => op.set(key, value));
  const entry = await kv.get<string>(key);
  // Another probe may have come between.
  if (entry.value === null) throw new StoreUnavailable("the database forgot what was written");
}
