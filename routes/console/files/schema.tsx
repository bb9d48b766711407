/** `values.schema.json` of a version as a tree: what may be set, and to what. */

import type { Child } from "hono/jsx";
import type { Opened } from "../app/frame.tsx";
import type { ConsoleContext, Page } from "../page.ts";
import { Badge, Bytes, Empty, Notice } from "../parts/parts.tsx";
import { countText } from "../parts/text.ts";
import { type FileEntry, openArchive } from "./archive.ts";
import { FileActions, FileView, Find } from "./code.tsx";
import { type SchemaNode, schemaTree } from "./schema_tree.ts";
import { shownName, showTab } from "./tab.tsx";

const NAME = "values.schema.json";

/** Answers with `values.schema.json` of a version, as a tree. */
export async function schema(c: ConsoleContext): Promise<Response> {
  return await showTab(c, "schema", async (opened) => {
    const { page, app, version } = opened;
    const { files: words } = page.words;
    const { files, read } = await openArchive(page, app.app_id, version.version_id);
    const file = files.get(NAME), content = (await read([NAME])).get(NAME);
    if (file === undefined || content === undefined) {
      return (
        <Empty icon="file" title={words.noSchema}>
          <p>{words.noSchemaHint}</p>
        </Empty>
      );
    }
    if (content.is !== "text") return <FileView opened={opened} file={file} content={content} />;
    const document = parse(content.text);
    const tree = schemaTree(document);
    if (tree === undefined) {
      const title = document === undefined ? words.schema.invalid : words.schema.noObject;
      return (
        <>
          <Notice tone="warn" title={title} />
          <FileView opened={opened} file={file} content={content} />
        </>
      );
    }
    return (
      <>
        {tree.isCut && <Notice tone="warn">{words.schema.cut}</Notice>}
        <SchemaView opened={opened} file={file} root={tree.root} />
      </>
    );
  });
}

/** `undefined`: it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function SchemaView(
  { opened, file, root }: { opened: Opened; file: FileEntry; root: SchemaNode },
) {
  const { page } = opened;
  const { schema: words } = page.words.files;
  return (
    <figure class="snippet file">
      <figcaption>
        <span class="file-title">
          {file.name}
          <span class="count">
            <Bytes page={page} of={file.size} />
          </span>
        </span>
        <Find page={page} within="schema" />
        <span class="actions">
          <button type="button" class="small scripted" data-unfold="schema">{words.expand}</button>
          <button type="button" class="small scripted" data-fold="schema">{words.collapse}</button>
          <FileActions opened={opened} file={file} />
        </span>
      </figcaption>
      <div class="schema" id="schema">
        <Facts page={page} node={root} />
        <Children page={page} node={root} isOpen={root.children.length === 1} />
      </div>
    </figure>
  );
}

function Children({ page, node, isOpen = false }: NodeProps & { isOpen?: boolean }) {
  if (node.children.length === 0 && !node.isCut) return null;
  return (
    <ul>
      {node.children.map((child) => (
        <li>
          <Node page={page} node={child} isOpen={isOpen} />
        </li>
      ))}
      {node.isCut && <li class="quiet">{page.words.files.schema.more}</li>}
    </ul>
  );
}

interface NodeProps {
  page: Page;
  node: SchemaNode;
}

function Node({ page, node, isOpen }: NodeProps & { isOpen: boolean }): Child {
  const head = <NodeHead page={page} node={node} />;
  const hasMore = node.children.length > 0 || node.isCut;
  if (!hasMore) {
    return (
      <div class="leaf">
        <div class="node">{head}</div>
        <Facts page={page} node={node} />
      </div>
    );
  }
  return (
    <details open={isOpen || node.role.as === "group"}>
      <summary class="node">{head}</summary>
      <Facts page={page} node={node} />
      <Children page={page} node={node} />
    </details>
  );
}

/** Its name, its type, and what there is to know of it at a glance. */
function NodeHead({ page, node }: NodeProps) {
  const { schema: words } = page.words.files;
  const { role, types } = node;
  const isGroup = role.as === "group";
  return (
    <>
      <NodeName page={page} node={node} />{" "}
      {!isGroup && !node.isNever && (
        <span class="type">{types.map(shownName).join(" | ") || words.any}</span>
      )} {node.isNever && <span class="type">{words.never}</span>}
      {role.as === "property" && role.required && <Badge tone="info">{words.required}</Badge>}
      {node.deprecated && <Badge tone="warn">{words.deprecated}</Badge>}
      {node.readOnly && <Badge>{words.readOnly}</Badge>}
    </>
  );
}

function NodeName({ page, node: { role } }: NodeProps) {
  const { schema: words } = page.words.files;
  switch (role.as) {
    case "property":
      return <code class="name">{shownName(role.name.slice(0, 200))}</code>;
    case "pattern":
      return (
        <span class="name">
          {words.pattern} <code>{shownName(role.pattern.slice(0, 200))}</code>
        </span>
      );
    case "item":
      return <span class="name">{words.item(role.number)}</span>;
    case "option":
      return <span class="name">{words.option(role.number)}</span>;
    case "group":
      return <span class="name">{words.group[role.group]}</span>;
    default:
      return <span class="name">{words[role.as]}</span>;
  }
}

/** What is said of a value, but its name and type. */
function Facts({ page, node }: NodeProps) {
  const { schema: words } = page.words.files;
  const { referral } = node;
  const facts = constraintsOf(page, node);
  return (
    <>
      {node.title && <p class="title">{node.title}</p>}
      {node.description && <p class="description">{node.description}</p>}
      {(facts.length > 0 || node.default !== undefined || node.const !== undefined || node.enum) &&
        (
          <p class="facts-line">
            {node.default !== undefined && (
              <span>
                {words.default} <code>{node.default}</code>
              </span>
            )}
            {node.const !== undefined && (
              <span>
                {words.const} <code>{node.const}</code>
              </span>
            )}
            {node.enum && <Enum page={page} of={node.enum} />}
            {facts}
          </p>
        )}
      {referral && (
        <p class="quiet">
          {referral.why === "repeats" ? words.repeats(referral.to) : words.unresolved(referral.to)}
        </p>
      )}
    </>
  );
}

function Enum(
  { page, of: { values, more } }: { page: Page; of: { values: string[]; more: number } },
) {
  const { schema: words } = page.words.files;
  return (
    <span>
      {words.enum} {values.map((value) => (
        <>
          <code>{value}</code>
          {" "}
        </>
      ))}
      {more > 0 && words.other(countText(page, more))}
    </span>
  );
}

function constraintsOf(page: Page, node: SchemaNode): Child[] {
  const { schema: words } = page.words.files;
  const facts: Child[] = node.constraints.map(({ name, value }) => (
    <span>
      {words.constraints[name]} <code>{value}</code>
    </span>
  ));
  if (node.uniqueItems) facts.push(<span>{words.uniqueItems}</span>);
  if (node.isClosed) facts.push(<span>{words.noOthers}</span>);
  return facts;
}
