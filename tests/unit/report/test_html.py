"""The report: self-contained, inert against hostile text, honest about what is missing, repeatable."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evalkit.analysis.summary import analyse
from evalkit.records import RequestKind, TaskResult
from evalkit.report.html import render_report
from evalkit.report.text_safety import shortened, visible, without_folders
from evalkit.store.manifest import ModelEntry
from evalkit.store.run_dir import Run
from tests.builders import HOSTILE, cell, manifest, reading, request, result, sample


class Parsed(HTMLParser):
    """Tags with attributes, ids, headings and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def entry(name: str) -> ModelEntry:
    return ModelEntry(
        name=name,
        backend="hf",
        source="somewhere",
        revision=None,
        path=None,
        dtype="float32",
        device="cpu",
        quantisation=None,
        n_parameters=None,
        memory_bytes=None,
        context_length=None,
        licence=None,
        chat_template=False,
    )


def make_run(n_models: int = 1, run_id: str = "r", state: str = "complete", **changes: Any) -> Run:
    names = [f"model-{i}" for i in range(n_models)]
    cells = tuple(cell(cell_id=f"{n}/s/0", model=n) for n in names)
    values: dict[str, Any] = {
        "path": Path("r"),
        "manifest": manifest(
            run_id=run_id, state=state, cells=cells, models=tuple(map(entry, names))
        ),
        "requests": [request(0, cell_id=c.cell_id, request_id=c.cell_id) for c in cells],
        "samples": [
            sample(0, cell_id=c.cell_id, prompt=HOSTILE, response=HOSTILE, target=HOSTILE)
            for c in cells
        ],
        "results": [result(1.0, cell_id=c.cell_id) for c in cells],
        "telemetry": [reading(1, rss_bytes=5, rss_peak_bytes=7_000_000)],
    }
    return Run(**{**values, **changes})


def render(*runs: Run) -> str:
    return render_report([(run, analyse(run)) for run in runs]).decode()


@pytest.mark.parametrize("n_models", [1, 2, 3, 9])
def test_any_number_of_models_is_shown(n_models: int) -> None:
    html = render(make_run(n_models))
    for i in range(n_models):
        assert f"model-{i}" in html


def test_the_same_run_gives_the_same_bytes() -> None:
    assert render(make_run(2)) == render(make_run(2))


def test_nothing_is_loaded_from_anywhere() -> None:
    html = render(make_run(2))
    page = Parsed(html)
    (csp,) = (m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert csp is not None
    assert csp.startswith("default-src 'none'")
    for tag, attrs in page.tags:
        for name in ("src", "href", "xlink:href", "data", "action"):
            target = attrs.get(name)
            assert target is None or target.startswith("#"), (tag, attrs)
    assert not page.all("link")
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_hostile_text_is_inert() -> None:
    html = render(make_run(2))
    page = Parsed(html)
    ids = [attrs.get("id") for attrs in page.all("script")]
    assert ids == ["explorer-data", "explorer-index", "explorer-chunk-0", None]
    assert not page.all("img")
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "&lt;script&gt;alert(1)" in html
    assert "\u202e" not in html
    assert "\x1b" not in html


def test_steering_characters_are_made_visible() -> None:
    assert visible("a\x1b[31m\u202eb\tc\nd") == "a␛[31m⟨U+202E⟩b\tc\nd"
    assert visible("\u200b\ufeff\U000e0041\ud800") == "⟨U+200B⟩⟨U+FEFF⟩⟨U+E0041⟩⟨U+D800⟩"
    assert "more characters" in shortened("x" * 30_000)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("evalkit run a.yaml --output /home/ann/x/runs", "evalkit run a.yaml --output …/runs"),
        ("dir: /srv/models/llama\nurl: https://h.example/v1/chat", "dir: …/llama\nurl: https://h.example/v1/chat"),
        (r"-o C:\Users\ann\runs", "-o …/runs"),
        ("~/runs/a configs/a/b.yaml 3/4 and/or a / b", "…/a configs/a/b.yaml 3/4 and/or a / b"),
    ],
)  # fmt: skip
def test_where_things_lie_on_a_machine_is_not_passed_on(text: str, shown: str) -> None:
    assert without_folders(text) == shown


def test_ids_are_unique_and_headings_in_order() -> None:
    page = Parsed(render(make_run(3)))
    ids = [attrs["id"] for _, attrs in page.tags if attrs.get("id")]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_figures_have_a_role_a_title_and_a_description() -> None:
    page = Parsed(render(make_run(2)))
    figures = page.all("svg")
    assert len(figures) >= 4
    ids = {attrs.get("id") for _, attrs in page.tags}
    for figure in figures:
        assert figure["role"] == "img"
        assert set((figure["aria-labelledby"] or "").split()) <= ids


