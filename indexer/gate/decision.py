"""Is the new version worse? From what both versions answered to the reasons to refuse; nothing here asks anything."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from eval.compare import POWER, SAME, differing, holm, randomisation_test
from eval.metrics import Floats, Metric, Scores, evaluate
from eval.qrels import Run
from eval.verdicts import LEANING, JudgedShare, judged_share
from indexer.gate.asking import Reach, relevant_to
from indexer.gate.file import Asked, Check, least_queries

SHOWN = 5
"""Queries that are shown: those that fell most."""

SHOWN_HITS = 10
"""What a shopper sees first: of so many hits it is told how many are judged, where the metric names no cut-off."""


@dataclass(frozen=True, slots=True)
class Fallen:
    """A query that fell. Of its `relevant` products `gone` were in the live version and are not in the new one, and
    `barred` are there, but break a condition of the query that they did not break before."""

    query: str
    text: str
    before: float
    after: float
    relevant: int
    gone: int
    barred: int


@dataclass(frozen=True, slots=True)
class Gone:
    """What can no longer be found: `products` of the `relevant` ones that the live version holds are gone.

    `queries` lost a relevant product, and `fallen` of these fell.
    """

    products: int
    relevant: int
    queries: int
    fallen: int


@dataclass(frozen=True, slots=True)
class Barred:
    """What is there and breaks a condition of its query that it met before, or about which nothing was known: so many
    `pairs` of query and product, by the `fields` named. `queries` have one, and `fallen` of these fell."""

    pairs: int
    fields: tuple[str, ...]
    queries: int
    fallen: int


@dataclass(frozen=True, slots=True)
class Compared:
    """The new version against the live one, query by query.

    `p` is one-sided: how often versions that are equally good would show a fall like this by chance; `p_holm` is the
    same corrected over the checks. `deviation` is that of the differences over queries. `fallen` are the queries that
    fell most, `SHOWN` of them; `shown_before` and `shown` say how many of the first hits anybody judged, and how many
    queries have none.
    """

    mean: float
    wins: int
    losses: int
    ties: int
    p: float
    p_holm: float
    deviation: float
    shown_before: JudgedShare
    shown: JudgedShare
    fallen: tuple[Fallen, ...]
    gone: Gone
    barred: Barred

    @property
    def leans(self) -> tuple[float, float] | None:
        """The shares judged before and now, where so much less of what the new version shows is judged that a fall may
        say more of the judgements."""
        before, now = self.shown_before.share, self.shown.share
        if before is None or now is None or before - now < LEANING - SAME:
            return None
        return before, now


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `compared` is None where there was no live version to ask; no `reasons`: it passed."""

    check: Check
    mean: float
    compared: Compared | None
    reasons: tuple[str, ...]

    @property
    def queries(self) -> int:
        return len(self.check.qrels.grades)

    @property
    def difference(self) -> float:
        return self.mean - self.compared.mean if self.compared else 0.0

    @property
    def differing(self) -> int:
        """How many queries rose or fell."""
        return self.compared.wins + self.compared.losses if self.compared else 0

    def detectable(self, alpha: float, checks: int) -> float | None:
        """The true fall that so many queries, scattering as these do, show four times in five; None where none moved,
        or too few for any fall to be significant.

        (z(1 − alpha / checks) + z(POWER)) · deviation / √queries: the normal approximation to a one-sided paired test.
        """
        if self.compared is None or self.compared.deviation <= SAME or self.differing < least_queries(alpha, checks):
            return None
        return float(ndtri(1 - alpha / checks) + ndtri(POWER)) * self.compared.deviation / math.sqrt(self.queries)


@dataclass(frozen=True, slots=True)
class Version:
    """What a version answered, by the way of asking, and how far each check's relevant products can be found in it."""

    runs: Mapping[Asked, Run]
    reach: Mapping[str, Reach]


