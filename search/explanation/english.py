"""An explanation in English."""

from __future__ import annotations

from collections.abc import Sequence

from search.constraints import TEXT
from search.domain import Json
from search.explanation.bounds import Bound
from search.explanation.english_likings import liking
from search.explanation.story import Heard, Phrase, Story
from search.explanation.thrift import Thrift, within
from search.explanation.values import amount, clean, cut, label, measure, money, quoted, value
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
            said += f" and {_stands(others[0], story, thrift, alone=False, short=first.place != 'brand')}"
        return said, _tail(story, thrift)
    if story.rest == "only meaning":
        other = "other " if any(bound.field != "price" for bound in story.met) else ""
        if len(story.missing) == 1:
            return f"{quoted(cut(story.missing[0], thrift.value))} is nowhere in its text: it is near in meaning", ""
        return f"none of your {other}words is in its text: it is near to them in meaning", ""
    if story.rest == "unsaid":
        return "it comes near to what you typed, though not in the same words", ""
    return "", ""


def _tail(story: Story, thrift: Thrift) -> str:
    if story.rest == "missing":
        return f", though {quoted(cut(story.missing[0], thrift.value))} is nowhere in its text"
    return "; the rest of what you typed it meets in meaning only" if story.rest == "meaning" else ""


def _stands(heard: Heard, story: Story, thrift: Thrift, alone: bool, short: bool = False) -> str:
    """“quiet keyboard” is in its title. `short`: after another such clause."""
    phrases = [_phrase(one, story, thrift) for one in heard.phrases[: thrift.phrases]]
    said, verb = _list(phrases), "is" if len(phrases) == 1 else "are"
    if heard.place == "brand":
        return f"{said} {verb} its brand" if len(phrases) == 1 else f"{said} {verb} in its brand"
    if heard.place == "mark":
        return f"it is marked {quoted(label(heard.field, 'en'))}"
    if heard.place == "attribute":
        return f"{said} {verb} listed under {label(heard.field, 'en')}"
    only = "only " if heard.place == "description" and (alone or short) else ""
    return f"{said} {only}in its {heard.place}" if short else f"{said} {verb} {only}in its {heard.place}"


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
    wanted = _list([_value(one, thrift) for one in bound.wanted], "or") if any(map(clean, bound.wanted)) else ""
    if field == TEXT or not shown:
        return ""
    if isinstance(bound.shown, bool):
        name = label(field, "en")
        if field == "in_stock":
            return "in stock" if bound.shown else "out of stock"
        return f"marked {quoted(name)}" if bound.shown else f"marked not {quoted(name)}"
    if field == "brand":
        if op != "!=":
            return f"by {shown}"
        return f"by {shown} (not {wanted})" if several else f"by {shown}, not {wanted}"
    if field == "category" and op in ("=", "in"):
        return f"in {quoted(shown)}"
    if _is_colour(field) and op in ("=", "in", "!="):
        shown = shown.lower() if shown.isascii() else shown
        if op == "!=":
            return f"{shown} (not {wanted})" if several else f"{shown}, not {wanted}"
        if _says(shown, bound.wanted):
            return shown
        return f"{shown} (which counts as {wanted})" if several else f"{shown}, which counts as {wanted}"
    return ""


def _its(bound: Bound, thrift: Thrift) -> str:
    field, op = bound.field, bound.constraint.op
    wanted = _list([_value(one, thrift) for one in bound.wanted], "or") if any(map(clean, bound.wanted)) else ""
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
        return f"its {name} is {shown}, not {wanted}"
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
    wanted = _list([_value(one, thrift) for one in bound.wanted], "or") if any(map(clean, bound.wanted)) else ""
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


def _value(one: Json, thrift: Thrift) -> str:
    return cut(clean(one), thrift.value)


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

_ROOMY = Thrift(title=60, value=60, phrases=4, places=4, met=9, unmet=9, unknown=9, likings=5)


def telling(story: Story) -> tuple[str, ...]:
    """Clauses that are true of the product, each by itself."""
    words, tail = _words(story, _ROOMY)
    told = [
        words + tail if story.rest == "missing" else words,
        *(each for one in story.met for each in _met([one], _ROOMY)),
    ]
    told += [liking(one, story.document, _ROOMY.title) for one in story.likings]
    told += ["it is out of stock"] if story.out_of_stock else []
    return tuple(one for one in told if one)


def questions(story: Story) -> tuple[str, ...]:
    """Clauses that say what is not met, and what is not known."""
    return (*_unmet(story, _ROOMY), *(each for one in story.unknown for each in _unknown([one])))
