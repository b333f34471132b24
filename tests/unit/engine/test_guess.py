"""Guesses come from where the same tokens stood before, the newest place first."""

from __future__ import annotations

import pytest

from evalkit.engine.guess import Guesses


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([1, 2, 3, 4, 1, 2, 3], [4, 1, 2, 3]),
        ([1, 2, 9, 1, 2, 7, 5, 1, 2], [7, 5, 1, 2]),  # the newest place
        ([7, 2, 3, 8, 6, 2, 3, 9, 7, 2, 3], [8, 6, 2, 3]),  # the longest match
        ([5, 5, 5], [5, 5, 5, 5]),  # what reaches the end goes round
        ([3, 8, 9, 8, 9], [8, 9, 8, 9]),
        ([1, 2, 3], [3, 3, 3, 3]),  # never seen
        ([4], [4, 4, 4, 4]),
    ],
)
def test_what_followed_before_is_guessed(ids: list[int], expected: list[int]) -> None:
    assert Guesses().after(ids, [], 4) == expected
    assert Guesses().after([], ids, 4) == expected
    grown = Guesses()
    prompt, said = ids[:1], ids[1:]
    for n in range(len(said)):
        grown.after(prompt, said[:n], 1)
    assert grown.after(prompt, said, 4) == expected


def test_nothing_is_guessed_where_nothing_is_asked() -> None:
    assert Guesses().after([1, 2, 1], [], 0) == []
