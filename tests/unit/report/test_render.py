"""One table, three writers: the same cells in the terminal and in Markdown, and nothing in them acts."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from evalkit.report.blocks import Cell, Group, Head, Table, flat
from evalkit.report.language import ENGLISH, spoken
from evalkit.report.render.markdown import table_lines
from evalkit.report.render.terminal import records, table
from evalkit.wording import NOTHING, numeral, say, verbatim

COLUMNS = (Head(say("status")), Head(say("baseline")))
GROUPED = Table(
    verbatim("Rules"),
    COLUMNS,
    (
        Group(
            verbatim("Those that count"),
            (
                (
                    Head(verbatim("speed")),
                    (
                        Cell(say("✗ fail"), verbatim("too slow"), mark="fail"),
                        Cell(numeral("1.5"), verbatim("1 to 2")),
                    ),
                ),
            ),
        ),
        Group(
            verbatim("The others"),
            (
                (
                    Head(verbatim("memory")),
                    (
                        Cell(say("✓ pass"), mark="pass"),
                        Cell(verbatim("not measured"), verbatim("no meter"), is_missing=True),
                    ),
                ),
            ),
        ),
    ),
    say("rule"),
)


def shown(*parts: RenderableType, width: int = 60) -> list[str]:
    console = Console(width=width, record=True, color_system=None, file=io.StringIO())
    for part in parts:
        console.print(part)
    return [line.rstrip() for line in console.export_text().splitlines()]


def one_cell(text: str) -> Table:
    row = (Head(verbatim(text)), (Cell(verbatim(text), verbatim(text)),))
    return flat(verbatim(text), [Head(verbatim(text))], [row], verbatim(text))


def test_markdown_has_a_row_per_row_and_a_row_per_title_of_a_group() -> None:
    assert list(table_lines(GROUPED, ENGLISH)) == [
        "| rule | status | baseline |",
        "|---|---|---|",
        "| **Those that count** | | |",
        "| speed | ✗ fail: too slow | 1.5 (1 to 2) |",
        "| **The others** | | |",
        "| memory | ✓ pass | *not measured* (no meter) |",
    ]


def test_markdown_is_told_in_the_reader_s_language() -> None:
    assert "| speed | ✗ verletzt: too slow | 1,5 (1 to 2) |" in list(
        table_lines(GROUPED, spoken("de"))
    )


def test_markdown_without_a_corner_begins_with_an_empty_head() -> None:
    bare = flat(verbatim("x"), COLUMNS, [])
    assert list(table_lines(bare, ENGLISH)) == ["| | status | baseline |", "|---|---|---|"]


def test_the_terminal_has_small_print_below_its_cell() -> None:
    lines = shown(table(GROUPED))
    assert lines[1] == "Rules"
    (at,) = (i for i, line in enumerate(lines) if line.startswith("speed"))
    assert lines[at - 1].split() == ["Those", "that", "count"]
    assert lines[at].split() == ["speed", "✗", "fail", "1.5"]
    assert lines[at + 1].split() == ["too", "slow", "1", "to", "2"]


def test_the_terminal_leaves_small_print_out_where_it_is_told_elsewhere() -> None:
    text = "\n".join(shown(table(GROUPED, has_notes=False)))
    assert "✗ fail" in text
    assert "not measured" in text
    for note in ("too slow", "1 to 2", "no meter"):
        assert note not in text


def test_the_small_print_of_a_head_stands_with_it() -> None:
    row = (
        Head(verbatim("own-7b"), note=verbatim("two servers")),
        (Cell(numeral("12"), verbatim("10 to 14")),),
    )
    block = flat(verbatim("Costs"), COLUMNS[1:], [row], verbatim("option"))
    *_, first, second = shown(table(block, justify="right"))
    assert first.split() == ["own-7b", "12"]
    assert second.split() == ["two", "servers", "10", "to", "14"]
    assert first.endswith("12")
    assert len(first) == len(second)
    assert list(table_lines(block, ENGLISH))[-1] == "| own-7b (two servers) | 12 (10 to 14) |"


def test_a_range_is_broken_behind_its_to() -> None:
    row = (Head(verbatim("x")), (Cell(numeral("385,000"), verbatim("308,000 to 462,000")),) * 4)
    block = flat(verbatim("Costs"), [Head(verbatim("a"))] * 4, [row])
    lines = shown(table(block, justify="right"), width=54)
    assert sum(line.count("308,000 to") for line in lines) == 4
    assert not any(line.strip().startswith("to") for line in lines)


def test_records_tell_what_there_is_line_by_line() -> None:
    assert shown(*records(GROUPED)) == [
        "",
        "✗ fail  speed, too slow",
        "  baseline: 1.5",
        "",
        "✓ pass  memory",
    ]


@pytest.mark.parametrize("text", ["a\nb", "[red]x[/]", "\x1b[31mx", "a\u202eb", "| x |", "<b>"])
def test_nothing_in_a_cell_acts(text: str) -> None:
    markdown = list(table_lines(one_cell(text), ENGLISH))
    assert len(markdown) == 3
    assert all("\n" not in line and "<b>" not in line for line in markdown)
    assert "| x |" not in markdown[2].replace("\\|", "")
    lines = shown(table(one_cell(text)))
    assert not {"\x1b", "\u202e"} & set("".join(lines))
    assert len(lines) == len(shown(table(one_cell("harmless"))))
    if text.startswith("["):
        assert any("[red]x[/]" in line for line in lines)


def test_an_endless_text_is_cut_in_markdown() -> None:
    assert all(len(line) < 2000 for line in table_lines(one_cell("x" * 50_000), ENGLISH))


def test_a_cell_with_nothing_to_say_is_empty() -> None:
    row = (Head(verbatim("a")), (Cell(NOTHING),))
    assert list(table_lines(flat(NOTHING, COLUMNS[:1], [row]), ENGLISH))[-1] == "| a | |"
