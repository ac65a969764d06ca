"""Instants as the wire has them: UTC, always with microseconds, then `Z`. The Python client reads nothing else."""

from __future__ import annotations

from datetime import UTC, datetime


def on_wire(instant: str) -> str:
    """ISO 8601 in any form → `2026-01-31T12:00:00.000000Z`; the epoch for "" (an index that does not know its age)."""
    moment = datetime.fromisoformat(instant) if instant else datetime.fromtimestamp(0, UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
