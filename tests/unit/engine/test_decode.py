"""Answers decoded together are, token by token, those that `generate` gives one by one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.engine import decode as decode_module
from evalkit.engine import greedy
from evalkit.engine.decode import Decoded, DecodeLimits, Decoder, Prompt
from evalkit.engine.families import group_families
from evalkit.engine.sharing import share
from evalkit.errors import OutOfMemoryError
from tests.unit.engine.architectures import SHARABLE, VOCABULARY, tiny

CPU = torch.device("cpu")
END = 2
token = st.integers(3, VOCABULARY - 1)


class NoStops:
    """No stop string ever comes."""

    def over(self, answers: list[list[int]]) -> list[bool]:
        return [False] * len(answers)


class StopAt(NoStops):
    """Stops after one of these tokens, as a stop string would."""

    def __init__(self, *tokens: int) -> None:
        self.tokens = tokens

    def over(self, answers: list[list[int]]) -> list[bool]:
        return [bool(ids) and ids[-1] in self.tokens for ids in answers]


def one_by_one(model: Any, prompt: tuple[int, ...], max_tokens: int) -> list[int]:
    with torch.inference_mode():
        ids = model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=max_tokens,
            do_sample=False,
            eos_token_id=END,
            pad_token_id=0,
        )
    return list(ids[0, len(prompt) :].tolist())


def together(
    model: Any, prompts: list[tuple[int, ...]], stops: Any = None, **changes: Any
) -> dict[int, Decoded]:
    bounds = {
        "max_tokens": 8,
        "end_ids": frozenset([END]),
        "n_slots": 3,
        "kv_tokens": 10_000,
        "batch_tokens": 40,
    }
    decoder = Decoder(share(model, CPU), DecodeLimits(**(bounds | changes)), stops or NoStops())
    answers = list(decoder.run([Prompt(i, p) for i, p in enumerate(prompts)]))
    assert len(answers) == len(prompts)
    return {a.prompt.position: a for a in answers}


prompts_of_families = st.lists(
    st.tuples(
        st.lists(token, max_size=70).map(tuple),
        st.lists(st.lists(token, min_size=1, max_size=12).map(tuple), min_size=1, max_size=5),
    ),
    min_size=1,
    max_size=3,
).map(lambda families: [prefix + own for prefix, some in families for own in some])


@pytest.mark.parametrize("architecture", SHARABLE)
@settings(max_examples=12)
@given(
    prompts=prompts_of_families,
    n_slots=st.integers(1, 4),
    max_tokens=st.integers(1, 12),
    kv_tokens=st.integers(0, 400),
)
def test_tokens_are_those_of_generate(
    architecture: str,
    prompts: list[tuple[int, ...]],
    n_slots: int,
    max_tokens: int,
    kv_tokens: int,
) -> None:
    model = tiny(architecture)
    answers = together(model, prompts, n_slots=n_slots, max_tokens=max_tokens, kv_tokens=kv_tokens)
    for i, prompt in enumerate(prompts):
        if answers[i].finish_reason is None:  # given back because of a near tie
            continue
        expected = one_by_one(model, prompt, max_tokens)
        assert answers[i].ids == expected
        assert answers[i].finish_reason == ("stop" if expected[-1] == END else "length")


def test_empty_slots_check_guesses_and_answers_stay_the_same() -> None:
    """The last answers need fewer passes than they have tokens: what is said again is guessed."""
    model = tiny("llama")
    prompts = [(3, 4, 5, 6) * 14 + (q,) for q in range(10, 13)]
    expected = {i: one_by_one(model, p, 40) for i, p in enumerate(prompts)}
    for n_slots in (3, 16):
        answers = together(model, prompts, n_slots=n_slots, max_tokens=40)
        kept = {i: a for i, a in answers.items() if a.finish_reason}
        assert kept
        assert {i: a.ids for i, a in kept.items()} == {i: expected[i] for i in kept}
        assert all(len(a.token_ns) == len(a.logprobs) == len(a.ids) for a in kept.values())


def test_a_stop_string_within_right_guesses_ends_the_answer_there() -> None:
    model = tiny("llama")
    prompt = (3, 4, 5, 6) * 14
    alone = one_by_one(model, prompt, 30)
    for stop in sorted(set(alone)):
        (answer,) = together(model, [prompt], StopAt(stop), max_tokens=30, is_exact=False).values()
        assert answer.ids == alone[: alone.index(stop) + 1]


def test_an_answer_ends_at_its_own_stop_and_its_slot_is_taken_by_the_next() -> None:
    model = tiny("llama")
    prompts = [(3, 4, 5, 6) * 14 + (q,) for q in range(10, 22)]
    stop = one_by_one(model, prompts[0], 8)[2]
    answers = together(model, prompts, StopAt(stop))
    assert answers[0].finish_reason == "stop"
    for i, prompt in enumerate(prompts):
        expected = one_by_one(model, prompt, 8)
        end = expected.index(stop) + 1 if stop in expected else len(expected)
        assert answers[i].ids == expected[:end]


def test_every_token_has_its_stamp() -> None:
    answers = together(tiny("llama"), [(3, 4, q) for q in range(10, 16)])
    for answer in answers.values():
        assert len(answer.token_ns) == len(answer.ids)
        assert answer.token_ns == sorted(answer.token_ns)
        assert answer.token_ns[0] > answer.start_ns


@pytest.mark.parametrize("architecture", SHARABLE)
def test_log_probabilities_are_those_of_a_plain_pass(architecture: str) -> None:
    model = tiny(architecture)
    prompts = [(3, 4, 5, 6) * 9 + (q,) for q in range(10, 17)]
    answers = [a for a in together(model, prompts).values() if a.finish_reason]
    assert answers
    for answer in answers:
        ids, n = [*answer.prompt.ids, *answer.ids], len(answer.ids)
        with torch.inference_mode():
            logprobs = model(torch.tensor([ids])).logits[0, -n - 1 : -1].log_softmax(-1)
        expected = logprobs[range(n), answer.ids].tolist()
        assert answer.logprobs == pytest.approx(expected, abs=1e-3)


def test_a_near_tie_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a threshold above every distance each token is a tie, so no answer is kept."""
    monkeypatch.setitem(greedy.NEAR_TIE, torch.float32, 1e9)
    answers = together(tiny("llama"), [(3, 4, 5), (6, 7, 8)])
    assert {a.finish_reason for a in answers.values()} == {None}


