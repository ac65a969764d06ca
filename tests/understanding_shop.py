"""A made-up shop with brands that people know, beside the demo catalogue: what the golden queries are read against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.catalogue import ProductRow, read_catalogue
from indexer.fields import FieldCensus
from search.documents import document
from search.lexicon import Lexicon, LexiconBuilder

DEMO = Path(__file__).parents[1] / "examples" / "demo" / "catalogue"

# title | brand | colour | material | price | currency
_SHOP = """
HP LaserJet Pro M15 laser printer|HP|White||129|USD
HP OfficeJet 8025 all-in-one printer|HP|Grey||189|USD
HP DeskJet 2700 inkjet printer|HP|White||59|USD
HP 85A black toner cartridge|HP|||79|USD
HP ProBook 450 laptop, 15.6 inch|HP|Silver||749|USD
HP EliteDisplay monitor, 24 inch|HP|Black||199|USD
Canon PIXMA TS3350 printer|Canon|Black||64|USD
Canon EOS 250D digital camera|Canon|Black||549|USD
Canon PowerShot SX740 compact camera|Canon|Silver||399|USD
Canon 545 black ink cartridge|Canon|||18|USD
Epson EcoTank ET-2810 printer|Epson|Black||199|USD
Epson 29 ink cartridge, cyan|Epson|||12|USD
Epson 502 ink bottles, four colours|Epson|||39|USD
Epson EB-X49 projector|Epson|White||499|USD
Brother TN-2110 toner cartridge|Brother|||55|USD
Brother HL-1210W laser printer|Brother|Black,White||99|USD
Xerox 006R90321 toner cartridge, black|Xerox|||88|USD
Xerox Phaser 6510 laser printer|Xerox|White||329|USD
Xerox toner cartridge, magenta|Xerox|||91|USD
Sony WH-1000XM5 wireless headphones, black|Sony|Black||349|USD
Sony WH-1000XM5 wireless headphones, silver|Sony|Silver||349|USD
Sony WH-CH520 headphones, blue|Sony|Blue||59|USD
Sony Bravia 55 inch television|Sony|Black||799|USD
Sony PlayStation 5 console|Sony|White||499|USD
Philips SHL3060 headphones, white|Philips|White||25|USD
Philips SHL3060 headphones, black|Philips|Black||25|USD
Philips Sonicare toothbrush|Philips|White||69|USD
Philips 3200 coffee machine|Philips|Black||449|USD
Logitech M185 wireless mouse, grey|Logitech|Grey||15|USD
Logitech M185 wireless mouse, red|Logitech|Red||15|USD
Logitech MX Keys keyboard, graphite|Logitech|Graphite||109|USD
Logitech K120 keyboard, black|Logitech|Black||14|USD
Logitech C920 webcam|Logitech|Black||69|USD
CHERRY KC 1000 keyboard, black|CHERRY|Black||19|USD
CHERRY KC 1000 keyboard, grey|CHERRY|Grey||19|USD
CHERRY MX Board 3.0S keyboard|CHERRY|White||99|USD
CHERRY MC 2000 mouse|CHERRY|Black||17|USD
StarTech.com HDMI cable 2 m, gold plated|StarTech.com|Black||9|USD
StarTech.com HDMI cable 5 m, gold plated|StarTech.com|Black||15|USD
StarTech.com USB-C hub|StarTech.com|Grey|Aluminium|45|USD
Ugreen HDMI cable 3 m, gold plated connectors|Ugreen|Black||11|USD
Kingston DataTraveler USB flash drive 64GB, red|Kingston Technology|Red||8|USD
Kingston A400 SSD 480GB|Kingston Technology|||39|USD
SanDisk Cruzer USB flash drive 32GB, black and red|SanDisk|Black/Red||7|USD
SanDisk Ultra USB flash drive 128GB, red|SanDisk|Red||14|USD
Targus CityLite laptop bag, 15.6 inch|Targus|Black|Polyester|35|USD
Targus Classic laptop backpack|Targus|Grey|Nylon|29|USD
Case Logic laptop bag|Case Logic|Black|Polyester|32|USD
Samsonite Guardit laptop bag|Samsonite|Blue|Polyester|55|USD
Samsung Galaxy S23 smartphone, 128GB|Samsung|Black||699|USD
Samsung Galaxy A54 smartphone, 256GB|Samsung|White||399|USD
Samsung 970 EVO SSD 1TB|Samsung|||99|USD
Samsung 27 inch curved monitor|Samsung|Black||229|USD
Spigen case for Samsung Galaxy S23|Spigen|Black|Silicone|15|USD
Spigen clear case for Samsung Galaxy A54|Spigen|Transparent|Silicone|14|USD
Otterbox rugged case for Samsung Galaxy S23|OtterBox|Black|Rubber|39|USD
Mobest flip case for Samsung Galaxy S22|Mobest|Brown|Leather|11|USD
Mobest wallet case for Samsung Galaxy S21|Mobest|Black|Leather|12|USD
Mobest case for Google Pixel 8|Mobest|Black|Leather|12|USD
Spigen case for Google Pixel 7|Spigen|Black|Silicone|13|USD
Spigen case for Apple iPhone 11|Spigen|Transparent|Silicone|13|USD
Apple iPhone 11 64GB|Apple|Black||499|USD
Apple iPhone 13 128GB|Apple|White||699|USD
Apple MacBook Air laptop|Apple|Silver||999|USD
Apple Watch SE smart watch|Apple|Gold||249|USD
Martin Farm apple juice, 1 L|Martin Farm|||3|USD
Martin Farm apple juice, cloudy|Martin Farm|||4|USD
Hillside sparkling apple juice|Hillside|||4|USD
Hillside dried apple rings|Hillside|||5|USD
Martin Farm orange juice, 1 L|Martin Farm|||3|USD
Hillside orange juice with bits|Hillside|||4|USD
Microsoft Xbox Series X console|Microsoft|Black||499|USD
Microsoft Surface Laptop 5|Microsoft|Platinum||999|USD
Microsoft Sculpt keyboard|Microsoft|Black||59|USD
Lenovo ThinkPad E15 laptop|Lenovo|Black||799|USD
Lenovo IdeaPad 3 laptop|Lenovo|Grey||449|USD
TP-LINK TL-SG108 network switch, 8 port|TP-LINK|Blue|Steel|25|USD
TP-LINK Archer C6 wireless router|TP-LINK|Black||45|USD
NETGEAR GS308 network switch, 8 port|NETGEAR|Black|Steel|22|USD
Mario adventure game for Nintendo Switch|Ubisoft|||39|USD
Racing game for Nintendo Switch|Ubisoft|||29|USD
Silver straight leg jeans|Silver Jeans Co.|Blue|Cotton|79|USD
Silver bootcut jeans|Silver Jeans Co.|Indigo|Cotton|85|USD
Rosewood red wine glasses, set of 4|Rosewood|Clear|Glass|24|USD
Rosewood red wine decanter|Rosewood|Clear|Glass|34|USD
Leafwell green tea, 100 bags|Leafwell|||7|USD
Leafwell matcha green tea powder|Leafwell|||15|USD
Dormio white noise machine|Dormio|Black||29|USD
Stationers rubber band assortment|Stationers|Multicolour||3|USD
Cleanly leather cleaner spray|Cleanly|||9|USD
Cleanly leather care cream|Cleanly|||11|USD
Bakewell black forest cake mix|Bakewell|||5|USD
Bakewell black forest gateau|Bakewell|||9|USD
Roamer leather wallet, black|Roamer|Black|Leather|39|USD
Roamer leather wallet, brown|Roamer|Brown|Leather|39|USD
Roamer leather belt, brown|Roamer|Brown|Leather|29|USD
Roamer canvas wallet, green|Roamer|Green|Canvas|19|USD
Roamer wool scarf, red|Roamer|Red|Wool|25|USD
Roamer cotton shirt, blue|Roamer|Blue|Cotton|35|USD
Roamer cotton t-shirt, white|Roamer|White|Cotton|15|USD
Roamer silk dress, red|Roamer|Red|Silk|89|USD
Roamer red dress with belt|Roamer|Red|Polyester|49|USD
Roamer black dress|Roamer|Black|Polyester|49|USD
华为 P60 手机 256GB 黑色|华为（HUAWEI）|黑色||4488|CNY
华为 Mate 50 手机 昆仑霞光|华为（HUAWEI）|金色||5299|CNY
华为 畅享60 手机 128GB 白色|华为（HUAWEI）|白色||1299|CNY
华为 FreeBuds 无线耳机 白色|华为（HUAWEI）|白色||899|CNY
小米 13 手机 256GB 黑色|小米（MI）|黑色||3999|CNY
小米 红米 Note12 手机 蓝色|小米（MI）|星空蓝||1099|CNY
小米 手环8 金色|小米（MI）|香槟金||239|CNY
小米 空气净化器|小米（MI）|白色||899|CNY
三星 Galaxy S23 手机 枫叶金|三星（SAMSUNG）|枫叶金||4999|CNY
索尼 WH-1000XM5 头戴式耳机|索尼（SONY）|黑色||2299|CNY
佳能 EOS R50 微单相机|佳能（Canon）|白色||4999|CNY
CHANDO/自然堂 雪域滋润面霜 50g|CHANDO/自然堂|||139|CNY
CHANDO/自然堂 冰肌水|CHANDO/自然堂|||99|CNY
兰蔻 小黑瓶精华 50ml|兰蔻|||1080|CNY
兰蔻 菁纯口红|兰蔻|||320|CNY
雅诗兰黛 小棕瓶眼霜 15ml|雅诗兰黛|||520|CNY
雅诗兰黛 红石榴面霜|雅诗兰黛|||480|CNY
欧莱雅 复颜眼霜|欧莱雅|||229|CNY
欧莱雅 男士洗面奶|欧莱雅|||59|CNY
妮维雅 洗面奶 100g|妮维雅|||39|CNY
安德玛 真皮钱包 男 棕色|安德玛|棕色|真皮|299|CNY
素颂 纯棉T恤 女 白色|素颂|白色|纯棉|79|CNY
素颂 真丝连衣裙 红色|素颂|红色|真丝|599|CNY
素颂 羊毛围巾 灰色|素颂|灰色|羊毛|199|CNY
"""


def documents() -> Iterator[dict[str, Any]]:
    """The demo catalogue and the made-up shop, as documents."""
    for item in read_catalogue([str(path) for path in sorted(DEMO.glob("*.jsonl"))]):
        if isinstance(item, ProductRow):
            yield document(item.product)
    for number, line in enumerate(_SHOP.strip().splitlines()):
        title, brand, colour, material, price, currency = line.split("|")
        shown = {"id": f"S-{number}", "title": title, "brand": brand, "price": float(price), "currency": currency}
        looks = {"colour": colour, "material": material}
        yield shown | {name: value for name, value in looks.items() if value}


def lexicon() -> Lexicon:
    held = list(documents())
    census = FieldCensus()
    for one in held:
        census.add(one)
    builder = LexiconBuilder(census.choose().fields)
    for one in held:
        builder.add(one)
    return Lexicon.from_bytes(builder.build().to_bytes())


if __name__ == "__main__":
    print(json.dumps({"products": lexicon().products}))
