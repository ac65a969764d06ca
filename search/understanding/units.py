"""Units that may follow a number: where one does, the number is no price."""

from __future__ import annotations

from search.lexicon.folding import listed

_WORDS = listed(
    "inch inches in cm mm m meter meters metre metres ft foot feet yd yard yards km mile miles kg kgs g gram "
    "grams oz ounce ounces lb lbs pound pounds mg ml l liter liters litre litres gal gallon gallons qt quart "
    "quarts pint pints cup cups gb tb mb kb mah ah wh w watt watts kw v volt volts amp amps hz khz mhz ghz db "
    "dpi mp megapixel megapixels fps rpm psi nm pack packs pk pc pcs piece pieces count ct sheet sheets page "
    "pages set sets people person persons man men player players year years yr yrs yo month months mo week "
    "weeks day days hour hours hr hrs minute minutes min mins sec seconds second degree degrees f c percent "
    "star stars x port ports button buttons key keys core cores channel channels way gauge ply denier spf "
    "calories btu btus pixels p lumen lumens lux decibels tier tiers level levels step steps speed speeds "
    "layer layers thread threads liters cell gen generation th st nd rd bit ohm ohms servings tablets "
    "capsules seater seat seats items products bottles bags cans boxes rolls"
)
_HAN_UNITS = listed(
    "英寸 寸 厘米 毫米 公分 千克 公斤 毫升 毫安 小时 分钟 个月 人份 平米 平方 千瓦 米 克 斤 升 岁 月 周 天 年 人 位 "
    "个 件 只 台 瓶 包 盒 片 支 条 双 层 度 瓦 伏 码 号 代 核 倍 口 孔 键 页 本 张 米 分 星 寸 匹 档 级 g l m w v k"
)

UNIT_AFTER = r"(?:\s?[-]?\s?(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b|\s?[\"'”′″%°]|[a-z])"
UNIT_AFTER_HAN = "(?:" + "|".join(sorted(_HAN_UNITS, key=len, reverse=True)) + ")"

__all__ = ["UNIT_AFTER", "UNIT_AFTER_HAN"]
