"""Sheets for people to grade: CSV that Excel, LibreOffice and Numbers open rightly, Chinese included.

Spreadsheets change what they open: `007` becomes 7, `4006381333931` becomes 4.00638E+12, `3-4` a date. So each row
bears a code of ten letters made from its query and product, by which an altered id is noticed and can be restored.
They also run what looks like a formula: a cell that begins like one gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from eval.judging.pools import Pair
from eval.judging.products import ProductCard, one_line
from eval.qrels import replacing

COLUMNS = (
    "query", "title", "grade", "comment", "brand", "price", "category", "description", "url", "image",
    "query_id", "product_id", "judge", "pair",
)  # fmt: skip
"""In the order in which a sheet shows them: what is read and filled in first, what machines need last."""

_FORMULA = re.compile(r"'*[=+\-@＝＋－＠]")


def write_sheet(
    path: Path,
    pairs: Sequence[Pair],
    texts: Mapping[str, str],
    cards: Mapping[str, ProductCard],
    judge: str = "",
    separator: str = ",",
) -> None:
    """Replaces `path`. `texts` are the words of the queries; a product without a card is shown by its id alone.

    UTF-8 with a byte order mark, without which Excel reads another encoding; every cell quoted. Raises JudgementError.
    """
    with replacing(path) as file:
        file.write("\ufeff")
        writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for pair in pairs:
            card = cards.get(pair.product, ProductCard(""))
            row = {
                **{name: getattr(card, name) for name in ProductCard.__slots__},
                "query": one_line(texts[pair.query]),
                "query_id": pair.query,
                "product_id": pair.product,
                "judge": judge,
                "pair": pair_code(pair),
            }
            writer.writerow([guarded(row.get(column, "")) for column in COLUMNS])


def pair_code(pair: Pair) -> str:
    """Ten letters: no spreadsheet takes them for a number or a date. Of a million pairs, two share one in 280 pools."""
    digest = hashlib.sha256(json.dumps([pair.query, pair.product]).encode()).digest()
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(10):
        number, letter = divmod(number, 26)
        letters.append("abcdefghijklmnopqrstuvwxyz"[letter])
    return "".join(letters)


def guarded(text: str) -> str:
    """So that a spreadsheet shows the text and never runs it; undone by `unguarded`, whatever the text."""
    return "'" + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
