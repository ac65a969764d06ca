"""Living documentation: commands and options without documentation fail here, and so do links that lead nowhere."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield name
                yield from _options(sub)
        else:
            yield from (option for option in action.option_strings if option.startswith("--") and option != "--help")


def test_every_command_and_option_of_the_indexer_is_documented() -> None:
    from indexer.__main__ import _parser

    text = (ROOT / "docs" / "reindex.md").read_text(encoding="utf-8")
    assert [option for option in _options(_parser()) if option not in text] == []


def test_every_command_and_option_of_evaluation_is_documented() -> None:
    """On one page together: whoever finds the command finds its options beside it."""
    from eval.__main__ import COMMANDS

    pages = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))]
    for name, command in COMMANDS.items():
        parser = argparse.ArgumentParser()
        command.declare(parser)
        missing = [
            [option for option in _options(parser) if option not in page]
            for page in pages
            if f"python -m eval {name}" in page
        ]
        assert missing, f"no page says python -m eval {name}"
        assert min(missing, key=len) == [], name


def test_every_mapping_is_named_in_the_docs() -> None:
    text = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert [file.stem for file in (ROOT / "examples" / "mappings").glob("*.toml") if file.stem not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_the_version_is_said_once() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"daogou:{version}" in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_the_makefile_names_files_that_exist() -> None:
    words = re.findall(r"(?:examples|benchmarks)/[\w/.*-]+", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert words
    assert [word for word in words if not list(ROOT.glob(word))] == []
