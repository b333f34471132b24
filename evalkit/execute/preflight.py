"""Checks that would otherwise fail hours later, or too late: nothing is written or sent before they pass."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from evalkit.backends import place, preflight, unavailable
from evalkit.config.bench import BenchConfig
from evalkit.config.run import LimitsSpec, ModelSpec, SuiteSpec
from evalkit.errors import ConfigError, ModelError
from evalkit.execute.serving import check_server
from evalkit.prices import find_price


def check_models(models: Sequence[ModelSpec]) -> None:
    """Check that every model can be asked, but for those whose key or SDK is missing: these are skipped.

    Raises:
        ModelError: One can't, or all are missing something.
    """
    missing = {m.name: unavailable(m) for m in models}
    if all(missing.values()):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise ModelError(f"no model can be asked: {reasons}.", "Set what is missing.")
    for model in models:
        check_server(model)
        if missing[model.name] is None:
            preflight(model)


def check_allowed(config: BenchConfig) -> None:
    """Check that every model of a bench may be asked what its profiles ask.

    Raises:
        ConfigError: One may not.
        ModelError: A backend is not known, or can't say where a model is.
    """
    for model in config.models:
        place(model)
        for profile in config.profiles:
            if profile.prompts.suite is not None:
                check_data_class(model, profile.prompts.suite, config.trusted_hosts)


def check_budget(
    limits: LimitsSpec, models: Iterable[ModelSpec], today: datetime | None = None
) -> None:
    """Check that a budget can be kept: every model that may be charged for must have a price.

    Raises:
        ConfigError: One has none.
    """
    if limits.max_cost_usd is None:
        return
    for model in (m for m in models if place(m).is_billed):
        if find_price(model, today or datetime.now(UTC)) is None:
            raise ConfigError(
                f"model {model.name!r}: the price of {model.source!r} is not known, so max_cost_usd can't be kept.",
                "Give its `price:` in the config, or remove limits.max_cost_usd.",
            )


def check_data_class(model: ModelSpec, suite: SuiteSpec, trusted_hosts: Collection[str]) -> None:
    """Check that confidential docs stay on this machine and on trusted hosts.

    Raises:
        ConfigError: They would not.
    """
    if suite.data_class != "confidential":
        return
    there = place(model)
    if not there.is_declared:
        raise ConfigError(
            f"suite {suite.name!r} is confidential, and backend {model.backend!r} does not say where model"
            f" {model.name!r} would send it.",
            "Leave the model out, or have the backend declare its `place` (docs/how-it-works.md).",
        )
    host = there.host
    if host is None or there.is_on_this_machine or host in trusted_hosts:
        return
    raise ConfigError(
        f"suite {suite.name!r} is confidential, model {model.name!r} would send it to {host}.",
        "Leave the model out, or add the host to `trusted_hosts` if it may have the data.",
    )
