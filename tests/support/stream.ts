/** Reads server-sent events as a client does. */

import type { Body } from "./chartroom.ts";
import { watchOutput } from "./leaks.ts";

export interface Message {
  event: string;
  id: string | undefined;
  data: Body;
}

export interface Stream {
  status: number;
  /** How many comments came. */
  readonly comments: number;
  /** The next message; throws if none comes in time. */
  next(): Promise<Message>;
  /** Takes messages until one is as wanted. */
  until(wanted: (message: Message) => boolean): Promise<Message>;
  take(count: number): Promise<Message[]>;
  /** What comes before the stream ends, as it has to in time. */
  rest(): Promise<Message[]>;
  /** The next thing that comes, which has to be a comment. */
  comment(): Promise<string>;
  leave(): Promise<void>;
}

const DEADLINE_MS = 10_000;

/** Reads nothing that it is not asked for. */
export function follow({ status, body }: Response): Stream {
  const reader = body!.getReader(), decoder = new TextDecoder();
  let text = "", comments = 0;

  /** A block up to its empty line; `undefined` at the end of the stream. */
  async function block(): Promise<string | undefined> {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        watchOutput("an event stream", found);
        return found;
      }
      const { done, value } = await inTime(reader.read());
      if (done && text !== "") throw new Error(`cut off in ${text}`);
      if (done) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  }

  async function message(): Promise<Message | undefined> {
    for (;;) {
      const found = await block();
      if (found === undefined || !found.startsWith(":")) return found && parse(found) || undefined;
      comments++;
    }
  }

  async function next(): Promise<Message> {
    const found = await message();
    if (found === undefined) throw new Error("the stream has ended");
    return found;
  }

  return {
    status,
    get comments() {
      return comments;
    },
    next,
    async until(wanted) {
      for (;;) {
        const found = await next();
        if (wanted(found)) return found;
      }
    },
    async take(count) {
      const all: Message[] = [];
      while (all.length < count) all.push(await next());
      return all;
    },
    async rest() {
      const all: Message[] = [];
      for (let one = await message(); one !== undefined; one = await message()) all.push(one);
      return all;
    },
    async comment() {
      const found = await block();
      comments++;
      if (!found?.startsWith(":")) throw new Error(`no comment: ${found}`);
      return found;
    },
    leave: () => reader.cancel(),
  };
}

function parse(block: string): Message {
  const fields = new Map(
    block.split("\n").map((line) => {
      const [, name, value] = /^([a-z]+): (.*)$/.exec(line)!;
      return [name, value!] as const;
    }),
  );
  return {
    event: fields.get("event")!,
    id: fields.get("id"),
    data: JSON.parse(fields.get("data")!),
  };
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nothing came in time")), DEADLINE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
