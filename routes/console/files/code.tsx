/** A text of a file, with numbers at its lines, colours, and what is done with it. */

import { Icon } from "../parts/icon.tsx";
import { Bytes, Empty, Notice, pageNumber, Pager } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import type { Opened } from "../app/frame.tsx";
import type { Page } from "../page.ts";
import { type Content, type FileEntry, MAX_DOWNLOAD_BYTES } from "./archive.ts";
import { linesHtml } from "./code_html.ts";
import { type Lines, linesOf, type Part } from "./lines.ts";
import { hrefOfDownload, shownName } from "./tab.tsx";
import { grammarOf, type Token, tokensOf } from "./tokens.ts";

/** Keys of an outline, and characters of each. */
const MAX_KEYS = 400, MAX_KEY = 100;

/** A file of a version: what is in it, or why that is not shown. `outlined`: beside its keys. */
export function FileView(
  { opened, file, content, outlined = false }: {
    opened: Opened;
    file: FileEntry;
    content: Content;
    outlined?: boolean;
  },
) {
  const { page } = opened;
  if (content.is !== "text" || file.size === 0) {
    return <NotShown opened={opened} file={file} content={content} />;
  }
  const lines = linesOf(content.text);
  const number = Math.min(pageNumber(page.url), lines.parts.length);
  const part = lines.parts[number - 1]!;
  const tokens = tokensOf(part.lines, grammarOf(file.name));
  const keys = outlined ? keysOf(tokens, part) : [];
  return (
    <>
      <Remarks page={page} lines={lines} part={part} />
      <div class={keys.length > 0 ? "outlined" : undefined}>
        {keys.length > 0 && <Outline page={page} keys={keys} />}
        <figure class="snippet file">
          <figcaption>
            <FileTitle page={page} file={file} lines={lines.total} />
            <Find page={page} within="code" />
            <FileActions opened={opened} file={file} copies="code" />
          </figcaption>
          <Code label={shownName(file.name)} part={part} tokens={tokens} isOutlined={outlined} />
        </figure>
      </div>
      <Pager page={page} total={lines.parts.length} limit={1} />
    </>
  );
}

function Remarks({ page, lines, part }: { page: Page; lines: Lines; part: Part }) {
  const { files } = page.words;
  const count = (number: number) => countText(page, number);
  const to = part.first + part.lines.length - 1;
  return (
    <>
      {lines.parts.length > 1 && (
        <p class="quiet">{files.shownLines(count(part.first), count(to), count(lines.total))}</p>
      )}
      {lines.isCut && <p class="quiet">{files.cutLines}</p>}
      {lines.hasUnseen && <Notice tone="warn">{files.unseen}</Notice>}
    </>
  );
}

function NotShown(
  { opened, file, content }: { opened: Opened; file: FileEntry; content: Content },
) {
  const { page } = opened;
  const { files } = page.words;
  const title = content.is === "text" ? files.emptyFile : files[content.is];
  return (
    <Empty icon="file" title={title}>
      <p>
        <FileTitle page={page} file={file} />
      </p>
      <div class="actions">
        <FileActions opened={opened} file={file} />
      </div>
    </Empty>
  );
}

function FileTitle(
  { page, file, lines }: { page: Page; file: FileEntry; lines?: number },
) {
  return (
    <span class="file-title">
      <bdi>{shownName(file.name)}</bdi>
      <span class="count">
        <Bytes page={page} of={file.size} />
        {lines !== undefined && <>, {page.words.files.lines(lines, countText(page, lines))}</>}
      </span>
    </span>
  );
}

/** `copies`: the id of what is copied. */
export function FileActions(
  { opened, file, copies }: { opened: Opened; file: FileEntry; copies?: string },
) {
  const { page, version } = opened;
  const { files, common } = page.words;
  return (
    <span class="actions">
      {copies && (
        <button
          type="button"
          class="small scripted"
          data-copy=""
          data-copy-of={copies}
          data-copied={common.copied}
          title={files.copyAll}
        >
          <Icon of="copy" />
          <span aria-live="polite">{common.copy}</span>
        </button>
      )}
      {file.size <= MAX_DOWNLOAD_BYTES && file.size > 0 && (
        <a class="button small" href={hrefOfDownload(opened, version.version, file.name)} download>
          {files.download}
        </a>
      )}
    </span>
  );
}

/** Finds a text on the page, where scripts run. `within`: the id of what is looked through. */
export function Find({ page, within }: { page: Page; within: string }) {
  const { find } = page.words.files;
  return (
    <div
      class="find scripted"
      role="search"
      data-find={within}
      data-none={find.none}
    >
      <input
        type="search"
        id="find"
        aria-label={find.label}
        placeholder={find.placeholder}
        autocomplete="off"
        spellcheck={false}
        data-search
      />
      <output for="find" class="count"></output>
      <button type="button" class="small" data-to="-1" aria-label={find.previous} disabled>
        <Icon of="up" />
      </button>
      <button type="button" class="small" data-to="1" aria-label={find.next} disabled>
        <Icon of="down" />
      </button>
    </div>
  );
}

/** Lines of a text. Keys of the first column can be linked to: see {@link Outline}. */
function Code(
  { label, part, tokens, isOutlined }: {
    label: string;
    part: Part;
    tokens: readonly (readonly Token[])[];
    isOutlined: boolean;
  },
) {
  return (
    <pre class="code" tabindex={0} role="region" aria-label={label}>
      <FirstNumber of={part.first} />
      <code id="code">
        {linesHtml(
          tokens,
          (index) => isOutlined && tokens[index]![0]?.[0] === "k" ? `L${part.first + index}` : undefined,
        )}
      </code>
    </pre>
  );
}

/**
 * Has lines counted from a number on. Numbers are counted in CSS, so that they weigh nothing and
 * are not copied; where they begin cannot be said there without a style of the page's own.
 */
function FirstNumber({ of }: { of: number }) {
  if (of === 1) return null;
  return (
    <>
      {[...`${of - 1}`].flatMap((digit, index, digits) =>
        Array.from(
          { length: Number(digit) },
          () => <i class={`ten-${digits.length - index - 1}`} />,
        )
      )}
    </>
  );
}

interface Key {
  text: string;
  line: number;
}

function keysOf(tokens: readonly (readonly Token[])[], { first }: Part): Key[] {
  return tokens.flatMap(([token], index) =>
    token?.[0] === "k" ? [{ text: token[1].trim().slice(0, MAX_KEY), line: first + index }] : []
  );
}

function Outline({ page, keys }: { page: Page; keys: readonly Key[] }) {
  const { files } = page.words;
  return (
    <nav class="outline" aria-label={files.outline}>
      <h2>{files.outline}</h2>
      <ul>
        {keys.slice(0, MAX_KEYS).map(({ text, line }) => (
          <li>
            <a href={`#L${line}`}>
              {shownName(text)} <span class="count">{line}</span>
            </a>
          </li>
        ))}
      </ul>
      {keys.length > MAX_KEYS && (
        <p class="quiet">{files.more(countText(page, keys.length - MAX_KEYS))}</p>
      )}
    </nav>
  );
}
