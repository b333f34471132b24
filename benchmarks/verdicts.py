"""How often a verdict is wrong at its stated confidence, in random worlds of which the truth is known.

    python benchmarks/verdicts.py                    # 1 000 scenarios, about three minutes on two cores
    python benchmarks/verdicts.py --scenarios 100

A world is a random scenario and the truth behind it. The scenario gives every number as low, most likely and high; the
true values are drawn between them, with other seeds than evalkit's. In half of the scenarios a quality is required:
models have true scores near the requirement, and evalkit sees the answers to some documents. The best option is the one
of the least true cost over the horizon, of those that truly are good enough. `decide` judges the scenario as it judges
any. Beside it, a calculator of point estimates takes the cheapest option at the most likely values, of those whose
measured score is high enough.

Each scenario is judged once, against many truths of its costs (`TRUTHS`), which leaves the least noise for the time.
Every table is Markdown and is in docs/statistics.md. Draws are seeded: the same call prints the same.
"""

from __future__ import annotations

import argparse
import datetime
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.analysis.docs import doc_table
from evalkit.analysis.tco.analyse import Case, analyse_scenario
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.facts import BUILD, BUY
from evalkit.analysis.tco.options import resolve, workload
from evalkit.analysis.tco.uncertainty import future
from evalkit.analysis.tco.values import Input, Reading, at_mode, drawn
from evalkit.catalog import load_catalog
from evalkit.config.scenario import ON_DEMAND, OWNED, RESERVED, ScenarioConfig
from evalkit.decision.facts import Decision, Verdict
from evalkit.decision.verdict import decide
from evalkit.records import CellRecord, Sample, TaskResult
from evalkit.store.manifest import Hardware, RunManifest
from evalkit.store.run_dir import Run

Array = NDArray[np.float64]
Rng = np.random.Generator

SEED = 1
DRAWS = 1_000
"""Simulated futures of each verdict."""
TRUTHS = 200
"""True costs that each scenario is held against."""
TODAY = datetime.date(2026, 11, 30)
CATALOG = load_catalog()
CLOSE, FAR = 0.15, 0.6
"""Spread (log) of an API's likely cost around that of the cheapest own machines, in close and other worlds."""
GROUPS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
TOO_NARROW = 2.0
"""By so much the true ranges are wider than those that were given, where somebody was too sure."""


# --- worlds -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class World:
    """A scenario, what was measured, and what is true of the models."""

    scenario: ScenarioConfig
    runs: tuple[Run, ...] = ()
    quality: Mapping[str, float] | None = None
    """Model → true score; None: no quality is required."""


