"""Whether a sentence is grounded: each thing it says of the product is looked up in what is known of the product.

Closed world: a word is neutral (the tables `neutral_*.txt`: it claims nothing), or the product says it, or another word
for it (`same.tsv`, `translations.tsv`, `implied.tsv`, the names of goods, colours and materials), affirmed where it is
affirmed and denied
where it is denied. Whatever else there is, is a fault. So a word nobody thought of costs a sentence, and never lets a
claim through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from search.domain import Language
from search.grounding.beside import beside_faults
from search.grounding.claimed import claim_faults
from search.grounding.counted import number_faults
from search.grounding.covering import han_faults, kind_of, sizes
from search.grounding.fault import Fault, Kind
from search.grounding.ground import Ground
from search.grounding.measures import Measure, measures
from search.grounding.never_shown import never_shown
from search.grounding.reading import MINUS, PLUS, Word, lowered, read, stemmed, unified
from search.grounding.splitting import joined, sentences
from search.grounding.vocabulary import LONGEST_PHRASE, Vocabulary, vocabulary
from search.lexicon.folding import is_han


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that is not shown, and why: never without a fault."""

    sentence: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Grounded:
    kept: str
    dropped: tuple[Dropped, ...]


def grounded(text: str, ground: Ground, language: Language | None = None) -> Grounded:
    """The sentences of `text` that may be shown, as one text ("" for none), and the others with their faults."""
    kept: list[str] = []
    dropped: list[Dropped] = []
    for sentence in sentences(text):
        found = faults(sentence, ground, language)
        if found:
            dropped.append(Dropped(sentence, found))
        else:
            kept.append(sentence)
    return Grounded(joined(kept), tuple(dropped))


def faults(sentence: str, ground: Ground, language: Language | None = None) -> tuple[Fault, ...]:
    """What is wrong with a sentence said of the product; () where all of it is grounded. `language`: what was asked
    for, a sentence in the other language is foreign."""
    text = _beside_evidence(unified(sentence), ground)
    never = tuple(never_shown(sentence, text, ground, language))
    if never:
        return never
    low = lowered(text)
    found = measures(low)
    every = read(text)
    if _is_foreign(every, vocabulary()):
        return (Fault("foreign", sentence[:40]),)
    wrong = list(number_faults(found, low, every, ground))
    wrong += claim_faults(low, ground)
    wrong += beside_faults(every, ground)
    wrong += _word_faults(text, every, found, ground, vocabulary())
    if (
        not wrong
        and low.strip(" .!。！") not in ground.plain
        and not _tells(every, found, vocabulary())
        and low == lowered(unified(sentence))
    ):
        wrong.append(Fault("claim", sentence))
    return tuple(dict.fromkeys(wrong))


_REPEATS = 3
"""Times a telling word may stand in a sentence: who says it more often has lost their way."""


def _tells(every: list[Word], found: list[Measure], words: Vocabulary) -> bool:
    """Whether anything is said of a product at all («Here you go:» is not), and not the same again and again."""
    said = Counter(word.key for word in every if not _is_neutral(word.key, words))
    return (bool(said) or any(measure.unit for measure in found)) and max(said.values(), default=0) <= _REPEATS


_FOREIGN = 5
"""Words. Of so many in Latin letters at least one is an English word of the grammar, or they are another language's."""


def _is_foreign(every: list[Word], words: Vocabulary) -> bool:
    if any(word.han for word in every):
        return False
    latin = [word for word in every if word.text.isalpha()]
    return len(latin) >= _FOREIGN and not any(
        word.key in words.neutral or (word.key, PLUS) in words.supports for word in latin
    )


def _beside_evidence(text: str, ground: Ground) -> str:
    """The sentence with what it repeats of the evidence word for word made blank: that needs no looking up."""
    low = lowered(text)
    for clause in ground.clauses:
        place = low.find(clause)
        while place >= 0:
            end = place + len(clause)
            text = text[:place] + " " * len(clause) + text[end:]
            low = low[:place] + " " * len(clause) + low[end:]
            place = low.find(clause)
    return text


_NOT_KNOWN = re.compile(
    r"\b(?:not|n['’]t|never)\s+(?:\w+\s+){0,2}?(?:stated?|say|said|specif\w+|mention\w*|listed?|list|"
    r"given?|known|know|disclosed?|clear|confirmed?|recorded|told|tell|provided|stated)\b"
    r"|\b(?:unknown|unclear|unspecified|unstated|no\s+(?:information|word|data|details?|mention))\b"
    r"|(?:没有?|未|并未|不)(?:写|说|注明|说明|标明|标注|提供|提到|提及|给出|列出|交代|公布|知道|清楚|详)|不详|未知|不明|无(?:相关)?(?:资料|信息|说明)"
)
_ASKS = re.compile(r"是否|是不是|有没有|能否|能不能|多少|多大|多重|(.)不\1|\b(?:whether|how|if|what|which|where)\b")
_CLAUSE = re.compile(r"[,;:，；：。!?！？]|\s[—–-]\s|\bbut\b|但|不过")


def _unknown_spans(low: str) -> list[tuple[int, int]]:
    """The clauses in which something is said to be unknown."""
    stops = [0, *(match.end() for match in _CLAUSE.finditer(low)), len(low)]
    found: list[tuple[int, int]] = []
    for start, end in pairwise(stops):
        if _NOT_KNOWN.search(low, start, end):
            # «whether it suits puppies, the shop does not say»
            before = max((stop for stop in stops if stop < start), default=start)
            found.append((before if _ASKS.search(low, before, start) else start, end))
    return found


