// The words of the page in the language of the day. `words` is one object for as long as the page lives; `speak` refills it.

import { EN } from "./words-en.js";
import { RESULTS } from "./words-results.js";
import { ZH } from "./words-zh.js";

const WORDS = { en: { ...EN, ...RESULTS.en }, zh: { ...ZH, ...RESULTS.zh } };
const KEY = "daogou-language";

export const words = { ...WORDS.en };

let spoken = "en";
let locale = "en";

// The language that is meant by what stands in an address; else the one chosen before; else the browser's.
export function language(written) {
  return [written, remembered()].find((one) => one === "en" || one === "zh") ?? ofBrowser();
}

export function ofBrowser() {
  return (navigator.languages?.[0] ?? navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden; then nothing is remembered
  }
}

export function remember(lang) {
  try {
    localStorage.setItem(KEY, lang);
  } catch {
    // as above
  }
}

// From here on the page speaks this language. Whatever is marked with data-text or data-label says it anew.
export function speak(lang) {
  spoken = lang;
  Object.assign(words, WORDS[lang]);
  const own = navigator.languages?.find((one) => one.toLowerCase().startsWith(lang));
  locale = own ?? (lang === "zh" ? "zh-CN" : "en");
  const root = document.documentElement;
  root.lang = lang;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = words[element.dataset.text];
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", words[element.dataset.label]);
  for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = words[element.dataset.placeholder];
}

export function spokenLanguage() {
  return spoken;
}

export function count(number) {
  return new Intl.NumberFormat(locale).format(number);
}

// 59 USD → $59.00. Whole amounts of money keep their cents only where `exact`.
export function money(amount, currency, { exact = true } = {}) {
  const short = exact || !Number.isInteger(amount) ? {} : { maximumFractionDigits: 0, minimumFractionDigits: 0 };
  try {
    return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol", ...short }).format(amount);
  } catch {
    const plain = { minimumFractionDigits: exact ? 2 : 0, maximumFractionDigits: 2 };
    return `${new Intl.NumberFormat(locale, plain).format(amount)} ${currency ?? ""}`.trim();
  }
}

// A field of the catalogue as people read it: battery_hours → Battery hours, where we have no word of our own for it.
export function fieldName(name) {
  const own = words.fields[name];
  if (own) return own;
  const text = name.replaceAll("_", " ").trim();
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}
