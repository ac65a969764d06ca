// What the page says in Chinese: the same names as in words-en.js.

export const ZH = {
  skip: "跳到搜索结果", home: "首页", search: "搜索", placeholder: "说说您想找什么", clearBox: "清空搜索框",
  index: "商品库", language: "语言", preferences: "偏好设置", sort: "排序", relevance: "最相关", browse: "默认顺序", cheapest: "价格从低到高",
  dearest: "价格从高到低", bestRated: "评分最高", catalogue: "全部商品", results: "搜索结果", loading: "搜索中…",
  found: (n) => `${n} 件商品`, took: (ms) => `${ms} 毫秒`,
  foundFor: (n, who) => `为${who}找到 ${n} 件商品`,
  moved: (n) => `${n} 件因喜好换了位置`, unmoved: "顺序与所有人相同",

  suggestions: "搜索建议", recent: "最近搜索", forget: "清除最近搜索", forgetOne: (text) => `忘记“${text}”`, popular: "大家常找",
  kind: { query: "常搜", type: "搜索", brand: "品牌", category: "分类", title: "商品", recent: "搜过" },
  products: (n) => `${n} 件商品`, offered: (n) => `${n} 条建议`,
  hints: [["↑↓", "移动"], ["Enter", "搜索"], ["Esc", "关闭"]],

  shoppingAs: (who) => `当前是${who}看到的结果，点此切换顾客`, nobody: "所有人", nobodyAbout: "没有历史：大家看到的默认顺序。",
  whoTitle: "谁在逛店？", whoText: "这些虚构的顾客各有浏览、加购和购买记录。看看同样的搜索在他们眼里是什么样。",
  whoTextFree: "输入服务器认识的顾客编号，看看同样的搜索在这位顾客眼里是什么样。",
  otherShopper: "其他顾客的编号", use: "使用", close: "关闭", findShopper: "查找顾客", noShopper: "没有叫这个名字的顾客。",

  emptyFor: (q) => `没有找到“${q}”`, emptyTitle: "没有找到商品", emptyNoWay: "换个说法试试：说说它的用途，或者材质。",
  emptyWhy: "没有商品同时满足这些条件，去掉一个试试：", leaveOut: (text) => `去掉 ${text}`, clearAll: "清除全部筛选",
  tryInstead: "或者试试：", dropped: (text) => `搜索 ${text}`,
  weakTitle: "可能不是您想要的。", weak: "店里也许没有这样商品，以下最为接近。",
  partlyTitle: "有些内容暂时没有用上。",
  degraded: {
    lexical: "这个索引没有收录词语，结果只按意思匹配；重新建立索引即可补上。",
    reranker: "二次排序太慢，保留了第一次的顺序。",
    personalization: "显示的是大家看到的顺序。",
    ranker: "读不到学习得到的排序，改用内置排序。",
    recommender: "读不到搭配购买的规律，推荐中没有用上它。",
    neighbours: "读不到相似顾客的选择，推荐中没有用上它。",
    explanation: "语言模型没有答上来，理由来自证据本身。",
  },
  degradedOther: (name) => `没有用上：${name}。`,

  noIndexTitle: "还没有可搜索的商品", noIndex: "先用商品目录文件建立索引，建好后本页会自动显示。",
  missingTitle: (name) => `没有索引“${name}”`, missing: "建立它之后，本页会自动显示：", missingOthers: "或者看看别的：",
  copy: "复制", copied: "已复制",
  keyTitle: "此服务器需要密钥", key: "请输入搜索密钥。它只留在这个标签页里，关闭即清除。", keyWrong: "密钥不被接受。", keyLabel: "搜索密钥", enter: "确定",
  forbiddenTitle: "服务器不允许本页访问",
  offlineTitle: "网络已断开", offline: "网络恢复后会自动继续。",
  goneTitle: "服务器没有响应", gone: (seconds) => `${seconds} 秒后重试。`, goneNow: "正在重试…", retry: "立即重试", stale: "目前显示的是之前的结果。",
  busyTitle: "服务器正忙",
  wrongTitle: "这个地址与商品库对不上", wrongFilters: "清除筛选和排序",
  errorTitle: "服务器出了点问题",

  fields: {
    brand: "品牌", category: "分类", price: "价格", currency: "货币", in_stock: "有货", rating: "评分", rating_count: "评价数", colour: "颜色",
    color: "颜色", material: "材质", size: "尺码", language: "语言", gender: "适用人群", age_from: "适用年龄", author: "作者", genre: "类型", season: "季节",
    variant_of: "同款", released: "上市时间", wireless: "无线", waterproof: "防水", model: "型号",
  },
};
