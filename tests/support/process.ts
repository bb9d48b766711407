/** Chartroom as a process of its own, started as a user starts it. */

import { dirname } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { watchOutput } from "./leaks.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEADLINE_MS = 30_000;

export interface Process {
  /** Where it listens. */
  url: string;
  /** Lines on standard error so far. */
  lines: string[];
  /** Ends when a line that `pattern` matches has come. */
  saw(pattern: RegExp): Promise<string>;
  kill(signal: Deno.Signal): void;
  status: Promise<Deno.CommandStatus>;
}

/** Runs a script of the project to its end. */
export async function run(
  script: string,
  environment: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number; out: string; error: string }> {
  const output = await command(script, environment, ROOT, args).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code: output.code, out: decode(output.stdout), error: decode(output.stderr) };
}

/** Starts the service in a folder, and waits until it listens. */
export async function startProcess(
  environment: Record<string, string>,
  folder = ROOT,
): Promise<Process> {
  const process = start("main.ts", { PORT: "0", ...environment }, "stderr", folder);
  const { url } = JSON.parse(await process.saw(/"event":"listening"/));
  return { ...process, url };
}

/** Starts a script in a folder, and follows what it writes. */
export function start(
  script: string,
  environment: Record<string, string>,
  stream: "stdout" | "stderr",
  folder = ROOT,
): Omit<Process, "url"> {
  const child = command(script, environment, folder).spawn();
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const follow = (async () => {
    const decoded = child[stream].pipeThrough(new TextDecoderStream());
    let rest = "";
    for await (const text of decoded) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      parts.forEach((line) => watchOutput(stream, line));
      lines.push(...parts);
      for (const look of waiting) look();
    }
  })();
  const other = (async () => {
    const name = stream === "stdout" ? "stderr" : "stdout";
    watchOutput(name, await new Response(child[name]).text());
  })();
  return {
    lines,
    saw(pattern) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no line matches ${pattern} in:\n${lines.join("\n")}`));
        }, DEADLINE_MS);
        const look = () => {
          const line = lines.find((line) => pattern.test(line));
          if (line === undefined) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
      });
    },
    kill: (signal) => child.kill(signal),
    status: Promise.all([child.status, follow, other]).then(([status]) => status),
  };
}

/**
 * The flags of the task that runs a script, with the folder of the database that the environment
 * names in the place of the project's own.
 */
export function flagsOf(script: string, environment: Record<string, string> = {}): string[] {
  const commands = Object.values(config.tasks).map((task) => task.split(" "));
  const flags = commands.find((words) => words.at(-1) === script)!.slice(2, -1);
  const { CHARTROOM_KV: path = "" } = environment;
  if (!path.startsWith("/")) return flags;
  return flags.map((flag) => flag.replace(/^(--allow-(?:read|write)=).*$/, `$1${dirname(path)}`));
}

function command(
  script: string,
  environment: Record<string, string>,
  folder = ROOT,
  args: string[] = [],
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      `--config=${ROOT}deno.json`,
      ...flagsOf(script, environment),
      ROOT + script,
      ...args,
    ],
    cwd: folder,
    env: environment,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Sends a request to a process and reads the JSON of its answer. */
export async function call(
  { url }: Pick<Process, "url">,
  method: string,
  path: string,
  body?: unknown,
  // deno-lint-ignore no-explicit-any -- answers are JSON, looked at field by field
): Promise<any> {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined &&
      { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return await response.json();
}

/** Asks again and again, until the answer is as wanted. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A folder of its own for a test, with a database file in it. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
