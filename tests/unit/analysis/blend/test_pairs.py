"""Matching two models' docs: only what both answered, weighted as the real workload is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.blend.pairs import pair
from evalkit.analysis.outcomes import Outcome, Signal
from evalkit.records import Request
from tests.builders import api_attempt, request


def outcome(doc_id: int = 0, score: float | None = 1.0, **changes: Any) -> Outcome:
    values: dict[str, Any] = {
        "suite": "s",
        "task": "t",
        "doc_id": doc_id,
        "doc_hash": f"d{doc_id}",
        "metric": "acc",
        "score": score,
        "confidence": {},
        "requests": (),
    }
    return Outcome(**{**values, **changes})


def paid(cost_usd: float | None, cell_id: str = "v/s/0") -> Request:
    return request(cell_id=cell_id, attempts=(api_attempt(cost_usd=cost_usd),))


def price(requests: Sequence[Request]) -> float | None:
    costs = [a.cost_usd for r in requests for a in r.attempts]
    return None if None in costs else sum(c for c in costs if c is not None)


def test_docs_are_matched_whatever_their_order() -> None:
    local = [outcome(i, i / 4, confidence={Signal.MARGIN: i / 8}) for i in range(4)]
    vendor = [outcome(i, 1 - i / 4) for i in range(4)]
    for some in (vendor, vendor[::-1]):
        found = pair(local[::-1], some, price)
        assert found.local.tolist() == [0, 0.25, 0.5, 0.75]
        assert found.vendor.tolist() == [1, 0.75, 0.5, 0.25]
        assert found.confidence[Signal.MARGIN].tolist() == [0, 0.125, 0.25, 0.375]
        assert np.isnan(found.confidence[Signal.LOGPROB]).all()
        assert found.n_unpaired == 0
        assert not any("left out" in note for note in found.notes)


def test_docs_that_do_not_match_are_counted_and_left_out() -> None:
    local = [outcome(0), outcome(1), outcome(2, None), outcome(3), outcome(5)]
    vendor = [outcome(0), outcome(1, doc_hash="x"), outcome(2), outcome(3, None), outcome(6)]
    found = pair(local, vendor, price)
    assert found.n == 1
    assert found.n_unpaired == 5
    assert found.notes[:3] == (
        "Docs left out because a model has no score for them: 2.",
        "Docs left out because only one model was asked them: 2.",
        "Docs left out because the models were asked different ones under the same number: 1.",
    )


@pytest.mark.parametrize(
    ("local", "vendor", "reason"),
    [
        ([], [outcome()], "the local model has no scores per doc"),
        ([outcome()], [], "the vendor's model has no scores per doc"),
        ([outcome()], [outcome(task="t_generate")], "no task in common"),
        ([outcome()], [outcome(score=None)], "no doc has a score of both"),
    ],
)
def test_no_pairs_say_why(local: list[Outcome], vendor: list[Outcome], reason: str) -> None:
    found = pair(local, vendor, price)
    assert found.n == 0
    assert reason in found.reason


def two_tasks() -> list[Outcome]:
    return [outcome(i) for i in range(3)] + [outcome(i, task="u") for i in range(2)]


def test_tasks_count_the_same_without_weights() -> None:
    found = pair(two_tasks(), two_tasks(), price)
    assert found.names == ("t", "u")
    assert found.weight.tolist() == pytest.approx([1 / 6] * 3 + [1 / 4] * 2)


def test_weights_are_of_tasks_and_a_task_without_one_is_left_out() -> None:
    found = pair(two_tasks(), two_tasks(), price, {"t": 3, "u": 1})
    assert found.weight.tolist() == pytest.approx([1 / 4] * 3 + [1 / 8] * 2)
    for weights in ({"u": 2.0}, {"t": 0.0, "u": 0.5}):
        alone = pair(two_tasks(), two_tasks(), price, weights)
        assert alone.names == ("u",)
        assert alone.weight.tolist() == [0.5, 0.5]
        assert alone.n_unpaired == 0


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0.01, 100))
def test_only_the_proportion_of_weights_matters(t: float, u: float, factor: float) -> None:
    one = pair(two_tasks(), two_tasks(), price, {"t": t, "u": u})
    other = pair(two_tasks(), two_tasks(), price, {"t": t * factor, "u": u * factor})
    assert one.weight == pytest.approx(other.weight)
    assert one.weight.sum() == pytest.approx(1)


def test_a_weight_of_a_task_that_only_one_model_has_is_told() -> None:
    found = pair(two_tasks(), two_tasks()[:3], price, {"t": 1.0, "u": 1.0})
    assert found.weight.sum() == pytest.approx(1)
    assert any("Task u has a weight" in note for note in found.notes)


def test_a_doc_costs_what_answering_it_once_costs() -> None:
    """Two requests in one repeat add up; two repeats of the cell are averaged."""
    again = "v/s/1"
    requests = (paid(0.1), paid(0.2), paid(0.3, again), paid(0.6, again))
    found = pair([outcome()], [outcome(requests=requests)], price)
    assert found.cost == pytest.approx([0.6])


def test_an_unknown_cost_is_the_mean_of_the_task_else_of_all() -> None:
    costs = {"t": [0.1, 0.3, None], "u": [None, None]}
    vendor = [
        outcome(i, task=task, requests=(paid(cost),))
        for task, some in costs.items()
        for i, cost in enumerate(some)
    ]
    found = pair(two_tasks(), vendor, price)
    assert found.cost == pytest.approx([0.1, 0.3, 0.2, 0.2, 0.2])
    assert found.n_unknown_cost == 3
    assert found.notes == ("Docs whose cost at the vendor is not known: 3.",)


def test_costs_that_are_all_unknown_stay_unknown() -> None:
    assert pair(two_tasks(), two_tasks(), price).cost is None