def test_what_was_not_measured_says_so_and_is_no_zero() -> None:
    bare = make_run(
        requests=[
            request(0, cell_id="model-0/s/0", kind=RequestKind.LOGLIKELIHOOD, output_tokens=None)
        ],
        telemetry=[],
    )
    html = render(bare)
    assert "not measured" in html
    assert "Latency: not measured" in html
    assert not re.search(r">\s*0 (ms|MB|J|tokens/s)", html)


def test_a_partial_run_says_so_loudly() -> None:
    assert "This run is not complete" in render(make_run(state="partial"))
    assert "This run is not complete" not in render(make_run())


def test_figures_leave_out_what_the_tables_leave_out() -> None:
    """Requests of a cell that did not get done count nowhere."""
    failed = make_run(state="partial")
    cells = (replace(failed.manifest.cells[0], state="failed"),)
    failed = replace(failed, manifest=failed.manifest.model_copy(update={"cells": cells}))
    assert "time-to-first-token-t" not in render(failed)
    assert "time-to-first-token-t" in render(make_run())


def test_cost_is_told_to_be_missing() -> None:
    assert "not measured in this run" in render(make_run())


def test_models_of_the_same_name_are_told_apart_by_their_run() -> None:
    html = render(make_run(run_id="monday"), make_run(run_id="tuesday"))
    assert "model-0 (monday)" in html
    assert "model-0 (tuesday)" in html


def test_overlapping_intervals_claim_no_winner() -> None:
    assert "not clearly ahead" in render(make_run(2))


def test_scores_without_intervals_are_not_said_to_overlap() -> None:
    html = render(make_run(2, samples=[], results=_bits(0.2, 0.9)))
    assert "clearly ahead" not in html


def test_a_metric_that_is_no_share_is_not_shown_in_percent() -> None:
    html = render(make_run(2, samples=[], results=_bits(0.25, 0.85)))
    assert "85.0 %" not in html
    assert "0.85" in html


def _bits(*values: float) -> list[TaskResult]:
    return [
        result(v, cell_id=f"model-{i}/s/0", metric="bits_per_byte", higher_is_better=False)
        for i, v in enumerate(values)
    ]


def test_prompts_that_differ_are_shown_for_each_model() -> None:
    samples = [sample(0, cell_id=f"model-{i}/s/0", prompt=f"prompt {i}") for i in range(2)]
    html = render(make_run(2, samples=samples))
    assert "prompt 0" in html
    assert "prompt 1" in html


def test_runs_on_different_machines_are_not_compared_on_speed() -> None:
    other = make_run(run_id="other")
    hardware = other.manifest.hardware.model_copy(update={"cpu": "another"})
    moved = replace(other, manifest=other.manifest.model_copy(update={"hardware": hardware}))
    assert "different machines" in render(make_run(), moved)
    assert "different machines" not in render(make_run(), other)


def test_percentiles_of_few_requests_are_marked() -> None:
    html = render(make_run())
    assert "†" in html
    assert "needs n" in html


def test_a_run_without_any_result_still_renders() -> None:
    html = render(make_run(requests=[], samples=[], results=[], telemetry=[]))
    assert "Not measured." in html


def test_the_summary_and_the_comparison_doc_by_doc_name_the_same_winner() -> None:
    # the intervals of 50 and 70 % of 40 docs overlap; doc by doc one is better on 8 and worse on none
    right = ([i < 20 for i in range(40)], [i < 28 for i in range(40)])
    samples = [
        sample(i, cell_id=f"model-{m}/s/0", scores={"acc": float(is_right)})
        for m, docs in enumerate(right)
        for i, is_right in enumerate(docs)
    ]
    results = [result(sum(docs) / 40, cell_id=f"model-{m}/s/0") for m, docs in enumerate(right)]
    html = render(make_run(2, samples=samples, results=results))
    assert "clearly ahead of model-0" in html
    assert "clearly better on 1" in html


def test_the_one_that_leads_is_the_one_that_is_better_doc_by_doc() -> None:
    """What one model got no answer to may be what is hard: its mean is over the easy docs."""
    samples = [
        sample(
            i,
            cell_id=f"model-{m}/s/0",
            scores={"acc": None if m == 0 and i >= 30 else float(i < (20, 30)[m])},
            flags=("failed",) if m == 0 and i >= 30 else (),
        )
        for m in (0, 1)
        for i in range(60)
    ]
    results = [result(0.5, cell_id=f"model-{m}/s/0") for m in (0, 1)]
    html = render(make_run(2, samples=samples, results=results))
    assert "model-1 50.0 %" in html
    assert "clearly ahead of model-0" in html
    assert "A clear difference shows on 1 of 1 tasks" in html
