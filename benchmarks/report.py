"""The report of 100 000 samples: how long it takes to make, how large it is, how quickly a browser answers in it.

    python benchmarks/report.py                         # 10 models × 10 000 docs, about three minutes on two cores
    python benchmarks/report.py --docs 100000 --models 1
    python benchmarks/report.py --keep /tmp/bench       # keep run directory and report, and use the run again
    python benchmarks/report.py --profile render        # where the time of a phase goes

The run is made up but has the shape of a real one: prompts of about 800 characters, answers of about 200 that quote
their prompt, words as frequent as in natural language, a stamp for every token, a reading of the machine each half
second. Its seed is fixed. Making it is not timed; reading it back, analysing and rendering it is.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import platform
import pstats
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evalkit.analysis.summary import analyse
from evalkit.meters.cores import allotted_cores
from evalkit.records import (
    Answer,
    CellRecord,
    EndpointRecord,
    LoadStep,
    Request,
    Sample,
    Session,
    TaskResult,
    Telemetry,
    Usage,
)
from evalkit.report.html import render_report
from evalkit.store.manifest import FileEntry, Hardware, ModelEntry, RunManifest, write_manifest
from evalkit.store.parquet import schema_of
from evalkit.store.run_dir import Run, open_run

T = TypeVar("T")
SEED = 20261124
TASKS = ("ticket_answers", "product_questions", "contract_summaries", "claims_extraction")
SUITES = {"support": TASKS[:2], "documents": TASKS[2:]}
N_VENDORS = 3
"""Models that are behind an API: their answers have usage and cost."""
LIMITS = {
    "make": 20.0,
    "file": 15.0,
    "load": 2000.0,
    "block at load": 500.0,
    "filter": 200.0,
    "first hits": 1000.0,
    "block": 100.0,
}
"""Time to make and size are demanded; the others are what a reader does not feel as a stall."""
_MS = 1_000_000
_READ_MS = 500
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# --- a run of any size --------------------------------------------------------------------------------------------


_FREQUENT = ["the", "of", "and", "to", "in", "is", "that", "for", "it", "was", "on", "are", "as"]


class Words:
    """Text with the word frequencies of natural language (Zipf), in sentences."""

    def __init__(self, draw: np.random.Generator, n: int = 12_000) -> None:
        self._draw = draw
        parts = [c + v for c in (*"bdfgklmnprst", "st", "tr", "pl") for v in "aeiou"]
        lengths = np.clip(draw.poisson(1.6, n) + 1, 1, 5)
        self._words = ["".join(draw.choice(parts, k)) + "n" * (k % 2) for k in lengths]
        self._words[: len(_FREQUENT)] = _FREQUENT
        weights = 1 / (np.arange(n) + 2.7)
        self._shares = np.cumsum(weights / weights.sum())

    def draw(self, n: int) -> list[str]:
        """Return so many words."""
        return [self._words[i] for i in np.searchsorted(self._shares, self._draw.random(n))]


def text_of(words: Sequence[str]) -> str:
    """Put words into sentences of about twelve words."""
    found = []
    for start in range(0, len(words), 12):
        sentence = " ".join(words[start : start + 12])
        found.append(f"{sentence[:1].upper()}{sentence[1:]}.")
    return " ".join(found)


def docs_of(words: Words, n: int) -> Iterator[tuple[str, str]]:
    """Yield prompt and expected answer of each doc."""
    head = f"Answer the question from the text below. {text_of(words.draw(20))}\n\n"
    per_doc = 118
    pool = words.draw(n * per_doc)
    for i in range(n):
        mine = pool[i * per_doc : (i + 1) * per_doc]
        yield f"{head}{text_of(mine)}\n\nAnswer:", " ".join(mine[30:40])


def answers_of(
    words: Words, docs: Sequence[tuple[str, str]], draw: np.random.Generator
) -> list[str]:
    """Return an answer to each doc, a third of it quoted from the prompt."""
    pool = words.draw(len(docs) * 24)
    starts = draw.integers(150, 600, len(docs))
    sizes = draw.integers(20, 110, len(docs))
    rest = draw.integers(12, 25, len(docs))
    return [
        f"{text_of(pool[i * 24 : i * 24 + rest[i]])} {prompt[starts[i] : starts[i] + sizes[i]]}"
        for i, (prompt, _) in enumerate(docs)
    ]


def write_run(folder: Path, n_docs: int, n_models: int) -> Path:
    """Write a finished run of so many docs and models."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(SEED)
    words = Words(draw)
    docs = list(docs_of(words, n_docs))
    models = [f"model-{i}" for i in range(n_models)]
    n_here = max(1, n_models - N_VENDORS)
    half = n_docs // 2
    parts = {"support": slice(0, half), "documents": slice(half, n_docs)}
    cells = tuple(
        _cell(name, suite, len(docs[part]), is_api=i >= n_here)
        for i, name in enumerate(models)
        for suite, part in parts.items()
    )
    tables: dict[type[Any], list[pa.Table]] = {
        kind: [] for kind in (Request, Sample, TaskResult, Telemetry, LoadStep)
    }
    for cell in cells:
        asked = docs[parts[cell.suite]]
        skill = 0.45 + 0.04 * models.index(cell.model)
        rows = _cell_rows(cell, asked, answers_of(words, asked, draw), draw, skill)
        for kind, of_cell in rows.items():
            tables[kind].append(pa.Table.from_pylist(of_cell, schema=schema_of(kind)))
    files = {}
    for kind, some in tables.items():
        name = _FILES[kind]
        whole = pa.concat_tables(some) if some else schema_of(kind).empty_table()
        pq.write_table(whole, folder / name, compression="zstd")
        data = (folder / name).read_bytes()
        files[name] = FileEntry(sha256=sha256(data).hexdigest(), bytes=len(data), rows=len(whole))
    write_manifest(folder, _manifest(cells, n_here, files))
    return folder


