"""The docs of a report in few characters: chunks of docs, each compressed, that the page reads when it needs them.

A chunk is JSON, deflated, in base64: every browser can undo that. Its texts are in the order of reading (for each doc
prompt, expected answer, answers), where a number stands for a text that came before and a pair for a text that is cut,
with what is missing of it. Numbers are in columns, doc by doc and within each model by model. Marks of all docs are in
the index, so that filters need no chunk.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from typing import NamedTuple

from evalkit.report.samples import Answer, Doc, TaskDocs, Timing
from evalkit.report.text_safety import visible
from evalkit.wording import Language, tell

BUDGET = 13_000_000
"""Characters of the page that all docs may take; with the rest of a report they stay below 15 MB."""
LIMITS = (20_000, 8_000, 4_000, 2_000, 1_000, 500)
"""Characters of one text, tried one after the other until everything is within the budget."""
DOCS_PER_CHUNK = 300
CHARACTERS_PER_CHUNK = 500_000
_N_PROBES = 12
_DOCS_PER_PROBE = 100
"""Docs here and there whose compressed size tells that of all."""
_DOUBT = 1.05
"""How much too large an estimate from small chunks may be."""
_MARGIN = 0.98
_THREADS = 2

_Text = str | int | tuple[str, int] | None
_Number = int | float | None


class Row(NamedTuple):
    """A doc with its texts: prompt, expected answer, answers; None where there is none of its own."""

    doc: Doc
    texts: tuple[str | None, ...]

    def size(self, limit: int) -> int:
        """Return the characters of its texts."""
        return sum(min(len(text), limit) for text in self.texts if text)


class Chunk(NamedTuple):
    """Consecutive docs of one task."""

    task: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Packed:
    """What goes into the page, and what had to be left out of it."""

    index: str
    """The docs of each task and their chunks, compressed."""
    chunks: tuple[str, ...]
    limit: int
    """Characters from which texts are cut."""
    n_cut: int
    """Texts that are cut, each counted once per chunk."""
    n_docs: int
    n_without_texts: int
    """Docs whose texts are not in the page at all."""

    @property
    def size(self) -> int:
        """Characters in the page."""
        return len(self.index) + sum(map(len, self.chunks))


def pack(tasks: Sequence[TaskDocs], language: Language, budget: int = BUDGET) -> Packed:
    """Compress all docs into the budget: whole if possible, else with shorter texts, else with texts of fewer docs.

    Docs on which models disagree keep their texts first, then those with a wrong or a missing answer.

    Args:
        tasks: Docs of each task.
        language: Of the reasons for missing answers.
        budget: Characters.
    """
    packer = _Packer(tasks, language)
    longest = packer.longest()
    for limit in (limit for i, limit in enumerate(LIMITS) if i == 0 or longest > limit):
        size = packer.estimate(limit)
        if size <= _DOUBT * budget:
            packed = packer.pack(packer.rows, limit)
            if packed.size <= budget:
                return packed
            size = packed.size
    share = 1.0
    while True:
        share *= _MARGIN * budget / size
        packed = packer.pack(packer.chosen(share), limit)
        if packed.size <= budget or packed.n_without_texts == packed.n_docs:
            return packed
        size = packed.size


def compressed(text: str) -> str:
    """Return characters that mean nothing to HTML and that `read` of explorer.js reads back."""
    return b64encode(zlib.compress(text.encode(), 9)).decode()


class _Packer:
    """Packs the same docs with different limits."""

    def __init__(self, tasks: Sequence[TaskDocs], language: Language) -> None:
        self._tasks, self._language = tasks, language
        self.rows = [[Row(doc, tuple(_texts_of(doc))) for doc in t.docs] for t in tasks]
        self._probes = list(_probes(self.rows))

    def longest(self) -> int:
        """Return the length of the longest text."""
        rows = [row for rows in self.rows for row in rows]
        texts = (text for row in rows for text in row.texts if text)
        answers = (a for row in rows for a in row.doc.answers if a is not None)
        own = (text for a in answers for text in (a.sample.prompt, a.thoughts))
        return max(map(len, chain(texts, own)), default=0)

    def estimate(self, limit: int) -> int:
        """Return about how many characters all docs take, from the probes."""
        n = sum(len(c.rows) for c in self._probes)
        size = sum(len(compressed(self._payload(c, limit)[0])) for c in self._probes)
        return round(size * sum(map(len, self.rows)) / n) if n else 0

    def chosen(self, share: float) -> list[list[Row]]:
        """Return of each task the share of docs with most to see, evenly spaced where they are alike."""
        n = round(share * sum(map(len, self.rows)))
        ranked: list[list[tuple[int, int]]] = [[], [], []]
        for i, rows in enumerate(self.rows):
            for j, row in enumerate(rows):
                ranked[row.doc.interest].append((i, j))
        kept: set[tuple[int, int]] = set()
        for alike in ranked:
            kept.update(_spaced(alike, n - len(kept)))
        return [
            [row for j, row in enumerate(rows) if (i, j) in kept]
            for i, rows in enumerate(self.rows)
        ]

    def pack(self, kept: Sequence[Sequence[Row]], limit: int) -> Packed:
        """Compress the texts of the docs that are kept, and the marks of all."""
        chunks = list(_chunks(kept, limit))
        payloads = (self._payload(chunk, limit) for chunk in chunks)
        with ThreadPoolExecutor(_THREADS) as pool:  # zlib works beside Python
            blocks = list(pool.map(lambda payload: (compressed(payload[0]), payload[1]), payloads))
        n_docs = sum(map(len, self.rows))
        return Packed(
            index=compressed(_json(list(self._index(kept, chunks)))),
            chunks=tuple(block for block, _ in blocks),
            limit=limit,
            n_cut=sum(n_cut for _, n_cut in blocks),
            n_docs=n_docs,
            n_without_texts=n_docs - sum(map(len, kept)),
        )

    def _index(
        self, kept: Sequence[Sequence[Row]], chunks: Sequence[Chunk]
    ) -> Iterator[dict[str, object]]:
        """Yield suite, task, doc ids (differences), marks, which docs have texts (None: all), and sizes of chunks."""
        for i, (t, rows) in enumerate(zip(self._tasks, kept, strict=True)):
            ids = [doc.doc_id for doc in t.docs]
            there = {id(row.doc) for row in rows}
            yield {
                "suite": visible(t.suite),
                "task": visible(t.task),
                "ids": [b - a for a, b in zip([0, *ids], ids, strict=False)],
                "marks": "".join(doc.marks for doc in t.docs),
                "kept": None
                if len(there) == len(t.docs)
                else "".join("1" if id(doc) in there else "0" for doc in t.docs),
                "chunks": [len(c.rows) for c in chunks if c.task == i],
            }

    def _payload(self, chunk: Chunk, limit: int) -> tuple[str, int]:
        """Return a chunk as JSON, and how many texts in it are cut."""
        writer = _Texts(limit)
        texts = [writer.put(text) for row in chunk.rows for text in row.texts]
        answers = [answer for row in chunk.rows for answer in row.doc.answers]
        differing = [row.texts[0] is None for row in chunk.rows for _ in row.doc.answers]
        asked = [(at, a) for at, a in enumerate(answers) if a is not None]
        own = [(at, writer.put(a.sample.prompt)) for at, a in asked if differing[at]]
        why = [
            (at, writer.put(tell(a.failure, self._language))) for at, a in asked if a.is_unanswered
        ]
        thoughts = [(at, writer.put(a.thoughts)) for at, a in asked if a.thoughts]
        value = {"texts": texts, "own": own, "why": why, "thoughts": thoughts}
        value |= {"scores": _scores(answers)}
        if any(a.is_call for _, a in asked):
            value |= {"call": [1 if a is not None and a.is_call else None for a in answers]}
        value |= _timings(answers)
        return _json({name: some for name, some in value.items() if some}), writer.n_cut


class _Texts:
    """Writes each text once; characters that act are made visible here, since the page shows texts as they are."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[str, int] = {}
        self.n_cut = 0

    def put(self, text: str | None) -> _Text:
        """Return what stands for a text."""
        if text is None:
            return None
        number = self._known.get(text)
        if number is not None:
            return number
        self._known[text] = len(self._known)
        cut = len(text) - self._limit
        if cut <= 0:
            return visible(text)
        self.n_cut += 1
        return visible(text[: self._limit]), cut


