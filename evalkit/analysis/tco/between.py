"""What one replica serves at lengths that no bench had: between benches at shorter and longer requests.

A request's work is w = input / ratio + output tokens. Between two benches ln λ is taken as a straight line in ln w,
which is exact where a replica does the same work per second at any length. It is drawn only between what was measured,
or within 25 % outside it; the range is the hull of both ranges, since nothing was measured in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from math import exp, log

from evalkit.analysis.facts import Estimate
from evalkit.analysis.tco.lengths import Lengths, measured_lengths
from evalkit.analysis.tco.replica import Capacity
from evalkit.wording import Said, joined, numeral, say

MOST_OUTSIDE = 0.25
"""Share of the shortest or longest measured work by which the work may be outside."""
_SAME = 0.05
"""Lengths that differ by no more than this share are the same."""


def capacity_between(
    benches: dict[str, Capacity], lengths: Lengths | None, ratio: float
) -> Capacity:
    """Return the capacity at the lengths of the work.

    Args:
        benches: Profile → what it found; at least two.
        lengths: Of the work, where they are known.
        ratio: What an output token takes, in input tokens.

    Returns:
        What a bench at the same lengths found, else what lies between two; unknown, with a reason, where neither is.
    """
    measured = {
        name: found
        for name, c in benches.items()
        if c.per_s is not None and (found := measured_lengths(c)) is not None
    }
    if lengths is None or len(measured) < len(benches) or not _are_comparable(benches, measured):
        return Capacity(None, _several(benches))
    same = [name for name, one in measured.items() if _are_same(one, lengths)]
    if same:
        return benches[same[0]]
    ordered = sorted(measured, key=lambda name: measured[name].work(ratio))
    work = lengths.work(ratio)
    least, most = (measured[name].work(ratio) for name in (ordered[0], ordered[-1]))
    if not least / (1 + MOST_OUTSIDE) <= work <= most * (1 + MOST_OUTSIDE):
        return Capacity(None, _outside(benches, lengths))
    one, other = next(
        (pair for pair in pairwise(ordered) if work <= measured[pair[1]].work(ratio)),
        (ordered[-2], ordered[-1]),
    )
    share = _share(measured[one].work(ratio), measured[other].work(ratio), work)
    return _between((one, benches[one]), (other, benches[other]), share, lengths)


def _are_same(one: Lengths, other: Lengths) -> bool:
    return all(abs(a - b) <= _SAME * b for a, b in zip(one, other, strict=True))


def _are_comparable(benches: dict[str, Capacity], measured: dict[str, Lengths]) -> bool:
    """Tell whether all kept the same service level, and no two had the same lengths."""
    levels = {c.service_level for c in benches.values()}
    pairs = combinations(measured.values(), 2)
    return len(levels) == 1 and not any(_are_same(a, b) for a, b in pairs)


def _several(benches: dict[str, Capacity]) -> Said:
    several = say(
        "several profiles were measured ({profiles}): name one in `capacity:`",
        profiles=joined(benches),
    )
    unknown = (joined((name, c.reason), ": ") for name, c in benches.items() if c.per_s is None)
    return joined((several, *unknown), "; ")


def _outside(benches: dict[str, Capacity], lengths: Lengths) -> Said:
    return say(
        "the work ({lengths}) is shorter or longer than what was measured ({benches}): measure it at its own lengths,"
        " or name a profile in `capacity:`",
        lengths=_shown(*lengths),
        benches=joined(_named(item) for item in benches.items()),
    )


def _named(item: tuple[str, Capacity]) -> Said:
    name, c = item
    lengths = _shown(c.input_tokens or 0.0, c.output_tokens or 0.0)
    return joined((name, lengths), " ")


def _shown(n_in: float, n_out: float) -> Said:
    return say(
        "{n_in} + {n_out} tokens", n_in=numeral(f"{n_in:,.0f}"), n_out=numeral(f"{n_out:,.0f}")
    )


def _share(least: float, most: float, work: float) -> float:
    """Return how far the work is along the line: 0 at the first bench, 1 at the second."""
    return log(work / least) / log(most / least) if most > least else 0.5


def _between(
    one: tuple[str, Capacity], other: tuple[str, Capacity], share: float, lengths: Lengths
) -> Capacity:
    first, second = one[1], other[1]
    assert first.per_s is not None
    assert second.per_s is not None
    mode = exp((1 - share) * log(first.per_s.mode) + share * log(second.per_s.mode))
    note = say(
        "interpolated between {one} and {other}, for {lengths}",
        one=_named(one),
        other=_named(other),
        lengths=_shown(*lengths),
    )
    doubt = joined(
        dict.fromkeys((first.doubt, second.doubt, *_too_far(first, second, lengths))), "; "
    )
    reason = joined(dict.fromkeys((note, first.reason, second.reason, doubt)), "; ")
    nearer = first if share < 0.5 else second
    return Capacity(
        per_s=replace(
            first.per_s,
            key=f"{first.per_s.key}.{second.per_s.key}",
            low=min(first.per_s.low, second.per_s.low, mode),
            mode=mode,
            high=max(first.per_s.high, second.per_s.high, mode),
            source=joined(dict.fromkeys((first.per_s.source, second.per_s.source)), "; "),
            date=min(first.per_s.date or "", second.per_s.date or ""),
            note=reason,
        ),
        reason=reason,
        service_level=first.service_level,
        input_tokens=lengths.input_tokens,
        output_tokens=lengths.output_tokens,
        good_share=_worse(first.good_share, second.good_share),
        idle_w=nearer.idle_w,
        load_w=nearer.load_w,
        machine=joined(dict.fromkeys((first.machine, second.machine))),
        n=min(first.n or 0, second.n or 0),
        n_needed=max(first.n_needed or 0, second.n_needed or 0),
        doubt=doubt,
    )


def _too_far(first: Capacity, second: Capacity, lengths: Lengths) -> Iterator[Said]:
    """Yield what of the lengths is far from both benches, though the work they make together is not."""
    kinds = ("input_tokens", "output_tokens")
    for key, what in zip(kinds, (say("prompt tokens"), say("answer tokens")), strict=True):
        known = sorted((getattr(first, key), getattr(second, key)))
        asked = getattr(lengths, key)
        if not known[0] / (1 + MOST_OUTSIDE) <= asked <= known[1] * (1 + MOST_OUTSIDE):
            yield say(
                "no bench has about as many {tokens} per request as the work ({n})",
                tokens=what,
                n=numeral(f"{asked:,.0f}"),
            )


def _worse(one: Estimate | None, other: Estimate | None) -> Estimate | None:
    known: Sequence[Estimate] = [e for e in (one, other) if e is not None and e.value is not None]
    return min(known, key=lambda e: e.value or 0.0) if len(known) == 2 else None
