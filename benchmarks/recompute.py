"""Recompute decisions without evalkit, from its documentation and stored files, and compare with `evalkit tco --json`.

    python benchmarks/recompute.py                      # the scenarios in benchmarks/recomputed, on records made anew
    python benchmarks/recompute.py SCENARIO [RUN...]    # a scenario of your own, of the kinds below

Nothing of evalkit is imported: what is computed is what docs/decision.md says. It knows owned servers, GPUs on demand
with a profile, APIs by contract, blends by task of the two, cash, unit cost, payback, and inputs with ranges. A table
per scenario; exit code 1 where a number differs by more than 1e-4 of it, or P10, P50 or P90 by more than 1 %.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from recompute_money import (
    TOKENS,
    Array,
    Flows,
    Futures,
    Load,
    Money,
    Spec,
    api,
    is_uncertain,
    load_of,
    money,
    on_demand,
    owned,
)
from recompute_scores import Blend, blend, contract_price, cost_of, most_better, records

HERE = Path(__file__).resolve().parent
DRAWS = 20_000
CLOSE = 1e-4
"""Largest difference of a number, as a share of it."""
CLOSE_DRAWN = 0.01
"""Largest difference of a percentile: both sides draw their own futures."""


@dataclass(frozen=True)
class Row:
    """A number that both tell; None where there is none."""

    name: str
    told: float | None
    found: float | None
    close: float = CLOSE

    @property
    def difference(self) -> float:
        """As a share of what evalkit tells."""
        if self.told is None or self.found is None:
            return 0.0 if self.told == self.found else np.inf
        return abs(self.found - self.told) / max(abs(self.told), 1e-9)

    @property
    def agrees(self) -> bool:
        """Whether both tell the same."""
        return self.difference <= self.close


def compare(scenario: Spec, folder: Path, runs: Sequence[Path], told: Spec) -> list[Row]:
    """Recompute a scenario and return each number beside that of `evalkit tco --json`.

    Args:
        scenario: The file's content.
        folder: Its folder; a profile is relative to it.
        runs: Run directories of its models.
        told: What evalkit printed.
    """
    answers = records(runs, scenario) if runs else None
    x = Futures(DRAWS if is_uncertain(scenario) else 0)
    load = load_of(scenario, folder, x)
    kinds = {option["name"]: option for option in scenario["options"]}
    found: dict[str, Money] = {}
    rows: list[Row] = []
    for option in told["tco"]["options"]:
        if option["kind"] == "blend":
            assert answers is not None
            local, vendor = (kinds[name] for name in option["parts"])
            n_sent = len(option["point"]["tasks"])
            sent = most_better(answers, scenario, local, vendor, n_sent)
            both = blend(answers, scenario, local, vendor, sent)
            rows += _of_blend(option, both, sent)
            flows = on_demand(scenario, local, load.times(1 - both.share), x)
            flows = flows + api(scenario, load, np.full((1, 1), both.vendor_cost), x, both.share)
        else:
            flows = _alone(scenario, kinds[option["name"]], answers, load, x)
        found[option["name"]] = money(flows, load)
        told_money = _drawn if x.draws else _likely
        rows += told_money(option, found[option["name"]])
    return rows + [
        row for pair in told["tco"]["pairs"] for row in _of_pair(pair, found, bool(x.draws))
    ]


def _alone(
    scenario: Spec, option: Spec, answers: pd.DataFrame | None, load: Load, x: Futures
) -> Flows:
    if option["kind"] == "owned":
        return owned(scenario, option, load, x)
    if option["kind"] == "rented_on_demand":
        return on_demand(scenario, option, load, x)
    assert option["kind"] == "api_contract"
    if answers is not None:
        everything = sorted(set(answers["task"]))
        cost = blend(answers, scenario, option, option, everything).vendor_cost
        return api(scenario, load, np.full((1, 1), cost), x)
    tokens = {key: x.of(scenario["load"][key], key) for key in TOKENS}
    return api(scenario, load, cost_of(tokens, contract_price(scenario, option["price"])), x)


def _likely(option: Spec, found: Money) -> Iterator[Row]:
    name = option["name"]
    for part, value in option["cash"].items():
        mine = float(found.cash.get(part, np.zeros(1))[0])
        if part != "years" and (value or mine):
            yield Row(f"{name}: {part}", value, mine)
    parts = [value for part, value in option["cash"].items() if part != "years"]
    yield Row(f"{name}: cash, all", sum(parts), float(found.total[0]))
    for month in (0, found.months.shape[1] - 1):
        unit = float(found.months[0, month])
        yield Row(f"{name}: unit cost of month {month + 1}", option["months"][month], unit)
    if option["total"]["low"] == option["total"]["high"]:
        for month in (0, found.months.shape[1] // 2):
            spent = option["cumulated"][month]
            yield Row(
                f"{name}: spent after {month} months", spent, float(found.cumulated[0, month])
            )
        yield Row(f"{name}: total", option["total"]["value"], float(found.total[0]))
        mean = float(found.months[0].mean())
        yield Row(f"{name}: unit cost per month", option["per_month"]["value"], mean)


def _drawn(option: Spec, found: Money) -> Iterator[Row]:
    yield from _percentiles(f"{option['name']}: total", option["total"], found.total)
    unit = found.months.mean(axis=1)
    yield from _percentiles(f"{option['name']}: unit cost per month", option["per_month"], unit)


def _percentiles(name: str, told: Spec, found: Array) -> Iterator[Row]:
    values = np.percentile(found, [10, 50, 90])
    for key, which, value in zip(("low", "value", "high"), (10, 50, 90), values, strict=True):
        yield Row(f"{name}, P{which}", told[key], float(value), CLOSE_DRAWN)


def _of_blend(option: Spec, both: Blend, sent: Sequence[str]) -> Iterator[Row]:
    point, name = option["point"], option["name"]
    same = float(sorted(point["tasks"]) == list(sent))
    yield Row(f"{name}: vendor's tasks are {' '.join(sent)}", 1.0, same)
    yield Row(f"{name}: share sent away", point["escalated"]["value"], both.share)
    yield Row(f"{name}: quality", point["quality"]["value"], both.quality)
    yield Row(f"{name}: vendor's cost per request", point["vendor_cost"]["value"], both.vendor_cost)


def _of_pair(pair: Spec, found: Mapping[str, Money], is_drawn: bool) -> Iterator[Row]:
    build, buy = found[pair["build"]], found[pair["buy"]]
    name = f"{pair['build']} against {pair['buy']}"
    if is_drawn:
        yield from _percentiles(f"{name}: saving", pair["saving"], buy.total - build.total)
        return
    paid_back = np.flatnonzero(build.cumulated[0] <= buy.cumulated[0] * (1 + 1e-9))
    month = float(paid_back[0]) if paid_back.size else None
    yield Row(f"{name}: payback, months", pair["payback_months"]["value"], month)


# --- command line -------------------------------------------------------------------------------------------------


def told_by_evalkit(scenario: Path, runs: Sequence[Path]) -> Any:
    """Return what `evalkit tco --json` says, as a process of its own."""
    command = [
        sys.executable,
        "-m",
        "evalkit",
        "tco",
        *map(str, runs),
        "-s",
        str(scenario),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"evalkit tco {scenario}: {done.stderr}")
    return json.loads(done.stdout)


def checked(scenario: Path, runs: Sequence[Path]) -> bool:
    """Print the table of a scenario; tell whether all agrees."""
    spec = yaml.safe_load(scenario.read_text())
    rows = compare(spec, scenario.parent, runs, told_by_evalkit(scenario, runs))
    print(
        f"## {scenario.stem}\n\n| quantity | evalkit | recomputed | difference |\n|---|---|---|---|"
    )
    for row in rows:
        told, found = ("–" if v is None else f"{v:,.6g}" for v in (row.told, row.found))
        mark = "" if row.agrees else " ✗"
        print(f"| {row.name} | {told} | {found} | {row.difference:.1e}{mark} |")
    print(f"\n{sum(row.agrees for row in rows)} of {len(rows)} agree.\n", flush=True)
    return all(row.agrees for row in rows)


def all_of_ours() -> bool:
    """Check the committed scenarios, on records that are made anew."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        make = [sys.executable, str(HERE / "recompute_records.py"), str(run)]
        subprocess.run(make, check=True)
        files = sorted((HERE / "recomputed").glob("*.yaml"))
        return all([checked(f, [run] if "blend" in f.stem else []) for f in files])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", type=Path, nargs="?")
    parser.add_argument("runs", type=Path, nargs="*")
    args = parser.parse_args()
    agrees = all_of_ours() if args.scenario is None else checked(args.scenario, args.runs)
    sys.exit(0 if agrees else 1)


if __name__ == "__main__":
    main()
