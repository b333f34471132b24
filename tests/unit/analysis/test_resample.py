"""Many intervals at once are those that scipy computes one by one."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from evalkit.analysis.resample import MOST_FOR_ROWS, bca_intervals
from evalkit.analysis.stats import Mean, mean_estimate, mean_estimates

SEED, RESAMPLES = 20261123, 9999


def scipys(values: np.ndarray) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in ("BCa", "percentile"):
            interval = stats.bootstrap(
                (values,), np.mean, n_resamples=RESAMPLES, method=method,
                rng=np.random.default_rng(SEED),
            ).confidence_interval  # fmt: skip
            if np.isfinite(interval.low) and np.isfinite(interval.high):
                break
    return float(interval.low), float(interval.high)


def samples(n: int) -> list[np.ndarray]:
    draw = np.random.default_rng(n)
    return [
        draw.random(n),
        np.round(draw.beta(0.3, 0.3, n), 1),
        draw.lognormal(0, 2, n),
        np.r_[np.zeros(n - 1), 1.7],
    ]


@pytest.mark.parametrize("n", [2, 3, 5, 17, 60, 400])
def test_bounds_are_scipys_to_the_last_digit(n: int) -> None:
    assert bca_intervals(samples(n), RESAMPLES, SEED, 0.95) == [scipys(v) for v in samples(n)]


def test_bounds_of_many_docs_are_scipys_but_for_the_last_digit() -> None:
    values = samples(MOST_FOR_ROWS + 50)[2]
    assert bca_intervals([values], RESAMPLES, SEED, 0.95)[0] == pytest.approx(
        scipys(values), rel=1e-12
    )


def test_samples_of_different_size_do_not_disturb_each_other() -> None:
    mixed = [v for n in (30, 7, 30) for v in samples(n)]
    alone = [bca_intervals([v], 500, 1, 0.95)[0] for v in mixed]
    assert bca_intervals(mixed, 500, 1, 0.95) == alone


def test_no_sample_gives_no_interval() -> None:
    assert bca_intervals([], RESAMPLES, SEED, 0.95) == []


def test_estimates_at_once_are_those_one_by_one() -> None:
    means = [
        Mean([0.0, 1.0, 1.0], 2 / 3, "share"),
        Mean([0.1, 0.5, 0.7], 0.43, "share"),
        Mean([], None, "score"),
        Mean([3.0, 3.0], 3.0, "score"),
        Mean([0.2, 0.9, 0.4], 0.5, "share"),
    ]
    assert mean_estimates(means) == [mean_estimate(m.scores, m.value, m.unit) for m in means]
