// The search page: reads the state from the address, asks the API, shows the answer.

import { facetSearch, indexes, loadPage, page, search, suggest, tellClick } from "./client.js";
import { announce, at, make } from "./dom.js";
import { showFacets } from "./facets.js";
import * as notices from "./notices.js";
import { backTo, followPlace, keepPlace } from "./places.js";
import { keepRecent } from "./recents.js";
import { showLoading, showResults } from "./results.js";
import { searchBox } from "./searchbox.js";
import { sawProduct } from "./session.js";
import { showShelves } from "./shelves.js";
import { nameOf, shopperSwitch } from "./shopper.js";
import { STEP, addressOf, read } from "./state.js";
import { troubles } from "./trouble.js";
import { showUnderstood } from "./understood.js";
import { count, remember, speak, words } from "./words.js";

const KEPT = 12; // answers that going back shows without asking again

let state = read();
let names = []; // of the indexes
let shown = null; // the answer on show
let running = null; // the search on its way
let answers = new Map();
let showShopper = () => {};
let box = null;

const trouble = troubles({
  state: () => state,
  names: () => names,
  shown: () => shown,
  forget: () => { shown = null; },
  show: () => show(),
  start: () => start(),
  change,
});

// --- asking and showing ----------------------------------------------------------------------------------------------

async function show(place = null, draft = false) {
  if (!state.index) return dress(); // somebody types already; start() shows it as soon as it knows where to look
  running?.abort();
  trouble.stop();
  const mine = (running = new AbortController());
  const known = place && answers.get(addressOf(state));
  dress();
  if (known) return render(known, place);
  wait();
  try {
    let result = await search(state, mine.signal);
    if (draft && poor(result)) result = await fuller(mine.signal) ?? result;
    if (mine !== running) return undefined;
    trouble.over();
    keep(addressOf(state), result);
    render(result, place);
  } catch (error) {
    if (error.name !== "AbortError" && mine === running) trouble.complain(error);
  }
  return undefined;
}

function poor(result) {
  return !result.hits.length || result.weak;
}

// Half a word finds little by meaning. So what is being typed is searched for as the word that it is most likely to become.
async function fuller(signal) {
  const q = box.completed(state.q);
  if (!q) return null;
  const result = await search({ ...state, q }, signal);
  if (signal.aborted || poor(result)) return null;
  state = { ...state, q };
  history.replaceState(history.state, "", addressOf(state));
  box.show(q);
  return result;
}

function keep(address, result) {
  answers.delete(address);
  answers.set(address, result);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
}

// Everything around the list that follows from the state alone.
function dress() {
  box.show(state.q);
  showShopper(state.user);
  sorts();
  document.title = state.q ? `${state.q} – Daogou` : "Daogou";
  for (const one of document.querySelectorAll("[data-language]")) one.setAttribute("aria-pressed", String(one.dataset.language === state.lang));
}

function sorts() {
  const options = [["", state.q ? words.relevance : words.browse], ["price:asc", words.cheapest], ["price:desc", words.dearest]];
  if (shown?.hits.some((hit) => typeof hit.rating === "number") || state.sort === "rating:desc") options.push(["rating:desc", words.bestRated]);
  if (!options.some(([value]) => value === state.sort)) options.push([state.sort, state.sort]);
  at("sort").replaceChildren(...options.map(([value, text]) => make("option", "", text, { value })));
  at("sort").value = state.sort;
}

// What is on show stays until the answer is there; only the first time there is nothing to stay.
function wait() {
  at("main").setAttribute("aria-busy", "true");
  at("hits").classList.add("stale");
  if (shown) return;
  notices.clearNotice();
  name();
  at("status").textContent = words.loading;
  showLoading(at("hits"));
}

function render(result, place) {
  shown = result;
  at("main").removeAttribute("aria-busy");
  at("main").classList.remove("bare");
  at("hits").classList.remove("stale");
  notices.clearNotice();
  notices.showLimits(result);
  sorts();
  say(result);
  showUnderstood(at("understood"), result, state, change);
  showFacets(at("facets"), result, state, change);
  showResults(at("hits"), result, state, change);
  showShelves(at("shelves"), state, result);
  // What else there is comes first in an empty box, and last where nothing was found.
  result.hits.length ? at("main").prepend(at("shelves")) : at("main").append(at("shelves"));
  if (!result.hits.length) notices.nothingFound(result, state, change, nearby());
  if (place) backTo(place);
}

