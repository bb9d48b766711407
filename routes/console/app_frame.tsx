/** What the pages of an app have in common: its head, its tabs, and the choice of a version. */

import type { Child } from "hono/jsx";
import { AppHead } from "./app_head.tsx";
import { hrefOfApp, type Opened, type Tab, TABS } from "./app_load.ts";
import { VersionPicker } from "./app_picker.tsx";
import { Tabs } from "./parts/parts.tsx";

export * from "./app_load.ts";

/** The frame of a tab, whose content it holds. */
export function AppFrame(
  { opened, tab, children }: { opened: Opened; tab: Tab; children: Child },
) {
  const { page, app } = opened;
  const { words } = page;
  return (
    <>
      <AppHead
        opened={opened}
        actions={
          <>
            {/* The tab of all versions narrows them down itself. */}
            {tab !== "versions" && <VersionPicker opened={opened} />}
            <a class="button main" href={`${hrefOfApp(opened, "readme")}#install`}>
              {words.app.installLink}
            </a>
          </>
        }
      />
      <Tabs
        label={words.app.tabs.label}
        tabs={(Object.keys(TABS) as Tab[]).map((name) => ({
          href: hrefOfApp(opened, name),
          text: words.app.tabs[name],
          count: name === "versions" ? app.version_total : undefined,
          current: name === tab,
        }))}
      />
      {children}
    </>
  );
}
