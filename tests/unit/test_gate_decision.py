"""What a gate decides, by numbers worked out by hand, and how it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from eval.metrics import parse_metric
from eval.qrels import EvalQuery, Qrels, Run
from eval.record import QueryRecord
from indexer.gate.asking import Answers, Reach
from indexer.gate.decision import Finding, Version, decide
from indexer.gate.file import Asked, Check
from indexer.gate.wording import Circumstances, passed, refused
from indexer.staging import Difference
from search.domain import EncoderCard, Manifest, SearchRequest

ASKED = Asked(Path("queries.tsv"), SearchRequest())
CARD = EncoderCard("tiny", None, "ff" * 32, 8, "mean", True, 128)


def check(
    queries: int = 6,
    metric: str = "mrr@10",
    name: str = "",
    max_drop: float | None = None,
    floor: float | None = None,
    machine: frozenset[tuple[str, str]] = frozenset(),
) -> Check:
    """Queries q1, q2, …: product r1, r2, … is relevant for each, x is judged and is not."""
    known = tuple(EvalQuery(f"q{n}", f"words {n}") for n in range(1, queries + 1))
    grades = {query.id: {f"r{query.id[1:]}": 1.0, "x": 0.0} for query in known}
    return Check(
        name or metric, parse_metric(metric), known, Qrels(grades, machine), ASKED, 10, max_drop=max_drop, floor=floor
    )


def version(
    ranks: Sequence[int],
    name: str,
    there: frozenset[str] | None = None,
    filler: str = "x",
    barred: Mapping[tuple[str, str], str] | None = None,
) -> Version:
    """The relevant product of each query at these ranks, 0 for not found. The others shown are `filler` and so on."""
    hits = {}
    for number, rank in enumerate(ranks, 1):
        others = [filler if place == 0 else f"{filler}{place}" for place in range(9)]
        hits[f"q{number}"] = (*others[: rank - 1], f"r{number}", *others[rank - 1 :]) if rank else tuple(others)
    everything = frozenset(f"r{number}" for number in range(1, len(ranks) + 1))
    return Version({ASKED: Run("", hits)}, {name: Reach(everything if there is None else there, barred or {})})


def one(before: Sequence[int], after: Sequence[int], made: Check, alpha: float = 0.05) -> Finding:
    (finding,) = decide([made], alpha, version(after, made.name), version(before, made.name))
    return finding


def test_equal_versions_pass_with_certainty() -> None:
    finding = one([1, 2, 0, 1, 1, 4], [1, 2, 0, 1, 1, 4], check(max_drop=0.0))
    assert finding.reasons == ()
    assert finding.compared is not None
    assert (finding.compared.p, finding.compared.ties, finding.difference) == (1.0, 6, 0.0)
    assert finding.compared.fallen == ()
    assert finding.detectable(0.05, 1) is None, "nothing scattered"


def test_a_fall_of_every_query_is_significant() -> None:
    """Six fall from rank 1 to 2: of 2^6 patterns of signs one is as bad."""
    finding = one([1] * 6, [2] * 6, check())
    assert finding.compared is not None
    assert (finding.compared.p, finding.compared.losses) == (1 / 64, 6)
    assert (finding.compared.mean, finding.mean) == (1.0, 0.5)
    assert finding.reasons == ("it fell significantly (alpha = 0.05)",)
    assert one([1] * 6, [2] * 6, check(), alpha=0.01).reasons == ()


def test_a_rise_is_never_refused() -> None:
    finding = one([2] * 6, [1] * 6, check(max_drop=0.0))
    assert finding.reasons == ()
    assert finding.compared is not None
    assert (finding.compared.p, finding.compared.wins) == (1.0, 6)


def test_too_few_falls_are_luck_and_max_drop_minds_them_even_so() -> None:
    """Two queries fall from 1 to 1/2: p = 1/4, and the mean falls by 1/6."""
    before, after = [1] * 6, [2, 2, 1, 1, 1, 1]
    assert one(before, after, check()).reasons == ()
    assert one(before, after, check(max_drop=0.17)).reasons == ()
    assert one(before, after, check(max_drop=1 / 6)).reasons == (), "so much is allowed"
    assert one(before, after, check(max_drop=0.16)).reasons == ("it fell by more than max_drop = 0.16",)


def test_a_floor_is_a_least_value() -> None:
    assert one([2] * 6, [2] * 6, check(floor=0.5)).reasons == ()
    assert one([2] * 6, [2] * 6, check(floor=0.51)).reasons == ("it is below floor = 0.51",)


def test_without_a_live_version_floors_alone_decide() -> None:
    (low, high) = decide(
        [check(floor=0.4), check(floor=0.6, name="b", max_drop=0.0)],
        0.05, Version({ASKED: version([2] * 6, "").runs[ASKED]}, {}), None,
    )  # fmt: skip
    assert (low.mean, low.compared, low.reasons) == (0.5, None, ())
    assert high.reasons == ("it is below floor = 0.6",)


def test_several_checks_are_several_chances_of_a_false_alarm() -> None:
    """By itself the fall of five queries has p = 1/32; with a second check that is doubled, and above 0.05."""
    first, second = check(5), check(5, metric="hit@10")
    alone = one([1] * 5, [2] * 5, first)
    new = Version(version([2] * 5, "").runs, {"mrr@10": Reach(frozenset()), "hit@10": Reach(frozenset())})
    live = Version(version([1] * 5, "").runs, {"mrr@10": Reach(frozenset()), "hit@10": Reach(frozenset())})
    both = decide([first, second], 0.05, new, live)
    assert alone.reasons
    assert [finding.reasons for finding in both] == [(), ()]
    assert both[0].compared is not None
    assert (both[0].compared.p, both[0].compared.p_holm) == (1 / 32, 1 / 16)


def test_the_queries_that_fell_most_and_what_they_lost() -> None:
    """q1 falls to 1/2, q2 to 0 since its product is gone, q3 and q4 to 1/4 and 1/5; q6 is found for the first time."""
    made = check(6)
    live = version([1, 1, 1, 1, 1, 0], made.name)
    new = version([2, 0, 4, 5, 1, 3], made.name, there=frozenset({"r1", "r3", "r4", "r5", "r6"}))
    (finding,) = decide([made], 0.05, new, live)
    compared = finding.compared
    assert compared is not None
    assert [fallen.query for fallen in compared.fallen] == ["q2", "q4", "q3", "q1"]
    worst = compared.fallen[0]
    assert (worst.text, worst.before, worst.after, worst.gone, worst.relevant) == ("words 2", 1.0, 0.0, 1, 1)
    assert (compared.wins, compared.losses, compared.ties) == (1, 4, 1)
    gone = compared.gone
    assert (gone.products, gone.relevant, gone.queries, gone.fallen) == (1, 6, 1, 1)


def test_products_that_no_longer_meet_a_condition_of_their_query() -> None:
    """r1 was beyond the limit before; r2 and r3 are now, r3's query rose even so."""
    made = check(6)
    live = version([1, 1, 2, 1, 1, 1], made.name, barred={("q1", "r1"): "price"})
    new = version(
        [1, 0, 1, 1, 1, 1],
        made.name,
        barred={("q1", "r1"): "price", ("q2", "r2"): "price", ("q3", "r3"): "colour"},
    )
    (finding,) = decide([check(6, max_drop=0.0)], 0.05, new, live)
    assert finding.compared is not None
    barred = finding.compared.barred
    assert (barred.pairs, barred.fields, barred.queries, barred.fallen) == (2, ("colour", "price"), 2, 1)
    assert [(fallen.query, fallen.barred) for fallen in finding.compared.fallen] == [("q2", 1)]
    said = refused([finding], around(new, live))
    assert "q2  words 2  (of its 1 relevant products 1 out of its conditions)" in said
    assert (
        "no longer meet a condition of their query (colour, price): 2. They concern 2 queries, 1 of the 1 that" in said
    )


