"""What a load test showed, told in another language: no word is lost on the way to page or figure."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from html import unescape
from typing import Any

import pytest
from rich.console import Console

from evalkit.analysis.summary import analyse
from evalkit.config.bench import BenchConfig, ProfileSpec
from evalkit.metrics.load_point import Verdict
from evalkit.records import TOO_MANY_OPEN, SearchEnd, SearchEnding
from evalkit.report.document import Look
from evalkit.report.export import export_json
from evalkit.report.html import render_report
from evalkit.report.language import Spoken, spoken
from evalkit.report.load import (
    VERDICTS,
    capacity_reason,
    capacity_text,
    load_name,
    load_words,
    profile_text,
    reasons,
)
from evalkit.report.load_endings import early_ending, ending_text
from evalkit.report.load_figures import load_curves, share_over_time, time_panels
from evalkit.report.load_page import LoadSection, load_section
from evalkit.report.load_summary import differing_profiles, load_summary
from evalkit.report.load_terminal import load_parts
from evalkit.report.models import compared_models
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say, tell
from tests.builders import BENCH_CONFIG, bench_run
from tests.pseudo import untold

GERMAN = spoken("de")
BENCH = bench_run()
LETTERS = re.compile(r"[^\W\d_]{2,}")
DATA = {"alpha", "beta", "closed", "rates", "TTFT", "TPOT"}
"""Names in the bench, and of metrics: the same in every language."""
FACTS = analyse(BENCH)


class _Apart(Spoken):
    """Marks what a message says itself, and leaves out its values: words among these were lost."""

    def message(self, english: str) -> str:
        return "⟦" + re.sub(r"(\{\w+\})", r"⟧\1⟦", english) + "⟧"

    def plural(self, one: str, many: str, n: int) -> str:
        return self.message(one if n == 1 else many)


APART = _Apart("en", "٫", "٬", {})


def lost(text: str) -> set[str]:
    """Return the words that neither a message nor the data account for."""
    shown = tell(text, APART) if isinstance(text, Said) else text
    left = [*LETTERS.findall(untold(text)), *LETTERS.findall(re.sub("⟦[^⟦⟧]*⟧", " ", shown))]
    return set(left) - DATA


def said(value: Any, at: str, kind: str = "Said") -> Iterator[tuple[str, str]]:
    """Yield every text for readers with where it is; a field that is declared `str` holds data or codes."""
    if is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from said(getattr(value, f.name), f"{at}.{f.name}", str(f.type))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from said(part, f"{at}[{key}]")
    elif isinstance(value, tuple):
        for i, part in enumerate(value):
            yield from said(part, f"{at}[{i}]", kind)
    elif isinstance(value, Said) or (isinstance(value, str) and "str" not in kind):
        yield at, value


@cache
def section() -> LoadSection:
    found = load_section(compared_models([(BENCH, FACTS)]))
    assert found is not None
    return found


def drawn(language: Spoken) -> Iterator[str]:
    """Yield every text in the figures of the section, and what describes them."""
    title, description, unit = say("a title"), say("what it shows"), say("a unit")
    for p in section().profiles:
        pictures = [
            load_curves(p.latency, p.latency_axes, title, description, language=language),
            load_curves(p.tokens, p.tokens_axes, title, description, language=language),
            share_over_time(p.ttft_shares, unit, title, description, language=language),
            share_over_time(p.e2e_shares, unit, title, description, language=language),
            *(time_panels(c.line, title, description, language=language) for c in p.lines),
        ]
        for svg in pictures:
            for text in re.findall(r"<(?:text|title|desc)\b[^>]*>(.*?)</", svg, re.DOTALL):
                yield unescape(re.sub(r"<[^>]*>", "", text))


def test_every_word_of_the_section_comes_from_a_message() -> None:
    found = list(said(section(), "load"))
    assert len(found) > 1000
    assert {at: (text, lost(text)) for at, text in found if lost(text)} == {}


def test_every_number_of_a_time_line_is_told() -> None:
    rows = [text for p in section().profiles for c in p.lines for row in c.rows for text in row]
    assert [text for text in rows if not isinstance(text, Said) or lost(text)] == []


def test_every_sentence_of_the_summary_comes_from_messages() -> None:
    for run in (BENCH, invalid_alone(), overloaded_alone()):
        sentences = list(load_summary(compared_models([(run, analyse(run))])))
        assert sentences
        assert all(isinstance(s, Said) for s in sentences)
        assert {s: lost(s) for s in sentences if lost(s)} == {}
    (warning,) = differing_profiles([(BENCH, FACTS), (with_other_profile(), FACTS)])
    assert lost(warning) == set()


def test_levels_are_named_in_words() -> None:
    level = FACTS.levels[0]
    kinds = (
        replace(level, concurrency=None, rate_per_s=None, kind="trace"),
        replace(level, concurrency=None, rate_per_s=1.5, kind="ramp"),
        replace(level, concurrency=None, rate_per_s=1.5, kind="poisson"),
        replace(level, concurrency=3),
    )
    assert [str(load_name(k)) for k in kinds] == ["trace", "ramp from 1.5/s", "1.5/s", "3 at once"]
    assert [tell(load_words(k), GERMAN) for k in kinds] == [
        "unter der Last „Aufzeichnung“",
        "unter der Last „Rampe“",
        "bei 1,5 Anfragen/s",
        "mit 3 Anfragen gleichzeitig",
    ]
    left_out = replace(level, n_repeats=3, n_invalid=1, flaws=(say("requests"),))
    for text in (*map(load_name, kinds), *map(load_words, kinds), *reasons(left_out)):
        assert lost(text) == set()


@pytest.mark.parametrize(
    "load",
    [
        {"kind": "concurrency", "concurrency": 2},
        {"kind": "constant", "rates": [1]},
        {"kind": "poisson", "rates": [1]},
        {"kind": "ramp", "to_rate": 2},
        {"kind": "search"},
    ],
)
def test_profiles_are_described_in_words(load: dict[str, Any]) -> None:
    slo = {"ttft_s": 1, "percentile": 95}
    spec = ProfileSpec.model_validate(
        {"name": "p", "load": load, "slo": slo, "prompts": {"lengths": [[8, 4], [16, 8]]}}
    )
    for turns in (1, 3):
        prompts = spec.prompts.model_copy(update={"turns": turns})
        text = profile_text(spec.model_copy(update={"prompts": prompts}))
        assert lost(text) == set()
        assert "8 Token Eingabe und 4 Ausgabe oder 16 Token" in tell(text, GERMAN)


def test_verdicts_are_codes_that_are_told_as_words() -> None:
    verdicts = {row.verdict for p in section().profiles for row in p.rows}
    assert verdicts <= set(VERDICTS)
    assert [tell(VERDICTS[v], GERMAN) for v in ("overloaded", "INVALID")] == [
        "überlastet",
        "UNGÜLTIG",
    ]


def test_figures_are_drawn_in_the_language_of_the_reader() -> None:
    texts = {*drawn(GERMAN)}
    for german in ("1 gleichzeitig", "angebotene Anfragen/s", "in Bearbeitung", "Ruhe", "Token/s",
                   "Zeit bis zum ersten Token", "Sekunden seit Beginn der Zelle", "p50 TTFT ≤ 0,5 s"):  # fmt: skip
        assert german in texts
    assert not {"1 at once", "in flight", "idle", "tokens/s", "time to first token"} & texts
    assert {"1 at once", "in flight", "p50 TTFT ≤ 0.5 s"} <= {*drawn(spoken("en"))}


def test_no_word_in_a_figure_is_lost() -> None:
    assert {text: lost(text) for text in drawn(APART) if lost(text)} == {}


def test_the_page_is_told_in_german_and_marked_by_codes() -> None:
    html = render_report([(BENCH, FACTS)], None, Look(language=GERMAN)).decode()
    begin = html.index('<section aria-labelledby="load">')
    section = html[begin : html.index('<section aria-labelledby="errors"', begin)]
    shown = unescape(re.sub(r"<svg.*?</svg>", "", section, flags=re.DOTALL))
    badges = re.findall(r'<span class="verdict (\w+)">(.*?)</span>', shown)
    assert {("held", "✓ gehalten"), ("over", "▲ überlastet"), ("invalid", "⊘ UNGÜLTIG")} <= {
        *badges
    }
    assert "Anfragen wurden bis zu 50 ms verspätet gesendet (p99)" in shown
    assert "nur 50 % des Angebotenen wurden fertig; die Warteschlange wuchs" in shown
    assert '<th scope="col"></th>' not in shown
    assert shown.count('<div class="scroll') == shown.count(
        'tabindex="0" role="region" aria-label="'
    )
    for english in ("INVALID", "requests", "steady window", "not measured", "at once"):
        assert english not in shown


def invalid_alone() -> Run:
    """Every step is one in which evalkit itself was the bottleneck."""
    return replace(BENCH, steps=[replace(s, loop_cpu_s=99.0) for s in BENCH.steps])


def overloaded_alone() -> Run:
    """The target refused every load."""
    return replace(BENCH, steps=[replace(s, reason=TOO_MANY_OPEN) for s in BENCH.steps])


def with_other_profile() -> Run:
    closed, rates = BenchConfig.model_validate(BENCH_CONFIG).model_dump(mode="json")["profiles"]
    config = {**BENCH_CONFIG, "profiles": [{**closed, "measure_s": 20}, rates]}
    return replace(BENCH, manifest=BENCH.manifest.model_copy(update={"config": config}))


ENDINGS = {
    SearchEnd.FOUND: {"passed": 8.0, "above": 8.2},
    SearchEnd.IN_DOUBT: {"passed": 8.0, "above": 9.2},
    SearchEnd.HIGHEST: {"rate": 8.0},
    SearchEnd.NONE_HELD: {"rate": 0.04, "e2e_s": 3.25},
    SearchEnd.NO_ANSWER: {"rate": 0.001},
    SearchEnd.TOO_FEW: {"rate": 0.2, "n": 12.0, "needed": 130.0},
    SearchEnd.TIME: {"minutes": 20.0, "rate": 1.5, "next_s": 130.0, "left_s": 99.9},
    SearchEnd.UNSETTLED: {"waited_s": 60.0},
    SearchEnd.STEPS: {"steps": 40.0},
    SearchEnd.CLIENT: {"rate": 900.0},
}


@pytest.mark.parametrize("code", SearchEnd)
def test_every_ending_of_a_search_is_a_code_that_is_told_in_the_readers_language(
    code: SearchEnd,
) -> None:
    told = ending_text(SearchEnding(code.value, ENDINGS[code]))
    assert lost(told) - {"max", "rate", "minutes", "tolerance", "first"} == set()
    assert tell(told, GERMAN) != str(told)


def test_an_ending_says_what_to_change() -> None:
    few = ending_text(SearchEnding("too_few", ENDINGS[SearchEnd.TOO_FEW]))
    assert str(few).endswith(
        "(12 were due, 130 are needed): raise max_s to more than 650 s, or take a lower percentile"
    )
    late = ending_text(SearchEnding("time", ENDINGS[SearchEnd.TIME]))
    assert "would take 130 s, and 99 s were left of max_minutes (20): raise it" in late
    assert early_ending(SearchEnding("found", ENDINGS[SearchEnd.FOUND])) == ""


def inconclusive() -> Run:
    """A search that ended with 20 requests in its only step: one answer in three is too slow to tell."""
    profiles = BenchConfig.model_validate(BENCH_CONFIG).model_dump(mode="json")["profiles"]
    slo = {"ttft_s": 0.5, "percentile": 95, "max_error_rate": 0.1}
    load = {**profiles[1]["load"], "kind": "search", "rates": [], "arrivals": "constant"}
    config = {**BENCH_CONFIG, "profiles": [profiles[0], {**profiles[1], "slo": slo, "load": load}]}
    ending = SearchEnding("too_few", {"rate": 2.0, "n": 20.0, "needed": 130.0})
    (cell,) = (c for c in BENCH.manifest.cells if c.cell_id == "alpha/rates/0")
    update = {"config": config, "cells": (replace(cell, ending=ending),)}
    steps = [s for s in BENCH.steps if s.cell_id == cell.cell_id and s.rate_per_s == 2]
    return replace(BENCH, manifest=BENCH.manifest.model_copy(update=update), steps=steps)


def test_a_search_with_too_few_requests_is_inconclusive_everywhere() -> None:
    run = inconclusive()
    facts = analyse(run)
    (level,), (capacity,) = facts.levels, facts.capacities
    assert (level.verdict, level.passed, level.n_needed) == (Verdict.INCONCLUSIVE, None, 130)
    assert (capacity.lambda_per_s.value, capacity.n_unclear) == (None, 1)
    assert (capacity.is_inconclusive, capacity_text(capacity)) == (True, "INCONCLUSIVE")
    assert "no step had enough requests to judge it: 20 at most, 130 needed" in (
        capacity.lambda_per_s.reason
    )
    shown = render_report([(run, facts)], None, Look(language=GERMAN)).decode()
    assert "? OFFEN" in shown
    assert "überlastet<" not in shown
    assert "erhöhen Sie max_s auf mehr als 65 s" in shown
    document = json.loads(export_json(run, facts))["facts"]
    assert document["levels"][0]["verdict"] == "INCONCLUSIVE"
    assert document["capacities"][0]["endings"][0]["code"] == "too_few"
    assert document["capacities"][0]["lambda_per_s"]["value"] is None
    console = Console(record=True, width=200, file=io.StringIO(), markup=False)
    for part in load_parts(facts):
        console.print(part)
    assert (
        "2/s: INCONCLUSIVE: too few requests to judge p95 TTFT (20 of 130 needed)"
        in console.export_text()
    )
    sentences = list(load_summary(compared_models([(run, facts)])))
    assert {s: lost(s) for s in sentences if lost(s) - {"max"}} == {}


def test_what_is_known_of_the_capacity_is_a_bound_where_steps_are_inconclusive() -> None:
    """With a p95 the 20 requests at 2/s are too few: `alpha` is overloaded at 20/s, `beta` held there."""
    closed, rates = BenchConfig.model_validate(BENCH_CONFIG).model_dump(mode="json")["profiles"]
    slo = {"ttft_s": 0.5, "percentile": 95, "max_error_rate": 0.1}
    config = {**BENCH_CONFIG, "profiles": [closed, {**rates, "slo": slo}]}
    run = replace(BENCH, manifest=BENCH.manifest.model_copy(update={"config": config}))
    facts = analyse(run)
    alpha, beta = facts.capacities
    assert (alpha.lambda_per_s.value, alpha.below_per_s, alpha.n_unclear) == (None, 20, 1)
    assert (beta.lambda_per_s.value, beta.below_per_s, beta.n_unclear) == (20, None, 1)
    assert [str(capacity_text(c)) for c in (alpha, beta)] == ["< 20/s", "≥ 20/s"]
    assert "1 step with too few requests was not used" in capacity_reason(alpha, 2)
    assert str(beta.lambda_per_s.reason) == "no higher rate was measured: it may sustain more"
    steps = [replace(s, rate_per_s=40.0) if s.rate_per_s == 2 else s for s in run.steps]
    beta = analyse(replace(run, steps=steps)).capacities[1]
    assert str(beta.lambda_per_s.reason).startswith("steps at higher rates had too few requests")
    told = [tell(s, GERMAN) for s in load_summary(compared_models([(run, facts)]))]
    assert any("Von alpha ist keine Last bekannt" in s and "weniger als 20" in s for s in told)
    assert any("mindestens 20 Anfragen/s" in s for s in told)


def test_a_search_that_ended_before_its_first_step_says_why() -> None:
    ending = SearchEnding("time", ENDINGS[SearchEnd.TIME])
    cells = tuple(
        replace(c, ending=ending) for c in BENCH.manifest.cells if c.cell_id == "alpha/rates/0"
    )
    manifest = BENCH.manifest.model_copy(update={"cells": cells})
    facts = analyse(replace(BENCH, manifest=manifest, steps=[], requests=[]))
    (capacity,) = facts.capacities
    assert (capacity.lambda_per_s.value, capacity.slo[:8]) == (None, "p50 TTFT")
    assert capacity_reason(capacity, 0).startswith("no step was held; the next step, at 1.5 req")
