"""Config → plan: which cells there are and what each will ask. Pure data, printable, hashable; loads no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from evalkit.backends import place, supports
from evalkit.backends.base import Capability, Place
from evalkit.backends.chat import ChatTemplate, fixed_clock, moved, of_text
from evalkit.backends.facts import chat_template_of, special_tokens_of
from evalkit.backends.sources import find_source
from evalkit.config.run import ModelSpec, RunConfig, SuiteSpec
from evalkit.errors import ModelError
from evalkit.imports import importing
from evalkit.metrics.percentiles import sample_size
from evalkit.reading.thoughts import template_thinks
from evalkit.records import AS_IS, GENERATE, TURNS, TURNS_AS_GIVEN

ROOM_TO_THINK = 1024
"""Tokens of an answer; models rarely think in fewer."""
CHARACTERS_PER_TOKEN = 4.0
"""Estimate where no tokenizer is at hand."""
_PROBED_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """What one task of a suite will ask, for any model."""

    name: str
    output_type: str
    version: str
    num_fewshot: int
    n_docs: int
    n_requests: int
    n_characters: int
    """Characters of all prompts, before a chat template."""
    most_output_tokens: int
    """What all answers may have together, before a model's own limit; 0 where nothing is generated."""
    prompts_hash: str
    """SHA-256 over every request: changes when data, prompts or settings change."""
    excerpt: str
    """Some prompt text, to estimate tokens with."""
    has_instruction: bool = False
    """Whether the task begins with a description: a system turn, with a chat template."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one suite, once: the unit of execution, resume and progress."""

    cell_id: str
    model: ModelSpec
    place: Place
    suite: SuiteSpec
    repeat: int
    tasks: tuple[TaskPlan, ...]
    prompt_tokens: int
    """Estimated."""
    chat_template: bool | None
    """Whether prompts get the model's chat template; None: known once the model is downloaded."""
    mode: str
    """`as_is`, or `generate`: multiple choice is answered with a letter."""
    turns: str = TURNS_AS_GIVEN
    """How the chat template makes evalkit write instruction and examples: one of `TURNS`."""
    template_fault: str = ""
    """Why the chat template can't be used at all; the cell will fail."""

    @property
    def most_output_tokens(self) -> int:
        """Tokens that all answers may have together."""
        most = self.model.generation.max_tokens
        if most is not None:
            return most * sum(t.n_requests for t in self.tasks if t.most_output_tokens)
        return sum(task.most_output_tokens for task in self.tasks)

    @property
    def n_timed(self) -> int:
        """Docs whose latency is measured: a model in this process answers them alone, and others together."""
        generated = sum(t.n_docs for t in self.tasks if t.output_type == "generate_until")
        wanted = self.suite.latency_docs
        is_elsewhere = not self.place.is_in_process
        if is_elsewhere or wanted == "all" or self.model.generate_batch_size == 1:
            return generated
        return sample_size(generated) if wanted == "auto" else min(wanted, generated)

    @property
    def n_docs(self) -> int:
        """Docs of all tasks."""
        return sum(task.n_docs for task in self.tasks)

    @property
    def n_requests(self) -> int:
        """Requests of all tasks: a multiple-choice doc has one per choice."""
        return sum(task.n_requests for task in self.tasks)