// What the list is of.
function name() {
  at("heading").hidden = false;
  at("filters").hidden = false;
  at("heading").textContent = state.q ? `“${state.q}”` : Object.keys(state.chosen).length ? words.results : words.catalogue;
}

function say(result) {
  const total = count(result.estimatedTotalHits);
  const told = state.user ? words.foundFor(total, nameOf(state.user)) : words.found(total);
  const moves = result.hits.filter((hit) => hit._personalization && hit._personalization.baseRank !== hit._personalization.rank).length;
  const moved = !state.user || !result.hits.length ? [] : [moves ? words.moved(count(moves)) : words.unmoved];
  name();
  at("status").replaceChildren([told, ...moved].join(" · "), make("span", "took", ` · ${words.took(count(result.processingTimeMs))}`));
  const offered = box.offered ? [words.offered(count(box.offered))] : [];
  announce([told, ...moved, ...offered].join(", "));
}

// For a question without an answer: what the last words of it are the beginning of, and the question with a word less.
async function nearby() {
  const parts = state.q.split(/\s+/).filter(Boolean);
  const found = await Promise.all([state.q, parts.at(-1) ?? "", parts[0] ?? ""].map((q) => (q ? suggest(q, state.index, undefined, 3) : [])));
  const texts = new Set(found.flat().filter((one) => one.kind !== "title").map((one) => one.text));
  texts.delete(state.q);
  return [...texts].slice(0, 5).map((text) => ({ text, take: () => change({ q: text, ignore: [], chosen: {}, price: null }) }));
}

// --- the state changes -------------------------------------------------------------------------------------------------

// `given` are new values of the state, or a function that makes them of the state as it is by now: of two quick clicks
// the second must not undo the first, whose answer is still on its way.
function change(given, replace = false, draft = false) {
  const changes = typeof given === "function" ? given(state) : given;
  keepPlace();
  state = { ...state, shown: STEP, ...changes };
  if ("q" in changes && !("ignore" in changes)) state.ignore = [];
  const address = addressOf(state);
  const step = { lang: state.lang };
  if (address !== location.pathname + location.search) history[replace ? "replaceState" : "pushState"](step, "", address);
  const top = document.querySelector(".columns").getBoundingClientRect().top - document.querySelector(".top").getBoundingClientRect().bottom;
  if (!("shown" in changes) && top < 0) scrollTo({ top: scrollY + top, behavior: "instant" });
  return show(null, draft);
}

// While typing, one step of history is made for the whole word, not one for each letter.
let lastTyped = "";
function typing(q) {
  if (q === state.q) return;
  const goesOn = lastTyped !== "";
  lastTyped = q;
  change({ q }, goesOn, true);
}

// Enter takes what is on show, if that is what the letters were completed to.
function commit(typed) {
  const q = typed && lastTyped === typed && box.completed(typed) === state.q ? state.q : typed;
  keepRecent(state.index, q);
  lastTyped = "";
  box.show(q);
  if (q !== state.q) change({ q });
}

