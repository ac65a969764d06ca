"""Every judged set there is a reader for."""

from __future__ import annotations

import difflib

from eval.datasets.beir import BEIR, MD5, beir
from eval.datasets.dataset import Dataset
from eval.datasets.esci import ESCI
from eval.datasets.homedepot import HOMEDEPOT
from eval.datasets.own import OWN
from eval.datasets.trec import TREC
from eval.datasets.wands import WANDS
from search.errors import DatasetError

DATASETS = (WANDS, ESCI, HOMEDEPOT, BEIR, TREC, OWN)


def find_dataset(name: str) -> Dataset:
    """By its name, or `beir/NAME` for one of BEIR's. Raises DatasetError with the nearest name."""
    family, slash, subset = name.partition("/")
    if family == "beir" and slash:
        archive = subset.split("/")[0]
        if archive not in MD5:
            raise DatasetError(
                f"BEIR has no public set '{archive}'.{_near(archive, list(MD5))} "
                f"For other files in its shape: python -m eval dataset beir FOLDER"
            )
        if ".." in subset.split("/"):
            raise DatasetError(f"'{subset}' is no name of a set.")
        return beir(subset.rstrip("/"))
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset
    raise DatasetError(f"There is no reader for '{name}'.{_near(name, [dataset.name for dataset in DATASETS])}")


def _near(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean {near[0]}?" if near else f" There are: {', '.join(names)}."