def decide(checks: Sequence[Check], alpha: float, new: Version, live: Version | None) -> tuple[Finding, ...]:
    """One finding for each check. Without a live version the floors alone decide."""
    after = [_scores(check, new) for check in checks]
    if live is None:
        means = [scores.mean(str(check.metric)) for check, scores in zip(checks, after, strict=True)]
        return tuple(
            Finding(check, mean, None, tuple(_below_floor(check, mean)))
            for check, mean in zip(checks, means, strict=True)
        )
    before = [_scores(check, live) for check in checks]
    differences = [
        differing(b.values[str(check.metric)], a.values[str(check.metric)])
        for check, b, a in zip(checks, before, after, strict=True)
    ]
    p_values = [randomisation_test(difference, alternative="less") for difference in differences]
    findings = []
    for place, (check, p_holm) in enumerate(zip(checks, holm(p_values), strict=True)):
        compared = _compared(check, before[place], after[place], differences[place], new, live, p_values[place], p_holm)
        mean = after[place].mean(str(check.metric))
        findings.append(Finding(check, mean, compared, tuple(_reasons(check, alpha, mean, compared))))
    return tuple(findings)


def _reasons(check: Check, alpha: float, mean: float, compared: Compared) -> list[str]:
    drop = compared.mean - mean
    reasons = []
    if drop > SAME and compared.p_holm <= alpha:
        reasons.append(f"it fell significantly (alpha = {alpha:g})")
    if check.max_drop is not None and drop > check.max_drop + SAME:
        reasons.append(f"it fell by more than max_drop = {check.max_drop:g}")
    return [*reasons, *_below_floor(check, mean)]


def _below_floor(check: Check, mean: float) -> list[str]:
    if check.floor is None or mean >= check.floor - SAME:
        return []
    return [f"it is below floor = {check.floor:g}"]


def _judged(check: Check) -> Metric:
    return Metric("judged", check.metric.cutoff or SHOWN_HITS)


def _scores(check: Check, version: Version) -> Scores:
    return evaluate(check.qrels, version.runs[check.asked], [check.metric, _judged(check)], check.judged_only)


def _compared(
    check: Check,
    before: Scores,
    after: Scores,
    difference: Floats,
    new: Version,
    live: Version,
    p: float,
    p_holm: float,
) -> Compared:
    metric, judged = str(check.metric), str(_judged(check))
    then, now = live.reach[check.name], new.reach[check.name]
    gone = then.there - now.there
    barred = {pair: field for pair, field in now.barred.items() if pair not in then.barred}
    lost = {query: relevant_to(check.qrels, query) & gone for query in before.queries}
    shut = Counter(query for query, _ in barred)
    fell = {query for query, change in zip(before.queries, difference, strict=True) if change < 0}
    texts = {query.id: query.text for query in check.queries}
    worst = [place for place in np.argsort(difference, kind="stable")[:SHOWN] if difference[place] < 0]

    def fallen(place: int) -> Fallen:
        query = before.queries[place]
        values = float(before.values[metric][place]), float(after.values[metric][place])
        relevant = len(relevant_to(check.qrels, query))
        return Fallen(query, texts[query], *values, relevant=relevant, gone=len(lost[query]), barred=shut[query])

    return Compared(
        mean=before.mean(metric),
        wins=int((difference > 0).sum()),
        losses=int((difference < 0).sum()),
        ties=int((difference == 0).sum()),
        p=p,
        p_holm=p_holm,
        deviation=float(difference.std(ddof=1)) if len(difference) > 1 else 0.0,
        shown_before=judged_share(before, live.runs[check.asked], judged),
        shown=judged_share(after, new.runs[check.asked], judged),
        fallen=tuple(fallen(int(place)) for place in worst),
        gone=Gone(
            products=len(gone),
            relevant=len(then.there),
            queries=sum(map(bool, lost.values())),
            fallen=sum(bool(lost[query]) for query in fell),
        ),
        barred=Barred(len(barred), tuple(sorted(set(barred.values()))), len(shut), len(fell & shut.keys())),
    )
