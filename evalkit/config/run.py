"""What a run config may say. Specs are values: nothing here loads, guesses or touches the machine."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import Field, field_validator, model_validator

from evalkit.config.backends import BACKENDS, IN_PROCESS
from evalkit.config.files import named
from evalkit.config.scalars import Day
from evalkit.config.spec import Spec

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
DType = Literal["auto", "float64", "float32", "bfloat16", "float16", "float8_e4m3fn"]


_LOCAL_ONLY = (
    "base", "template_date", "revision", "dtype", "device", "device_map", "batch_size", "generate_batch_size",
    "scoring", "trust_remote_code",
)  # fmt: skip
"""Keys of a model that mean nothing behind an API."""
_API_ONLY = ("endpoint", "price")
"""Keys that mean nothing for a model in this process."""
_SEVERAL_ANSWERS = frozenset(
    {"n", "best_of", "candidate_count", "candidateCount", "num_return_sequences"}
)
DEFAULT_TEMPLATE_DATE = datetime.date(2024, 7, 26)


class GenerationDefaults(Spec):
    """How answers are generated, and settings that override what a task asks for. Unset means: the task decides."""

    mode: Literal["exact", "fast"] | None = None
    """How answers are generated together. `exact`: each is what it would be alone; `fast`: what the rounding of a
    batch prefers is kept, as servers do, and how often that changes an answer is measured. Unset: `exact` in float32,
    `fast` below. `generation: fast` is short for `generation: {mode: fast}`."""

    max_tokens: Annotated[int, Field(gt=0)] | None = None
    """Most tokens to generate per answer."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """0 is greedy; above 0 samples."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Nucleus sampling; only used when temperature is above 0."""


class EndpointSpec(Spec):
    """Where an API is, and how fast it may be asked."""

    base_url: Annotated[str, Field(pattern=r"^https?://[^/@?#\s]+[^@?#\s]*$")] | None = None
    """Address of a compatible server, such as `http://127.0.0.1:8000/v1`, without user, password or query; unset: the
    vendor's own."""
    api: Literal["chat", "completions"] = "chat"
    """Backend `openai` only: `completions` sends plain prompts."""
    api_key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Environment variable that holds the key; unset: the vendor's usual one, and none for a compatible server."""
    echo_logprobs: bool = False
    """The completions endpoint returns log-probabilities of the prompt (`echo`), so choices can be scored."""
    logprobs: bool = False
    """Backend `openai` only: ask for log-probabilities of the answer's tokens (`logprobs`), where the server has them:
    a measure of how sure the model is."""
    concurrency: Annotated[int, Field(gt=0, le=4096)] = 4
    """Requests at once; halved for a while when the endpoint says it is overloaded."""
    requests_per_minute: Annotated[int, Field(gt=0)] | None = None
    """The account's limit; unset: none but what the endpoint answers."""
    tokens_per_minute: Annotated[int, Field(gt=0)] | None = None
    """The account's limit on prompt and answer tokens together."""
    max_attempts: Annotated[int, Field(gt=0, le=20)] = 5
    """Tries per request; only what may work the next time is tried again."""
    connect_timeout_s: Annotated[float, Field(gt=0)] = 10
    """Longest wait for a connection."""
    headers_timeout_s: Annotated[float, Field(gt=0)] = 120
    """Longest wait for the response to begin."""
    stall_timeout_s: Annotated[float, Field(gt=0)] = 60
    """Longest silence within a response."""
    request_timeout_s: Annotated[float, Field(gt=0)] = 600
    """Longest time for one attempt."""
    deadline_s: Annotated[float, Field(gt=0)] | None = None
    """Longest time for one request with all its attempts and waits; unset: as long as the attempts take."""
    breaker_after: Annotated[int, Field(gt=0)] = 10
    """Give up on the cell after so many requests failed in a row."""
    omit: tuple[Literal["temperature", "top_p", "stop", "max_tokens", "stream_options"], ...] = ()
    """Parameters the endpoint refuses; they are not sent."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = None
    """Backend `openai` only. Unset: `max_completion_tokens` for OpenAI itself, `max_tokens` for compatible servers."""
    turns: Literal["as_given", "instruction_in_user", "one_turn"] = "as_given"
    """How conversations are sent: `instruction_in_user`, for servers that take no system turn, puts the instruction in
    front of the first question; `one_turn` puts instruction, examples and question into one message."""
    extra_body: dict[str, Any] = Field({})
    """Further fields of every request, such as `reasoning_effort: low`."""

    @field_validator("extra_body")
    @classmethod
    def _one_answer_each(cls, body: dict[str, Any]) -> dict[str, Any]:
        """Refuse to ask for several answers at once: one is read, all are billed, and tokens/s would count them all."""
        nested = [v for v in body.values() if isinstance(v, dict)]
        for fields in (body, *nested):
            for key in fields.keys() & _SEVERAL_ANSWERS:
                if fields[key] not in (None, 1):
                    raise ValueError(
                        f"{key} asks for {fields[key]!r} answers to one request, and evalkit reads one: leave it out,"
                        " and set the suite's `repeats`"
                    )
        return body


class ServeSpec(Spec):
    """A server that evalkit starts for a model, and ends with everything it has started, however evalkit ends."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Program and arguments, a list; `{port}` stands for the port."""
    port: Annotated[int, Field(gt=0, lt=65536)] = 8000
    """Port on 127.0.0.1 that the server listens on; it must be free."""
    path: str = "/v1"
    """Path of the API; with the port it makes the endpoint's `base_url`."""
    health: str = "/health"
    """Path that answers with a status below 400 once the server can be asked."""
    env: dict[str, str] = Field({})
    """Further environment variables of the server. No secrets: configs are stored."""
    start_timeout_s: Annotated[float, Field(gt=0)] = 600
    """Longest time until it is healthy: loading weights may take minutes."""


