"""Tables fit the terminal; no word of theirs is broken, and no number goes missing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from evalkit.report.fitted import FittedTable

TASKS = ("ticket_routing_generate", "grounded_qa", "invoice_extraction")
NAMES = ("smollm2-135m", "meta-llama/Llama-3.1-8B-Instruct", "gpt-4.1-mini", "Qwen3")


def shown(table: FittedTable, width: int = 80) -> str:
    console = Console(width=width, markup=False, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def quality(models: list[str]) -> FittedTable:
    table = FittedTable("Quality", names=3, has_column_per_model=True)
    for title in ("task", "metric", "n"):
        table.add_column(title, justify="right" if title == "n" else "left")
    for model in models:
        table.add_column(model, justify="right")
    for i, task in enumerate(TASKS):
        table.add_row(task, "acc", "60", *(f"{i}.{j} (5-22)" for j in range(len(models))))
    return table


@pytest.mark.parametrize("n", [1, 2, 3, 7, 60])
@pytest.mark.parametrize("width", [72, 80, 100, 200])
def test_any_number_of_models_fits_and_keeps_every_number(n: int, width: int) -> None:
    models = [f"{NAMES[i % 4]}-{i}" for i in range(n)]
    output = shown(quality(models), width)
    assert max(map(len, output.splitlines())) <= width
    for j in range(n):
        assert all(f"{i}.{j} (5-22)" in output for i in range(3))


def test_names_of_rows_stay_whole_and_names_of_columns_go_on_behind_a_sign() -> None:
    output = shown(quality([f"{NAMES[i % 4]}-{i}" for i in range(60)]))
    assert all(
        re.search(rf"^{re.escape(NAMES[i % 4])}-{i} ", output, re.MULTILINE) for i in range(60)
    )
    heads = output.split("smollm2-135m-0")[0].partition("Quality")[2]
    assert set(re.findall(r"[a-z]+", heads)) == {"model", "acc"} | set("_".join(TASKS).split("_"))


def test_cells_of_text_wrap_between_words_and_columns_without_room_come_below() -> None:
    table = FittedTable()
    for title in ("cell", "mode", "docs", "reason"):
        table.add_column(title, justify="right" if title == "docs" else "left")
    cell = "meta-llama/Llama-3.1-8B-Instruct/choose/0"
    table.add_row(
        cell, "log likelihood", "40", "the environment variable OPENAI_API_KEY is not set"
    )
    wide, narrow = shown(table, 80), shown(table, 60)
    for output in (wide, narrow):
        assert cell in output
        assert "OPENAI_API_KEY" in output
    assert narrow.count(cell) > wide.count(cell) == 1


def test_a_name_that_leaves_no_room_for_a_number_goes_on_behind_a_sign() -> None:
    table = FittedTable(names=2)
    for title in ("model", "load", "tokens/s"):
        table.add_column(title, justify="right" if title == "tokens/s" else "left")
    name = "somebody/with-a-rather-long-model-name-27b"
    table.add_row(name, "1 at once", "123,456")
    wide, narrow = shown(table, 80), shown(table, 44)
    assert name in wide
    assert name not in narrow
    for output in (wide, narrow, shown(table, 80)):
        assert "123,456" in output
    for piece in ("somebody/", "rather-", "27b"):
        assert piece in narrow


@given(
    st.lists(
        st.text(st.sampled_from("ab _/-1.é漢\n"), min_size=1, max_size=40), min_size=1, max_size=12
    ),
    st.integers(20, 120),
)
def test_no_text_is_too_wide_or_too_odd(cells: list[str], width: int) -> None:
    table = FittedTable(names=1)
    for i, cell in enumerate(cells):
        table.add_column(cell, justify="right" if i % 2 else "left")
    table.add_row(*cells)
    from rich.cells import cell_len

    assert max(map(cell_len, shown(table, width).splitlines()), default=0) <= width