// A brand or category is chosen as such, where the catalogue has one of just that name; all else is searched for.
async function pick({ kind, text }) {
  keepRecent(state.index, text);
  lastTyped = "";
  const fresh = { q: text, ignore: [], chosen: {}, price: null };
  if (kind === "recent") return change({ q: text });
  if (kind !== "brand" && kind !== "category") return change(fresh);
  const values = await facetSearch({ ...state, ...fresh, q: "" }, kind, text).catch(() => []);
  const same = values.filter(({ value }) => value.toLowerCase() === text.toLowerCase() || value.split(/[（(/]/)[0].trim() === text);
  return change(same.length ? { ...fresh, q: "", chosen: { [kind]: same.map((one) => one.value) } } : fresh);
}

function switchTo(lang) {
  if (lang === state.lang) return;
  remember(lang);
  state = { ...state, lang };
  keepPlace();
  history.pushState({ lang, y: scrollY }, "", addressOf(state));
  speakAgain();
}

// The same answer in the other language; no need to ask anew, except for what was written on the server.
function speakAgain() {
  running?.abort(); // its answer would be in the language of before
  speak(state.lang);
  answers = new Map();
  dress();
  if (shown) show({ y: scrollY });
  else start();
}

// --- listening ---------------------------------------------------------------------------------------------------------

function listen() {
  box = searchBox({
    index: () => state.index,
    typing,
    commit,
    pick,
    leave: () => focusable()[0]?.focus(),
    left: () => lastTyped && box.show(state.q), // what is on show, if letters were completed to it
  });
  showShopper = shopperSwitch((user) => change({ user, shown: state.shown }));
  document.querySelector(".home").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    lastTyped = "";
    change({ q: "", chosen: {}, price: null, ignore: [], sort: "" });
    scrollTo({ top: 0, behavior: "instant" });
  });
  at("sort").addEventListener("change", () => change({ sort: at("sort").value }));
  at("index").addEventListener("change", () => change({ index: at("index").value, chosen: {}, price: null, sort: "", ignore: [] }));
  for (const one of document.querySelectorAll("[data-language]")) one.addEventListener("click", () => switchTo(one.dataset.language));
  // The middle button opens a result in a tab of its own, which is no click to the browser.
  for (const kind of ["click", "auxclick"]) at("hits").addEventListener(kind, opened);
  addEventListener("popstate", (event) => {
    const before = state;
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close(); // it is about what was on show
    state = read();
    state.index ||= before.index;
    state.lang = event.state?.lang ?? state.lang;
    at("index").value = state.index;
    lastTyped = "";
    if (state.lang !== before.lang) speak(state.lang);
    show(event.state ?? { y: 0 });
  });
  document.addEventListener("keydown", keys);
  followPlace();
}

function opened(event) {
  const item = event.button < 2 && event.target.closest("a")?.closest("#hits > li");
  const place = item ? [...at("hits").children].indexOf(item) : -1;
  if (!shown?.hits[place]) return;
  keepRecent(state.index, state.q);
  sawProduct(state, shown.hits[place]);
  tellClick(state, shown.queryID, String(shown.hits[place].id), place + 1);
}

function keys(event) {
  const writing = event.target.matches("input, select, textarea") || document.querySelector("dialog[open]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    box.focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.defaultPrevented && focusable().includes(event.target)) {
    const all = focusable();
    const next = all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    next < 0 ? box.focus({ silent: true }) : all[next]?.focus();
  }
}

function focusable() {
  return [...at("hits").querySelectorAll(".card .title a, .card .title[tabindex]")];
}

function showIndexes() {
  at("index-field").hidden = !names.length || (names.length === 1 && names[0] === state.index);
  const options = names.includes(state.index) ? names : [state.index, ...names];
  at("index").replaceChildren(...options.map((name) => make("option", "", name, { value: name })));
  at("index").value = state.index;
}

async function start(place = null) {
  trouble.stop();
  try {
    const [found] = await Promise.all([indexes(), page.loaded ? null : loadPage()]);
    names = found ?? [];
    showShopper(state.user);
    if (found && !found.length) {
      trouble.bare();
      return trouble.lookAgain(() => notices.noIndex(state.index));
    }
    if (!state.index) state.index = names.includes("products") ? "products" : (names[0] ?? "products");
    showIndexes();
    box.goOn();
    return await show(place);
  } catch (error) {
    return trouble.complain(error);
  }
}

function begin() {
  const place = history.state; // of a page that is loaded again, or come back to
  if (place?.lang) state.lang = place.lang;
  const early = at("q").value.trim(); // somebody was quicker than this script
  if (early) state.q = early;
  history.replaceState({ ...place, lang: state.lang }, "", early ? addressOf(state) : undefined);
  speak(state.lang);
  listen();
  box.show(state.q);
  dress();
  // A phone would open its keyboard over the results.
  if (matchMedia("(min-width: 761px) and (pointer: fine)").matches && !place?.focus) box.focus({ silent: true });
  start(place?.y === undefined ? null : place);
}

begin();
