// Which attributes are worth filtering by in what is shown: told from the hits' own fields, so that only a few are
// counted. (Counting all that a catalogue has took 390 ms for the demo's 63 where these take 20 to 140.)

import { facetNames } from "./client.js";

const NEVER = new Set([
  "id", "title", "description", "url", "image", "brand", "category", "price", "currency", "in_stock", "rating", "rating_count", "variant_of", "model",
  "released", "language",
]);
const LIKED = { colour: 1.6, color: 1.6, size: 1.3, material: 1.4, gender: 1.4, author: 1.2, genre: 1.3 };
const DATE = /^\d{4}-\d{2}-\d{2}/;
const MEASURE = /^[^\p{L}]*\d[^\p{L}]*(x[^\p{L}]*)*\p{L}{0,3}$/u;
const MOST = 5;
const LONGEST = 36; // characters of a value that one can still choose from a list

// Names of the attributes, the most telling first; those that are in use are always among them.
export async function tellingAttributes(hits, state, signal) {
  const known = new Set(await facetNames(state, signal));
  const inUse = Object.keys(state.chosen).filter((name) => !NEVER.has(name) && known.has(name));
  return [...new Set([...inUse, ...worthOf(hits, known).slice(0, MOST)])];
}

// `known` are the fields that can be filtered by.
export function worthOf(hits, known) {
  const found = new Map();
  for (const hit of hits) {
    for (const [name, value] of Object.entries(hit)) {
      if (!known.has(name) || NEVER.has(name) || name.startsWith("_")) continue;
      const values = [value].flat().filter((one) => fits(one));
      if (values.length) found.set(name, [...(found.get(name) ?? []), ...new Set(values)]);
    }
  }
  const scored = [...found].map(([name, values]) => ({ name, worth: worth(name, values, hits.length) })).filter((one) => one.worth > 0);
  return scored.sort((one, other) => other.worth - one.worth).map((one) => one.name);
}

function fits(value) {
  return typeof value === "boolean" || typeof value === "number" || (typeof value === "string" && value !== "" && value.length <= LONGEST && !DATE.test(value));
}

// How many have it, times how evenly it divides them; nothing where each has a value of its own, as measures do.
function worth(name, values, hits) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const covered = Math.min(1, values.length / hits);
  if (counts.size < 2 || covered < 0.2) return 0;
  const numeric = typeof values[0] === "number";
  const repeated = 1 - (counts.size - 1) / values.length;
  if (repeated < (numeric ? 0.5 : 0.15)) return 0;
  let spread = 0;
  for (const n of counts.values()) spread -= (n / values.length) * Math.log2(n / values.length);
  const measured = values.filter((value) => MEASURE.test(value)).length / values.length; // «10 - 80», «5.1 x 7 cm»: nobody picks these from a list
  return covered * Math.min(1, spread / 1.5) * (LIKED[name] ?? 1) * (0.4 + repeated) * (numeric || LIKED[name] ? 1 : 1 - 0.8 * measured);
}