def _word_faults(
    text: str, every: list[Word], found: list[Measure], ground: Ground, words: Vocabulary
) -> Iterator[Fault]:
    low = lowered(text)
    spans = [(measure.start, measure.end) for measure in found]
    unknown = _unknown_spans(low) if (ground.unknown or ground.unknown_han or "未" in low or "not" in low) else []
    for start, end in unknown:
        said = [word.key for word in every if start <= word.start < end]
        if not any(key in ground.unknown or key in ground.unknown_han for key in said if not _is_neutral(key, words)):
            yield Fault("claim", low[start:end].strip())
    every = [word for word in every if not any(start <= word.start < end for start, end in spans)]
    index = 0
    while index < len(every):
        word = every[index]
        if sizes(word, found):
            index += 1
        elif any(start <= word.start < end for start, end in unknown):
            if not _may_be_unknown(word, ground, words, low):
                yield Fault("claim", word.text)
            index += 1
        elif word.han:
            run = index
            while run < len(every) and every[run].han and (run == index or every[run].start == every[run - 1].end):
                run += 1
            yield from han_faults(every[index:run], low, found, ground, words)
            index = run
        else:
            taken = _latin(every, index, ground, words)
            if not taken and index and word.sign == MINUS and _denied(every[index - 1], ground):
                # «not a Cherry keyboard» is a keyboard all the same.
                taken = int(bool(ground.terms.get(word.key, 0)))
            if not taken:
                yield Fault(_kind(text, word, words), text[word.start : word.end])
            elif taken == 1 and _is_name(text, word) and not _is_known_name(word, ground):
                yield Fault("name", text[word.start : word.end])
            index += taken or 1


def _is_neutral(key: str, words: Vocabulary) -> bool:
    return key in words.neutral or key in words.neutral_han


def _may_be_unknown(word: Word, ground: Ground, words: Vocabulary, low: str) -> bool:
    if word.han:
        return (
            word.key in ground.unknown_han
            or word.key in words.neutral_han
            or word.key in ground.unknown
            or all(char in words.neutral_han or char in ground.unknown_han for char in word.key)
        )
    return word.key in ground.unknown or word.key in words.neutral or len(word.key) < 2


def _latin(every: list[Word], index: int, ground: Ground, words: Vocabulary) -> int:
    """How many words from `index` on are covered: by the longest phrase that is supported, or neutral; 0 for none."""
    phrase = every[index].key
    phrases = [phrase]
    for other in every[index + 1 : index + LONGEST_PHRASE]:
        if other.han or other.start - every[index].end > 40:
            break
        phrase += " " + other.key
        phrases.append(phrase)
    for length in range(len(phrases), 0, -1):
        if (
            length > 1
            and phrases[length - 1] not in words.kinds
            and (phrases[length - 1], PLUS) not in words.supports
            and phrases[length - 1] not in words.neutral
        ):
            continue
        sign = every[index].sign if length == 1 else min(word.sign for word in every[index : index + length])
        if ground.terms.get(phrases[length - 1], 0) & sign:
            return length
        if phrases[length - 1] in words.neutral:
            return length
    word = every[index]
    if _derived(word, ground) or (not _within_chinese(every, index) and ground.glossed(word.key) & word.sign):
        return 1
    if any(char.isdigit() for char in word.text) and re.sub(r"[^a-z0-9]", "", word.text) in ground.codes:
        return 1
    return 0


_SUFFIX = re.compile(r"(?:ened|en|ily|ly|y|iness|ness|ish|ful|like|ed)$")


def _within_chinese(every: list[Word], index: int) -> bool:
    """Whether an English word stands in a Chinese sentence, where it is a name or a word of the product's own."""
    return any(word.han for word in every[max(0, index - 1) : index]) and any(
        word.han for word in every[index + 1 : index + 2]
    )


def _derived(word: Word, ground: Ground) -> bool:
    """springy from springs, peppery from pepper: not -less, -er or -est, which say something else."""
    base = _SUFFIX.sub("", word.text)
    if base == word.text or len(base) < 3:
        return False
    stems = {
        stemmed(base),
        stemmed(base + "e"),
        stemmed(base + "y"),
        stemmed(base[:-1]) if base[-1] == base[-2] else "",
    }
    return any(ground.terms.get(each, 0) & word.sign for each in stems if each)


def _denied(word: Word, ground: Ground) -> bool:
    return word.sign == MINUS and bool(ground.terms.get(word.key, 0) & MINUS)


_CAPITAL = re.compile(r"[A-Z]")


def _is_name(text: str, word: Word) -> bool:
    """Whether a word is written like a name, away from the beginning of a sentence."""
    if not _CAPITAL.match(text[word.start]) or word.text in ("i",):
        return False
    before = text[: word.start].rstrip(" \"'“‘(«*-–—")
    return bool(before) and before[-1] not in ".!?:;。！？：；，、…" and not is_han(before[-1])


def _is_known_name(word: Word, ground: Ground) -> bool:
    return word.key in ground.terms or word.text in ground.plain or bool(ground.glossed(word.key))


def _kind(text: str, word: Word, words: Vocabulary) -> Kind:
    kind = kind_of(word.key, words)
    if kind == "claim":
        if _is_name(text, word):
            return "name"
        if word.text in _COMPARING or _COMPARED.search(word.text):
            return "comparison"
    return kind


_COMPARED = re.compile(r"[a-z]{3}(?:er|est)$")
_COMPARING = frozenset([
    "best", "better", "worst", "worse", "more", "most", "less", "least", "than", "unlike", "cheapest", "cheaper",
    "unbeatable", "unrivalled",
])  # fmt: skip
__all__ = ["Dropped", "Grounded", "faults", "grounded"]
