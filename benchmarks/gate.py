"""How often a gate errs, by simulation: accuracy, other scores, latency, and what simpler rules do with the same data.

    python benchmarks/gate.py                          # all, about a quarter of an hour on one core
    python benchmarks/gate.py --only accuracy peers
    python benchmarks/gate.py --simulations 500        # a quick look

Every table is Markdown and is in docs/statistics.md. Draws are seeded: the same call prints the same.
Confidence is 95 %, so a bound may be wrong five times in a hundred.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import log1p

import numpy as np
from numpy.typing import NDArray
from printed import percent, table
from scipy import signal, stats

from evalkit.analysis import onesided, repeated
from evalkit.analysis import stats as intervals
from evalkit.analysis.onesided import (
    Bounds,
    cluster_bounds,
    mover,
    paired_bounds,
    ratio_bounds,
    share_bounds,
)
from evalkit.analysis.paired import paired_interval
from evalkit.analysis.power import (
    docs_needed,
    docs_to_pass,
    least_docs,
    power_to_fail,
    power_to_pass,
    runs_needed,
)
from evalkit.analysis.repeated import quantile_ratio, values_ratio

Array = NDArray[np.float64]
CONFIDENCE = 0.95
MARGIN = 0.03
ACCURACY = 0.7
"""Of the baseline."""
SEED = 1


# -- right and wrong: the gate, lm-eval's comparator, a threshold -----------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One state of the world."""

    n: int
    discordance: float
    effect: float
    """How much worse the candidate is."""

    @property
    def is_possible(self) -> bool:
        """Tell whether enough docs differ for that effect."""
        return self.effect <= self.discordance + 1e-12

    def draws(self, n_simulations: int) -> NDArray[np.int64]:
        """Return docs that are won, lost, right on both sides, wrong on both: [simulations, 4]."""
        win, lose = (self.discordance - self.effect) / 2, (self.discordance + self.effect) / 2
        shares = (win, lose, ACCURACY - lose, 1 - ACCURACY - win)
        rng = np.random.default_rng((SEED, self.n, round(1e4 * self.discordance)))
        return rng.multinomial(self.n, shares, n_simulations)

    @property
    def names(self) -> list[str]:
        """Return the first columns of its row."""
        effect = f"{100 * self.effect:.0f} points"
        return [str(self.n), f"{100 * self.discordance:.0f} %", effect]


CELLS = tuple(
    Cell(n, discordance, effect)
    for n in (50, 200, 1000)
    for discordance in (0.05, 0.1, 0.2)
    for effect in (0.0, MARGIN, 2 * MARGIN)
)
HEAD = ["docs", "differ", "worse by"]


@cache
def verdict(wins: int, losses: int, n: int) -> str:
    """Return what the gate says of such counts."""
    damage = np.repeat([1.0, -1.0, 0.0], [losses, wins, n - wins - losses])
    found = paired_bounds(damage, is_share=True, confidence=CONFIDENCE)
    assert found is not None
    if found.most <= MARGIN:
        return "pass"
    return "fail" if found.least > MARGIN else "inconclusive"


def verdicts(draws: NDArray[np.int64], n: int) -> dict[str, float]:
    """Return the share of each verdict."""
    found = [verdict(int(w), int(b), n) for w, b, *_ in draws]
    return {name: found.count(name) / len(found) for name in ("pass", "fail", "inconclusive")}


