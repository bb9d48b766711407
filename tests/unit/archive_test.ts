/** Archives of charts: what is read as Helm reads it, and what is refused. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ARCHIVE_BOUNDS, readArchive } from "../../src/helm/archive.ts";
import { ArchiveError, type ArchiveFault } from "../../src/helm/archive_error.ts";
import { archiveOf, gzip, type Packed, tarOf } from "../support/chart_archive.ts";

const noTurn = () => undefined;

/** All of an archive: names with their contents, in its order. */
async function unpack(archive: Uint8Array, bounds = ARCHIVE_BOUNDS) {
  const files: [name: string, content: Uint8Array][] = [];
  for await (const { name, content } of readArchive(archive, noTurn, bounds)) {
    const pieces = await Array.fromAsync(content);
    files.push([name, await new Blob(pieces as BlobPart[]).bytes()]);
  }
  return files;
}

async function texts(archive: Uint8Array) {
  return (await unpack(archive)).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]);
}

const refused = (archive: Uint8Array, reason: ArchiveFault, message: string, bounds?: Bounds) =>
  assert.rejects(unpack(archive, bounds), { name: "ArchiveError", reason }, message);
type Bounds = typeof ARCHIVE_BOUNDS;

const CHART: Packed = ["redis/Chart.yaml", "name: redis\n"];

Deno.test("names are those inside of the chart's folder, as Helm reads them", async () => {
  const long = `redis/${"deep/".repeat(30)}file.txt`;
  const table: [path: string, name: string][] = [
    ["redis/Chart.yaml", "Chart.yaml"],
    ["redis/templates/service.yaml", "templates/service.yaml"],
    ["redis/.helmignore", ".helmignore"],
    ["redis/./a//b", "a/b"],
    ["redis/..a/b..", "..a/b.."],
    ["redis\\templates\\service.yaml", "templates/service.yaml"],
    ["redis/__proto__", "__proto__"],
    ["redis/constructor", "constructor"],
    ["redis/grüße.txt", "grüße.txt"],
    ["redis/a:b", "a:b"],
    ["other/second folder.txt", "second folder.txt"],
    ["./redis/Chart.yaml", "redis/Chart.yaml"],
    [long, long.slice(6)],
    [`redis/${"x".repeat(300)}`, "x".repeat(300)],
  ];
  for (const [path, name] of table) {
    assert.deepEqual(await texts(await archiveOf([[path, "text"]])), [[name, "text"]], path);
  }
});

Deno.test("folders and extended headers are passed over, and a name may come twice", async () => {
  const archive = await archiveOf([
    [{ name: "redis/", size: 0, type: "directory" }],
    [{ name: "pax_global_header", size: 6, type: "pax-global-header" }, "6 a=b\n"],
    CHART,
    [{ name: "redis/short", size: 2, pax: { path: "redis/long" } }, "ok"],
    [{ name: "redis/folder/", size: 0, type: "file" }],
    ["redis/Chart.yaml", "name: again\n"],
  ]);
  assert.deepEqual(await texts(archive), [
    ["Chart.yaml", "name: redis\n"],
    ["long", "ok"],
    ["Chart.yaml", "name: again\n"],
  ]);
});

Deno.test("a byte order mark at the beginning of a file is dropped, and nothing else", async () => {
  const table: [bytes: number[], kept: number[]][] = [
    [[0xef, 0xbb, 0xbf], []],
    [[0xef, 0xbb, 0xbf, 65], [65]],
    [[0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf], [0xef, 0xbb, 0xbf]],
    [[0xef, 0xbb], [0xef, 0xbb]],
    [[0xef, 0xbb, 65, 66], [0xef, 0xbb, 65, 66]],
    [[0xef, 0xef, 0xbb, 0xbf], [0xef, 0xef, 0xbb, 0xbf]],
    [[65, 0xef, 0xbb, 0xbf], [65, 0xef, 0xbb, 0xbf]],
    [[], []],
  ];
  // Random, so that gzip cannot shorten it.
  const before = crypto.getRandomValues(new Uint8Array(512));
  for (const [bytes, kept] of table) {
    const archive = await archiveOf([["redis/a", before], ["redis/b", Uint8Array.from(bytes)]]);
    // Wherever the piece ends: a name in the header of gzip moves what is behind it.
    const least = 2_048 - archive.length;
    for (let length = least; length < least + 50; length++) {
      const named = archive.with(3, 8);
      const moved = [...named.subarray(0, 10), ...Array(length).fill(65), 0, ...named.subarray(10)];
      const [, [, found]] = await unpack(Uint8Array.from(moved)) as [unknown, [string, Uint8Array]];
      assert.deepEqual([...found], kept, `${bytes}, ${length}`);
    }
  }
});

