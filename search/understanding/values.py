"""Words → values of the catalogue: which brand, colour or material a phrase names, and whether it is meant here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from search.lexicon import Lexicon, Titles, count
from search.lexicon.folding import is_han, key, terms
from search.lexicon.phrases import Role
from search.understanding.names import Names
from search.understanding.ordinary import is_ordinary
from search.understanding.tokens import Token, broken, joined

LONGEST = 5
"""Words in a phrase."""

_KIND_OF_ROLE: dict[Role, tuple[str, ...]] = {
    "brand": ("brand",), "colour": ("colour",), "material": ("material",), "size": ("size",),
    "category": ("category", "goods"), "attribute": ("attribute", "goods"),
}  # fmt: skip
_LIKELY = 0.5
_PLAUSIBLE = 0.2
_AGREED = 0.3
_VALUED = 0.2
_MEANT_ALONE = 0.3
_LEAST_TITLES = 2
_USUAL = 0.35
"""Things that bear a field this much less often than the rest of the catalogue do not have such looks."""
_HAN_COLOURS = "黑白红橙黄绿青蓝紫粉灰棕褐金银米驼杏色"
_OTHER_HAN_COLOURS = frozenset(("卡其", "透明", "香槟", "原木"))

Strength = Literal["must", "prefer"]


@dataclass(frozen=True, slots=True)
class Match:
    """tokens[first:last] name values of a field. `value` is what to show, `members` the catalogue's own values."""

    first: int
    last: int
    field: str
    role: Role
    value: str
    members: tuple[str, ...]
    numbers: tuple[int, ...]


