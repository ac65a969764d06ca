"""docker-compose.yml is written with care and was not run here: what can be checked without an engine is checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.settings import Settings, variable

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


def test_services_are_pinned_checked_and_restarted(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"qdrant", "daogou"}
    for service in compose["services"].values():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"])
        assert service["healthcheck"]["test"][0] == "CMD"
        assert service["restart"] == "unless-stopped"
    assert compose["services"]["daogou"]["depends_on"]["qdrant"]["condition"] == "service_healthy"


def test_every_setting_exists_and_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    known = {variable(name) for name in Settings.model_fields}
    for name, value in compose["services"]["daogou"]["environment"].items():
        if name.startswith("DAOGOU_"):
            assert name in known
        if name.endswith("_KEY"):
            assert value.startswith("${")


def test_nothing_listens_beyond_this_machine(compose: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["daogou"]["ports"])
    assert "ports" not in compose["services"]["qdrant"]


def test_named_volumes_are_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service["volumes"]
        if not volume.startswith((".", "/", "$"))
    }
    assert used == set(compose["volumes"])


def test_the_image_copies_what_it_installs() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for package in ("search", "indexer", "api", "eval"):
        assert f"COPY {package} {package}" in text
