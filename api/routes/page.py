"""The search page and the documentation page: a few plain files, read once, that ask nobody else for anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.errors import ApiError
from api.front import PAGE_POLICY

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class PageFile:
    content: bytes
    media_type: str
    tag: str


def load_files(folder: Path) -> dict[str, PageFile]:
    """Every file of the folder by name."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
            found[path.name] = PageFile(content, f"{_TYPES[path.suffix]}; charset=utf-8", tag)
    return found


def page_router(files: Mapping[str, PageFile]) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.head("/")
    @router.get("/")
    async def page(request: Request) -> Response:
        return _serve(files["index.html"], request)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return _serve(files["docs.html"], request)

    @router.get("/page/{name}")
    async def asset(request: Request, name: str) -> Response:
        if name not in files:
            raise ApiError("not_found", "There is no such file.")
        return _serve(files[name], request)

    return router


def _serve(file: PageFile, request: Request) -> Response:
    headers = {"ETag": file.tag, "Cache-Control": "no-cache", "Content-Security-Policy": PAGE_POLICY}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
