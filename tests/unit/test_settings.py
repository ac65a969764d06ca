"""Settings: where they come from, and how mistakes are answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.errors import SettingsError
from search.settings import DEFAULT_ENCODER_REVISION, Settings, describe


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    import os

    for name in list(os.environ):
        if name.startswith("DAOGOU_"):
            monkeypatch.delenv(name)


def test_defaults() -> None:
    settings = Settings.load()
    assert settings.data_dir == Path(".daogou")
    assert settings.qdrant_url is None
    assert settings.revision == DEFAULT_ENCODER_REVISION


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DAOGOU_DEVICE=cuda\nDAOGOU_BATCH_SIZE=64\n")
    monkeypatch.setenv("DAOGOU_DEVICE", "cpu")
    settings = Settings.load()
    assert (settings.device, settings.batch_size) == ("cpu", 64)
    origins = {row.variable: row.origin for row in describe(settings)}
    assert origins["DAOGOU_DEVICE"] == "environment"
    assert origins["DAOGOU_BATCH_SIZE"] == ".env"
    assert origins["DAOGOU_ENCODER"] == "default"


def test_another_encoder_has_no_pinned_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOGOU_ENCODER", "some/model")
    assert Settings.load().revision is None


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOGOU_BATCH_SIZE", "many")
    with pytest.raises(SettingsError, match="DAOGOU_BATCH_SIZE"):
        Settings.load()


def test_a_misspelt_setting_is_named_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOGOU_QDRANT_ULR", "http://x")
    with pytest.raises(SettingsError, match="Did you mean DAOGOU_QDRANT_URL"):
        Settings.load()


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAOGOU_ADMIN_KEY", "hunter2hunter2")
    settings = Settings.load()
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(describe(settings))
    assert settings.admin_key is not None
    assert settings.admin_key.get_secret_value() == "hunter2hunter2"
