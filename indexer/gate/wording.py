"""What a gate found, for people: one line when the new version passes, all there is to know when it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.judging.record import judge_note
from eval.tables import shortened, table
from eval.verdicts import p_text
from indexer.gate.asking import Answers
from indexer.gate.decision import SHOWN_HITS, Compared, Fallen, Finding
from indexer.gate.file import Asked, least_queries
from indexer.staging import Difference
from search.domain import Manifest
from search.reranking import PART as RERANKER

_TITLE = 60
_TEXT = 100


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the figures come from. `live` is None where there was none.

    `answers` are those of the new version, by the way of asking; `answered` those of the live one, None where it was
    not asked.
    """

    alpha: float
    new: Manifest
    live: Manifest | None
    answers: Mapping[Asked, Answers]
    answered: Mapping[Asked, Answers] | None
    change: Difference


def passed(findings: Sequence[Finding], around: Circumstances) -> str:
    """One line."""
    said = "; ".join(_figures(finding, around.alpha, len(findings)) for finding in findings)
    alone = ""
    if around.live is None:
        alone = " There is no live version to compare it with yet."
    elif around.answered is None:
        alone = f" The live version {around.live.version} was not asked, for want of its encoder."
    return " ".join([f"Gate passed: {said}.{alone}", *_silent(findings), *_doubts(findings, around)])


def refused(findings: Sequence[Finding], around: Circumstances) -> str:
    """The reasons first, then the figures, the queries, what differs between the versions, and what to do."""
    new, live = around.new, around.live
    stays = f"Version {live.version} goes on answering searches" if live else "There is still no live version"
    failed = [finding for finding in findings if finding.reasons]
    said = [f"{_figures(finding, around.alpha, len(findings))}: {' and '.join(finding.reasons)}." for finding in failed]
    parts = [
        f"The gate refused version {new.version} of index '{new.index}', and nothing has changed. {stays}.",
        "\n".join(said),
    ]
    if len(findings) > 1:
        parts.append(_table(findings))
    for finding in failed:
        if finding.compared is not None and finding.compared.fallen:
            parts.append(_fallen(finding, finding.compared, around))
    parts += filter(None, [*_silent(failed), _gone(failed), _between(around)])
    parts += _doubts(failed, around)
    parts.append(_advice(around))
    return "\n\n".join(parts)


def _figures(finding: Finding, alpha: float, checks: int) -> str:
    name = _named(finding)
    compared = finding.compared
    if compared is None:
        return f"{name} {finding.mean:.4f} over {_count(finding.queries, 'query', 'queries')}"
    p = p_text(compared.p_holm) + (f" corrected for {checks} checks" if checks > 1 else "")
    if not finding.check.can_tell:
        p = "too few queries for a test"
    counts = f"{_count(finding.queries, 'query', 'queries')}, {compared.wins} better, {compared.losses} worse"
    told = "" if finding.reasons else _could(finding, alpha, checks)
    return f"{name} {compared.mean:.4f} → {finding.mean:.4f} ({finding.difference:+.4f}, {p}; {counts}{told})"


def _could(finding: Finding, alpha: float, checks: int) -> str:
    """What fall these queries could have told."""
    detectable = finding.detectable(alpha, checks)
    if detectable is not None:
        return f"; such queries show a fall of about {detectable:.3f}"
    if finding.check.can_tell and 0 < finding.differing < least_queries(alpha, checks):
        return "; too few differ for a fall to be told"
    return ""


def _named(finding: Finding) -> str:
    check = finding.check
    return check.name if check.name == str(check.metric) else f"{check.name} ({check.metric})"


def _table(findings: Sequence[Finding]) -> str:
    rows = []
    for finding in findings:
        one = finding.compared
        before = [f"{one.mean:.4f}", f"{finding.difference:+.4f}", f"{one.wins}", f"{one.losses}"] if one else ["–"] * 4
        p = [f"{one.p:.4f}", f"{one.p_holm:.4f}"] if one else ["–", "–"]
        verdict = "refused" if finding.reasons else "passed"
        rows.append([_named(finding), verdict, str(finding.queries), before[0], f"{finding.mean:.4f}", *before[1:], *p])
    header = ["check", "", "queries", "live", "new", "diff", "better", "worse", "p", "p_holm"]
    return table(header, rows, left=2)


