"""Ids of shoppers: hidden, and always in the same way."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search.errors import SettingsError
from search.settings import Settings
from search.shoppers import FILE, Shoppers, kept_secret


def test_hmac_sha256_by_the_book() -> None:
    """RFC 4231, test case 2; and a name in UTF-8, checked with `openssl dgst -sha256 -hmac`."""
    shoppers = Shoppers(b"Jefe")
    assert (
        shoppers.name("what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert shoppers.name("耳") == "9f01a62c0acb48cf4604281ad889cd05ac65c262853f54806b0be94e80fdb0b6"


def test_the_setting_is_the_secret(tmp_path: Path) -> None:
    named = Shoppers.of(Settings.model_validate({"data_dir": tmp_path, "user_secret": "Jefe"}))
    assert named.name("u") == Shoppers(b"Jefe").name("u")
    assert not list(tmp_path.iterdir())


def test_without_one_it_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = Settings.model_validate({"data_dir": folder})
    first = Shoppers.of(settings).name("u-1")
    assert Shoppers.of(settings).name("u-1") == first
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert len(kept_secret(folder)) == 64
    assert kept_secret(tmp_path / "another") != kept_secret(folder)
    assert not [file for file in folder.iterdir() if file.name.startswith(".")]


def test_all_who_start_at_once_get_the_same(tmp_path: Path) -> None:
    for attempt in range(20):
        folder = tmp_path / str(attempt)
        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(lambda _, at=folder: kept_secret(at), range(8)))) == 1
    code = (
        f"from pathlib import Path; from search.shoppers import *; print(kept_secret(Path({str(tmp_path)!r})).decode())"
    )
    root = Path(__file__).parents[2]
    others = [
        subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert {other.communicate(timeout=60)[0].strip() for other in others} == {kept_secret(tmp_path).decode()}


def test_what_cannot_be_kept_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="DAOGOU_USER_SECRET"):
        kept_secret(tmp_path / "file")
    (tmp_path / FILE).write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        kept_secret(tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="DAOGOU_USER_SECRET"):
        kept_secret(tmp_path)
