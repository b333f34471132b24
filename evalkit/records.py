"""The records of a run: what was asked, when each token came, what it scored, what the machine did.

They are the contract between measuring and analysing. Metrics are pure functions of them, so an old run can be
analysed again with a better formula. Missing is `None`, never 0.

All `*_ns` fields are `time.perf_counter_ns` of the session that wrote them (a resumed run has several sessions);
`Session` anchors that clock to wall time. Stamps of different sessions must never be subtracted.

RECORDS_VERSION history
    1  first version
    2  Request.is_timed; CellRecord.kv_budget_bytes and .engine
    3  Attempt: session, what was received, usage and price; TokenEvent.n_tokens may be None; CellRecord.endpoint
    4  LoadStep, Request.step; Telemetry of servers, CPU packages and clocks
    5  Answer.mean_logprob; EndpointRecord.concurrency may be None
    6  Answer.raw, .thoughts and .tool_calls, Request.reasoning_tokens, Attempt.reasoning_cost_usd, CellRecord.ending
       and .place; LoadStep of kind `probe`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

RECORDS_VERSION = 6
NS_PER_S = 1_000_000_000


THOUGHTS, CUT_THINKING, STOPPED_EARLY = "thoughts", "cut_thinking", "stopped_early"
"""Flags of a request whose model thought; that ended in its thoughts; that a stop string ended before any answer."""
AS_IS, GENERATE = "as_is", "generate"
"""How multiple choice is asked: by log-likelihood, as the task says; or as a question answered with a letter."""

TURNS = TURNS_AS_GIVEN, INSTRUCTION_IN_USER, ONE_TURN = (
    "as_given",
    "instruction_in_user",
    "one_turn",
)
"""How a conversation was written where the chat template refuses or drops turns: see `backends.chat`."""


TOO_MANY_OPEN = "too_many_open"
"""Why a load step was given up: the target lets requests pile up beyond measure."""


IDLE, PROBE = "idle", "probe"
"""Kinds of load steps without load: nothing is asked; a few single requests, one after the other."""
NO_LOAD = frozenset({IDLE, PROBE})


class RequestKind(StrEnum):
    """What a backend was asked to do."""

    LOGLIKELIHOOD = "loglikelihood"
    ROLLING = "loglikelihood_rolling"
    GENERATE = "generate"


class EventKind(StrEnum):
    """What arrived. `prompt` marks the moment the prompt's tokens entered an in-process model."""

    PROMPT = "prompt"
    ROLE = "role"
    CONTENT = "content"
    REASONING = "reasoning"
    TOOL = "tool"
    USAGE = "usage"
    FINISH = "finish"
    ERROR = "error"


GENERATED_KINDS = frozenset({EventKind.CONTENT, EventKind.REASONING, EventKind.TOOL})
"""Events that carry generated tokens: only they count for TTFT, TPOT and ITL."""


@dataclass(frozen=True, slots=True)
class Session:
    """One process that worked on the run; anchors its monotonic clock to wall time."""

    session: int
    wall_ns: int
    """Unix time in ns at the moment `perf_ns` was read."""
    perf_ns: int
    pid: int
    evalkit_version: str


