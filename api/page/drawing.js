// A drawing in the product's stead: its ground tells the department, its motif the sort of thing, its colour the
// product's own. The same product is always drawn alike, and nothing is fetched.

import { draw } from "./dom.js";
import { motif } from "./motifs.js";

// Names of colours in both languages, and hue, saturation, lightness. Of several in a text the last one counts, as in
// «brick red», and where two end alike the one that comes first here: «navy blue» is navy.
const COLOURS = [
  ["black|ebony|onyx|jet", "黑", 220, 8, 34], ["white|ecru|ivory|snow", "白|象牙", 40, 30, 95], ["(charcoal|graphite|slate)( gr[ae]y)?|anthracite", "石墨|深灰", 215, 10, 44],
  ["gr[ae]y|silver|steel|ash", "灰|银", 210, 8, 70], ["(navy|indigo|midnight)( blue)?", "藏青|靛", 226, 44, 46], ["teal|turquoise|petrol", "青|孔雀", 178, 44, 52],
  ["blue|denim|cobalt|azure", "蓝", 212, 58, 60], ["lime( green)?", "荧光", 76, 58, 58], ["(olive|khaki|moss)( green)?", "橄榄|军绿|卡其", 72, 28, 50],
  ["green|sage|mint|forest|emerald", "绿", 140, 34, 54], ["yellow|mustard|lemon", "黄", 46, 78, 64], ["gold|golden|brass|amber", "金", 42, 56, 58],
  ["orange|coral|apricot|peach|terracotta|rust", "橙|橘|珊瑚", 20, 74, 66], ["burgundy|wine|maroon|plum", "酒红", 345, 44, 44], ["pink|rose|blush|fuchsia", "粉|玫瑰", 342, 60, 76],
  ["red|crimson|scarlet", "红", 4, 58, 58], ["purple|violet|lilac|lavender", "紫", 268, 40, 66], ["beige|cream|sand|oat|natural|linen|oak", "米|杏|原木", 38, 42, 80],
  ["brown|walnut|tan|chestnut|mahogany|cognac|chocolate|caramel", "棕|褐|胡桃|咖", 24, 36, 46],
].map(([english, chinese, ...values]) => [new RegExp(`\\b(?:${english})\\b|${chinese}`, "gi"), ...values]);
const BEGINNING = 90; // of the description: what a thing is stands at its head
const GROUNDS = [14, 34, 72, 150, 184, 212, 258, 326];

// {hue, saturation, lightness} of a colour's name, or null: not a colour that is known here.
export function colourOf(text) {
  let best = null;
  for (const [pattern, hue, saturation, lightness] of COLOURS) {
    for (const match of String(text ?? "").matchAll(pattern)) {
      const end = match.index + match[0].length;
      if (end > (best?.end ?? 0)) best = { end, hue, saturation, lightness };
    }
  }
  return best;
}

export function drawing(hit) {
  const path = [hit.category ?? []].flat().map(String);
  const seed = hash(String(hit.id));
  const ground = GROUNDS[hash(path[0] ?? hit.brand ?? "") % GROUNDS.length];
  const own = colourOf([hit.colour ?? hit.color ?? ""].flat()[0]) ?? colourOf(hit.title) ?? { hue: ground, saturation: 40, lightness: 68 };
  const { body, lines } = motif(path, String(hit.title ?? ""), String(hit.description ?? "").slice(0, BEGINNING));
  const picture = draw("svg", { viewBox: "0 0 120 90", class: "drawing", "aria-hidden": "true", focusable: "false", preserveAspectRatio: "xMidYMid meet" });
  const set = { "--ground-hue": ground, "--own-hue": own.hue, "--own-saturation": `${own.saturation}%`, "--own-lightness": `${own.lightness}%` };
  for (const [name, value] of Object.entries(set)) picture.style.setProperty(name, String(value)); // the policy forbids styles in markup, not this
  const tilt = (seed % 9) - 4;
  const bit = (place, width) => (seed >> place) % width;
  picture.append(draw("rect", { class: "ground", x: -200, y: -200, width: 520, height: 520 }), ...scene(bit), draw("ellipse", { class: "shadow", cx: 60, cy: 76, rx: 26, ry: 2.8 }));
  const thing = draw("g", { transform: `translate(29 11) scale(1.28) rotate(${tilt} 24 24)` });
  thing.append(draw("path", { class: "thing", d: body }));
  if (lines) thing.append(draw("path", { class: "lines", d: lines }));
  picture.append(thing);
  return picture;
}

// What lies behind: a hill and a sun, two hills, or an archway. Hills reach far down, for frames that are taller.
function scene(bit) {
  const left = 18 + bit(4, 84);
  const sun = (x) => draw("circle", { class: "sun", cx: x % 120, cy: 16 + bit(10, 14), r: 7 + bit(12, 8) });
  if (bit(14, 4) === 0) return [hill(60, 30 - bit(6, 6), 38), sun(left + 50)];
  if (bit(14, 4) === 1) return [hill(left - 30, 74, 40 + bit(6, 10)), hill(left + 56, 82, 46 + bit(8, 10), "hill far"), sun(left + 8)];
  return [hill(left, 52 + bit(2, 8), 44 + bit(6, 16)), sun(left + 48 + bit(8, 24))];
}

function hill(middle, top, width, style = "hill") {
  return draw("path", { class: style, d: `M${middle - width} 400V${top + width}a${width} ${width} 0 0 1 ${2 * width} 0V400Z` });
}

function hash(text) {
  let value = 2166136261;
  for (const char of text) value = Math.imul(value ^ char.codePointAt(0), 16777619) >>> 0;
  return value;
}
