// A hit as a card. Text goes in as text, never as HTML: catalogues hold whatever their suppliers wrote.

import { MARKS, page } from "./client.js";
import { compareBox } from "./compare.js";
import { drawing } from "./drawing.js";
import { button, draw, make, marked } from "./dom.js";
import { grouped, valueOf, verdictOf, webAddress } from "./plain.js";
import { count, money, words } from "./words.js";

const SIGN = { satisfied: "M3 8.5 6.5 12 13 4.5", violated: "M4 4l8 8M12 4l-8 8", unknown: "M5.5 6a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .8-1 1.700M8 12.7v.1" };
const LONGEST = 240; // characters of a title
const SHOWN = 4; // conditions on a card; the rest is told by «Why this?»

// `open(hit)` shows why. The card itself is no link: text can be selected, and each control is what it says.
export function card(hit, result, open) {
  const item = make("li");
  const box = make("article", hit.in_stock === false ? "card gone" : "card", "", { "data-id": String(hit.id) });
  const title = titleOf(hit);
  const name = heading(hit, open);
  const frame = make("div", "frame");
  frame.append(picture(hit));
  frame.addEventListener("click", () => (name.querySelector("a") ? name.querySelector("a").click() : open(hit)));
  const badge = moved(hit);
  if (badge) frame.append(badge);
  if (hit.in_stock === false) frame.append(make("span", "out", words.out));
  const body = make("div", "body");
  if (hit.brand) body.append(make("div", "brand", String(hit.brand)));
  body.append(name);
  const about = aboutOf(hit);
  if (about) body.append(about);
  const shown = evidenceLine(hit, result);
  if (shown) body.append(shown);
  const foot = make("div", "foot");
  foot.append(make("span", "price", typeof hit.price === "number" ? money(hit.price, hit.currency) : ""));
  const why = button("why-button", words.why, () => open(hit), { "aria-haspopup": "dialog" });
  why.append(make("span", "hidden", ` ${title}`));
  const acts = make("div", "acts");
  acts.append(compareBox(hit, title), why);
  body.append(foot, acts);
  box.append(frame, body);
  item.append(box);
  return item;
}

// Some suppliers put the whole description there.
export function titleOf(hit) {
  const title = [...String(hit.title ?? "").trim()];
  return title.length > LONGEST ? `${title.slice(0, LONGEST).join("")}…` : title.join("") || words.untitled;
}

// A link where the shop has a page of it; else it opens the reasons, for the mouse and for who came here by arrow keys.
function heading(hit, open) {
  const element = make("h2", "title");
  const link = webAddress(hit.url);
  const inner = link ? make("a", "", "", { href: link, rel: "noopener noreferrer" }) : element;
  if (link) element.append(inner);
  else {
    element.tabIndex = -1;
    element.addEventListener("click", () => { if (!String(getSelection())) open(hit); });
    element.addEventListener("keydown", (event) => { if (event.key === "Enter") open(hit); });
  }
  inner.append(...marked(hit._formatted?.title || titleOf(hit), MARKS));
  return element;
}

// The narrowest category, and what others thought.
function aboutOf(hit) {
  const row = make("div", "about");
  const narrow = [hit.category ?? []].flat().at(-1);
  if (narrow) row.append(make("span", "category", String(narrow)));
  const stars = rating(hit);
  if (stars) row.append(stars);
  return row.children.length ? row : null;
}

export function rating(hit) {
  if (typeof hit.rating !== "number") return null;
  const stars = count(Math.round(hit.rating * 10) / 10);
  const number = typeof hit.rating_count === "number" ? count(hit.rating_count) : "";
  const row = make("span", "rating", "", { role: "img", "aria-label": words.rated(stars, number) });
  row.append(draw("svg", { viewBox: "0 0 16 16", width: 13, height: 13, "aria-hidden": "true" },
    draw("path", { d: "m8 1.600 2 4.200 4.600.6-3.400 3.200.9 4.5L8 11.900l-4.100 2.200.9-4.5L1.400 6.400 6 5.800Z" })), stars);
  if (number) row.append(make("span", "raters", ` (${number})`));
  return row;
}

export function sign(verdict) {
  return draw("svg", { class: `sign ${verdict}`, viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" }, draw("path", { d: SIGN[verdict] }));
}

// What was asked for, and whether it is so: a tick, a cross, or a question mark where the catalogue does not say.
function evidenceLine(hit, result) {
  const groups = grouped(result.understood?.constraints);
  if (!groups.length || !hit._evidence) return null;
  const row = make("ul", "evidence");
  for (const group of groups.slice(0, SHOWN)) {
    const { verdict, field, value } = verdictOf(group, hit._evidence);
    const item = make("li", verdict, "", { title: value === null ? words.verdict[verdict] : valueOf(field, value, hit.currency) });
    item.append(sign(verdict), make("span", "", group.said), make("span", "hidden", ` (${words.verdict[verdict]})`));
    row.append(item);
  }
  return row;
}

function moved(hit) {
  const { baseRank, rank } = hit._personalization ?? {};
  if (!rank || baseRank === rank) return null;
  const badge = make("span", rank < baseRank ? "moved up" : "moved down", `${count(baseRank)} → ${count(rank)}`,
    { role: "img", "aria-label": words.movedFrom(count(baseRank), count(rank)), title: words.movedFrom(count(baseRank), count(rank)) });
  return badge;
}

// The product's image where its origin may be asked, else a drawing; also when the image does not come.
export function picture(hit, lazy = true) {
  const address = imageAddress([hit.image ?? []].flat()[0]);
  if (!address) return drawing(hit);
  const image = make("img", "photo", "", { alt: "", loading: lazy ? "lazy" : "eager", decoding: "async", width: 400, height: 300, referrerpolicy: "no-referrer" });
  image.addEventListener("error", () => image.replaceWith(drawing(hit)), { once: true });
  image.src = address;
  return image;
}

function imageAddress(text) {
  if (typeof text !== "string" || !/^(https?:\/)?\/\S+$/i.test(text)) return null; // anything else is no address, and not to be asked for
  try {
    const address = new URL(text, location.origin);
    return address.origin === location.origin || page.images.includes(address.origin) ? address.href : null;
  } catch {
    return null;
  }
}
