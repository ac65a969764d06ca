"""What the search page is told by its server: shoppers from a file, origins of pictures, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.page_config import MOST_SHOPPERS, PageConfig, PageShopper
from api.routes.page import page_policy
from search.errors import SettingsError
from search.settings import Settings

ROOT = Path(__file__).parents[2]


def _settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "shoppers.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_nothing_set_is_nothing_offered() -> None:
    config = PageConfig.of(_settings(), model=False)
    assert json.loads(config.to_json()) == {"model": False, "shoppers": [], "images": []}


def test_shoppers_of_a_file_in_their_order(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        '{"user": "u-1", "name": "糯米", "about": "买给孩子", "language": "zh"}',
        "",
        '{"user": "u-2", "email": "not told to the page"}',
        '{"user": "u-1", "name": "the last one counts"}',
    )
    config = PageConfig.of(_settings(page_shoppers=path), model=True)
    assert config.model
    assert config.shoppers == (PageShopper("u-1", "the last one counts"), PageShopper("u-2", "u-2"))
    assert "email" not in config.to_json().decode()


def test_no_more_than_anybody_chooses_from(tmp_path: Path) -> None:
    path = _file(tmp_path, *(json.dumps({"user": f"u-{number}"}) for number in range(MOST_SHOPPERS + 5)))
    assert len(PageConfig.of(_settings(page_shoppers=path), model=False).shoppers) == MOST_SHOPPERS


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "it is no JSON object"),
        ('["u-1"]', "it is no JSON object"),
        ('{"name": "Maren"}', "`user`, the id of the shopper, is missing"),
        ('{"user": " "}', "`user`, the id of the shopper, is missing"),
        ('{"user": 7}', "`user` must be a text"),
        ('{"user": "u-1", "about": "' + "x" * 501 + '"}', "`about` must be a text of at most 500 characters"),
    ],
)
def test_a_line_that_is_no_shopper_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = _file(tmp_path, '{"user": "u-0"}', line)
    with pytest.raises(SettingsError, match=r"DAOGOU_PAGE_SHOPPERS.*line 2") as refused:
        PageConfig.of(_settings(page_shoppers=path), model=False)
    assert why in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"DAOGOU_PAGE_SHOPPERS.*nowhere\.jsonl"):
        PageConfig.of(_settings(page_shoppers=tmp_path / "nowhere.jsonl"), model=False)


def test_the_shoppers_of_the_demo_are_fit_for_the_page() -> None:
    config = PageConfig.of(_settings(page_shoppers=ROOT / "examples" / "demo" / "shoppers.jsonl"), model=False)
    assert len(config.shoppers) == 40
    assert {one.language for one in config.shoppers} == {"en", "zh"}


def test_origins_of_pictures_stand_in_the_policy() -> None:
    config = PageConfig.of(_settings(page_images=" https://cdn.shop.example/, http://localhost:9000 ,"), model=False)
    assert config.images == ("https://cdn.shop.example", "http://localhost:9000")
    assert "img-src 'self' https://cdn.shop.example http://localhost:9000;" in page_policy(config.images)
    assert "img-src 'self';" in page_policy(())


@pytest.mark.parametrize(
    "text",
    [
        "cdn.shop.example",
        "https://cdn.shop.example/pictures",
        "*",
        "https://*.example",
        "data:",
        "https://a.example; script-src *",
        "https://a.example 'unsafe-inline'",
        "javascript:alert(1)",
        "https://a.example\nX-Other: 1",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="DAOGOU_PAGE_IMAGES"):
        PageConfig.of(_settings(page_images=text), model=False)
