/** Chartroom's own lint rules: who may call what, which way imports run, and from where. */

/** Layers from the ground up; a file may import from its own layer and from those below. */
const LAYERS: readonly (readonly [path: string, layer: number])[] = [
  ["main.ts", 5],
  ["routes/", 4],
  ["src/services.ts", 3],
  ["src/config.ts", 3],
  ["src/config_values.ts", 3],
  ["src/database.ts", 3],
  ["src/reseal.ts", 3],
  ["src/sync/", 2],
  ["src/catalog/", 2],
  ["src/access/", 2],
  ["src/store/", 1],
  ["src/sources/", 1],
  ["src/helm/", 0],
  ["src/", 0],
];

/** Names that only one place may use. */
const RESERVED: readonly { name: string; place: string; why: string }[] = [
  { name: "fetch", place: "src/sources/", why: "the egress policy stands before every call" },
  { name: "Deno.createHttpClient", place: "src/sources/", why: "all calls are made there" },
  { name: "Deno.openKv", place: "src/store/", why: "the store retries and knows KV's limits" },
  { name: "Deno.env", place: "src/config.ts", why: "configuration is read once" },
];

/** What would make `src/helm` depend on anything but its input. */
const IMPURE =
  /^(Deno|fetch|setTimeout|setInterval|crypto)\b|^(Date|performance)\.now$|^Math\.random$/;

/** A call of the database by whoever has it in hand. */
const KV_CALL = /(^|\.)kv\.(get|getMany|list|commit|set|delete|atomic|watch|enqueue|listenQueue)$/;

/** The project's folder, with a slash at its end. */
const ROOT = new URL("..", import.meta.url).pathname;

/** A file's path in the project; `undefined` for what is no part of the service. */
function placeOf(filename: string): string | undefined {
  if (!filename.startsWith(ROOT)) return undefined;
  const place = filename.slice(ROOT.length);
  // They run where their user is.
  if (/^routes\/(client\.ts|console\/assets\/)/.test(place)) return undefined;
  return /^(src|routes)\/|^main\.ts$/.test(place) ? place : undefined;
}

function layerOf(place: string): number {
  return LAYERS.find(([path]) => place.startsWith(path))![1];
}

/** The place that a relative import names, seen from another place. */
function resolve(from: string, specifier: string): string {
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function dotted(node: Deno.lint.Node): string {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression") return "";
  const name = node.property.type === "Identifier" && !node.computed ? node.property.name : "";
  return `${dotted(node.object)}.${name}`.replace(/^globalThis\./, "");
}

function isReference(node: Deno.lint.Identifier): boolean {
  const parent = (node as unknown as { parent: Deno.lint.Node }).parent;
  if (parent.type === "MemberExpression") return parent.object === node;
  return parent.type === "CallExpression" && parent.callee === node;
}

/** Visits everything that imports. */
function onImports(
  check: (node: Deno.lint.Node, specifier: string | undefined) => void,
): Deno.lint.LintVisitor {
  return {
    ImportDeclaration: (node) => check(node, node.source.value),
    ExportNamedDeclaration: (node) => check(node, node.source?.value as string | undefined),
    ExportAllDeclaration: (node) => check(node, node.source.value),
    ImportExpression(node) {
      if (node.source.type === "Literal") check(node, String(node.source.value));
    },
  };
}

export default {
  name: "chartroom",
  rules: {
    "reserved-names": {
      create(context) {
        const place = placeOf(context.filename);
        if (place === undefined) return {};
        const check = (node: Deno.lint.Node) => {
          const name = dotted(node);
          const rule = RESERVED.find((rule) => rule.name === name);
          if (rule !== undefined && !place.startsWith(rule.place)) {
            context.report({ node, message: `${name} is for ${rule.place} alone: ${rule.why}` });
          }
          if (place.startsWith("src/helm/") && IMPURE.test(name)) {
            context.report({ node, message: `${name}: src/helm is pure` });
          }
        };
        return {
          Identifier(node) {
            if (isReference(node)) check(node);
          },
          MemberExpression(node) {
            check(node);
            if (KV_CALL.test(dotted(node)) && !place.startsWith("src/store/")) {
              context.report({ node, message: "the database is called in src/store alone" });
            }
          },
        };
      },
    },
    "one-way-imports": {
      create(context) {
        const place = placeOf(context.filename);
        if (place === undefined) return {};
        const check = (node: Deno.lint.Node, specifier: string | undefined) => {
          if (!specifier?.startsWith(".")) return;
          const target = resolve(place, specifier);
          const known = /^(src|routes)\//.test(target);
          if (known && layerOf(target) <= layerOf(place)) return;
          context.report({ node, message: `${place} must not import ${target}` });
        };
        return onImports(check);
      },
    },
    "mapped-imports": {
      create(context) {
        return onImports((node, specifier) => {
          if (!specifier || !/^(npm|jsr|https?):/.test(specifier)) return;
          const message = `${specifier} belongs into deno.json, with its exact version`;
          context.report({ node, message });
        });
      },
    },
  },
} satisfies Deno.lint.Plugin;
