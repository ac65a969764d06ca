"""The filter language of the endpoint, Meilisearch's: `brand = "Logitech" AND (price < 80 OR NOT colour = black)`.

A condition is `field = value`, `!=`, `>`, `>=`, `<`, `<=`, `field 10 TO 20` (both ends included), `field IN [a, b]`,
`field NOT IN [a, b]`, `field EXISTS`, `field NOT EXISTS`, or one of `IS NULL`, `IS NOT NULL`, `IS EMPTY`,
`IS NOT EMPTY`, where null and empty both mean that the product has no value there. NOT binds before AND, AND before
OR. Names and values with spaces or signs stand in single or double quotes. A list of expressions means AND, a list
within it OR.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from datetime import datetime

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from search.domain import And, Compare, Exists, Filter, Not, OneOf, Operator, Or
from search.errors import FilterError

MAX_DEPTH = 50
MAX_CHARS = 100_000

_GRAMMAR = r"""
?start: or_expression
?or_expression: and_expression (_OR and_expression)*
?and_expression: not_expression (_AND not_expression)*
?not_expression: _NOT not_expression -> negation
               | "(" or_expression ")"
               | condition
?condition: word OPERATOR word          -> compare
          | word word _TO word          -> between
          | word _IN "[" values "]"     -> one_of
          | word _NOT _IN "[" values "]" -> none_of
          | word _EXISTS                -> exists
          | word _NOT _EXISTS           -> missing
          | word _IS (_NULL | _EMPTY)   -> missing
          | word _IS _NOT (_NULL | _EMPTY) -> exists
          | word _NOT? UNSUPPORTED word -> unsupported
          | GEO                         -> unsupported
values: [word ("," word)* ","?]
word: BARE | QUOTED

