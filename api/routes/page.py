"""The search page and the documentation page: a few plain files, read once, that ask nobody else for anything."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.errors import ApiError
from api.front import PAGE_POLICY
from api.page_config import PageConfig

CONFIG = "config.json"

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}

_WORTH_PACKING = 800
"""Bytes; a smaller file fits into the first packets of an answer anyway."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """`packed` is the content gzipped, empty where that is not worth it; `tag` names the content, without quotes."""

    content: bytes
    packed: bytes
    media_type: str
    tag: str

    @classmethod
    def of(cls, content: bytes, suffix: str) -> PageFile:
        tag = hashlib.blake2b(content, digest_size=12).hexdigest()
        # mtime 0: the same file is the same bytes, whenever it is packed.
        packed = gzip.compress(content, 9, mtime=0) if len(content) > _WORTH_PACKING else b""
        return cls(content, packed, f"{_TYPES[suffix]}; charset=utf-8", tag)


def load_files(folder: Path) -> dict[str, PageFile]:
    """Every file of the folder by name."""
    return {
        path.name: PageFile.of(path.read_bytes(), path.suffix)
        for path in sorted(folder.iterdir())
        if path.suffix in _TYPES
    }


def page_router(files: Mapping[str, PageFile], config: PageConfig) -> APIRouter:
    """`/`, `/docs` and `/page/NAME`. `/page/config.json` is what the page of this server needs to know."""
    router = APIRouter(include_in_schema=False)
    named = {**files, CONFIG: PageFile.of(config.to_json(), ".json")}
    policy = page_policy(config.images)

    @router.head("/")
    @router.get("/")
    async def page(request: Request) -> Response:
        return _serve(named["index.html"], request, policy)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return _serve(named["docs.html"], request, policy)

    @router.get("/page/{name}")
    async def asset(request: Request, name: str) -> Response:
        if name not in named:
            raise ApiError("not_found", "There is no such file.")
        return _serve(named[name], request, policy)

    return router


def page_policy(images: Sequence[str]) -> str:
    """The page's Content-Security-Policy where it may show pictures of these origins as well."""
    return PAGE_POLICY.replace("img-src 'self'", " ".join(["img-src 'self'", *images]))


def _serve(file: PageFile, request: Request, policy: str) -> Response:
    packed = bool(file.packed) and _takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{file.tag}-gz"' if packed else f'"{file.tag}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": policy,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packed else file.content, media_type=file.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
