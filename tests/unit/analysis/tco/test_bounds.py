"""The scores of a decision are bounded together, shown with one interval, and counted."""

from __future__ import annotations

import numpy as np

from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.facts import Outcome
from evalkit.store.run_dir import Run
from tests.scenarios import by_contract, case, option, rented, right, scenario, tasks_run, verdict

N_TASKS, N = 5, 60


def equal_models(seed: int, share: float = 0.5) -> Run:
    rng = np.random.default_rng(seed)
    each = (rng.random((2, N_TASKS, N)) < share).astype(float).tolist()
    names = [f"t{i}" for i in range(N_TASKS)]
    return tasks_run(
        {m: dict(zip(names, each[i], strict=True)) for i, m in enumerate(("open", "gpt"))}
    )


def asking(at_least: float, **changes: object) -> ScenarioConfig:
    policy = {"quality": {"at_least": at_least}, "interactive": False}
    return scenario(rented(), by_contract(), policy=policy, blends=None, draws=100, **changes)


def outcomes(config: ScenarioConfig, run: Run) -> dict[str, Outcome]:
    return {c.option: c.outcome for c in verdict(config, run).checks if c.rule == "quality"}


def test_what_is_clearly_good_passes_still() -> None:
    good, bad = right(N, 0.9), right(N, 0.2)
    run = tasks_run({"open": {"a": good, "b": bad}, "gpt": {"a": bad, "b": good}})
    assert outcomes(asking(0.75), run) == {
        "own": Outcome.FAIL,
        "api": Outcome.FAIL,
        "own + api": Outcome.PASS,
    }


def test_the_rule_and_the_blend_section_show_one_interval() -> None:
    of = case(asking(0.5), equal_models(1))
    fact = of.facts.blends[0]
    for name, e in (("own", fact.local_quality), ("api", fact.vendor_quality)):
        quality = option(of, name).quality
        assert (quality.value, quality.low, quality.high) == (e.value, e.low, e.high)
    task = fact.tasks[0]
    known = of.task_quality["open", task.task]
    assert (known.low, known.high) == (task.local.low, task.local.high)


def test_the_check_says_how_many_scores_were_looked_at() -> None:
    """Two models, and the settings by task that send some docs."""
    config = asking(0.5)
    of = case(config, equal_models(1))
    n = of.levels.mean.together
    assert 4 <= n <= 2 + N_TASKS - 1
    assert of.facts.blends[0].together == n
    text = next(c.text for c in verdict(config, equal_models(1)).checks if c.rule == "quality")
    assert f"The bounds hold for all {n} scores" in text


def test_one_model_alone_is_bounded_alone() -> None:
    run = tasks_run({"open": {"a": right(N, 0.9)}})
    config = scenario(rented(), policy={"quality": {"at_least": 0.7}})
    of = case(config, run)
    assert of.levels.mean.together == 1
    assert outcomes(config, run)["own"] is Outcome.PASS


def test_options_of_one_model_count_once() -> None:
    run = tasks_run({"open": {"a": right(N, 0.9)}})
    config = scenario(*(rented(f"own{i}") for i in range(4)), policy={"quality": {"at_least": 0.7}})
    assert case(config, run).levels.mean.together == 1
