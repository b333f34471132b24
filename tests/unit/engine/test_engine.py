"""Tokens, batches and stamps, on a real tokenizer and a tiny model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from evalkit.engine.batching import auto_batch_size, batches_to_do, run_with_backoff
from evalkit.engine.reference import Row, score_rows
from evalkit.engine.rows import group_pairs
from evalkit.engine.tokens import Tokenization, TokenPair
from evalkit.engine.values import cut_at_stop
from evalkit.errors import ExecutionError, OutOfMemoryError

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tokens(smollm2: Path) -> Tokenization:
    return Tokenization(AutoTokenizer.from_pretrained(smollm2))


@pytest.fixture(scope="module")
def gemma_tokens(gemma: Path) -> Tokenization:
    return Tokenization(AutoTokenizer.from_pretrained(gemma))


def test_a_tokenizer_that_adds_a_begin_token_adds_it_once(gemma_tokens: Tokenization) -> None:
    bos = gemma_tokens.tokenizer.bos_token
    assert gemma_tokens.encode("Hi").count(gemma_tokens.prefix_id) == 1
    assert gemma_tokens.encode(bos + "Hi").count(gemma_tokens.prefix_id) == 1


def test_trailing_spaces_move_to_the_continuation(tokens: Tokenization) -> None:
    assert tokens.encode_pair("Answer: ", "yes") == tokens.encode_pair("Answer:", " yes")


def test_an_empty_context_becomes_the_begin_token(tokens: Tokenization) -> None:
    pair = tokens.encode_pair("", "yes")
    assert pair.context == [tokens.prefix_id]
    assert pair.continuation


def test_a_pair_that_merges_to_one_token_is_split_and_flagged(tokens: Tokenization) -> None:
    """'Ans' + 'wer' is one token: lm-eval stops with an assertion, evalkit scores it and says so."""
    pair = tokens.encode_pair("The Ans", "wer")
    assert pair.flags == ("merged_boundary",)
    assert pair.continuation
    assert tokens.tokenizer.decode(pair.context + pair.continuation) == "The Answer"


def test_an_empty_answer_is_refused_in_words(tokens: Tokenization) -> None:
    with pytest.raises(ExecutionError, match="empty answer"):
        tokens.encode_pair("Answer:", "")


@given(st.integers(0, 30), st.integers(1, 7), st.sets(st.integers(0, 30)))
def test_batches_do_not_depend_on_what_is_done(n: int, size: int, done: set[int]) -> None:
    items = list(range(n))
    every = list(batches_to_do(items, size, lambda i: [i], set()))
    left = list(batches_to_do(items, size, lambda i: [i], done))
    assert [i for batch in every for i in batch] == items
    assert left == [batch for batch in every if not set(batch) <= done]


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    sizes = []

    def run(batch: Sequence[int]) -> list[int]:
        sizes.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return list(batch)

    assert run_with_backoff(list(range(7)), run) == list(range(7))
    assert max(s for s in sizes if s <= 2) == 2


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_one_request_that_does_not_fit_is_told_plainly(error: Exception) -> None:
    def run(_batch: Sequence[int]) -> list[int]:
        raise error

    with pytest.raises(OutOfMemoryError, match="one request at a time"):
        run_with_backoff([1, 2], run)


def test_other_errors_are_not_mistaken_for_memory() -> None:
    def run(_batch: Sequence[int]) -> list[int]:
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        run_with_backoff([1, 2], run)


def test_a_longer_input_gets_a_smaller_batch() -> None:
    cpu = torch.device("cpu")
    sizes = [auto_batch_size(length, 4, 50_000, cpu) for length in (10, 100, 1000, 100_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


def test_choices_of_one_token_share_an_input() -> None:
    groups = group_pairs([TokenPair([1, 2], [3]), TokenPair([1, 2], [4])], 100)
    assert [g.positions for g in groups] == [[0, 1]]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 6), st.integers(2, 12))
def test_truncation_keeps_the_end(context: list[int], n: int, limit: int) -> None:
    (group,) = group_pairs([TokenPair(context, [99] * n)], limit)
    assert len(group.inputs) <= limit
    whole = context + [99] * n
    assert list(group.inputs) == whole[-(limit + 1) :][:-1]
    assert bool(group.scored[0].flags) == (len(whole) > limit + 1)
    assert len(group.scored[0].target) <= len(group.inputs)


def test_scores_equal_a_plain_forward_pass_row_by_row(tiny_model: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    rows = [
        Row(tuple(range(5, 25)), ((25, 26, 27), (25, 26))),
        Row(tuple(range(40, 47)), ((47,),)),
        Row((9,), ((8,),)),
    ]
    rows[0] = Row((*range(5, 25), 25, 26), ((25, 26, 27),))
    batched = score_rows(model, rows, torch.device("cpu"))
    for row, scores in zip(rows, batched, strict=True):
        with torch.inference_mode():
            logprobs = model(torch.tensor([row.inputs])).logits[0].log_softmax(-1)
        for target, score in zip(row.targets, scores, strict=True):
            start = len(row.inputs) - len(target)
            expected = sum(float(logprobs[start + i, t]) for i, t in enumerate(target))
            assert score.loglikelihood == pytest.approx(expected, abs=1e-4)
            assert math.isfinite(score.loglikelihood)
            best = [int(logprobs[start + i].argmax()) for i in range(len(target))]
            assert score.is_greedy == (best == list(target))


def test_text_ends_before_the_first_stop_string() -> None:
    assert cut_at_stop("one\ntwo STOP three", ("STOP", "\n", "")) == "one"
