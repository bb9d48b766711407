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

/** The index of a repository at an `http` or `https` URL, with HTTP's basic authentication. */
export function httpPlace(repoUrl: string, credential: BasicCredential | undefined): Place {
  return {
    url: indexUrl(repoUrl),
    ...(credential && {
      authorize(_url, headers) {
        headers.set("authorization", basicAuth(credential));
      },
    }),
  };
}

function basicAuth({ username, password }: BasicCredential): string {
  return `Basic ${new TextEncoder().encode(`${username}:${password}`).toBase64()}`;
}
