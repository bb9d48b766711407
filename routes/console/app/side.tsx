/** What is known of a version, beside its README. */

import type { Child } from "hono/jsx";
import { Install } from "./install.tsx";
import {
  dependenciesOf,
  keywordsOf,
  type Link,
  linksOf,
  maintainersOf,
  safeHref,
  signKeyOf,
} from "./lists.ts";
import type { Opened } from "./load.ts";
import type { Page } from "../page.ts";
import { Icon } from "../parts/icon.tsx";
import { CopyButton, Day } from "../parts/parts.tsx";
import { shownName } from "../parts/shown_name.ts";

/** Names that fit into the API's `conditions`, and how many of them. */
const ASKABLE = /^[\w.-]{1,100}$/, MAX_ASKED = 50;

/** The apps of a version's dependencies, by their names: of the same repository if it has them. */
export async function loadNeeded({ page, app, version }: Opened): Promise<Map<string, string>> {
  const names = dependenciesOf(version).map(({ name }) => name)
    .filter((name) => ASKABLE.test(name));
  const needed = new Map<string, string>();
  if (names.length === 0) return needed;
  const conditions = `name=${[...new Set(names)].slice(0, MAX_ASKED).join("|")}`;
  const { items } = await (await page.api.apps.$get({ query: { conditions, limit: "200" } }))
    .json();
  for (const found of items) {
    if (!("app_id" in found)) continue;
    const isNearer = found.repo_id === app.repo_id;
    if (isNearer || !needed.has(found.name)) needed.set(found.name, found.app_id);
  }
  return needed;
}

/** `needed`: ids of apps by name. */
export function Side(
  { opened, needed }: { opened: Opened; needed: ReadonlyMap<string, string> },
) {
  const { page, version } = opened;
  const { words: { app: words } } = page;
  const links = linksOf(version, words.homePage);
  const maintainers = maintainersOf(version);
  return (
    <aside class="app-side" aria-label={words.about}>
      <Install opened={opened} />
      <Facts opened={opened} />
      {dependenciesOf(version).length > 0 && <Needs opened={opened} needed={needed} />}
      {maintainers.length > 0 && (
        <Card title={words.maintainers}>
          <ul class="plain">
            {maintainers.map(({ name, href, mail }) => (
              <li>
                <Outside page={page} link={{ name, href }} />
                {mail && mail !== name && (
                  <>
                    {" "}
                    <Outside page={page} link={{ name: mail, href: safeHref(`mailto:${mail}`) }} />
                  </>
                )}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {links.length > 0 && (
        <Card title={words.linksTitle}>
          <ul class="plain">
            {links.map((link) => (
              <li>
                <Outside page={page} link={link} />
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Keywords opened={opened} />
    </aside>
  );
}

function Card({ title, children }: { title: string; children: Child }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Facts({ opened }: { opened: Opened }) {
  const { page, app, version } = opened;
  const { words: { app: words }, base } = page;
  const { annotations = {}, digest, kube_version: kubeVersion, type, app_version: of } = version;
  const license = annotations["artifacthub.io/license"];
  const [category] = app.category_set;
  return (
    <Card title={words.about}>
      <dl class="facts">
        <Fact name={words.version}>{shownName(version.version)}</Fact>
        <Fact name={words.appVersion}>{of && shownName(of)}</Fact>
        <Fact name={words.created}>
          <Day page={page} at={version.create_time} />
        </Fact>
        <Fact name="Kubernetes">{kubeVersion && <code>{kubeVersion}</code>}</Fact>
        <Fact name={words.type}>{words.types[type as "library"] ?? type ?? ""}</Fact>
        <Fact name={words.license}>{license}</Fact>
        <Fact name={words.category}>
          {category && (
            <a href={`${base}/apps?${new URLSearchParams({ category: category.category_id })}`}>
              {category.name}
            </a>
          )}
        </Fact>
        <Fact name={words.digest}>
          {digest && (
            <span class="copied">
              <code title={digest}>{shortDigest(digest)}</code>
              <CopyButton page={page} text={digest} label={words.copyDigest} />
            </span>
          )}
        </Fact>
        <Signature opened={opened} />
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children?: Child }) {
  if (!children) return null;
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Of a digest, what tells it from others. */
export function shortDigest(digest: string): string {
  return `${digest.replace(/^sha256:/, "").slice(0, 12)}…`;
}

function Signature({ opened: { page, version } }: { opened: Opened }) {
  const { words: { app: words } } = page;
  const key = signKeyOf(version);
  if (key === undefined) return null;
  return (
    <Fact name={words.signature}>
      <Outside page={page} link={{ name: key.fingerprint, href: key.href }} />
      <p class="hint">{words.notVerified}</p>
    </Fact>
  );
}

function Needs({ opened, needed }: { opened: Opened; needed: ReadonlyMap<string, string> }) {
  const { page, version } = opened;
  const { words: { app: words }, base } = page;
  return (
    <Card title={words.dependencies}>
      <ul class="plain needs">
        {dependenciesOf(version).map(({ name, version, repository, condition }) => {
          const id = needed.get(name);
          return (
            <li>
              {id === undefined
                ? <strong>{shownName(name)}</strong>
                : <a href={`${base}/apps/${id}`}>{shownName(name)}</a>}
              {version && <code>{shownName(version)}</code>}
              {repository && (
                <span class="quiet">
                  <Outside page={page} link={{ name: repository, href: safeHref(repository) }} />
                </span>
              )}
              {condition && (
                <span class="quiet">
                  {words.condition} <code>{shownName(condition)}</code>
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Keywords({ opened: { page, version } }: { opened: Opened }) {
  const keywords = keywordsOf(version);
  if (keywords.length === 0) return null;
  return (
    <Card title={page.words.app.keywords}>
      <ul class="keywords">
        {keywords.map((keyword) => (
          <li>
            <a class="badge" href={`${page.base}/apps?${new URLSearchParams({ q: keyword })}`}>
              {shownName(keyword)}
            </a>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** A link to another site, or its name alone where it may not be gone to. */
function Outside({ page, link: { name, href } }: { page: Page; link: Link }) {
  if (href === undefined) return <span>{shownName(name)}</span>;
  const isMail = href.startsWith("mailto:");
  return (
    <a href={href} rel="nofollow noopener noreferrer">
      {shownName(name)}
      {!isMail && (
        <>
          <Icon of="external" />
          <span class="seen-by-none">({page.words.common.external})</span>
        </>
      )}
    </a>
  );
}
