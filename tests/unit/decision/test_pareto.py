"""The Pareto front, and whether larger models are the better ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.facts import Estimate
from evalkit.decision.pareto import Bigger, difference, model_sizes, pareto_front, size_fact
from tests.builders import manifest
from tests.decisions import API, OWN, api_option, decision_facts, nothing, option, pair, share
from tests.scenarios import quality_run


def test_what_is_dearer_and_no_better_is_not_on_the_front() -> None:
    assert pareto_front([(1, 0.5), (2, 0.5), (3, 0.9), (4, 0.8), (0.5, 0.1)]) == (4, 0, 2)


def test_equal_points_stay_together() -> None:
    assert pareto_front([(1, 0.5), (1, 0.5), (1, 0.4)]) == (0, 1)
    assert pareto_front([]) == ()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_the_front_is_what_nothing_beats(points: list[tuple[float, float]]) -> None:
    def is_beaten(p: tuple[float, float]) -> bool:
        return any(o != p and o[0] <= p[0] and o[1] >= p[1] for o in points)

    assert sorted(pareto_front(points)) == [i for i, p in enumerate(points) if not is_beaten(p)]


def entry(name: str, n: int | None) -> Any:
    values: dict[str, Any] = dict.fromkeys(
        ("revision", "path", "dtype", "quantisation", "memory_bytes", "context_length", "licence")
    )
    return {
        "name": name, "backend": "hf", "source": name, "device": "cpu", "chat_template": False,
        "n_parameters": n, **values,
    }  # fmt: skip


def test_sizes_are_those_of_the_manifests_and_a_known_one_stays() -> None:
    run = quality_run({"open": [1.0], "gpt": [1.0]})
    known, unknown = (
        replace(run, manifest=manifest(models=tuple(entry(n, s) for n, s in sizes)))
        for sizes in ([("open", 5), ("gpt", None)], [("open", None)])
    )
    assert model_sizes([known, unknown]) == {"open": 5, "gpt": None}
    assert model_sizes([]) == {}


def facts(small: Estimate, large: Estimate, *pairs: Any, **more: Any) -> Any:
    options = (option(quality=small, **more), api_option(quality=large))
    return decision_facts(options=options, pairs=pairs)


SIZES = {"qwen-32b": 32, "gpt": 400}


@pytest.mark.parametrize(
    ("small", "large", "answer"),
    [
        (share(0.5), share(0.7), Bigger.YES),
        (share(0.7), share(0.5), Bigger.NO),
        (share(0.60), share(0.62), Bigger.NO_DIFFERENCE),
    ],
)
def test_the_larger_is_better_where_the_whole_interval_says_so(
    small: Estimate, large: Estimate, answer: Bigger
) -> None:
    found = size_fact(facts(small, large), SIZES)
    assert found.answer is answer
    assert [(p.larger, p.smaller) for p in found.pairs] == [("gpt", "qwen-32b")]


def test_a_difference_paired_by_doc_goes_before_two_intervals() -> None:
    """Two overlapping intervals that the paired difference tells apart, whichever side is the larger."""
    paired = pair(build=OWN, buy=API, quality_difference=share(0.03, 0.01))
    of = facts(share(0.60, 0.05), share(0.63, 0.05), paired)
    assert size_fact(of, SIZES).answer is Bigger.YES
    turned = size_fact(of, {"qwen-32b": 400, "gpt": 32})
    assert turned.answer is Bigger.NO
    assert turned.pairs[0].difference.value == pytest.approx(-0.03)
    assert turned.pairs[0].difference.low == pytest.approx(-0.04)


@pytest.mark.parametrize("sizes", [{}, {"qwen-32b": 32, "gpt": None}, {"qwen-32b": 5, "gpt": 5}])
def test_nothing_is_said_without_two_known_and_different_sizes(
    sizes: dict[str, int | None],
) -> None:
    found = size_fact(facts(share(0.5), share(0.7)), sizes)
    assert found.answer is Bigger.NOT_KNOWN
    assert found.pairs == ()


def test_a_model_without_a_measured_quality_is_no_evidence() -> None:
    found = size_fact(facts(share(0.5), nothing("share", "not asked")), SIZES)
    assert found.answer is Bigger.NOT_KNOWN


def test_some_larger_models_may_be_better_and_others_worse() -> None:
    mid = option("mid", models=("mid",), quality=share(0.9))
    options = (option(quality=share(0.5)), mid, api_option(quality=share(0.7)))
    found = size_fact(decision_facts(options=options, pairs=()), {**SIZES, "mid": 100})
    assert found.answer is Bigger.MIXED
    assert (found.pairs[0].larger, found.pairs[0].smaller) == ("gpt", "qwen-32b")  # furthest apart


def test_the_interval_of_a_difference_holds_both_intervals() -> None:
    """MOVER by hand: 0.2 ± sqrt(0.03² + 0.04²)."""
    found = difference(share(0.7, 0.03), share(0.5, 0.04))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.15), pytest.approx(0.25))


def test_a_score_without_an_interval_tells_no_difference() -> None:
    point = Estimate(0.9, "share", 3)
    found = size_fact(facts(share(0.5), point), SIZES)
    assert found.answer is Bigger.NO_DIFFERENCE
    assert found.pairs[0].difference.reason
