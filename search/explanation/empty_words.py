"""Words of a query that say nothing of a product: it is neither said that they stand in it nor that they do not."""

from __future__ import annotations

from search.lexicon.folding import listed
from search.understanding.tokens import STOP

NEGATORS = listed("no not non without never 不 无 没 没有 不用 不要 不含 不带 不需 不需要 别 免 非 未")
"""The word after one of these is ruled out."""

_ENGLISH = listed(
    "i im i'm ive i've me my mine you your you're we our us they them their he she his her who whom whose that "
    "this these those there here what which when where while why how am is are was were be been being do does did "
    "doing done don't doesn't didn't won't can't cannot can could couldn't will would wouldn't shall should "
    "shouldn't may might must have has had having haven't hasn't isn't aren't wasn't it's its it that's get gets "
    "getting got go goes going gone want wants wanted need needs needed looking look find buy buying let lets "
    "let's make makes making use used using keep keeps something anything nothing everything someone anyone "
    "everyone one ones thing things stuff way ways lot lots kind sort all any each every both few more most much "
    "many some such only own same other another else even ever again also too very really quite just so than then "
    "as at by about above across after against along among around before behind below between but if into like "
    "near of off on onto or out over per since through till to toward towards under until up upon with within yet "
    "and nor because though although however please show give gimme recommend recommended suggest good great nice "
    "best better perfect ideal suitable cheap cheapest affordable top new latest gift gifts present presents old "
    "enough long well take takes ok etc vs versus love loves loved like likes liked hate work works working come "
    "comes stay stays stop stops help helps put puts set sets won wont cant dont doesnt day days time times "
    "preferably prefer preferred ideally rather maybe hopefully"
)
_CHINESE = listed(
    "适合 推荐 便宜 好用 好看 有没有 什么 怎么 怎么办 哪个 哪种 哪款 哪把 哪里 哪儿 买 购买 想要 想买 需要 可以 "
    "能 能用 会 给 送 送给 让 把 被 用 用的 的话 一个 一款 一种 一些 这个 那个 自己 我们 你们 他们 我家 家里 时候 "
    "东西 左右 以内 以上 以下 之内 性价比 高性价比 新款 正品 官方 旗舰店 专用 求 请问 帮 比较 非常 特别 又 还 也 "
    "都 就 而且 但是 因为 所以 能带 能装 带上 在家 岁 学 读 看 穿 带 上 下 里 中 后 前 时 人 款 式 种 些 天 几天 "
    "几 完 去 来 做 到 从 对 为 被 过 着 得 地 吧 啊 呀 么 嘛 不会 不怕 怕"
)
EMPTY_WORDS = STOP | _ENGLISH | _CHINESE
