"""Synthetic scenarios: deployments to cost, runs that measured something, and whole cases."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from evalkit.analysis.tco.analyse import Case, analyse_scenario
from evalkit.analysis.tco.book import Book
from evalkit.analysis.tco.deployment import (
    Api,
    Deployment,
    Fleet,
    People,
    Power,
    Purchase,
    Rent,
    Reserved,
    Workload,
)
from evalkit.analysis.tco.facts import OptionFact, PairFact
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.catalog import load_catalog
from evalkit.config.scenario import ScenarioConfig
from evalkit.decision.facts import Verdict
from evalkit.decision.verdict import decide
from evalkit.records import Answer, LoadStep, Request, Sample, TaskResult, Telemetry, Usage
from evalkit.store.manifest import FileEntry, write_manifest
from evalkit.store.parquet import to_parquet
from evalkit.store.run_dir import Run
from tests.builders import api_run, attempt, cell, endpoint, manifest, request, result, sample

TODAY = datetime.date(2026, 11, 23)
CATALOG = load_catalog()
TOKENS = {"input_tokens": 500, "output_tokens": 250}
PUBLISHED = "../shared/data/vllm_cost_meter_runs.csv"
"""140 runs of vllm-cost-meter (MIT), beside the repository where there is a copy."""


def published_runs() -> Path | None:
    """Return the file of published runs, where this machine has it."""
    file = (Path(__file__).resolve().parents[1] / PUBLISHED).resolve()
    return file if file.is_file() else None


# --- inputs and deployments ---------------------------------------------------------------------------------------


def given(key: str, *values: float, **changes: Any) -> Input:
    """An input: one number, or low, mode and high."""
    low, mode, high = values if len(values) == 3 else values * 3
    rest: dict[str, Any] = {"label": key, "unit": "", "provenance": Provenance.YOURS}
    return Input(key=key, low=low, mode=mode, high=high, **{**rest, **changes})


def workload(per_month: float | Sequence[float] = 1e6, **changes: Any) -> Workload:
    load = per_month if isinstance(per_month, Sequence) else (per_month,)
    values: dict[str, Any] = {
        "requests_per_month": given("load.requests_per_month", *load),
        "growth_per_year": given("growth", 0.0),
        "peak_to_mean": given("peak", 2.0),
        "discount_rate": given("rate", 0.0),
        "months": 12,
    }
    return Workload(**{**values, **changes})


def purchase(price: float = 100_000, **changes: Any) -> Purchase:
    power = {"idle_w": 300, "load_w": 1000, "pue": 1.5, "price_per_kwh": 0.2}
    values: dict[str, Any] = {
        "price": given("server", price),
        "life_years": given("life", 4.0),
        "residual_share": given("residual", 0.0),
        "resale_share": given("resale", 1.0),
        "price_change_per_year": given("price change", 0.0),
        "maintenance_share": given("maintenance", 0.05),
        "hosting_per_year": given("hosting", 3000.0),
        "power": Power(**{key: given(key, changes.pop(key, one)) for key, one in power.items()}),
    }
    return Purchase(**{**values, **changes})


def rent(price: float = 2.0, term_months: int = 36, **changes: Any) -> Rent:
    """GPUs at so much per hour, reserved."""
    values: dict[str, Any] = {
        "price": given("rent", price),
        "change_per_year": given("rent change", 0.0),
        "billing": Reserved(term_months, ends_with_horizon=True),
    }
    return Rent(**{**values, **changes})


def fleet(machine: Purchase | Rent | float = 2.0, **changes: Any) -> Fleet:
    """Machines: bought, or rented for so much per GPU-hour."""
    values: dict[str, Any] = {
        "capacity_per_s": given("capacity", 5.0),
        "headroom": given("headroom", 0.8),
        "spare": 0,
        "gpus_per_replica": 1,
        "gpus_per_server": 1,
        "machine": machine if isinstance(machine, Purchase | Rent) else rent(machine),
        "licence_per_gpu_year": given("licence", 0.0),
    }
    return Fleet(**{**values, **changes})


def people(side: str, fte: float = 0.0, salary: float = 0.0, adoption: float = 0.0) -> People:
    return People(
        given(f"fte.{side}", fte),
        given(f"salary.{side}", salary),
        given(f"adoption.{side}", adoption),
    )


def own(machines: Fleet | None = None, *who: People, name: str = "own") -> Deployment:
    return Deployment(name, machines or fleet(), None, who or (people("own"),))


def bought(
    price: float | Sequence[float] = 0.001, *who: People, name: str = "api", decline: float = 0.0
) -> Deployment:
    """An API at so much per request."""
    each = price if isinstance(price, Sequence) else (price,)
    api = Api(given("price", *each), given("decline", decline))
    return Deployment(name, None, api, who or (people("api"),))


# --- runs ---------------------------------------------------------------------------------------------------------


def with_models(run: Run, **specs: Mapping[str, Any]) -> Run:
    """The run with its models in its config, as the vendor's unless said otherwise."""
    models = [{"name": n, "backend": "openai", "source": n, **spec} for n, spec in specs.items()]
    config = {**run.manifest.config, "models": models}
    return replace(run, manifest=run.manifest.model_copy(update={"config": config}))


