/** Server-sent events of a repository's syncs. */

import { describeError } from "../../src/log.ts";
import type { Services } from "../../src/services.ts";
import { type News, type Watch, watchSyncs } from "../../src/sync/watch.ts";
import { eventView, standingView } from "./repo_view.ts";

/** How long a stream has nothing to tell before it says that it is there. */
const HEARTBEAT_MS = 15_000;
/** How often that is looked at. */
const LOOK_MS = 1_000;

/**
 * Server-sent events of what a watch tells, each when there is room for it. Ends with the watch,
 * with the client, with the service, and when the client may not see it any more; then `onEnd` is
 * called. That is asked each second: who was let in may be let out.
 */
export function openStream(
  { kv, syncer, clock, log }: Services,
  watch: Omit<Watch, "signal">,
  client: AbortSignal,
  { isAllowed, onEnd }: { isAllowed: () => Promise<boolean>; onEnd: () => void },
): ReadableStream<Uint8Array> {
  const left = new AbortController();
  const ends = [client, syncer.closing];
  const news = watchSyncs({ kv, syncer, clock }, { ...watch, signal: left.signal });
  let out: ReadableStreamDefaultController<Uint8Array>;
  let spoke = clock();
  const say = (text: string) => {
    spoke = clock();
    out.enqueue(new TextEncoder().encode(text));
  };
  const heartbeat = setInterval(async () => {
    if (!await isAllowed()) return close();
    // A client that has not taken what was said last needs no more.
    const isHeard = out.desiredSize === 0;
    if (isHeard && Math.abs(clock() - spoke) >= HEARTBEAT_MS) say(": still here\n\n");
  }, LOOK_MS);
  // At once, although the watch may be waiting for the database.
  const end = () => {
    if (left.signal.aborted) return;
    left.abort();
    news.return().catch(() => {});
    clearInterval(heartbeat);
    for (const signal of ends) signal.removeEventListener("abort", close);
    onEnd();
  };
  const close = () => {
    if (left.signal.aborted) return;
    end();
    out.close();
  };
  return new ReadableStream({
    start(controller) {
      out = controller;
      for (const signal of ends) signal.addEventListener("abort", close);
      if (ends.some(({ aborted }) => aborted)) close();
    },
    async pull() {
      const next = await news.next().catch((error) => {
        log("stream failed", { repo: watch.repoId, ...describeError(error) });
      });
      if (left.signal.aborted) return;
      if (next?.value === undefined) close();
      else say(messageOf(watch.repoId, next.value));
    },
    cancel: end,
    // Nothing is read from the watch before somebody wants it.
  }, { highWaterMark: 0 });
}

/** A message of a stream. Its id is what the client sends as `Last-Event-ID` when it comes back. */
function messageOf(repoId: string, news: News): string {
  const [event, data] = news.kind === "standing"
    ? ["progress", standingView(news.standing)]
    : [news.event.kind ?? "result", eventView(repoId, news.event)];
  return `event: ${event}\nid: ${news.resume}\ndata: ${JSON.stringify(data)}\n\n`;
}
