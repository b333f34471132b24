"""Local data keep every value as it is written, however they are packed and whatever options their task gives."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import TaskError
from evalkit.harness.data_options import check_options
from evalkit.harness.rows import Rows, read_splits

MIXED = '{"q": "a", "n": 42}\n{"q": "b", "n": 42.5}\n{"q": "c", "n": 42}\n'
TABLE = "q,n\na,007\nb,08\nc,\n"


def read(
    folder: Path, name: str, data: str | bytes, options: Mapping[str, Any] | None = None
) -> Rows:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    kind = "csv" if ".csv" in name else "json"
    given = {"data_files": {"test": name}, **(options or {})}
    check_options(kind, given)
    return read_splits(kind, given, folder)["test"]


def refused(folder: Path, name: str, data: str | bytes, words: str, **options: Any) -> None:
    with pytest.raises(TaskError) as caught:
        read(folder, name, data, options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), ("", bytes), ("", gzip.compress),
     (".gz", bytes)],
)  # fmt: skip
def test_packed_files_are_read_as_they_are_written(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    lines = read(tmp_path, f"d.jsonl{ending}", pack(MIXED.encode()))
    assert [str(row["n"]) for row in lines] == ["42", "42.5", "42"]
    table = read(tmp_path, f"d.csv{ending}", pack(TABLE.encode()))
    assert [row["n"] for row in table] == ["007", "08", None]
    assert str(table.places[0]) == f"d.csv{ending}:2"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(MIXED.encode(), mtime=0)[:-9], "d.jsonl.gz: it can't be unpacked: damaged"),
        (b"\x1f\x8bnothing of the kind", "d.jsonl.gz: it can't be unpacked"),
        (b"BZhnothing", "it can't be unpacked"),
        (b"(\xb5/\xfd...", "packed with zstd, which is not read"),
        (b"PK\x03\x04...", "Unpack an archive"),
        (gzip.compress("é".encode("latin-1"), mtime=0), "d.jsonl.gz:1: not utf-8 text"),
    ],
)
def test_packed_files_that_are_damaged(tmp_path: Path, data: bytes, words: str) -> None:
    refused(tmp_path, "d.jsonl.gz", data, words)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"na_filter": False}, ["007", "08", ""]),
        ({"keep_default_na": False}, ["007", "08", ""]),
        ({"na_filter": True}, ["007", "08", None]),
        ({"low_memory": False, "cache_dir": "x", "header": 0}, ["007", "08", None]),
        ({"dtype": "str"}, ["007", "08", None]),
        ({"dtype": {"n": "string"}}, ["007", "08", None]),
    ],
)
def test_options_that_are_understood(
    tmp_path: Path, options: dict[str, Any], values: list[Any]
) -> None:
    assert [row["n"] for row in read(tmp_path, "d.csv", TABLE, options)] == values


def test_whole_numbers_are_text_where_that_is_said(tmp_path: Path) -> None:
    rows = read(tmp_path, "d.csv", "a,b\n1,2\n", {"dtype": {"a": "str"}})
    assert rows[0] == {"a": "1", "b": 2}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"decimal": ","}, "unknown key 'decimal'. Local files are read as they are written"),
        ({"thousands": "."}, "unknown key 'thousands'"),
        ({"skiprows": 1}, "unknown key 'skiprows'"),
        ({"header": None}, "unknown key 'header'"),
        ({"na_values": ["-"]}, "unknown key 'na_values'"),
        ({"converters": {}}, "unknown key 'converters'"),
        ({"na_filtr": False}, "Did you mean 'na_filter'?"),
        ({"delimeter": ";"}, "Did you mean 'delimiter'?"),
        ({"dtype": "float"}, "dtype: only str can be said"),
        ({"dtype": {"n": "int64"}}, "dtype: only str can be said"),
        ({"parse_dates": ["n"]}, "unknown key 'parse_dates'"),
    ],
)
def test_options_that_would_change_values_are_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    refused(tmp_path, "d.csv", TABLE, words, **options)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (".", "this is a folder"),
        ({"test": "sub"}, "sub: this is a folder"),
        ({"test": None}, "None is no name of a file"),
        ({"test": 5}, "5 is no name of a file"),
        ({"test": ""}, "'' is no name of a file"),
        ({"test": "absent-*.jsonl"}, "no such data file"),
        ({"test": []}, "there are no rows"),
    ],
)
def test_names_of_files_that_are_none(tmp_path: Path, files: Any, words: str) -> None:
    (tmp_path / "sub").mkdir()
    refused(tmp_path, "d.jsonl", MIXED, words, data_files=files)


def test_files_are_found_in_a_data_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "e.jsonl").write_text(MIXED)
    rows = read(tmp_path, "d.jsonl", "", {"data_dir": "sub", "data_files": {"test": "e.jsonl"}})
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ('{"q": ["a", "b"], "n": [1, 2]}', "this is one object of columns (q, n)"),
        ('{"q": {"0": "a", "1": "b"}, "n": {"0": 1, "1": 2}}\n', "one object of columns (q, n)"),
        ('{"columns": ["q"], "index": [0], "data": [["a"]]}', "one object of columns"),
        ('{"q": "\\ud83d"}\n', "d.jsonl:1: half of a character (\\ud83d)"),
        ('{"q": "a"}\n{"q": {"r": ["x\\udE00y"]}}\n', "d.jsonl:2: half of a character (\\ude00)"),
        ('{"q": "a"}\n{"\\ud83d": 1}\n', "d.jsonl:2: half of a character"),
        ('[{"q": "a"}, {"q": "\\ud83d"}]', "d.jsonl:2: half of a character"),
    ],
)
def test_json_that_is_no_row_or_no_text(tmp_path: Path, data: str, words: str) -> None:
    refused(tmp_path, "d.jsonl", data, words)


@pytest.mark.parametrize(
    "data",
    [
        '{"q": "a", "options": ["x", "y"]}',
        '{"options": ["x", "y"]}',
        '{"q": ["a", "b"], "n": [1]}',
        '{"q": ["a"], "n": ["b"]}\n{"q": ["a"], "n": ["c"]}',
        '{"q": "\\ud83d\\ude00 \\u00e4"}',
        json.dumps([{"q": "\U0001f600"}]),
    ],
)
def test_json_that_is_a_row(tmp_path: Path, data: str) -> None:
    assert read(tmp_path, "d.jsonl", data)
