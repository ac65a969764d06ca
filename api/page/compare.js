// Two to four products side by side: a tray at the foot of the page, and a table with the differences marked.

import { picture, titleOf } from "./cards.js";
import { explain, page, products } from "./client.js";
import { announce, at, button, icon, make } from "./dom.js";
import { label, valueOf, webAddress } from "./plain.js";
import { count, money, words } from "./words.js";

const MOST = 4;
const FIRST = ["price", "rating", "rating_count", "in_stock", "brand", "category"];
const NEVER = new Set(["id", "title", "url", "image", "currency", "variant_of", "description", "language"]);

const picked = new Map(); // id → hit
let asked = null; // the state of the page: whose results these are
let dialog = null;
let running = null;

// Said with every answer. Products of another catalogue cannot be compared with these.
export function compareWithin(state) {
  if (asked && asked.index !== state.index) picked.clear();
  asked = state;
  if (!at("compare").hidden || picked.size) showTray();
}

// On each card: a checkbox that puts the product into the tray.
export function compareBox(hit, title) {
  const row = make("label", "compare-box");
  const box = make("input", "", "", { type: "checkbox", "aria-label": words.compareThis(title), "data-compare": String(hit.id) });
  box.checked = picked.has(String(hit.id));
  box.addEventListener("change", () => {
    if (box.checked && picked.size >= MOST) {
      box.checked = false;
      showTray(words.compareFull);
      return announce(words.compareFull, 0);
    }
    if (box.checked) picked.set(String(hit.id), hit);
    else picked.delete(String(hit.id));
    showTray();
    announce(picked.size > 1 ? words.compareNow(count(picked.size)) : picked.size ? words.compareMore : "", 200);
  });
  row.append(box, make("span", "", words.compare));
  return row;
}

function takeOut(id) {
  picked.delete(id);
  for (const box of document.querySelectorAll("[data-compare]")) if (box.dataset.compare === id) box.checked = false;
  showTray();
}

function showTray(note = "") {
  const root = at("compare");
  root.hidden = !picked.size;
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", words.compareTray);
  const list = make("ul", "tray-items");
  for (const [id, hit] of picked) {
    const item = make("li");
    const out = button("tray-item", "", () => {
      const place = [...picked.keys()].indexOf(id);
      takeOut(id);
      (root.querySelectorAll(".tray-item")[Math.max(0, place - 1)] ?? at("q"))?.focus();
    }, { "aria-label": words.compareOut(titleOf(hit)), title: titleOf(hit) });
    const frame = make("span", "frame");
    frame.append(picture(hit));
    out.append(frame, icon("close", 14));
    item.append(out);
    list.append(item);
  }
  const act = button("filled", picked.size > 1 ? words.compareNow(count(picked.size)) : words.compareMore, open, { "aria-haspopup": "dialog" });
  act.disabled = picked.size < 2;
  const none = button("plain", words.compareNone, () => {
    for (const id of [...picked.keys()]) takeOut(id);
    at("q")?.focus();
  });
  root.replaceChildren(list, ...(note ? [make("p", "soft", note)] : []), act, none);
  document.body.classList.toggle("with-tray", picked.size > 0);
}

function makeDialog() {
  const made = make("dialog", "sheet wide", "", { "aria-labelledby": "compare-title" });
  made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
  made.addEventListener("close", () => running?.abort());
  document.body.append(made);
  return made;
}

async function open() {
  dialog ??= makeDialog();
  running?.abort();
  const { signal } = (running = new AbortController());
  const state = asked;
  const head = make("div", "sheet-head");
  const title = make("h2", "", words.compareTitle, { id: "compare-title", tabindex: "-1" });
  const close = button("round", "", () => dialog.close(), { "aria-label": words.close });
  close.append(icon("close"));
  head.append(title, close);
  const body = make("div", "sheet-body compare-body");
  const said = make("section", "reason", "", { "aria-label": words.verdictOf, hidden: "" });
  const text = make("p", "said");
  const source = make("p", "source");
  said.append(text, source);
  body.append(said, table([...picked.values()]));
  dialog.replaceChildren(head, body);
  dialog.showModal();
  title.focus();
  products(state, [...picked.keys()], signal).then((found) => {
    const whole = [...picked.values()].map((hit) => ({ ...hit, ...found.find((one) => String(one.id) === String(hit.id)) }));
    if (!signal.aborted) body.querySelector(".compare-scroll")?.replaceWith(table(whole));
  }).catch(() => {});
  tell(state, [...picked.keys()], { said, text, source }, signal);
}

