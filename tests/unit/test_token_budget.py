"""The budget of tokens: nobody overspends, a day ends at midnight UTC, and an estimate is none too low."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from search.language_models.budget import DAY, Budget, Reserved, estimate


class Now:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        return self.seconds


NOON = 20_000 * DAY + DAY / 2


def _reserve(budget: Budget, tokens: int) -> Reserved:
    reserved = budget.reserve(tokens)
    assert reserved is not None
    return reserved


def test_several_at_once_cannot_overspend() -> None:
    budget = Budget(100, Now(NOON))
    first = _reserve(budget, 60)
    assert budget.reserve(41) is None
    assert _reserve(budget, 40)
    budget.settle(first, 10)
    assert (budget.left(), budget.spent) == (50, 10)


def test_what_cost_more_than_was_set_aside_counts_all_the_same() -> None:
    budget = Budget(100, Now(NOON))
    budget.settle(_reserve(budget, 10), 130)
    assert (budget.spent, budget.left()) == (130, 0)
    assert budget.reserve(1) is None
    assert budget.reserve(0) is not None


def test_the_day_ends_at_midnight_and_what_is_under_way_belongs_to_the_old_one() -> None:
    now = Now(NOON)
    budget = Budget(100, now)
    under_way = _reserve(budget, 100)
    assert budget.seconds_left() == DAY / 2
    now.seconds += DAY / 2
    assert budget.left() == 100
    budget.settle(under_way, 70)
    assert (budget.spent, budget.left()) == (0, 100)


def test_a_clock_that_is_set_back_gives_no_second_budget() -> None:
    now = Now(NOON)
    budget = Budget(100, now)
    budget.settle(_reserve(budget, 100), 100)
    now.seconds -= DAY
    assert budget.left() == 0


def test_no_limit_counts_too() -> None:
    budget = Budget(0, Now(NOON))
    budget.settle(_reserve(budget, 10**12), 10**12)
    assert (budget.left(), budget.spent) == (None, 10**12)


@pytest.mark.parametrize(
    ("text", "least"),
    [
        # Counted with the vocabularies of GPT-2 (English, emoji) and Qwen (the rest).
        ("", 0),
        ("The quiet mechanical keyboard has hot-swappable switches and a USB-C cable.", 18),
        ("安静的机械键盘，红轴，87键", 11),
        ("1234567890", 10),
        ("😀😀😀", 6),
    ],
)
def test_an_estimate_is_none_too_low(text: str, least: int) -> None:
    assert least <= estimate(text) <= max(3 * least, 2)


class Spending(RuleBasedStateMachine):
    """Against a ledger kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now = Now(NOON)
        self.budget = Budget(1000, self.now)
        self.open: list[Reserved] = []
        self.spent: dict[int, int] = {}

    def today(self) -> int:
        return int(self.now.seconds // DAY)

    @rule(tokens=st.integers(0, 1200))
    def reserve(self, tokens: int) -> None:
        aside = sum(each.tokens for each in self.open if each.day == self.today())
        reserved = self.budget.reserve(tokens)
        assert (reserved is not None) == (tokens <= max(0, 1000 - self.spent.get(self.today(), 0) - aside))
        if reserved is not None:
            self.open.append(reserved)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), cost=st.integers(0, 1500))
    def settle(self, data: st.DataObject, cost: int) -> None:
        reserved = data.draw(st.sampled_from(self.open))
        self.open.remove(reserved)
        self.budget.settle(reserved, cost)
        self.spent[reserved.day] = self.spent.get(reserved.day, 0) + cost

    @rule(hours=st.integers(0, 30))
    def wait(self, hours: int) -> None:
        self.now.seconds += hours * 3600

    @invariant()
    def the_books_agree(self) -> None:
        assert self.budget.spent == self.spent.get(self.today(), 0)


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