OPERATOR: "!=" | ">=" | "<=" | "=" | ">" | "<"
_OR.3: /OR\b/i
_AND.3: /AND\b/i
_NOT.3: /NOT\b/i
_TO.3: /TO\b/i
_IN.3: /IN\b/i
_IS.3: /IS\b/i
_NULL.3: /NULL\b/i
_EMPTY.3: /EMPTY\b/i
_EXISTS.3: /EXISTS\b/i
UNSUPPORTED.3: /CONTAINS\b/i | /STARTS\s+WITH\b/i
GEO.3: /_geo\w*\s*\([^)]*\)/
QUOTED: /"(?:[^"\\]|\\.)*"/s | /'(?:[^'\\]|\\.)*'/s
BARE: /[^\s()\[\],"'=<>!]+/
%ignore /\s+/
"""


def parse_filter(expression: object) -> Filter | None:
    """An expression, or a list as described above → Filter; None for what asks nothing ("", []).

    Raises FilterError that shows where the expression goes wrong.
    """
    if expression is None:
        return None
    if isinstance(expression, str):
        return _parse(expression) if expression.strip() else None
    if isinstance(expression, list):
        return _all([part for item in expression if (part := _parse_alternatives(item)) is not None])
    raise FilterError("A filter must be a string or a list of strings.")


def _parse_alternatives(item: object) -> Filter | None:
    if isinstance(item, str):
        return _parse(item) if item.strip() else None
    if isinstance(item, list) and all(isinstance(part, str) for part in item):
        parts = [_parse(part) for part in item if part.strip()]
        return _any(parts) if parts else None
    raise FilterError("A filter list holds strings, or lists of strings that are alternatives; nothing deeper.")


def _parse(expression: str) -> Filter:
    if len(expression) > MAX_CHARS:
        raise FilterError(f"A filter may have {MAX_CHARS:,} characters; this one has {len(expression):,}.")
    _check_depth(expression)
    try:
        return _parser().parse(expression)  # type: ignore[return-value]
    except VisitError as error:
        raise error.orig_exc from None
    except UnexpectedInput as error:
        raise FilterError(_where(error, expression)) from None


def _check_depth(expression: str) -> None:
    """A hostile filter nests; count brackets outside quotes before any parsing."""
    depth, quote, escaped = 0, "", False
    for char in expression:
        if quote:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == "(":
            depth += 1
            if depth > MAX_DEPTH:
                raise FilterError(f"A filter may nest {MAX_DEPTH} levels deep. Write it flatter, or use IN [...].")
        elif char == ")":
            depth -= 1


def _where(error: UnexpectedInput, expression: str) -> str:
    position = len(expression) if isinstance(error, UnexpectedEOF) else (error.pos_in_stream or 0)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        position = len(expression)
    if position >= len(expression):
        return f"The filter `{_shorten(expression)}` ends too early: a condition looks like `price < 80`."
    found = expression[position : position + 20]
    reason = (
        "a quote is not closed" if isinstance(error, UnexpectedCharacters) and found[0] in "\"'" else "not expected"
    )
    return (
        f"The filter goes wrong at character {position + 1}, `{found}`: {reason}. "
        'Conditions look like `brand = "Some Name"`, `price 10 TO 20`, `colour IN [red, blue]`; join them by AND, OR.'
    )


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _all(parts: Sequence[Filter]) -> Filter | None:
    if not parts:
        return None
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def _any(parts: Sequence[Filter]) -> Filter:
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def _negate(part: Filter) -> Filter:
    return part.part if isinstance(part, Not) else Not(part)


@v_args(inline=True)
class _ToFilter(Transformer[Token, Filter]):
    """Runs while parsing, bottom up, so that no depth of nesting can exhaust the stack."""

    def or_expression(self, *parts: Filter) -> Filter:
        return _any(parts)

    def and_expression(self, *parts: Filter) -> Filter:
        joined = _all(parts)
        assert joined is not None  # noqa: S101 (the grammar demands a part)
        return joined

    def negation(self, part: Filter) -> Filter:
        return _negate(part)

    def compare(self, field: str, operator: Token, value: str) -> Filter:
        if operator not in ("=", "!="):
            _check_ordered(field, str(operator), value)
        return Compare(field, _operator(operator), value)

    def between(self, field: str, low: str, high: str) -> Filter:
        _check_ordered(field, "TO", low)
        _check_ordered(field, "TO", high)
        return And((Compare(field, ">=", low), Compare(field, "<=", high)))

    def one_of(self, field: str, values: tuple[str, ...]) -> Filter:
        return OneOf(field, values)

    def none_of(self, field: str, values: tuple[str, ...]) -> Filter:
        return Not(OneOf(field, values))

    def exists(self, field: str) -> Filter:
        return Exists(field)

    def missing(self, field: str) -> Filter:
        return Not(Exists(field))

    def unsupported(self, *tokens: Token | str) -> Filter:
        word = next(str(token) for token in tokens if isinstance(token, Token))
        raise FilterError(f"`{_shorten(word)}` is not supported in filters. Use =, !=, <, <=, >, >=, TO, IN or EXISTS.")

    def values(self, *words: str | None) -> tuple[str, ...]:
        return tuple(word for word in words if word is not None)

    def word(self, token: Token) -> str:
        if token.type == "BARE":
            return str(token)
        body = str(token)[1:-1]
        return body.replace("\\" + str(token)[0], str(token)[0]).replace("\\\\", "\\") if "\\" in body else body


def _operator(token: Token) -> Operator:
    for operator in ("=", "!=", ">", ">=", "<", "<="):
        if token == operator:
            return operator
    raise FilterError(f"Unknown operator `{token}`.")


def _check_ordered(field: str, operator: str, value: str) -> None:
    """Only numbers and dates have an order."""
    try:
        if math.isfinite(float(value)):
            return
    except ValueError:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return
    raise FilterError(f"`{field} {operator} {_shorten(value)}`: compare with a number or a date as 2026-01-31.")


@functools.cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_ToFilter(), maybe_placeholders=True)
