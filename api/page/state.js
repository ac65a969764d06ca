// The state of the page lives in its address, so that a search can be bookmarked, shared and gone back to.
//
//   q, index, user            text
//   lang                      en | zh; absent: as chosen here before, else as the browser prefers
//   brand=, category=, f.NAME=    `chosen`: {name: [values]}, only what has some
//   price=LOW-HIGH            `price`: [low, high], either may be null (price=20-, price=-80); null: any
//   ignore=                   texts of conditions that are taken back
//   sort, shown               field:asc | field:desc; how many hits are shown

import { language, ofBrowser } from "./words.js";

export const STEP = 24;
const MOST = 960;
const PLAIN = ["brand", "category"]; // facets that stand in the address without a prefix
const SORT = /^[\w.]{1,64}:(asc|desc)$/;

export function read() {
  const params = new URLSearchParams(location.search);
  const chosen = {};
  for (const [key, value] of params) {
    const name = PLAIN.includes(key) ? key : key.startsWith("f.") ? key.slice(2) : "";
    if (/^[\w.]+$/.test(name) && value && !chosen[name]?.includes(value)) chosen[name] = [...(chosen[name] ?? []), value];
  }
  const sort = params.get("sort") ?? "";
  return {
    q: params.get("q") ?? "",
    index: params.get("index") ?? "",
    user: (params.get("user") ?? "").slice(0, 200),
    lang: language(params.get("lang")),
    chosen,
    price: priceOf(params.get("price") ?? ""),
    ignore: params.getAll("ignore"),
    sort: SORT.test(sort) ? sort : "",
    shown: Math.min(MOST, Math.max(STEP, Number.parseInt(params.get("shown") ?? "", 10) || STEP)),
  };
}

function priceOf(text) {
  const [, low, high] = /^(\d+(?:\.\d+)?)?-(\d+(?:\.\d+)?)?$/.exec(text) ?? [];
  const price = [low, high].map((end) => (end === undefined ? null : Number(end)));
  if (price[0] !== null && price[1] !== null && price[0] > price[1]) price.reverse();
  return price[0] === null && price[1] === null ? null : price;
}

export function addressOf(state) {
  const params = new URLSearchParams();
  for (const name of ["q", "index", "user"]) if (state[name]) params.set(name, state[name]);
  if (new URLSearchParams(location.search).has("lang") || state.lang !== ofBrowser()) params.set("lang", state.lang);
  for (const [name, values] of Object.entries(state.chosen)) {
    for (const value of values) params.append(PLAIN.includes(name) ? name : `f.${name}`, value);
  }
  if (state.price) params.set("price", state.price.map((end) => end ?? "").join("-"));
  for (const text of state.ignore) params.append("ignore", text);
  if (state.sort) params.set("sort", state.sort);
  if (state.shown > STEP) params.set("shown", String(state.shown));
  return params.size ? `${location.pathname}?${params}` : location.pathname;
}

// How many values are chosen, a price range counting as one.
export function choices(state) {
  return Object.values(state.chosen).reduce((sum, values) => sum + values.length, 0) + (state.price ? 1 : 0);
}

// `chosen` with one value more or less.
export function toggled(state, name, value, wanted) {
  const values = (state.chosen[name] ?? []).filter((one) => one !== value);
  const { [name]: _, ...others } = state.chosen;
  const left = wanted ? [...values, value] : values;
  return left.length ? { ...others, [name]: left } : others;
}
