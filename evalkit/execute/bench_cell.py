"""One cell of a bench: which steps are known, which are held, and what they show."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from evalkit.backends import place
from evalkit.config.bench import BenchConfig
from evalkit.execute.bench_step import BenchCell, StepHolder
from evalkit.execute.progress import Probed, StepEnded
from evalkit.execute.schedule import Schedule
from evalkit.execute.words import find_words
from evalkit.execute.work import Kit, Opened
from evalkit.loadgen.prompts import GivenPrompts, Prompts, SyntheticPrompts, Turn, Words
from evalkit.loadgen.target import Target, open_target
from evalkit.loadgen.traces import TraceRow, read_trace
from evalkit.metrics.load import load_point
from evalkit.metrics.probe import probe_point
from evalkit.metrics.request_times import is_ok
from evalkit.records import NO_LOAD, NS_PER_S, PROBE, LoadStep, Request, SearchEnding

SAMPLE_S = 0.1
"""Time between two readings of the machine."""
_LONGEST_WAIT = 3
"""Times a step's longest time, for a target that works off what was given up."""


def hold_steps(
    cell: BenchCell, config: BenchConfig, words: dict[str, Words], opened: Opened, kit: Kit
) -> SearchEnding | None:
    """Replay what is known of a cell, then hold the steps that are missing; return how a search ended.

    `words` is what prompts are made of, by tokenizer or model; what is missing is added.
    """
    with (
        closing(
            open_target(opened.backend, cell.model, kit.session, kit.guard.bound(cell.model))
        ) as target,
        kit.sampler(cell.cell_id, opened, SAMPLE_S) as sampler,
    ):
        holder = StepHolder(cell, target, opened.server, kit, sampler)
        return _Steps(cell, config, words, opened, target, kit, holder).measure()


class _Steps:
    """The steps of one cell, one after the other."""

    def __init__(
        self,
        cell: BenchCell,
        config: BenchConfig,
        words: dict[str, Words],
        opened: Opened,
        target: Target,
        kit: Kit,
        holder: StepHolder,
    ) -> None:
        load = cell.profile.load
        self._cell = cell
        self._config = config
        self._words = words
        self._backend = opened.backend
        self._target = target
        self._kit = kit
        self._holder = holder
        self._trace = read_trace(load).rows if load.file is not None else None
        self._schedule = Schedule(cell.profile, self._trace)
        self._n_asked = kit.guard.n_asked

    def measure(self) -> SearchEnding | None:
        """Go through the schedule; what a known step showed decides on the next one as it did then."""
        known = self._known_steps()
        before = self._kit.journal.requests(self._cell.cell_id)
        if not known and self._cell.profile.idle_s and self._kit.has_power():
            self._holder.idle()
        if self._schedule.wants_probe:
            self._probe(before)
        n_done = 0
        while (setting := self._schedule.next()) is not None:
            began = time.monotonic()
            if known:
                step, asked = known.pop(0), before
                took_s = _length_s(step)
            else:
                seed = self._seed(n_done)
                prompts = self._prompts(seed, self._trace)
                limit_s = min(_LONGEST_WAIT * self._cell.profile.max_s, self._schedule.left_s)
                is_settled = self._holder.settle(prompts, limit_s)
                if not self._schedule.waited(time.monotonic() - began, is_settled=is_settled):
                    break
                began = time.monotonic()
                step, asked = self._holder.hold(setting, self._schedule, prompts, seed)
                took_s = time.monotonic() - began
                self._check_asked(asked)
            point = load_point(step, asked, self._cell.profile.slo)
            self._kit.tell(StepEnded(step, point))
            self._schedule.tell(setting, point, took_s)
            n_done += 1
        return self._schedule.ending

    def _check_asked(self, asked: list[Request]) -> None:
        self._n_asked += sum(is_ok(r) for r in asked)
        if place(self._cell.model).is_billed:
            self._kit.guard.check_asked(self._n_asked, self._cell.model)

    def _known_steps(self) -> list[LoadStep]:
        """Return steps that are done; ones that an earlier session left running are cut."""
        steps = self._kit.journal.steps(self._cell.cell_id)
        for step in steps:
            if step.state == "running":
                reason = step.reason or "the process ended"
                self._kit.journal.put_step(replace(step, state="cut", reason=reason))
        return [s for s in steps if s.state == "done" and s.kind not in NO_LOAD]

    def _probe(self, before: list[Request]) -> None:
        """Learn how long one answer takes, or recall it: it sizes warm-up and windows."""
        steps = self._kit.journal.steps(self._cell.cell_id)
        step = next((s for s in steps if s.kind == PROBE and s.state == "done"), None)
        asked = before
        if step is None:
            w = self._schedule.windows()
            limit_s = min(w.warmup_s + w.measure_s + w.cooldown_s, w.max_s)
            prompts = self._prompts(self._seed("probe"), None)
            step, asked = self._holder.probe(prompts, limit_s)
        point = probe_point(step, asked)
        self._schedule.probed(point.e2e_s, _length_s(step))
        self._kit.tell(Probed(step, point, self._schedule.windows()))

    def _seed(self, step: int | str) -> str:
        return f"{self._config.seed}/{self._cell.profile.name}/{self._cell.repeat}/{step}"

    def _prompts(self, seed: str, trace: Sequence[TraceRow] | None) -> Prompts:
        model, spec = self._cell.model, self._cell.profile.prompts
        if spec.suite is not None:
            from evalkit.harness.prompts import task_prompts  # lm-eval takes seconds to import

            is_chat = model.uses_chat_template(self._backend.has_chat_template)
            asked = task_prompts(
                spec.suite,
                self._config.include_paths,
                model.generation,
                self._backend.render_chat if is_chat else None,
                allow_code=self._config.allow_task_code,
            )
            return GivenPrompts(tuple(Turn(r.prompt, r.settings) for r in asked), seed)
        key = spec.tokenizer or model.name
        if key not in self._words:
            self._words[key] = find_words(spec, model, self._target)
        lengths = [(row.input_tokens, row.output_tokens) for row in trace] if trace else None
        return SyntheticPrompts(spec, self._words[key], seed, lengths)


def _length_s(step: LoadStep) -> float:
    return ((step.t_end_ns or step.t_start_ns) - step.t_start_ns) / NS_PER_S
