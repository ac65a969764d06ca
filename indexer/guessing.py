"""A mapping for a catalogue that came without one, from the names of its columns and a look at their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from indexer.attributes import is_date, read_number, slug
from indexer.mapping import AttributeRules, FieldRule, Kind, Mapping
from indexer.prices import read_currency
from indexer.problems import Unreadable
from indexer.values import (
    as_list,
    is_empty,
    read_category,
    read_first_text,
    read_id,
    read_language,
    read_link,
    read_stock,
    read_text,
)
from search.domain import Json
from search.errors import MappingError

SAMPLE_ROWS = 1000
"""Rows a guess is made from."""

_NAMES = {
    "id": (
        "id product_id productid sku sku_id asin item_id itemid goods_id goods_sn product_code item_code "
        "article_number article_no part_number uid uuid product_number item_number handle code gtin ean upc isbn "
        "商品编号 商品id 商品编码 产品编号 产品id 编号 货号 sku编号 sku编码"
    ),
    "title": (
        "title product_title name product_name productname item_name item_title goods_name display_name "
        "商品名称 商品标题 产品名称 标题 名称 品名 商品名 spu_title"
    ),
    "description": (
        "description product_description desc long_description body body_html item_description short_description "
        "summary intro introduction sub_title subtitle brief goods_brief about features bullet_points highlights "
        "商品描述 产品描述 描述 简介 商品简介 详情 商品详情 介绍 卖点"
    ),
    "brand": (
        "brand brand_name product_brand manufacturer supplier vendor maker store 品牌 品牌名称 品牌名 厂商 制造商 厂家"
    ),
    "category": (
        "category categories category_path product_category category_name breadcrumbs breadcrumb taxonomy "
        "google_product_category main_category product_type department 类目 分类 类别 商品分类 商品类目 品类"
    ),
    "price": (
        "selling_price price current_price final_price unit_price retail_price sale_price list_price amount "
        "价格 售价 销售价 现价 单价 商品价格 零售价"
    ),
    "currency": "currency currency_code price_currency 币种 货币",
    "image": (
        "image image_url image_link main_image image_src img img_url img_500x500 img_high picture picture_url pic "
        "pic_url photo thumbnail thumb images image_urls img_low img_thumb 图片 主图 商品图片 图片地址"
    ),
    "url": "url link product_url product_link href web_url permalink 链接 商品链接 网址",
    "in_stock": (
        "in_stock instock available availability is_available is_in_stock stock_status stock stock_quantity stock_num "
        "inventory 库存 是否有货 有货 库存数量"
    ),
    "variant_of": "variant_of parent_id parent_asin parent_sku item_group_id group_id spu_id spu 父商品",
    "language": "language lang locale 语言",
}
"""The usual names of each field's column, as slugs, the best first."""

_GAPS_FILLED = ("brand", "category", "image")
"""Fields for which a further column is used where the first one is empty."""

_SOMETIMES_TAGS = ("about", "features", "bullet_points", "highlights")
"""Sentences in one shop, tags in the next: part of the description only where they are long."""

_READERS: dict[str, Callable[[Json], object]] = {
    "id": read_id,
    "currency": read_currency,
    "image": read_link,
    "url": read_link,
    "in_stock": read_stock,
    "language": read_language,
    "variant_of": read_id,
    "title": read_text,
    "brand": read_first_text,
    "category": read_category,
}

_PRICE_SUFFIX = re.compile(r"(?:.*_)?price_([a-z]{3})|价格_?([a-z]{3})")
_CURRENCIES = ("usd", "eur", "gbp", "cny", "rmb", "jpy", "aud", "cad", "chf", "hkd", "twd", "inr", "krw", "brl", "sek")
_PICTURE = re.compile(r"(?:img|image|picture|photo|thumb|thumbnail|pic)s?(?:_.*)?|.*_(?:img|image|images)")
_SPECIFICATIONS = re.compile(
    r"attributes?|attrs|(?:own_|tech(?:nical)?_)?spec(?:s|ifications?)?|(?:technical_)?details|prop(?:ertie)?s|params|"
    r"features|parameters|属性|参数|规格|规格参数"
)
_CODE = re.compile(
    r"(?:.*_)?(?:ids?|sku|(?:bar|post|zip)?code|ean|upc|gtin|isbn|asin|mpn|model|number|no|phone|tel|zip|编号|编码|货号|条码|型号)"
)
_TEXT_FORMATS = ("csv", "tsv")
_LONG = 60


