"""Whole decision reports of made-up runs: every kind of option, a blend, a load test, old sources, a failed request."""

from __future__ import annotations

from functools import cache

from evalkit.analysis.summary import analyse
from evalkit.decision.verdict import decide
from evalkit.report.document import Decided, Look
from evalkit.report.html import render_report
from evalkit.report.language import spoken
from evalkit.store.run_dir import Run
from tests.builders import bench_run
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

OWNED = {
    "name": "own-servers",
    "kind": "owned",
    "model": "open",
    "capacity": {"requests_per_s": [2, 3, 4]},
    "gpus_per_server": 1,
    "server_price": {"low": 20_000, "mode": 30_000, "high": 45_000, "source": "offer"},
    "load_power": [200, 300, 400],
    "idle_power": [40, 60, 90],
    "outside": False,
}


def runs() -> list[Run]:
    """A quality run of an own model and one behind an API."""
    margins = [0.05 if i % 3 else 0.9 for i in range(150)]
    scores = {"open": right(150, 0.6), "gpt": right(150, 0.8)}
    return [quality_run(scores, margins=margins)]


@cache
def decided() -> Decided:
    """A decision between own servers, rented ones, an API and their blends."""
    config = scenario(
        OWNED,
        rented("rented"),
        by_contract("api", 2.0),
        blends=None,
        draws=500,
        load={"requests_per_month": [500_000, 1_000_000, 3_000_000]},
        self_hosted={
            "staff": {"fte": [0.1, 0.2, 0.4], "cost_per_year": [70_000, 85_000, 100_000]},
            "adoption_cost": [5_000, 10_000, 20_000],
            "electricity_price": 0.2,
        },
        policy={"quality": {"at_least": 0.55}, "data_class": "internal"},
        horizon_months=36,
    )
    found = case(config, *runs())
    return Decided(found, decide(found, config), config)


def decision_report(code: str = "en") -> bytes:
    """The decision report in a language."""
    facts = [(run, analyse(run)) for run in [*runs(), bench_run()]]
    return render_report(facts, decided(), Look(language=spoken(code)))
