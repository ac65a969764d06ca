"""Writes agreement.json: grades of random judges with the coefficients that reference tools give them.

Made with scikit-learn 1.9.1 (cohen_kappa_score), statsmodels 0.15.0 (fleiss_kappa) and krippendorff 0.9.0; numpy 2.4.6,
Python 3.11. None of them is needed to run the tests. To make it anew:

    python -m venv /tmp/reference && /tmp/reference/bin/pip install scikit-learn==1.9.1 statsmodels==0.15.0 krippendorff==0.9.0
    /tmp/reference/bin/python tests/golden/make_agreement.py

How the tools' conventions are met: scikit-learn takes the place of a grade among `labels` for its distance, so it is
given every grade of the scale; statsmodels takes items graded as often; krippendorff takes missing grades as NaN, one
judge a row.
"""  # noqa: E501

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

SCALE = [0, 1, 2, 3]


@dataclass(frozen=True)
class Shape:
    """`error`: how often a judge grades at random instead of truly; `missing`: how often not at all."""

    items: int
    judges: int
    error: float
    missing: float = 0.0
    grades: tuple[int, ...] = (0, 1, 2, 3)


def graded(random_: random.Random, shape: Shape) -> np.ndarray:
    """Shape (items, judges)."""
    rows = []
    for _ in range(shape.items):
        truth = random_.choice(shape.grades)
        rows.append(
            [
                float("nan") if random_.random() < shape.missing
                else float(random_.choice(shape.grades) if random_.random() < shape.error else truth)
                for _ in range(shape.judges)
            ]
        )  # fmt: skip
    return np.array(rows)


def coefficients(ratings: np.ndarray) -> dict[str, float]:
    found = {
        f"alpha {level}": float(krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=level))
        for level in ("nominal", "ordinal", "interval")
    }
    whole = not np.isnan(ratings).any()
    if whole:
        table, _ = aggregate_raters(ratings.astype(int))
        found["fleiss"] = float(fleiss_kappa(table, method="fleiss"))
    if ratings.shape[1] == 2:
        both = ratings[~np.isnan(ratings).any(axis=1)].astype(int)
        for name, weights in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
            found[f"cohen {name}"] = float(cohen_kappa_score(both[:, 0], both[:, 1], labels=SCALE, weights=weights))
    return found


def main() -> None:
    random_ = random.Random(20241103)
    shapes = {
        "two judges": Shape(40, 2, 0.4),
        "two judges, a grade nobody gives": Shape(40, 2, 0.4, grades=(0, 1, 3)),
        "two judges with gaps": Shape(50, 2, 0.3, missing=0.2),
        "two judges worse than chance": Shape(12, 2, 1.0, grades=(0, 3)),
        "yes or no": Shape(30, 2, 0.5, grades=(0, 1)),
        "three judges": Shape(40, 3, 0.5),
        "five judges with gaps": Shape(60, 5, 0.6, missing=0.4),
        "all at random": Shape(40, 4, 1.0),
        "of one mind": Shape(15, 3, 0.0),
    }
    cases = []
    for name, shape in shapes.items():
        ratings = graded(random_, shape)
        held = [[None if np.isnan(grade) else grade for grade in row] for row in ratings.tolist()]
        cases.append({"name": name, "ratings": held, "values": coefficients(ratings)})
    target = Path(__file__).with_name("agreement.json")
    text = json.dumps({"cases": cases}, separators=(",", ":"))
    target.write_text(text.replace('{"name"', '\n{"name"') + "\n", encoding="utf-8")
    print(f"{target}: {len(cases)} cases, {target.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