def accuracy(n_simulations: int) -> None:
    """Print how often the gate passes, fails and leaves open a candidate."""
    print(f"Margin {100 * MARGIN:.0f} points, {n_simulations} simulations per row.\n")

    def rows() -> Iterator[Sequence[str]]:
        for cell in CELLS:
            if not cell.is_possible:
                yield [*cell.names, *["can't be: fewer docs differ"], *["–"] * 4]
                continue
            found = verdicts(cell.draws(n_simulations), cell.n)
            exact = power_to_pass(cell.n, MARGIN, cell.discordance, CONFIDENCE, cell.effect)
            wrong = {
                "false pass": found["pass"] if cell.effect >= MARGIN else None,
                "false fail": found["fail"] if cell.effect <= MARGIN else None,
            }
            yield [
                *cell.names,
                *[percent(found[name]) for name in ("pass", "fail", "inconclusive")],
                ", ".join(f"{k} {percent(v)}" for k, v in wrong.items() if v is not None),
                percent(exact),
            ]

    table([*HEAD, "pass", "fail", "inconclusive", "wrong", "pass, exact"], rows())


def comparator(draws: NDArray[np.int64], n: int) -> float:
    """Return how often lm-eval's `scripts/model_comparator.py` marks a task: an unpaired z test, two-sided at 0.05."""
    wins, losses, both, _ = draws.T
    base, candidate = (both + losses) / n, (both + wins) / n
    squares = sum(p * (1 - p) / (n - 1) for p in (base, candidate))
    with np.errstate(invalid="ignore", divide="ignore"):
        p_value = 2 * stats.norm.sf(np.abs(base - candidate) / np.sqrt(squares))
    return 1 - float((p_value > 0.05).mean())


def peers(n_simulations: int) -> None:
    """Print what the gate, lm-eval's comparator and a threshold say about the same data."""
    print(f"The same draws. Margin {100 * MARGIN:.0f} points, baseline {ACCURACY:.0%} right.\n")

    def rows() -> Iterator[Sequence[str]]:
        for cell in CELLS:
            if not cell.is_possible:
                continue
            draws = cell.draws(n_simulations)
            found = verdicts(draws, cell.n)
            z_test = comparator(draws, cell.n)
            threshold = float(((draws[:, 1] - draws[:, 0]) / cell.n > MARGIN + 1e-12).mean())
            gate = " / ".join(percent(found[k]) for k in ("pass", "fail", "inconclusive"))
            others = (f"{percent(1 - share)} / {percent(share)}" for share in (z_test, threshold))
            yield [*cell.names, gate, *others]

    head = ["gate: pass / fail / open", "lm-eval: no mark / mark", "threshold: pass / fail"]
    table([*HEAD, *head], rows())


def exact(_: int) -> None:
    """Print what needs no simulation: worst cases, docs and runs that are needed."""
    print(
        "Candidates exactly at a margin of 1, 2, 3, 5 or 10 points, whatever share of docs differs.\n"
    )
    sizes = (30, 40, 50, 60, 75, 88, 100, 134, 150, 200, 230, 300, 400, 500, 700, 1000)
    wrong = [
        (n, power_to_pass(n, m, d, CONFIDENCE, m), power_to_fail(n, m, d, CONFIDENCE, m))
        for n in sizes
        for m in (0.01, 0.02, 0.03, 0.05, 0.1)
        for d in m * np.geomspace(1, min(20, 0.9 / m), 30)
    ]
    worst = ((least, *np.max([w[1:] for w in wrong if w[0] >= least], axis=0)) for least in WORST)
    rows = ([str(least), percent(passed), percent(failed)] for least, passed, failed in worst)
    table(["docs at least", "false pass, worst", "false fail, worst"], rows)

    print("Docs with which an equal candidate passes 8 times in 10, by formula / exactly.\n")
    margins = (0.01, 0.02, 0.03, 0.05)

    def docs() -> Iterator[Sequence[str]]:
        yield ["none", *(f"{least_docs(m, CONFIDENCE)}" for m in margins)]
        for share in (0.05, 0.1, 0.2):
            asked = [(m, share, CONFIDENCE, 0.8) for m in margins]
            yield [f"{share:.0%}", *(f"{docs_needed(*a)} / {docs_to_pass(*a)}" for a in asked)]

    table(["docs that differ", *(f"{100 * m:.0f} points" for m in margins)], docs())

    print("Runs per side with which an equal candidate passes 8 times in 10.\n")
    noise = (0.02, 0.05, 0.08, 0.1, 0.15)
    counts = (
        [f"{m:.0%}", *(str(runs_needed(sd, m, CONFIDENCE, 0.8)) for sd in noise)]
        for m in (0.05, 0.1, 0.2)
    )
    table(["margin", *(f"{sd:.0%}" for sd in noise)], counts)


