"""The highest load that is sustained, never above one that was not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.metrics.capacity import Level, highest_sustained


def levels(*held: tuple[float, bool]) -> list[Level]:
    return [Level(rate, rate * 0.99, passed) for rate, passed in held]


@pytest.mark.parametrize(
    ("measured", "best", "ceiling"),
    [
        ([(1, True), (2, True), (4, False)], 2, 4),
        ([(4, False), (1, True), (2, True)], 2, 4),  # in any order
        ([(1, True), (2, True)], 2, None),
        ([(1, False), (2, True), (4, True)], None, 1),  # what failed below is believed
        ([(1, True), (2, False), (4, True)], 1, 2),
        ([(2, True), (2, False)], None, 2),  # a repeat contradicts
        ([(1, False)], None, 1),
        ([], None, None),
    ],
)
def test_highest_level_below_every_one_that_did_not_hold(
    measured: list[tuple[float, bool]], best: float | None, ceiling: float | None
) -> None:
    found, above = highest_sustained(levels(*measured))
    assert (None if found is None else found.rate_per_s, above) == (best, ceiling)


@given(st.lists(st.tuples(st.floats(0.1, 100), st.booleans())))
def test_one_more_failure_never_raises_it(measured: list[tuple[float, bool]]) -> None:
    before, _ = highest_sustained(levels(*measured))
    after, _ = highest_sustained(levels(*measured, (50.0, False)))
    assert after is None or (before is not None and after.rate_per_s <= before.rate_per_s)
