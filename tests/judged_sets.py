"""Small files in the shapes of public judged sets, quirks included. The content is ours."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

WANDS_PRODUCTS = (
    "product_id\tproduct_name\tproduct_class\tcategory hierarchy\tproduct_description\tproduct_features\t"
    "rating_count\taverage_rating\treview_count\n"
    "0\tsolid wood platform bed\tBeds\tFurniture / Bedroom Furniture / Beds\tgood , deep sleep\t"
    "overallwidth-sidetoside:64.7|dsprimaryproductstyle : modern|color:black|color : white|color:black\t"
    "15.0\t4.5\t15.0\n"
    '1\t"bar stool 29\'\' ""tall"""\tBar Stools|Teen Lounge Furniture\tFurniture / Stools\t'
    '"first line\nsecond\twith a tab and ""marks"""\tseat:padded|linen\t\t\t\n'
    "2\tplain rug\t\t\t\t\t0.0\t0.0\t0.0\n"
)
WANDS_QUERIES = (
    "query_id\tquery\tquery_class\n"
    "0\twooden  bed\tBeds\n"
    '5\t"writing desk 48"""\tDesks\n'
    "7\tbar stool\t\n"
    "9\tnobody judged this\tRugs\n"
)
WANDS_LABELS = (
    "id\tquery_id\tproduct_id\tlabel\n"
    "0\t0\t0\tExact\n"
    "1\t0\t1\tIrrelevant\n"
    "2\t7\t1\tExact\n"
    "3\t7\t1\tPartial\n"  # judged again, otherwise
    "4\t7\t0\tIrrelevant\n"
    "5\t7\t0\tIrrelevant\n"  # judged again, alike
    "6\t5\t999\tPartial\n"  # a product that the catalogue lacks
    "7\t5\t2\tPartial\n"
)


