"""Draws: within bounds, with the mean of a PERT distribution, and the same whenever the seed is the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from evalkit.analysis.tco.uncertainty import figure
from evalkit.analysis.tco.values import Provenance, at_mode, drawn, replaced
from tests.scenarios import given

TRIPLES = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted)


@settings(max_examples=50)
@for_all(TRIPLES, st.integers(0, 9))
def test_draws_are_within_their_bounds(triple: list[float], seed: int) -> None:
    found = drawn(500, seed)(given("x", *triple))
    assert (found >= triple[0]).all()
    assert (found <= triple[2]).all()


@pytest.mark.parametrize("triple", [(3, 4, 6), (0, 0, 0.5), (0, 10, 10), (-1, 0, 9)])
def test_their_mean_is_that_of_a_pert_distribution(triple: tuple[float, float, float]) -> None:
    found = drawn(200_000, 7)(given("x", *triple))
    low, mode, high = triple
    a = 1 + 4 * (mode - low) / (high - low)
    b = 1 + 4 * (high - mode) / (high - low)
    sd = (high - low) * np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    assert float(found.mean()) == pytest.approx(
        (low + 4 * mode + high) / 6, abs=5 * sd / 200_000**0.5
    )
    assert float(found.std()) == pytest.approx(sd, rel=0.01)


def test_the_same_seed_gives_the_same_bytes() -> None:
    x = given("x", 1, 2, 5)
    assert drawn(100, 3)(x).tobytes() == drawn(100, 3)(x).tobytes()
    assert drawn(100, 3)(x).tobytes() != drawn(100, 4)(x).tobytes()


def test_an_inputs_draws_do_not_depend_on_what_else_is_drawn() -> None:
    x, y = given("x", 1, 2, 5), given("y", 1, 2, 5)
    alone, after = drawn(100, 3), drawn(100, 3)
    after(y)
    assert alone(x).tobytes() == after(x).tobytes()
    assert alone(x).tobytes() != alone(y).tobytes()


def test_one_quantity_has_one_value_per_draw() -> None:
    read = drawn(100, 3)
    assert read(given("x", 1, 2, 5)) is read(given("x", 1, 2, 5, label="elsewhere"))


def test_what_is_certain_is_one_number() -> None:
    assert drawn(100, 3)(given("x", 4)).shape == ()
    assert at_mode(given("x", 1, 2, 5)) == 2


def test_one_input_can_be_moved() -> None:
    read = replaced(at_mode, "x", lambda v: v * 3)
    assert (read(given("x", 1, 2, 5)), read(given("y", 7))) == (6, 7)


def test_figures_are_tenth_fiftieth_and_ninetieth_percentile() -> None:
    inputs = [given("a", 1, provenance=Provenance.DEFAULT), given("b", 1), given("c", 2)]
    found = figure(np.arange(1, 101.0)[:, None], "EUR", inputs)
    assert (found.low, found.value, found.high) == (10, 50, 90)
    assert found.provenance == (Provenance.YOURS, Provenance.DEFAULT)


def test_a_percentile_that_never_comes_is_missing() -> None:
    never = np.array([1.0] * 60 + [np.inf] * 40)
    found = figure(never, "months", [])
    assert (found.low, found.value, found.high) == (1, 1, None)
    assert figure(np.full(9, np.inf), "months", []).value is None
