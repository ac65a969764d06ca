// One facet: its values as checkboxes with counts, folded where there are many, and searched by what is typed.

import { COUNTED, facetSearch } from "./client.js";
import { colourOf } from "./drawing.js";
import { button, draw, make } from "./dom.js";
import { label, valueOf } from "./plain.js";
import { count, words } from "./words.js";

const FEW = 7;
const SEARCHED = 12; // from so many values on one can search among them
const TYPING_PAUSE = 160;
const unfolded = new Set();
const closed = new Set();
const typed = new Map(); // index:facet → {text, found}
const parents = new Map(); // category → the one above it, as the hits seen so far have it
const sought = new Set(); // categories whose place was asked for once

export function group(name, counts = {}, state, choose) {
  const chosen = state.chosen[name] ?? [];
  // By number, since an object gives keys like «42» first whatever their count.
  const values = [...new Set([...chosen, ...Object.keys(counts)])].sort((one, other) => (counts[other] ?? 0) - (counts[one] ?? 0));
  if (!values.length) return null;
  const rows = name === "category" ? asTree(values, counts) : values.map((value) => ({ value, depth: 0 }));
  const box = make("fieldset");
  const title = label(name);
  const fold = button("fold", title, () => {
    closed.has(name) ? closed.delete(name) : closed.add(name);
    inside.hidden = closed.has(name);
    fold.setAttribute("aria-expanded", String(!inside.hidden));
  }, { "aria-expanded": String(!closed.has(name)), "data-key": `${name}:fold` });
  const legend = make("legend");
  legend.append(fold);
  const inside = make("div", "facet-inside");
  inside.hidden = closed.has(name);
  const list = make("div", "values");
  const fill = () => {
    const shown = unfolded.has(name) ? rows : first(rows, chosen);
    list.replaceChildren(...shown.map((row) => choice(name, row, counts[row.value] ?? 0, chosen, choose)));
  };
  fill();
  if (values.length >= SEARCHED) inside.append(finder(name, title, state, list, fill, choose));
  inside.append(list);
  if (rows.length > FEW + 1) {
    const said = () => (unfolded.has(name) ? words.fewer : rows.length < COUNTED ? words.all(count(rows.length)) : words.first(count(rows.length)));
    const toggle = button("plain", said(), () => {
      unfolded.has(name) ? unfolded.delete(name) : unfolded.add(name);
      typed.delete(`${state.index}:${name}`);
      for (const box of inside.querySelectorAll(".facet-find")) box.value = "";
      fill();
      toggle.textContent = said();
      toggle.setAttribute("aria-expanded", String(unfolded.has(name)));
    }, { "aria-expanded": String(unfolded.has(name)), "data-key": `${name}:all` });
    toggle.append(make("span", "hidden", ` – ${title}`));
    inside.append(toggle);
  }
  box.append(legend, inside);
  return box;
}

// The first few, of categories the broad ones before their parts; and what is chosen, with what lies below it.
function first(rows, chosen) {
  if (rows.length <= FEW + 1) return rows;
  const broad = rows.filter((row) => row.depth === 0);
  const head = new Set((broad.length >= FEW ? broad : rows).slice(0, FEW));
  return rows.filter((row) => head.has(row) || chosen.includes(row.value) || (row.depth && chosen.includes(parents.get(row.value))));
}

function choice(name, { value, depth }, number, chosen, choose) {
  const row = make("label", `choice depth-${depth}`);
  const box = make("input", "", "", { type: "checkbox", "data-key": `${name}:${value}` });
  box.checked = chosen.includes(value);
  box.addEventListener("change", () => choose(name, value, box.checked));
  const text = make("span", "value", valueOf(name, value));
  row.append(box, ...swatch(name, value), text, make("span", "count", count(number)));
  return row;
}

function swatch(name, value) {
  if (name !== "colour" && name !== "color") return [];
  const found = colourOf(value);
  const dot = draw("svg", { class: "swatch", viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" });
  const fill = found ? `hsl(${found.hue} ${found.saturation}% ${found.lightness}%)` : "none";
  dot.append(draw("circle", { cx: 6, cy: 6, r: 5.5, fill }));
  return [dot];
}

// What is typed is looked for among all values, also those beyond the hundred that an answer counts. It stays when the
// counts are shown anew.
function finder(name, title, state, list, restore, choose) {
  const box = make("input", "facet-find", "", {
    type: "search", placeholder: words.find(title), "aria-label": words.find(title), autocomplete: "off", "data-key": `${name}:find`, maxlength: "100",
  });
  let pause = 0;
  let running = null;
  const key = `${state.index}:${name}`;
  const show = (found) => {
    const rows = found.map((one) => choice(name, { value: one.value, depth: 0 }, one.count, state.chosen[name] ?? [], choose));
    list.replaceChildren(...(rows.length ? rows : [make("p", "soft", words.noValue, { role: "status" })]));
  };
  const look = async () => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      const found = await facetSearch(state, name, box.value.trim(), mine.signal);
      if (mine.signal.aborted || !box.value.trim()) return;
      typed.set(key, { text: box.value, found });
      show(found);
    } catch {
      // called off by the next letter
    }
  };
  box.addEventListener("input", () => {
    clearTimeout(pause);
    running?.abort();
    if (box.value.trim()) {
      typed.set(key, { text: box.value, found: typed.get(key)?.found });
      pause = setTimeout(look, TYPING_PAUSE);
    } else {
      typed.delete(key);
      restore();
    }
  });
  const before = typed.get(key);
  if (before) {
    box.value = before.text;
    if (before.found) show(before.found);
    look();
  }
  return box;
}

// Which category lies below which: the paths of the hits tell.
export function learnCategories(hits) {
  for (const hit of hits) {
    const path = [hit.category ?? []].flat();
    path.forEach((name, level) => { if (!parents.has(name)) parents.set(name, level ? path[level - 1] : null); });
  }
}

// Whether the place of some of these is still to be asked for; true once for each.
export function seekCategories(counts = {}) {
  const unknown = Object.keys(counts).filter((name) => !parents.has(name) && !sought.has(name));
  for (const name of unknown) sought.add(name);
  return unknown.length > 0;
}

// Categories below the one they belong to, as far as that is known.
function asTree(values, counts) {
  const here = new Set(values);
  const above = (value) => (here.has(parents.get(value)) && parents.get(value) !== value ? parents.get(value) : null);
  const below = Map.groupBy ? Map.groupBy(values, above) : byKey(values, above);
  const rows = [];
  const add = (value, depth) => {
    if (rows.some((row) => row.value === value)) return;
    rows.push({ value, depth: Math.min(depth, 2) });
    for (const child of below.get(value) ?? []) add(child, depth + 1);
  };
  const roots = [...(below.get(null) ?? [])].sort((one, other) => (parents.has(other) ? 1 : 0) - (parents.has(one) ? 1 : 0) || (counts[other] ?? 0) - (counts[one] ?? 0));
  for (const value of roots) add(value, 0);
  return rows.length === values.length ? rows : values.map((value) => ({ value, depth: 0 }));
}

function byKey(values, keyOf) {
  const found = new Map();
  for (const value of values) found.set(keyOf(value), [...(found.get(keyOf(value)) ?? []), value]);
  return found;
}
