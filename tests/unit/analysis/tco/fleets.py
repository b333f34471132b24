"""Random fleets, APIs and loads for property tests; whole numbers of many sizes, nothing uncertain."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from evalkit.analysis.tco.deployment import Deployment, Fleet, Workload
from tests.scenarios import bought, fleet, given, own, people, purchase, workload

MONEY = st.floats(0, 50_000)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Rented and owned ones, with several GPUs per server and replica, and spare replicas."""
    machine: object = draw(st.floats(0.1, 20))
    if draw(st.booleans()):
        machine = replace(
            purchase(draw(st.floats(1000, 500_000)), load_w=draw(st.floats(300, 2000))),
            residual_share=given("residual", draw(st.floats(0, 1))),
            life_years=given("life", draw(st.integers(4, 32)) / 4),
        )
    return fleet(
        machine,  # type: ignore[arg-type]
        capacity_per_s=given("capacity", draw(st.floats(0.05, 50))),
        headroom=given("headroom", draw(st.floats(0.3, 1))),
        spare=draw(st.integers(0, 2)),
        gpus_per_replica=draw(st.sampled_from([1, 2, 3, 4, 8])),
        gpus_per_server=draw(st.sampled_from([1, 2, 4, 8])),
        licence_per_gpu_year=given("licence", draw(st.sampled_from([0.0, 4500.0]))),
    )


@st.composite
def own_sides(draw: st.DrawFn) -> Deployment:
    who = people("own", draw(st.floats(0, 2)), draw(MONEY), draw(MONEY))
    return own(draw(fleets()), who)


@st.composite
def api_sides(draw: st.DrawFn) -> Deployment:
    who = people("api", draw(st.floats(0, 2)), draw(MONEY), draw(MONEY))
    price = 10 ** draw(st.floats(-6, 0))
    return bought(price, who, decline=draw(st.floats(0, 0.5)))


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    return workload(
        10 ** draw(st.floats(3, 8)),
        growth_per_year=given("growth", draw(st.floats(0, 1))),
        peak_to_mean=given("peak", draw(st.floats(1, 6))),
        discount_rate=given("rate", draw(st.floats(0, 0.2))),
        months=draw(st.integers(1, 40)),
    )
