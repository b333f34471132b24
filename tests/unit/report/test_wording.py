"""No word of a run's page is lost on its way to a reader of another language, in tables or in figures."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.summary import analyse
from evalkit.records import GENERATE, EngineRecord, RequestKind
from evalkit.report import format as text
from evalkit.report.audit import audit_run, endpoint_text, engine_text
from evalkit.report.figures import Bar, Dot, DotRow, Line, bars, dot_plot, id_of, share_lines
from evalkit.report.glossary import (
    DECISION_TERMS,
    FAILURES,
    LOAD_TERMS,
    METRICS,
    TERMS,
    all_terms,
    failure_text,
    metric_text,
)
from evalkit.report.language import Spoken, spoken
from evalkit.report.page import Page, build_page
from evalkit.store.manifest import ModelEntry
from evalkit.store.run_dir import Run
from evalkit.wording import Said, say, tell, verbatim
from tests.builders import (
    HOSTILE,
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
from tests.pseudo import PSEUDO, untold
from tests.said import WORD, lost, texts

GERMAN = spoken("de")
ENGINE = EngineRecord(
    RequestKind.LOGLIKELIHOOD,
    "shared",
    "cut short",
    n_checked=3,
    max_difference=2e-4,
    tokens_asked=1000,
    tokens_computed=250,
    n_verified=2,
    max_verified_difference=1e-3,
    n_near_ties=2,
)
NAMES = {
    *("r", "s", "t", "u", "v", "b", "acc", "bits", "local-0", "local-1", "other", "somewhere"),
    *("gpt", "mystery", "gpt-2026-08-01", "api.example.com:443", "llm.internal:8000", HOSTILE),
    *("alpha", "beta", "closed", "rates", "alpha/closed/0", "beta/rates/0", "cuda:0"),
    *("float32", "cpu", "MIT", "API at api.example.com:443", "loglikelihood", "cut short"),
    *("c", "c2", "no GPU", "Linux", "2026-11-23T10:00:00+00:00", "genai-prices 1.2.3", "no key"),
    *("timeout", "server_error", "malformed", "overloaded", "TTFT"),
}
"""What runs call things; everything else with letters has to be from a message."""


def entry(name: str, **changes: Any) -> ModelEntry:
    values: dict[str, Any] = {
        "name": name,
        "backend": "hf",
        "source": "somewhere",
        "revision": None,
        "path": None,
        "dtype": "float32",
        "device": "cpu",
        "quantisation": None,
        "n_parameters": 135_000_000,
        "memory_bytes": 500_000_000,
        "context_length": 2048,
        "licence": "MIT",
        "chat_template": True,
    }
    return ModelEntry(**{**values, **changes})


def local_run() -> Run:
    """Two models, one of them clearly better; few requests, a cut prompt, a failed cell, an engine's checks."""
    names = ("local-0", "local-1")
    cells = [
        cell(cell_id=f"{n}/s/0", model=n, engine=(ENGINE,), load_s=2.0, n_docs=40) for n in names
    ]
    cells.append(
        cell(cell_id="local-1/u/0", model="local-1", suite="u", state="failed", reason="no key")
    )
    return Run(
        path=Path("r"),
        manifest=manifest(
            cells=tuple(cells),
            models=(entry(names[0]), entry(names[1], chat_template=False, licence=None)),
            state="partial",
        ),
        requests=[
            request(i, cell_id=f"{n}/s/0", request_id=f"{n}{i}", flags=("truncated",), attempts=at)
            for n in names
            for i, at in enumerate(((attempt(0),), (attempt(900),)))
        ],
        samples=[
            sample(i, cell_id=f"{n}/s/0", scores={"acc": float(n == names[0])})
            for n in names
            for i in range(40)
        ],
        results=[
            *(result(float(n == names[0]), cell_id=f"{n}/s/0") for n in names),
            *(
                result(0.8, cell_id=f"{n}/s/0", metric="bits", higher_is_better=False)
                for n in names
            ),
        ],
        telemetry=[
            replace(reading(t, rss_peak_bytes=7_000_000, cpu_s=t / 1e4), cell_id=f"{n}/s/0")
            for n in names
            for t in (1, 60_001)
        ],
    )


