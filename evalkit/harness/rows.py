"""Local JSON, JSONL and CSV files as docs of a task, with every value as it is written.

Loaders that guess types change golds in silence: 42 beside 42.5 becomes 42.0, `007` becomes 7, `NA` becomes nothing,
and a day becomes a time stamp. Here a number is read as one only where its text comes back the same; every row knows
its line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import TaskError

KINDS = ("json", "csv")
"""Values of `dataset_path` that are read here."""
OPTIONS = {
    "json": {"data_files", "field", "encoding"},
    "csv": {"data_files", "delimiter", "sep", "quotechar", "encoding", "column_names", "names"},
}
"""Kind → the `dataset_kwargs` that are understood here."""
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is."""

    file: Path
    line: int

    def __str__(self) -> str:
        """Return `data.csv:3`."""
        return f"{self.file.name}:{self.line}"


class Splits(dict[str, Rows]):
    """Split → docs; a split that is not there is named with those that are."""

    def __missing__(self, split: str) -> Rows:
        """Tell which splits there are."""
        raise TaskError(
            f"the data have no split {split!r}; their splits are {', '.join(map(repr, self))}.",
            "Name it under `dataset_kwargs: data_files`, or correct the task's `…_split` key.",
        )


def can_read(kind: Any, options: Mapping[str, Any]) -> bool:
    """Tell whether a task's data are plain local files of a kind that is read here."""
    if kind not in KINDS or set(options) - OPTIONS[kind]:
        return False
    files = list(_all_files(options.get("data_files")))
    return bool(files) and all(_is_plain(name) for name in files)


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
    read = _read_json if kind == "json" else _read_csv
    splits = Splits()
    for split, names in by_split.items():
        files = [file for name in _all_files(names) for file in _found(name, folder)]
        rows = Rows(pair for file in files for pair in read(file, options))
        if not rows:
            raise TaskError(
                f"{', '.join(f.name for f in files)}: there are no rows in it.", "Fill the file."
            )
        _check_ids(rows)
        splits[str(split)] = rows
    return splits


# --- files --------------------------------------------------------------------------------------------------------


def _all_files(files: Any) -> Iterator[str]:
    if isinstance(files, str | Path):
        yield str(files)
    elif isinstance(files, list | tuple):
        for inner in files:
            yield from _all_files(inner)
    elif isinstance(files, dict):
        yield from _all_files(list(files.values()))


def _is_plain(name: str) -> bool:
    """Tell whether a name stands for uncompressed files on this machine."""
    is_packed = name.lower().endswith((".gz", ".zip", ".bz2", ".xz", ".zst", ".lz4"))
    return "://" not in name and not is_packed


def _found(name: str, folder: Path) -> list[Path]:
    """Return the file of a name, or all files of a pattern such as `part-*.csv`, in the order of their names."""
    for file in (folder / name, Path(name)):
        if file.is_file():
            return [file]
    if not Path(name).is_absolute() and (matching := sorted(folder.glob(name))):
        return matching
    raise TaskError(
        f"no such data file: {folder / name}.",
        "Names under `dataset_kwargs: data_files` are relative to the task's YAML file.",
    )


def _text(file: Path, encoding: Any) -> str:
    """Return a file's text."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise TaskError(f"{file}: can't be read: {error.strerror}.", "") from None
    if data.startswith(b"PK\x03\x04"):
        raise TaskError(
            f"{file.name}: this is a spreadsheet or an archive, not text.",
            "Save the sheet as 'CSV UTF-8', and say `dataset_path: csv`.",
        )
    if encoding is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TaskError(
            f"{file.name}:1: this is UTF-16 text, not UTF-8.",
            "Save it as UTF-8, or say `encoding: utf-16` under `dataset_kwargs`.",
        )
    try:
        return data.decode(str(encoding or "utf-8-sig")).removeprefix("\ufeff")
    except LookupError:
        raise TaskError(
            f"{file.name}: there is no encoding {encoding!r}.", "Such as utf-8, cp1252 or utf-16."
        ) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TaskError(
            f"{file.name}:{line}: not {error.encoding} text (byte 0x{data[error.start]:02x}).",
            "Excel on Windows writes cp1252: save it as 'CSV UTF-8', or say `encoding: cp1252` under"
            " `dataset_kwargs`.",
        ) from None


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
    text = _text(file, options.get("encoding"))
    field = options.get("field")
    if field is not None or text.lstrip().startswith("["):
        yield from _in_one_piece(text, file, field)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield Place(file, number), _object(line, file, number, text)


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
    return row


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


# --- CSV ----------------------------------------------------------------------------------------------------------


def _read_csv(file: Path, options: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield the rows of a table; a column of plain whole numbers holds these, every other one text as written."""
    delimiter = str(options.get("delimiter") or options.get("sep") or ",")
    text = _text(file, options.get("encoding"))
    lines = list(_records(text, file, delimiter, str(options.get("quotechar") or '"')))
    if not lines:
        return
    named = options.get("column_names") or options.get("names")
    header = list(map(str, named)) if named else _header(lines.pop(0)[1], file, delimiter)
    for number, fields in lines:
        if len(fields) != len(header):
            raise TaskError(
                f"{file.name}:{number}: {len(fields)} fields, where the header has {len(header)}.",
                "Put text with a separator or a line break in it in quotes.",
            )
    table = zip(*(_column([f[n] for _, f in lines]) for n in range(len(header))), strict=True)
    for (number, _), values in zip(lines, table, strict=True):
        yield Place(file, number), dict(zip(header, values, strict=True))


def _records(text: str, file: Path, delimiter: str, quote: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line that a record begins in, and its fields; empty lines are left out."""
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote, strict=True
        )
    except TypeError as error:
        raise TaskError(f"{file.name}: {error}.", "Correct `delimiter` or `quotechar`.") from None
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise TaskError(
                f"{file.name}:{number}: not CSV: {error}.",
                "Check the quotation marks from this line on; those inside a text are doubled.",
            ) from None
        if any(field.strip() for field in fields):
            yield number, fields


def _header(fields: list[str], file: Path, delimiter: str) -> list[str]:
    if fields[0].lstrip().startswith(("{", "[")):
        raise TaskError(f"{file.name}:1: this is JSON, not a table.", "Say `dataset_path: json`.")
    if len(fields) == 1:
        _check_delimiter(fields[0], file, delimiter)
    header = [field.strip() or f"Unnamed: {n}" for n, field in enumerate(fields)]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise TaskError(f"{file.name}:1: the column {twice[0]!r} is there twice.", "Rename one.")
    return header


def _check_delimiter(only: str, file: Path, delimiter: str) -> None:
    names = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
    for sign, name in names.items():
        if sign != delimiter and sign in only:
            shown = "\\t" if sign == "\t" else sign
            raise TaskError(
                f"{file.name}:1: there is one column only, {only!r}: its fields are separated by {name}.",
                f'Say `delimiter: "{shown}"` under `dataset_kwargs`.',
            )


def _column(fields: list[str]) -> list[Any]:
    filled = [field for field in fields if field != ""]
    is_whole = bool(filled) and all(_WHOLE.fullmatch(field) for field in filled)
    return [None if f == "" else int(f) if is_whole else f for f in fields]
