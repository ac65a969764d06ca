"""For those who run the server: is it alive, is it ready, how does it do."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk import desk
from api.errors import OrjsonResponse
from api.metrics import CONTENT_TYPE
from api.openapi import answers
from api.schemas import StatusAnswer, VersionAnswer
from search.errors import DaogouError

router = APIRouter(tags=["operations"])


@router.head("/health", include_in_schema=False)
@router.get("/health", responses=answers(StatusAnswer))
async def health() -> OrjsonResponse:
    """Answers as long as the server does; never waits behind searches."""
    return OrjsonResponse({"status": "available"})


@router.head("/livez", include_in_schema=False)
@router.get("/livez", responses=answers(StatusAnswer))
async def live() -> OrjsonResponse:
    """The same, under the name that Kubernetes uses."""
    return OrjsonResponse({"status": "alive"})


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=answers(StatusAnswer))
async def ready(request: Request) -> OrjsonResponse:
    """503 until the indexes are warmed up, and while the vector store does not answer."""
    at = desk(request)
    if not at.follower.warm:
        return OrjsonResponse({"status": "starting"}, status_code=503, headers={"Retry-After": "1"})
    try:
        await at.reads.run(at.engine.indexes)
    except DaogouError:
        return OrjsonResponse({"status": "store unavailable"}, status_code=503, headers={"Retry-After": "1"})
    return OrjsonResponse({"status": "ready"})


@router.get("/version", responses=answers(VersionAnswer))
async def get_version() -> OrjsonResponse:
    """Meilisearch's shape, Daogou's version."""
    try:
        package = version("daogou")
    except PackageNotFoundError:
        package = "unknown"
    return OrjsonResponse({"commitSha": "unknown", "commitDate": "unknown", "pkgVersion": package})


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Counts and timings for Prometheus."""
    return Response(desk(request).metrics.render(), media_type=CONTENT_TYPE)
