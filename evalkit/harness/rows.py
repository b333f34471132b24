"""Local JSON, JSONL and CSV files as docs of a task, with every value as it is written.

Loaders that guess types change golds in silence: 42 beside 42.5 becomes 42.0, `007` becomes 7, `NA` becomes nothing,
and a day becomes a time stamp. Here a number is read as one only where its text comes back the same; every row knows
its line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import TaskError
from evalkit.harness.data_files import Place, all_files, found, read_text
from evalkit.harness.tables import read_table

KINDS = ("json", "csv")
"""Values of `dataset_path` that are read here."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_IDS = ("id", "doc_id")


class Figure(float):
    """A number with decimals that is shown as it was written: 42.50 stays `42.50`, and can be computed with."""

    _written: str

    def __new__(cls, written: str) -> Figure:
        """Keep the text beside the number."""
        made = super().__new__(cls, written)
        made._written = written
        return made

    def __str__(self) -> str:
        """Return the number as it was written."""
        return self._written

    def __reduce__(self) -> tuple[type[Figure], tuple[str]]:
        """Copy by the text."""
        return Figure, (self._written,)


class Rows(list[dict[str, Any]]):
    """Docs of one split; `features` has the names of the columns, as a dataset's has."""

    def __init__(self, rows: Iterable[tuple[Place, dict[str, Any]]]) -> None:
        found = list(rows)
        columns = dict.fromkeys(key for _, row in found for key in row)
        super().__init__({column: row.get(column) for column in columns} for _, row in found)
        self.features: dict[str, None] = columns
        self.places = tuple(place for place, _ in found)


class Splits(dict[str, Rows]):
    """Split → docs; a split that is not there is named with those that are."""

    def __missing__(self, split: str) -> Rows:
        """Tell which splits there are."""
        raise TaskError(
            f"the data have no split {split!r}; their splits are {', '.join(map(repr, self))}.",
            "Name it under `dataset_kwargs: data_files`, or correct the task's `…_split` key.",
        )


def read_splits(kind: str, options: Mapping[str, Any], folder: Path) -> Splits:
    """Read a task's data.

    Args:
        kind: One of `KINDS`.
        options: `dataset_kwargs` of the task.
        folder: Of the task's YAML file: names of files are relative to it, or to where evalkit is started.

    Raises:
        TaskError: A file is missing or is not what it should be; names file and line.
    """
    given = options["data_files"]
    by_split = given if isinstance(given, dict) else {"train": given}
    read = _read_json if kind == "json" else read_table
    splits, folder = Splits(), folder / str(options.get("data_dir") or "")
    for split, names in by_split.items():
        files = [file for name in all_files(names) for file in found(name, folder)]
        rows = Rows(pair for file in files for pair in read(file, options))
        if not rows:
            raise TaskError(
                f"{', '.join(f.name for f in files)}: there are no rows in it.", "Fill the file."
            )
        _check_ids(rows)
        splits[str(split)] = rows
    return splits


# --- ids ---------------------------------------------------------------------------------------------------------


def _check_ids(rows: Rows) -> None:
    """Refuse ids that are given twice: the same doc would count twice, or another one was meant."""
    for column in _IDS:
        first: dict[Any, Place] = {}
        if column not in rows.features:
            continue
        for place, row in zip(rows.places, rows, strict=True):
            value = row[column]
            if value is None or isinstance(value, list | dict):
                continue
            if value in first:
                raise TaskError(
                    f"{place}: the {column} {value!r} is given twice; first in {first[value]}.",
                    "Remove the row, or call the column something else if it is no id.",
                )
            first[value] = place


# --- JSON ---------------------------------------------------------------------------------------------------------


