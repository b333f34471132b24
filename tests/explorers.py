"""The explorer alone in a page: the rest of the report is not what these tests are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from evalkit.analysis.docs import doc_table
from evalkit.analysis.summary import analyse
from evalkit.report.explorer import Explorer, build_explorer
from evalkit.report.explorer_pack import BUDGET
from evalkit.report.html import content_security_policy, render_template, static
from evalkit.report.language import spoken
from evalkit.report.models import compared_models
from evalkit.store.run_dir import Run
from tests.builders import (
    api_attempt,
    api_entry,
    api_error,
    api_request,
    cell,
    endpoint,
    manifest,
    request,
    result,
    sample,
)

CSS = ("report.css", "explorer.css")


def explorer(*runs: Run, code: str = "en", budget: int = BUDGET) -> Explorer:
    models = compared_models([(run, analyse(run)) for run in runs])
    found = build_explorer(models, spoken(code), doc_table(runs), budget)
    assert found is not None
    return found


def explorer_page(*runs: Run, code: str = "en", budget: int = BUDGET) -> bytes:
    """A page with the section, its style and its script, under the report's content security policy."""
    part = render_template(
        "sections/explorer.html.j2",
        spoken(code),
        explorer=explorer(*runs, code=code, budget=budget),
    ).decode()
    script = static("explorer.js")
    return (
        f'<!DOCTYPE html><html lang="{code}"><head><meta charset="utf-8"><title>Report</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy(script)}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{static(*CSS)}</style></head><body><main><h1>Report</h1>{part}</main>"
        f"<script>{script}</script></body></html>"
    ).encode()


def counted(page: Page) -> str:
    """What the counter says once the typed text has been taken up and searched for.

    The page waits a moment for more to be typed. Its own clock measures that wait, so that a slow machine cannot
    overtake it.
    """
    page.evaluate("new Promise((done) => setTimeout(done, 250))")
    return counter_of(page)


def counter_of(page: Page) -> str:
    """What the counter says once the docs are listed: it is read, as the page's security policy forbids to evaluate."""
    counter = page.locator("#explorer-count")
    expect(counter).not_to_have_text("")
    return counter.inner_text()


def comparison(n_docs: int = 130, **changes: Any) -> Run:
    """Three models on two tasks of two suites.

    `one` is right on every even doc, `two` on every third, `three` (behind an API, $0.0001 a request) gives no answer
    to every seventh doc of `sums` and is right on all others. Docs of `names` are not judged.
    """
    cells, samples, requests = [], [], []
    for model in ("one", "two", "three"):
        for suite, task in (("maths", "sums"), ("words", "names")):
            where = endpoint() if model == "three" else None
            name = f"{model}/{suite}/0"
            cells.append(cell(cell_id=name, model=model, suite=suite, endpoint=where))
            for i in range(n_docs if task == "sums" else 20):
                samples.append(_sample(name, model, task, i))
                requests.append(_request(name, model, task, i))
    entries = tuple(
        api_entry(name, is_api=name == "three", device="cpu") for name in ("one", "two", "three")
    )
    values: dict[str, Any] = {
        "path": Path("r"),
        "manifest": manifest(cells=tuple(cells), models=entries),
        "requests": requests,
        "samples": samples,
        "results": [result(0.5, cell_id=c.cell_id, task="sums") for c in cells],
        "telemetry": [],
    }
    return Run(**{**values, **changes})


def _failed(model: str, task: str, i: int) -> bool:
    return model == "three" and task == "sums" and i % 7 == 0


def _sample(name: str, model: str, task: str, i: int) -> Any:
    is_right = {"one": i % 2 == 0, "two": i % 3 == 0, "three": True}[model]
    scores: dict[str, float | None] = {"acc": float(is_right), "f1": 0.125}
    if task == "names":
        scores = {"f1": 0.5}
    failed = _failed(model, task, i)
    return sample(
        i,
        cell_id=name,
        task=task,
        prompt=f"What is {i} plus {i}? Grüße" if task == "sums" else f"Name number {i}, {model}",
        target=f"It is {2 * i}.",
        response="" if failed else f"{model} says {2 * i if is_right else 2 * i + 1}",
        scores=dict.fromkeys(scores) if failed else scores,
        flags=("failed",) if failed else (),
    )


def _request(name: str, model: str, task: str, i: int) -> Any:
    fields: dict[str, Any] = {
        "cell_id": name,
        "task": task,
        "request_id": f"{name}/generate/{task}/{i}/0/0",
    }
    if model != "three":
        return request(i, **fields)
    if _failed(model, task, i):
        return api_request("three", i, api_error(1000 * i, "timeout"), **fields)
    return api_request("three", i, api_attempt(1000 * i), **fields)
