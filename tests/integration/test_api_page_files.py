"""The files of the search page as they are served: policy, tags, packing, and what the page is told of its server."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from api_service import client_of, open_shop


def test_the_page_is_told_who_can_be_tried_and_whose_pictures_may_be_shown(tmp_path: Path) -> None:
    people = tmp_path / "people.jsonl"
    people.write_text(
        '{"user": "u-1", "name": "Maren", "about": "Has a kitten.", "language": "en"}\n', encoding="utf-8"
    )
    shop = open_shop(tmp_path / "data", page_shoppers=people, page_images="https://cdn.shop.example")
    with client_of(shop.app()) as client:
        answer = client.get("/page/config.json")
        assert answer.json() == {
            "model": False,
            "shoppers": [{"user": "u-1", "name": "Maren", "about": "Has a kitten.", "language": "en"}],
            "images": ["https://cdn.shop.example"],
        }
        assert answer.headers["content-type"].startswith("application/json")
        for path in ("/", "/docs", "/page/main.js"):
            assert "img-src 'self' https://cdn.shop.example;" in client.get(path).headers["content-security-policy"]
        # Answers that are no page allow nothing at all.
        assert client.get("/health").headers["content-security-policy"].startswith("default-src 'none'; frame")


def test_the_policy_trusts_nothing_but_our_own_files(tmp_path: Path) -> None:
    with client_of(open_shop(tmp_path).app()) as client:
        policy = dict(
            part.strip().split(" ", 1) for part in client.get("/").headers["content-security-policy"].split(";")
        )
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert policy["require-trusted-types-for"] == "'script'"


def test_files_are_packed_for_who_takes_it(tmp_path: Path) -> None:
    with client_of(open_shop(tmp_path).app()) as client:
        plain = client.get("/page/main.js", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        with client.stream("GET", "/page/main.js", headers={"Accept-Encoding": "br, gzip;q=0.8"}) as packed:
            raw = b"".join(packed.iter_raw())
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == plain.content
        assert len(raw) < len(plain.content) / 2
        assert packed.headers["vary"] == "Accept-Encoding"
        # Each form has its own tag, and is not sent again to who has it.
        assert packed.headers["etag"] != plain.headers["etag"]
        for tag, accepted in ((plain.headers["etag"], "identity"), (packed.headers["etag"], "gzip")):
            again = client.get("/page/main.js", headers={"If-None-Match": tag, "Accept-Encoding": accepted})
            assert (again.status_code, again.content) == (304, b"")
        refused = client.get("/page/main.js", headers={"Accept-Encoding": "gzip;q=0"})
        assert "content-encoding" not in refused.headers


def test_every_module_of_the_page_is_one_of_its_files(tmp_path: Path) -> None:
    """From index.html through every import: no file is missing, none is asked of anybody else."""
    with client_of(open_shop(tmp_path).app()) as client:
        waiting = re.findall(r'(?:src|href)="(/page/[^"]+)"', client.get("/").text)
        named = set(waiting)
        seen: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            answer = client.get(path)
            assert answer.status_code == 200, path
            if path.endswith(".js"):
                waiting += [f"/page/{name}" for name in re.findall(r'from "\./([^"]+)"', answer.text)]
        assert {"/page/main.js", "/page/words-zh.js", "/page/base.css"} <= seen
        # index.html names them all (modulepreload), so that none waits for another to be read.
        assert seen == named
