/** Entries of the audit log. */

import type { AuditPage } from "./audit.tsx";
import type { Page } from "../page.ts";
import { Badge, Time, type Tone } from "../parts/parts.tsx";
import type { IconName } from "../parts/icon.tsx";
import { countText, durationText, momentText } from "../parts/text.ts";

type Entry = AuditPage["items"][number];

const TONES: Readonly<Record<Entry["outcome"], readonly [Tone, IconName]>> = {
  success: ["good", "check"],
  refused: ["warn", "shield"],
  failed: ["bad", "cross"],
  pending: ["quiet", "clock"],
};

/** Entries, each with its details folded in. */
export function AuditTable({ page, items }: { page: Page; items: readonly Entry[] }) {
  const { words: { audit } } = page;
  return (
    <table class="table audit">
      <thead>
        <tr>
          <th scope="col">{audit.what}</th>
          <th scope="col">{audit.who}</th>
          <th scope="col">{audit.when}</th>
          <th scope="col">{audit.from}</th>
          <th scope="col">{audit.outcome}</th>
        </tr>
      </thead>
      <tbody>{items.map((entry) => <Row page={page} entry={entry} />)}</tbody>
    </table>
  );
}

function Row({ page, entry }: { page: Page; entry: Entry }) {
  const { words: { audit } } = page, { action, resource, outcome, from } = entry;
  const [tone, icon] = TONES[outcome];
  return (
    <tr>
      <th scope="row">
        <div class="what">
          <span title={action}>{audit.actions[action] ?? action}</span>
          {resource && <Resource page={page} action={action} {...resource} />}
          <Details page={page} entry={entry} />
        </div>
      </th>
      <td data-label={audit.who}>
        <Who page={page} who={entry.who} />
      </td>
      <td data-label={audit.when}>
        <Time page={page} at={entry.time} />
      </td>
      <td data-label={audit.from}>{from.address || audit.unknownAddress}</td>
      <td data-label={audit.outcome}>
        <Badge tone={tone} icon={icon} title={entry.code}>{audit.outcomes[outcome]}</Badge>
      </td>
    </tr>
  );
}

/** What it was done to; a repository leads to all that was done to it. */
function Resource({ page, action, id, name }: { page: Page; action: string } & ResourceName) {
  const isToken = action.startsWith("token.");
  if (isToken) return <span class="about">{name}</span>;
  const { audit } = page.words;
  return (
    <a
      class="about"
      href={`/audit?${new URLSearchParams({ repo: id })}`}
      title={audit.onlyAbout(name)}
    >
      {name}
    </a>
  );
}
type ResourceName = NonNullable<Entry["resource"]>;

function Who({ page, who: { kind, name } }: { page: Page; who: Entry["who"] }) {
  const { audit } = page.words;
  if (name === "") return <span class="quiet">{audit.kinds[kind]}</span>;
  return (
    <>
      <a href={`/audit?${new URLSearchParams({ name })}`} title={audit.onlyOf(name)}>{name}</a>
      {kind !== "bootstrap" && <span class="quiet by">{audit.kinds[kind]}</span>}
    </>
  );
}

function Details({ page, entry }: { page: Page; entry: Entry }) {
  const { words: { audit, common } } = page, { who, from, resource, omitted } = entry;
  const answer = [entry.status, entry.code].filter((part) => part !== undefined).join(" ");
  const facts: [string, string | undefined, "code"?][] = [
    [audit.when, momentText(page, entry.time)],
    [audit.action, entry.action, "code"],
    [audit.route, entry.route, "code"],
    [audit.status, answer || undefined, "code"],
    [
      audit.took,
      entry.duration_ms === undefined ? undefined : durationText(page, entry.duration_ms),
    ],
    [audit.workspace, entry.workspace || common.everywhere],
    [audit.resource, resource?.id, "code"],
    [audit.fields, entry.fields.join(", ") || undefined, "code"],
    [audit.userAgent, from.user_agent || undefined],
    [audit.subject, who.subject, "code"],
    [audit.tokenId, who.token_id, "code"],
    [audit.entryId, entry.audit_id, "code"],
  ];
  return (
    <details class="entry">
      <summary>{audit.details}</summary>
      <dl class="facts">
        {facts.filter(([, value]) => value !== undefined).map(([label, value, as]) => (
          <>
            <dt>{label}</dt>
            <dd>{as ? <code>{value}</code> : value}</dd>
          </>
        ))}
      </dl>
      {omitted !== undefined && <p class="quiet">{audit.omitted(countText(page, omitted))}</p>}
    </details>
  );
}
