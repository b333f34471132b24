"""Models that think, in this process: stop strings, tokens and stamps are those of the answer alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from evalkit.backends.base import GenerateRequest, GenerationSettings, Outcome
from evalkit.backends.hf import HuggingFaceBackend
from evalkit.config import ModelSpec
from evalkit.records import CUT_THINKING, THOUGHTS, EventKind

pytestmark = pytest.mark.model
BLANK, BLANKS, INDENTED = 1116, 16506, 1004
"""SmolLM2's tokens of two, three, and two line ends with spaces."""
Say = Callable[..., dict[int, Outcome]]


@pytest.fixture(scope="module")
def say(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Say:
    """Return a function that lets a model write a script: each token is followed by the one that stands behind it."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=32,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        eos_token_id=2,
        pad_token_id=2,
        tie_word_embeddings=False,
    )

    def write(
        *script: str | int, prompt: str = "Who acts?\n", base: bool = False, **more: object
    ) -> dict[int, Outcome]:
        ids = [tokenizer.encode(prompt)[-1], *_ids(tokenizer, script)]
        assert len(set(ids[:-1])) == len(ids) - 1 < 32
        model = LlamaForCausalLM(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_()
            model.model.norm.weight.fill_(1.0)
            model.model.layers[0].self_attn.q_proj.weight[0, 0] = (
                1.0  # no layer of zeros, and still says nothing
            )
            for i, (before, after) in enumerate(pairwise(ids)):
                model.model.embed_tokens.weight[before, i] = 1.0
                model.lm_head.weight[after, i] = 5.0
        folder = tmp_path_factory.mktemp("script")
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        spec = {"name": "m", "source": str(folder), "device": "cpu", "dtype": "float32"}
        if base:
            spec["chat_template"] = False  # type: ignore[assignment]
        backend = HuggingFaceBackend.open(ModelSpec.model_validate({**spec, **more}))
        settings = GenerationSettings(max_tokens=24, stop=("\n\n",))
        asked = [GenerateRequest(f"{i} {prompt}", settings) for i in range(2)]
        return {p: o for batch in backend.generate(asked, (), None) for p, o in batch}

    return write


def _ids(tokenizer: object, script: Sequence[str | int]) -> list[int]:
    found: list[int] = []
    for part in script:
        encoded = [part] if isinstance(part, int) else tokenizer.encode(part)  # type: ignore[attr-defined]
        found += encoded
    return found


def kinds(outcome: Outcome) -> list[str]:
    return [str(e.kind) for e in outcome.events if e.kind != EventKind.PROMPT]


OPENED = (" A", "?", BLANK, " No", ".", "</think>", BLANKS, "B", INDENTED, "Q", 2)


@pytest.mark.parametrize(
    "how", [{}, {"generate_batch_size": 2}, {"generate_batch_size": 2, "scoring": "reference"}]
)
def test_a_stop_string_in_thoughts_or_before_the_answer_ends_nothing(
    say: Say, how: dict[str, object]
) -> None:
    for outcome in say(*OPENED, prompt="Who?<think>\n", **how).values():
        assert outcome.text == "B"
        assert outcome.finish_reason == "stop"
        assert outcome.thoughts == "A?\n\n No."
        assert outcome.raw == " A?\n\n No.</think>\n\n\nB\n\n   "
        assert outcome.flags == (THOUGHTS,)
        assert (outcome.output_tokens, outcome.reasoning_tokens) == (11, 9)
        assert kinds(outcome) == [EventKind.REASONING] * 9 + [EventKind.CONTENT] * 2


def test_thoughts_that_the_answer_opens_itself(say: Say) -> None:
    script = ("<think>", BLANK, " A", ".", "</", " think", " >", BLANKS, "B", INDENTED, "Q", 2)
    assert say(*script)[0].text == "B"
    assert say(*script, base=True)[0].text == "B"


def test_an_answer_that_never_leaves_its_thoughts_is_empty_and_flagged(say: Say) -> None:
    outcome = say(" A", "?", BLANK, " No", ".", " A", prompt="Who?<think>\n")[0]
    assert outcome.text == ""
    assert outcome.finish_reason == "length"
    assert outcome.flags == (THOUGHTS, CUT_THINKING)
    assert outcome.output_tokens == outcome.reasoning_tokens == 24
    assert set(kinds(outcome)) == {EventKind.REASONING}


def test_the_end_token_ends_thoughts_too(say: Say) -> None:
    outcome = say(" A", BLANK, "?", 2, prompt="Who?<think>\n")[0]
    assert (outcome.text, outcome.finish_reason) == ("", "stop")
    assert outcome.flags == (THOUGHTS, CUT_THINKING)


def test_a_chat_model_may_begin_with_a_blank_line_but_a_plain_prompt_is_cut_as_in_lm_eval(
    say: Say,
) -> None:
    script = (BLANK, "B", INDENTED, "Q", 2)
    chat, plain = say(*script)[0], say(*script, base=True)[0]
    assert (chat.text, chat.output_tokens) == ("B", 3)
    assert (plain.text, plain.output_tokens) == ("", 1)
    assert chat.raw is None
    assert chat.reasoning_tokens == plain.reasoning_tokens == 0
