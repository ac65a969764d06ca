// Conditions and values of the catalogue in plain words: «under $150», «not Thicket», «Weight: 980 g».

import { count, fieldName, money, words } from "./words.js";

const UNITS = { g: "g", kg: "kg", mm: "mm", cm: "cm", m: "m", ml: "ml", l: "l", db: "dB", gb: "GB", mah: "mAh", nm: "Nm", v: "V", w: "W", hz: "Hz", inches: "in" };

const MIDNIGHT = /^\d{4}-\d{2}-\d{2}T00:00:00/; // a day, as dates are kept

function unitOf(name) {
  return UNITS[/_([a-z]+)$/.exec(name)?.[1]] ?? "";
}

// weight_g → Weight: the unit stands with the value.
export function label(name) {
  return words.named[name] ?? fieldName(words.fields[name] || !unitOf(name) ? name : name.slice(0, name.lastIndexOf("_")));
}

// A value as people read it; `currency` is that of the product, for its price.
export function valueOf(name, value, currency) {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.map((one) => valueOf(name, one, currency)).join(name === "category" ? " › " : ", ");
  if (value === true || value === "true") return words.yes;
  if (value === false || value === "false") return words.no;
  if (name === "price" && typeof value === "number") return money(value, currency);
  if (MIDNIGHT.test(value)) return value.slice(0, 10);
  if (typeof value === "object") return Object.entries(value).map(([key, one]) => `${key} ${valueOf(key, one, currency)}`).join(", ");
  const unit = unitOf(name);
  const text = words.filterOf[name]?.[value] ?? (typeof value === "number" && (unit || name === "rating_count") ? count(value) : String(value));
  return unit && Number.isFinite(Number(value)) ? `${text} ${unit}` : text;
}

// The range of prices that is set, in the currency that is chosen, if one is: «$20 to $50».
export function rangeOf({ price, chosen }) {
  const currency = chosen.currency?.length === 1 ? chosen.currency[0] : undefined;
  const [low, high] = price.map((end) => (end === null ? null : money(end, currency, { exact: false })));
  if (low === null) return words.upTo(high);
  return high === null ? words.from(low) : words.between(low, high);
}

// Conditions that stand in the same words are one: $80 is a number and a currency. [{text, numbers, said, prefer}]
export function grouped(constraints = []) {
  const found = new Map();
  constraints.forEach((one, number) => {
    const group = found.get(one.text) ?? { text: one.text, numbers: [], all: [] };
    group.numbers.push(number);
    group.all.push(one);
    found.set(one.text, group);
  });
  return [...found.values()].map((group) => ({ ...group, said: said(group.all) }));
}

function said(all) {
  const currency = all.find((one) => one.field === "currency" && one.op === "=" && all.some((other) => other.field === "price"))?.value;
  const rest = all.filter((one) => !(one.field === "currency" && currency));
  const [low, high] = [rest.find((one) => one.op.startsWith(">")), rest.find((one) => one.op.startsWith("<"))];
  const text = rest.length === 2 && low && high && low.field === high.field
    ? words.between(amount(low, currency), amount(high, currency))
    : rest.map((one) => condition(one, currency)).join(" · ");
  return all.every((one) => one.strength === "prefer") ? words.rather(text) : text;
}

function amount(one, currency) {
  return one.field === "price" ? money(one.value, currency, { exact: false }) : valueOf(one.field, one.value);
}

function condition(one, currency) {
  const { field, op, value } = one;
  if (field === "in_stock") return (value === true) === (op === "=") ? words.inStock : words.notInStock;
  if (typeof value === "boolean") return value === (op === "=") ? label(field).toLowerCase() : words.not(label(field).toLowerCase());
  const text = Array.isArray(value) ? value.map((each) => valueOf(field, each)).join(` ${words.or} `) : amount(one, currency);
  if (op === "!=") return field === "text" || field === "material" ? words.without1(text) : words.not(text);
  if (field === "rating" && op.startsWith(">")) return words.ratedFrom(text);
  const phrased = { "<": words.under, "<=": words.upTo, ">": words.over, ">=": words.from }[op]?.(text) ?? text;
  return field === "price" || NAMELESS.has(field) ? phrased : words.of(label(field), phrased);
}

// Fields whose values say by themselves what they are.
const NAMELESS = new Set(["brand", "category", "colour", "color", "material", "text", "kind", "gender", "currency", "title"]);

// What all of a group's verdicts come to, and the field and value that show it.
export function verdictOf(group, evidence = []) {
  const own = group.numbers.map((number) => evidence.find((one) => one.constraint === number)).filter(Boolean);
  const shown = own.find((one) => one.field !== "currency") ?? own[0];
  const verdict = ["violated", "unknown"].find((kind) => own.some((one) => one.verdict === kind)) ?? (own.length ? "satisfied" : "unknown");
  return { verdict, field: shown?.field ?? group.all[0].field, value: shown?.value ?? null };
}

export function webAddress(text) {
  try {
    const address = new URL(text);
    return ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}
