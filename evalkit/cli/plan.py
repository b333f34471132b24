"""`evalkit plan`: the matrix a run would work through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.arguments import CONFIG, RUN
from evalkit.cli.plan_bench import print_bench_plan
from evalkit.cli.plan_prompts import as_dict, lines_of, prompts_of
from evalkit.cli.quiet import quiet_libraries
from evalkit.cli.selection import read_bench_config, read_config, selection_options
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.harness.shown import ShownPrompt
    from evalkit.plan import Plan
    from evalkit.report.fitted import FittedTable


@click.command("plan", short_help="Show what a run would do, without loading a model.")
@click.argument("config_file", metavar="CONFIG", type=CONFIG)
@click.option("--resume", "folder", type=RUN, help="Show what this run has done already.")
@click.option(
    "--prompts",
    "n_prompts",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show what is sent for the first N docs of each task, for each model.",
)
@click.option("--doc", "doc_id", type=click.IntRange(min=0), help="Show it for this doc alone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selection_options
def command(
    config_file: Path,
    folder: Path | None,
    n_prompts: int | None,
    doc_id: int | None,
    as_json: bool,
    **selection: Any,
) -> None:
    """Print the cells of CONFIG: docs, requests and estimated prompt tokens.

    Loads the tasks' data but no model. `evalkit run` makes its plan with the same code. Of a bench config it prints how
    long each cell takes, what it asks and can cost, and how much of a trace is replayed.

    \b
    Examples:
      evalkit plan configs/quickstart.yaml
      evalkit plan configs/quickstart.yaml --prompts 1
      evalkit plan configs/bench.yaml
      evalkit plan configs/quickstart.yaml --resume results/quickstart-20261123-101500
    """
    quiet_libraries()
    bench = read_bench_config(config_file, **selection)
    if bench is not None:
        if folder is not None or n_prompts is not None or doc_id is not None:
            raise UsageError(
                f"{config_file}: a bench config has no --resume, --prompts or --doc here.",
                "Leave them out.",
            )
        print_bench_plan(bench, as_json=as_json)
        return
    config = read_config(config_file, **selection)
    from evalkit.plan import make_plan

    plan = make_plan(config)
    answered = _answered(folder, plan) if folder is not None else None
    shown = list(_prompts(plan, n_prompts, doc_id))
    if as_json:
        found = _to_dict(plan, answered)
        prompts = {"prompts": [as_dict(one) for one in shown]} if shown else {}
        click.echo(json.dumps(found | prompts, indent=2, default=str))
        return
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    console.print(_cells_table(plan, answered))
    console.print(_tasks_table(plan))
    console.print(
        f"{len(plan.cells)} cells, {plan.n_requests} requests. Plan hash {plan.hash[:16]}."
    )
    console.print("Prompt tokens are estimated, before a chat template.")
    for line in _notes(plan):
        console.print(line)
    for line in (line for one in shown for line in lines_of(one)):
        click.echo(line)


def _prompts(plan: Plan, n_docs: int | None, doc_id: int | None) -> Iterator[ShownPrompt | str]:
    """Yield the prompts that were asked for."""
    if n_docs is None and doc_id is None:
        return
    from evalkit.harness.shown import Wanted

    yield from prompts_of(plan, Wanted(n_docs or 1, doc_id))


def _answered(folder: Path, plan: Plan) -> dict[str, int]:
    from evalkit.execute.local import answered_requests

    return answered_requests(folder, plan)


def _notes(plan: Plan) -> Iterator[str]:
    """Yield what a reader must know about models, modes and money."""
    from evalkit.execute.limits import most_cost_usd
    from evalkit.precheck import check_models, skipped_models
    from evalkit.records import GENERATE
    from evalkit.report import format as text

    yield from skipped_models(plan.config.models)
    yield from check_models(plan.config.models)
    for suite in plan.unlike_suites:
        modes = {c.model.name: c.mode for c in plan.cells if c.suite.name == suite}
        lettered = ", ".join(name for name, mode in modes.items() if mode == GENERATE)
        scored = ", ".join(name for name, mode in modes.items() if mode != GENERATE)
        yield (
            f"Suite {suite}: not like for like: {scored} scored by log-likelihood, {lettered} writes a letter."
        )
    yield from _template_notes(plan)
    chosen = {c.suite.name for c in plan.cells if c.suite.mode == "auto" and c.mode == GENERATE}
    if chosen:
        yield (
            f"Suite {', '.join(sorted(chosen))}: multiple choice is answered with a letter by every model, because"
            " one of them can't score log-likelihoods."
        )
    yield from _latency_notes(plan)
    yield from _thinking_notes(plan)
    costs = [most_cost_usd(c) for c in plan.cells if c.place.is_billed]
    if not costs:
        return
    known = sum(cost for cost in costs if cost is not None)
    yield (
        f"API requests cost at most about {text.usd(known)}"
        + (", models without a known price not counted." if None in costs else ".")
    )
    budget = plan.config.limits.max_cost_usd
    if budget is not None and known > budget:
        yield f"The budget is {text.usd(budget)}: the run may stop before its end, and can be resumed."


def _thinking_notes(plan: Plan) -> Iterator[str]:
    """Yield which models may think longer than their answers may be."""
    from evalkit.plan import short_of_thoughts

    for cell, most in short_of_thoughts(plan):
        yield (
            f"Model {cell.model.name}: its chat template is one of a model that can think, and an answer of suite"
            f" {cell.suite.name} may have {most} tokens. If it thinks, answers are cut in its thoughts: set its"
            " generation.max_tokens to what both need, a few thousand and more."
        )


def _latency_notes(plan: Plan) -> Iterator[str]:
    """Yield how many docs of each suite a model in this process answers alone, to measure latency."""
    timed = {
        c.suite.name: (c.n_timed, sum(t.n_docs for t in c.tasks if t.most_output_tokens))
        for c in plan.cells
        if c.place.is_in_process and c.model.generate_batch_size != 1
    }
    for suite, (n, n_generated) in timed.items():
        if n < n_generated:
            yield (
                f"Suite {suite}: latency is measured on {n} of {n_generated} docs, drawn at random and answered alone;"
                " the others are answered together (latency_docs)."
            )


_MOVED = {
    "instruction_in_user": "takes no system turn; the instruction will stand in front of the first question",
    "one_turn": "takes no conversation of several turns; instruction, examples and question will stand in one message",
}


def _template_notes(plan: Plan) -> Iterator[str]:
    """Yield whose chat template refuses or drops turns."""
    asked: dict[tuple[str, str], list[str]] = {}
    for cell in plan.cells:
        what = f"can't be used: {cell.template_fault}" if cell.template_fault else ""
        what = what or _MOVED.get(cell.turns, "")
        if what and cell.suite.name not in asked.setdefault((cell.model.name, what), []):
            asked[cell.model.name, what].append(cell.suite.name)
    for (model, what), suites in asked.items():
        yield f"Suite {', '.join(suites)}: the chat template of {model} {what}."


def _cells_table(plan: Plan, answered: dict[str, int] | None) -> FittedTable:
    from evalkit.execute.limits import most_cost_usd
    from evalkit.report import format as text
    from evalkit.report.fitted import FittedTable

    table = FittedTable()
    titles = ("cell", "mode", "docs", "requests", "prompt tokens", "most cost", "chat template")
    for title in (*titles, *(() if answered is None else ("done",))):
        is_text = title in {"cell", "mode", "chat template"}
        table.add_column(title, justify="left" if is_text else "right")
    for cell in plan.cells:
        template = {True: "yes", False: "no", None: "when loaded"}[cell.chat_template]
        done = () if answered is None else (f"{answered.get(cell.cell_id, 0)}/{cell.n_requests}",)
        numbers = (cell.n_docs, cell.n_requests, cell.prompt_tokens)
        cost = text.usd(most_cost_usd(cell))
        mode = cell.mode.replace("_", " ")
        table.add_row(cell.cell_id, mode, *map(str, numbers), cost, template, *done)
    return table


def _tasks_table(plan: Plan) -> FittedTable:
    from evalkit.report.fitted import FittedTable

    table = FittedTable("\ntasks", names=2)
    for title in ("suite", "task", "kind", "few-shot", "docs", "requests", "data class"):
        table.add_column(title)
    suites = {cell.suite.name: cell for cell in plan.cells}
    for cell in suites.values():
        for task in cell.tasks:
            numbers = (task.num_fewshot, task.n_docs, task.n_requests)
            table.add_row(
                cell.suite.name,
                task.name,
                task.output_type,
                *map(str, numbers),
                cell.suite.data_class,
            )
    return table


def _to_dict(plan: Plan, answered: dict[str, int] | None) -> dict[str, Any]:
    from evalkit.execute.limits import most_cost_usd

    cells = [
        {
            "cell_id": cell.cell_id,
            "model": cell.model.name,
            "suite": cell.suite.name,
            "repeat": cell.repeat,
            "docs": cell.n_docs,
            "requests": cell.n_requests,
            "mode": cell.mode,
            "prompt_tokens_estimated": cell.prompt_tokens,
            "most_output_tokens": cell.most_output_tokens,
            "timed_docs": cell.n_timed,
            "most_cost_usd_estimated": most_cost_usd(cell),
            "chat_template": cell.chat_template,
            "turns": cell.turns,
            "answered": None if answered is None else answered.get(cell.cell_id, 0),
        }
        for cell in plan.cells
    ]
    return {"plan_hash": plan.hash, "cells": cells, "unlike_suites": list(plan.unlike_suites)}
