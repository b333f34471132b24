"""Events come out the same however the network cuts the bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.backends.endpoints.sse import EventReader, ServerEvent

STREAM = (
    ': hello\n\nevent: message_start\ndata: {"a": "Grüße 👋"}\n\n'
    "data: two\ndata: lines\n\nid: 7\nretry: 10\ndata:no space\n\n: ping\n\ndata\n\ndata: end\n\n"
)
EXPECTED = [
    ("message_start", '{"a": "Grüße 👋"}'),
    ("", "two\nlines"),
    ("", "no space"),
    ("", ""),
    ("", "end"),
]


def events(chunks: list[bytes]) -> list[ServerEvent]:
    reader = EventReader()
    found = [e for t, chunk in enumerate(chunks) for e in reader.feed(t, chunk)]
    return found + list(reader.close(len(chunks)))


def texts(found: list[ServerEvent]) -> list[tuple[str, str]]:
    return [(e.name, e.data.decode()) for e in found]


@given(cuts=st.lists(st.integers(0, len(STREAM.encode())), max_size=40), crlf=st.booleans())
def test_cuts_at_any_byte_change_nothing(cuts: list[int], crlf: bool) -> None:
    data = STREAM.replace("\n", "\r\n" if crlf else "\n").encode()
    edges = sorted({0, len(data), *(min(c, len(data)) for c in cuts)})
    chunks = [data[a:b] for a, b in pairwise(edges)]
    assert texts(events(chunks)) == EXPECTED


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    for event in events([data[:100], data[100:]]):
        assert isinstance(event.data, bytes)


def test_an_event_has_the_stamp_of_the_chunk_that_completed_its_data() -> None:
    reader = EventReader()
    assert list(reader.feed(10, b"data: ab")) == []
    assert list(reader.feed(20, b"c\n")) == []
    (event,) = reader.feed(30, b"\n")
    assert (event.t_ns, event.data) == (20, b"abc")


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "stream",
    [
        BOM + BOM + b"data: 4\n\ndata: 2\n\n",
        b": ping\n" + BOM + b"data: 4\n\ndata: 2\n\n",
        b"data: 4\n\n" + BOM + b"data: 2\n\n",
        b"data: 4\n" + BOM + b"\n" + BOM + BOM + b"data: 2",
        BOM + b"\r\n" + BOM + b"data: 4\r\n\r\ndata: 2\r\n\r\n",
    ],
)
def test_byte_order_marks_are_no_part_of_any_line(stream: bytes) -> None:
    assert texts(events([stream])) == [("", "4"), ("", "2")]
    assert texts(events([stream[i : i + 1] for i in range(len(stream))])) == [("", "4"), ("", "2")]


@pytest.mark.parametrize(
    "line",
    [b"\0data: 2", "\u00a0data: 2".encode(), b"Data: 2", b" data: 2", b'{"a": 2}', b"xdata:2"],
)
def test_a_line_of_no_field_that_carries_something_is_not_dropped(line: bytes) -> None:
    found = events([b"data: 4\n\n" + line + b"\n\n"])
    assert [e.is_foreign for e in found] == [False, True]
    assert found[1].data == line


@pytest.mark.parametrize(
    "line", [b": data", b"id: 7", b"keep-alive", b"retry: 1", b"foo: bar", b"\0"]
)
def test_a_line_without_anything_in_it_is_left_out(line: bytes) -> None:
    assert texts(events([b"data: 4\n\n" + line + b"\n\n"])) == [("", "4")]


def test_the_end_of_the_body_completes_an_event() -> None:
    assert texts(events([b"data: a\n\ndata: last"])) == [("", "a"), ("", "last")]
