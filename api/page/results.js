// The list of results: cards, what stands in their place while they load, and more of them.

import { card } from "./cards.js";
import { compareWithin } from "./compare.js";
import { announce, button, make } from "./dom.js";
import { STEP } from "./state.js";
import { openWhy } from "./why.js";
import { count, spokenLanguage, words } from "./words.js";

let before = null; // {key, ids}: what the list shows now

export function showResults(root, result, state, change) {
  const key = JSON.stringify([{ ...state, shown: 0 }, spokenLanguage(), result.understood]);
  const ids = result.hits.map((hit) => `${hit.id}:${hit._personalization?.baseRank ?? ""}`);
  const goesOn = before?.key === key && root.children.length === before.ids.length && before.ids.every((id, place) => id === ids[place]);
  const fresh = goesOn ? result.hits.slice(before.ids.length) : result.hits;
  const cards = fresh.map((hit) => card(hit, result, (one) => openWhy(one, result, state)));
  root.setAttribute("aria-label", words.listed);
  root.removeAttribute("aria-busy");
  root.classList.remove("stale");
  if (goesOn) root.append(...cards);
  else root.replaceChildren(...cards);
  before = { key, ids };
  compareWithin(state);
  showMore(root, result, state, change);
}

// Shapes of cards to come. What is shown already stays, dimmed, so that nothing jumps while one types.
export function showLoading(root) {
  root.setAttribute("aria-busy", "true");
  if (root.querySelector(".card")) return root.classList.add("stale");
  before = null;
  root.replaceChildren(...Array.from({ length: 8 }, () => {
    const item = make("li", "ghost", "", { "aria-hidden": "true" });
    item.append(make("div", "ghost-frame"), make("div", "ghost-line short"), make("div", "ghost-line"), make("div", "ghost-line half"));
    return item;
  }));
}

function showMore(root, result, state, change) {
  const box = root.nextElementSibling;
  const [here, all] = [result.hits.length, result.estimatedTotalHits];
  box.hidden = here < state.shown || here >= all;
  if (box.hidden) return box.replaceChildren();
  const next = button("quiet more", words.more, async () => {
    next.disabled = true;
    await change({ shown: state.shown + STEP }, true);
    // To the first of the new ones, so that one reads on where one was.
    root.children[here]?.querySelector(".title a, .title[tabindex]")?.focus();
    announce(words.newOnes(count(here + 1), count(root.children.length), count(all)));
  });
  const bar = make("div", "progress", "", { "aria-hidden": "true" });
  const done = make("span");
  done.style.width = `${(100 * here) / all}%`;
  bar.append(done);
  box.replaceChildren(make("p", "", words.shownOf(count(here), count(all))), bar, next);
}
