// What pages do beside what links and forms do by themselves. Every page works without it, but for
// the progress of a sync. What it finds, it finds when something happens, so that parts of a page
// can be swapped.

const TYPING_MS = 180;
const SINCE_MS = 30_000;
const COPIED_MS = 2_000;
const language = document.documentElement.lang;

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
/** @returns {HTMLElement | undefined} the element that an event is about, or what it stands in */
const from = (event, selector) =>
  event.target instanceof Element ? event.target.closest(selector) ?? undefined : undefined;

/** Calls `handle` with each element that matches, or has one within, when something happens to it. */
function on(type, selector, handle, capture = false) {
  document.addEventListener(type, (event) => {
    const element = from(event, selector);
    if (element !== undefined) handle(element, event);
  }, capture);
}

// Parts of pages, loaded anew.

/** Shows a message of the layout before an element. */
function tell(id, before) {
  for (const old of all(".notice.told")) old.remove();
  const notice = document.getElementById(id).content.firstElementChild.cloneNode(true);
  notice.classList.add("told");
  before.prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}

/** The page of a response. */
async function pageOf(response) {
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Puts parts of another page in the places of those of this one. The focus stays where it was. */
function swap(page, ids) {
  const focused = placeOf(document.activeElement);
  for (const id of ids) {
    const fresh = page.getElementById(id), old = document.getElementById(id);
    if (fresh === null || old === null) return location.reload();
    for (const { id, open } of all("details[id]", old)) {
      const same = page.getElementById(id);
      if (same !== null && !same.matches(".menu")) same.open = open;
    }
    old.replaceWith(fresh);
  }
  // Fields that stay are as the new page has them, but for what somebody types into one.
  for (const field of all("form[data-live] :is(input:not([type=hidden]), select)[id]")) {
    const fresh = page.getElementById(field.id);
    if (fresh === null) continue;
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (fresh.hasAttribute(name)) field.setAttribute(name, fresh.getAttribute(name));
      else field.removeAttribute(name);
    }
    if (field !== document.activeElement) field.value = fresh.value;
  }
  // What is read out has to stay where it is, and change.
  for (const place of all("[data-says]")) {
    place.textContent = document.getElementById(place.dataset.says)?.textContent ?? "";
  }
  document.title = page.title;
  if (focused && !document.activeElement?.matches(focused)) {
    document.querySelector(focused)?.focus();
  }
  prepare();
}

/** A selector that finds an element again in another page; "" for what has neither id nor address. */
function placeOf(element) {
  if (element?.id) return `#${CSS.escape(element.id)}`;
  const href = element?.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : "";
}

let loading;
const pathOf = ({ pathname, search }) => pathname + search;
/** What the address was when the page was loaded; a fragment says nothing. */
let shown = pathOf(location);

/** Loads a page and takes parts of it: those of the latest call. `ids`: "results facets". */
async function load(url, ids, history) {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  try {
    const response = await fetch(url, { signal, headers: { accept: "text/html" } });
    const page = await pageOf(response);
    if (signal.aborted) return;
    if (response.redirected || !ids.split(" ").every((id) => page.getElementById(id))) {
      return location.assign(url);
    }
    if (history !== undefined) globalThis.history[history](null, "", url);
    shown = pathOf(location);
    swap(page, ids.split(" "));
  } catch (error) {
    if (error.name !== "AbortError") tell("lost", document.getElementById("main"));
  } finally {
    if (loading?.signal === signal) loading = undefined;
  }
}

/** The address that a form would go to. */
function addressOf(form) {
  const url = new URL(form.getAttribute("action"), location.href);
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  url.search = new URLSearchParams(fields).toString();
  return url.href;
}

