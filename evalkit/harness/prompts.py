"""The prompts of tasks without their scores: what a load test asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lm_eval.evaluator_utils import get_sample_size

from evalkit.backends.base import GenerateRequest
from evalkit.config.run import GenerationDefaults, SuiteSpec
from evalkit.errors import TaskError
from evalkit.harness.catalogue import apply_generation, load_tasks, seed_everything
from evalkit.harness.lm import generation_settings
from evalkit.records import GENERATE

RenderChat = Callable[[list[dict[str, str]], bool], str]


def task_prompts(
    suite: SuiteSpec,
    include_paths: Sequence[Path],
    generation: GenerationDefaults,
    render_chat: RenderChat | None,
    *,
    allow_code: bool,
) -> tuple[GenerateRequest, ...]:
    """Return every request that generates an answer; multiple choice is asked as a question with lettered options.

    Args:
        suite: Tasks and how they are asked.
        include_paths: Folders with the user's own tasks.
        generation: Overrides what tasks ask for.
        render_chat: Writes a conversation as the model takes it; None: plain prompts.
        allow_code: Let tasks outside evalkit and lm-eval run their own Python.

    Raises:
        TaskError: A task is unknown, has no data, or none of them generates.
    """
    tasks = load_tasks(suite, include_paths, allow_code=allow_code, mode=GENERATE)
    apply_generation(tasks, generation)
    seed_everything()
    found = []
    for task in tasks["tasks"].values():
        task.build_all_requests(
            limit=get_sample_size(task, suite.limit),
            system_instruction=suite.system_instruction,
            apply_chat_template=render_chat is not None,
            chat_template=render_chat,
            fewshot_as_multiturn=suite.fewshot_as_multiturn,
        )
        found += [
            GenerateRequest(i.args[0], generation_settings(i.args[1]))
            for i in task.instances
            if i.request_type == "generate_until"
        ]
    if not found:
        raise TaskError(
            f"suite {suite.name!r}: none of its tasks generates an answer.",
            "A load test needs tasks such as invoice_extraction.",
        )
    return tuple(found)
