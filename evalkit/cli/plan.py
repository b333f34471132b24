"""`evalkit plan`: the matrix a run would work through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalkit.cli.quiet import quiet_libraries
from evalkit.cli.selection import EXISTING, read_config, selection_options

if TYPE_CHECKING:
    from rich.table import Table

    from evalkit.plan import Plan


@click.command("plan", short_help="Show what a run would do, without loading a model.")
@click.argument("config_file", metavar="CONFIG", type=EXISTING)
@click.option("--resume", "folder", type=EXISTING, help="Show what this run has done already.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@selection_options
def command(config_file: Path, folder: Path | None, as_json: bool, **selection: Any) -> None:
    """Print the cells of CONFIG: docs, requests and estimated prompt tokens.

    Loads the tasks' data but no model. `evalkit run` makes its plan with the same code.

    \b
    Examples:
      evalkit plan configs/quickstart.yaml
      evalkit plan configs/quickstart.yaml --resume results/quickstart-20261123-101500
    """
    quiet_libraries()
    config = read_config(config_file, **selection)
    from evalkit.execute.local import answered_requests
    from evalkit.plan import make_plan

    plan = make_plan(config)
    answered = answered_requests(folder, plan) if folder is not None else None
    if as_json:
        click.echo(json.dumps(_to_dict(plan, answered), indent=2))
        return
    from rich.console import Console

    console = Console(markup=False, highlight=False)
    console.print(_cells_table(plan, answered))
    console.print(_tasks_table(plan))
    console.print(
        f"{len(plan.cells)} cells, {plan.n_requests} requests. Plan hash {plan.hash[:16]}."
    )
    console.print("Prompt tokens are estimated, before a chat template.")


def _cells_table(plan: Plan, answered: dict[str, int] | None) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("cell", "docs", "requests", "prompt tokens", "chat template", "done"):
        table.add_column(title, justify="left" if title in {"cell", "chat template"} else "right")
    for cell in plan.cells:
        template = {True: "yes", False: "no", None: "when loaded"}[cell.chat_template]
        done = "" if answered is None else f"{answered.get(cell.cell_id, 0)}/{cell.n_requests}"
        numbers = (cell.n_docs, cell.n_requests, cell.prompt_tokens)
        table.add_row(cell.cell_id, *map(str, numbers), template, done)
    return table


def _tasks_table(plan: Plan) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title="tasks", title_justify="left")
    for title in ("suite", "task", "kind", "few-shot", "docs", "requests", "data class"):
        table.add_column(title, overflow="fold")
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
    cells = [
        {
            "cell_id": cell.cell_id,
            "model": cell.model.name,
            "suite": cell.suite.name,
            "repeat": cell.repeat,
            "docs": cell.n_docs,
            "requests": cell.n_requests,
            "prompt_tokens_estimated": cell.prompt_tokens,
            "chat_template": cell.chat_template,
            "answered": None if answered is None else answered.get(cell.cell_id, 0),
        }
        for cell in plan.cells
    ]
    return {"plan_hash": plan.hash, "cells": cells}
