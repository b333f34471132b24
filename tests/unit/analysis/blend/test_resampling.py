"""Intervals: right coverage, the same numbers both ways, and no certainty from equal scores."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.analysis.blend import resampling
from evalkit.analysis.blend.pairs import doc_weights
from evalkit.analysis.blend.resampling import Kind, Resamples, resample
from evalkit.analysis.facts import Estimate
from evalkit.analysis.stats import wilson

SIZES, WEIGHTS = (60, 25), (1.0, 2.0)
TASK = np.repeat([0, 1], SIZES)


def resamples(task: np.ndarray = TASK, weights: tuple[float, ...] = WEIGHTS) -> Resamples:
    return resample(task, doc_weights(task, weights), np.random.default_rng(1))


def estimate(r: Resamples, scores: np.ndarray, kind: Kind = Kind.SHARE) -> Estimate:
    return r.estimates(scores[:, None].astype(float), kind, "share")[0]


def width(e: Estimate) -> float:
    assert e.low is not None
    assert e.high is not None
    return e.high - e.low


def test_a_resample_draws_as_much_weight_of_every_stratum() -> None:
    r = resamples()
    assert r.drawn is not None
    assert r.drawn[:, :60].sum(axis=1) == pytest.approx(1 / 3)
    assert r.drawn[:, 60:].sum(axis=1) == pytest.approx(2 / 3)


def test_bootstrap_and_normal_approximation_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(2).random((85, 3))
    bootstrapped = resamples().estimates(scores, Kind.SHARE, "share")
    monkeypatch.setattr(resampling, "MOST_FOR_BOOTSTRAP", 10)
    approximated = resamples().estimates(scores, Kind.SHARE, "share")
    for a, b in zip(bootstrapped, approximated, strict=True):
        assert a.value == b.value
        assert (a.low, a.high) == pytest.approx((b.low, b.high), abs=0.01)
        assert a.method == "stratified bootstrap 95 %"
        assert b.method == "normal approximation 95 %, stratified"


@pytest.mark.parametrize("most", [10, 5000])
def test_intervals_hold_the_truth_19_times_of_20(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tasks of 60 and 25 docs with weights 1 and 2; their true means are 0.5 and 0.8."""
    monkeypatch.setattr(resampling, "MOST_FOR_BOOTSTRAP", most)
    monkeypatch.setattr(resampling, "RESAMPLES", 500)
    truth = (0.5 + 2 * 0.8) / 3
    r = resamples()
    scores = np.random.default_rng(3).random((85, 400)) < np.where(TASK == 0, 0.5, 0.8)[:, None]
    found = r.estimates(scores.astype(float), Kind.SHARE, "share")
    hits = sum(e.low <= truth <= e.high for e in found if e.low is not None and e.high is not None)
    assert 0.91 <= hits / 400 <= 0.98


def test_equal_scores_of_all_docs_get_wilsons_interval() -> None:
    one = resample(np.zeros(40, dtype=int), np.full(40, 1 / 40), np.random.default_rng(1))
    e = estimate(one, np.ones(40))
    assert (e.low, e.high) == pytest.approx(wilson(40, 40))
    assert e.method == "Wilson 95 %"


def test_uneven_weights_make_equal_scores_say_less() -> None:
    even = estimate(resamples(weights=(60.0, 25.0)), np.ones(85))
    uneven = estimate(resamples(weights=(1.0, 50.0)), np.ones(85))
    assert even.low == pytest.approx(wilson(85, 85)[0])
    assert uneven.low is not None
    assert uneven.low == pytest.approx(wilson(25, 25)[0], abs=0.01)


def test_a_task_with_equal_scores_does_not_look_certain() -> None:
    rng = np.random.default_rng(4)
    scores = np.where(TASK == 0, rng.random(85) < 0.5, 1.0)
    r = resamples()
    naive, honest = estimate(r, scores, Kind.FIXED), estimate(r, scores)
    assert width(honest) > 1.2 * width(naive)
    assert honest.high == pytest.approx(naive.high)
    assert "Wilson" in honest.method


def test_what_is_set_has_no_width() -> None:
    e = estimate(resamples(), np.full(85, 0.3), Kind.FIXED)
    assert (e.value, e.low, e.high) == pytest.approx((0.3, 0.3, 0.3))


def test_one_doc_tells_next_to_nothing() -> None:
    one = resample(np.zeros(1, dtype=int), np.ones(1), np.random.default_rng(1))
    assert width(estimate(one, np.ones(1))) > 0.7


def test_the_same_seed_gives_the_same_interval() -> None:
    scores = np.random.default_rng(5).random(85)
    assert estimate(resamples(), scores) == estimate(resamples(), scores)
