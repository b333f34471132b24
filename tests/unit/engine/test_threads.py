"""Threads follow the free cores, but not every flicker; numbers do not follow the threads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch

from evalkit.cli.processors import SETTINGS, share_processors
from evalkit.engine.threads import FreeCores, Threads
from evalkit.meters.cores import Work
from evalkit.records import NS_PER_S


def readings(others: list[float], n: int, step_s: float, quota: float | None) -> Iterator[Work]:
    """Yield counters of a machine on which others keep so many cores busy."""
    used = 0.0
    yield Work(0, n, quota, 0.0, 0.0)
    for i, cores in enumerate(others, start=1):
        used += cores * step_s
        yield Work(round(i * step_s * NS_PER_S), n, quota, used, 0.0)


def advice(
    others: list[float], n: int, most: int, step_s: float = 2.0, quota: float | None = None
) -> list[int]:
    source = readings(others, n, step_s, quota)
    cores = FreeCores(most, lambda: next(source))
    return [cores.advise() for _ in others]


@pytest.mark.parametrize(
    ("others", "n", "most", "expected"),
    [
        ([0, 0], 2, 2, [2, 2]),
        ([1, 1, 0], 2, 2, [1, 1, 2]),
        ([2, 9], 2, 2, [1, 1]),
        ([0.7, 0.3, 0.5], 2, 2, [1, 2, 2]),
        ([0.4, 0.5, 0.4], 2, 2, [2, 2, 2]),
        ([0.9, 0.5, 0.55], 2, 2, [1, 1, 1]),
        ([1, 4, 0], 8, 8, [7, 4, 8]),
        ([4, 4.4, 3.5], 8, 8, [4, 4, 4]),
        ([6, 2, 0], 8, 4, [2, 4, 4]),
        ([0, 0], 8, 1, [1, 1]),
    ],
)
def test_threads_are_the_cores_that_are_free(
    others: list[float], n: int, most: int, expected: list[int]
) -> None:
    assert advice(others, n, most) == expected


def test_a_quota_bounds_them() -> None:
    assert advice([0, 0], 64, 64, quota=2.0) == [2, 2]
    assert advice([0], 64, 64, quota=0.4) == [1]


def test_a_look_needs_a_window() -> None:
    assert advice([2, 2, 2, 0, 0, 0], 2, 2, step_s=0.4) == [2, 2, 1, 1, 1, 2]


def test_only_models_on_a_processor_are_adjusted(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(FreeCores, "advise", lambda _self: 3)
    assert list(Threads(torch.device("cuda")).between(iter("ab"))) == ["a", "b"]
    assert given == []
    assert list(Threads(torch.device("cpu")).between(iter("ab"))) == ["a", "b"]
    assert given == [3, 3, 3]


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    share_processors()
    assert {name: os.environ[name] for name in SETTINGS} == {
        **SETTINGS,
        "OMP_WAIT_POLICY": "ACTIVE",
    }


_SUMS = """
import torch
def all_products():
    draw = torch.Generator().manual_seed(1)
    for dtype in (torch.float32, torch.bfloat16):
        for k, n in ((576, 192), (64, 1536)):
            weight = torch.randn(n, k, generator=draw).to(dtype)
            for m in (1, 5, 7, 11, 16, 33, 257):
                yield torch.nn.functional.linear(torch.randn(m, k, generator=draw).to(dtype), weight)
found = []
for threads in (1, 2, 3):
    torch.set_num_threads(threads)
    found.append(list(all_products()))
print(all(torch.equal(a, b) for other in found[1:] for a, b in zip(found[0], other)))
"""


def test_numbers_do_not_depend_on_the_threads() -> None:
    env = {**os.environ, **SETTINGS, "OMP_NUM_THREADS": "3"}
    done = subprocess.run(
        [sys.executable, "-c", _SUMS], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout.split() == ["True"]