// A form that shows what it finds while somebody types: `<form data-live="results">`. What is typed
// at a time is one step back; so is each choice.
let typing, typedIn;
on("input", "form[data-live]", (form, { target }) => {
  clearTimeout(typing);
  const isText = !target.matches("select, [type=checkbox], [type=radio]");
  const history = isText && typedIn === target ? "replaceState" : "pushState";
  const begin = () => {
    typedIn = isText ? target : undefined;
    load(addressOf(form), form.dataset.live, history);
  };
  if (isText) typing = setTimeout(begin, TYPING_MS);
  else begin();
});
on("focusout", "form[data-live]", () => typedIn = undefined);
on("submit", "form[data-live]", (form, event) => {
  event.preventDefault();
  clearTimeout(typing);
  typedIn = undefined;
  const url = addressOf(form);
  if (url === location.href && loading === undefined) return;
  load(url, form.dataset.live, url === location.href ? "replaceState" : "pushState");
});
// A link that changes a part of its page: `<a data-live="results">`.
on("click", "a[data-live]", (link, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  clearTimeout(typing);
  load(link.href, link.dataset.live, "pushState");
});
addEventListener("popstate", () => {
  clearTimeout(typing);
  typedIn = undefined;
  if (pathOf(location) !== shown) load(location.href, "main");
});

// A form that is answered with a page: `<form data-swap>`. What nobody sends back, such as a
// password, stays in its field.
on("submit", "form[data-swap]", async (form, event) => {
  event.preventDefault();
  const { submitter } = event, body = new FormData(form, submitter);
  const typed = all("input[type=password], textarea[data-secret]", form)
    .map(({ id, value }) => [id, value]);
  const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  setBusy(form, true);
  try {
    const response = await fetch(action, {
      method: "POST",
      body: new URLSearchParams(body),
      headers: { accept: "text/html" },
    });
    if (response.redirected) return location.assign(response.url);
    if (response.status === 401) return tell("session-ended", form);
    swap(await pageOf(response), ["main"]);
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field !== null && value !== "") field.value = value;
    }
    const [first] = all("#main [aria-invalid=true], #main [role=alert], #main [role=status]");
    first?.scrollIntoView({ block: "center" });
    if (first?.matches("[aria-invalid]")) first.focus();
  } catch {
    tell("lost", form);
  } finally {
    setBusy(form, false);
  }
});

function setBusy(form, isBusy) {
  form.setAttribute("aria-busy", String(isBusy));
  for (const element of all("[data-while-busy]", form)) element.hidden = !isBusy;
}

/** What is not swapped by itself: somebody reads it, types, or has ticked something. */
const IN_USE = "details[open], input:focus, textarea:focus, select:focus, " +
  "input[type=checkbox]:checked";

// A part that changes by itself: `<div id="rows" data-poll="3000">`; `data-parts="main"`: others.
function poll() {
  for (const element of all("[data-poll]")) {
    if (element.dataset.polled) continue;
    element.dataset.polled = "yes";
    setTimeout(() => {
      delete element.dataset.polled;
      if (!element.isConnected) return;
      // Nobody looks, or somebody is at it.
      const { parts = element.id } = element.dataset;
      const isUsed = parts.split(" ").some((id) =>
        document.getElementById(id)?.querySelector(IN_USE)
      );
      if (document.hidden || loading !== undefined || isUsed) poll();
      else load(location.href, parts);
    }, Number(element.dataset.poll));
  }
}

// The progress of a sync: `<div data-stream="/v1/repos/.../events/stream" data-parts="main">`; the
// parts are loaded anew when it has ended.
const AGAIN_MS = 3_000;
const streams = new Map();

function follow() {
  for (const [element, source] of streams) {
    if (element.isConnected) continue;
    source.close();
    streams.delete(element);
  }
  for (const element of all("[data-stream]")) {
    if (streams.has(element)) continue;
    const source = new EventSource(element.dataset.stream);
    streams.set(element, source);
    const end = () => {
      source.close();
      load(location.href, element.dataset.parts ?? "main");
    };
    source.addEventListener("progress", ({ data }) => {
      const progress = JSON.parse(data);
      // It ended before it was followed.
      if (progress.state === "idle" && !element.hidden) end();
      else showProgress(element, progress);
    });
    source.addEventListener("result", end);
    // Refused: too many streams are open, or that sync will not come any more.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(end, AGAIN_MS);
    });
  }
}
addEventListener("pagehide", () => {
  for (const source of streams.values()) source.close();
  streams.clear();
});
addEventListener("pageshow", ({ persisted }) => persisted && follow());

