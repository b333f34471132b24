"""lm-eval's LM interface over a backend: every request is recorded as it is answered, and never asked twice."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.models.utils import normalize_gen_kwargs

from evalkit.backends.base import (
    Backend,
    Batch,
    GenerateRequest,
    Outcome,
    ScoreRequest,
    Sending,
    most_usage,
)
from evalkit.engine.values import GenerationSettings
from evalkit.errors import DataError, ScoringError
from evalkit.harness.drawn import drawn_docs, random_docs
from evalkit.records import CUT_THINKING, Answer, Attempt, Request, RequestKind, SentAttempt, Usage

log = logging.getLogger("evalkit")
DEFAULT_MAX_TOKENS = 256
"""When a task does not say; lm-eval's Hugging Face backend uses the same."""
_WARMUP_TOKENS = 4
_SETTINGS = {"until", "max_gen_toks", "do_sample", "temperature", "top_p"}


@dataclass(frozen=True, slots=True)
class CellContext:
    """What belongs into every record of a cell."""

    cell_id: str
    session: int
    backend_name: str
    most_usd: Callable[[Usage], float | None] = lambda _: None
    """What a request that uses at most this much can cost; None where nobody charges or the price is unknown."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Which docs with generated answers are asked alone, so that their latency is measured."""

    n_docs: int | None
    """Drawn at random; None: all."""
    seed: str
    """Seed of the draw; without the model's name, so that all models are timed on the same docs."""


