/**
 * Markdown of strangers as HTML that can be put into a page: a fragment of an allow list, that loads
 * nothing and runs nothing. `markdown-it` reads it rather than `marked`, since its time grows with
 * the length alone: `marked` takes seconds for 16 KiB of `*a_`. What raw HTML is in it, and all that
 * was made of the rest, goes through `sanitize-html`.
 */

import MarkdownIt, { type StateCore, type Token } from "markdown-it";
// @ts-types="@types/sanitize-html"
import sanitizeHtml, { type Attributes, type IOptions } from "sanitize-html";

/** Before ids, so that none of a README is one of the page. */
const ID_PREFIX = "readme-";
/** Characters of an id, without that. */
const MAX_ID = 200;
const REL = "nofollow noopener noreferrer";
const PROTOCOLS = ["http:", "https:", "mailto:"];
/** Elements and markup within one another. */
const MAX_NESTING = 50;
/** Microseconds that rendering may take, as {@link estimate} has it: nobody else is served meanwhile. */
const MAX_COST = 80_000;
/**
 * Microseconds that markup may cost, measured on texts of nothing else (Deno 2.9, two cores that
 * others used too). All other characters cost next to nothing.
 */
const COSTS: readonly (readonly [RegExp, number])[] = [
  [/\/\//g, 20],
  [/\n/g, 15],
  [/[-+*]\s|\d[.)]\s/g, 10],
  [/[<#]|\]\(/g, 6],
  [/[![\]*_~]/g, 3],
  [/[`&\\]/g, 2],
  [/[">]/g, 1],
];
/** The same of a cell of a table. */
const CELL_COST = 5;
/**
 * The same of a character that is no letter, for each bracket that is open before it: what may be
 * the text of a link is walked once for each.
 */
const BRACKET_COST = 0.1;
/** Characters that cost one. */
const CHARACTERS_PER_COST = 20;

/** Values that some attributes may have. */
const VALUES: ReadonlyMap<string, RegExp> = new Map([
  ["align", /^(left|center|right)$/],
  ["colspan", /^\d{1,2}$/],
  ["rowspan", /^\d{1,2}$/],
  ["start", /^\d{1,9}$/],
]);

const HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"];
const TEXT = "a abbr b br cite code del dfn em i ins kbd mark q s samp small span strike strong " +
  "sub sup tt u var";
const BLOCKS =
  "blockquote caption center dd details div dl dt figcaption figure hr input li ol p " +
  "pre summary table tbody td tfoot th thead tr ul";
/** Elements of which not even the text is for readers, or that a browser reads otherwise. */
const DROPPED = "embed iframe math noembed noframes object option plaintext script select " +
  "style svg template textarea title xmp";
/** Elements that a browser puts elsewhere unless one of these is around them at once. */
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  caption: ["table"],
  dd: ["dl"],
  dt: ["dl"],
  li: ["ul", "ol"],
  tbody: ["table"],
  td: ["tr"],
  tfoot: ["table"],
  th: ["tr"],
  thead: ["table"],
  tr: ["table", "tbody", "tfoot", "thead"],
};
/** Elements that hold cells, and those in which there can be anything again. */
const ROWS = ["table", "tbody", "tfoot", "thead", "tr"], CELLS = ["caption", "td", "th"];
/** Elements without an end tag. */
const VOID = ["br", "hr", "input"];

const markdown = new MarkdownIt({ html: true, linkify: true, maxNesting: MAX_NESTING });
// Else `README.md` would be a link to a host in Moldova.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
markdown.core.ruler.push("tasks", markTasks);
markdown.core.ruler.push("heading_ids", ({ tokens }) => nameHeadings(tokens));

/** Renders Markdown. What would take too long stands there as it is written. */
export function renderMarkdown(text: string): string {
  if (estimate(text) > MAX_COST) return renderAsWritten(text);
  return sanitizeHtml(markdown.render(text), sanitizing());
}

/** Shows how a README begins that is too long to be rendered. */
export function renderCut(text: string): string {
  return `${renderAsWritten(text)}<p><em>It is longer; this is how it begins.</em></p>\n`;
}

function renderAsWritten(text: string): string {
  const escapes: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "\0": "\ufffd",
  };
  return `<pre>\n${text.replace(/[&<>\0]/g, (character) => escapes[character]!)}</pre>\n`;
}

/** Microseconds that a text may take, so that the answer does not depend on how busy the machine is. */
function estimate(text: string): number {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const marks = COSTS.reduce((sum, [pattern, cost]) => sum + cost * count(pattern), 0);
  // A row of a table gets the cells that it lacks.
  const cells = Math.max(count(/\|/g), (count(/\n/g) + 1) * widestTable(text));
  return text.length / CHARACTERS_PER_COST + marks + CELL_COST * cells + bracketCost(text);
}

/** Links do not go on behind an empty line. */
function bracketCost(text: string): number {
  const walks = text.split(/\n[ \t\r]*\n/).map((block) => {
    const open = Math.min(block.match(/\[/g)?.length ?? 0, MAX_NESTING);
    return open === 0 ? 0 : open * (block.match(/[^\p{L}\p{N}\s]/gu)?.length ?? 0);
  });
  return BRACKET_COST * walks.reduce((sum, walk) => sum + walk, 0);
}

/** Columns of the widest row that stands below a table's head. */
function widestTable(text: string): number {
  const widths = text.split("\n").filter((line) => /^[-:|>\s]*$/.test(line) && line.includes("|"))
    .map((line) => line.split("|").length - 1);
  return widths.reduce((widest, width) => Math.max(widest, width), 0);
}

/** Makes a box of `[ ]` or `[x]` at the beginning of an item of a list, as GitHub does. */
function markTasks({ tokens, Token }: StateCore): void {
  for (const [at, { children }] of tokens.entries()) {
    const first = children?.[0];
    if (tokens[at - 2]?.type !== "list_item_open" || first?.type !== "text") continue;
    const [mark, state] = /^\[([ xX])\](?=\s)/.exec(first.content) ?? [];
    if (mark === undefined) continue;
    const box = new Token("html_inline", "", 0);
    box.content = `<input type="checkbox"${state === " " ? "" : " checked"}>`;
    first.content = first.content.slice(mark.length);
    children!.unshift(box);
  }
}

/** Gives headings the ids that links within READMEs go to: those of GitHub. */
function nameHeadings(tokens: Token[]): void {
  const counts = new Map<string, number>();
  for (const [at, token] of tokens.entries()) {
    if (token.type !== "heading_open") continue;
    const text = tokens[at + 1]!.children!
      .filter(({ type }) => type === "text" || type === "code_inline")
      .map(({ content }) => content).join("");
    const name = text.trim().toLowerCase().replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    if (name !== "") token.attrSet("id", count === 0 ? name : `${name}-${count}`);
  }
}

const PHRASING: readonly string[] = TEXT.split(" ");
const ALLOWED: readonly string[] = [...HEADINGS, ...PHRASING, ...BLOCKS.split(" ")];

function sanitizing(): IOptions {
  /** What is written of the elements that are open; `""` is nothing. */
  const open: string[] = [];
  return {
    allowedTags: [...ALLOWED],
    nonTextTags: DROPPED.split(" "),
    allowedAttributes: {
      "*": ["id"],
      a: ["href", "rel", "title"],
      abbr: ["title"],
      details: ["open"],
      input: ["type", "checked", "disabled"],
      ol: ["start"],
      td: ["align", "colspan", "rowspan"],
      th: ["align", "colspan", "rowspan"],
      ...Object.fromEntries([...HEADINGS, "div", "p"].map((name) => [name, ["align"]])),
    },
    allowedClasses: { code: [/^language-[\w.+#-]{1,50}$/] },
    allowedSchemes: PROTOCOLS.map((protocol) => protocol.slice(0, -1)),
    allowProtocolRelative: false,
    nestingLimit: MAX_NESTING,
    onOpenTag: () => void open.push(""),
    onCloseTag: () => void open.pop(),
    exclusiveFilter: ({ tag, attribs }) => tag === "input" && attribs.type !== "checkbox",
    transformTags: {
      a: (tagName, { href, ...attribs }) => ({
        tagName,
        attribs: { ...attribs, ...linkTo(href) },
      }),
      img: (_, { src, alt = "" }) => {
        // A link in a link is none.
        const link = open.slice(0, MAX_NESTING).includes("a") ? {} : linkTo(src);
        const isLink = "href" in link && !link.href!.startsWith("#");
        if (!isLink) return { tagName: "span", attribs: {}, text: alt };
        return { tagName: "a", attribs: link, text: alt.trim() || "picture" };
      },
      input: (tagName, { type, checked }) => ({
        tagName,
        attribs: type?.toLowerCase() === "checkbox"
          ? { type: "checkbox", disabled: "", ...(checked !== undefined && { checked: "" }) }
          : {},
      }),
      "*": (tagName, attribs) => {
        const within = { attribs: withinReadme(tagName, attribs) };
        // Deeper ones are dropped, and not to be looked through.
        const isWritten = ALLOWED.includes(tagName) && open.length <= MAX_NESTING;
        if (!isWritten) return { ...within, tagName };
        const fitting = fitInto(open.filter((name) => name !== ""), tagName, attribs);
        open[open.length - 1] = fitting;
        return { ...within, tagName: fitting };
      },
    },
  };
}

/**
 * The element to write in place of one within those that are open. A browser closes elements by
 * itself where another may not be in them, and then their end tags close what is around all of it.
 */
function fitInto(open: readonly string[], name: string, { href }: Attributes): string {
  const cell = open.findLastIndex((outer) => CELLS.includes(outer));
  const around = open.slice(cell + 1);
  const parents = PARENTS[name];
  if (parents?.includes(open.at(-1) ?? "")) return name;
  // What is among rows, and in none of their cells, is moved to before the table.
  if (around.some((outer) => ROWS.includes(outer))) return VOID.includes(name) ? "br" : "span";
  if (name === "a") return href === undefined || open.includes("a") ? "span" : "a";
  if (PHRASING.includes(name) || name === "input") return name;
  if (around.includes("p")) return name === "hr" ? "br" : "span";
  const isWithinHeading = open.some((outer) => HEADINGS.includes(outer));
  return parents !== undefined || isWithinHeading && HEADINGS.includes(name) ? "div" : name;
}

/** Where a link may go: elsewhere, by what a browser would make of it, or to an id of the same text. */
function linkTo(href = ""): Attributes {
  const text = href.trim();
  if (/^#./.test(text)) return { href: `#${ID_PREFIX}${text.slice(1, MAX_ID)}`, rel: REL };
  const url = URL.parse(text);
  return url !== null && PROTOCOLS.includes(url.protocol) ? { href: url.href, rel: REL } : {};
}

function withinReadme(tagName: string, { id, name, style, ...rest }: Attributes): Attributes {
  // That is how cells of tables come.
  const [, align] = /^text-align:(left|center|right)$/.exec(style ?? "") ?? [];
  const attribs = Object.fromEntries(
    Object.entries(align === undefined ? rest : { ...rest, align })
      .filter(([name, value]) => VALUES.get(name)?.test(value) ?? true),
  );
  // Old READMEs have `<a name="...">`.
  const anchor = (id || (tagName === "a" && name) || "").replace(/\s/g, "-").slice(0, MAX_ID);
  return anchor === "" ? attribs : { ...attribs, id: ID_PREFIX + anchor };
}
