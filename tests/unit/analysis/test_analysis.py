"""Facts from hand-made records: right numbers, honest intervals, and nothing invented."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest

from evalkit.analysis.facts import RunFacts, facts_to_json
from evalkit.analysis.performance import Flips
from evalkit.analysis.stats import clopper_pearson, mean_estimate, wilson
from evalkit.analysis.summary import analyse
from evalkit.records import RequestKind
from evalkit.store.run_dir import Run
from tests.builders import attempt, cell, manifest, reading, request, result, sample


def facts(**changes: object) -> RunFacts:
    values = {
        "path": Path("r"),
        "manifest": manifest(),
        "requests": [request(0), request(1)],
        "samples": [sample(0), sample(1, scores={"acc": 0.0})],
        "results": [result(0.5)],
        "telemetry": [],
    }
    return analyse(Run(**{**values, **changes}))  # type: ignore[arg-type]


@given(st.integers(1, 500), st.data())
def test_wilson_equals_scipys(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    expected = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(1, 500), st.data())
def test_clopper_and_pearsons_equals_scipys(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    expected = binomtest(k, n).proportion_ci(method="exact")
    assert clopper_pearson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(1, 5000))
def test_without_a_success_the_least_share_is_exactly_0_and_with_all_the_most_is_1(n: int) -> None:
    for interval in (wilson, clopper_pearson):
        assert interval(0, n)[0] == 0
        assert interval(n, n)[1] == 1


@given(st.integers(10, 500), st.floats(0.05, 0.95))
def test_intervals_of_shares_take_counts_that_are_not_whole(n: int, share: float) -> None:
    low, high = wilson(share * n, n)
    for bound in (low, high):
        assert abs(share - bound) == pytest.approx(1.959964 * sqrt(bound * (1 - bound) / n), 1e-4)
    low, high = clopper_pearson(share * n, n)
    assert beta.cdf(low, share * n, n - share * n + 1) == pytest.approx(0.025)
    assert beta.sf(high, share * n + 1, n - share * n) == pytest.approx(0.025)


def test_bootstrap_covers_the_mean_of_a_skewed_score() -> None:
    """Of 200 samples of 40 docs, about 95 % of the intervals must hold the true mean (here: at least 88 %)."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        scores = rng.beta(0.5, 1.5, size=40)
        e = mean_estimate(list(scores), float(scores.mean()), "score")
        assert e.low is not None
        assert e.high is not None
        hits += e.low <= 0.25 <= e.high
    assert 0.88 <= hits / 200 <= 0.99


def test_equal_scores_do_not_claim_certainty() -> None:
    e = mean_estimate([0.0] * 10, 0.0, "score")
    assert e.low == 0.0
    assert e.high is not None
    assert e.high > 0.2


def test_scores_outside_zero_and_one_that_are_equal_get_no_interval() -> None:
    e = mean_estimate([5.0] * 10, 5.0, "score")
    assert e.low is None
    assert e.reason


def test_quality_is_lm_evals_number_with_our_interval() -> None:
    (quality,) = facts().quality
    assert quality.estimate.value == 0.5
    assert quality.estimate.n == 2
    assert quality.estimate.method == "Wilson 95 %"


def test_repeats_are_averaged_per_doc_not_counted_as_docs() -> None:
    cells = (cell(), cell(cell_id="m/s/1", repeat=1))
    both = [sample(0), sample(0, cell_id="m/s/1", scores={"acc": 0.0})]
    (quality,) = facts(
        manifest=manifest(cells=cells),
        samples=both,
        results=[result(1.0), result(0.0, cell_id="m/s/1")],
    ).quality
    assert quality.estimate.value == 0.5
    assert quality.estimate.n == 1


def test_a_metric_over_only_some_docs_counts_only_those() -> None:
    samples = [sample(0, scores={"rate": 1.0}), sample(1, scores={})]
    (quality,) = facts(samples=samples, results=[result(1.0, metric="rate")]).quality
    assert quality.estimate.n == 1


