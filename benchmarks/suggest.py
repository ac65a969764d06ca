"""How long a keystroke takes to complete, in a made-up catalogue.

    python benchmarks/suggest.py [--products 20000] [--keystrokes 12000] [--seed 7]

Titles are made of brands, looks, things, sizes and model numbers as in a shop, every tenth in Chinese. Keystrokes are
pieces of them, typed letter by letter: as they are, with a letter left out, and as they are beside 10,000 past queries.
Figures are of one thread, CPU time beside the clock, since other work on the machine lengthens mostly the latter.

Prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from search.domain import Document
from search.past_queries import MAX_QUERIES, MIN_TIMES, PastQueries
from search.suggestions import Suggestions, build


def _words(text: str, separator: str | None = None) -> list[str]:
    return [word.strip() for word in text.split(separator)]


BRANDS = 400
SYLLABLES = _words(
    "ba be bo ca co da de do fa fi ga go ha hu ja ka ki la lo ma mi na no pa po ra ri sa so ta tu va vo za"
)
LOOKS = _words(
    """
    wireless compact foldable stainless waterproof rechargeable portable adjustable magnetic insulated ergonomic quiet
    heavy slim solid padded digital electric cordless ceramic leather cotton bamboo acrylic"""
)
THINGS = _words(
    """mouse,keyboard,laptop stand,laser printer,toner cartridge,desk lamp,office chair,coffee maker,water bottle,
    tea kettle,frying pan,knife set,running shoes,hiking boots,rain jacket,yoga mat,phone case,screen protector,
    charging cable,power bank,bluetooth speaker,noise cancelling headphones,memory card,hard drive,router,webcam,
    bookshelf,storage box,shower curtain,bath towel,bed sheet,pillow,picture frame,wall clock,garden hose,plant pot,
    dog bed,cat litter,bird feeder,baby stroller,building blocks,puzzle,board game,fountain pen,notebook,paper clips""",
    ",",
)
COLOURS = _words("black white red blue green grey silver navy olive rust")
CHINESE_LOOKS = _words("无线 便携 折叠 防水 静音 充电 加厚 轻薄 不锈钢 纯棉")
CHINESE_THINGS = _words("蓝牙耳机 机械键盘 台灯 保温杯 双肩包 羽绒服 运动鞋 电饭煲 充电宝 连衣裙 笔记本电脑 手机壳")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--keystrokes", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    dice = random.Random(options.seed)  # noqa: S311 (no secret)
    documents = list(catalogue(dice, options.products))

    began = time.process_time()
    made = build(documents)
    facts: dict[str, float] = {"build_cpu_s": time.process_time() - began}
    data = made.to_bytes()
    began = time.perf_counter()
    loaded = Suggestions.from_bytes(data)
    facts["load_ms"] = 1000 * (time.perf_counter() - began)
    facts |= {"entries": len(loaded), "stored_mb": len(data) / 1e6, "memory_mb": loaded.nbytes / 1e6}
    print(f"{options.products:,} products, {len(loaded):,} entries, built in {facts['build_cpu_s']:.1f} s of CPU time,")
    print(
        f"{facts['stored_mb']:.2f} MB stored, read in {facts['load_ms']:.0f} ms, {facts['memory_mb']:.1f} MB in memory"
    )

    right = list(typed(dice, documents, options.keystrokes, slips=False))
    wrong = list(typed(dice, documents, options.keystrokes, slips=True))
    print(f"\n{'':28} {'ms by the clock':^26}   {'ms of CPU time':^26}")
    print(f"{'keystrokes':28} {'p50':>8} {'p99':>8} {'most':>8}   {'p50':>8} {'p99':>8} {'most':>8}")
    with tempfile.TemporaryDirectory() as folder:
        past = remembered(dice, documents, Path(folder))
        for name, keystrokes, suggest in (
            ("as they are", right, loaded.suggest),
            ("a letter left out", wrong, loaded.suggest),
            ("beside past queries", right, lambda text: loaded.suggest(text, past=past.completing("shop", text))),
        ):
            facts |= {f"{name} {figure}": value for figure, value in measured(name, keystrokes, suggest).items()}
    print(json.dumps(facts))


def measured(name: str, keystrokes: Sequence[str], suggest: Callable[[str], object]) -> dict[str, float]:
    clock, cpu = [], []
    for text in keystrokes:
        began, worked = time.perf_counter(), time.thread_time()
        suggest(text)
        cpu.append(1000 * (time.thread_time() - worked))
        clock.append(1000 * (time.perf_counter() - began))
    found: dict[str, float] = {}
    for label, times in (("ms", clock), ("cpu_ms", cpu)):
        times.sort()
        found |= {f"p50_{label}": times[len(times) // 2], f"p99_{label}": times[int(0.99 * len(times))]}
        found[f"most_{label}"] = times[-1]
    figures = [f"{value:8.2f}" for value in found.values()]
    print(f"{name:28} {' '.join(figures[:3])}   {' '.join(figures[3:])}")
    return found


def catalogue(dice: random.Random, products: int) -> Iterator[Document]:
    brands = ["".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))).title() for _ in range(BRANDS)]
    for number in range(products):
        brand = brands[min(int(dice.expovariate(1 / 80)), BRANDS - 1)]
        if number % 10 == 0:
            thing = dice.choice(CHINESE_THINGS)
            title = f"{brand} {''.join(dice.sample(CHINESE_LOOKS, 2))}{thing} {dice.randint(1, 99)}款"
        else:
            thing = dice.choice(THINGS)
            model = f"{dice.choice('ABCDEFGHKMX')}{dice.randint(10, 9999)}"
            looks = " ".join(dice.sample(LOOKS, 2))
            size, colour = dice.randint(2, 90), dice.choice(COLOURS)
            title = f"{brand} {model} {looks} {thing} for home and office, {size} cm, {colour}"
        yield {"id": str(number), "title": title, "brand": brand, "category": ["All", thing]}


def typed(dice: random.Random, documents: Sequence[Document], count: int, slips: bool) -> Iterator[str]:
    made = 0
    while made < count:
        whole = _piece(dice, documents)
        if slips and len(whole) > 4:
            place = dice.randrange(1, len(whole) - 1)
            whole = whole[:place] + whole[place + 1 :]
        for end in range(1, min(len(whole), 30) + 1):
            yield whole[:end]
            made += 1


def remembered(dice: random.Random, documents: Sequence[Document], folder: Path) -> PastQueries:
    past = PastQueries(folder)
    for _ in range(MAX_QUERIES):
        query = _piece(dice, documents)
        for _ in range(MIN_TIMES):
            past.record("shop", query)
    return past


def _piece(dice: random.Random, documents: Sequence[Document]) -> str:
    """One to four neighbouring words of a title."""
    words = dice.choice(documents)["title"].split()
    start = dice.randrange(len(words))
    return " ".join(words[start : start + dice.randint(1, 4)])


if __name__ == "__main__":
    main()
