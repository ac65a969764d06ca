// The price: two thumbs on one track, two boxes for those who know the number, and how the prices lie.
//
// Cheap and dear may be a thousandfold apart, so wide ranges move in steps of the same proportion. A range compares
// within one currency only; where there are two, one is chosen first.

import { COUNTED } from "./client.js";
import { button, draw, make } from "./dom.js";
import { label } from "./plain.js";
import { count, money, words } from "./words.js";

const STEPS = 100;
const BARS = 25;
const WIDE = 12; // dearest over cheapest from which on the track is logarithmic
const PAUSE = 350; // after a key, so that ten steps are one search

let waiting = 0;

export function priceGroup(result, state, change) {
  const currencies = result.facets.currency ?? {};
  const several = new Set([...Object.keys(currencies).filter((one) => currencies[one] > 0), ...(state.chosen.currency ?? [])]);
  const chosen = state.chosen.currency ?? [];
  const currency = chosen.length === 1 ? chosen[0] : several.size === 1 ? [...several][0] : undefined;
  const stats = result.facetStats?.price;
  if (!stats && !state.price && several.size < 2) return null;
  const box = make("fieldset", "price-group");
  box.append(make("legend", "legend", label("price")));
  if (several.size > 1) box.append(currencyChoice([...several], currencies, chosen, change));
  const mixed = several.size > 1 && chosen.length !== 1;
  if (mixed) box.append(make("p", "soft", words.chooseCurrency));
  if (!mixed || state.price) box.append(...range(result, state, stats, currency, change));
  return box;
}

function currencyChoice(all, counts, chosen, change) {
  const row = make("div", "segments", "", { role: "group", "aria-label": words.currencies });
  const only = (wanted) => change((now) => {
    const { currency: _, ...others } = now.chosen;
    return { chosen: wanted ? { ...others, currency: [wanted] } : others, price: null };
  });
  const add = (text, wanted, on) => row.append(button("segment", text, () => only(wanted), { "aria-pressed": String(on), "data-key": `currency:${wanted}` }));
  add(words.any, "", chosen.length === 0);
  for (const one of all.sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0))) add(`${one} ${symbol(one)}`.trim(), one, chosen.includes(one));
  return row;
}

function symbol(currency) {
  try {
    const sign = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" }).formatToParts(0).find((part) => part.type === "currency").value;
    return sign === currency ? "" : sign;
  } catch {
    return "";
  }
}

function range(result, state, stats, currency, change) {
  const prices = result.facets.price ?? {};
  const [low, high] = state.price ?? [null, null];
  const least = Math.floor(Math.min(stats?.min ?? low ?? high ?? 0, low ?? Infinity));
  const most = Math.ceil(Math.max(stats?.max ?? high ?? low ?? 0, high ?? -Infinity));
  const set = (from, to) => {
    const price = [from !== null && from > least ? from : null, to !== null && to < most ? to : null];
    const ends = price[0] === null && price[1] === null ? null : price[0] !== null && price[1] !== null && price[0] > price[1] ? [price[1], price[0]] : price;
    if (JSON.stringify(ends) !== JSON.stringify(state.price)) change({ price: ends });
  };
  const said = (amount) => money(amount, currency, { exact: false });
  if (!stats && !state.price) return [make("p", "soft", words.noPrices)];
  if (stats && stats.min === stats.max && !state.price) return [make("p", "soft", words.onePrice(money(stats.min, currency)))];
  const scale = scaleOf(least, most);
  const parts = most > least ? slider(scale, low ?? least, high ?? most, prices, said, set) : [];
  parts.push(boxes(least, most, low, high, currency, set));
  const known = Object.values(prices).reduce((sum, number) => sum + number, 0);
  const missing = state.price || Object.keys(prices).length >= COUNTED ? 0 : result.estimatedTotalHits - known;
  if (missing > 0) parts.push(make("p", "soft", words.unpriced(count(missing))));
  return parts;
}

// Between a place on the track, 0 to 100, and an amount, rounded as prices are spoken of.
export function scaleOf(least, most) {
  const shift = least > 0 ? 0 : 1; // what is free has no logarithm
  const wide = (most + shift) / (least + shift) >= WIDE;
  const of = wide ? (value) => Math.log(value + shift) : (value) => value;
  const back = wide ? (value) => Math.exp(value) - shift : (value) => value;
  const [start, length] = [of(least), of(most) - of(least)];
  return {
    place: (value) => (STEPS * (of(Math.max(least, Math.min(most, value))) - start)) / length,
    amount: (place) => (place <= 0 ? least : place >= STEPS ? most : rounded(back(start + (length * place) / STEPS))),
  };
}

