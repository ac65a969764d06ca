// InstantSearch through instant-meilisearch against the server whose address is given, as a shop front end has it, but
// without a page: connectors only. Prints one JSON object: by scenario, what a shopper would see; and what was sent.

import { createRequire } from "node:module";

import { instantMeiliSearch } from "@meilisearch/instant-meilisearch";

// InstantSearch itself is no ES module where Node looks for one.
const require = createRequire(import.meta.url);
const instantsearch = require("instantsearch.js").default;
const { default: index } = require("instantsearch.js/cjs/widgets/index/index.js");
const {
  connectConfigure, connectHits, connectHitsPerPage, connectInfiniteHits, connectMenu, connectPagination, connectRange,
  connectRatingMenu, connectRefinementList, connectSearchBox, connectSortBy, connectToggleRefinement,
} = require("instantsearch.js/cjs/connectors/index.js");

const [address, key = ""] = process.argv.slice(2);
const sent = [];
const complaints = [];
console.error = (...words) => complaints.push(words.map(String).join(" "));
console.warn = console.error;

// One front end: `see` holds what each widget shows last, `act` does something and waits for the answer.
class Front {
  constructor(widgets, options = {}) {
    const { meilisearch = {}, ...rest } = options;
    const { searchClient } = instantMeiliSearch(address, key, {
      primaryKey: "id",
      httpClient: async (url, init) => {
        const response = await fetch(url, init);
        const text = await response.text();
        sent.push({ path: new URL(url).pathname, status: response.status, body: JSON.parse(init.body) });
        if (!response.ok) throw new Error(text);
        return JSON.parse(text);
      },
      ...meilisearch,
    });
    this.search = instantsearch({ indexName: "products", searchClient, ...rest });
    this.search.on("error", ({ error }) => complaints.push(String(error)));
    this.see = {};
    const made = Object.entries(widgets).map(([name, [connect, parameters = {}]]) =>
      connect((shown) => { this.see[name] = shown; })(parameters));
    this.search.addWidgets([...made, { $$type: "probe", init() {}, render: ({ results }) => { this.results = results; } }]);
  }