WORST = (30, 50, 100, 200, 500)

# -- other scores -----------------------------------------------------------------------------------------------------

Rng = np.random.Generator
Draw = tuple[Bounds | None, tuple[float, float], float]
"""The gate's bounds of the damage, those of a plainer method, and the truth."""


def paired_draw(damage: Array, truth: float) -> Draw:
    """Compare with the BCa bootstrap alone."""
    plain = paired_interval(damage, is_share=False, confidence=2 * CONFIDENCE - 1)
    found = paired_bounds(damage, is_share=True, confidence=CONFIDENCE)
    return found, (0.0, 0.0) if plain is None else plain[:2], truth


def sparse(rng: Rng, n: int, share: float, losing: float) -> Draw:
    """A share of docs differs; so many of them for the worse."""
    sign = np.where(rng.random(n) < losing, 1.0, -1.0)
    damage = np.where(rng.random(n) < share, sign * rng.beta(2, 1, n), 0.0)
    return paired_draw(damage, share * (2 * losing - 1) * 2 / 3)


def dense(rng: Rng, n: int) -> Draw:
    """Every doc differs a little."""
    return paired_draw(rng.normal(0.05, 0.15, n).clip(-1, 1), 0.05)


def clusters(rng: Rng, n_clusters: int, *, is_even: bool, effect: float) -> Draw:
    """Docs of a cluster flip together: a tenth of docs differ, with an intraclass correlation of 0.1."""
    sizes = np.full(n_clusters, 8) if is_even else rng.geometric(1 / 8, n_clusters)
    shares = np.array([(0.1 + effect) / 2, (0.1 - effect) / 2, 0.9])
    own = rng.dirichlet(9 * shares, n_clusters)
    place = np.repeat(np.arange(n_clusters), sizes)
    u, (lose, win) = rng.random(len(place)), own[place, :2].T
    damage = np.where(u < lose, 1.0, np.where(u < lose + win, -1.0, 0.0))
    total = np.bincount(place, damage) - damage.mean() * sizes
    plain = paired_interval(
        total * n_clusters / len(place), is_share=False, confidence=2 * CONFIDENCE - 1
    )
    at = float(damage.mean())
    drawn = (at, at) if plain is None else (at + plain.low, at + plain.high)
    return cluster_bounds(damage, place, CONFIDENCE), drawn, effect


def macro(rng: Rng, sizes: Sequence[int]) -> Draw:
    """Tasks of different size, on each of which the candidate is three points worse."""
    means, bounds, spread = [], [], 0.0
    for n in sizes:
        damage = rng.choice([1.0, -1.0, 0.0], n, p=[0.065, 0.035, 0.9])
        found = paired_bounds(damage, is_share=True, confidence=CONFIDENCE)
        assert found is not None
        means.append(float(damage.mean()))
        bounds.append(found)
        spread += float(damage.var(ddof=1)) / n
    half = float(stats.norm.ppf(CONFIDENCE)) * spread**0.5 / len(sizes)
    at = float(np.mean(means))
    return mover(means, bounds, [1 / len(sizes)] * len(sizes)), (at - half, at + half), 0.03


