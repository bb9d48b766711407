/** The forms of a webhook: what they ask of the API, and what is told of that. */

import { ChartroomError } from "../../client.ts";
import { fieldsOf } from "../form_data.ts";
import type { ConsoleContext } from "../page.ts";
import { type Shown, tabPath } from "./data.ts";

/** What the tab says of a form that was sent. */
export interface Told {
  /** Of the webhook that was made, or made anew. It is shown this once. */
  secret?: string;
  /** What is wrong, by the field. */
  errors?: Readonly<Record<string, string>>;
  /** What was typed, by the field. */
  typed?: Readonly<Record<string, string>>;
  /** Somebody else was faster, and nothing was done. */
  isStale?: boolean;
}

/** Where to go; or else what to show. */
export interface Changed {
  next?: string;
  told?: Told;
  status?: 200 | 400 | 409;
}

type Fields = Readonly<Record<string, string | undefined>>;

/** Does what a form of the webhook's tab wants. `act`: `make`, `rotate`, `filter` or `remove`. */
export async function changeWebhook(c: ConsoleContext, shown: Shown): Promise<Changed> {
  const fields: Fields = await fieldsOf(c);
  const { page, repo } = shown;
  const { act = "" } = fields;
  const typed = { branches: fields.branches ?? "", paths: fields.paths ?? "" };
  const needsTick = act === "rotate" || act === "remove";
  if (needsTick && fields.confirmed !== "true") {
    const errors = { [act]: page.words.repo.confirmMissing };
    return { told: { errors, typed }, status: 400 };
  }
  if (await madeOf(shown) !== (fields.made ?? "")) return { told: { isStale: true }, status: 409 };
  const next = (done: string) => ({ next: `${tabPath(page, repo, "webhook")}&done=${done}` });
  const api = page.api.repos[":repo"].webhook, param = { repo: repo.repo_id };
  try {
    switch (act) {
      case "make":
      case "rotate": {
        const json = act === "make" ? filterOf(fields) : {};
        const { secret } = await (await api.$post({ param, json })).json();
        return { told: { secret } };
      }
      case "filter":
        await api.$patch({ param, json: filterOf(fields) });
        return next("webhook-filter");
      case "remove":
        await api.$delete({ param });
        return next("webhook-removed");
      default:
        return { next: tabPath(page, repo, "webhook") };
    }
  } catch (error) {
    const field = error instanceof ChartroomError && error.status === 400 ? error.field ?? "" : "";
    if (!Object.hasOwn(typed, field)) throw error;
    return { told: { errors: { [field]: (error as Error).message }, typed }, status: 400 };
  }
}

/** When the webhook was made, `""` without one: a form that is sent twice does nothing the second time. */
async function madeOf({ page, repo }: Shown): Promise<string> {
  if (!repo.webhook_set) return "";
  const param = { repo: repo.repo_id };
  return (await (await page.api.repos[":repo"].webhook.$get({ param })).json()).create_time;
}

function filterOf({ branches, paths }: Fields) {
  return { branches: linesOf(branches), paths: linesOf(paths) };
}

/** The patterns of a field, one a line. */
function linesOf(text = ""): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
