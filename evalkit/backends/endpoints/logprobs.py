"""Log-probabilities of an answer's tokens, as OpenAI-compatible servers tell them in several shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_UNLIKELY = -9999.0
"""What OpenAI and others write where they do not say how unlikely a token was."""
_ROUNDING = 1e-3
"""How far above 1 a probability may come out."""


class AnswerLogprobs:
    """Their mean, chunk by chunk; a server that tells a single impossible one is not believed for the whole answer."""

    def __init__(self) -> None:
        self._total = 0.0
        self._n = 0
        self._is_sound = True

    @property
    def mean(self) -> float | None:
        """Nats per token; None where the server told none, or nonsense."""
        return min(self._total / self._n, 0.0) if self._n and self._is_sound else None

    def read(self, told: object) -> None:
        """Take what a choice has under `logprobs`: null, chat's `content`, or the `token_logprobs` of completions."""
        if not isinstance(told, Mapping):
            self._is_sound &= told is None
            return
        for value in _values(told):
            if (number := logprob_of(value)) is None or number <= _UNLIKELY:
                self._is_sound = False
                return
            self._total += number
            self._n += 1


def logprob_of(value: object) -> float | None:
    """Return a log-probability; None where it can't be one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:  # JSON's whole numbers may be of any length
        return None
    return number if number <= _ROUNDING else None  # so NaN is none


def _values(told: Mapping[str, object]) -> Iterator[object]:
    """Yield what is said of each token; one None where it is no list."""
    content, legacy = told.get("content"), told.get("token_logprobs")
    if isinstance(content, list):
        yield from (e.get("logprob") if isinstance(e, Mapping) else None for e in content)
    elif isinstance(legacy, list):
        yield from legacy
    elif content is not None or legacy is not None:
        yield None
