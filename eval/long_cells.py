"""CSV with long cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cells_up_to(characters: int) -> Iterator[None]:
    """How long a cell may be is one number for the whole process: raised in here, and as it was afterwards."""
    before = csv.field_size_limit(characters)
    try:
        yield
    finally:
        csv.field_size_limit(before)
