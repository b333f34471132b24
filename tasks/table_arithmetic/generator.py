"""Small tables with a question whose answer is always one whole number.

Every question kind is a function from a table to a text and its answer, so that the gold is
computed from the same numbers that are printed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from vocabulary import (
    CITIES,
    PRODUCTS,
    SURNAMES,
    Doc,
    difficulty_of,
    distinct_docs,
    integer,
    pick,
    pick_many,
)

LABELS = {"City": CITIES, "Product": PRODUCTS, "Agent": SURNAMES}
COLUMNS = ("Orders", "Calls", "Visits", "Repairs", "Complaints", "Offers")


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers ``[row, column]`` under one or two distinct column names."""

    head: str
    columns: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]

    def __str__(self) -> str:
        lines = [(self.head, *self.columns)]
        lines += [(label, *map(str, row)) for label, row in self.rows.items()]
        return "\n".join(" | ".join(line) for line in lines)

    def column(self, place: int) -> list[int]:
        """All numbers of one column, top to bottom."""
        return [row[place] for row in self.rows.values()]


Question = tuple[str, int]
Ask = Callable[[random.Random, Table], Question]


def lookup(rng: random.Random, table: Table) -> Question:
    """One cell."""
    label, place = pick(rng, list(table.rows)), _place(rng, table)
    return f"How many {table.columns[place]} does {label} have?", table.rows[label][place]


def maximum(rng: random.Random, table: Table) -> Question:
    """The largest number of a column."""
    place = _place(rng, table)
    return f"What is the highest number of {table.columns[place]}?", max(table.column(place))


def pair_sum(rng: random.Random, table: Table) -> Question:
    """Two cells of a column added."""
    (one, two), place = pick_many(rng, list(table.rows), 2), _place(rng, table)
    text = f"How many {table.columns[place]} do {one} and {two} have together?"
    return text, table.rows[one][place] + table.rows[two][place]


def difference(rng: random.Random, table: Table) -> Question:
    """Two cells of a column, the larger less the smaller."""
    place = _place(rng, table)
    pair = pick_many(rng, list(table.rows), 2)
    less, more = sorted(pair, key=lambda label: table.rows[label][place])
    text = f"How many more {table.columns[place]} does {more} have than {less}?"
    return text, table.rows[more][place] - table.rows[less][place]


def total(rng: random.Random, table: Table) -> Question:
    """A whole column added."""
    place = _place(rng, table)
    return f"What is the sum of all {table.columns[place]}?", sum(table.column(place))


def share(rng: random.Random, table: Table) -> Question:
    """A cell as a percentage of the one beside it; the table must make it a whole number."""
    label = pick(rng, list(table.rows))
    part, whole = table.rows[label]
    first, second = table.columns
    return f"For {label}, {first} are what percentage of {second}?", 100 * part // whole


def _place(rng: random.Random, table: Table) -> int:
    """Any column."""
    return integer(rng, 0, len(table.columns) - 1)


KINDS: tuple[tuple[Ask, ...], ...] = (
    (lookup, maximum),
    (pair_sum, difference),
    (total, share),
)


def make_docs(rng: random.Random, n: int) -> list[Doc]:
    """``n`` tables with a question each, of growing difficulty in turn."""
    return distinct_docs(n, lambda index: _doc(rng, difficulty_of(index)), "table")


def _doc(rng: random.Random, difficulty: int) -> Doc:
    """1: read one column of 3 rows; 2: two cells of 4 rows; 3: column sums, percentages, 4 to 6 rows."""
    ask = pick(rng, KINDS[difficulty - 1])
    size = integer(rng, 4, 6) if difficulty == 3 else 2 + difficulty
    table = _table(rng, size, width=min(difficulty, 2), whole_shares=ask is share)
    question, answer = ask(rng, table)
    return {
        "difficulty": difficulty,
        "kind": ask.__name__,
        "table": str(table),
        "question": question,
        "answer": str(answer),
    }


def _table(rng: random.Random, size: int, width: int, whole_shares: bool) -> Table:
    head = pick(rng, list(LABELS))
    labels = pick_many(rng, LABELS[head], size)
    draw = _percentage_row if whole_shares else _free_row
    rows = _distinct_rows(size, lambda: draw(rng)[:width])
    return Table(head, tuple(pick_many(rng, COLUMNS, width)), dict(zip(labels, rows, strict=True)))


def _distinct_rows(size: int, draw: Callable[[], tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Rows in which no number occurs twice, so no cell can be right for a wrong reason."""
    rows: list[tuple[int, ...]] = []
    used: set[int] = set()
    while len(rows) < size:
        row = draw()
        if len(used | set(row)) == len(used) + len(row):
            rows.append(row)
            used.update(row)
    return rows


def _free_row(rng: random.Random) -> tuple[int, ...]:
    return integer(rng, 11, 199), integer(rng, 11, 199)


def _percentage_row(rng: random.Random) -> tuple[int, ...]:
    """The first number is a whole percentage of the second."""
    whole = 20 * integer(rng, 2, 40)
    return whole * integer(rng, 1, 19) // 20, whole
