// What was searched for in this browser. It is kept here and told to nobody; each index has its own list, newest first.

const KEY = "daogou-recent:";
const MOST = 8;

export function recents(index) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY + index) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string" && one).slice(0, MOST) : [];
  } catch {
    return []; // storage is forbidden, or holds something else
  }
}

export function keepRecent(index, q) {
  const same = q.toLowerCase();
  if (q) store(index, [q.slice(0, 200), ...recents(index).filter((one) => one.toLowerCase() !== same)].slice(0, MOST));
}

export function forgetRecent(index, q) {
  store(index, recents(index).filter((one) => one !== q));
}

// Of every index.
export function forgetRecents() {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(KEY)) localStorage.removeItem(key);
  } catch {
    // nothing was kept either
  }
}

function store(index, list) {
  try {
    localStorage.setItem(KEY + index, JSON.stringify(list));
  } catch {
    // full or forbidden: nothing is kept
  }
}