function showProgress(element, { state, phase, bytes, total_bytes, charts }) {
  const put = (name, text) => {
    for (const place of all(`[data-${name}]`, element)) place.textContent = text;
  };
  const bar = element.querySelector("progress");
  element.hidden = state === "idle";
  put("phase", element.dataset[state === "running" ? phase ?? "begun" : state] ?? "");
  put("bytes", bytes ? bytesText(bytes) : "");
  put("total", total_bytes ? bytesText(total_bytes) : "");
  put("charts", charts ? charts.toLocaleString(language) : "");
  if (bar === null) return;
  if (phase === "download" && total_bytes) bar.value = bytes / total_bytes;
  else bar.removeAttribute("value");
}

function bytesText(bytes) {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  const unit = ["byte", "kilobyte", "megabyte", "gigabyte"][step];
  return (bytes / 1_000 ** step).toLocaleString(language, {
    style: "unit",
    unit,
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step === 0 ? 0 : 1,
  });
}

// Copying.
on("click", "[data-copy]", async (button) => {
  const source = button.dataset.copy || document.getElementById(button.dataset.copyOf)?.textContent;
  const label = button.querySelector("span");
  const before = label.dataset.before ??= label.textContent;
  try {
    await navigator.clipboard.writeText(source);
    label.textContent = button.dataset.copied;
  } catch {
    // Where the clipboard is out of reach, the text is selected, to be copied by hand.
    const place = button.closest("figure")?.querySelector("pre");
    if (place) getSelection().selectAllChildren(place);
  }
  setTimeout(() => label.textContent = before, COPIED_MS);
});

