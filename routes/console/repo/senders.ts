/** How those who publish charts are told to announce them: commands, ready to be pasted. */

import { quoted } from "../parts/shell.ts";

export const SENDERS = ["github", "gitlab", "harbor", "curl"] as const;
export type Sender = typeof SENDERS[number];

/** What the command is run with, for those that have one beside a page to fill in. */
export const PROGRAMS: Readonly<Record<Sender, string>> = {
  github: "gh",
  gitlab: "curl",
  harbor: "curl",
  curl: "curl",
};

/** A command that sets a sender up, or for `curl` announces something. */
export function commandOf(sender: Sender, url: string, secret: string): string {
  return COMMANDS[sender](url, secret).join(" \\\n  ");
}

const COMMANDS: Readonly<Record<Sender, (url: string, secret: string) => string[]>> = {
  github: (url, secret) => [
    "gh api --method POST repos/OWNER/REPOSITORY/hooks",
    "-f name=web -F active=true -f 'events[]=push'",
    `-f ${quoted(`config[url]=${url}`)}`,
    "-f 'config[content_type]=json'",
    `-f ${quoted(`config[secret]=${secret}`)}`,
  ],
  gitlab: (url, secret) => [
    "curl -X POST https://gitlab.com/api/v4/projects/PROJECT_ID/hooks",
    "-H 'PRIVATE-TOKEN: YOUR_TOKEN'",
    `--data-urlencode ${quoted(`url=${url}`)}`,
    `--data-urlencode ${quoted(`token=${secret}`)}`,
    "-d push_events=true -d tag_push_events=true",
  ],
  harbor: (url, secret) => [
    "curl -u USER -X POST https://HARBOR/api/v2.0/projects/PROJECT/webhook/policies",
    "-H 'content-type: application/json'",
    `-d ${
      quoted(JSON.stringify({
        name: "chartroom",
        enabled: true,
        event_types: ["PUSH_ARTIFACT", "DELETE_ARTIFACT"],
        targets: [{
          type: "http",
          address: url,
          auth_header: `Bearer ${secret}`,
          skip_cert_verify: false,
        }],
      }))
    }`,
  ],
  curl: (url, secret) => [
    `curl -X POST ${quoted(url)}`,
    `-H ${quoted(`authorization: Bearer ${secret}`)}`,
  ],
};
