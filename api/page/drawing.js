// A drawing in the product's stead: its ground tells the department, its motif the sort of thing, its colour the
// product's own. The same product is always drawn alike, and nothing is fetched.

import { draw } from "./dom.js";
import { motif } from "./motifs.js";

// Hue, saturation and lightness of a colour by its name: the last word that is one decides («brick red», «墨黑»).
const COLOURS = [
  [/black|ebony|onyx|jet|黑/i, 220, 8, 34], [/white|ecru|ivory|snow|白|象牙/i, 40, 30, 95], [/charcoal|graphite|anthracite|slate|石墨|深灰/i, 215, 10, 44],
  [/gr[ae]y|silver|steel|ash|灰|银/i, 210, 8, 70], [/navy|indigo|midnight|藏青|靛/i, 226, 44, 46], [/teal|turquoise|petrol|青|孔雀/i, 178, 44, 52],
  [/blue|denim|cobalt|azure|蓝/i, 212, 58, 60], [/lime|荧光/i, 76, 58, 58], [/olive|khaki|moss|橄榄|军绿|卡其/i, 72, 28, 50],
  [/green|sage|mint|forest|emerald|绿/i, 140, 34, 54], [/yellow|mustard|lemon|黄/i, 46, 78, 64], [/gold|brass|amber|金/i, 42, 56, 58],
  [/orange|coral|apricot|peach|terracotta|橙|橘|珊瑚/i, 20, 74, 66], [/burgundy|wine|maroon|plum|酒红/i, 345, 44, 44], [/pink|rose|blush|fuchsia|粉|玫瑰/i, 342, 60, 76],
  [/red|crimson|scarlet|红/i, 4, 58, 58], [/purple|violet|lilac|lavender|紫/i, 268, 40, 66], [/beige|cream|sand|oat|natural|linen|oak|米|杏|原木/i, 38, 42, 80],
  [/brown|walnut|tan|chestnut|mahogany|cognac|chocolate|棕|褐|胡桃|咖/i, 24, 36, 46],
];
const GROUNDS = [14, 34, 72, 150, 184, 212, 258, 326];

// {hue, saturation, lightness} of a colour's name, or null: not a colour that is known here.
export function colourOf(text) {
  let best = null;
  for (const [pattern, hue, saturation, lightness] of COLOURS) {
    const at = String(text ?? "").search(pattern);
    if (at >= 0 && at >= (best?.at ?? -1)) best = { at, hue, saturation, lightness };
  }
  return best;
}

export function drawing(hit) {
  const path = [hit.category ?? []].flat().map(String);
  const seed = hash(String(hit.id));
  const ground = GROUNDS[hash(path[0] ?? hit.brand ?? "") % GROUNDS.length];
  const own = colourOf([hit.colour ?? hit.color ?? ""].flat()[0]) ?? { hue: ground, saturation: 40, lightness: 68 };
  const { body, lines } = motif(path, String(hit.title ?? ""));
  const picture = draw("svg", { viewBox: "0 0 120 90", class: "drawing", "aria-hidden": "true", focusable: "false", preserveAspectRatio: "xMidYMid meet" });
  const set = { "--ground-hue": ground, "--own-hue": own.hue, "--own-saturation": `${own.saturation}%`, "--own-lightness": `${own.lightness}%` };
  for (const [name, value] of Object.entries(set)) picture.style.setProperty(name, String(value)); // a policy forbids style="" in markup, not this
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
