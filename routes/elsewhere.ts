/**
 * What KubeSphere has beside repositories: its app store, where apps are uploaded and reviewed, and
 * the releases that it installs in clusters. Chartroom does neither, and says so.
 */

import { Refused } from "../src/refused.ts";

/** A route that is not here: its methods, its path, and what KubeSphere does there. */
export type Elsewhere = readonly [methods: readonly string[], path: string, what: string];

const WHAT_THIS_IS =
  "Chartroom keeps the indexes of Helm repositories, and has no app store and no clusters";

/** Where releases are. */
const RELEASES = [
  "/applications",
  "/namespaces/:namespace/applications",
  "/clusters/:cluster/applications",
  "/clusters/:cluster/namespaces/:namespace/applications",
];

/** Of KubeSphere 3.4.1; each path also with `/workspaces/{workspace}` before it. */
export const ELSEWHERE: readonly Elsewhere[] = [
  [["POST"], "/apps", "uploads an app to the app store"],
  [["PATCH", "DELETE"], "/apps/:app", "changes an app of the app store"],
  [["POST"], "/apps/:app/action", "suspends an app of the app store"],
  [["GET"], "/apps/:app/audits", "lists reviews of an app of the app store"],
  [["POST"], "/apps/:app/versions", "uploads a version to the app store"],
  [["PATCH", "DELETE"], "/apps/:app/versions/:version", "changes a version of the app store"],
  [["POST"], "/apps/:app/versions/:version/action", "publishes a version of the app store"],
  [["GET"], "/apps/:app/versions/:version/audits", "lists reviews of a version of the app store"],
  [["GET"], "/reviews", "lists versions of the app store that wait for a review"],
  [["POST"], "/categories", "makes a category of the app store"],
  [["PATCH", "DELETE"], "/categories/:category", "changes a category of the app store"],
  [["POST"], "/attachments", "uploads a picture to the app store"],
  [["GET", "DELETE"], "/attachments/:attachment", "serves a picture of the app store"],
  ...RELEASES.flatMap((path): Elsewhere[] => [
    [["GET", "POST"], path, "lists and installs releases in a cluster"],
    [["GET", "POST", "PATCH", "DELETE"], `${path}/:application`, "changes a release in a cluster"],
  ]),
];

/** What is asked for, if that is no path of this app. Paths are worked out when one is not found. */
export function createElsewhere(bases: readonly string[]) {
  let places: { methods: readonly string[]; pattern: RegExp; what: string }[] | undefined;
  return (method: string, path: string): Refused | undefined => {
    places ??= ELSEWHERE.map(([methods, path, what]) => {
      const any = path.replace(/:\w+/g, "[^/]+");
      const pattern = new RegExp(
        `^(?:${bases.map(RegExp.escape).join("|")})(?:/workspaces/[^/]+)?${any}/?$`,
      );
      return { methods, pattern, what };
    });
    const found = places.find(({ methods, pattern }) =>
      methods.includes(method) && pattern.test(path)
    );
    if (found === undefined) return undefined;
    return new Refused("not_implemented", `KubeSphere ${found.what} here; ${WHAT_THIS_IS}`);
  };
}