class BackendLM(LM):  # type: ignore[misc]
    """Hands lm-eval's requests to a backend.

    Args:
        backend: A loaded model.
        context: Identifies the cell and the session.
        known: Answered requests of earlier sessions, by request id.
        record: Makes answers, and notices of sending, durable; called before the next batch starts.
        earlier: Attempts of earlier sessions, by request id, for requests that still need an answer.
        verify_docs: Random docs per task whose log-likelihoods are computed again the reference way.
        timed: Docs whose latency is measured; None: none.
    """

    def __init__(
        self,
        backend: Backend,
        context: CellContext,
        known: Mapping[str, Request],
        record: Callable[[list[Request], list[SentAttempt]], None],
        earlier: Mapping[str, Sequence[Attempt]] | None = None,
        verify_docs: int = 0,
        timed: Timed | None = None,
    ) -> None:
        super().__init__()
        self._earlier = earlier or {}
        self.failed_docs: set[tuple[str, int]] = set()
        """Task and doc id of requests that got no answer, and of docs whose choices are all impossible."""
        self.tool_calls: dict[tuple[str, int], Answer] = {}
        """Task and doc id → the answer that calls tools."""
        self._verify_docs = verify_docs
        self._timed = timed or Timed(0, "")
        self._backend = backend
        self._context = context
        self._known = known
        self._write = record
        self._warm: set[RequestKind] = set()
        self._has_warned = False

    @property
    def tokenizer_name(self) -> str:
        """Part of lm-eval's cache keys."""
        return self._backend.tokenizer_name

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """Write a conversation as the model expects it."""
        return self._backend.render_chat(chat_history, add_generation_prompt)

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """Score continuations, in the order of the requests."""
        wanted = [ScoreRequest(*instance.args) for instance in requests]
        asker = _Asker(RequestKind.LOGLIKELIHOOD, requests, wanted, self._backend.score)
        answers = self._ask(asker, lambda: _shortest(wanted, lambda r: r.context + r.continuation))
        self._verify(asker, answers)
        self.failed_docs |= _undecided_docs(requests, answers)
        return [(a.loglikelihood or 0.0, bool(a.is_greedy)) for a in answers]

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Score whole texts, in the order of the requests."""
        wanted = [instance.args[0] for instance in requests]
        asker = _Asker(RequestKind.ROLLING, requests, wanted, self._backend.score_rolling)
        answers = self._ask(asker, lambda: _shortest(wanted, lambda text: text))
        self._verify(asker, answers)
        return [a.loglikelihood or 0.0 for a in answers]

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """Generate answers, in the order of the requests."""
        timed = drawn_docs(requests, self._timed.n_docs, self._timed.seed)
        wanted = [
            GenerateRequest(i.args[0], generation_settings(i.args[1]), p in timed)
            for p, i in enumerate(requests)
        ]
        asker = _Asker(RequestKind.GENERATE, requests, wanted, self._backend.generate)
        answers = self._ask(asker, lambda: _brief(wanted))
        return [a.text or "" for a in answers]

    def _ask(self, asker: _Asker, warm_up: Callable[[], Any]) -> list[Answer]:
        """Return an answer per request: known ones from earlier sessions, the others from the backend.

        A request that got no answer counts as an empty one here and its doc as failed: it will not be scored.
        """
        ids, hashes = _request_ids(self._context.cell_id, asker), asker.hashes()
        answers: dict[int, Answer] = {}
        for position, request_id in enumerate(ids):
            if request_id in self._known:
                answers[position] = _known_answer(self._known[request_id], hashes[position])
        if len(answers) < len(ids):
            self._warm_up(asker, warm_up)
        done = frozenset(answers)
        for batch in asker.run(asker.wanted, done, self._earlier_batch_size(asker.kind)):
            fresh = {p: o for p, o in batch if p not in done and isinstance(o, Outcome)}
            records = [
                self._request(asker, p, ids[p], hashes[p], o, True) for p, o in fresh.items()
            ]
            sent = [self._sent(asker, p, ids[p], o) for p, o in batch if isinstance(o, Sending)]
            self._write(records, sent)
            self._warn_of_thoughts(fresh.values())
            answers.update({p: _answer(outcome) or Answer() for p, outcome in fresh.items()})
        self._note_kinds(asker, answers)
        return [answers[position] for position in range(len(ids))]

    def _warn_of_thoughts(self, outcomes: Iterable[Outcome]) -> None:
        """Tell once, while there is time to end the run, that thoughts leave no room for answers."""
        is_cut = any(CUT_THINKING in o.flags and o.finish_reason == "length" for o in outcomes)
        if is_cut and not self._has_warned:
            self._has_warned = True
            log.warning(
                "%s: the model thinks, and an answer was cut at max_tokens before it began; set the model's"
                " generation.max_tokens so that thoughts and answer fit",
                self._context.cell_id,
            )

    def _note_kinds(self, asker: _Asker, answers: Mapping[int, Answer]) -> None:
        """Note which docs got no answer, and which one of another kind than asked for."""
        for position, answer in answers.items():
            instance = asker.instances[position]
            doc = str(instance.task_name), int(instance.doc_id or 0)
            if not answer.is_given:
                self.failed_docs.add(doc)
            if answer.tool_calls:
                self.tool_calls.setdefault(doc, answer)

    def _verify(self, asker: _Asker, answers: Sequence[Answer]) -> None:
        """Compute the log-likelihoods of random docs again.

        Raises:
            ScoringError: They differ by more than rounding explains.
        """
        if not self._verify_docs:
            return
        chosen = random_docs(asker.instances, self._verify_docs, self._context.cell_id)
        comparison = self._backend.verify(
            asker.kind, [asker.wanted[p] for p in chosen], [answers[p] for p in chosen]
        )
        if comparison.disagreements:
            raise ScoringError(
                f"{len(comparison.disagreements)} of {comparison.n} log-likelihoods of"
                f" {self._context.cell_id} are not the reference's: {comparison.disagreements[0]}.",
                "Set `scoring: reference` for this model, and report the model: this is a defect.",
            )

    def _earlier_batch_size(self, kind: RequestKind) -> int | None:
        """Return what an earlier session chose; memory may be tighter or wider now, the batches must be the same."""
        sizes = [r.batch_size for r in self._known.values() if r.kind == kind]
        return max(sizes, default=None)

    def _warm_up(self, asker: _Asker, warm_up: Callable[[], Any]) -> None:
        """Ask one short request first: the first pass pays for lazy initialisation. Recorded, never counted."""
        if asker.kind in self._warm:
            return
        self._warm.add(asker.kind)
        request_id = f"{self._context.cell_id}/{asker.kind}/warmup/{self._context.session}"
        for batch in asker.run([warm_up()], frozenset(), None):
            outcomes = [o for _, o in batch if isinstance(o, Outcome)]
            records = [self._request(asker, 0, request_id, "", o, False) for o in outcomes]
            self._write(
                records,
                [self._sent(asker, 0, request_id, o) for _, o in batch if isinstance(o, Sending)],
            )

    def _sent(self, asker: _Asker, position: int, request_id: str, sending: Sending) -> SentAttempt:
        n_before = len(self._earlier.get(request_id, ()))
        failed = sending.failed
        return SentAttempt(
            request_id=request_id,
            cell_id=self._context.cell_id,
            session=self._context.session,
            number=sending.number + n_before,
            t_queued_ns=sending.t_queued_ns,
            reserved_usd=self._reserved(sending.reserved_usd, asker, position),
            failed=failed and replace(failed, number=failed.number + n_before),
        )

    def _request(
        self,
        asker: _Asker,
        position: int,
        request_id: str,
        prompt_hash: str,
        outcome: Outcome,
        is_measured: bool,
    ) -> Request:
        instance = asker.instances[position]
        earlier = tuple(self._earlier.get(request_id, ()))
        made = [
            replace(a, reserved_usd=self._reserved(a.reserved_usd, asker, position))
            if a.cost_usd is None
            else a
            for a in outcome.attempts or (_attempt(outcome, self._context.session),)
        ]
        attempts = (*earlier, *(replace(a, number=a.number + len(earlier)) for a in made))
        return Request(
            request_id=request_id,
            cell_id=self._context.cell_id,
            session=self._context.session,
            task=str(instance.task_name),
            doc_id=int(instance.doc_id or 0),
            index=instance.idx,
            repeat=int(request_id.rpartition("/")[2]) if is_measured else 0,
            kind=asker.kind,
            backend=self._context.backend_name,
            prompt_hash=prompt_hash,
            is_measured=is_measured,
            is_timed=outcome.is_timed,
            batch_size=outcome.batch_size,
            input_tokens=outcome.input_tokens,
            output_tokens=outcome.output_tokens,
            reasoning_tokens=outcome.reasoning_tokens,
            finish_reason=outcome.finish_reason,
            flags=outcome.flags,
            attempts=attempts,
            answer=_answer(outcome) if is_measured else None,
        )

    def _reserved(self, told: float | None, asker: _Asker, position: int) -> float | None:
        """Return what was set aside for a request; where nobody tells, what it can cost at most."""
        if told is not None:
            return told
        wanted = asker.wanted[position]
        if isinstance(wanted, GenerateRequest):
            most = most_usage(wanted.prompt, wanted.settings.max_tokens)
        else:
            most = most_usage(wanted if isinstance(wanted, str) else "".join(astuple(wanted)), 1)
        return self._context.most_usd(most)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Requests of one kind and the backend method that answers them."""

    kind: RequestKind
    instances: Sequence[Instance]
    wanted: Sequence[Any]
    run: Callable[[Sequence[Any], Collection[int], int | None], Iterator[Batch]]

    def hashes(self) -> list[str]:
        """Return what identifies each prompt, so that a resumed run notices changed data."""
        return [hash_arguments(instance.args) for instance in self.instances]


