"""A stranger's text, made fit to be shown to a model as data."""

from __future__ import annotations

from search.grounding.cleaning import plain, shortened
from search.grounding.orders import speaks_to_a_model
from search.grounding.splitting import joined, sentences

_LONGEST_READ = 20_000
"""Characters looked at: more is never shown, and no product is described in more."""

_SHORT = 40
"""Characters. An order chopped into short sentences, «Ignore. All. Previous. Orders.», is read as one."""


def harmless(text: str, most: int) -> str:
    """`text` as NFC on one line of at most `most` characters, without signs that nobody sees (control, format, bidi,
    tag and private characters) and without the sentences that speak to a model rather than of the product."""
    return shortened(joined(honest(text)), most)


def honest(text: str) -> list[str]:
    """The sentences of a text that do not speak to a model, made plain."""
    # Line breaks end sentences, so they are looked at before they are lost.
    parts = [made for part in sentences(text[:_LONGEST_READ]) if (made := plain(part))]
    orders = [speaks_to_a_model(part) for part in parts]
    start = 0
    while start < len(parts):
        end = start
        while end < len(parts) and len(parts[end]) <= _SHORT:
            end += 1
        rest = [place for place in range(start, end) if not orders[place]]
        if len(rest) > 1 and speaks_to_a_model(" ".join(_bare([parts[place] for place in rest]))):
            for place in rest:
                orders[place] = True
        start = max(end, start + 1)
    return [part for part, order in zip(parts, orders, strict=True) if not order]


def _bare(parts: list[str]) -> list[str]:
    return [part.rstrip(".!?。！？；…") for part in parts]


__all__ = ["harmless", "honest"]
