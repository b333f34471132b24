"""Decisions for tests of what reports are written as: the shipped scenarios over made-up runs."""

from __future__ import annotations

import datetime
from functools import cache

from evalkit.analysis.facts import RunFacts
from evalkit.analysis.summary import analyse
from evalkit.analysis.tco.analyse import analyse_scenario
from evalkit.catalog import load_catalog
from evalkit.config import load_scenario
from evalkit.config.scenario import CapacitySpec, ScenarioConfig
from evalkit.decision.verdict import decide
from evalkit.report.document import Decided
from evalkit.store.run_dir import Run
from tests.conftest import REPO
from tests.scenarios import quality_run, right

SHIPPED = ("start-up", "manufacturer", "support-centre")
CAPACITY = CapacitySpec.model_validate({"requests_per_s": [0.6, 0.8, 1.0]})


@cache
def runs() -> tuple[tuple[Run, RunFacts], ...]:
    """Two models asked the same 200 docs: a local one, and one behind an API."""
    run = quality_run({"open": right(200, 0.5), "vendor": right(200, 0.6)}, apis=("vendor",))
    return ((run, analyse(run)),)


def shipped(name: str) -> ScenarioConfig:
    """A shipped scenario, with a capacity of its own instead of a bench, and rules for the one task there is."""
    config = load_scenario(REPO / "configs" / "scenarios" / f"{name}.yaml")
    options = tuple(
        o.model_copy(update={"capacity": CAPACITY}) if o.is_self_hosted else o
        for o in config.options
    )
    quality = config.policy.quality.model_copy(update={"metrics": {}, "tasks": {}})
    policy = config.policy.model_copy(update={"quality": quality})
    load = config.load.model_copy(update={"task_weights": None})
    return config.model_copy(
        update={"options": options, "policy": policy, "load": load, "draws": 500}
    )


@cache
def decided(name: str) -> Decided:
    """Decide a shipped scenario."""
    config = shipped(name)
    today = datetime.date(2026, 11, 24)
    case = analyse_scenario([run for run, _ in runs()], config, load_catalog(None), today)
    return Decided(case, decide(case, config), config)
