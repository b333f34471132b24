"""How often a bound of a quality is on the wrong side of the truth, and how often a choice among many is.

    python benchmarks/quality_interval.py                    # all, some minutes on one core
    python benchmarks/quality_interval.py --only tasks graded clusters

Every table is Markdown and is in docs/statistics.md. Sums are exact where there are few enough outcomes, else draws are
seeded: the same call prints the same. A decision asks for the lower bound: "surely at least". It may be above the truth
2.5 times in a hundred.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray
from printed import percent, table
from scipy import stats

from evalkit.analysis.blend.evaluate import CHOICE_OF_TASKS, plan
from evalkit.analysis.blend.facts import CASCADES, Policy
from evalkit.analysis.blend.pairs import Pairs, doc_weights
from evalkit.analysis.outcomes import Signal
from evalkit.analysis.simultaneous import Column, influence, level_of
from evalkit.analysis.stats import CONFIDENCE, clopper_pearson, wilson
from evalkit.analysis.weighted import ALONE, Level, Part, score_estimate, weighted_bounds

Array = NDArray[np.float64]
SEED = 1
SHARES = (0.05, 0.08, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.92, 0.95, 0.97, 0.98, 0.99)
"""True scores of every task."""
MOST_OUTCOMES = 5_000
"""Outcomes up to which sums are exact."""


# --- right or wrong -----------------------------------------------------------------------------------------------

Lower = Callable[[Sequence[int], Sequence[int], Sequence[float]], float]
"""Right answers, docs and weight of each task → the lower bound."""


def ours(counts: Sequence[int], docs: Sequence[int], weights: Sequence[float]) -> float:
    """Return evalkit's bound."""
    parts = [
        Part(w, np.repeat([1.0, 0.0], [k, n - k]))
        for k, n, w in zip(counts, docs, weights, strict=True)
    ]
    return weighted_bounds(parts)[0]


def mover_of(limit: Callable[[float, int], tuple[float, float]]) -> Lower:
    """Return MOVER of the tasks' own limits."""
    limit = cache(limit)

    def lower(counts: Sequence[int], docs: Sequence[int], weights: Sequence[float]) -> float:
        shares = np.array(weights) / sum(weights)
        means = np.array(counts) / np.array(docs)
        lows = np.array([limit(k, n)[0] for k, n in zip(counts, docs, strict=True)])
        return float(shares @ means - np.sqrt(((shares * (means - lows)) ** 2).sum()))

    return lower


def agresti(counts: Sequence[int], docs: Sequence[int], weights: Sequence[float]) -> float:
    """Return what evalkit took before: Agresti and Coull's variance around the raw mean."""
    shares, means = np.array(weights) / sum(weights), np.array(counts) / np.array(docs)
    known = np.array(docs) + 4
    padded = (np.array(counts) + 2) / known
    variance = (shares**2 * padded * (1 - padded) / (known - 1)).sum()
    return float(shares @ means - 1.959964 * np.sqrt(variance))


METHODS: dict[str, Lower] = {
    "evalkit": ours,
    "MOVER of exact limits": mover_of(lambda k, n: clopper_pearson(k, n)),
    "MOVER of Wilson": mover_of(lambda k, n: wilson(k, n)),
    "Agresti-Coull around the mean": agresti,
}


def false_sure(
    docs: Sequence[int], weights: Sequence[float], worlds: Sequence[Sequence[float]]
) -> list[float]:
    """Return how often each method's bound is above the truth, the worst of some worlds (shares of the tasks)."""
    is_alike = len(set(docs)) == 1 and len(set(weights)) == 1
    n, n_tasks = docs[0], len(docs)
    if (
        is_alike
        and comb(n + n_tasks, n_tasks) <= MOST_OUTCOMES
        and all(len(set(w)) == 1 for w in worlds)
    ):
        return _exact(n, n_tasks, [w[0] for w in worlds])
    return _drawn(docs, weights, worlds)


def _exact(n: int, n_tasks: int, shares: Sequence[float]) -> list[float]:
    """Sum over all outcomes; which task got which count does not matter."""
    outcomes = list(combinations_with_replacement(range(n + 1), n_tasks))
    ways = np.array(
        [factorial(n_tasks) / prod(map(factorial, Counter(o).values())) for o in outcomes]
    )
    bounds = {
        name: np.array([lower(o, [n] * n_tasks, [1.0] * n_tasks) for o in outcomes])
        for name, lower in METHODS.items()
    }
    worst = dict.fromkeys(METHODS, 0.0)
    counts = np.array(outcomes)
    for share in shares:
        p = ways * np.prod(stats.binom.pmf(np.arange(n + 1), n, share)[counts], axis=1)
        for name, lows in bounds.items():
            worst[name] = max(worst[name], float(p[lows > share + 1e-9].sum()))
    return list(worst.values())


