// When a search does not work: who is told what, what is tried again, and when.

import { Refused, indexes, setKey } from "./client.js";
import { announce, at } from "./dom.js";
import * as notices from "./notices.js";

const LOOK_AGAIN = 4000; // milliseconds, for an index that is being built
const WAITS = [2, 4, 8, 15, 30]; // seconds until the server is tried again

// story: state(), names() of the indexes, shown() the answer on show, forget() it, and show(), start(), change() of main.js.
export function troubles(story) {
  let failures = 0;
  let stopWaiting = () => {};

  function complain(error) {
    at("main").removeAttribute("aria-busy");
    const code = error instanceof Refused ? error.code : "";
    if (error.status === 0 || [429, 502, 503, 504].includes(error.status)) return waitForServer(error);
    bare();
    if (error.status === 401 || code === "invalid_api_key") return notices.askForKey(error, (key) => { setKey(key); story.start(); });
    if (error.status === 403) return notices.refused(error);
    if (code === "index_not_found") return lookAgain(() => notices.wrongIndex(story.state().index, story.names(), (index) => story.change({ index, chosen: {}, price: null, ignore: [] })));
    if (error.status === 400) return notices.wrongAddress(error, () => story.change({ index: known(), chosen: {}, price: null, sort: "", ignore: [] }));
    return notices.failed(error, () => story.show());
  }

  // The index of the state, or one that there is.
  function known() {
    const [{ index }, names] = [story.state(), story.names()];
    return names.includes(index) ? index : (names[0] ?? index);
  }

  // Nothing on the page but the notice to come.
  function bare() {
    story.forget();
    at("main").classList.add("bare");
    at("hits").classList.remove("stale");
    for (const id of ["hits", "shelves", "facets", "more-box", "notices"]) at(id).replaceChildren();
    at("understood").hidden = true;
    at("heading").hidden = true;
    at("filters").hidden = true;
    at("status").textContent = "";
  }

  // The server is away: what is on show stays, and it is tried again by itself.
  function waitForServer(error) {
    const seconds = WAITS[Math.min(failures, WAITS.length - 1)];
    failures += 1;
    const kind = error.code === "offline" ? "offline" : error.status ? "busy" : "gone";
    at("hits").classList.remove("stale"); // the banner says it, and one may want to read meanwhile
    if (!story.shown()) bare();
    const again = () => {
      stopWaiting();
      story.names().length ? story.show() : story.start();
    };
    const clock = setTimeout(again, seconds * 1000);
    const stopCountdown = notices.away(kind, seconds, Boolean(story.shown()), again);
    addEventListener("online", again);
    stopWaiting = () => {
      clearTimeout(clock);
      stopCountdown();
      removeEventListener("online", again);
      stopWaiting = () => {};
    };
    if (failures === 1) announce(at("notices").textContent || at("notice").textContent, 0);
  }

  // The index is not there yet: as soon as it is, the page shows it.
  function lookAgain(say) {
    say();
    announce(at("notice").querySelector("h1, h2").textContent, 0);
    const clock = setInterval(async () => {
      const found = document.hidden ? null : await indexes().catch(() => null);
      if (found?.includes(story.state().index) || (found?.length && !story.state().index)) story.start();
    }, LOOK_AGAIN);
    stopWaiting = () => {
      clearInterval(clock);
      stopWaiting = () => {};
    };
  }

  return {
    complain,
    bare,
    lookAgain,
    stop: () => stopWaiting(),
    over: () => { failures = 0; },
  };
}
