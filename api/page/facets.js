// Brand and category as checkboxes.

import { make } from "./cards.js";
import { FACETS } from "./client.js";
import { count, words } from "./words.js";

const FEW = 8;
const opened = new Set();

export function showFacets(root, counts, state, choose) {
  const focused = document.activeElement?.dataset?.choice;
  root.replaceChildren(...FACETS.map((name) => group(name, counts[name] ?? {}, state, choose)).filter(Boolean));
  // The boxes are new ones; whoever moves by keyboard stays where they were.
  if (focused) [...root.querySelectorAll("input")].find((box) => box.dataset.choice === focused)?.focus();
}

function group(name, counts, state, choose) {
  const chosen = state[name];
  const values = [...new Set([...chosen, ...Object.keys(counts)])];
  if (!values.length) return null;
  const box = make("fieldset");
  box.append(make("legend", "", words[name]));
  const shown = opened.has(name) ? values : values.slice(0, Math.max(FEW, chosen.length));
  for (const value of shown) box.append(choice(name, value, counts[value] ?? 0, chosen.includes(value), choose));
  if (values.length > FEW) {
    const toggle = make("button", "plain", opened.has(name) ? words.fewer : `${words.all} (${count(values.length)})`);
    toggle.type = "button";
    toggle.addEventListener("click", () => {
      opened.has(name) ? opened.delete(name) : opened.add(name);
      box.replaceWith(group(name, counts, state, choose));
    });
    box.append(toggle);
  }
  return box;
}

function choice(name, value, number, checked, choose) {
  const label = make("label", "choice");
  const box = make("input");
  box.type = "checkbox";
  box.checked = checked;
  box.dataset.choice = `${name}:${value}`;
  box.addEventListener("change", () => choose(name, value, box.checked));
  label.append(box, make("span", "", value), make("span", "count", count(number)));
  return label;
}
