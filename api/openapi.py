"""OpenAPI by hand where FastAPI cannot see it: bodies and parameters are parsed by `api/parsing.py`.

So the description comes from the very models that do the parsing.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.schemas import (
    Body,
    DeleteBody,
    ErrorAnswer,
    EventBody,
    ExplainBody,
    FacetSearchBody,
    FetchBody,
    GoesWithBody,
    MultiSearchBody,
    RecommendationsBody,
    SearchBody,
    SimilarBody,
    SuggestBody,
    UserBody,
)

Part = dict[str, Any]

_BODIES: tuple[type[Body], ...] = (
    SearchBody, MultiSearchBody, SimilarBody, RecommendationsBody, GoesWithBody, ExplainBody, FacetSearchBody,
    SuggestBody, FetchBody, DeleteBody, EventBody, UserBody,
)  # fmt: skip
_REF = "#/components/schemas/{model}"


def answers(model: Any, status: int = 200) -> dict[int | str, Part]:
    return {
        status: {"model": model},
        "4XX": {"model": ErrorAnswer, "description": "The request cannot be answered; the message says why."},
        503: {"model": ErrorAnswer, "description": "Too busy, or the vector store is away: see Retry-After."},
    }


def event_stream(described: dict[int | str, Part]) -> dict[int | str, Part]:
    """The same answers, of which the good one also comes as server-sent events when asked for."""
    good = described[200] | {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return described | {200: good}


def body(model: type[Body]) -> Part:
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def list_or_one(model: type[Body]) -> Part:
    """A body that is an array of objects, or one of them."""
    one = {"$ref": _REF.format(model=model.__name__)}
    schema = {"anyOf": [{"type": "array", "items": one}, one]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def query(model: type[Body]) -> Part:
    return {"parameters": _parameters(model)}


def documents_body(model: type[Body]) -> Part:
    item: Part = {"type": "object"}
    content = {
        "application/json": {"schema": {"anyOf": [{"type": "array", "items": item}, item]}},
        "application/x-ndjson": {"schema": {"type": "string"}},
        "text/csv": {"schema": {"type": "string"}},
    }
    return {"parameters": _parameters(model), "requestBody": {"required": True, "content": content}}


def ids_body() -> Part:
    schema = {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe(app: FastAPI) -> Part:
    """The whole description, once made."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, bodies = models_json_schema([(model, "validation") for model in _BODIES], ref_template=_REF)
        schemas = made["components"]["schemas"]
        schemas.update(bodies["$defs"])
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for path in made["paths"].values():
            for operation in path.values():
                # FastAPI promises a 422 of its own wherever a path has a parameter; none is ever sent.
                operation["responses"].pop("422", None)
                operation["security"] = [{"key": []}]
        made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        app.openapi_schema = made
    return app.openapi_schema


def _parameters(model: type[Body]) -> list[Part]:
    schema = model.model_json_schema()
    required = set(schema.get("required", []))
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": part.get("description", ""),
            "schema": {"type": "string"},
        }
        for name, part in schema["properties"].items()
    ]