def guess_mapping(rows: Sequence[dict[str, Json]], format: str) -> Mapping:
    """The mapping that fits these rows of a file in this format. Raises MappingError where no id or title is found."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    # Of two columns with the same slug the first one counts.
    slugs = {slug(column): column for column in reversed(columns)}
    fields: dict[str, FieldRule] = {}
    for field, names in _NAMES.items():
        found = [slugs[name] for name in names.split() if name in slugs]
        rule = _rule(field, [column for column in found if _suits(field, column, rows)], rows)
        if rule is None and field == "price":
            rule = _price_with_currency(slugs)
        if rule is not None:
            fields[field] = rule
    for needed in ("id", "title"):
        if needed not in fields:
            raise MappingError(
                f"No column looks like the product's {needed}. Write a mapping file and name it with --mapping; the "
                f"columns are: {', '.join(columns[:40])}{' …' if len(columns) > 40 else ''}"
            )
    used = {column for rule in fields.values() for column in rule.columns}
    rest = [column for column in columns if column not in used]
    specifications = [column for column in rest if _SPECIFICATIONS.fullmatch(slug(column))]
    return Mapping(
        fields,
        AttributeRules(
            columns=tuple(column for column in specifications if _holds_objects(_values(column, rows))),
            types=_types(rest, rows) if format in _TEXT_FORMATS else {},
            all=True,
            exclude=tuple(column for column in rest if _is_picture(column, rows)),
        ),
        name="the guessed mapping",
        guessed=True,
    )


def _values(column: str, rows: Iterable[dict[str, Json]], most: int = 100) -> list[Json]:
    """The first values there are in a column."""
    return list(islice((row[column] for row in rows if not is_empty(row.get(column))), most))


def _suits(field: str, column: str, rows: Sequence[dict[str, Json]]) -> bool:
    """Whether most values can be read as what the field holds."""
    values = _values(column, rows)
    if field == "price":
        return not any(isinstance(value, dict | list | bool) for value in values)
    if field == "description":
        prose = not any(isinstance(value, dict) or str(value)[:1] == "{" for value in values)
        return prose and (slug(column) not in _SOMETIMES_TAGS or _are_long(values))
    return sum(map(_reads(_READERS[field]), values)) >= (0.5 if field in ("id", "title") else 0.8) * len(values) > 0


def _reads(reader: Callable[[Json], object]) -> Callable[[Json], bool]:
    def works(value: Json) -> bool:
        try:
            reader(value)
        except Unreadable:
            return False
        return True

    return works


def _are_long(values: Sequence[Json]) -> bool:
    items = [item for value in values for item in (as_list(value) or [value])]
    return bool(items) and sum(len(str(item)) for item in items) >= _LONG * len(items)


def _rule(field: str, found: list[str], rows: Sequence[dict[str, Json]]) -> FieldRule | None:
    if not found:
        return None
    if field == "id":
        return FieldRule((_unique_first(found, rows)[0],))
    if field == "description":
        return FieldRule(tuple(found), join=" " if len(found) > 1 else None)
    columns = [found[0]]
    for column in found[1:] if field in _GAPS_FILLED else ():
        if any(not is_empty(row.get(column)) and all(is_empty(row.get(one)) for one in columns) for row in rows):
            columns.append(column)
    return FieldRule(tuple(columns))


def _unique_first(columns: list[str], rows: Sequence[dict[str, Json]]) -> list[str]:
    """Columns in which hardly a value is missing or repeated come before those in which many are."""

    def doubtful(column: str) -> bool:
        return len(set(map(str, _values(column, rows, most=len(rows))))) < 0.9 * len(rows)

    return sorted(columns, key=doubtful)


def _price_with_currency(slugs: dict[str, str]) -> FieldRule | None:
    """A column such as `price_cny`."""
    for name in sorted(slugs, key=len):
        match = _PRICE_SUFFIX.fullmatch(name)
        code = match and (match[1] or match[2])
        if code in _CURRENCIES:
            return FieldRule((slugs[name],), currency="CNY" if code == "rmb" else str(code).upper())
    return None


def _types(columns: Iterable[str], rows: Sequence[dict[str, Json]]) -> dict[str, Kind]:
    """CSV has no types: a column of nothing but numbers that is no code holds numbers; so with dates and truths."""
    types: dict[str, Kind] = {}
    for column in columns:
        values = [str(value).strip() for value in _values(column, rows, most=SAMPLE_ROWS)]
        if not values:
            continue
        if all(value.lower() in ("true", "false") for value in values):
            types[column] = "boolean"
        elif all(map(is_date, values)):
            types[column] = "date"
        elif not _CODE.fullmatch(slug(column)) and all(map(_is_number, values)):
            types[column] = "number"
    return types


def _is_number(value: str) -> bool:
    if len(value) > 15 or (value[0] == "0" and value[1:2].isdigit()):
        return False
    try:
        read_number(value)
    except Unreadable:
        return False
    return True


def _holds_objects(values: Iterable[Json]) -> bool:
    return any(
        isinstance(value, dict)
        or (isinstance(value, list) and isinstance(value[0], dict))
        or (isinstance(value, str) and value.lstrip()[:1] in ("{", "["))
        for value in values
    )


def _is_picture(column: str, rows: Sequence[dict[str, Json]]) -> bool:
    """Further pictures are no attributes; `picture_quality` is one."""
    values = _values(column, rows, most=20)
    return bool(_PICTURE.fullmatch(slug(column))) and all(
        isinstance(value, list | dict) or "/" in str(value) for value in values
    )
