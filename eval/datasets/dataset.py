"""What a judged set is, and what a reader of one gives.

A `Dataset` is a description: no file is touched before its `open` is called, and no line is read before one of the
three functions of the `Reading` is. Each of these starts from the top whenever it is called, and yields row by row: a
catalogue of millions is never in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eval.qrels import EvalQuery
from search.domain import Document


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to download, kept as `name` in the set's folder.

    `size` in bytes. `digest` as ``sha256:…``, ``md5:…`` or ``git:…`` (the id that git gives to the file's content).
    An archive is taken apart: `unpack` is the folder that comes out of it.
    """

    url: str
    name: str
    size: int | None = None
    digest: str | None = None
    unpack: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of a set. `grades` is the grade of each label; empty for sets whose judgements are numbers."""

    split: str = ""
    locale: str = ""
    grades: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`machine`: no person gave the grade."""

    query: str
    product: str
    grade: float
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of one part of a set.

    `products` yields rows in our canonical column names. One without a title is named by the beginning of its text
    when it is written; rows that are `verbatim` are written as they are. `id_columns` are where the id is, the first
    one that is not empty. `query_columns` names the columns of a query after its text. `mapping` is for `indexer`,
    where it would guess wrongly. `judge` is the record of the model that gave grades, where one is kept beside them.
    """

    files: tuple[Path, ...]
    queries: Callable[[], Iterable[EvalQuery]]
    judgements: Callable[[], Iterable[Judgement]]
    products: Callable[[], Iterable[Document]]
    query_columns: tuple[str, ...] = ()
    mapping: str | None = None
    verbatim: bool = False
    id_columns: tuple[str, ...] = ("id",)
    judge: Path | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A judged set, in words for people and with the function that reads it.

    `splits` and `locales` begin with the one that is taken when none is named; without `splits` any name may be
    given. `labels` holds the grade of each label, `grading` says how numbers become grades. `files` is what its
    folder must hold, for messages.
    """

    name: str
    about: str
    holds: str
    home: str
    terms: str
    citation: str
    files: str
    open: Callable[[Path, Choice], Reading]
    splits: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    grading: str = "as judged"
    remotes: tuple[Remote, ...] = ()
    cache: str = ""

    @property
    def folder(self) -> str:
        """Name of the folder that downloads go to."""
        return self.cache or self.name