def _fallen(finding: Finding, compared: Compared, around: Circumstances) -> str:
    asked = finding.check.asked
    before = around.answered[asked].firsts if around.answered else {}
    after = around.answers[asked].firsts
    lines = [f"{_named(finding)}: the queries that fell most"]
    for one in compared.fallen:
        lines.append(f"  {one.before:.4f} → {one.after:.4f}  {one.query}  {shortened(one.text, _TEXT)}{_lost(one)}")
        lines.append(f"      first: {_title(before, one.query)} → {_title(after, one.query)}")
    return "\n".join(lines)


def _lost(one: Fallen) -> str:
    parts = [f"{one.gone} gone"] * bool(one.gone) + [f"{one.barred} out of its conditions"] * bool(one.barred)
    return f"  (of its {one.relevant} relevant products {', '.join(parts)})" if parts else ""


def _title(firsts: Mapping[str, str], query: str) -> str:
    return f"«{shortened(firsts[query], _TITLE)}»" if query in firsts else "nothing"


def _silent(findings: Sequence[Finding]) -> list[str]:
    """Queries that have no results any more: nothing that judgements could mend."""
    lines: dict[str, None] = {}  # checks may ask the same queries
    for compared in [finding.compared for finding in findings if finding.compared]:
        before, now = compared.shown_before, compared.shown
        if now.silent > before.silent:
            lines[
                f"No results for {now.silent} of {now.queries} queries; the live version has none for {before.silent}."
            ] = None
    return list(lines)


def _gone(failed: Sequence[Finding]) -> str | None:
    """Products that left the catalogue, or that no longer fit their query: often the true reason."""
    lines: dict[str, None] = {}  # judgements of several checks may be the same
    for compared in [finding.compared for finding in failed if finding.compared]:
        gone, barred, losses = compared.gone, compared.barred, compared.losses
        if gone.products:
            lines[
                f"Relevant products of the live version that the new one lacks: {gone.products} of {gone.relevant}. "
                f"They concern {_count(gone.queries, 'query', 'queries')}, {gone.fallen} of the {losses} that fell. "
                "If they are sold no longer, judge what is sold instead."
            ] = None
        else:
            lines[f"All {gone.relevant} relevant products of the live version are in the new one, too."] = None
        if barred.pairs:
            lines[
                f"Relevant products that no longer meet a condition of their query ({', '.join(barred.fields)}): "
                f"{barred.pairs}. They concern {_count(barred.queries, 'query', 'queries')}, {barred.fallen} of the "
                f"{losses} that fell. If that is right, judge anew what meets it."
            ] = None
    return "\n".join(lines) or None


def _between(around: Circumstances) -> str | None:
    live, new, change = around.live, around.new, around.change
    if live is None:
        return None
    lines = [
        f"Between version {live.version} and {new.version}: {_count(change.total, 'product', 'products')}, "
        f"{change.total - change.unchanged} of them new or changed; {change.removed} gone."
    ]
    if not live.encoder.same_space(new.encoder):
        lines.append(f"Other encoder: {live.encoder.model} → {new.encoder.model}.")
    if live.recipe != new.recipe:
        lines.append(f"Other recipe of texts: {live.recipe} → {new.recipe}.")
    if live.learning != new.learning:
        lines.append(f"Learnt in another way: {live.learning} → {new.learning}.")
    return " ".join(lines)


def _doubts(findings: Sequence[Finding], around: Circumstances) -> list[str]:
    """What may make the figures say something else than they seem to."""
    doubts = []
    for finding in findings:
        one, cutoff = finding.compared, finding.check.metric.cutoff or SHOWN_HITS
        if one is not None and one.leans and finding.difference < 0 and not finding.check.judged_only:
            before, now = one.leans
            doubts.append(
                f"Of the first {cutoff} hits {before:.0%} were judged, and now {now:.0%} are. What "
                "nobody judged counts as wrong: have it judged (python -m eval pool), or set judged_only = true."
            )
            break  # other checks would say the same of other depths
    sides = [("version", around.new, around.answers), ("live version", around.live, around.answered)]
    for which, manifest, answers in sides:
        late = sum(one.without(RERANKER) for one in (answers or {}).values())
        if manifest and late:
            doubts.append(f"The reranker failed in {_count(late, 'search', 'searches')} of {which} {manifest.version}.")
    notes = {note: None for finding in findings if (note := judge_note(finding.check.qrels))}
    return [*doubts, *notes]


def _advice(around: Circumstances) -> str:
    if around.live is None:
        what = "look at the catalogue, its --mapping and the judgements, or lower floor"
    else:
        what = "mend what changed; or, if the fall is meant, leave out --gate this once"
    return (
        f"What to do: {what}, and run the command again. The texts that were encoded are kept for that: without --full "
        "none of them is encoded again."
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
