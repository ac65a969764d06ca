"""What may be said of one product, prepared once for any number of sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from search.domain import Document, Json
from search.grounding.company import company, widened
from search.grounding.dictating import dictates, is_free
from search.grounding.dictionary import installed, meanings, parts
from search.grounding.fields import CODES, counted_by, said_of
from search.grounding.harmless import honest
from search.grounding.measures import ORDINALS, Measure, measures
from search.grounding.reading import MINUS, NEGATORS, PLUS, Word, lowered, read, sign_of, stemmed, unified
from search.grounding.splitting import sentences
from search.grounding.units import units
from search.grounding.vocabulary import LONGEST_HAN, LONGEST_PHRASE, Vocabulary, vocabulary
from search.lexicon.folding import is_han

_UNREAD = frozenset({"id", "image", "url", "variant_of", "language", "currency", "in_stock"})
_DEEPEST = 3
"""Steps from a word to another for the same thing: further on, meanings drift."""

_LONGEST = 3000


@dataclass(frozen=True, slots=True)
class Known:
    """A number of the product. `aspect`: words that tell what it measures, or none. `beside`: telling words near it and
    other words for them. `name`: the word before it where both are a name, «Hush 87», and count nothing."""

    value: float
    unit: str
    aspect: frozenset[str]
    beside: frozenset[str] = frozenset()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """`terms[term]` says whether a term may be affirmed (PLUS), denied (MINUS) or both; `han` is all Chinese text, for
    words that are cut differently there; `codes` are its words with digits, squashed; `clauses` are the evidence as
    it is worded, the longest first. `plain` is all its text, `solid` what stands in title, attributes and evidence."""

    terms: Mapping[str, int]
    han: str
    han_signs: bytes
    numbers: tuple[Known, ...]
    codes: frozenset[str]
    signs: frozenset[str]
    plain: str
    solid: str
    unknown: Mapping[str, int]
    unknown_han: str
    clauses: tuple[str, ...]
    said_han: tuple[tuple[str, int], ...]
    """Its Chinese words as they stand in it, with their signs."""
    is_english: bool
    """Whether what the product says of itself is in English, so that a Chinese sentence about it is a translation."""
    _glossed: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def glossed(self, name: str) -> int:
        """The signs of an English term that the dictionary has for a Chinese word of the product; 0 for none."""
        if not self.han or not installed():
            return 0
        if not self._glossed:
            made: dict[str, int] = {"": 0}
            for word, sign in self.said_han:
                pieces = parts(word)
                for piece in pieces:  # 黑纱 is black and gauze
                    if not vocabulary().kinds.get(piece, frozenset()) & {"material", "brand"}:
                        made[piece] = made.get(piece, 0) | sign
                for each in (each for piece in (word, *pieces) for each in meanings(piece)):
                    made[each] = made.get(each, 0) | sign
            _widen(made, vocabulary(), 1)
            self._glossed.update(made)
        return 0 if self.terms.get(name) == MINUS else self._glossed.get(name, 0)

    @classmethod
    def of(cls, document: Document, facts: Sequence[str] = (), unknown: Sequence[str] = ()) -> Ground:
        """`facts`: clauses known to be true (conditions met, what the shopper likes). `unknown`: clauses that say what
        is not known; they may be repeated as unknown and make nothing known. A field in which a sentence speaks to a
        model is no ground, free text in which one dictates what to say of the product is none either."""
        words = vocabulary()
        texts: list[_Text] = []
        terms: dict[str, int] = {}
        numbers: list[Known] = []
        for name, value in document.items():
            if name not in _UNREAD and value is not None:
                _take_field(name, value, str(document.get("currency") or ""), texts, terms, numbers)
        if document.get("in_stock") is not None:
            for each in ("in stock", "stock", "available", "现货", "有货"):
                terms[_key(each)] = PLUS if document["in_stock"] else MINUS
        texts += [_Text(unified(fact)) for fact in facts]
        han: list[tuple[str, bytes]] = []
        kept: list[_Text] = []
        for text in texts:
            said = text.said[:_LONGEST]
            parts = honest(said)
            if len(parts) < len(sentences(said)) or (text.free and dictates(said)):
                continue  # Who gives orders in one sentence is not believed in the next.
            kept.append(text)
            for part in parts:
                _take_text(unified(part), words, terms, numbers, han)
        by_hand = _BY_HAND_ONLY.search(lowered("\n".join(text.said for text in kept))) is not None
        said_han = tuple((word, sign) for word, sign in terms.items() if not word.isascii() and word[0] not in NEGATORS)
        _widen(terms, words)
        if by_hand:
            terms |= dict.fromkeys(map(_key, _IN_MACHINES), MINUS)
        unknown_terms: dict[str, int] = {}
        unknown_han: list[tuple[str, bytes]] = []
        for clause in unknown:
            _take_text(unified(clause), words, unknown_terms, [], unknown_han)
        _widen(unknown_terms, words)
        low = lowered("\n".join(text.said for text in kept))
        return cls(
            terms,
            "\n".join(text for text, _ in han),
            b"\0".join(signs for _, signs in han),
            tuple(numbers),
            frozenset(_codes(low)),
            frozenset(char for char in low if not char.isalnum()),
            low,
            _solid(document, kept),
            dict.fromkeys(unknown_terms, PLUS | MINUS),
            "\n".join(text for text, _ in unknown_han),
            tuple(
                sorted((lowered(unified(each)) for each in (*facts, *unknown) if len(each) > 3), key=len, reverse=True)
            ),
            said_han,
            not is_han(f"{document.get('title', '')}{document.get('description', '')}"),
        )


@dataclass(frozen=True, slots=True)
class _Text:
    """`free`: prose, which is believed less than a value."""

    said: str
    free: bool = False


def _solid(document: Document, kept: Sequence[_Text]) -> str:
    """With the names of fields that are true: `"organic": true` says so."""
    names = [name.replace("_", " ") for name, value in document.items() if value is not None and value is not False]
    return lowered("\n".join([*(text.said for text in kept if not text.free), *names]))


def _take_field(
    name: str, value: Json, currency: str, texts: list[_Text], terms: dict[str, int], numbers: list[Known]
) -> None:
    label = name.replace("_", " ")
    if isinstance(value, bool):
        _add(terms, _key(label), PLUS if value else MINUS)
        parts = [_key(part) for part in label.split()]
        if parts[-1] == "free":
            _add(terms, parts[0], MINUS if value else PLUS)
        elif parts[-1] in ("includ", "requir"):
            _add(terms, _key(label), PLUS if value else MINUS)
            _add(terms, parts[0], PLUS if value else MINUS)
        else:
            for part in parts:
                _add(terms, part, PLUS if value else MINUS)
        return
    if isinstance(value, int | float):
        *named, last = label.split()
        unit, factor = units().get(last, ("", 1.0))
        unit, factor = _FIELD_UNITS.get(last, (unit, factor))
        if name == "price":
            unit, factor = currency or "USD", 1.0
        elif name == "rating":
            unit = "star"
        elif name == "laptop_inch":
            unit = "inch"
        aspect = frozenset(
            stemmed(part) for part in (named if unit and name not in ("price", "rating") else [*named, last])
        )
        numbers.append(
            Known(
                round(float(value) * factor, 6),
                unit,
                aspect,
                widened(aspect | counted_by(name), vocabulary()),
            )
        )
        for part in aspect:
            _add(terms, part, PLUS)
        for each in said_of(name):
            _add(terms, each, PLUS)
        if name in CODES:
            texts.append(_Text(f"{name}{value}"))
        return
    if isinstance(value, list):
        if len(value) > 1 and name != "category":
            near = frozenset(stemmed(part) for part in label.split())
            numbers.append(Known(len(value), "", near, widened(near, vocabulary())))
        for each in value:
            _take_field(name, each, currency, texts, terms, numbers)
        return
    if isinstance(value, dict):
        for key, each in value.items():
            _take_field(str(key), each, currency, texts, terms, numbers)
        return
    text = unified(str(value))
    if text.strip().lower() in _NOTHING:
        _add(terms, _key(label), MINUS)
        return
    for part in label.split():
        _add(terms, _key(part), PLUS)
    if date := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d).*", text):
        year, month, _ = map(int, date.groups())
        numbers += [
            Known(year, "", frozenset({"releas"})),
            Known(year, "year", frozenset()),
            Known(month, "month", frozenset({"releas"})),
        ]
        _add(terms, _MONTHS[month - 1], PLUS)
        return
    texts.append(_Text(text, is_free(name, text)))


_IN_MACHINES = ("machine washable", "machine wash", "washing machine", "machine", "机洗", "洗衣机", "可机洗", "能机洗")
_NOTHING = frozenset({"none", "no", "without", "n/a", "无", "没有", "不含"})
_BY_HAND_ONLY = re.compile(
    r"\bhand[- ]wash(?:ing)? only\b|\b(?:only|must) (?:be )?(?:hand[- ]wash\w*|washed by hand)"
    r"|\bdry[- ]clean(?:ing)? only\b|\bonly (?:be )?dry[- ]clean\w*|(?:只能|仅能|只可|仅限|须|必须)(?:手洗|干洗)"
)
_LOOKS = frozenset({"colour", "material", "brand"})
_FIELD_UNITS = {
    "c": ("c", 1.0),
    "inches": ("inch", 1.0),
    "percent": ("%", 1.0),
    "h": ("s", 3600.0),
    "k": ("k", 1.0),
    "spf": ("", 1.0),
}
_MONTHS = (
    "januari",
    "februari",
    "march",
    "april",
    "may",
    "june",
    "juli",
    "august",
    "septemb",
    "octob",
    "novemb",
    "decemb",
)


def _take_text(
    text: str, words: Vocabulary, terms: dict[str, int], numbers: list[Known], han: list[tuple[str, bytes]]
) -> None:
    low = lowered(text)
    read_words = read(text)
    for measure in measures(low):
        near = widened(company(measure, low, read_words, words), words)
        name = _NAMED.search(text[: measure.start]) if not measure.unit and low[measure.start].isdigit() else None
        named = name.group(1).lower() if name and stemmed(name.group(1)) not in words.neutral else ""
        numbers.append(Known(measure.value, measure.unit, _beside(measure), near, named))
        if measure.unit == "%" and measure.value == 100:
            for each in ("pure", "纯", "all"):
                _add(terms, each, PLUS)
    for match in _AND_A_HALF.finditer(low):
        unit, factor = units()[match.group(1)]
        numbers.append(Known(1.5 * factor, unit, frozenset()))
    for match in _MONTH.finditer(low):
        numbers.append(Known(1 + _MONTH_NAMES.index(match.group(1)), "month", frozenset()))
    for match in _COUNT_WORD.finditer(low):
        numbers.append(Known(_COUNTS[match.group()], "", frozenset(), frozenset()))
    latin: list[Word] = []
    for word in read_words:
        if word.han:
            if not (word.key[0] in NEGATORS and len(word.key) > 1):
                _add(terms, word.key, word.sign)
                if (head := word.key[-1]) != word.key and not words.kinds.get(head, frozenset()) & _LOOKS:
                    # 茶杯 is a 杯: the last character names the thing.
                    _add(terms, head, word.sign)
            else:
                _add(terms, word.key, PLUS)
            if latin:
                _phrases(latin, terms)
                latin = []
        else:
            latin.append(word)
    _phrases(latin, terms)
    if is_han(text):
        signs = {place: word.sign for word in read_words for place in range(word.start, word.end)}
        han.append((low, bytes(signs.get(place, 0) for place in range(len(low)))))
        for start in signs:
            for length in range(2, LONGEST_HAN + 1):
                if (piece := low[start : start + length]) in words.han and len(piece) == length:
                    _add(terms, piece, sign_of(piece, start, signs))


_AND_A_HALF = re.compile(r"\b(?:an?|one) (hour|day|week|month|year|litre|liter|metre|meter|kilo) and a half\b")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH = re.compile(rf"\b({'|'.join(name for name in _MONTH_NAMES if name not in ('may', 'march'))})\b")
_NAMED = re.compile(r"\b([A-Z][a-zA-Z]+)\s$")
_COUNTS = {
    "both": 2, "pair": 2, "dual": 2, "double": 2, "twin": 2, "twice": 2, "triple": 3,
    "dozen": 12, "half": 0.5,
    "双": 2,
    "两": 2, "对": 2, "正反": 2, "半": 0.5, "quad": 4,
}  # fmt: skip
_COUNTS |= {word: place for place, word in enumerate(ORDINALS, start=1)}
_COUNT_WORD = re.compile(
    rf"\b(?:both|pair|dual|double|twin|twice|triple|dozen|half|quad|{'|'.join(ORDINALS)})\b|双|正反"
)


def _phrases(latin: list[Word], terms: dict[str, int]) -> None:
    for start, word in enumerate(latin):
        name, sign = word.key, word.sign
        _add(terms, name, sign)
        if word.text.startswith(("un", "non")) and sign == PLUS and len(word.text) > 6:
            _add(terms, stemmed(word.text.removeprefix("un").removeprefix("non")), MINUS)  # uncoated: no coating
        for other in latin[start + 1 : start + LONGEST_PHRASE]:
            if other.start - latin[start].end > 40:
                break
            name += " " + other.key
            sign = min(sign, other.sign)
            _add(terms, name, sign)


_NEAR = re.compile(r"[a-z]{2,}|[\u3400-\u9fff]")


def _beside(measure: Measure) -> frozenset[str]:
    """Stems and Chinese characters around a number, within its clause."""
    before = re.split(r"[,;.!?，。；！？|\n]\s?", measure.before)[-1]
    after = re.split(r"[,;.!?，。；！？|\n](?:\s|$)?", measure.after)[0]
    return frozenset(
        stemmed(word) if word.isascii() else word for word in (*_NEAR.findall(before), *_NEAR.findall(after))
    )


def _codes(low: str) -> Iterator[str]:
    for run in re.findall(r"[a-z0-9]+(?:[-./][a-z0-9]+)*\+?", low):
        if any(char.isdigit() for char in run):
            yield re.sub(r"[^a-z0-9]", "", run)
            yield from re.findall(r"[a-z]*\d+[a-z0-9]*", run)


def _widen(terms: dict[str, int], words: Vocabulary, steps: int = _DEEPEST) -> None:
    """Adds other words for what is said, step by step."""
    edge = [(name, sign) for name, mask in terms.items() for sign in (PLUS, MINUS) if mask & sign]
    for _ in range(steps):
        new: list[tuple[str, int]] = []
        for literal in edge:
            for name, sign in words.supports.get(literal, ()):
                if not terms.get(name, 0) & sign:
                    terms[name] = terms.get(name, 0) | sign
                    new.append((name, sign))
        edge = new


def said_in_chinese(ground: Ground, piece: str, sign: int) -> bool:
    """Whether a piece of Chinese stands in the product's text, affirmed or denied as it is to be."""
    place = ground.han.find(piece)
    while place >= 0:
        if ground.han_signs[place] & sign or (piece[0] in NEGATORS and len(piece) > 1 and sign & PLUS):
            return True
        place = ground.han.find(piece, place + 1)
    return False


def _add(terms: dict[str, int], name: str, sign: int) -> None:
    if name:
        terms[name] = terms.get(name, 0) | sign


def _key(label: str) -> str:
    return label if is_han(label) else " ".join(stemmed(part) for part in label.split())


__all__ = ["Ground", "Known", "said_in_chinese"]