def _undecided_docs(
    instances: Sequence[Instance], answers: Sequence[Answer]
) -> set[tuple[str, int]]:
    """Return docs whose choices all have the log-likelihood minus infinity: none of them is the likeliest."""
    best: dict[tuple[str, int], float] = {}
    for instance, answer in zip(instances, answers, strict=True):
        doc = str(instance.task_name), int(instance.doc_id or 0)
        value = 0.0 if answer.loglikelihood is None else answer.loglikelihood
        best[doc] = max(value, best.get(doc, -math.inf))
    return {doc for doc, value in best.items() if value == -math.inf}


def most_tokens(instance: Instance) -> int:
    """Return how many tokens a request may generate; 0 where it generates none."""
    if instance.request_type != "generate_until":
        return 0
    return generation_settings(instance.args[1]).max_tokens


def hash_arguments(arguments: tuple[Any, ...]) -> str:
    """Return the SHA-256 of a request's prompt with its continuation or settings."""
    text = json.dumps(arguments, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _request_ids(cell_id: str, asker: _Asker) -> list[str]:
    """Return `cell/kind/task/doc/index/repeat`; lm-eval repeats a request by listing it several times."""
    seen: Counter[str] = Counter()
    ids = []
    for instance in asker.instances:
        base = f"{cell_id}/{asker.kind}/{instance.task_name}/{instance.doc_id}/{instance.idx}"
        ids.append(f"{base}/{seen[base]}")
        seen[base] += 1
    return ids


def _known_answer(request: Request, prompt_hash: str) -> Answer:
    if request.prompt_hash != prompt_hash:
        raise DataError(
            f"{request.request_id}: the prompt is not the one that was answered before.",
            "Task data, chat template or lm-eval changed: start a new run.",
        )
    return request.answer or Answer()


def generation_settings(arguments: dict[str, Any]) -> GenerationSettings:
    """Return a task's generation arguments as settings."""
    kwargs = normalize_gen_kwargs(arguments, DEFAULT_MAX_TOKENS)
    stop = kwargs.get("until") or []
    extra = tuple(sorted((k, v) for k, v in kwargs.items() if k not in _SETTINGS))
    return GenerationSettings(
        max_tokens=kwargs["max_gen_toks"],
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        do_sample=bool(kwargs.get("do_sample")),
        temperature=kwargs.get("temperature"),
        top_p=kwargs.get("top_p"),
        extra=extra,
    )


def _shortest(wanted: Sequence[Any], text: Callable[[Any], str]) -> Any:
    return min(wanted, key=lambda request: len(text(request)))


def _brief(wanted: Sequence[GenerateRequest]) -> GenerateRequest:
    """Return the shortest request with a short answer, to be asked alone where all are: no batch needs a proof then."""
    request = _shortest(wanted, lambda r: r.prompt)
    few = min(_WARMUP_TOKENS, request.settings.max_tokens)
    is_alone = all(r.is_timed for r in wanted)
    return GenerateRequest(
        request.prompt, GenerationSettings(max_tokens=few), is_alone, is_warm_up=True
    )


def _attempt(outcome: Outcome, session: int) -> Attempt:
    return Attempt(
        number=0,
        session=session,
        status="ok",
        t_intended_ns=outcome.t_send_ns,
        t_queued_ns=outcome.t_send_ns,
        t_send_ns=outcome.t_send_ns,
        t_headers_ns=None,
        t_end_ns=outcome.t_end_ns,
        events=outcome.events,
    )


def _answer(outcome: Outcome) -> Answer | None:
    if not outcome.is_answered:
        return None
    return Answer(
        text=outcome.text,
        raw=outcome.raw,
        thoughts=outcome.thoughts,
        loglikelihood=outcome.loglikelihood,
        is_greedy=outcome.is_greedy,
        mean_logprob=outcome.mean_logprob,
        tool_calls=outcome.tool_calls,
    )
