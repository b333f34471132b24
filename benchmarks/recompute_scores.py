"""What stored records tell: scores and tokens by task, a blend by task, prices by contract. No evalkit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from recompute_money import TOKENS, Spec, triple


def records(runs: Sequence[Path], scenario: Spec) -> pd.DataFrame:
    """Return a row per model, task and document that all models answered: score, prompt and answer tokens."""
    frames = [_answers(run) for run in runs]
    answers = pd.concat(frames)
    together = answers.groupby(["task", "doc_id"])["model"].transform("nunique")
    return answers[together == len({option["model"] for option in scenario["options"]})]


def _answers(run: Path) -> pd.DataFrame:
    manifest = json.loads((run / "manifest.json").read_text())
    models = {cell["cell_id"]: cell["model"] for cell in manifest["cells"]}
    samples = pd.read_parquet(run / "samples.parquet")
    requests = pd.read_parquet(run / "requests.parquet")
    requests = requests[requests["is_measured"]]
    key = ["cell_id", "task", "doc_id"]
    samples["score"] = [dict(scores)["acc"] for scores in samples["scores"]]
    for kind in TOKENS:
        requests[kind] = [sum(a["usage"][kind] for a in tries) for tries in requests["attempts"]]
    both = samples[[*key, "score"]].merge(requests[[*key, *TOKENS]], on=key)
    return both.assign(model=both["cell_id"].map(models))


@dataclass(frozen=True)
class Blend:
    """A blend by task: share of the work that the vendor gets, what is right, the vendor's cost per request of all."""

    share: float
    quality: float
    vendor_cost: float


def blend(
    answers: pd.DataFrame, scenario: Spec, local: Spec, vendor: Spec, sent: Sequence[str]
) -> Blend:
    """Return the scores of a blend that sends these tasks to the vendor, each task with its weight."""
    by_task = answers.groupby(["model", "task"])
    scores, price = by_task["score"].mean(), contract_price(scenario, vendor["price"])
    tokens = by_task[list(TOKENS)].mean()
    tasks = sorted(set(answers["task"]))
    given = scenario["load"].get("task_weights", {})
    weight = {task: float(given.get(task, 0 if given else 1)) for task in tasks}
    whole = sum(weight.values())
    who = {task: vendor["model"] if task in sent else local["model"] for task in tasks}
    return Blend(
        sum(weight[t] for t in sent) / whole,
        sum(weight[t] * scores[who[t], t] for t in tasks) / whole,
        sum(weight[t] * cost_of(tokens.loc[(vendor["model"], t)], price) for t in sent) / whole,
    )


def contract_price(scenario: Spec, price: Spec) -> tuple[float, float]:
    """Return the price of a prompt token and of an answer token, in the scenario's currency."""
    currency = price.get("currency", "USD")
    rate = (
        1.0
        if currency == scenario.get("currency", "USD")
        else triple(scenario["rates"][currency])[1]
    )
    return price["input"] * rate / 1e6, price["output"] * rate / 1e6


def cost_of(tokens: Any, price: tuple[float, float]) -> Any:
    """Return what a request of so many tokens costs."""
    return tokens["input_tokens"] * price[0] + tokens["output_tokens"] * price[1]


def most_better(
    answers: pd.DataFrame, scenario: Spec, local: Spec, vendor: Spec, n: int
) -> list[str]:
    """Return the n tasks where the vendor gains most per cost, by name."""
    by_task = answers.groupby(["model", "task"])
    scores = by_task["score"].mean()
    gain = scores[vendor["model"]] - scores[local["model"]]
    tokens = by_task[list(TOKENS)].mean().loc[vendor["model"]]
    cost = cost_of(tokens, contract_price(scenario, vendor["price"]))
    return sorted((gain / cost).nlargest(n).index)
