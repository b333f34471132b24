"""What a load test asks: conversations of exact lengths, made of random words, or given prompts.

A prompt is drawn by its number, so that a repeated or resumed step asks the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from evalkit.config.bench import PromptSpec
from evalkit.engine.values import GenerationSettings
from evalkit.errors import ConfigError

_COMMON = """
time year people way day man thing woman life child world school state family student group country problem hand
part place case week company system program question work number night point home water room mother area money
story fact month right study book eye job word business issue side kind head house service friend father power
hour game line end member law car city name team minute idea body back face level office door health person art
war history party result change morning reason research girl moment air force
""".split()  # noqa: SIM905 - a list of strings would take a page
"""Words that are one token each, with a space before them, in the vocabularies of all common models."""
_SHORTEST_PROBE, _LONGEST_PROBE = 16, 116
"""Words of the two trial prompts."""
_CHECKED = 20
_LEAST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the user."""

    text: str
    settings: GenerationSettings


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns that follow each other; a single prompt has one."""

    turns: tuple[Turn, ...]
    think_time_s: float = 0.0
    """Pause of the user before each further turn."""
    is_ready: bool = False
    """The text is a prompt as the backend takes it (a task's), not a message still to be put into a conversation."""


class Prompts(Protocol):
    """Gives what the n-th conversation of a step says."""

    def draw(self, number: int) -> Conversation:
        """Return a conversation; the same for the same number."""
        ...


@dataclass(frozen=True, slots=True)
class Words:
    """Words to build texts of, and how they count."""

    words: tuple[str, ...]
    tokens_per_word: float = 1.0
    tokens_around: float = 0.0
    """What every prompt has beside its words, such as a chat template."""

    def n_words(self, tokens: int) -> int:
        """Return how many words make a prompt of so many tokens; at least one."""
        return max(1, round((tokens - self.tokens_around) / self.tokens_per_word))


def words_of_tokenizer(file: Path) -> Words:
    """Return words that are exactly one token each, at the start of a text and within it.

    Raises:
        ConfigError: The vocabulary has too few; lengths could not be exact.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    pieces = {tokenizer.decode([i]).strip() for i in tokenizer.get_vocab().values()}
    plain = sorted(p for p in pieces if p.isascii() and p.isalpha() and p.islower() and len(p) > 2)
    words = tuple(p for p in plain if count(p) == 1 and count(f"{p} {p} {p}") == 3)
    rng = Random(0)
    samples = [rng.choices(words, k=50) for _ in range(_CHECKED)] if words else []
    if len(words) < _LEAST_WORDS or any(count(" ".join(s)) != len(s) for s in samples):
        raise ConfigError(
            f"{file}: too few words of this tokenizer are one token each, so lengths can't be exact.",
            "Leave `tokenizer` unset to count by the server's usage, or name another.",
        )
    return Words(words)


def words_by_usage(count: Callable[[str], int | None]) -> Words:
    """Return common words, counted by what the server says of two trial prompts; its chat template is counted in.

    Args:
        count: Asks the server with a prompt; returns its input tokens, None when the server does not say.

    Raises:
        ConfigError: The server does not count.
    """
    rng = Random(0)
    short, long = (" ".join(rng.choices(_COMMON, k=k)) for k in (_SHORTEST_PROBE, _LONGEST_PROBE))
    n_short, n_long = count(short), count(long)
    if n_short is None or n_long is None or n_long <= n_short:
        raise ConfigError(
            f"the server's usage does not tell prompt lengths (it said {n_short} and {n_long} tokens), so prompts of"
            " exact lengths can't be made.",
            "Set prompts.tokenizer to the model's tokenizer.",
        )
    per_word = (n_long - n_short) / (_LONGEST_PROBE - _SHORTEST_PROBE)
    return Words(tuple(_COMMON), per_word, n_short - _SHORTEST_PROBE * per_word)


class SyntheticPrompts:
    """Random words.

    Args:
        spec: Lengths, shared prefix, uniqueness, turns.
        words: What to build texts of.
        seed: Other prompts with another seed.
        lengths: Prompt and answer tokens of the n-th conversation (a trace); None: as `spec` says.
    """

    def __init__(
        self,
        spec: PromptSpec,
        words: Words,
        seed: str,
        lengths: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        self._spec = spec
        self._words = words
        self._seed = seed
        self._given = lengths
        self._pairs = [(int(p[0]), int(p[1])) for p in spec.lengths]
        self._weights = [float(p[2]) if len(p) == 3 else 1.0 for p in spec.lengths]
        self._extra = (("ignore_eos", True),) if spec.ignore_eos else ()

    def draw(self, number: int) -> Conversation:
        """Return the n-th conversation."""
        rng = Random(f"{self._seed}/{number}")
        n_in, n_out = self._lengths(number, rng)
        text_rng = rng if self._spec.unique else Random(f"{self._seed}/{n_in}")
        turns = [
            Turn(
                self._text(n_in, text_rng, is_first=turn == 0),
                GenerationSettings(max_tokens=n_out, extra=self._extra),
            )
            for turn in range(self._spec.turns)
        ]
        return Conversation(tuple(turns), self._spec.think_time_s)

    def _lengths(self, number: int, rng: Random) -> tuple[int, int]:
        if self._given is not None:
            return self._given[number % len(self._given)]
        n_in, n_out = rng.choices(self._pairs, self._weights)[0]
        if self._spec.spread:
            factor = 1 + rng.uniform(-self._spec.spread, self._spec.spread)
            n_in, n_out = max(1, round(n_in * factor)), max(1, round(n_out * factor))
        return n_in, n_out

    def _text(self, tokens: int, rng: Random, *, is_first: bool) -> str:
        n = self._words.n_words(tokens)
        n_shared = round(n * self._spec.shared_prefix) if is_first else 0
        shared = Random(f"{self._seed}/shared").choices(self._words.words, k=n_shared)
        return " ".join([*shared, *rng.choices(self._words.words, k=n - n_shared)])


@dataclass(frozen=True, slots=True)
class GivenPrompts:
    """Prompts of tasks, in a random but fixed order, again from the start when they are used up."""

    prompts: tuple[Turn, ...]
    seed: str

    def draw(self, number: int) -> Conversation:
        """Return the n-th prompt."""
        lap, position = divmod(number, len(self.prompts))
        order = list(range(len(self.prompts)))
        Random(f"{self.seed}/{lap}").shuffle(order)
        return Conversation((self.prompts[order[position]],), is_ready=True)
