"""Documents that changed sides, as one-line excerpts: what was asked, what was expected, what both sides answered."""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.gate.facts import Flip, GateResult
from evalkit.report import format as text
from evalkit.report.text_safety import visible
from evalkit.wording import Said, numeral, say, verbatim

WORSE, BETTER = say("✗ worse"), say("✓ better")
COLUMNS = (say("question"), say("expected"), say("baseline's answer"), say("candidate's answer"))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One document in words."""

    is_worse: bool
    mark: Said
    name: Said
    """Task and number of the document."""
    score: Said
    """The doc's score before and after."""
    texts: tuple[Said, ...]
    """Texts in the order of `COLUMNS`."""


def excerpts(result: GateResult, longest: int) -> tuple[Excerpt, ...]:
    """Return the documents that are listed, each text with at most so many characters."""
    suites: dict[str, set[str]] = {}
    for flip in result.flips:
        suites.setdefault(flip.task, set()).add(flip.suite)
    return tuple(_excerpt(f, longest, with_suite=len(suites[f.task]) > 1) for f in result.flips)


def _excerpt(flip: Flip, longest: int, *, with_suite: bool) -> Excerpt:
    task = f"{flip.suite}/{flip.task}" if with_suite else flip.task
    change = say(
        "{score} {before} → {after}",
        score=flip.score,
        before=_score(flip.baseline),
        after=_score(flip.candidate),
    )
    texts = (flip.prompt, flip.target, flip.baseline_answer, flip.candidate_answer)
    return Excerpt(
        is_worse=flip.is_worse,
        mark=WORSE if flip.is_worse else BETTER,
        name=say("{task}, document {n}", task=task, n=verbatim(str(flip.doc_id))),
        score=change,
        texts=(_ending(flip.prompt, longest), *(_beginning(t, longest) for t in texts[1:])),
    )


def _beginning(words: str | None, longest: int) -> Said:
    shown = _one_line(words, 4 * longest)
    if shown is None:
        return text.MISSING
    return verbatim(shown if len(shown) <= longest else shown[: longest - 1] + "…")


def _ending(words: str | None, longest: int) -> Said:
    """Return the end of a prompt: instructions and worked examples come first, the question last."""
    if words is None:
        return text.MISSING
    shown = _one_line(words[-4 * longest :], 4 * longest) or ""
    return verbatim(shown if len(shown) <= longest else "…" + shown[1 - longest :])


def _one_line(words: str | None, longest: int) -> str | None:
    return None if words is None else " ".join(visible(words[:longest]).split())


def _score(value: float) -> Said:
    return numeral(f"{value:.3g}")