def ranged(rng: Rng, mode: float, most: float = 0.6) -> list[float]:
    """Return low, mode and high of a number above 0: at most a factor of 1 + `most` each way; one in five is exact."""
    if rng.random() < 0.2:
        return [mode] * 3
    down, up = 1 + rng.uniform(0.05, most, 2)
    return [mode / down, mode, mode * up]


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """Return a number of which every factor is as probable."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_world(seed: int) -> World:
    """Return a world by its number."""
    rng = np.random.default_rng([SEED, seed])
    values = _assumptions(rng)
    own = [_own(rng, i) for i in range(rng.integers(1, 3))]
    vendors = [_api(i, 1.0) for i in range(rng.integers(1, 3))]
    values["options"] = [*own, *vendors]
    values["options"] = [*own, *_priced(rng, values)]
    if rng.random() < 0.5:
        return World(ScenarioConfig.model_validate(values))
    return _measured(rng, values)


def _assumptions(rng: Rng) -> dict[str, Any]:
    growth = rng.uniform(-0.1, 0.4)
    return {
        "name": "world",
        "currency": "EUR",
        "rates": {
            "USD": {"value": ranged(rng, 0.9, 0.15), "date": "2026-11-01", "source": "a bank"}
        },
        "horizon_months": int(rng.integers(6, 61)),
        "draws": DRAWS,
        "seed": 0,
        "load": {
            "requests_per_month": ranged(rng, log_uniform(rng, 1e5, 3e7), 1.0),
            "growth_per_year": [growth - 0.2, growth, growth + rng.uniform(0.05, 0.5)],
            "peak_to_mean": [1.5, 2.5, 5.0],
            "input_tokens": ranged(rng, log_uniform(rng, 200, 3000)),
            "output_tokens": ranged(rng, log_uniform(rng, 50, 800)),
        },
        "self_hosted": {
            **_side(rng, (0.1, 1.5), 20_000),
            "electricity_price": ranged(rng, 0.2),
            "hosting_per_server_year": ranged(rng, 12_000),
        },
        "api": _side(rng, (0.05, 0.5), 8_000),
        "blends": [],
        "policy": {"confidence": float(rng.choice([0.5, 0.65, 0.8, 0.9]))},
    }


def _side(rng: Rng, fte: tuple[float, float], adoption: float) -> dict[str, Any]:
    staff = {"fte": ranged(rng, rng.uniform(*fte)), "cost_per_year": [70_000, 85_000, 110_000]}
    return {"staff": staff, "adoption_cost": ranged(rng, adoption * rng.uniform(0.5, 2), 1.0)}


def _own(rng: Rng, i: int) -> dict[str, Any]:
    kind = str(rng.choice([OWNED, ON_DEMAND, RESERVED]))
    price = ranged(rng, log_uniform(rng, 1.2, 5), 0.4)
    changes: dict[str, dict[str, Any]] = {
        OWNED: {"server_price": ranged(rng, log_uniform(rng, 1e5, 3e5), 0.3)},
        ON_DEMAND: {"gpu_hour_price": price, "min_replicas": int(rng.integers(0, 2))},
        RESERVED: {"gpu_hour_price": price, "term_months": int(rng.choice([1, 12, 36]))},
    }
    return {
        "name": f"own-{i}",
        "kind": kind,
        "model": f"open-{i}",
        "hardware": "h100-sxm",
        "capacity": {"requests_per_s": ranged(rng, log_uniform(rng, 0.5, 10))},
        **changes[kind],
    }


def _api(i: int, price: float) -> dict[str, Any]:
    terms = {"input": price, "output": 4 * price, "source": "a contract", "date": "2026-11-01"}
    return {"name": f"api-{i}", "kind": "api_contract", "model": f"vendor-{i}", "price": terms}


def _priced(rng: Rng, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the scenario's APIs at prices that make their likely cost about that of the cheapest own machines."""
    once = _likely(values)
    twice = _likely(
        {**values, "options": [_api(i, 2.0) for i in range(sum("api" in name for name in once))]}
    )
    target = min(cost for name, cost in once.items() if name not in twice)
    spread = CLOSE if rng.random() < 0.5 else FAR
    found = []
    for i, name in enumerate(twice):
        by_token = twice[name] - once[name]
        fixed = once[name] - by_token
        wanted = target * np.exp(rng.normal(0, spread))
        found.append(_api(i, float(max((wanted - fixed) / by_token, 0.01))))
    return found


def _likely(values: Mapping[str, Any]) -> dict[str, float]:
    """Return every option's cost over the horizon at the most likely values."""
    scenario = ScenarioConfig.model_validate(values)
    book, table = Book(scenario, CATALOG, TODAY), doc_table(())
    work = workload(book)
    deployments = [resolve(o, table, book).deployment for o in scenario.options]
    return {
        d.name: float(future(d, work, at_mode).total.item()) for d in deployments if d is not None
    }


def _measured(rng: Rng, values: dict[str, Any]) -> World:
    """Return the world with a required quality, and its models' answers to some documents."""
    models = [o["model"] for o in values["options"]]
    required = round(rng.uniform(0.3, 0.9), 2)
    truths = np.clip(rng.normal(required + 0.03, 0.06, len(models)), 0.02, 0.98)
    n_tasks = int(rng.integers(1, 4))
    n = int(rng.choice([50, 100, 200, 500, 1000])) // n_tasks
    rights = {m: rng.random((n_tasks, n)) < p for m, p in zip(models, truths, strict=True)}
    rule = {"quality": {"at_least": required}}
    scenario = ScenarioConfig.model_validate({**values, "policy": {**values["policy"], **rule}})
    return World(scenario, (run_of(rights),), dict(zip(models, map(float, truths), strict=True)))


def run_of(rights: Mapping[str, NDArray[np.bool_]]) -> Run:
    """Return a run in which each model was right or wrong on each doc `[tasks, docs]`."""
    cells, samples, results = [], [], []
    for model, each in rights.items():
        cell_id = f"{model}/docs/0"
        cells.append(
            CellRecord(
                cell_id=cell_id, model=model, suite="docs", repeat=0, state="done", backend="hf",
                data_class="internal", n_docs=each.size, n_requests=each.size,
            )
        )  # fmt: skip
        for i, docs in enumerate(each):
            task = f"task-{i}"
            mean = float(docs.mean())
            results.append(
                TaskResult(cell_id, task, "none", "acc", mean, True, False, len(docs), "1")
            )
            samples += [_sample(cell_id, task, d, bool(right)) for d, right in enumerate(docs)]
    manifest = RunManifest(
        run_id="world", name="world", state="complete", config={"name": "world"}, config_file=None,
        plan_hash="", versions={}, git=None, seeds={}, started_at="2026-11-01T00:00:00+00:00",
        hardware=Hardware(cpu="", cores_physical=1, cores_logical=1, memory_bytes=1, os="", gpu_note=""),
        cells=tuple(cells),
    )  # fmt: skip
    return Run(Path("world"), manifest, [], samples, results, [])


