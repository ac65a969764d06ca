"""Manifest ↔ JSON, and the names that indexes may bear. Shared by both adapters."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import orjson

from search.domain import EncoderCard, Manifest
from search.errors import IndexDamaged, RequestError, StoreError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VERSIONED = re.compile(r".*__v[0-9]+(__artefacts)?")
_ARTEFACT = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9])?")


def check_index_name(index: str) -> None:
    """Raises RequestError where the name would be no safe folder, URL part or Qdrant alias."""
    if not _NAME.fullmatch(index):
        raise RequestError(
            f"'{index[:80]}' is no valid index name: use 1 to 64 letters a-z and A-Z, digits, hyphens and underscores."
        )
    if _VERSIONED.fullmatch(index):
        raise RequestError(f"The index name '{index}' ends like the name of a version ({index!r}). Choose another one.")


def check_artefact_name(name: str) -> None:
    """Raises StoreError where the name would be no safe file name on every system."""
    if not _ARTEFACT.fullmatch(name):
        raise StoreError(
            f"{name[:80]!r} is no valid name of an artefact: use 1 to 64 of a-z, 0-9, hyphens, dots and underscores."
        )


def manifest_to_json(manifest: Manifest) -> bytes:
    return orjson.dumps(dataclasses.asdict(manifest), option=orjson.OPT_INDENT_2)


def manifest_from_json(text: bytes | str, where: str) -> Manifest:
    """Keys that this version of Daogou does not know are left out. Raises IndexDamaged, saying `where` it stood."""
    try:
        values = _known(Manifest, orjson.loads(text))
        values["encoder"] = EncoderCard(**_known(EncoderCard, values["encoder"]))
        values["unfiltered"] = tuple(values.get("unfiltered", ()))
        values["sources"] = tuple(values.get("sources", ()))
        values["lanes"] = tuple(values.get("lanes", ()))
        return Manifest(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(
            f"The manifest {where} cannot be read ({error}). Build the index again with: "
            f"python -m indexer reindex CATALOGUE"
        ) from error


def _known(kind: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in values.items() if name in names}
