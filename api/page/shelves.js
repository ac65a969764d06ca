// Shelves for the empty box: what suits the shopper, with the reason under each; for nobody what is popular, and what
// goes on from what was looked at in this tab. Also where nothing was found.

import { picture, rating, titleOf } from "./cards.js";
import { page, recommendations } from "./client.js";
import { button, icon, make } from "./dom.js";
import { seenProducts } from "./session.js";
import { openWhy } from "./why.js";
import { money, spokenLanguage, words } from "./words.js";

const MANY = 14;
let running = null;
let shown = "";

export async function showShelves(root, state, result) {
  const start = !state.q && !Object.keys(state.chosen).length && !state.price && !state.sort;
  const wanted = start || (result && !result.hits.length);
  const seen = state.user ? [] : seenProducts(state.index);
  const key = wanted ? JSON.stringify([state.index, state.user, spokenLanguage(), start, start ? seen[0] : ""]) : "";
  if (key === shown && (key === "" || root.children.length)) return;
  running?.abort();
  shown = key;
  if (!wanted) return root.replaceChildren();
  const mine = (running = new AbortController());
  if (!root.children.length) root.replaceChildren(waiting());
  try {
    const asked = [recommendations(state, mine.signal, MANY)];
    if (start && seen.length) asked.push(recommendations(state, mine.signal, MANY, { recent: seen }));
    const [main, session] = await Promise.all(asked);
    if (mine.signal.aborted) return;
    const named = page.shoppers.find((one) => one.user === state.user)?.name;
    const personal = state.user && main.hits.some((hit) => hit._recommendation?.because?.some((one) => one.part !== "popular"));
    const title = personal ? (named ? words.forShopper(named) : words.forYou) : start ? words.popularNow : words.instead;
    const shelves = [shelf(title, personal ? words.shelfNote : "", main, state)];
    if (session?.hits.length) shelves.unshift(shelf(words.fromSession, words.sessionNote, session, state));
    root.replaceChildren(...shelves.filter(Boolean));
  } catch (error) {
    if (error.name === "AbortError") return;
    shown = "";
    root.replaceChildren(); // shelves are an extra; what is wrong the search itself says
  }
}

function waiting() {
  const box = make("div", "shelf waiting", "", { "aria-hidden": "true" });
  const row = make("div", "shelf-row");
  row.append(...Array.from({ length: 6 }, () => make("div", "ghost-tile")));
  box.append(make("div", "ghost-line half"), row);
  return box;
}

function shelf(title, note, answer, state) {
  if (!answer.hits.length) return null;
  const id = `shelf-${title}`.replaceAll(/\s+/g, "-");
  const box = make("section", "shelf", "", { "aria-labelledby": id });
  const head = make("div", "shelf-head");
  const row = make("ul", "shelf-row", "", { tabindex: "0", "aria-labelledby": id });
  const scroll = (direction) => row.scrollBy({ left: direction * row.clientWidth * 0.85 });
  const [back, on] = [button("round", "", () => scroll(-1), { "aria-label": words.scrollBack }), button("round", "", () => scroll(1), { "aria-label": words.scrollOn })];
  back.append(icon("down"));
  on.append(icon("down"));
  back.classList.add("back");
  on.classList.add("on");
  const arrows = make("div", "arrows");
  arrows.append(back, on);
  const text = make("div");
  text.append(make("h2", "", title, { id }));
  if (note) text.append(make("p", "soft", note));
  head.append(text, arrows);
  row.append(...answer.hits.map((hit) => tile(hit, answer, state)));
  const ends = () => {
    back.disabled = row.scrollLeft < 4;
    on.disabled = row.scrollLeft + row.clientWidth > row.scrollWidth - 4;
  };
  row.addEventListener("scroll", ends, { passive: true });
  new ResizeObserver(ends).observe(row);
  row.addEventListener("keydown", (event) => {
    if (event.target !== row || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
    event.preventDefault();
    scroll(event.key === "ArrowRight" ? 0.5 : -0.5);
  });
  box.append(head, row);
  return box;
}

function tile(hit, answer, state) {
  const item = make("li");
  const act = button("tile", "", () => openWhy(hit, answer, state), { "aria-haspopup": "dialog" });
  const frame = make("span", "frame");
  frame.append(picture(hit));
  const foot = make("span", "tile-foot");
  foot.append(make("span", "price", typeof hit.price === "number" ? money(hit.price, hit.currency) : ""));
  const stars = rating(hit);
  if (stars) foot.append(stars);
  act.append(frame, make("span", "tile-title", titleOf(hit)), foot);
  const [first] = hit._recommendation?.because ?? [];
  // In the server's words: it knows what is like what, and what is only near.
  if (first && first.part !== "popular" && hit._explanation) act.append(make("span", "tile-reason", hit._explanation));
  item.append(act);
  return item;
}