class PriceSpec(Spec):
    """Contract prices, in US dollars per million tokens, instead of the list price."""

    input: Annotated[float, Field(ge=0)]
    """Prompt tokens."""
    output: Annotated[float, Field(ge=0)]
    """Generated tokens, reasoning included."""
    cached_input: Annotated[float, Field(ge=0)] | None = None
    """Prompt tokens read from the cache; unset: as `input`."""
    cache_write: Annotated[float, Field(ge=0)] | None = None
    """Prompt tokens written into the cache; unset: as `input`."""
    cache_write_1h: Annotated[float, Field(ge=0)] | None = None
    """Prompt tokens written into a cache that lasts an hour; unset: as `input`, unknown where `cache_write` is set."""
    source: str
    """Where the price is written down: contract, offer, price list."""
    date: Day
    """When it was checked."""


class ModelSpec(Spec):
    """One model to measure."""

    name: Name
    """How reports and commands call this model."""
    backend: str = IN_PROCESS
    """`hf` runs the model in this process through transformers; the others ask a vendor's API (`openai` that of every
    compatible server): docs/endpoints.md."""
    source: str
    """An embedded model (`evalkit models list`), a local folder, a GGUF file or a folder with one, a folder with a PEFT
    adapter (LoRA), or a Hugging Face id; for an API, its model name."""
    base: str | None = None
    """The model an adapter is merged into, given as a `source`; unset: what its adapter_config.json says."""
    endpoint: EndpointSpec = EndpointSpec()
    """API backends: address, limits and time-outs."""
    serve: ServeSpec | None = None
    """Backend `openai`: start this server for the model, and end it afterwards."""
    price: PriceSpec | None = None
    """API backends: contract price; unset: the list price of `evalkit prices MODEL`."""
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
    generate_batch_size: Annotated[int, Field(gt=0)] | Literal["auto"] = "auto"
    """Answers generated together, but for those whose latency is measured (`latency_docs` of the suite); 1: every
    answer is generated alone."""
    scoring: Literal["shared", "reference"] = "shared"
    """`shared` computes what prompts have in common once; `reference` runs each request on its own, as lm-eval does."""
    max_length: Annotated[int, Field(gt=1)] | None = None
    """Context limit in tokens; unset: the model's own."""
    chat_template: bool | None = None
    """Wrap prompts in the model's chat template; unset: when the model has one."""
    template_date: Day = DEFAULT_TEMPLATE_DATE
    """What a chat template that tells the time is told, in every run: prompts must be the same tomorrow. The default is
    the day that Llama's own templates name when they know no other."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model. Only for models whose code you have read."""
    generation: GenerationDefaults = GenerationDefaults()
    """Generation settings that override the tasks' own."""

    @model_validator(mode="before")
    @classmethod
    def _server_has_an_address(cls, data: Any) -> Any:
        """Derive the endpoint's address from the server that is to be started."""
        serve = data.get("serve") if isinstance(data, dict) else None
        if not isinstance(serve, dict):
            return data
        endpoint = data.get("endpoint", {})
        if not isinstance(endpoint, dict) or endpoint.get("base_url"):
            return data
        port, path = serve.get("port", 8000), serve.get("path", "/v1")
        return {**data, "endpoint": {**endpoint, "base_url": f"http://127.0.0.1:{port}{path}"}}

    @field_validator("generation", mode="before")
    @classmethod
    def _mode_alone(cls, value: Any) -> Any:
        """Read `generation: fast` as its mode."""
        return {"mode": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _keys_fit_the_backend(self) -> Self:
        meaningless = _meaningless(self.backend)
        if "generate_batch_size" in meaningless and self.generation.mode is not None:
            raise ValueError(f"'generation.mode' means nothing for backend {self.backend!r}")
        if self.serve is not None and self.backend != "openai":
            raise ValueError("'serve' needs backend 'openai': the server must speak its API")
        for key in meaningless:
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key!r} means nothing for backend {self.backend!r}")
        if self.endpoint.echo_logprobs and self.endpoint.api != "completions":
            raise ValueError("echo_logprobs needs `api: completions`")
        if self.endpoint.logprobs and self.backend != "openai":
            raise ValueError("`logprobs: true` needs backend 'openai'")
        if self.endpoint.api == "completions" and self.chat_template:
            raise ValueError("`api: completions` takes no conversations: remove chat_template")
        if self.backend != "openai" and self.endpoint.api == "completions":
            raise ValueError("`api: completions` needs backend 'openai'")
        return self

    def uses_chat_template(self, has_template: bool) -> bool:
        """Tell whether prompts get the chat template of a model that has one, or not."""
        return has_template if self.chat_template is None else self.chat_template


