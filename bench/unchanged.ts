/** P10: syncs of repositories whose upstream says that nothing has changed. */

import { type Chartroom, withChartroom } from "./chartroom.ts";
import { generatedIndex } from "./indexes.ts";
import { median, round, timed } from "./measure.ts";
import { condition, type Input, type Result } from "./result.ts";
import { startUpstream } from "./upstream.ts";

const REPOSITORIES = 1_000;
/** Repositories of one host are synced four at once, those of several are not held up by that. */
const HOSTS = [1, 4];
const ROUNDS = 7;
/** In the first of these, what the first syncs left behind is swept as well. */
const WARM_UPS = 3;
/** More than a period with its jitter. */
const PERIOD_MS = 2 * 3_600_000;

/**
 * Measures what a tick does in a second when all repositories are due. What counts is what a process
 * can do, with several hosts; with one, it waits for that host.
 */
export async function measure({ folder }: Input): Promise<Result> {
  const path = await generatedIndex(folder, { versions: 30 });
  const byHosts: { hosts: number; perSecond: number }[] = [];
  for (const hosts of HOSTS) {
    const upstreams = await Promise.all(Array.from({ length: hosts }, startUpstream));
    try {
      for (const upstream of upstreams) await upstream.serve(path, '"etag"');
      const perSecond = await ticks(upstreams.map(({ url }) => url));
      byHosts.push({ hosts, perSecond: round(perSecond) });
    } finally {
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    }
  }
  const { hosts, perSecond } = byHosts.at(-1)!;
  const what = `unchanged repositories of ${hosts} hosts synced`;
  return { ...condition(what, perSecond, "a second", "at least", 500), byHosts };
}

function ticks(hosts: string[]): Promise<number> {
  let offset = 0;
  return withChartroom(async (chartroom) => {
    await registerAll(chartroom, hosts);
    const rates: number[] = [];
    for (let round = -WARM_UPS; round < ROUNDS; round++) {
      offset += PERIOD_MS;
      const ms = await timed(() => chartroom.services.syncer.tick());
      if (round >= 0) rates.push(REPOSITORIES / ms * 1_000);
    }
    await requireAllUnchanged(chartroom);
    return median(rates);
  }, () => Date.now() + offset);
}

async function registerAll({ call, services }: Chartroom, hosts: string[]): Promise<void> {
  for (let i = 0; i < REPOSITORIES; i++) {
    await call("POST", "/v1/repos", { name: `r${i}`, url: `${hosts[i % hosts.length]}/r${i}` });
  }
  await services.syncer.idle();
}

/**
 * Each sync in a round that was measured was answered with 304, and left an event. In those before,
 * the sweep may have had the repository, which is then synced a second later.
 */
async function requireAllUnchanged({ call }: Chartroom): Promise<void> {
  const { items } = await call("GET", "/v1/repos?limit=-1");
  for (const { repo_id } of items) {
    const { items: events } = await call("GET", `/v1/repos/${repo_id}/events?limit=${ROUNDS}`);
    const unchanged = events.filter((event: { status: string; index_bytes: number }) =>
      event.status === "successful" && event.index_bytes === 0
    );
    const [first, last] = [events.at(-1), events[0]].map(({ create_time }) =>
      Date.parse(create_time)
    );
    const isGapless = last! - first! < ROUNDS * PERIOD_MS;
    if (unchanged.length === ROUNDS && isGapless) continue;
    throw new Error(`${repo_id} was not synced in each round: ${JSON.stringify(events)}`);
  }
}