# --- what is said ----------------------------------------------------------------------------------------------------


def manifest(number: int, **made: str) -> Manifest:
    return Manifest("products", number, CARD, made.get("recipe", "plain/1"), {}, learning=made.get("learning", "l/1"))


def answers(found: Version, degraded: Mapping[str, tuple[str, ...]] | None = None) -> Answers:
    records = {
        query: QueryRecord("en", 0, len(hits), False, (degraded or {}).get(query, ()), {"total": 1.0})
        for query, hits in found.runs[ASKED].hits.items()
    }
    firsts = {query: f"Title of {hits[0]}" for query, hits in found.runs[ASKED].hits.items() if hits}
    return Answers(found.runs[ASKED], {}, firsts, {}, records)


def around(new: Version, live: Version | None, made: Manifest | None = None, **more: object) -> Circumstances:
    given: dict[str, object] = {
        "alpha": 0.05,
        "new": made or manifest(2),
        "live": manifest(1) if live else None,
        "answers": {ASKED: answers(new)},
        "answered": {ASKED: answers(live)} if live else None,
        "change": Difference(total=10, unchanged=7, removed=1, live=8),
    }
    return Circumstances(**(given | more))  # type: ignore[arg-type]


def test_one_line_when_it_passes() -> None:
    """Differences of 3 × -1/2 and 2 × 1/2: a deviation of 0.4173, and (1.6449 + 0.8416) · 0.4173 / √8 is 0.367."""
    made = check(8)
    live, new = version([1, 1, 1, 2, 2, 1, 1, 1], made.name), version([2, 2, 2, 1, 1, 1, 1, 1], made.name)
    said = passed(decide([made], 0.05, new, live), around(new, live))
    assert said == (
        "Gate passed: mrr@10 0.8750 → 0.8125 (-0.0625, p = 0.500; 8 queries, 2 better, 3 worse; such queries show a "
        "fall of about 0.367)."
    )


