"""Energy of a window, from made-up readings with known answers."""

from __future__ import annotations

import pytest

from evalkit.metrics.energy import counter_energy_j, integrated_energy_j, mean_power_w
from evalkit.records import NS_PER_S, Telemetry


def reading(t_s: float, energy_j: float | None, power_w: float | None = None) -> Telemetry:
    return Telemetry("c", 0, round(t_s * NS_PER_S), "gpu0", energy_j=energy_j, power_w=power_w)


def steady(watts: float = 100.0, until_s: int = 11) -> list[Telemetry]:
    """Constant power, read every second, counter starting at 7 J."""
    return [reading(t, 7.0 + watts * t, watts) for t in range(until_s)]


def window(start_s: float, end_s: float) -> tuple[int, int]:
    return round(start_s * NS_PER_S), round(end_s * NS_PER_S)


@pytest.mark.parametrize(("start_s", "end_s"), [(0, 10), (2, 8), (2.5, 8.25), (3.1, 3.4)])
def test_constant_power_over_any_window(start_s: float, end_s: float) -> None:
    expected = pytest.approx(100.0 * (end_s - start_s))
    assert counter_energy_j(steady(), *window(start_s, end_s)) == expected
    assert integrated_energy_j(steady(), *window(start_s, end_s)) == expected
    assert mean_power_w(steady(), *window(start_s, end_s)) == pytest.approx(100.0)


def test_a_ramp_is_integrated_exactly() -> None:
    ramp = [reading(t, None, 10.0 * t) for t in range(11)]
    assert integrated_energy_j(ramp, *window(2.5, 7.5)) == pytest.approx(5 * (7.5**2 - 2.5**2))


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, 5), (5, 11), (4, 4), (5, 4)])
def test_a_window_the_readings_do_not_cover_has_no_energy(start_s: float, end_s: float) -> None:
    for measure in (counter_energy_j, integrated_energy_j, mean_power_w):
        assert measure(steady(), *window(start_s, end_s)) is None
        assert measure([], *window(0, 1)) is None


def test_a_missing_counter_is_missing_and_power_stands_in() -> None:
    readings = [reading(t, None, 50.0) for t in range(11)]
    assert counter_energy_j(readings, *window(1, 9)) is None
    assert mean_power_w(readings, *window(1, 9)) == pytest.approx(50.0)


def test_a_cpu_package_has_power_through_its_counter_only() -> None:
    readings = [reading(t, 30.0 * t) for t in range(11)]
    assert integrated_energy_j(readings, *window(1, 9)) is None
    assert mean_power_w(readings, *window(1, 9)) == pytest.approx(30.0)


def test_a_counter_that_went_backwards_is_not_trusted() -> None:
    readings = [reading(t, 7.0 + 100 * t if t < 5 else 100.0 * (t - 5), 100.0) for t in range(11)]
    assert counter_energy_j(readings, *window(1, 9)) is None
    assert counter_energy_j(readings, *window(6, 9)) == pytest.approx(300.0)


@pytest.mark.parametrize("power_w", [100.0, None])
def test_a_counter_that_stands_still_is_not_trusted(power_w: float | None) -> None:
    readings = [reading(t / 2, 7.0 + min(100.0 * t / 2, 400.0), power_w) for t in range(21)]
    assert counter_energy_j(readings, *window(1, 9)) is None
    assert counter_energy_j(readings, *window(1, 4)) == pytest.approx(300.0)


def test_a_counter_that_moves_in_steps_is_trusted() -> None:
    readings = [reading(t / 20, 10.0 * (t // 2), 100.0) for t in range(201)]
    assert counter_energy_j(readings, *window(1, 9)) == pytest.approx(800.0)


def test_a_counter_may_rest_where_no_power_is_drawn() -> None:
    readings = [reading(t / 2, 7.0, 0.0) for t in range(21)]
    assert counter_energy_j(readings, *window(1, 9)) == 0.0
    assert mean_power_w(readings, *window(1, 9)) == 0.0


def test_a_window_shorter_than_the_counters_step_has_no_energy() -> None:
    readings = [reading(t / 20, 10.0 * (t // 2), 100.0) for t in range(201)]
    assert counter_energy_j(readings, *window(1.01, 1.04)) is None


def test_a_reading_that_failed_is_bridged() -> None:
    readings = steady()
    readings[5] = reading(5, None, None)
    assert counter_energy_j(readings, *window(4.5, 9)) == pytest.approx(450.0)
    assert integrated_energy_j(readings, *window(4.5, 9)) == pytest.approx(450.0)


def test_nothing_is_guessed_over_more_than_three_seconds() -> None:
    readings = [r for r in steady() if not 3 < r.t_ns / NS_PER_S < 7]
    assert integrated_energy_j(readings, *window(1, 9)) is None
    assert counter_energy_j(readings, *window(1, 9)) == pytest.approx(800.0), "it counted meanwhile"
    assert counter_energy_j(readings, *window(5, 9)) is None, "but not where in the gap"
    assert integrated_energy_j(readings, *window(7, 9)) == pytest.approx(200.0)
