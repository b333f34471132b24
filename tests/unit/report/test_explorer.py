"""The docs in the page: whole as long as they fit, and what does not fit is said."""

from __future__ import annotations

import json
import random
import string
import zlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.analysis.docs import doc_table
from evalkit.report import explorer_pack
from evalkit.report.explorer import LONGEST, MOST_IN_ALL, MOST_OF_TASK
from evalkit.report.explorer_pack import LIMITS, compressed, pack
from evalkit.report.language import ENGLISH, spoken
from evalkit.report.samples import TaskDocs, task_docs
from evalkit.store.run_dir import Run
from tests.builders import result, sample
from tests.explorers import comparison, explorer
from tests.pseudo import untold

MODELS = ("one", "two", "three")


def docs_of(models: Sequence[tuple[str, Run]]) -> tuple[TaskDocs, ...]:
    runs = {id(run): run for _, run in models}.values()
    return task_docs(models, doc_table(runs))


def unpacked(text: str):
    """What the page's script does: base64, deflate, JSON."""
    return json.loads(zlib.decompress(b64decode(text, validate=True)))


def chunks_of(packed) -> list[dict]:
    return [unpacked(chunk) for chunk in packed.chunks]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.none() | st.integers()))
def test_what_is_packed_can_be_unpacked_and_means_nothing_to_html(value) -> None:
    text = compressed(json.dumps(value, ensure_ascii=False))
    assert unpacked(text) == value
    assert set(text) <= set(string.ascii_letters + string.digits + "+/=")


def test_every_text_and_number_is_in_its_chunk() -> None:
    run = comparison(5)
    packed = pack(docs_of([(m, run) for m in MODELS]), ENGLISH)
    tasks = unpacked(packed.index)
    assert [(t["suite"], t["task"]) for t in tasks] == [
        ("maths", "sums"),
        ("words", "names"),
    ]
    assert tasks[0]["ids"] == [0, 1, 1, 1, 1]
    assert tasks[0]["marks"] == "rruwwrrwrwrrrwr"
    assert tasks[0]["kept"] is None
    assert [t["chunks"] for t in tasks] == [[5], [20]]
    sums, names = chunks_of(packed)
    assert sums["texts"][:5] == [
        "What is 0 plus 0? Grüße",
        "It is 0.",
        "one says 0",
        "two says 0",
        None,
    ]
    assert sums["why"] == [[2, "no answer: the request failed (no answer in time): it broke"]]
    assert sums["scores"]["acc"][:3] == [1, 1, None]
    assert (sums["in"][3:6], sums["ttft"][3:6]) == ([10, 10, 100], [100, 100, 100])
    assert sums["cost"][3:6] == [None, None, 100]
    assert names["own"][:3] == [[i, f"Name number 0, {model}"] for i, model in enumerate(MODELS)]
    assert "own" not in sums
    assert (packed.n_cut, packed.n_without_texts, packed.limit) == (0, 0, LIMITS[0])


def test_thoughts_stand_apart_from_the_answer() -> None:
    run = comparison(2)
    for r in run.requests:
        if r.answer is not None and r.answer.text is not None:
            object.__setattr__(r, "answer", replace(r.answer, thoughts="Is it A?"))
    chunk = chunks_of(pack(docs_of([(MODELS[0], run)]), ENGLISH))[0]
    assert chunk["thoughts"][0] == [0, "Is it A?"]
    assert "Is it A?" not in chunk["texts"]
    assert "Is it A?" in str(explorer(run).excerpt[0].docs[0].answers[0].thoughts)


def test_equal_texts_are_stored_once_in_a_chunk() -> None:
    run = comparison(1)
    samples = [sample(i, cell_id="one/maths/0", prompt="same", response="same") for i in range(3)]
    packed = pack(docs_of([("one", replace(run, samples=samples))]), ENGLISH)
    assert chunks_of(packed)[0]["texts"] == ["same", "yes", 0, 0, 1, 0, 0, 1, 0]


def test_characters_that_act_are_made_visible_before_they_are_packed() -> None:
    run = comparison(1)
    texts = {"prompt": "a\x1b[31m", "target": "b\u202e", "response": "c\x00\ud800"}
    run = replace(run, samples=[sample(0, cell_id="one/maths/0", task="t\u200b", **texts)])
    packed = pack(docs_of([("one", run)]), ENGLISH)
    assert chunks_of(packed)[0]["texts"] == ["a␛[31m", "b⟨U+202E⟩", "c␀⟨U+D800⟩"]
    assert unpacked(packed.index)[0]["task"] == "t⟨U+200B⟩"


def long_tasks(n: int = 60, size: int = 3000):
    """Docs that do not compress well: every third is wrong."""
    draw = random.Random(2)
    run = comparison(1)
    samples = [
        sample(
            i,
            cell_id="one/maths/0",
            prompt="".join(draw.choices("abcdefghijklmnop", k=size)),
            scores={"acc": float(i % 3 > 0)},
        )
        for i in range(n)
    ]
    results = [result(cell_id="one/maths/0")]
    return docs_of([("one", replace(run, samples=samples, results=results))])


