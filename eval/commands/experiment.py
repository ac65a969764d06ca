"""`experiment`: who won a live experiment, and how sure can one be?"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from datetime import UTC, datetime

from eval.commands.command import Command, positive, warn
from eval.commands.experiment_log import declare_log, log_of
from eval.experiments.attribution import BOT_CLICKS, FATES, WINDOW
from eval.experiments.interleaved import Interleaving
from eval.experiments.log import Log
from eval.experiments.outcome import METRICS, Outcome, Question, outcome
from eval.experiments.split import Split
from eval.experiments.verdict import Verdict, between, p_text, percent, probability, verdict, what_is_measured
from eval.tables import table


def _declare(parser: argparse.ArgumentParser) -> None:
    declare_log(parser)
    parser.add_argument("--metric", choices=METRICS, default="click", help="what counts (default: %(default)s)")
    parser.add_argument(
        "--per", choices=("shopper", "search"), default="shopper",
        help="of a split: shoppers who did it at all, or how often for each search (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--planned-shoppers", type=positive, metavar="N",
        help="the number fixed before the start: decided once, when it is reached. Without it, look whenever you like",
    )  # fmt: skip
    parser.add_argument("--effect", type=_share, default=0.05, metavar="E", help="reckon power for it (default: 0.05)")
    parser.add_argument("--power", type=_share, default=0.8, help="power wanted (default: %(default)s)")
    parser.add_argument(
        "--confidence", type=_share, default=0.95, help="of verdict and intervals (default: %(default)s)"
    )
    parser.add_argument(
        "--window", type=_hours, default=WINDOW / 3600, metavar="HOURS",
        help="after a page in which an event is put down to it (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--bot-clicks", type=positive, default=BOT_CLICKS, metavar="N",
        help="more on one day make a likely bot (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--without-bots", action="store_true", help="leave likely bots out, instead of naming them only"
    )
    parser.add_argument("--json", action="store_true", help="one object instead of words and tables")


def _do(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    question = Question(
        metric=args.metric,
        per=args.per,
        confidence=args.confidence,
        effect=args.effect,
        power=args.power,
        planned=args.planned_shoppers,
        window=args.window * 3600,
        bot_clicks=args.bot_clicks,
        without_bots=args.without_bots,
    )
    log = log_of(args)
    if log.experiment.method == "interleave" and args.per == "search":
        parser.error("--per search is of a split; an interleaving counts shoppers by the variant they prefer")
    found = outcome(log, question)
    said = verdict(found)
    if args.json:
        print(json.dumps(_json(log, found, said), ensure_ascii=False))
        return 0
    for problem in _problems(log, found):
        warn(problem)
    print(
        f"{said.text}.", "", _setting(log, found), "", _figures(found), "", _events(found), "", _method(found), sep="\n"
    )
    return 0


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise ValueError(text)
    return value


def _hours(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise ValueError(text)
    return value


_share.__name__ = "number between 0 and 1"
_hours.__name__ = "number of hours above 0"


# --- what is printed -------------------------------------------------------------------------------------------------


def _setting(log: Log, found: Outcome) -> str:
    of = log.experiment
    how = "split by shopper" if of.method == "split" else "interleaved"
    return (
        f"{of.name}: {how} on '{of.index}', {_date(found.first)} to {_date(found.last)}, {found.shoppers:,} shoppers, "
        f"{found.searches:,} pages of results. Measured: {_measured(found)}."
    )


def _date(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")


def _measured(found: Outcome) -> str:
    if isinstance(found.result, Split):
        return what_is_measured(found.question)
    return f"whose products got more {'revenue' if found.question.metric == 'revenue' else found.question.metric + 's'}"


def _figures(found: Outcome) -> str:
    result = found.result
    if isinstance(result, Interleaving):
        return _interleaving(result, found)
    return _split(result, found)


def _split(result: Split, found: Outcome) -> str:
    if found.too_early:
        rows = [[one.variant, f"{one.weight:.3g}", f"{one.shoppers:,}"] for one in result.rates]
        return table(["variant", "share", "shoppers"], rows)
    rows = [
        [
            one.variant, f"{one.weight:.3g}", f"{one.shoppers:,}", f"{one.gain:,.6g}", f"{one.base:,.6g}",
            "" if one.rate is None else f"{one.rate:.4f}",
            "" if one.interval is None else f"{one.interval.low:.4f} to {one.interval.high:.4f}",
        ]
        for one in result.rates
    ]  # fmt: skip
    rates = table(["variant", "share", "shoppers", "gained", "of", "rate", "interval"], rows)
    if not result.contrasts:
        return rates
    baseline = result.rates[0].variant
    header = [f"against {baseline}", "difference", "interval", "lift", "interval", "p", "p_holm", "power", "detectable"]
    compared = [
        [
            one.variant, f"{one.difference:+.4f}",
            "unknown" if one.interval is None else f"{one.interval.low:+.4f} to {one.interval.high:+.4f}",
            "" if one.lift is None else percent(one.lift, True), between(one.lift_interval),
            p_text(one.p), p_text(one.p_holm),
            "" if one.power is None else probability(one.power),
            "" if one.detectable is None else percent(one.detectable),
        ]
        for one in result.contrasts
    ]  # fmt: skip
    return f"{rates}\n\n{table(header, compared)}"


def _interleaving(result: Interleaving, found: Outcome) -> str:
    if found.too_early:
        return f"{result.wins + result.losses:,} shoppers have a preference."
    rows = [
        [f"prefer {result.variant}", f"{result.wins:,}"],
        [f"prefer {result.baseline}", f"{result.losses:,}"],
        ["gave both the same", f"{result.ties:,}"],
        ["gave neither anything", f"{result.silent:,}"],
    ]
    lead = "unknown" if result.lead is None else percent(result.lead, True)
    figures = [
        [
            result.variant, lead, between(result.interval), p_text(result.p), probability(result.power),
            "" if result.detectable is None else percent(result.detectable),
        ]
    ]  # fmt: skip
    header = [f"against {result.baseline}", "lead", "interval", "p", "power", "detectable"]
    return f"{table(['shoppers who', ''], rows)}\n\n{table(header, figures)}"


def _events(found: Outcome) -> str:
    fates = found.attention.fates
    if not fates:
        return f"No {_event(found)} event is in the log."
    counted = sum(count for fate, count in fates.items() if FATES[fate])
    left_out = "; ".join(f"{fate} {count:,}" for fate, count in fates.items() if fate != "counted")
    return (
        f"{_event(found)} events: {counted:,} of {sum(fates.values()):,} count{f' ({left_out})' if left_out else ''}."
    )


def _event(found: Outcome) -> str:
    return "purchase" if found.question.metric == "revenue" else found.question.metric


def _method(found: Outcome) -> str:
    question, result = found.question, found.result
    if question.planned is None:
        rule = (
            "Bounds hold at all times at once: look as often as you like. A plan (--planned-shoppers) would be faster."
        )
    else:
        rule = f"One test, when {question.planned:,} shoppers had searched; what came after is left out."
    if isinstance(result, Interleaving):
        kind = "lead: (prefer one - prefer the other) / both. Sign test over shoppers, two-sided."
        true = "lead"
    else:
        kind = "Welch's t over shoppers, two-sided; p_holm: corrected for the number of variants, and decides."
        true = "lift"
    power = f"power: to name the right winner, if the true {true} were {percent(question.effect)}"
    detectable = f"detectable: the {true} with power {question.power:g}"
    return f"{rule}\n{kind}\n{power}; {detectable}. Intervals: {100 * question.confidence:g} %."


def _problems(log: Log, found: Outcome) -> list[str]:
    seen, problems = found.attention, []
    if log.notes.other_experiments:
        problems.append(f"other experiments in this log are left out: {', '.join(log.notes.other_experiments)}")
    if seen.nameless:
        problems.append(
            f"{seen.nameless:,} searches of nobody known are left out: they cannot be put together by shopper"
        )
    if seen.crossed:
        problems.append(
            f"{seen.crossed:,} shoppers saw several variants and are left out; a shopper must keep one throughout"
        )
    if seen.undrafted:
        problems.append(f"{seen.undrafted:,} pages came from the baseline alone, not drafted: they speak for neither")
    if seen.bots:
        fate = "left out" if found.question.without_bots else "still counted; leave them out with --without-bots"
        problems.append(
            f"{seen.bots:,} shoppers clicked more than {found.question.bot_clicks} times on one day: {fate}"
        )
    if isinstance(found.result, Split) and any(one.skewed for one in found.result.contrasts):
        problems.append("few shoppers make up most of what was gained: p and intervals are rough until there are more")
    lost = sum(
        count for fate, count in seen.fates.items() if not FATES[fate] and fate != "search not in the experiment"
    )
    if lost > 0.05 * max(1, sum(seen.fates.values())):
        problems.append(f"{lost:,} events name a search of this experiment and do not fit it, or fit none; see below")
    return problems


def _json(log: Log, found: Outcome, said: Verdict) -> dict[str, object]:
    result = asdict(found.result)
    if found.too_early:  # who is ahead is nobody's business yet
        result = {"shoppers": found.shoppers}
    return {
        "experiment": log.experiment.name,
        "index": log.experiment.index,
        "method": log.experiment.method,
        "verdict": asdict(said),
        "question": asdict(found.question),
        "shoppers": found.shoppers,
        "pages": found.searches,
        "first": _date(found.first),
        "last": _date(found.last),
        "attention": asdict(found.attention),
        "reading": asdict(log.notes),
        "result": _finite(result),
    }


def _finite(value: object) -> object:
    """JSON has no infinity: what is unknown is null."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


EXPERIMENT = Command("who won a live experiment, and how sure can one be?", _declare, _do)
