"""An explanation in English."""

from __future__ import annotations

from collections.abc import Sequence

from search.constraints import TEXT
from search.domain import Json
from search.explanation.bounds import Bound
from search.explanation.english_likings import liking
from search.explanation.story import Heard, Phrase, Story
from search.explanation.thrift import ROOMY, Thrift, within
from search.explanation.values import amount, clean, columns, cut, label, measure, money, quoted, value
from search.storage.payload import fold


def explain(story: Story) -> str:
    """One or two sentences, never empty."""
    return within(lambda thrift: _sentences(story, thrift))


def _sentences(story: Story, thrift: Thrift) -> str:
    words, tail = _words(story, thrift)
    met = _met(story.met[: thrift.met], thrift)
    taste = _taste(story, thrift)
    against = [*_unmet(story, thrift), *_unknown(story.unknown[: thrift.unknown])]
    if story.out_of_stock:
        against.append("it is out of stock")
    if words and (tail or len(story.met) > 1 or not (story.heard or story.code)):
        first, second = [words + tail * thrift.rest], [*met, *taste]
    elif words or met:
        first, second = [*([words] if words else []), *met], taste
    else:
        first, second = taste[:1], taste[1:]
    if not first:
        first = [] if against else [_by_default(story)]
    if against and not second and len(first) == 1 and not tail:
        return _sentence([*first], against)
    if not first:
        return _sentence([], against)
    return " ".join(filter(None, (_sentence(first), _sentence(second, against))))


def _sentence(good: Sequence[str], against: Sequence[str] = ()) -> str:
    said = _and(good)
    if against:
        said = f"{said}, but {_and(against)}" if said else _and(against)
    return said[:1].upper() + said[1:] + "." if said else ""


def _and(clauses: Sequence[str]) -> str:
    """Whole clauses: a, and b."""
    if len(clauses) < 3:
        return ", and ".join(clauses)
    return ", ".join(clauses[:-1]) + ", and " + clauses[-1]


