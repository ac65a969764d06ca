// What the words were taken for: a chip for each condition, that is switched off and on, and what was read otherwise.
// Beside them what was chosen by hand, each to be taken out again.

import { at, button, icon, make } from "./dom.js";
import { grouped, label, rangeOf, valueOf } from "./plain.js";
import { toggled } from "./state.js";
import { words } from "./words.js";

export function showUnderstood(root, result, state, change) {
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  const understood = result.understood ?? {};
  const rows = [conditions(understood, state, change), notes(understood), choices(state, change)].filter(Boolean);
  root.replaceChildren(...rows);
  root.hidden = !rows.length;
  if (focused) keepFocus(root, focused.dataset.chip);
}

// On the same chip, or where it is gone on what is left, or on the heading of the results.
function keepFocus(root, key) {
  const chips = [...root.querySelectorAll("button")];
  const next = chips.find((one) => one.dataset.chip === key) ?? chips[0] ?? at("heading");
  if (next === at("heading")) next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

function conditions({ constraints }, state, change) {
  const on = grouped(constraints).map((group) => ({ text: group.text, said: group.said, on: true }));
  const off = state.ignore.filter((text) => !on.some((one) => one.text === text)).map((text) => ({ text, said: text, on: false }));
  const all = [...on, ...off].sort((one, other) => state.q.indexOf(one.text) - state.q.indexOf(other.text));
  if (!all.length) return null;
  const row = make("div", "chips", "", { role: "group", "aria-label": words.understoodAs });
  row.append(...all.map((one) => toggle(one, change)));
  return row;
}

// A switch: pressed while the condition counts.
function toggle({ text, said, on }, change) {
  const chip = button(on ? "chip" : "chip off", "", () =>
    change((now) => ({ ignore: [...now.ignore.filter((one) => one !== text), ...(on ? [text] : [])] })),
  { "aria-pressed": String(on), title: on ? words.takeBack(text) : words.again(text), "data-chip": `c:${text}` });
  chip.append(make("span", "", said), icon(on ? "close" : "check", 14));
  return chip;
}

function notes({ corrections = [], sort = [], translation, query_translation: other }) {
  const said = corrections.map((one) => words.taken(one.typed, one.taken));
  said.push(...sort.map((one) => words.sortedBy[one]).filter(Boolean));
  if (translation ?? other) said.push(words.searchedAs(translation ?? other));
  if (!said.length) return null;
  const row = make("p", "taken");
  row.append(...said.flatMap((text, number) => [...(number ? [" · "] : []), make("span", "", text)]));
  return row;
}

function choices(state, change) {
  const chips = [];
  for (const [name, values] of Object.entries(state.chosen)) {
    for (const value of values) {
      const own = valueOf(name, value);
      const text = ["brand", "category", "currency"].includes(name) ? own : words.of(label(name), own);
      chips.push(taken(text, `f:${name}:${value}`, () => change((now) => ({ chosen: toggled(now, name, value, false) }))));
    }
  }
  if (state.price) chips.push(taken(rangeOf(state), "f:price", () => change({ price: null })));
  if (!chips.length) return null;
  const row = make("div", "chips", "", { role: "group", "aria-label": words.active });
  row.append(...chips, button("plain", words.clear, () => change({ chosen: {}, price: null }), { id: "clear" }));
  return row;
}

function taken(text, key, click) {
  const chip = button("chip by-hand", "", click, { "aria-label": words.remove(text), "data-chip": key });
  chip.append(make("span", "", text), icon("close", 14));
  return chip;
}
