/**
 * `deno task reseal`: seals what the database keeps secret anew with the first key of
 * `CHARTROOM_SECRET_KEY`. `--forget` drops what no key opens.
 */

import { resealAll, type Resealed } from "./access/reseal.ts";
import { type Config, ConfigError, loadConfig } from "./config.ts";
import { openDatabase } from "./database.ts";
import { StoreUnavailable } from "./store/kv.ts";

const FORGET = "--forget";

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Tells the exit code: 1 if something is left that no key opens, or if it could not be done. */
async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg !== FORGET)) {
    say(`usage: deno task reseal [${FORGET}]`);
    return 2;
  }
  try {
    const done = await reseal(loadConfig(), args.includes(FORGET));
    report(done);
    return done.unreadable.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StoreUnavailable)) throw error;
    say(error.message);
    return 1;
  }
}

async function reseal(config: Config, forget: boolean): Promise<Resealed> {
  await requireFile(config);
  const { kv, secrets } = await openDatabase(config);
  try {
    return await resealAll(kv, secrets, forget);
  } finally {
    await kv.close();
  }
}

/** What is opened would be made if it were not there, and nothing is sealed in what is new. */
async function requireFile({ kv }: Config) {
  if (kv.kind !== "file") return;
  const isThere = await Deno.stat(kv.path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new ConfigError("CHARTROOM_KV", `cannot be read: ${error}`);
  });
  if (!isThere) throw new ConfigError("CHARTROOM_KV", `names no database: ${kv.path}`);
}

function report({ resealed, already, unreadable, forgotten }: Resealed) {
  for (const { owner, field } of unreadable) say(`unreadable: the ${field} of ${owner}`);
  for (const { owner, field } of forgotten) say(`dropped: the ${field} of ${owner}`);
  say(`sealed anew: ${resealed}, sealed with the first key before: ${already}`);
  if (unreadable.length === 0) return;
  say("Add the key that sealed what is unreadable, and run this again. If that key is lost:");
  say(`\`deno task reseal ${FORGET}\` drops it for good.`);
}

function say(text: string) {
  // deno-lint-ignore no-console -- what it says is for who runs it
  console.log(text);
}
