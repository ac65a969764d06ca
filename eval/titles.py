"""Titles of products by their ids, for showing results to people: from a file, or from a live index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from eval.qrels import error_at, lines_of
from search.protocols import Collection
from search.storage.payload import point_id


def read_titles(path: Path) -> dict[str, str]:
    """Lines of ``product_id TAB title``; further columns are not looked at. Raises JudgementError.

    A product that comes twice must have the same title both times.
    """
    titles: dict[str, str] = {}
    for number, line in lines_of(path):
        product, *columns = (column.strip() for column in line.split("\t"))
        if not product or not columns or not columns[0]:
            raise error_at(path, number, "expected product_id, a tab and the title")
        before = titles.setdefault(product, columns[0])
        if before != columns[0]:
            raise error_at(path, number, f"product '{product}' had another title before: '{before}'; keep one")
    return titles


def titles_of(products: Iterable[str], collection: Collection) -> dict[str, str]:
    """Titles of those products that the index version holds and that have one."""
    points = {point_id(product): product for product in products}
    documents = collection.values(list(points), ["title"])
    titles = {points[point]: document.get("title") for point, document in documents.items()}
    return {product: title for product, title in titles.items() if isinstance(title, str) and title}


@contextmanager
def live_index(index: str) -> Iterator[Collection]:
    """The live version of an index of the settings' data folder or server, on a private snapshot; no encoder is loaded.

    Raises IndexNotFound, IndexDamaged, StoreUnavailable, SettingsError.
    """
    from search.bootstrap import open_store
    from search.settings import Settings

    collection = open_store(Settings.load()).open(index, snapshot=True)
    try:
        yield collection
    finally:
        collection.close()
