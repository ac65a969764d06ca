// What the page says when things are not as they should be. Two places: banners above the list, which stays (#notices),
// and a notice where the list would be (#notice). Each is one state of the page; showing another replaces it.

import { at, button, icon, make } from "./dom.js";
import { label, rangeOf, valueOf } from "./plain.js";
import { count, words } from "./words.js";

export function clearNotice() {
  shownFor = null;
  at("notice").hidden = true;
  at("notice").replaceChildren();
}

// In place of the list. `kind` chooses the drawing.
export function tell(kind, title, text = "", extra = []) {
  const head = make("div", "notice-icon");
  head.append(icon(kind, 30));
  at("notice").replaceChildren(head, make(at("heading").hidden ? "h1" : "h2", "", title), ...(text ? [make("p", "", text)] : []), ...extra);
  at("notice").hidden = false;
}

function command(index) {
  const text = `python -m indexer reindex CATALOGUE --index ${index || "products"}`;
  const line = make("div", "command");
  const copy = button("quiet", words.copy, async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = words.copied;
    } catch {
      getSelection().selectAllChildren(line.firstChild); // not allowed: then it is marked, to be copied by hand
    }
  });
  line.append(make("pre", "", text, { tabindex: "0" }), copy);
  return line;
}

export function noIndex(index) {
  tell("box", words.noIndexTitle, words.noIndex, [command(index)]);
}

export function wrongIndex(index, others, choose) {
  const more = [command(index)];
  if (others.length) more.push(make("p", "", words.missingOthers), row(others.map((name) => button("choice-chip", name, () => choose(name)))));
  tell("box", words.missingTitle(index), words.missing, more);
}

export function askForKey(error, enter) {
  const form = make("form", "key");
  const box = make("input", "", "", { type: "password", autocomplete: "off", "aria-label": words.keyLabel, required: "" });
  form.append(box, make("button", "filled", words.enter));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    enter(box.value.trim());
  });
  const wrong = error.code === "invalid_api_key" ? [make("p", "wrong", words.keyWrong, { role: "alert" })] : [];
  tell("key", words.keyTitle, words.key, [form, ...wrong]);
  box.focus();
}

export function refused(error) {
  tell("key", words.forbiddenTitle, error.message);
}

export function wrongAddress(error, clear) {
  const plain = error.message.replace(/^Inside `[^`]*`: /, "").split(/(?<=[.。]) (?:Available|Known) /)[0]; // not what a list of all fields tells
  tell("alert", words.wrongTitle, plain, [button("filled", words.wrongFilters, clear)]);
}

export function failed(error, retry) {
  tell("alert", words.errorTitle, error.message || String(error), [button("filled", words.retry, retry)]);
}

let shownFor = null; // the state that #notice speaks of

// Nothing was found: what stands in the way, each to be left out by a click, and what is near.
export function nothingFound(result, state, change, near) {
  const chips = [];
  for (const text of new Set((result.understood?.constraints ?? []).map((one) => one.text))) {
    chips.push(less(text, () => change({ ignore: [...state.ignore, text] })));
  }
  for (const [name, values] of Object.entries(state.chosen)) {
    const { [name]: _, ...others } = state.chosen;
    chips.push(less(words.of(label(name), values.map((value) => valueOf(name, value)).join(", ")), () => change({ chosen: others })));
  }
  if (state.price) chips.push(less(words.of(label("price"), rangeOf(state)), () => change({ price: null })));
  const extra = [];
  shownFor = state;
  if (chips.length) extra.push(row(chips));
  if (Object.keys(state.chosen).length + Number(Boolean(state.price)) > 1) {
    extra.push(button("quiet", words.clearAll, () => change({ chosen: {}, price: null })));
  }
  tell("empty", state.q ? words.emptyFor(state.q) : words.emptyTitle, chips.length ? words.emptyWhy : words.emptyNoWay, extra);
  // Other words come when they come, below what is there already.
  near.then((offers) => {
    if (!offers.length || shownFor !== state) return;
    const tries = offers.map(({ text, take }) => button("choice-chip", text, take, { "aria-label": words.dropped(text) }));
    at("notice").append(make("p", "", words.tryInstead), row(tries));
  }).catch(() => {});
}

function less(text, click) {
  const chip = button("choice-chip less", text, click, { "aria-label": words.leaveOut(text) });
  chip.append(icon("close", 14));
  return chip;
}

function row(items) {
  const line = make("div", "choices");
  line.append(...items);
  return line;
}

// Above the list: what the answer itself says of its limits.
export function showLimits(result) {
  const banners = [];
  if (result.weak && result.hits.length) banners.push(banner("weak", "empty", words.weakTitle, [words.weak]));
  const left = (result.degraded ?? []).map((name) => words.degraded[name] ?? words.degradedOther(name));
  if (left.length) banners.push(banner("degraded", "alert", words.partlyTitle, left));
  at("notices").replaceChildren(...banners);
}

function banner(kind, drawing, title, lines, extra = []) {
  const box = make("div", `banner ${kind}`);
  const text = make("p");
  text.append(make("strong", "", title), ` ${lines.join(" ")}`);
  box.append(icon(drawing), text, ...extra);
  return box;
}

// The server is away: counts down to the next try. With results of before on show a banner, else a notice.
// Returns a function that stops the countdown.
export function away(kind, seconds, stale, retry) {
  const title = { offline: words.offlineTitle, busy: words.busyTitle }[kind] ?? words.goneTitle;
  const line = make("span");
  let left = seconds;
  const say = () => { line.textContent = kind === "offline" ? words.offline : left > 0 ? words.gone(count(left)) : words.goneNow; };
  const clock = setInterval(() => {
    left -= 1;
    say();
  }, 1000);
  say();
  const again = button("quiet", words.retry, retry);
  if (stale) {
    const box = banner("away", kind === "offline" ? "offline" : "alert", title, [], [again]);
    box.querySelector("p").append(line, ` ${words.stale}`);
    at("notices").replaceChildren(box);
  } else {
    const text = make("p");
    text.append(line);
    tell(kind === "offline" ? "offline" : "alert", title, "", [text, again]);
  }
  return () => clearInterval(clock);
}
