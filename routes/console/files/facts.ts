/** What two versions of a chart say of themselves, side by side. */

import type { Version } from "../app_frame.tsx";

/** Dependencies that are compared; characters of what is told of one. */
const MAX_DEPENDENCIES = 200, MAX_TEXT = 200;

/** `""`: not there. */
export type Fact =
  & { from: string; to: string }
  & (
    | { name: "app_version" | "kube_version" }
    /** `of`: its name, or alias. */
    | { name: "dependency"; of: string }
  );

/** Facts of two versions; of dependencies, those that differ. */
export function factsOf(from: Version, to: Version): Fact[] {
  const facts: Fact[] = ([
    "app_version",
    "kube_version",
  ] as const).map((name) => ({
    name,
    from: from[name] ?? "",
    to: to[name] ?? "",
  })).filter((fact) => fact.from !== "" || fact.to !== "");
  const old = dependenciesOf(from), fresh = dependenciesOf(to);
  for (const of of new Set([...old.keys(), ...fresh.keys()])) {
    const fact = {
      name: "dependency",
      of,
      from: old.get(of) ?? "",
      to: fresh.get(of) ?? "",
    } as const;
    if (fact.from !== fact.to) facts.push(fact);
  }
  return facts;
}

/** Versions and repositories of dependencies, by name. */
function dependenciesOf({ dependencies = [] }: Version): Map<string, string> {
  const found = new Map<string, string>();
  for (const dependency of dependencies.slice(0, MAX_DEPENDENCIES)) {
    if (typeof dependency !== "object" || dependency === null) continue;
    const text = (name: string) => {
      const value: unknown = Object.hasOwn(dependency, name) ? (dependency as never)[name] : "";
      return typeof value === "string" ? value.slice(0, MAX_TEXT) : "";
    };
    const name = text("alias") || text("name");
    if (name !== "") {
      found.set(name, [text("version"), text("repository")].filter(Boolean).join(" · "));
    }
  }
  return found;
}
