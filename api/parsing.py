"""Requests → the models of `api/schemas.py`, from a JSON body or a query string, with Meilisearch's complaints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from api.bodies import NUMBER, kind_of, parse_json
from api.errors import ApiError, shorten
from api.schemas import Body
from search.domain import Json
from search.errors import RequestError
from search.storage.manifests import check_index_name

Model = TypeVar("Model", bound=Body)

_INTEGER = re.compile(r"[0-9]{1,19}")

_CODES = {
    "hybrid": "invalid_search_hybrid_query",
    "semanticRatio": "invalid_search_semantic_ratio",
    "userContext": "invalid_search_personalize_user_context",
    "queries": "bad_request",
    "federation": "invalid_multi_search_federated",
    "federationOptions": "invalid_multi_search_federation_options",
    "indexUid": "invalid_index_uid",
    "indexUids": "invalid_index_uid",
    "primaryKey": "invalid_index_primary_key",
    "skipCreation": "invalid_skip_creation",
    "customMetadata": "invalid_index_custom_metadata",
    "facetName": "invalid_facet_search_facet_name",
    "facetQuery": "invalid_facet_search_facet_query",
    "queryID": "invalid_event_query_id",
    "exhaustiveFacetCount": "invalid_facet_search_exhaustive_facet_count",
}
"""Fields whose code is not `invalid_{noun}_{field}`."""

_MISSING = {
    "indexUid": "missing_index_uid",
    "filter": "missing_document_filter",
    "facetName": "missing_facet_search_facet_name",
}

_EXPECTED = {
    "int_type": "a positive integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "string_type": "a string",
    "list_type": "an array",
    "model_type": "an object",
    "dict_type": "an object",
}

_SPREAD = {
    "hybridEmbedder": ("hybrid", "embedder"),
    "hybridSemanticRatio": ("hybrid", "semanticRatio"),
    "personalizeUserContext": ("personalize", "userContext"),
    "explainLanguage": ("explain", "language"),
}
"""Names of query strings that reach into an object."""


def index_uid(name: str) -> str:
    """`name` if it can be the name of an index. Raises 400."""
    try:
        check_index_name(name)
    except RequestError as error:
        raise ApiError("invalid_index_uid", str(error)) from None
    return name


def from_body(model: type[Model], value: Json, noun: str) -> Model:
    """A JSON value as `model`. Raises 400 that names the first field at fault; `noun` makes its code."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _complaint(error.errors(include_url=False), noun) from None


def from_query(model: type[Model], request: Request, noun: str) -> Model:
    """The query string as `model`: the same names, lists separated by commas; the last of a repeated name counts."""
    found: dict[str, Json] = {}
    kinds = {field.alias or name: _kinds(field.annotation) for name, field in model.model_fields.items()}
    for name, text in request.query_params.multi_items():
        outer, inner = _SPREAD.get(name, (name, None))
        if outer not in kinds:
            raise ApiError("bad_request", _unknown("parameter", name, list(kinds)))
        if inner is None:
            found[name] = _converted(name, text, kinds[name], code_of(noun, name))
        else:
            kind: set[Any] = {float} if inner == "semanticRatio" else {str}
            held = found.setdefault(outer, {})
            if isinstance(held, dict):
                held[inner] = _scalar(name, text, kind, code_of(noun, inner))
    return from_body(model, found, noun)


def code_of(noun: str, name: str) -> str:
    snake = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    return _CODES.get(name) or f"invalid_{noun}_{snake}"


def _kinds(annotation: Any) -> set[Any]:
    """The plain types that a field may hold; a list of them is a tuple (list, member, …)."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return {kind for part in get_args(annotation) for kind in _kinds(part)} - {NoneType}
    if origin is list:
        return {(list, *sorted(_kinds(get_args(annotation)[0]), key=str))}
    return {str} if origin is Literal else {annotation}


def _converted(name: str, text: str, kinds: set[Any], code: str) -> Json:
    members = next((kind[1:] for kind in kinds if isinstance(kind, tuple)), None)
    if members is not None:
        parts = [part.strip() for part in text.split(",")] if text else []
        return [part if str in members else _scalar(name, part, set(members), code) for part in parts]
    if Any in kinds:
        return parse_json(text.encode()) if text[:1] in ("[", "{") else text
    return _scalar(name, text, kinds, code)


def _scalar(name: str, text: str, kinds: set[Any], code: str) -> Json:
    if str in kinds:
        return text
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    if int in kinds and _INTEGER.fullmatch(text):
        return int(text)
    if float in kinds and NUMBER.fullmatch(text):
        return float(text)
    if any(isinstance(kind, type) and issubclass(kind, Body) for kind in kinds) and text[:1] == "{":
        return parse_json(text.encode())
    wanted = "a positive integer" if int in kinds else "a number" if float in kinds else "a JSON object"
    if bool in kinds:
        wanted = "a boolean, expected either `true` or `false`"
    raise ApiError(code, f"Invalid value in parameter `{name}`: could not parse `{shorten(text)}` as {wanted}")


def _complaint(errors: Sequence[ErrorDetails], noun: str) -> ApiError:
    # Of a union both branches complain; the one that got further into the value knows best, or that knew its kind.
    first = max(errors, key=lambda one: (len(_path(one)), one["type"] == "unknown_field"))
    path = _path(first)
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    code = code_of(noun, name) if name else "bad_request"
    kind, context = first["type"], first.get("ctx", {})
    if kind == "unknown_field":
        inside = f" inside `{where}`" if where else ""
        return ApiError("bad_request", _unknown("field", context["field"], context["known"], inside))
    if kind == "missing":
        parent = where[: -len(name) - 1]
        inside = f" inside `{parent}`" if parent else ""
        missing = _MISSING.get(name) or (code if name == "id" else "bad_request")
        return ApiError(missing, f"Missing field `{name}`{inside}")
    value = first["input"]
    if kind == "literal_error":
        found = shorten(value) if isinstance(value, str) else kind_of(value)
        return ApiError(code, f"Unknown value `{found}` at `{where}`: expected one of {context['expected']}")
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        wanted = "a number between 0 and 1" if isinstance(bound, float) else "a positive integer"
        return ApiError(code, f"Invalid value at `{where}`: expected {wanted}, but found {kind_of(value)}")
    if kind == "refused":
        return ApiError(code, f"Invalid value at `{where}`: {context['why']}")
    if kind in ("too_long", "string_too_long"):
        return ApiError(code, f"Invalid value at `{where}`: at most {context['max_length']} are allowed")
    expected = dict.fromkeys(_EXPECTED.get(one["type"], "another value") for one in errors if _path(one) == path)
    place = f" at `{where}`" if where else ""
    return ApiError(code, f"Invalid value type{place}: expected {' or '.join(expected)}, but found {kind_of(value)}")


def _path(error: ErrorDetails) -> list[str | int]:
    """Where the value stands, without the branches of a union that pydantic adds."""
    return [part for part in error["loc"] if part not in ("bool", "str", "int", "Personalize", "Explaining", "Hybrid")]


def _unknown(what: str, name: str, known: Sequence[str], inside: str = "") -> str:
    names = ", ".join(f"`{one}`" for one in known)
    return f"Unknown {what} `{shorten(name)}`{inside}: expected one of {names}"
