/** Who may do what. */

/** Who is asking. `reader` is anybody, where anonymous reading is on. */
export interface Identity {
  /** Empty for a caller without a name. */
  name: string;
  role: "admin" | "reader";
}

export type Action = "read" | "write";

/** Whether an identity may do something with what belongs to a workspace (`""`: to all). */
export function allowed(identity: Identity, action: Action, workspace: string): boolean {
  return identity.role === "admin" || (action === "read" && workspace === "");
}

/** Identities of the same sight see the same. */
export function sightOf(identity: Identity): string {
  return identity.role;
}