def _sample(cell_id: str, task: str, doc: int, is_right: bool) -> Sample:
    return Sample(
        cell_id, task, "none", doc, f"d{doc}", f"p{doc}", "{}", "", "", "", {"acc": float(is_right)}
    )


# --- the truth ----------------------------------------------------------------------------------------------------


def wider(read: Reading, factor: float) -> Reading:
    """Return a reading from ranges that are so many times as wide; of numbers above 0, in factors."""

    def widened(given: Input) -> Input:
        low, mode, high = given.low, given.mode, given.high
        rate = None if given.rate is None else widened(given.rate)
        if low > 0:
            most = 1.0 if given.unit == "share" else np.inf
            low, high = mode * (low / mode) ** factor, min(mode * (high / mode) ** factor, most)
        else:
            least = -0.9 if given.unit == "share/year" and low < 0 else 0.0
            low, high = max(mode - factor * (mode - low), min(least, low)), high
        return replace(given, low=low, high=high, rate=rate)

    return lambda given: read(widened(given))


def true_costs(case: Case, read: Reading) -> dict[str, Array]:
    """Return what each option truly costs over the horizon `[truths]`."""
    return {
        name: np.broadcast_to(np.ravel(future(f.deployment, case.workload, read).total), (TRUTHS,))
        for name, f in case.futures.items()
    }


@dataclass(frozen=True, slots=True)
class Truth:
    """What would have been best."""

    costs: Mapping[str, Array]
    sides: Mapping[str, str]
    good: tuple[str, ...]
    """Options that truly are good enough."""
    margin: float
    """Share of the dearer cost below which a difference does not count."""

    def least(self, names: Iterable[str]) -> Array:
        """Return the least cost of some options `[truths]`; infinite without any."""
        rows = [self.costs[n] for n in names]
        return np.min(rows, axis=0) if rows else np.full(TRUTHS, np.inf)

    def is_right(self, option: str) -> tuple[float, float]:
        """Return in which share of truths an option's kind has the best option; exactly, and within the margin."""
        mine = self.least(n for n in self.good if self.sides[n] == self.sides[option])
        other = self.least(n for n in self.good if self.sides[n] != self.sides[option])
        known = np.isfinite(mine)
        near = known & ((1 - self.margin) * np.where(known, mine, 0.0) <= other)
        return float(np.mean(known & (mine <= other))), float(np.mean(near))

    def regret(self, option: str) -> float | None:
        """Return what an option costs more than the best, as a share; None where it is not good enough."""
        if option not in self.good:
            return None
        return float(np.mean(self.costs[option] / self.least(self.good) - 1))


# --- who judges ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody named, and how right that is."""

    option: str
    right: float
    right_within: float
    regret: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One world."""

    has_quality: bool
    is_decided: bool
    confidence: float | None
    """As stated; None without a rival of another kind."""
    ours: Named | None
    """What evalkit decided, or leans to."""
    point: Named | None
    """What the calculator names; None: nothing is good enough."""
    narrow: Named | None
    """As `ours`, against truths from wider ranges than were given."""


def judged(seed: int) -> Judged:
    """Return how a world's verdict and calculator fare."""
    return judge(random_world(seed), seed)


def judge(world: World, seed: int) -> Judged:
    """Return how verdict and calculator fare in a world; its true costs are drawn by the seed."""
    case = analyse_scenario(world.runs, world.scenario, CATALOG, TODAY)
    verdict = decide(case, world.scenario)
    truth, wide = (
        _truth(world, case, wider(drawn(TRUTHS, SEED + 1 + seed), factor))
        for factor in (1.0, TOO_NARROW)
    )
    ours, cheapest = _option_of(verdict), _at_the_point(world.scenario, case)
    return Judged(
        has_quality=world.quality is not None,
        is_decided=verdict.decision is not Decision.NOT_DECIDABLE,
        confidence=verdict.confidence,
        ours=_named(ours, truth),
        point=_named(cheapest, truth),
        narrow=_named(ours, wide),
    )


