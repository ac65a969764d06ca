// The search page: reads the state from the address, asks the API, shows the answer.

import { card, make } from "./cards.js";
import { indexes, search, setKey, tellClick } from "./client.js";
import { showFacets } from "./facets.js";
import { STEP, read, write } from "./state.js";
import { showUnderstood } from "./understood.js";
import { translate, words } from "./words.js";

const TYPING_PAUSE = 180;
const at = (id) => document.getElementById(id);

let state = read();
let names = [];
let running = null;
let shown = null;
let pause = 0;

async function show() {
  running?.abort();
  const mine = (running = new AbortController());
  at("q").value !== state.q && (at("q").value = state.q);
  at("sort").value = state.sort;
  at("sort").options[0].textContent = state.q ? words.relevance : words.browse;
  at("status").textContent = words.loading;
  at("hits").classList.add("stale");
  if (!at("hits").children.length) at("hits").replaceChildren(...Array.from({ length: 8 }, () => make("li", "ghost")));
  try {
    const result = await search(state, mine.signal);
    if (mine === running) render(result);
  } catch (error) {
    if (error.name !== "AbortError" && mine === running) complain(error);
  }
}

function render(result) {
  const chosen = state.brand.length + state.category.length;
  document.title = state.q ? `${state.q} – Daogou` : "Daogou";
  at("notice").hidden = true;
  at("hits").classList.remove("stale");
  shown = result;
  at("hits").replaceChildren(...result.hits.map(card));
  at("status").textContent = words.found(result.estimatedTotalHits, result.processingTimeMs);
  at("more").hidden = result.hits.length < state.shown || result.hits.length >= result.estimatedTotalHits;
  at("clear").hidden = chosen === 0;
  at("filters-count").textContent = chosen ? words.chosen(chosen) : "";
  showFacets(at("facets"), result.facets, state, choose);
  showUnderstood(at("understood"), result, state, change);
  if (!result.hits.length) tell(words.emptyTitle, words.empty);
}

function tell(title, text, extra = []) {
  at("notice").replaceChildren(make("h2", "", title), make("p", "", text), ...extra);
  at("notice").hidden = false;
}

function complain(error) {
  at("hits").replaceChildren();
  at("hits").classList.remove("stale");
  at("understood").hidden = true;
  at("more").hidden = true;
  at("status").textContent = "";
  if (error.status === 401 || error.status === 403) return askForKey(error);
  if (error.code === "index_not_found") return tell(words.missingTitle, words.missing, [command(state.index)]);
  const again = make("button", "", words.retry);
  again.addEventListener("click", start);
  tell(words.errorTitle, error.message || String(error), [again]);
}

function command(index) {
  return make("pre", "", `python -m indexer reindex CATALOGUE --index ${index || "products"}`);
}

function askForKey(error) {
  const form = make("form");
  const box = make("input");
  box.type = "password";
  box.autocomplete = "off";
  box.setAttribute("aria-label", words.keyTitle);
  form.append(box, make("button", "", words.enter));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setKey(box.value.trim());
    start();
  });
  tell(words.keyTitle, error.code === "missing_authorization_header" ? words.key : error.message, [form]);
  box.focus();
}

function change(changes, replace = false) {
  state = { ...state, shown: STEP, ...changes };
  write(state, replace);
  return show();
}

function choose(name, value, wanted) {
  change({ [name]: wanted ? [...state[name], value] : state[name].filter((one) => one !== value) });
}

function showIndexes() {
  at("index-field").hidden = !names.length || (names.length === 1 && names[0] === state.index);
  at("index").replaceChildren(...names.map((name) => {
    const option = make("option", "", name);
    option.value = name;
    return option;
  }));
  at("index").value = state.index;
}

async function start() {
  at("notice").hidden = true;
  try {
    const found = await indexes();
    names = found ?? [];
    if (found && !found.length) {
      at("hits").replaceChildren();
      at("status").textContent = "";
      return tell(words.noIndexTitle, words.noIndex, [command(state.index)]);
    }
    if (!state.index) state.index = names.includes("products") ? "products" : (names[0] ?? "products");
    showIndexes();
    await show();
  } catch (error) {
    complain(error);
  }
}

function listen() {
  at("search").addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    change({ q: at("q").value.trim(), ...(at("q").value.trim() === state.q ? {} : { ignore: [] }) });
  });
  at("q").addEventListener("input", (event) => {
    clearTimeout(pause);
    if (event.isComposing) return;
    pause = setTimeout(() => typed(), TYPING_PAUSE);
  });
  at("q").addEventListener("compositionend", () => {
    clearTimeout(pause);
    pause = setTimeout(() => typed(), TYPING_PAUSE);
  });
  at("sort").addEventListener("change", () => change({ sort: at("sort").value }));
  at("index").addEventListener("change", () => change({ index: at("index").value, brand: [], category: [], ignore: [] }));
  at("clear").addEventListener("click", () => change({ brand: [], category: [] }));
  // The middle button opens a result in a tab of its own, which is no click to the browser.
  for (const kind of ["click", "auxclick"]) at("hits").addEventListener(kind, opened);
  at("more").addEventListener("click", async () => {
    const before = at("hits").children.length;
    await change({ shown: state.shown + STEP }, true);
    at("hits").children[before]?.querySelector("a, h2")?.focus();
  });
  addEventListener("popstate", () => {
    clearTimeout(pause);
    const index = state.index;
    state = read();
    state.index ||= index;
    at("index").value = state.index;
    show();
  });
  document.addEventListener("keydown", keys);
}

function opened(event) {
  const item = event.button < 2 && event.target.closest("a")?.closest("li");
  const place = item ? [...at("hits").children].indexOf(item) : -1;
  if (shown?.hits[place]) tellClick(state, shown.queryID, String(shown.hits[place].id), place + 1);
}

// While typing, one step of history is made for the whole word, not one for each letter.
let lastTyped = "";
function typed() {
  const q = at("q").value.trim();
  if (q === state.q) return;
  const goesOn = lastTyped === state.q && lastTyped !== "";
  lastTyped = q;
  change({ q, ignore: [] }, goesOn);
}

function keys(event) {
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    at("q").select();
  } else if (event.key === "Escape" && event.target === at("q") && at("q").value) {
    event.preventDefault();
    at("q").value = "";
    change({ q: "", ignore: [] });
  } else if (event.key === "ArrowDown" && event.target === at("q")) {
    event.preventDefault();
    focusable()[0]?.focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && at("hits").contains(event.target)) {
    const all = focusable();
    const next = all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (next < 0 ? at("q") : all[next])?.focus();
  }
}

function focusable() {
  return [...at("hits").querySelectorAll(".card a, .card h2[tabindex]")];
}

translate(document);
at("q").placeholder = words.placeholder;
const wide = matchMedia("(min-width: 761px)");
at("filters").open = wide.matches;
wide.addEventListener("change", () => { at("filters").open = wide.matches; });
if (wide.matches) at("q").focus(); // a phone would open its keyboard over the results
listen();
start();
