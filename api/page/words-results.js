// The words of results, filters, reasons, shelves and comparison, in both languages. See words.js.

const EN = {
  untitled: "Untitled", rated: (rating, n) => (n ? `Rated ${rating} of 5 by ${n} people` : `Rated ${rating} of 5`), out: "Out of stock",
  more: "Show more", shownOf: (shown, all) => `${shown} of ${all}`, newOnes: (from, to, all) => `Products ${from} to ${to} of ${all}`, listed: "Results",
  movedFrom: (before, now) => `Moved from place ${before} to place ${now} by this shopper’s taste`,
  yes: "yes", no: "no", or: "or", list: (all) => all.join(", "),

  understoodAs: "What was understood", takeBack: (text) => `Take back “${text}”`, again: (text) => `Apply “${text}” again`,
  taken: (typed, taken) => `“${typed}” was read as “${taken}”`, searchedAs: (text) => `Searched as “${text}”`,
  sortedBy: { "price:asc": "cheapest first", "price:desc": "dearest first", "rating:desc": "best rated first", "released:desc": "newest first" },
  not: (text) => `not ${text}`, without1: (text) => `without ${text}`, rather: (text) => `preferably ${text}`,
  under: (text) => `under ${text}`, upTo: (text) => `up to ${text}`, over: (text) => `over ${text}`, from: (text) => `${text} or more`,
  between: (low, high) => `${low} to ${high}`, inStock: "in stock", notInStock: "out of stock",
  ratedFrom: (text) => `rated ${text} or more`, of: (field, text) => `${field}: ${text}`,

  filters: "Filters", clear: "Clear filters", remove: (text) => `Remove the filter ${text}`, active: "Filters in use", showThem: (n) => (n === "1" ? "Show 1 product" : `Show ${n} products`),
  all: (n) => `Show all ${n}`, first: (n) => `Show the first ${n}`, fewer: "Show fewer", find: (field) => `Find in ${field}`, noValue: "No such value.", onlyStock: "In stock only", any: "All",
  priceFrom: "From", priceTo: "To", lowest: "Lowest price", highest: "Highest price", onePrice: (price) => `All at ${price}`, noPrices: "None of these has a price.",
  unpriced: (n) => (n === "1" ? "1 without a price is left out once a range is set." : `${n} without a price are left out once a range is set.`),
  currencies: "Currency of the prices", chooseCurrency: "Prices are in more than one currency. Choose one to set a range.", filterOf: { language: { en: "English", zh: "中文" } },

  why: "Why this?", close: "Close", reason: "Why it is here", byEvidence: "From the evidence, without a language model", byModel: "Worded by a language model; each sentence checked against the product",
  writing: "A language model is wording this…", modelSilent: "The language model could not say it this time, so the evidence stands.",
  askedFor: "What you asked for", verdict: { satisfied: "met", violated: "not met", unknown: "unknown" }, says: (field, value) => `${field}: ${value}`, saysNothing: (field) => `${field}: not stated`,
  matched: "Your words in it", inField: (fields) => `in ${fields}`, taste: "Your taste", picked: "Why it was picked", tasteMoved: (before, now) => `From place ${before} for everybody to place ${now} here`, tasteStayed: "At the same place as for everybody",
  parts: "How the score came about", score: "Score", 
  part: { semantic: "By meaning", lexical: "By words", kind: "By sort of thing", profile: "By taste", reranker: "Second reading", popularity: "Popularity", interest: "Taste: interests", session: "Taste: this visit", brand: "Taste: brand", category: "Taste: category", attributes: "Taste: features", price: "Taste: price", together: "Taste: goes with", repeat: "Taste: due again" },
  because: {
    interest: (what) => (what ? `Close to what you ${what}` : "Close to your interests"), session: (what) => (what ? `Close to what you just ${what}` : "Close to what you look at now"),
    brand: (value) => `You like ${value}`, category: (value) => `You often look at ${value}`, attributes: (value) => `You tend to choose ${value}`, price: (value) => `In the price range you buy in${value ? ` (${value})` : ""}`,
    together: "Often taken with what you have", repeat: "You had it before, and it may be time for more", popular: "Popular in this shop", declared: "Fits what you said you like", basket: "Goes with it in a basket",
    aisle: "From the same part of the shop", neighbours: "Others took both", taste: "Fits your taste", network: "Often comes next",
  },
  done: { view: "looked at", cart: "put into the basket", purchase: "bought", rating: "rated", click: "opened", search: "searched for", hide: "hid" },
  namely: (text, names) => `${text}: ${names}`, raised: "raises it", lowered: "lowers it", details: "Details", visit: "Open in the shop", alike: "Similar products", goes: "Goes well with it",

  named: { title: "Title", description: "Description", connection: "Connection", gender: "For" },

  compare: "Compare", compareThis: (title) => `Compare ${title}`, compareNow: (n) => `Compare ${n} products`, compareMore: "Choose one more to compare", compareFull: "Four at most. Take one out first.",
  compareTray: "Products to compare", compareTitle: "Side by side", compareOut: (title) => `Take ${title} out of the comparison`, compareNone: "Take all out", differ: "Differences only", verdictOf: "In short", unstated: "not stated", 

  forShopper: (name) => `For ${name}`, forYou: "For you", popularNow: "Popular now", fromSession: "From what you looked at", sessionNote: "Kept in this tab only, until it is closed.", instead: "Popular in this shop",
  scrollOn: "Further on", scrollBack: "Back", shelfNote: "Chosen from what was viewed and bought before.",
};

