"""A language model as a judge: asked pair by pair, its answers read strictly and kept as they come.

An answer that is no grade is counted and leaves the pair ungraded: a grade that had to be guessed is worse than none.
Each answer is kept beside the judgements as a line of JSON, so that whoever is interrupted goes on where it stopped and
pays for nothing twice, and so that every grade can be looked into. An answer is used again only for the same model and
the same question to the letter.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from eval.judging.pools import Pair
from eval.judging.prompts import SCHEMA, Question
from eval.judging.scale import SCALE
from search.domain import Json
from search.errors import JudgementError, LanguageModelRefused
from search.protocols import LanguageModel

MAX_TOKENS = 1024
"""A grade takes twenty; models that reason before they answer take hundreds."""

MOST_REFUSALS = 5
"""So many refused requests in a row are no matter of single products."""

_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*```\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the model. `grade` is None where `fault` says why; `said` is then what it said, cut short."""

    query: str
    product: str
    model: str
    digest: str
    grade: int | None
    fault: str = ""
    said: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def pair(self) -> Pair:
        return Pair(self.query, self.product)


def grade_in(text: str) -> int | None:
    """The grade of an answer that is one JSON object with one whole `grade` on the scale; None for anything else."""
    fenced = _FENCE.match(text.strip())
    try:
        held = json.loads(fenced[1] if fenced else text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    grade = held.get("grade") if isinstance(held, dict) else None
    return grade if isinstance(grade, int) and not isinstance(grade, bool) and grade in SCALE else None


def ask(model: LanguageModel, pair: Pair, question: Question, max_tokens: int = MAX_TOKENS) -> Answer:
    """One call. Raises LanguageModelError, except for a refusal of this request, which is an answer."""
    try:
        said = model.complete(question.system, question.user, max_tokens, SCHEMA)
    except LanguageModelRefused as error:
        return Answer(pair.query, pair.product, model.name, question.digest, None, "refused", str(error)[:300])
    grade = None if said.cut else grade_in(said.text)
    fault = "" if grade is not None else "cut off" if said.cut else "unreadable"
    return Answer(
        pair.query, pair.product, model.name, question.digest, grade, fault, said.text[:300] if fault else "",
        said.prompt_tokens, said.completion_tokens,
    )  # fmt: skip


def ask_all(
    model: LanguageModel,
    questions: Mapping[Pair, Question],
    journal: Path,
    max_tokens: int = MAX_TOKENS,
    parallel: int = 1,
) -> Generator[Answer, None, None]:
    """Answers in the order of `questions`, each kept in `journal` before it is given.

    Raises LanguageModelError; what was answered until then is kept.
    """
    refused = 0
    waiting: deque[Future[Answer]] = deque()
    items = iter(questions.items())
    with ThreadPoolExecutor(parallel, thread_name_prefix="daogou-judge") as executor, _appending(journal) as keep:
        try:
            while True:
                # No further ahead than this: when something is wrong, few calls are made for nothing.
                for pair, question in islice(items, 2 * parallel - len(waiting)):
                    waiting.append(executor.submit(ask, model, pair, question, max_tokens))
                if not waiting:
                    return
                answer = waiting.popleft().result()
                keep(answer)
                refused = refused + 1 if answer.fault == "refused" else 0
                if refused == MOST_REFUSALS:
                    raise LanguageModelRefused(f"{MOST_REFUSALS} requests in a row were refused. {answer.said}")
                yield answer
        finally:
            # Whatever stopped us, answers under way are paid for.
            for future in waiting:
                if not future.cancel() and future.exception() is None:
                    keep(future.result())


@contextmanager
def _appending(journal: Path) -> Iterator[Callable[[Answer], None]]:
    """Writes answers to the end of `journal`, each at once. Raises JudgementError where that cannot be."""
    try:
        with journal.open("a", encoding="utf-8") as file:

            def keep(answer: Answer) -> None:
                file.write(json.dumps(asdict(answer), ensure_ascii=False) + "\n")
                file.flush()

            yield keep
    except OSError as error:
        raise JudgementError(f"{journal} cannot be written: {error.strerror or error}") from error


def kept(journal: Path, model: str, questions: Mapping[Pair, Question]) -> dict[Pair, Answer]:
    """Grades of `journal` that answer these questions. Lines that a crash cut short are passed over."""
    found: dict[Pair, Answer] = {}
    for line in _lines(journal):
        answer = _answer(line)
        if answer is None or answer.grade is None or answer.model != model:
            continue
        asked = questions.get(answer.pair)
        if asked is not None and asked.digest == answer.digest:
            found[answer.pair] = answer
    return found


def mend(journal: Path) -> None:
    """End the last line, where a crash left it open: what is added must not become part of it."""
    if journal.exists():
        raw = journal.read_bytes()
        if raw and not raw.endswith(b"\n"):
            with journal.open("ab") as file:
                file.write(b"\n")


def _lines(journal: Path) -> Sequence[str]:
    if not journal.exists():
        return ()
    try:
        return journal.read_bytes().decode("utf-8", "replace").split("\n")
    except OSError as error:
        raise JudgementError(f"{journal} cannot be read: {error.strerror or error}") from error


def _answer(line: str) -> Answer | None:
    try:
        answer = Answer(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return answer if answer.grade in (*SCALE, None) else None


def _once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    held = dict(pairs)
    if len(held) < len(pairs):
        raise ValueError("a key comes twice")
    return held