def asked_as_question() -> Run:
    """Behind an API, asked with a letter, one attempt lost in a crash."""
    run = api_run()
    cells = tuple(replace(c, mode=GENERATE, endpoint=endpoint()) for c in run.manifest.cells)
    attempts = (replace(attempt(0), status="lost"),)
    lost = request(99, cell_id="gpt/s/0", request_id="lost", attempts=attempts, answer=None)
    return replace(
        run,
        manifest=run.manifest.model_copy(update={"cells": cells}),
        requests=[*run.requests, lost],
    )


RUNS = {
    "local": lambda: [local_run()],
    "behind an API": lambda: [api_run()],
    "asked as a question": lambda: [asked_as_question()],
    "both": lambda: [local_run(), on_another_machine(api_run())],
    "nothing": lambda: [replace(local_run(), requests=[], samples=[], results=[], telemetry=[])],
    "load": lambda: [bench_run()],
}


def on_another_machine(run: Run) -> Run:
    hardware = run.manifest.hardware.model_copy(update={"cpu": "c2"})
    changes = {"run_id": "other", "hardware": hardware}
    return replace(run, manifest=run.manifest.model_copy(update=changes))


def page_of(case: str) -> Page:
    return build_page([(run, analyse(run)) for run in RUNS[case]()])


@pytest.mark.parametrize("case", RUNS)
def test_every_word_of_the_page_comes_from_a_message(case: str) -> None:
    page = page_of(case)
    assert lost(replace(page, load=None), NAMES) == {}
    assert len(list(texts(page))) > 50


def test_every_word_of_the_terms_comes_from_a_message() -> None:
    terms = [said for pair in all_terms(with_load=True, with_decision=True) for said in pair]
    assert {said for said in terms if untold(said).strip()} == set(METRICS)
    for words in (TERMS, LOAD_TERMS, DECISION_TERMS, METRICS, FAILURES):
        assert [said for said in words.values() if untold(said).strip()] == []
    assert untold(metric_text("unheard_of")).strip() == ""


@pytest.mark.parametrize("case", ["local", "behind an API", "load"])
def test_the_german_page_says_nothing_in_english(case: str) -> None:
    english = {"the", "of", "and", "with", "cost", "requests", "not", "latency", "answered", "done"}
    page = replace(page_of(case), load=None, summary=())
    said = {at: tell(words, GERMAN) for at, words in texts(page)}
    left = {at: t for at, t in said.items() if english & {*map(str.lower, WORD.findall(t))}}
    assert left == {}


