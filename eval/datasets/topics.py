"""TREC topics: the queries of a collection, in one of three shapes that the beginning of the file tells apart.

- SGML as TREC has it since 1992: ``<top>``, ``<num> Number: 301``, ``<title> …``, ``<desc>``, ``<narr>``, ``</top>``.
  Tags inside need not be closed, and a title may go on over several lines. The query is the title, or ``<query>``.
- XML as later tracks have it: ``<topic number="1">`` with ``<query>`` or ``<title>`` in it, or nothing but the text.
- Columns: ``query_id TAB text``, with or without a header; or ``1:text`` and ``1:priority:text`` of the Million Query
  and Terabyte tracks.

Lines that are no UTF-8 are taken for Windows-1252: topics of the nineties have names with accents in them.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from eval.datasets.files import id_at, lines, new_id, problem_at, query_at
from eval.qrels import EvalQuery
from search.errors import DatasetError

_HEADERS = frozenset({"qid", "id", "query_id", "query-id", "queryid", "topic", "topic_id", "number", "num"})
_FIELDS = frozenset(
    ["top", "num", "title", "desc", "narr", "head", "dom", "smry", "con", "fac", "def", "nat", "time", "query"]
)
"""Tags of TREC's topics over the years; others are markup inside a text, and go."""
_TAG = re.compile(r"<\s*(/?)\s*([a-z]+)\b[^>]*>", re.IGNORECASE)
_TOP = re.compile(r"<top[\s>]", re.IGNORECASE)
_COLONS = re.compile(r"(\d+):(?:\d+:)?(.*)")
_LABEL = re.compile(r"\s*(?:number|topic|title)\s*:", re.IGNORECASE)
_LOOK = 100
"""Lines that tell the shape."""
_MOST_BYTES = 64 * 2**20


def read_topics(path: Path) -> Iterator[EvalQuery]:
    """Queries in file order. Raises DatasetError, also for an id that comes twice."""
    start = "".join(line for _, line in islice(lines(path, windows=True), _LOOK)).lstrip()
    if not start:
        raise DatasetError(f"{path} holds no topics.")
    shape = _columns if start[0] != "<" else _sgml if _TOP.search(start) else _xml
    once = new_id(path)
    for number, query, text in shape(path):
        yield EvalQuery(once(number, id_at(path, number, query, "id of the topic")), query_at(path, number, text))


def _columns(path: Path) -> Iterator[tuple[int, str, str]]:
    first = True
    for number, line in lines(path, windows=True):
        if not line.strip():
            continue
        query, tab, text = line.rstrip("\r\n").partition("\t")
        if not tab and (colons := _COLONS.match(line)):
            query, tab, text = colons[1], ":", colons[2]
        if not tab:
            raise problem_at(path, number, "expected query_id, a tab and the text of the query")
        if not (first and query.strip().lower() in _HEADERS):
            yield number, query, text.split("\t")[0]
        first = False


def _sgml(path: Path) -> Iterator[tuple[int, str, str]]:
    topic: dict[str, str] | None = None
    field, begun, number = "", 0, 0
    for number, line in lines(path, windows=True):
        position = 0
        for tag in _TAG.finditer(line):
            if topic is not None and field:
                topic[field] = topic.get(field, "") + line[position : tag.start()]
            position, closing, name = tag.end(), tag[1], tag[2].lower()
            if name not in _FIELDS:
                continue
            if name == "top" and not closing:
                if topic is not None:
                    raise problem_at(path, number, f"a topic begins before the one of line {begun} has ended by </top>")
                topic, field, begun = {}, "", number
            elif name == "top":
                if topic is None:
                    raise problem_at(path, number, "</top> without a <top> before it")
                yield begun, _unlabelled(topic, "num"), _unlabelled(topic, "title") or _unlabelled(topic, "query")
                topic = None
            else:
                field = "" if closing else name
        if topic is not None and field:
            topic[field] = topic.get(field, "") + line[position:]
    if topic is not None:
        raise problem_at(path, begun, "this topic never ends by </top>; is the file cut off?")


def _unlabelled(topic: dict[str, str], field: str) -> str:
    """«Number: 301» → «301», «Topic: Tobacco» → «Tobacco»."""
    text = html.unescape(topic.get(field, ""))
    label = _LABEL.match(text)
    return (text[label.end() :] if label else text).strip()


def _xml(path: Path) -> Iterator[tuple[int, str, str]]:
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise DatasetError(f"{path} has {size:,} bytes: too many for topics. Is this the collection?")
    text = "".join(line for _, line in lines(path, windows=True))
    if "<!entity" in text.lower():
        raise DatasetError(f"{path} declares entities, which are not read. Remove the declaration.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities there is nothing to blow up
    except ElementTree.ParseError as error:
        raise problem_at(path, error.position[0], f"this is no XML: {error}") from error
    found = False
    for number, topic in enumerate(root.iter("topic"), 1):
        found = True
        query = topic.get("number") or topic.get("id") or topic.get("qid") or _child(topic, ("num", "number", "id"))
        words = _child(topic, ("query", "title", "text")) or "".join(topic.itertext() if len(topic) == 0 else ())
        if not query or not words.strip():
            raise DatasetError(
                f"{path}, topic {number}: expected a number and a query, as in "
                f'<topic number="1"><query>…</query></topic>'
            )
        yield number, query, words
    if not found:
        raise DatasetError(f"{path} holds no <topic>.")


def _child(topic: ElementTree.Element, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := (topic.findtext(name) or "").strip())), "")
