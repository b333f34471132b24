"""Why a search for the highest sustained load was over, in words: stored are codes and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evalkit.records import SearchEnd, SearchEnding
from evalkit.report import format as text
from evalkit.wording import NOTHING, Said, numeral, say

Values = Mapping[str, float]


def ending_text(ending: SearchEnding) -> Said:
    """Say how a search ended, and what to change where it ended early."""
    return _SENTENCES[SearchEnd(ending.code)](ending.values)


def early_ending(ending: SearchEnding | None) -> Said:
    """Say why a search ended early; nothing where it found what it looked for."""
    is_early = ending is not None and ending.code != SearchEnd.FOUND
    return ending_text(ending) if ending is not None and is_early else NOTHING


def _found(v: Values) -> Said:
    return say(
        "the search ended between {low} and {high} requests/s",
        low=_rate(v["passed"]),
        high=_rate(v["above"]),
    )


def _in_doubt(v: Values) -> Said:
    return say(
        "{low} requests/s held; of {high} requests/s too little can be said: raise max_s, for more requests",
        low=_rate(v["passed"]),
        high=_rate(v["above"]),
    )


def _highest(v: Values) -> Said:
    return say(
        "the search ended at its highest rate (max_rate), {rate} requests/s", rate=_rate(v["rate"])
    )


def _none_held(v: Values) -> Said:
    return say(
        "at the lowest rate tried, {rate} requests/s, the service level was not kept; one answer took {s} s (median):"
        " relax the limits, or ask for shorter answers",
        rate=_rate(v["rate"]),
        s=numeral(f"{v['e2e_s']:.3g}"),
    )


def _no_answer(v: Values) -> Said:
    return say("nothing was answered, down to {rate} requests/s", rate=_rate(v["rate"]))


def _too_few(v: Values) -> Said:
    if not v["needed"]:
        return say(
            "the service level could not be measured at {rate} requests/s", rate=_rate(v["rate"])
        )
    return say(
        "too few requests to judge {rate} requests/s ({n} were due, {needed} are needed): raise max_s to more than {s}"
        " s, or take a lower percentile",
        rate=_rate(v["rate"]),
        n=text.count(round(v["n"])),
        needed=text.count(round(v["needed"])),
        s=text.count(round(v["needed"] / v["rate"])),
    )


def _time(v: Values) -> Said:
    return say(
        "the next step, at {rate} requests/s, would take {next} s, and {left} s were left of max_minutes ({minutes}):"
        " raise it, or tolerance",
        rate=_rate(v["rate"]),
        next=text.count(round(v["next_s"])),
        left=text.count(int(v["left_s"])),
        minutes=numeral(f"{v['minutes']:g}"),
    )


def _unsettled(v: Values) -> Said:
    return say(
        "after {s} s the target still worked on requests that were given up, so no further rate could be tried: raise"
        " max_s and max_minutes, or begin at a lower first_rate",
        s=text.count(round(v["waited_s"])),
    )


def _steps(v: Values) -> Said:
    return say("the search took {n} steps, as many as it may", n=text.count(round(v["steps"])))


def _client(v: Values) -> Said:
    return say("at {rate} requests/s evalkit itself was the bottleneck", rate=_rate(v["rate"]))


def _rate(per_s: float) -> Said:
    return numeral(f"{per_s:.3g}")


_SENTENCES: dict[SearchEnd, Callable[[Values], Said]] = {
    SearchEnd.FOUND: _found,
    SearchEnd.IN_DOUBT: _in_doubt,
    SearchEnd.HIGHEST: _highest,
    SearchEnd.NONE_HELD: _none_held,
    SearchEnd.NO_ANSWER: _no_answer,
    SearchEnd.TOO_FEW: _too_few,
    SearchEnd.TIME: _time,
    SearchEnd.UNSETTLED: _unsettled,
    SearchEnd.STEPS: _steps,
    SearchEnd.CLIENT: _client,
}