def _list(names: Sequence[str], word: str = "and") -> str:
    """Names: a, b and c."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" {word} " + names[-1]


# --- words -----------------------------------------------------------------------------------------------------------


def _words(story: Story, thrift: Thrift) -> tuple[str, str]:
    """What is told of the words, and what is told of those that are missing."""
    if story.code is not None:
        if story.code.field == "title":
            return "its title is just what you typed", ""
        name = "product number" if story.code.field == "id" else label(story.code.field, "en")
        return f"its {name} is {cut(clean(story.code.written), thrift.value)}, the code that you typed", ""
    if story.heard:
        first, *others = story.heard[: thrift.places]
        said = _stands(first, story, thrift, alone=len(story.heard) == 1)
        if others:
            short = first.place in ("title", "description") or not first.whole
            said += f" and {_stands(others[0], story, thrift, alone=False, short=short)}"
        return said, _tail(story, thrift)
    if story.rest == "only meaning":
        other = "other " if any(bound.field != "price" for bound in story.met) else ""
        if len(story.missing) == 1 and columns(story.missing[0]) <= thrift.value:
            return f"{_nowhere(story, thrift)}: it was found by its meaning", ""
        if story.even:
            return f"it was found by its meaning: none of your {other}words is in its text", ""
        return f"none of your {other}words is in its text: it was found by its meaning", ""
    if story.rest == "unsaid":
        return "it comes near to what you typed, though not in the same words", ""
    return "", ""


def _tail(story: Story, thrift: Thrift) -> str:
    if story.rest == "missing":
        return f", though {_nowhere(story, thrift)}"
    if story.rest == "meaning":
        return "; for the rest it was found by meaning" if story.even else "; beyond that it was found by its meaning"
    return ""


def _nowhere(story: Story, thrift: Thrift) -> str:
    named = [quoted(cut(one, thrift.value)) for one in story.missing]
    return f"{_list(named)} {'is' if len(named) == 1 else 'are'} nowhere in its text"


def _stands(heard: Heard, story: Story, thrift: Thrift, alone: bool, short: bool = False) -> str:
    """“quiet keyboard” is in its title. `short`: after another such clause."""
    phrases = [_phrase(one, story, thrift) for one in heard.phrases[: thrift.phrases]]
    said, verb = _list(phrases), "is" if len(phrases) == 1 else "are"
    if heard.place == "brand":
        if not heard.whole or len(phrases) > 1 or " " in phrases[0].removeprefix(quoted(_first(heard, thrift))):
            return f"{said} {verb} in its brand"
        return f"it is by {_first(heard, thrift)}"
    if heard.place == "category" and heard.whole:
        return f"it is in the category {said}" if len(phrases) == 1 else f"it is in the categories {said}"
    if heard.place == "mark":
        return f"it is marked {quoted(label(heard.field, 'en'))}"
    if heard.place == "attribute":
        name = label(heard.field, "en")
        if not heard.whole or name.endswith(_OPEN):
            return f"{said} {verb} listed under {name}"
        return f"its {name} {_verb(name, 'includes', 'include') if heard.listed else _verb(name, 'is', 'are')} {said}"
    if story.even and not short and heard.place in ("title", "description"):
        only = "only " if heard.place == "description" and alone else ""
        return f"{only}its {heard.place} {'says' if heard.place == 'title' else 'mentions'} {said}"
    if story.even and short and heard.place == "description":
        return f"its description mentions {said}"
    only = "only " if heard.place == "description" and (alone or short) else ""
    return f"{said} {only}in its {heard.place}" if short else f"{said} {verb} {only}in its {heard.place}"


_OPEN = (" for", " with", " of", " from", " by", " in", " to", " on")
"""Ends of names of fields after which no «is» can stand: «component for»."""


def _first(heard: Heard, thrift: Thrift) -> str:
    return cut(heard.phrases[0].written, thrift.value)


def _verb(name: str, one: str, many: str) -> str:
    """As the name of a field is one thing or several: «its key ingredients are»."""
    several = name.endswith("s") and not name.endswith(("ss", "us")) and not name.startswith("number of ")
    return many if several else one


def _phrase(phrase: Phrase, story: Story, thrift: Thrift) -> str:
    said = quoted(cut(phrase.written, thrift.value))
    if phrase.typed:
        return f"{said} for your {quoted(cut(phrase.typed, thrift.value))}"
    typed = next((typed for typed, taken in story.corrected if fold(taken) in fold(phrase.written)), "")
    return f"{said} (you typed {quoted(cut(typed, thrift.value))})" if typed else said


# --- conditions ------------------------------------------------------------------------------------------------------


def _met(bounds: Sequence[Bound], thrift: Thrift) -> list[str]:
    """One clause for all that it is or costs, then one for each of its other values."""
    is_, costs, its = [], [], []
    several = len(bounds) > 1
    for bound in bounds:
        if bound.field == "price":
            costs.append(_costs(bound))
        elif said := _is(bound, thrift, several):
            is_.append(said)
        elif said := _its(bound, thrift):
            its.append(said)
    first = " and ".join([*([f"is {_list(is_)}"] if is_ else []), *costs])
    return [*([f"it {first}"] if first else []), *its]


def _costs(bound: Bound) -> str:
    paid, currency, price = amount(bound.shown), bound.limits, _price(bound)
    if bound.low is not None and bound.high is not None:
        return f"costs {price}, between your {money(bound.low, currency)} and {money(bound.high, currency)}"
    limit = amount(bound.wanted[0])
    if limit is None:
        return f"costs {price}"
    said = money(limit, currency)
    if paid == limit:
        return f"costs {price}, just {'your limit' if bound.constraint.op in ('<=', '>=') else 'as you asked'}"
    sense = {"<": "under", "<=": "within", ">": "over", ">=": "over"}.get(bound.constraint.op, "beside")
    return f"costs {price}, {sense} your {said}"


def _is(bound: Bound, thrift: Thrift, several: bool) -> str:
    """What stands after «it is», "" where it is not said like that."""
    shown, op, field = value(bound.shown, thrift.value), bound.constraint.op, bound.field
    wanted = _wanted(bound, thrift)
    if field == TEXT or not shown:
        return ""
    if isinstance(bound.shown, bool):
        name = label(field, "en")
        if field == "in_stock":
            return "in stock" if bound.shown else "out of stock"
        return f"marked {quoted(name)}" if bound.shown else f"marked not {quoted(name)}"
    if field == "brand":
        if op != "!=" or not wanted:
            return f"by {shown}"
        return f"by {shown} (not {wanted})" if several else f"by {shown}, not {wanted}"
    if field == "category" and op in ("=", "in"):
        return f"in {quoted(shown)}"
    if _is_colour(field) and op in ("=", "in", "!="):
        shown = shown.lower() if shown.isascii() else shown
        if not wanted or _says(shown, bound.wanted):
            return shown
        if op == "!=":
            return f"{shown} (not {wanted})" if several else f"{shown}, not {wanted}"
        return f"{shown} (which counts as {wanted})" if several else f"{shown}, which counts as {wanted}"
    return ""


def _its(bound: Bound, thrift: Thrift) -> str:
    field, op = bound.field, bound.constraint.op
    wanted = _wanted(bound, thrift)
    if field == TEXT:
        return f"nothing in it says {quoted(wanted)}, which you ruled out" if op == "!=" and wanted else ""
    name, held = label(field, "en"), amount(bound.shown)
    if held is not None:
        shown = measure(held, field, "en")
        if bound.low is not None and bound.high is not None:
            low, high = measure(bound.low, field, "en"), measure(bound.high, field, "en")
            return f"its {name} is {shown}, between your {low} and {high}"
        limit = amount(bound.wanted[0])
        if limit is None:
            return f"its {name} is {shown}"
        if held == limit:
            return f"its {name} is {shown}, just as you asked"
        sense = {"<": "under", "<=": "within", ">": "over", ">=": "at least", "!=": "not"}.get(op, "beside")
        return f"its {name} is {shown}, {sense} your {measure(limit, field, 'en')}".replace("not your", "not")
    shown = value(bound.shown, thrift.value)
    if not shown:
        return ""
    if op == "!=":
        return f"its {name} is {shown}, not {wanted}" if wanted else f"its {name} is {shown}"
    if op in ("=", "in") and wanted and not _says(shown, bound.wanted):
        return f"its {name} is {shown}, which counts as {wanted}"
    sense = {"<": "before", "<=": "until", ">": "after", ">=": "since"}.get(op, "")
    return f"its {name} is {shown}" + (f", {sense} {wanted}" if sense and wanted else "")


def _unmet(story: Story, thrift: Thrift) -> list[str]:
    foreign = [
        f"its price, {_price(bound)}, is in another currency than your {quoted(cut(clean(bound.constraint.text), 24))}"
        for bound in story.foreign
    ]
    told = [*(_against(bound, thrift) for bound in story.unmet[: thrift.unmet]), *foreign]
    return list(dict.fromkeys(told))


def _price(bound: Bound) -> str:
    paid = amount(bound.shown)
    return money(paid, bound.currency) if paid is not None else value(bound.shown)


def _against(bound: Bound, thrift: Thrift) -> str:
    field, op, name = bound.field, bound.constraint.op, label(bound.field, "en")
    wanted = _wanted(bound, thrift)
    held, limit = amount(bound.shown), amount(bound.wanted[0])
    if held is not None and limit is not None and op != "!=":
        is_price = field == "price"
        shown = money(held, bound.currency) if is_price else measure(held, field, "en")
        asked = money(limit, bound.limits) if is_price else measure(limit, field, "en")
        sense = "over" if op in ("<", "<=") else "under" if op in (">", ">=") else "not"
        what = f"it costs {shown}" if is_price else f"its {name} is {shown}"
        return f"{what}, {sense} {'the ' if sense == 'not' else 'your '}{asked}"
    if isinstance(bound.shown, bool):
        if field == "in_stock":
            return "it is in stock" if bound.shown else "it is out of stock"
        return f"it is marked {quoted(name)}" if bound.shown else f"it is marked not {quoted(name)}"
    shown = value(bound.shown, thrift.value) or "something else"
    if field == TEXT:
        return f"it mentions {quoted(wanted)}, which you ruled out"
    if op == "!=":
        return (
            f"it is by {shown}, which you ruled out"
            if field == "brand"
            else f"its {name} is {shown}, which you ruled out"
        )
    if field == "brand":
        return f"it is by {shown}, not {wanted}" if wanted else f"it is by {shown}"
    asked_for = "wished for" if bound.wish else "asked for"
    return (
        f"its {name} is given as {shown} where you {asked_for} {wanted}"
        if wanted
        else f"its {name} is given as {shown}"
    )


def _unknown(bounds: Sequence[Bound]) -> list[str]:
    """One clause for all that is not stated."""
    names: dict[str, None] = {}
    whether: dict[str, None] = {}
    for bound in bounds:
        if bound.field == TEXT:
            if text := cut(clean(bound.wanted[0]), 24):
                whether[quoted(text)] = None
        elif isinstance(bound.wanted[0], bool):
            whether["in stock" if bound.field == "in_stock" else quoted(label(bound.field, "en"))] = None
        else:
            names[label(bound.field, "en")] = None
    said = [f"its {_list(list(names))} {'is' if len(names) == 1 else 'are'} not stated"] if names else []
    return said + [f"whether it is {one} is not stated" for one in whether]


def _wanted(bound: Bound, thrift: Thrift) -> str:
    """«wood or bamboo»; "" where nothing of it can be shown."""
    shown = dict.fromkeys(said for one in bound.wanted if (said := cut(clean(one), thrift.value)))
    return _list([*shown], "or") if shown else ""


def _is_colour(field: str) -> bool:
    return label(field, "en") == "colour"


def _says(shown: str, wanted: Sequence[Json]) -> bool:
    return any(fold(clean(one)) in fold(shown) for one in wanted if clean(one))


# --- taste -----------------------------------------------------------------------------------------------------------


def _taste(story: Story, thrift: Thrift) -> list[str]:
    told = [liking(one, story.document, thrift.title) for one in story.likings[: thrift.likings]]
    if thrift.moved and story.moved and thrift.likings:
        places = f"{abs(story.moved)} places {'higher' if story.moved > 0 else 'lower'}"
        against = any(one.reason.effect < 0 for one in story.likings)
        if told and (story.moved > 0 or against):
            told[-1] += f", so it stands {places} for you"
        elif story.moved < 0 and not told:
            told.append(f"it stands {places} to make room for what fits you better")
    return told


def _by_default(story: Story) -> str:
    """Nothing speaks for it: neither words nor conditions nor taste."""
    shelf = story.document.get("category")
    name = value(shelf[-1:] if isinstance(shelf, list) else shelf)
    if story.asked:
        return f"it is one of the products in {quoted(name)}" if name else "it is one of the products that are left"
    return f"it is here to show you something from {quoted(name)}" if name else "it is here to show you something else"


# --- for others who tell ---------------------------------------------------------------------------------------------


def telling(story: Story) -> tuple[str, ...]:
    """Clauses that are true of the product, each by itself."""
    words, tail = _words(story, ROOMY)
    told = [
        words + tail if story.rest == "missing" else words,
        *(each for one in story.met for each in _met([one], ROOMY)),
    ]
    told += [liking(one, story.document, ROOMY.title) for one in story.likings]
    told += ["it is out of stock"] if story.out_of_stock else []
    return tuple(one for one in told if one)


def questions(story: Story) -> tuple[str, ...]:
    """Clauses that say what is not met, and what is not known."""
    return (*_unmet(story, ROOMY), *(each for one in story.unknown for each in _unknown([one])))