@pytest.mark.parametrize("budget", [200_000, 80_000, 40_000, 20_000, 12_000, 5_000])
def test_the_budget_is_kept_and_what_is_left_out_is_counted(budget: int) -> None:
    tasks = long_tasks()
    packed = pack(tasks, ENGLISH, budget)
    assert packed.size <= budget
    texts = [text for chunk in chunks_of(packed) for text in chunk["texts"]]
    prompts = [t for t in texts if not isinstance(t, int) and t != "yes"]
    assert len(prompts) == 60 - packed.n_without_texts
    assert sum(isinstance(t, list) for t in prompts) == packed.n_cut
    for t in prompts:
        shown, cut = t if isinstance(t, list) else (t, 0)
        assert (len(shown), len(shown) + cut) == (min(packed.limit, 3000), 3000)
    if packed.n_without_texts:
        assert packed.limit == LIMITS[-1]
    kept = unpacked(packed.index)[0]["kept"]
    assert (kept or "1" * 60).count("1") == 60 - packed.n_without_texts


def test_docs_with_something_to_see_keep_their_texts_first() -> None:
    packed = pack(long_tasks(), ENGLISH, 12_000)
    kept = unpacked(packed.index)[0]["kept"]
    wrong = [i for i in range(60) if i % 3 == 0]
    n = kept.count("1")
    assert 0 < n < 60
    if n <= len(wrong):
        assert all(kept[i] == "0" for i in range(60) if i not in wrong)
    else:
        assert all(kept[i] == "1" for i in wrong)


def test_prompts_that_differ_are_shortened_before_docs_lose_their_texts() -> None:
    draw = random.Random(3)
    run = comparison(1)
    samples = [
        sample(i, cell_id=f"{m}/maths/0", prompt="".join(draw.choices("abcdefgh", k=3000)))
        for m in MODELS
        for i in range(20)
    ]
    models = [(m, replace(run, samples=samples)) for m in MODELS]
    packed = pack(docs_of(models), ENGLISH, 50_000)
    assert (packed.limit, packed.n_cut, packed.n_without_texts) == (1000, 60, 0)


def test_a_budget_that_nothing_fits_in_keeps_the_list() -> None:
    packed = pack(long_tasks(), ENGLISH, 100)
    assert (packed.n_without_texts, packed.chunks) == (60, ())
    assert len(unpacked(packed.index)[0]["marks"]) == 60


def test_the_same_docs_give_the_same_characters() -> None:
    run = comparison(50)
    models = [(m, run) for m in MODELS]
    assert pack(docs_of(models), ENGLISH) == pack(docs_of(models), ENGLISH)


def test_many_docs_are_split_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    run = comparison(700)
    packed = pack(docs_of([(m, run) for m in MODELS]), ENGLISH)
    assert [t["chunks"] for t in unpacked(packed.index)] == [[300, 300, 100], [20]]
    monkeypatch.setattr(explorer_pack, "CHARACTERS_PER_CHUNK", 1000)
    packed = pack(docs_of([(m, run) for m in MODELS]), ENGLISH)
    assert len(packed.chunks) > 40
    assert sum(len(c["texts"]) for c in chunks_of(packed)) == 720 * 5


def test_the_excerpt_shows_disagreements_first_and_not_too_many() -> None:
    found = explorer(comparison(200))
    sums, names = found.excerpt
    assert len(sums.docs) == len(names.docs) == MOST_OF_TASK
    assert sum(len(t.docs) for t in found.excerpt) <= MOST_IN_ALL
    assert [d.anchor for d in sums.docs][:3] == ["doc-sums-1", "doc-sums-2", "doc-sums-3"]
    assert all(len({a.kind for a in d.answers} & {"right", "wrong"}) == 2 for d in sums.docs)
    assert sums.about == "maths, 200 documents"
    assert found.excerpt_note.startswith("24 of 220 documents")


def test_texts_of_the_excerpt_are_shortened_and_say_so() -> None:
    run = replace(comparison(1), samples=[sample(0, cell_id="one/maths/0", response="x" * 5000)])
    answer = explorer(run).excerpt[0].docs[0].answers[0]
    assert answer.response.startswith("x" * LONGEST + " … (3,000 more characters")


def test_without_samples_there_is_no_explorer() -> None:
    with pytest.raises(AssertionError):
        explorer(replace(comparison(1), samples=[]))


def test_what_is_said_can_be_told_in_german() -> None:
    found = explorer(comparison(3), code="de", budget=3_500)
    german = spoken("de")
    for line in (*found.left_out, found.excerpt_note, found.excerpt[0].about):
        assert line.told(german) != line
    data = json.loads(found.data.split(">", 1)[1].rsplit("<", 1)[0])
    assert data["words"]["expected"] == "Erwartet"
    assert data["words"]["marks"]["w"] == "falsch"
    for answer in found.excerpt[0].docs[0].answers:
        assert untold(answer.verdict).strip() == ""
