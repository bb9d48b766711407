/** Schemas of the reference page: what a value is, and what its members are. */

// deno-lint-ignore no-explicit-any -- a schema as JSON Schema has it
export type Schema = any;

/** Text with `code` in it. */
export function Text({ of = "" }: { of?: string | undefined }) {
  const parts = of.split("`");
  return <>{parts.map((part, i) => i % 2 === 0 ? part : <code>{part}</code>)}</>;
}

/** The name of a schema that is referred to. */
function nameOf(schema: Schema): string | undefined {
  return schema.$ref?.split("/").at(-1);
}

/** What a value is, in a few words. */
export function Type({ of: schema }: { of: Schema }) {
  const name = nameOf(schema);
  if (name !== undefined) return <a class="type" href={`#schema-${name}`}>{name}</a>;
  const choices: Schema[] | undefined = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    return (
      <>
        {choices.map((choice, i) => (
          <>
            {i > 0 && " or "}
            <Type of={choice} />
          </>
        ))}
      </>
    );
  }
  const types = [schema.type].flat();
  if (types.includes("array") && schema.maxItems !== 0) {
    return (
      <>
        <span class="type">list of</span> <Type of={schema.items} />
        {types.includes("null") && <span class="type">&#32;or null</span>}
      </>
    );
  }
  return <span class="type">{plainType(schema)}</span>;
}

function plainType({ type = "anything", format, enum: values, ...schema }: Schema): string {
  if (values?.length === 1) return JSON.stringify(values[0]);
  if (schema.maxProperties === 0) return "{}";
  if (schema.maxItems === 0) return "[]";
  if (format === "date-time") return [type].flat().includes("null") ? "time or null" : "time";
  return [type].flat().join(" or ");
}

/** Values that are possible, and the one that counts if none is given. */
export function Bounds({ of: schema }: { of: Schema }) {
  const { enum: values, default: initial, minimum, maximum, maxLength, maxItems } = schema;
  return (
    <>
      {values?.length > 1 && !schema["x-enumDescriptions"] && (
        <p class="bounds">
          One of {values.map((value: unknown, i: number) => (
            <>
              {i > 0 && ", "}
              <code>{String(value)}</code>
            </>
          ))}
        </p>
      )}
      {initial !== undefined && (
        <p class="bounds">
          Default <code>{String(initial)}</code>
        </p>
      )}
      {maximum !== undefined && <p class="bounds">{minimum} to {maximum}</p>}
      {(maxLength ?? maxItems) > 0 && (
        <p class="bounds">
          At most {maxLength ?? maxItems} {maxLength ? "characters" : "items"}
        </p>
      )}
    </>
  );
}

/** The members of an object. */
export function Members({ of: schema }: { of: Schema }) {
  if (schema.properties === undefined) return null;
  const required: string[] = schema.required ?? [];
  return (
    <dl class="members">
      {Object.entries<Schema>(schema.properties).map(([name, member]) => (
        <div>
          <dt>
            <code>{name}</code> <Type of={member} />
            {required.includes(name) || <span class="mark">optional</span>}
            {member.writeOnly && <span class="mark">write only</span>}
          </dt>
          <dd>
            <Text of={member.description} />
            <Bounds of={member} />
            {member.type === "object" && !member.anyOf && <Members of={member} />}
            {member.items?.properties && <Members of={member.items} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** All schemas that have a name. */
export function Schemas({ of: schemas }: { of: Record<string, Schema> }) {
  return (
    <section id="schemas" aria-labelledby="schemas-title">
      <h2 id="schemas-title">Schemas</h2>
      {Object.entries(schemas).map(([name, schema]) => (
        <article class="schema" id={`schema-${name}`}>
          <h3>{name}</h3>
          {schema.description && (
            <p>
              <Text of={schema.description} />
            </p>
          )}
          {schema.properties ? <Members of={schema} /> : (
            <p>
              <Type of={schema} />
            </p>
          )}
          {schema.items?.properties && <Members of={schema.items} />}
        </article>
      ))}
    </section>
  );
}

/** The codes of problems, with their statuses. */
export function Problems({ of: problem }: { of: Schema }) {
  const meanings: Record<string, string> = problem.properties.code["x-enumDescriptions"];
  return (
    <section id="problems" aria-labelledby="problems-title">
      <h2 id="problems-title">Problems</h2>
      <p>
        Errors are <code>application/problem+json</code>, with a <code>message</code>{" "}
        for people and one of these codes, which stay what they are:{" "}
        <a href="#schema-Problem">Problem</a>.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(meanings).map(([code, meaning]) => (
            <tr id={`problem-${code}`}>
              <th scope="row">
                <code>{code}</code>
              </th>
              <td>{meaning.slice(0, 3)}</td>
              <td>
                <Text of={meaning.slice(5)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
