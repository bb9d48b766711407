/** Repositories on a web server. */

import type { Place } from "./place.ts";
import type { BasicCredential } from "./source.ts";

/** Where the index of a repository is: beside its charts, with query and escapes kept. */
export function indexUrl(repoUrl: string): URL {
  const url = new URL(repoUrl);
  if (!/\/index\.(yaml|yml|json)$/.test(url.pathname)) {
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/index.yaml`;
  }
  return url;
}

/** The folder that a repository's charts are in, with the query of its URL. */
export function folderUrl(repoUrl: string): URL {
  const url = indexUrl(repoUrl);
  url.pathname = url.pathname.replace(/[^/]*$/, "");
  return url;
}

/** The index of a repository at an `http` or `https` URL, with HTTP's basic authentication. */
export function httpPlace(repoUrl: string, credential: BasicCredential | undefined): Place {
  return { url: indexUrl(repoUrl), ...proofs(credential) };
}

/** The place of an archive that the index of a repository at such a URL names by another one. */
export function httpArchivePlace(
  repoUrl: string,
  credential: BasicCredential | undefined,
  url: URL,
): Place {
  const isOwn = url.origin === new URL(repoUrl).origin;
  return isOwn ? { url, ...proofs(credential) } : { url, isForeign: true };
}

function proofs(credential: BasicCredential | undefined): Omit<Place, "url"> {
  if (credential === undefined) return {};
  return {
    authorize(_url, headers) {
      headers.set("authorization", basicAuth(credential));
    },
  };
}

/** What proves a user name and password in HTTP. */
export function basicAuth({ username, password }: BasicCredential): string {
  return `Basic ${new TextEncoder().encode(`${username}:${password}`).toBase64()}`;
}