def _texts_of(doc: Doc) -> Iterator[str | None]:
    """Yield prompt, expected answer and answers; None where there is none of its own."""
    yield doc.prompt
    yield doc.target
    for answer in doc.answers:
        yield None if answer is None or answer.is_unanswered else answer.sample.response


def _chunks(kept: Sequence[Sequence[Row]], limit: int) -> Iterator[Chunk]:
    """Split docs so that the page unpacks a chunk within a frame or two."""
    for task, rows in enumerate(kept):
        start = size = 0
        for i, row in enumerate(rows):
            size += row.size(limit)
            if i + 1 - start == DOCS_PER_CHUNK or size >= CHARACTERS_PER_CHUNK:
                yield Chunk(task, rows[start : i + 1])
                start, size = i + 1, 0
        if start < len(rows):
            yield Chunk(task, rows[start:])


def _probes(rows: Sequence[Sequence[Row]]) -> Iterator[Chunk]:
    """Yield small chunks, evenly spaced over all docs; every doc where there are few."""
    small = [
        Chunk(task, some[start : start + _DOCS_PER_PROBE])
        for task, some in enumerate(rows)
        for start in range(0, len(some), _DOCS_PER_PROBE)
    ]
    yield from small[:: max(1, len(small) // _N_PROBES)]


def _spaced(items: Sequence[tuple[int, int]], n: int) -> Sequence[tuple[int, int]]:
    """Return n of the items, evenly spaced."""
    if n >= len(items):
        return items
    return [items[k * len(items) // n] for k in range(max(n, 0))]


def _scores(answers: Sequence[Answer | None]) -> dict[str, list[_Number]]:
    """Return a column per metric."""
    found: dict[str, list[_Number]] = {}
    for at, answer in enumerate(answers):
        for name, score in answer.scores.items() if answer else ():
            column = found.get(name)
            if column is None:
                column = found[name] = [None] * len(answers)
            column[at] = _short(score)
    return {visible(name): column for name, column in found.items()}


def _timings(answers: Sequence[Answer | None]) -> dict[str, list[_Number]]:
    """Return columns of tokens, times in ms and cost in millionths of a dollar; those that are all unknown left out."""
    timings = [Timing() if a is None else a.timing for a in answers]
    columns: dict[str, list[_Number]] = {
        "in": [t.input_tokens for t in timings],
        "out": [t.output_tokens for t in timings],
        "ttft": [_short(t.ttft_s, 1000) for t in timings],
        "e2e": [_short(t.e2e_latency_s, 1000) for t in timings],
        "cost": [_short(t.cost_usd, 1e6) for t in timings],
    }
    return {name: column for name, column in columns.items() if set(column) != {None}}


def _short(value: float | None, factor: float = 1) -> _Number:
    """Return so many times a number, in three figures: more are not shown."""
    if value is None or not isfinite(value * factor):
        return None
    rounded = float(f"{value * factor:.3g}")
    return int(rounded) if rounded.is_integer() else rounded


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
