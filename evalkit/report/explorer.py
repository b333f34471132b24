"""The sample explorer: every doc of every task with all answers, filtered and searched in the page.

All docs go into the page compressed, for its script; a few of them as plain HTML, for readers without JavaScript and
for paper. What does not fit is said, never silently left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from evalkit.analysis.docs import DocTable
from evalkit.report import format as text
from evalkit.report.embed import json_block
from evalkit.report.explorer_pack import BUDGET, Packed, pack
from evalkit.report.models import Model
from evalkit.report.samples import Answer, Doc, Mark, TaskDocs, Timing, task_docs
from evalkit.report.text_safety import visible
from evalkit.wording import NOTHING, Language, Said, joined, numeral, say, say_n, tell, verbatim

MOST_OF_TASK = 12
MOST_IN_ALL = 60
LONGEST = 2_000
"""Docs and characters of one text that are there without JavaScript."""
MARKS: dict[str, tuple[str, str, Said]] = {
    Mark.RIGHT: ("✓", "right", say("right")),
    Mark.WRONG: ("✗", "wrong", say("wrong")),
    Mark.NEITHER: ("–", "", say("not right or wrong")),
    Mark.UNANSWERED: ("∅", "failed", say("no answer")),
    Mark.NOT_ASKED: ("·", "", say("was not asked")),
}
"""Sign, CSS class and word of each mark: colour never tells alone."""


@dataclass(frozen=True, slots=True)
class ExcerptAnswer:
    """One model's answer to a doc."""

    model: str
    series: int
    sign: str
    kind: str
    verdict: Said
    facts: Said
    response: Said
    thoughts: Said
    """Empty when the model did not think, or does not tell."""
    own_prompt: Said
    """Empty when every model got the same."""
    failure: Said
    """Empty when there is an answer."""


@dataclass(frozen=True, slots=True)
class ExcerptDoc:
    """One doc as plain HTML."""

    anchor: str
    name: Said
    prompt: Said
    target: Said
    answers: tuple[ExcerptAnswer, ...]


@dataclass(frozen=True, slots=True)
class ExcerptTask:
    """Some docs of a task."""

    task: str
    about: Said
    docs: tuple[ExcerptDoc, ...]


@dataclass(frozen=True, slots=True)
class Explorer:
    """What the template needs."""

    left_out: tuple[Said, ...]
    """What of the docs is not in the file."""
    is_comparison: bool
    any_unanswered: bool
    excerpt_note: Said
    excerpt: tuple[ExcerptTask, ...]
    data: Markup
    """Words and models for the script."""
    blocks: Markup
    """All docs in compressed blocks."""


def build_explorer(
    models: Sequence[Model], language: Language, docs: DocTable, budget: int = BUDGET
) -> Explorer | None:
    """Return the explorer of all docs that models were asked; None when there is none.

    Args:
        models: In the order of the report.
        language: The script gets its words told.
        docs: Of their runs: it tells by which metric an answer is right or wrong.
        budget: Characters of the page that the docs may take.
    """
    tasks = task_docs([(m.name, m.run) for m in models], docs)
    if not tasks:
        return None
    packed = pack(tasks, language, budget)
    names = [{"label": visible(m.label), "isApi": m.is_api} for m in models]
    words = {name: _told(word, language) for name, word in _words().items()}
    excerpt = tuple(_excerpt(tasks, models))
    n_shown = sum(len(t.docs) for t in excerpt)
    return Explorer(
        left_out=tuple(_left_out(packed)),
        is_comparison=len(models) > 1,
        any_unanswered=any(doc.any_unanswered for t in tasks for doc in t.docs),
        excerpt_note=_excerpt_note(n_shown, packed.n_docs),
        excerpt=excerpt,
        data=json_block("explorer-data", {"words": words, "models": names}),
        blocks=Markup("\n").join(_blocks(packed)),
    )


def _blocks(packed: Packed) -> Iterator[Markup]:
    for name, data in [
        ("explorer-index", packed.index),
        *((f"explorer-chunk-{i}", data) for i, data in enumerate(packed.chunks)),
    ]:
        # the characters of base64 mean nothing to HTML
        yield Markup('<script type="application/octet-stream" id="{}">{}</script>').format(
            name, Markup(data)
        )


def _left_out(packed: Packed) -> Iterator[Said]:
    if packed.n_cut:
        yield say_n(
            "To keep this file small, {n} text of more than {limit} characters is shortened here; it is whole in"
            " samples.parquet of its run.",
            "To keep this file small, {n} texts of more than {limit} characters are shortened here; they are whole in"
            " samples.parquet of their runs.",
            packed.n_cut,
            limit=text.count(packed.limit),
        )
    if packed.n_without_texts:
        yield say(
            "Prompts and answers of {n} of {all} documents are not in this file, to keep it small: documents on which"
            " models disagree come first, then those with a wrong answer. All are in samples.parquet of their runs.",
            n=text.count(packed.n_without_texts),
            all=text.count(packed.n_docs),
        )


def _excerpt_note(n_shown: int, n_docs: int) -> Said:
    if n_shown == n_docs:
        return say_n("All of {n} document.", "All of {n} documents.", n_docs)
    return say(
        "{n} of {all} documents, those on which models disagree first. A browser with JavaScript shows and searches all"
        " of them.",
        n=text.count(n_shown),
        all=text.count(n_docs),
    )


# --- some docs as plain HTML --------------------------------------------------------------------------------------


