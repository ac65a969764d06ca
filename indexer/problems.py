"""What can be wrong with a row, said once and in one shape, so that the report accounts for everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from search.domain import Product

Severity = Literal["rejected", "warning"]

_EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was wrong. `line` is where the row begins in `file`, from 1 (in parquet: the row's number).

    `id` is the product's, where the row has a readable one; `field` the canonical field or attribute concerned.
    `rejected`: the whole row was left out. `warning`: only `field` was, or it was mended or cut. A problem of a whole
    file, such as a column without a name, has line 1 and no id.
    """

    file: str
    line: int
    id: str | None
    field: str | None
    reason: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A row that became a product, with what had to be left out of it or mended."""

    product: Product
    file: str
    line: int
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that became nothing, and why."""

    problem: Problem


class Unreadable(ValueError):
    """A value that cannot be read as what its field should hold. The message is the reason shown in the report."""


def excerpt(value: object) -> str:
    """The value as a reason quotes it: on one line, shortened."""
    text = value if isinstance(value, str) else type(value).__name__ if isinstance(value, dict | list) else str(value)
    text = " ".join(text[: 4 * _EXCERPT].split())
    return f"'{text[:_EXCERPT]}…'" if len(text) > _EXCERPT else f"'{text}'"
