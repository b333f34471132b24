"""What a licence allows, in four classes. No legal advice: a class that gets worse is a reason to ask somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.gate.side import Side
from evalkit.wording import NOTHING, Said, joined, say

OPEN, RESTRICTED, NON_COMMERCIAL, PROPRIETARY = 3, 2, 1, 0
_CLASS = {
    OPEN: say("open source"),
    RESTRICTED: say("use is restricted"),
    NON_COMMERCIAL: say("no commercial use"),
    PROPRIETARY: say("proprietary, behind an API"),
}
_OPEN = (
    "apache-2.0", "mit", "bsd", "isc", "openmdw", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "mpl-2.0", "lgpl", "gpl",
    "agpl", "unlicense", "zlib", "artistic-2.0",
)  # fmt: skip
"""SPDX ids, or how they begin. Source: opensource.org/licenses and opendefinition.org, read 2026-11-23."""
_NON_COMMERCIAL = ("cc-by-nc", "noncommercial", "non-commercial", "research", "mrl", "mnpl")
_RESTRICTED = (
    "gemma", "llama", "openrail", "bigscience", "creativeml", "deepseek", "qwen", "falcon", "tongyi", "yi-license",
    "community", "nvidia", "health-ai", "lfm", "exaone",
)  # fmt: skip
"""Source: what the licence texts of these model families say, as of 2026-11-23: free use with conditions."""


@dataclass(frozen=True, slots=True)
class LicenceFinding:
    """Both licences; `is_kept` None: one of them is not known."""

    is_kept: bool | None
    text: Said


def licence_class(name: str | None, *, is_api: bool) -> int | None:
    """Return how much a licence allows, 3 (open source) to 0; None: not known."""
    if is_api and not name:
        return PROPRIETARY
    plain = (name or "").strip().lower().replace("_", "-").replace(" ", "-")
    for rank, words in ((NON_COMMERCIAL, _NON_COMMERCIAL), (RESTRICTED, _RESTRICTED)):
        if any(word in plain for word in words):
            return rank
    return OPEN if plain.startswith(_OPEN) else None


def compare_licences(
    baseline: Side, candidate: Side, allowed: Sequence[str] | None
) -> LicenceFinding:
    """Tell whether the candidate's licence is one of those allowed, or allows as much as the baseline's."""
    mine, theirs = baseline.fact.licence, candidate.fact.licence
    if allowed is not None and theirs is not None:
        is_kept = theirs.lower() in {a.lower() for a in allowed}
        text = say(
            "the candidate's is {licence}; allowed: {allowed}",
            licence=theirs,
            allowed=joined(allowed),
        )
        return LicenceFinding(is_kept, text)
    before = licence_class(mine, is_api=baseline.is_api)
    after = licence_class(theirs, is_api=candidate.is_api)
    if before is None or after is None:
        unknown = (mine or "–") if before is None else (theirs or "–")
        return LicenceFinding(
            None, say("what the licence {licence} allows is not known", licence=unknown)
        )
    text = say(
        "{before} ({before_class}), then {after} ({after_class})",
        before=mine or "–",
        before_class=_CLASS[before],
        after=theirs or "–",
        after_class=_CLASS[after],
    )
    return LicenceFinding(after >= before, text if before != after or mine != theirs else NOTHING)
