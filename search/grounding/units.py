"""The units that numbers come with, and what is exactly the same in another of them."""

from __future__ import annotations

from functools import cache

_TABLE = """
g 1: g gram grams gramme grammes gr 克
g 1000: kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes 千克 公斤
g 0.001: mg milligram milligrams 毫克
g 500: 斤
g 50: 两重
oz 1: oz ounce ounces 盎司
lb 1: lb lbs pound pounds 磅
ml 1: ml millilitre millilitres milliliter milliliters 毫升
ml 10: cl
ml 1000: l litre litres liter liters ltr 升
gal 1: gal gallon gallons 加仑
cm 0.1: mm millimetre millimetres millimeter millimeters 毫米
cm 1: cm cms centimetre centimetres centimeter centimeters 厘米 公分
cm 100: m metre metres meter meters 米
cm 100000: km kms kilometre kilometres kilometer kilometers 公里 千米
mile 1: mile miles 英里
inch 1: inch inches in " ″ 英寸 寸
ft 1: ft foot feet 英尺
cun 1: 尺
s 1: sec secs second seconds s 秒 秒钟
s 60: min mins minute minutes 分钟
s 3600: h hr hrs hour hours 小时 个小时 个半小时 钟头 个钟头
s 86400: day days night nights 天 日 夜 晚
s 604800: week weeks 周 星期 个星期 个半星期 礼拜 个礼拜
month 1: month months mth mths 个月 月 个半月
month 12: year years yr yrs 年
age 1: year-old years-old year-olds years-of-age 岁 周岁
db 1: db dba decibel decibels 分贝
w 1: w watt watts 瓦 瓦特
w 1000: kw kilowatt kilowatts 千瓦
wh 1: wh 瓦时
wh 1000: kwh
v 1: v volt volts 伏 伏特
a 1: a amp amps ampere amperes 安培
mah 1: mah 毫安 毫安时
mah 1000: ah
hz 1: hz 赫兹
hz 1000: khz
hz 1000000: mhz
hz 1000000000: ghz
gb 1: gb gigabyte gigabytes
gb 1000: tb terabyte terabytes
gb 0.001: mb
mbs 1: mb/s mbps
c 1: °c ℃ 摄氏度
f 1: °f ℉
deg 1: ° degree degrees 度
k 1: k kelvin
lm 1: lm lumen lumens 流明
lx 1: lux lx 勒克斯
pa 1: pa pascal pascals 帕
nm 1: nm 牛米
j 1: joule joules j 焦耳 焦
% 1: % percent per-cent 成分比
% 10: 成
star 1: star stars 星 颗星
dpi 1: dpi
rpm 1: rpm 转
mp 1: mp megapixel megapixels 万像素
gsm 1: gsm g/m²
cal 1: kcal calories calorie 千卡 大卡
micron 1: micron microns 微米
denier 1: denier 丹
ply 1: ply
zhe 1: 折
fps 1: fps
mg/ 1: mg/l
USD 1: dollar dollars bucks usd 美元 美金 刀
CNY 1: yuan rmb cny 元 块钱 人民币
GBP 1: quid gbp 英镑
EUR 1: euro euros eur 欧元
JPY 1: yen jpy 日元
"""

_SIGNS = """
USD $ us$ usd
CNY ¥ ￥ rmb cny 人民币
EUR € eur
GBP £ gbp
HKD hk$
"""
MONEY = frozenset({"USD", "CNY", "EUR", "GBP", "HKD", "JPY"})


@cache
def units() -> dict[str, tuple[str, float]]:
    """Spelling → dimension, and how many of its base unit."""
    found: dict[str, tuple[str, float]] = {}
    for line in _TABLE.strip().splitlines():
        head, _, spellings = line.partition(": ")
        dimension, factor = head.split()
        found |= {spelling: (dimension, float(factor)) for spelling in spellings.split()}
    return found


@cache
def currencies() -> dict[str, str]:
    """Sign or code before a number → ISO code."""
    lines = [line.split() for line in _SIGNS.strip().splitlines()]
    return {sign: code for code, *signs in lines for sign in signs}


__all__ = ["MONEY", "currencies", "units"]
