"""Accepted baselines: what is written is what is read, and nothing is changed unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.config.gate import GatePolicy
from evalkit.errors import DataError
from evalkit.gate.baseline import (
    Acceptance,
    last_baseline,
    pinned_baseline,
    read_baseline,
    read_chain,
    write_baseline,
)
from evalkit.gate.history import history_of
from evalkit.gate.open import open_side
from evalkit.gate.side import Side
from evalkit.gate.verdict import Asked, decide_gate
from tests.gate_runs import Made, side_of, with_losses

NOW = "2026-11-25T12:00:00+00:00"
ADA = Acceptance(NOW, "Ada", "first one")


def side(folder: Path, losses: int = 0, started: int = 0) -> Side:
    _, scores = with_losses(300, 150, losses)
    made = Made(
        {"t": scores}, started=started, ttft_ms=list(range(100, 400)), cost_usd=[0.001] * 300
    )
    return side_of(folder / f"runs{started}", made)


def test_a_baseline_compares_as_its_runs_do(tmp_path: Path) -> None:
    a, b = side(tmp_path), side(tmp_path, losses=9, started=1)
    write_baseline(tmp_path / "b", a, ADA, pin=False)
    read = open_side(tmp_path / "b", None, {}, option="--model")
    assert read.fact.is_accepted
    assert (read.fact.accepted_by, read.fact.accepted_reason) == ("Ada", "first one")
    asked = Asked(NOW, allowed=("order",))
    by_runs = decide_gate(a, b, GatePolicy(), asked)
    by_file = decide_gate(read, b, GatePolicy(), asked)
    assert by_file.rules == by_runs.rules
    assert by_file.verdict == by_runs.verdict


@pytest.mark.parametrize("share", [1 / 3, 2 / 3, 0.1234567])
def test_a_run_is_no_worse_than_the_baseline_made_from_it(tmp_path: Path, share: float) -> None:
    """A baseline keeps six figures of each score."""
    a = side_of(tmp_path / "runs", Made({"t": [share, 1.0, 0.0] * 20}))
    write_baseline(tmp_path / "b", a, ADA, pin=False)
    read = open_side(tmp_path / "b", None, {}, option="--model")
    found = decide_gate(read, a, GatePolicy(), Asked(NOW, allowed=("order",)))
    (accuracy,) = (r for r in found.rules if r.metric == "accuracy")
    assert (accuracy.wins, accuracy.losses, found.flips) == (0, 0, ())


def test_a_baseline_holds_no_texts(tmp_path: Path) -> None:
    file = write_baseline(tmp_path / "b", side(tmp_path), ADA, pin=False)
    text = file.read_text()
    assert "question" not in text
    assert "answer" not in text


def test_missing_scores_stay_missing(tmp_path: Path) -> None:
    a = side_of(tmp_path / "runs", Made({"t": [1.0, float("nan"), 0.0]}))
    file = write_baseline(tmp_path / "b", a, ADA, pin=False)
    assert '"acc":[1.0,null,0.0]' in file.read_text()
    scores = read_baseline(file, "b").side.tasks["s", "t"].scores["acc"]
    np.testing.assert_array_equal(scores, [1.0, np.nan, 0.0])


def test_a_sketch_of_latencies_is_kept_of_large_runs(tmp_path: Path) -> None:
    made = Made({"t": [1.0] * 1200}, ttft_ms=list(range(1200)))
    file = write_baseline(tmp_path / "b", side_of(tmp_path / "runs", made), ADA, pin=False)
    (run,) = read_baseline(file, "b").side.runs
    assert len(run.prompts) == 500
    assert np.median(run.latency["ttft"]) == pytest.approx(0.6, abs=0.01)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    file = write_baseline(tmp_path / "b", side(tmp_path), ADA, pin=False)
    file.write_text(file.read_text().replace("Ada", "Bob"))
    with pytest.raises(DataError, match="changed since it was accepted"):
        read_baseline(file, "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "can't be read"),
        ("[]", "not a baseline"),
        ('{"baseline_version": 99}', "version 99"),
        ("{", "can't be read"),
    ],
)
def test_what_is_no_baseline_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "0001.json"
    file.write_text(text)
    with pytest.raises(DataError, match=message) as error:
        read_baseline(file, "b")
    assert error.value.exit_code == 4


def test_baselines_form_a_chain_and_the_first_is_pinned(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    for i in range(3):
        write_baseline(folder, side(tmp_path, started=i), ADA, pin=False)
    chain = read_chain(folder, "b")
    assert [c.file.name for c in chain] == ["0001.json", "0002.json", "0003.json"]
    assert chain[1].previous == chain[0].digest
    last, pinned = last_baseline(folder, "b"), pinned_baseline(folder, "b")
    assert last is not None
    assert pinned is not None
    assert (last.digest, pinned.digest) == (chain[2].digest, chain[0].digest)
    write_baseline(folder, side(tmp_path, started=9), ADA, pin=True)
    newest = pinned_baseline(folder, "b")
    assert newest is not None
    assert newest.file.name == "0004.json"


def test_a_removed_link_of_the_chain_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    for i in range(3):
        write_baseline(folder, side(tmp_path, started=i), ADA, pin=False)
    (folder / "0002.json").unlink()
    with pytest.raises(DataError, match=r"0003\.json: does not follow 0001\.json"):
        read_chain(folder, "b")


def test_a_pin_that_names_nothing_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    write_baseline(folder, side(tmp_path), ADA, pin=False)
    (folder / "pinned").write_text("0007.json\n")
    with pytest.raises(DataError, match=r"0007\.json"):
        pinned_baseline(folder, "b")


def test_small_losses_add_up_against_the_pinned_baseline(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    for i, losses in enumerate((0, 6, 12, 18, 24)):
        write_baseline(folder, side(tmp_path, losses, started=i), ADA, pin=False)
    chain = read_chain(folder, "b")
    pinned = pinned_baseline(folder, "b")
    assert pinned is not None
    found = history_of(chain, pinned, None, GatePolicy(), NOW)
    assert [e.is_pinned for e in found.entries] == [True, False, False, False, False]
    assert found.since_pinned is not None
    assert found.since_last is not None
    accuracy = next(r for r in found.since_pinned.rules if r.metric == "accuracy")
    step = next(r for r in found.since_last.rules if r.metric == "accuracy")
    assert accuracy.damage == pytest.approx(0.08)
    assert accuracy.status == "fail"
    assert step.damage == pytest.approx(0.02)
    assert step.status != "fail"


def test_the_file_has_a_line_per_task_and_run(tmp_path: Path) -> None:
    a = side_of(tmp_path / "runs", Made({"t": [1.0] * 3, "u": [1.0] * 3}))
    file = write_baseline(tmp_path / "b", a, ADA, pin=False)
    lines = file.read_text().splitlines()
    assert sum(line.startswith('  {"suite"') for line in lines) == 2
    assert json.loads(file.read_text())["baseline_version"] == 1
