// The state of the page lives in its address, so that a search can be bookmarked, shared and gone back to.

export const STEP = 24;
const MOST = 960;

export function read() {
  const params = new URLSearchParams(location.search);
  return {
    q: params.get("q") ?? "",
    index: params.get("index") ?? "",
    user: (params.get("user") ?? "").slice(0, 200),
    brand: params.getAll("brand"),
    category: params.getAll("category"),
    ignore: params.getAll("ignore"),
    sort: ["price:asc", "price:desc"].includes(params.get("sort")) ? params.get("sort") : "",
    shown: Math.min(MOST, Math.max(STEP, Number.parseInt(params.get("shown") ?? "", 10) || STEP)),
  };
}

export function write(state, replace) {
  const params = new URLSearchParams();
  if (state.q) params.set("q", state.q);
  if (state.index) params.set("index", state.index);
  if (state.user) params.set("user", state.user);
  for (const name of ["brand", "category", "ignore"]) for (const value of state[name]) params.append(name, value);
  if (state.sort) params.set("sort", state.sort);
  if (state.shown > STEP) params.set("shown", String(state.shown));
  const address = params.size ? `?${params}` : location.pathname;
  if (address === (location.search || location.pathname)) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
}
