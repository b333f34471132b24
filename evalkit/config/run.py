"""What a run config may say. Specs are values: nothing here loads, guesses or touches the machine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
DType = Literal["auto", "float64", "float32", "bfloat16", "float16", "float8_e4m3fn"]


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class GenerationDefaults(_Spec):
    """Generation settings that override what a task asks for. Unset means: the task decides."""

    max_tokens: Annotated[int, Field(gt=0)] | None = None
    """Most tokens to generate per answer."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """0 is greedy; above 0 samples."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Nucleus sampling; only used when temperature is above 0."""


class ModelSpec(_Spec):
    """One model to measure."""

    name: Name
    """How reports and commands call this model."""
    backend: str = "hf"
    """The code that talks to the model: `hf` runs it in this process through transformers."""
    source: str
    """An embedded model (`evalkit models list`), a local folder, or a Hugging Face id."""
    revision: str | None = None
    """Branch, tag or commit of a Hugging Face id."""
    dtype: DType = "auto"
    """Number format of the weights; `auto` takes what the checkpoint says."""
    device: str = "auto"
    """`auto`, `cpu`, `cuda`, `cuda:0`, `mps`; `auto` takes a GPU when there is one."""
    device_map: str | None = None
    """`auto` spreads one model over several devices (accelerate); leave unset for a single device."""
    batch_size: Annotated[int, Field(gt=0)] | Literal["auto"] = "auto"
    """Requests per forward pass when scoring log-likelihoods; halved when memory runs out."""
    generate_batch_size: Annotated[int, Field(gt=0)] | Literal["auto"] = 1
    """Answers generated together; `auto` takes what fits. Latency is only measured with 1, where each runs alone."""
    scoring: Literal["shared", "reference"] = "shared"
    """`shared` computes what prompts have in common once; `reference` runs each request on its own, as lm-eval does."""
    max_length: Annotated[int, Field(gt=1)] | None = None
    """Context limit in tokens; unset: the model's own."""
    chat_template: bool | None = None
    """Wrap prompts in the model's chat template; unset: when the model has one."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model. Only for models whose code you have read."""
    generation: GenerationDefaults = GenerationDefaults()
    """Generation settings that override the tasks' own."""

    def uses_chat_template(self, has_template: bool) -> bool:
        """Tell whether prompts get the chat template of a model that has one, or not."""
        return has_template if self.chat_template is None else self.chat_template


class SuiteSpec(_Spec):
    """Tasks to run, and how."""

    name: Name
    """How reports call this suite."""
    tasks: Annotated[tuple[str, ...], Field(min_length=1)]
    """lm-eval task or group names, shipped or found under `include_paths`."""
    num_fewshot: Annotated[int, Field(ge=0)] | None = None
    """Worked examples in front of each doc; unset: the task's own number."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Only the first N docs of each task; unset: all."""
    mode: Literal["auto", "loglikelihood", "generate"] = "auto"
    """Accept only tasks of this kind; `auto` takes each task as it is."""
    fewshot_as_multiturn: bool = True
    """With a chat template: examples as turns of a conversation instead of one long message."""
    system_instruction: str | None = None
    """Text in front of every prompt (the system turn with a chat template)."""
    data_class: Literal["public", "internal", "confidential"] = "internal"
    """How sensitive the docs are. Confidential docs never leave this machine."""
    repeats: Annotated[int, Field(gt=0)] = 1
    """How often the whole suite runs per model."""


class OutputSpec(_Spec):
    """Where results go."""

    dir: Path = Path("results")
    """Folder that gets one run directory per run; relative to where evalkit is started."""
    report: bool = True
    """Write report.html into the run directory at the end."""
    min_free_gb: Annotated[float, Field(ge=0)] = 0.2
    """Refuse to start with less free disk space than this."""


class RunConfig(_Spec):
    """One run: every model on every suite."""

    name: Name
    """Becomes part of the run directory's name."""
    models: Annotated[tuple[ModelSpec, ...], Field(min_length=1)]
    """Models to compare."""
    suites: Annotated[tuple[SuiteSpec, ...], Field(min_length=1)]
    """Suites every model runs."""
    include_paths: tuple[Path, ...] = ()
    """Folders with your own tasks (lm-eval YAML); relative to this file."""
    allow_task_code: bool = False
    """Let tasks outside evalkit run their own Python (`!function`). Only for tasks you have read."""
    output: OutputSpec = OutputSpec()
    """Results folder, report, and the disk space to keep free."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, specs in (("models", self.models), ("suites", self.suites)):
            twice = [n for n, count in Counter(s.name for s in specs).items() if count > 1]
            if twice:
                raise ValueError(f"{what}: the name {twice[0]!r} is used more than once")
        return self
