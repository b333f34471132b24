"""Boards through the real NVML binding against a compiled stub: what they tell, and what breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.meters.board import throttle_words
from evalkit.meters.nvml import open_gpus
from tests.unit.meters.stub import build, read, run

TOLD = (
    "memory_used_bytes",
    "memory_process_bytes",
    "power_w",
    "energy_j",
    "utilisation_percent",
    "temperature_c",
    "clock_mhz",
    "throttle_reasons",
)


def missing(reading: dict[str, object]) -> set[str]:
    return {name for name in TOLD if reading[name] is None}


def test_a_machine_without_nvml_says_why() -> None:
    gpus = open_gpus()
    if gpus.info():
        pytest.skip("this machine has a GPU; the stub tests cover the binding")
    assert gpus.read() == ()
    assert gpus.driver() is None
    assert "NVML" in gpus.reason


def test_a_board_is_read_through_the_real_binding(stub: Path) -> None:
    code = "answer = gpus.info(), gpus.read(), gpus.reason, gpus.driver()"
    (info,), (reading,), reason, driver = run(stub, code)
    assert info == {
        "index": 0,
        "name": "Stub GPU",
        "uuid": "GPU-00000000-stub",
        "memory_bytes": 80_000_000_000,
        "power_is_instant": True,
    }
    assert reason == ""
    assert driver == "575.00"
    assert reading["memory_used_bytes"] == 1_000_000_000, "v2: without what the driver reserves"
    assert reading["memory_process_bytes"] == 700_000_000
    assert reading["power_w"] == 60.0
    assert reading["energy_j"] == 5012.0, "in steps of 0.1 s"
    assert reading["utilisation_percent"] == 37.0
    assert reading["temperature_c"] == 45.0
    assert reading["clock_mhz"] == 1410.0
    assert reading["throttle_reasons"] == "power cap", "idle is no throttling"


def test_every_board_is_read(stub: Path) -> None:
    readings = read(stub, STUB_BOARDS="3")
    assert [r["index"] for r in readings] == [0, 1, 2]
    assert [r["power_w"] for r in readings] == [60.0, 120.0, 180.0]


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("1", [1]),
        ("2,0", [2, 0]),
        ("0,7,1", [0]),
        ("GPU-1,GPU-2", [1, 2]),
        ("GPU-10000000-stub", [1]),
        ("MIG-20000000-stub", [2]),
        ("MIG-GPU-10000000-stub/1/0", [1]),
        ("MIG-90000000-stub", []),
        ("", []),
        ("-1", []),
    ],
)
def test_only_boards_visible_to_cuda_are_read(
    stub: Path, visible: str, expected: list[int]
) -> None:
    code = "answer = gpus.read(), [i.index for i in gpus.info()], gpus.reason"
    readings, infos, reason = run(stub, code, STUB_BOARDS="3", CUDA_VISIBLE_DEVICES=visible)
    assert [r["index"] for r in readings] == infos == expected, "physical, in CUDA's order"
    assert [r["cuda_index"] for r in readings] == list(range(len(expected)))
    assert reason == ("" if expected else f"CUDA_VISIBLE_DEVICES={visible!r} leaves no GPU visible")


def test_a_servers_own_visible_boards_can_be_asked_for(stub: Path) -> None:
    code = "answer = open_gpus({'CUDA_VISIBLE_DEVICES': '1'}).info()"
    (info,) = run(stub, code, STUB_BOARDS="2", CUDA_VISIBLE_DEVICES="0")
    assert info["index"] == 1


def test_without_instant_power_its_mean_is_told_and_marked(stub: Path) -> None:
    code = "answer = gpus.info()[0].power_is_instant, gpus.read()[0].power_w"
    is_instant, power_w = run(stub, code, STUB_NO_INSTANT="1")
    assert is_instant is False
    assert power_w == 270.0, (
        "the mean of the last second: three quarters of it at 340 W, the rest at 60 W"
    )
    is_instant, power_w = run(stub, code, STUB_NO_POWER="1")
    assert is_instant is None
    assert power_w is None


def test_mig_tells_nothing_that_belongs_to_the_whole_board(stub: Path) -> None:
    first, second = read(stub, STUB_BOARDS="2", STUB_MIG="1", STUB_FAULT_BOARD="0")
    assert missing(first) == {"energy_j", "power_w", "utilisation_percent"}
    assert missing(second) == set()


@pytest.mark.parametrize(
    ("processes", "pids", "expected"),
    [
        ("11:100,12:200,13:400", [11, 13, 99], 500),
        ("11:100", [12], None),
        ("11:100,12:na", [11, 12], None),
        ("11:100,12:na", [11], 100),
        ("", [11], None),
    ],
)
def test_process_memory_is_that_of_the_processes_asked_for(
    stub: Path, processes: str, pids: list[int], expected: int | None
) -> None:
    code = f"answer = gpus.read({pids})[0].memory_process_bytes"
    assert run(stub, code, STUB_PROCESSES=processes) == expected


def test_an_old_driver_falls_back_to_memory_v1(stub: Path) -> None:
    assert read(stub, STUB_V1="1")[0]["memory_used_bytes"] == 1_900_000_000


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (0, ""),
        (0x1 | 0x2, ""),
        (0x4 | 0x20, "power cap, thermal slowdown"),
        (0x8 | 0x10 | 0x40 | 0x80, "hw slowdown, sync boost, hw thermal slowdown, hw power brake"),
        (0x4 | 0x1000, "power cap, unknown 0x1000"),
    ],
)
def test_throttling_is_told_in_words(bits: int, words: str) -> None:
    assert throttle_words(bits) == words


def test_symbols_an_older_driver_lacks_cost_their_field_only(tmp_path: Path) -> None:
    old = build(tmp_path, "ENERGY", "CLOCK", "PROCESSES", "EVENT_REASONS", "FIELD_VALUES")
    (reading,) = read(old, STUB_REASONS="0x20")
    assert missing(reading) == {"energy_j", "clock_mhz", "memory_process_bytes"}
    assert reading["throttle_reasons"] == "thermal slowdown", "by the function's older name"
    assert reading["power_w"] is not None


def test_what_may_not_be_read_is_missing(stub: Path) -> None:
    (reading,) = read(stub, STUB_NO_PERMISSION="1")
    assert missing(reading) == {"energy_j", "power_w", "memory_process_bytes"}


def test_energy_that_is_not_supported_is_missing_not_zero(stub: Path) -> None:
    (reading,) = read(stub, STUB_NO_ENERGY="1")
    assert missing(reading) == {"energy_j"}


def test_a_lost_board_reads_nothing_and_the_others_go_on(stub: Path) -> None:
    code = "first = gpus.read()\nset_time(0.35)\nanswer = first, gpus.read(), gpus.read()"
    flags = {"STUB_BOARDS": "2", "STUB_FAULT_BOARD": "0", "STUB_LOST_AFTER_S": "0.3"}
    before, after, later = run(stub, code, **flags)
    assert [missing(r) for r in before] == [set(), set()]
    for readings in (after, later):
        assert [r["index"] for r in readings] == [0, 1]
        assert [missing(r) for r in readings] == [set(TOLD), set()]


def test_a_board_that_can_not_be_opened_is_left_out(stub: Path) -> None:
    readings = read(stub, STUB_BOARDS="2", STUB_FAULT_BOARD="0", STUB_NO_HANDLE="1")
    assert [r["index"] for r in readings] == [1]
