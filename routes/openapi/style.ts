/** How the reference page looks: one style sheet, light or dark as the reader's system is. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7;
  --raised: #ffffff;
  --ink: #16232e;
  --soft: #52636f;
  --line: #dfe3e2;
  --accent: #0b6477;
  --deep: #10222f;
  --deep-ink: #d7e3ea;
  --deep-soft: #8fa5b3;
  --get: #0b6477;
  --post: #2c6a2e;
  --patch: #8a5300;
  --delete: #ab2f2a;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --side: 17.5rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0e1820;
    --raised: #14212b;
    --ink: #dde7ec;
    --soft: #9db0bb;
    --line: #263743;
    --accent: #6cc5d6;
    --deep: #091117;
    --get: #6cc5d6;
    --post: #8bcf8d;
    --patch: #e6b566;
    --delete: #f0938d;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1.5rem; }
body {
  margin: 0;
  display: grid;
  grid-template-columns: var(--side) minmax(0, 1fr);
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.6 var(--sans);
}
a { color: var(--accent); text-underline-offset: 0.18em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: 0.86em; }
p { margin: 0 0 0.9rem; }
.skip { position: absolute; left: -100vw; padding: 0.6rem 1rem; background: var(--raised); z-index: 2; }
.skip:focus { left: 0; }

/* Navigation */
nav {
  position: sticky;
  top: 0;
  height: 100vh;
  overflow-y: auto;
  padding: 1.6rem 1rem 3rem 1.4rem;
  border-right: 1px solid var(--line);
  background: var(--raised);
  font-size: 0.875rem;
  line-height: 1.4;
}
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { color: var(--ink); text-decoration: none; }
nav a:hover { color: var(--accent); }
.brand { display: block; margin-bottom: 1.4rem; font-size: 1.15rem; font-weight: 650; letter-spacing: -0.01em; }
.brand span { color: var(--soft); font-weight: 400; }
.tag {
  display: block;
  margin-top: 1.3rem;
  padding: 0.15rem 0;
  font-weight: 650;
}
nav li li a { display: flex; gap: 0.6rem; padding: 0.22rem 0; color: var(--soft); align-items: baseline; }
nav li li .method { flex: 0 0 3.1rem; }

/* Methods */
.method { font: 700 0.68rem/1.4 var(--mono); letter-spacing: 0.04em; }
.method.get { color: var(--get); }
.method.post { color: var(--post); }
.method.patch { color: var(--patch); }
.method.delete { color: var(--delete); }

