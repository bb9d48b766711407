/** How one file differs between two versions, line by line. */

import type { Opened, Version } from "../app/frame.tsx";
import type { Page } from "../page.ts";
import { Empty } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import type { Content, VersionArchive } from "./archive.ts";
import { type Diff, type DiffLine, diffOf, type Stretch } from "./diff.ts";
import { hrefOfFile, shownName } from "./tab.tsx";

interface Side {
  version: Version;
  archive: VersionArchive;
}

interface DiffProps {
  opened: Opened;
  file: string;
  from: Side;
  to: Side;
  /** Absent: the version has no such file. */
  texts: { from: Content | undefined; to: Content | undefined };
}

const SIGNS = { same: " ", added: "+", removed: "-" } as const;

/** One file of two versions, line by line, or why it is not shown so. */
export function DiffView({ opened, file, from, to, texts }: DiffProps) {
  const { page } = opened;
  const { files } = page.words;
  const isThere = texts.from !== undefined || texts.to !== undefined;
  const unread = [texts.from, texts.to].find((content) => content && content.is !== "text");
  const digests = [from, to].map(({ archive }) => archive.files.get(file)?.sha256);
  if (!isThere) return <Empty icon="file" title={files.noFile(shownName(file.slice(0, 100)))} />;
  if (digests[0] === digests[1]) return <Empty icon="file" title={files.compare.sameFile} />;
  const diff = unread === undefined
    ? diffOf(textOf(texts.from), textOf(texts.to))
    : { is: "beyond" } as const;
  return (
    <section id="diff" class="diff-section">
      <h2>
        <bdi>{shownName(file)}</bdi> {diff.is === "diff" && <Counts page={page} diff={diff} />}
      </h2>
      {diff.is === "same" && <p>{files.compare.sameText}</p>}
      {diff.is === "beyond" && (
        <Empty
          icon="file"
          title={unread && unread.is !== "text" ? files[unread.is] : files.compare.tooDifferent}
        >
          <p>{files.compare.tooDifferentHint}</p>
          <p class="actions">
            {[from, to].filter(({ archive }) => archive.files.has(file)).map(({ version }) => (
              <a class="button" href={hrefOfFile(opened, version.version, file)}>
                {files.compare.inVersion(version.version)}
              </a>
            ))}
          </p>
        </Empty>
      )}
      {diff.is === "diff" && (
        <>
          <div class="diff" tabindex={0} role="region" aria-label={shownName(file)}>
            <div>
              {diff.stretches.map((stretch) => <StretchView page={page} stretch={stretch} />)}
            </div>
          </div>
          {diff.isCut && <p class="quiet">{files.compare.cut}</p>}
        </>
      )}
    </section>
  );
}

function textOf(content: Content | undefined): string {
  return content?.is === "text" ? content.text : "";
}

function Counts({ page, diff }: { page: Page; diff: Extract<Diff, { is: "diff" }> }) {
  const { compare: words } = page.words.files;
  const added = countText(page, diff.added), removed = countText(page, diff.removed);
  return (
    <span class="changed-counts">
      <span aria-hidden="true">
        <span class="plus">+{added}</span> <span class="minus">−{removed}</span>
      </span>
      <span class="seen-by-none">{words.counts(added, removed)}</span>
    </span>
  );
}

function StretchView(
  { page, stretch: { isFolded, lines, count } }: { page: Page; stretch: Stretch },
) {
  const { compare: words } = page.words.files;
  if (!isFolded) return <DiffLines lines={lines} />;
  const text = words.fold(count, countText(page, count));
  // What is not there cannot be unfolded.
  if (lines.length < count) return <p class="unchanged">{text}</p>;
  return (
    <details>
      <summary class="unchanged">{text}</summary>
      <DiffLines lines={lines} />
    </details>
  );
}

/** Colours are not all: each line has its sign, and is an insertion or a deletion. */
function DiffLines({ lines }: { lines: readonly DiffLine[] }) {
  return (
    <pre>
      {lines.map((line) => {
        const Tag = { same: "span", added: "ins", removed: "del" }[line.kind] as "span";
        return (
          <>
            <Tag
              class="d"
              data-from={line.kind === "added" ? "" : line.from}
              data-to={line.kind === "removed" ? "" : line.to}
            >
              {SIGNS[line.kind]}
              {line.pieces.map(([text, isChanged]) => isChanged ? <mark>{text}</mark> : text)}
            </Tag>
            {"\n"}
          </>
        );
      })}
    </pre>
  );
}