def wands(folder: Path) -> Path:
    (folder / "dataset").mkdir(parents=True)
    for name, text in {"product": WANDS_PRODUCTS, "query": WANDS_QUERIES, "label": WANDS_LABELS}.items():
        (folder / "dataset" / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def esci(folder: Path, row_group: int = 2) -> Path:
    """Row groups of two, so that reading crosses their borders."""
    folder.mkdir(parents=True, exist_ok=True)
    # example, query, query_id, product, locale, label, small, large, split
    examples = [
        (0, " revent 80 cfm", 10, "B01", "us", "E", 1, 1, "test"),
        (1, " revent 80 cfm", 10, "B02", "us", "S", 1, 1, "test"),
        (2, " revent 80 cfm", 10, "B03", "us", "C", 1, 1, "test"),
        (3, " revent 80 cfm", 10, "B04", "us", "I", 1, 1, "test"),
        (4, "fan", 11, "B01", "us", "E", 0, 1, "test"),
        (5, "lamp", 12, "B05", "us", "E", 1, 1, "train"),
        (6, "ventilador", 20, "B01", "es", "E", 1, 1, "test"),
        (7, "扇風機", 30, "B09", "jp", "E", 1, 1, "test"),
    ]
    names = ("example_id", "query", "query_id", "product_id", "product_locale", "esci_label")
    names += ("small_version", "large_version", "split")
    table = pa.table({name: [row[column] for row in examples] for column, name in enumerate(names)})
    pq.write_table(table, folder / "shopping_queries_dataset_examples.parquet", row_group_size=row_group)
    products = [
        product("B01", "us", "Bath fan", "Quiet.", "80 cfm\nwhite", "Revent", "White"),
        product("B01", "es", "Ventilador de baño", "Silencioso.", None, "Revent", "Blanco"),
        product("B02", "us", "Ceiling fan", None, "Three blades", None, None),
        product("B03", "us", None, "A grille that fits most bath fans.", None, None, None),
        product("B04", "us", None, None, None, "Nameless", None),
        product("B05", "us", "Lamp", "", "", "", ""),
        product("B09", "jp", "扇風機", "静か", None, "山善", "白"),
    ]
    pq.write_table(
        pa.Table.from_pylist(products), folder / "shopping_queries_dataset_products.parquet", row_group_size=row_group
    )
    (folder / "shopping_queries_dataset_sources.csv").write_text("query_id,source\n10,other\n11,behavioral\n")
    return folder


def product(id_: str, locale: str, title: str | None, description: str | None, *rest: str | None) -> dict[str, Any]:
    bullets, brand, colour = rest
    return {
        "product_id": id_, "product_title": title, "product_description": description, "product_bullet_point": bullets,
        "product_brand": brand, "product_color": colour, "product_locale": locale,
    }  # fmt: skip


HOMEDEPOT_TRAIN = (
    '"id","product_uid","product_title","search_term","relevance"\n'
    '2,100001,"Simple Angle","angle bracket",3\n'
    '3,100001,"Simple Angle","l bracket",2.5\n'
    '9,100002,"Door 36 in. x 80 in. ""Ready"", Café colour","door 36""",2.33\n'
    '16,100005,"Shower Head","angle bracket",1\n'
)
HOMEDEPOT_TEST = '"id","product_uid","product_title","search_term"\n1,100007,"Drill, 3/8""","drill"\n'
HOMEDEPOT_DESCRIPTIONS = (
    '"product_uid","product_description"\n'
    '100001,"Not only do angles make joints stronger, they also\nprovide 90° corners"\n'
    '100002,"A door, 36"" wide"\n'
    '100006,"No title anywhere"\n'
)
HOMEDEPOT_ATTRIBUTES = (
    '"product_uid","name","value"\n'
    '100001,"Bullet01","Versatile connector"\n'
    '100001,"MFG Brand Name","Simple"\n'
    '100001,"Product Width (in.)","3"\n'
    ',"",""\n'  # Kaggle's file has a good hundred such rows
    '100005.0,"Color","Chrome"\n'
)


def homedepot(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "train": HOMEDEPOT_TRAIN,
        "test": HOMEDEPOT_TEST,
        "product_descriptions": HOMEDEPOT_DESCRIPTIONS,
        "attributes": HOMEDEPOT_ATTRIBUTES,
    }
    for name, text in texts.items():
        (folder / f"{name}.csv").write_bytes(text.encode("latin-1"))
    return folder


def beir(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    corpus = [
        {"_id": "d1", "title": "Zero waste", "text": "How to shop without packages.", "metadata": {}},
        {"_id": "d2", "title": "", "text": "What is a zero waste shop?", "metadata": {}},
        {"_id": 3, "title": "", "text": "word " * 60},
        {"_id": "d4", "title": "", "text": ""},
    ]
    queries = [
        {"_id": "q1", "text": "zero waste", "metadata": {}},
        {"_id": "q2", "text": "packaging\tand\n glass"},
        {"_id": "q3", "text": "only in training"},
    ]
    for name, rows in {"corpus": corpus, "queries": queries}.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t1\nq2\t3\t0\nq2\td1\t1\n"
    )
    (folder / "qrels" / "train.tsv").write_text("q3\td2\t1\n")  # without a header
    return folder


TREC_SGML = """\

<top>

<num> Number: 301
<title> quiet bath
 fan

<desc> Description:
Which fans are quiet?

<narr> Narrative:
Anything below 40 dB. <!-- -->
</top>

<top>
<head> Tipster Topic Description
<num> Number:  051
<dom> Domain: International Economics
<title> Topic:  Airbus <b>Subsidies</b>
<desc> Description: none
</top>
<top>
<num> Number: MB1 </num>
<query> cuts &amp; taxes </query>
<querytime> Tue Feb 08 </querytime>
</top>
"""
TREC_XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topics [ <!ELEMENT topics (topic)*> ]>
<topics task="COVIDSearch">
  <topic number="1"><query>lamp &amp; shade</query><question>which?</question></topic>
  <topic id="2"><title>desk</title></topic>
  <topic number="3">
    a chair for two
  </topic>
</topics>
"""


def trec(folder: Path) -> Path:
    """As the Product Search track has it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "2023_test_queries.tsv.gz").write_bytes(gzip.compress(b"1\tbath fan\n2\tlamp\n"))
    (folder / "2024-test-queries.tsv").write_text("qid\tquery\n7\tceiling fan\n")
    (folder / "2023test.qrel").write_text("1 0 11 3\n1 0 12 0\n2 0 13 -1\n")
    (folder / "2024-qrels.txt").write_text("7\t0\t12\t2\n")
    collection = "11\tBath fan\tQuiet\tand small.\n12\tCeiling fan\t\n13\t\tA lamp without a name.\n"
    (folder / "collection.trec.gz").write_bytes(gzip.compress(collection.encode()))
    return folder


def own(folder: Path) -> Path:
    (folder / "catalogue").mkdir(parents=True)
    (folder / "queries.dev.tsv").write_text("q1\tred dress\tshopper-7\nq2\tlamp\n")
    (folder / "qrels.dev.tsv").write_text("q1 0 a1 2.33\nq1 llm a2 0\nq2 0 77 1\n")
    (folder / "catalogue" / "a.jsonl").write_text('{"sku": "a1", "name": "Dress", "price": 12.5}\n{"sku": "a2"}\n')
    (folder / "catalogue" / "b.jsonl.gz").write_bytes(gzip.compress(b'{"sku": 77, "name": "Lamp"}\n'))
    (folder / "mapping.toml").write_text('[fields]\nid = ["code", "sku"]\ntitle = "name"\n')
    return folder
