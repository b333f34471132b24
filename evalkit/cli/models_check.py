"""`evalkit models check`: one tiny request to every endpoint of a config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalkit.cli.arguments import CONFIG, MODEL
from evalkit.cli.quiet import quiet_libraries
from evalkit.cli.selection import read_config
from evalkit.errors import ExitCode, reason_of

if TYPE_CHECKING:
    from evalkit.backends.base import Outcome
    from evalkit.config import ModelSpec

_PROMPT = "Reply with the word: ready"
_MAX_TOKENS = 32


@click.command("check")
@click.argument("config_file", metavar="CONFIG", type=CONFIG)
@click.option(
    "--model", "-m", "models", multiple=True, type=MODEL, help="Only this model; repeatable."
)
def command(config_file: Path, models: tuple[str, ...]) -> None:
    """Send one tiny request to the endpoint of every API model of CONFIG.

    Prints latency, usage, price and which model answered, or what is wrong. Exits with 1 when one fails. It costs
    a few dozen tokens per model.

    \b
    Examples:
      evalkit models check configs/vendors.yaml
      evalkit models check configs/vendors.yaml -m gpt
    """
    quiet_libraries()
    config = read_config(config_file, models=models)
    has_failed = False
    for spec in config.models:
        try:
            is_ok, line = _check(spec)
        except Exception as error:  # foreign code raises anything; the other models are still asked
            is_ok, line = False, reason_of(error)
        has_failed = has_failed or not is_ok
        click.echo(f"{spec.name}: {line}")
    if has_failed:
        raise SystemExit(int(ExitCode.FAILED))


def _check(spec: ModelSpec) -> tuple[bool, str]:
    """Return whether a model answers as in a run, as far as can be told here, and a line that says how."""
    from evalkit.backends import open_backend, place, unavailable
    from evalkit.backends.base import CellSetup, GenerateRequest, Outcome
    from evalkit.config import LimitsSpec
    from evalkit.engine.values import GenerationSettings
    from evalkit.execute.limits import RunGuard

    if place(spec).is_in_process:
        return True, f"runs in this process; `evalkit models info {spec.source}`"
    missing = unavailable(spec)
    if missing is not None:
        return False, f"nothing sent: {missing}"
    once = spec.endpoint.model_copy(update={"max_attempts": 1})
    with open_backend(spec.model_copy(update={"endpoint": once})) as backend:
        backend.begin_cell(CellSetup(guard=RunGuard(LimitsSpec())))
        prompt = _PROMPT
        if spec.uses_chat_template(backend.has_chat_template):
            prompt = backend.render_chat([{"role": "user", "content": _PROMPT}], True)
        request = GenerateRequest(prompt, GenerationSettings(_MAX_TOKENS))
        found = [o for batch in backend.generate([request], (), None) for _, o in batch]
        outcome = next((o for o in found if isinstance(o, Outcome)), None)
        endpoint = backend.endpoint_record()
        served = ", ".join(endpoint.served_models) if endpoint else ""
    if outcome is None or not outcome.attempts:
        return (
            outcome is not None and outcome.is_answered,
            "its backend tells nothing about its requests",
        )
    attempt = outcome.attempts[-1]
    if not outcome.is_answered:
        return False, f"{attempt.error_class}: {attempt.error}"
    return True, _line(spec, outcome, served)


def _line(spec: ModelSpec, outcome: Outcome, served: str) -> str:
    from datetime import UTC, datetime

    from evalkit.metrics.latency import e2e_latency_s, ttft_s
    from evalkit.prices import cost_usd
    from evalkit.report import format as text

    attempt = outcome.attempts[-1]
    usage = attempt.usage
    cost = cost_usd(spec, usage, datetime.now(UTC)) if usage else None
    tokens = (
        f"{text.count(usage.input_tokens)} + {text.count(usage.output_tokens)} tokens"
        if usage
        else "no usage told"
    )
    price = "price not known: give `price:` in the config" if cost is None else f"${cost:.6f}"
    if usage and not usage.is_usable:
        price = "cost not known: these token counts can't be used"
    return (
        f"ok, {served or spec.source}; first token {text.seconds(ttft_s(attempt))}, whole answer"
        f" {text.seconds(e2e_latency_s(attempt))}; {tokens}; {price}"
    )
