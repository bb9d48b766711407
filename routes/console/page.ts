/** What every page of the console knows: who looks at it, in which words, and whom to ask. */

import type { Context } from "hono";
import type { Language, Words } from "./words/words.ts";
import type { Api } from "./api.ts";
import type { Env } from "../support/authenticate.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = typeof THEMES[number];

/** Who looks at a page. */
export interface Who {
  name: string;
  kind: "open" | "anonymous" | "bootstrap" | "token" | "oidc";
  role: "viewer" | "editor" | "admin";
  workspaces: "*" | string[];
}

export interface Page {
  words: Words;
  language: Language;
  theme: Theme;
  /** The API on the path that this page is on: that of a workspace, or of all. */
  api: Api;
  /** The API on the path of all. */
  root: Api;
  /** Before the paths of this page's workspace; `""` on the path of all. */
  base: string;
  /** `""` on the path of all, which is where repositories are global. */
  workspace: string;
  /** Absent: nobody has signed in, and that is asked for. */
  who: Who | undefined;
  /** Whether who looks may register repositories here. */
  mayWrite: boolean;
  /** Whether who looks may make tokens and read the audit log. */
  isAdmin: boolean;
  /** The workspaces that may be chosen. */
  workspaces: readonly { workspace: string; repositories: number }[];
  url: URL;
  /** Milliseconds of the epoch. */
  now: number;
}

export type ConsoleEnv = Env & { Variables: { page: Page } };
export type ConsoleContext = Context<ConsoleEnv>;
