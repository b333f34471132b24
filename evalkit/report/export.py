"""A run as plain CSV or JSON for other tools. A missing number is an empty cell or null."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_type_hints

import pandas as pd

from evalkit.analysis.facts import (
    CapacityFact,
    EndpointFact,
    Estimate,
    Latency,
    LevelFact,
    RunFacts,
    facts_to_dict,
)
from evalkit.records import CellRecord, Sample
from evalkit.report.load import load_name, reasons
from evalkit.store.run_dir import Run

SAMPLE_HEAD = ["run_id", "model", "suite", "repeat", "task", "filter", "doc_id", "doc_hash"]
SAMPLE_COLUMNS = [*SAMPLE_HEAD, "target", "response", "score_name", "score"]
FACT_HEAD = ["run_id", "model", "suite", "task", "filter", "metric"]
FACT_COLUMNS = [*FACT_HEAD, "value", "low", "high", "n", "unit", "method", "reason"]

_NUMERIC = (int, float, int | None, float | None)
_UNITS = {"_per_s": "requests/s", "_usd": "USD", "_bytes": "bytes", "_j": "J", "_w": "W", "_s": "s"}
"""How the name of a plain number ends → its unit; an estimate has its own."""


_BILLED = {"n_requests", "input_tokens", "output_tokens", "reasoning_tokens"}
"""Counted by the server, too, warm-up included: of a model behind an API these are written, as they are billed."""


def export_json(run: Run, facts: RunFacts) -> str:
    """Return facts and every sample as one JSON document."""
    samples = [
        {**head, "prompt": sample.prompt, "scores": sample.scores, "flags": sample.flags}
        for head, sample in _samples(run)
    ]
    document = {"facts": _finite(facts_to_dict(facts)), "samples": samples}
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """Return a document whose numbers JSON can hold: what never came is infinite in a step, and null here."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def export_facts_csv(facts: RunFacts) -> str:
    """Return one row per number of the analysis."""
    return _csv(facts_frame(facts))


def facts_frame(facts: RunFacts) -> pd.DataFrame:
    """Return one row per number of the analysis; a missing one is None."""
    rows: list[dict[str, Any]] = []
    for q in facts.quality:
        head = {"model": q.model, "suite": q.suite, "task": q.task, "filter": q.filter}
        rows.append({**head, "metric": q.metric, **_estimate(q.estimate)})
    billed = {(f.model, f.suite) for f in facts.endpoints}
    for p in facts.performance:
        head = {"model": p.model, "suite": p.suite or "all"}
        own = (
            row
            for row in _numbers(p)
            if (p.model, p.suite) not in billed or row["metric"] not in _BILLED
        )
        rows += ({**head, **row} for row in own)
    for f in facts.endpoints:
        head = {"model": f.model, "suite": f.suite or "all"}
        rows += ({**head, **row} for row in _endpoint_rows(f))
    for level in facts.levels:
        head = {"model": level.model, "suite": level.profile, "task": load_name(level)}
        rows += ({**head, "filter": level.kind, **row} for row in _level_rows(level))
    for c in facts.capacities:
        head = {"model": c.model, "suite": c.profile, "filter": c.slo}
        rows += ({**head, **row} for row in _capacity_rows(c))
    return _frame(FACT_COLUMNS, [{"run_id": facts.run_id, **row} for row in rows])


def _numbers(fact: Any) -> Iterator[dict[str, Any]]:
    """Yield every number among the fields of a fact: percentiles, estimates, plain numbers, and those of a dict."""
    hints = get_type_hints(type(fact))
    for field in fields(fact):
        name, value = field.name, getattr(fact, field.name)
        if isinstance(value, Latency):
            for q in fields(value):
                yield {"metric": f"{name}_{q.name}", **_estimate(getattr(value, q.name))}
        elif isinstance(value, Estimate):
            yield {"metric": name, **_estimate(value)}
        elif hints[name] == dict[str, Estimate]:
            yield from ({"metric": key, **_estimate(e)} for key, e in value.items())
        elif hints[name] in _NUMERIC:
            unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
            yield {"metric": name, "value": value, "unit": unit}


def _endpoint_rows(f: EndpointFact) -> Iterator[dict[str, Any]]:
    """Yield every number of one model behind an API; names and host are in the JSON."""
    yield from _numbers(f)
    for name, n in f.failed_by_class.items():
        yield {"metric": f"failed_requests.{name}", "value": n}
    for name, n in f.errors_by_class.items():
        yield {"metric": f"failed_attempts.{name}", "value": n}


def _level_rows(f: LevelFact) -> Iterator[dict[str, Any]]:
    """Yield every number of one level; numbers of an INVALID one say so, since nothing else in their row does."""
    why = f"{f.verdict}: {'; '.join(reasons(f))}" if reasons(f) else str(f.verdict)
    yield {"metric": "is_valid", "value": int(f.is_valid), "reason": why}
    yield {"metric": "passed", "value": None if f.passed is None else int(f.passed), "reason": why}
    for row in _numbers(f):
        is_measured = "method" in row
        yield row if f.is_valid or not is_measured else {**row, "reason": why}


def _capacity_rows(c: CapacityFact) -> Iterator[dict[str, Any]]:
    """Yield λ_SLO or what is known instead, and how many steps it does not rest on."""
    yield {"metric": "lambda_slo_per_s", **_estimate(c.lambda_per_s)}
    yield {"metric": "below_per_s", "value": c.below_per_s, "unit": "requests/s"}
    for name in ("n_invalid", "n_unclear"):
        yield {"metric": name, "value": getattr(c, name)}


def export_samples_csv(run: Run) -> str:
    """Return one row per doc, filter and score."""
    return _csv(samples_frame(run))


def samples_frame(run: Run) -> pd.DataFrame:
    """Return one row per doc, filter and score; a missing score is None."""
    rows = [
        {**head, "score_name": name, "score": score}
        for head, sample in _samples(run)
        for name, score in sample.scores.items()
    ]
    return _frame(SAMPLE_COLUMNS, rows)


def _samples(run: Run) -> Iterator[tuple[dict[str, Any], Sample]]:
    """Yield every sample with the columns that say where it belongs."""
    cells = {c.cell_id: c for c in run.manifest.cells}
    for sample in run.samples:
        yield _sample_head(run.manifest.run_id, cells[sample.cell_id], sample), sample


def _sample_head(run_id: str, cell: CellRecord, sample: Sample) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "model": cell.model,
        "suite": cell.suite,
        "repeat": cell.repeat,
        "task": sample.task,
        "filter": sample.filter,
        "doc_id": sample.doc_id,
        "doc_hash": sample.doc_hash,
        "target": sample.target,
        "response": sample.response,
    }


def _estimate(e: Estimate) -> dict[str, Any]:
    return {
        "value": e.value,
        "low": e.low,
        "high": e.high,
        "n": e.n,
        "unit": e.unit,
        "method": e.method,
        "reason": e.reason,
    }


def _frame(columns: list[str], rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a table in which a count stays a whole number."""
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _csv(frame: pd.DataFrame) -> str:
    """Write rows; a missing value or key is an empty cell."""
    return frame.to_csv(index=False, lineterminator="\n")
