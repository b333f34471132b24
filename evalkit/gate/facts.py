"""What a gate says, as values. Reports, JSON and JUnit draw from this and compute nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from evalkit.wording import NOTHING, Said

GATE_VERSION = 1


class Status(StrEnum):
    """What the interval says about a margin."""

    PASS = "pass"
    """The whole interval keeps it."""
    IMPROVED = "improved"
    """The rule is kept, and the candidate is surely better than the baseline."""
    FAIL = "fail"
    """The whole interval breaks it."""
    INCONCLUSIVE = "inconclusive"
    """The interval lies on both sides: too few documents or runs, or they do not compare."""
    MISSING = "missing"
    """One side was not measured, or neither."""


KEPT = frozenset({Status.PASS, Status.IMPROVED})


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule on one task, or on everything, with its verdict.

    `change` rules compare: `damage` is how much worse the candidate is (negative: better), `least` and `most` its
    one-sided bounds, each at the policy's confidence, and `margin` what is allowed; as shares of 1 where `scale` is
    `points`, relative to the baseline (0.1: a tenth more or less) where it is `relative`.

    `at_least` and `at_most` rules look at the candidate alone: `margin` is the limit, `least` and `most` are the bounds
    of the candidate's value, in the metric's base unit (share of 1, s, bytes, J/token, USD, requests/s).
    """

    rule: int
    """Place in the policy, from 0."""
    metric: str
    kind: str
    """`change`, `at_least` or `at_most`."""
    suite: str | None
    task: str | None
    """None: over all tasks."""
    score: str
    """The task's own metric it rests on, such as `exact_match`; empty where there is none."""
    tier: str
    status: Status
    scale: str
    """`points`, `relative`, or `class` (licences)."""
    baseline: float | None
    candidate: float | None
    """Values of both sides in the metric's base unit; of licences nothing."""
    damage: float | None
    least: float | None
    most: float | None
    margin: float | None
    n: int
    n_unit: str
    """`docs`, `clusters` or `runs`; of `runs`, n is that of the side with fewer."""
    method: Said
    """How the interval was computed; empty where there is none."""
    wins: int | None = None
    """Documents on which the candidate is better."""
    losses: int | None = None
    p_worse: float | None = None
    """One-sided p-value of "the candidate is no worse"."""
    p_holm: float | None = None
    """`p_worse` after Holm's correction over all rules of this gate."""
    is_regressed: bool = False
    """Surely worse than the baseline, whatever the margin, with that correction."""
    reason: Said = NOTHING
    """Why it is missing or can't be decided, or what was found on a licence; else empty."""

    @property
    def key(self) -> str:
        """Name the rule: `accuracy:choose/ticket_routing`, `ttft_p50`, `accuracy:… at_least`."""
        where = f":{self.suite}/{self.task}" if self.task else ""
        return f"{self.metric}{where}" + ("" if self.kind == "change" else f" {self.kind}")


@dataclass(frozen=True, slots=True)
class SideFact:
    """What was compared."""

    label: str
    """Folder or file, without the machine's own folders."""
    is_accepted: bool
    """An accepted baseline, not runs."""
    model: str
    source: str
    revision: str | None
    licence: str | None
    hardware: str
    n_runs: int
    n_docs: int
    first_run: str
    """ISO 8601, UTC."""
    last_run: str
    accepted_at: str | None = None
    accepted_by: str | None = None
    accepted_reason: str | None = None
    digest: str | None = None
    """SHA-256 of an accepted baseline."""
    weights: str | None = None
    """SHA-256 over the hashes of the model's files; None behind an API."""
    software: str = ""
    """Versions of what computed it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One condition under which the two sides were not measured alike."""

    name: str
    """What `--allow` calls it, such as `fewshot`."""
    where: str
    """Suite, task, or `hardware`."""
    baseline: str
    candidate: str
    is_allowed: bool
    is_fatal: bool = True
    """Nothing can be compared; else only latency, memory and energy can't."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A document that one side got right (or better) and the other did not."""

    suite: str
    task: str
    doc_id: int
    score: str
    baseline: float
    candidate: float
    is_worse: bool
    prompt: str | None = None
    """None: an accepted baseline holds no texts, and neither side has it."""
    target: str | None = None
    baseline_answer: str | None = None
    candidate_answer: str | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict of a gate, or (without a policy) of a comparison."""

    gate_version: int
    evalkit_version: str
    decided_at: str
    """ISO 8601, UTC."""
    policy: str | None
    """Name of the policy; None for `evalkit compare`: then nothing is judged."""
    confidence: float
    verdict: Status
    """PASS, FAIL or INCONCLUSIVE: of all critical and supporting rules together."""
    exit_code: int
    on_inconclusive: str
    """What an undecided critical rule does: `fail`, `hold` or `pass`."""
    on_missing: str
    """What a critical rule does whose metric was not measured."""
    baseline: SideFact
    candidate: SideFact
    rules: tuple[RuleResult, ...]
    differences: tuple[Difference, ...]
    flips: tuple[Flip, ...]
    """Worst first; as many as were asked for."""
    n_worse: int
    """Flips for the worse, all tasks."""
    n_better: int
    warnings: tuple[Said, ...] = ()


def gate_to_json(result: GateResult) -> bytes:
    """Encode a result; a missing number is null."""
    return TypeAdapter(GateResult).dump_json(result, indent=2) + b"\n"


def gate_schema() -> dict[str, Any]:
    """Return the JSON Schema of `gate_to_json`."""
    schema = TypeAdapter(GateResult).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
