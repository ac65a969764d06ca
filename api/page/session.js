// What was looked at in this tab, for shelves of somebody nobody knows. Kept here only, gone with the tab.

const KEY = "daogou-seen";
const MOST = 20;

function all() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is forbidden, or holds something else
  }
}

// Ids of the products, newest first.
export function seenProducts(index) {
  const ids = all()[index];
  return Array.isArray(ids) ? ids : [];
}

export function sawProduct(state, hit) {
  const id = String(hit.id);
  const rest = seenProducts(state.index).filter((one) => one !== id);
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...all(), [state.index]: [id, ...rest].slice(0, MOST) }));
  } catch {
    // storage may be forbidden; then nothing is remembered
  }
}
