/** All that the console says, in each of its languages. A text that one of them lacks is a type error. */

import * as account from "./account.ts";
import * as app from "./app.ts";
import * as apps from "./apps.ts";
import * as audit from "./audit.ts";
import * as common from "./common.ts";
import * as files from "./files.ts";
import * as news from "./news.ts";
import * as reasons from "./reasons.ts";
import * as repo from "./repo.ts";
import * as repoForm from "./repo_form.ts";
import * as repos from "./repos.ts";
import * as tokens from "./tokens.ts";

const SECTIONS = {
  account,
  app,
  apps,
  audit,
  common,
  files,
  news,
  reasons,
  repo,
  repoForm,
  repos,
  tokens,
};
type Sections = typeof SECTIONS;

/** The console's languages, by what HTML calls them, with the names that they give themselves. */
export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;

/** The words of one language. */
export type Words = { readonly [Section in keyof Sections]: Sections[Section]["en"] };

/** The words of a language. */
export function wordsOf(language: Language): Words {
  return BY_LANGUAGE[language];
}

const pick = (language: Language) =>
  Object.fromEntries(
    Object.entries(SECTIONS).map(([name, section]) => [name, section[language]]),
  ) as unknown as Words;
const BY_LANGUAGE: Readonly<Record<Language, Words>> = { en: pick("en"), zh: pick("zh") };
