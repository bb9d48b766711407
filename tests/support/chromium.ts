/**
 * The Chromium of the tests: it comes in an npm package, compressed, with a font and the libraries
 * that a bare machine lacks. Of x86-64 Linux; `CHROMIUM` names another one where that is not it.
 */

import { inflate } from "@sparticuz/chromium";
import type { Browser } from "playwright-core";
import config from "../../deno.json" with { type: "json" };

/** It stays there, out of what CI searches for secrets: 215 MB that take seconds to unpack. */
const UNPACKED = new URL("../../.chromium/", import.meta.url).pathname;
const VERSION = config.imports["@sparticuz/chromium"].split("@").at(-1);
const PACKED = new URL("../bin/", import.meta.resolve("@sparticuz/chromium")).pathname;
const ARGS = [
  // There is none, and the one in software takes a process and memory.
  "--disable-gpu",
  "--disable-software-rasterizer",
  // Whatever is not loopback fails, be it asked for by a page or by the browser itself.
  "--no-proxy-server",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
];

const MACHINE_FONTS = "<dir>/usr/share/fonts</dir>" +
  "<alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>" +
  "<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>";

/**
 * Starts it, without a sandbox: that needs what root and containers do not have. Letters are the
 * same everywhere, whatever the machine has; unless `moreFonts` says that those of the machine are
 * to be there too, for other scripts than ours.
 */
export async function launchChromium({ moreFonts = false } = {}): Promise<Browser> {
  const { chromium } = await importPlaywright();
  const options = { args: ARGS, chromiumSandbox: false };
  const other = Deno.env.get("CHROMIUM");
  if (other) return await chromium.launch({ ...options, executablePath: other });
  const folder = await unpacked();
  const fonts = `${folder}/fonts.conf`;
  const environment = {
    ...Deno.env.toObject(),
    LD_LIBRARY_PATH: `${folder}/al2023/lib`,
    FONTCONFIG_FILE: fonts,
    // A process that is ended leaves pieces of its memory there, now and then.
    TMPDIR: `${folder}/left`,
  };
  await Deno.mkdir(environment.TMPDIR, { recursive: true });
  await Deno.writeTextFile(
    fonts,
    `<fontconfig><dir>${folder}/fonts</dir>${moreFonts ? MACHINE_FONTS : ""}` +
      `<cachedir>${folder}/cache</cachedir></fontconfig>`,
  );
  return await chromium.launch({
    ...options,
    executablePath: `${folder}/chromium`,
    env: environment,
  });
}

/** It looks for WSL when it is imported, in a file that Deno lets only `--allow-all` look at. */
async function importPlaywright() {
  Deno.env.set("__IS_WSL_TEST__", "not now");
  try {
    return await import("playwright-core");
  } finally {
    Deno.env.delete("__IS_WSL_TEST__");
  }
}

/** The folder with all that the package has, which is complete or not there. */
async function unpacked(): Promise<string> {
  const folder = UNPACKED + VERSION;
  if (await exists(folder)) return folder;
  await Deno.mkdir(UNPACKED, { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: UNPACKED });
  await unpackInto(fresh);
  try {
    await Deno.rename(fresh, folder);
  } catch (error) {
    await Deno.remove(fresh, { recursive: true });
    // Another process was faster.
    if (!await exists(folder)) throw error;
  }
  return folder;
}

/** The package unpacks into the folder for temporary files, whichever that is. */
async function unpackInto(folder: string): Promise<void> {
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", folder);
  try {
    const files = ["chromium.br", "fonts.tar.br", "al2023.tar.br"];
    await Promise.all(files.map((file) => inflate(PACKED + file)));
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