def vendor_run() -> Run:
    """Two models behind APIs, of which one has a price."""
    return with_models(api_run(), gpt={}, mystery={})


def quality_run(
    scores: Mapping[str, Sequence[float]],
    apis: Sequence[str] = ("gpt",),
    data_class: str = "internal",
    ttft_ms: int = 100,
    margins: Sequence[float] | None = None,
) -> Run:
    """Models that were asked the same docs; APIs bill $0.001 for each.

    Args:
        scores: Model → score of each doc.
        apis: Those that are behind APIs.
        data_class: Of the docs.
        ttft_ms: Of every answer.
        margins: How sure the models that run here are of each doc, 0 to 1.
    """
    cells, requests, samples, results = [], [], [], []
    for model, each in scores.items():
        name = f"{model}/s/0"
        where = endpoint() if model in apis else None
        cells.append(cell(cell_id=name, model=model, endpoint=where, data_class=data_class))
        results.append(result(sum(each) / len(each), cell_id=name))
        for i, score in enumerate(each):
            timed = attempt(1000 * i, (ttft_ms, ttft_ms + 50, ttft_ms + 100))
            cost = 0.001 if model in apis else None
            one = replace(timed, usage=Usage(500, output_tokens=250), cost_usd=cost)
            requests.append(
                request(
                    i,
                    request_id=f"{name}/generate/t/{i}/0/0",
                    cell_id=name,
                    input_tokens=500,
                    output_tokens=250,
                    attempts=(one,),
                    answer=Answer(text="yes"),
                )
            )
            sure = () if margins is None or model in apis else _choices(margins[i])
            samples.append(sample(i, cell_id=name, scores={"acc": score}, loglikelihoods=sure))
    run = Run(
        path=Path("q"),
        manifest=manifest(run_id="q", name="q", cells=tuple(cells)),
        requests=requests,
        samples=samples,
        results=results,
        telemetry=[],
    )
    here = {m: {"backend": "hf"} for m in scores if m not in apis}
    return with_models(run, **here, **{m: {} for m in scores if m in apis})


def tasks_run(
    scores: Mapping[str, Mapping[str, Sequence[float]]], apis: Sequence[str] = ("gpt",)
) -> Run:
    """Models that were asked several tasks.

    Args:
        scores: Model → task → score of each doc.
        apis: Models that are behind APIs.
    """
    tasks = dict.fromkeys(task for by_task in scores.values() for task in by_task)
    runs = [_renamed(scores, task, apis) for task in tasks]
    cells = {c.cell_id: c for run in runs for c in run.manifest.cells}
    models = {m["name"]: m for run in runs for m in run.manifest.config["models"]}
    changed = {"cells": tuple(cells.values()), "config": {"models": list(models.values())}}
    return replace(
        runs[0],
        manifest=runs[0].manifest.model_copy(update=changed),
        requests=[r for run in runs for r in run.requests],
        samples=[s for run in runs for s in run.samples],
        results=[r for run in runs for r in run.results],
    )


