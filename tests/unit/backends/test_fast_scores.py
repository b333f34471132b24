"""`generation: fast` scores the shipped generated tasks as `exact` does, within chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.stats import binomtest

from evalkit.backends.hf import HuggingFaceBackend
from evalkit.config import ModelSpec, SuiteSpec
from evalkit.engine import generation
from evalkit.engine.decode import Decoded, Decoder
from evalkit.harness.catalogue import load_tasks
from evalkit.harness.lm import BackendLM, CellContext
from evalkit.records import RequestKind
from tests.taught import taught_model

pytestmark = pytest.mark.model
TASKS = ("invoice_extraction", "grounded_qa", "table_arithmetic")
N_DOCS = 8
CHANCE = 0.01
"""Two ways of generating differ when chance alone would pull scores so far apart less often than this."""


@pytest.fixture(scope="module")
def tasks() -> dict[str, Any]:
    """The generated tasks with one example and the requests of a few docs."""
    suite = SuiteSpec(name="write", tasks=TASKS, num_fewshot=1)
    loaded: dict[str, Any] = load_tasks(suite, ())["tasks"]
    for task in loaded.values():
        task.build_all_requests(limit=N_DOCS)
    return loaded


@pytest.fixture(scope="module")
def taught(tasks: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the answers, but for those that rounding decides."""
    pairs = [
        (i.args[0], f"{task.config.target_delimiter}{task.doc_to_target(i.doc)}")
        for task in tasks.values()
        for i in task.instances
    ]
    return taught_model(tmp_path_factory.mktemp("taught"), pairs)


def scores(mode: str, taught: Path, tasks: dict[str, Any]) -> list[bool]:
    """Return which docs were answered right by answers generated together."""
    spec = {"name": "m", "source": str(taught), "device": "cpu", "dtype": "bfloat16"}
    spec |= {"generation": mode, "generate_batch_size": "auto"}
    backend = HuggingFaceBackend.open(ModelSpec.model_validate(spec))
    lm = BackendLM(backend, CellContext("m/write/0", 0, "hf"), {}, lambda *_: None)
    instances = [i for task in tasks.values() for i in task.instances]
    answers = lm.generate_until(instances)
    (record,) = [r for r in backend.engine_records() if r.kind == RequestKind.GENERATE]
    assert (record.path, record.exactness, record.reason) == ("shared", mode, "")
    assert (record.n_near_ties == 0) == (mode == "fast")
    return [
        tasks[i.task_name].process_results(i.doc, [a])["exact_match"] == 1
        for i, a in zip(instances, answers, strict=True)
    ]


def p_value(some: list[bool], others: list[bool]) -> float:
    """Return how often chance pulls paired scores this far apart (exact McNemar test)."""
    wins = sum(a > b for a, b in zip(some, others, strict=True))
    losses = sum(a < b for a, b in zip(some, others, strict=True))
    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


@pytest.fixture(scope="module")
def exact(taught: Path, tasks: dict[str, Any]) -> list[bool]:
    """Scores of answers that do not depend on who else is in the batch."""
    found = scores("exact", taught, tasks)
    assert sum(found) >= len(found) / 2, "the model knows too little for a difference to show"
    return found


def test_fast_answers_score_as_exact_ones_do(
    exact: list[bool], taught: Path, tasks: dict[str, Any]
) -> None:
    assert p_value(scores("fast", taught, tasks), exact) > CHANCE


def test_worse_rounding_would_show(
    exact: list[bool],
    taught: Path,
    tasks: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With noise in the logits that no rounding explains, the same comparison tells the two apart."""
    take = Decoder._take_tokens

    def noisy(
        decoder: Decoder, answers: list[Decoded], logits: torch.Tensor, *guessed: Any
    ) -> None:
        take(decoder, answers, logits + 4 * torch.randn_like(logits), *guessed)

    torch.manual_seed(1)
    monkeypatch.setattr(Decoder, "_take_tokens", noisy)
    monkeypatch.setattr(generation.Generation, "_self_check", lambda *_: None)
    assert p_value(scores("fast", taught, tasks), exact) <= CHANCE
