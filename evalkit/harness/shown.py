"""What a run will really send: examples, template, stop strings; before it is sent, and without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.backends.base import GenerateRequest, PromptWriter
from evalkit.config.run import ModelSpec, SuiteSpec
from evalkit.errors import UsageError
from evalkit.harness.catalogue import apply_generation, load_tasks, seed_everything
from evalkit.harness.faults import told_of
from evalkit.harness.lm import generation_settings


@dataclass(frozen=True, slots=True)
class ShownPrompt:
    """One doc of a task as one model gets it."""

    model: str
    suite: str
    task: str
    doc_id: int
    request: dict[str, Any]
    """`prompt` or `messages`, with stop strings and limits where an answer is generated."""
    continuations: tuple[str, ...]
    """What is scored behind the prompt; empty where an answer is generated."""
    stops: tuple[str, ...]
    """Where an answer is cut when it arrives, whatever the endpoint was sent."""
    target: str
    """The right answer, which is not sent."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which docs of each task to show."""

    n_docs: int = 1
    doc_id: int | None = None
    """Doc to show alone."""

    @property
    def limit(self) -> int:
        """Docs that must be built: examples are drawn doc by doc, so all before it, too."""
        return self.n_docs if self.doc_id is None else self.doc_id + 1

    def has(self, doc_id: int) -> bool:
        """Tell whether a doc is to be shown."""
        return doc_id < self.n_docs if self.doc_id is None else doc_id == self.doc_id


def shown_prompts(
    model: ModelSpec,
    suite: SuiteSpec,
    writer: PromptWriter,
    wanted: Wanted,
    *,
    mode: str,
    include_paths: Sequence[Path],
    allow_code: bool,
) -> list[ShownPrompt]:
    """Build prompts exactly as a run does.

    Raises:
        TaskError: A task can't be loaded.
        UsageError: A task has no such doc.
    """
    loaded = load_tasks(suite, include_paths, allow_code=allow_code, mode=mode, checked=True)
    apply_generation(loaded, model.generation)
    seed_everything()
    is_chat = model.uses_chat_template(writer.has_chat_template)
    shown = []
    for name, task in loaded["tasks"].items():
        n_docs = min(len(task.eval_docs), suite.limit or len(task.eval_docs))
        if wanted.doc_id is not None and wanted.doc_id >= n_docs:
            raise UsageError(
                f"suite {suite.name!r}: task {name!r} has no doc {wanted.doc_id}.",
                f"Its docs are 0 to {n_docs - 1}.",
            )
        with told_of(f"suite {suite.name!r}: task {name!r}"):
            task.build_all_requests(
                limit=min(wanted.limit, n_docs),
                system_instruction=suite.system_instruction,
                apply_chat_template=is_chat,
                chat_template=writer.render_chat if is_chat else None,
                fewshot_as_multiturn=suite.fewshot_as_multiturn,
            )
        by_doc: dict[int, list[Any]] = {}
        for instance in task.instances:
            by_doc.setdefault(int(instance.doc_id), []).append(instance)
        for doc_id, instances in by_doc.items():
            if wanted.has(doc_id):
                where = (model.name, suite.name, name, doc_id)
                target = str(task.doc_to_target(instances[0].doc))
                shown.append(ShownPrompt(*where, *_request(instances, writer, is_chat), target))
    return shown


def _request(
    instances: Sequence[Any], writer: PromptWriter, is_chat: bool
) -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """Return what is sent for a doc, what is scored behind it, and where an answer is cut."""
    first = instances[0]
    if first.request_type == "generate_until":
        asked = GenerateRequest(first.args[0], generation_settings(first.args[1]))
        return writer.sent(asked, is_chat=is_chat), (), asked.settings.stop
    prompts = dict.fromkeys(i.args[0] for i in instances)
    continuations = tuple(i.args[1] for i in instances if len(i.args) > 1)
    return {"prompt": "\n\n".join(prompts)}, continuations, ()
