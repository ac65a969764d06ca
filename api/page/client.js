// Requests to the API. A key, where the server wants one, stays in this tab.

import { words } from "./words.js";

const KEY = "daogou-key";

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function setKey(key) {
  sessionStorage.setItem(KEY, key);
}

async function call(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "offline", words.offline);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.code ?? "", answer.message ?? response.statusText);
  return answer;
}

// Names of the indexes; null where the key may search but not look around.
export async function indexes() {
  try {
    const answer = await call("/indexes?limit=100");
    return answer.results.map((index) => index.uid);
  } catch (error) {
    if (error.status === 401) throw error;
    if (error.status === 403 && sessionStorage.getItem(KEY)) return null;
    throw error;
  }
}

function quoted(value) {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function filterBy(state, fields) {
  return fields.filter((name) => state[name].length).map((name) => state[name].map((value) => `${name} = ${quoted(value)}`));
}

export const MARKS = ["\ue000", "\ue001"];
export const FACETS = ["brand", "category"];

// One request: the hits, and for each facet in use its counts without its own choice, so that one can add a second.
export async function search(state, signal) {
  const common = { indexUid: state.index, q: state.q, ignore: state.ignore, ...(state.user ? { user: state.user } : {}) };
  const queries = [{
    ...common,
    limit: state.shown,
    filter: filterBy(state, FACETS),
    facets: FACETS,
    sort: state.sort ? [state.sort] : [],
    attributesToRetrieve: ["id", "title", "brand", "category", "price", "currency", "in_stock", "url", "rating"],
    attributesToHighlight: ["title"],
    highlightPreTag: MARKS[0],
    highlightPostTag: MARKS[1],
  }];
  const used = FACETS.filter((name) => state[name].length);
  for (const name of used) {
    queries.push({ ...common, limit: 0, filter: filterBy(state, FACETS.filter((other) => other !== name)), facets: [name] });
  }
  const answer = await call("/multi-search", {
    method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ queries }),
  });
  const [main, ...others] = answer.results;
  const facets = { ...main.facetDistribution };
  used.forEach((name, number) => { facets[name] = others[number].facetDistribution[name]; });
  return { ...main, facets };
}

// Says that a result was opened, for a page that knows its shopper. Outlives the page, and nobody waits for it.
export function tellClick(state, queryID, product, position) {
  if (!state.user) return;
  const event = { type: "click", user: state.user, product, queryID, position };
  call("/events", {
    method: "POST", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify(event),
  }).catch(() => {});
}
