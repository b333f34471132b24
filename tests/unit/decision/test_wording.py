"""Every word of a verdict is from a message, in every kind of verdict, and reads in German."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

from evalkit.decision.facts import Outcome, Verdict
from evalkit.decision.words import amount, both, money, percent, rule_words
from evalkit.report.language import spoken
from evalkit.store.run_dir import Run
from evalkit.wording import tell
from tests.builders import bench_run
from tests.said import data_of, lost, texts
from tests.scenarios import by_contract, quality_run, rented, right, scenario, verdict

GERMAN = spoken("de")
DATA = {
    "own", "api", "open", "gpt", "t", "alpha", "dear", "batch", "USD", "GPU", "e2e", "TTFT", "TPOT", "offer", "rates",
    "self_hosted: staff:", "self_hosted: adoption_cost:", "api: staff:", "api: adoption_cost:", "server_price",
    "self_hosted.electricity_country", "electricity_price", "load_power", "bench", "s", "api_contract",
    "contract 17", "b", "Google, GKE Recommender API",
}  # fmt: skip
CHEAP, DEAR = 0.5, 8
ENGLISH = re.compile(
    r"\b(?:the|of|and|with|is|are|not|cost|costs|than|months?|requests?|quality|required|known|load|price|staff)\b",
    re.IGNORECASE,
)


def asked(own: float, api: float, n: int = 400, **changes: Any) -> Run:
    rng = np.random.default_rng(7)
    scores = {"open": right(n, own), "gpt": right(n, api)}
    return quality_run({m: list(rng.permutation(each)) for m, each in scores.items()}, **changes)


def said(price: float, *runs: Run, own: Any = None, api: Any = None, **changes: Any) -> Verdict:
    options = (rented(**(own or {})), by_contract(price=price, **(api or {})))
    return verdict(scenario(*options, **changes), *runs)


def mixed(at_least: float, margins: bool = True, **changes: Any) -> Verdict:
    rng = np.random.default_rng(0)
    local = (rng.random(400) < 0.7).astype(float)
    vendor = (rng.random(400) < 0.92).astype(float)
    sure = list(0.9 * local * (0.5 + 0.5 * rng.random(400)) + 0.1 * rng.random(400))
    scores = {"open": list(local), "gpt": list(vendor)}
    run = quality_run(scores, margins=sure if margins else None)
    rules = {"quality": {"at_least": at_least}}
    config = scenario(rented(), by_contract(price=DEAR), policy=rules, blends=None, **changes)
    return verdict(config, run)


def rules(**quality: Any) -> dict[str, Any]:
    return {"policy": {"quality": quality}}


UNSURE = {"gpu_hour_price": {"value": [1, 2, 6], "unit": "USD/GPU-hour", "source": "offer"}}
BARE = {"staff": None, "adoption_cost": None}
STAFFED = {"staff": {"fte": [0.1, 0.2, 0.5], "cost_per_year": 60_000}, "adoption_cost": 1000}
SLOW = {"service_level": {"ttft_s": 0.05}}
CASES: dict[str, Callable[[], Verdict]] = {
    "build": lambda: said(DEAR),
    "buy": lambda: said(CHEAP),
    "only one kind": lambda: verdict(scenario(rented(), rented("dear", rent=9))),
    "the only kind": lambda: said(CHEAP, policy={"data_class": "confidential"}),
    "public": lambda: said(CHEAP, policy={"data_class": "public"}),
    "nothing may leave": lambda: said(
        CHEAP, policy={"outside_may_see": [], "data_class": "public"}
    ),
    "inside": lambda: said(CHEAP, api={"outside": False}),
    "blend": lambda: mixed(0.84, load={"requests_per_month": 3e6}),
    "blend by task": lambda: mixed(0.75, margins=False, load={"requests_per_month": 3e6}),
    "blend within a service level": lambda: mixed(0.75, service_level={"ttft_s": 1}),
    "nothing is good enough": lambda: mixed(0.99),
    "better api": lambda: said(DEAR, asked(0.6, 0.9), **rules(at_least=0.5)),
    "better own": lambda: said(CHEAP, asked(0.9, 0.6), **rules(at_least=0.8)),
    "no difference": lambda: said(DEAR, asked(0.8, 0.81, n=100), blends=None),
    "too few docs": lambda: said(CHEAP, asked(0.99, 0.82, n=100), **rules(at_least=0.8)),
    "far too few docs": lambda: said(CHEAP, asked(0.8, 0.8, n=100), **rules(at_least=0.8)),
    "a task": lambda: said(CHEAP, asked(0.9, 0.8), **rules(at_least=0.3, tasks={"t": 0.85})),
    "a task of a blend": lambda: said(
        CHEAP, asked(0.9, 0.95), blends=None, **rules(tasks={"t": 0.9})
    ),
    "not measured": lambda: said(CHEAP, **rules(at_least=0.8)),
    "unsure": lambda: said(1.9, own=UNSURE, load={"requests_per_month": [2e5, 1e6, 3e6]}),
    "sure enough": lambda: said(
        3, own=UNSURE, load={"requests_per_month": [5e5, 1e6, 3e6]}, self_hosted=STAFFED
    ),
    "incomplete": lambda: said(DEAR, self_hosted=BARE, policy={"max_cost_per_month": 1e5}),
    "too dear": lambda: said(DEAR, policy={"max_cost_per_month": 10, "max_upfront_cost": 1}),
    "perhaps too dear": lambda: said(DEAR, own=UNSURE, policy={"max_cost_per_month": 1470}),
    "no bench": lambda: said(DEAR, asked(0.9, 0.9), own={"capacity": None}),
    "bench": lambda: verdict(
        scenario(rented(model="alpha", capacity=None), by_contract(price=DEAR)), bench_run()
    ),
    "too slow": lambda: verdict(
        scenario(rented(model="alpha", capacity=None), by_contract(price=DEAR), **SLOW),
        bench_run(),
    ),
    "slow api": lambda: said(CHEAP, asked(0.9, 0.9, ttft_ms=2000), service_level={"ttft_s": 1}),
    "batches": lambda: verdict(
        scenario(rented(), {"name": "batch", "kind": "api_batch", "model": "gpt"}), asked(0.9, 0.9)
    ),
    "equivalent": lambda: verdict(scenario(rented(), by_contract(price=1460 / 750))),
    "equivalent apis": lambda: verdict(
        scenario(rented(), by_contract(price=CHEAP), by_contract("dear", price=CHEAP))
    ),
    "open deployment": lambda: verdict(
        scenario(
            rented(), rented("dear", 1, model="t"), by_contract(price=DEAR), **rules(at_least=0.8)
        ),
        asked(0.95, 0.95),
    ),
    "open api": lambda: verdict(
        scenario(
            rented(),
            by_contract(price=CHEAP),
            by_contract("dear", 0.1, model="t"),
            **rules(at_least=0.8),
        ),
        asked(0.95, 0.95),
    ),
    "own staff unknown": lambda: said(DEAR, self_hosted=BARE, api=STAFFED),
    "own staff unknown, nobody paid": lambda: said(DEAR, self_hosted=BARE),
    "worth much": lambda: said(DEAR, asked(0.6, 0.9), policy={"worth": {"right": 1, "wrong": 1}}),
    "worth nothing": lambda: said(
        DEAR, asked(0.6, 0.9), policy={"worth": {"right": 0, "wrong": 1}}
    ),
    "better and dearer": lambda: said(DEAR, asked(0.5, 0.95), **rules(at_least=0.8)),
    "api staff unknown": lambda: verdict(scenario(rented(), by_contract(price=DEAR), api=BARE)),
    "all staff unknown": lambda: verdict(
        scenario(rented(), by_contract(price=DEAR), api=BARE, self_hosted=BARE)
    ),
    "all staff unknown, cheap api": lambda: verdict(
        scenario(rented(), by_contract(price=CHEAP), api=BARE, self_hosted=BARE)
    ),
    "staff unknown of own machines only": lambda: verdict(
        scenario(rented(), rented("dear", rent=9), self_hosted=BARE)
    ),
    "too dear at any load": lambda: said(0.1, own={"gpu_hour_price": 50}),
    "cheaper at small loads": lambda: said(CHEAP, api=STAFFED),
}
"""What decided, or did not."""


@cache
def found(case: str) -> Verdict:
    return CASES[case]()


@pytest.mark.parametrize("case", CASES)
def test_a_verdict_says_nothing_but_messages_and_data(case: str) -> None:
    assert lost(found(case), DATA) == {}


@pytest.mark.parametrize("case", CASES)
def test_a_verdict_in_german_holds_no_english(case: str) -> None:
    told = {at: re.sub("`[^`]*`", "", tell(text, GERMAN)) for at, text in texts(found(case))}
    assert {at: text for at, text in told.items() if ENGLISH.search(text)} == {}


def messages() -> Mapping[str, str]:
    """Return everything the verdicts say, in English and in German."""
    return {str(text): tell(text, GERMAN) for case in CASES for _, text in texts(found(case))}


@pytest.mark.parametrize(
    "part",
    [
        "Build: run", "Buy: use", "Blend: combine", "Not decidable yet", "Not decidable: every", "the only kind",
        "only options to build", "is out:", "is not sure to keep", "The rule costs", "pays off", "does not pay off",
        "The API serves the better model", "The own model is the better one", "No difference in quality",
        "Assumed: ", "its capacity of", "becomes the cheapest", "required quality", "too few to tell",
        "Not within reach", "Not known", "Find out", "Measure ", "Ask ", "Narrow the cost", "may be cheaper",
    ],
)  # fmt: skip
def test_the_cases_above_say_it_all(part: str) -> None:
    """Else it was not looked at."""
    assert any(part in text for text in messages())


def test_sentences_are_told_whole_in_german() -> None:
    dear = found("build")
    assert tell(dear.sentence, GERMAN) == (
        "Selbst betreiben: open in eigenem Betrieb („own“). Gezahlt werden rund 18.000 USD über 12 Monate, rund"
        " 54.000 USD weniger als bei „api“; in 100 % der Simulationen mit diesen Annahmen ist keine zulässige Option"
        " anderer Art günstiger."
    )
    (check,) = (c for c in found("public").checks if c.option == "api")
    assert (check.outcome, tell(check.text, GERMAN)) == (
        Outcome.PASS,
        "Öffentliche Daten dürfen das Netz verlassen.",
    )


def test_numbers_and_rules_are_told() -> None:
    assert (percent(0.305), amount(1234.5), amount(0.01234)) == ("30.5 %", "1,234", "0.0123")
    assert tell(money(1234567.0, "EUR"), GERMAN) == "1.234.567 EUR"
    assert money(None, "EUR") == "an unknown amount"
    assert tell(both(("a", "b", "c")), GERMAN) == "a, b und c"
    assert tell(rule_words("quality of t"), GERMAN) == "Qualität bei t"
    for check in (c for case in CASES for c in found(case).checks):
        assert data_of(rule_words(check.rule)) in (" ", "t")
