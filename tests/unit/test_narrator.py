"""The narrator over a model that says what the test has it say: grounded sentences, lines, memory, and who stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fake_language_model import FakeLanguageModel

from search.domain import Constraint, Document, Query
from search.errors import LanguageModelBusy, LanguageModelError, NothingGrounded
from search.events import Reason
from search.explanation import Condition, Ledger, Liking
from search.grounding import orders
from search.language_models.breaker import Rules
from search.narration import Narrator, about, between, describe
from search.narration.listening import Left, Listener
from search.narration.told import Told

RED: Document = {
    "id": "l1", "title": "Red desk lamp", "brand": "Lantern", "category": ["Home", "Lamps"], "price": 25.0,
    "currency": "USD", "colour": "red", "in_stock": True, "description": "A warm lamp, for reading at a desk.",
}  # fmt: skip
BLUE: Document = RED | {"id": "l2", "title": "Blue desk lamp", "colour": "blue", "price": 35.0}  # type: ignore[operator]
QUERY = Query("red desk lamp", "red desk lamp", "en")
GOOD = "This red desk lamp is from Lantern. It costs $25."


def ledger(document: Document = RED, **parts: Any) -> Ledger:
    return Ledger(str(document["id"]), document, **{"query": QUERY} | parts)


def saying(text: str | Callable[[Any], str], **options: Any) -> FakeLanguageModel:
    return FakeLanguageModel(text if callable(text) else lambda _: text, **options)


def heard(words: Iterator[str]) -> tuple[list[str], LanguageModelError | None]:
    """What was said, and how it ended."""
    said = []
    try:
        for text in words:
            said.append(text)
    except LanguageModelError as error:
        return said, error
    return said, None


def test_sentences_come_one_by_one_and_enough_stops_the_model() -> None:
    model = saying(GOOD + " It is for reading. " + "It is red. " * 50)
    narrator = Narrator(model)
    words = narrator.tell(about(ledger(), "en"))
    assert next(words) == "This red desk lamp is from Lantern."
    assert list(words) == ["It costs $25."]
    assert model.closed == 1
    ((system, user, _, schema),) = model.asked
    assert "one or two short" in system
    assert '"title":"Red desk lamp"' in user
    assert schema is None


def test_what_is_not_so_is_left_out_and_counted() -> None:
    narrator = Narrator(saying("It costs $19. It is blue. It is red."))
    assert heard(narrator.tell(about(ledger(), "en"))) == (["It is red."], None)
    counts = narrator.counts()
    assert counts.faults == {"number": 1, "colour": 1}
    assert (counts.told, counts.ungrounded) == (1, 0)


@pytest.mark.parametrize("said", ["", "It costs $19.", "It is red", "这盏灯是红色的。", "\n\n"])
def test_where_nothing_can_be_shown_that_is_an_error(said: str) -> None:
    narrator = Narrator(saying(said))
    told, error = heard(narrator.tell(about(ledger(), "en")))
    assert (told, type(error)) == ([], NothingGrounded)
    assert narrator.counts().ungrounded == 1


def test_what_was_said_before_a_break_is_given_and_not_remembered() -> None:
    model = saying(GOOD, breaks=(9, LanguageModelBusy("cut")))
    narrator = Narrator(model)
    for _ in range(2):
        told, error = heard(narrator.tell(about(ledger(), "en")))
        assert (told, str(error)) == (["This red desk lamp is from Lantern."], "cut")
    assert len(model.asked) == 2
    assert narrator.before(about(ledger(), "en")) is None
    assert narrator.counts().failed == 2


def test_the_same_is_asked_once_and_anything_else_anew() -> None:
    model = saying(lambda data: f"It costs {data['product']['price']}." if "price" in data["product"] else "")
    narrator = Narrator(model)
    first = heard(narrator.tell(about(ledger(), "en")))
    assert heard(narrator.tell(about(ledger(), "en"))) == first == (["It costs $25."], None)
    assert len(model.asked) == 1
    assert narrator.before(about(ledger(), "en")) == ("It costs $25.",)
    assert narrator.counts().remembered == 2
    others = [
        ledger(RED | {"price": 26.0}),  # type: ignore[operator]
        ledger(RED | {"manual": "https://shop.example/not-shown-to-the-model.pdf"}),  # type: ignore[operator]
        ledger(query=replace(QUERY, raw="desk lamp")),
        ledger(likings=(Liking(Reason("interest", 0.3, products=("p",), event="purchase"), ("Brass lamp",)),)),
    ]
    for number, other in enumerate(others, start=2):
        assert narrator.before(about(other, "en")) is None
        heard(narrator.tell(about(other, "en")))
        assert len(model.asked) == number
    heard(narrator.tell(about(ledger(), "zh")))
    assert len(model.asked) == len(others) + 2
    heard(Narrator(saying(GOOD, name="other")).tell(about(ledger(), "en")))


def test_a_model_of_which_nothing_can_be_shown_is_not_asked_for_a_while() -> None:
    now, said = [0.0], ["It costs $19."]
    model = saying(lambda _: said[0])
    narrator = Narrator(model, nonsense=Rules(in_a_row=3, share=2.0, pause=5), clock=lambda: now[0])
    for _ in range(3):
        assert not narrator.given_up()
        assert type(heard(narrator.tell(about(ledger(), "en")))[1]) is NothingGrounded
    assert narrator.given_up()
    assert type(heard(narrator.tell(about(ledger(), "en")))[1]) is LanguageModelBusy
    assert len(model.asked) == 3
    assert (narrator.counts().ungrounded, narrator.counts().failed) == (3, 2)
    now[0], said[0] = 5.0, "It is red."
    assert not narrator.given_up()
    assert heard(narrator.tell(about(ledger(), "en"))) == (["It is red."], None)
    assert heard(narrator.tell(about(ledger(BLUE), "en")))[0] == []  # one bad answer is none too many
    assert not narrator.given_up()


def test_a_model_that_is_grounded_now_and_then_is_asked_on() -> None:
    model = saying(
        lambda data: "It is red." if data["product"]["price"] in ("$3", "$6", "$9", "$12") else "It is blue."
    )
    narrator = Narrator(model, nonsense=Rules(in_a_row=3, share=2.0))
    told = [heard(narrator.tell(about(ledger(RED | {"price": float(price)}), "en")))[0] for price in range(1, 14)]  # type: ignore[operator]
    assert told == [["It is red."] if price % 3 == 0 else [] for price in range(1, 14)]
    assert len(model.asked) == 13
    assert narrator.counts().ungrounded == 9


def test_what_the_first_question_needs_is_there_before_it() -> None:
    orders._patterns.cache_clear()
    Narrator(saying(GOOD))
    assert orders._patterns.cache_info().currsize == 1


def test_memory_is_bounded() -> None:
    model = saying("It is red.")
    narrator = Narrator(model, Told(most=1))
    heard(narrator.tell(about(ledger(), "en")))
    heard(narrator.tell(about(ledger(RED | {"price": 9.0}), "en")))  # type: ignore[operator]
    heard(narrator.tell(about(ledger(), "en")))
    assert len(model.asked) == 3


def test_who_asks_at_once_shares_a_call() -> None:
    go, begun = threading.Event(), threading.Event()

    def slow(_: Any) -> str:
        begun.set()
        assert go.wait(10)
        return GOOD

    model = saying(slow)
    narrator = Narrator(model)
    told: list[Any] = []
    threads = [
        threading.Thread(target=lambda: told.append(heard(narrator.tell(about(ledger(), "en"))))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert told == [(["This red desk lamp is from Lantern.", "It costs $25."], None)] * 4
    assert len(model.asked) == 1


def test_whoever_is_not_waited_for_stops_the_model() -> None:
    model = saying(GOOD)
    narrator = Narrator(model)
    clock = iter(range(99))
    told, error = heard(narrator.tell(about(ledger(), "en"), Listener(ends=4, clock=lambda: next(clock))))
    assert (told, type(error), model.closed) == ([], Left, 1)
    words = narrator.tell(about(ledger(), "en"))
    next(words)
    words.close()  # type: ignore[attr-defined]
    assert model.closed == 2
    assert (narrator.counts().left, narrator.counts().failed) == (2, 0)
    assert heard(narrator.tell(about(ledger(), "en")))[1] is None  # nothing is left standing in the way


def test_a_model_that_says_nothing_is_stopped_by_another_thread() -> None:
    class Silent:
        """Waits until it is stopped, and then ends as if it were at its end."""

        name = "silent"

        def __init__(self) -> None:
            self.asked, self.stopped = threading.Event(), threading.Event()

        def stream(self, *_: Any) -> Silent:
            return self

        def __iter__(self) -> Silent:
            return self

        def __next__(self) -> str:
            self.asked.set()
            assert self.stopped.wait(10)
            raise StopIteration

        def stop(self) -> None:
            self.stopped.set()

        close = stop

    model, listener = Silent(), Listener()
    narrator = Narrator(model)  # type: ignore[arg-type]
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.append(heard(narrator.tell(about(ledger(), "en"), listener))))
    thread.start()
    assert model.asked.wait(10)
    listener.leave()
    thread.join(10)
    assert [(said, type(error)) for said, error in ended] == [([], Left)]
    assert narrator.counts().left == 1


def test_nothing_of_the_shopper_is_in_the_question() -> None:
    """But what the evidence says."""
    model = saying(GOOD)
    liking = Liking(Reason("interest", 0.3, products=("p-77",), event="purchase"), ("Brass lamp",))
    heard(
        Narrator(model).tell(about(ledger(likings=(liking,), rank=1, base_rank=9, parts={"profile": 0.123456}), "en"))
    )
    ((system, user, *_),) = model.asked
    assert "Brass lamp" in user
    assert not [word for word in ("p-77", "0.123456", "l1") if word in system + user]


# --- comparing -------------------------------------------------------------------------------------------------------


def compared(said: str, documents: Sequence[Document] = (RED, BLUE), **options: Any) -> tuple[list[str], Any, Any]:
    model = saying(said, **options)
    told, error = heard(Narrator(model).tell(between([ledger(one) for one in documents], "en")))
    return told, error, model


def test_a_line_for_each_product_with_its_name() -> None:
    told, error, model = compared("1. It is red and costs $25, the least.\n2. It is blue and costs $35.\n3. More.\n")
    assert told == ["Red desk lamp: It is red and costs $25, the least.", "Blue desk lamp: It is blue and costs $35."]
    assert error is None
    assert model.closed == 1


def test_what_was_prepared_for_explanations_serves_the_comparison() -> None:
    ledgers = [ledger(RED), ledger(BLUE)]
    each = [about(one, "en") for one in ledgers]
    both = between(ledgers, "en", each)
    assert all(one.products[0] is product for one, product in zip(each, both.products, strict=True))
    assert both.products[0].ground is each[0].products[0].ground
    # What is known of each here is known in its own place only.
    assert "cost" in both.ground(0).phrases
    assert "cost" not in each[0].ground().phrases


def test_each_line_is_checked_against_its_own_product() -> None:
    """What holds of the other lamp is false of this one."""
    told, error, _ = compared("1. It is blue. It costs $35.\n2. It is red.\n")
    assert (told, type(error)) == ([], NothingGrounded)


def test_a_product_of_which_nothing_grounded_was_said_has_the_evidence() -> None:
    told, error, _ = compared("1. It is made of gold.\n2. It is blue.\n")
    assert told == [
        "Red desk lamp: costs $25, the least; has red as its colour.",
        "Blue desk lamp: It is blue.",
    ]
    told, error, _ = compared("1. It is red.\n2. It is made of gold.\n")
    assert told == ["Red desk lamp: It is red.", "Blue desk lamp: costs $35, the most; has blue as its colour."]
    assert error is None


def test_lines_without_a_number_or_with_a_wrong_one_are_not_shown() -> None:
    told, error, _ = compared("Here is what I think.\n9. It is red.\nIt is red.\n")
    assert (told, type(error)) == ([], NothingGrounded)


def test_two_that_are_called_alike_are_told_apart() -> None:
    told, *_ = compared("1. It is red.\n2. It costs $20.\n", (RED, RED | {"id": "l9", "price": 20.0}))  # type: ignore[operator]
    assert told == ["Red desk lamp (l1): It is red.", "Red desk lamp (l9): It costs $20."]


# --- honesty ---------------------------------------------------------------------------------------------------------


def test_what_speaks_against_a_product_is_told_whatever_the_model_says() -> None:
    price = Constraint("price", "<", 20.0, (0, 9), "under $20")
    weight = Constraint("weight", "<", 2.0, (0, 9), "under 2 kg")
    against = ledger(
        RED | {"in_stock": False},  # type: ignore[operator]
        conditions=(Condition(price, "violated", 25.0), Condition(weight, "unknown")),
    )
    (said,) = about(against, "en").openly()
    assert said.startswith("But ")
    assert all(word in said for word in ("$25", "$20", "weight", "not stated", "out of stock"))
    (said,) = about(against, "zh").openly()
    assert said.startswith("不过，")
    assert "缺货" in said
    assert about(ledger(), "en").openly() == ()
    told, *_ = heard(Narrator(saying("1. It is red.\n2. It is blue.\n")).tell(between([against, ledger(BLUE)], "en")))
    assert told[0].startswith("Red desk lamp: It is red. But ")


# --- descriptions ----------------------------------------------------------------------------------------------------


def test_a_description_says_what_the_product_says() -> None:
    model = saying("The Lantern desk lamp is red. It is waterproof. It is for reading at a desk. It costs $25.")
    made = describe(model, RED, "description", "en")
    assert made.text == "The Lantern desk lamp is red. It is for reading at a desk. It costs $25."
    assert [(one.sentence, {fault.kind for fault in one.faults}) for one in made.dropped] == [
        ("It is waterproof.", {"claim"})
    ]
    assert (made.model, made.completion_tokens is not None) == ("fake-1", True)


def test_an_advert_is_one_line_and_a_description_no_novel() -> None:
    text = (
        "The lamp is red. It is bright. It is a warm lamp. It is for reading at a desk. It costs $25. It is by Lantern."
    )
    assert describe(saying(text), RED, "advert", "en").text == "The lamp is red."
    assert describe(saying(text), RED, "description", "en").text.count(".") == 4


def test_nothing_grounded_is_no_text() -> None:
    made = describe(saying("It cures headaches."), RED, "description", "en")
    assert made.text == ""
    assert len(made.dropped) == 1