def test_what_fall_is_shown_depends_on_how_many_differ_and_on_the_checks() -> None:
    """Of five that differ all must fall at 0.05, and of two checks it takes six; four show no fall whatever."""
    made = check(8)
    finding = one([1, 1, 1, 2, 2, 1, 1, 1], [2, 2, 2, 1, 1, 1, 1, 1], made)
    assert finding.detectable(0.05, 1) == pytest.approx(0.3669, abs=1e-4)
    assert finding.detectable(0.05, 2) is None
    live, new = version([1, 1, 1, 2] + [1] * 4, made.name), version([2, 2, 2, 1] + [1] * 4, made.name)
    said = passed(decide([made], 0.05, new, live), around(new, live))
    assert said.endswith("1 better, 3 worse; too few differ for a fall to be told).")


def test_checks_share_the_level_in_what_fall_is_shown() -> None:
    """z is 1.9600 at 0.05 / 2."""
    finding = one([1] * 4 + [2] * 4, [2] * 4 + [1] * 4, check(8))
    assert finding.compared is not None
    unit = finding.compared.deviation / 8**0.5
    assert finding.detectable(0.05, 1) == pytest.approx((1.6449 + 0.8416) * unit, rel=1e-4)
    assert finding.detectable(0.05, 2) == pytest.approx((1.9600 + 0.8416) * unit, rel=1e-4)


def test_everything_when_it_does_not() -> None:
    made = check(6)
    live = version([1] * 6, made.name)
    new = version([0, 2, 2, 2, 2, 2], made.name, there=frozenset({"r2", "r3", "r4", "r5", "r6"}))
    said = refused(
        decide([made], 0.05, new, live), around(new, live, manifest(2, recipe="plain/2", learning="l/2"))
    ).split("\n\n")  # fmt: skip
    assert said[:2] == [
        "The gate refused version 2 of index 'products', and nothing has changed. Version 1 goes on answering "
        "searches.",
        "mrr@10 1.0000 → 0.4167 (-0.5833, p = 0.016; 6 queries, 0 better, 6 worse): it fell significantly "
        "(alpha = 0.05).",
    ]
    assert said[2].split("\n")[:3] == [
        "mrr@10: the queries that fell most",
        "  1.0000 → 0.0000  q1  words 1  (of its 1 relevant products 1 gone)",
        "      first: «Title of r1» → «Title of x»",
    ]
    assert len(said[2].split("\n")) == 11, "five queries are shown"
    assert said[3].startswith(
        "Relevant products of the live version that the new one lacks: 1 of 6. They concern 1 query"
    )
    assert said[4] == (
        "Between version 1 and 2: 10 products, 3 of them new or changed; 1 gone. Other recipe of texts: plain/1 → "
        "plain/2. Learnt in another way: l/1 → l/2."
    )
    assert said[-1].startswith("What to do: mend what changed; or, if the fall is meant, leave out --gate this once")