  async act(does) {
    const before = this.results;
    const complained = complaints.length;
    does(this.see);
    for (let waited = 0; this.results === before; waited += 5) {
      if (complaints.length > complained) throw new Error(complaints.at(-1));
      if (waited > 20_000) throw new Error("no answer came");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.shown();
  }

  start() {
    return this.act(() => this.search.start());
  }

  shown() {
    const { hits, nbHits, nbPages, page, query } = this.results;
    return { ids: hits.map((hit) => hit.objectID), positions: hits.map((hit) => hit.__position), nbHits, nbPages, page, query };
  }
}

const items = (list) => Object.fromEntries(list.map(({ value, count }) => [value, count]));
const scenarios = {
  async search() {
    const front = new Front({ box: [connectSearchBox], hits: [connectHits] });
    const all = await front.start();
    const found = await front.act(({ box }) => box.refine("desk lamp"));
    return { all, found, title: front.results.hits[0].title };
  },

  async chinese() {
    const front = new Front({ box: [connectSearchBox], brands: [connectRefinementList, { attribute: "brand" }] });
    await front.start();
    await front.act(({ box }) => box.refine("耳机"));
    const chosen = await front.act(({ brands }) => brands.refine("听潮里"));
    return { chosen, brands: items(front.see.brands.items) };
  },

  async highlights() {
    const front = new Front({
      box: [connectSearchBox], hits: [connectHits],
      configure: [connectConfigure, { searchParameters: { attributesToSnippet: ["description:3"], snippetEllipsisText: "…" } }],
    });
    await front.start();
    await front.act(({ box }) => box.refine("desk lamp"));
    const hit = front.see.hits.items[0];
    const highlighted = instantsearch.highlight({ attribute: "title", hit });
    const snippet = instantsearch.snippet({ attribute: "description", hit });
    await front.act(({ box }) => box.refine("kettle"));
    const hostile = front.see.hits.items[0];
    return {
      raw: hit._highlightResult.title.value, highlighted, snippet, nested: hit._highlightResult.category.map((one) => one.value),
      escaped: instantsearch.highlight({ attribute: "title", hit: hostile }),
      text: instantsearch.snippet({ attribute: "description", hit: hostile }),
    };
  },

  async disjunctive() {
    const front = new Front({
      box: [connectSearchBox], hits: [connectHits],
      brands: [connectRefinementList, { attribute: "brand", operator: "or", limit: 50 }],
      colours: [connectRefinementList, { attribute: "colour", operator: "or", limit: 50 }],
    });
    await front.start();
    const before = items(front.see.brands.items);
    const one = await front.act(({ brands }) => brands.refine("Lantern"));
    const after = { brands: items(front.see.brands.items), colours: items(front.see.colours.items) };
    const two = await front.act(({ brands }) => brands.refine('Halyard "1876"'));
    const three = await front.act(({ colours }) => colours.refine("red"));
    const end = { brands: items(front.see.brands.items), colours: items(front.see.colours.items) };
    return { before, one, after, two, three, end };
  },

  async conjunctive() {
    const front = new Front({ categories: [connectRefinementList, { attribute: "category", operator: "and", limit: 50 }] });
    await front.start();
    const one = await front.act(({ categories }) => categories.refine("Home"));
    const between = items(front.see.categories.items);
    const two = await front.act(({ categories }) => categories.refine("Lamps"));
    return { one, between, two, after: items(front.see.categories.items) };
  },

  async others() {
    const front = new Front({
      hits: [connectHits], menu: [connectMenu, { attribute: "currency" }],
      stock: [connectToggleRefinement, { attribute: "in_stock" }], stars: [connectRatingMenu, { attribute: "rating", max: 5 }],
    });
    await front.start();
    const menu = items(front.see.menu.items);
    const dollars = await front.act((see) => see.menu.refine("USD"));
    const there = await front.act(({ stock }) => stock.refine({ isRefined: false }));
    const good = await front.act(({ stars }) => stars.refine("4"));
    return { menu, dollars, there, good };
  },

  async range() {
    const front = new Front({ price: [connectRange, { attribute: "price" }], hits: [connectHits] });
    await front.start();
    const { min, max } = front.see.price.range;
    const both = await front.act(({ price }) => price.refine([25, 45]));
    const low = await front.act(({ price }) => price.refine([100, undefined]));
    return { min, max, both, low };
  },

  async sorted() {
    const choices = ["products", "products:price:asc", "products:price:desc"].map((value) => ({ value, label: value }));
    const front = new Front({ box: [connectSearchBox], sort: [connectSortBy, { items: choices }], hits: [connectHits] });
    await front.start();
    await front.act(({ box }) => box.refine("lamp"));
    const cheap = await front.act(({ sort }) => sort.refine("products:price:asc"));
    const dear = await front.act(({ sort }) => sort.refine("products:price:desc"));
    const best = await front.act(({ sort }) => sort.refine("products"));
    return { cheap, dear, best };
  },

  async pages() {
    const answer = {};
    for (const finitePagination of [false, true]) {
      const front = new Front({
        pages: [connectPagination], hits: [connectHits],
        size: [connectHitsPerPage, { items: [{ value: 7, label: "7", default: true }, { value: 50, label: "50" }] }],
      }, { meilisearch: { finitePagination } });
      const seen = [await front.start()];
      while (!front.see.pages.isLastPage && seen.length < 20) {
        seen.push(await front.act(({ pages }) => pages.refine(pages.currentRefinement + 1)));
      }
      answer[finitePagination ? "finite" : "open"] = { seen, beyond: await front.act(({ pages }) => pages.refine(40)) };
    }
    return answer;
  },

  async infinite() {
    const front = new Front({ more: [connectInfiniteHits], configure: [connectConfigure, { searchParameters: { hitsPerPage: 20 } }] });
    await front.start();
    while (!front.see.more.isLastPage) await front.act(({ more }) => more.showMore());
    return { ids: front.see.more.items.map((hit) => hit.objectID) };
  },

  async facetValues() {
    const front = new Front({ brands: [connectRefinementList, { attribute: "brand", searchable: true }], box: [connectSearchBox] });
    await front.start();
    await front.act(({ box }) => box.refine("desk lamp"));
    front.see.brands.searchForItems("hal");
    for (let waited = 0; !front.see.brands.isFromSearch && waited < 20_000; waited += 5) await new Promise((done) => setTimeout(done, 5));
    return items(front.see.brands.items);
  },

  async nothingTyped() {
    const front = new Front({ box: [connectSearchBox], hits: [connectHits] }, { meilisearch: { placeholderSearch: false } });
    const empty = await front.start();
    return { empty, typed: await front.act(({ box }) => box.refine("mug")) };
  },

  async severalIndexes() {
    const front = new Front({ box: [connectSearchBox], hits: [connectHits] });
    const seen = {};
    const inner = connectHits((shown) => { seen.hits = shown.items; });
    front.search.addWidgets([index({ indexName: "chairs", indexId: "chairs" }).addWidgets([inner({})])]);
    await front.start();
    await front.act(({ box }) => box.refine("chair"));
    return { products: front.shown(), chairs: seen.hits.map((hit) => hit.objectID) };
  },

  async ours() {
    const front = new Front({ box: [connectSearchBox], hits: [connectHits] });
    await front.start();
    const cheap = await front.act(({ box }) => box.refine("desk lamp under $30"));
    return { cheap, fields: Object.keys(front.results.hits[0]).sort() };
  },
};

const answer = {};
for (const [name, scenario] of Object.entries(scenarios)) {
  try {
    answer[name] = await scenario();
  } catch (error) {
    answer[name] = { failed: error.stack };
  }
}
console.log(JSON.stringify({ ...answer, sent, complaints }));
process.exit(0);
