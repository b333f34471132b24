"""What a bench config may say: models, and the load each is put under."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from evalkit.config.files import named
from evalkit.config.run import ModelsConfig, Name, SuiteSpec, check_names
from evalkit.config.scalars import number
from evalkit.config.spec import Spec
from evalkit.errors import did_you_mean


def _as_list(value: Any) -> Any:
    is_one = isinstance(value, str | int | float) and not isinstance(value, bool)
    return [number(value)] if is_one else value


Positive = Annotated[float, Field(gt=0)]
Rates = Annotated[tuple[Positive, ...], BeforeValidator(_as_list)]
Counts = Annotated[tuple[Annotated[int, Field(gt=0, le=100_000)], ...], BeforeValidator(_as_list)]

TRACE_COLUMNS = ("timestamp", "input_tokens", "output_tokens")
"""What a trace must have, whatever its file calls them."""
LOAD_KEYS: dict[str, tuple[str, ...]] = {
    "concurrency": ("concurrency",),
    "constant": ("rates",),
    "poisson": ("rates",),
    "ramp": ("from_rate", "to_rate", "arrivals"),
    "trace": ("file", "speed", "columns", "time_unit", "drop_empty"),
    "search": ("first_rate", "max_rate", "tolerance", "max_minutes", "arrivals"),
}
"""Kind of load → the keys that mean something for it."""
_NEEDED = {
    "concurrency": "concurrency", "constant": "rates", "poisson": "rates", "ramp": "to_rate", "trace": "file",
}  # fmt: skip


class LoadSpec(Spec):
    """When requests are sent. Several rates or concurrencies are a sweep: one step each."""

    kind: Literal["concurrency", "constant", "poisson", "ramp", "trace", "search"]
    """`concurrency`: so many at once, the next when one is answered (closed loop). `constant`, `poisson`: so many per
    second, whatever the server does (open loop). `ramp`: a rate that grows. `trace`: at recorded times. `search`: find
    the highest rate within the service level."""
    concurrency: Counts = ()
    """Requests at once; a list is a sweep."""
    rates: Rates = ()
    """Requests per second; a list is a sweep. With turns: conversations per second."""
    from_rate: Positive = 0.1
    """Rate a ramp begins with."""
    to_rate: Positive | None = None
    """Rate a ramp ends with."""
    arrivals: Literal["constant", "poisson"] = "poisson"
    """Ramp and search: how requests are spaced."""
    file: Annotated[Path | None, named("trace")] = None
    """Trace: CSV, JSONL or Parquet, each also gzipped, with a time, prompt and answer tokens in each row; relative to
    the config file."""
    columns: dict[str, str] | None = None
    """Trace: `timestamp`, `input_tokens`, `output_tokens` → the file's column. Unset: these names, or those of known
    public traces and tools."""
    time_unit: Literal["s", "ms", "us", "ns", "days"] | None = None
    """Trace: of times in numbers. Unset: by the column's name (`_ms`) or, since 1970, by their size, else seconds."""
    drop_empty: bool = False
    """Trace: leave out requests of 0 tokens instead of refusing the file."""
    speed: Positive = 1.0
    """Trace: 2 plays it twice as fast."""
    first_rate: Positive = 1.0
    """Search: where it begins; doubled until the service level breaks, then bisected."""
    max_rate: Positive | None = None
    """Search: do not go higher."""
    tolerance: Annotated[float, Field(ge=0.005, le=0.5)] = 0.03
    """Search: stop when the passed and the failed rate are this close (share of the passed one)."""
    max_minutes: Positive = 60.0
    """Search: all of it; no step is begun that would not end within so long."""

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        known = {key for keys in LOAD_KEYS.values() for key in keys}
        for key in sorted(known - set(LOAD_KEYS[self.kind])):
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key!r} means nothing for load {self.kind!r}")
        for key in self.columns or {}:
            if key not in TRACE_COLUMNS:
                hint = did_you_mean(key, TRACE_COLUMNS, f"There are: {', '.join(TRACE_COLUMNS)}.")
                raise ValueError(f"columns: {key!r} means nothing here. {hint}".rstrip())
        needed = _NEEDED.get(self.kind)
        if needed and not getattr(self, needed):
            raise ValueError(f"load {self.kind!r} needs {needed!r}")
        return self


