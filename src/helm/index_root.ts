/** What an index says beside its charts. Each function throws an `IndexError` if it is none. */

import { YAMLException } from "js-yaml";
import { IndexError } from "./index_error.ts";
import type { Rest } from "./scanner.ts";
import { isMap, parseYaml, scalarText, type YamlMap, type YamlNode } from "./yaml.ts";

/** The mapping that a document is, without the charts that were taken out. */
export function readRoot(rest: Rest): YamlMap {
  let documents: YamlNode[];
  try {
    documents = parseYaml(rest.text);
  } catch (error) {
    throw syntaxError(error, rest);
  }
  // A closing `...` or `---` opens a document with nothing in it.
  const filled = documents.filter((document) => document !== null);
  if (filled.length > 1) {
    throw new IndexError(
      "not_an_index",
      `the index holds ${filled.length} documents, expected one`,
    );
  }
  const root = filled[0] ?? {};
  if (isMap(root)) return root;
  const message = "the document is not a mapping, so it is not a Helm index";
  throw new IndexError("not_an_index", message);
}

function syntaxError(error: unknown, rest: Rest): IndexError {
  if (!(error instanceof YAMLException)) throw error;
  const place = rest.placeOf(error.mark?.position ?? 0);
  if (error.mark !== undefined && rest.text.slice(error.mark.position).trim() === "") {
    return new IndexError("truncated", `the index seems cut off in ${place}: ${error.reason}`);
  }
  return new IndexError("syntax", `the index has a syntax error in ${place}: ${error.reason}`);
}

/** The document's `apiVersion`, without which it is no index. */
export function apiVersionOf(root: YamlMap): string {
  const apiVersion = scalarText(root.apiVersion);
  if (!apiVersion) {
    throw new IndexError(
      "no_api_version",
      "the document has no `apiVersion`, so it is not a Helm index",
    );
  }
  if (Object.hasOwn(root, "kind") && !Object.hasOwn(root, "entries")) {
    throw new IndexError("not_an_index", "the document is a Kubernetes manifest, not a Helm index");
  }
  return apiVersion;
}

/** Whether the text could have gone on: in block style, with nothing that comes after `entries`. */
export function isOpenEnded(root: YamlMap, text: string): boolean {
  const atEnd = Object.keys(root).at(-1) === "entries" || !Object.hasOwn(root, "entries");
  return atEnd && !/\}\s*$/.test(text);
}
