"""The formulas of the cost model, as they are printed; their symbols are the same in every language."""

from __future__ import annotations

from evalkit.wording import say

FORMULAS = (
    (
        say("capital recovery factor"),
        say("CRF(r, L) = r(1+r)^L / ((1+r)^L − 1); for r = 0: 1/L"),
    ),
    (
        say("fixed cost per year"),
        say("F = CRF·(C0 − S/(1+r)^L) + maintenance + hosting + licences + staff"),
    ),
    (
        say("energy per year"),
        say("E = 8760 · GPUs · (P_idle·(1 − b) + P_load·b) / 1000 · PUE · price per kWh"),
    ),
    (
        say("cost per hour"),
        say("H = (F + E) / 8760 where owned; GPUs · hourly rate where rented"),
    ),
    (say("λ_SLO"), say("highest measured requests/s within the service level")),
    (say("replicas"), say("n(λ) = ceil(λ_peak / (planned use · λ_SLO)), + 1 for N+1")),
    (
        say("API price per request"),
        say("c_req = mean price of a measured request, from its real usage"),
    ),
    (
        say("break-even load"),
        say("λ* = H·n / (3600 · c_req); feasible if λ* ≤ n · planned use · λ_SLO"),
    ),
    (
        say("payback"),
        say(
            "least t with adoption_own + Σ disc(H·730) ≤ adoption_API + Σ disc(c_req · V_t · (1 − decline)^(t/12))"
        ),
    ),
    (say("cost per correct answer"), say("cost per request / quality")),
    (say("utilisation"), say("U = λ / (n · λ_SLO)")),
)
"""Name and formula."""