@dataclass(frozen=True)
class Plan:
    """Every cell of a run, model by model, so that each model is loaded once."""

    config: RunConfig
    cells: tuple[Cell, ...]

    @property
    def unlike_suites(self) -> tuple[str, ...]:
        """Suites whose models are asked in different ways: not like for like."""
        modes: dict[str, set[str]] = {}
        for cell in self.cells:
            modes.setdefault(cell.suite.name, set()).add(cell.mode)
        return tuple(name for name, some in modes.items() if len(some) > 1)

    @property
    def n_requests(self) -> int:
        """Requests of all cells."""
        return sum(cell.n_requests for cell in self.cells)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over everything that decides what is asked; where results go is not part of it."""
        decisive = {
            "models": [m.model_dump(mode="json") for m in self.config.models],
            "suites": [s.model_dump(mode="json") for s in self.config.suites],
            "prompts": {c.cell_id: [t.prompts_hash for t in c.tasks] for c in self.cells},
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def make_plan(config: RunConfig) -> Plan:
    """Resolve a config into cells.

    Loads task data (not models) and builds every prompt once, so that counts are exact and the hash notices changes.

    Raises:
        TaskError: A task is unknown, has no data, or may not run its code.
        ModelError: A model can't be found, or its backend can't do what a suite needs.
    """
    facts = {model.name: _model_facts(model) for model in config.models}
    planned = _Suites(config)
    cells = []
    for model in config.models:
        tokenizer, chat_template, template = facts[model.name]
        there = place(model)
        for suite in config.suites:
            mode = planned.mode(suite, model)
            tasks = planned.tasks(suite, mode)
            _check_capabilities(model, suite, tasks)
            prompt_tokens = _estimate_tokens(tasks, tokenizer)
            turns, fault = _turns(model, template, suite, tasks)
            for repeat in range(suite.repeats):
                cells.append(
                    Cell(
                        cell_id=f"{model.name}/{suite.name}/{repeat}",
                        model=model,
                        place=there,
                        suite=suite,
                        repeat=repeat,
                        tasks=tasks,
                        prompt_tokens=prompt_tokens,
                        chat_template=chat_template,
                        mode=mode,
                        turns=turns,
                        template_fault=fault,
                    )
                )
    return Plan(config, tuple(cells))


class _Suites:
    """Plans each suite once per mode, and decides the mode: all models alike, unless the suite insists."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._able = {model.name: _can_score(model) for model in config.models}
        self._planned: dict[tuple[str, str], tuple[TaskPlan, ...]] = {}

    def tasks(self, suite: SuiteSpec, mode: str) -> tuple[TaskPlan, ...]:
        """Return what a suite asks in a mode."""
        key = suite.name, mode
        if key not in self._planned:
            self._planned[key] = plan_suite(suite, self._config, mode)
        return self._planned[key]

    def mode(self, suite: SuiteSpec, model: ModelSpec) -> str:
        """Return how a model is asked multiple choice."""
        if not any(t.output_type == "multiple_choice" for t in self.tasks(suite, AS_IS)):
            return AS_IS
        is_by_likelihood = {
            "auto": all(self._able.values()),
            "loglikelihood": self._able[model.name],
            "generate": False,
        }
        return AS_IS if is_by_likelihood[suite.mode] else GENERATE


def _can_score(model: ModelSpec) -> bool:
    return Capability.LOGLIKELIHOOD in supports(model)


def plan_suite(suite: SuiteSpec, config: RunConfig, mode: str) -> tuple[TaskPlan, ...]:
    """Load a suite's tasks and build their prompts as the run will, but without a chat template."""
    with importing():
        from lm_eval.evaluator_utils import get_sample_size

        from evalkit.harness.catalogue import load_tasks, seed_everything
        from evalkit.harness.faults import told_of

    loaded = load_tasks(suite, config.include_paths, allow_code=config.allow_task_code, mode=mode)
    seed_everything()
    plans = []
    for name, task in loaded["tasks"].items():
        with told_of(f"suite {suite.name!r}: task {name!r}"):
            task.build_all_requests(
                limit=get_sample_size(task, suite.limit),
                system_instruction=suite.system_instruction,
            )
        plans.append(_plan_task(name, task))
    return tuple(plans)


def _plan_task(name: str, task: Any) -> TaskPlan:
    from evalkit.harness.lm import hash_arguments, most_tokens

    prompts = ["".join(a for a in i.args if isinstance(a, str)) for i in task.instances]
    hashes = [hash_arguments(i.args) for i in task.instances]
    repeats = [i.repeats or 1 for i in task.instances]
    return TaskPlan(
        name=name,
        output_type=task.get_config("output_type"),
        version=str(task.VERSION),
        num_fewshot=task.get_config("num_fewshot") or 0,
        n_docs=len({i.doc_id for i in task.instances}),
        n_requests=sum(repeats),
        n_characters=sum(len(p) * n for p, n in zip(prompts, repeats, strict=True)),
        most_output_tokens=sum(most_tokens(i) * (i.repeats or 1) for i in task.instances),
        prompts_hash=hashlib.sha256("".join(hashes).encode()).hexdigest(),
        excerpt="\n".join(prompts)[:_PROBED_CHARACTERS],
        has_instruction=bool((task.get_config("description") or "").strip()),
    )


