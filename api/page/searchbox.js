// The search box: a combobox whose list completes what is typed (WAI-ARIA APG, list autocomplete, manual selection).
//
// hooks: index() → name of the index; typing(q) while letters come; commit(q) at Enter; pick(offer) when one is taken;
// leave() when Down is pressed after a search was sent, to go
// into the results; left() when the focus went elsewhere.

import { suggest } from "./client.js";
import { at, icon, make, button, spanned } from "./dom.js";
import { forgetRecent, forgetRecents, recents } from "./recents.js";
import { count, spokenLanguage, words } from "./words.js";

const PAUSE = 180; // milliseconds without a letter before the results follow
const POPULAR = 6;

// With nothing typed, what is in the language of the page; all where nothing is.
function inOurScript(offers) {
  const ours = offers.filter(({ text }) => /\p{Script=Han}/u.test(text) === (spokenLanguage() === "zh"));
  return ours.length ? ours : offers;
}

export function searchBox(hooks) {
  const [form, input, popup, list, foot, clear] = ["search", "q", "popup", "options", "popup-foot", "clear-box"].map(at);
  let typed = input.value; // what the shopper wrote, whichever offer the box shows meanwhile
  let offers = [];
  let active = -1;
  let sent = false; // a search was sent and nothing was typed since
  let writing = Boolean(typed); // letters came since the last search that was sent
  let quiet = false; // focus that the page itself gives opens nothing
  let asking = null;
  let pause = 0; // the clock of letters that are not searched for yet

  function set(text) {
    input.value = text;
    clear.hidden = !text;
  }

  function opened() {
    return !popup.hidden;
  }

  function close() {
    asking?.abort();
    popup.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  // Suggestions of the server; with an empty box, what was looked for here and what is often looked for.
  async function ask() {
    asking?.abort();
    if (!hooks.index()) return;
    const mine = (asking = new AbortController());
    const q = typed.trim();
    const own = q ? [] : recents(hooks.index()).map((text) => ({ text, kind: "recent", highlighted: [] }));
    let found = [];
    try {
      found = q ? await suggest(q, hooks.index(), mine.signal) : inOurScript(await suggest("", hooks.index(), mine.signal, 20)).slice(0, POPULAR);
    } catch (error) {
      if (error.name === "AbortError") return; // overtaken; else the box works without
    }
    if (mine !== asking || mine.signal.aborted || document.activeElement !== input) return;
    const known = new Set(own.map((one) => one.text.toLowerCase()));
    offers = [...own, ...found.filter((one) => !known.has(one.text.toLowerCase()))];
    offers.length ? open(own.length, q) : close();
  }

  function open(own, q) {
    active = -1;
    input.removeAttribute("aria-activedescendant");
    const options = offers.map(option);
    list.replaceChildren(...(q ? options : [group(words.recent, options.slice(0, own)), group(words.popular, options.slice(own))].filter(Boolean)));
    foot.replaceChildren(hints());
    if (own) foot.prepend(button("plain", words.forget, () => { forgetRecents(); input.focus(); ask(); }));
    popup.hidden = false;
    list.scrollTop = 0;
    input.setAttribute("aria-expanded", "true");
  }

  function group(name, options) {
    if (!options.length) return null;
    const box = make("div", "offers", "", { role: "group", "aria-label": name });
    box.append(make("div", "offers-title", name, { "aria-hidden": "true" }), ...options);
    return box;
  }

  // Its name is what it holds: «Halyard brand 11 products»; what the icon and the place say to the eye is hidden text.
  function option(offer, place) {
    const { text, kind, highlighted } = offer;
    const item = make("div", `offer of-${kind}`, "", { role: "option", id: `option-${place}`, "aria-selected": "false" });
    const inner = make("span");
    inner.append(...spanned(text, highlighted));
    const whole = make("span", "offer-text");
    whole.append(inner);
    const side = make("span", "offer-side");
    const shown = ["brand", "category", "title"].includes(kind);
    side.append(make("span", shown ? "offer-kind" : "hidden", words.kind[kind] ?? kind));
    if (["type", "brand", "category"].includes(kind)) {
      const number = make("span", "offer-count");
      number.append(make("span", "", count(offer.count), { "aria-hidden": "true" }), make("span", "hidden", words.products(count(offer.count))));
      side.append(number);
    }
    item.append(icon(kind === "type" || kind === "query" ? "search" : kind), whole, side);
    if (kind === "recent") item.append(forgetting(text));
    item.addEventListener("click", () => take(offer));
    return item;
  }

  // For the pointer; on the keyboard it is Shift+Delete. An option may hold nothing that takes focus.
  function forgetting(text) {
    const cross = make("span", "forget", "", { "aria-hidden": "true", title: words.forgetOne(text) });
    cross.append(icon("close", 14));
    cross.addEventListener("click", (event) => { event.stopPropagation(); forget(text); });
    return cross;
  }

  function forget(text) {
    forgetRecent(hooks.index(), text);
    set(typed);
    ask();
  }

  function hints() {
    const line = make("span", "hints", "", { "aria-hidden": "true" });
    for (const [key, does] of words.hints) line.append(make("kbd", "", key), ` ${does} `);
    return line;
  }

  function move(step) {
    const options = [...list.querySelectorAll("[role=option]")];
    options[active]?.setAttribute("aria-selected", "false");
    active = ((active + 1 + step + offers.length + 1) % (offers.length + 1)) - 1; // -1 is the box itself
    set(active < 0 ? typed : offers[active].text);
    if (active < 0) return input.removeAttribute("aria-activedescendant");
    options[active].setAttribute("aria-selected", "true");
    options[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[active].id);
  }

  function done() {
    clearTimeout(pause);
    pause = 0;
    sent = true;
    writing = false;
    close();
    if (matchMedia("(pointer: coarse)").matches) input.blur(); // the keyboard of a phone covers the results
  }

  function take(offer) {
    typed = offer.text;
    set(typed);
    done();
    hooks.pick(offer);
  }

  function commit(q) {
    typed = q;
    set(q);
    done();
    sent = Boolean(q.trim()); // an emptied box has something to offer again
    hooks.commit(q.trim());
  }

  function follow() {
    typed = input.value;
    clear.hidden = !typed;
    sent = false;
    writing = true;
    clearTimeout(pause);
    ask();
    pause = setTimeout(() => {
      pause = 0;
      hooks.typing(typed.trim());
    }, PAUSE);
  }

  const KEYS = {
    ArrowDown: (event) => {
      if (opened()) event.altKey || move(1);
      else if (sent && !event.altKey) hooks.leave();
      else ask();
    },
    ArrowUp: () => opened() && move(-1),
    Enter: () => (opened() && active >= 0 ? take(offers[active]) : commit(input.value)),
    Escape: () => {
      if (opened()) {
        set(typed);
        close();
      } else if (input.value) commit("");
    },
  };

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return; // these keys belong to the input method
    if (event.key === "Tab" && opened() && active >= 0) return take(offers[active]);
    if (event.key === "Delete" && event.shiftKey && offers[active]?.kind === "recent") {
      event.preventDefault();
      return forget(offers[active].text);
    }
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    act(event);
  });
  input.addEventListener("input", (event) => event.isComposing || follow());
  input.addEventListener("compositionend", follow);
  input.addEventListener("focus", () => quiet || ask());
  input.addEventListener("click", () => opened() || ask());
  form.addEventListener("focusout", (event) => {
    if (form.contains(event.relatedTarget)) return;
    if (active >= 0) set(typed);
    close();
    writing = false;
    hooks.left();
  });
  // A press on the list must not take the focus out of the box; scrolling by touch still works.
  popup.addEventListener("mousedown", (event) => event.preventDefault());
  form.addEventListener("submit", (event) => { event.preventDefault(); commit(input.value); });
  clear.addEventListener("click", () => { commit(""); focus(); });

  function focus({ silent = false } = {}) {
    quiet = silent;
    input.focus({ preventScroll: silent });
    silent ? input.setSelectionRange(input.value.length, input.value.length) : input.select();
    quiet = false;
  }

  clear.hidden = !typed;
  clear.append(icon("close", 18));
  at("go").append(icon("search"));
  return {
    focus,
    close,
    // The question changed elsewhere: by going back, or a click in the results. Whoever is typing is not interrupted.
    show(q) {
      if (pause || typed.trim() === q || (q && writing && this.completed(typed.trim()) === q)) return;
      typed = q;
      set(q);
    },
    // It is known by now where to look for what was typed.
    goOn() {
      if (writing) ask();
    },
    // What is typed with its last word whole, as the first suggestion has it that begins so; "" where none does.
    completed(q) {
      const last = q.split(/\s+/).at(-1).toLowerCase();
      for (const { text, kind, highlighted } of last && offers.length ? offers : []) {
        if (kind === "title" || kind === "recent") continue;
        for (const [start] of highlighted.toReversed()) {
          const word = /^[\p{L}\p{N}]+/u.exec([...text].slice(start).join(""))?.[0] ?? "";
          if (word.length > last.length && word.toLowerCase().startsWith(last)) return q.slice(0, q.length - last.length) + word;
        }
      }
      return "";
    },
    get offered() {
      return opened() ? offers.length : 0;
    },
  };
}
