"""`python -m eval experiment` and `clicks` on logs of simulated shoppers, drafted and assigned by the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmark_modules import load

from eval.__main__ import main
from search.events import Event
from search.experiments.records import Impression, Record, Share, Started, to_line

shoppers = load("shoppers")
BETTER, MUCH_BETTER = (0.3, 0.2), (0.3, 0.05)


def written(path: Path, records: Iterable[Record]) -> Path:
    path.write_text("".join(to_line(record) + "\n" for record in records), encoding="utf-8")
    return path


def simulate(folder: Path, method: str, count: int, noise: tuple[float, float] = MUCH_BETTER, seed: int = 1) -> Path:
    rng = np.random.default_rng(seed)
    assigned = shoppers.assigned("simulated", count) if method == "split" else None
    seen = shoppers.pages(rng, shoppers.shop(rng, noise, queries=20), method, count, assigned)
    (folder / "queries.txt").write_text("".join(f"q{i}\tquery {query}\n" for i, query in enumerate(seen.query)))
    return written(folder / "2027-01-15.jsonl", shoppers.records(seen, method))


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    """What a command says on standard output and standard error; it must succeed."""

    def run(*words: str | Path) -> tuple[str, str]:
        assert main([str(word) for word in words]) == 0, capsys.readouterr().err
        out, err = capsys.readouterr()
        return out, err

    return run


@pytest.fixture
def answered(told: Callable[..., tuple[str, str]]) -> Callable[..., Any]:
    return lambda *words: json.loads(told(*words, "--json")[0])


# --- experiment ------------------------------------------------------------------------------------------------------


def test_the_whole_chain_names_the_right_winner(tmp_path: Path, answered: Callable[..., Any]) -> None:
    """Drafted, logged, read, joined, tested: eight experiments, both ways round."""
    for seed in range(8):
        better_last = seed % 2 == 0
        log = simulate(tmp_path, "interleave", 160, MUCH_BETTER if better_last else MUCH_BETTER[::-1], seed)
        answer = answered("experiment", log, "--planned-shoppers", "160")
        assert answer["verdict"]["winner"] == ("new" if better_last else "now"), seed
        assert answer["result"]["draft_p"] > 0.001


def test_interleaving_in_words(tmp_path: Path, told: Callable[..., tuple[str, str]]) -> None:
    out, err = told("experiment", simulate(tmp_path, "interleave", 300).parent)
    lines = out.splitlines()
    assert lines[0].startswith("new wins: of ")
    assert "shoppers with a preference" in lines[0]
    assert "95 % interval" in lines[0]
    assert "interleaved on 'products', 2027-01-15 08:00" in lines[2]
    assert any(line.startswith("against now") and "detectable" in line for line in lines)
    assert "Bounds hold at all times at once" in out
    assert err == ""


def test_no_winner_yet_says_how_many_are_missing(tmp_path: Path, told: Callable[..., tuple[str, str]]) -> None:
    out, _ = told("experiment", simulate(tmp_path, "interleave", 40), "--effect", "0.2")
    assert out.startswith("no winner yet: with 40 shoppers a lead of 20 % would be seen with probability ")
    assert " more are needed for 0.8." in out.splitlines()[0]


def test_an_interleaving_is_counted_by_shopper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", str(simulate(tmp_path, "interleave", 20)), "--per", "search"]) == 2
    assert "--per search is of a split" in capsys.readouterr().err


def test_before_the_plan_is_reached_nobody_learns_who_is_ahead(
    tmp_path: Path, told: Callable[..., tuple[str, str]], answered: Callable[..., Any]
) -> None:
    for method in ("interleave", "split"):
        log = simulate(tmp_path, method, 300)
        out, _ = told("experiment", log, "--planned-shoppers", "301")
        assert out.startswith("too early: 300 of the 301 shoppers planned. At the plan a ")
        assert "wins" not in out
        assert "against now" not in out
        answer = answered("experiment", log, "--planned-shoppers", "301")
        assert (answer["verdict"]["state"], answer["result"]) == ("too early", {"shoppers": 300})


def test_what_comes_after_the_plan_changes_nothing(tmp_path: Path, answered: Callable[..., Any]) -> None:
    log = simulate(tmp_path, "split", 600)
    answer = answered("experiment", log, "--planned-shoppers", "300")
    lines = log.read_text().splitlines()
    later = json.loads(lines[-1])
    later["timestamp"] = "2027-03-01T00:00:00.000Z"
    written(log, [])
    log.write_text("\n".join([*lines[: 3 * len(lines) // 4], json.dumps(later)]) + "\n")
    again = answered("experiment", log, "--planned-shoppers", "300")
    assert answer["shoppers"] == again["shoppers"] == 300
    assert answer["result"] == again["result"]


def test_split_by_every_metric(tmp_path: Path, answered: Callable[..., Any]) -> None:
    log = simulate(tmp_path, "split", 500)
    records = log.read_text().splitlines()
    clicks = [json.loads(line) for line in records if '"kind":"event"' in line]
    bought = [one | {"type": "purchase", "value": 20.0, "queryID": None, "position": None} for one in clicks[::3]]
    log.write_text("\n".join(records + [json.dumps(one) for one in bought]) + "\n")
    per_shopper = answered("experiment", log)
    per_search = answered("experiment", log, "--planned-shoppers", "500", "--per", "search")
    assert per_search["verdict"]["winner"] == "new"
    shares = [rate["rate"] for rate in per_shopper["result"]["rates"]]
    assert 0.5 < shares[0] < shares[1] < 1
    assert per_search["result"]["rates"][0]["base"] > per_shopper["result"]["rates"][0]["base"]
    revenue = answered("experiment", log, "--metric", "revenue")
    assert revenue["attention"]["fates"] == {"counted without queryID": len(bought)}
    assert sum(rate["gain"] for rate in revenue["result"]["rates"]) == pytest.approx(20 * len(bought))
    assert answered("experiment", log, "--metric", "cart")["verdict"]["text"].startswith(
        "no winner yet: there is nothing"
    )


def test_shoppers_lost_from_one_variant_withhold_the_verdict(
    tmp_path: Path, told: Callable[..., tuple[str, str]]
) -> None:
    log = simulate(tmp_path, "split", 800)
    kept = [
        line for line in log.read_text().splitlines()
        if '"variant":"new"' not in line or int(json.loads(line)["shopper"][1:]) % 3
    ]  # fmt: skip
    log.write_text("\n".join(kept) + "\n")
    out, _ = told("experiment", log)
    assert out.startswith("no verdict: the numbers of shoppers do not fit their shares (")


def test_what_a_reader_should_know_is_said(tmp_path: Path, told: Callable[..., tuple[str, str]]) -> None:
    log = simulate(tmp_path, "split", 100)
    page = Impression("q0b", "simulated", "products", "s0", ("x",), "2027-01-15T10:00:00Z", variant="now")
    other = Impression("q0c", "simulated", "products", "s0", ("x",), "2027-01-15T10:00:00Z", variant="new")
    busy = [Event("click", "s1", f"2027-01-15T09:00:{i:02d}Z", "x", "q9") for i in range(51)]
    busy.append(Event("purchase", "s1", "2027-01-15T09:01:00Z", "x", "q9", value=1e308))
    more = written(
        tmp_path / "more.jsonl", [page, other, *busy, Started("b", "i", "split", (Share("a", 1),), page.timestamp)]
    )
    log.write_text(log.read_text() + '{"kind": "event"')
    words = ("experiment", log, more, "--name", "simulated", "--bot-clicks", "50")
    _, err = told(*words)
    assert f"warning: {log}, line " in err
    assert "was cut off while it was written: skipped" in err
    assert "1 events have a value above 1,000,000,000: skipped" in err
    assert "other experiments in this log are left out: b" in err
    assert "1 shoppers saw several variants and are left out" in err
    assert "1 shoppers clicked more than 50 times on one day: still counted" in err
    assert "1 shoppers clicked more than 50 times on one day: left out" in told(*words, "--without-bots")[1]


@pytest.mark.parametrize(
    ("words", "status", "problem"),
    [
        (["experiment", "none.jsonl"], 1, "There is no log none.jsonl"),
        (["experiment", "--effect", "0"], 2, "invalid number between 0 and 1 value: '0'"),
        (["experiment", "--window", "-1"], 2, "number of hours above 0"),
        (["experiment", "--planned-shoppers", "0"], 2, "number from 1 up"),
        (["clicks", "--model", "em"], 2, "--model em needs --queries"),
        (["clicks", "--clip", "0.5"], 2, "number from 1 up"),
    ],
)
def test_mistakes(words: list[str], status: int, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == status
    assert problem in capsys.readouterr().err


def test_without_a_log_the_servers_own_is_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: Callable[..., tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAOGOU_DATA_DIR", str(tmp_path / "data"))
    assert main(["experiment"]) == 1
    assert "There is no log" in capsys.readouterr().err
    (tmp_path / "data" / "experiments").mkdir(parents=True)
    simulate(tmp_path / "data" / "experiments", "interleave", 300)
    assert told("experiment")[0].startswith("new wins")


# --- clicks ----------------------------------------------------------------------------------------------------------


def test_clicks_tell_examination_and_the_worth_of_a_run(tmp_path: Path, told: Callable[..., tuple[str, str]]) -> None:
    log = simulate(tmp_path, "interleave", 500)
    pages = [json.loads(line) for line in log.read_text().splitlines() if '"kind":"impression"' in line]
    asked = dict(line.split("\t") for line in (tmp_path / "queries.txt").read_text().splitlines())
    first = {asked[page["queryID"]]: page["products"] for page in reversed(pages)}
    lines = [f"{q} Q0 {one} {i} {-i} t" for q in asked for i, one in enumerate(first[asked[q]][9::-1], 1)]
    run = tmp_path / "reversed.trec"
    run.write_text("\n".join(lines) + "\n")
    out, err = told("clicks", log, "--run", run, "--resamples", "20", "--clip", "4")
    first, second = out.splitlines()[1:3]
    assert first.split()[4] == "1.000"
    assert float(second.split()[4]) == pytest.approx(0.5, abs=0.1)
    assert "reversed.trec, SNIPS" in out
    assert "Of what shoppers would look at " in out
    assert "of the weights are above 4 and were cut off" in err
    found = told("clicks", log, "--queries", tmp_path / "queries.txt", "--run", run, "--resamples", "20", "--json")[0]
    answer = json.loads(found)
    assert answer["places"]["way"] == "harvest"
    assert answer["worth"]["estimate"]["logged"] > answer["worth"]["estimate"]["snips"]  # the wrong way round
    assert answer["worth"]["difference_interval"]["low"] < answer["worth"]["difference"] < 0


def test_pages_of_a_split_need_to_know_what_was_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = simulate(tmp_path, "split", 50)
    assert main(["clicks", str(log)]) == 2
    assert "say with --queries which searches asked the same" in capsys.readouterr().err
    (tmp_path / "strange.tsv").write_text("other\twords\n")
    assert main(["clicks", str(log), "--queries", str(tmp_path / "strange.tsv")]) == 1
    assert "Are the queryIDs in --queries those of this log" in capsys.readouterr().err