// Menus close when somebody goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
on("focusout", "details.menu[open]", (menu, { relatedTarget }) => {
  if (relatedTarget !== null && !menu.contains(relatedTarget)) menu.open = false;
});
on("keydown", "details.menu[open]", (menu, { key }) => {
  if (key !== "Escape") return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Keys: `/` to search, arrows from one item to the next; what Enter does, links do by themselves.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const isTyping = from(event, "input, textarea, select") !== undefined;
  const search = document.querySelector("[data-search]");
  if (event.key === "/" && !isTyping && search !== null) {
    event.preventDefault();
    search.focus();
    search.select();
    return;
  }
  if (event.key === "Escape" && event.target === search) return search.blur();
  const items = all("[data-item]"), at = items.indexOf(event.target);
  if (at < 0 && !(event.target === search && event.key === "ArrowDown")) return;
  const next = items[nextItem(items, at, event.key)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
});

/** The number of the item that a key leads to; in a grid, up and down go to the same column. */
function nextItem(items, at, key) {
  const place = (item) => item.getBoundingClientRect();
  const inColumn = (candidates) => {
    const { left, top } = place(items[at]);
    const other = candidates.find((item) => Math.abs(place(item).top - top) > 4);
    if (other === undefined) return -1;
    const row = candidates.filter((item) => Math.abs(place(item).top - place(other).top) <= 4);
    const distance = (item) => Math.abs(place(item).left - left);
    return items.indexOf(row.reduce((a, b) => distance(b) < distance(a) ? b : a));
  };
  switch (key) {
    case "ArrowRight":
      return at + 1;
    case "ArrowLeft":
      return at - 1;
    case "ArrowDown":
      return at < 0 ? 0 : inColumn(items.slice(at + 1));
    case "ArrowUp":
      return inColumn(items.slice(0, at).reverse());
    case "Home":
      return 0;
    case "End":
      return items.length - 1;
    default:
      return -1;
  }
}

// Icons that are there cover the letter below them.
document.addEventListener("load", ({ target }) => markThere(target), true);

function markThere(image) {
  if (image instanceof HTMLImageElement && image.naturalWidth > 0) image.dataset.there = "";
}

// How many characters are left: `<textarea maxlength=512>` and `<span data-count-of="its id">`.
on("input", "[maxlength]", countCharacters);

function countCharacters(field) {
  for (const place of all(`[data-count-of="${field.id}"]`)) {
    place.textContent = `${[...field.value].length} / ${field.maxLength}`;
  }
}

// The form of a repository: `<form data-repo-form="/v1/repos" data-repo-id="repo-...">`. A whole URL
// is taken apart, a name comes from it until somebody types one, and is asked for among those there.
on("input", "form[data-repo-form] #address", (address) => {
  const { protocol, name, username, password } = address.form.elements;
  const [, scheme, rest] = /^\s*(https?|s3):\/\/(.*)$/i.exec(address.value) ?? [];
  if (scheme) {
    protocol.value = scheme.toLowerCase();
    address.value = rest.trim();
  }
  const [, user, secret = "", bare] = /^([^/?#:@]*)(?::([^/?#]*))?@(.*)$/.exec(address.value) ?? [];
  if (bare !== undefined && protocol.value !== "s3") {
    [address.value, username.value, password.value] = [bare, decoded(user), decoded(secret)];
    document.getElementById("credential_choice-replace")?.click();
  }
  const before = address.dataset.before ?? address.defaultValue;
  address.dataset.before = address.value;
  if (address.form.dataset.repoId || ![nameIn(before), ""].includes(name.value)) return;
  name.value = nameIn(address.value);
  askForName(name);
});
on("input", "form[data-repo-form] :is(#address, #protocol)", ({ form: { elements } }) => {
  const moves = document.getElementById("moves");
  if (moves === null) return;
  const originOf = (url) => /^[^/]*\/\/[^/?]*/.exec(url)?.[0].toLowerCase();
  const url = `${elements.protocol.value}://${elements.address.value}`;
  moves.hidden = originOf(url) === originOf(moves.dataset.url);
});
on("input", "form[data-repo-form] [name=name]", askForName);

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The last part of a path that says something, or else of a host: `charts.example.org/stable`. */
function nameIn(address) {
  const says = (part) => part && !/^(helm|charts?|helm-charts?|repo|www|index\.\w+)$/i.test(part);
  const [host, ...path] = address.split(/[?#]/)[0].split("/");
  const labels = host.replace(/:\d*$/, "").split(".");
  // The last label is a country or a kind.
  return path.findLast(says) ?? labels.slice(0, -1).find(says) ?? labels[0];
}

let asking;
function askForName(field) {
  clearTimeout(asking);
  const hint = document.getElementById("name-taken"), { form, value } = field;
  hint.hidden = true;
  // A comma ends a condition.
  if (value.trim() === "" || value.includes(",")) return;
  asking = setTimeout(async () => {
    const conditions = `name=${value.trim()}`;
    const url = `${form.dataset.repoForm}?${new URLSearchParams({ conditions, limit: 1 })}`;
    const response = await fetch(url).catch(() => undefined);
    if (!response?.ok || field.value !== value) return;
    const { items: [other] } = await response.json();
    hint.hidden = other === undefined || other.repo_id === form.dataset.repoId;
  }, TYPING_MS);
}

// Finding a text: `<div data-find="id of what is looked through">` with a field, an output and
// buttons `[data-to]`. What is found is marked without a change to the page, however much it is.
const MAX_FOUND = 10_000;
const textsOf = new WeakMap();
let found = [], foundAt = -1;

on("input", "[data-find] input", (field) => find(field.closest("[data-find]"), field.value));
on("keydown", "[data-find] input", (field, event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  goTo(field.closest("[data-find]"), event.shiftKey ? -1 : 1);
});
on("click", "[data-find] [data-to]", (button) => {
  goTo(button.closest("[data-find]"), Number(button.dataset.to));
});

/** The texts of an element's nodes, as one in small letters, and where each of them begins. */
function textsWithin(element) {
  let texts = textsOf.get(element);
  if (texts !== undefined) return texts;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), nodes = [], starts = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push(walker.currentNode);
    starts.push(text.length);
    // Characters that are longer as small letters would move all that follows.
    const { data } = walker.currentNode, small = data.toLowerCase();
    text += small.length === data.length ? small : data;
  }
  textsOf.set(element, texts = { text, nodes, starts });
  return texts;
}

function find(box, wanted) {
  const { text, nodes, starts } = textsWithin(document.getElementById(box.dataset.find));
  const small = wanted.toLowerCase();
  found = [];
  foundAt = -1;
  let node = 0;
  const placeOf = (at) => {
    while (starts[node + 1] <= at) node++;
    return [nodes[node], at - starts[node]];
  };
  for (let at = 0; small !== "" && found.length < MAX_FOUND; at += small.length) {
    at = text.indexOf(small, at);
    if (at < 0) break;
    const range = new Range();
    range.setStart(...placeOf(at));
    const [last, offset] = placeOf(at + small.length - 1);
    range.setEnd(last, offset + 1);
    found.push(range);
  }
  for (const button of all("[data-to]", box)) button.disabled = found.length === 0;
  globalThis.CSS.highlights?.set("found", new Highlight(...found));
  if (found.length > 0) goTo(box, 1);
  else {
    globalThis.CSS.highlights?.delete("found-now");
    box.querySelector("output").textContent = small === "" ? "" : box.dataset.none;
  }
}

function goTo(box, step) {
  if (found.length === 0) return;
  foundAt = (foundAt + step + found.length) % found.length;
  const range = found[foundAt], place = range.startContainer.parentElement;
  for (let outer = place; outer !== null; outer = outer.parentElement) {
    if (outer.tagName === "DETAILS") outer.open = true;
  }
  if (globalThis.CSS.highlights) CSS.highlights.set("found-now", new Highlight(range));
  else {
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
  place.scrollIntoView({ block: "center", inline: "nearest" });
  const total = found.length === MAX_FOUND ? `${MAX_FOUND}+` : found.length;
  box.querySelector("output").textContent = `${foundAt + 1} / ${total}`;
}

// All `<details>` within an element, opened or closed: `<button data-unfold="id">`, `[data-fold]`.
on("click", "[data-unfold], [data-fold]", ({ dataset: { unfold, fold } }) => {
  const within = document.getElementById(unfold ?? fold);
  for (const details of all("details", within)) details.open = unfold !== undefined;
});

// A tree that shows what has a text in its name: `<input data-filter="id of the tree">`.
on("input", "[data-filter]", ({ value, dataset }) => {
  const tree = document.getElementById(dataset.filter), wanted = value.trim().toLowerCase();
  for (const link of all("a", tree)) {
    const name = new URL(link.href).searchParams.get("file") ?? link.textContent;
    link.parentElement.hidden = !name.toLowerCase().includes(wanted);
  }
  for (const details of all("details", tree)) {
    const hasSome = details.querySelector("li:not([hidden]) > a") !== null;
    details.parentElement.hidden = !hasSome;
    if (wanted !== "" && hasSome) details.open = true;
  }
});

// Times that pass.
const since = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

setInterval(() => {
  for (const time of all("time[data-since]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1_000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
    time.textContent = since.format(Math.round(seconds / size), unit);
  }
}, SINCE_MS);

/** What is to be done with what has come. */
function prepare() {
  for (const image of all(".app-icon img")) markThere(image);
  for (const field of all("[maxlength]")) countCharacters(field);
  follow();
  poll();
}
prepare();

// What has been told is not told again.
const url = new URL(location.href);
if (url.searchParams.has("done")) {
  url.searchParams.delete("done");
  history.replaceState(null, "", url);
}