def test_a_first_version_that_is_refused() -> None:
    made = check(floor=0.6)
    new = version([2] * 6, made.name)
    said = refused(decide([made], 0.05, new, None), around(new, None, manifest(1))).split("\n\n")
    assert said[0].endswith("There is still no live version.")
    assert said[1] == "mrr@10 0.5000 over 6 queries: it is below floor = 0.6."
    assert said[2].startswith("What to do: look at the catalogue, its --mapping and the judgements, or lower floor")


def test_new_products_that_nobody_judged_are_no_proof() -> None:
    """They push the judged one down: before, all of the first hits are judged or not as now, but for x."""
    made = check(6, metric="mrr@2")
    live, new = version([1] * 6, made.name), version([2] * 6, made.name, filler="new")
    said = refused(decide([made], 0.05, new, live), around(new, live))
    assert "Of the first 2 hits 100% were judged, and now 50% are. What nobody judged counts as wrong" in said
    assert "judged" not in refused(decide([made], 0.05, version([2] * 6, made.name), live), around(new, live))


def test_an_outage_is_no_want_of_judgements() -> None:
    """Whatever is shown is judged in both versions; the new one answers half of the queries with nothing."""
    made = check(10, metric="mrr@1")
    live = version([1] * 10, made.name)
    answered = {query: hits for query, hits in live.runs[ASKED].hits.items() if int(query[1:]) > 5}
    new = Version({ASKED: Run("", answered)}, live.reach)
    said = refused(decide([made], 0.05, new, live), around(new, live)).split("\n\n")
    assert "No results for 5 of 10 queries; the live version has none for 0." in said
    assert "judged" not in " ".join(said)
    assert "No results" not in passed(decide([made], 0.05, live, new), around(live, new))


def test_an_outage_hides_no_want_of_judgements() -> None:
    """Before, no query has results for half; now they all have, of new products in one place of two."""
    made = check(8, metric="mrr@2")
    whole = version([1] * 8, made.name)
    live = Version({ASKED: Run("", {f"q{n}": whole.runs[ASKED].hits[f"q{n}"] for n in range(1, 5)})}, whole.reach)
    finding = decide([made], 0.05, version([2] * 8, made.name, filler="new"), live)[0]
    assert finding.compared is not None
    assert finding.compared.leans == (1.0, 0.5)


def test_grades_of_a_model_and_a_slow_reranker_are_said() -> None:
    made = check(6, machine=frozenset({("q1", "r1")}))
    live = new = version([1] * 6, made.name)
    slow = {"answered": {ASKED: answers(live, {"q1": ("reranker",), "q2": ("lexical",)})}}
    said = passed(decide([made], 0.05, new, live), around(new, live, **slow))
    assert "The reranker failed in 1 search of live version 1." in said
    assert "1 of 12 grades are by a language model" in said


@pytest.mark.parametrize("can_tell", [True, False])
def test_no_p_value_where_there_are_too_few_queries(can_tell: bool) -> None:
    made = check(2, floor=0.1)
    made = Check(
        made.name, made.metric, made.queries, made.qrels, made.asked, 10, floor=made.floor, can_tell=can_tell
    )  # fmt: skip
    live = new = version([1, 1], made.name)
    said = passed(decide([made], 0.05, new, live), around(new, live))
    assert ("too few queries for a test" in said) != can_tell
    assert ("p = " in said) == can_tell
