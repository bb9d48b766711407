/** Who may do what. Whatever is not allowed here is forbidden. */

import type { Role } from "../store/tokens.ts";

/** Who is asking. */
export interface Identity {
  /** Empty for a caller without a name. */
  name: string;
  /**
   * How that is known: `open` is anybody, where nothing is asked for; `anonymous` is anybody, where
   * reading is free; `bootstrap` has the token of the configuration, `token` one
   * that Chartroom made, `oidc` a JWT of the issuer that it trusts.
   */
  kind: "open" | "anonymous" | "bootstrap" | "token" | "oidc";
  role: Role;
  /** Where the role counts: by name, or everywhere, which is also where repositories are global. */
  workspaces: "*" | readonly string[];
  /** Who it is to the issuer of a JWT, where others may have the same name; a hash, hexadecimal. */
  subject?: string;
  /** Of the token that was shown; hexadecimal. */
  tokenId?: string;
  /** When what was shown works no more, in milliseconds of the epoch, if it ever ends. */
  expireTime?: number;
}

export type Action = "read" | "write";

/** What something is done with. */
export interface Resource {
  /** `service` is what concerns all workspaces: caches, for one. */
  kind: "repository" | "token" | "audit" | "service";
  /** `""` is where repositories are global; a token of `*` counts everywhere. */
  workspace: string;
}

/** Whether an identity may do something with a resource. */
export function allowed(identity: Identity, action: Action, { kind, workspace }: Resource) {
  const { role, workspaces } = identity;
  const belongs = workspaces === "*" || workspaces.includes(workspace);
  if (kind !== "repository") return belongs && role === "admin";
  if (action === "read") return belongs || workspace === "";
  return belongs && role !== "viewer";
}

/** Whether there is a workspace in which an identity may do something with such resources. */
export function allowedSomewhere(identity: Identity, action: Action, kind: Resource["kind"]) {
  const { workspaces } = identity;
  const places = workspaces === "*" ? ["*"] : workspaces;
  return places.some((workspace) => allowed(identity, action, { kind, workspace }));
}

/** Identities of the same sight see the same repositories. */
export function sightOf({ workspaces }: Identity): string {
  return workspaces === "*" ? "*" : workspaces.toSorted().join();
}

/** What Kubernetes takes for a label's value, which is where KubeSphere keeps a workspace. */
export const WORKSPACE = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
