"""What the search page weighs: every file that `/` needs, plain and as it is sent.

    python benchmarks/page_weight.py

From index.html through the style sheets and every import, packed as the server packs them. Prints a table, and as its
last line one JSON object.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from api.routes.page import PageFile, load_files

PAGE = Path(__file__).parents[1] / "api" / "page"
_LINKED = re.compile(r'(?:src|href)="/page/([^"]+)"')
_IMPORTED = re.compile(r'from "\./([^"]+)"')


def needed(files: dict[str, PageFile]) -> list[str]:
    """Names of the files that the page loads, in the order in which they are found."""
    waiting, found = ["index.html"], []
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        text = files[name].content.decode()
        waiting += _LINKED.findall(text) if name.endswith(".html") else _IMPORTED.findall(text)
    return found


def main() -> None:
    files = load_files(PAGE)
    names = needed(files)
    plain = {name: len(files[name].content) for name in names}
    sent = {name: len(files[name].packed or files[name].content) for name in names}
    for name in sorted(names, key=sent.__getitem__, reverse=True):
        print(f"{name:<20} {plain[name]:>8,} {sent[name]:>8,}")
    print(f"{'all':<20} {sum(plain.values()):>8,} {sum(sent.values()):>8,}")
    print(json.dumps({"files": len(names), "plain": sum(plain.values()), "sent": sum(sent.values())}))


if __name__ == "__main__":
    main()