def _model_facts(spec: ModelSpec) -> tuple[Path | None, bool | None, ChatTemplate | None]:
    """Return the model's tokenizer file, whether prompts get a chat template, and that template where it is here."""
    if not place(spec).is_in_process:
        can_chat = Capability.CHAT_TEMPLATE in supports(spec)
        return None, can_chat and spec.uses_chat_template(True), None
    source = find_source(spec) if spec.backend == "hf" else None
    if source is None:
        return None, spec.chat_template, None
    written = chat_template_of(source)
    has_template = written is not None
    if spec.chat_template and not has_template:
        raise ModelError(
            f"model {spec.name!r}: chat_template is true, but {spec.source} has none.",
            "Remove the key, or set it to false.",
        )
    tokenizer = source.tokenizer_folder / "tokenizer.json"
    wanted = spec.uses_chat_template(has_template)
    template = None
    if written is not None and wanted:
        template = of_text(spec.name, written, special_tokens_of(source))
    return (tokenizer if tokenizer.exists() else None), wanted, template


def _turns(
    model: ModelSpec, template: ChatTemplate | None, suite: SuiteSpec, tasks: Sequence[TaskPlan]
) -> tuple[str, str]:
    """Return how conversations will be written, and why they can't be."""
    found = [TURNS_AS_GIVEN]
    for task in tasks:
        roles = ["system"] if suite.system_instruction or task.has_instruction else []
        if suite.fewshot_as_multiturn:
            roles += ["user", "assistant"] * task.num_fewshot
        try:
            found.append(_way_of(model, template, [*roles, "user"]))
        except ModelError as error:
            return TURNS_AS_GIVEN, error.message
    return max(found, key=TURNS.index), ""


def _way_of(model: ModelSpec, template: ChatTemplate | None, roles: Sequence[str]) -> str:
    """Return how a conversation with turns of these roles will be written."""
    if template is not None:
        with fixed_clock(model.template_date):
            return template.way_of(roles)
    given = [{"role": role, "content": role} for role in roles]
    is_moved = moved(given, model.endpoint.turns) != given
    return model.endpoint.turns if is_moved else TURNS_AS_GIVEN


def short_of_thoughts(plan: Plan) -> list[tuple[Cell, int]]:
    """Return cells whose model can think by its template and leaves little room for it, with the tokens of an answer.

    Of each model and suite the first repeat; what a model behind an API can is not known before it is asked.
    """
    templates = {m.name: _thinks(m) for m in plan.config.models}
    found = []
    for cell in plan.cells:
        asked = [t for t in cell.tasks if t.most_output_tokens and t.n_requests]
        own = cell.model.generation.max_tokens
        rooms = [own or t.most_output_tokens // t.n_requests for t in asked]
        if cell.repeat == 0 and rooms and min(rooms) < ROOM_TO_THINK and templates[cell.model.name]:
            found.append((cell, min(rooms)))
    return found


def _thinks(spec: ModelSpec) -> bool:
    """Tell whether a model in this process can think; one that is not here yet is not known to."""
    source = find_source(spec) if spec.backend == "hf" else None
    template = None if source is None else chat_template_of(source)
    return template is not None and spec.uses_chat_template(True) and template_thinks(template)


def _check_capabilities(model: ModelSpec, suite: SuiteSpec, tasks: Sequence[TaskPlan]) -> None:
    able = supports(model)
    needs = {"generate_until": Capability.GENERATE, "loglikelihood_rolling": Capability.ROLLING}
    for task in tasks:
        need = needs.get(task.output_type, Capability.LOGLIKELIHOOD)
        if need not in able:
            raise ModelError(
                f"model {model.name!r}: backend {model.backend!r} can't do {need}, which task"
                f" {task.name!r} of suite {suite.name!r} needs.",
                "Give this model suites of other tasks.",
            )


def _estimate_tokens(tasks: Sequence[TaskPlan], tokenizer: Path | None) -> int:
    """Scale characters by the tokens an excerpt really has, or by a rule of thumb."""
    total = 0.0
    for task in tasks:
        ratio = 1 / CHARACTERS_PER_TOKEN
        if tokenizer is not None and task.excerpt:
            ratio = len(_tokenizer(tokenizer).encode(task.excerpt).ids) / len(task.excerpt)
        total += task.n_characters * ratio
    return round(total)


@cache
def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(path))
