"""Cores that are really there: affinity, quotas of all groups above, and what others leave free."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.meters.cores import (
    Work,
    allotted_cores,
    cgroup_quota,
    free_cores,
    usable_cpus,
    work_until_now,
)
from evalkit.records import NS_PER_S


def quota_of(folder: Path, membership: str, files: dict[str, str]) -> float | None:
    """Return the quota of a machine whose control groups hold these files."""
    for name, text in files.items():
        file = folder / "fs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    listed = folder / "cgroup"
    listed.write_text(membership)
    return cgroup_quota(listed, folder / "fs")


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {}, None),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "200000 100000", "a/b/cpu.max": "800000 100000"}, 2.0),
        ("0::/a/b\n", {"a/cpu.max": "900000 100000", "a/b/cpu.max": "300000 100000"}, 3.0),
        ("0::/docker/not-mounted-here\n", {"cpu.max": "100000 50000"}, 2.0),
        ("0::/../../pod/x\n", {"cpu.max": "100000 100000"}, 1.0),
        ("0::/\n", {"cpu.max": "nonsense\n"}, None),
        ("0::/\n", {"cpu.max": "a b\n"}, None),
        ("0::/\n", {"cpu.max": ""}, None),
        (
            "4:cpu,cpuacct:/job\n0::/\n",
            {
                "cpu,cpuacct/job/cpu.cfs_quota_us": "250000",
                "cpu,cpuacct/job/cpu.cfs_period_us": "100000",
            },
            2.5,
        ),
        (
            "4:cpu,cpuacct:/job\n",
            {"cpu/job/cpu.cfs_quota_us": "250000", "cpu/job/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        (
            "4:cpu:/job/step\n",
            {
                "cpu/job/cpu.cfs_quota_us": "100000",
                "cpu/job/cpu.cfs_period_us": "100000",
                "cpu/job/step/cpu.cfs_quota_us": "-1",
                "cpu/job/step/cpu.cfs_period_us": "100000",
            },
            1.0,
        ),
        ("7:cpuset:/job\n", {"cpuset/job/cpu.cfs_quota_us": "1"}, None),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("4:memory:/\n0::/u\n", {"unified/u/cpu.max": "120000 60000"}, 2.0),
    ],
)
def test_the_narrowest_quota_counts(
    membership: str, files: dict[str, str], expected: float | None, tmp_path: Path
) -> None:
    assert quota_of(tmp_path, membership, files) == expected


def test_a_system_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert cgroup_quota(tmp_path / "absent", tmp_path) is None


def work(t_s: float, all_s: float, own_s: float, n: int = 8, quota: float | None = None) -> Work:
    return Work(round(t_s * NS_PER_S), n, quota, all_s, own_s)


@pytest.mark.parametrize(
    ("after", "free"),
    [
        (work(10, 0, 0), 8.0),
        (work(10, 80, 80), 8.0),
        (work(10, 80, 50), 5.0),
        (work(10, 75, 0), 0.5),
        (work(10, 30, 0, quota=2.0), 2.0),
        (work(10, 75, 0, quota=2.0), 0.5),
        (work(10, 40, 41), 8.0),  # counters of process and machine are not read in one moment
        (work(0, 0, 0), 8.0),
    ],
)
def test_what_others_use_is_not_free(after: Work, free: float) -> None:
    assert free_cores(work(0, 0, 0), after) == pytest.approx(free)


def test_this_machine_can_be_read() -> None:
    now = work_until_now()
    assert now.n_cpus == len(usable_cpus()) >= 1
    assert now.all_s >= 0
    assert 0 < allotted_cores() <= now.n_cpus
