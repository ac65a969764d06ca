"""The values that a query asks for: brand, colour, material; alternatives of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from search.lexicon.folding import listed
from search.lexicon.phrases import Role
from search.understanding.found import Condition, Found
from search.understanding.tokens import Token, broken, gap
from search.understanding.values import Match, Strength, Values

_ROLES: tuple[Role, ...] = ("brand", "colour", "material")
_OR = frozenset(("or", ",or", "/", "或", "或者", "或是", "还是", "、"))
_FOR = listed("my your his her our their for fits fit compatible 适用 适用于 适配 兼容 用于 给 配")
_MADE = frozenset(("of", "in", "from", "real", "genuine"))
_LINKS = frozenset(("的", "or", "或", "或者", "and", "和"))
_JOINED = frozenset(("and", "&", "和", "与", "+", "-"))


@dataclass(frozen=True, slots=True)
class _Wanted:
    match: Match
    strength: Strength


def wanted(text: str, row: Sequence[Token], values: Values) -> list[Found]:
    """Values meant by `text` (lower case, what is understood already blanked), whose words are `row`; in order."""
    if not values.lexicon.products or not row:
        return []
    named: list[list[Match]] = []
    place = 0
    while place < len(row):
        matches = [] if row[place].empty else values.longest(row, place, text, _ROLES)
        if matches:
            named.append(matches)
            place = matches[0].last
        else:
            place += 1
    taken = {n for matches in named for n in range(matches[0].first, matches[0].last)}
    others = [token.term for n, token in enumerate(row) if n not in taken and not token.empty]
    meant = [item for matches in named if (item := _meant(matches, text, row, values, others))]
    if len(meant) == 1 and len(row) == 1 and meant[0].match.role != "brand":
        # One word alone is the thing itself: orange.
        return []
    meant = [item for n, item in enumerate(meant) if not _joined(item, meant, text, row)]
    return _grouped(meant, text, row)


def _meant(
    matches: list[Match], text: str, row: Sequence[Token], values: Values, others: Sequence[str]
) -> _Wanted | None:
    """Of the fields whose value a phrase may name, the first that the catalogue confirms."""
    for role in dict.fromkeys(match.role for match in matches):
        match = values.best_field([match for match in matches if match.role == role], row, others)
        if match.role == "brand":
            if _is_for(match, row):
                continue
            strength = values.brand_strength(match, row, others)
        else:
            before, after = _neighbours(match, text, row)
            if match.role == "material" and not _describes(match, text, row, after):
                continue
            strength = values.look_strength(match, before, after, row, others)
        if strength:
            return _Wanted(match, strength)
    return None


def _is_for(match: Match, row: Sequence[Token]) -> bool:
    """Whether a brand's name says whom or what the thing is for: a case for Samsung, my brother."""
    before = [token.key for token in row[max(0, match.first - 2) : match.first]]
    return bool(before) and (
        before[-1] in _FOR or (before[-1] in ("the", "a", "an", "with", "于") and before[0] in _FOR)
    )


def _describes(match: Match, text: str, row: Sequence[Token], after: str | None) -> bool:
    """Whether a material stands where it says what something is made of, and is not the thing itself: toilet paper."""
    if after is not None or (match.last < len(row) and row[match.last].key in _LINKS):
        return True
    return any(token.key in _MADE for token in row[max(0, match.first - 2) : match.first])


def _neighbours(match: Match, text: str, row: Sequence[Token]) -> tuple[str | None, str | None]:
    """The terms right before and after a phrase; None where there is none, or 的 or a comma stands between."""
    before = row[match.first - 1] if match.first else None
    after = row[match.last] if match.last < len(row) else None
    if before and (before.empty or broken(text, before.end, row[match.first].start)):
        before = None
    if after and (after.empty or broken(text, row[match.last - 1].end, after.start)):
        after = None
    if after and after.key[0].isdigit():
        after = None
    return before.term if before else None, after.term if after else None


def _between(left: Match, right: Match, text: str, row: Sequence[Token]) -> str:
    return gap(text, row[left.last - 1].end, row[right.first].start)


def _joined(item: _Wanted, meant: Sequence[_Wanted], text: str, row: Sequence[Token]) -> bool:
    """Whether a colour stands beside another with «and»: black and white is a look of its own."""
    return any(
        other is not item
        and other.match.field == item.match.field
        and other.match.role != "brand"
        and (
            _between(item.match, other.match, text, row) in _JOINED
            or _between(other.match, item.match, text, row) in _JOINED
        )
        for other in meant
    )


def _listed(left: _Wanted, right: _Wanted, text: str, row: Sequence[Token]) -> bool:
    return left.match.field == right.match.field and _between(left.match, right.match, text, row) in (",", "，")


def _grouped(meant: Sequence[_Wanted], text: str, row: Sequence[Token]) -> list[Found]:
    """One constraint for each value, and one for values with «or» between them. Several of one field cannot all be
    demanded of a product that has one brand or one colour: they are preferred."""
    groups: list[list[_Wanted]] = []
    for item in meant:
        last = groups[-1][-1] if groups else None
        joint = _between(last.match, item.match, text, row) if last else ""
        if last and last.match.field == item.match.field and joint in _OR:
            groups[-1].append(item)
            # «red, blue or green»: what stood before with a comma belongs to it.
            while len(groups) > 1 and _listed(groups[-2][-1], groups[-1][0], text, row):
                groups[-2:] = [groups[-2] + groups[-1]]
        else:
            groups.append([item])
    crowded = Counter(group[0].match.field for group in groups)
    found = []
    for group in groups:
        start, end = row[group[0].match.first].start, row[group[-1].match.last - 1].end
        sure = all(item.strength == "must" for item in group) and crowded[group[0].match.field] == 1
        strength: Strength = "must" if sure else "prefer"
        members = tuple(dict.fromkeys(member for item in group for member in item.match.members))
        field = group[0].match.field
        if len({item.match.members for item in group}) == 1:
            condition = Condition(field, "=", group[0].match.value, strength, members)
        else:
            condition = Condition(field, "in", tuple(item.match.value for item in group), strength, members)
        found.append(Found(start, end, (condition,)))
    return found


__all__ = ["wanted"]
