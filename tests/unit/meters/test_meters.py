"""Host and GPU readings, with the real NVML binding against a compiled stub."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalkit.meters.host import HostProbe
from evalkit.meters.nvml import NoGpus, open_gpus
from evalkit.meters.telemetry import TelemetrySampler

STUB = Path(__file__).with_name("nvml_stub.c")


def test_the_peak_sees_memory_that_is_gone_again() -> None:
    probe = HostProbe()
    before = probe.read()
    block = bytearray(200_000_000)
    block[::4096] = b"x" * len(block[::4096])
    del block
    after = probe.read()
    assert after.rss_peak_bytes - before.rss_bytes > 150_000_000
    assert after.rss_bytes < after.rss_peak_bytes


def test_a_reset_forgets_the_peak_and_the_cpu_time() -> None:
    probe = HostProbe()
    block = bytearray(200_000_000)
    block[::4096] = b"x" * len(block[::4096])
    high = probe.read()
    del block
    probe.reset()
    low = probe.read()
    assert low.rss_peak_bytes < high.rss_peak_bytes - 100_000_000
    assert low.cpu_s <= high.cpu_s


def test_other_programs_that_keep_the_machine_busy_are_seen() -> None:
    probe = HostProbe()
    subprocess.run([sys.executable, "-c", "sum(range(30_000_000))"], check=True)
    reading = probe.read()
    assert reading.others_cpu_s > 0.1
    assert reading.cpu_s < reading.others_cpu_s


def test_the_sampler_reads_at_start_at_end_and_in_between() -> None:
    sampler = TelemetrySampler("c", 0, NoGpus("none"), interval_s=0.02)
    with sampler:
        time.sleep(0.2)
    readings = sampler.drain()
    assert len(readings) >= 4
    assert [r.t_ns for r in readings] == sorted(r.t_ns for r in readings)
    assert {r.device for r in readings} == {"host"}
    assert all(r.energy_j is None for r in readings)
    assert sampler.drain() == []


def test_a_machine_without_nvml_says_why() -> None:
    gpus = open_gpus()
    if gpus.info():
        pytest.skip("this machine has a GPU; the stub tests cover the binding")
    assert gpus.read() == ()
    assert gpus.driver() is None
    assert "NVML" in gpus.reason


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to build the NVML stub with")
    folder = tmp_path_factory.mktemp("nvml")
    out = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(out), str(STUB)], check=True)
    return folder


def read_stub(stub: Path, **flags: str) -> dict[str, object]:
    """Read the stub's board in a process of its own, since NVML is loaded once per process."""
    code = (
        "import json, time, dataclasses\n"
        "from evalkit.meters.nvml import open_gpus\n"
        "gpus = open_gpus()\n"
        "first = gpus.read()[0]\n"
        "time.sleep(0.55)\n"
        "second = gpus.read()[0]\n"
        "print(json.dumps({'info': dataclasses.asdict(gpus.info()[0]), 'reason': gpus.reason,\n"
        "  'driver': gpus.driver(), 'first': dataclasses.asdict(first), 'second': dataclasses.asdict(second)}))\n"
        "gpus.close()"
    )
    environment = {**os.environ, "LD_LIBRARY_PATH": str(stub), **flags}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_board_is_read_through_the_real_binding(stub: Path) -> None:
    found = read_stub(stub)
    first = found["first"]
    assert isinstance(first, dict)
    assert found["info"] == {
        "index": 0,
        "name": "Stub GPU",
        "uuid": "GPU-stub",
        "memory_bytes": 80_000_000_000,
    }
    assert found["reason"] == ""
    assert found["driver"] == "575.00"
    assert first["memory_used_bytes"] == 1_000_000_000, "v2: without what the driver reserves"
    assert first["memory_process_bytes"] == 700_000_000
    assert first["power_w"] == 100.0
    assert first["utilisation_percent"] == 37.0
    assert first["temperature_c"] == 45.0


def test_energy_follows_the_counter(stub: Path) -> None:
    found = read_stub(stub)
    first, second = found["first"], found["second"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert 40.0 <= second["energy_j"] - first["energy_j"] <= 200.0


def test_an_old_driver_falls_back_to_memory_v1(stub: Path) -> None:
    first = read_stub(stub, STUB_V1="1")["first"]
    assert isinstance(first, dict)
    assert first["memory_used_bytes"] == 1_900_000_000


@pytest.mark.parametrize("flag", ["STUB_NO_ENERGY", "STUB_MIG"])
def test_energy_that_can_not_be_had_is_missing_not_zero(stub: Path, flag: str) -> None:
    first = read_stub(stub, **{flag: "1"})["first"]
    assert isinstance(first, dict)
    assert first["energy_j"] is None
    assert first["power_w"] == 100.0
