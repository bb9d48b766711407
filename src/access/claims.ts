/** What the claims of a JWT say: who somebody is, and what they may do where. */

import { type Role, ROLES } from "../store/tokens.ts";
import { type Identity, WORKSPACE } from "./policy.ts";

/** Where to look. */
export interface ClaimNames {
  readonly workspaceClaim: string;
  readonly roleClaim: string;
}

type Claims = Readonly<Record<string, unknown>>;

/** Who somebody is called by, the best first; `sub` alone is never another's later (OIDC Core 5.7). */
const NAMES = ["preferred_username", "email", "sub"];
/** In characters. */
const MAX_NAME = 100;

/** What claims say. `name` is empty and `role` is `undefined` where they say nothing of it. */
export function readClaims(
  claims: Claims,
  { workspaceClaim, roleClaim }: ClaimNames,
): Pick<Identity, "name" | "workspaces"> & { role: Role | undefined } {
  const roles = textsIn(claims, roleClaim), workspaces = textsIn(claims, workspaceClaim);
  return {
    name: NAMES.map((name) => cleaned(claims[name])).find((name) => name !== "") ?? "",
    role: ROLES.findLast((role) => roles.includes(role)),
    workspaces: workspaces.includes("*")
      ? "*"
      : [...new Set(workspaces.filter((name) => WORKSPACE.test(name)))],
  };
}

/** The texts of a claim, which is one or a list of them. */
function textsIn(claims: Claims, name: string): string[] {
  const value = find(claims, name);
  return (Array.isArray(value) ? value : [value]).filter((text) => typeof text === "string");
}

/** The claim of this very name, which may have dots in it, or else what the dots lead to. */
function find(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, part);
    if (!isThere) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

/** Without what cannot be seen, or turns the text around it. */
function cleaned(name: unknown): string {
  if (typeof name !== "string") return "";
  const seen = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim();
  return [...seen].slice(0, MAX_NAME).join("");
}
