"""Figures in the docs, each between two comments that name it, so that a script can put new ones in their place::

<!-- make bench-relevance: ablation -->
| configuration | … |
<!-- end: ablation -->
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_BLOCK = re.compile(
    r"(?P<head><!-- make (?P<target>[\w-]+): (?P<name>[\w-]+) -->\n).*?(?P<tail><!-- end: (?P=name) -->)", re.DOTALL
)


def blocks(page: str, target: str) -> list[str]:
    """Names of the blocks that `make TARGET` fills, in their order."""
    return [found["name"] for found in _BLOCK.finditer(page) if found["target"] == target]


def fill(page: str, target: str, texts: Mapping[str, str]) -> str:
    """The page with new texts in those blocks that `texts` names; everything else stays."""

    def filled(found: re.Match[str]) -> str:
        text = texts.get(found["name"]) if found["target"] == target else None
        return found[0] if text is None else f"{found['head']}{text.strip()}\n{found['tail']}"

    return _BLOCK.sub(filled, page)


def fill_files(pages: Iterable[Path], target: str, texts: Mapping[str, str]) -> list[Path]:
    """Fill the blocks of all pages; returns those that changed. Raises KeyError for a text that has no block."""
    held = {page: page.read_text(encoding="utf-8") for page in pages}
    homeless = set(texts) - {name for page in held.values() for name in blocks(page, target)}
    if homeless:
        raise KeyError(f"no page has a block for {', '.join(sorted(homeless))}")
    changed = []
    for path, before in held.items():
        after = fill(before, target, texts)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    head = list(header)
    rule = "|---|" + "---:|" * (len(head) - 1)
    return "\n".join([_line(head), rule, *(_line(row) for row in rows)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
