// Who is shopping: a button that says so, and a panel to be somebody else.

import { page } from "./client.js";
import { at, button, icon, make } from "./dom.js";
import { spokenLanguage, words } from "./words.js";

// The name of a shopper, or the id where no name is known.
export function nameOf(user) {
  return page.shoppers.find((one) => one.user === user)?.name ?? user;
}

// `choose(user)` is called with an id, or "" for everybody. Returns what draws the button for a user.
export function shopperSwitch(choose) {
  const opener = at("who");
  const panel = at("who-panel");
  let current = "";

  function pick(user) {
    panel.close();
    if (user !== current) choose(user);
  }

  function fill() {
    const head = make("div", "panel-head");
    const title = make("h2", "", words.whoTitle, { id: "who-title" });
    const shut = button("round", "", () => panel.close(), { "aria-label": words.close });
    shut.append(icon("close"));
    head.append(title, shut);
    const list = make("ul", "people");
    list.append(person({ user: "", name: words.nobody, about: words.nobodyAbout }), ...known().map(person));
    const parts = [head, make("p", "panel-text", page.shoppers.length ? words.whoText : words.whoTextFree), list, other()];
    if (page.shoppers.length > 8) parts.splice(2, 0, finder(list));
    panel.replaceChildren(...parts);
  }

  // Those who speak the language of the page come first.
  function known() {
    const ours = (one) => Number(one.language !== spokenLanguage());
    return page.shoppers.toSorted((a, b) => ours(a) - ours(b));
  }

  function person({ user, name, about = "", language = "" }) {
    const item = make("li");
    const card = button("person", "", () => pick(user), { "aria-pressed": String(user === current) });
    if (language) card.lang = language;
    const text = make("span", "person-text");
    text.append(make("span", "person-name", name), make("span", "person-about", about));
    card.append(face(user, name), text);
    item.append(card);
    item.dataset.text = `${name} ${about} ${user}`.toLowerCase();
    return item;
  }

  function finder(list) {
    const box = make("input", "find", "", { type: "search", "aria-label": words.findShopper, placeholder: words.findShopper, autocomplete: "off" });
    const none = make("li", "none", words.noShopper);
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      const items = [...list.children].filter((item) => item !== none);
      for (const item of items) item.hidden = !item.dataset.text.includes(wanted);
      items.every((item) => item.hidden) ? list.append(none) : none.remove();
    });
    return box;
  }

  function other() {
    const form = make("form", "other");
    const box = make("input", "", "", { id: "who-id", maxlength: "200", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
    if (current && !page.shoppers.some((one) => one.user === current)) box.value = current;
    form.append(make("label", "", words.otherShopper, { for: "who-id" }), box, make("button", "quiet", words.use));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (box.value.trim()) pick(box.value.trim());
    });
    return form;
  }

  opener.addEventListener("click", () => {
    fill();
    panel.showModal();
    const chosen = panel.querySelector("[aria-pressed=true]");
    chosen?.focus();
    chosen?.scrollIntoView({ block: "nearest" });
  });
  panel.addEventListener("click", (event) => event.target === panel && panel.close()); // beside the panel

  return function show(user) {
    current = user;
    const name = user ? nameOf(user) : words.nobody;
    opener.hidden = false;
    const [before, after] = words.shoppingAs("\n").split("\n");
    opener.title = words.shoppingAs(name);
    opener.replaceChildren(face(user, name), make("span", "hidden", before), make("span", "who-name", name), make("span", "hidden", after), icon("down", 16));
  };
}

// A round initial in a colour of their own.
function face(user, name) {
  const circle = make("span", "face", user ? [...name][0].toUpperCase() : "", { "aria-hidden": "true" });
  if (!user) circle.append(icon("person", 18));
  let hue = 7;
  for (const char of user) hue = (hue * 31 + char.codePointAt(0) * 47) % 360;
  if (user) circle.style.setProperty("--hue", String(hue));
  circle.classList.toggle("somebody", Boolean(user));
  return circle;
}
