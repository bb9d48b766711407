/** Results as text for people. */

import type { Condition, Result } from "./result.ts";

type Row = Record<string, unknown>;

/** What {@link summary} has of a result. */
const IN_SUMMARY = new Set(["what", "value", "unit", "is", "target", "holds", "and"]);

/** One line for each benchmark, which says whether all of it holds, and one for its second condition. */
export function summary(results: Record<string, Result>): string {
  const line = (name: string, { what, value, unit, is, target, holds }: Condition) => ({
    "": name,
    what,
    is: `${show(value)} ${unit}`,
    target: `${is} ${show(target)}`,
    holds: holds ? "yes" : "NO",
  });
  return table(
    Object.entries(results).flatMap(([name, result]) => [
      line(name, result),
      ...(result.and ? [line("", result.and)] : []),
    ]),
  );
}

/** What the results were computed from. */
export function details(output: Record<string, Row>): string {
  return Object.entries(output).map(([name, result]) => {
    const parts = Object.entries(result).filter(([part]) => !IN_SUMMARY.has(part));
    return `${name}: ${result.what ?? "for information"}\n${parts.map(part).join("")}`;
  }).join("\n");
}

function part([name, value]: [string, unknown]): string {
  if (Array.isArray(value) && isRow(value[0])) return `  ${name}:\n${table(value, "    ")}`;
  if (isRow(value)) return `  ${name}:\n${table([value], "    ")}`;
  return `  ${name}: ${Array.isArray(value) ? value.map(show).join("  ") : show(value)}\n`;
}

function table(rows: Row[], indent = ""): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => show(row[name])))];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  // Texts to the left, numbers to the right.
  const isText = names.map((name) => typeof rows[0]![name] === "string");
  return lines.map((line) => {
    const cells = line.map((cell, i) =>
      isText[i] ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
    );
    return `${indent}${cells.join("  ").trimEnd()}\n`;
  }).join("");
}

function show(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value ?? "-");
  return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 });
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
