"""Events come out the same however the network cuts the bytes."""

from __future__ import annotations

from itertools import pairwise

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


def test_the_end_of_the_body_completes_an_event() -> None:
    assert texts(events([b"data: a\n\ndata: last"])) == [("", "a"), ("", "last")]