@dataclass(frozen=True, slots=True)
class TokenEvent:
    """One thing that arrived for one attempt of one request."""

    t_ns: int
    n_tokens: int | None
    """None: a chunk that carries some tokens, the server does not say how many."""
    kind: EventKind


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens one attempt was billed for, as the server said. None: it did not say."""

    input_tokens: int | None = None
    """Tokens of the whole prompt, cached and cache-writing parts included."""
    cached_input_tokens: int | None = None
    """Part of `input_tokens` that was read from the vendor's prompt cache."""
    cache_write_tokens: int | None = None
    """Part of `input_tokens` that was written into the cache."""
    cache_write_1h_tokens: int | None = None
    """Part of `cache_write_tokens` that is kept for an hour: it has a price of its own."""
    output_tokens: int | None = None
    """Everything generated, hidden reasoning included."""
    reasoning_tokens: int | None = None
    """Part of `output_tokens` that was spent on reasoning."""
    service_tier: str | None = None
    """Tier that served, which may be another than was asked for; lower case."""
    speed: str | None = None
    """Speed mode that served."""
    region: str | None = None
    """Where it was served, if the server names a place that may have a price of its own."""
    has_other_charges: bool = False
    """Something beside text was billed: audio, pictures, searches."""
    is_doubtful: bool = False
    """The counts contradict themselves or the text: what they cost is unknown."""

    @property
    def is_usable(self) -> bool:
        """Whether the counts can be billed."""
        return self.is_consistent and not self.is_doubtful

    @property
    def is_consistent(self) -> bool:
        """Whether both totals are there, and no part is larger than what it is a part of; no prompt has 0 tokens."""
        if self.input_tokens is None or self.output_tokens is None:
            return False
        cached, written = self.cached_input_tokens or 0, self.cache_write_tokens or 0
        hour, reasoning = self.cache_write_1h_tokens or 0, self.reasoning_tokens or 0
        return (
            self.input_tokens > 0
            and min(self.output_tokens, cached, written, hour, reasoning) >= 0
            and cached + written <= self.input_tokens
            and hour <= written
            and reasoning <= self.output_tokens
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a request. Retries are attempts of their own; none is hidden."""

    number: int
    session: int
    """Whose clock the stamps are of: an attempt before a crash has another than its retry."""
    status: str
    """`ok`, `error`, or `lost`: sent before a crash, answer unknown, perhaps billed."""
    t_intended_ns: int
    """When the request should have been sent; equals `t_queued_ns` where no schedule exists."""
    t_queued_ns: int
    t_send_ns: int
    """When it was sent; in process: the moment before the prompt is tokenised."""
    t_headers_ns: int | None
    """First byte of an HTTP response; None in process."""
    t_end_ns: int
    error: str | None = None
    """What happened, in words; no secret, no prompt."""
    error_class: str | None = None
    """A class of `backends.endpoints.failures`; None for success and in process."""
    events: tuple[TokenEvent, ...] = ()
    http_status: int | None = None
    """None in process, and when no response came."""
    wait_s: float = 0.0
    """Waiting between `t_queued_ns` and `t_send_ns` because of limits or back-off."""
    bytes_sent: int | None = None
    """Request body; None in process."""
    bytes_received: int | None = None
    """Response body; None in process."""
    is_new_connection: bool | None = None
    """Whether the time since send includes connecting; None in process."""
    vendor_request_id: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Response headers that tell about limits, ids and processing; never the others."""
    usage: Usage | None = None
    reasoning_cost_usd: float | None = None
    """Part of `cost_usd` that its reasoning tokens cost as output; None where either is not told."""
    cost_usd: float | None = None
    """Price of `usage` by the run's price list; None when either is unknown."""
    reserved_usd: float | None = None
    """What the attempt can cost at most, which the budget guard set aside; counts as spent where the cost is unknown.

    None where nobody charges, where the price is unknown, and where the cost is known and there is no budget.
    """


@dataclass(frozen=True, slots=True)
class SentAttempt:
    """An attempt that is about to be sent: durable before it goes out, so that no crash hides what may be billed."""

    request_id: str
    cell_id: str
    session: int
    number: int
    t_queued_ns: int
    reserved_usd: float | None
    failed: Attempt | None
    """The attempt before, when this one repeats it."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model answered with."""

    name: str
    arguments: str
    """JSON as the model wrote it, which may be none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a request: a text, tool calls (or both), or a log-likelihood."""

    text: str | None = None
    """What is scored: without thoughts, before the first stop string."""
    raw: str | None = None
    """All the model wrote, where it is more than `text`: with thoughts, and what stands behind a stop string."""
    thoughts: str | None = None
    """Thoughts without their marks, or what the server sent apart as reasoning; None: there were none."""
    loglikelihood: float | None = None
    is_greedy: bool | None = None
    mean_logprob: float | None = None
    """Mean over a generated answer's tokens of log p(token), in nats; None where the model does not tell."""
    tool_calls: tuple[ToolCall, ...] = ()
    """A tool call is an answer of its own kind: without a text beside it, `text` is None, not empty."""

    @property
    def is_given(self) -> bool:
        """Whether there is an answer at all."""
        return self.text is not None or self.loglikelihood is not None or bool(self.tool_calls)


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt sent to a backend for one doc, with every attempt."""

    request_id: str
    """`cell/kind/task/doc/index/repeat`: stable over resumes."""
    cell_id: str
    session: int
    task: str
    doc_id: int
    index: int
    """Which request of the doc: the answer choice of a multiple-choice task, else 0."""
    repeat: int
    """lm-eval's repeats of one request (sampling several answers); 0 for the first."""
    kind: RequestKind
    backend: str
    prompt_hash: str
    is_measured: bool
    """False for warm-up: recorded, never counted."""
    is_timed: bool
    """Whether its stamps are those of a request that ran alone from start to end: only such give latencies."""
    batch_size: int
    """Requests that shared the forward pass."""
    input_tokens: int | None
    output_tokens: int | None
    """Ids the model generated, the end token included; None for log-likelihoods."""
    finish_reason: str | None
    """`stop`, `length`, `content_filter`, `refusal` or `tool_calls`, whatever the vendor calls them; None for
    log-likelihoods, and where there is no answer."""
    flags: tuple[str, ...] = ()
    """`truncated`: prompt cut at the left; `merged_boundary`: context and answer share a token; `filtered`: the vendor
    withheld or refused the answer; `implausible_usage`: the server's token counts contradict the text; `not_streamed`:
    the answer came in one piece; `thoughts`: the model thought, in the text or apart; `cut_thinking`: it ended within
    its thoughts; `stopped_early`: a stop string ended it before there was an answer; `batch_same`, `batch_differs`:
    generated in a batch, too, with the same or other tokens."""
    attempts: tuple[Attempt, ...] = ()
    answer: Answer | None = None
    """None when every attempt failed, and for warm-up. Load tests keep no answers."""
    reasoning_tokens: int | None = None
    """Part of `output_tokens` spent on thoughts: as the server says, or counted in process; None: not told."""
    step: int | None = None
    """The `LoadStep` it belongs to; None outside load tests."""


@dataclass(frozen=True, slots=True)
class LoadStep:
    """One setting of load, held for a while: warm-up, steady window, cool-down. A sweep or a search has several.

    Windows hold requests by when they were due, so that a slow answer never drops out of the window it belongs to.
    """

    cell_id: str
    step: int
    """Number from 0, in the order of measuring; steps that were cut off keep theirs."""
    session: int
    kind: str
    """`concurrency` (closed loop), `constant`, `poisson`, `ramp`, `trace`, or one of `NO_LOAD`."""
    state: str
    """`running`, `done`, or `cut` (the process ended, or the step was given up)."""
    t_start_ns: int
    rate_per_s: float | None = None
    """Offered requests (conversations, where they have turns) per second; None in a closed loop."""
    to_rate_per_s: float | None = None
    """Where a ramp ends."""
    concurrency: int | None = None
    t_steady_ns: int | None = None
    """Warm-up is over."""
    t_cool_ns: int | None = None
    """The steady window is over; load goes on until its requests are answered."""
    t_end_ns: int | None = None
    n_lags: int = 0
    """Readings of the lag of evalkit's event loop in this step."""
    lag_p50_s: float | None = None
    lag_p99_s: float | None = None
    lag_max_s: float | None = None
    loop_cpu_s: float | None = None
    """CPU time of the thread that sends and stamps, in the steady window; None for a model in this process."""
    client_cpu_s: float | None = None
    """CPU time of evalkit's whole process in the steady window; None for a model in this process."""
    sampler_cpu_s: float | None = None
    """CPU time the telemetry thread took in this step."""
    reason: str = ""
    """Why it was cut, in the target's words; or `TOO_MANY_OPEN`, after which it is done."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A scored doc of one cell under one of the task's filters."""

    cell_id: str
    task: str
    filter: str
    doc_id: int
    doc_hash: str
    prompt_hash: str
    doc: str
    """The doc as JSON."""
    prompt: str
    target: str
    response: str
    """Generated text, or the chosen answer of a multiple-choice doc."""
    scores: dict[str, float | None] = field(default_factory=dict)
    loglikelihoods: tuple[float, ...] = ()
    """One per answer choice, in the task's order; empty for generated answers."""
    flags: tuple[str, ...] = ()
    """`failed`: a request of the doc got no answer, so it has no scores; `tool_call`: the answer is a tool call, which
    `response` shows and no score takes for a text."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """One reading of the machine.

    `device` is `host` (evalkit's own process), `server` (the process tree of a server that evalkit started), `gpu<i>`
    (NVML's index), or `rapl<i>` (a CPU package).
    """

    cell_id: str
    session: int
    t_ns: int
    device: str
    rss_bytes: int | None = None
    rss_peak_bytes: int | None = None
    """Highest resident memory since the cell began in this session."""
    cpu_s: float | None = None
    """CPU time (user + system) of the process since the cell began in this session."""
    others_cpu_s: float | None = None
    """CPU time all other processes took in the same span: a busy machine makes every latency too long."""
    memory_used_bytes: int | None = None
    """Whole board, as NVML v2 reports it (driver-reserved memory excluded)."""
    memory_process_bytes: int | None = None
    torch_allocated_bytes: int | None = None
    torch_reserved_bytes: int | None = None
    power_w: float | None = None
    energy_j: float | None = None
    """The energy counter of a board (since driver load) or CPU package: only differences mean anything."""
    utilisation_percent: float | None = None
    temperature_c: float | None = None
    clock_mhz: float | None = None
    """Clock of the board's multiprocessors."""
    throttle_reasons: str | None = None
    """Why the board runs slower than it could, joined by ", "; empty: it does not."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """lm-eval's own number for one metric of one task or group, to the last digit."""

    cell_id: str
    task: str
    filter: str
    metric: str
    value: float | None
    higher_is_better: bool | None
    is_group: bool
    n_docs: int | None
    version: str


@dataclass(frozen=True, slots=True)
class EngineRecord:
    """How the requests of one kind were computed in a cell, in the last session that asked any."""

    kind: RequestKind
    path: str
    """`shared`: what prompts have in common was computed once; `reference`: every request on its own."""
    reason: str = ""
    """Why the reference path was taken."""
    has_failed_check: bool | None = None
    """Whether it was taken because a check before any answer was kept found differences; None: not told."""
    n_checked: int = 0
    """Log-likelihoods, or generated tokens, compared with the reference before any answer was kept."""
    max_difference: float | None = None
    """Largest difference in that check: nats, or logits for generated tokens."""
    n_verified: int = 0
    """Log-likelihoods of random docs computed again the reference way (`--verify-scoring`)."""
    max_verified_difference: float | None = None
    """Nats."""
    tokens_asked: int | None = None
    """Tokens of all prompts with their answers."""
    tokens_computed: int | None = None
    """Tokens that went through the model."""
    n_near_ties: int = 0
    """Answers generated again alone, because two tokens were too close to call in a batch."""
    exactness: str = "exact"
    """`exact`: answers generated together are those of each alone; `fast`: a batch's rounding may change some."""
    turns: str = TURNS_AS_GIVEN
    """How prompts were written where the chat template refuses or drops turns: one of `TURNS`."""


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """Where requests of a cell went, and how well evalkit kept its own schedule, in the last session."""

    host: str
    """Host and port; never the path or the query."""
    api: str
    """Which of its vendor's APIs was asked, such as `chat`, `completions` or `messages`."""
    concurrency: int | None
    """Most requests at once; None in load tests: each of their steps has its own."""
    served_models: tuple[str, ...] = ()
    """Models the vendor says have answered: often more exact than the name that was asked for."""
    n_lags: int = 0
    """Readings of the event loop's lag."""
    lag_p50_s: float | None = None
    """How late evalkit's own timers came: an error of that size may be in every stamp."""
    lag_p99_s: float | None = None
    lag_max_s: float | None = None
    turns: str = TURNS_AS_GIVEN
    """How conversations were sent where the config says that the server takes them in no other way: one of `TURNS`."""


class SearchEnd(StrEnum):
    """Why a search for the highest sustained rate was over; in brackets the values that go with it."""

    FOUND = "found"
    """What was sustained and what was not are within the tolerance (passed, above)."""
    IN_DOUBT = "in_doubt"
    """As `FOUND`, but of the higher rate too little can be said (passed, above)."""
    HIGHEST = "highest"
    """The highest rate allowed was sustained (rate)."""
    NONE_HELD = "none_held"
    """Not even a rate at which most requests are alone was sustained (rate, e2e_s)."""
    NO_ANSWER = "no_answer"
    """Nothing was answered at any rate (rate)."""
    TOO_FEW = "too_few"
    """Steps had too few requests to judge (rate, n, needed; needed 0: more would not help)."""
    TIME = "time"
    """The next step would not end within the time limit (minutes, rate, next_s, left_s)."""
    UNSETTLED = "unsettled"
    """The target did not work off in time what a step had given up (waited_s)."""
    STEPS = "steps"
    """The search took as many steps as it may (steps)."""
    CLIENT = "client"
    """evalkit itself was the bottleneck (rate)."""


@dataclass(frozen=True, slots=True)
class SearchEnding:
    """How a search ended."""

    code: str
    """Which `SearchEnd` it is."""
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is and whether asking it costs money: data protection, budgets and prices go by this."""

    is_in_process: bool
    host: str | None = None
    """Where its requests go; None in process."""
    is_on_this_machine: bool = False
    """Whether that host is this machine."""
    is_billed: bool = True
    """Whether somebody may charge for what it is asked."""

    @property
    def is_declared(self) -> bool:
        """Whether its backend says where it is."""
        return self.is_in_process or self.host is not None


@dataclass(frozen=True, slots=True)
class CellRecord:
    """One cell of the matrix and how it ended."""

    cell_id: str
    model: str
    suite: str
    repeat: int
    state: str
    """`pending`, `running`, `done`, `failed`, `interrupted`, `skipped` (no key, no SDK: nothing was sent), `stopped`
    (budget or deadline)."""
    backend: str
    data_class: str
    n_docs: int
    n_requests: int
    load_s: float | None = None
    """Reading weights and tokenizer until the model can answer, in the last session."""
    reason: str | None = None
    """Why it failed, was skipped or stopped."""
    kv_budget_bytes: int | None = None
    """Memory for keys and values of shared prompts; kept over resumes, since it decides which passes are run."""
    engine: tuple[EngineRecord, ...] = ()
    endpoint: EndpointRecord | None = None
    """None in process."""
    mode: str = AS_IS
    """`as_is` or `generate`."""
    ending: SearchEnding | None = None
    """How a load test's search ended that is over."""
    place: Place | None = None
    """Where its backend says that the model is; None: written by an evalkit that did not ask."""

    @property
    def is_in_process(self) -> bool:
        """Whether the model was in evalkit's own process; where no place is kept, what sent no requests was."""
        return self.endpoint is None if self.place is None else self.place.is_in_process

    @property
    def host(self) -> str | None:
        """Where its requests went; None in process, before any was sent, and where nobody knows."""
        if self.endpoint is not None:
            return self.endpoint.host
        return None if self.place is None or self.state != "done" else self.place.host

    @property
    def turns(self) -> str:
        """How far the chat template or the server made evalkit move turns; one of `TURNS`."""
        found = [e.turns for e in (*self.engine, self.endpoint) if e is not None]
        return max(found, key=TURNS.index, default=TURNS_AS_GIVEN)
