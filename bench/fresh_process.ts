/** Runs a function in a process of its own, which no work before it has warmed up or filled. */

const ROOT = new URL("../", import.meta.url).pathname;

/** Calls what a file of this folder exports, and gives its answer; both ways as JSON. */
export async function inFreshProcess<T>(file: string, name: string, input: unknown): Promise<T> {
  const args = [file, name, JSON.stringify(input)];
  const command = denoCommand("bench/child.ts", args, "null");
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`${name} of bench/${file} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Deno with a script of the project. `--allow-all`: nothing less lets it read `/proc`. */
export function denoCommand(
  script: string,
  args: string[],
  stdin: "null" | "piped",
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-all",
      `--config=${ROOT}deno.json`,
      ROOT + script,
      ...args,
    ],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}