def _excerpt(tasks: Sequence[TaskDocs], models: Sequence[Model]) -> Iterator[ExcerptTask]:
    quota = max(1, min(MOST_OF_TASK, MOST_IN_ALL // len(tasks)))
    seen: Counter[tuple[str, int]] = Counter()
    for t in tasks[:MOST_IN_ALL]:
        anchors = [_anchor(t.task, doc.doc_id, seen) for doc in t.docs]
        chosen = sorted(range(len(t.docs)), key=lambda i: (t.docs[i].interest, i))[:quota]
        yield ExcerptTask(
            t.task,
            joined(
                (verbatim(t.suite), say_n("{n} document", "{n} documents", len(t.docs))),
                ", ",
            ),
            tuple(_excerpt_doc(t.docs[i], anchors[i], models) for i in sorted(chosen)),
        )


def _anchor(task: str, doc_id: int, seen: Counter[tuple[str, int]]) -> str:
    """Return the id of a doc, as explorer.js makes it; the second doc of that task and number has one more."""
    name = visible(task)
    seen[name, doc_id] += 1
    n = seen[name, doc_id]
    return f"doc-{quote(name, safe='!~*()' + chr(39))}-{doc_id}" + (f".{n}" if n > 1 else "")


def _excerpt_doc(doc: Doc, anchor: str, models: Sequence[Model]) -> ExcerptDoc:
    answers = tuple(
        _excerpt_answer(answer, model, series, is_same=doc.prompt is not None)
        for series, (answer, model) in enumerate(zip(doc.answers, models, strict=True))
        if answer is not None
    )
    return ExcerptDoc(
        anchor,
        say("Document {n}", n=str(doc.doc_id)),
        _shortened(doc.prompt or ""),
        _shortened(doc.target),
        answers,
    )


def _excerpt_answer(answer: Answer, model: Model, series: int, *, is_same: bool) -> ExcerptAnswer:
    sign, kind, verdict = MARKS[answer.mark]
    return ExcerptAnswer(
        model=model.label,
        series=series,
        sign=sign,
        kind=kind,
        verdict=verdict,
        facts=joined(_facts(answer, is_api=model.is_api), " · "),
        response=_shortened(answer.sample.response),
        thoughts=_shortened(answer.thoughts),
        own_prompt=NOTHING if is_same else _shortened(answer.sample.prompt),
        failure=answer.failure if answer.is_unanswered else NOTHING,
    )


def _facts(answer: Answer, *, is_api: bool) -> Iterator[Said]:
    """Yield the kind of an answer that is no text, scores, tokens, times and cost, as far as they are known."""
    if answer.is_call:
        yield say("a tool call")
    for name, score in answer.scores.items():
        if score is not None:
            yield joined((verbatim(name), numeral(f"{score:.3g}")), "\u00a0")
    timing: Timing = answer.timing
    if timing.input_tokens is not None:
        yield say("{n} tokens in", n=text.count(timing.input_tokens))
    if timing.output_tokens is not None:
        yield say("{n} tokens out", n=text.count(timing.output_tokens))
    if timing.ttft_s is not None:
        yield say("first token after {time}", time=text.seconds(timing.ttft_s))
    if timing.e2e_latency_s is not None:
        yield say("whole answer after {time}", time=text.seconds(timing.e2e_latency_s))
    if timing.cost_usd is not None:
        yield text.usd(timing.cost_usd)
    elif is_api and not answer.is_unanswered:
        yield say("cost not known")


def _shortened(words: str) -> Said:
    cut = len(words) - LONGEST
    if cut <= 0:
        return verbatim(words)
    rest = say("({n} more characters in samples.parquet)", n=text.count(cut))
    return joined((verbatim(words[:LONGEST]), rest), " … ")


# --- words of the script ------------------------------------------------------------------------------------------

_Words = Said | dict[str, Said]


def _words() -> dict[str, _Words]:
    """Return the script's words; its numbers are filled in where `{name}` stands."""
    n, time, both = "{n}", "{time}", {"n": "{n}", "all": "{all}"}
    return {
        "marks": {mark: word for mark, (_, _, word) in MARKS.items()},
        "doc": say("Document {n}", n=n),
        "suite": say("all of {suite}", suite="{suite}"),
        "count": say("{n} of {all} documents", **both),
        "page": say("Page {n} of {all}", **both),
        "searched": say("searched {n} of {all} documents, {hits} found", hits="{hits}", **both),
        "unsearched": say("{n} documents have no texts in this file and were not searched", n=n),
        "prompt": say("Prompt"),
        "expected": say("Expected"),
        "own": say("Its own prompt"),
        "thoughts": say("Its thoughts (not scored)"),
        "link": say("Link to this document"),
        "noTexts": say(
            "Prompt and answers are not in this file, to keep it small; they are in samples.parquet of the run."
        ),
        "damaged": say("This document can't be unpacked."),
        "old": say(
            "The list of all documents, with filters and search, needs a newer browser than this one."
        ),
        "cut": say("({n} more characters in samples.parquet)", n=n),
        "call": say("a tool call"),
        "input": say("{n} tokens in", n=n),
        "output": say("{n} tokens out", n=n),
        "ttft": say("first token after {time}", time=time),
        "e2e": say("whole answer after {time}", time=time),
        "noCost": say("cost not known"),
        "ms": say("{n} ms", n=n),
        "s": say("{n} s", n=n),
        "min": say("{n} min", n=n),
        "usd": say("${n}", n=n),
    }


def _told(words: _Words, language: Language) -> str | dict[str, str]:
    if isinstance(words, dict):
        return {name: tell(word, language) for name, word in words.items()}
    return tell(words, language)
