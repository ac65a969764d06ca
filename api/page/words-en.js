// What the page says in English. Functions take what is to be filled in; `n` is written by count().

export const EN = {
  skip: "Skip to results", home: "start page", search: "Search", placeholder: "Say what you are looking for", clearBox: "Clear the search box",
  index: "Catalogue", language: "Language", preferences: "Preferences", sort: "Sort", relevance: "Best match", browse: "Catalogue order", cheapest: "Price, low to high",
  dearest: "Price, high to low", bestRated: "Best rated", catalogue: "All products", results: "Results", loading: "Searching…",
  found: (n) => (n === "1" ? "1 product" : `${n} products`), took: (ms) => `${ms} ms`,
  foundFor: (n, who) => `${n === "1" ? "1 product" : `${n} products`} for ${who}`,
  moved: (n) => `${n} moved by taste`, unmoved: "order as for everybody",

  suggestions: "Suggestions", recent: "Recent searches", forget: "Clear recent searches", forgetOne: (text) => `Forget “${text}”`, popular: "Often looked for",
  kind: { query: "often searched", type: "search", brand: "brand", category: "category", title: "product", recent: "searched before" },
  products: (n) => (n === "1" ? "1 product" : `${n} products`), offered: (n) => (n === "1" ? "1 suggestion" : `${n} suggestions`),
  hints: [["↑↓", "move"], ["Enter", "search"], ["Esc", "close"]],

  shoppingAs: (who) => `Results for ${who} – choose another shopper`, nobody: "Everybody", nobodyAbout: "No history: the order that everybody gets.",
  whoTitle: "Who is shopping?", whoText: "Each of these invented shoppers has a history of views, baskets and purchases. See what the same search looks like to them.",
  whoTextFree: "Enter the id of a shopper whose events this server knows, and see what the same search looks like to them.",
  otherShopper: "Another shopper’s id", use: "Use", close: "Close", findShopper: "Find a shopper", noShopper: "No shopper is called that.",

  emptyFor: (q) => `Nothing found for “${q}”`, emptyTitle: "Nothing found", emptyNoWay: "Other words may help: say what it is for, or what it is made of.",
  emptyWhy: "No product meets all of this. Leave something out:", leaveOut: (text) => `Leave out ${text}`, clearAll: "Clear all filters",
  tryInstead: "Or try:", dropped: (text) => `Search for ${text}`,
  weakTitle: "Perhaps not what you meant.", weak: "The shop may not have it; these come nearest.",
  partlyTitle: "Some things were left out.",
  degraded: {
    lexical: "This index was built without exact words: results go by meaning alone. A new reindex adds them.",
    reranker: "The second reading was too slow: the order is the first one.",
    personalization: "The order is the one that everybody gets.",
    ranker: "The learned order could not be read: the built-in one is used.",
    recommender: "What people take together could not be read: recommendations go without it.",
    neighbours: "What similar shoppers take could not be read: recommendations go without it.",
    explanation: "The language model could not answer: reasons are those from the evidence.",
  },
  degradedOther: (name) => `Without: ${name}.`,

  noIndexTitle: "There is nothing to search yet", noIndex: "Build an index from a catalogue file. This page shows it as soon as it is there.",
  missingTitle: (name) => `There is no index “${name}”`, missing: "Build it, and this page shows it:", missingOthers: "Or look into another:",
  copy: "Copy", copied: "Copied",
  keyTitle: "This server wants a key", key: "Enter a search key. It stays in this tab and is gone when the tab is closed.", keyWrong: "That key is not accepted.", keyLabel: "Search key", enter: "Enter",
  forbiddenTitle: "This server does not let this page in",
  offlineTitle: "You are offline", offline: "Results come back as soon as the connection does.",
  goneTitle: "The server does not answer", gone: (seconds) => `Trying again in ${seconds} s.`, goneNow: "Trying again…", retry: "Try again now", stale: "What you see is from before.",
  busyTitle: "The server is busy",
  wrongTitle: "This address does not fit this catalogue", wrongFilters: "Clear filters and sorting",
  errorTitle: "Something went wrong on the server",

  fields: {
    brand: "Brand", category: "Category", price: "Price", currency: "Currency", in_stock: "In stock", rating: "Rating", rating_count: "Ratings", colour: "Colour",
    color: "Colour", material: "Material", size: "Size", language: "Language", gender: "For", age_from: "Age from", author: "Author", genre: "Genre", season: "Season",
    variant_of: "Variants of", released: "Released", wireless: "Wireless", waterproof: "Waterproof", model: "Model",
  },
};