def _renamed(
    scores: Mapping[str, Mapping[str, Sequence[float]]], task: str, apis: Sequence[str]
) -> Run:
    run = quality_run({m: by_task[task] for m, by_task in scores.items() if task in by_task}, apis)
    return replace(
        run,
        requests=[
            replace(r, task=task, request_id=r.request_id.replace("/t/", f"/{task}/"))
            for r in run.requests
        ],
        samples=[replace(s, task=task) for s in run.samples],
        results=[replace(r, task=task) for r in run.results],
    )


def _choices(margin: float) -> tuple[float, ...]:
    """Log-likelihoods of two choices whose probabilities differ by so much."""
    return math.log((1 + margin) / 2), math.log(max((1 - margin) / 2, 1e-12))


def right(n: int, share: float) -> list[float]:
    """Scores of so many docs, of which this share is right, evenly spread."""
    return [float(int((i + 1) * share + 1e-9) > int(i * share + 1e-9)) for i in range(n)]


# --- scenarios ----------------------------------------------------------------------------------------------------


def contract(price: float, output: float | None = None, currency: str = "USD") -> dict[str, Any]:
    """The same price per million input and output tokens, unless they differ."""
    return {
        "input": price,
        "output": price if output is None else output,
        "currency": currency,
        "source": "contract 17",
        "date": "2026-11-01",
    }


def rented(name: str = "own", rent: Any = 2.0, **changes: Any) -> dict[str, Any]:
    """One rented GPU at 1460 a month, that serves 5 requests/s."""
    values = {
        "name": name,
        "kind": "rented_reserved",
        "model": "open",
        "gpu_hour_price": rent,
        "capacity": {"requests_per_s": 5},
        "outside": False,
    }
    return {**values, **changes}


def by_contract(name: str = "api", price: float = 1.0, **changes: Any) -> dict[str, Any]:
    """750 × price a month, at a million requests of 750 tokens."""
    values = {"name": name, "kind": "api_contract", "model": "gpt", "price": contract(price)}
    return {**values, **changes}


def scenario(*options: Mapping[str, Any], **changes: Any) -> ScenarioConfig:
    """A million requests a month, nothing uncertain, nobody employed, nothing adopted; other keys replace these."""
    nobody = {"staff": {"fte": 0, "cost_per_year": 0}, "adoption_cost": 0}
    values: dict[str, Any] = {
        "name": "x",
        "discount_rate": 0,
        "horizon_months": 12,
        "draws": 200,
        "load": {"requests_per_month": 1e6, "peak_to_mean": 2, **TOKENS},
        "self_hosted": {**nobody, "headroom": 0.8, "licence_per_gpu_year": 0},
        "api": {**nobody, "price_decline_per_year": 0},
        "options": list(options) or [rented(), by_contract()],
        "blends": [],
    }
    for key, change in changes.items():
        is_part = key in ("load", "self_hosted", "api")
        values[key] = {**values[key], **change} if is_part else change
    return ScenarioConfig.model_validate(values)


def book(config: ScenarioConfig) -> Book:
    return Book(config, CATALOG, TODAY)


def case(config: ScenarioConfig, *runs: Run) -> Case:
    return analyse_scenario(runs, config, CATALOG, TODAY)


def verdict(config: ScenarioConfig, *runs: Run) -> Verdict:
    return decide(case(config, *runs), config)


def option(of: Case, name: str) -> OptionFact:
    return next(o for o in of.facts.options if o.name == name)


def pair(of: Case, build: str = "own", buy: str = "api") -> PairFact:
    return next(p for p in of.facts.pairs if (p.build, p.buy) == (build, buy))


def written(run: Run, folder: Path) -> Path:
    """Write a run as the run directory that it would be."""
    folder.mkdir(parents=True)
    files = {}
    for name, (record, rows) in {
        "requests.parquet": (Request, run.requests),
        "samples.parquet": (Sample, run.samples),
        "results.parquet": (TaskResult, run.results),
        "telemetry.parquet": (Telemetry, run.telemetry),
        "steps.parquet": (LoadStep, run.steps),
    }.items():
        data = to_parquet(record, rows)
        (folder / name).write_bytes(data)
        files[name] = FileEntry(sha256=sha256(data).hexdigest(), bytes=len(data), rows=len(rows))
    write_manifest(folder, run.manifest.model_copy(update={"files": files}))
    return folder
