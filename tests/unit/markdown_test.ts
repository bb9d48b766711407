/** Markdown of strangers: whatever is in it, what comes out loads nothing, runs nothing, is a fragment. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type DefaultTreeAdapterMap, parse, parseFragment } from "parse5";
import { renderCut, renderMarkdown } from "../../routes/support/markdown.ts";

type Node = DefaultTreeAdapterMap["node"];

const GLOBAL = ["id"];
/** What may be in a page, as a browser's parser sees it; written down apart from the code. */
const ALLOWED: Record<string, readonly string[]> = {
  a: ["href", "rel", "title"],
  abbr: ["title"],
  code: ["class"],
  details: ["open"],
  input: ["type", "checked", "disabled"],
  ol: ["start"],
  ...Object.fromEntries(
    ["h1", "h2", "h3", "h4", "h5", "h6", "div", "p"].map((n) => [n, ["align"]]),
  ),
  ...Object.fromEntries(["td", "th"].map((n) => [n, ["align", "colspan", "rowspan"]])),
  ...Object.fromEntries(
    ("b blockquote br caption center cite dd del dfn dl dt em figcaption figure hr i ins kbd li " +
      "mark pre q s samp small span strike strong sub summary sup table tbody tfoot thead tr tt u " +
      "ul var").split(" ").map((name) => [name, []]),
  ),
};
const VALUES: Record<string, RegExp> = {
  href: /^(https?:\/\/|mailto:|#readme-.)/,
  rel: /^nofollow noopener noreferrer$/,
  id: /^readme-\S+$/,
  class: /^language-\S+$/,
  align: /^(left|center|right)$/,
  colspan: /^\d{1,2}$/,
  rowspan: /^\d{1,2}$/,
  start: /^\d+$/,
  type: /^checkbox$/,
};

/** Throws unless a browser's parser finds nothing in it but what is allowed. */
function assertSafe(html: string, of: string): void {
  const visit = (node: Node): void => {
    assert.ok(["#document-fragment", "#text"].includes(node.nodeName) || "tagName" in node, of);
    if ("tagName" in node) {
      const { tagName, namespaceURI, attrs } = node;
      assert.equal(namespaceURI, "http://www.w3.org/1999/xhtml", `${of}\n${html}`);
      assert.ok(Object.hasOwn(ALLOWED, tagName), `<${tagName}> of ${of}\n${html}`);
      for (const { name, value } of attrs) {
        const isAllowed = [...GLOBAL, ...ALLOWED[tagName]!].includes(name);
        assert.ok(isAllowed, `${tagName} ${name} of ${of}\n${html}`);
        assert.match(value, VALUES[name] ?? /^/, `${tagName} ${name} of ${of}\n${html}`);
      }
      const names = attrs.map(({ name }) => name);
      assert.ok(!names.includes("href") || names.includes("rel"), `${of}\n${html}`);
      if (tagName === "input") assert.ok(names.includes("type") && names.includes("disabled"), of);
    }
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(parseFragment(html));
}

const XSS = String.raw`
<script>alert(1)</script>
<SCRIPT SRC=//evil/x.js></SCRIPT>
<scr<script>ipt>alert(1)</scr</script>ipt>
<script/x>alert(1)</script/x>
<<script>alert(1);//<</script>
<img src=x onerror=alert(1)>
<img src="x" onerror="alert(1)"
<img/src=x/onerror=alert(1)>
<img srcset="javascript:alert(1) 1x, //evil/x 2x">
<img src="data:image/svg+xml,<svg onload=alert(1)>">
<picture><source srcset=//evil/x><img></picture>
![x](javascript:alert(1))
![x](data:text/html,x)
![x" onerror="alert(1)](http://a/b)
![x](http://a/"onerror="alert(1))
[x](javascript:alert(1))
[x](JaVaScRiPt:alert(1))
[x](javascript&colon;alert(1))
[x](javascript&#58;alert(1))
[x](&#x6a;avascript:alert(1))
[x](java&#10;script:alert(1))
[x](<java	script:alert(1)>)
[x]( javascript:alert(1))
[x](<javascript:alert(1)>)
[x](vbscript:msgbox(1))
[x](data:text/html;base64,PHNjcmlwdD4=)
[x](file:///etc/passwd)
[x](blob:http://a/b)
[x](//evil/x)
[x](\\evil\x)
[x](/relative)
[x](http://a/"onclick="alert(1))
[x](http://a 'x" onclick="alert(1)')
[x][y] [y]: javascript:alert(1)
<javascript:alert(1)>
<vbscript:x>
<data:text/html,x>
<http://a/"onclick="alert(1)>
<a href="javascript:alert(1)">x</a>
<a href=" &#x6a;avascript:alert(1)">x</a>
<a href="java&Tab;script:alert(1)">x</a>
<a href="java&NewLine;script&colon;alert(1)">x</a>
<a href="&#1;javascript:alert(1)">x</a>
<a href="javascript&#0000058alert(1)">x</a>
<a href='http://a' onclick='alert(1)'>x</a>
<a href="http://a" target="_blank" ping="//evil" rel="opener" download>x</a>
<a href="#" id="location" name="document">x</a>
<a href="feed:javascript:alert(1)">x</a>
<a xlink:href="javascript:alert(1)">x</a>
<a style="position:fixed;inset:0" class="modal" href="http://evil">x</a>
<svg onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>
<svg><style><img src=x onerror=alert(1)></style></svg>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<p><noscript></p><img title="</noscript><img src=x onerror=alert(1)>">
<style><img src="</style><img src=x onerror=alert(1)>">
<style>@import '//evil/x.css';</style>
<title><img title="</title><img src=x onerror=alert(1)>"></title>
<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>
<textarea></textarea/><img src=x onerror=alert(1)>
<template><script>alert(1)</script></template>
<xmp><img title="</xmp><img src=x onerror=alert(1)>"></xmp>
<xmp>&lt;/xmp&gt;<img src=x onerror=alert(1)></xmp>
<plaintext><img src=x onerror=alert(1)>
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<iframe><img title="</iframe><img src=x onerror=alert(1)>"></iframe>
<noembed><img title="</noembed><img src=x onerror=alert(1)>"></noembed>
<object data="javascript:alert(1)"></object>
<embed src="//evil/x.swf">
<applet code=x></applet>
<base href="//evil/">
<meta http-equiv="refresh" content="0;url=javascript:alert(1)">
<link rel="stylesheet" href="//evil/x.css">
<form action="//evil"><input name=password><button>x</button></form>
<input type="text" onfocus=alert(1) autofocus>
<input type="checkbox" onclick=alert(1) name=x>
<input type="CHECKBOX" checked="x">
<input type=image src=//evil>
- [x] <input type="radio">
<select><option><img src=x onerror=alert(1)></option></select>
<video src=x onerror=alert(1)><audio src=x onerror=alert(1)>
<details ontoggle=alert(1) open><summary onclick=alert(1)>x</summary></details>
<marquee onstart=alert(1)>x</marquee>
<body onload=alert(1)><html onclick=alert(1)><head><frameset onload=alert(1)>
<div style="background:url(javascript:alert(1))">x</div>
<div style="width:expression(alert(1))" id=getElementById name=cookie>x</div>
<p id="__proto__"></p><a name="constructor"></a>
<__proto__>x</__proto__><constructor onclick=alert(1)>x</constructor><toString>x
<p __proto__=x constructor=y hasOwnProperty=z>x</p>
<p id="a b&quot;><img src=x onerror=alert(1)>">x</p>
<p align="center&quot; onclick=alert(1)">x</p>
<td colspan=100000 rowspan=65534>x</td><table><td colspan=999 rowspan="1e9">x</table>
<!--><img src=x onerror=alert(1)>-->
<!-- --!><img src=x onerror=alert(1)> -->
<!--[if gte IE 4]><script>alert(1)</script><![endif]-->
<![CDATA[<img src=x onerror=alert(1)>]]>
<svg><![CDATA[><img src=x onerror=alert(1)>]]></svg>
<?xml-stylesheet href="javascript:alert(1)"?><?php x ?>
<!DOCTYPE x [<!ENTITY y "z">]><!ELEMENT>
</p></div></body></html><script>alert(1)</script>
<a"href="javascript:alert(1)">x</a>
<a/href="javascript:alert(1)"/>x
<p x='"><img src=x onerror=alert(1)>'>x</p>
<p "><img src=x onerror=alert(1)>
<img alt="<script>alert(1)</script>" src="http://a">
<code class="language-x evil" onclick=x>x</code><code class="hljs language-">x</code>
# x <img src=x onerror=alert(1)> {#id onclick=alert(1)}
# "><script>alert(1)</script>
[#](#"onclick="alert(1)) [y](#&quot;><script>alert(1)</script>)
| <script>alert(1)</script> | [x](javascript:1) |
&lt;script&gt;alert(1)&lt;/script&gt;
<sCrIpT>alert(1)</ScRiPt	>
＜script＞alert(1)＜/script＞
<img src=x onerror=alert(1)//
<ol start="1e9" type="a" reversed><li value=9999999999>x</li></ol>
<frame src=//evil><layer src=//evil><bgsound src=//evil><portal src=//evil>
<custom-element onclick=alert(1)>x</custom-element>
`.trim().split("\n");

Deno.test("no markup of a stranger gets through that could do anything", () => {
  assert.ok(XSS.length > 100);
  const fences = "```html onclick=x\n<script>alert(1)</script>\n```\n";
  const more = [
    fences,
    '```x"onclick="alert(1)\n```',
    "```__proto__\n```",
    "java\0script:alert(1) <scr\0ipt>alert(1)</script> <img src=x o\0nerror=alert(1)>",
    "[x]:\njavascript:alert(1)\n\n[x]",
    '<a href="\njavascript:alert(1)\n">x</a>',
    "<div>\n\n<script>\n\nalert(1)\n\n</script>\n\n</div>",
    "[x](http://a)\u2028<img src=x onerror=alert(1)>",
    "\ud800<script>alert(1)</script>\udfff",
    "<p " + "a".repeat(10_000) + "><img src=x onerror=alert(1)>",
  ];
  for (const text of [...XSS, ...more]) {
    for (
      const around of [text, `a ${text} b`, `> - ${text}`, `<div>${text}</div>`, `**${text}**`]
    ) {
      assertSafe(renderMarkdown(around), around);
    }
    assertSafe(renderCut(text), text);
  }
  assertSafe(renderMarkdown(XSS.join("\n\n")), "all of them");
});

Deno.test("whatever comes, what is rendered is safe, and stays so when it is rendered again", () => {
  const word = fc.constantFrom(
    ...XSS.flatMap((line) => line.split(/(?=[<>"'&[\](){}#|!:;=])/)),
    "\n",
    "\n\n",
    "    ",
    "> ",
    "- ",
    "1. ",
    "```",
    "`",
    "**",
    "_",
    "~~",
    "|",
    "|-|",
    "# ",
    "<!--",
    "-->",
    "]]>",
    "</",
    "/>",
    "\0",
    "\\",
    "&#",
    "&lt;",
    "&amp;",
    '"',
    "'",
    "=",
    "\u00a0",
    "\ud800",
  );
  const soup = fc.array(word, { maxLength: 40 }).map((words) => words.join(""));
  fc.assert(
    fc.property(fc.oneof(soup, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
      const html = renderMarkdown(text);
      assertSafe(html, text);
      assertSafe(renderMarkdown(html), html);
    }),
    { numRuns: 3_000, seed: 1 },
  );
});

/** Throws if a browser puts anything of it out of the element that it was put into, or anything else into that. */
function assertWithin(html: string, of: string): void {
  const around = [["<div>", "</div>"], ["<ul><li><div>", "</div></li></ul>"], [
    "<table><tr><td>",
    "</td></tr></table>",
  ]];
  for (const [before, after] of around) {
    const page = (inner: string) =>
      parse(
        `<!doctype html><main>${before}<article>${inner}</article><aside></aside>${after}</main><footer></footer>`,
      );
    const outline = (node: Node): string =>
      node.nodeName === "article" || !("childNodes" in node)
        ? node.nodeName
        : `${node.nodeName}(${node.childNodes.map(outline).join()})`;
    assert.equal(outline(page(html)), outline(page("")), `${of}\n${html}`);
  }
}

Deno.test("what a browser closes by itself does not get out of the element around a README", () => {
  const names = [...Object.keys(ALLOWED), "img", "noscript", "custom", "form", "col", "select"];
  // What closes others is rare among all of them.
  const odd = "a b dd div dl dt h1 h2 li p table tbody td th thead tr caption ul".split(" ");
  const name = fc.oneof(fc.constantFrom(...names), fc.constantFrom(...odd));
  const { element } = fc.letrec<{ element: string }>((tie) => ({
    element: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom("x", "", "<br>", "</p>", "</div>", "</li>", "</table>", "</b>"),
      fc.tuple(name, fc.array(tie("element"), { maxLength: 3 }), fc.nat(9), fc.nat(9)).map(
        ([name, inner, ended, kind]) =>
          `<${name}${name === "a" && kind > 2 ? ' href="https://a.b/"' : ""}>${inner.join("")}${
            ended > 0 ? `</${name}>` : ""
          }`,
      ),
    ),
  }));
  const soup = fc.array(element, { minLength: 1, maxLength: 4 }).map((all) => all.join(""));
  fc.assert(
    fc.property(soup, fc.constantFrom("", "x ", "<div>"), (text, before) => {
      const html = renderMarkdown(before + text);
      assertSafe(html, text);
      assertWithin(html, text);
    }),
    { numRuns: 10_000, seed: 1 },
  );
  for (
    const text of [
      "<ul><li><div><li>x</li></div></li></ul>",
      "<dl><dd><div><dt>x</dt></div></dd></dl>",
      "<table><div><table></table></div></table>",
      "<ul><li><div><ul><p><noscript></p><ul></ul></noscript><li>x</li></ul></div></li></ul>",
      "<p><b><div>x</div></b></p>",
      "<table><tr><td><div><td>x</td></div></td></tr></table>",
    ]
  ) assertWithin(renderMarkdown(text), text);
});

Deno.test("an element that may not be where it is becomes one that may", () => {
  const table: [text: string, html: string][] = [
    ["<h1>x<div><h2>y</h2></div></h1>", "<h1>x<div><div>y</div></div></h1>"],
    ["<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"],
    ["<div><li>a</li></div>", "<div><div>a</div></div>"],
    [
      "<table><tr><td>a<td><ul><li>b</table>",
      "<table><tr><td>a</td><td><ul><li>b</li></ul></td></tr></table>",
    ],
    [
      '<div><a href="https://a.b/"><b><a href="https://c.d/">x</a></b></a></div>',
      `<div><a href="https://a.b/" ${LINK}><b><span>x</span></b></a></div>`,
    ],
  ];
  for (const [text, html] of table) assert.equal(renderMarkdown(text), html, text);
});

const LINK = 'rel="nofollow noopener noreferrer"';

Deno.test("what READMEs have is rendered", () => {
  const table: [text: string, html: string][] = [
    [
      "# Redis\n\nA *store* of **values**.",
      '<h1 id="readme-redis">Redis</h1>\n<p>A <em>store</em> of <strong>values</strong>.</p>\n',
    ],
    [
      "## A `b` c!\n## A b c",
      '<h2 id="readme-a-b-c">A <code>b</code> c!</h2>\n<h2 id="readme-a-b-c-1">A b c</h2>\n',
    ],
    ["# ???", "<h1>???</h1>\n"],
    ["[up](#a-b)", `<p><a href="#readme-a-b" ${LINK}>up</a></p>\n`],
    [
      "<https://a.b/?c&d> https://e.f README.md",
      `<p><a href="https://a.b/?c&amp;d" ${LINK}>https://a.b/?c&amp;d</a> <a href="https://e.f/" ${LINK}>https://e.f</a> README.md</p>\n`,
    ],
    ["<a@b.cd>", `<p><a href="mailto:a@b.cd" ${LINK}>a@b.cd</a></p>\n`],
    ["[x](./docs/x.md)", "<p><span>x</span></p>\n"],
    ["```yaml\na: <b>\n```", '<pre><code class="language-yaml">a: &lt;b&gt;\n</code></pre>\n'],
    ["~~a~~", "<p><s>a</s></p>\n"],
    [
      "- [x] a\n- [ ] b\n- [y] c",
      '<ul>\n<li><input type="checkbox" disabled checked /> a</li>\n<li><input type="checkbox" disabled /> b</li>\n<li>[y] c</li>\n</ul>\n',
    ],
    ["3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'],
    [
      "|a|b|\n|:-|-:|\n|1|2|",
      '<table>\n<thead>\n<tr>\n<th align="left">a</th>\n<th align="right">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align="left">1</td>\n<td align="right">2</td>\n</tr>\n</tbody>\n</table>\n',
    ],
    [
      "<details>\n<summary>More</summary>\n\n*a*\n\n</details>",
      "<details>\n<summary>More</summary>\n<p><em>a</em></p>\n</details>",
    ],
    ['<p align="center" class="x">a</p>', '<p align="center">a</p>'],
    ['<a name="top"></a>', '<p><span id="readme-top"></span></p>\n'],
    ["![a chart](https://a.b/c.png)", `<p><a href="https://a.b/c.png" ${LINK}>a chart</a></p>\n`],
    ["![](https://a.b/c.png)", `<p><a href="https://a.b/c.png" ${LINK}>picture</a></p>\n`],
    [
      "[![CI](https://a.b/c.svg)](https://d.e/)",
      `<p><a href="https://d.e/" ${LINK}><span>CI</span></a></p>\n`,
    ],
    ["![a](c.png) b", "<p><span>a</span> b</p>\n"],
    ["a\0b", "<p>a\ufffdb</p>\n"],
    ["<div><style>p {}</style><title>t</title></div>", "<div></div>"],
    ["", ""],
  ];
  for (const [text, html] of table) assert.equal(renderMarkdown(text), html, text);
});

/** Texts that hold up other libraries, or this one, by the square of their length or worse. */
const SLOW: Record<string, (length: number) => string> = {
  brackets: (n) => "[".repeat(n),
  emphasis: (n) => "*a_".repeat(n / 3),
  "emphasis in itself": (n) => `${"*".repeat(n / 2)}a${"*".repeat(n / 2)}`,
  quotes: (n) => ">".repeat(n),
  lists: (n) => "- ".repeat(n / 2),
  "lists in quotes": (n) => "> - ".repeat(n / 4),
  "cells that rows lack": (n) =>
    `|${"a|".repeat(n / 9)}\n|${"-|".repeat(n / 9)}\n${"a\n".repeat(n / 9)}`,
  rows: (n) => `|a|b|\n|-|-|\n${"|a|b|\n".repeat(n / 6)}`,
  links: (n) => "[a](b) ".repeat(n / 7),
  addresses: (n) => "http://a ".repeat(n / 9),
  pictures: (n) => "![".repeat(n / 2),
  code: (n) => Array.from({ length: Math.sqrt(n) }, (_, i) => "`".repeat(i)).join(" "),
  elements: (n) => "<b>".repeat(n / 3),
  attributes: (n) => `<p ${"a ".repeat(n / 2)}>`,
  comments: (n) => "<!--".repeat(n / 4),
  noscript: (n) => "<noscript></p>".repeat(n / 14),
  definitions: (n) => "[a\n".repeat(n / 3),
  spaces: (n) => `a${" ".repeat(n)}b`,
};

Deno.test("no text takes long, since what would is shown as it is written", () => {
  for (const [name, make] of Object.entries(SLOW)) {
    for (const length of [4_096, 16_384, 65_536, 262_144, 524_288]) {
      const text = make(length);
      const began = performance.now();
      const html = renderMarkdown(text);
      // Generous, since other work may run here; what takes the square takes minutes.
      assert.ok(performance.now() - began < 3_000, `${name}, ${length}`);
      assertSafe(html.slice(0, 100_000).replace(/<[^>]*$/, ""), name);
    }
  }
  const rows = SLOW.rows!(524_288);
  assert.equal(renderMarkdown(rows), `<pre>\n${rows}</pre>\n`);
  const long = "A sentence of a README that is long, and without anything special. ".repeat(7_000);
  assert.match(renderMarkdown(long), /^<p>A sentence/);
});

Deno.test("a README that was cut off says so", () => {
  const html = renderCut("# a <b>\0");
  assert.equal(
    html,
    "<pre>\n# a &lt;b&gt;\ufffd</pre>\n<p><em>It is longer; this is how it begins.</em></p>\n",
  );
});

Deno.test("what walks a text again for each bracket that is open stands there as it is written", () => {
  for (const open of ["![", "["]) {
    for (const filler of ":}{=%$@^+") {
      const text = `x ${open.repeat(50)}${filler.repeat(500_000)}`;
      assert.match(renderMarkdown(text), /^<pre>/, open + filler);
    }
  }
  const links = `${"* [a](https://example.org/a) is *one* (of many).\n".repeat(200)}\n`;
  assert.match(renderMarkdown(links), /^<ul>/);
});
