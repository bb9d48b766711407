/** What a fresh process runs: `child.ts <file> <function> <its argument as JSON>`. */

const [file, name, input] = Deno.args;
const exported = await import(`./${file}`);
const answer = await exported[name!](JSON.parse(input!));
await new Blob([JSON.stringify(answer ?? null)]).stream().pipeTo(Deno.stdout.writable);