Deno.test("what no chart has is refused", async () => {
  const table: [files: Packed[], reason: ArchiveFault][] = [
    [[["/etc/passwd"]], "name"],
    [[["redis//etc/passwd"]], "name"],
    [[["../redis/x"]], "name"],
    [[["redis/../x"]], "name"],
    [[["redis/a/../../x"]], "name"],
    [[["redis/a/.."]], "name"],
    [[["redis\\..\\x"]], "name"],
    [[["redis/c:/windows"]], "name"],
    [[["C:\\windows\\system.ini"]], "name"],
    [[["C:/windows"]], "name"],
    [[["Chart.yaml"]], "name"],
    [[["Chart.yaml/x"]], "name"],
    [[["redis/."]], "name"],
    [[[{ name: "x", size: 0, pax: { path: "redis/a\0b" } }]], "name"],
    [[[{ name: "x", size: 0, pax: { path: `redis/${"x".repeat(5_000)}` } }]], "name"],
    [[[{ name: "x", size: 0, pax: { path: "/redis/x" } }]], "name"],
    [[[{ name: "redis/x", size: 0, type: "symlink", linkname: "/etc/passwd" }]], "not_a_file"],
    [[[{ name: "redis/x", size: 0, type: "link", linkname: "redis/Chart.yaml" }]], "not_a_file"],
    [[[{ name: "redis/x", size: 0, type: "character-device" }]], "not_a_file"],
    [[[{ name: "redis/x", size: 0, type: "block-device" }]], "not_a_file"],
    [[[{ name: "redis/x", size: 0, type: "fifo" }]], "not_a_file"],
    [[], "empty"],
    [[[{ name: "redis/", size: 0, type: "directory" }]], "empty"],
  ];
  for (const [files, reason] of table) {
    const message = JSON.stringify(files);
    await refused(await archiveOf(files), reason, message);
    // Not only as the first.
    if (reason !== "empty") await refused(await archiveOf([CHART, ...files]), reason, message);
  }
});

Deno.test("what is no tar in gzip, or not all of one, is refused", async () => {
  const text = new TextEncoder().encode("<html>Not here</html>".repeat(100));
  const tar = await tarOf([CHART, ["redis/values.yaml", "x".repeat(1_000)]]);
  const archive = gzip(tar);
  const flipped = tar.slice();
  flipped[3]! ^= 1;
  const table: [archive: Uint8Array, reason: ArchiveFault][] = [
    [new Uint8Array(), "not_gzip"],
    [text, "not_gzip"],
    [tar, "not_gzip"],
    [archive.subarray(0, 5), "not_gzip"],
    [archive.subarray(0, archive.length - 1), "not_gzip"],
    [archive.subarray(0, archive.length >> 1), "not_gzip"],
    [archive.with(archive.length - 6, archive.at(-6)! ^ 1), "not_gzip"],
    [Uint8Array.from([...archive, ...text]), "not_gzip"],
    [gzip(text), "not_tar"],
    [gzip(flipped), "not_tar"],
    [gzip(archive), "not_tar"],
    [gzip(tar.subarray(0, 100)), "not_tar"],
    // In the middle of a header, of a body, and of its padding.
    [gzip(tar.subarray(0, 1_024 + 100)), "not_tar"],
    [gzip(tar.subarray(0, 1_536 + 100)), "not_tar"],
    [gzip(tar.subarray(0, 1_536 + 1_000)), "not_tar"],
    [gzip(tar.subarray(0, 1_536 + 1_010)), "not_tar"],
    [gzip(Uint8Array.from([...tar, ...text])), "not_tar"],
    [gzip(new Uint8Array()), "empty"],
    [gzip(new Uint8Array(10_240)), "empty"],
  ];
  for (const [i, [archive, reason]] of table.entries()) await refused(archive, reason, `${i}`);
  // A tar without the zeros at its end is whole in Helm's eyes.
  const files = [["Chart.yaml", "name: redis\n"], ["values.yaml", "x".repeat(1_000)]];
  for (const zeros of [0, 512, 1_024, 20_000]) {
    const end = Uint8Array.from([...tar.subarray(0, 2_560), ...new Uint8Array(zeros)]);
    assert.deepEqual(await texts(gzip(end)), files, `${zeros}`);
  }
});

