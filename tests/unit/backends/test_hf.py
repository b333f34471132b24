"""The Hugging Face backend on a tiny model: batches change nothing, stamps are real, memory runs out gracefully."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from evalkit.backends.base import (
    Batch,
    CellSetup,
    GenerateRequest,
    GenerationSettings,
    Outcome,
    ScoreRequest,
)
from evalkit.backends.hf import HuggingFaceBackend
from evalkit.config import ModelSpec
from evalkit.engine import generation
from evalkit.engine.decode import Decoded, Decoder
from evalkit.errors import ModelError
from evalkit.records import Answer, EngineRecord, EventKind, RequestKind

pytestmark = pytest.mark.model
PROMPTS = ["Hello", "The invoice of March says that", "Eins, zwei, drei"]


def open_tiny(folder: Path, **changes: object) -> HuggingFaceBackend:
    values = {"name": "tiny", "source": str(folder), "device": "cpu", "dtype": "float32"}
    return HuggingFaceBackend.open(ModelSpec.model_validate({**values, **changes}))


def collect(batches: Iterator[Batch]) -> dict[int, Outcome]:
    return {position: outcome for batch in batches for position, outcome in batch}


def generate(backend: HuggingFaceBackend, **settings: object) -> dict[int, Outcome]:
    chosen = GenerationSettings(**{"max_tokens": 12, **settings})  # type: ignore[arg-type]
    return collect(backend.generate([GenerateRequest(p, chosen) for p in PROMPTS], (), None))


@pytest.mark.parametrize("scoring", ["shared", "reference"])
def test_batched_generation_gives_the_texts_of_single_generation(
    scoring: str, tiny_model: Path
) -> None:
    alone = generate(open_tiny(tiny_model, generate_batch_size=1))
    together = generate(open_tiny(tiny_model, generate_batch_size=3, scoring=scoring))
    assert {p: o.text for p, o in alone.items()} == {p: o.text for p, o in together.items()}
    assert {p: o.output_tokens for p, o in alone.items()} == {
        p: o.output_tokens for p, o in together.items()
    }
    for position, outcome in alone.items():
        assert outcome.mean_logprob is not None
        assert together[position].mean_logprob == pytest.approx(outcome.mean_logprob, abs=1e-3)
    assert {o.batch_size for o in alone.values()} == {1}
    assert 3 in {o.batch_size for o in together.values()}  # near ties are generated again alone
    assert all(o.is_timed for o in alone.values())
    assert not any(o.is_timed for o in together.values())


QUESTIONS = [f"{prompt} {n}" for n in range(4) for prompt in PROMPTS]
SHORT = GenerationSettings(max_tokens=12)


def ask(
    backend: HuggingFaceBackend, timed: Collection[int] = (), done: Collection[int] = ()
) -> dict[int, Outcome]:
    """Answer the questions, some of them alone."""
    wanted = [GenerateRequest(p, SHORT, i in timed) for i, p in enumerate(QUESTIONS)]
    return {p: o for p, o in collect(backend.generate(wanted, done, None)).items() if p not in done}


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_answers_whose_latency_is_measured_run_alone_and_the_others_together(
    mode: str, tiny_model: Path
) -> None:
    found = ask(open_tiny(tiny_model, generation=mode), timed={2, 7})
    assert {p for p, o in found.items() if o.is_timed} == {2, 7}
    assert {found[p].batch_size for p in (2, 7)} == {1}
    assert found.keys() == set(range(len(QUESTIONS)))
    alone = ask(open_tiny(tiny_model, generate_batch_size=1))
    assert {p: o.text for p, o in found.items()} == {p: o.text for p, o in alone.items()}


def test_fast_answers_are_compared_with_those_of_each_alone(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_tiny(tiny_model, generation="fast")
    found = ask(backend, timed={2, 7})
    assert {p: o.flags for p, o in found.items() if o.flags} == {
        p: (generation.SAME,) for p in (2, 7)
    }
    assert engine(backend)[RequestKind.GENERATE].exactness == "fast"
    take = Decoder._take_tokens

    def rounded(
        decoder: Decoder, answers: list[Decoded], logits: torch.Tensor, *guessed: Any
    ) -> None:
        """Let the batch prefer another token where nothing forbids it."""
        is_late = all(len(a.ids) == SHORT.max_tokens - 1 for a in answers)
        take(decoder, answers, -logits if is_late else logits, *guessed)

    monkeypatch.setattr(Decoder, "_take_tokens", rounded)
    monkeypatch.setattr(generation.Generation, "_self_check", lambda *_: None)
    other = ask(backend, timed={2, 7})
    assert {p: o.flags for p, o in other.items() if o.flags} == {
        p: (generation.DIFFERS,) for p in (2, 7)
    }
    assert [other[p].text for p in (2, 7)] == [found[p].text for p in (2, 7)]


@pytest.mark.parametrize(
    ("dtype", "mode", "expected"),
    [
        ("float32", None, "exact"),
        ("bfloat16", None, "fast"),
        ("float32", "fast", "fast"),
        ("bfloat16", "exact", "exact"),
    ],
)
def test_near_ties_are_accepted_below_float32_unless_the_config_says_otherwise(
    dtype: str, mode: str | None, expected: str, tiny_model: Path
) -> None:
    changes = {} if mode is None else {"generation": mode}
    backend = open_tiny(tiny_model, dtype=dtype, **changes)
    ask(backend)
    record = engine(backend)[RequestKind.GENERATE]
    assert record.exactness == expected
    assert (record.n_near_ties == 0) == (expected == "fast")


def test_fast_answers_of_a_resumed_run_are_those_of_one_that_was_never_interrupted(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "WAVE_SLOTS", 2)
    backend = open_tiny(tiny_model, dtype="bfloat16", generate_batch_size=2)
    whole = ask(backend, timed={5})
    for done in ({0}, {5, 0, 1, 2}, set(range(0, 12, 2)), set(range(11))):
        rest = ask(backend, timed={5}, done=done)
        assert rest.keys() == whole.keys() - done
        for position, outcome in rest.items():
            expected = whole[position]
            assert (outcome.text, outcome.mean_logprob, outcome.flags) == (
                expected.text,
                expected.mean_logprob,
                expected.flags,
            )


def test_every_token_has_a_stamp_in_order(tiny_model: Path) -> None:
    for outcome in generate(open_tiny(tiny_model)).values():
        kinds = [e.kind for e in outcome.events]
        assert kinds == [EventKind.PROMPT] + [EventKind.CONTENT] * (outcome.output_tokens or 0)
        stamps = [outcome.t_send_ns, *(e.t_ns for e in outcome.events), outcome.t_end_ns]
        assert stamps == sorted(stamps)


def test_a_stop_string_ends_a_row_and_only_that_row(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model, generate_batch_size=3)
    free = generate(backend)
    words = (free[0].text or "").split()
    stop = words[1]
    assert all(stop not in (free[p].text or "") for p in (1, 2)), "choose another seed"
    stopped = generate(backend, stop=(stop,))
    assert stopped[0].text == (free[0].text or "").split(stop)[0]
    assert stopped[0].finish_reason == "stop"
    assert (stopped[0].output_tokens or 0) < (free[0].output_tokens or 0)
    assert [stopped[p].text for p in (1, 2)] == [free[p].text for p in (1, 2)]
    assert stopped[1].finish_reason == "length"


def test_sampling_is_repeatable(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model, generate_batch_size=1)
    draws = [generate(backend, do_sample=True, temperature=1.0) for _ in range(2)]
    assert {p: o.text for p, o in draws[0].items()} == {p: o.text for p, o in draws[1].items()}


def test_a_prompt_that_is_too_long_loses_its_beginning_and_says_so(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model, max_length=20)
    request = GenerateRequest("word " * 100, GenerationSettings(max_tokens=8))
    outcome = collect(backend.generate([request], (), None))[0]
    assert outcome.input_tokens == 12
    assert outcome.flags == ("truncated",)


def test_more_tokens_than_the_context_holds_is_told(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model, max_length=20)
    request = GenerateRequest("word", GenerationSettings(max_tokens=20))
    with pytest.raises(ModelError, match="do not fit into the context of 20"):
        collect(backend.generate([request], (), None))


def test_scores_do_not_depend_on_the_batch(tiny_model: Path) -> None:
    requests = [ScoreRequest("A B C " * n, f" word{n}") for n in range(1, 9)]
    one = collect(open_tiny(tiny_model, batch_size=1).score(requests, (), None))
    auto = collect(open_tiny(tiny_model).score(requests, (), None))
    for position in range(8):
        expected = one[position].loglikelihood
        assert auto[position].loglikelihood == pytest.approx(expected, abs=1e-4)


def test_known_batches_are_skipped_and_the_others_unchanged(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model, batch_size=2)
    requests = [ScoreRequest("A B C " * n, " word") for n in range(1, 7)]
    every = list(backend.score(requests, (), None))
    done = {position for position, _ in every[0]}
    rest = list(backend.score(requests, done, None))
    assert [[p for p, _ in b] for b in rest] == [[p for p, _ in b] for b in every[1:]]
    assert [o.loglikelihood for b in rest for _, o in b] == [
        o.loglikelihood for b in every[1:] for _, o in b
    ]


def test_scoring_survives_running_out_of_memory(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_tiny(tiny_model, batch_size=8, scoring="reference")
    requests = [ScoreRequest("A B C " * n, " word") for n in range(1, 9)]
    expected = collect(backend.score(requests, (), None))
    forward = backend._model.forward

    def small_memory(inputs: torch.Tensor, **rest: object) -> object:
        if inputs.shape[0] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(inputs, **rest)

    monkeypatch.setattr(backend._model, "forward", small_memory)
    found = collect(backend.score(requests, (), None))
    assert {o.batch_size for o in found.values()} <= {1, 2}
    for position, outcome in found.items():
        assert outcome.loglikelihood == pytest.approx(expected[position].loglikelihood, abs=1e-4)


def test_settings_that_are_lists_do_not_confuse_batching(tiny_model: Path) -> None:
    outcomes = generate(open_tiny(tiny_model), extra=(("bad_words_ids", [[5, 6]]),))
    assert len(outcomes) == len(PROMPTS)


def engine(backend: HuggingFaceBackend) -> dict[RequestKind, EngineRecord]:
    return {record.kind: record for record in backend.engine_records()}


def test_a_cell_records_how_its_answers_came_about(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model, generate_batch_size="auto")
    requests = [ScoreRequest("A B C " * 20 + q, a) for q in "DEF" for a in (" x y", " z")]
    collect(backend.score(requests, (), None))
    generate(backend)
    scored, generated = engine(backend).values()
    assert (scored.path, scored.reason) == ("shared", "")
    assert scored.n_checked > 0
    assert (scored.max_difference or 0) < 1e-3
    assert (scored.tokens_computed or 0) < (scored.tokens_asked or 0) / 2
    assert generated.path == "shared"
    assert generated.n_checked > 0
    backend.begin_cell(CellSetup())
    assert backend.engine_records() == ()


@pytest.mark.parametrize(
    ("changes", "settings", "why"),
    [
        ({"generate_batch_size": 1}, {}, "latency is measured"),
        ({"generate_batch_size": 2}, {"do_sample": True}, "sampled"),
        ({"generate_batch_size": 2}, {"extra": (("top_k", 3),)}, "top_k"),
        ({"generate_batch_size": 2, "scoring": "reference"}, {}, "the config says"),
    ],
)
def test_what_cannot_be_generated_over_shared_prefixes_is_recorded(
    changes: dict[str, object], settings: dict[str, object], why: str, tiny_model: Path
) -> None:
    backend = open_tiny(tiny_model, **changes)
    generate(backend, **settings)
    record = engine(backend)[RequestKind.GENERATE]
    assert record.path == "reference"
    assert why in record.reason


def test_scores_are_verified_against_the_reference(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model)
    requests = [ScoreRequest("A B C " * 20 + q, a) for q in "DEF" for a in (" x y", " z")]
    found = collect(backend.score(requests, (), None))
    answers = [Answer(loglikelihood=found[p].loglikelihood) for p in range(len(requests))]
    assert backend.verify(RequestKind.LOGLIKELIHOOD, requests, answers).disagreements == ()
    record = engine(backend)[RequestKind.LOGLIKELIHOOD]
    assert record.n_verified == len(requests)
    assert (record.max_verified_difference or 0) < 1e-3
    wrong = [*answers[:-1], Answer(loglikelihood=(answers[-1].loglikelihood or 0) + 0.1)]
    (only,) = backend.verify(RequestKind.LOGLIKELIHOOD, requests, wrong).disagreements
    assert only.startswith("request 5")


def test_rolling_scores_of_many_texts_are_those_of_each_alone(tiny_model: Path) -> None:
    texts = ["word " * n for n in (40, 3, 90, 1)] + ["", "Eins, zwei, drei"]
    backend = open_tiny(tiny_model, max_length=32)
    found = collect(backend.score_rolling(texts, (), None))
    slow = open_tiny(tiny_model, max_length=32, scoring="reference")
    for position, text in enumerate(texts):
        expected = collect(slow.score_rolling([text], (), None))[0].loglikelihood
        assert found[position].loglikelihood == pytest.approx(expected, abs=1e-3)
    every = set(range(len(texts)))
    assert collect(backend.score_rolling(texts, every - {0, 4}, None)).keys() >= {0, 4}
    assert collect(backend.score_rolling(texts, every, None)) == {}


def test_an_encoder_decoder_model_generates(tiny_t5: Path) -> None:
    alone = generate(open_tiny(tiny_t5, generate_batch_size=1), max_tokens=6)
    together = generate(open_tiny(tiny_t5, generate_batch_size=3), max_tokens=6)
    for position, outcome in alone.items():
        assert outcome.output_tokens in range(1, 7)
        assert len(outcome.events) == 1 + (outcome.output_tokens or 0)
        assert together[position].text == outcome.text
        assert together[position].mean_logprob == pytest.approx(outcome.mean_logprob, abs=1e-3)


def test_an_empty_text_has_log_likelihood_zero(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model)
    assert collect(backend.score_rolling([""], (), None))[0].loglikelihood == 0.0


def test_bfloat16_runs_on_the_cpu(tiny_model: Path) -> None:
    outcome = generate(open_tiny(tiny_model, dtype="bfloat16"))[0]
    assert outcome.output_tokens


def test_a_device_map_places_the_model(tiny_model: Path) -> None:
    placed = generate(open_tiny(tiny_model, device_map="auto"))
    assert placed[0].text == generate(open_tiny(tiny_model))[0].text


def test_the_entry_says_exactly_what_was_loaded(tiny_model: Path) -> None:
    entry = open_tiny(tiny_model).entry()
    assert entry.dtype == "float32"
    assert entry.chat_template is True
    assert entry.context_length == 2048
    assert len(entry.file_hashes["model.safetensors"]) == 64


def test_a_conversation_is_written_as_the_model_expects_it(tiny_model: Path) -> None:
    backend = open_tiny(tiny_model)
    text = backend.render_chat([{"role": "user", "content": "Hi"}], True)
    assert text.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
