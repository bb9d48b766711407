/** The reference page: the document, for people. It needs no script, and nothing from elsewhere. */

import type { Child } from "hono/jsx";
import type { Document } from "./document.ts";
import { IN_WORKSPACE } from "./head.ts";
import { Method, OperationView, type Placed } from "./reference_operation.tsx";
import { Problems, type Schema, Schemas, Text } from "./reference_schema.tsx";

/** Writes the page. */
export function renderReference(document: Document): string {
  const operations = placedOf(document);
  const resolve = (part: Schema): Schema => {
    const [, section, name] = part.$ref?.match(/^#\/components\/(\w+)\/(.+)$/) ?? [];
    return section === undefined ? part : document.components[section]![name];
  };
  const tags: Tag[] = document.tags.map((tag: Omit<Tag, "operations">) => ({
    ...tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const page = (
    <Page title={`${document.info.title} API`}>
      <Navigation tags={tags} />
      <main id="content">
        <Head of={document} />
        {tags.map(({ name, description, operations }) => (
          <section id={anchorOf(name)} aria-labelledby={`${anchorOf(name)}-title`}>
            <h2 id={`${anchorOf(name)}-title`}>{name}</h2>
            <p class="lede">{description}</p>
            {operations.filter(isHere).map((placed) => (
              <OperationView of={placed} resolve={resolve} />
            ))}
            <Elsewhere
              of={operations.filter((placed) =>
                !isHere(placed)
              )}
            />
          </section>
        ))}
        <Problems of={document.components.schemas!.Problem} />
        <Schemas of={document.components.schemas!} />
      </main>
    </Page>
  );
  return `<!DOCTYPE html>${page}`;
}

interface Tag {
  name: string;
  description: string;
  operations: Placed[];
}

/** All operations but those in a workspace, which stand beside their like. */
function placedOf({ paths }: Document): Placed[] {
  return Object.entries(paths)
    .filter(([path]) => !path.startsWith(IN_WORKSPACE))
    .flatMap(([path, { servers, ...methods }]) =>
      Object.entries(methods).map(([method, operation]) => {
        const same = paths[IN_WORKSPACE + path]?.[method];
        const inWorkspace = same &&
          { path: IN_WORKSPACE + path, operationId: same.operationId };
        return { method, path, operation, inWorkspace, servers: servers as Schema };
      })
    );
}

function isHere({ operation }: Placed): boolean {
  return operation["x-codeSamples"] !== undefined;
}

/** Operations of which there is no more to say. */
function Elsewhere({ of: operations }: { of: Placed[] }) {
  if (operations.length === 0) return null;
  return (
    <ul class="elsewhere">
      {operations.map(({ method, path, operation, inWorkspace }) => (
        <li id={operation.operationId}>
          <Method of={method} /> <code>{path}</code>
          <span class="also" id={inWorkspace?.operationId}>{operation.summary}</span>
        </li>
      ))}
    </ul>
  );
}

function anchorOf(tag: string): string {
  return `tag-${tag.toLowerCase().replaceAll(" ", "-")}`;
}

function Page({ title, children }: { title: string; children: Child }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <a class="skip" href="#content">To the content</a>
        {children}
      </body>
    </html>
  );
}

function Navigation({ tags }: { tags: Tag[] }) {
  return (
    <nav aria-label="Operations">
      <a class="brand" href="#top">
        Chartroom <span>API</span>
      </a>
      <ul>
        {tags.map(({ name, operations }) => (
          <li>
            <a class="tag" href={`#${anchorOf(name)}`}>{name}</a>
            <ul>
              {operations.filter(isHere).map(({ method, operation }) => (
                <li>
                  <a href={`#${operation.operationId}`}>
                    <Method of={method} /> {operation.summary}
                  </a>
                </li>
              ))}
            </ul>
          </li>
        ))}
        <li>
          <a class="tag" href="#problems">Problems</a>
        </li>
        <li>
          <a class="tag" href="#schemas">Schemas</a>
        </li>
      </ul>
    </nav>
  );
}

function Head({ of: { info, servers, components } }: { of: Document }) {
  return (
    <header id="top">
      <h1>
        {info.title} API <small>{info.version}</small>
      </h1>
      <p class="summary">{info.summary}</p>
      {info.description.split("\n\n").map((text: string) => (
        <p>
          <Text of={text} />
        </p>
      ))}
      <p>
        For programs: <a href="/openapi.json">openapi.json</a>, in OpenAPI 3.1.
      </p>
      <h2>Where it is</h2>
      <dl class="pairs">
        {servers.map(({ url, description }: Schema) => (
          <div>
            <dt>
              <code>{url}</code>
            </dt>
            <dd>{description}</dd>
          </div>
        ))}
      </dl>
      <p>
        Examples take the service's address from <code>$CHARTROOM</code>, such as{" "}
        <code>CHARTROOM=http://127.0.0.1:8000</code>, and a token from{" "}
        <code>$TOKEN</code>. A click marks all of a request.
      </p>
      <h2 id="access">Who may ask</h2>
      <dl class="pairs">
        {Object.entries<Schema>(components.securitySchemes!).map(([name, scheme]) => (
          <div>
            <dt>
              <code>
                {scheme.name ?? (name === "bearer" ? "Authorization" : "Authorization: Bearer")}
              </code>
            </dt>
            <dd>
              <Text of={scheme.description} />
            </dd>
          </div>
        ))}
      </dl>
    </header>
  );
}