/** An archive that begins with an extended header. */
async function withExtended(content: string | Uint8Array<ArrayBuffer>, type = "pax-header") {
  const size = new TextEncoder().encode(typeof content === "string" ? content : "").length ||
    content.length;
  return await archiveOf([[{ name: "x", size, type } as Packed[0], content] as Packed, CHART]);
}

Deno.test("extended headers are read if they are well-formed, and do not say a size", async () => {
  const table: [records: string, reason?: ArchiveFault][] = [
    ["18 mtime=12345.678\n".replace("18", "19")],
    ["6 a=b\n12 path=r/x\n"],
    ["11 a=grüß\n".replace("11", "12")],
    ["5 a=\n"],
    ["7 a=b\n", "not_tar"],
    ["5 a=b\n", "not_tar"],
    ["06 a=b\n", "not_tar"],
    [" 6 a=b\n", "not_tar"],
    ["6a=b\n", "not_tar"],
    ["6 a=bc", "not_tar"],
    ["0 a=b\n", "not_tar"],
    ["-6 a=b\n", "not_tar"],
    ["99999999 a=b\n", "not_tar"],
    ["6 a=b\n\0\0", "not_tar"],
    ["2a2a2a ", "not_tar"],
    ["11 size=10\n", "not_tar"],
    ["6 a=b\n11 size=10\n", "not_tar"],
  ];
  for (const [records, reason] of table) {
    for (const type of ["pax-header", "pax-global-header"]) {
      const archive = await withExtended(records, type);
      if (reason !== undefined) await refused(archive, reason, records);
      else assert.equal((await unpack(archive)).length, 1, records);
    }
  }
});

Deno.test("extended headers are bounded by their length and their number", async () => {
  const record = (length: number) => `${length} a=${"b".repeat(length - 4 - `${length}`.length)}\n`;
  assert.equal((await unpack(await withExtended(record(65_536)))).length, 1);
  await refused(await withExtended(record(65_537)), "too_large", "one");
  const name = new Uint8Array(70_000).fill(97);
  await refused(await withExtended(name, "gnu-long-name"), "too_large", "a name");
  const large = [{ name: "x", size: 65_536, type: "pax-header" }, record(65_536)] as Packed;
  assert.equal((await unpack(await archiveOf([...Array(16).fill(large), CHART]))).length, 1);
  await refused(await archiveOf([...Array(17).fill(large), CHART]), "too_large", "all");
  const small = [{ name: "x", size: 6, type: "pax-header" }, "6 a=b\n"] as Packed;
  const bounds = { ...ARCHIVE_BOUNDS, entries: 3 };
  assert.equal((await unpack(await archiveOf([small, small, small, CHART]), bounds)).length, 1);
  await refused(await archiveOf(Array(4).fill(small)), "too_many_entries", "many", bounds);
});

Deno.test("a size is written in octal digits", async () => {
  const sized = async (size: number[]) => {
    const tar = await tarOf([["redis/a", "x".repeat(8)]]);
    tar.set(size, 124);
    const sum = tar.subarray(0, 512)
      .reduce((sum, byte, i) => sum + (i < 148 || i > 155 ? byte : 32), 0);
    tar.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    return gzip(tar);
  };
  const text = (size: string) =>
    Array.from(size.padEnd(12, "\0"), (letter) => letter.charCodeAt(0));
  for (const size of ["10", "   10", "00000000010", "10 ", "10 \0 "]) {
    assert.equal((await unpack(await sized(text(size)))).length, 1, JSON.stringify(size));
  }
  for (const size of ["8", "1 0", "1\x000", "-10", "0x8"]) {
    await refused(await sized(text(size)), "not_tar", JSON.stringify(size));
  }
  await refused(await sized([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]), "not_tar", "binary");
});

Deno.test("a bomb is stopped when it passes its bound, and never stands in memory", async () => {
  let taken = 0, most = 0;
  const read = async (zeros: number) => {
    const archive = gzip(await tarOf([["redis/zeros", new Uint8Array(zeros)]]));
    for await (const { content } of readArchive(archive, noTurn)) {
      for await (const piece of content) {
        taken += piece.length;
        most = Math.max(most, piece.length);
      }
    }
  };
  await read(90_000_000);
  assert.equal(taken, 90_000_000);
  await assert.rejects(read(400_000_000), { reason: "too_large" });
  assert.ok(taken <= 90_000_000 + ARCHIVE_BOUNDS.unpackedBytes, `${taken}`);
  assert.ok(most <= 3_000_000, `${most}`);
});