def _drawn(
    docs: Sequence[int],
    weights: Sequence[float],
    worlds: Sequence[Sequence[float]],
    n_sims: int = 4000,
) -> list[float]:
    rng = np.random.default_rng(SEED)
    shares = np.array(weights) / sum(weights)
    worst = dict.fromkeys(METHODS, 0.0)
    for world in worlds:
        seen = Counter(map(tuple, rng.binomial(docs, world, (n_sims, len(docs))).tolist()))
        truth = float(shares @ np.array(world))
        for name, lower in METHODS.items():
            false = sum(m for k, m in seen.items() if lower(k, docs, weights) > truth + 1e-9)
            worst[name] = max(worst[name], false / n_sims)
    return list(worst.values())


def tasks() -> None:
    """Print the worst false "surely above" for right and wrong."""

    def rows() -> Iterator[Sequence[str]]:
        for n_tasks in (1, 2, 3, 5):
            for n in (5, 10, 20, 50, 100, 300, 1000):
                worlds = [[share] * n_tasks for share in SHARES]
                found = false_sure([n] * n_tasks, [1.0] * n_tasks, worlds)
                yield [f"{n_tasks} × {n}", *map(percent, found)]
        spread = [
            np.linspace(low, high, 5).tolist()
            for low, high in ((0.05, 0.5), (0.2, 0.9), (0.5, 0.99))
        ]
        for n in (5, 20, 100):
            yield [
                f"5 × {n}, scores far apart",
                *map(percent, false_sure([n] * 5, [1.0] * 5, spread)),
            ]
        level = [[share] * 3 for share in SHARES]
        for docs, weights in (
            ([5, 20, 200], [1, 1, 1]),
            ([5, 20, 200], [5, 1, 1]),
            ([1, 50, 50], [1, 1, 1]),
        ):
            label = " + ".join(map(str, docs)) + ", weights " + " ".join(map(str, weights))
            yield [label, *map(percent, false_sure(docs, weights, level))]

    table(["tasks × documents", *METHODS], rows())


# --- graded scores ------------------------------------------------------------------------------------------------


def _worlds() -> dict[str, tuple[Callable[[np.random.Generator, int], Array], float]]:
    """Return graded scores by name: how they are drawn, and their mean."""
    return {
        "uniform": (lambda r, n: r.random(n), 0.5),
        "0, 1 or between": (
            lambda r, n: np.where(r.random(n) < 0.6, r.integers(0, 2, n), r.beta(2, 2, n)), 0.5,
        ),
        "mostly 1": (lambda r, n: np.where(r.random(n) < 0.1, r.random(n), 1.0), 0.95),
        "0.8, one in 20 is 0": (lambda r, n: np.where(r.random(n) < 0.05, 0.0, 0.8), 0.76),
        "0.2, one in 20 is 1": (lambda r, n: np.where(r.random(n) < 0.05, 1.0, 0.2), 0.24),
        "near 0.5": (lambda r, n: r.beta(50, 50, n), 0.5),
    }  # fmt: skip


def graded() -> None:
    """Print false "surely above" and "surely below" for scores between 0 and 1."""

    def rows() -> Iterator[Sequence[str]]:
        for name, (draw, truth) in _worlds().items():
            for n_tasks, n in ((1, 5), (1, 20), (1, 50), (1, 200), (5, 20)):
                rng = np.random.default_rng(SEED)
                sims = 2000
                found = np.array(
                    [
                        weighted_bounds([Part(1.0, draw(rng, n)) for _ in range(n_tasks)])
                        for _ in range(sims)
                    ]
                )
                above, below = found[:, 0] > truth + 1e-9, found[:, 1] < truth - 1e-9
                yield [name, f"{n_tasks} × {n}", percent(above.mean()), percent(below.mean())]

    table(["scores", "tasks × documents", "surely above", "surely below"], rows())


# --- clusters -----------------------------------------------------------------------------------------------------


def clusters() -> None:
    """Print false "surely above" where documents of one source are alike."""

    def rows() -> Iterator[Sequence[str]]:
        for groups, each, icc in (
            (5, 10, 0.3),
            (10, 8, 0.1),
            (10, 8, 0.5),
            (20, 5, 0.3),
            (40, 5, 0.3),
            (100, 3, 0.2),
        ):
            for share in (0.5, 0.8, 0.95):
                rng = np.random.default_rng(SEED)
                source = np.repeat(np.arange(groups), each)
                found = []
                for _ in range(2000):
                    own = rng.beta(share * (1 / icc - 1), (1 - share) * (1 / icc - 1), groups)
                    scores = (rng.random(len(source)) < own[source]).astype(float)
                    lows = [weighted_bounds([Part(1.0, scores, c)])[0] for c in (source, None)]
                    found.append([low > share for low in lows])
                known, unknown = np.mean(found, axis=0)
                yield [
                    f"{groups} × {each}",
                    f"{icc}",
                    f"{share:.0%}",
                    percent(known),
                    percent(unknown),
                ]

    table(
        ["sources × documents", "alike (ICC)", "truth", "surely above", "without `clusters`"],
        rows(),
    )


