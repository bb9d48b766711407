/** An operation on the reference page. */

import type { Operation } from "./document.ts";
import { Bounds, Members, type Schema, Text, Type } from "./reference_schema.tsx";

/** An operation with where it is. */
export interface Placed {
  method: string;
  path: string;
  operation: Operation;
  /** The same in a workspace. */
  inWorkspace?: { path: string; operationId: string } | undefined;
  servers?: { url: string }[] | undefined;
}

/** Finds what a part of the document refers to. */
export type Resolve = (part: Schema) => Schema;

/** A method, as a badge. */
export function Method({ of: method }: { of: string }) {
  return <span class={`method ${method}`}>{method.toUpperCase()}</span>;
}

/** An operation: what it takes and answers, and beside that an example. */
export function OperationView({ of: placed, resolve }: { of: Placed; resolve: Resolve }) {
  const { method, path, operation, inWorkspace, servers } = placed;
  const { operationId, summary, description } = operation;
  return (
    <article class="operation" id={operationId} aria-labelledby={`${operationId}-title`}>
      <div class="about">
        <h3 id={`${operationId}-title`}>
          <a href={`#${operationId}`}>{summary}</a>
        </h3>
        <p class="place">
          <Method of={method} /> <code>{path}</code>
        </p>
        {inWorkspace && (
          <p class="also" id={inWorkspace.operationId}>
            also at <code>{inWorkspace.path}</code>
          </p>
        )}
        {servers && (
          <p class="also">
            {servers[0]!.url === "/" ? "at the root alone" : (
              <>
                below <code>{servers[0]!.url}</code> alone
              </>
            )}
          </p>
        )}
        {description && (
          <p>
            <Text of={description} />
          </p>
        )}
        <Access of={operation} />
        <Parameters of={(operation.parameters ?? []).map(resolve)} />
        <Body of={operation.requestBody} resolve={resolve} />
        <Answers of={operation.responses} resolve={resolve} />
      </div>
      <Examples of={operation} resolve={resolve} title={summary} />
    </article>
  );
}

function Access({ of: { security } }: { of: Operation }) {
  const schemes = security?.map((scheme: object) => Object.keys(scheme)[0]);
  if (schemes?.length === 0) return <p class="access">Open to everybody.</p>;
  if (schemes === undefined) {
    return (
      <p class="access">
        Needs a <a href="#access">token</a>.
      </p>
    );
  }
  if (schemes.includes(undefined)) {
    return (
      <p class="access">
        Needs a <a href="#access">token</a>, or none where anybody may read.
      </p>
    );
  }
  return (
    <p class="access">
      Needs a <a href="#access">webhook's proof</a>.
    </p>
  );
}

function Parameters({ of: parameters }: { of: Schema[] }) {
  if (parameters.length === 0) return null;
  return (
    <>
      <h4>Parameters</h4>
      <dl class="members">
        {parameters.map(({ name, in: where, required, schema, description, example }) => (
          <div>
            <dt>
              <code>{name}</code> <Type of={schema} />
              <span class="mark">{required ? where : `${where}, optional`}</span>
            </dt>
            <dd>
              <Text of={description} />
              <Bounds of={schema} />
              {example !== undefined && (
                <p class="bounds">
                  Such as <code>{example}</code>
                </p>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Body({ of: body, resolve }: { of: Schema; resolve: Resolve }) {
  if (body === undefined) return null;
  const [[type, { schema }]] = Object.entries<Schema>(body.content) as [[string, Schema]];
  return (
    <>
      <h4>Body</h4>
      <p>
        <Type of={schema} /> as <code>{type}</code>
        {body.required || <span class="mark">optional</span>}
      </p>
      <Members of={resolve(schema)} />
    </>
  );
}

function Answers({ of: responses, resolve }: { of: Operation["responses"]; resolve: Resolve }) {
  const answers = Object.entries(responses).map(([status, answer]) => [status, resolve(answer)]);
  const problems = answers.filter(([status]) => status >= 400);
  return (
    <>
      <h4>Answers</h4>
      <dl class="answers">
        {answers.filter(([status]) => status < 400).map(([status, { description, content }]) => (
          <div>
            <dt>{status}</dt>
            <dd>
              <Text of={description} />{" "}
              {Object.entries<Schema>(content ?? {}).map(([type, { schema }]) => (
                <>
                  <Type of={schema} /> as <code>{type}</code>
                </>
              ))}
            </dd>
          </div>
        ))}
        {problems.length > 0 && (
          <div>
            <dt>Errors</dt>
            <dd class="problems">
              {problems.map(([status]) => <a href="#problems">{status}</a>)}
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

function Examples(
  { of: operation, resolve, title }: { of: Operation; resolve: Resolve; title: string },
) {
  const found = Object.entries(operation.responses)
    .flatMap(([status, answer]) =>
      Object.values<Schema>(resolve(answer).content ?? {}).map(({ example }) => ({
        status,
        example,
      }))
    ).find(({ example }) => example !== undefined);
  return (
    <div class="examples">
      <Code label={`Request: ${title}`} heading="Request">
        {operation["x-codeSamples"]![0].source}
      </Code>
      {found && (
        <Code label={`Answer: ${title}`} heading={`Answer ${found.status}`} answer>
          {typeof found.example === "string"
            ? found.example
            : JSON.stringify(found.example, null, 2)}
        </Code>
      )}
    </div>
  );
}

interface CodeProps {
  heading: string;
  label: string;
  children: string;
  answer?: boolean;
}

/** Can be scrolled with the keyboard too. A click on a request marks all of it. */
function Code({ heading, label, children, answer = false }: CodeProps) {
  return (
    <figure class={answer ? "code answer" : "code"}>
      <figcaption>{heading}</figcaption>
      <pre
        tabindex={0}
        role="region"
        aria-label={label}
      ><code>{answer ? keysMarked(children) : children}</code></pre>
    </figure>
  );
}

/** Keys of JSON, told from values. */
function keysMarked(text: string) {
  return text.split(/^( *"\w+")(?=:)/m).map((part, i) =>
    i % 2 === 0 ? part : <span class="key">{part}</span>
  );
}
