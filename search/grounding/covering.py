"""Chinese of a sentence that is covered by what the product says, however either side was cut into words."""

from __future__ import annotations

from collections.abc import Iterator

from search.grounding.dictionary import knows, means
from search.grounding.fault import Fault, Kind
from search.grounding.ground import Ground, said_in_chinese
from search.grounding.measures import Measure
from search.grounding.reading import Word, sign_of
from search.grounding.vocabulary import Vocabulary

_MEASURED = """
long deep wide high tall thick thin across heavi weigh diamet length width height depth each apart square total power
长 宽 高 深 厚 重 重量 净重 功率 直径 口径 容量 长度 宽度 高度 厚度 跟高 身高 共 总重 粗 大 加高 加宽 加厚 低 短 远
"""
_DIMENSIONS = frozenset(_MEASURED.split())


def sizes(word: Word, found: list[Measure]) -> bool:
    """Whether a word only tells what the number beside it measures, which is looked up with the number."""
    return word.key in _DIMENSIONS and _beside_measure(word.start, word.end, found)


def _beside_measure(start: int, end: int, found: list[Measure]) -> bool:
    return any(0 <= start - measure.end <= 2 or 0 <= measure.start - end <= 4 for measure in found if measure.unit)


def han_faults(run: list[Word], low: str, found: list[Measure], ground: Ground, words: Vocabulary) -> Iterator[Fault]:
    """Covers a run of Chinese with supported and neutral pieces, however either side was cut into words."""
    start, end = run[0].start, run[-1].end
    signs = {place: word.sign for word in run for place in range(word.start, word.end)}
    cuts = {word.start for word in run} | {end}
    # best[i]: fewest uncovered characters of low[start:start + i], and the piece that ends there.
    size = end - start
    best = [(0.0, -1, True)] + [(1e9, -1, False)] * size
    for i in range(size):
        cost = best[i][0]
        if cost >= 1e9:
            continue
        for length in range(1, min(8, size - i) + 1):
            piece = low[start + i : start + i + length]
            sign = sign_of(piece, start + i, signs)
            aligned = start + i in cuts and start + i + length in cuts
            good = _covers(piece, sign, aligned, ground, words)
            if (
                good is None
                and length == 1
                and _odd_cut(start + i, run, ground, words)
                and said_in_chinese(ground, piece, sign)
            ):
                good = 0.03
            if good is None and _is_translation(piece, sign, start + i, aligned, run, ground, words):
                good = 0.004
            if good is None and piece in _DIMENSIONS and _beside_measure(start + i, start + i + length, found):
                good = 0.01
            if good is None:
                if length > 1:
                    continue
                price, good = 1.0, False
            else:
                price = good
                good = True
            if cost + price < best[i + length][0]:
                best[i + length] = (cost + price, i, bool(good))
    bad: list[tuple[int, int]] = []
    place = size
    while place > 0:
        _, before, good = best[place]
        if not good:
            bad.append((start + before, start + place))
        place = before
    seen: set[int] = set()
    for first, last in reversed(bad):
        begin, stop = next(((word.start, word.end) for word in run if word.start <= first < word.end), (first, last))
        if begin not in seen:
            seen.add(begin)
            yield Fault(kind_of(low[begin:stop], words), low[begin:stop])


def _is_translation(
    piece: str, sign: int, place: int, aligned: bool, run: list[Word], ground: Ground, words: Vocabulary
) -> bool:
    """Whether the dictionary has a piece for what the product says in English: a word as it was cut, or part of one
    that neither the tables nor the dictionary know."""
    if not ground.is_english:
        return False
    if not aligned:
        whole = next(word for word in run if word.start <= place < word.end)
        if place + len(piece) > whole.end or whole.key in words.han or whole.key in words.kinds or knows(whole.key):
            return False
    return means(piece, sign, ground.terms)


_GRAMMAR = frozenset(
    "的地得了着过到在把被让给从和与或就都也还再才只又很太不没有会能可要得用时后前里上下起来去完好这那每"
)
"""Characters that stick to their neighbours when Chinese is cut."""


def _odd_cut(place: int, run: list[Word], ground: Ground, words: Vocabulary) -> bool:
    """Whether a character stands in a word of two, unknown to all tables, with one that says nothing or stands in the
    product's text as well, 会慢 or 花烧: no word, most likely, but a cut that went wrong."""
    word = next(word for word in run if word.start <= place < word.end)
    if len(word.key) != 2 or word.key in words.kinds or word.key in words.han:
        return False
    other = word.key[1 - (place - word.start)]
    return other in _GRAMMAR or other in ground.han


def _covers(piece: str, sign: int, aligned: bool, ground: Ground, words: Vocabulary) -> float | None:
    """What covering a piece costs: nothing much where it is grounded, None where it is not."""
    mask = ground.terms.get(piece, 0)
    if mask:
        if mask & sign:
            return 0.001
        return 0.002 if piece in words.neutral_han and len(piece) == 1 else None
    if piece in words.neutral_han:
        return 0.002 if aligned or len(piece) > 1 else 0.02
    if (len(piece) >= 2 or aligned) and said_in_chinese(ground, piece, sign):
        return 0.003
    return None


_ORDER: tuple[Kind, ...] = ("colour", "material", "brand")


def kind_of(name: str, words: Vocabulary) -> Kind:
    known = words.kinds.get(name, frozenset())
    for kind in _ORDER:
        if kind in known:
            return kind
    if name[:1] in ("最", "更", "比") or name == "第一":
        return "comparison"
    return "claim"


__all__ = ["han_faults", "kind_of", "sizes"]