# --- a choice among many ------------------------------------------------------------------------------------------

BY_TASK, EVERY = (Policy.TASK,), (Policy.TASK, *CASCADES)


def _two_models(
    rng: np.random.Generator, n_tasks: int, n: int, share: float, alike: float
) -> Pairs:
    """Return two models that are right with the same probability on every doc; signals say nothing."""
    task = np.repeat(np.arange(n_tasks), n)
    size = len(task)
    local = (rng.random(size) < share).astype(float)
    vendor = np.where(rng.random(size) < alike, local, (rng.random(size) < share).astype(float))
    return Pairs(
        names=tuple(f"task {i}" for i in range(n_tasks)),
        metrics=("acc",) * n_tasks,
        task=task,
        local=local,
        vendor=vendor,
        weight=doc_weights(task, [1.0] * n_tasks),
        cost=np.full(size, 0.01),
        confidence={signal: rng.random(size) for signal in Signal},
        units=tuple(range(size)),
    )


def _false_passes(pairs: Pairs, policies: Sequence[Policy], seed: int, share: float) -> list[bool]:
    """Return whether some blend passes alone, some with its bounds together, and any score together."""
    planned = plan(pairs, seed)
    models = [pairs.local, pairs.vendor]
    blends = list(planned.blended(policies))
    n_tasks = sum(1 for _ in planned.blended([Policy.TASK]))
    is_by_task = [i < n_tasks for i in range(len(blends))]
    columns = [
        Column(pairs.units, influence(pairs.task, pairs.weight, s)) for s in (*models, *blends)
    ]
    level = level_of(columns)

    def passes(scores: Array, at: Level) -> bool:
        low = score_estimate(pairs.parts(scores), at).low
        return low is not None and low > share + 1e-9

    good = [(s, t) for s, t in zip(blends, is_by_task, strict=True) if pairs.weight @ s > share]
    wide = [passes(s, level.wider(CHOICE_OF_TASKS) if by_task else level) for s, by_task in good]
    any_model = any(passes(s, level) for s in models)
    return [any(passes(s, ALONE) for s, _ in good), any(wide), any(wide) or any_model]


def choice() -> None:
    """Print how often something passes falsely of all that is looked at, everything exactly at the requirement."""

    def rows() -> Iterator[Sequence[str]]:
        worlds = [
            (5, 60, 0.5, 0.0), (5, 60, 0.5, 0.7), (5, 20, 0.8, 0.0), (2, 60, 0.9, 0.0), (5, 120, 0.3, 0.3),
        ]  # fmt: skip
        every = ("all policies", EVERY, 600, worlds[:2])
        for label, policies, n_sims, some in (("by task", BY_TASK, 3000, worlds), every):
            for n_tasks, n, share, alike in some:
                rng = np.random.default_rng(SEED)
                found = np.mean(
                    [
                        _false_passes(
                            _two_models(rng, n_tasks, n, share, alike), policies, i, share
                        )
                        for i in range(n_sims)
                    ],
                    axis=0,
                )
                world = f"two models, {n_tasks} × {n}, {share:.0%} right"
                world += f", {alike:.0%} of answers alike" if alike else ""
                yield [world, label, *map(percent, found)]
        for n_models, alike in ((5, 0.0), (20, 0.0), (20, 0.5)):
            found = np.mean([_models(n_models, alike, i) for i in range(1000)], axis=0)
            world = f"{n_models} models, 5 × 60, 50% right" + (
                f", {alike:.0%} alike" if alike else ""
            )
            yield [world, "no blends", percent(found[0]), "–", percent(found[1])]

    table(["truth", "policies", "alone", "a blend, together", "anything, together"], rows())


def _models(n_models: int, alike: float, seed: int) -> list[bool]:
    rng = np.random.default_rng([SEED, seed])
    task = np.repeat(np.arange(5), 60)
    size = len(task)
    common = (rng.random(size) < 0.5).astype(float)
    own = (rng.random((n_models, size)) < 0.5).astype(float)
    scores = np.where(rng.random((n_models, size)) < alike, common, own)
    weight = doc_weights(task, [1.0] * 5)
    level = level_of([Column(range(size), influence(task, weight, s)) for s in scores])
    parts = [[Part(1.0, s[task == t]) for t in range(5)] for s in scores if weight @ s > 0.5]
    return [
        any(weighted_bounds(p, at)[0] > 0.5 for p in parts) for at in (CONFIDENCE, level.confidence)
    ]


PARTS = {"tasks": tasks, "graded": graded, "clusters": clusters, "choice": choice}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    for name in parser.parse_args().only:
        PARTS[name]()


if __name__ == "__main__":
    main()