class Values:
    """Looks phrases up in a lexicon, by the names of both languages."""

    def __init__(self, lexicon: Lexicon, names: Names) -> None:
        self.lexicon = lexicon
        self._names = names

    def longest(self, row: Sequence[Token], first: int, text: str, roles: Sequence[Role]) -> list[Match]:
        """The longest phrase beginning at token `first` that names a value: one match for each field, the most telling
        role first. Empty where none does."""
        for last in range(min(len(row), first + LONGEST), first, -1):
            if any(broken(text, row[n].end, row[n + 1].start) for n in range(first, last - 1)):
                continue
            found = self.named(row, first, last, text, roles)
            if found:
                return found
        return []

    def named(self, row: Sequence[Token], first: int, last: int, text: str, roles: Sequence[Role]) -> list[Match]:
        """What exactly tokens[first:last] name."""
        phrase = joined(row[first:last])
        numbers = self._numbers(phrase, roles)
        matches = []
        for field, held in self.lexicon.by_field(numbers).items():
            role = self.lexicon.role(field)
            if role is None or role not in roles:
                continue
            shown = held.commonest if role == "brand" else text[row[first].start : row[last - 1].end]
            matches.append(Match(first, last, field, role, shown, held.written, held.numbers))
        return matches

    def _numbers(self, phrase: str, roles: Sequence[Role]) -> list[int]:
        lexicon = self.lexicon
        found = dict.fromkeys(lexicon.values(phrase))
        for role in roles:
            for alias in self._names.aliases(phrase, _KIND_OF_ROLE[role]):
                for number in lexicon.values(alias):
                    if lexicon.role(lexicon.value(number).field) == role:
                        found[number] = None
        return list(found)

    def is_han_brand(self, phrase: str) -> bool:
        """Whether Chinese characters are a brand's name, here or in the tables of names."""
        lexicon = self.lexicon
        if any(lexicon.role(lexicon.value(number).field) == "brand" for number in lexicon.values(phrase)):
            return True
        return "brand" in self._names.kinds(phrase)

    # --- is it meant? ------------------------------------------------------------------------------------------------

    def brand_strength(self, match: Match, row: Sequence[Token], others: Sequence[str]) -> Strength | None:
        """How sure it is that a brand's name is meant as the brand: of the titles that say it together with the
        other words of the query, most have to be of the brand. Where others sell things for it that it does not sell
        itself (cases for a phone), it is preferred at most."""
        lexicon, said = self.lexicon, row[match.first : match.last]
        of_brand = lexicon.titles_of(match.numbers)
        saying = lexicon.titles_with([token.term for token in said])
        for alias in self._names.aliases(joined(said), ("brand",)):
            saying = saying | lexicon.titles_with(terms(alias))
        elsewhere = saying & ~of_brand
        ordinary = len(said) == 1 and is_ordinary(said[0].key)
        if not elsewhere.any():
            return "must" if not ordinary or self._shares(of_brand, elsewhere, others, ordinary) else None
        share = self._shares(of_brand, elsewhere, others, ordinary)
        if share >= _LIKELY and self._sells(match, row):
            return "must"
        return "prefer" if share >= _PLAUSIBLE else None

    def _shares(self, of_brand: Titles, elsewhere: Titles, others: Sequence[str], ordinary: bool) -> float:
        """The brand's share of the titles with all other words of the query, or else its least with one of them; 0 for
        an ordinary word that none of them goes along with."""
        shares, along_with = [_share(count(of_brand), count(elsewhere))], False
        for word in others:
            titles = self._called(word)
            mine, theirs = count(of_brand & titles), count(elsewhere & titles)
            if mine + theirs:
                shares.append(_share(mine, theirs))
                along_with = along_with or bool(mine)
                of_brand, elsewhere = of_brand & titles, elsewhere & titles
        if ordinary and others and not along_with:
            return 0.0
        mine, theirs = count(of_brand), count(elsewhere)
        return _share(mine, theirs) if len(shares) > 1 and mine + theirs else min(shares)

    def _called(self, word: str) -> Titles:
        """Titles with a word; those with its English names too, where it is Chinese."""
        titles = self.lexicon.titles_with([word])
        for alias in self._names.aliases(word, ("goods", "category")) if is_han(word) else ():
            titles = titles | self.lexicon.titles_with(terms(alias))
        return titles

    def _sells(self, match: Match, row: Sequence[Token]) -> bool:
        """Whether the brand has products called like the thing that its name stands before, if anybody has."""
        last = match.last
        while last < len(row) and not row[last].empty and row[last].start - row[last - 1].end <= 1:
            last += 1
        if last == match.last:
            return True
        lexicon, thing = self.lexicon, row[last - 1 : last]
        for first in range(max(match.last, last - 3), last):
            if self._names.kinds(joined(row[first:last])):
                thing = row[first:last]
                break
        ways = [[token.term for token in thing]]
        ways += [terms(alias) for alias in self._names.aliases(joined(thing), ("goods", "category"))]
        sold = [lexicon.titles_with(way) for way in ways if way]
        of_brand = lexicon.titles_of(match.numbers)
        return any((titles & of_brand).any() for titles in sold) or sum(map(count, sold)) < _LEAST_TITLES

    def look_strength(
        self, match: Match, before: str | None, after: str | None, row: Sequence[Token], others: Sequence[str]
    ) -> Strength | None:
        """How sure it is that a colour or material describes the thing, and is no part of its name or the thing itself:
        where titles have it, alone or beside the same neighbour («green tea»), their products must bear it as a value.
        Without such titles a material is only preferred where no product called like the thing is of it: wood screw."""
        if not self._is_look(match, row):
            return None
        phrase = [token.term for token in row[match.first : match.last]]
        pairs = [self._agreed(pair, match) for pair in ([*phrase, after], [before, *phrase]) if None not in pair]
        seen = [share for share in pairs if share is not None]
        single = match.last - match.first == 1 and len(row[match.first].key) == 1
        if single and not (seen and max(seen) >= _LIKELY):
            return None
        if seen:
            share: float | None = min(seen)
        elif before is not None and after is None:
            # In the place of the thing itself, as in «face cream», a look must be what the word means nearly always.
            share = self._agreed(phrase, match, least=_MEANT_ALONE)
        else:
            share = self._agreed(phrase, match)
        if share is not None and share < _AGREED:
            return None
        if not seen and not self._has_looks(match, after or (others[-1] if others else None)):
            return None
        if share is not None and share < _LIKELY:
            return "prefer"
        sure = match.role == "colour" or seen or not others or self._borne(match, others[-1])
        return "must" if sure else "prefer"

    def _has_looks(self, match: Match, thing: str | None) -> bool:
        """Whether things of that name have values of the field at all: rice is white, and no catalogue says so."""
        if thing is None:
            return True
        said = self.lexicon.agreement([thing], match.numbers, match.field)
        usual = self.lexicon.share_with(match.field)
        return said.titles < _LEAST_TITLES or said.valued >= _USUAL * usual * said.titles

    def sizes(self, said: str) -> list[int]:
        """Numbers of the values, of fields for sizes alone, that a size fits."""
        lexicon = self.lexicon
        found = lexicon.values(key(said))
        return [number for number in found if lexicon.role(lexicon.value(number).field) == "size"]

    def borne_by(self, numbers: Sequence[int], things: Sequence[str]) -> bool:
        """Whether a product with one of these words in its title bears one of the values."""
        bearing = self.lexicon.titles_of(numbers)
        return any((self._called(thing) & bearing).any() for thing in things)

    def _borne(self, match: Match, thing: str) -> bool:
        """Whether a product with this word in its title bears the value."""
        bearing = self.lexicon.titles_of(match.numbers)
        return bool((self.lexicon.titles_with([thing]) & bearing).any())

    def best_field(self, matches: Sequence[Match], row: Sequence[Token], others: Sequence[str]) -> Match:
        """Of matches that differ only in their field (colour, cable_colour), the one whose values are borne by products
        that have the other words in their titles."""

        def fitting(match: Match) -> int:
            bearing = self.lexicon.titles_of(match.numbers)
            return sum(count(bearing & self.lexicon.titles_with([word])) for word in others)

        return max(matches, key=fitting) if len(matches) > 1 and others else matches[0]

    def _agreed(self, phrase: Sequence[str | None], match: Match, least: float = 0.0) -> float | None:
        """Of the titles with a phrase, the share whose products bear the value, as far as they bear any; 0 where hardly
        any does, None where no title has the phrase."""
        said = self.lexicon.agreement([word for word in phrase if word], match.numbers, match.field)
        if not said.titles:
            return None
        if not said.valued or said.valued < _VALUED * said.titles or said.agreeing < least * said.titles:
            return 0.0
        return said.agreeing / said.valued

    def is_named_so(self, match: Match, row: Sequence[Token]) -> bool:
        """Whether a phrase that stands for a colour or material mostly means that in this catalogue: mint may not."""
        if match.role not in ("colour", "material"):
            return True
        if not self._is_look(match, row):
            return False
        share = self._agreed([token.term for token in row[match.first : match.last]], match)
        return share is None or share >= _AGREED

    def _is_look(self, match: Match, row: Sequence[Token]) -> bool:
        """Whether a phrase can be a colour or material at all: by the tables of names, or as a whole value of several
        products. A field of colours may hold 手机, and 防水尼龙 does not make 防水 a material."""
        phrase = joined(row[match.first : match.last])
        if match.role == "colour" and row[match.last - 1].han:
            return phrase[-1] in _HAN_COLOURS or phrase in _OTHER_HAN_COLOURS
        kinds = _KIND_OF_ROLE[match.role]
        ends = (phrase, row[match.last - 1].key)
        if any(kind in self._names.kinds(part) for part in ends for kind in kinds):
            return True
        return any(
            self.lexicon.value(n).count > 1 and key(self.lexicon.value(n).written) == phrase for n in match.numbers
        )


def _share(mine: int, theirs: int) -> float:
    return mine / (mine + theirs) if mine + theirs else 0.0


__all__ = ["LONGEST", "Match", "Strength", "Values"]