def drawn(*pictures: str) -> list[str]:
    """Return every text in figures, and what describes them."""
    found = re.findall(r"<(?:text|title|desc)\b[^>]*>(.*?)</", " ".join(pictures), re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", "", t)) for t in found]


def pictures_in(language: Spoken) -> list[str]:
    rows = (DotRow("1 · 2", (Dot(0, 0.5, 0.4, 0.6),), 0.25),)
    lines = (Line(0, "3", (0.25, 1.5, 2.5)),)
    speeds = (Bar(0, "3", None, text.NOT_MEASURED), Bar(1, "4", 12.5, text.energy(12.5)))
    title, about, unit = say("Quality"), say("Warnings"), say("tokens/s")
    return [
        dot_plot(rows, 1, title, about, language=language),
        share_lines(lines, unit, title, about, language=language),
        bars(speeds, title, about, language=language),
    ]


def test_every_word_in_the_figures_comes_from_a_message() -> None:
    found = drawn(*pictures_in(PSEUDO))
    assert [t for t in found if WORD.search(untold(t))] == []
    assert len(found) > 15


def test_figures_are_drawn_in_the_language_of_the_page() -> None:
    found = drawn(*pictures_in(GERMAN))
    for german in ("Qualität", "Warnungen", "Token/s", "nicht gemessen", "25 %", "0,5"):
        assert german in found


def test_figures_have_the_same_ids_in_every_language() -> None:
    ids = [re.findall(r'id="([^"]+)"', "".join(pictures_in(to))) for to in (GERMAN, PSEUDO)]
    assert {i for i in ids[0] if i.endswith(("-t", "-d"))} == {"quality-t", "quality-d"}
    assert {i for i in ids[1] if i.endswith(("-t", "-d"))} == {"quality-t", "quality-d"}


def test_ids_of_titles_are_plain_and_their_own() -> None:
    titles = [
        "Größe",
        "Grösse",
        "Grosse",
        "größe!",
        "模型",
        "型模",
        "Profile 1, ä: x",
        "Profile 1, ö: x",
    ]
    ids = [id_of(title) for title in titles]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", i) for i in ids)
    assert id_of("Time to first token") == "time-to-first-token"


def test_terms_are_sorted_in_the_language_of_the_reader() -> None:
    told = [tell(term, GERMAN) for term, _ in all_terms(with_load=True, language=GERMAN)]
    english = [str(term) for term, _ in all_terms(with_load=True)]
    assert told.index("Antwortzeit") < told.index("Aufwärmen, Messfenster") < told.index("Zufall")
    assert english.index("chance") < english.index("response time")
    assert told != [tell(term, GERMAN) for term, _ in all_terms(with_load=True)]


def test_terms_of_a_decision_are_among_all_terms_only_where_there_is_one() -> None:
    found = all_terms(with_load=True, with_decision=True)
    decision = {(say(term), meaning) for term, meaning in DECISION_TERMS.items()}
    assert decision <= set(found)
    assert not decision <= set(all_terms(with_load=True))
    names = [term for term, _ in found]
    assert len(names) == len(set(names))


def test_every_class_of_failure_is_told() -> None:
    assert tell(failure_text("rate_limited"), GERMAN) == "Ratenbegrenzung erreicht"
    assert tell(failure_text("brand_new"), GERMAN) == "brand new"


def test_the_summary_is_told_in_german() -> None:
    page = page_of("behind an API")
    summary = [tell(line, GERMAN) for line in page.summary]
    assert summary[-3:] == [
        "gpt: 44 Anfragen kosteten 0,00515 $, 0,10 $ je 1000"
        " (2 Versuche mit unbekannten Kosten sind nicht enthalten).",
        "mystery: Was die 12 Anfragen kosteten, ist nicht bekannt (der Server nennt keine Tokenzahlen).",
        "Kosten eigener Hardware, Energiepreis und eine Empfehlung für Selbst betreiben oder Einkaufen:"
        " in diesem Lauf nicht gemessen; `evalkit tco` berechnet sie.",
    ]
    (line,) = (line for line in summary if line.startswith("t, acc"))
    assert line.startswith("t, acc: gpt 73,0 % (95 %: ")
    assert line.endswith("Dokumente ohne Antwort sind ausgelassen: 3 bei gpt, 1 bei mystery.")
    assert tell(page.title, GERMAN) == "r: 2 Modelle im Vergleich"


def test_how_it_was_measured_is_told_in_german() -> None:
    assert tell(endpoint_text(endpoint()), GERMAN) == (
        "api.example.com:443, Chat Completions; höchstens 8 gleichzeitig; beantwortet von gpt-2026-08-01;"
        " eigene Verzögerung p50 0,2 ms, p99 3,1 ms, höchstens 12,5 ms (500 Messwerte)"
    )
    assert tell(engine_text(ENGINE), GERMAN).startswith(
        "gemeinsamer Pfad (cut short); 250 von 1.000 Token berechnet (25 %), die übrigen gemeinsam genutzt;"
        " Selbstprüfung an 3: höchstens 0,0002 Abweichung von der Referenz;"
    )


def test_states_and_data_classes_of_cells_are_told() -> None:
    run = local_run()
    *_, failed = audit_run(run, analyse(run)).cells
    assert [tell(words, GERMAN) for words in failed] == [
        "local-1/u/0", "fehlgeschlagen", "öffentlich", "0 von 1", "no key",
    ]  # fmt: skip


def test_a_recorded_reason_stays_as_it_was_written() -> None:
    assert tell(verbatim("cut short"), GERMAN) == "cut short"
    assert isinstance(verbatim("cut short"), Said)