const ZH = {
  untitled: "无标题", rated: (rating, n) => (n ? `${n} 人评分，${rating} 分（满分 5 分）` : `评分 ${rating}（满分 5 分）`), out: "缺货",
  more: "显示更多", shownOf: (shown, all) => `已显示 ${shown} / ${all}`, newOnes: (from, to, all) => `第 ${from} 到 ${to} 件，共 ${all} 件`, listed: "搜索结果",
  movedFrom: (before, now) => `按喜好从第 ${before} 位移到第 ${now} 位`,
  yes: "是", no: "否", or: "或", list: (all) => all.join("、"),

  understoodAs: "系统的理解", takeBack: (text) => `取消“${text}”`, again: (text) => `重新应用“${text}”`,
  taken: (typed, taken) => `已将“${typed}”理解为“${taken}”`, searchedAs: (text) => `按“${text}”搜索`,
  sortedBy: { "price:asc": "最便宜的在前", "price:desc": "最贵的在前", "rating:desc": "评分最高的在前", "released:desc": "最新的在前" },
  not: (text) => `不要${text}`, without1: (text) => `不含${text}`, rather: (text) => `最好${text}`,
  under: (text) => `低于 ${text}`, upTo: (text) => `不超过 ${text}`, over: (text) => `高于 ${text}`, from: (text) => `至少 ${text}`,
  between: (low, high) => `${low} 至 ${high}`, inStock: "有货", notInStock: "缺货",
  ratedFrom: (text) => `评分至少 ${text}`, of: (field, text) => `${field}：${text}`,

  filters: "筛选", clear: "清除筛选", remove: (text) => `移除筛选 ${text}`, active: "已选条件", showThem: (n) => `查看 ${n} 件商品`,
  all: (n) => `全部 ${n} 项`, first: (n) => `显示前 ${n} 项`, fewer: "收起", find: (field) => `查找${field}`, noValue: "没有这个值。", onlyStock: "只看有货", any: "不限",
  priceFrom: "最低", priceTo: "最高", lowest: "最低价格", highest: "最高价格", onePrice: (price) => `均为 ${price}`, noPrices: "这些商品都没有价格。",
  unpriced: (n) => `设定价格后，${n} 件没有标价的商品将不显示。`,
  currencies: "价格的货币", chooseCurrency: "商品使用不止一种货币，选择一种后可设定价格范围。", filterOf: { language: { en: "English", zh: "中文" } },

  why: "推荐理由", close: "关闭", reason: "为什么是它", byEvidence: "依据事实写成，未使用语言模型", byModel: "由语言模型措辞，逐句与商品信息核对过",
  writing: "语言模型正在措辞…", modelSilent: "语言模型这次没能给出说明，以上为事实依据。",
  askedFor: "您的要求", verdict: { satisfied: "符合", violated: "不符合", unknown: "未知" }, says: (field, value) => `${field}：${value}`, saysNothing: (field) => `${field}：未注明`,
  matched: "匹配的词", inField: (fields) => `出现在${fields}`, taste: "您的喜好", picked: "入选理由", tasteMoved: (before, now) => `一般排在第 ${before} 位，这里第 ${now} 位`, tasteStayed: "与一般排序位置相同",
  parts: "分数构成", score: "总分", 
  part: { semantic: "语义", lexical: "词语", kind: "品类", profile: "喜好", reranker: "二次精读", popularity: "热度", interest: "喜好：兴趣", session: "喜好：本次浏览", brand: "喜好：品牌", category: "喜好：分类", attributes: "喜好：特征", price: "喜好：价格", together: "喜好：搭配", repeat: "喜好：补货" },
  because: {
    interest: (what) => (what ? `与您${what}的商品相近` : "符合您的兴趣"), session: (what) => (what ? `与您刚刚${what}的商品相近` : "与您正在看的商品相近"),
    brand: (value) => `您喜欢 ${value}`, category: (value) => `您常看 ${value}`, attributes: (value) => `您偏好 ${value}`, price: (value) => `在您常买的价格范围内${value ? `（${value}）` : ""}`,
    together: "常与您已有的商品一起购买", repeat: "您以前买过，可能又该补货了", popular: "本店热门", declared: "符合您填写的喜好", basket: "适合一起放进购物车",
    aisle: "同一类货架", neighbours: "别人也一起买过", taste: "符合您的喜好", network: "常常是下一件",
  },
  done: { view: "看过", cart: "加入购物车", purchase: "买过", rating: "评价过", click: "点开过", search: "搜过", hide: "隐藏过" },
  namely: (text, names) => `${text}：${names}`, raised: "提升", lowered: "降低", details: "商品信息", visit: "去商店查看", alike: "相似商品", goes: "搭配商品",

  named: {
    title: "标题", description: "描述", weight_g: "重量", net_weight_g: "净含量", capacity_ml: "容量", capacity_l: "容量", volume_ml: "容量", width_cm: "宽度", length_cm: "长度", height_cm: "高度", noise_db: "噪音",
    battery_hours: "续航（小时）", screen_inches: "屏幕", storage_gb: "存储", pages: "页数", pieces: "件数", roast: "烘焙度", diet: "饮食", origin: "产地", organic: "有机", vegan: "纯素", caffeine_free: "不含咖啡因", fit: "版型",
    closure: "闭合方式", connection: "连接方式", switch_type: "轴体", power_source: "电源", watts: "功率", max_watts: "最大功率", voltage_v: "电压", dishwasher_safe: "可用洗碗机", machine_washable: "可机洗", washable: "可水洗", lined: "有衬里",
    pockets: "有口袋", sleeve_length: "袖长", skill_level: "难度", skin_type: "肤质", fragrance_free: "无香", key_ingredients: "主要成分", pet_type: "宠物", life_stage: "年龄段", flavour: "口味", grain_free: "无谷", works_with: "适配",
    suited_for: "适合", format: "装帧", allergens: "过敏原", foldable: "可折叠", assembly_required: "需要组装", max_load_kg: "最大承重", age_months_from: "适用月龄", battery_required: "需要电池", persons: "人数", finish: "妆效", drop_mm: "落差",
    sole: "鞋底", heel_height_cm: "跟高", spf: "防晒指数", ip_rating: "防护等级", battery_mah: "电池容量", induction: "适用电磁炉", collar: "领型", neckline: "领口",
  },

  compare: "对比", compareThis: (title) => `对比 ${title}`, compareNow: (n) => `对比 ${n} 件商品`, compareMore: "再选一件即可对比", compareFull: "最多四件，请先取消一件。",
  compareTray: "待对比的商品", compareTitle: "并排对比", compareOut: (title) => `将 ${title} 移出对比`, compareNone: "全部移出", differ: "只看不同", verdictOf: "一句话总结", unstated: "未注明", 

  forShopper: (name) => `为${name}推荐`, forYou: "为您推荐", popularNow: "热门商品", fromSession: "根据您看过的商品", sessionNote: "只保存在这个标签页，关闭后即清除。", instead: "本店热门",
  scrollOn: "向后", scrollBack: "向前", shelfNote: "根据之前看过和买过的商品挑选。",
};

export const RESULTS = { en: EN, zh: ZH };
