/** Lists that a chart's index has in texts: what is not as it should be is left out. */

import { isMap, parseYaml, scalarText, type YamlMap } from "../../src/helm/yaml.ts";
import type { Version } from "./app_load.ts";

/** Items of a list that are shown. */
const MAX_ITEMS = 50;
/** Characters of an annotation that is read. */
const MAX_ANNOTATION = 20_000;
const MAX_DEPTH = 5;
const PROTOCOLS = ["http:", "https:", "mailto:"];

export interface Link {
  name: string;
  /** Of another site, and one that may be gone to. */
  href: string | undefined;
}

export interface Maintainer extends Link {
  mail: string | undefined;
}

export interface Dependency {
  name: string;
  version: string;
  repository: string;
  condition: string;
}

/** The address of another site, if it is one that a page may lead to. */
export function safeHref(text: string | undefined): string | undefined {
  const url = text === undefined ? null : URL.parse(text.trim());
  return url !== null && PROTOCOLS.includes(url.protocol) ? url.href : undefined;
}

/** The words that a chart wants to be found by. */
export function keywordsOf({ keywords }: Version): string[] {
  return [...new Set(jsonList(keywords).filter(isText))];
}

/** Who looks after a chart. */
export function maintainersOf({ maintainers }: Version): Maintainer[] {
  return jsonList(maintainers).filter(isObject).flatMap(({ name, email, url }) => {
    const isMail = isText(email) && /^[^\s@<>"?&]+@[^\s@<>"?&]+$/.test(email);
    const mail = isMail ? email : undefined;
    const shown = isText(name) ? name : mail;
    if (shown === undefined) return [];
    return [{ name: shown, mail, href: safeHref(isText(url) ? url : undefined) }];
  });
}

/** Its home, where its sources are, and what `artifacthub.io/links` names. */
export function linksOf(version: Version, homePage: string): Link[] {
  const { home, sources, annotations } = version;
  const links = [
    { name: homePage, url: home },
    ...jsonList(sources).filter(isText).map((url) => ({
      name: url.replace(/^https?:\/\//, ""),
      url,
    })),
    ...yamlMaps(annotations?.["artifacthub.io/links"]).map(({ name, url }) => ({
      name: scalarText(name) ?? "",
      url: scalarText(url),
    })),
  ];
  return links.flatMap(({ name, url }) => url ? [{ name: name || url, href: safeHref(url) }] : [])
    .slice(0, MAX_ITEMS);
}

/** The charts that it needs. */
export function dependenciesOf({ dependencies = [] }: Version): Dependency[] {
  return dependencies.slice(0, MAX_ITEMS).flatMap((
    { name, version = "", repository = "", condition = "" },
  ) => name ? [{ name, version, repository, condition }] : []);
}

/** The key that it is said to be signed with. */
export function signKeyOf(
  { annotations }: Version,
): { fingerprint: string; href: string | undefined } | undefined {
  const [key] = yamlMaps(annotations?.["artifacthub.io/signKey"]);
  const fingerprint = scalarText(key?.fingerprint);
  return fingerprint ? { fingerprint, href: safeHref(scalarText(key?.url)) } : undefined;
}

/** The mappings of a list in YAML, or the one mapping that there is. */
function yamlMaps(text: unknown): YamlMap[] {
  if (!isText(text) || text.length > MAX_ANNOTATION) return [];
  try {
    const [root] = parseYaml(text, MAX_DEPTH);
    return (Array.isArray(root) ? root.slice(0, MAX_ITEMS) : [root]).filter(isMap);
  } catch {
    return [];
  }
}

function jsonList(text: string | undefined): unknown[] {
  const list: unknown = text ? JSON.parse(text) : [];
  return Array.isArray(list) ? list.slice(0, MAX_ITEMS) : [];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