/* Content */
main { padding: 3.2rem clamp(1.25rem, 4vw, 4rem) 6rem; max-width: 92rem; }
#top > *, .lede, #problems > p { max-width: 44rem; }
h1 { margin: 0 0 0.3rem; font-size: 2.3rem; line-height: 1.15; letter-spacing: -0.025em; }
h1 small { font-size: 0.9rem; font-weight: 400; letter-spacing: 0; color: var(--soft); }
.summary { font-size: 1.2rem; color: var(--soft); margin-bottom: 1.6rem; }
h2 { margin: 0 0 0.4rem; font-size: 1.6rem; letter-spacing: -0.018em; line-height: 1.25; }
#top h2 { margin-top: 2.2rem; font-size: 1.15rem; letter-spacing: -0.01em; }
main > section { margin-top: 4.5rem; padding-top: 2.5rem; border-top: 3px double var(--line); }
.lede { color: var(--soft); margin-bottom: 0; }
h3 { margin: 0 0 0.5rem; font-size: 1.2rem; line-height: 1.3; letter-spacing: -0.01em; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
h4 {
  margin: 1.8rem 0 0.5rem;
  font-size: 0.78rem;
  font-weight: 650;
  letter-spacing: 0.08em;
  text-transform: uppercase;
  color: var(--soft);
}
.operation {
  display: grid;
  grid-template-columns: minmax(0, 1fr) minmax(0, 30rem);
  gap: 0 clamp(1.5rem, 3vw, 3.5rem);
  padding: 2.6rem 0;
  border-bottom: 1px solid var(--line);
}
.operation:last-child { border-bottom: 0; padding-bottom: 0; }
.about { max-width: 44rem; }
.place { margin-bottom: 0.1rem; overflow-wrap: anywhere; }
.place .method { font-size: 0.78rem; margin-right: 0.35rem; }
.place code { font-size: 0.95rem; font-weight: 600; }
.also, .access { color: var(--soft); font-size: 0.875rem; overflow-wrap: anywhere; }
.access { margin-top: 0.9rem; margin-bottom: 0; }
.also + p:not(.access), .place + p:not(.also):not(.access) { margin-top: 0.9rem; }

/* Lists of members, parameters, answers */
dl { margin: 0; }
dd { margin: 0; }
.members > div { padding: 0.65rem 0; border-top: 1px solid var(--line); }
.members dt > code { font-weight: 650; font-size: 0.9rem; }
.members dd { font-size: 0.925rem; }
.members .members { margin: 0.5rem 0 0.2rem; padding-left: 1rem; border-left: 2px solid var(--line); }
.members .members > div:first-child { border-top: 0; }
.type { font-family: var(--mono); font-size: 0.8rem; color: var(--soft); }
a.type { color: var(--accent); }
.mark { margin-left: 0.5rem; font-size: 0.78rem; color: var(--soft); font-style: italic; }
.bounds { margin: 0.15rem 0 0; font-size: 0.86rem; color: var(--soft); overflow-wrap: anywhere; }
dd code, p code, td code { overflow-wrap: anywhere; }
.answers > div, .pairs > div { display: grid; grid-template-columns: 4rem 1fr; gap: 0.8rem; padding: 0.45rem 0; border-top: 1px solid var(--line); font-size: 0.925rem; }
.answers dt { font-family: var(--mono); font-size: 0.85rem; font-weight: 650; line-height: 1.75; }
.pairs > div { grid-template-columns: 14rem 1fr; }
.pairs + p { margin-top: 1.1rem; }
.pairs dt { overflow-wrap: anywhere; }
.problems a { display: inline-block; margin-right: 0.7rem; font-family: var(--mono); font-size: 0.85rem; }

/* Examples: as in a terminal, by day and by night */
.examples { position: sticky; top: 1.5rem; align-self: start; }
.code { margin: 0 0 1rem; border-radius: 8px; background: var(--deep); color: var(--deep-ink); border: 1px solid var(--line); }
.code figcaption { padding: 0.55rem 1rem; font-size: 0.75rem; letter-spacing: 0.04em; color: var(--deep-soft); border-bottom: 1px solid rgb(143 165 179 / 0.22); }
pre { margin: 0; padding: 0.85rem 1rem; overflow: auto; font-size: 0.8rem; line-height: 1.55; tab-size: 2; }
pre code { font-size: inherit; }
.code:not(.answer) pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.code:not(.answer) code { user-select: all; }
.answer pre { max-height: 26rem; }
.key { color: #7fc4d4; }

/* Tables and schemas */
.elsewhere { list-style: none; margin: 1.5rem 0 0; padding: 0; }
.elsewhere li { display: grid; grid-template-columns: 4rem 1fr 1fr; gap: 0 1rem; align-items: baseline; padding: 0.4rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
table { width: 100%; max-width: 62rem; margin-top: 1.2rem; border-collapse: collapse; font-size: 0.925rem; }
th, td { padding: 0.5rem 1rem 0.5rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: 0.78rem; letter-spacing: 0.06em; text-transform: uppercase; color: var(--soft); }
tbody th { font-weight: 600; }
.schema { max-width: 46rem; padding: 2rem 0 1rem; }
:target > .about h3, .schema:target h3, tr:target th, .also:target { color: var(--accent); }

@media (max-width: 70rem) {
  .operation { grid-template-columns: minmax(0, 1fr); }
  .examples { position: static; margin-top: 1.8rem; max-width: 44rem; }
}
@media (max-width: 50rem) {
  body { display: block; }
  html { scroll-padding-top: 4.5rem; }
  nav { height: auto; z-index: 1; padding: 0.7rem 1.25rem; border-right: 0; border-bottom: 1px solid var(--line); overflow-x: auto; white-space: nowrap; }
  nav ul ul { display: none; }
  nav > ul, nav { display: flex; gap: 1.1rem; align-items: baseline; }
  .brand, .tag { margin: 0; }
  .brand { font-size: 1rem; }
  .tag { font-weight: 400; padding: 0.3rem 0; }
  main { padding-top: 1.8rem; }
  h1 { font-size: 1.9rem; }
  .pairs > div { grid-template-columns: 1fr; gap: 0; }
  .elsewhere li { grid-template-columns: 4rem 1fr; }
  .elsewhere .also { grid-column: 2; }
  table, tbody, tr, td { display: block; }
  thead { position: absolute; left: -100vw; }
  tbody th, tbody td:nth-child(2) { display: inline-block; padding: 0.5rem 0.8rem 0 0; vertical-align: baseline; }
  tbody td:nth-child(2) { border-top: 0; color: var(--soft); }
  tbody td:last-child { border-top: 0; padding-top: 0; }
  tbody th { border-top: 0; }
  tbody tr { border-top: 1px solid var(--line); }
}
@media print {
  nav, .skip { display: none; }
  body { display: block; }
  .examples { position: static; }
}
`.trimStart();