def cost(rng: Rng, n: int) -> Draw:
    """Cost per right answer: a tenth dearer, one doc in twenty flips, wrong answers are longer."""
    base = rng.lognormal(0, 0.6, n)
    right = rng.random(n) < 0.6
    other = np.where(right, rng.random(n) >= 0.025 / 0.6, rng.random(n) < 0.025 / 0.4)
    wrong = np.array([1.3, 1.0])
    columns = (
        base * wrong[right.astype(int)] * rng.lognormal(0, 0.1, n),
        right.astype(float),
        1.1 * base * wrong[other.astype(int)] * rng.lognormal(0, 0.1, n),
        other.astype(float),
    )
    plain = onesided._resampled(np.stack(columns), CONFIDENCE)
    return ratio_bounds(*columns, CONFIDENCE), plain, log1p(0.1)


def level(rng: Rng, n: int, share: float) -> Draw:
    """A rate that has a ceiling."""
    values = (rng.random(n) < share).astype(float)
    plain = intervals.wilson(float(values.sum()), n, 2 * CONFIDENCE - 1)
    return share_bounds(values, CONFIDENCE), plain, share


SCORES: dict[str, tuple[str, Callable[[Rng], Draw]]] = {
    "graded, 50 docs, 1 in 10 differs": ("BCa", lambda r: sparse(r, 50, 0.1, 0.5)),
    "graded, 50 docs, 1 in 3 differs": ("BCa", lambda r: sparse(r, 50, 0.33, 0.5)),
    "graded, 100 docs, 1 in 10 differs, mostly worse": ("BCa", lambda r: sparse(r, 100, 0.1, 0.85)),
    "graded, 300 docs, 1 in 10 differs, mostly worse": ("BCa", lambda r: sparse(r, 300, 0.1, 0.85)),
    "graded, 20 docs, all differ": ("BCa", lambda r: dense(r, 20)),
    "graded, 100 docs, all differ": ("BCa", lambda r: dense(r, 100)),
    "10 clusters of 8": ("BCa", lambda r: clusters(r, 10, is_even=True, effect=0.05)),
    "20 clusters of 8": ("BCa", lambda r: clusters(r, 20, is_even=True, effect=0.05)),
    "40 clusters of 8": ("BCa", lambda r: clusters(r, 40, is_even=True, effect=0.0)),
    "40 clusters, sizes differ": ("BCa", lambda r: clusters(r, 40, is_even=False, effect=0.05)),
    "100 clusters, sizes differ": ("BCa", lambda r: clusters(r, 100, is_even=False, effect=0.05)),
    "mean over 5 tasks of 50": ("normal", lambda r: macro(r, [50] * 5)),
    "mean over 4 tasks of 50 to 400": ("normal", lambda r: macro(r, [50, 100, 200, 400])),
    "cost per right answer, 50 docs": ("BCa", lambda r: cost(r, 50)),
    "cost per right answer, 200 docs": ("BCa", lambda r: cost(r, 200)),
    "rate of 3 %, 100 docs": ("Wilson", lambda r: level(r, 100, 0.03)),
    "rate of 10 %, 200 docs": ("Wilson", lambda r: level(r, 200, 0.1)),
}


def scores(n_simulations: int) -> None:
    """Print how often each bound of other scores is wrong, and that of a plainer method on the same data."""
    onesided.RESAMPLES = intervals.RESAMPLES = 999
    print(f"{n_simulations} simulations per row, 999 resamples in each.\n")

    def rows() -> Iterator[Sequence[str]]:
        for name, (plain, draw) in SCORES.items():
            rng = np.random.default_rng(SEED)
            wrong = []
            for _ in range(n_simulations):
                found, other, truth = draw(rng)
                assert found is not None
                pairs = ((found.least, found.most), other)
                wrong.append([w for low, high in pairs for w in (high < truth, low > truth)])
            rates = [percent(share) for share in np.mean(wrong, axis=0)]
            yield [name, *rates[:2], plain, *rates[2:]]

    head = ["`most` too low", "`least` too high"]
    table(["data", *head, "plain method", *head], rows())


