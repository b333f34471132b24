"""The sliders' charts with many options: every name has its place inside the drawing."""

from __future__ import annotations

from evalkit.decision.verdict import decide
from evalkit.report.decision.simulator import SCRIPTS, build_simulator
from evalkit.report.html import render_template, static
from evalkit.report.language import spoken
from tests.scenarios import by_contract, case, quality_run, rented, right, scenario

_OUTSIDE = """svgs => svgs.flatMap(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter(text => {
    const at = text.getBoundingClientRect();
    return at.top < box.top - 1 || at.bottom > box.bottom + 1 || at.left < box.left - 1;
  }).map(text => text.textContent);
})"""


def test_names_of_many_options_stay_inside_the_chart(open_html):
    prices = [by_contract(f"api-{i}", 1.0 + i / 10) for i in range(28)]
    config = scenario(rented(), *prices, blends=None)
    found = case(config, quality_run({"open": right(60, 0.6), "gpt": right(60, 0.8)}))
    simulator = build_simulator(found, decide(found, config), spoken("de"))
    part = render_template("sections/simulator.html.j2", spoken("de"), simulator=simulator).decode()
    style = static("report.css", "simulator.css")
    shown = (
        f'<!DOCTYPE html><html lang="de"><head><meta charset="utf-8"><title>t</title><style>{style}</style></head>'
        f"<body><main>{part}</main><script>{static(*SCRIPTS)}</script></body></html>"
    )
    page = open_html(shown.encode()).page
    assert page.locator(".sim-chart text.name").count() >= 2 * len(prices)
    assert page.locator(".sim-chart svg").evaluate_all(_OUTSIDE) == []
