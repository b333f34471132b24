"""CPU energy counters, from a powercap folder made on the spot."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.meters.rapl import RaplProbe, open_rapl

RANGE_UJ = 262_143_328_850


def zone(root: Path, number: str, name: str, energy_uj: int) -> Path:
    folder = root / f"intel-rapl:{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    return folder


def energy_j(probe: RaplProbe) -> float | None:
    (reading,) = probe.read()
    return reading.energy_j


def test_packages_are_read_but_not_their_parts_nor_the_sum_of_all(tmp_path: Path) -> None:
    zone(tmp_path, "0", "package-0", 1_000_000)
    zone(tmp_path, "0:0", "core", 600_000)
    zone(tmp_path, "0:1", "dram", 300_000)
    zone(tmp_path, "1", "package-1", 2_500_000)
    zone(tmp_path, "2", "psys", 9_000_000)
    zone(tmp_path, "10", "package-2", 4_000_000)
    (tmp_path / "intel-rapl-mmio:0").mkdir()
    probe = open_rapl(tmp_path)
    assert [(r.index, r.energy_j) for r in probe.read()] == [(0, 1.0), (1, 2.5), (10, 4.0)]
    assert probe.reason == ""


def test_a_counter_that_wraps_goes_on(tmp_path: Path) -> None:
    folder = zone(tmp_path, "0", "package-0", RANGE_UJ - 2_000_000)
    probe = open_rapl(tmp_path)
    before = energy_j(probe)
    steps = []
    for raw in (3_000_000, 4_000_000, RANGE_UJ - 1, 1_000_000):
        (folder / "energy_uj").write_text(str(raw))
        steps.append(energy_j(probe))
    assert before is not None
    expected = [5.0, 6.0, (2_000_000 + RANGE_UJ - 1) / 1e6, (3_000_000 + RANGE_UJ) / 1e6]
    assert [s - before for s in steps if s is not None] == pytest.approx(expected)


def test_a_counter_that_was_reset_tells_nothing_any_more(tmp_path: Path) -> None:
    folder = zone(tmp_path, "0", "package-0", 50_000_000)
    probe = open_rapl(tmp_path)
    assert energy_j(probe) == 50.0
    for raw in ("10", "20000000"):
        (folder / "energy_uj").write_text(raw)
        assert energy_j(probe) is None


def test_a_reading_that_fails_is_missing_and_the_next_one_counts(tmp_path: Path) -> None:
    folder = zone(tmp_path, "0", "package-0", 50_000_000)
    probe = open_rapl(tmp_path)
    (folder / "energy_uj").write_text("")
    assert energy_j(probe) is None
    (folder / "energy_uj").write_text("51000000")
    assert energy_j(probe) == 51.0


def test_a_machine_without_counters_says_so(tmp_path: Path) -> None:
    zone(tmp_path, "2", "psys", 9_000_000)
    for root in (tmp_path, tmp_path / "none"):
        probe = open_rapl(root)
        assert probe.read() == ()
        assert "shows no CPU energy counters" in probe.reason


def test_counters_only_root_may_read_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = zone(tmp_path, "0", "package-0", 50_000_000)
    whole = Path.read_text

    def refuse(path: Path, encoding: str | None = None) -> str:
        if path == folder / "energy_uj":  # tests may run as root, whom no file mode stops
            raise PermissionError(13, "Permission denied")
        return whole(path, encoding)

    monkeypatch.setattr(Path, "read_text", refuse)
    probe = open_rapl(tmp_path)
    assert probe.read() == ()
    assert "root only" in probe.reason
