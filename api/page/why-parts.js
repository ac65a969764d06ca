// The parts of «Why this?», each a section or null where there is nothing to tell.

import { picture, sign, titleOf } from "./cards.js";
import { goesWith, MARKS, matchedFields, products, similar } from "./client.js";
import { button, make } from "./dom.js";
import { grouped, label, valueOf, verdictOf } from "./plain.js";
import { count, money, words } from "./words.js";

// Fields that the head of the sheet shows already, or that say nothing to a shopper.
const TOLD = new Set(["id", "title", "brand", "price", "currency", "rating", "rating_count", "url", "image", "in_stock", "variant_of"]);
const LONGEST = 2000;
const OF_ALL = new Set(["popular"]); // reasons that are nobody’s own
const GENERAL = new Set(["semantic", "lexical"]); // parts that are shown even where they are nothing

export function section(title, ...parts) {
  const box = make("section", "part");
  box.append(make("h3", "", title), ...parts);
  return box;
}

export function conditions(hit, result) {
  const groups = grouped(result.understood?.constraints);
  if (!groups.length || !hit._evidence) return null;
  const list = make("ul", "verdicts");
  for (const group of groups) {
    const { verdict, field, value } = verdictOf(group, hit._evidence);
    const item = make("li", verdict);
    const text = make("div");
    text.append(make("span", "asked", group.said), make("span", "verdict", words.verdict[verdict]));
    if (field !== "text") text.append(make("span", "own", value === null ? words.saysNothing(label(field)) : words.says(label(field), valueOf(field, value, hit.currency))));
    item.append(sign(verdict), text);
    list.append(item);
  }
  return section(words.askedFor, list);
}

// What was typed, where it stands in the product: the engine's own highlighting of every field.
export function matchedWords(hit, state, signal) {
  if (!state.q) return null;
  const list = make("ul", "matched");
  const box = section(words.matched, list);
  box.hidden = true;
  matchedFields(state, hit.id, signal).then((fields) => {
    const where = new Map(); // word → fields
    for (const [name, value] of Object.entries(fields)) {
      if (name === "id" || name === "url" || name === "image") continue;
      for (const [, word] of JSON.stringify(value).matchAll(new RegExp(`${MARKS[0]}([^${MARKS[1]}]*)${MARKS[1]}`, "g"))) {
        const key = word.toLowerCase();
        where.set(key, (where.get(key) ?? new Set()).add(name));
      }
    }
    list.replaceChildren(...[...where].map(([word, names]) => {
      const item = make("li");
      item.append(make("mark", "", word), " ", make("span", "soft", words.inField(words.list([...names].map(label)))));
      return item;
    }));
    box.hidden = !where.size;
  }).catch(() => {});
  return box;
}

export function taste(hit, state, signal) {
  const { baseRank, rank, because = [] } = hit._personalization ?? hit._recommendation ?? {};
  if (!because.length && !rank) return null;
  const parts = [];
  if (rank) parts.push(make("p", "places", baseRank === rank ? words.tasteStayed : words.tasteMoved(count(baseRank), count(rank))));
  const most = Math.max(...because.map((one) => Math.abs(one.effect)), 0.0001);
  const list = make("ul", "reasons");
  const named = []; // elements that wait for the titles of the shopper's products
  for (const one of because) {
    const item = make("li");
    const text = make("span", "", reasonSaid(one, hit));
    if (one.products?.length && one.part !== "brand") named.push({ text, ids: one.products.filter((id) => id !== String(hit.id)).slice(0, 3) });
    item.append(text, bar(Math.abs(one.effect) / most, one.effect < 0 ? words.lowered : words.raised, one.effect < 0));
    list.append(item);
  }
  const ids = [...new Set(named.flatMap((one) => one.ids))];
  if (ids.length) {
    products(state, ids, signal).then((found) => {
      const titles = new Map(found.map((product) => [String(product.id), titleOf(product)]));
      for (const { text, ids: own } of named) {
        const said = own.map((id) => titles.get(id)).filter(Boolean);
        if (said.length) text.textContent = words.namely(text.textContent, words.list(said.map((title) => (title.length > 48 ? `${title.slice(0, 47)}…` : title))));
      }
    }).catch(() => {});
  }
  return section(because.some((one) => !OF_ALL.has(one.part)) || rank ? words.taste : words.picked, ...parts, list);
}

