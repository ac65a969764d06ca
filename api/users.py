"""What is known of a shopper, as the wire has it, and what a request changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from api.schemas import FactsBody, UserBody
from search.domain import Json
from search.events import Event
from search.recording import Kept
from search.shopper import Affinity, Facts, Interest, PriceBand, Profile, Shopper, Shown


def changed(record: Shopper, sent: UserBody) -> Shopper:
    """The record with what was sent, as a JSON merge patch (RFC 7396): what is absent stays, null removes."""
    if "consent" in sent.model_fields_set:
        record = replace(record, consent=sent.consent)
    if "facts" in sent.model_fields_set:
        record = replace(record, facts=_merged(record.facts, sent.facts) if sent.facts is not None else Facts())
    return record


def _merged(facts: Facts, sent: FactsBody) -> Facts:
    has = sent.model_fields_set
    return Facts(
        age_band=sent.age_band if "age_band" in has else facts.age_band,
        interests=tuple(sent.interests or ()) if "interests" in has else facts.interests,
        budget=_patched(facts.budget, sent.budget) if "budget" in has else facts.budget,
        sizes=_patched(facts.sizes, sent.sizes) if "sizes" in has else facts.sizes,
    )


def _patched(held: Mapping[str, Json], sent: Mapping[str, Json] | None) -> dict[str, Json]:
    both = {**held, **sent} if sent is not None else {}
    return {name: value for name, value in both.items() if value is not None}


def shown_record(user: str, record: Shopper) -> dict[str, Json]:
    """What `PUT` answers."""
    return {"user": user, "consent": record.consent, "facts": shown_facts(record.facts)}


def shown_facts(facts: Facts) -> dict[str, Json]:
    """What was not declared is left out."""
    told: dict[str, Json] = {
        "ageBand": facts.age_band,
        "interests": list(facts.interests),
        "budget": dict(facts.budget),
        "sizes": dict(facts.sizes),
    }
    return {name: value for name, value in told.items() if value}


def shown_export(user: str, shopper: str, kept: Kept) -> dict[str, Json]:
    """What `GET` answers: everything, in words that a person can read."""
    export = kept.export
    return {
        **shown_record(user, export.record if export is not None else Shopper(shopper)),
        "shopper": shopper,
        "events": [_event(one) for one in export.events] if export is not None else [],
        "profiles": {index: shown_profile(one) for index, one in export.profiles.items()} if export else {},
        "pages": [_page(one) for one in kept.pages],
        "log": list(kept.log),
    }


def _page(page: Shown) -> dict[str, Json]:
    """Without the numbers that ranked it: they are the products'."""
    return {
        "queryID": page.query_id,
        "index": page.index,
        "timestamp": page.timestamp,
        "offset": page.offset,
        "products": list(page.products),
    }


def _event(event: Event) -> dict[str, Json]:
    told: dict[str, Json] = {
        "type": event.type,
        "product": event.product,
        "queryID": event.query_id,
        "position": event.position,
        "value": event.value,
        "timestamp": event.timestamp,
        "id": event.id,
    }
    return {name: value for name, value in told.items() if value is not None}


def shown_profile(profile: Profile) -> dict[str, Json]:
    """Vectors are left out: what they stand for are the products and texts that they were made of."""
    return {
        "interests": [_interest(one) for one in profile.interests],
        "affinities": [
            _affinity(one)
            for of_field in profile.affinities.values()
            for one in sorted(of_field.values(), key=lambda one: -abs(one.weight))
        ],
        "priceBands": [_band(one) for one in profile.bands.values()],
        "hidden": sorted(profile.hidden),
        "products": dict(sorted(profile.strongest.items())),
    }


def _interest(one: Interest) -> dict[str, Json]:
    told: dict[str, Json] = {"weight": round(one.weight, 4)}
    if one.text:
        told["declared"] = one.text
    if one.products:
        told["products"] = list(one.products)
    if one.session:
        told["session"] = True
    return told


def _affinity(one: Affinity) -> dict[str, Json]:
    told: dict[str, Json] = {"field": one.field, "value": one.value, "weight": round(one.weight, 4)}
    return told | ({"products": list(one.products)} if one.products else {"declared": True})


def _band(one: PriceBand) -> dict[str, Json]:
    told: dict[str, Json] = {
        "category": one.category,
        "low": one.low,
        "typical": one.typical,
        "high": one.high,
        "currency": one.currency,
        "declared": one.products == 0 or None,
    }
    return {name: value for name, value in told.items() if value is not None}
