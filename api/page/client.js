// Requests to the API. A key, where the server wants one, stays in this tab.

const KEY = "daogou-key";
const SENDABLE = /^[\x21-\x7e]+$/; // what a header can carry

// Put around what matched, so that it can be told apart without reading anything as HTML: a catalogue never holds them.
export const MARKS = ["\ue000", "\ue001"];

// What every index has and can count. What else there is to choose by is asked for afterwards: it costs more than the search.
const FACETS = ["brand", "category", "price", "currency", "in_stock"];

// Values of a facet that an answer counts at most: with so many, there may be more.
export const COUNTED = 100;

export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status; // 0: nobody answered
    this.code = code;
  }
}

let ownKey = ""; // also where storage is forbidden

export function setKey(key) {
  ownKey = key;
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    // then it is gone with the page
  }
}

function keyOfTab() {
  try {
    return ownKey || sessionStorage.getItem(KEY);
  } catch {
    return ownKey;
  }
}

async function request(path, options) {
  const key = keyOfTab();
  if (key && !SENDABLE.test(key)) throw new Refused(401, "invalid_api_key", "");
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, navigator.onLine === false ? "offline" : "unreachable", "");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Refused(response.status, answer.code ?? "", answer.message ?? response.statusText);
}

async function call(path, options = {}) {
  const response = await request(path, options);
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "unreachable", ""); // it was cut off half-way
  }
}

