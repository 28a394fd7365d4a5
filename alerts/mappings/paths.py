"""One JSONPath expression, applied within bounds. Pure.

RFC 9535 (https://www.rfc-editor.org/rfc/rfc9535), read by jsonpath-rfc9535. Three
parts of it are not taken, as with them a short expression can take a very long time:
`..`, several selectors in one pair of brackets, and functions. What a filter compares
must be a name or a place, such as `@.a.b[0]`. What is left visits each value of the
body at most once a segment, and `Budget` bounds even that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonpath_rfc9535 import (
    JSONPathEnvironment,
    JSONPathError,
    JSONPathNode,
    JSONPathQuery,
)
from jsonpath_rfc9535.filter_expressions import (
    ComparisonExpression,
    Expression,
    FilterExpression,
    FilterQuery,
    LogicalExpression,
    PrefixExpression,
)
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment
from jsonpath_rfc9535.selectors import (
    FilterSelector,
    IndexSelector,
    JSONPathSelector,
    NameSelector,
)

EXPRESSION_LENGTH = 300
MOST_SEGMENTS = 20
MOST_STEPS = 200_000
MOST_FOUND = 1_000


class ExpressionError(ValueError):
    """The expression cannot be used; the message is fit to show."""


class TooMuchError(Exception):
    """The body has more for the expressions to look at than is looked at."""


@dataclass(slots=True)
class Budget:
    """How many values one message's expressions may still look at."""

    steps: int = MOST_STEPS

    def take(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TooMuchError


class _Environment(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        """None: some of them walk all of the body, or run a regular expression."""


_ENVIRONMENT = _Environment()


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled expression. `keys` when it is only names and places: then it is
    walked without the library, as nearly all are."""

    text: str
    is_about_item: bool
    keys: tuple[str | int, ...] | None
    query: JSONPathQuery

    def find(self, value: Any, budget: Budget, *, most: int = MOST_FOUND) -> list[Any]:
        """The values it points at, in their order; the first `most` of them.

        Raises TooMuchError when the budget is used up.
        """
        if self.keys is not None:
            budget.take(len(self.keys) + 1)
            return _walk(value, self.keys)
        found: list[Any] = []
        for node in self._nodes(value, budget):
            found.append(node.value)
            if len(found) == most:
                break
        return found

    def _nodes(self, value: Any, budget: Budget) -> Iterable[JSONPathNode]:
        nodes: Iterable[JSONPathNode] = [
            JSONPathNode(value=value, location=(), parent=None, root=value)
        ]
        for segment in self.query.segments:
            selector = segment.selectors[0]
            if isinstance(selector, FilterSelector):
                nodes = _charged(nodes, budget, weight=_size(selector.expression))
            nodes = _counted(segment.resolve(nodes), budget)
        return nodes


def compile_path(text: str) -> Path:
    """Read `$…` (from the whole message) or `@…` (from one alert of it).

    Raises ExpressionError, which says what is wrong and where.
    """
    text = text.strip()
    if not text.startswith(("$", "@")):
        raise ExpressionError("starts with neither $ (the message) nor @ (one alert).")
    if len(text) > EXPRESSION_LENGTH:
        raise ExpressionError(f"has more than {EXPRESSION_LENGTH} characters.")
    try:
        query = _ENVIRONMENT.compile("$" + text[1:])
    except (JSONPathError, RecursionError) as error:
        raise ExpressionError(_in_words(error)) from error
    _check(query)
    keys = _keys(query) if query.singular_query() else None
    return Path(text, text.startswith("@"), keys, query)


def _walk(value: Any, keys: Iterable[str | int]) -> list[Any]:
    for key in keys:
        if isinstance(key, str):
            if not isinstance(value, dict) or key not in value:
                return []
        elif not isinstance(value, list) or not -len(value) <= key < len(value):
            return []
        value = value[key]
    return [value]


def _counted(nodes: Iterable[JSONPathNode], budget: Budget) -> Iterator[JSONPathNode]:
    for node in nodes:
        budget.take()
        yield node


def _charged(
    nodes: Iterable[JSONPathNode], budget: Budget, *, weight: int
) -> Iterator[JSONPathNode]:
    """A filter looks at every child, also at those it leaves out: paid beforehand."""
    for node in nodes:
        if isinstance(node.value, dict | list):
            budget.take(weight * len(node.value))
        yield node


def _keys(query: JSONPathQuery) -> tuple[str | int, ...]:
    chosen = (segment.selectors[0] for segment in query.segments)
    return tuple(
        one.name if isinstance(one, NameSelector) else one.index
        for one in chosen
        if isinstance(one, NameSelector | IndexSelector)
    )


def _check(query: JSONPathQuery) -> None:
    if len(query.segments) > MOST_SEGMENTS:
        raise ExpressionError(f"has more than {MOST_SEGMENTS} steps.")
    for segment in query.segments:
        if isinstance(segment, JSONPathRecursiveDescentSegment):
            raise ExpressionError("holds “..”, which is not taken: name the way there.")
        if len(segment.selectors) > 1:
            raise ExpressionError("has several choices in one pair of brackets.")
        _check_selector(segment.selectors[0])


def _check_selector(selector: JSONPathSelector) -> None:
    if isinstance(selector, FilterSelector):
        for part in _parts(selector.expression):
            if isinstance(part, FilterQuery) and not part.query.singular_query():
                raise ExpressionError(
                    "has a filter that looks at more than one value, "
                    "such as @.a[*]: name the one."
                )


def _parts(expression: Expression) -> Iterator[Expression]:
    """The parts of a filter, each one that holds others before those."""
    yield expression
    if isinstance(expression, FilterExpression):
        yield from _parts(expression.expression)
    elif isinstance(expression, PrefixExpression):
        yield from _parts(expression.right)
    elif isinstance(expression, LogicalExpression | ComparisonExpression):
        yield from _parts(expression.left)
        yield from _parts(expression.right)


def _size(expression: Expression) -> int:
    return sum(1 for _ in _parts(expression))


def _in_words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply."
    told = str(error.args[0]) if error.args else "cannot be read"
    token = getattr(error, "token", None)
    place = f" at character {token.index + 1}" if token is not None else ""
    return f"cannot be read: {told}{place}."
