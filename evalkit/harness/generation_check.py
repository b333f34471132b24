"""What can be wrong with `generation_kwargs`, told before anything is asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from evalkit.errors import TaskError, did_you_mean

_LENGTHS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of the same number; lm-eval knows all of them."""
_Rule = tuple[Callable[[Any], bool], str]


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: Any, least: int) -> bool:
    """Tell whether a value is a whole number of at least `least`."""
    return type(value) is int and value >= least


def _are_stops(value: Any) -> bool:
    stops = [value] if isinstance(value, str) else value
    return isinstance(stops, list) and all(isinstance(stop, str) and stop for stop in stops)


def _share(value: Any) -> bool:
    return is_number(value) and bool(0 < value <= 1)


_COUNT: _Rule = (lambda v: is_whole(v, 1), "must be a whole number, 1 or more")
_SHARE: _Rule = (_share, "must be a number above 0, 1 at most")
_RULES: dict[str, _Rule] = {
    "until": (_are_stops, "must be texts, none of them empty ([] for none)"),
    **dict.fromkeys(_LENGTHS, _COUNT),
    "do_sample": (lambda v: isinstance(v, bool), "must be true or false, without quotes"),
    "temperature": (lambda v: is_number(v) and v >= 0, "must be a number, 0 or more"),
    "top_p": _SHARE,
    "top_k": _COUNT,
    "min_p": (lambda v: is_number(v) and 0 <= v <= 1, "must be a number from 0 to 1"),
    "typical_p": _SHARE,
    "repetition_penalty": (lambda v: is_number(v) and v > 0, "must be a number above 0"),
    "no_repeat_ngram_size": (lambda v: is_whole(v, 0), "must be a whole number, 0 or more"),
    "min_new_tokens": (lambda v: is_whole(v, 0), "must be a whole number, 0 or more"),
    "num_beams": (
        lambda v: type(v) is int and v == 1,
        "can only be 1: answers are not searched for",
    ),
}
"""Key → what its value must be; those behind top_p are for models in process, APIs do not take them."""
_STOPS = "Stop strings are given by `until`."
_OTHERWISE = {
    **dict.fromkeys(("stop", "stops", "stop_sequences", "stop_strings", "stop_words"), _STOPS),
    **dict.fromkeys(("seed", "random_seed"), "Remove it: evalkit sets the seeds."),
    **dict.fromkeys(("n", "best_of", "num_return_sequences"), "Set the task's `repeats`."),
    **dict.fromkeys(
        ("max_length", "max_output_tokens"), "The longest answer is given by `max_gen_toks`."
    ),
}
"""Key of other programs → what to do here."""


def check_generation(kwargs: Any) -> None:
    """Check a task's `generation_kwargs`.

    Raises:
        TaskError: Names the key.
    """
    if kwargs is None:
        return
    if not isinstance(kwargs, dict):
        raise TaskError(f"generation_kwargs: must be a mapping; found {kwargs!r}.", "")
    for key, value in kwargs.items():
        _check_setting(key, value)
    _check_lengths(kwargs)
    if kwargs.get("do_sample") is True and kwargs.get("temperature") == 0:
        raise TaskError(
            "generation_kwargs: do_sample is true and temperature 0, which is no sampling.",
            "Set do_sample to false, or a temperature above 0.",
        )


def _check_setting(key: Any, value: Any) -> None:
    if key not in _RULES:
        known = f"There are {', '.join(_RULES)}."
        hint = _OTHERWISE.get(str(key)) or did_you_mean(str(key), _RULES, known)
        raise TaskError(f"generation_kwargs: unknown key {key!r}.", hint)
    is_right, words = _RULES[key]
    if not is_right(value):
        raise TaskError(f"generation_kwargs: {key}: {words}; found {value!r}.", "")


def _check_lengths(kwargs: Mapping[str, Any]) -> None:
    given = {key: kwargs[key] for key in _LENGTHS if key in kwargs}
    if len(set(given.values())) > 1:
        told = " and ".join(f"{key}: {value}" for key, value in given.items())
        raise TaskError(f"generation_kwargs: {told} differ, and mean the same.", "Keep one.")
