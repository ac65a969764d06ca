// What one can choose by: price, category, brand, and the attributes that tell apart what was found.
//
// Brand, category and price come with the answer; the attributes are counted in a second request that nothing waits
// for. On a phone all of it moves into a sheet.

import { tellingAttributes } from "./attributes.js";
import { categoryPaths, counts } from "./client.js";
import { at, button, icon, make } from "./dom.js";
import { group, learnCategories, seekCategories } from "./facet-group.js";
import { priceGroup } from "./price.js";
import { choices, toggled } from "./state.js";
import { count, words } from "./words.js";

const PHONE = matchMedia("(max-width: 760px)");

let asking = null;
let extra = { index: "", facets: {}, order: [] }; // the attributes as last counted
let sheet = null;

export function showFacets(root, result, state, change) {
  asking?.abort();
  const mine = (asking = new AbortController());
  const choose = (name, value, wanted) => change((now) => ({ chosen: toggled(now, name, value, wanted) }));
  if (extra.index !== state.index) extra = { index: state.index, facets: {}, order: [] };
  if (!root.children.length) root.replaceChildren(make("div"), make("div"));
  const [usual, special] = root.children;
  const fillUsual = () => fill(usual, [
    stock(result, state, choose),
    group("category", result.facets.category, state, choose),
    priceGroup(result, state, change),
    group("brand", result.facets.brand, state, choose),
  ]);
  learnCategories(result.hits);
  fillUsual();
  fill(special, attributeGroups(state, choose));
  place(root, result, state, change);
  attributeCounts(result, state, mine.signal).then(async (found) => {
    if (mine.signal.aborted) return;
    extra = { index: state.index, ...found };
    fill(special, attributeGroups(state, choose));
    if (!seekCategories(result.facets.category)) return;
    learnCategories(await categoryPaths(state, mine.signal));
    fillUsual();
  }).catch(() => {}); // called off, or the server is away, which the search itself says
}

async function attributeCounts(result, state, signal) {
  const order = result.hits.length ? await tellingAttributes(result.hits, state, signal) : [];
  return order.length ? { facets: await counts(state, order, signal), order } : { facets: {}, order };
}

function attributeGroups(state, choose) {
  return extra.order.filter((name) => telling(extra.facets[name], state.chosen[name])).map((name) => group(name, extra.facets[name], state, choose));
}

// The controls are new ones; whoever moves by keyboard stays where they were.
function fill(box, groups) {
  const focused = box.contains(document.activeElement) ? document.activeElement : null;
  const [key, caret] = [focused?.dataset.key, focused?.type === "search" ? focused.selectionStart : null];
  box.replaceChildren(...groups.filter(Boolean));
  const same = key && [...box.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  same?.focus({ preventScroll: true });
  if (same && caret !== null) same.setSelectionRange(caret, caret);
}

// Two values at least, of which one holds for several products: else it is no choice but a list of the products.
function telling(values = {}, chosen = []) {
  const all = Object.values(values);
  return chosen.length > 0 || (all.length > 1 && all.some((number) => number > 1));
}

function stock(result, state, choose) {
  const values = result.facets.in_stock ?? {};
  const only = state.chosen.in_stock?.includes("true") ?? false;
  if (!only && !(values.true && values.false)) return null;
  const row = make("label", "choice switch");
  const box = make("input", "", "", { type: "checkbox", role: "switch", "data-key": "in_stock" });
  box.checked = only;
  box.addEventListener("change", () => choose("in_stock", "true", box.checked));
  row.append(make("span", "", words.onlyStock), box);
  return row;
}

// On a phone: a button in the column's stead, and a sheet with the same controls and the number of what it leaves.
function place(root, result, state, change) {
  sheet ??= makeSheet(root);
  const number = choices(state);
  sheet.title.textContent = words.filters;
  sheet.close.setAttribute("aria-label", words.close);
  sheet.done.textContent = words.showThem(count(result.estimatedTotalHits));
  sheet.clear.textContent = words.clear;
  sheet.clear.hidden = !number;
  sheet.clear.onclick = () => change({ chosen: {}, price: null });
  sheet.open.replaceChildren(icon("filter"), make("span", "", words.filters), ...(number ? [make("span", "badge", count(number))] : []));
  at("filters-title").textContent = root.querySelector("[data-key]") ? words.filters : "";
}

function makeSheet(root) {
  const aside = root.parentElement;
  const dialog = make("dialog", "sheet", "", { "aria-labelledby": "sheet-title" });
  const head = make("div", "sheet-head");
  const title = make("h2", "", "", { id: "sheet-title", tabindex: "-1" });
  const close = button("round", "", () => dialog.close());
  close.append(icon("close"));
  const foot = make("div", "sheet-foot");
  const clear = button("plain", "", () => {});
  const done = button("filled", "", () => dialog.close());
  const inside = make("div", "sheet-body");
  head.append(title, close);
  foot.append(clear, done);
  dialog.append(head, inside, foot);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  const open = button("filters-button", "", () => { dialog.showModal(); title.focus(); }, { "aria-haspopup": "dialog" });
  document.body.append(dialog);
  const move = () => {
    if (PHONE.matches) {
      inside.append(root);
      document.querySelector(".tools .sort").before(open);
    } else {
      dialog.close();
      open.remove();
      aside.append(root);
    }
  };
  PHONE.addEventListener("change", move);
  move();
  return { title, close, done, clear, open };
}
