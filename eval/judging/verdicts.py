"""Agreement in words and tables, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from eval.judging.agreement import (
    Coefficient,
    Floats,
    cohen_kappa,
    confusion,
    fleiss_kappa,
    krippendorff_alpha,
    raw_agreement,
)
from eval.judging.merging import Grades
from eval.tables import table

_KAPPA = ((0.0, "slight"), (0.20, "fair"), (0.40, "moderate"), (0.60, "substantial"), (0.80, "almost perfect"))
_SHAKY = 30
"""Below so many pairs the coefficients swing with every one of them."""

READINGS = (
    "kappa read after Landis and Koch (1977): below 0 poor, to 0.20 slight, 0.40 fair, 0.60 moderate, 0.80\n"
    "substantial, 1 almost perfect; alpha after Krippendorff: from 0.800 reliable, from 0.667 tentative,\n"
    "below unreliable. [ ]: 95 % interval, bootstrap over the pairs."
)


def kappa_reading(value: float) -> str:
    """Landis and Koch, Biometrics 33 (1977): their words, which are a convention and no more."""
    if value < 0:
        return "poor"
    return next(word for above, word in reversed(_KAPPA) if value > above or above == 0)


def alpha_reading(value: float) -> str:
    """Krippendorff, Content Analysis (2004), page 241: what conclusions data of this reliability bear."""
    return "reliable" if value >= 0.8 else "tentative" if value >= 2 / 3 else "unreliable"


def figure(found: Coefficient) -> str:
    """0.61 [0.52, 0.69], or why there is no such number."""
    if found.value is None:
        return f"unknown: {found.why}"
    if found.interval is None:
        return f"{found.value:.2f} [too few pairs]"
    return f"{found.value:.2f} [{found.interval.low:.2f}, {found.interval.high:.2f}]"


def coefficients(ratings: Floats) -> dict[str, Coefficient]:
    """All that apply, by the names that are printed; ratings of shape (items, judges)."""
    two = ratings.shape[1] == 2
    found = {"raw agreement": raw_agreement(ratings)}
    if two:
        found["Cohen's kappa"] = cohen_kappa(ratings)
        found["  linear weights"] = cohen_kappa(ratings, "linear")
        found["  quadratic weights"] = cohen_kappa(ratings, "quadratic")
    else:
        found["Fleiss' kappa"] = fleiss_kappa(ratings)
    for level in ("nominal", "ordinal", "interval"):
        found[f"Krippendorff's alpha, {level}"] = krippendorff_alpha(ratings, level)
    return found


def agreement_table(found: dict[str, Coefficient]) -> str:
    rows = []
    for name, one in found.items():
        reading = ""
        if one.value is not None and name != "raw agreement":
            reading = (alpha_reading if "alpha" in name else kappa_reading)(one.value)
            if one.interval and one.interval.low <= 0 <= one.interval.high:
                reading += ", perhaps chance"
        rows.append([name, figure(one), reading])
    return table(["agreement", "value", "reading"], rows, left=3)


def confusion_table(ratings: Floats, scale: Sequence[float], first: str, second: str) -> str:
    """Rows are the grades of `first`, columns those of `second`."""
    counts = confusion(ratings, scale)
    header = [f"{first} \\ {second}", *(f"{grade:g}" for grade in scale)]
    return table(header, [[f"{grade:g}", *map(str, row)] for grade, row in zip(scale, counts, strict=True)])


def agreement_of(grades: Grades) -> str:
    """Everything there is to say of how judges agree, or what to do when nothing can be said."""
    ratings = grades.ratings()
    found = coefficients(ratings)
    shared = found["raw agreement"].items
    if not shared:
        return (
            "Agreement is unknown: no pair was graded by two judges. Give some to a second judge:\n"
            "python -m eval pool RUN... --queries Q.tsv --judges 2 --overlap 0.2 --out POOL.csv"
        )
    said = [f"{shared} pairs were graded by two judges or more.", "", agreement_table(found)]
    if shared < _SHAKY:
        said += ["", f"{shared} pairs say little: the intervals are wide. Have more graded twice."]
    if len(grades.judges) == 2:
        said += ["", confusion_table(ratings, grades.scale(), *grades.judges)]
    else:
        said += ["", _couples(grades)]
    return "\n".join([*said, "", READINGS])


def _couples(grades: Grades) -> str:
    """Cohen's kappa of every two judges who share a pair: who is it that sees things differently?"""
    rows = []
    for first, second in combinations(grades.judges, 2):
        ratings = grades.ratings((first, second))
        kappa = cohen_kappa(ratings)
        if kappa.items:
            rows.append([first, second, str(kappa.items), figure(kappa), figure(cohen_kappa(ratings, "quadratic"))])
    return table(["judge", "judge", "pairs", "Cohen's kappa", "quadratic weights"], rows, left=2)