Deno.test("bounds hold for what is passed over too, and admit what is as large as they are", async () => {
  const files = Array.from({ length: 10 }, (_, i): Packed => [`redis/${i}`, "x".repeat(100)]);
  const folders = files.map((_, i): Packed => [{ name: `r/${i}/`, size: 0, type: "directory" }]);
  const archive = await archiveOf([...folders, ...files]);
  // With its end, and the end that is added.
  const unpackedBytes = 10 * 512 + 10 * 1_024 + 1_024;
  assert.equal((await unpack(archive, { unpackedBytes, entries: 20 })).length, 10);
  await refused(archive, "too_large", "bytes", { unpackedBytes: unpackedBytes - 1, entries: 20 });
  await refused(archive, "too_many_entries", "entries", { unpackedBytes, entries: 19 });
  const claims = await tarOf([["redis/a", "short"]]);
  // A size that is not there takes no room.
  claims.set(new TextEncoder().encode("77777777777"), 124);
  let sum = 32 * 8;
  for (const [i, byte] of claims.subarray(0, 512).entries()) if (i < 148 || i > 155) sum += byte;
  claims.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  await refused(gzip(claims), "not_tar", "a size of 8 GiB");
});

Deno.test("files that are passed over cost nothing, and reading may end early", async () => {
  const archive = await archiveOf([CHART, ["redis/a", new Uint8Array(3_000_000)], [
    "redis/b",
    "b",
  ]]);
  const names: string[] = [];
  for await (const { name } of readArchive(archive, noTurn)) names.push(name);
  assert.deepEqual(names, ["Chart.yaml", "a", "b"]);
  for await (const { content } of readArchive(archive, noTurn)) {
    for await (const _ of content) break;
  }
  for await (const _ of readArchive(archive, noTurn)) break;
});

Deno.test("what was packed is what is read", async () => {
  const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 })
    .filter((text) => !/[/\\\0]/.test(text) && !/^\.{1,2}$|^[a-z]:$/i.test(text))
    // A tar's names are UTF-8.
    .filter((text) => text.isWellFormed());
  const name = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
  const content = fc.uint8Array({ maxLength: 3_000 }).filter((bytes) => bytes[0] !== 0xef);
  const files = fc.array(fc.tuple(name, content), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(files, async (files) => {
      const packed = files.map(([name, bytes]): Packed => [
        // Longer ones go where they fit.
        { name: "x", size: bytes.length, pax: { path: `chart/${name}` } },
        new Uint8Array(bytes),
      ]);
      const found = await unpack(await archiveOf(packed));
      assert.deepEqual(found.map(([name]) => name), files.map(([name]) => name));
      for (const [i, [, bytes]] of found.entries()) assert.deepEqual([...bytes], [...files[i]![1]]);
    }),
    { numRuns: 100 },
  );
});

Deno.test("whatever is done to an archive, it is read or refused", async () => {
  const tar = await tarOf([
    CHART,
    [{ name: "redis/", size: 0, type: "directory" }],
    [{ name: "x", size: 3, pax: { path: `redis/${"long/".repeat(40)}` } }, "abc"],
    ["redis/values.yaml", "x".repeat(5_000)],
  ]);
  const archive = gzip(tar);
  const change = fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 0x30, 0x80, 0xff), fc.nat(255)));
  const changes = fc.array(change, { maxLength: 8 });
  const changed = (bytes: Uint8Array, changes: [number, number][]) => {
    const copy = bytes.slice();
    for (const [at, byte] of changes) copy[at % copy.length] = byte;
    return copy;
  };
  const seen = { read: 0, refused: 0 };
  const isReadOrRefused = async (bytes: Uint8Array) => {
    try {
      for (const [name] of await unpack(bytes)) assert.doesNotMatch(name, /^\/|(^|\/)\.\.(\/|$)/);
      seen.read++;
    } catch (error) {
      assert.ok(error instanceof ArchiveError, String(error));
      seen.refused++;
    }
  };
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(tar.length), fc.boolean(), async (changes, cut, isCut) => {
      const bytes = changed(tar, changes);
      await isReadOrRefused(gzip(isCut ? bytes.subarray(0, cut) : bytes));
      await isReadOrRefused(changed(archive, changes));
    }),
    { numRuns: 300 },
  );
  assert.ok(seen.read > 20 && seen.refused > 100, JSON.stringify(seen));
});
