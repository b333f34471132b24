"""Were the models asked alike? Else a difference between their scores may be one between the questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from evalkit.store.run_dir import Run
from evalkit.wording import Said, joined, numeral, say

_AS_THE_TASK_SAYS = say("as the task says")


def unlike(models: Collection[str], runs: Sequence[Run]) -> Iterator[Said]:
    """Yield how models were asked in different ways, a sentence each: template, mode, examples, instruction.

    Args:
        models: Those that are compared.
        runs: Finished ones; where two asked a model the same suite, the last one counts.
    """
    measured = [run for run in runs if run.manifest.kind == "run"]
    yield from _templates(models, measured)
    yield from _modes(models, measured)
    yield from _prompts(models, measured)


def _templates(models: Collection[str], runs: Sequence[Run]) -> Iterator[Said]:
    has = {m.name: m.chat_template for r in runs for m in r.manifest.models if m.name in models}
    if len(set(has.values())) > 1:
        yield say(
            "Not like for like: only {models} got a chat template, the others plain prompts.",
            models=joined(name for name, is_chat in has.items() if is_chat),
        )


def _modes(models: Collection[str], runs: Sequence[Run]) -> Iterator[Said]:
    modes: dict[str, dict[str, str]] = defaultdict(dict)
    for run in runs:
        for c in run.manifest.cells:
            if c.model in models:
                modes[c.suite][c.model] = c.mode
    for suite, by_model in modes.items():
        if len(set(by_model.values())) > 1:
            yield say(
                "Not like for like on {suite}: some models chose by log-likelihood, others wrote a letter;"
                " set `mode: generate` in the run config.",
                suite=suite,
            )


def _prompts(models: Collection[str], runs: Sequence[Run]) -> Iterator[Said]:
    """Yield suites of which models got other numbers of examples, or other instructions."""
    shots: dict[str, dict[str, int | None]] = defaultdict(dict)
    instructions: dict[str, dict[str, str | None]] = defaultdict(dict)
    for run in runs:
        suites = {s["name"]: s for s in run.manifest.config.get("suites", ())}
        for c in run.manifest.cells:
            if c.model in models and c.suite in suites:
                shots[c.suite][c.model] = suites[c.suite].get("num_fewshot")
                instructions[c.suite][c.model] = suites[c.suite].get("system_instruction")
    for suite, by_model in shots.items():
        if len(set(by_model.values())) > 1:
            each = (
                say(
                    "{model} {shots}",
                    model=m,
                    shots=_AS_THE_TASK_SAYS if n is None else numeral(f"{n}"),
                )
                for m, n in by_model.items()
            )
            yield say(
                "Not like for like on {suite}: other numbers of examples ({each}).",
                suite=suite,
                each=joined(each),
            )
    for suite, texts in instructions.items():
        if len(set(texts.values())) > 1:
            yield say(
                "Not like for like on {suite}: the models got different instructions.", suite=suite
            )
