import { withConsole } from "/work/wt/c-files/tests/support/console.ts";
import { accessible, weightOf } from "/work/wt/c-files/tests/support/browser.ts";
import {
  largeValues,
  SCHEMA,
  serveCharts,
  TEMPLATES,
  VALUES,
} from "/work/wt/c-files/tests/support/files_of_charts.ts";
Deno.test("look", () =>
  withConsole(async ({ chartroom, upstream, open }) => {
    const big = largeValues();
    console.log("big", big.length, big.split("\n").length);
    const app = await serveCharts(chartroom, upstream, {
      "1.0.0": { "values.yaml": VALUES, "values.schema.json": SCHEMA, ...TEMPLATES },
      "1.1.0": {
        "values.yaml": VALUES.replace("replicaCount: 2", "replicaCount: 3").replace(
          "8080",
          "80\n  extra: new",
        ),
        "values.schema.json": SCHEMA,
        ...TEMPLATES,
        "templates/service.yaml": "kind: Service\napiVersion: v2\n",
        "templates/new.yaml": "a: 1\n",
      },
      "1.2.0": { "values.yaml": big, "values.schema.json": SCHEMA, ...TEMPLATES },
      "1.3.0": {
        "values.yaml": big.replaceAll("13Mi", "14Mi"),
        "values.schema.json": SCHEMA,
        ...TEMPLATES,
      },
    }, { "1.0.0": { appVersion: "4.1" }, "1.1.0": { appVersion: "4.2" } });
    const paths: [string, string][] = [
      ["values", "/values?version=1.1.0"],
      ["schema", "/schema"],
      ["templates", "/templates"],
      ["diff", "/diff?from=1.0.0&to=1.1.0"],
      ["big", "/values"],
    ];
    for (const width of [1440, 360]) {
      for (const theme of ["light", "dark"] as const) {
        const page = await open({ theme, width, height: 900 });
        for (const [name, path] of paths) {
          if (name === "big" && (width === 360 || theme === "dark")) continue;
          await page.goto(`/apps/${app}${path}`);
          if (name === "big") await page.getByRole("searchbox").first().fill("interval");
          if (name === "schema") await page.getByRole("button", { name: "Expand all" }).click();
          await page.screenshot({
            path: `/tmp/shots/${name}-${width}-${theme}.png`,
            fullPage: name !== "big",
          });
          const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
          if (over as number > 0) console.log("overflow", name, width, over);
          try {
            await accessible(page);
          } catch (e) {
            console.log((e as Error).message.slice(0, 1500));
          }
        }
        if (width === 1440 && theme === "light") {
          for (const [n, p] of [...paths, ["bigdiff", "/diff"] as const]) {
            const t = performance.now();
            const w = await weightOf(page, `/apps/${app}${p}`);
            console.log("weight", n, w, (performance.now() - t) | 0, "ms");
          }
        }
      }
    }
  }, { environment: { CHARTROOM_RATE_LIMIT: "off" } }));