# -- latency ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Machine:
    """How a machine's speed varies. Shares: 0.04 is four per cent."""

    between: float = 0.04
    """Level from run to run; drifts with a correlation of 0.7 from one run to the next."""
    within: float = 0.03
    """Level within a run; drifts with a correlation of 0.9 from one request to the next."""
    request: float = 0.05
    """Each request on its own."""
    spikes: float = 0.01
    """Requests that take 1.5 to 4 times as long."""
    trend: float = 0.0
    """How much slower each run is than the one before, whichever side it is of."""


@dataclass(frozen=True)
class Plan:
    """How the runs are made and compared."""

    order: str = "coin"
    """`coin`: pairs of runs, a coin says which side goes first. `ABBA`, `ABAB`: pairs in a fixed order.
    `sequential`: all of one side, then all of the other."""
    slower: float = 0.0
    n_runs: int = 7
    q: float = 0.5
    spread: float = 0.5
    """How much prompts differ in length."""
    machine: Machine = Machine()
    n_prompts: int = 60

    def runs(self, rng: Rng) -> tuple[list[Array], list[Array]]:
        """Return the times of baseline and candidate, by run [prompts]."""
        m, slots = self.machine, 2 * self.n_runs
        prompts = rng.lognormal(0, self.spread, self.n_prompts)
        is_second = seconds(self.order, self.n_runs, rng)
        levels = drift(rng, slots, 0.7, m.between) + m.trend * np.arange(slots)
        sides: tuple[list[Array], list[Array]] = ([], [])
        for slot, run_level in enumerate(levels):
            is_candidate = bool(is_second[slot])
            noise = drift(rng, self.n_prompts, 0.9, m.within)
            noise += m.request * rng.standard_normal(self.n_prompts)
            times = prompts * np.exp(run_level + noise)
            is_spike = rng.random(self.n_prompts) < m.spikes
            times[is_spike] *= rng.uniform(1.5, 4, is_spike.sum())
            sides[is_candidate].append(times * (1 + self.slower * is_candidate))
        return sides


def seconds(order: str, n_runs: int, rng: Rng) -> NDArray[np.bool_]:
    """Tell which of the slots, two per run, are the candidate's."""
    slots = np.arange(2 * n_runs)
    if order == "sequential":
        return slots >= n_runs
    turned = {"coin": rng.random(n_runs) < 0.5, "ABAB": np.zeros(n_runs, bool)}
    is_turned = turned.get(order, np.arange(n_runs) % 2 == 1)
    return np.asarray((slots % 2 == 1) ^ np.repeat(is_turned, 2))


def drift(rng: Rng, n: int, correlation: float, sd: float) -> Array:
    """Return a stationary AR(1) series."""
    fresh = sd * rng.standard_normal(n)
    fresh[1:] *= (1 - correlation**2) ** 0.5
    return np.asarray(signal.lfilter([1.0], [1.0, -correlation], fresh))


TREND = Machine(trend=0.01)
NOISY = Machine(between=0.1)
PLANS = {
    "pairs, no change": Plan(),
    "pairs, 10 % slower": Plan(slower=0.1),
    "sequential, no change": Plan("sequential"),
    "sequential, 10 % slower": Plan("sequential", slower=0.1),
    "pairs, no change, trend": Plan(machine=TREND),
    "sequential, no change, trend": Plan("sequential", machine=TREND),
    "5 pairs, no change": Plan(n_runs=5),
    "5 pairs, 10 % slower": Plan(n_runs=5, slower=0.1),
    "pairs, no change, prompts alike": Plan(spread=0.02),
    "sequential, no change, prompts alike": Plan("sequential", spread=0.02),
    "pairs, no change, noisy": Plan(machine=NOISY),
    "pairs, 10 % slower, noisy": Plan(machine=NOISY, slower=0.1),
    "ABBA, no change, noisy": Plan("ABBA", machine=NOISY),
    "ABBA, no change, trend": Plan("ABBA", machine=TREND),
    "ABAB, no change, noisy": Plan("ABAB", machine=NOISY),
    "ABAB, no change, trend": Plan("ABAB", machine=TREND),
    "pairs, no change, p95": Plan(q=0.95),
    "pairs, 10 % slower, p95": Plan(q=0.95, slower=0.1),
}


