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
    """Numbers ``[row, column]`` under two distinct column names."""

    head: str
    columns: tuple[str, str]
    rows: dict[str, tuple[int, int]]

    def __str__(self) -> str:
        lines = [f"{self.head} | {self.columns[0]} | {self.columns[1]}"]
        lines += [f"{label} | {one} | {two}" for label, (one, two) in self.rows.items()]
        return "\n".join(lines)

    def column(self, place: int) -> list[int]:
        """All numbers of one column, top to bottom."""
        return [row[place] for row in self.rows.values()]


Question = tuple[str, int]
Ask = Callable[[random.Random, Table], Question]


def lookup(rng: random.Random, table: Table) -> Question:
    """One cell."""
    label, place = pick(rng, list(table.rows)), integer(rng, 0, 1)
    return f"How many {table.columns[place]} does {label} have?", table.rows[label][place]


def maximum(rng: random.Random, table: Table) -> Question:
    """The largest number of a column."""
    place = integer(rng, 0, 1)
    return f"What is the highest number of {table.columns[place]}?", max(table.column(place))


def pair_sum(rng: random.Random, table: Table) -> Question:
    """Two cells of a column added."""
    (one, two), place = pick_many(rng, list(table.rows), 2), integer(rng, 0, 1)
    text = f"How many {table.columns[place]} do {one} and {two} have together?"
    return text, table.rows[one][place] + table.rows[two][place]


def difference(rng: random.Random, table: Table) -> Question:
    """Two cells of a column, the larger less the smaller."""
    place = integer(rng, 0, 1)
    pair = pick_many(rng, list(table.rows), 2)
    less, more = sorted(pair, key=lambda label: table.rows[label][place])
    text = f"How many more {table.columns[place]} does {more} have than {less}?"
    return text, table.rows[more][place] - table.rows[less][place]


def total(rng: random.Random, table: Table) -> Question:
    """A whole column added."""
    place = integer(rng, 0, 1)
    return f"What is the sum of all {table.columns[place]}?", sum(table.column(place))


def share(rng: random.Random, table: Table) -> Question:
    """A cell as a percentage of the one beside it; the table must make it a whole number."""
    label = pick(rng, list(table.rows))
    part, whole = table.rows[label]
    first, second = table.columns
    return f"For {label}, {first} are what percentage of {second}?", 100 * part // whole


KINDS: tuple[tuple[Ask, ...], ...] = (
    (lookup, maximum),
    (pair_sum, difference),
    (total, share),
)


def make_docs(rng: random.Random, n: int) -> list[Doc]:
    """``n`` tables with a question each, of growing difficulty in turn."""
    return distinct_docs(n, lambda index: _doc(rng, difficulty_of(index)), "table")


def _doc(rng: random.Random, difficulty: int) -> Doc:
    """1: read one of 3 rows; 2: two cells of 4 rows; 3: column sums, percentages, 4 to 6 rows."""
    ask = pick(rng, KINDS[difficulty - 1])
    size = integer(rng, 4, 6) if difficulty == 3 else 2 + difficulty
    table = _table(rng, size, row=_percentage_row if ask is share else _free_row)
    question, answer = ask(rng, table)
    return {
        "difficulty": difficulty,
        "kind": ask.__name__,
        "table": str(table),
        "question": question,
        "answer": str(answer),
    }


def _table(rng: random.Random, size: int, row: Callable[[random.Random], tuple[int, int]]) -> Table:
    head = pick(rng, list(LABELS))
    labels = pick_many(rng, LABELS[head], size)
    first, second = pick_many(rng, COLUMNS, 2)
    rows = dict(zip(labels, _distinct_rows(rng, size, row), strict=True))
    return Table(head, (first, second), rows)


def _distinct_rows(
    rng: random.Random, size: int, row: Callable[[random.Random], tuple[int, int]]
) -> list[tuple[int, int]]:
    """Rows in which no number occurs twice, so no cell can be right for a wrong reason."""
    rows: list[tuple[int, int]] = []
    used: set[int] = set()
    while len(rows) < size:
        drawn = row(rng)
        if len(used | set(drawn)) == len(used) + 2:
            rows.append(drawn)
            used.update(drawn)
    return rows


def _free_row(rng: random.Random) -> tuple[int, int]:
    return integer(rng, 11, 199), integer(rng, 11, 199)


def _percentage_row(rng: random.Random) -> tuple[int, int]:
    """The first number is a whole percentage of the second."""
    whole = 20 * integer(rng, 2, 40)
    return whole * integer(rng, 1, 19) // 20, whole