def _meaningless(backend: str) -> tuple[str, ...]:
    """Return the keys that a model of a backend of ours can't mean; others check theirs when they open."""
    if backend not in BACKENDS:
        return ()
    return _API_ONLY if backend == IN_PROCESS else _LOCAL_ONLY


class SuiteSpec(Spec):
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
    """How multiple choice is asked. `loglikelihood`: the likeliest choice, for models that can tell; `generate`: every
    model writes a letter; `auto`: `loglikelihood` when every model of the run can, else `generate`."""
    latency_docs: Annotated[int, Field(ge=0)] | Literal["auto", "all"] = "auto"
    """Docs that a model in this process answers alone, because their latency is measured; drawn at random, the same for
    all models. All others are answered together, which is faster. `auto`: as many as percentiles need: 130 (p95) or 64
    (p90) where these are at most a quarter of the docs, else 20 (p50)."""
    fewshot_as_multiturn: bool = True
    """With a chat template: examples as turns of a conversation instead of one long message."""
    system_instruction: str | None = None
    """Text in front of every prompt (the system turn with a chat template)."""
    data_class: Literal["public", "internal", "confidential"] = "internal"
    """How sensitive the docs are. Confidential docs go to this machine and to `trusted_hosts` only."""
    repeats: Annotated[int, Field(gt=0)] = 1
    """How often the whole suite runs per model."""


class OutputSpec(Spec):
    """Where results go."""

    dir: Path = Path("results")
    """Folder that gets one run directory per run; relative to where evalkit is started."""
    report: bool = True
    """Write report.html into the run directory at the end."""
    min_free_gb: Annotated[float, Field(ge=0)] = 0.2
    """Refuse to start with less free disk space than this."""


class LimitsSpec(Spec):
    """When to stop. A run that was stopped can be resumed, with higher limits."""

    max_cost_usd: Annotated[float, Field(gt=0)] | None = None
    """Most that API requests of this run may cost, in all its sessions together."""
    max_minutes: Annotated[float, Field(gt=0)] | None = None
    """Longest time for one session's API requests; nothing is sent after it."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def check_names(**specs: Iterable[_Named]) -> None:
    """Check that specs of one kind have different names.

    Raises:
        ValueError: Two have the same.
    """
    for what, some in specs.items():
        twice = [n for n, count in Counter(s.name for s in some).items() if count > 1]
        if twice:
            raise ValueError(f"{what}: the name {twice[0]!r} is used more than once")


class ModelsConfig(Spec):
    """What runs and benches have in common: models, and how they may be asked."""

    name: Name
    """Becomes part of the run directory's name."""
    models: Annotated[tuple[ModelSpec, ...], Field(min_length=1)]
    """Models to measure."""
    include_paths: tuple[Annotated[Path, named("folder")], ...] = ()
    """Folders with your own tasks (lm-eval YAML); relative to this file."""
    allow_task_code: bool = False
    """Let tasks outside evalkit run their own Python (`!function`). Only for tasks you have read."""
    output: OutputSpec = OutputSpec()
    """Results folder, report, and the disk space to keep free."""
    limits: LimitsSpec = LimitsSpec()
    """Cost and time after which it stops."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts that may get confidential docs; this machine always may."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        check_names(models=self.models)
        return self


class RunConfig(ModelsConfig):
    """One run: every model on every suite."""

    suites: Annotated[tuple[SuiteSpec, ...], Field(min_length=1)]
    """Suites every model runs."""

    @model_validator(mode="after")
    def _suites_have_names(self) -> Self:
        check_names(suites=self.suites)
        return self
