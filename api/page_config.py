"""How this server wants its search page: who may be tried, whose pictures may be shown. /page/config.json says it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from search.errors import SettingsError
from search.settings import Settings

MOST_SHOPPERS = 200
"""More than anybody chooses from; whoever has more enters an id."""

_MOST_CHARS = {"user": 200, "name": 80, "about": 500, "language": 5}

_ORIGIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?")
"""It goes into a header: letters of a host name, and nothing that could end the directive."""


@dataclass(frozen=True, slots=True)
class PageShopper:
    """Somebody whose results the page offers to show. `language` is that of name and `about`, "" where it is unsaid."""

    user: str
    name: str
    about: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class PageConfig:
    """`model`: whether a language model words explanations. `images`: origins, as a policy of a page has them."""

    model: bool = False
    shoppers: tuple[PageShopper, ...] = ()
    images: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, model: bool) -> PageConfig:
        """Raises SettingsError for a file that cannot be read, a line that is no shopper, and what is no origin."""
        shoppers = _shoppers(settings.page_shoppers) if settings.page_shoppers is not None else ()
        return cls(model, shoppers, _origins(settings.page_images))

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")).encode()


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(one.strip().rstrip("/").lower() for one in text.split(",") if one.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"DAOGOU_PAGE_IMAGES: {origin!r} is no origin. Say https://cdn.shop.example, without a path; "
                "several are separated by commas."
            )
    return tuple(dict.fromkeys(origins))


def _shoppers(path: Path) -> tuple[PageShopper, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"DAOGOU_PAGE_SHOPPERS: {path} cannot be read: {error}") from None
    found = [_shopper(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]
    return tuple({one.user: one for one in found}.values())[:MOST_SHOPPERS]


def _shopper(line: str, where: str) -> PageShopper:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        row = None
    if not isinstance(row, dict):
        raise _no_shopper(where, "it is no JSON object")
    texts = {name: row.get(name) or "" for name in _MOST_CHARS}
    for name, text in texts.items():
        if not isinstance(text, str) or len(text) > _MOST_CHARS[name]:
            raise _no_shopper(where, f"`{name}` must be a text of at most {_MOST_CHARS[name]} characters")
    if not texts["user"].strip():
        raise _no_shopper(where, "`user`, the id of the shopper, is missing")
    return PageShopper(texts["user"], texts["name"] or texts["user"], texts["about"], texts["language"])


def _no_shopper(where: str, why: str) -> SettingsError:
    return SettingsError(
        f"DAOGOU_PAGE_SHOPPERS: {where}: {why}. "
        'A line is like {"user": "u-123", "name": "Maren", "about": "…", "language": "en"}.'
    )
