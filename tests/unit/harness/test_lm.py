"""What a backend answered is what is recorded, and what a resumed run gives lm-eval again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from lm_eval.api.instance import Instance

from evalkit.backends import open_backend
from evalkit.config import ModelSpec
from evalkit.harness.drawn import drawn_docs
from evalkit.harness.lm import BackendLM, CellContext, Timed, _undecided_docs
from evalkit.records import Answer, EngineRecord, Request, SentAttempt
from evalkit.store.journal import JOURNAL, Journal
from tests.builders import request

pytestmark = pytest.mark.model


def questions() -> list[Instance]:
    return [
        Instance("generate_until", {}, (f"Question {doc}:", {"max_gen_toks": 5}), 0, ("t", doc, 1))
        for doc in range(3)
    ]


def generate(
    folder: Path, known: Mapping[str, Request], timed: Timed | None = None
) -> tuple[list[str], list[Request], EngineRecord | None]:
    """Return the answers lm-eval gets, the requests that were recorded for them, and how they came about."""
    recorded: list[Request] = []

    def record(requests: list[Request], _sent: list[SentAttempt]) -> None:
        recorded.extend(requests)

    spec = ModelSpec(name="m", source=str(folder), device="cpu", dtype="float32")
    with open_backend(spec) as backend:
        lm = BackendLM(backend, CellContext("m/s/0", 0, "hf"), known, record, timed=timed)
        texts = lm.generate_until(questions())
        return texts, recorded, next(iter(backend.engine_records()), None)


def test_log_probabilities_of_answers_are_kept_over_a_resume(
    tiny_model: Path, tmp_path: Path
) -> None:
    texts, recorded, _ = generate(tiny_model, {})
    measured = sorted((r for r in recorded if r.is_measured), key=lambda r: r.doc_id)
    assert [r.answer.text for r in measured if r.answer] == texts
    assert all(r.answer and (r.answer.mean_logprob or 0) < 0 for r in measured)
    with Journal(tmp_path / JOURNAL, create=True) as journal:
        journal.add_requests(measured, [])
        known = {r.request_id: r for r in journal.requests()}
    assert list(known.values()) == measured
    again, asked, _ = generate(tiny_model, known)
    assert (again, asked) == (texts, [])


@pytest.mark.parametrize(("n_timed", "path"), [(3, "reference"), (2, "shared"), (0, "shared")])
def test_a_warm_up_goes_the_way_of_what_it_is_for(
    tiny_model: Path, n_timed: int, path: str
) -> None:
    _, recorded, engine = generate(tiny_model, {}, Timed(n_timed, ""))
    (warm,) = (r for r in recorded if not r.is_measured)
    assert warm.output_tokens
    assert warm.is_timed == (n_timed == 3)
    assert engine
    assert engine.path == path
    assert bool(engine.n_checked) == (path == "shared")


def test_docs_to_time_are_drawn_at_random_with_all_their_requests_and_alike_for_all_models() -> (
    None
):
    repeats = [
        Instance("generate_until", {}, ("", {}), 0, (task, doc, 1))
        for task in ("a", "b")
        for doc in range(50)
        for _ in range(2)
    ]
    drawn = drawn_docs(repeats, 20, "0/write")
    docs = {(repeats[p].task_name, repeats[p].doc_id) for p in drawn}
    assert len(docs) == 20
    assert len(drawn) == 40
    assert {task for task, _ in docs} == {"a", "b"}
    assert drawn == drawn_docs(repeats, 20, "0/write")
    assert drawn != drawn_docs(repeats, 20, "0/other")
    assert drawn_docs(repeats, None, "") == drawn_docs(repeats, 100, "") == frozenset(range(200))
    assert drawn_docs(repeats, 0, "") == frozenset()


def test_a_choice_of_probability_zero_is_kept_and_read_again(tmp_path: Path) -> None:
    impossible = request(answer=Answer(loglikelihood=-math.inf, is_greedy=False))
    with Journal(tmp_path / JOURNAL, create=True) as journal:
        journal.add_requests([impossible], [])
        (found,) = journal.requests()
    assert found.answer == impossible.answer


def test_a_doc_whose_choices_are_all_impossible_is_not_decided() -> None:
    def choice(doc: int, index: int) -> Instance:
        return Instance("loglikelihood", {}, ("Q", f" {index}"), index, ("t", doc, 1))

    choices = [choice(doc, index) for doc in range(3) for index in range(2)]
    values = [-math.inf, -math.inf, -math.inf, -2.0, None, None]  # the last doc got no answers
    answers = [Answer(loglikelihood=value) for value in values]
    assert _undecided_docs(choices, answers) == {("t", 0)}