def test_a_corpus_metric_has_no_interval_and_says_so() -> None:
    samples = [sample(0, scores={"bleu": None})]
    (quality,) = facts(samples=samples, results=[result(33.0, metric="bleu")]).quality
    assert quality.estimate.low is None
    assert quality.estimate.reason


def test_cells_that_are_not_done_give_no_numbers() -> None:
    found = facts(manifest=manifest(state="partial", cells=(cell(state="failed", reason="x"),)))
    assert found.quality == ()
    assert found.performance == ()
    assert "not done" in found.warnings[0]


def test_latency_comes_from_single_requests_only() -> None:
    overall, _ = facts(requests=[request(0), request(1, batch_size=4, is_timed=False)]).performance
    assert overall.ttft_s.p50.n == 1
    assert overall.ttft_s.p50.value == pytest.approx(0.1)


def test_batched_generation_has_no_latency_and_says_why() -> None:
    overall, _ = facts(requests=[request(0, batch_size=4, is_timed=False)]).performance
    assert overall.ttft_s.p50.value is None
    assert "batched" in overall.ttft_s.p50.reason


def test_answers_generated_together_tell_the_rate() -> None:
    alone = request(0, flags=("batch_same",))
    both = [request(n, is_timed=False, attempts=(attempt(send_ms=9000),)) for n in (1, 2)]
    overall, _ = facts(requests=[alone, *both]).performance
    span_s = (both[0].attempts[0].t_end_ns - both[0].attempts[0].t_send_ns) / 1e9
    assert overall.output_tokens_per_s.value == pytest.approx(9 / span_s)
    plain, _ = facts(requests=[request(0), *both]).performance
    assert plain.output_tokens_per_s.value == pytest.approx(6 / span_s)


def test_flips_are_counted_among_answers_generated_both_ways() -> None:
    flags = [("batch_same",), ("batch_differs", "truncated"), (), ("batch_differs",)]
    found = Flips.of(request(n, flags=f) for n, f in enumerate(flags))
    assert found == Flips(n_compared=3, n_differ=2)


def test_scoring_has_no_latency_and_says_why() -> None:
    scored = request(0, kind=RequestKind.LOGLIKELIHOOD, output_tokens=None)
    overall, _ = facts(requests=[scored]).performance
    assert overall.ttft_s.p50.value is None
    assert overall.output_tokens is None
    assert overall.output_tokens_per_s.value is None
    assert overall.scored_tokens_per_s.value is not None


def test_warm_up_is_never_counted() -> None:
    overall, _ = facts(requests=[request(0), request(1, is_measured=False)]).performance
    assert overall.n_requests == 1


def test_without_a_gpu_nothing_is_zero() -> None:
    overall, _ = facts(telemetry=[reading(1, rss_bytes=5, rss_peak_bytes=7)]).performance
    assert overall.rss_peak_bytes == 7
    assert overall.energy_j is None
    assert overall.gpu_peak_used_bytes is None


def test_a_busy_machine_is_told() -> None:
    idle = [reading(t, others_cpu_s=t / 1e6) for t in (0, 10_000)]
    busy = [reading(t, others_cpu_s=t / 1e3) for t in (0, 10_000)]
    assert not any("kept" in w for w in facts(telemetry=idle).warnings)
    assert any("other programs kept 1.0 cores busy" in w for w in facts(telemetry=busy).warnings)


def test_energy_is_the_counters_difference() -> None:
    readings = [reading(t, device="gpu0", energy_j=100.0 + t) for t in (1, 5, 9)]
    overall, _ = facts(telemetry=readings).performance
    assert overall.energy_j == pytest.approx(8.0)


def test_an_energy_counter_that_went_back_gives_no_energy() -> None:
    readings = [reading(1, device="gpu0", energy_j=9.0), reading(2, device="gpu0", energy_j=1.0)]
    overall, _ = facts(telemetry=readings).performance
    assert overall.energy_j is None


def test_the_summary_writes_missing_as_null() -> None:
    summary = json.loads(facts_to_json(facts()))
    assert summary["performance"][0]["energy_j"] is None
    assert "NaN" not in facts_to_json(facts()).decode()
