"""The fields of a hit: which are shown, and the second, marked and cropped copy of them in `_formatted`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api import highlight
from search.domain import Document, Json


@dataclass(frozen=True, slots=True)
class Format:
    """How `_formatted` is made. `crop` maps fields to words; "*" in either means all fields."""

    retrieve: tuple[str, ...]
    highlight: tuple[str, ...] = ()
    crop: Mapping[str, int] = field(default_factory=dict)
    before: str = "<em>"
    after: str = "</em>"
    marker: str = "…"
    positions: bool = False

    @classmethod
    def crops(cls, names: Sequence[str], words: int) -> dict[str, int]:
        """`["title", "description:12"]` → words by field."""
        found = {}
        for name in names:
            head, colon, tail = name.rpartition(":")
            own = colon and tail.isascii() and tail.isdigit()
            found[head if own else name] = int(tail[:9]) if own else words
        return found


def select(document: Document, names: Sequence[str]) -> dict[str, Json]:
    """The named fields in the document's order. "*" is all; `a.b` takes `b` of the object, or list of objects, `a`."""
    if "*" in names:
        return dict(document)
    shown = {}
    for key, value in document.items():
        if key in names:
            shown[key] = value
            continue
        inner = [name[len(key) + 1 :] for name in names if name.startswith(f"{key}.")]
        if inner:
            part = _within(value, inner)
            if part is not None:
                shown[key] = part
    return shown


def shown(document: Document, form: Format, wanted: highlight.Terms) -> dict[str, Json]:
    """The hit as it is sent: the fields to retrieve, `_formatted` and `_matchesPosition` where asked for."""
    hit = select(document, form.retrieve)
    styled = [*form.highlight, *form.crop]
    positions: dict[str, list[dict[str, Json]]] = {}
    style = _Style(form, wanted, positions)
    if any(_concerns(name, key) for name in styled for key in document):
        fields = select(document, [*form.retrieve, *styled])
        hit["_formatted"] = {key: style.apply(value, key) for key, value in fields.items()}
    if form.positions:
        positions.clear()
        for key, value in document.items():
            style.apply(value, key)
        hit["_matchesPosition"] = dict(positions)
    return hit


class _Style:
    """Walks through a value and styles its texts, noting where words stand."""

    def __init__(self, form: Format, wanted: highlight.Terms, positions: dict[str, list[dict[str, Json]]]) -> None:
        self._form = form
        self._wanted = wanted
        self._positions = positions

    def apply(self, value: Json, path: str, indices: tuple[int, ...] = ()) -> Json:
        if isinstance(value, Mapping):
            return {key: self.apply(item, f"{path}.{key}", indices) for key, item in value.items()}
        if isinstance(value, list):
            return [self.apply(item, path, (*indices, number)) for number, item in enumerate(value)]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return value
        return self._text(str(value), path, indices)

    def _text(self, text: str, path: str, indices: tuple[int, ...]) -> str:
        form = self._form
        marked = any(_concerns(name, path) for name in form.highlight)
        words = next((length for name, length in form.crop.items() if _concerns(name, path)), None)
        if not marked and words is None and not form.positions:
            return text
        spans = highlight.find(text, self._wanted)
        if spans and form.positions:
            places: list[dict[str, Json]] = [{**place} for place in highlight.in_bytes(text, spans)]
            for place in places:
                if indices:
                    place["indices"] = list(indices)
            self._positions.setdefault(path, []).extend(places)
        if words is not None:
            text, spans = highlight.crop(text, spans, words, form.marker)
        return highlight.mark(text, spans, form.before, form.after) if marked else text


def _concerns(name: str, path: str) -> bool:
    """Whether a style for `name` touches what lies at `path`: there, above or below."""
    return name in ("*", path) or path.startswith(f"{name}.") or name.startswith(f"{path}.")


def _within(value: Json, names: Sequence[str]) -> Json:
    if isinstance(value, Mapping):
        return select(value, names) or None
    if isinstance(value, list):
        return [part for item in value if (part := _within(item, names)) is not None] or None
    return None
