// «Why this?»: a sheet beside the results (on a phone: from below) with all that speaks for and against one product.
// What ranked is what is shown; nothing is computed anew. Where there is a language model, its checked sentences come
// in one by one and take the place of the plain one.

import { picture, rating, titleOf } from "./cards.js";
import { explain, page } from "./client.js";
import { announce, button, icon, make } from "./dom.js";
import { webAddress } from "./plain.js";
import { sawProduct } from "./session.js";
import { conditions, fields, goesWellWith, lookAlikes, matchedWords, scoreParts, taste } from "./why-parts.js";
import { money, words } from "./words.js";

let sheet = null;
let running = null;

export function openWhy(hit, result, state) {
  sheet ??= makeSheet();
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  sawProduct(state, hit);
  sheet.close.setAttribute("aria-label", words.close);
  const title = make("h2", "why-title", titleOf(hit), { id: "why-title", tabindex: "-1" });
  sheet.body.replaceChildren(
    heading(hit, title), reason(hit, result, state, signal),
    ...[conditions(hit, result), taste(hit, state, signal), matchedWords(hit, state, signal), scoreParts(hit), fields(hit),
      lookAlikes(hit, state, signal, reopen(state)), goesWellWith(hit, state, signal, reopen(state))].filter(Boolean),
  );
  sheet.body.scrollTop = 0;
  if (!sheet.dialog.open) sheet.dialog.showModal();
  title.focus({ preventScroll: true });
}

// Another product in the same sheet: it answers no question, so only what is known of it is told.
function reopen(state) {
  return (hit) => openWhy(hit, { hits: [hit], understood: {} }, { ...state, q: "" });
}

function makeSheet() {
  const dialog = make("dialog", "sheet side", "", { "aria-labelledby": "why-title" });
  const close = button("round", "", () => dialog.close());
  close.append(icon("close"));
  const head = make("div", "sheet-head floating");
  head.append(close);
  const body = make("div", "sheet-body why");
  dialog.append(head, body);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => running?.abort());
  document.body.append(dialog);
  return { dialog, close, body };
}

function heading(hit, title) {
  const box = make("div", "why-head");
  const frame = make("div", "frame");
  frame.append(picture(hit, false));
  const text = make("div", "why-about");
  if (hit.brand) text.append(make("div", "brand", String(hit.brand)));
  text.append(title);
  const row = make("div", "about");
  if (typeof hit.price === "number") row.append(make("span", "price", money(hit.price, hit.currency)));
  const stars = rating(hit);
  if (stars) row.append(stars);
  if (hit.in_stock === false) row.append(make("span", "out-text", words.out));
  text.append(row);
  const link = webAddress(hit.url);
  if (link) text.append(make("a", "visit", words.visit, { href: link, rel: "noopener noreferrer" }));
  box.append(frame, text);
  return box;
}

// The sentence, where it comes from, and the model's words as they arrive.
function reason(hit, result, state, signal) {
  const box = make("section", "reason", "", { "aria-label": words.reason });
  const text = make("p", "said", hit._explanation ?? "");
  const source = make("p", "source", hit._explanation ? words.byEvidence : "");
  box.append(text, source);
  box.hidden = !hit._explanation;
  const ranked = result.facets !== undefined; // of a search: shelves and similar products answer no question
  if (ranked && (page.model || !hit._explanation)) worded(hit, state, { box, text, source }, signal);
  return box;
}

async function worded(hit, state, { box, text, source }, signal) {
  let fresh = true;
  const show = (said, from) => {
    text.textContent = said;
    source.textContent = from === "model" ? words.byModel : words.byEvidence;
    box.classList.toggle("by-model", from === "model");
    box.hidden = !said;
  };
  if (page.model) source.textContent = words.writing;
  try {
    await explain(state, [String(hit.id)], { model: page.model }, (kind, data) => {
      if (signal.aborted || (data.id !== undefined && data.id !== String(hit.id))) return;
      if (kind === "sentence") {
        const before = fresh ? "" : text.textContent;
        fresh = false;
        show(`${before}${before && !/[。！？]$/.test(before) ? " " : ""}${data.text}`, "model");
      } else if (kind === "explanation") {
        show(data.text, data.source);
        if (page.model && data.source === "evidence" && fresh) source.textContent = words.writing;
        if (data.source === "model") announce(data.text);
      } else if (kind === "done") {
        if (source.textContent === words.writing) source.textContent = words.byEvidence;
        if (data.degraded?.length) source.textContent = words.modelSilent;
      }
    }, signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (hit._explanation) show(hit._explanation, "evidence");
    if (page.model && hit._explanation) source.textContent = words.modelSilent;
  }
}
