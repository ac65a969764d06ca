"""The application: middleware, routes, and what starts and stops with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from api.desk import Desk
from api.errors import ApiError, error_response, from_engine
from api.front import Front
from api.openapi import describe
from api.page_config import PageConfig
from api.routes import (
    documents,
    events,
    explain,
    facet_search,
    indexes,
    multi_search,
    operations,
    recommendations,
    search,
    similar,
    suggest,
    tasks,
    users,
)
from api.routes.page import load_files, page_router
from api.security import Guard
from search.bootstrap import Service
from search.errors import DaogouError
from search.settings import Settings

log = logging.getLogger(__name__)

_DESCRIPTION = """Semantic product search in Meilisearch's wire format: its official clients work unmodified."""
_PREFLIGHT_SECONDS = 600


def create_app(service: Service, settings: Settings) -> FastAPI:
    """The application over a service, which it owns: when the application stops, the service is closed."""
    desk = Desk.open(service, settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.follower.start()
        yield
        await asyncio.to_thread(desk.close)

    app = FastAPI(
        title="Daogou",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk = desk
    for router in (
        search.router,
        multi_search.router,
        similar.router,
        recommendations.router,
        explain.router,
        facet_search.router,
        suggest.router,
        events.router,
        users.router,
        indexes.router,
        documents.router,
        tasks.router,
        operations.router,
        page_router(load_files(Path(__file__).parent / "page"), PageConfig.of(settings, service.narrator is not None)),
    ):
        app.include_router(router)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    _handle_errors(app)
    # The last one added is the outermost.
    app.add_middleware(Guard, settings=settings)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Meilisearch-Client"],
            expose_headers=["Retry-After"],
            max_age=_PREFLIGHT_SECONDS,
        )
    app.add_middleware(Front, metrics=desk.metrics)
    return app


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def refused(_: Request, error: ApiError) -> Response:
        return error_response(error)

    @app.exception_handler(DaogouError)
    async def failed(request: Request, error: DaogouError) -> Response:
        answer = from_engine(error, _noun(request))
        if answer.status >= 500:
            log.error("%s: %s", type(error).__name__, error)
        return error_response(answer)

    @app.exception_handler(HTTPException)
    async def unrouted(_: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            return error_response(ApiError("method_not_allowed", "This path does not take that method."), error.headers)
        return error_response(ApiError("not_found", "There is nothing at this path. GET /docs lists what there is."))


def _noun(request: Request) -> str:
    """What error codes name for this path."""
    path = getattr(request.scope.get("route"), "path", "")
    last = path.rpartition("/")[2]
    nouns = {"similar": "similar", "suggest": "suggest", "recommendations": "recommendations", "goes-with": "goes_with"}
    return "document" if "/documents" in path else nouns.get(last, "search")
