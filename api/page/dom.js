// What every part of the page draws with. Text goes in as text, never as HTML: catalogues hold whatever their suppliers wrote.

const SVG = "http://www.w3.org/2000/svg";

export function at(id) {
  return document.getElementById(id);
}

export function make(tag, style = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (style) element.className = style;
  if (text !== "" && text !== null && text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

export function button(style, text, click, attributes = {}) {
  const element = make("button", style, text, { type: "button", ...attributes });
  element.addEventListener("click", click);
  return element;
}

export function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Lines on 24 × 24, in the colour of the text.
const ICONS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.5 4.5",
  type: "M4 12V5a1 1 0 0 1 1-1h7l8 8-8 8-8-8Zm4.5-3.5h.01",
  brand: "M12 3.5l2.4 2 3.1-.1.9 3 2.6 1.8-1.1 2.9 1.1 2.9-2.6 1.8-.9 3-3.1-.1-2.4 2-2.4-2-3.1.1-.9-3L3 16l1.1-2.9L3 10.2l2.6-1.8.9-3 3.1.1Zm-3 8.8 2.2 2.2 4-4.4",
  category: "M4 4.5h6.5V11H4Zm9.5 0H20V11h-6.5ZM4 14h6.5v6.5H4Zm9.5 0H20v6.5h-6.5Z",
  title: "M4 8l8-4 8 4v8l-8 4-8-4Zm0 0 8 4 8-4m-8 4v8",
  recent: "M12 7v5l3.2 2M4.2 9.5A8.3 8.3 0 1 1 3.8 13M3.5 4.5l.6 5 5-.6",
  fill: "M17 17 7 7m0 8V7h8",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20c.8-3.8 3.8-5.5 7.5-5.5s6.700 1.700 7.500 5.500",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  down: "M6 9.500l6 6 6-6",
  filter: "M4 6h16M7 12h10M10 18h4",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
  alert: "M12 4 2.800 20h18.400ZM12 10v4.500m0 2.800v.01",
  offline: "M3 3l18 18M5 12.500a10 10 0 0 1 4-2.400m4.500-.2a10 10 0 0 1 5.500 2.600M8.500 16a5 5 0 0 1 7 0M12 19.500h.01M2 9a15 15 0 0 1 4.500-2.800m4-1A15 15 0 0 1 22 9",
  empty: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm5 12 4.500 4.500M8.500 13.200c1.300-1.300 3.700-1.300 5 0M8.800 9.200h.01m4.400 0h.01",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm3 1.200L20 3.500m-4 4 3 3",
  box: "M4 8l8-4 8 4v8l-8 4-8-4Zm0 0 8 4 8-4m-8 4v8",
};

export function icon(name, size = 20) {
  return draw("svg", { class: "icon", viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" },
    draw("path", { d: ICONS[name] }));
}

let saying = 0;

// The one live region. What follows quickly upon another replaces it, so that typing does not chatter.
export function announce(text, wait = 700) {
  clearTimeout(saying);
  saying = setTimeout(() => { at("live").textContent = text; }, wait);
}

// Marked text → what is between the marks as <mark>, the rest as text.
export function marked(text, [open, close]) {
  const parts = [];
  for (const piece of String(text).split(open)) {
    const [inside, outside] = piece.includes(close) ? piece.split(close, 2) : [null, piece];
    if (inside) parts.push(make("mark", "", inside));
    if (outside) parts.push(outside);
  }
  return parts;
}

// Text with [start, end) in code points → the same.
export function spanned(text, spans) {
  const points = [...text];
  const parts = [];
  let last = 0;
  for (const [start, end] of spans) {
    if (start > last) parts.push(points.slice(last, start).join(""));
    parts.push(make("mark", "", points.slice(start, end).join("")));
    last = end;
  }
  if (last < points.length) parts.push(points.slice(last).join(""));
  return parts;
}
