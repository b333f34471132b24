"""What a load test asks: lengths are exact, prefixes are shared only when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from evalkit.config.bench import PromptSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ConfigError
from evalkit.loadgen.prompts import (
    GivenPrompts,
    SyntheticPrompts,
    Turn,
    Words,
    words_by_usage,
    words_of_tokenizer,
)

WORDS = Words(tuple(f"w{i}" for i in range(500)))


def texts(n: int = 20, *, seed: str = "s", **spec: object) -> list[str]:
    source = SyntheticPrompts(PromptSpec.model_validate(spec), WORDS, seed)
    return [source.draw(i).turns[0].text for i in range(n)]


@pytest.mark.model
@pytest.mark.parametrize("length", [1, 7, 128, 1000])
def test_lengths_are_exact_in_the_models_own_tokens(smollm2: Path, length: int) -> None:
    file = smollm2 / "tokenizer.json"
    source = SyntheticPrompts(
        PromptSpec(lengths=((length, 5),), shared_prefix=0.4), words_of_tokenizer(file), "s"
    )
    tokenizer = Tokenizer.from_file(str(file))
    for number in range(10):
        (turn,) = source.draw(number).turns
        assert len(tokenizer.encode(turn.text, add_special_tokens=False).ids) == length
        assert turn.settings.max_tokens == 5


def test_usage_of_two_trials_counts_the_template_in() -> None:
    words = words_by_usage(lambda text: 11 + len(text.split()))
    assert (words.tokens_per_word, words.tokens_around) == (1.0, 11.0)
    source = SyntheticPrompts(PromptSpec(lengths=((64, 5),)), words, "s")
    assert 11 + len(source.draw(3).turns[0].text.split()) == 64


@pytest.mark.parametrize("counts", [(None, None), (5, 5), (9, None)])
def test_a_server_that_does_not_count_is_refused(counts: tuple[int | None, int | None]) -> None:
    told = iter(counts)
    with pytest.raises(ConfigError, match="does not tell prompt lengths"):
        words_by_usage(lambda _: next(told))


def test_unique_prompts_differ_from_the_first_words_on() -> None:
    assert len({tuple(text.split()[:3]) for text in texts(lengths=[[50, 5]])}) == 20


def test_a_shared_prefix_has_its_share_and_no_more() -> None:
    first, second = (t.split() for t in texts(2, lengths=[[100, 5]], shared_prefix=0.3))
    assert first[:30] == second[:30]
    assert first[30:40] != second[30:40]


def test_prompts_that_need_not_be_unique_are_all_the_same() -> None:
    assert len(set(texts(lengths=[[50, 5]], unique=False))) == 1


def test_the_same_number_is_the_same_prompt_and_another_seed_another() -> None:
    assert texts(seed="a") == texts(seed="a")
    assert texts(seed="a") != texts(seed="b")


def test_weights_and_spread_give_a_mix_of_lengths() -> None:
    spec = PromptSpec(lengths=((100, 10), (1000, 50, 0.25)), spread=0.1)
    source = SyntheticPrompts(spec, WORDS, "s")
    lengths = [len(source.draw(i).turns[0].text.split()) for i in range(400)]
    assert sum(n > 500 for n in lengths) / 400 == pytest.approx(0.2, abs=0.06)
    assert {n for n in lengths if n < 500} <= set(range(90, 111))
    assert len(set(lengths)) > 20


def test_a_trace_gives_each_number_its_own_lengths() -> None:
    source = SyntheticPrompts(PromptSpec(), WORDS, "s", [(3, 1), (5, 2)])
    drawn = [source.draw(i).turns[0] for i in range(3)]
    assert [(len(t.text.split()), t.settings.max_tokens) for t in drawn] == [(3, 1), (5, 2), (3, 1)]


def test_given_prompts_come_once_per_lap() -> None:
    turns = tuple(Turn(str(i), GenerationSettings(1)) for i in range(7))
    source = GivenPrompts(turns, "s")
    drawn = [source.draw(i).turns[0].text for i in range(14)]
    assert sorted(drawn[:7]) == sorted(drawn[7:]) == [str(i) for i in range(7)]
    assert drawn[:7] != drawn[7:]
