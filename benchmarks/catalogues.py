"""Reindex every development catalogue with its mapping from examples/mappings, and say what became of each row.

    python benchmarks/catalogues.py [NAME...] [--tiny] [--shared ../shared] [--data-dir FOLDER]

Needs the development data (`DAOGOU_SHARED`, or `shared` beside the checkout). Prints a Markdown table
and a line of JSON at the end. Seconds are of this machine, with the default encoder; they say what to expect, not more.
With --tiny the encoder is the two-layer model of the tests: what is left is reading, comparing, writing, building the
graph and verifying.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import tiny_model  # noqa: E402

CATALOGUES = {
    "icecat": "icecat/catalogue.jsonl",
    "crowdflower": "crowdflower/catalogue.jsonl",
    "homedepot": "homedepot/catalogue.jsonl",
    "amazon": "amazon/catalogue.jsonl",
    "office": "histories/office.catalogue.jsonl",
    "industrial": "histories/industrial.catalogue.jsonl",
    "litemall": "chinese/litemall.jsonl",
    "newbee": "chinese/newbee.csv",
    "leyou": "chinese/leyou.jsonl",
    "beauty": "chinese/beauty.csv",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", default=list(CATALOGUES))
    parser.add_argument("--shared", default=os.environ.get("DAOGOU_SHARED", str(ROOT.parent / "shared")))
    parser.add_argument("--data-dir", help="keep the indexes here, each under its own name")
    parser.add_argument("--tiny", action="store_true", help="a two-layer encoder instead of the default one")
    options = parser.parse_args()
    results = {}
    print("| catalogue | read | indexed | rejected | warnings | seconds | products/s |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="daogou-bench-") as folder:
        if options.tiny:
            os.environ["DAOGOU_ENCODER"] = str(tiny_model.build(Path(folder) / "model"))
        for name in options.names:
            counts = reindex(name, Path(options.shared) / "data" / CATALOGUES[name], options.data_dir or folder)
            assert counts["read"] == counts["indexed"] + counts["unchanged"] + counts["rejected"], name  # noqa: S101
            results[name] = counts
            print(
                f"| {name} | {counts['read']} | {counts['indexed']} | {counts['rejected']} | {counts['warnings']} "
                f"| {counts['seconds']:.0f} | {counts['products_per_second']:.0f} |",
                flush=True,
            )
    print(json.dumps(results))
    return 0


def reindex(name: str, catalogue: Path, data_dir: str) -> dict[str, float]:
    command = [sys.executable, "-m", "indexer", "reindex", str(catalogue), "--index", name]
    command += ["--mapping", str(ROOT / "examples" / "mappings" / f"{name}.toml")]
    environment = os.environ | {"DAOGOU_DATA_DIR": data_dir}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    counts: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return counts


if __name__ == "__main__":
    sys.exit(main())