function reasonSaid({ part, value, field, event, declared }, hit) {
  if (declared) return words.because.declared;
  const phrase = words.because[part];
  if (part === "price") return phrase(priceBand(value, hit.currency));
  if (part === "interest" || part === "session") return phrase(words.done[event] ?? "");
  if (typeof phrase === "function") return phrase(value ? valueOf(field ?? "", value) : label(field ?? part));
  return phrase ?? label(part);
}

function priceBand(value, currency) {
  const ends = String(value ?? "").split("–").map(Number);
  return ends.length === 2 && ends.every(Number.isFinite) ? ends.map((end) => money(Math.round(end), currency, { exact: false })).join("–") : "";
}

function bar(share, said, against = false) {
  const box = make("span", against ? "meter against" : "meter", "", { role: "img", "aria-label": said });
  const inside = make("span");
  inside.style.width = `${Math.max(2, Math.min(100, 100 * share))}%`;
  box.append(inside);
  return box;
}

export function scoreParts(hit) {
  const details = Object.entries(hit._rankingScoreDetails ?? {}).filter(([name, part]) => typeof part?.score === "number" && (GENERAL.has(name) || Math.abs(part.score) >= 0.005));
  if (!details.length) return null;
  const list = make("ul", "scores");
  const rows = [...(typeof hit._rankingScore === "number" ? [["score", { score: hit._rankingScore }]] : []), ...details];
  for (const [name, { score }] of rows) {
    const item = make("li", name === "score" ? "whole" : "");
    const text = fixed(score);
    item.append(make("span", "", name === "score" ? words.score : (words.part[name] ?? label(name))), bar(Math.abs(score), text, score < 0), make("span", "number", text, { "aria-hidden": "true" }));
    list.append(item);
  }
  return section(words.parts, list);
}

function fixed(number) {
  return (Math.round(number * 100) / 100 || 0).toFixed(2);
}

export function fields(hit) {
  const rows = Object.entries(hit).filter(([name, value]) => !name.startsWith("_") && !TOLD.has(name) && value !== null && value !== "" && !(Array.isArray(value) && !value.length));
  if (!rows.length) return null;
  rows.sort(([one], [other]) => (one === "description" ? -1 : 0) - (other === "description" ? -1 : 0));
  const list = make("dl", "fields");
  for (const [name, value] of rows) {
    const row = make("div", name === "description" ? "wide" : "");
    row.append(make("dt", name === "description" ? "hidden" : "", label(name)), make("dd", "", valueOf(name, value, hit.currency).slice(0, LONGEST)));
    list.append(row);
  }
  return section(words.details, list);
}

export function lookAlikes(hit, state, signal, open) {
  return others(words.alike, similar(state, String(hit.id), signal, 6), open);
}

export function goesWellWith(hit, state, signal, open) {
  return others(words.goes, goesWith(state, String(hit.id), signal, 6), open);
}

// A few products in a row; the section shows up when they are there.
function others(title, asked, open) {
  const list = make("ul", "minis");
  const box = section(title, list);
  box.hidden = true;
  asked.then(({ hits }) => {
    list.replaceChildren(...hits.map((hit) => mini(hit, open)));
    box.hidden = !hits.length;
  }).catch(() => {});
  return box;
}

function mini(hit, open) {
  const item = make("li");
  const act = button("mini", "", () => open(hit));
  const frame = make("span", "frame");
  frame.append(picture(hit));
  act.append(frame, make("span", "mini-title", titleOf(hit)), make("span", "price", typeof hit.price === "number" ? money(hit.price, hit.currency) : ""));
  item.append(act);
  return item;
}

