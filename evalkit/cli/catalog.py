"""`evalkit catalog`: the facts that decisions are computed with, where they are from, and how old they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.arguments import INPUT

if TYPE_CHECKING:
    from rich.table import Table

    from evalkit.catalog import Catalog, Row

_TITLES = {
    "hardware": "Hardware",
    "electricity": "Electricity for businesses, by country",
    "defaults": "Assumptions where a scenario says nothing",
}
_WIDTH = 100


@click.command("catalog", short_help="Show prices, power and default assumptions, with sources.")
@click.argument("items", metavar="[ITEM]...", nargs=-1)
@click.option(
    "--own",
    type=INPUT,
    metavar="FILE",
    help="CSV with your own rows, which win over the shipped ones.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: edit it and give it back by --own.")
def command(items: tuple[str, ...], own: Path | None, as_csv: bool) -> None:
    """Show the facts that costs are computed with, all of them or those of each ITEM.

    An ITEM is a GPU such as h100-sxm, a country such as DE, or `default` for assumptions of the cost model. Each number
    has a source and a date; nothing is fetched. Your own numbers go into a CSV of the same form, named by --own here
    and by `catalog:` in a scenario.

    \b
    Examples:
      evalkit catalog h100-sxm DE
      evalkit catalog default --csv > ours.csv
      evalkit catalog --own ours.csv
    """
    from evalkit.catalog import load_catalog, to_csv

    rows = _chosen(load_catalog(own), items)
    if as_csv:
        click.echo(to_csv(rows), nl=False)
        return
    _print(rows, datetime.now(UTC).date())


def _chosen(catalog: Catalog, items: Sequence[str]) -> list[Row]:
    """Return the rows of the items asked for, or all."""
    from evalkit.errors import UsageError, did_you_mean

    known = {item.casefold(): item for item in catalog.items()}
    for item in items:
        if item.casefold() not in known:
            listed = f"There are {', '.join(known.values())}."
            near = did_you_mean(item.casefold(), known, listed)
            raise UsageError(f"The catalogue has nothing about {item!r}.", near)
    wanted = {item.casefold() for item in items or known}
    return [row for row in catalog.rows if row.item.casefold() in wanted]


def _print(rows: Sequence[Row], today: date) -> None:
    from rich.console import Console

    from evalkit.catalog import GROUPS, OLD_AFTER_DAYS, WHATS

    console = Console(markup=False, highlight=False)
    rows = _by_item(rows)
    sources = _numbered_sources(rows)
    for group in GROUPS:
        shown = [row for row in rows if WHATS[row.what].group == group]
        if shown:
            console.print(_table(_TITLES[group], shown, sources, today))
            console.print()
    for line in (*_source_lines(sources), *_note_lines(rows)):
        click.echo(line)
    if n_old := sum(row.is_old(today) for row in rows):
        rows_are = "1 row is" if n_old == 1 else f"{n_old} rows are"
        click.echo(
            f"\n{rows_are} older than {OLD_AFTER_DAYS} days: check them before a decision, give newer values with"
            " --own / `catalog:` of a scenario."
        )
    if n_open := sum(row.is_to_be_checked for row in rows):
        rows_are = "1 row is" if n_open == 1 else f"{n_open} rows are"
        click.echo(f"\n{rows_are} to be checked (?): the source could not be opened again.")


def _by_item(rows: Sequence[Row]) -> list[Row]:
    """Put the rows of an item together: those that the user adds come last in the catalogue."""
    from evalkit.catalog import WHATS

    items = list(dict.fromkeys(row.item.casefold() for row in rows))
    kinds = list(WHATS)
    return sorted(rows, key=lambda r: (items.index(r.item.casefold()), kinds.index(r.what)))


def _numbered_sources(rows: Sequence[Row]) -> dict[tuple[bool, str, str], int]:
    """Number each source once: whether it is the user's, its words, its URL."""
    sources = dict.fromkeys(map(_source_of, rows))
    return {source: number for number, source in enumerate(sources, start=1)}


def _source_of(row: Row) -> tuple[bool, str, str]:
    return row.is_own, row.source, row.url or ""


def _table(
    title: str, rows: Sequence[Row], sources: dict[tuple[bool, str, str], int], today: date
) -> Table:
    """Return a table of 80 columns at most: an item's name stands above its rows, or instead of the only kind."""
    from rich import box
    from rich.table import Table

    from evalkit.report.text_safety import visible

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    table.padding = (0, 0)
    table.add_column("", overflow="fold")
    for name in ("low", "mode", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("unit", "date", "from"):
        table.add_column(name, no_wrap=True)
    is_one_kind = len({row.what for row in rows}) == 1
    previous = ""
    for row in rows:
        item = visible(row.item)
        if not is_one_kind and item.casefold() != previous:
            table.add_row(item)
        previous = item.casefold()
        marks = f"{'old' if row.is_old(today) else ''}{'?' if row.is_to_be_checked else ''}"
        dated = f"{row.date.isoformat()} {marks}".rstrip()
        label = item if is_one_kind else f"  {row.what}"
        table.add_row(label, *_numbers(row), row.unit, dated, f"[{sources[_source_of(row)]}]")
    return table


def _numbers(row: Row) -> tuple[str, str, str]:
    """Return low, mode and high; only the middle one where they are the same."""
    low, mode, high = (f"{x:.10g}" for x in (row.low, row.mode, row.high))
    return ("", mode, "") if row.low == row.high else (low, mode, high)


def _source_lines(sources: dict[tuple[bool, str, str], int]) -> Iterator[str]:
    yield "Sources"
    for (is_own, words, url), number in sources.items():
        own = "your own row: " if is_own else ""
        yield _filled(f"[{number}]", f"{own}{words} {url}")


def _note_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Say what one must know to use a number, the same for several rows once."""
    by_note: dict[str, list[Row]] = {}
    for row in rows:
        if row.note:
            by_note.setdefault(row.note, []).append(row)
    if by_note:
        yield "\nNotes"
    for note, noted in by_note.items():
        about: dict[str, list[str]] = {}
        for row in noted:
            about.setdefault(row.what, []).append(row.item)
        names = "; ".join(f"{', '.join(items)} {what}" for what, items in about.items())
        yield _filled("", f"{names}: {note}")


def _filled(head: str, text: str) -> str:
    import textwrap

    from evalkit.report.text_safety import visible

    return textwrap.fill(
        visible(text),
        width=_WIDTH,
        initial_indent=f"  {head:5}" if head else "  ",
        subsequent_indent=" " * 7 if head else "    ",
        break_long_words=False,  # a URL stays one
        break_on_hyphens=False,
    )
