"""The events of the demo's shoppers as if the last of them had happened within a day: JSON lines for the loader.

    python examples/demo/events.py | python -m indexer events -

The file beside this one has fixed dates, and events are kept for DAOGOU_EVENT_DAYS only. Each has an id here, so that
loading them again on another day adds nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("events.jsonl")


def events(now: datetime) -> Iterator[dict[str, Any]]:
    """Moved by whole days, so that it stays evening where it was evening. What was searched for is left out."""
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    moments = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    shift = timedelta(days=(now - max(moments)) // timedelta(days=1))
    for number, (row, moment) in enumerate(zip(rows, moments, strict=True)):
        told = {name: value for name, value in row.items() if name != "query"}
        yield told | {"timestamp": (moment + shift).isoformat(), "id": f"demo-{number}"}


if __name__ == "__main__":
    for event in events(datetime.now(UTC)):
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