// What sets them apart, in words: from the evidence at once, the model's when it has them.
async function tell(state, ids, { said, text, source }, signal) {
  const lines = [];
  const show = (spoken, from) => {
    text.textContent = spoken;
    source.textContent = from === "model" ? words.byModel : words.byEvidence;
    said.classList.toggle("by-model", from === "model");
    said.hidden = !spoken;
  };
  try {
    await explain(state, ids, { compare: true, model: page.model }, (kind, data) => {
      if (signal.aborted) return;
      if (kind === "comparison") show(data.text, data.source);
      else if (kind === "line") {
        lines.push(data.text);
        show(lines.join("\n"), "model");
      }
      else if (kind === "done" && data.degraded?.length) source.textContent = words.modelSilent;
    }, signal);
  } catch {
    // the table stands without words
  }
}

function table(all) {
  const currencies = new Set(all.map((hit) => hit.currency));
  const names = [...new Set([...FIRST, ...all.flatMap((hit) => Object.keys(hit))])]
    .filter((name) => !NEVER.has(name) && !name.startsWith("_") && all.some((hit) => hit[name] !== undefined && hit[name] !== null && hit[name] !== ""));
  const scroll = make("div", "compare-scroll", "", { tabindex: "0", role: "region", "aria-labelledby": "compare-title" });
  const grid = make("table", "compare-table");
  grid.style.setProperty("--columns", String(all.length));
  const head = make("tr");
  head.append(cornerCell());
  for (const hit of all) {
    const cell = make("th", "", "", { scope: "col" });
    const frame = make("span", "frame");
    frame.append(picture(hit));
    const link = webAddress(hit.url);
    cell.append(frame, link ? make("a", "compare-name", titleOf(hit), { href: link, rel: "noopener noreferrer" }) : make("span", "compare-name", titleOf(hit)));
    head.append(cell);
  }
  const top = make("thead");
  top.append(head);
  const body = make("tbody");
  for (const name of names) {
    const values = all.map((hit) => (name === "price" && typeof hit.price === "number" ? money(hit.price, hit.currency) : valueOf(name, hit[name], hit.currency)));
    const differs = new Set(values).size > 1;
    const row = make("tr", differs ? "differs" : "same");
    const best = bestOf(name, all, currencies.size === 1);
    row.append(make("th", "", label(name), { scope: "row" }));
    values.forEach((value, place) => {
      const cell = make("td", best.has(place) && differs ? "best" : "");
      cell.append(value === "" ? make("span", "soft", words.unstated) : value);
      row.append(cell);
    });
    body.append(row);
  }
  grid.append(top, body);
  scroll.append(grid);
  return scroll;
}

function cornerCell() {
  const cell = make("td", "corner");
  const row = make("label", "choice");
  const box = make("input", "", "", { type: "checkbox" });
  box.addEventListener("change", () => cell.closest("table").classList.toggle("only-differences", box.checked));
  row.append(box, make("span", "", words.differ));
  cell.append(row);
  return cell;
}

// The lowest price and the best rating, where they can be told.
function bestOf(name, all, comparable) {
  if (name !== "rating" && !(name === "price" && comparable)) return new Set();
  const values = all.map((hit) => hit[name]).filter((value) => typeof value === "number");
  const best = name === "price" ? Math.min(...values) : Math.max(...values);
  return new Set(all.flatMap((hit, place) => (hit[name] === best ? [place] : [])));
}
