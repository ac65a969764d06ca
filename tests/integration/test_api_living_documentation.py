"""Documentation that lags behind fails here: every route, parameter, error code and setting is in docs/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api import errors
from api.schemas import (
    DocumentParameters,
    EventBody,
    FacetSearchBody,
    FactsBody,
    FetchBody,
    GoesWithBody,
    RecommendationsBody,
    SearchBody,
    SimilarBody,
    SuggestBody,
    TaskParameters,
    UserBody,
)
from search.settings import Settings, variable

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
API = DOCS / "api.md"


@pytest.fixture(scope="module")
def text() -> str:
    return API.read_text(encoding="utf-8")


def test_every_route(reader: TestClient, text: str) -> None:
    described = reader.get("/openapi.json").json()["paths"]
    routes = [f"`{verb.upper()} {re.sub(r':path', '', path)}`" for path, verbs in described.items() for verb in verbs]
    assert not [route for route in routes if route.replace("{document_id}", "{id}") not in text]
    assert len(routes) > 20


@pytest.mark.parametrize(
    "model",
    [
        SearchBody, SimilarBody, RecommendationsBody, GoesWithBody, FacetSearchBody, SuggestBody, EventBody, UserBody,
        FetchBody, DocumentParameters, TaskParameters,
    ],
)  # fmt: skip
def test_every_parameter(text: str, model: type[SearchBody]) -> None:
    assert not [name for name in model.names() if f"`{name}`" not in text]


def test_every_fact(text: str) -> None:
    assert not [name for name in FactsBody.names() if f"`facts.{name}`" not in text]


def test_every_code_that_is_no_plain_400(text: str) -> None:
    assert not [code for code in errors._STATUS if f"`{code}`" not in text]


def test_every_setting_is_in_the_documentation() -> None:
    told = "".join(file.read_text(encoding="utf-8") for file in DOCS.glob("*.md"))
    assert not [name for field in Settings.model_fields if f"`{(name := variable(field))}`" not in told]


def test_no_route_of_the_documentation_is_made_up(reader: TestClient, text: str) -> None:
    described = reader.get("/openapi.json").json()["paths"]
    known = {re.sub(r"\{[^}]*\}", "{}", path) for path in described} | {"/", "/docs", "/openapi.json"}
    told = re.findall(r"`(?:GET|POST|PUT|DELETE) (/[^`? ]*)`", text)
    assert told
    assert not [path for path in told if re.sub(r"\{[^}]*\}", "{}", path) not in known]