def _truth(world: World, case: Case, read: Reading) -> Truth:
    options = world.scenario.options
    least, true = world.scenario.policy.quality.at_least, world.quality
    good = [o.name for o in options if least is None or true is None or true[o.model] >= least]
    sides = {o.name: BUILD if o.is_self_hosted else BUY for o in options}
    margin = world.scenario.policy.equivalence
    return Truth(true_costs(case, read), sides, tuple(good), margin)


def _option_of(verdict: Verdict) -> str | None:
    return verdict.option or verdict.leaning


def _at_the_point(scenario: ScenarioConfig, case: Case) -> str | None:
    """Return the cheapest option at the most likely values, of those whose score is high enough."""
    least = scenario.policy.quality.at_least
    costs = {
        o.name: float(future(case.futures[o.name].deployment, case.workload, at_mode).total.item())
        for o in case.facts.options
        if least is None or (o.quality.value is not None and o.quality.value >= least)
    }
    return min(costs, key=lambda name: costs[name], default=None)


def _named(option: str | None, truth: Truth) -> Named | None:
    if option is None:
        return None
    return Named(option, *truth.is_right(option), truth.regret(option))


# --- tables -------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def percent(values: Iterable[float]) -> str:
    """Return the mean of shares as the tables have it; a dash of nothing."""
    found = list(values)
    return f"{100 * float(np.mean(found)):.1f} %" if found else "–"


def calibration(worlds: Sequence[Judged]) -> Iterator[list[str]]:
    """Yield a row per stated confidence: what was stated, and how often it was right."""
    for low, high in pairwise(GROUPS):
        is_last = high == GROUPS[-1]
        group = [
            w
            for w in worlds
            if w.confidence is not None and (low <= w.confidence < high or (is_last and w.confidence == high))
        ]  # fmt: skip
        if group:
            yield _calibrated(f"{100 * low:.0f} to {100 * high:.0f} %", group)
    alone = [w for w in worlds if w.confidence is None]
    if alone:
        yield _calibrated("none: no other kind passes", alone)


def _calibrated(label: str, group: Sequence[Judged]) -> list[str]:
    known = [(w.confidence, w.ours, w.narrow) for w in group if w.ours and w.narrow]
    stated = [c for c, _, _ in known if c is not None]
    gaps = [100 * (c - ours.right) for c, ours, _ in known if c is not None]
    return [
        label,
        f"{len(known)}",
        percent(stated),
        percent(ours.right for _, ours, _ in known),
        f"{np.mean(gaps):+.1f} ± {np.std(gaps) / len(gaps) ** 0.5:.1f}" if gaps else "–",
        percent(ours.right_within for _, ours, _ in known),
        percent(narrow.right for _, _, narrow in known),
    ]


def compared(worlds: Sequence[Judged]) -> Iterator[list[str]]:
    """Yield how evalkit and the calculator fare, where evalkit decides and where it does not."""
    for label, has_quality in (("cost alone", False), ("quality required", True)):
        mine = [w for w in worlds if w.has_quality is has_quality]
        for when, is_decided in (("decided", True), ("not decidable", False)):
            some = [w for w in mine if w.is_decided is is_decided]
            ours = "evalkit" if is_decided else "evalkit leans to"
            for who, names in (
                (ours, [w.ours for w in some]),
                ("calculator", [w.point for w in some]),
            ):
                yield [label, f"{when}: {len(some)}", who, *_fared([n for n in names if n])]
        every = [w.point for w in mine if w.point]
        yield [label, f"all: {len(mine)}", "calculator", *_fared(every)]


def _fared(named: Sequence[Named]) -> list[str]:
    return [
        f"{len(named)}",
        percent(1 - n.right for n in named),
        percent(1 - n.right_within for n in named),
        percent(float(n.regret is None) for n in named),
        percent(n.regret for n in named if n.regret is not None),
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.jobs) as pool:
        worlds = list(pool.map(judged, range(asked.scenarios), chunksize=10))
    head = ["stated confidence", "scenarios", "stated", "right", "stated − right (points)"]
    head += ["right within 5 %", "right, true ranges twice as wide"]
    for label, is_decided in (("Decided", True), ("Not decidable: what it leans to", False)):
        print(f"**{label}**\n")
        table(head, calibration([w for w in worlds if w.is_decided is is_decided]))
    table(
        ["worlds", "evalkit: scenarios", "who", "names an option", "wrong kind", "wrong by more than 5 %",
         "not good enough", "costs more than the best"],
        compared(worlds),
    )  # fmt: skip


if __name__ == "__main__":
    main()
