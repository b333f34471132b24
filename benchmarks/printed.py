"""What benchmarks print: Markdown tables, row by row, and shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    """Print rows as they come."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def percent(share: float) -> str:
    """Return a share as the tables have it."""
    return f"{100 * share:.1f} %"
