"""A synthetic decision, with numbers that hang together well enough to be looked at."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from evalkit.analysis.blend.facts import BlendFact, Frontier, Point, Policy, TaskPair
from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.facts import (
    Assumption,
    BenefitFact,
    Breakdown,
    CashFact,
    Figure,
    LoadCurve,
    OptionFact,
    PairFact,
    Swing,
    TcoFacts,
    UnitCosts,
)
from evalkit.analysis.tco.values import Input, Provenance
from evalkit.decision.facts import Change, Check, Decision, Outcome, Verdict
from evalkit.report.decision.page import build_decision
from evalkit.report.glossary import all_terms
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.tables import identity_table

P = Provenance
HORIZON = 36
OWN, API, BLEND, UNKNOWN = "own-h100", "gpt-list", "own-h100+gpt-list", "own-b200"
NOT_KNOWN = Figure(None, "EUR", reason="no load test of the model among the runs")
_COMPUTED = (P.MEASURED, P.CATALOGUE, P.YOURS)


def figure(value: float | None, unit: str = "EUR", spread: float = 0.2, **changes: Any) -> Figure:
    if value is None:
        return replace(NOT_KNOWN, unit=unit, **changes)
    values: dict[str, Any] = {
        "low": value * (1 - spread),
        "high": value * (1 + spread),
        "provenance": _COMPUTED,
    }
    return Figure(value, unit, **{**values, **changes})


def share(value: float, half: float = 0.03, n: int = 400) -> Estimate:
    return Estimate(value, "share", n, value - half, value + half, "bootstrap")


def estimate(value: float, unit: str) -> Estimate:
    return Estimate(value, unit, 400, value * 0.95, value * 1.05, "bootstrap")


def nothing(unit: str, reason: str) -> Estimate:
    return Estimate(None, unit, 0, reason=reason)


def unit_costs(per_request: float, **changes: Any) -> UnitCosts:
    values: dict[str, Any] = {
        "per_request": figure(per_request),
        "per_request_within_slo": figure(per_request / 0.97),
        "per_correct_answer": figure(per_request / 0.81),
        "input_per_mtok": figure(per_request * 700),
        "output_per_mtok": figure(per_request * 2800),
        "blended_per_mtok": figure(per_request * 1300),
        "full_load_per_mtok": figure(per_request * 400),
        "allocation": "an output token is taken to cost 4 times an input token",
        "utilisation": figure(0.34, "share"),
        "energy_kwh_per_mtok": figure(0.42, "kWh/Mtok"),
        "energy_cost_per_request": figure(0.0000612),
    }
    return UnitCosts(**{**values, **changes})


CASH = CashFact(
    65_000.0,
    320_000.0,
    0.0,
    46_000.0,
    72_000.0,
    180_000.0,
    0.0,
    -80_000.0,
    0.0,
    0.0,
    (385_000.0, 117_600.0),
)


def _curve(first: float, month: float, spread: float) -> dict[str, tuple[float, ...]]:
    middle = tuple(first + month * t for t in range(HORIZON + 1))
    return {
        "months": (month,) * HORIZON,
        "cumulated": middle,
        "cumulated_low": tuple(v * (1 - spread) for v in middle),
        "cumulated_high": tuple(v * (1 + spread) for v in middle),
    }


def option(name: str = OWN, side: str = "build", **changes: Any) -> OptionFact:
    values: dict[str, Any] = {
        "name": name,
        "side": side,
        "kind": "owned",
        "models": ("qwen-32b",),
        "parts": (),
        "missing": (),
        "no_staff": (),
        "no_adoption": (),
        "leaves_network": False,
        "capacity_per_s": figure(8.4, "requests/s", 0.1, provenance=(P.MEASURED,)),
        "service_level": "p95 TTFT ≤ 1.5 s, errors ≤ 1 %",
        "replicas": 2,
        "servers": 1,
        "gpus": 8,
        "upfront": figure(385_000.0),
        "first_month": Breakdown(8400.0, 1350.0, 2100.0, 5200.0, 0.0),
        **_curve(385_000.0, 9_800.0, 0.15),
        "total": figure(738_000.0, spread=0.15),
        "resale": figure(80_000.0, spread=0.3),
        "per_month": figure(20_500.0, spread=0.15),
        "cash": CASH,
        "unit": unit_costs(0.0053),
        "quality": share(0.812),
        "slo_share": share(0.97, 0.01, 1200),
    }
    return OptionFact(**{**values, **changes})


def api_option(**changes: Any) -> OptionFact:
    none = figure(None, reason="an API's machines are not ours")
    values: dict[str, Any] = {
        "kind": "api_list",
        "models": ("gpt",),
        "leaves_network": True,
        "capacity_per_s": None,
        "replicas": None,
        "servers": None,
        "gpus": None,
        "upfront": figure(40_000.0),
        "first_month": Breakdown(0.0, 0.0, 0.0, 1300.0, 24_100.0),
        **_curve(40_000.0, 23_500.0, 0.2),
        "total": figure(886_000.0),
        "resale": none,
        "per_month": figure(24_600.0),
        "unit": unit_costs(
            0.0079,
            full_load_per_mtok=none,
            utilisation=none,
            energy_kwh_per_mtok=none,
            energy_cost_per_request=none,
            allocation="list prices",
        ),
        "quality": share(0.846),
    }
    return option(API, "buy", **{**values, **changes})


def blend_option(**changes: Any) -> OptionFact:
    point = _point(0.2, 0.8316, 0.8)
    values: dict[str, Any] = {
        "kind": "blend",
        "models": ("qwen-32b", "gpt"),
        "parts": (OWN, API),
        "leaves_network": True,
        "upfront": figure(425_000.0),
        "first_month": Breakdown(8400.0, 1350.0, 2100.0, 6500.0, 4800.0),
        **_curve(425_000.0, 14_000.0, 0.17),
        "total": figure(930_000.0),
        "per_month": figure(25_800.0),
        "unit": unit_costs(0.0071),
        "quality": share(0.8316),
        "slo_share": nothing("share", "the two were not measured together"),
        "escalated": share(0.2, 0.02),
        "policy": Policy.MARGIN,
        "point": point,
    }
    return option(BLEND, "blend", **{**values, **changes})


def unknown_option(**changes: Any) -> OptionFact:
    values: dict[str, Any] = {
        "missing": (NOT_KNOWN.reason,),
        "capacity_per_s": figure(None, "requests/s"),
        "service_level": "",
        "replicas": None,
        "servers": None,
        "gpus": None,
        "upfront": NOT_KNOWN,
        "first_month": None,
        "months": (),
        "cumulated": (),
        "cumulated_low": (),
        "cumulated_high": (),
        "total": NOT_KNOWN,
        "per_month": NOT_KNOWN,
        "unit": None,
        "quality": nothing("share", "no run of the model"),
        "slo_share": nothing("share", "no run of the model"),
    }
    return option(UNKNOWN, "build", **{**values, **changes})


def _point(target: float, quality: float, threshold: float | None) -> Point:
    return Point(
        target, share(target, 0.02), share(quality, 0.02), estimate(0.009 * target + 1e-9, "USD"), threshold
    )  # fmt: skip


def _frontier(policy: Policy, gain: float) -> Frontier:
    shares = [i / 10 for i in range(11)]
    points = tuple(
        _point(t, 0.812 + 0.034 * t + gain * t * (1 - t), None if t in (0, 1) else 1 - t)
        for t in shares
    )
    return Frontier(policy, points, policy.is_cascade, 400, 1.0)


def blend_fact(**changes: Any) -> BlendFact:
    gains = {Policy.MARGIN: 0.08, Policy.SELF_REPORTED: 0.03, Policy.RANDOM: 0.0}
    tasks = tuple(
        TaskPair(task, metric, 200, share(a, 0.05, 200), share(b, 0.05, 200), share(b - a, 0.04, 200))
        for task, metric, a, b in (
            ("ticket_routing", "acc", 0.86, 0.87),
            ("invoice_fields", "field_accuracy", 0.76, 0.82),
        )
    )  # fmt: skip
    values: dict[str, Any] = {
        "local": OWN,
        "vendor": API,
        "n_docs": 400,
        "n_unpaired": 3,
        "tasks": tasks,
        "local_quality": share(0.812),
        "vendor_quality": share(0.846),
        "difference": share(0.034, 0.022),
        "frontiers": (
            *(_frontier(policy, gain) for policy, gain in gains.items()),
            Frontier(Policy.LOGPROB, (), True, 0, 0.0, "the backend gave no log-probabilities"),
            _frontier(Policy.ORACLE, 0.25),
        ),
    }
    return BlendFact(**{**values, **changes})


def given(key: str, label: str, unit: str, *values: float, **changes: Any) -> Input:
    low, mode, high = values
    rest: dict[str, Any] = {"provenance": P.YOURS, "owner": "IT controlling", "date": "2026-10-01"}
    return Input(key, label, unit, low, mode, high, **{**rest, **changes})


LOAD = given(
    "load", "requests per month", "requests/month", 2e6, 3e6, 4.5e6, source="ticket system"
)
INPUTS = (
    LOAD,
    given("server", "price of a server", "EUR/server", 270_000, 320_000, 390_000, provenance=P.CATALOGUE,
          source="https://example.com/prices", date="2025-11-01", is_old=True, owner=""),
    given("power", "electricity", "EUR/kWh", 0.12, 0.19, 0.28, provenance=P.CATALOGUE, source="Eurostat"),
    given("life", "useful life", "years", 3, 4, 6, provenance=P.DEFAULT, date=None, owner=""),
    given("price:gpt", "price of gpt-list", "EUR/request", 0.0079, 0.0079, 0.0079, provenance=P.LIST_PRICE),
    given("decline", "price decline of APIs", "share/year", 0, 0, 0.5, provenance=P.DEFAULT),
)  # fmt: skip


def load_curves() -> tuple[LoadCurve, ...]:
    loads = tuple(10 ** (5 + i / 40) for i in range(101))
    replicas = tuple(max(1, math.ceil(load / 5.2e6)) + 1 for load in loads)
    own = tuple(
        5000 + 5900.0 * math.ceil(n / 4) * 4 / 2 + load * 2e-5
        for n, load in zip(replicas, loads, strict=True)
    )
    api = tuple(1300 + 0.0079 * load for load in loads)
    nobody = (None,) * len(loads)
    return (
        LoadCurve(OWN, "build", loads, own, replicas),
        LoadCurve(API, "buy", loads, api, nobody),
        LoadCurve(
            BLEND,
            "blend",
            loads,
            tuple(a + 0.2 * b for a, b in zip(own, api, strict=True)),
            replicas,
        ),
    )


def pair(**changes: Any) -> PairFact:
    chances = tuple(1 / (1 + math.exp(-(t - 26) / 3)) for t in range(HORIZON + 1))
    values: dict[str, Any] = {
        "build": OWN,
        "buy": API,
        "is_own_against_api": True,
        "break_even_per_s": figure(0.84, "requests/s"),
        "never_share": 0.04,
        "break_even_over_horizon": 2.6e6,
        "never_over_horizon": 0.06,
        "load_per_s": 1.14,
        "break_even_per_month": figure(2.2e6, "requests/month"),
        "likely_break_even_per_month": 2.2e6,
        "payback_months": figure(26.0, "months", high=None),
        "payback_share": 0.81,
        "cheaper_by_month": chances,
        "saving": figure(148_000.0, low=-61_000.0, high=345_000.0),
        "quality_difference": share(0.034, 0.022),
    }
    return PairFact(**{**values, **changes})


def benefits() -> tuple[BenefitFact, ...]:
    def one(name: str, *rest: Any) -> BenefitFact:
        return BenefitFact(name, figure(8.8e7, "answers"), *rest, figure(1.2e6))

    return (
        one(OWN, None, False, None),
        one(API, OWN, False, figure(0.024, "EUR/answer", high=None)),
        one(BLEND, API, True, None),
    )


def decision_facts(**changes: Any) -> TcoFacts:
    values: dict[str, Any] = {
        "name": "manufacturer",
        "title": "Ticket handling at a mid-size manufacturer",
        "about": "The service desk decides whether tickets are answered on own servers or by an API.",
        "currency": "EUR",
        "horizon_months": HORIZON,
        "draws": 10_000,
        "seed": 1,
        "today": "2026-11-23",
        "runs": ("quickstart-20261120-101500", "bench-20261121-090000"),
        "load": LOAD,
        "options": (option(), api_option(), blend_option(), unknown_option()),
        "pairs": (pair(),),
        "curves": load_curves(),
        "blends": (blend_fact(),),
        "assumptions": tuple(Assumption(i, (OWN, API)) for i in INPUTS),
        "rates": (("USD", 0.92, "2026-11-20", "ECB reference rate"),),
        "data_class": "internal",
        "benefits": benefits(),
        "warnings": ("The price of a server is older than 180 days.",),
    }
    return TcoFacts(**{**values, **changes})


def checks() -> tuple[Check, ...]:
    texts = {
        ("data", OWN): (Outcome.PASS, "Data stay in the network."),
        ("data", API): (Outcome.PASS, "Internal data may leave the network."),
        ("quality", OWN): (Outcome.UNCLEAR, "81.2 % (95 %: 78.2 to 84.2 %); 80 % are required."),
        ("quality", API): (Outcome.PASS, "84.6 % (95 %: 81.6 to 87.6 %); 80 % are required."),
        ("quality", UNKNOWN): (Outcome.UNCLEAR, "Quality was not measured."),
        ("upfront cost", UNKNOWN): (Outcome.FAIL, "EUR 385,000; at most EUR 350,000 is allowed."),
    }
    return tuple(Check(o, rule, outcome, text) for (rule, o), (outcome, text) in texts.items())


def verdict(**changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "decision": Decision.BUILD,
        "option": OWN,
        "leaning": None,
        "sentence": "Run qwen-32b on own servers: over 36 months it costs EUR 148,000 less than gpt-list.",
        "confidence": 0.81,
        "is_incomplete": True,
        "incomplete": ("staff of gpt-list", "adoption cost of own-h100"),
        "reasons": (
            "At 3.0 M requests per month own servers cost less per request than gpt-list.",
            "gpt-list serves the better model: 3.4 points more (95 %: 1.2 to 5.6).",
        ),
        "checks": checks(),
        "against": API,
        "changes": (
            Change("load", 3e6, 2.2e6, "requests/month", False, API, "buy",
                   "Below 2.2 M requests per month gpt-list would be chosen."),
        ),
        "swings": (
            Swing(INPUTS[0], -120_000.0, 460_000.0),
            Swing(INPUTS[5], 160_000.0, -90_000.0),
            Swing(INPUTS[1], 205_000.0, 66_000.0),
            Swing(INPUTS[2], 160_000.0, 131_000.0),
        ),
        "assumptions": ("A server is used for 4 years (default).",),
        "next_measurements": ("Load test of own-b200: evalkit bench configs/bench.yaml",),
    }  # fmt: skip
    return Verdict(**{**values, **changes})


def render_decision(facts: TcoFacts, given: Verdict) -> bytes:
    """Render what of a report needs no runs."""
    decision = build_decision(facts, given)
    no_run = SimpleNamespace(audits=(), identity=identity_table([]), models=())
    document = SimpleNamespace(
        warnings=decision.warnings, commands=(), scenario="", terms=all_terms(with_decision=True)
    )
    return render_template(
        "decision_only.html.j2",
        templates=Path(__file__).parent / "templates",
        decision=decision,
        page=no_run,
        document=document,
        simulator=None,
        n_warnings=len(decision.warnings),
        css=static("report.css", "decision.css"),
        csp=content_security_policy(""),
    )
