"""Recorded loads, as spreadsheets, data frames, servers and public collections write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evalkit.config.bench import LoadSpec
from evalkit.errors import ConfigError
from evalkit.loadgen.traces import Trace, read_trace

HEAD = "timestamp,input_tokens,output_tokens\n"


def read(folder: Path, data: str | bytes, name: str = "t.csv", **load: Any) -> Trace:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_trace(LoadSpec.model_validate({"kind": "trace", "file": file, **load}))


def told(trace: Trace) -> list[tuple[float, int, int]]:
    return [(round(r.at_s, 6), r.input_tokens, r.output_tokens) for r in trace.rows]


WANTED = [(0.0, 16, 4), (1.5, 20, 5)]
ISO = "2026-11-30T12:00:00.0000000", "2026-11-30T12:00:01.5000000"


def rows(first: str, second: str, head: str = HEAD, delimiter: str = ",") -> str:
    text = f"{head}{first},16,4\n{second},20,5\n"
    return text.replace(",", delimiter) if delimiter != "," else text


READ: dict[str, str | bytes] = {
    "plain": HEAD + "0,16,4\n1.5,20,5\n",
    "a byte order mark": "\ufeff" + HEAD + "0,16,4\n1.5,20,5\n",
    "windows line ends": (HEAD + "0,16,4\n1.5,20,5\n").replace("\n", "\r\n"),
    "old mac line ends in quotes": '"timestamp","input_tokens","output_tokens"\n"0","16","4"\n"1.5","20","5"\n',
    "not in order": HEAD + "1.5,20,5\n0,16,4\n",
    "semicolons": rows("0", "1.5", delimiter=";"),
    "semicolons and decimal commas": "timestamp;input_tokens;output_tokens\n0,0;16,0;4\n1,5;20;5\n",
    "excel's separator line": "sep=;\r\ntimestamp;input_tokens;output_tokens\r\n0,0;16;4\r\n1,5;20;5\r\n",
    "tabs": rows("0", "1.5", delimiter="\t"),
    "pipes": rows("0", "1.5", delimiter="|"),
    "excel's unicode text": rows("0", "1.5", delimiter="\t").encode("utf-16"),
    "an index and floats of pandas": ",timestamp,input_tokens,output_tokens\n0,0.0,16.0,4.0\n1,1.5,20.0,5.0\n",
    "floats with many zeros": HEAD + "0.000000,16.000000,4.000000\n1.500000,20.000000,5.000000\n",
    "powers of ten": HEAD + "0,1.6E+01,4\n1.5E+00,2e1,5\n",
    "blank and empty rows": HEAD + "\n0,16,4\n,,\n1.5,20,5\n\n",
    "blanks around": "timestamp , input_tokens , output_tokens\n 0 , 16 , 4 \n1.5, 20, 5\n",
    "a comment above": "# exported on Monday\n" + HEAD + "0,16,4\n1.5,20,5\n",
    "empty columns at the end": "timestamp,input_tokens,output_tokens\n0,16,4,,\n1.5,20,5,,\n",
    "ISO": rows(*ISO),
    "ISO with a blank": rows("2026-11-30 12:00:00", "2026-11-30 12:00:01.5"),
    "ISO with Z": rows("2026-11-30T12:00:00Z", "2026-11-30T12:00:01.5Z"),
    "ISO with two zones": rows("2026-11-30T12:00:00+00:00", "2026-11-30T13:00:01.5+01:00"),
    "ISO with a blank before the zone": rows("2026-11-30 12:00:00 +0000", "2026-11-30 12:00:01.5 +0000"),
    "a zone's name": rows("2026-11-30 12:00:00 UTC", "2026-11-30 12:00:01.5 UTC"),
    "over midnight": rows("2026-11-30 23:59:59", "2026-12-01 00:00:00.5"),
    "German dates": rows("30.11.2026 12:00:00", "30.11.2026 12:00:01.5"),
    "German dates and decimal commas": "timestamp;input_tokens;output_tokens\n30.11.2026 12:00:00,000;16;4\n"
    "30.11.2026 12:00:01,500;20;5\n",
    "American dates": rows("11/30/2026 12:00:00 PM", "11/30/2026 12:00:01.5 PM"),
    "dates that can be read in two ways to the same end": rows("03/04/2026 12:00:00", "03/04/2026 12:00:01.5"),
    "slashes, year first": rows("2026/11/30 12:00:00", "2026/11/30 12:00:01.5"),
    "a web server's log": rows("30/Nov/2026:12:00:00 +0000", "30/Nov/2026:12:00:01.5 +0000"),
    "names of months": '"timestamp",input_tokens,output_tokens\n"Nov 30, 2026 12:00:00 PM",16,4\n'
    '"Nov 30, 2026 12:00:01.5 PM",20,5\n',
    "times of the day": rows("12:00:00", "12:00:01.5"),
    "durations of pandas": rows("0 days 00:00:00", "0 days 00:00:01.500000"),
    "seconds since 1970": rows("1796040000", "1796040001.5"),
    "milliseconds since 1970": rows("1796040000000", "1796040001500"),
    "microseconds since 1970": rows("1796040000000000", "1796040001500000"),
    "nanoseconds since 1970": rows("1796040000000000000", "1796040001500000000"),
    "a unit in the name": rows("0", "1500", head="timestamp_ms,input_tokens,output_tokens\n"),
    "a unit in brackets": rows("0", "1500", head="Timestamp (ms),input_tokens,output_tokens\n"),
    "microseconds by name": rows("0", "1500000", head="time_us,input_tokens,output_tokens\n"),
    "spelled units": rows("0", "1500", head="arrival time [milliseconds],input_tokens,output_tokens\n"),
    "Azure": "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,16,4\n"
    "2023-11-16 18:17:05.4799600,20,5\n",
    "BurstGPT": "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "5,ChatGPT,16,4,20,API log\n6.5,GPT-4,20,5,25,API log\n",
    "words of an API": rows("0", "1.5", head="time,prompt_tokens,completion_tokens\n"),
    "words of a simulator": rows("0", "1.5", head="arrived_at,num_prefill_tokens,num_decode_tokens\n"),
    "evalkit's own names first": "created,timestamp,input_tokens,prompt_tokens,output_tokens\n"
    "x,0,16,9,4\nx,1.5,20,9,5\n",
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_trace_is_read_whatever_wrote_it(tmp_path: Path, name: str) -> None:
    assert told(read(tmp_path, READ[name])) == WANTED
    data = READ[name]
    packed = gzip.compress(data.encode() if isinstance(data, str) else data)
    assert told(read(tmp_path, packed, "t.csv.gz")) == WANTED


OBJECTS = [
    {"timestamp": 0, "input_tokens": 16, "output_tokens": 4},
    {"timestamp": 1.5, "input_tokens": 20.0, "output_tokens": "5"},
]
MOONCAKE = [
    {"timestamp": 0, "input_length": 16, "output_length": 4, "hash_ids": [1]},
    {"timestamp": 1500, "input_length": 20, "output_length": 5, "hash_ids": [1, 2]},
]


@pytest.mark.parametrize("objects", [OBJECTS, MOONCAKE])
def test_json_is_read_in_lines_and_as_a_list(tmp_path: Path, objects: list[Any]) -> None:
    lines = "\n".join(map(json.dumps, objects))
    assert told(read(tmp_path, lines, "t.jsonl")) == WANTED
    assert told(read(tmp_path, gzip.compress(lines.encode()), "t.jsonl.gz")) == WANTED
    assert told(read(tmp_path, "\ufeff" + lines, "t.txt")) == WANTED
    assert told(read(tmp_path, json.dumps(objects), "t.json")) == WANTED


def test_parquet_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "timestamp": [
                pd.Timestamp("2026-11-30 12:00:00"),
                pd.Timestamp("2026-11-30 12:00:01.5"),
            ],
            "input_tokens": [16.0, 20.0],
            "output_tokens": [4, 5],
        }
    )
    frame.to_parquet(tmp_path / "made.parquet")
    assert told(read(tmp_path, (tmp_path / "made.parquet").read_bytes(), "t.parquet")) == WANTED
    frame.loc[1, "input_tokens"] = None
    frame.to_parquet(tmp_path / "made.parquet")
    with pytest.raises(ConfigError, match="row 2: input_tokens: there is no value"):
        read(tmp_path, (tmp_path / "made.parquet").read_bytes(), "t.parquet")


def test_columns_of_any_name_are_named_in_the_config(tmp_path: Path) -> None:
    text = "wann;gefragt;geantwortet\n0;16;4\n1500;20;5\n"
    columns = {"timestamp": "wann", "input_tokens": "gefragt", "output_tokens": "geantwortet"}
    assert told(read(tmp_path, text, columns=columns, time_unit="ms")) == WANTED
    with pytest.raises(ConfigError, match="no column 'wan'") as told_so:
        read(tmp_path, text, columns=columns | {"timestamp": "wan"})
    assert "wann" in (told_so.value.hint or "")
    with pytest.raises(ValueError, match="'time' means nothing here"):
        read(tmp_path, text, columns={"time": "wann"})


def test_it_says_how_it_was_read_where_that_is_not_plain(tmp_path: Path) -> None:
    assert read(tmp_path, READ["ISO"]).notes == ()
    (unit,) = read(tmp_path, READ["plain"]).notes
    assert unit == "times of timestamp are read as seconds: 2 requests within 1.5 s."
    (unit,) = read(tmp_path, READ["milliseconds since 1970"]).notes
    assert unit == (
        "times of timestamp are read as milliseconds since 1970: 2 requests within 1.5 s."
    )
    notes = read(tmp_path, READ["Azure"]).notes
    assert notes == (
        "columns: 'ContextTokens' as input_tokens, 'GeneratedTokens' as output_tokens.",
    )
    assert read(tmp_path, HEAD + "3,1,1\n3,1,1\n").notes[1:] == (
        "all requests are due at the same moment.",
    )
    minutes = read(tmp_path, rows("30.11.2026 12:00", "30.11.2026 12:01"))
    assert minutes.notes == ("times of timestamp have no seconds.",)
    assert [r.at_s for r in minutes.rows] == [0, 60]


def test_requests_of_no_tokens_are_refused_or_left_out(tmp_path: Path) -> None:
    text = HEAD + "0,16,4\n1,3,0\n1.5,20,5\n"
    with pytest.raises(ConfigError, match=r"t.csv:3: output_tokens: 0 tokens") as refused:
        read(tmp_path, text)
    assert "drop_empty" in (refused.value.hint or "")
    found = read(tmp_path, text, drop_empty=True)
    assert told(found) == WANTED
    assert found.notes[1:] == ("1 requests of 0 tokens are left out.",)


@pytest.mark.parametrize(
    "times",
    [
        ("0", "250", "500", "1000"),
        ("0.0", "250.0", "500.0"),
        ("12", "8012", "9000"),
        ("0.25", "120.5", "310.75"),
    ],
)
def test_milliseconds_are_not_taken_for_seconds(tmp_path: Path, times: tuple[str, ...]) -> None:
    text = HEAD + "".join(f"{t},16,4\n" for t in times)
    with pytest.raises(ConfigError, match="these look like milliseconds") as refused:
        read(tmp_path, text)
    assert "time_unit: ms" in (refused.value.hint or "")
    span = float(times[-1]) - float(times[0])
    assert read(tmp_path, text, time_unit="ms").rows[-1].at_s == pytest.approx(span / 1000)
    assert read(tmp_path, text, time_unit="s").rows[-1].at_s == pytest.approx(span)


def column(name: str, *times: str) -> str:
    return f"{name},input_tokens,output_tokens\n" + "".join(f"{t},16,4\n" for t in times)


SURE = {
    "minutes only": (rows("2026-11-30 12:00", "2026-11-30 12:01"), 60.0, "have no seconds"),
    "a duration in ISO": (rows("P0DT0H0M0S", "P0DT0H0M1.5S"), 1.5, ""),
    "a column in German": (
        rows("0", "1500", head="zeit_millisekunden,input_tokens,output_tokens\n"),
        1.5,
        "milliseconds",
    ),
    "nanoseconds of a clock": (
        rows("81234500000000", "81236000000000", head="ts_ns,input_tokens,output_tokens\n"),
        1.5,
        "nanoseconds",
    ),
    "milliseconds of a clock": (
        rows("1796040000", "1796041500", head="time_ms,input_tokens,output_tokens\n"),
        1.5,
        "milliseconds",
    ),
    "seconds with fractions": (rows("17.25", "18.75"), 1.5, "2 requests within 1.5 s"),
    "a floating epoch": (rows("1796040000.0", "1796040001.5"), 1.5, "seconds since 1970"),
    "an epoch of a data frame": (
        rows("1796040000000.0", "1796040001500.0"),
        1.5,
        "milliseconds since 1970",
    ),
    "an epoch with an exponent": (
        rows("1.796040000000e+12", "1.796040001500e+12"),
        1.5,
        "milliseconds since 1970",
    ),
    "a decimal comma": (
        "timestamp;input_tokens;output_tokens\n0,25;16;4\n1,75;20;5\n",
        1.5,
        "read as seconds",
    ),
    "a time of the day with a comma": (
        "timestamp;input_tokens;output_tokens\n12:00:00,25;16;4\n12:00:01,75;20;5\n",
        1.5,
        "",
    ),
    "rows out of order": (rows("1.5", "0"), 1.5, "1 of 2 rows come before the one above them"),
    "a Greek letter": (column("time (µs)", "0", "1500000"), 1.5, "microseconds"),
    "an abbreviation in German": (column("Zeit (Sek.)", "0.25", "1.75"), 1.5, "seconds"),
    "words without a sign between them": (column("TimeStampMs", "0", "1500"), 1.5, "milliseconds"),
    "digits lost": (
        column("timestamp", *["1796040000"] * 9, *["1796040128"] * 9),
        128.0,
        "18 requests are due at only 2 moments",
    ),
    "bursts": (HEAD + "0,1,1\n0,1,1\n0,1,1\n1,1,1\n", 1.0, "4 requests within 1 s"),
}
"""What → file, its length in seconds, and what a reader is told."""


@pytest.mark.parametrize("what", SURE)
def test_times_that_are_plain_are_read_and_told(tmp_path: Path, what: str) -> None:
    text, length_s, note = SURE[what]
    trace = read(tmp_path, text)
    assert trace.rows[-1].at_s == pytest.approx(length_s)
    assert note in " ".join(trace.notes)


DOUBTED = {
    "milliseconds with fractions": (
        column("timestamp", "0.0", "20.31", "41.7", "63.9"),
        "milliseconds",
        "ms",
    ),
    "few whole milliseconds": (column("timestamp", "0", "12", "31"), "milliseconds", "ms"),
    "microseconds": (column("timestamp", "0", "250000", "500000"), "microseconds", "us"),
    "milliseconds since 1970 named seconds": (
        column("timestamp_s", "1796040000000", "1796040001500"),
        "milliseconds since 1970",
        "ms",
    ),
    "microseconds since 1970 named milliseconds": (
        column("time_ms", "1796040000000000", "1796040001500000"),
        "microseconds since 1970",
        "us",
    ),
    "nanoseconds since 1970 named seconds": (
        column("arrival_seconds", "1796040000000000000", "1796040001500000000"),
        "nanoseconds since 1970",
        "ns",
    ),
    "milliseconds named seconds": (column("time_s", "0", "1500", "2750"), "milliseconds", "ms"),
    "microseconds named milliseconds": (
        column("time_ms", "0", "15000000", "27500000"),
        "microseconds",
        "us",
    ),
    "times of the day of a spreadsheet": (
        column("timestamp", "0.5", "0.500017361", "0.500035"),
        "days",
        "days",
    ),
    "dates of a spreadsheet": (
        column("timestamp", "46356.5", "46356.500017361"),
        "days or seconds",
        "days",
    ),
    "dates of a spreadsheet with commas": (
        "timestamp;input_tokens;output_tokens\n46356,5;1;1\n46356,50002;1;1\n",
        "days or seconds",
        "days",
    ),
    "Mooncake's names in seconds": (
        "timestamp,input_length,output_length\n0.5,1,1\n0.75,1,1\n1.625,1,1\n",
        "seconds",
        "s",
    ),
    "BurstGPT's names in milliseconds": (
        "Timestamp,Request tokens,Response tokens\n5,1,1\n6500,1,1\n",
        "milliseconds",
        "ms",
    ),
}
"""What → file, what it looks like, and the unit that is proposed."""


@pytest.mark.parametrize("what", DOUBTED)
def test_a_unit_in_doubt_is_asked_for(tmp_path: Path, what: str) -> None:
    text, looks_like, unit = DOUBTED[what]
    with pytest.raises(ConfigError, match=looks_like) as refused:
        read(tmp_path, text)
    assert f"`time_unit: {unit}`" in (refused.value.hint or "")
    assert read(tmp_path, text, time_unit=unit).rows


def test_a_unit_that_is_given_is_believed_unless_it_can_not_be(tmp_path: Path) -> None:
    text = column("timestamp", "1796040000000", "1796040001500")
    with pytest.raises(
        ConfigError, match="can't be seconds: it looks like milliseconds"
    ) as refused:
        read(tmp_path, text, time_unit="s")
    assert refused.value.hint == "Say which under load: `time_unit: ms`."
    slow = column("timestamp", "0", "600", "1800")
    assert read(tmp_path, slow, time_unit="s").rows[-1].at_s == 1800


def test_dates_since_1970_in_two_units_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not all dates since 1970 in one unit"):
        read(tmp_path, column("timestamp", "1796040000", "1796040001500"))


def test_durations_of_a_data_frame_keep_their_unit_whatever_their_name_is(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "elapsed_ms": pd.to_timedelta([0, 1500], unit="ms"),
            "input_tokens": [16, 20],
            "output_tokens": [4, 5],
        }
    )
    frame.to_parquet(tmp_path / "made.parquet")
    assert told(read(tmp_path, (tmp_path / "made.parquet").read_bytes(), "t.parquet")) == WANTED


REFUSED = {
    "": "the file is empty",
    "\n\n": "the file is empty",
    "[" * 5000: "not JSON",
    '{"timestamp": ' + "[" * 5000: "not a JSON object",
    HEAD: "the trace is empty",
    HEAD + "1,2,3\nx,2,3\n": r"t.csv:3: timestamp: 'x' is not a number",
    HEAD + "x,2,3\n": r"t.csv:2: timestamp: 'x' is no time",
    HEAD + "1,2.5,3\n": r"t.csv:2: input_tokens: '2.5' is no number of tokens",
    HEAD + "1,-2,3\n": r"t.csv:2: input_tokens: '-2' is no number of tokens",
    HEAD + "1,nan,3\n": r"t.csv:2: input_tokens: 'nan' is no number of tokens",
    HEAD + "1,,3\n": r"t.csv:2: input_tokens: there is no value",
    HEAD + "1,2\n": r"t.csv:2: output_tokens: there is no value",
    HEAD + ",2,3\n": r"t.csv:2: timestamp: there is no time",
    HEAD + "nan,2,3\n": r"t.csv:2: timestamp: 'nan' is no time",
    HEAD + "1,2,3\ninf,2,3\n": r"t.csv:3: timestamp: 'inf' is not a number",
    HEAD + "-1,2,3\n": r"t.csv:2: timestamp: '-1' is before the start",
    HEAD + '1,"1.000",3\n': r"t.csv:2: input_tokens: '1.000' is no number of tokens",
    HEAD + "0,5,2,3\n": r"t.csv:2: 4 values for 3 columns: '0, 5, 2, 3'",
    "0,16,4\n1,16,4\n": r"t.csv:1: the first line holds values",
    "time_of,input_tokens,output_tokens\n1,2,3\n": r"t.csv:1: no column `timestamp`.*'time_of'",
    "timestamp,timestamp,input_tokens,output_tokens\n1,1,2,3\n": r"columns 'timestamp' and 'timestamp'",
    "timestamp,prompt_tokens,input_len,output_tokens\n1,1,2,3\n": r"'prompt_tokens' and 'input_len'",
    rows("1.79604E+12", "1.79604E+12"): r"t.csv:2: timestamp: '1.79604E\+12' was rounded by a spreadsheet",
    rows("46356.5", "46356.50002"): "may be Excel's days",
    rows("00:01.5", "00:03.0"): r"t.csv:2: timestamp: '00:01.5' has no hours",
    rows("23:59:59", "00:00:01"): r"t.csv:3: timestamp: '00:00:01' is after midnight",
    rows("2026-11-30T12:00:00Z", "2026-11-30T12:00:01"): r"t.csv:3: timestamp: .* time zone",
    rows("2026-11-31 12:00:00", "2026-11-30 12:00:01"): r"t.csv:2: timestamp: .* is no time",
    rows("2026-11-30 12:00:00", "yesterday"): r"t.csv:3: timestamp: 'yesterday' is no time like",
    rows("03/04/2026 12:00:00", "04/04/2026 12:00:00"): r"t.csv:2: .*may have the month or the day first",
    "timestamp;input_tokens;output_tokens\n0,5;1;1\n1.5;1;1\n": "has a decimal comma, others a point",
    '{"timestamp": 1, "input_tokens": 2, "output_tokens": 3}\nnot json\n': r"t.csv:2: not a JSON object",
    '{"timestamp": 1, "input_tokens": true, "output_tokens": 3}\n': r"t.csv:1: input_tokens: 'True' is no",
    '{"timestamp": 1, "input_tokens": 2, "output_tokens": 3}\n{"timestamp": 1}\n': r"t.csv:2: input_tokens",
    "[1, 2]": "row 1: not a JSON object",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_a_trace_that_is_wrong_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=REFUSED[text]):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04rest", "an Excel workbook"),
        (gzip.compress(HEAD.encode(), mtime=0)[:-12], "can't be read"),
        (HEAD.encode() + b"1,2,3\n\xe4,2,3\n", r"not UTF-8 text \(byte 0xe4\)"),
        (b"PAR1nothing", "can't be read"),
        (b"BZh91AY", "compressed with bzip2"),
    ],
)
def test_another_kind_of_file_is_told(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, data)