def test_less_memory_means_fewer_slots_not_other_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny("gemma3")
    prompts = [(3, 4, 5) * 9 + (q,) for q in range(10, 19)]
    expected = {i: a.ids for i, a in together(model, prompts).items()}
    real = decode_module.forward
    shared = share(model, CPU)

    def small_memory(_model: Any, ids: list[int], *rest: Any) -> torch.Tensor:
        if 2 <= len(ids) <= 4:  # a step of several slots
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(shared, ids, *rest)

    monkeypatch.setattr(decode_module, "forward", small_memory)
    assert {i: a.ids for i, a in together(model, prompts, n_slots=4).items()} == expected


def test_one_answer_that_does_not_fit_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_args: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    model = tiny("llama")
    share(model, CPU)
    monkeypatch.setattr(decode_module, "forward", no_memory)
    with pytest.raises(OutOfMemoryError, match="one answer at a time"):
        together(model, [(3, 4, 5), (6, 7, 8)])


@given(prompts_of_families, st.integers(0, 80))
def test_families_hold_every_prompt_once_below_a_prefix_of_it(
    prompts: list[tuple[int, ...]], longest: int
) -> None:
    families = group_families(prompts, longest)
    assert sorted(i for f in families for i in f.members) == list(range(len(prompts)))
    for family in families:
        assert len(family.prefix) <= longest
        for i in family.members:
            assert prompts[i][: len(family.prefix)] == family.prefix
            assert len(prompts[i]) > len(family.prefix)


def test_the_prefix_that_saves_most_is_shared() -> None:
    head, one, other = (3,) * 10, (4,) * 60, (5,) * 60
    prompts = [head + one + (q,) for q in range(10, 14)] + [head + other + (q,) for q in (7, 8)]
    families = group_families(prompts, 1000)
    assert {f.prefix for f in families} == {head + one, head + other}
