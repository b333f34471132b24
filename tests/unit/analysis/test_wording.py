"""Every word that analysis says for a reader is from a message, so that it can be told in any language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.facts import RunFacts, facts_to_dict
from evalkit.analysis.summary import analyse
from evalkit.analysis.tco.facts import TcoFacts
from evalkit.analysis.tco.values import Provenance
from evalkit.analysis.tco.words import provenance_words, unit_words
from evalkit.records import GENERATE, EngineRecord, RequestKind
from evalkit.report.language import spoken
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say, tell, verbatim
from tests.builders import (
    api_run,
    attempt,
    bench_run,
    cell,
    endpoint,
    manifest,
    reading,
    request,
    result,
    sample,
)
from tests.said import data_of, lost, texts
from tests.scenarios import (
    by_contract,
    case,
    quality_run,
    rented,
    right,
    scenario,
    vendor_run,
)

GERMAN = spoken("de")
NAMES = {
    "s",
    "u",
    "v",
    "t",
    "m",
    "n",
    "closed",
    "alpha",
    "beta",
    "gpt",
    "mystery",
    "rates",
    "ladder",
    "TTFT",
    "TPOT",
    "e2e",
}
SCENARIO = NAMES | {
    "own", "api", "open", "q", "bench", "acme", "gpt-4.1-mini", "USD", "EUR", "GPU", "s", "t", "bought", "h100", "b300",
    "h100-sxm", "c", "api_contract", "load.input_tokens", "output_tokens", "self_hosted.electricity_country",
    "electricity_price", "server_price", "gpu_hour_price", "load_power", "self_hosted: staff:", "api: staff:",
    "self_hosted: adoption_cost:", "api: adoption_cost:", "contract 17", "monday", "listed", "somebody", "offer",
}  # fmt: skip


def asked_differently() -> Run:
    """A run with everything that a reader is warned of: cut, resumed, busy, truncated, in two modes."""
    self_check = EngineRecord(
        kind=RequestKind.GENERATE,
        path="reference",
        reason="self-check failed: 0.5",
        has_failed_check=True,
    )
    cells = (
        cell(mode=GENERATE, engine=(self_check,)),
        cell(cell_id="n/s/0", model="n", state="partial"),
        cell(cell_id="m/u/0", suite="u", endpoint=endpoint(lag_p99_s=0.02)),
    )
    failed = replace(attempt(token_ms=()), status="error", error_class="rate_limited")
    requests = [
        request(0, flags=("truncated", "merged_boundary")),
        request(1, cell_id="m/u/0", attempts=(failed,), answer=None),
        request(2, cell_id="m/u/0", flags=("implausible_usage", "not_streamed")),
    ]
    samples = [sample(0), sample(1, flags=("failed",), scores={"acc": 0.0})]
    telemetry = [reading(0, others_cpu_s=0.0), reading(9000, others_cpu_s=9.0)]
    return Run(Path("r"), manifest(cells=cells), requests, samples, [result()], telemetry)


def spoiled(run: Run) -> Run:
    """The bench, with steps that measured evalkit, and one that was cut."""
    late = [replace(s, lag_p99_s=0.2, loop_cpu_s=9.9) for s in run.steps]
    return replace(run, steps=[*late[:-1], replace(late[-1], state="cut")])


RUNS: dict[str, Callable[[], Run]] = {
    "warned of": asked_differently,
    "apis": api_run,
    "bench": bench_run,
    "spoiled bench": lambda: spoiled(bench_run()),
    "paired": lambda: quality_run({"open": right(30, 0.5), "gpt": right(30, 0.9)}),
}


@pytest.mark.parametrize("name", RUNS)
def test_facts_of_a_run_say_nothing_but_messages_and_data(name: str) -> None:
    facts = analyse(RUNS[name]())
    cells = {c.cell_id for c in facts.cells}
    failures = {name for f in facts.endpoints for name in f.failed_by_class}
    assert lost(facts, NAMES | cells | failures | {"generate", "self-check failed"}) == {}


def test_the_runs_above_warn_of_what_there_is() -> None:
    """Else nothing was looked at."""
    said = " ".join(
        w for name in ("warned of", "spoiled bench") for w in analyse(RUNS[name]()).warnings
    )
    for part in ("Not like for like", "got no answer", "can't be true", "one piece", "ms late", "reference path",
                 "lost its beginning", "shares a token", "not done", "INVALID", "cut off"):  # fmt: skip
        assert part in said


OWNED: dict[str, Any] = {
    "name": "bought", "kind": "owned", "model": "open", "hardware": "h100-sxm", "capacity": {"requests_per_s": 5},
}  # fmt: skip
NOBODY = {"staff": None, "adoption_cost": None}
UNMEASURED = {"input_tokens": None, "output_tokens": None}


def everything() -> TcoFacts:
    """Bought, rented and bought by the token; measured, imported, promised and not known."""
    options = (
        rented(
            rent={
                "value": [1, 2, 4],
                "unit": "USD/GPU-hour",
                "source": "offer",
                "date": "2025-01-01",
            }
        ),
        rented("alpha", model="alpha", capacity=None, hardware="h100-sxm"),
        rented("beta", model="beta", capacity=None, gpu_hour_price=None),
        OWNED,
        OWNED | {"name": "b300", "hardware": "b300"},
        {"name": "gpt", "kind": "api_list", "model": "gpt"},
        {"name": "mystery", "kind": "api_list", "model": "mystery"},
        {"name": "listed", "kind": "api_batch", "model": "gpt-4.1-mini"},
        by_contract(),
    )
    own = {**NOBODY, "electricity_price": 0.2}
    config = scenario(*options, load=UNMEASURED, self_hosted=own, api=NOBODY, blends=None)
    run = quality_run({"open": right(20, 0.8)}, apis=())
    return case(config, vendor_run(), bench_run(), run).facts


def blended(**changes: Any) -> TcoFacts:
    runs = quality_run(
        {"open": right(60, 0.5), "gpt": right(60, 0.9)}, margins=[i / 60 for i in range(60)]
    )
    return case(scenario(**{"blends": None, **changes}), runs).facts


def hidden() -> TcoFacts:
    """Two runs of the same models, of which the later one is not complete and asked other tasks."""
    one = quality_run({"open": right(20, 0.5), "gpt": right(20, 0.9)})
    cells = tuple(
        replace(c, mode=GENERATE if c.model == "gpt" else c.mode) for c in one.manifest.cells
    )
    changed = {"run_id": "monday", "state": "partial", "cells": cells}
    other = replace(one, manifest=one.manifest.model_copy(update=changed))
    return case(scenario(blends=None), one, other).facts


TCO: dict[str, Callable[[], TcoFacts]] = {
    "everything": everything,
    "blended": blended,
    "blended within a service level": lambda: blended(service_level={"ttft_s": 1}),
    "nothing is good enough": lambda: blended(policy={"quality": {"at_least": 0.99}}),
    "nothing is cheap enough": lambda: blended(policy={"max_cost_per_month": 1}),
    "hidden": hidden,
    "prices of long prompts": lambda: (
        case(
            scenario(rented(), {"name": "api", "kind": "api_list", "model": "gemini-2.5-pro"})
        ).facts
    ),
    "no load makes it cheaper": lambda: (
        case(scenario(rented(rent=50), by_contract(price=0.1))).facts
    ),
}


@pytest.mark.parametrize("name", TCO)
def test_facts_of_a_scenario_say_nothing_but_messages_and_data(name: str) -> None:
    facts = TCO[name]()
    catalogued = {
        i for a in facts.assumptions for i in (a.given.source, a.given.note) if type(i) is Said
    }
    names = {n for o in facts.options for n in (o.name, *o.models)}
    assert lost(facts, SCENARIO | names | catalogued | set(facts.runs)) == {}


def test_words_that_lost_their_language_are_found() -> None:
    broken = replace(blended(), warnings=(say("{what}.", what="so much"), verbatim("nothing")))
    assert lost(broken, SCENARIO) == {".warnings[0]": "so much", ".warnings[1]": "nothing"}
    assert data_of(say("{n} docs of {task}", n=verbatim("7"), task="t")) == "7 t"


def test_a_summary_holds_the_english_words() -> None:
    facts: RunFacts = analyse(asked_differently())
    plain = facts_to_dict(facts)
    assert plain["warnings"] == list(map(str, facts.warnings))
    assert all(type(text) is str for text in plain["warnings"])


def test_facts_are_told_in_german() -> None:
    told = {str(text): tell(text, GERMAN) for _, text in texts(everything())}
    assert told["capacity of alpha"] == "Kapazität: alpha"
    assert told["electricity"] == "Strom"
    assert told["no growth unless you give it"] == "kein Wachstum, solange Sie keines angeben"
    assert "staff of own: give `self_hosted: staff:`" in told
    assert told["p50 TTFT ≤ 0.5 s, errors ≤ 10.0%"] == "p50 TTFT ≤ 0,5 s, Fehler ≤ 10,0 %"


def test_units_and_provenances_are_told() -> None:
    assert unit_words("requests/month") == "requests/month"
    assert tell(unit_words("requests/month"), GERMAN) == "Anfragen/Monat"
    assert tell(unit_words("EUR/GPU-hour"), GERMAN) == "EUR/GPU-Stunde"
    assert tell(unit_words("kWh"), GERMAN) == "kWh"
    for kind in Provenance:
        assert provenance_words(kind) == kind.value
        assert data_of(provenance_words(kind)) == " "
