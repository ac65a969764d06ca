// What the page says, in English and Chinese. The browser's language chooses.

const WORDS = {
  en: {
    search: "Search", placeholder: "Say what you are looking for", index: "Index", filters: "Filters", clear: "Clear filters",
    sort: "Sort", relevance: "Best match", browse: "Catalogue order", cheapest: "Price, low to high", dearest: "Price, high to low",
    more: "Show more", skip: "Skip to results", brand: "Brand", category: "Category", loading: "Searching…",
    found: (n, ms) => `${n === 1 ? "1 product" : `${count(n)} products`} · ${ms} ms`,
    chosen: (n) => `(${n})`, all: "Show all", fewer: "Show fewer", out: "Out of stock", untitled: "Untitled",
    emptyTitle: "Nothing found", empty: "Try other words, or fewer filters.",
    noIndexTitle: "There is nothing to search yet", noIndex: "Build an index from a catalogue file, then reload this page:",
    missingTitle: "There is no such index", missing: "Choose another, or build it:",
    errorTitle: "That did not work", retry: "Try again", offline: "The server does not answer.",
    keyTitle: "This server wants a key", key: "Enter a search key. It is kept until this tab is closed.", enter: "Enter",
    perfect: (rating) => `Rated ${rating} of 5`,
    price: "price", currency: "currency", colour: "colour", or: "or", without: (text) => `Take back “${text}”`,
    again: (text) => `Apply “${text}” again`, taken: (typed, taken) => `“${typed}” read as “${taken}”`,
    weak: "Not sure that we have this. The nearest:",
  },
  zh: {
    search: "搜索", placeholder: "说说你想找什么", index: "索引", filters: "筛选", clear: "清除筛选",
    sort: "排序", relevance: "最相关", browse: "默认顺序", cheapest: "价格从低到高", dearest: "价格从高到低",
    more: "加载更多", skip: "跳到结果", brand: "品牌", category: "分类", loading: "搜索中…",
    found: (n, ms) => `${count(n)} 件商品 · ${ms} 毫秒`,
    chosen: (n) => `（${n}）`, all: "展开全部", fewer: "收起", out: "缺货", untitled: "无标题",
    emptyTitle: "没有找到商品", empty: "换个说法，或减少筛选条件。",
    noIndexTitle: "还没有可搜索的内容", noIndex: "先用商品目录文件建立索引，然后刷新本页：",
    missingTitle: "没有这个索引", missing: "请选择其他索引，或先建立它：",
    errorTitle: "出错了", retry: "重试", offline: "服务器没有响应。",
    keyTitle: "此服务器需要密钥", key: "请输入搜索密钥，关闭标签页后即清除。", enter: "确定",
    perfect: (rating) => `评分 ${rating} / 5`,
    price: "价格", currency: "货币", colour: "颜色", or: "或", without: (text) => `取消“${text}”`,
    again: (text) => `重新应用“${text}”`, taken: (typed, taken) => `已将“${typed}”理解为“${taken}”`,
    weak: "不确定店里有没有，以下是最接近的：",
  },
};

export const language = (navigator.languages?.[0] ?? navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
export const words = WORDS[language];
const locale = language === "zh" ? "zh-CN" : navigator.language || "en";

export function count(number) {
  return new Intl.NumberFormat(locale).format(number);
}

export function money(amount, currency) {
  try {
    return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(amount);
  } catch {
    return `${new Intl.NumberFormat(locale, { minimumFractionDigits: 2 }).format(amount)} ${currency ?? ""}`.trim();
  }
}

export function translate(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = words[element.dataset.text];
}
