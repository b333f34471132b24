"""evalkit from Python: what its commands do, as functions that return what the commands print.

    from evalkit.api import decide, gate, load_run

    run = load_run("results/quickstart-20261123-101500")
    run.numbers         # a pandas frame: a row per number with its interval, n and unit
    gate("results/old", "results/new", "policy.yaml").verdict
    decide([run, "results/capacity-20261123-113000"], "scenario.yaml").verdict.decision

Importing this module loads no library; each function imports what it needs.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from evalkit.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.analysis.facts import RunFacts
    from evalkit.config import BenchConfig, GatePolicy, RunConfig, ScenarioConfig
    from evalkit.execute.progress import Tell
    from evalkit.execute.work import RunOptions
    from evalkit.gate.facts import GateResult
    from evalkit.report.document import Decided, Look
    from evalkit.store.run_dir import Run

Place = Path | str
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished run with its facts."""

    run: Run
    facts: RunFacts

    @property
    def numbers(self) -> pd.DataFrame:
        """Every number of the analysis, as `evalkit export --format csv` writes it."""
        from evalkit.report.export import facts_frame

        return facts_frame(self.facts)

    @property
    def samples(self) -> pd.DataFrame:
        """Every doc and score, as `evalkit export --format csv --samples` writes them."""
        from evalkit.report.export import samples_frame

        return samples_frame(self.run)


Runs = Iterable[Measured | Place]


def load_run(folder: Place) -> Measured:
    """Read a run directory and compute its facts.

    Raises:
        DataError: It is damaged, or has no results yet.
    """
    from evalkit.analysis.summary import analyse
    from evalkit.store.run_dir import open_run

    run = open_run(_place(folder))
    return Measured(run, analyse(run))


def _place(given: object) -> Path:
    if not isinstance(given, Path | str):
        raise UsageError(f"{given!r}: not a path.", "Give a file or folder as text or Path.")
    return Path(given)


def _read(given: T | Place, load: Callable[[Path], T], kind: type[T]) -> tuple[T, Path | None]:
    """Return what a file says and the file, or what was given itself."""
    if isinstance(given, Path | str):
        return load(Path(given)), Path(given)
    if not isinstance(given, kind):
        raise UsageError(
            f"{type(given).__name__}: neither a {kind.__name__} nor its file.",
            "Give the path of a YAML file.",
        )
    return given, None


def _loaded(runs: Runs | Measured | Place) -> tuple[Measured, ...]:
    """Return runs, read where only their folder is named; one alone needs no list."""
    several = [runs] if isinstance(runs, Measured | Path | str) else list(runs)
    return tuple(r if isinstance(r, Measured) else load_run(r) for r in several)


# --- measuring ----------------------------------------------------------------------------------------------------


def run(
    config: RunConfig | Place, *, tell: Tell | None = None, options: RunOptions | None = None
) -> Measured:
    """Measure every model of a config on every suite; blocks until it is done.

    Args:
        config: Itself, or its file.
        tell: Called with what happens; None: nobody is told.
        options: Budgets and checks of this session.

    Returns:
        What was measured. `facts.state` is `partial` where a model failed or a budget was used up.

    Raises:
        UsageError: Nothing was written.
        ConfigError: The file is wrong.
    """
    from evalkit.config import RunConfig, load_run_config
    from evalkit.execute.local import start_run
    from evalkit.plan import make_plan

    spec, file = _read(config, load_run_config, RunConfig)
    return summarised(start_run(make_plan(spec), file, tell or _nobody, options))


def bench(config: BenchConfig | Place, *, tell: Tell | None = None) -> Measured:
    """Put every model of a config under every load profile; blocks until it is done.

    Args:
        config: Itself, or its file.
        tell: Called with what happens; None: nobody is told.

    Returns:
        What was measured, as of `run`.

    Raises:
        UsageError: Nothing was written.
        ConfigError: The file is wrong.
    """
    from evalkit.config import BenchConfig, load_bench_config
    from evalkit.execute.bench import start_bench

    spec, file = _read(config, load_bench_config, BenchConfig)
    return summarised(start_bench(spec, file, tell or _nobody))


def _nobody(_event: object) -> None:
    """Tell nobody."""


def summarised(folder: Path, *, has_report: bool = True) -> Measured:
    """Analyse what a run or bench left, and write its summary and, where its config wants one, its report."""
    from evalkit.analysis.facts import facts_to_json
    from evalkit.store.run_dir import REPORT, SUMMARY, add_file, remove_journal

    found = load_run(folder)
    add_file(folder, SUMMARY, facts_to_json(found.facts))
    if has_report and found.run.manifest.config["output"]["report"]:
        add_file(folder, REPORT, report([found]))
    if found.facts.state == "complete":
        remove_journal(folder)
    return found


# --- deciding -----------------------------------------------------------------------------------------------------


