"""Scoring over a trie equals scoring every request on its own, whatever the trie, the limits and the model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.engine.attention import NotSharableError
from evalkit.engine.reference import Score, score_rows
from evalkit.engine.rows import RowGroup, group_pairs
from evalkit.engine.schedule import Limits, last_uses, path, plan_steps
from evalkit.engine.scoring import Scoring, ScoringLimits
from evalkit.engine.selfcheck import tolerance
from evalkit.engine.shared import SharedScorer, _until
from evalkit.engine.sharing import share
from evalkit.engine.tokens import TokenPair
from evalkit.engine.trie import build_trie, walk
from tests.unit.engine.architectures import SHARABLE, VOCABULARY, tiny

CPU = torch.device("cpu")
token = st.integers(3, 6)  # few different ones, so that sequences have much in common
some_tokens = st.lists(token, min_size=1, max_size=24)
continuation = st.lists(st.integers(3, VOCABULARY - 1), min_size=1, max_size=6)


@st.composite
def cells(draw: st.DrawFn) -> list[TokenPair]:
    """Requests as few-shot tasks make them: a prefix, questions below it, answers below those; and odd ones."""
    prefix = draw(st.lists(token, max_size=40))
    pairs = []
    for question in draw(st.lists(some_tokens, min_size=1, max_size=6)):
        for answer in draw(st.lists(continuation, min_size=1, max_size=4)):
            pairs.append(TokenPair(prefix + question, answer))
    pairs += [
        TokenPair(context, answer)
        for context, answer in draw(st.lists(st.tuples(some_tokens, continuation), max_size=3))
    ]
    return pairs


limits = st.builds(
    Limits,
    row_tokens=st.integers(1, 60),
    batch_tokens=st.integers(1, 120),
    logit_rows=st.integers(1, 30),
    requests=st.one_of(st.none(), st.integers(1, 5)),
    kv_tokens=st.integers(0, 100),
)


def reference(model: Any, groups: list[RowGroup]) -> dict[int, list[Score]]:
    return {i: score_rows(model, [group.row], CPU)[0] for i, group in enumerate(groups)}


def shared(model: Any, groups: list[RowGroup], bounds: Limits) -> dict[int, list[Score]]:
    scorer = SharedScorer(share(model, CPU), groups, bounds)
    found = [pair for step in scorer.steps(()) for pair in step]
    assert len(dict(found)) == len(found) == len(groups)
    return dict(found)


def assert_same(
    found: dict[int, list[Score]], expected: dict[int, list[Score]], dtype: torch.dtype
) -> None:
    for index, scores in expected.items():
        for score, other in zip(found[index], scores, strict=True):
            assert score.loglikelihood == pytest.approx(
                other.loglikelihood, abs=tolerance(dtype, 6)
            )


@pytest.mark.parametrize("architecture", SHARABLE)
@settings(max_examples=25)
@given(pairs=cells(), bounds=limits, max_length=st.sampled_from([12, 100]))
def test_shared_equals_reference(
    architecture: str, pairs: list[TokenPair], bounds: Limits, max_length: int
) -> None:
    model = tiny(architecture)
    groups = group_pairs(pairs, max_length)
    expected = reference(model, groups)
    found = shared(model, groups, bounds)
    assert_same(found, expected, torch.float32)
    for index, scores in expected.items():
        assert [s.is_greedy for s in found[index]] == [s.is_greedy for s in scores]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_other_number_formats_agree_within_their_rounding(dtype: torch.dtype) -> None:
    pairs = [TokenPair([3, 4, 5] * 9 + [q], [a, 7, 8]) for q in range(9, 15) for a in (20, 21)]
    model = tiny("llama", dtype)
    groups = group_pairs(pairs, 100)
    bounds = Limits(32, 64, 64, None, 1000)
    assert_same(shared(model, groups, bounds), reference(model, groups), dtype)


def test_greedy_continuations_are_recognised() -> None:
    """The continuation that greedy decoding gives, one with another last token, and one that is its beginning."""
    model, context = tiny("llama"), [5, 9, 14, 3]
    with torch.inference_mode():
        best = model.generate(torch.tensor([context]), max_new_tokens=4, do_sample=False)
    answer = best[0, len(context) :].tolist()
    other = [*answer[:-1], (answer[-1] + 1) % VOCABULARY]
    pairs = [TokenPair(context, answer), TokenPair(context, other), TokenPair(context, answer[:2])]
    groups = group_pairs(pairs, 100)
    found = shared(model, groups, Limits(64, 64, 64, None, 1000))
    greedy = {
        s.position: score.is_greedy
        for i, group in enumerate(groups)
        for s, score in zip(group.scored, found[i], strict=True)
    }
    assert greedy == {0: True, 1: False, 2: True}


def test_equally_likely_answers_get_equal_scores() -> None:
    """Two tokens with the same output weights are tied; neither may be ahead by rounding."""
    model = tiny("gpt2")
    with torch.no_grad():
        model.lm_head.weight[30] = model.lm_head.weight[31]
    groups = group_pairs([TokenPair([4, 5, 6], [30]), TokenPair([4, 5, 6], [31])], 100)
    (scores,) = shared(model, groups, Limits(64, 64, 64, None, 100)).values()
    assert scores[0].loglikelihood == scores[1].loglikelihood


def test_a_very_long_continuation_is_cut_into_passes() -> None:
    model = tiny("gemma3")
    pairs = [TokenPair([3, 4], [5 + i % 9 for i in range(90)]), TokenPair([3, 4], [5, 6])]
    groups = group_pairs(pairs, 128)
    bounds = Limits(16, 16, 16, None, 1000)
    assert_same(shared(model, groups, bounds), reference(model, groups), torch.float32)


@given(st.lists(st.lists(token, min_size=1, max_size=12).map(tuple), unique=True, min_size=1))
def test_a_trie_holds_every_sequence_once(sequences: list[tuple[int, ...]]) -> None:
    root = build_trie(sequences, longest_edge=5)
    found = {}
    for node in walk(root):
        above, below = [], node
        while below is not None:
            above.append(below.tokens)
            below = below.parent
        tokens = tuple(t for part in reversed(above) for t in part)
        assert len(node.tokens) <= 5
        assert len({child.tokens[0] for child in node.children}) == len(node.children)
        found.update(dict.fromkeys(node.ends, tokens))
    assert found == dict(enumerate(sequences))
    assert root.size == len({s[:n] for s in sequences for n in range(1, len(s) + 1)})


@given(pairs=cells(), bounds=limits)
def test_steps_keep_within_the_budget_and_answer_everything_once(
    pairs: list[TokenPair], bounds: Limits
) -> None:
    groups = group_pairs(pairs, 100)
    root = build_trie([g.inputs for g in groups], bounds.row_tokens)
    steps = plan_steps(root, bounds, {})
    ends = [end for step in steps for end in step.ends]
    assert sorted(ends) == list(range(len(groups)))
    for step in steps:
        kept = {t for row in step.rows for t in path(row.trunk)}
        assert sum(t.n_tokens for t in kept) <= bounds.kv_tokens
        n_tokens = sum(row.n_tokens for row in step.rows)
        assert n_tokens <= bounds.batch_tokens or len(step.rows) == 1
        for row in step.rows:
            assert len(_until(row.nodes)) == row.n_tokens
    uses = last_uses(steps)
    assert all(index < len(steps) for index in uses.values())


def test_nothing_is_computed_twice_when_memory_allows() -> None:
    prefix = [3 + i % 7 for i in range(60)]
    pairs = [TokenPair([*prefix, q, 5, 6], [a, 9]) for q in range(20, 40) for a in (7, 8)]
    groups = group_pairs(pairs, 128)
    scorer = SharedScorer(share(tiny("llama"), CPU), groups, Limits(64, 64, 64, None, 1000))
    list(scorer.steps(()))
    assert scorer.computed_tokens == scorer.trie_tokens == 60 + 20 * 5
    assert sum(len(g.inputs) for g in groups) == 40 * 64


def test_steps_that_are_done_are_skipped_and_the_others_stay_as_they_are() -> None:
    pairs = [TokenPair([3, 4, 5] * 6 + [q], [a, 9]) for q in range(10, 30) for a in (7, 8)]
    groups = group_pairs(pairs, 128)

    def steps(done: set[int]) -> list[list[tuple[int, list[Score]]]]:
        scorer = SharedScorer(share(tiny("llama"), CPU), groups, Limits(8, 8, 32, None, 100))
        return list(scorer.steps(done))

    every = steps(set())
    done = {index for index, _ in every[0]} | {every[-1][0][0]}
    assert len(every) > 3
    assert steps(done) == every[1:]


@pytest.mark.parametrize(
    ("architecture", "why"),
    [
        ("mamba", "recurrent state"),
        ("bloom", "attention can't be exchanged"),
        ("phi3_longrope", "depends on the length"),
    ],
)
def test_models_that_cannot_share_say_why(architecture: str, why: str) -> None:
    with pytest.raises(NotSharableError, match=why):
        share(tiny(architecture), CPU)


def test_a_model_whose_attention_needs_more_is_not_shared() -> None:
    with pytest.raises(NotSharableError):
        share(tiny("gemma2"), CPU)


@pytest.mark.parametrize("row_tokens", [8, 100])
def test_a_pass_that_runs_out_of_memory_is_halved_down_to_single_requests(
    row_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evalkit.engine import shared as module

    largest: list[int] = []
    real = module.forward

    def small_memory(model: Any, ids: list[int], *rest: Any) -> torch.Tensor:
        if len(ids) > 12:
            raise torch.OutOfMemoryError("CUDA out of memory")
        largest.append(len(ids))
        return real(model, ids, *rest)

    pairs = [TokenPair([3, 4, 5, 6, q, 8], [q, 9, 9]) for q in range(20, 30)]
    groups = group_pairs(pairs, 100)
    expected = reference(tiny("llama"), groups)
    model = share(tiny("llama"), CPU)
    monkeypatch.setattr(module, "forward", small_memory)
    scorer = SharedScorer(model, groups, Limits(row_tokens, 60, 60, None, 100))
    found = dict(pair for step in scorer.steps(()) for pair in step)
    assert_same(found, expected, torch.float32)
    assert max(largest, default=0) <= 12


def test_a_wrong_first_pass_sends_the_cell_to_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The self-check must notice what the probe did not: here, positions that are off."""
    from evalkit.engine import shared as module

    real = module.forward
    model = share(tiny("llama"), CPU)

    def off_by_one(m: Any, ids: list[int], positions: list[int], *rest: Any) -> torch.Tensor:
        return real(m, ids, [p + 1 if p > 9 else p for p in positions], *rest)

    monkeypatch.setattr(module, "forward", off_by_one)
    pairs = [TokenPair([3, 4, 5, 6] * 5 + [q], [a, 9]) for q in (7, 8) for a in (20, 21)]
    scoring = Scoring(model.model, CPU, model, "", ScoringLimits(100, None, 1 << 20))
    answers = [a for batch in scoring.score(pairs, (), None) for a in batch.answers]
    assert scoring.book.path == "reference"
    assert scoring.book.has_failed_check
    assert sorted(a.position for a in answers) == [0, 1, 2, 3]
    expected = reference(tiny("llama"), group_pairs(pairs, 100))
    flat = {
        s.position: e.loglikelihood
        for i, g in enumerate(group_pairs(pairs, 100))
        for s, e in zip(g.scored, expected[i], strict=True)
    }
    assert {a.position: a.score.loglikelihood for a in answers} == pytest.approx(flat, abs=1e-4)


def test_children_are_ordered_by_size() -> None:
    root = build_trie([(1, 2), (3, 4, 5, 6), (7, 8, 9)], 10)
    assert all(a.size >= b.size for a, b in pairwise(root.children))
