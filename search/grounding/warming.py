"""The tables of the check, read before anybody waits for them."""

from __future__ import annotations

from search.grounding.checking import faults
from search.grounding.ground import Ground


def warm_up() -> None:
    """Most of a second of one core, once in a process; without it, the first check takes that much longer."""
    ground = Ground.of({"title": "粗陶马克杯", "description": "能装茶。"})
    faults("It is a mug for tea.", ground)
    faults("这是杯子。", ground)


__all__ = ["warm_up"]