class PromptSpec(Spec):
    """What is asked: made-up text of exact lengths, or the docs of tasks."""

    kind: Literal["synthetic", "tasks"] = "synthetic"
    """`synthetic`: random words; `tasks`: prompts of tasks that generate answers."""
    lengths: tuple[tuple[Any, ...], ...] = ((128, 64),)
    """Pairs of prompt and answer tokens, each with an optional weight: `[[128, 64], [1024, 256, 0.2]]`."""
    spread: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Lengths vary evenly by this share around each pair."""
    shared_prefix: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of each prompt that all prompts have in common: lets a server's prefix cache work."""
    unique: bool = True
    """No two prompts begin alike (but for `shared_prefix`), so that a prefix cache is of no use; false: always the
    same prompt per length."""
    tokenizer: str | None = None
    """Tokenizer to count with: an embedded model or a local folder. Unset: the model's own; for an endpoint, what its
    usage says of two trial prompts."""
    ignore_eos: bool = False
    """Ask the server to go on to the full answer length (`ignore_eos`: vLLM, SGLang, llama.cpp)."""
    turns: Annotated[int, Field(gt=0, le=100)] = 1
    """Turns of a conversation: each sends all that was said before. Lengths are those of one turn."""
    think_time_s: Annotated[float, Field(ge=0)] = 0.0
    """Pause between an answer and the next turn."""
    suite: SuiteSpec | None = None
    """`kind: tasks`: as in a run config."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.kind == "tasks") != (self.suite is not None):
            raise ValueError("prompts of kind 'tasks' need a 'suite', others have none")
        if self.kind == "tasks" and self.turns > 1:
            raise ValueError("'turns' is for synthetic prompts: tasks bring their own")
        for pair in self.lengths:
            is_number = [isinstance(x, int | float) and x > 0 for x in pair]
            if len(pair) not in (2, 3) or not all(is_number) or pair[0] % 1 or pair[1] % 1:
                raise ValueError(
                    f"lengths: {list(pair)} is not [prompt tokens, answer tokens] or [prompt tokens, answer tokens,"
                    " weight]"
                )
        return self


class SloSpec(Spec):
    """The service level: what users are promised. Times count from the moment a request was due."""

    ttft_s: Positive | None = None
    """Longest time to first token, at `percentile`."""
    tpot_s: Positive | None = None
    """Longest time per output token, at `percentile`."""
    e2e_s: Positive | None = None
    """Longest time to the whole answer, at `percentile`."""
    percentile: Literal[50, 90, 95, 99] = 95
    """How many of 100 requests must keep the times."""
    max_error_rate: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Share of requests that may fail."""


class ProfileSpec(Spec):
    """One load, held long enough to be measured."""

    name: Name
    """How reports call this profile."""
    load: LoadSpec
    """When requests are sent."""
    prompts: PromptSpec = PromptSpec()
    """What is asked."""
    slo: SloSpec | None = None
    """Service level: for goodput, and what a search keeps."""
    warmup_s: Annotated[float, Field(ge=0)] = 5.0
    """Least load before the steady window; not counted. Twice as long as one answer takes, where that is longer."""
    measure_s: Positive = 30.0
    """Least length of the steady window. Five times as long as one answer takes, where that is longer."""
    min_requests: Annotated[int, Field(ge=0)] = 0
    """The window grows until so many requests were due in it, up to `max_s`. A search takes at least what its
    percentile needs."""
    cooldown_s: Annotated[float, Field(ge=0)] = 30.0
    """Longest time for the answers to the window after it, load going on; what is not answered then, failed. Five times
    as long as one answer takes, where that is longer."""
    max_s: Positive = 600.0
    """Longest time of a step, warm-up to cool-down; nothing can make it hang."""
    idle_s: Annotated[float, Field(ge=0)] = 10.0
    """Idle baseline before the first step, where power can be read."""
    repeats: Annotated[int, Field(gt=0)] = 1
    """How often the whole profile is measured; intervals need two or more."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        limits = (self.slo.ttft_s, self.slo.tpot_s, self.slo.e2e_s) if self.slo else ()
        if self.load.kind == "search" and not any(limits):
            raise ValueError("a search needs an 'slo' with ttft_s, tpot_s or e2e_s")
        if self.warmup_s + self.measure_s > self.max_s:
            raise ValueError("max_s is shorter than warmup_s + measure_s")
        return self


class BenchConfig(ModelsConfig):
    """One bench: every model under every load profile."""

    profiles: Annotated[tuple[ProfileSpec, ...], Field(min_length=1)]
    """Loads every model is put under."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of prompts and arrivals; repeats and steps derive theirs from it."""

    @model_validator(mode="after")
    def _profiles_have_names(self) -> Self:
        check_names(profiles=self.profiles)
        return self
