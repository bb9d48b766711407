/** Runs a function in a process of its own, which no work before it has warmed up or filled. */

const ROOT = new URL("../", import.meta.url).pathname;

/** Calls what a file of this folder exports, and gives its answer; both ways as JSON. */
export async function inFreshProcess<T>(file: string, name: string, input: unknown): Promise<T> {
  const args = [file, name, JSON.stringify(input)];
  const { success, stdout } = await denoCommand("bench/child.ts", args, { stdin: "null" }).output();
  if (!success) throw new Error(`${name} of bench/${file} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

export interface Process {
  /** The line that it wrote when it was ready. */
  line: string;
  close(): Promise<void>;
}

/** Starts a script that says when it is ready. It ends with `close`, or with this process. */
export async function startProcess(
  script: string,
  args: string[],
  flags: string[] = [],
): Promise<Process> {
  const child = denoCommand(script, args, { stdin: "piped", flags }).spawn();
  const output = child.stdout.getReader();
  const { value } = await output.read();
  if (value === undefined) throw new Error(`${script} has ended`);
  return {
    line: new TextDecoder().decode(value).trim(),
    async close() {
      await child.stdin.close();
      await output.cancel();
      await child.status;
    },
  };
}

/** What such a script does: says that it is ready, and ends when its standard input does. */
export async function serveParent(line: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
  await Deno.stdin.readable.pipeTo(new WritableStream());
  Deno.exit(0);
}

/** Deno with a script of the project. `--allow-all`: nothing less lets it read `/proc`. */
function denoCommand(
  script: string,
  args: string[],
  { stdin, flags = [] }: { stdin: "null" | "piped"; flags?: string[] },
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-all",
      ...flags,
      `--config=${ROOT}deno.json`,
      ROOT + script,
      ...args,
    ],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}