_FILES: dict[type[Any], str] = {
    Request: "requests.parquet",
    Sample: "samples.parquet",
    TaskResult: "results.parquet",
    Telemetry: "telemetry.parquet",
    LoadStep: "steps.parquet",
}


def _cell(name: str, suite: str, n_docs: int, *, is_api: bool) -> CellRecord:
    where = EndpointRecord(f"{name}.example.com:443", "chat", 8, (f"{name}-2026",), 500, 1e-4, 2e-3)
    return CellRecord(
        cell_id=f"{name}/{suite}/0",
        model=name,
        suite=suite,
        repeat=0,
        state="done",
        backend="openai" if is_api else "hf",
        data_class="public",
        n_docs=n_docs,
        n_requests=n_docs,
        load_s=None if is_api else 12.5,
        endpoint=where if is_api else None,
        mode="generate",
    )


def _cell_rows(
    cell: CellRecord,
    docs: Sequence[tuple[str, str]],
    answers: Sequence[str],
    draw: np.random.Generator,
    skill: float,
) -> dict[type[Any], list[dict[str, Any]]]:
    """Return the rows of one cell: requests with their events, samples, results, readings."""
    n = len(docs)
    is_right = draw.random(n) < skill
    overlap = np.round(np.where(is_right, 1.0, draw.random(n) * 0.8), 4)
    is_failed = draw.random(n) < (0.004 if cell.endpoint else 0.0)
    first_ms = draw.gamma(4, 40, n)
    tasks = SUITES[cell.suite]
    task_size = -(-n // len(tasks))
    requests, samples, now = [], [], 0
    for i, ((prompt, target), answer) in enumerate(zip(docs, answers, strict=True)):
        task = tasks[i // task_size]
        n_tokens = max(2, round(len(answer) / 4.3))
        gaps = draw.gamma(4, 3.0 * _MS, n_tokens).astype(np.int64)
        stamps = now + int(first_ms[i] * _MS) + np.cumsum(gaps)
        failed = bool(is_failed[i])
        of = task, i % task_size
        row = _request(cell, of, (now, stamps.tolist()), len(prompt) // 4, failed=failed)
        now = int(stamps[-1]) + 5 * _MS
        requests.append(row)
        scores = {"exact_match": float(is_right[i]), "f1": float(overlap[i])}
        samples.append(
            {
                "cell_id": cell.cell_id,
                "task": task,
                "filter": "none",
                "doc_id": of[1],
                "doc_hash": f"{i:064x}",
                "prompt_hash": f"{i:064x}",
                "doc": json.dumps({"id": i, "text": prompt, "gold": target}),
                "prompt": prompt,
                "target": target,
                "response": "" if failed else answer,
                "scores": dict.fromkeys(scores) if failed else scores,
                "loglikelihoods": [],
                "flags": ["failed"] if failed else [],
            }
        )
    return {
        Request: requests,
        Sample: samples,
        TaskResult: list(_results(cell, samples)),
        Telemetry: list(_readings(cell, now)),
    }


def _request(
    cell: CellRecord,
    of: tuple[str, int],
    times: tuple[int, list[int]],
    n_input: int,
    *,
    failed: bool,
) -> dict[str, Any]:
    """Return a request whose every token has a stamp."""
    task, number = of
    start, stamps = times
    is_api = cell.endpoint is not None
    per_event = None if is_api else 1
    events = [{"t_ns": t, "n_tokens": per_event, "kind": "content"} for t in stamps]
    n_output = None if failed else len(stamps)
    usage = asdict(Usage(input_tokens=n_input, output_tokens=n_output))
    attempt = {
        "number": 0,
        "session": 0,
        "status": "error" if failed else "ok",
        "t_intended_ns": start,
        "t_queued_ns": start,
        "t_send_ns": start,
        "t_headers_ns": start + 20 * _MS if is_api else None,
        "t_end_ns": stamps[-1] + _MS,
        "error": "HTTP 503: try again later" if failed else None,
        "error_class": "overloaded" if failed else None,
        "events": [] if failed else events,
        "http_status": (503 if failed else 200) if is_api else None,
        "wait_s": 0.0,
        "headers": {"x-request-id": f"{number:08x}"} if is_api else {},
        "usage": usage if is_api and not failed else None,
        "cost_usd": (0.0 if failed else 1e-6 * n_input + 4e-6 * len(stamps)) if is_api else None,
    }
    return {
        "request_id": f"{cell.cell_id}/generate/{task}/{number}/0/0",
        "cell_id": cell.cell_id,
        "session": 0,
        "task": task,
        "doc_id": number,
        "index": 0,
        "repeat": 0,
        "kind": "generate",
        "backend": cell.backend,
        "prompt_hash": f"{number:064x}",
        "is_measured": True,
        "is_timed": True,
        "batch_size": 1,
        "input_tokens": n_input,
        "output_tokens": n_output,
        "finish_reason": None if failed else "stop",
        "flags": [],
        "attempts": [attempt],
        "answer": None if failed else asdict(Answer(text="x", mean_logprob=-0.4)),
    }


def _results(cell: CellRecord, samples: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in SUITES[cell.suite]:
        for metric in ("exact_match", "f1"):
            scores = [
                s["scores"][metric]
                for s in samples
                if s["task"] == task and s["scores"][metric] is not None
            ]
            yield {
                "cell_id": cell.cell_id,
                "task": task,
                "filter": "none",
                "metric": metric,
                "value": statistics.fmean(scores) if scores else None,
                "higher_is_better": True,
                "is_group": False,
                "n_docs": len(scores),
                "version": "1.0",
            }


def _readings(cell: CellRecord, until_ns: int) -> Iterator[dict[str, Any]]:
    """Yield what telemetry reads each half second: the process, and a GPU where the model runs here."""
    for t in range(0, until_ns, _READ_MS * _MS):
        at = {"cell_id": cell.cell_id, "session": 0, "t_ns": t}
        memory = 2_000_000_000 + t % 50_000_000
        host = {"rss_bytes": memory, "rss_peak_bytes": 2_100_000_000, "cpu_s": t / 1e9}
        yield {**at, "device": "host", **host, "others_cpu_s": t / 4e10}
        if cell.endpoint is None:
            board = {"memory_used_bytes": 9_000_000_000 + t % 1_000_000, "power_w": 180.0}
            yield {**at, "device": "gpu0", **board, "energy_j": 180 * t / 1e9}


def _manifest(
    cells: tuple[CellRecord, ...], n_here: int, files: dict[str, FileEntry]
) -> RunManifest:
    models = list(dict.fromkeys(c.model for c in cells))
    hardware = Hardware(
        cpu="made up", cores_physical=8, cores_logical=16, memory_bytes=64_000_000_000, os="Linux"
    )
    entries = tuple(
        ModelEntry(
            name=name,
            backend="openai" if i >= n_here else "hf",
            source=name,
            revision=None,
            path=None,
            dtype=None if i >= n_here else "bfloat16",
            device="API" if i >= n_here else "cuda:0",
            quantisation=None,
            n_parameters=None if i >= n_here else 1_000_000_000 * (i + 1),
            memory_bytes=None,
            context_length=None,
            licence=None,
            chat_template=True,
            is_api=i >= n_here,
        )
        for i, name in enumerate(models)
    )
    return RunManifest(
        run_id="bench-report",
        name="bench",
        state="complete",
        config={"name": "bench"},
        config_file=None,
        plan_hash="0" * 64,
        versions={},
        git=None,
        hardware=hardware,
        seeds={},
        started_at="2026-11-24T00:00:00+00:00",
        models=entries,
        cells=cells,
        sessions=(Session(0, 0, 0, 1, "0"),),
        files=files,
    )


# --- making the report --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: float | None
    unit: str
    limit: float | None = None


def make_report(folder: Path, profile: str | None) -> tuple[bytes, list[Figure]]:
    """Read, analyse and render a run, each timed; with `profile`, print where the time of that phase goes."""
    found: list[Figure] = []

    def timed(phase: str, work: Callable[[], T]) -> T:
        profiler = cProfile.Profile() if phase == profile else None
        start = time.perf_counter()
        result = profiler.runcall(work) if profiler else work()
        found.append(Figure(phase, time.perf_counter() - start, "s"))
        if profiler:
            pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)
        return result

    busy = time.process_time()
    run: Run = timed("open", lambda: open_run(folder))
    facts = timed("analyse", lambda: analyse(run))
    html = timed("render", lambda: render_report([(run, facts)]))
    whole = sum(figure.value or 0.0 for figure in found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    found += [
        Figure("made in all", whole, "s", LIMITS["make"]),
        Figure("processor time, all threads", time.process_time() - busy, "s"),
        Figure("peak memory", peak, "GB"),
        Figure("file", len(html) / 1e6, "MB", LIMITS["file"]),
    ]
    return html, found


# --- in the browser -----------------------------------------------------------------------------------------------

_WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
}).observe({ type: "longtask", buffered: true });
"""
_FILTER = """
(id) => new Promise((done) => {
  const box = document.getElementById(id), count = document.getElementById("explorer-count");
  const before = count.textContent, start = performance.now();
  const look = () => count.textContent !== before ? done(performance.now() - start) : requestAnimationFrame(look);
  box.click();
  look();
})
"""
_SEARCH = """
(text) => new Promise((done) => {
  const field = document.getElementById("explorer-text"), count = document.getElementById("explorer-count");
  const list = document.getElementById("explorer-list"), start = performance.now();
  let first = null;
  const look = () => {
    if (first === null && count.textContent === "" && list.childElementCount) first = performance.now() - start;
    if (first !== null && count.textContent !== "") return done([first, performance.now() - start, count.textContent]);
    requestAnimationFrame(look);
  };
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(look);
})
"""


def open_report(file: Path, word: str) -> list[Figure]:
    """Open a report in headless Chromium, filter it and search it."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise ImportError("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        page = browser.new_page()
        page.add_init_script(_WATCH)
        start = time.perf_counter()
        page.goto(file.resolve().as_uri())
        if page.query_selector("#explorer-live") is None:
            raise ImportError("the report has no explorer")
        page.wait_for_selector("#explorer-list details")
        loaded = (time.perf_counter() - start) * 1000
        at_load = page.evaluate("window.longest")
        page.evaluate("window.longest = 0")
        box = "explorer-disagree" if page.query_selector("#explorer-disagree") else "explorer-wrong"
        filtered = max(page.evaluate(_FILTER, box) for _ in range(4))
        first, searched, count = page.evaluate(_SEARCH, word)
        again = page.evaluate("window.longest")
        start = time.perf_counter()
        page.click("#explorer-list details summary")
        page.wait_for_selector("#explorer-list .answers")
        opened = (time.perf_counter() - start) * 1000
        browser.close()
    return [
        Figure("opens in the browser", loaded, "ms", LIMITS["load"]),
        Figure("longest block while opening", at_load, "ms", LIMITS["block at load"]),
        Figure("filter, slowest of 4", filtered, "ms", LIMITS["filter"]),
        Figure(f"search for {word!r}: first hits", first, "ms", LIMITS["first hits"]),
        Figure(f"all texts searched ({count})", searched, "ms"),
        Figure("a doc opens", opened, "ms", LIMITS["filter"]),
        Figure("longest block while filtering and searching", again, "ms", LIMITS["block"]),
    ]


def main() -> None:
    """Read the command line; make a run, its report, and open it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--docs", type=int, default=10_000)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument(
        "--keep", type=Path, help="folder for run and report; a run in it is used again"
    )
    parser.add_argument("--profile", choices=("open", "analyse", "render"))
    parser.add_argument("--search", default="kalo", help="what is searched for")
    parser.add_argument("--no-browser", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        run = folder / f"run-{args.docs}-{args.models}"
        if not run.exists():
            write_run(run, args.docs, args.models)
        size = sum(file.stat().st_size for file in run.iterdir()) / 1e6
        print(
            f"{platform.machine()}, {allotted_cores():g} cores; {args.docs} docs × {args.models} models, {size:.0f} MB"
        )
        html, figures = make_report(run, args.profile)
        file = folder / f"report-{args.docs}-{args.models}.html"
        file.write_bytes(html)
        if not args.no_browser:
            try:
                figures += open_report(file, args.search)
            except ImportError as error:
                print(f"not opened in a browser: {error}")
    for figure in figures:
        print(_line(figure))


def _line(figure: Figure) -> str:
    value = "–" if figure.value is None else f"{figure.value:.3g}"
    if figure.limit is None:
        return f"  {figure.name:<58} {value:>6} {figure.unit}"
    kept = figure.value is not None and figure.value <= figure.limit
    verdict = "" if kept else "   ABOVE"
    return f"  {figure.name:<58} {value:>6} {figure.unit:<3} (at most {figure.limit:g}){verdict}"


if __name__ == "__main__":
    main()