function post(path, body, options = {}) {
  return call(path, { method: "POST", ...options, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

function under(index, name) {
  return `/indexes/${encodeURIComponent(index)}/${name}`;
}

// How this server wants its page: is there a language model, who can be tried, whose pictures may be shown.
export const page = { model: false, shoppers: [], images: [] };

export async function loadPage() {
  Object.assign(page, await call("/page/config.json"), { loaded: true });
}

// Names of the indexes; null where the key may search but not look around.
export async function indexes() {
  try {
    const answer = await call("/indexes?limit=100");
    return answer.results.map((index) => index.uid);
  } catch (error) {
    if (error.status === 403 && keyOfTab()) return null;
    throw error;
  }
}

function quoted(value) {
  return `"${String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

// A list: all of its members must hold; a list within it: one of them. `except` is a facet whose own choice is left out.
function filterBy(state, except = "") {
  const chosen = Object.entries(state.chosen).filter(([name]) => name !== except);
  const filter = chosen.map(([name, values]) => values.map((value) => `${name} = ${quoted(value)}`));
  if (state.price && except !== "price") {
    const [low, high] = state.price;
    if (low !== null) filter.push(`price >= ${low}`);
    if (high !== null) filter.push(`price <= ${high}`);
  }
  return filter;
}

function explained(state) {
  return { explain: { language: state.lang } };
}

function asked(state) {
  return { q: state.q, ignore: state.ignore, ...(state.user ? { user: state.user } : {}) };
}

// The body of the search on show. Explanations repeat it, so that ranks and receipts are the very same.
function searchBody(state) {
  return {
    ...asked(state),
    limit: state.shown,
    filter: filterBy(state),
    sort: state.sort ? [state.sort] : [],
    attributesToHighlight: ["title"],
    highlightPreTag: MARKS[0],
    highlightPostTag: MARKS[1],
    showRankingScore: true,
    showRankingScoreDetails: true,
    ...explained(state),
  };
}

// The counts of each facet in use are taken without its own choice, so that one can add a second value to the first.
async function counted(state, names, first, signal) {
  const common = { indexUid: state.index, ...asked(state) };
  const used = [...Object.keys(state.chosen), ...(state.price ? ["price"] : [])].filter((name) => names.includes(name));
  const queries = [{ ...common, ...first, filter: filterBy(state), facets: names }];
  for (const name of used) queries.push({ ...common, limit: 0, filter: filterBy(state, name), facets: [name] });
  const { results: [main, ...others] } = await post("/multi-search", { queries }, { signal });
  const facets = { ...main.facetDistribution };
  const facetStats = { ...main.facetStats };
  used.forEach((name, number) => {
    facets[name] = others[number].facetDistribution[name] ?? {};
    facetStats[name] = others[number].facetStats?.[name];
  });
  return { ...main, facets, facetStats };
}

// One request. The answer is the API's, with `facets` {name: {value: count}} and `facetStats` {name: {min, max}}.
export function search(state, signal) {
  return counted(state, [...new Set([...FACETS, ...Object.keys(state.chosen)])], searchBody(state), signal);
}

// Counts of these facets over what the search finds: {name: {value: count}}.
export async function counts(state, names, signal) {
  try {
    return (await counted(state, names, { limit: 0 }, signal)).facets;
  } catch (error) {
    if (error.status === 400) namesOf.delete(state.index); // it was built anew, and has other fields now
    throw error;
  }
}

const namesOf = new Map();

// Every field that this index can be filtered by, asked for once.
export async function facetNames(state, signal) {
  if (!namesOf.has(state.index)) {
    const body = { q: "", filter: 'id = ""', limit: 0, facets: ["*"] };
    const answer = await post(under(state.index, "search"), body, { signal });
    namesOf.set(state.index, Object.keys(answer.facetDistribution));
  }
  return namesOf.get(state.index);
}

// Hits of the search with nothing but their categories, as many as tell where most of them belong.
export async function categoryPaths(state, signal) {
  const body = {
    ...searchBody(state), limit: 300, attributesToRetrieve: ["category"], attributesToHighlight: [],
    showRankingScore: false, showRankingScoreDetails: false, explain: false,
  };
  return (await post(under(state.index, "search"), body, { signal })).hits;
}

// Values of one facet by what is typed of them: [{value, count}].
export async function facetSearch(state, name, typed, signal) {
  const body = { ...asked(state), filter: filterBy(state, name), facetName: name, facetQuery: typed };
  return (await post(under(state.index, "facet-search"), body, { signal })).facetHits;
}

// [{text, kind, count, highlighted: [[start, end) in code points], id?}]
export async function suggest(q, index, signal, limit = 8) {
  const answer = await post(under(index, "suggest"), { q, limit }, { signal });
  return answer.suggestions;
}

// For the shopper, for who looked at `recent` (ids, newest first), or what is popular. {hits, queryID, degraded…}
export function recommendations(state, signal, limit = 12, { recent = [] } = {}) {
  const whom = state.user ? { user: state.user } : recent.length ? { recent } : {};
  return post(under(state.index, "recommendations"), { limit, ...whom, ...explained(state) }, { signal });
}

export function similar(state, id, signal, limit = 8) {
  return post(under(state.index, "similar"), { id, limit }, { signal });
}

export function goesWith(state, id, signal, limit = 8) {
  return post(under(state.index, "goes-with"), { id, limit, ...explained(state) }, { signal });
}

// Products with all that is known of them, by id; in no order.
export async function products(state, ids, signal) {
  const filter = `id IN [${ids.map(quoted).join(", ")}]`;
  return (await post(under(state.index, "search"), { q: "", filter, limit: ids.length }, { signal })).hits;
}

// The product with everything marked in it that the words of the search match, field by field: {name: value}.
export async function matchedFields(state, id, signal) {
  const body = {
    q: state.q, ignore: state.ignore, filter: `id = ${quoted(id)}`, limit: 1,
    attributesToHighlight: ["*"], highlightPreTag: MARKS[0], highlightPostTag: MARKS[1],
  };
  const { hits: [found] } = await post(under(state.index, "search"), body, { signal });
  return found?._formatted ?? {};
}

// Why these hits of the page are there. `onEvent(kind, data)` hears: "explanation" {id, text, source}, "sentence"
// {id, text}, "comparison" {text, source}, "line" {text} of a comparison, and at last "done" {degraded}. `options`: compare, model (false: evidence only).
export async function explain(state, ids, options, onEvent, signal) {
  const { compare = false, model = true } = options;
  const response = await request(under(state.index, "explain"), {
    method: "POST", signal,
    headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
    body: JSON.stringify({ ...searchBody(state), ids, compare, model, explain: { language: state.lang } }),
  });
  for await (const { kind, data } of events(response.body)) onEvent(kind, data);
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      waiting += value;
      const blocks = waiting.split(/\r?\n\r?\n/);
      waiting = blocks.pop();
      for (const block of blocks) {
        const event = { kind: "message", data: "" };
        for (const line of block.split(/\r?\n/)) {
          const [, name, text] = /^(\w+): ?(.*)$/.exec(line) ?? [];
          if (name === "event") event.kind = text;
          if (name === "data") event.data += text;
        }
        if (event.data) yield { kind: event.kind, data: JSON.parse(event.data) };
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "unreachable", "");
  } finally {
    reader.cancel().catch(() => {});
  }
}

// Says that a result was opened, for a page that knows its shopper. Outlives the page, and nobody waits for it.
export function tellClick(state, queryID, product, position) {
  if (!state.user) return;
  const event = { type: "click", user: state.user, product, queryID, position };
  post("/events", event, { keepalive: true }).catch(() => {});
}
