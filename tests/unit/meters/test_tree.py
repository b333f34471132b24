"""Memory and CPU of a process and its descendants: real ones, and a scripted tree for the book-keeping."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from evalkit.meters.process import ProcessFacts, ProcessSource, ProcFiles, PsutilSource
from evalkit.meters.tree import TreeProbe

PARENT = """
import os, sys
def burn(seconds):
    while sum(os.times()[:2]) < seconds: pass
sys.stdin.readline()
block = bytearray(60_000_000)
block[::4096] = b"x" * len(block[::4096])
child = os.fork()
if child == 0:
    own = bytearray(80_000_000)
    own[::4096] = b"y" * len(own[::4096])
    burn(0.3)
    print("child", os.getpid(), flush=True)
    sys.stdin.readline()
    os._exit(0)
burn(0.1)
os.waitpid(child, 0)
print("alone", flush=True)
sys.stdin.readline()
"""

SOURCES: list[ProcessSource] = [PsutilSource()]
if os.path.exists(f"/proc/self/task/{os.getpid()}/children"):  # noqa: PTH110
    SOURCES.append(ProcFiles())


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: type(s).__name__)
def test_a_process_that_forks_is_read_with_its_child(source: ProcessSource) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=pipe, stdout=pipe, text=True
    ) as root:
        assert root.stdin is not None
        assert root.stdout is not None
        probe = TreeProbe(root.pid, walk_interval_s=0, source=source)
        root.stdin.write("\n")
        root.stdin.flush()
        child = int(root.stdout.readline().split()[1])
        both = probe.read()
        assert both is not None
        assert set(probe.pids) == {root.pid, child}
        assert both.rss_bytes > 60_000_000 + 80_000_000
        assert both.cpu_s >= 0.2

        root.stdin.write("\n")
        root.stdin.flush()
        assert root.stdout.readline() == "alone\n"
        alone = probe.read()
        assert alone is not None
        assert probe.pids == (root.pid,)
        assert alone.rss_bytes < both.rss_bytes - 70_000_000
        assert alone.rss_peak_bytes == both.rss_bytes
        assert alone.cpu_s >= both.cpu_s, "the child's time stays"

        root.stdin.write("\n")
        root.stdin.flush()
        root.wait()
        assert probe.read() is None
        assert probe.pids == ()


def test_a_root_that_ended_unwaited_for_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as root:
        probe = TreeProbe(root.pid)
        assert probe.read() is not None
        root.kill()
        os.waitid(os.P_PID, root.pid, os.WEXITED | os.WNOWAIT)  # ended, and left a zombie
        assert probe.read() is None


def test_both_sources_tell_the_same() -> None:
    facts = [source.read(os.getpid()) for source in SOURCES]
    first, last = facts[0], facts[-1]
    assert first is not None
    assert last is not None
    assert last.parent == first.parent == os.getppid()
    assert last.own_cpu_s == pytest.approx(first.own_cpu_s, abs=0.1)
    assert last.waited_cpu_s == pytest.approx(first.waited_cpu_s, abs=0.02)
    assert last.rss_bytes == pytest.approx(first.rss_bytes, rel=0.05)


def test_a_pid_nobody_has_is_gone() -> None:
    assert TreeProbe(2**22 + 1).read() is None


class Script:
    """Processes as a test sets them."""

    def __init__(self) -> None:
        self.processes: dict[int, ProcessFacts] = {}

    def put(self, pid: int, parent: int, cpu_s: float, waited_s: float = 0.0) -> None:
        self.processes[pid] = ProcessFacts(parent, pid, cpu_s, waited_s, 100, False)

    def read(self, pid: int) -> ProcessFacts | None:
        return self.processes.get(pid)

    def children(self, pid: int) -> list[int]:
        return [p for p, facts in self.processes.items() if facts.parent == pid]


def cpu(probe: TreeProbe) -> float:
    reading = probe.read()
    assert reading is not None
    return reading.cpu_s


def script() -> tuple[Script, TreeProbe]:
    """A root (1) with 10 s of CPU before the probe, a child (2), and its child (3)."""
    processes = Script()
    processes.put(1, 0, 10.0)
    processes.put(2, 1, 1.0)
    processes.put(3, 2, 2.0)
    return processes, TreeProbe(1, 0, processes)


def test_cpu_time_counts_from_the_reset() -> None:
    processes, probe = script()
    processes.put(1, 0, 10.5)
    processes.put(3, 2, 2.25)
    assert cpu(probe) == pytest.approx(0.75)
    probe.reset()
    assert cpu(probe) == 0.0


def test_time_a_parent_took_over_counts_once() -> None:
    processes, probe = script()
    del processes.processes[3]
    processes.put(2, 1, 1.0, waited_s=2.5)
    assert cpu(probe) == pytest.approx(0.5), "what the child did after it was last read is in"
    del processes.processes[2]
    processes.put(1, 0, 10.0, waited_s=3.5)
    assert cpu(probe) == pytest.approx(0.5), "the root received both"


def test_time_nobody_took_over_is_kept() -> None:
    processes, probe = script()
    del processes.processes[3]
    assert cpu(probe) == 0.0
    processes.put(2, 1, 4.0)
    assert cpu(probe) == pytest.approx(3.0)


def test_children_between_two_readings_count_through_their_parent() -> None:
    processes, probe = script()
    processes.put(2, 1, 1.0, waited_s=5.0)
    assert cpu(probe) == pytest.approx(5.0)


def test_an_orphan_stays_in_the_tree_and_so_do_its_children() -> None:
    processes, probe = script()
    del processes.processes[2]
    processes.put(1, 0, 10.0, waited_s=1.0)
    processes.put(3, 99, 2.5)
    processes.put(4, 3, 0.25)
    assert cpu(probe) == pytest.approx(0.75)
    assert set(probe.pids) == {1, 3, 4}


def test_a_pid_given_to_another_process_is_not_read() -> None:
    processes, probe = script()
    processes.processes[3] = replace(processes.processes[3], parent=99, started=77, own_cpu_s=500.0)
    assert cpu(probe) == 0.0
    assert set(probe.pids) == {1, 2}


def test_children_are_looked_for_when_it_is_time() -> None:
    now = 0
    processes = Script()
    processes.put(1, 0, 0.0)
    probe = TreeProbe(1, 1.0, processes, clock=lambda: now)
    processes.put(2, 1, 3.0)
    assert cpu(probe) == 0.0
    now = 3600 * 1_000_000_000
    assert cpu(probe) == 3.0
