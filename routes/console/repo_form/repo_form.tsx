/** Adding, editing and trying out repositories. */

import { Hono } from "hono";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ChartroomError } from "../../client.ts";
import { ownPath, repoOf } from "../repo/data.ts";
import { fieldsOf } from "../form_data.ts";
import { show } from "../opened.tsx";
import type { ConsoleContext, ConsoleEnv, Page } from "../page.ts";
import { type Checked, type FormProps, RepoForm } from "./fields.tsx";
import {
  type ApiField,
  BLANK,
  bodyOf,
  changesOf,
  objectionTo,
  readValues,
  type Values,
  valuesOf,
} from "./input.ts";
import type { Repo } from "../api.ts";

/** Of the API, what is no fault of the form. */
const ELSEWHERE = [401, 404, 500];

/** Mounted below `/repos`, before what takes an id. */
export function repoForm() {
  return new Hono<ConsoleEnv>()
    .get("/new", async (c) => {
      requireWriter(c.get("page"));
      return await showForm(c, { values: BLANK });
    })
    .post("/new", async (c) => {
      requireWriter(c.get("page"));
      const fields = await fieldsOf(c);
      return await submit(c, readValues(fields), undefined, fields.validate === "true");
    })
    .get("/:repo/edit", async (c) => {
      const repo = await repoOf(c), elsewhere = ownPath(c.get("page"), repo);
      if (elsewhere !== undefined) return c.redirect(elsewhere, 302);
      requireWriter(c.get("page"));
      return await showForm(c, { values: valuesOf(repo), repo });
    })
    .post("/:repo/edit", async (c) => {
      requireWriter(c.get("page"));
      const fields = await fieldsOf(c);
      return await submit(c, readValues(fields), await repoOf(c), fields.validate === "true");
    });
}

/** Refuses who could fill in a form, and not send it. */
export function requireWriter({ mayWrite, words }: Page): void {
  if (!mayWrite) throw new ChartroomError(403, words.repoForm.mayNot, "forbidden");
}

async function showForm(
  c: ConsoleContext,
  props: Omit<FormProps, "page">,
  status: ContentfulStatusCode = 200,
) {
  const page = c.get("page"), { words: { repoForm: words } } = page;
  const title = props.repo === undefined ? words.newTitle : words.editTitle(props.repo.name);
  return await show(c, title, <RepoForm page={page} {...props} />, status);
}

/** Saves what is typed, or tries it out; shows the form again if that is refused. */
async function submit(
  c: ConsoleContext,
  values: Values,
  repo: Repo | undefined,
  isTrial: boolean,
): Promise<Response> {
  const page = c.get("page");
  const objection = objectionTo(values, repo);
  if (objection !== undefined) {
    const errors = { [objection.field]: page.words.repoForm[objection.words] };
    return await showForm(c, { values, repo, errors }, 400);
  }
  try {
    if (isTrial) {
      const checked = await tryOut(page, values, repo);
      return await showForm(c, { values, repo, checked });
    }
    const id = await save(page, values, repo);
    const done = repo === undefined ? "created" : "saved";
    return c.redirect(`${page.base}/repos/${id}?done=${done}`, 303);
  } catch (error) {
    if (!(error instanceof ChartroomError) || !isShown(error)) throw error;
    const status = error.status as ContentfulStatusCode;
    return await showForm(c, { values, repo, ...told(page, error) }, status);
  }
}

/** Whether an error is shown with what was typed, which is lost otherwise. */
function isShown({ status, code }: ChartroomError): boolean {
  return code === "quota_exceeded" || (status !== 403 && !ELSEWHERE.includes(status));
}

/** Answers the id of the repository. */
async function save({ api }: Page, values: Values, repo: Repo | undefined): Promise<string> {
  if (repo === undefined) {
    const made = await (await api.repos.$post({ json: bodyOf(values), query: {} })).json();
    if (!("repo_id" in made)) throw new Error("tried out, and not registered");
    return made.repo_id;
  }
  const json = changesOf(values, repo), param = { repo: repo.repo_id };
  if (Object.keys(json).length > 0) await api.repos[":repo"].$patch({ param, json });
  return repo.repo_id;
}

async function tryOut(
  { api }: Page,
  values: Values,
  repo: Repo | undefined,
): Promise<Checked> {
  const query = { validate: "true" } as const;
  const answer = repo === undefined
    ? await api.repos.$post({ json: bodyOf(values), query })
    : await api.repos[":repo"].$patch({
      param: { repo: repo.repo_id },
      json: changesOf(values, repo),
      query,
    });
  const found = await answer.json();
  if (!("first_problems" in found)) throw new Error("stored, and not tried out");
  return found;
}

/** What of an error stands where in the form. */
function told(
  { words: { repoForm: words, reasons } }: Page,
  { code, field, reason, message }: ChartroomError,
): Pick<FormProps, "errors" | "failure"> {
  if (code === "name_taken") return { errors: { name: words.taken } };
  if (field === undefined || !Object.hasOwn(words.wrongField, field)) return { failure: message };
  const known = reason === undefined ? undefined : reasons[reason as keyof typeof reasons];
  const own = known === undefined
    ? words.wrongField[field as ApiField]
    : words.sentences(known.short, known.todo);
  return { errors: { [field]: <Explained own={own} message={message} /> } };
}

/** A sentence of ours, and what the API says, which is in English. */
function Explained({ own, message }: { own: string; message: string }): Child {
  return (
    <span>
      {own} <span class="detail" lang="en">{message}</span>
    </span>
  );
}
