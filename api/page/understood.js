// What the words were taken for: a chip for each condition, that takes it back when clicked.

import { make } from "./cards.js";
import { words } from "./words.js";

const SIGNS = { "=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", in: "=" };

function said(one) {
  const value = Array.isArray(one.value) ? one.value.join(` ${words.or} `) : one.value;
  return one.field === "text" ? `≠ ${value}` : `${words[one.field] ?? one.field} ${SIGNS[one.op]} ${value}`;
}

// Conditions that stand in the same words are taken back together: $80 is a number and a currency.
export function showUnderstood(root, result, state, change) {
  const { constraints = [], corrections = [] } = result.understood ?? {};
  const byText = Map.groupBy ? Map.groupBy(constraints, (one) => one.text) : group(constraints);
  const chips = [...byText].map(([text, these]) => chip(together(these), words.without(text), () =>
    change({ ignore: [...state.ignore, text] })));
  const back = state.ignore.map((text) => chip(text, words.again(text), () =>
    change({ ignore: state.ignore.filter((other) => other !== text) }), "off"));
  const taken = corrections.map((one) => make("span", "taken", words.taken(one.typed, one.taken)));
  const weak = result.weak && result.hits.length ? [make("span", "taken", words.weak)] : [];
  root.replaceChildren(...chips, ...back, ...taken, ...weak);
  root.hidden = !root.children.length;
}

function together(these) {
  const currency = these.find((one) => one.field === "currency" && these.length > 1);
  const text = these.filter((one) => one !== currency).map(said).join(" · ");
  return currency ? `${text} ${currency.value}` : text;
}

function group(constraints) {
  const found = new Map();
  for (const one of constraints) found.set(one.text, [...(found.get(one.text) ?? []), one]);
  return found;
}

function chip(text, label, click, kind = "") {
  const button = make("button", `chip ${kind}`.trim(), text);
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", click);
  return button;
}
