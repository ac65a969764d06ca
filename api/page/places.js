// Where one was on the page: scrolled to, and with the focus on what. Kept with each step of the history.

import { at } from "./dom.js";

const FOCUSABLE = "a[href], button:not([disabled]), input, select, summary, [tabindex]";
let waiting = 0;

export function followPlace() {
  history.scrollRestoration = "manual";
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(keepPlace, 200); // browsers allow only so many changes of the history in a while
  };
  addEventListener("scroll", soon, { passive: true });
  document.addEventListener("focusin", soon);
  addEventListener("pagehide", keepPlace);
}

export function keepPlace() {
  clearTimeout(waiting);
  try {
    history.replaceState({ ...history.state, y: Math.round(scrollY), focus: focusKey() }, "");
  } catch {
    // too many changes in a while: then the place is that of a moment ago
  }
}

function focusKey() {
  const now = document.activeElement;
  const item = now?.closest("#hits > li");
  if (item) return { item: [...item.parentElement.children].indexOf(item), part: [...item.querySelectorAll(FOCUSABLE)].indexOf(now) };
  return now?.id ? { id: now.id } : null;
}

export function backTo(place) {
  const { item, part, id } = place.focus ?? {};
  const found = id ? at(id) : item === undefined ? null : at("hits").children[item]?.querySelectorAll(FOCUSABLE)[part];
  if (found && found !== document.activeElement && id !== "q") found.focus({ preventScroll: true });
  scrollTo({ top: place.y ?? 0, behavior: "instant" });
}
