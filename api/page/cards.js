// A hit as a card. Text goes in as text, never as HTML: catalogues hold whatever their suppliers wrote.

import { MARKS } from "./client.js";
import { money, words } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

export function card(hit) {
  const item = document.createElement("li");
  const box = make("article", "card");
  box.classList.toggle("gone", hit.in_stock === false);
  const heading = make("h2");
  const link = webAddress(hit.url);
  const title = link ? make("a") : heading;
  if (link) {
    title.href = link;
    title.rel = "noopener noreferrer";
    heading.append(title);
  } else {
    heading.tabIndex = -1;
  }
  title.append(...marked(hit._formatted?.title ?? hit.title ?? words.untitled));
  const body = make("div", "body");
  if (hit.brand) body.append(make("div", "brand", hit.brand));
  body.append(heading);
  const path = Array.isArray(hit.category) ? hit.category : hit.category ? [hit.category] : [];
  if (path.length) body.append(make("div", "category", path.at(-1)));
  const foot = make("div", "foot");
  if (typeof hit.price === "number") foot.append(make("span", "price", money(hit.price, hit.currency)));
  if (hit.in_stock === false) foot.append(make("span", "out", words.out));
  else if (typeof hit.rating === "number") {
    const rating = make("span", "category", `★ ${hit.rating}`);
    rating.setAttribute("aria-label", words.perfect(hit.rating));
    rating.setAttribute("role", "img");
    foot.append(rating);
  }
  body.append(foot);
  box.append(placeholder(hit, path), body);
  item.append(box);
  return item;
}

export function make(tag, style = "", text = "") {
  const element = document.createElement(tag);
  if (style) element.className = style;
  if (text) element.textContent = text;
  return element;
}

function marked(text) {
  const parts = [];
  for (const piece of String(text).split(MARKS[0])) {
    const [inside, outside] = piece.includes(MARKS[1]) ? piece.split(MARKS[1], 2) : [null, piece];
    if (inside) parts.push(make("mark", "", inside));
    if (outside) parts.push(outside);
  }
  return parts;
}

function webAddress(text) {
  try {
    const address = new URL(text);
    return ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
}

function hash(text) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 16777619) >>> 0;
  return value;
}

// A drawing in the product's stead: its hue tells the department, its shapes the product. Nothing is fetched.
function placeholder(hit, path) {
  const hue = hash(path[0] ?? hit.brand ?? "") % 360;
  const seed = hash(String(hit.id));
  const drawing = draw("svg", { viewBox: "0 0 100 60", "aria-hidden": "true" });
  drawing.append(
    draw("rect", { width: 100, height: 60, fill: `hsl(${hue} 38% 84%)` }),
    draw("circle", { cx: 18 + (seed % 64), cy: 54 - (seed % 7), r: 20 + (seed % 13), fill: `hsl(${(hue + 24) % 360} 42% 74%)` }),
    draw("circle", { cx: 90 - ((seed >> 5) % 60), cy: 8 + ((seed >> 3) % 12), r: 9 + ((seed >> 7) % 9), fill: `hsl(${(hue + 330) % 360} 46% 90%)` }),
  );
  const letter = draw("text", { x: 50, y: 40, "text-anchor": "middle", "font-size": 26, "font-weight": 650, fill: `hsl(${hue} 45% 30%)` });
  letter.textContent = [...String(hit.title ?? "?").replace(/^[^\p{L}\p{N}]+/u, "")][0]?.toUpperCase() ?? "?";
  drawing.append(letter);
  return drawing;
}

function draw(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