// To two digits: 0.35, 7.20, 48, 130, 2400.
function rounded(value) {
  const digit = 10 ** Math.max(-2, Math.floor(Math.log10(Math.max(value, 0.01))) - 1);
  return Number((Math.round(value / digit) * digit).toFixed(2));
}

function slider(scale, low, high, prices, said, set) {
  const box = make("div", "slider");
  const bars = histogram(scale, prices);
  const track = make("div", "track", "", { "aria-hidden": "true" });
  const fill = make("div", "fill");
  track.append(fill);
  const shown = make("div", "range-said", "", { "aria-hidden": "true" });
  const make2 = (name, value, key) => {
    const input = make("input", "thumb", "", { type: "range", min: "0", max: String(STEPS), step: "1", "aria-label": name, "data-key": key });
    input.value = String(Math.round(scale.place(value)));
    return input;
  };
  const from = make2(words.lowest, low, "price:low");
  const to = make2(words.highest, high, "price:high");
  // The end that was set by hand keeps its exact amount until its thumb is moved.
  const amounts = { from: low, to: high };
  const paint = () => {
    const [a, b] = [Number(from.value), Number(to.value)];
    fill.style.insetInlineStart = `${a}%`;
    fill.style.insetInlineEnd = `${STEPS - b}%`;
    from.setAttribute("aria-valuetext", said(amounts.from));
    to.setAttribute("aria-valuetext", said(amounts.to));
    shown.replaceChildren(make("span", "", said(amounts.from)), make("span", "", said(amounts.to)));
    from.classList.toggle("above", a > STEPS / 2); // both at the right end: the left thumb must stay within reach
    for (const bar of bars?.querySelectorAll("rect") ?? []) bar.classList.toggle("in", Number(bar.dataset.from) < b && Number(bar.dataset.to) > a);
  };
  const move = (input, end) => {
    if (Number(from.value) > Number(to.value)) input.value = input === from ? to.value : from.value;
    amounts[end] = scale.amount(Number(input.value));
    paint();
  };
  let byKey = false;
  for (const [input, end] of [[from, "from"], [to, "to"]]) {
    input.addEventListener("keydown", () => { byKey = true; });
    input.addEventListener("pointerdown", () => { byKey = false; });
    input.addEventListener("input", () => move(input, end));
    input.addEventListener("change", () => {
      clearTimeout(waiting);
      if (!byKey) return set(amounts.from, amounts.to);
      waiting = setTimeout(() => set(amounts.from, amounts.to), PAUSE);
    });
  }
  paint();
  box.append(...(bars ? [bars] : []), track, from, to);
  return [box, shown];
}

// How many products lie where; left out where the answer may not have counted all prices.
function histogram(scale, prices) {
  const all = Object.entries(prices);
  if (all.length < 4 || all.length >= COUNTED) return null;
  const sums = new Array(BARS).fill(0);
  for (const [price, number] of all) sums[Math.min(BARS - 1, Math.floor((scale.place(Number(price)) / STEPS) * BARS))] += number;
  const most = Math.max(...sums);
  const picture = draw("svg", { class: "histogram", viewBox: `0 0 ${BARS * 4} 32`, preserveAspectRatio: "none", "aria-hidden": "true" });
  sums.forEach((sum, place) => {
    if (!sum) return;
    const height = Math.max(2, 32 * Math.sqrt(sum / most));
    picture.append(draw("rect", { x: place * 4 + 0.4, y: 32 - height, width: 3.2, height, rx: 0.6, "data-from": (place / BARS) * STEPS, "data-to": ((place + 1) / BARS) * STEPS }));
  });
  return picture;
}

function boxes(least, most, low, high, currency, set) {
  const row = make("div", "price-boxes");
  const field = (text, value, hint, key) => {
    const wrap = make("label");
    const input = make("input", "", "", { type: "number", min: "0", step: "any", inputmode: "decimal", placeholder: String(hint), "data-key": key });
    if (value !== null) input.value = String(value);
    wrap.append(make("span", "", symbol(currency) ? `${text} (${symbol(currency)})` : text), input);
    row.append(wrap);
    return input;
  };
  const from = field(words.priceFrom, low, least, "price:from");
  const to = field(words.priceTo, high, most, "price:to");
  const read = (input) => (input.value === "" || !Number.isFinite(Number(input.value)) ? null : Math.max(0, Number(input.value)));
  for (const input of [from, to]) input.addEventListener("change", () => set(read(from), read(to)));
  return row;
}