def decide(runs: Runs, scenario: ScenarioConfig | Place, policy: Place | None = None) -> Decided:
    """Return costs and verdict of a scenario, as of today.

    Args:
        runs: Quality runs and benches, of any models.
        scenario: Itself, or its file.
        policy: File of a policy that replaces the scenario's own.

    Raises:
        ConfigError: A file is wrong.
        UsageError: Scenario and runs don't fit.
    """
    from evalkit.analysis.tco.analyse import analyse_scenario
    from evalkit.catalog import load_catalog
    from evalkit.config import ScenarioConfig, load_policy, load_scenario
    from evalkit.decision.verdict import decide as verdict_on
    from evalkit.report.document import Decided

    spec, file = _read(scenario, load_scenario, ScenarioConfig)
    if policy is not None:
        spec = spec.model_copy(update={"policy": load_policy(Path(policy))})
    today = datetime.datetime.now(datetime.UTC).date()
    case = analyse_scenario([m.run for m in _loaded(runs)], spec, load_catalog(spec.catalog), today)
    return Decided(case, verdict_on(case, spec), spec, _named(file))


def _named(file: Path | None) -> str:
    """Name a file for a reader, whom a private path of this machine would tell nothing."""
    if file is None:
        return ""
    return file.name if file.is_absolute() else file.as_posix()


def gate(
    baseline: Place,
    candidate: Place,
    policy: GatePolicy | Place | None = None,
    *,
    models: tuple[str | None, str | None] = (None, None),
    allowed: Sequence[str] = (),
    n_flips: int = 20,
    is_judged: bool = True,
) -> GateResult:
    """Judge a candidate against a baseline.

    Args:
        baseline: A run directory, a folder of repetitions, or accepted baselines.
        candidate: The same.
        policy: Rules, or their file; None: the built-in ones.
        models: Names of the two, where a side holds several.
        allowed: Conditions that may differ.
        n_flips: Documents to list on which the two differ.
        is_judged: False: compare, and judge nothing.

    Raises:
        ConfigError: The policy is wrong.
        UsageError: Which model is meant is not clear.
        DataError: They can't be compared.
    """
    from evalkit.gate.conditions import ALLOWED
    from evalkit.gate.open import open_side
    from evalkit.gate.verdict import Asked, decide_gate

    rules = gate_policy(policy)
    unknown = sorted({*allowed} - {*ALLOWED}) if not isinstance(allowed, str) else [allowed]
    if unknown:
        raise UsageError(
            f"allowed: {unknown[0]!r} is no condition.", f"There are: {', '.join(ALLOWED)}."
        )
    if n_flips < 0:
        raise UsageError(f"n_flips: {n_flips} is below 0.", "Give 0 or more.")
    if isinstance(models, str) or len(models) != 2:
        raise UsageError(
            f"models: {models!r} are not two names.",
            "Give (baseline's, candidate's); None: its only one.",
        )
    one = open_side(_place(baseline), models[0], rules.clusters, option="--baseline-model")
    other = open_side(_place(candidate), models[1], rules.clusters, option="--candidate-model")
    return decide_gate(one, other, rules, Asked(now(), allowed, n_flips, is_judged=is_judged))


def now() -> str:
    """Return this moment, ISO 8601, UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def compare(
    baseline: Place,
    candidate: Place,
    *,
    models: tuple[str | None, str | None] = (None, None),
    allowed: Sequence[str] = (),
    n_flips: int = 20,
) -> GateResult:
    """Say where a candidate differs from a baseline, and judge nothing; arguments and errors are those of `gate`."""
    return gate(
        baseline, candidate, models=models, allowed=allowed, n_flips=n_flips, is_judged=False
    )


def gate_policy(policy: GatePolicy | Place | None) -> GatePolicy:
    """Return the policy of a file, or the built-in one.

    Raises:
        ConfigError: The file is wrong.
    """
    from evalkit.config import GatePolicy, load_gate_policy

    if policy is None:
        return GatePolicy()
    return _read(policy, load_gate_policy, GatePolicy)[0]


# --- reporting ----------------------------------------------------------------------------------------------------


def report(
    runs: Runs,
    decided: Decided | None = None,
    *,
    gate: GateResult | None = None,
    look: Look | None = None,
    lang: str = "en",
) -> bytes:
    """Return the report of runs as one HTML file; the same facts give the same bytes.

    Args:
        runs: At least one.
        decided: Costs and verdict, on top.
        gate: Whether a candidate may replace its baseline, above that.
        look: Language, theme and own templates.
        lang: Language, where no look says it.

    Raises:
        UsageError: There is neither run nor verdict, or the verdict rests on other runs.
    """
    from evalkit.report.document import Look
    from evalkit.report.html import render_report
    from evalkit.report.language import spoken

    found = [(m.run, m.facts) for m in _loaded(runs)]
    if not found and decided is None:
        raise UsageError("A report needs a run.", "Give a run directory.")
    rests_on = () if decided is None else decided.case.facts.runs
    if decided is not None and {*rests_on} != {facts.run_id for _, facts in found}:
        raise UsageError(
            "The report's runs are not those that the verdict rests on.",
            f"Give these: {', '.join(rests_on)}.",
        )
    return render_report(found, decided, look or Look(language=spoken(lang)), gate=gate)
