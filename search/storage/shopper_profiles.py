"""Profiles ↔ Qdrant points: the interests as vectors, the history as a vector over products, the rest as JSON text.

The payload is ``{"kind": "profile", "shopper", "index", "version", "stamp", "steps": JSON text, "data": JSON text}``.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from search.domain import Json, Sparse
from search.errors import StoreError
from search.protocols import Neighbour
from search.shopper import Affinity, Interest, PriceBand, Profile, Step
from search.storage.shopper_payloads import Kept
from search.storage.shopper_points import check_name, key, tastes, term

_UNIT = 1e-3
"""How far from 1 the length of an interest may be."""


def profile_id(shopper: str, index: str) -> str:
    return key("profile", shopper, index)


def from_profile(shopper: str, index: str, version: int, stamp: str, profile: Profile, dimension: int) -> Kept:
    """Raises StoreError where an interest is no vector of unit length with that dimension, or a number not finite."""
    check_name(shopper)
    interests = tuple(_vector(interest, dimension) for interest in profile.interests)
    try:
        payload = {
            "kind": "profile",
            "shopper": shopper,
            "index": index,
            "version": version,
            "stamp": stamp,
            "steps": json.dumps([dataclasses.astuple(step) for step in profile.steps], allow_nan=False),
            "data": json.dumps(_to_json(profile), allow_nan=False),
        }
    except (TypeError, ValueError):
        raise StoreError(
            "A profile holds something that is no finite number or no text. Nothing was written."
        ) from None
    steps = [(step.product, step.weight) for step in profile.steps]
    return Kept(profile_id(shopper, index), payload, interests, sparse(tastes(steps)))


def to_profile(point: Kept) -> Profile:
    told: dict[str, Any] = json.loads(point.payload["data"])
    told["interests"] = tuple(
        Interest(np.asarray(vector, dtype=np.float32), **_tuples(rest))
        for vector, rest in zip(point.interests, told["interests"], strict=True)
    )
    told["affinities"] = {
        field: {value: Affinity(**_tuples(one)) for value, one in values.items()}
        for field, values in told["affinities"].items()
    }
    told["bands"] = {category: PriceBand(**band) for category, band in told["bands"].items()}
    told["hidden"] = frozenset(told["hidden"])
    told["steps"] = tuple(Step(*step) for step in json.loads(point.payload["steps"]))
    return Profile(**told)


def sparse(weights: Mapping[str, float]) -> Sparse:
    """Weights over products as a sparse vector; unlike a lane it may hold weights below 0."""
    terms: defaultdict[int, float] = defaultdict(float)
    for product, weight in weights.items():
        terms[term(product)] += weight
    entries = sorted((index, weight) for index, weight in terms.items() if weight)
    return Sparse(tuple(index for index, _ in entries), tuple(weight for _, weight in entries))


def to_neighbour(payload: Mapping[str, Json], score: float) -> Neighbour:
    steps = tuple((str(product), float(weight)) for product, weight, _ in json.loads(payload["steps"]))
    return Neighbour(payload["shopper"], min(1.0, score), steps)


def _vector(interest: Interest, dimension: int) -> tuple[float, ...]:
    vector = np.asarray(interest.vector, dtype=np.float32)
    if vector.shape != (dimension,) or not abs(float(np.linalg.norm(vector)) - 1.0) <= _UNIT:
        raise StoreError(
            f"An interest is no vector of {dimension} numbers and unit length, as the encoder makes them, but of the "
            f"shape {vector.shape}. Nothing was written."
        )
    return tuple(vector.tolist())


def _to_json(profile: Profile) -> dict[str, Json]:
    """All fields but the steps; those that are told in a way of their own first."""
    told: dict[str, Json] = {
        "interests": [
            {name: getattr(interest, name) for name in _names(Interest) if name != "vector"}
            for interest in profile.interests
        ],
        "affinities": {
            field: {value: dataclasses.asdict(one) for value, one in values.items()}
            for field, values in profile.affinities.items()
        },
        "bands": {category: dataclasses.asdict(band) for category, band in profile.bands.items()},
        "hidden": sorted(profile.hidden),
    }
    for name in _names(Profile):
        value = getattr(profile, name)
        if name != "steps" and name not in told:
            told[name] = dict(value) if isinstance(value, Mapping) else value
    return told


def _names(kind: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _tuples(values: dict[str, Json]) -> dict[str, Json]:
    """Lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
