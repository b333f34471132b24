"""Readings of this process and of the machine around it."""

from __future__ import annotations

import subprocess
import sys

from evalkit.meters.host import HostProbe


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
