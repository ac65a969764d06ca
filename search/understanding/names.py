"""The names of things in both languages, from the tables in the folder `names`.

A line is `zh <TAB> en <TAB> kind`; alternatives inside a column are separated by `|`, the preferred one first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from search.lexicon.folding import is_han, key


@dataclass(frozen=True, slots=True)
class Names:
    """`same[phrase]` are all the other ways, in either language, to say a phrase (keys, see `folding.key`), by kind.

    `chinese[phrase]` and `english[phrase]` are the preferred translations, as one would write them.
    """

    same: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    chinese: dict[str, str] = field(default_factory=dict)
    english: dict[str, str] = field(default_factory=dict)

    def aliases(self, phrase: str, kinds: tuple[str, ...] = ()) -> list[str]:
        """Other ways to say it; only those of certain kinds where `kinds` are named."""
        known = self.same.get(phrase)
        if not known:
            return []
        return [alias for kind, all_ in known.items() if not kinds or kind in kinds for alias in all_]

    def kinds(self, phrase: str) -> tuple[str, ...]:
        """What sorts of thing a phrase names: «colour», «brand»…; empty for what is not in the tables."""
        return tuple(self.same.get(phrase, ()))


_KINDS = ("goods", "category", "attribute", "material", "colour", "size", "brand")
"""Of a word with several meanings the translation is the one that comes first here: clear is no shampoo."""


@cache
def names() -> Names:
    """Read once, at the first query."""
    rows = []
    folder = files("search.understanding").joinpath("names")
    for table in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        if table.name.endswith(".tsv"):
            lines = table.read_text(encoding="utf-8").splitlines()
            rows += [line.split("\t") for line in lines if line.count("\t") >= 2 and not line.startswith("#")]
    found = Names()
    for chinese, english, kind, *_ in sorted(rows, key=lambda row: _place(row[2])):
        _add(found, chinese.split("|"), english.split("|"), kind.strip())
    return found


def _place(kind: str) -> int:
    return _KINDS.index(kind.strip()) if kind.strip() in _KINDS else len(_KINDS)


def _add(found: Names, chinese: list[str], english: list[str], kind: str) -> None:
    chinese = [name.strip() for name in chinese if name.strip()]
    english = [name.strip() for name in english if name.strip()]
    phrases = [phrase for name in (*chinese, *english) if (phrase := key(name))]
    for phrase in phrases:
        kinds = found.same.setdefault(phrase, {})
        kinds[kind] = tuple(dict.fromkeys((*kinds.get(kind, ()), *(other for other in phrases if other != phrase))))
    for name in chinese:
        if english:
            found.english.setdefault(key(name), english[0])
    for name in english:
        if chinese:
            found.chinese.setdefault(key(name), chinese[0])
    # 黑 for 黑色: the character alone is how people say it.
    if kind == "colour":
        for name in chinese:
            bare = name.removesuffix("色")
            if bare != name and is_han(bare):
                kinds = found.same.setdefault(bare, {})
                kinds[kind] = tuple(dict.fromkeys((*kinds.get(kind, ()), *phrases)))


__all__ = ["Names", "names"]
