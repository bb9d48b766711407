/** Pictures as small as they can be, and what is none. */

import { gzipSync } from "node:zlib";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (text: string) => Uint8Array.fromBase64(text);

/** Bytes that a text has as Latin-1. */
const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

export const PNG = decode(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);
export const GIF = decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");
export const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>';
const XMLNS = 'xmlns="http://www.w3.org/2000/svg"';

/** An icon of one bitmap of 40 bytes. */
const ICO = bytesOf(
  `\0\0\x01\0\x01\0\x01\x01\0\0\x01\0\x20\0\x28\0\0\0\x16\0\0\0${"\0".repeat(40)}`,
);
const BMP = bytesOf(
  `BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0${"\0".repeat(28)}`,
);
const JPEG = bytesOf(`\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9`);
const WEBP = bytesOf(
  `RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0`,
);
const avif = (brands: string) =>
  bytesOf(`\0\0\0${String.fromCharCode(8 + brands.length)}ftyp${brands}${"\0".repeat(20)}`);

type Table = readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer>, type?: string])[];

export const PICTURES: Table = [
  ["png", PNG, "image/png"],
  ["jpg", JPEG, "image/jpeg"],
  ["gif", GIF, "image/gif"],
  ["gif", bytesOf(`GIF87a${"\0".repeat(20)}`), "image/gif"],
  ["webp", WEBP, "image/webp"],
  ["avif", avif("avif\0\0\0\0avifmif1"), "image/avif"],
  ["avif", avif("mif1\0\0\0\0mif1avif"), "image/avif"],
  ["ico", ICO, "image/x-icon"],
  ["bmp", BMP, "image/bmp"],
  // What is a GIF is one, whatever follows.
  ["gif", bytesOf("GIF89a/*<html><script>alert(1)</script>*/=1;"), "image/gif"],
];

export const SVGS: readonly string[] = [
  SVG,
  `\ufeff${SVG}`,
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- a <html> in a comment -->\n${SVG}`,
  '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" ' +
  `"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${SVG}`,
  `<svg:svg xmlns:svg = 'http://www.w3.org/2000/svg'/>`,
  `<svg\n  width="1"\n ${XMLNS}\n></svg>`,
  `<svg ${XMLNS} onload="alert(1)"><script>alert(2)</script></svg>`,
  `<svg ${XMLNS}><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject></svg>`,
];

const utf16 = (text: string) => Uint8Array.from([...text].flatMap((c) => [c.charCodeAt(0), 0]));

export const DISGUISES: Table = [
  ["nothing", new Uint8Array()],
  ["a page", encode("<!doctype html><title>404</title>")],
  ["a page without a type", encode("<html><body><img src=x onerror=alert(1)>")],
  ["a page that begins as a comment", encode(`<!-- ${SVG} --><html></html>`)],
  ["a page with an svg in it", encode(`<body>${SVG}</body>`)],
  ["a script", encode("alert(1)")],
  ["XHTML", encode('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>')],
  ["an svg of HTML's namespace", encode('<svg xmlns="http://www.w3.org/1999/xhtml"/>')],
  ["an svg of none", encode("<svg><script>alert(1)</script></svg>")],
  ["one that says so elsewhere", encode(`<svg a='${XMLNS}'/>`)],
  ["one with another element before it", encode(`<x/>${SVG}`)],
  ["one whose name goes on", encode(`<svgx ${XMLNS}/>`)],
  ["one with HTML's type", encode(`<!DOCTYPE html>${SVG}`)],
  ["one that declares entities", encode(`<!DOCTYPE svg [<!ENTITY a "aaaa">]>${SVG}`)],
  ["one with a comment that does not end", encode(`<!-- ${SVG}`)],
  ["one in UTF-16", utf16(`\ufeff${SVG}`)],
  ["one in UTF-16 without a mark", utf16(SVG)],
  ["one in Latin-1", bytesOf(`<svg ${XMLNS}>\xe9</svg>`)],
  ["one with a null", encode(`<svg ${XMLNS}>\0</svg>`)],
  ["one in gzip", new Uint8Array(gzipSync(SVG))],
  ["a bomb in gzip", new Uint8Array(gzipSync(new Uint8Array(10_000_000)))],
  ["a PNG that is cut off", PNG.slice(0, 20)],
  ["the mark of a PNG alone", PNG.slice(0, 8)],
  ["the mark of a GIF alone", GIF.slice(0, 6)],
  ["the mark of a JPEG alone", JPEG.slice(0, 3)],
  ["a page after one byte of a PNG", bytesOf("\x89<html>")],
  ["RIFF that is sound", bytesOf(`RIFF\x1a\0\0\0WAVEfmt ${"\0".repeat(20)}`)],
  ["a film", avif("isom\0\0\0\0isommp42")],
  ["an icon of nothing", ICO.with(4, 0)],
  ["an icon that is elsewhere", ICO.with(18, 200)],
  ["a bitmap that is longer than it says", Uint8Array.from([...BMP, 0])],
  ["a PDF", encode("%PDF-1.7 and so on, and so on")],
];

/** Regular expressions could take the square of these, of about a mebibyte. */
export const LONG: Table = [
  ["spaces", encode(`<svg ${" ".repeat(1_000_000)}x/>`)],
  ["a name", encode(`<svg ${"a".repeat(1_000_000)}/>`)],
  ["names", encode(`<svg ${"a ".repeat(500_000)}/>`)],
  ["comments", encode("<!---->".repeat(140_000))],
  ["types", encode("<!DOCTYPE svg>".repeat(70_000))],
  ["quotes", encode(`<svg ${"a='".repeat(300_000)}/>`)],
  ["tags that do not end", encode("<svg ".repeat(200_000))],
];