def latency_answers(plan: Plan, rng: Rng) -> list[bool]:
    """Return what each rule says, in the order of the table."""
    base, candidate = plan.runs(rng)
    found = quantile_ratio(
        base, candidate, plan.q, CONFIDENCE, is_interleaved=plan.order != "sequential"
    )
    assert found is not None
    pooled, other = np.concatenate(base), np.concatenate(candidate)
    slower = stats.mannwhitneyu(other, pooled, alternative="greater", method="asymptotic")
    ratio = np.quantile(other, plan.q) / np.quantile(pooled, plan.q)
    return [
        found.least > 0,
        *(found.least > log1p(margin) for margin in (0.02, 0.03, 0.05)),
        *(found.most <= log1p(margin) for margin in (0.05, 0.1)),
        float(slower.pvalue) < 1 - CONFIDENCE,
        float(ratio) > 1.05,
    ]


def latency(n_simulations: int) -> None:
    """Print how often rules on latency alarm and pass."""
    repeated.RESAMPLES = 400
    print(f"{n_simulations} simulations per row, 400 resamples in each.\n")

    def rows() -> Iterator[Sequence[str]]:
        for name, plan in PLANS.items():
            rng = np.random.default_rng(SEED)
            said = [latency_answers(plan, rng) for _ in range(n_simulations)]
            yield [name, *(percent(share) for share in np.mean(said, axis=0))]

    head = ["slower", "FAIL 2 %", "FAIL 3 %", "FAIL 5 %", "PASS 5 %", "PASS 10 %"]
    table(["7 runs of 60 prompts", *head, "Mann-Whitney", "pooled > 5 %"], rows())


def turns(n_simulations: int) -> None:
    """Print how often two equal sides are called different in one direction, by the order of their runs."""
    print(f"7 runs per side whose levels are all that varies; {n_simulations} simulations each.\n")
    orders = ("coin", "ABBA", "ABAB", "sequential")

    def rows() -> Iterator[Sequence[str]]:
        for correlation in (0.3, 0.5, 0.7, 0.9):
            for trend in (0.0, 0.3):
                rng = np.random.default_rng(SEED)
                wrong = dict.fromkeys(orders, 0)
                for _ in range(n_simulations):
                    levels = drift(rng, 14, correlation, 0.04) + 0.04 * trend * np.arange(14)
                    for order in orders:
                        is_second = seconds(order, 7, rng)
                        found = values_ratio(
                            np.exp(levels[~is_second]).tolist(),
                            np.exp(levels[is_second]).tolist(),
                            CONFIDENCE,
                            is_interleaved=order != "sequential",
                        )
                        assert found is not None
                        wrong[order] += found.least > 0
                names = [f"{correlation}", f"{trend:.1f} sd per run" if trend else "none"]
                yield [*names, *(percent(wrong[order] / n_simulations) for order in orders)]

    table(["correlation", "trend", *orders], rows())


SECTIONS: dict[str, tuple[str, int, Callable[[int], None]]] = {
    "exact": ("Exact numbers", 0, exact),
    "accuracy": ("Accuracy", 20_000, accuracy),
    "peers": ("Simpler rules", 20_000, peers),
    "scores": ("Other scores", 2_000, scores),
    "latency": ("Latency", 4_000, latency),
    "turns": ("Turns", 20_000, turns),
}
"""Name → title, simulations unless asked otherwise, what prints it."""


def main() -> None:
    """Read the command line and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--simulations", type=int, help="per row of a table")
    args = parser.parse_args()
    for name in args.only:
        title, n_simulations, section = SECTIONS[name]
        print(f"## {title}\n")
        section(args.simulations or n_simulations)


if __name__ == "__main__":
    main()