def _read_json(file: Path, options: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the objects of a file: one a line, or a list of them, or a list under a key (`field`)."""
    text = read_text(file, options.get("encoding"))
    field = options.get("field")
    if field is not None or text.lstrip().startswith("["):
        yield from _in_one_piece(text, file, field)
        return
    rows = [
        (Place(file, number), _object(line, file, number, text))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    if len(rows) == 1:
        _refuse_columns(rows[0][1], file)
    yield from rows


def _refuse_columns(only: Mapping[str, Any], file: Path) -> None:
    """Refuse a table that was written column by column, as pandas does: it would be one row."""
    values = list(only.values())
    is_split = {"columns", "data"} <= set(only)
    are_lists = len(values) > 1 and all(isinstance(v, list) and v for v in values)
    are_objects = len(values) > 1 and all(isinstance(v, dict) and v for v in values)
    is_even = len({len(v) for v in values}) == 1 if are_lists or are_objects else False
    if is_split or is_even:
        raise TaskError(
            f"{file.name}: this is one object of columns ({', '.join(map(str, only))}), which would be one row.",
            'Write each row on a line of its own; in pandas: `to_json(file, orient="records", lines=True)`.',
        )


def _in_one_piece(text: str, file: Path, field: Any) -> Iterator[tuple[Place, dict[str, Any]]]:
    whole = _decoded(text, file, 1)
    if field is not None:
        if not isinstance(whole, dict) or field not in whole:
            raise TaskError(f"{file.name}: there is no key {field!r} in it (`field`).", "")
        whole = whole[field]
    if not isinstance(whole, list):
        raise TaskError(f"{file.name}: the rows must be a list of objects.", "")
    for number, row in enumerate(whole, start=1):
        if not isinstance(row, dict):
            raise TaskError(f"{file.name}: row {number} is {_named(row)}, not an object.", "")
        _refuse_halves(row, file, number)
        yield Place(file, number), row


def _object(line: str, file: Path, number: int, text: str) -> dict[str, Any]:
    try:
        row = _decoded(line, file, number)
    except TaskError:
        if text.strip() != line.strip() and _is_one_object(text):
            raise TaskError(
                f"{file.name}: this is one object, not one a line.",
                "Write each row on a line of its own, or name the key that holds the rows:"
                " `field: KEY` under `dataset_kwargs`.",
            ) from None
        raise
    if not isinstance(row, dict):
        raise TaskError(
            f"{file.name}:{number}: this line is {_named(row)}, not an object.",
            'Each line is an object such as {"question": "…", "answer": "…"}.',
        )
    if _HALF.search(line):
        _refuse_halves(row, file, number)
    return row


def _refuse_halves(row: Mapping[str, Any], file: Path, number: int) -> None:
    """Refuse half of a pair that makes one character, such as an emoji: it can't be sent, and can't be written."""
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        code = ord(str(error.object)[error.start])
        raise TaskError(
            f"{file.name}:{number}: half of a character (\\u{code:04x}), as where a text was cut inside an emoji.",
            "Write the whole character, or remove it.",
        ) from None


def _is_one_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _decoded(text: str, file: Path, number: int) -> Any:
    try:
        return json.loads(
            text, parse_float=_float, parse_constant=_no_number, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        line = number + error.lineno - 1
        is_cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        why = "it ends in the middle" if is_cut else error.msg
        raise TaskError(
            f"{file.name}:{line}: not JSON: {why}.",
            _hint_for(text, is_cut=is_cut),
        ) from None
    except ValueError as error:
        raise TaskError(f"{file.name}:{number}: not JSON: {error}.", "Correct the line.") from None
    except RecursionError:
        raise TaskError(f"{file.name}:{number}: nested too deeply.", "Correct the line.") from None


def _hint_for(text: str, *, is_cut: bool) -> str:
    if is_cut:
        return "Complete or remove the line."
    is_table = not text.lstrip().startswith(("{", "["))
    return "A table? Then say `dataset_path: csv`." if is_table else "Correct the line."


def _float(written: str) -> float:
    plain = float(written)
    if plain in (float("inf"), float("-inf")):
        raise ValueError(f"the number {written} is too large")
    return plain if repr(plain) == written else Figure(written)


def _no_number(written: str) -> float:
    raise ValueError(f"{written} is no number in JSON; a missing value is null")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"the key {twice[0]!r} is given twice")
    return dict(pairs)


def _named(value: Any) -> str:
    names = {list: "a list", str: "a text", dict: "an object", bool: "true or false"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "null")
